// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// SHA-256 by OpenSSL, so that both ends of a transfer can say what they have.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <sctpxx/bytes.hpp>
#include <stdexcept>
#include <string>

class Sha256 {
 public:
  Sha256() {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
      throw std::runtime_error{"OpenSSL has no SHA-256"};
    }
  }

  void add(sctp::Bytes bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

  /// The digest in hexadecimal; nothing can be added after it.
  [[nodiscard]] std::string finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &length);
    std::string text;
    for (unsigned i = 0; i != length; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4U];
      text += "0123456789abcdef"[digest[i] & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

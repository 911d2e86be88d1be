// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// TLS, as OpenSSL has it, above the stream of bytes that an association can be. (RFC 3436 has one for each
// stream of an association; this is one for stream 0.)
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <optional>
#include <sctpxx/sctp.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "printable.hpp"

/// What OpenSSL said last, and what that means of a peer.
inline std::runtime_error tls_error(const std::string& what) {
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  const char* const text = ERR_reason_error_string(code);
  std::string why = text != nullptr ? text : "no reason is known";
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) why = "it was cut off; something may be missing";
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) why = "the peer speaks no TLS";
  ERR_clear_error();
  return std::runtime_error{what + ": " + why};
}

/// TLS with one peer. OpenSSL reads and writes through a BIO of ours, so it waits as long as a Patience says.
class TlsSocket {
 public:
  TlsSocket(sctp::OneToOneSocket socket, SSL_CTX* context)
      : socket_{std::move(socket)}, tls_{SSL_new(context), &SSL_free} {
    BIO* const bio = BIO_new(method());
    if (tls_ == nullptr || bio == nullptr) throw tls_error("cannot begin TLS");
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls_.get(), bio, bio);
  }
  TlsSocket(TlsSocket&&) = delete;  // the BIO knows where it is

  /// The peer's certificate has to be for this name, or this address. Before the handshake.
  void expect(const std::string& name) {
    std::error_code no_address;
    sctp::Address{name, 0, no_address};
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(tls_.get());
    if ((no_address ? X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), 0)
                    : X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str())) != 1) {
      throw tls_error("cannot expect \"" + name + '"');
    }
    if (no_address) SSL_set_tlsext_host_name(tls_.get(), name.c_str());
  }

  /// These three answer false, or nothing, when the patience is over; then nothing more can be written.
  [[nodiscard]] bool connect(const sctp::Patience& patience) {
    return call("cannot begin TLS", patience, [this] { return SSL_connect(tls_.get()); }) > 0;
  }
  [[nodiscard]] bool accept(const sctp::Patience& patience) {
    return call("cannot begin TLS", patience, [this] { return SSL_accept(tls_.get()); }) > 0;
  }
  [[nodiscard]] bool write(sctp::Bytes bytes, const sctp::Patience& patience) {
    std::size_t size = 0;
    return call("cannot write", patience,
                [&] { return SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &size); }) > 0;
  }

  /// 0 is the end that the peer has announced. Another end is an error: anybody may have brought it about.
  [[nodiscard]] std::optional<std::size_t> read_some(sctp::MutableBytes room,
                                                     const sctp::Patience& patience) {
    std::size_t size = 0;
    const int result = call("cannot read", patience,
                            [&] { return SSL_read_ex(tls_.get(), room.data(), room.size(), &size); });
    return result < 0 ? std::nullopt : std::optional{size};
  }

  /// Announces the end, and waits until the peer has done so. SCTP has no half-close: had the association
  /// been shut down in between, the peer's last bytes would be lost.
  void end(const sctp::Patience& patience) {
    const bool announced = call("cannot end TLS", patience, [this] {
                             const int both = SSL_shutdown(tls_.get());
                             return both == 0 ? 1 : both;
                           }) > 0;
    std::array<std::byte, 1024> unwanted{};
    while (announced && (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) == 0 &&
           read_some(unwanted, patience)) {
    }
  }

  [[nodiscard]] const sctp::OneToOneSocket& socket() const { return socket_; }

  /// Who the peer is, by its certificate, where it has one.
  [[nodiscard]] std::string peer() const {
    std::array<char, 256> name{};
    if (const X509* const certificate = SSL_get0_peer_certificate(tls_.get()); certificate != nullptr)
      X509_NAME_oneline(X509_get_subject_name(certificate), name.data(), name.size());
    const std::string text{name.data()};
    return text.empty() ? "a peer without a certificate" : printable(sctp::as_bytes(text), text.size());
  }

 private:
  /// Positive, 0 for an end, negative when the patience is over.
  template <class Function>
  int call(const std::string& what, const sctp::Patience& patience, Function function) {
    patience_ = patience;
    ERR_clear_error();
    const int result = function();
    if (result > 0) return result;
    switch (SSL_get_error(tls_.get(), result)) {
      case SSL_ERROR_ZERO_RETURN: return 0;
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: return -1;
      default: break;
    }
    if (error_) throw std::system_error{error_, what};
    const long verdict = SSL_get_verify_result(tls_.get());
    if (verdict == X509_V_OK) throw tls_error(what);
    throw std::runtime_error{
        what + ": the peer's certificate is refused: " + X509_verify_cert_error_string(verdict)};
  }

  static TlsSocket& of(BIO* bio) { return *static_cast<TlsSocket*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    TlsSocket& self = of(bio);
    BIO_clear_retry_flags(bio);
    const auto room = std::as_writable_bytes(std::span{to, static_cast<std::size_t>(size)});
    const auto got = self.socket_.read_some(room, self.patience_, self.error_);
    if (self.error_) return -1;
    if (!got) return BIO_set_retry_read(bio), -1;
    self.has_ended_ = *got == 0;
    return static_cast<int>(*got);
  }

  static int write(BIO* bio, const char* from, int size) {
    TlsSocket& self = of(bio);
    BIO_clear_retry_flags(bio);
    const auto bytes = std::as_bytes(std::span{from, static_cast<std::size_t>(size)});
    const std::size_t took = self.socket_.write_some(bytes, self.patience_, self.error_);
    // Who takes no more may have said why: reading comes upon that, or upon the loss.
    if (self.error_ == std::errc::broken_pipe || self.error_ == std::errc::connection_reset) {
      self.error_.clear();
      return size;
    }
    if (self.error_) return -1;
    if (took == 0) return BIO_set_retry_write(bio), -1;
    return static_cast<int>(took);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return of(bio).has_ended_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const one = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "SCTP");
      if (made == nullptr) throw tls_error("cannot begin TLS");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return one;
  }

  sctp::OneToOneSocket socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  sctp::Patience patience_;
  std::error_code error_;
  bool has_ended_ = false;
};

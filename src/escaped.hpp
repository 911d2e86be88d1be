// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include <sctpxx/bytes.hpp>

namespace sctp {

/// What a peer said, in quotes, safe to print: no control characters, and not much of it.
inline std::string escaped(Bytes bytes) {
  constexpr std::size_t most = 80;
  constexpr const char* digits = "0123456789abcdef";
  std::string text = "\"";
  for (const std::byte byte : bytes.first(bytes.size() < most ? bytes.size() : most)) {
    const auto code = std::to_integer<unsigned>(byte);
    if (code < 0x20 || code >= 0x7f || code == '"' || code == '\\') {
      text.append("\\x").append({digits[code >> 4], digits[code & 15]});
    } else {
      text += static_cast<char>(code);
    }
  }
  return text + (bytes.size() <= most ? "\"" : "…\"");
}

}  // namespace sctp

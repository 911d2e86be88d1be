// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// What a peer sent is not for a terminal to obey.
#pragma once

#include <algorithm>
#include <sctpxx/bytes.hpp>
#include <string>

/// The beginning of a payload, as far as it can be printed.
inline std::string printable(sctp::Bytes payload, std::size_t most = 32) {
  std::string text;
  for (const char c : sctp::as_text(payload.first(std::min(payload.size(), most)))) {
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return payload.size() > most ? text + "…" : text;
}

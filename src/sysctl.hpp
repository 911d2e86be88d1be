// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "sys.hpp"

namespace sctp::native {

/// The network namespace's setting `net.sctp.NAME`, where that is a number and can be read.
inline std::optional<long> sysctl(std::string_view name) noexcept {
  constexpr std::string_view directory = "/proc/sys/net/sctp/";
  char path[64] = {};
  if (directory.size() + name.size() >= sizeof path) return std::nullopt;
  std::memcpy(path, directory.data(), directory.size());
  std::memcpy(path + directory.size(), name.data(), name.size());
  char text[32];
  const ssize_t length = sys::read_file(path, text, sizeof text);
  long value = 0;
  if (length <= 0 || std::from_chars(text, text + length, value).ec != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace sctp::native

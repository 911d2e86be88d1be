// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>

#include <sctpxx/bytes.hpp>
#include <sctpxx/patience.hpp>

namespace sctp::test {

template <class Call>
auto or_throw(Call call) {
  std::error_code error;
  auto result = call(error);
  if (error) throw std::system_error{error};
  return result;
}

/// A stream of bytes that is two texts.
struct MemoryStream {
  std::string to_read{};
  std::string written{};
  std::size_t most_at_once = 1'000'000;
  std::optional<std::errc> ends_with{};        // instead of the end
  std::size_t write_fails_at = 1'000'000'000;  // when so many bytes are written
  std::optional<std::size_t> waits_from{};     // likewise; then there is no end of what is read
  bool is_open = true;

  std::size_t read_some(MutableBytes room, std::error_code& error) noexcept {
    error.clear();
    if (to_read.empty() && !room.empty() && ends_with) error = std::make_error_code(*ends_with);
    const std::size_t size = std::min({room.size(), to_read.size(), most_at_once});
    std::ranges::copy(as_bytes(to_read).first(size), room.begin());
    to_read.erase(0, size);
    return size;
  }
  std::size_t write_some(Bytes bytes, std::error_code& error) noexcept {
    error.clear();
    if (written.size() >= write_fails_at) {
      error = std::make_error_code(std::errc::broken_pipe);
      return 0;
    }
    const std::size_t size = std::min(bytes.size(), most_at_once);
    written += as_text(bytes.first(size));
    return size;
  }
  std::optional<std::size_t> read_some(MutableBytes room, const Patience&, std::error_code& error) noexcept {
    error.clear();
    if (to_read.empty() && waits_from) return std::nullopt;
    return read_some(room, error);
  }
  std::size_t write_some(Bytes bytes, const Patience&, std::error_code& error) noexcept {
    error.clear();
    return waits_from && written.size() >= *waits_from ? 0 : write_some(bytes, error);
  }

  std::size_t read_some(MutableBytes room) {
    return or_throw([&](std::error_code& e) { return read_some(room, e); });
  }
  std::size_t write_some(Bytes bytes) {
    return or_throw([&](std::error_code& e) { return write_some(bytes, e); });
  }
  std::optional<std::size_t> read_some(MutableBytes room, const Patience& patience) {
    return or_throw([&](std::error_code& e) { return read_some(room, patience, e); });
  }
  std::size_t write_some(Bytes bytes, const Patience& patience) {
    return or_throw([&](std::error_code& e) { return write_some(bytes, patience, e); });
  }
  void close() noexcept { is_open = false; }
};

}  // namespace sctp::test

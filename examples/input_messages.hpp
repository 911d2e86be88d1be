// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// The standard input, cut into messages.
#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sctpxx/bytes.hpp>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// The standard input as messages of at most `size` bytes: its lines, or what one read gives.
class InputMessages {
 public:
  InputMessages(std::size_t size, bool is_lines) : room_(size), is_lines_{is_lines} {}

  /// Reads once, which does not wait where `poll` has seen input.
  void read() {
    std::move(room_.begin() + begin_, room_.begin() + end_, room_.begin());
    end_ -= std::exchange(begin_, 0);
    const ssize_t got = ::read(STDIN_FILENO, &room_[static_cast<std::size_t>(end_)], room_.size() - held());
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
      throw std::system_error{errno, std::system_category(), "cannot read the input"};
    }
    has_ended_ = got == 0;
    end_ += std::max<ssize_t>(got, 0);
    if (is_lines_ && held() == room_.size() && message().empty()) {
      throw std::runtime_error{fmt::format("a line of the input has more than {} bytes: see --size", held())};
    }
  }

  /// Empty while there is no whole one. A line keeps its end, so that an empty one can be sent, too.
  [[nodiscard]] sctp::Bytes message() const {
    const std::string_view all{room_.data() + begin_, held()};
    if (!is_lines_) return sctp::as_bytes(all);
    const auto newline = all.find('\n');
    if (newline == all.npos && !has_ended_) return {};
    return sctp::as_bytes(all.substr(0, newline == all.npos ? newline : newline + 1));
  }
  void pop() { begin_ += static_cast<std::ptrdiff_t>(message().size()); }

  [[nodiscard]] std::size_t held() const { return static_cast<std::size_t>(end_ - begin_); }
  [[nodiscard]] bool has_ended() const { return has_ended_; }

 private:
  std::vector<char> room_;
  std::ptrdiff_t begin_ = 0, end_ = 0;
  bool is_lines_;
  bool has_ended_ = false;
};

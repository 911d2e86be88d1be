// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// How the paths of an association are doing, on a terminal or in a pipe.
#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <sctpxx/format.hpp>
#include <string>
#include <utility>
#include <vector>

/// On a terminal one table, drawn again in its place every quarter of a second, below what is told. Else a
/// line for each path every second, and one for what is told.
class PathTable {
 public:
  void tell(const std::string& text) {
    erase();
    fmt::print("{:5.1f} {}\n", time(), text);
    std::fflush(stdout);
  }

  /// With the messages that came on each path since the last time.
  void draw(const std::vector<sctp::Path>& paths, const std::map<sctp::Address, std::size_t>& came) {
    const bool is_first = drawn_at_ == 0;
    const double since = time() - std::exchange(drawn_at_, time());
    erase();
    if (is_terminal_) fmt::print("\x1b[?7l");  // a line that is too long shall not become two
    if (is_terminal_ || is_first) {
      fmt::print("{:>5} {:<18} {:<18} {:<7} {:>4} {:>4} {:>6} {:>5} {:>5}\n", "time", "path", "state", "",
                 "RTT", "RTO", "cwnd", "MTU", "msg/s");
    }
    for (const sctp::Path& path : paths) {
      const double count = came.contains(path.address) ? static_cast<double>(came.at(path.address)) : 0;
      fmt::print("{:5.1f} {:<18} {:<18} {:<7} {:>4} {:>4} {:>6} {:>5} {:>5.0f}\n", drawn_at_, path.address,
                 path.state, path.primary ? "primary" : "", path.rtt.count(), path.rto.count(),
                 path.congestion_window, path.mtu, count / since);
    }
    if (is_terminal_) fmt::print("\x1b[?7h");
    if (is_terminal_) lines_ = paths.size() + 1;
    std::fflush(stdout);
  }

  /// Below the table, in place of the ^C that may be there.
  void end(const std::string& text) const { fmt::print("{}{}\n", is_terminal_ ? "\r\x1b[K" : "", text); }

  [[nodiscard]] bool is_due() const { return time() - drawn_at_ >= (is_terminal_ ? 0.25 : 1); }

  /// Seconds since the beginning.
  [[nodiscard]] double time() const {
    return std::chrono::duration<double>{std::chrono::steady_clock::now() - begin_}.count();
  }

 private:
  void erase() {
    if (lines_ != 0) fmt::print("\x1b[{}F\x1b[J", std::exchange(lines_, 0));
  }

  bool is_terminal_ = ::isatty(STDOUT_FILENO) == 1;
  std::size_t lines_ = 0;  // that are to be erased
  double drawn_at_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

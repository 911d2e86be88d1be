// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <climits>

#include "sys.hpp"

namespace sctp {

/// The moment at which a wait gives up, on the clock that nobody sets.
class Deadline {
 public:
  [[nodiscard]] static Deadline never() noexcept {
    return Deadline{std::chrono::milliseconds{LLONG_MAX / 2}};
  }
  explicit Deadline(std::chrono::milliseconds from_now) noexcept
      : end_{sys::monotonic_milliseconds() + std::min<long long>(from_now.count(), LLONG_MAX / 2)} {}

  [[nodiscard]] bool has_passed() const noexcept { return sys::monotonic_milliseconds() >= end_; }

  /// What is left as `poll` takes it, `most` at most.
  [[nodiscard]] int poll_timeout(std::chrono::milliseconds most) const noexcept {
    const long long left = end_ - sys::monotonic_milliseconds();
    return static_cast<int>(std::clamp<long long>(left, 0, std::min<long long>(most.count(), INT_MAX)));
  }

 private:
  long long end_;
};

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/patience.hpp>

#include <algorithm>

#include "sys.hpp"
#include "wait.hpp"

namespace sctp::inline v0 {

long long Patience::from_now(long long milliseconds) noexcept {
  return sys::monotonic_milliseconds() + milliseconds;
}

std::optional<std::chrono::milliseconds> Patience::left() const noexcept {
  if (end_ == never) return std::nullopt;
  return std::chrono::milliseconds{std::max(end_ - sys::monotonic_milliseconds(), 0LL)};
}

bool Patience::is_over() const noexcept {
  return is_woken() || (end_ != never && sys::monotonic_milliseconds() >= end_);
}

Patience Patience::at_most(std::chrono::milliseconds time) const noexcept {
  Patience shorter{time};
  shorter.end_ = std::min(shorter.end_, end_);
  shorter.waker_ = waker_;
  return shorter;
}

void Patience::exhaust() const noexcept {
  std::error_code ignored;
  for (;;) {
    switch (wait_for(-1, 0, *this, ignored)) {
      case Waited::ready: break;
      case Waited::impatient: return;
      case Waited::failed:
        if (is_over()) return;
        // A limit of descriptors, or a lack of memory, does not hinder this.
        sys::poll(nullptr, 0, static_cast<int>(moment.count()));
    }
  }
}

}  // namespace sctp::inline v0

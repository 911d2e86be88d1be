// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <limits>
#include <optional>

#include <sctpxx/export.hpp>
#include <sctpxx/waker.hpp>

namespace sctp::inline v0 {

/// How long a call may wait: for a time, until it is woken, or until the first of both.
/// `peer.receive(buffer, 5s)`, `listener.accept(waker)`, `peer.connect(address, {5s, waker})`.
///
/// The time begins when this object is made: several calls that are given the same one take no longer
/// together. It is counted on the clock that nobody sets, in milliseconds, rounded up. Borrows the Waker.
class Patience {
 public:
  /// For ever.
  constexpr Patience() noexcept = default;

  /// Zero or less: not at all.
  template <class Rep, class Period>
  Patience(std::chrono::duration<Rep, Period> time) noexcept : end_{from_now(to_milliseconds(time))} {}

  constexpr Patience(const Waker& waker) noexcept : waker_{&waker} {}
  Patience(const Waker&&) = delete;

  template <class Rep, class Period>
  Patience(std::chrono::duration<Rep, Period> time, const Waker& waker) noexcept
      : end_{from_now(to_milliseconds(time))}, waker_{&waker} {}
  template <class Rep, class Period>
  Patience(std::chrono::duration<Rep, Period> time, const Waker&&) = delete;

  /// There is a waker, and it is awake.
  [[nodiscard]] bool is_woken() const noexcept { return waker_ != nullptr && waker_->is_awake(); }

  /// The time has passed, or the waker is awake.
  [[nodiscard]] SCTPXX_EXPORT bool is_over() const noexcept;

  /// What is left of the time, 0 when it has passed; nothing when there is no limit.
  [[nodiscard]] SCTPXX_EXPORT std::optional<std::chrono::milliseconds> left() const noexcept;

  /// This one, but for no longer than so many milliseconds from now.
  [[nodiscard]] SCTPXX_EXPORT Patience at_most(std::chrono::milliseconds time) const noexcept;

  /// Waits until it is over.
  SCTPXX_EXPORT void exhaust() const noexcept;

  /// Or null.
  [[nodiscard]] constexpr const Waker* waker() const noexcept { return waker_; }

 private:
  static constexpr long long never = std::numeric_limits<long long>::max();

  template <class Rep, class Period>
  static constexpr long long to_milliseconds(std::chrono::duration<Rep, Period> time) noexcept {
    using Exact = std::chrono::duration<double, std::milli>;
    constexpr auto longest = std::chrono::hours{24} * 365 * 1000;
    if (Exact{time} >= Exact{longest}) return std::chrono::milliseconds{longest}.count();
    return time.count() <= 0 ? 0 : std::chrono::ceil<std::chrono::milliseconds>(time).count();
  }
  [[nodiscard]] SCTPXX_EXPORT static long long from_now(long long milliseconds) noexcept;

  long long end_ = never;
  const Waker* waker_ = nullptr;
};

}  // namespace sctp::inline v0

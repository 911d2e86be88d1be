// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <system_error>

#include <sctpxx/export.hpp>

namespace sctp::inline v0 {

/// Ends the waiting of other threads: `receive`, `accept` and `connect` take one within a Patience, and
/// answer at once when it is woken, before they wait or while they do.
///
///     sctp::Waker stop;
///     std::jthread reader{[&] { while (auto received = peer.receive(buffer, stop)) handle(received); }};
///     stop.wake();
///
/// Stays awake until `reset`, so none comes too late. Any number of threads may share one; it outlives the
/// calls that it was given to. With `std::stop_token`: `std::stop_callback wake{token, [&] { stop.wake();
/// }}`.
class Waker {
 public:
  /// Opens a descriptor; close-on-exec. `eventfd`.
  SCTPXX_EXPORT Waker();
  SCTPXX_EXPORT explicit Waker(std::error_code& error) noexcept;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  SCTPXX_EXPORT ~Waker();

  /// Safe in a signal handler.
  SCTPXX_EXPORT void wake() noexcept;

  /// Lets threads wait again. Not while another thread, or a signal handler, wakes.
  SCTPXX_EXPORT void reset() noexcept;

  [[nodiscard]] bool is_awake() const noexcept { return awake_; }

  /// Readable while it is awake: for a `poll` of one's own.
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free, "for signal handlers");

  int fd_;
  std::atomic<bool> awake_ = false;
};

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "kernel.hpp"

namespace test {

/// Numbered messages on four streams in turn, sent by one thread as fast as another receives them, while
/// a third does something to the network.
///
///     test::Transfer transfer{client, server, 10'000};
///     transfer.send_up_to(5'000);
///     transfer.wait_until_arrived(1'000);
///     hosts.cut(0);
///     transfer.finish();
class Transfer {
 public:
  static constexpr std::uint16_t streams = 4;

  /// Of `count` messages none is sent yet. Borrows both ends.
  Transfer(const sctp::Association& from, const sctp::SocketRef& to, std::uint32_t count);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// The sender goes on until it has sent so many in all.
  void send_up_to(std::uint32_t count);

  /// So many have arrived in all. Throws when they cannot any more.
  void wait_until_arrived(std::uint32_t count);
  [[nodiscard]] std::uint32_t arrived() const noexcept { return arrived_; }

  /// All are sent, and have arrived: each once, and those of a stream in their order. Else throws, and says
  /// what was wrong.
  void finish();

  /// After `finish`: the longest time for which nothing arrived though something was to come, and what the
  /// receiver was told of its peer's addresses.
  [[nodiscard]] std::chrono::milliseconds longest_silence() const noexcept { return longest_silence_; }
  [[nodiscard]] const std::vector<sctp::PeerAddressChange>& told() const noexcept { return told_; }

 private:
  using Clock = std::chrono::steady_clock;
  void stop();
  void send(const sctp::Association& from);
  void receive(const sctp::SocketRef& to);

  const std::uint32_t count_;
  sctp::Waker stop_;
  std::atomic<std::uint32_t> permitted_{0};
  std::atomic<Clock::time_point> permitted_at_{};
  std::atomic<std::uint32_t> arrived_{0};
  std::atomic<bool> failed_{false};
  std::chrono::milliseconds longest_silence_{0};
  std::vector<sctp::PeerAddressChange> told_;
  Task<void> receiver_;
  Task<void> sender_;
};

}  // namespace test

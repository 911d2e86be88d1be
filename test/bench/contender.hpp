// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <sctpxx/bytes.hpp>

/// Ways of sending and receiving messages that are compared, each with sockets of its own.
namespace bench {

/// One of two that talk with each other.
class End {
 public:
  End() = default;
  virtual ~End() = default;
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  /// Sends the message so often.
  virtual void send(std::size_t count, sctp::Bytes message) = 0;
  /// Receives so many messages, and answers their bytes.
  virtual std::size_t receive(std::size_t count) = 0;
};

struct Pair {
  std::unique_ptr<End> first;
  std::unique_ptr<End> second;
};

enum class Style { one_to_one, one_to_many };
std::string to_string(Style style);

/// All have the same send and receive buffers and wait for nothing before they send (NODELAY).
struct Contender {
  std::string name;
  Pair (*connect)(Style);
  std::size_t batch = 1;        // messages that one system call may carry
  bool keeps_promises = false;  // sctpxx's, of system calls and allocations
  bool has_many = true;         // there is a one-to-many style
};

/// What the others are compared with comes first.
const std::vector<Contender>& contenders();
constexpr std::size_t by_hand = 0;

/// How many messages of this size may be under way. A receive buffer counts what the kernel spends on a
/// message, a window its bytes alone: small messages overrun the one long before the other is full, and the
/// kernel drops them and sends them again. (With these buffers, from some 400 messages of 64 bytes on: half
/// as many a second, whoever sends.) And who sends and receives in one thread must not fill the send buffer.
std::size_t most_under_way(std::size_t size);

// Where the contenders come from.
Pair connect_by_hand(Style style);
Pair connect_libsctp(Style style);
Pair connect_ours(Style style);
Pair connect_ours_in_batches(Style style);
Pair connect_ours_with_asio(Style style);  // where there is Asio: BENCH_WITH_ASIO
Pair connect_tcp(Style style);

}  // namespace bench

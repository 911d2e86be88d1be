// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "transfer.hpp"

#include <algorithm>
#include <array>

namespace test {
namespace {

/// Of small messages the receiver's buffer would hold fewer than its window promises: what comes then is
/// dropped, and healthy paths are suspected.
constexpr std::uint32_t most_under_way = 100;

/// Most fit into a packet, some do not.
std::vector<std::byte> payload_of(std::uint32_t number) {
  return pattern(1 + number * 41 % (number % 50 == 0 ? 4'000 : 300), number);
}

}  // namespace

Transfer::Transfer(const sctp::Association& from, const sctp::SocketRef& to, std::uint32_t count)
    : count_{count}, receiver_{[this, to] { receive(to); }}, sender_{[this, from] { send(from); }} {}

Transfer::~Transfer() { stop(); }

void Transfer::stop() {
  failed_ = true;
  stop_.wake();
  permitted_ = count_ + 1;
  permitted_.notify_all();
  ++arrived_;
  arrived_.notify_all();
}

void Transfer::send_up_to(std::uint32_t count) {
  permitted_at_ = Clock::now();
  permitted_ = std::min(count, count_);
  permitted_.notify_all();
}

void Transfer::send(const sctp::Association& from) try {
  for (std::uint32_t number = 0; number != count_; ++number) {
    for (auto permitted = permitted_.load(); permitted <= number; permitted = permitted_)
      permitted_.wait(permitted);
    for (auto arrived = arrived_.load(); number >= arrived + most_under_way && !failed_; arrived = arrived_)
      arrived_.wait(arrived);
    if (failed_) return;
    const auto stream = sctp::StreamId{static_cast<std::uint16_t>(number % streams)};
    if (!from.send(payload_of(number), {.stream = stream, .ppid = sctp::Ppid{number}}, stop_)) return;
  }
} catch (...) {
  stop();
  throw;
}

void Transfer::receive(const sctp::SocketRef& to) try {
  sctp::ReceiveBuffer buffer;
  std::array<std::uint32_t, streams> next{0, 1, 2, 3};
  std::optional<Clock::time_point> last;
  while (arrived_ != count_) {
    const sctp::Received received = to.receive(buffer, stop_);
    if (received.status() == sctp::Received::Status::would_block) return;
    if (!received) throw std::runtime_error{"the stream has ended"};
    if (const auto* event = received.notification()) {
      if (const auto* change = std::get_if<sctp::PeerAddressChange>(event)) told_.push_back(*change);
      continue;
    }
    const auto now = Clock::now();
    const auto silence = now - last.value_or(permitted_at_);
    longest_silence_ =
        std::max(longest_silence_, std::chrono::duration_cast<std::chrono::milliseconds>(silence));
    const sctp::Message& message = *received.message();
    const auto number = static_cast<std::uint32_t>(message.ppid);
    const auto expected = next.at(static_cast<std::size_t>(message.stream));
    if (number != expected) {
      throw std::runtime_error{"message " + std::to_string(number) + " in place of " +
                               std::to_string(expected)};
    }
    if (!std::ranges::equal(message.payload, payload_of(number)))
      throw std::runtime_error{"message " + std::to_string(number) + " has another content"};
    next.at(number % streams) += streams;
    ++arrived_;
    // As long as nothing is to come, silence is as it should be.
    last = arrived_ < permitted_ ? std::optional{now} : std::nullopt;
    arrived_.notify_all();
  }
} catch (...) {
  stop();
  throw;
}

void Transfer::wait_until_arrived(std::uint32_t count) {
  for (auto arrived = arrived_.load(); !failed_ && arrived < count; arrived = arrived_)
    arrived_.wait(arrived);
  if (failed_) finish();
}

void Transfer::finish() {
  if (!failed_) send_up_to(count_);
  receiver_.get();
  sender_.get();
}

}  // namespace test

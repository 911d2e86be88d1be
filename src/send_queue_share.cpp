// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <bit>
#include <cerrno>
#include <chrono>
#include <utility>

#include <sctpxx/association.hpp>
#include <sctpxx/error.hpp>
#include <sctpxx/send_queue.hpp>

/// How a SendQueue keeps each association to its share.
namespace sctp::inline v0 {
namespace {

constexpr std::chrono::milliseconds ask_again{100};  // whether everything is acknowledged

/// What a message takes of the send buffer, as measured on kernel 6.1 over Ethernet's MTU; over larger ones
/// it is less, or little more.
std::size_t cost_of(std::size_t size) noexcept {
  constexpr std::size_t chunk = 1452;  // the largest payload of one
  const auto cost_of_chunk = [](std::size_t payload) { return std::bit_ceil(payload + 336) + 512; };
  const std::size_t rest = size % chunk;
  return size / chunk * cost_of_chunk(chunk) + (rest != 0 ? cost_of_chunk(rest) : 0);
}

SendQueue::Result result_of(std::error_code error) noexcept {
  if (error == std::errc::message_size) return SendQueue::Result::too_big;
  if (error == std::error_code{ESHUTDOWN, std::system_category()}) return SendQueue::Result::shut_down;
  if (error == Condition::association_ended) return SendQueue::Result::broken;
  return SendQueue::Result::refused;
}

}  // namespace

/// `queued` when it has to wait for its association's share, `full` when for room in the send buffer.
SendQueue::Result SendQueue::give(AssociationId association, Line& line, Bytes payload,
                                  const SendOptions& options, std::error_code& error) noexcept {
  error.clear();
  if (line.waits_for_dry) {
    if (line.mortal && Clock::now() - line.asked >= ask_again) ask_for_dry(association, line);
    return Result::queued;
  }
  const std::size_t cost = cost_of(payload.size());
  const bool exceeds_share = line.in_flight != 0 && line.in_flight + cost > limits_.share;
  if (exceeds_share && wait_for_dry(association, line)) return Result::queued;
  SendOptions last_of_share = options;
  // The peer would keep back the acknowledgement of an odd packet, up to 200 ms.
  last_of_share.sack_immediately |= line.in_flight + 2 * cost > limits_.share;
  if (!socket_.try_send(association, payload, last_of_share, error)) {
    // Lack of memory in the kernel passes, like lack of room.
    if (error == std::errc::no_buffer_space || error == std::errc::not_enough_memory) error.clear();
    return error ? result_of(error) : Result::full;
  }
  line.in_flight += cost;
  line.mortal |= options.reliability != Reliability{};
  line.since = Clock::now();
  return Result::sent;
}

/// The event comes at once when everything is acknowledged already; nothing is given until it comes. False
/// when there will be none.
bool SendQueue::wait_for_dry(AssociationId association, Line& line) noexcept {
  if (may_meet_old_dry(line)) {
    wait_for_room(line);  // to be asked again soon
    return true;
  }
  return ask_for_dry(association, line);
}

/// Asking is harmless while it is on: then it is told at once if it is so.
bool SendQueue::ask_for_dry(AssociationId association, Line& line) noexcept {
  std::error_code error;
  Association{socket_, association}.subscribe<SenderDry>(error);
  line.asked = Clock::now();
  if (!error && !std::exchange(line.waits_for_dry, true) && line.mortal) ++waiting_mortal_;
  // When it has ended, that is what is received next.
  const bool waits = line.waits_for_dry || error == Condition::association_ended;
  if (waits) has_room(line);
  return waits;
}

/// It waits for that no more.
void SendQueue::has_dry(Line& line) noexcept {
  if (std::exchange(line.waits_for_dry, false) && line.mortal) --waiting_mortal_;
}

std::optional<std::chrono::milliseconds> SendQueue::next_flush() const noexcept {
  return waiting_mortal_ != 0 ? std::optional{ask_again} : std::nullopt;
}

/// While the event is on, the kernel (6.1) tells it anew at each acknowledgement that comes when everything
/// is acknowledged already, as often as a peer likes to send one. These may still be in the receive queue,
/// and say nothing of what was given since.
bool SendQueue::may_meet_old_dry(const Line& line) const noexcept {
  constexpr std::size_t more_than_fit_the_receive_buffer = 1024;
  if (!line.dry_taken || taken_ - *line.dry_taken >= more_than_fit_the_receive_buffer) return false;
  std::error_code ignored;
  return socket_.wait({.receive = true}, std::chrono::milliseconds{0}, ignored).receive;
}

/// Only where the buffer is shared: no share fills one that is the association's own.
void SendQueue::wait_for_room(Line& line) noexcept {
  if (!std::exchange(line.waits_for_room, true)) ++waiting_for_room_;
}

void SendQueue::has_room(Line& line) noexcept {
  if (std::exchange(line.waits_for_room, false)) --waiting_for_room_;
}

}  // namespace sctp::inline v0

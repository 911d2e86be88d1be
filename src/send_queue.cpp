// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <utility>
#include <variant>

#include <sctpxx/association.hpp>
#include <sctpxx/error.hpp>
#include <sctpxx/option/socket.hpp>

namespace sctp::inline v0 {
namespace {

constexpr std::chrono::milliseconds at_once{0};
constexpr std::chrono::milliseconds look_again{20};  // where the kernel has no memory for a message

/// So many in a row, and the others are not asked: most likely it is the one buffer that is full.
constexpr int enough_refusals = 8;

/// The association takes nothing more.
bool is_over(SendQueue::Result result) noexcept {
  return result == SendQueue::Result::broken || result == SendQueue::Result::shut_down;
}

/// What stays in its line.
bool waits(SendQueue::Result result) noexcept {
  return result == SendQueue::Result::queued || result == SendQueue::Result::full;
}

}  // namespace

SendQueue::SendQueue(SocketRef socket) : SendQueue{socket, Limits{}} {}

SendQueue::SendQueue(SocketRef socket, const Limits& limits)
    : socket_{socket}, limits_{limits}, largest_{socket.get<option::SndBuf>().size} {
  if (limits_.share == 0) limits_.share = largest_ / 8;
  limits_.share = std::min(limits_.share, largest_ / 2);
}

bool SendQueue::has_room_for(const Line& line, std::size_t size) const noexcept {
  return size <= limits_.waiting - line.bytes && size <= limits_.waiting_in_all - bytes_ &&
         line.messages.size() < limits_.messages && messages_ < limits_.messages_in_all;
}

SendQueue::Result SendQueue::enqueue(AssociationId association, Line& line, Bytes payload,
                                     const SendOptions& options) {
  if (payload.size() > limits_.waiting || payload.size() > limits_.waiting_in_all) return Result::too_big;
  if (!has_room_for(line, payload.size())) {
    if (std::ranges::find(full_, association) == full_.end()) full_.push_back(association);
    return Result::full;
  }
  if (!line.has_turn) turns_.push_back(association);
  line.has_turn = true;
  if (line.messages.empty()) line.since = Clock::now();
  line.messages.push_back({association, {payload.begin(), payload.end()}, options, {}, Result::queued});
  line.bytes += payload.size();
  bytes_ += payload.size();
  ++messages_;
  return Result::queued;
}

/// It can be sent when there is room. The send buffer may have grown.
bool SendQueue::fits(Bytes payload) noexcept {
  if (payload.size() <= largest_) return true;
  std::error_code unknown;
  const std::size_t size = socket_.get<option::SndBuf>(unknown).size;
  if (!unknown) largest_ = size;
  return unknown || payload.size() <= largest_;
}

SendQueue::Result SendQueue::send(AssociationId association, Bytes payload, const SendOptions& options,
                                  std::error_code& error) noexcept try {
  error.clear();
  if (payload.empty()) {
    error = Errc::empty_message;
    return Result::refused;
  }
  Line& line = lines_[association];
  if (line.shuts_down) {
    error = {ESHUTDOWN, std::system_category()};
    return Result::shut_down;
  }
  Result result = Result::queued;
  if (line.messages.empty()) {
    result = give(association, line, payload, options, error);
  } else if (!fits(payload)) {
    error = Errc::message_exceeds_send_buffer;
    result = Result::too_big;
  }
  if (waits(result)) {
    const bool has_no_room = result == Result::full;
    result = enqueue(association, line, payload, options);
    if (has_no_room && result == Result::queued) wait_for_room(line);
    if (result == Result::too_big) error = std::make_error_code(std::errc::message_size);
  }
  forget_if_idle(association);
  return result;
} catch (const std::bad_alloc&) {
  forget_if_idle(association);
  error = std::make_error_code(std::errc::not_enough_memory);
  return Result::refused;
}

SendQueue::Result SendQueue::send(AssociationId association, Bytes payload, const SendOptions& options) {
  std::error_code error;
  const Result result = send(association, payload, options, error);
  if (error == std::errc::not_enough_memory) throw std::bad_alloc{};
  if (error) {
    throw std::system_error{error, "cannot queue " + std::to_string(payload.size()) +
                                       " bytes for association " + to_string(association)};
  }
  return result;
}

void SendQueue::take_first(Line& line, Messages& to) noexcept {
  line.bytes -= line.messages.front().payload.size();
  bytes_ -= line.messages.front().payload.size();
  --messages_;
  to.splice(to.end(), line.messages, line.messages.begin());
  if (line.messages.empty()) has_room(line);
}

/// The line's next message. As `give`; what does not wait is out of the line, and where the association takes
/// nothing more, the line is gone, with all that waited in it.
SendQueue::Result SendQueue::give_next(AssociationId association, Line& line) noexcept {
  std::error_code error;
  Unsent& next = line.messages.front();
  const Result result = give(association, line, next.payload, next.options, error);
  if (result == Result::full) wait_for_room(line);
  if (waits(result)) return result;
  next.why = result;
  next.error = error;
  Messages message;
  take_first(line, message);
  if (result != Result::sent) keep_unsent(message);
  if (is_over(result)) return give_up(association, result), result;
  if (line.messages.empty() && line.shuts_down) end(association);
  return result;
}

void SendQueue::end(AssociationId association) noexcept {
  std::error_code gone;  // its end is the next that is received
  Association{socket_, association}.shutdown(gone);
}

void SendQueue::shutdown(AssociationId association) noexcept {
  const auto found = lines_.find(association);
  if (found == lines_.end() || found->second.messages.empty()) return end(association);
  found->second.shuts_down = true;
}

std::size_t SendQueue::flush() noexcept {
  std::size_t sent = 0;
  int refusals = 0;
  // Ends when everybody whose turn it was has been asked since the last that something was taken of.
  for (std::size_t idle = 0; idle < turns_.size() && refusals != enough_refusals;) {
    const AssociationId association = turns_.front();
    Line& line = lines_.find(association)->second;  // there is one as long as it has turns
    if (line.messages.empty()) {
      line.has_turn = false;
      turns_.pop_front();
      continue;
    }
    turns_.splice(turns_.end(), turns_, turns_.begin());
    const Result result = give_next(association, line);
    if (result == Result::sent) ++sent;
    if (waits(result)) {
      ++idle;
      if (line.waits_for_room) ++refusals;
    } else {
      idle = 0;
      refusals = 0;
    }
  }
  return sent;
}

Received SendQueue::receive(ReceiveBuffer& buffer, const Patience& patience,
                            std::error_code& error) noexcept {
  error.clear();
  while (!patience.is_woken()) {
    const bool is_writable = wants_writable() && socket_.wait({.send = true}, at_once, error).send;
    const bool is_due = is_writable || waiting_mortal_ != 0;
    const bool was_refused = is_due && flush() == 0 && is_writable && wants_writable();
    const auto pause = was_refused ? std::optional{look_again} : next_flush();
    if (!wants_writable() && !pause) {
      const Received received = socket_.receive(buffer, patience, error);
      if (!take(received)) return received;
      continue;
    }
    const Received received = socket_.try_receive(buffer, error);
    if (take(received)) continue;
    if (received.status() != ReceiveStatus::would_block) return received;
    const Readiness wanted{.receive = true, .send = wants_writable() && !was_refused};
    const Readiness ready = socket_.wait(wanted, pause ? patience.at_most(*pause) : patience, error);
    if (error) return Received{ReceiveStatus::failed};
    if (!ready.receive && patience.is_over()) break;
  }
  return Received{ReceiveStatus::would_block};
}

Received SendQueue::receive(ReceiveBuffer& buffer, const Patience& patience) {
  std::error_code error;
  const Received received = receive(buffer, patience, error);
  if (error == std::errc::not_enough_memory) throw std::bad_alloc{};
  std::error_code unknown;
  if (error) {
    throw std::system_error{error, "cannot receive on " + to_string(socket_.local_address(unknown))};
  }
  return received;
}

bool SendQueue::take(const Received& received) noexcept {
  const Notification* event = received.notification();
  if (event == nullptr) ++taken_;
  return event != nullptr && take(*event);
}

bool SendQueue::take(const Notification& event) noexcept {
  ++taken_;
  const AssociationId association = association_of(event);
  if (const auto* change = std::get_if<AssociationChange>(&event)) {
    using enum AssociationChange::State;
    switch (change->state) {
      case shutdown_complete: give_up(association, Result::shut_down); break;
      case lost:
      case restarted:
      case cannot_start: give_up(association, Result::broken); break;
      default: break;
    }
  }
  if (std::holds_alternative<ShutdownReceived>(event)) give_up(association, Result::shut_down);
  if (!std::holds_alternative<SenderDry>(event)) return false;
  const auto found = lines_.find(association);
  if (found == lines_.end()) return false;
  Line& line = found->second;
  if (!line.waits_for_dry && !line.dry_taken) return false;  // asked for by somebody else
  line.dry_taken = taken_;
  if (!line.waits_for_dry) return true;  // an old one
  has_dry(line);
  line.mortal = false;
  line.in_flight = 0;
  std::error_code gone;
  Association{socket_, association}.unsubscribe<SenderDry>(gone);
  while (!line.messages.empty()) {
    const Result result = give_next(association, line);
    if (waits(result) || is_over(result)) break;
  }
  return true;
}

/// Takes an association's line away, and what waits in it.
SendQueue::Messages SendQueue::remove(AssociationId association) noexcept {
  Messages removed;
  std::erase(full_, association);
  const auto found = lines_.find(association);
  if (found == lines_.end()) return removed;
  Line& line = found->second;
  while (!line.messages.empty()) take_first(line, removed);
  std::error_code gone;
  if (line.waits_for_dry) Association{socket_, association}.unsubscribe<SenderDry>(gone);
  has_dry(line);
  turns_.remove(association);
  lines_.erase(found);
  return removed;
}

void SendQueue::forget_if_idle(AssociationId association) noexcept {
  const auto found = lines_.find(association);
  if (found == lines_.end()) return;
  const Line& line = found->second;
  if (!line.messages.empty() || line.in_flight != 0) return;
  turns_.remove(association);
  lines_.erase(found);
}

/// The association takes no more.
void SendQueue::give_up(AssociationId association, Result why) noexcept {
  Messages messages = remove(association);
  for (Unsent& message : messages) message.why = why;
  keep_unsent(messages);
}

void SendQueue::keep_unsent(Messages& messages) noexcept {
  for (const Unsent& message : messages) unsent_bytes_ += message.payload.size();
  unsent_.splice(unsent_.end(), messages);
  while (unsent_bytes_ > limits_.waiting_in_all || unsent_.size() > limits_.messages_in_all) {
    static_cast<void>(next_unsent());
  }
}

std::optional<AssociationId> SendQueue::next_ready() noexcept {
  const auto has_room = [&](AssociationId association) {
    const Backlog here = backlog(association);
    return here.bytes <= limits_.waiting / 2 && bytes_ <= limits_.waiting_in_all / 2 &&
           here.messages <= limits_.messages / 2 && messages_ <= limits_.messages_in_all / 2;
  };
  const auto found = std::ranges::find_if(full_, has_room);
  if (found == full_.end()) return std::nullopt;
  const AssociationId association = *found;
  full_.erase(found);
  return association;
}

std::optional<SendQueue::Unsent> SendQueue::next_unsent() noexcept {
  if (unsent_.empty()) return std::nullopt;
  Unsent message = std::move(unsent_.front());
  unsent_.pop_front();
  unsent_bytes_ -= message.payload.size();
  return message;
}

SendQueue::Backlog SendQueue::backlog(AssociationId association) const noexcept {
  const auto found = lines_.find(association);
  if (found == lines_.end()) return {};
  const Line& line = found->second;
  Backlog backlog{.messages = line.messages.size(), .bytes = line.bytes, .in_flight = line.in_flight};
  if (!line.messages.empty()) backlog.since = line.since;
  return backlog;
}

std::string to_string(SendQueue::Result result) {
  switch (result) {
    case SendQueue::Result::sent: return "sent";
    case SendQueue::Result::queued: return "queued";
    case SendQueue::Result::full: return "full";
    case SendQueue::Result::too_big: return "too big";
    case SendQueue::Result::shut_down: return "shut down";
    case SendQueue::Result::broken: return "broken";
    case SendQueue::Result::refused: return "refused";
  }
  return "result " + std::to_string(static_cast<unsigned>(result));
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "reassembler.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <sctpxx/error.hpp>

#include "native.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {
namespace {

constexpr std::size_t most_spares = 256;
constexpr std::size_t largest_event = std::size_t{128} * 1024;  // the kernel's are below 66 KiB
constexpr std::size_t largest_block = std::size_t{512} * 1024;  // what a larger message begins with is copied
constexpr std::size_t most_shutdowns = 4096;    // at once; that of a peeled-off association ends elsewhere
constexpr std::size_t no_limit = SIZE_MAX / 8;  // so that sums of limits stay sums

PartialDeliveryAborted abort_of(const Unfinished& message) noexcept {
  return {
      .association = message.first.association,
      .stream = message.first.stream,
      .unordered = message.first.unordered,
      .received = message.received,
  };
}

/// The error that the kernel has for it, if nobody took that first.
std::error_code loss_of(AssociationChange::End end) noexcept {
  switch (end) {
    case AssociationChange::End::timeout: return std::make_error_code(std::errc::timed_out);
    case AssociationChange::End::own_abort: return std::make_error_code(std::errc::connection_aborted);
    default: return std::make_error_code(std::errc::connection_reset);
  }
}

/// Without I-DATA the kernel's event is zero where stream, order and message identifier stand; but then an
/// association has one unfinished message at most.
bool names_a_message(Bytes record, const PartialDeliveryAborted& event) noexcept {
  sctp_pdapi_event native{};
  if (record.size() >= sizeof native) std::memcpy(&native, record.data(), sizeof native);
  return event.stream != StreamId{} || event.unordered || native.pdapi_seq != 0;
}

EventType type_of(Bytes record) noexcept {
  EventType type{};
  std::memcpy(&type, record.data(), sizeof type);
  return type;
}

}  // namespace

ReceiveBuffer::Reassembler::Reassembler(std::size_t capacity, std::size_t limit, std::size_t total_limit)
    : limit_{std::min(limit, no_limit)},
      block_capacity_{std::min(capacity, no_limit)},
      pool_{std::clamp(total_limit, limit_, no_limit) + block_capacity_, most_spares},
      event_pool_{2 * largest_event},
      failed_sends_{limit_, std::clamp(total_limit, limit_, no_limit)} {}

std::optional<Notification> ReceiveBuffer::Reassembler::next() noexcept {
  if (is_idle_) return std::nullopt;
  if (messages_.has_aborted()) {
    Unfinished message = messages_.take_aborted();
    // The event that waits may lie in the room behind this message: keep that until `prepare`.
    if (delivered_.data == nullptr) std::swap(delivered_, message.storage);
    pool_.recycle(std::move(message.storage));
    return abort_of(message);
  }
  if (held_) return std::exchange(held_, {});
  return failed_sends_.next();
}

void ReceiveBuffer::Reassembler::make_ready() {
  if (is_idle_) return;
  deliver({});
  if (!event_.has_begun) event_.record.size = 0;
  // Commit must not fail to note what it has begun to read.
  messages_.make_room();
  late_rests_.make_room();
  failed_sends_.make_room();
  if (peer_shuts_down_.size() == peer_shuts_down_.capacity()) {
    peer_shuts_down_.reserve(2 * peer_shuts_down_.size() + 4);
  }
  is_idle_ = unfinished() == 0 && late_rests_.is_empty() && !held_ && !nameless_has_begun_;
}

MutableBytes ReceiveBuffer::Reassembler::prepare() {
  make_ready();
  room_is_callers_ = false;
  if (block_.capacity > block_capacity_ && pool_.is_scarce()) pool_.free(block_, block_capacity_);
  // What comes next is most likely the next of the only one that has begun: let the kernel put it there.
  Unfinished* message = messages_.only_one();
  if (message != nullptr && message->fate == Unfinished::Fate::joined && !event_.has_begun) {
    const std::error_code error =
        pool_.make_tail(message->storage, block_capacity_, limit_ + block_capacity_);
    if (error == std::errc::not_enough_memory) throw std::bad_alloc{};
    if (!error) return room_ = message->storage.tail();
  }
  if (!block_.data) block_ = pool_.lend(block_capacity_, largest_block);
  if (!block_.data) {
    block_.data = std::make_unique_for_overwrite<std::byte[]>(block_capacity_);
    block_.capacity = block_capacity_;
  }
  return room_ = block();
}

/// What was written there: once.
Bytes ReceiveBuffer::Reassembler::take_room(std::size_t size) noexcept {
  const MutableBytes room = std::exchange(room_, {});
  return room.first(std::min(size, room.size()));
}

void ReceiveBuffer::Reassembler::prepare_there(MutableBytes room) {
  make_ready();
  room_is_callers_ = false;
  room_ = room;
}

void ReceiveBuffer::Reassembler::prepare_piece(MutableBytes room) {
  make_ready();
  room_is_callers_ = true;
  room_ = room;
}

std::optional<Received> ReceiveBuffer::Reassembler::commit(const Piece& piece,
                                                           std::error_code& error) noexcept {
  const Bytes bytes = take_room(piece.size);
  if (bytes.empty()) return std::nullopt;
  if (takes(piece) && messages_.is_empty() && late_rests_.is_empty() && !nameless_has_begun_)
    return message_from(piece, bytes);  // as nearly all are
  is_idle_ = false;
  if (piece.is_notification) return take_event_piece(piece, bytes, error);
  if (late_rests_.take(piece)) return std::nullopt;
  const MessageKey key = key_of(piece);
  Unfinished* message = messages_.find(key);
  if (piece.has_info && message != nullptr && message->fate == Unfinished::Fate::streamed) {
    // Its beginning has been handed out, so what is left of it is no message.
    message->fate = Unfinished::Fate::dropped;
    message->received += bytes.size();
    const Notification event = abort_of(*message);
    if (piece.end_of_record) messages_.end(key);
    return event;
  }
  return take_data(piece, key, bytes, error);
}

std::optional<ReceivedPiece> ReceiveBuffer::Reassembler::commit_piece(const Piece& piece,
                                                                      std::error_code& error) noexcept {
  const Bytes bytes = take_room(piece.size);
  if (bytes.empty()) return std::nullopt;
  is_idle_ = false;
  if (piece.is_notification) return take_event_piece(piece, bytes, error);
  if (late_rests_.take(piece)) return std::nullopt;
  const MessageKey key = key_of(piece);
  Unfinished* message = messages_.find(key);
  const bool is_streamed =
      message != nullptr ? message->fate == Unfinished::Fate::streamed : !nameless_has_begun_;
  if (!piece.has_info || !is_streamed) {
    const auto whole = take_data(piece, key, bytes, error);
    if (!whole) return std::nullopt;
    return MessagePiece{.part = *whole, .offset = 0, .last = true};
  }
  if (message == nullptr) {
    const Message first = message_from(piece, bytes);
    if (piece.end_of_record) return MessagePiece{.part = first, .offset = 0, .last = true};
    message = &messages_.begin(key, first);
    message->fate = Unfinished::Fate::streamed;
  }
  MessagePiece answer{.part = message->first, .offset = message->received, .last = piece.end_of_record};
  answer.part.payload = bytes;
  message->received += bytes.size();
  if (answer.last) messages_.end(key);
  return answer;
}

MessageKey ReceiveBuffer::Reassembler::key_of(const Piece& piece) noexcept {
  return messages_.key_of({piece.association, piece.stream, piece.unordered}, piece.ssn);
}

/// Joins. Answers the message that is whole now.
std::optional<Message> ReceiveBuffer::Reassembler::take_data(const Piece& piece, const MessageKey& key,
                                                             Bytes bytes, std::error_code& error) noexcept {
  if (!piece.has_info) {
    messages_.drop_all(pool_);  // it may have been a piece of any of them
    nameless_has_begun_ = !piece.end_of_record;
    error = Errc::receive_info_missing;
    return std::nullopt;
  }
  Unfinished* message = messages_.find(key);
  if (message == nullptr && std::exchange(nameless_has_begun_, false)) {
    // What looks like a beginning goes on with that one; where messages interleave, it may do so.
    if (!piece.end_of_record) messages_.begin(key, message_from(piece, {})).fate = Unfinished::Fate::dropped;
    error = Errc::receive_info_missing;
    return std::nullopt;
  }
  if (message == nullptr) {
    if (piece.end_of_record && bytes.size() <= limit_) return message_from(piece, bytes);
    message = &messages_.begin(key, message_from(piece, {}));
    // One that takes that much has more to come, and goes on there.
    if (bytes.data() == block_.data.get() && bytes.size() >= block_capacity_ && bytes.size() <= limit_) {
      static_cast<void>(pool_.keep(block_, block_capacity_, bytes.size(), message->storage));
    }
  }
  message->received += bytes.size();
  if (message->fate == Unfinished::Fate::joined) {
    error = pool_.append(message->storage, bytes, limit_);
    if (error) {
      message->fate = Unfinished::Fate::dropped;
      pool_.recycle(std::move(message->storage));
      if (error == Errc::message_exceeds_limit) dropped_ = message->first;
    }
  }
  if (!piece.end_of_record) return std::nullopt;

  const bool is_whole = message->fate == Unfinished::Fate::joined;
  Message whole = message->first;
  deliver(messages_.end(key));
  nameless_has_begun_ = false;  // it was a piece of this one
  if (!is_whole) return std::nullopt;
  whole.payload = delivered_.bytes();
  return whole;
}

std::optional<Notification> ReceiveBuffer::Reassembler::take_event_piece(const Piece& piece, Bytes bytes,
                                                                         std::error_code& error) noexcept {
  if (!event_.has_begun && piece.end_of_record && !room_is_callers_) return take_event(bytes, error);
  event_.has_begun = true;
  if (!event_.is_dropped) {
    error = event_pool_.append(event_.record, bytes, largest_event);
    event_.is_dropped = bool{error};
  }
  if (!piece.end_of_record) return std::nullopt;
  event_.has_begun = false;
  if (std::exchange(event_.is_dropped, false)) return std::nullopt;
  return take_event(event_.record.bytes(), error);
}

std::optional<Notification> ReceiveBuffer::Reassembler::take_event(Bytes record,
                                                                   std::error_code& error) noexcept {
  const Notification event = decode_notification(record, error);
  if (error) return std::nullopt;
  if (const auto* change = std::get_if<AssociationChange>(&event)) return take(*change);
  if (const auto* aborted = std::get_if<PartialDeliveryAborted>(&event)) {
    return take(*aborted, names_a_message(record, *aborted));
  }
  if (const auto* chunk = std::get_if<SendFailed>(&event)) {
    return failed_sends_.take(type_of(record), *chunk) ? next() : event;
  }
  if (const auto* shutdown = std::get_if<ShutdownReceived>(&event)) {
    std::erase(peer_shuts_down_, shutdown->association);
    if (peer_shuts_down_.size() == most_shutdowns) peer_shuts_down_.erase(peer_shuts_down_.begin());
    peer_shuts_down_.push_back(shutdown->association);
  }
  return event;
}

std::optional<Notification> ReceiveBuffer::Reassembler::take(AssociationChange change) noexcept {
  return ends_messages(change) ? next() : change;
}

/// What ends an association, or begins it anew, aborts its messages; `next` tells of them, and then of this.
bool ReceiveBuffer::Reassembler::ends_messages(AssociationChange& change) noexcept {
  using enum AssociationChange::State;
  const bool by_peer = std::erase(peer_shuts_down_, change.association) != 0;
  late_rests_.forget(change.association);
  untold_loss_.clear();
  switch (change.state) {
    case up: life_ = Life::open; return false;
    case restarted: life_ = Life::open; break;
    case lost:
      life_ = Life::ended;
      untold_loss_ = loss_of(change.end);
      break;
    case shutdown_complete:
      life_ = Life::ended;
      if (by_peer) change.end = AssociationChange::End::peer_shutdown;
      break;
    case cannot_start: life_ = Life::not_begun; break;
    default: return false;
  }
  nameless_has_begun_ = false;
  // The kernel tells of most messages that are cut off, but not of those cut off by a restart.
  messages_.abort_all_of(change.association);
  held_.emplace(change);
  return true;
}

bool ReceiveBuffer::Reassembler::is_look_due() noexcept {
  if (messages_.is_empty()) {
    next_look_.reset();
    return false;
  }
  const long long now = sys::monotonic_milliseconds();
  const bool is_due = next_look_ && now >= *next_look_;
  if (is_due || !next_look_) next_look_ = now + look_again.count();
  return is_due;
}

bool ReceiveBuffer::Reassembler::tells_gone() noexcept {
  const auto gone = std::exchange(gone_, std::nullopt);
  if (!gone || !messages_.find_association([&](AssociationId id) { return id == *gone; })) return false;
  AssociationChange end{
      .state = AssociationChange::State::lost,
      .end = AssociationChange::End::untold,
      .association = *gone,
  };
  look_soon();  // there may be another
  return ends_messages(end);
}

std::optional<Notification> ReceiveBuffer::Reassembler::take(const PartialDeliveryAborted& event,
                                                             bool names_message) noexcept {
  nameless_has_begun_ = false;
  std::optional<MessageKey> key = MessageKey{event.association, event.stream, event.unordered};
  if (messages_.find(*key) == nullptr) {
    key = names_message ? std::nullopt : messages_.only_one_of(event.association);
  }
  if (!key) return event;
  late_rests_.expect(messages_.find(*key)->first);
  messages_.abort(*key);
  return next();  // nothing where it was dropped, and told of, before
}

void ReceiveBuffer::Reassembler::abandon_unfinished() noexcept {
  is_idle_ = false;
  nameless_has_begun_ = false;
  event_.has_begun = event_.is_dropped = false;  // half an event tells nothing
  failed_sends_.abandon();
  messages_.abort_all();
  late_rests_.forget_all();
}

void ReceiveBuffer::Reassembler::abandon_unfinished(AssociationId association) noexcept {
  is_idle_ = false;
  failed_sends_.abandon(association);
  messages_.abort_all_of(association);
  late_rests_.forget(association);
  std::erase(peer_shuts_down_, association);
}

void ReceiveBuffer::Reassembler::make_room_for(AssociationId association, const Reassembler& from) {
  is_idle_ = false;
  messages_.make_room_for(association, from.messages_);
  late_rests_.make_room_for(association, from.late_rests_);
  failed_sends_.make_room_for(association, from.failed_sends_);
  peer_shuts_down_.reserve(peer_shuts_down_.size() + 1);
}

void ReceiveBuffer::Reassembler::take_over(AssociationId association, Reassembler& from) noexcept {
  is_idle_ = from.is_idle_ = false;
  from.room_ = {};  // it may be behind a message that goes
  messages_.take_over(association, from.messages_, pool_, from.pool_);
  late_rests_.take_over(association, from.late_rests_);
  nameless_has_begun_ |= from.nameless_has_begun_;
  failed_sends_.take_over(association, from.failed_sends_);
  if (std::erase(from.peer_shuts_down_, association) != 0) peer_shuts_down_.push_back(association);
}

void ReceiveBuffer::Reassembler::begin_anew() noexcept {
  life_ = Life::open;
  untold_loss_.clear();
}

void ReceiveBuffer::Reassembler::deliver(Storage&& storage) noexcept {
  pool_.recycle(std::exchange(delivered_, std::move(storage)));
}

std::optional<ReceiveStatus> ReceiveBuffer::Reassembler::end_of_association(bool gone,
                                                                            std::error_code& error) noexcept {
  // One that could not start may be under way again.
  if (life_ == Life::open || (life_ == Life::not_begun && !gone)) return std::nullopt;
  error = std::exchange(untold_loss_, {});
  return error ? ReceiveStatus::failed : ReceiveStatus::end_of_stream;
}

void ReceiveBuffer::Reassembler::note_loss(std::error_code untold) noexcept {
  untold_loss_ = untold;
  // What has not begun has not ended either: the socket may connect again.
  if (life_ != Life::not_begun) life_ = Life::ended;
}

std::size_t ReceiveBuffer::Reassembler::unfinished() const noexcept {
  return messages_.size() + failed_sends_.size() + (event_.has_begun ? 1 : 0);
}

std::size_t ReceiveBuffer::Reassembler::footprint() const noexcept {
  return pool_.footprint() + event_pool_.footprint() + (block_.data ? block_capacity_ : 0) +
         messages_.footprint() + late_rests_.footprint() + failed_sends_.footprint() +
         peer_shuts_down_.capacity() * sizeof(AssociationId);
}

}  // namespace sctp::inline v0

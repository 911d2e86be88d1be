// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/receive_buffer.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

#include <sctpxx/error.hpp>

namespace sctp::inline v0 {
namespace {

constexpr std::size_t smallest_block = 1024;    // an event in one read, whatever the caller asks for
constexpr std::size_t smallest_storage = 4096;  // so that many tiny messages cost what the limits say
constexpr std::size_t most_spares = 16;  // a message that grows from 4 KiB to 16 MiB by doubling leaves 13
constexpr std::size_t largest_event =
    std::size_t{128} * 1024;                    // the kernel's are below 66 KiB; not subject to the limit
constexpr std::size_t no_limit = SIZE_MAX / 8;  // so that sums of limits stay sums

Message message_from(const Piece& piece, Bytes payload) noexcept {
  return {
      .payload = payload,
      .stream = piece.stream,
      .ppid = piece.ppid,
      .association = piece.association,
      .unordered = piece.unordered,
      .ssn = piece.ssn,
      .tsn = piece.tsn,
      .context = piece.context,
      .source = piece.source,
  };
}

}  // namespace

ReceiveBuffer::ReceiveBuffer(std::size_t capacity, std::size_t limit, std::size_t total_limit)
    : limit_{std::min(limit, no_limit)}, total_limit_{std::clamp(total_limit, limit_, no_limit)} {
  block_.capacity = std::max(capacity, smallest_block);
}

ReceiveBuffer::ReceiveBuffer(ReceiveBuffer&& other) noexcept : ReceiveBuffer{0, 0, 0} {
  *this = std::move(other);
}

ReceiveBuffer& ReceiveBuffer::operator=(ReceiveBuffer&& other) noexcept {
  if (this == &other) return *this;
  limit_ = other.limit_;
  total_limit_ = other.total_limit_;
  allocated_ = std::exchange(other.allocated_, 0);
  block_ = {std::move(other.block_.data), 0, other.block_.capacity};
  room_ = std::exchange(other.room_, {});
  unfinished_ = std::exchange(other.unfinished_, {});
  spare_ = std::exchange(other.spare_, {});
  delivered_ = std::exchange(other.delivered_, {});
  held_ = std::exchange(other.held_, {});
  life_ = std::exchange(other.life_, Life::open);
  return *this;
}

ReceiveBuffer::~ReceiveBuffer() = default;

std::optional<Received> ReceiveBuffer::next() noexcept {
  for (auto message = unfinished_.begin(); message != unfinished_.end(); ++message) {
    if (!message->aborted) continue;
    const PartialDeliveryAborted event{
        .association = message->first.association,
        .stream = message->first.stream,
        .unordered = message->first.unordered,
        .received = message->received,
    };
    // The event that waits may lie in the room behind this message: keep that until `prepare`.
    if (delivered_.data == nullptr) std::swap(delivered_, message->storage);
    recycle(std::move(message->storage));
    unfinished_.erase(message);
    return Notification{event};
  }
  if (!held_) return std::nullopt;
  const Notification event = *held_;
  held_.reset();
  return event;
}

MutableBytes ReceiveBuffer::prepare() {
  recycle(std::exchange(delivered_, {}));
  spare_.reserve(most_spares);
  // Commit must not fail to note what it has begun to read.
  if (unfinished_.size() == unfinished_.capacity()) unfinished_.reserve(2 * unfinished_.size() + 4);
  if (unfinished_.size() == 1 && !unfinished_.front().dropping) {
    // The next piece is most likely the next of this message: let the kernel put it where it belongs.
    Storage& storage = unfinished_.front().storage;
    if (storage.capacity - storage.size < block_.capacity) {
      const std::size_t enough = storage.size + block_.capacity;
      const std::size_t generous = std::min(2 * storage.capacity, limit_ + block_.capacity);
      if (grow(storage, std::max(enough, generous))) throw std::bad_alloc{};
    }
    return room_ = {storage.data.get() + storage.size, storage.capacity - storage.size};
  }
  if (!block_.data) block_.data = std::make_unique_for_overwrite<std::byte[]>(block_.capacity);
  return room_ = {block_.data.get(), block_.capacity};
}

std::optional<Received> ReceiveBuffer::commit(const Piece& piece, std::error_code& error) noexcept {
  error.clear();
  const Bytes bytes = room_.first(std::min(piece.size, room_.size()));
  if (bytes.empty()) return std::nullopt;
  if (!piece.is_notification && !piece.has_info) {
    for (Unfinished& message : unfinished_) drop(message);  // it may have been a piece of any of them
    error = Errc::receive_info_missing;
    return std::nullopt;
  }
  Unfinished* message = unfinished_.empty() ? nullptr : find(piece);
  if (message == nullptr) {
    const bool fits = piece.is_notification || bytes.size() <= limit_;
    if (piece.end_of_record && fits) return complete(piece, bytes, error);
    message = &unfinished_.emplace_back();
    message->first = message_from(piece, {});
    message->is_notification = piece.is_notification;
  }

  message->received += bytes.size();
  if (!message->dropping) {
    error = append(*message, bytes);
    if (error) drop(*message);
  }
  if (!piece.end_of_record) return std::nullopt;

  const bool whole = !message->dropping;
  const Message first = message->first;
  if (whole) delivered_ = std::exchange(message->storage, {});
  unfinished_.erase(unfinished_.begin() + (message - unfinished_.data()));
  if (!whole) return std::nullopt;
  Piece joined = piece;
  joined.ppid = first.ppid;
  joined.ssn = first.ssn;
  joined.tsn = first.tsn;
  joined.context = first.context;
  joined.source = first.source;
  return complete(joined, {delivered_.data.get(), delivered_.size}, error);
}

std::optional<Received> ReceiveBuffer::complete(const Piece& piece, Bytes record,
                                                std::error_code& error) noexcept {
  if (piece.is_notification) return take_event(record, error);
  return message_from(piece, record);
}

std::optional<Received> ReceiveBuffer::take_event(Bytes record, std::error_code& error) noexcept {
  const Notification event = decode_notification(record, error);
  if (error) return std::nullopt;
  if (const auto* change = std::get_if<AssociationChange>(&event)) {
    using enum AssociationChange::State;
    switch (change->state) {
      case up: life_ = Life::open; return event;
      case restarted: life_ = Life::open; break;
      case lost: life_ = change->cause == Cause::none ? Life::timed_out : Life::reset; break;
      case shutdown_complete: life_ = Life::ended; break;
      case cannot_start: life_ = Life::not_begun; break;
      default: return event;
    }
    // The kernel tells of most messages that are cut off, but not of those cut off by a restart.
    if (abort_all_of(change->association)) {
      held_ = event;
      return next();
    }
  } else if (const auto* aborted = std::get_if<PartialDeliveryAborted>(&event)) {
    if (Unfinished* message = find_aborted(*aborted)) {
      message->aborted = true;
      const bool reported = message->dropping;
      auto answer = next();
      return reported ? std::nullopt : answer;
    }
  }
  return event;
}

ReceiveBuffer::Unfinished* ReceiveBuffer::find(const Piece& piece) noexcept {
  const auto same = [&](const Unfinished& message) {
    if (piece.is_notification || message.is_notification)
      return piece.is_notification == message.is_notification;
    return message.first.association == piece.association && message.first.stream == piece.stream &&
           message.first.unordered == piece.unordered;
  };
  const auto found = std::ranges::find_if(unfinished_, same);
  return found == unfinished_.end() ? nullptr : std::to_address(found);
}

ReceiveBuffer::Unfinished* ReceiveBuffer::find_aborted(const PartialDeliveryAborted& event) noexcept {
  Piece named;
  named.association = event.association;
  named.stream = event.stream;
  named.unordered = event.unordered;
  if (Unfinished* message = find(named)) return message;
  // Without I-DATA the kernel's event names stream 0, whatever the stream was; but then an association has
  // one unfinished message at most.
  if (event.stream != StreamId{} || event.unordered) return nullptr;
  const auto same = [&](const Unfinished& message) {
    return !message.is_notification && message.first.association == event.association;
  };
  const auto found = std::ranges::find_if(unfinished_, same);
  if (found == unfinished_.end() ||
      std::find_if(std::next(found), unfinished_.end(), same) != unfinished_.end()) {
    return nullptr;
  }
  return std::to_address(found);
}

std::error_code ReceiveBuffer::append(Unfinished& message, Bytes bytes) noexcept {
  Storage& storage = message.storage;
  const std::size_t limit = message.is_notification ? std::max(limit_, largest_event) : limit_;
  if (bytes.size() > limit - storage.size) return Errc::message_exceeds_limit;
  if (bytes.data() != storage.data.get() + storage.size) {
    const std::size_t needed = storage.size + bytes.size();
    if (needed > storage.capacity) {
      const std::size_t generous = std::max(std::min(2 * storage.capacity, limit), smallest_storage);
      if (const std::error_code error = grow(storage, std::max(needed, generous))) return error;
    }
    std::memcpy(storage.data.get() + storage.size, bytes.data(), bytes.size());
  }
  storage.size += bytes.size();
  return {};
}

std::error_code ReceiveBuffer::grow(Storage& storage, std::size_t capacity) noexcept {
  const std::size_t most = total_limit_ + block_.capacity;
  Storage* fitting = nullptr;
  for (Storage& spare : spare_) {
    if (spare.capacity < capacity) continue;
    // The limit counts what is held: where that is scarce, a small message must not hold much more than it
    // needs.
    if (spare.capacity / 4 > capacity && allocated_ > most / 2) continue;
    if (fitting == nullptr || spare.capacity < fitting->capacity) fitting = &spare;
  }
  if (fitting != nullptr) {
    std::swap(storage, *fitting);
    std::swap(*fitting, spare_.back());
    Storage outgrown = std::move(spare_.back());
    spare_.pop_back();
    if (outgrown.size != 0) std::memcpy(storage.data.get(), outgrown.data.get(), outgrown.size);
    storage.size = outgrown.size;
    recycle(std::move(outgrown));
    return {};
  }
  while (allocated_ + capacity > most && !spare_.empty()) {
    allocated_ -= spare_.back().capacity;
    spare_.pop_back();
  }
  if (allocated_ - storage.capacity + capacity > most) return Errc::message_exceeds_limit;
  // Not zeroed: it is written first.
  std::unique_ptr<std::byte[]> larger{new (std::nothrow) std::byte[capacity]};
  if (larger == nullptr) return std::make_error_code(std::errc::not_enough_memory);
  if (storage.size != 0) std::memcpy(larger.get(), storage.data.get(), storage.size);
  allocated_ += capacity - storage.capacity;
  storage.data = std::move(larger);
  storage.capacity = capacity;
  return {};
}

void ReceiveBuffer::recycle(Storage&& storage) noexcept {
  Storage spent = std::move(storage);
  storage = {};
  if (spent.data == nullptr) return;
  spent.size = 0;
  if (spare_.size() < spare_.capacity()) {
    spare_.push_back(std::move(spent));
  } else {
    allocated_ -= spent.capacity;
  }
}

void ReceiveBuffer::drop(Unfinished& message) noexcept {
  message.dropping = true;
  recycle(std::move(message.storage));
}

bool ReceiveBuffer::abort_all_of(AssociationId association) noexcept {
  const auto gone = [&](const Unfinished& message) {
    return !message.is_notification && message.first.association == association;
  };
  std::erase_if(unfinished_, [&](const Unfinished& message) { return gone(message) && message.dropping; });
  bool any = false;
  for (Unfinished& message : unfinished_) any |= message.aborted |= gone(message);
  return any;
}

void ReceiveBuffer::abandon_unfinished() noexcept {
  for (Unfinished& message : unfinished_) {
    if (message.is_notification) drop(message);  // half an event tells nothing
  }
  std::erase_if(unfinished_, [](const Unfinished& message) { return message.dropping; });
  for (Unfinished& message : unfinished_) message.aborted = true;
}

std::optional<Received> ReceiveBuffer::end_of_association(bool gone, std::error_code& error) noexcept {
  // One that could not start may be under way again.
  if (life_ == Life::open || (life_ == Life::not_begun && !gone)) return std::nullopt;
  if (life_ == Life::not_begun) return Received{Received::Status::end_of_stream};
  switch (std::exchange(life_, Life::ended)) {
    case Life::open:
    case Life::not_begun:
    case Life::ended: break;
    case Life::reset: error = std::make_error_code(std::errc::connection_reset); break;
    case Life::timed_out: error = std::make_error_code(std::errc::timed_out); break;
  }
  return Received{error ? Received::Status::failed : Received::Status::end_of_stream};
}

std::size_t ReceiveBuffer::unfinished() const noexcept { return unfinished_.size(); }

std::size_t ReceiveBuffer::footprint() const noexcept {
  return allocated_ + (block_.data ? block_.capacity : 0) + unfinished_.capacity() * sizeof(Unfinished);
}

}  // namespace sctp::inline v0

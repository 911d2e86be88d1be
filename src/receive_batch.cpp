// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "receive_batch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "sys.hpp"

namespace sctp::inline v0 {

ReceiveBuffer::Batch::Batch(std::size_t pieces, std::size_t capacity)
    : count_{pieces}, headers_(pieces), messages_(pieces) {
  slots_.reserve(pieces);
  while (slots_.size() != pieces) slots_.emplace_back(capacity);
}

ssize_t ReceiveBuffer::Batch::fill(int fd, int flags) noexcept {
  next_ = filled_ = 0;
  // Where the kernel has told an error, what was received before that is still there.
  for (int attempt = flags | ((flags & MSG_DONTWAIT) != 0 ? 0 : MSG_WAITFORONE);;) {
    for (std::size_t i = 0; i != count_; ++i) headers_[i].attach_to(messages_[i].msg_hdr, slots_[i].room());
    const int count = sys::recvmmsg(fd, messages_.data(), static_cast<unsigned>(count_), attempt);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN && !error_) {
      error_ = native::last_error();
      attempt = flags | MSG_DONTWAIT;
      continue;
    }
    // At the end of the stream the kernel fills all that is left with nothing.
    for (bool goes_on = false;
         count > 0 && filled_ != static_cast<std::size_t>(count) && messages_[filled_].msg_len != 0;
         ++filled_) {
      Slot& slot = slots_[filled_];
      slot.begun = 0;
      slot.piece = headers_[filled_].piece(messages_[filled_].msg_hdr, messages_[filled_].msg_len);
      slot.is_rest = goes_on;
      goes_on = slot.piece.is_notification && !slot.piece.end_of_record;
    }
    if (filled_ != 0) return static_cast<ssize_t>(filled_);
    if (error_) {
      errno = take_error().value();
      return -1;
    }
    return count < 0 ? -1 : 0;
  }
}

Piece ReceiveBuffer::Batch::take_into(MutableBytes room) noexcept {
  Slot& slot = slots_[next_];
  Piece piece = slot.piece;
  piece.size = std::min(piece.size, room.size());
  std::memcpy(room.data(), slot.bytes().data(), piece.size);
  slot.begun += piece.size;
  slot.piece.size -= piece.size;
  if (slot.piece.size != 0) {
    piece.end_of_record = false;
  } else {
    ++next_;
  }
  return piece;
}

bool ReceiveBuffer::Batch::Slot::is_about(AssociationId association) const noexcept {
  if (!piece.is_notification) return piece.association == association;
  // A part of an event says nothing, and what a peer has put there may look like any event.
  if (is_rest || begun != 0 || !piece.end_of_record) return false;
  std::error_code malformed;
  const Notification event = decode_notification(bytes(), malformed);
  return !malformed && association_of(event) == association;
}

void ReceiveBuffer::Batch::make_room_for(AssociationId association, const Batch& from) {
  const std::span waiting = std::span{from.slots_}.subspan(from.next_, from.waiting());
  const auto more =
      std::ranges::count_if(waiting, [&](const Slot& slot) { return slot.is_about(association); });
  const std::size_t needed = filled_ + static_cast<std::size_t>(more);
  slots_.reserve(needed);
  while (slots_.size() < needed) slots_.emplace_back(waiting.front().capacity);
}

void ReceiveBuffer::Batch::take_over(AssociationId association, Batch& from) noexcept {
  std::size_t left = from.next_;
  for (std::size_t i = from.next_; i != from.filled_; ++i) {
    if (from.slots_[i].is_about(association)) {
      std::swap(slots_[filled_++], from.slots_[i]);
    } else {
      if (left != i) std::swap(from.slots_[left], from.slots_[i]);
      ++left;
    }
  }
  from.filled_ = left;
}

std::size_t ReceiveBuffer::Batch::footprint() const noexcept {
  std::size_t bytes = slots_.capacity() * sizeof(Slot) + headers_.capacity() * sizeof(ReceiveHeader) +
                      messages_.capacity() * sizeof(mmsghdr);
  for (const Slot& slot : slots_) bytes += slot.capacity;
  return bytes;
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/receive_buffer.hpp>

#include <algorithm>

#include "reassembler.hpp"
#include "receive_batch.hpp"

namespace sctp::inline v0 {
namespace {

constexpr std::size_t smallest_capacity = 1024;  // an event in one read, whatever the caller asks for
constexpr std::size_t most_pieces = 1024;        // UIO_MAXIOV: the kernel takes no more at a time

}  // namespace

ReceiveBuffer::ReceiveBuffer(std::size_t capacity, std::size_t limit, std::size_t total_limit) noexcept
    : capacity_{std::max(capacity, smallest_capacity)}, limit_{limit}, total_limit_{total_limit} {}

ReceiveBuffer ReceiveBuffer::in_batches(std::size_t pieces, std::size_t capacity, std::size_t limit,
                                        std::size_t total_limit) noexcept {
  ReceiveBuffer buffer{capacity, limit, total_limit};
  buffer.pieces_ = std::clamp<std::size_t>(pieces, 1, most_pieces);
  return buffer;
}

ReceiveBuffer::ReceiveBuffer(ReceiveBuffer&& other) noexcept = default;
ReceiveBuffer& ReceiveBuffer::operator=(ReceiveBuffer&& other) noexcept = default;
ReceiveBuffer::~ReceiveBuffer() = default;

std::optional<Notification> ReceiveBuffer::next() noexcept {
  return reassembler_ ? reassembler_->next() : std::nullopt;
}

ReceiveBuffer::Reassembler& ReceiveBuffer::reassembler() {
  if (!reassembler_) reassembler_ = std::make_unique<Reassembler>(capacity_, limit_, total_limit_);
  return *reassembler_;
}

ReceiveBuffer::Batch* ReceiveBuffer::batch() {
  reassembler();  // which notes how an association ended, even if nothing of it comes
  if (!batch_ && pieces_ > 1) batch_ = std::make_unique<Batch>(pieces_, capacity_);
  return pieces_ > 1 || waiting() != 0 ? batch_.get() : nullptr;
}

std::size_t ReceiveBuffer::waiting() const noexcept { return batch_ ? batch_->waiting() : 0; }

void ReceiveBuffer::prepare_there(MutableBytes room) { reassembler().prepare_there(room); }

MutableBytes ReceiveBuffer::prepare() { return reassembler().prepare(); }

std::optional<Received> ReceiveBuffer::commit(const Piece& piece, std::error_code& error) noexcept {
  error.clear();
  return reassembler_ ? reassembler_->commit(piece, error) : std::nullopt;
}

void ReceiveBuffer::prepare_piece(MutableBytes room) { reassembler().prepare_piece(room); }

std::optional<ReceivedPiece> ReceiveBuffer::commit_piece(const Piece& piece,
                                                         std::error_code& error) noexcept {
  error.clear();
  return reassembler_ ? reassembler_->commit_piece(piece, error) : std::nullopt;
}

void ReceiveBuffer::abandon_unfinished() noexcept {
  if (reassembler_) reassembler_->abandon_unfinished();
}

void ReceiveBuffer::abandon_unfinished(AssociationId association) noexcept {
  if (reassembler_) reassembler_->abandon_unfinished(association);
}

std::optional<Message> ReceiveBuffer::dropped() const noexcept {
  return reassembler_ ? reassembler_->dropped() : std::nullopt;
}

void ReceiveBuffer::look_soon() noexcept {
  if (reassembler_) reassembler_->look_soon();
}

std::size_t ReceiveBuffer::unfinished() const noexcept {
  return reassembler_ ? reassembler_->unfinished() : 0;
}

std::size_t ReceiveBuffer::footprint() const noexcept {
  return (reassembler_ ? reassembler_->footprint() : 0) + (batch_ ? batch_->footprint() : 0);
}

void ReceiveBuffer::make_room_for(AssociationId association, const ReceiveBuffer& from) {
  if (from.reassembler_) reassembler().make_room_for(association, *from.reassembler_);
  if (from.waiting() == 0) return;
  if (!batch_) batch_ = std::make_unique<Batch>(pieces_ > 1 ? pieces_ : 0, capacity_);
  batch_->make_room_for(association, *from.batch_);
}

void ReceiveBuffer::take_over(AssociationId association, ReceiveBuffer& from) noexcept {
  if (reassembler_) reassembler_->begin_anew();
  if (from.reassembler_) reassembler_->take_over(association, *from.reassembler_);
  if (batch_ && from.batch_) batch_->take_over(association, *from.batch_);
}

// This and the next come after a `prepare`: the kernel was asked for something.
std::optional<ReceiveStatus> ReceiveBuffer::end_of_association(bool gone, std::error_code& error) noexcept {
  return reassembler_->end_of_association(gone, error);
}

void ReceiveBuffer::note_loss(std::error_code untold) noexcept { reassembler_->note_loss(untold); }

}  // namespace sctp::inline v0

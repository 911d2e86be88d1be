// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <sctpxx/receive_buffer.hpp>

#include "control.hpp"

namespace sctp::inline v0 {

/// Pieces that one `recvmmsg` has brought, until their turn comes.
class ReceiveBuffer::Batch {
 public:
  /// Room for so many pieces of up to `capacity` bytes. Throws `std::bad_alloc`.
  Batch(std::size_t pieces, std::size_t capacity);

  [[nodiscard]] std::size_t waiting() const noexcept { return filled_ - next_; }

  /// Reads as many as are there, when none waits; blocks for the first at most, as `flags` say. Answers as
  /// `recvmsg` does: above 0, some wait now.
  ssize_t fill(int fd, int flags) noexcept;

  /// Where the next one lies, or what `take_into` has left of it, which stays there until `fill`; and what it
  /// is.
  [[nodiscard]] MutableBytes room() const noexcept {
    return slots_[next_].room().subspan(slots_[next_].begun);
  }
  [[nodiscard]] const Piece& peek() const noexcept { return slots_[next_].piece; }
  [[nodiscard]] const Piece& take() noexcept { return slots_[next_++].piece; }
  /// The next one, or as much of it as has room there.
  [[nodiscard]] Piece take_into(MutableBytes room) noexcept;

  /// Where the kernel told an error ahead of what was received before it: the error, once.
  std::error_code take_error() noexcept { return std::exchange(error_, {}); }

  /// What waits in `from` about this association is to wait here: the first makes room for the second. Throws
  /// `std::bad_alloc`.
  void make_room_for(AssociationId association, const Batch& from);
  void take_over(AssociationId association, Batch& from) noexcept;

  [[nodiscard]] std::size_t footprint() const noexcept;

 private:
  struct Slot {
    explicit Slot(std::size_t size)
        : memory{std::make_unique_for_overwrite<std::byte[]>(size)}, capacity{size} {}
    [[nodiscard]] MutableBytes room() const noexcept { return {memory.get(), capacity}; }
    /// `take_into` has handed out the beginning.
    [[nodiscard]] Bytes bytes() const noexcept { return room().subspan(begun, piece.size); }
    [[nodiscard]] bool is_about(AssociationId association) const noexcept;

    std::unique_ptr<std::byte[]> memory;
    std::size_t capacity;
    Piece piece{};
    std::size_t begun = 0;
    bool is_rest = false;  // of an event that begins in the slot before, for all but the first of a `fill`
  };

  std::size_t count_;
  std::vector<Slot> slots_;  // more than `count_` where others were taken over
  std::vector<ReceiveHeader> headers_;
  std::vector<mmsghdr> messages_;
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::error_code error_;
};

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/received.hpp>

namespace sctp::inline v0 {

/// What one `recvmsg` brought beside its bytes.
struct Piece {
  std::size_t size = 0;          ///< how many bytes it wrote to the room that `prepare` gave
  bool end_of_record = false;    ///< MSG_EOR: the message or the event ends here
  bool is_notification = false;  ///< MSG_NOTIFICATION
  bool has_info = false;  ///< SCTP_RCVINFO came with it; the fields below, but `source`, are from there
  StreamId stream{};
  Ppid ppid{};  ///< in host order; under I-DATA true for a message's first piece alone
  AssociationId association{};
  bool unordered = false;
  std::uint16_t ssn = 0;
  std::uint32_t tsn = 0;
  std::uint32_t context = 0;
  Address source{};
};

/// The memory of a receive loop, and what joins the pieces of messages: the kernel hands a message out in
/// pieces when it is larger than the buffer or than the receive window, and under interleaving several
/// messages at once.
///
/// One buffer belongs to one socket for that socket's life: messages that have begun are in it. It keeps them
/// through would-block, errors and events. Messages and events received with it are views into it, dead at
/// the next receive. A message that arrives in one piece is never copied; once its memory has grown to what
/// the traffic needs, nothing is allocated (for up to 256 unfinished messages at a time). Not for two threads
/// at a time.
///
/// Receiving is `SocketRef::receive`, or `receive_piece` for messages that should never be held whole. For
/// another source of pieces: `next` until it has nothing; then `prepare`, fill the room, `commit`. No call
/// here ever reaches the kernel.
class ReceiveBuffer {
 public:
  static constexpr std::size_t default_capacity = std::size_t{64} * 1024;
  static constexpr std::size_t default_batch_capacity = std::size_t{4} * 1024;
  static constexpr std::size_t default_limit = std::size_t{16} * 1024 * 1024;
  static constexpr std::size_t default_total_limit = 4 * default_limit;

  /// `capacity`: room for one read; a larger message is joined from several. At least 1 KiB is used.
  /// When larger ones have come the room is as large, up to 512 KiB, unless memory is scarce.
  /// `limit`: the largest message taken, in bytes. A larger one is dropped to its end and reported once, as
  /// Errc::message_exceeds_limit; the messages after it are not touched.
  /// `total_limit`, at least `limit`: the memory of all unfinished messages together, which is up to twice
  /// their size; the message that would pass it is dropped likewise, so on a one-to-many socket one peer can
  /// use up what all have. As much again is there for our own messages that failed. Beside it stand some 200
  /// bytes for each message that has begun, dropped ones too: without I-DATA one for each association, with
  /// it three at most for each stream of the peer (option::InitMsg bounds these). Nothing is allocated before
  /// the first use.
  SCTPXX_EXPORT explicit ReceiveBuffer(std::size_t capacity = default_capacity,
                                       std::size_t limit = default_limit,
                                       std::size_t total_limit = default_total_limit) noexcept;

  /// One that reads up to so many messages and events with one system call (`recvmmsg`, at most 1024), and
  /// has them wait until each is received. `capacity` is the room for each; a larger message takes the room
  /// of several, and is joined by copying. All else is as said here: whatever takes a ReceiveBuffer takes
  /// this one. `while (auto received = peer.receive(buffer))` is the same loop with fewer system calls.
  ///
  /// What waits here makes no descriptor readable, so receive until there is nothing (`would_block`) before
  /// waiting for that. A deadline or a Waker ends a receive though something waits; the next brings it.
  [[nodiscard]] SCTPXX_EXPORT static ReceiveBuffer in_batches(
      std::size_t pieces, std::size_t capacity = default_batch_capacity, std::size_t limit = default_limit,
      std::size_t total_limit = default_total_limit) noexcept;

  /// Leaves an empty buffer of the same measures behind.
  SCTPXX_EXPORT ReceiveBuffer(ReceiveBuffer&& other) noexcept;
  SCTPXX_EXPORT ReceiveBuffer& operator=(ReceiveBuffer&& other) noexcept;
  SCTPXX_EXPORT ~ReceiveBuffer();

  /// The next event that an earlier commit left: a commit can bring several (messages aborted because their
  /// association ended, then the end itself). Ends the life of what was received before.
  [[nodiscard]] SCTPXX_EXPORT std::optional<Notification> next() noexcept;

  /// Room for the next piece, never empty. Ends the life of what was received before.
  /// Throws `std::bad_alloc`; nothing is lost then.
  [[nodiscard]] SCTPXX_EXPORT MutableBytes prepare();

  /// Takes the piece that was written to the start of the room that `prepare` gave. Answers the message or
  /// event that it completed, or nothing. Fails, without harm to any other message, with
  /// Errc::message_exceeds_limit, Errc::malformed_notification, or `not_enough_memory`, and with
  /// Errc::receive_info_missing, which drops whatever it may be a piece of. Of a message whose beginning
  /// `commit_piece` handed out, the rest is dropped, which PartialDeliveryAborted tells once.
  [[nodiscard]] SCTPXX_EXPORT std::optional<Received> commit(const Piece& piece,
                                                             std::error_code& error) noexcept;

  /// The same two for messages that are not to be held here: the next piece will be written to `room`, the
  /// caller's own, and handed out at once, whatever the limits say. Events are copied out of `room`; nothing
  /// of them stays there. A message whose beginning `commit` has taken is still joined, and answered as one
  /// piece, in this buffer's memory.
  SCTPXX_EXPORT void prepare_piece(MutableBytes room);
  [[nodiscard]] SCTPXX_EXPORT std::optional<ReceivedPiece> commit_piece(const Piece& piece,
                                                                        std::error_code& error) noexcept;

  /// Gives up all unfinished messages, since nothing more can come. `next` then reports each.
  SCTPXX_EXPORT void abandon_unfinished() noexcept;
  /// The same of one association.
  SCTPXX_EXPORT void abandon_unfinished(AssociationId association) noexcept;

  /// Whose the message was that passed a limit last (Errc::message_exceeds_limit), and on which stream:
  /// without its payload. Nothing before there was one. It passed the limit of all where others had used that
  /// up.
  [[nodiscard]] SCTPXX_EXPORT std::optional<Message> dropped() const noexcept;

  /// How many messages have begun and not ended; events that are in pieces count, too.
  [[nodiscard]] SCTPXX_EXPORT std::size_t unfinished() const noexcept;

  /// How many pieces of messages, and events, were read and wait to be received (`in_batches`).
  [[nodiscard]] SCTPXX_EXPORT std::size_t waiting() const noexcept;

  /// Bytes of memory held.
  [[nodiscard]] SCTPXX_EXPORT std::size_t footprint() const noexcept;

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

 private:
  friend class SocketRef;        // asks and tells how an association ended
  friend class OneToManySocket;  // peels an association off
  friend class Shutdown;         // have ends found at once that nobody tells
  friend class ShutdownAll;
  class Reassembler;
  class Batch;
  Reassembler& reassembler();
  /// Where the next piece is to come from; null: from the socket, by itself. Throws `std::bad_alloc`.
  Batch* batch();
  /// As `prepare`, for a piece that lies there.
  void prepare_there(MutableBytes room);

  /// Where a socket has one association only: the answer when the kernel has nothing to hand out. That is
  /// nothing while the association lives, one error when it was lost, then the end of the stream.
  /// `gone`: the kernel says for certain that there is no association now.
  [[nodiscard]] std::optional<ReceiveStatus> end_of_association(bool gone, std::error_code& error) noexcept;
  /// The kernel itself has told of the loss; `untold` is what the receiver is still to be told, if anything.
  void note_loss(std::error_code untold) noexcept;

  /// When there is nothing to read the next time, it is to be asked whether who has begun messages is there.
  void look_soon() noexcept;

  /// What has begun of an association is to be completed here, and not in `from` any more: the first makes
  /// room for the second. Throws `std::bad_alloc`.
  void make_room_for(AssociationId association, const ReceiveBuffer& from);
  void take_over(AssociationId association, ReceiveBuffer& from) noexcept;

  std::size_t capacity_;
  std::size_t limit_;
  std::size_t total_limit_;
  std::size_t pieces_ = 1;                    // that one system call is to bring
  std::unique_ptr<Reassembler> reassembler_;  // from the first `prepare` on
  std::unique_ptr<Batch> batch_;              // from the first receive on, where it is needed
};

}  // namespace sctp::inline v0

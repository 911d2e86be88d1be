// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <vector>

#include <sctpxx/receive_buffer.hpp>

#include "failed_sends.hpp"
#include "late_rests.hpp"
#include "storage.hpp"
#include "unfinished.hpp"

namespace sctp::inline v0 {

inline Message message_from(const Piece& piece, Bytes payload) noexcept {
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

/// What a ReceiveBuffer consists of from its first use on. Its public functions are the buffer's own, with
/// the same promises; they are described there.
class ReceiveBuffer::Reassembler {
 public:
  Reassembler(std::size_t capacity, std::size_t limit, std::size_t total_limit);

  /// Nothing has begun, nothing is to be told, and there is memory for what may begin: `next` has nothing,
  /// and a message that lies whole in the `block` needs no `prepare` and no `commit`.
  [[nodiscard]] bool is_idle() const noexcept { return is_idle_; }
  [[nodiscard]] MutableBytes block() const noexcept { return {block_.data.get(), block_.capacity}; }
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  [[nodiscard]] bool takes(const Piece& piece) const noexcept {
    return piece.end_of_record && !piece.is_notification && piece.has_info && piece.size <= limit_;
  }

  std::optional<Notification> next() noexcept;
  MutableBytes prepare();
  void prepare_there(MutableBytes room);
  std::optional<Received> commit(const Piece& piece, std::error_code& error) noexcept;
  void prepare_piece(MutableBytes room);
  std::optional<ReceivedPiece> commit_piece(const Piece& piece, std::error_code& error) noexcept;
  void abandon_unfinished() noexcept;
  void abandon_unfinished(AssociationId association) noexcept;
  [[nodiscard]] const std::optional<Message>& dropped() const noexcept { return dropped_; }
  [[nodiscard]] std::size_t unfinished() const noexcept;
  [[nodiscard]] std::size_t footprint() const noexcept;

  void make_room_for(AssociationId association, const Reassembler& from);
  void take_over(AssociationId association, Reassembler& from) noexcept;
  /// The socket's association is another one, and up.
  void begin_anew() noexcept;

  /// When there is nothing to read: once a second while messages are open it is due to ask whether their
  /// associations are still there, since the kernel may keep an end to itself.
  [[nodiscard]] bool is_look_due() noexcept;
  void look_soon() noexcept { next_look_ = 0; }
  static constexpr std::chrono::milliseconds look_again{1000};
  /// `is_gone` is asked. True when there is one that has gone: all that came before is to be read first.
  template <class IsGone>
  bool finds_gone(IsGone is_gone) noexcept {
    gone_ = messages_.find_association(is_gone);
    return gone_.has_value();
  }
  /// That was read, and the end was not in it: true when it is to be told now.
  [[nodiscard]] bool tells_gone() noexcept;

  std::optional<ReceiveStatus> end_of_association(bool gone, std::error_code& error) noexcept;
  void note_loss(std::error_code untold) noexcept;

 private:
  /// An event that comes in pieces, or to the caller's room: only one at a time does.
  struct CopiedEvent {
    bool has_begun = false;
    bool is_dropped = false;
    Storage record;  // stays until the next `prepare`
  };
  /// What the events told last; of use where a socket has one association only.
  enum class Life : std::uint8_t { open, not_begun, ended };

  void make_ready();
  Bytes take_room(std::size_t size) noexcept;
  void deliver(Storage&& storage) noexcept;

  MessageKey key_of(const Piece& piece) noexcept;
  std::optional<Message> take_data(const Piece& piece, const MessageKey& key, Bytes bytes,
                                   std::error_code& error) noexcept;
  std::optional<Notification> take_event_piece(const Piece& piece, Bytes bytes,
                                               std::error_code& error) noexcept;
  std::optional<Notification> take_event(Bytes record, std::error_code& error) noexcept;
  std::optional<Notification> take(AssociationChange change) noexcept;
  bool ends_messages(AssociationChange& change) noexcept;
  std::optional<Notification> take(const PartialDeliveryAborted& event, bool names_message) noexcept;

  bool is_idle_ = false;  // since the last `make_ready`
  std::size_t limit_;
  std::size_t block_capacity_;
  StoragePool pool_;        // for messages
  StoragePool event_pool_;  // so that messages cannot keep events out
  Storage block_;      // where a piece lands when it does not go behind another; lent, or as large as a room
  MutableBytes room_;  // what `prepare` gave, or was given
  bool room_is_callers_ = false;
  UnfinishedMessages messages_;
  LateRests late_rests_;
  bool nameless_has_begun_ = false;  // a message without SCTP_RCVINFO, and its end may come with it
  CopiedEvent event_;
  FailedSends failed_sends_;
  Storage delivered_;                           // what was last handed out, when it had been joined
  std::optional<Notification> held_;            // an event that waits behind the aborts that it caused
  std::vector<AssociationId> peer_shuts_down_;  // and has not finished
  std::optional<long long> next_look_;          // as sys::monotonic_milliseconds
  std::optional<AssociationId> gone_;
  std::optional<Message> dropped_;
  Life life_ = Life::open;
  std::error_code untold_loss_;
};

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <new>
#include <optional>
#include <utility>

#include <sctpxx/error.hpp>
#include <sctpxx/socket_ref.hpp>

#include "control.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "reassembler.hpp"
#include "receive_batch.hpp"
#include "socket_name.hpp"
#include "sys.hpp"
#include "wait.hpp"

/// How a SocketRef receives.
namespace sctp::inline v0 {
namespace {

/// One `recvmsg`, and what came beside the bytes.
class Read {
 public:
  /// Answers as `recvmsg` does.
  [[gnu::always_inline]] ssize_t operator()(int fd, MutableBytes room, int flags) noexcept {
    header_.attach_to(message_, room);
    do {
      size_ = sys::recvmsg(fd, &message_, flags);
    } while (size_ < 0 && errno == EINTR);
    return size_;
  }
  /// What it has brought, where that is something.
  [[nodiscard]] Piece piece() const noexcept {
    return header_.piece(message_, static_cast<std::size_t>(size_));
  }
  /// The same, where it is a whole message; false where it is not.
  [[gnu::always_inline]] bool message(Message& whole) const noexcept {
    constexpr int both = int{MSG_EOR} | int{MSG_NOTIFICATION};
    return (message_.msg_flags & both) == MSG_EOR && header_.read(message_, whole);
  }

 private:
  msghdr message_;
  ReceiveHeader header_;
  ssize_t size_;
};

ssize_t read_piece(int fd, MutableBytes room, int flags, Piece& piece) noexcept {
  Read read;
  const ssize_t size = read(fd, room, flags);
  if (size > 0) piece = read.piece();
  return size;
}

/// The answer, or the exception for its error.
template <class Answer>
Answer checked(const SocketRef& socket, const Answer& answer, const std::error_code& error) {
  if (error) fail(Attempt::receive, partner(socket), error);
  return answer;
}

}  // namespace

/// Asked before each look, since a peer may go on for ever with a message; but one look is due to the caller.
bool SocketRef::Blocking::is_over(bool has_looked) const noexcept {
  if (patience == nullptr) return false;
  return has_looked ? patience->is_over() : patience->is_woken();
}

/// Hands out what `buffer` makes of the pieces that come. `read` brings one, as `recvmsg` does, to where
/// `commit` takes it.
template <class Answer, class Read, class Commit>
Answer SocketRef::receive_with(ReceiveBuffer& buffer, Blocking blocking, std::error_code& error, Read read,
                               Commit commit) const noexcept try {
  error.clear();
  bool nobody = false;
  for (bool has_looked = false;; has_looked = true) {
    if (blocking.is_over(has_looked)) return Answer{ReceiveStatus::would_block};
    if (const auto left = buffer.next()) return complete(*left, buffer);
    Piece piece;
    const ssize_t size = read(piece);
    if (size <= 0) {
      const std::error_code reason = size < 0 ? native::last_error() : std::error_code{};
      if (const auto end = nothing_there(buffer, reason, blocking, nobody, error)) return Answer{*end};
      continue;
    }
    if (const std::optional<Answer> received = commit(piece)) {
      const Notification* event = received->notification();
      return event != nullptr ? Answer{complete(*event, buffer)} : *received;
    }
    if (error) return Answer{ReceiveStatus::failed};
  }
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return Answer{ReceiveStatus::failed};
}

/// Whether to wait where the kernel would not.
bool SocketRef::waits(Blocking blocking) const noexcept {
  // A one-to-many socket may be non-blocking for the moment in which another thread begins a setup.
  return blocking.patience != nullptr || (blocking.flags == 0 && style_ == Style::one_to_many);
}

/// For the next read. In the kernel nobody would look for an end that is not told.
int SocketRef::flags_for(Blocking blocking, const ReceiveBuffer& buffer) const noexcept {
  return waits(blocking) && buffer.unfinished() != 0 ? MSG_DONTWAIT : blocking.flags;
}

/// What to answer, or nothing: then it is time to look again, after waiting as long as the caller would.
std::optional<ReceiveStatus> SocketRef::nothing_there(ReceiveBuffer& buffer, std::error_code reason,
                                                      Blocking blocking, bool& nobody,
                                                      std::error_code& error) const noexcept {
  if (!reason && buffer.unfinished() != 0) {
    buffer.abandon_unfinished();
    return std::nullopt;
  }
  const ReceiveStatus status = nothing_more(buffer, reason, error);
  if (status != ReceiveStatus::would_block) return status;
  if (finds_untold_end(buffer)) return std::nullopt;
  if (!waits(blocking)) return status;
  if (style_ == Style::one_to_many) {
    if (nobody) return ReceiveStatus::end_of_stream;
    // The event of the last end may have come since: that is worth another look.
    nobody = native::has_nobody(fd_);
    if (nobody) {
      buffer.look_soon();
      return std::nullopt;
    }
  }
  const Patience for_ever;
  const Patience& patience = blocking.patience != nullptr ? *blocking.patience : for_ever;
  const auto at_most = buffer.unfinished() != 0 ? ReceiveBuffer::Reassembler::look_again : long_time;
  switch (wait_for(fd_, POLLIN, patience, error, at_most)) {
    case Waited::ready: return std::nullopt;
    case Waited::impatient: return ReceiveStatus::would_block;
    case Waited::failed: break;
  }
  return ReceiveStatus::failed;
}

/// Whether an association has ended in the middle of a message and the kernel (6.1, 6.12) keeps that to
/// itself, as it does when its peer shuts it down then. True when there is something to be told, or to be
/// read first.
bool SocketRef::finds_untold_end(ReceiveBuffer& buffer) const noexcept {
  ReceiveBuffer::Reassembler& messages = *buffer.reassembler_;
  if (messages.tells_gone()) return true;
  return messages.is_look_due() &&
         messages.finds_gone([this](AssociationId id) { return native::is_gone(fd_, id); });
}

/// The event of a loss is the same for an ABORT without a cause and for a peer that is silent; where the
/// socket has one association only, its error is not.
Notification SocketRef::complete(Notification event, ReceiveBuffer& buffer) const noexcept {
  auto* change = std::get_if<AssociationChange>(&event);
  if (change == nullptr || change->end != AssociationChange::End::timeout || style_ == Style::one_to_many) {
    return event;
  }
  std::error_code loss;
  if (buffer.batch_) loss = buffer.batch_->take_error();
  if (!loss) loss = native::take_socket_error(fd_);
  if (loss == std::errc::connection_reset) change->end = AssociationChange::End::peer_abort;
  if (loss) buffer.note_loss(loss);
  return event;
}

ReceiveStatus SocketRef::nothing_more(ReceiveBuffer& buffer, std::error_code reason,
                                      std::error_code& error) const noexcept {
  const bool would_block = reason == std::errc::operation_would_block;
  const bool over = !reason || reason == std::errc::not_connected;
  if (style_ == Style::one_to_many) {
    if (over) return ReceiveStatus::end_of_stream;  // nobody is there, and nobody can come
  } else {
    // The kernel says ENOTCONN or would-block for ever to the side that began the shutdown, and to both after
    // an abort; only the events tell.
    if (would_block || over) {
      if (const auto end = buffer.end_of_association(over, error)) return *end;
    } else if (reason == Condition::association_ended) {
      buffer.note_loss({});
    }
  }
  if (would_block) return ReceiveStatus::would_block;
  if (!reason) return ReceiveStatus::end_of_stream;
  error = reason;
  return ReceiveStatus::failed;
}

/// What the kernel has said already, when the rest of a receive begins.
struct SocketRef::First {
  bool was_asked = false;
  ssize_t size;
  int reason;  // errno
  std::optional<Piece> piece;
};

/// As nearly all is received: the buffer is idle, and what comes is one whole message. Where something else
/// comes, the answer is that of `rest`, which is told what the kernel has said.
template <class Rest>
[[gnu::always_inline]] inline Received SocketRef::receive_at_once(ReceiveBuffer& buffer, int flags,
                                                                  Rest rest) const {
  First first;
  const ReceiveBuffer::Reassembler* const idle = buffer.reassembler_.get();
  if (idle == nullptr || !idle->is_idle()) [[unlikely]]
    return rest(first);
  if (ReceiveBuffer::Batch* const batch = buffer.batch_.get(); batch != nullptr) {
    if (batch->waiting() == 0 || !idle->takes(batch->peek())) [[unlikely]]
      return rest(first);
    const MutableBytes room = batch->room();
    const Piece& piece = batch->take();
    return message_from(piece, room.first(piece.size));
  }
  const MutableBytes room = idle->block();
  if (buffer.pieces_ != 1 || room.empty()) [[unlikely]]
    return rest(first);
  Read read;
  first.size = read(fd_, room, flags);
  if (first.size > 0) [[likely]] {
    const auto size = static_cast<std::size_t>(first.size);
    Message whole;
    if (size <= idle->limit() && read.message(whole)) [[likely]] {
      whole.payload = room.first(size);
      return whole;
    }
    first.piece = read.piece();
  } else {
    first.reason = errno;
  }
  first.was_asked = true;
  return rest(first);
}

[[gnu::noinline]] Received SocketRef::receive_whole(ReceiveBuffer& buffer, Blocking blocking, First& first,
                                                    std::error_code& error) const noexcept {
  return receive_with<Received>(
      buffer, blocking, error,
      [&](Piece& piece) -> ssize_t {
        if (std::exchange(first.was_asked, false)) {
          if (first.size > 0) {
            static_cast<void>(buffer.prepare());  // the room that it was written to
            piece = *first.piece;
          }
          errno = first.reason;
          return first.size;
        }
        ReceiveBuffer::Batch* batch = buffer.batch();
        if (batch == nullptr) return read_piece(fd_, buffer.prepare(), flags_for(blocking, buffer), piece);
        if (batch->waiting() == 0) {
          if (const ssize_t count = batch->fill(fd_, flags_for(blocking, buffer)); count <= 0) return count;
        }
        buffer.prepare_there(batch->room());
        piece = batch->take();
        return static_cast<ssize_t>(piece.size);
      },
      [&](const Piece& piece) { return buffer.commit(piece, error); });
}

ReceivedPiece SocketRef::receive_stretch(MutableBytes room, ReceiveBuffer& buffer, Blocking blocking,
                                         std::error_code& error) const noexcept {
  if (room.empty()) {  // the kernel's answer would look like the end of the stream
    error = std::make_error_code(std::errc::invalid_argument);
    return ReceivedPiece{ReceiveStatus::failed};
  }
  return receive_with<ReceivedPiece>(
      buffer, blocking, error,
      [&](Piece& piece) -> ssize_t {
        buffer.prepare_piece(room);
        if (buffer.waiting() == 0) return read_piece(fd_, room, flags_for(blocking, buffer), piece);
        piece = buffer.batch_->take_into(room);
        return static_cast<ssize_t>(piece.size);
      },
      [&](const Piece& piece) { return buffer.commit_piece(piece, error); });
}

[[gnu::noinline]] Received SocketRef::receive_rest(ReceiveBuffer& buffer, Blocking blocking,
                                                   First& first) const {
  std::error_code error;
  return checked(*this, receive_whole(buffer, blocking, first, error), error);
}

Received SocketRef::receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  error.clear();
  return receive_at_once(buffer, 0,
                         [&](First& first) { return receive_whole(buffer, Blocking{}, first, error); });
}

Received SocketRef::try_receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  error.clear();
  return receive_at_once(buffer, MSG_DONTWAIT, [&](First& first) {
    return receive_whole(buffer, Blocking{MSG_DONTWAIT}, first, error);
  });
}

Received SocketRef::receive(ReceiveBuffer& buffer) const {
  return receive_at_once(buffer, 0, [&](First& first) { return receive_rest(buffer, Blocking{}, first); });
}

Received SocketRef::try_receive(ReceiveBuffer& buffer) const {
  return receive_at_once(buffer, MSG_DONTWAIT,
                         [&](First& first) { return receive_rest(buffer, Blocking{MSG_DONTWAIT}, first); });
}

Received SocketRef::receive(ReceiveBuffer& buffer, const Patience& patience,
                            std::error_code& error) const noexcept {
  First first;
  return receive_whole(buffer, Blocking{MSG_DONTWAIT, &patience}, first, error);
}

Received SocketRef::receive(ReceiveBuffer& buffer, const Patience& patience) const {
  std::error_code error;
  return checked(*this, receive(buffer, patience, error), error);
}

ReceivedPiece SocketRef::receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                       std::error_code& error) const noexcept {
  return receive_stretch(room, buffer, Blocking{}, error);
}

ReceivedPiece SocketRef::try_receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                           std::error_code& error) const noexcept {
  return receive_stretch(room, buffer, Blocking{MSG_DONTWAIT}, error);
}

ReceivedPiece SocketRef::receive_piece(MutableBytes room, ReceiveBuffer& buffer, const Patience& patience,
                                       std::error_code& error) const noexcept {
  return receive_stretch(room, buffer, Blocking{MSG_DONTWAIT, &patience}, error);
}

ReceivedPiece SocketRef::receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                       const Patience& patience) const {
  std::error_code error;
  return checked(*this, receive_piece(room, buffer, patience, error), error);
}

ReceivedPiece SocketRef::receive_piece(MutableBytes room, ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive_stretch(room, buffer, Blocking{}, error), error);
}

ReceivedPiece SocketRef::try_receive_piece(MutableBytes room, ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive_stretch(room, buffer, Blocking{MSG_DONTWAIT}, error), error);
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <new>
#include <optional>

#include <sctpxx/error.hpp>
#include <sctpxx/socket_ref.hpp>

#include "control.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "receive_batch.hpp"
#include "socket_name.hpp"
#include "sys.hpp"
#include "wait.hpp"

/// How a SocketRef receives.
namespace sctp::inline v0 {
namespace {

/// One `recvmsg` into `room`, and what came beside the bytes. Answers as that does.
ssize_t read_piece(int fd, MutableBytes room, int flags, Piece& piece) noexcept {
  msghdr message;
  ReceiveHeader header;
  header.attach_to(message, room);
  ssize_t size = 0;
  do {
    size = sys::recvmsg(fd, &message, flags);
  } while (size < 0 && errno == EINTR);
  if (size > 0) piece = header.read(message, static_cast<std::size_t>(size));
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

/// What to answer, or nothing: then it is time to look again, after waiting as long as the caller would.
std::optional<ReceiveStatus> SocketRef::nothing_there(ReceiveBuffer& buffer, std::error_code reason,
                                                      Blocking blocking, bool& nobody,
                                                      std::error_code& error) const noexcept {
  if (!reason && buffer.unfinished() != 0) {
    buffer.abandon_unfinished();
    return std::nullopt;
  }
  const ReceiveStatus status = nothing_more(buffer, reason, error);
  if (status != ReceiveStatus::would_block || !waits(blocking)) return status;
  if (style_ == Style::one_to_many) {
    if (nobody) return ReceiveStatus::end_of_stream;
    // The event of the last end may have come since: that is worth another look.
    nobody = native::has_nobody(fd_);
    if (nobody) return std::nullopt;
  }
  const Patience for_ever;
  switch (wait_for(fd_, POLLIN, blocking.patience != nullptr ? *blocking.patience : for_ever, error)) {
    case Waited::ready: return std::nullopt;
    case Waited::impatient: return ReceiveStatus::would_block;
    case Waited::failed: break;
  }
  return ReceiveStatus::failed;
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

Received SocketRef::receive_whole(ReceiveBuffer& buffer, Blocking blocking,
                                  std::error_code& error) const noexcept {
  return receive_with<Received>(
      buffer, blocking, error,
      [&](Piece& piece) -> ssize_t {
        ReceiveBuffer::Batch* batch = buffer.batch();
        if (batch == nullptr) return read_piece(fd_, buffer.prepare(), blocking.flags, piece);
        if (batch->waiting() == 0) {
          if (const ssize_t count = batch->fill(fd_, blocking.flags); count <= 0) return count;
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
        if (buffer.waiting() == 0) return read_piece(fd_, room, blocking.flags, piece);
        piece = buffer.batch_->take_into(room);
        return static_cast<ssize_t>(piece.size);
      },
      [&](const Piece& piece) { return buffer.commit_piece(piece, error); });
}

Received SocketRef::receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  return receive_whole(buffer, Blocking{}, error);
}

Received SocketRef::try_receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  return receive_whole(buffer, Blocking{MSG_DONTWAIT}, error);
}

Received SocketRef::receive(ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive_whole(buffer, Blocking{}, error), error);
}

Received SocketRef::try_receive(ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive_whole(buffer, Blocking{MSG_DONTWAIT}, error), error);
}

Received SocketRef::receive(ReceiveBuffer& buffer, const Patience& patience,
                            std::error_code& error) const noexcept {
  return receive_whole(buffer, Blocking{MSG_DONTWAIT, &patience}, error);
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

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
#include "socket_name.hpp"
#include "sys.hpp"

/// How a SocketRef receives.
namespace sctp::inline v0 {
namespace {

/// One `recvmsg` into `room`, and what came beside the bytes. Answers as that does.
ssize_t read_piece(int fd, MutableBytes room, int flags, Piece& piece) noexcept {
  iovec where{room.data(), room.size()};
  native::SocketAddress source;
  msghdr message{};
  message.msg_name = &source;
  message.msg_namelen = sizeof source;
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  ReceiveControl control;
  control.attach_to(message);
  ssize_t size = 0;
  do {
    size = sys::recvmsg(fd, &message, flags);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return size;

  piece.size = static_cast<std::size_t>(size);
  piece.end_of_record = (message.msg_flags & MSG_EOR) != 0;
  piece.is_notification = (message.msg_flags & MSG_NOTIFICATION) != 0;
  piece.source = native::address_from(source, message.msg_namelen).value_or(Address{});
  ReceiveControl::read(message, piece);
  return size;
}

/// The answer, or the exception for its error.
template <class Answer>
Answer checked(const SocketRef& socket, const Answer& answer, const std::error_code& error) {
  if (error) fail(Attempt::receive, partner(socket), error);
  return answer;
}

}  // namespace

/// Hands out what `buffer` makes of the pieces that come. `prepare` gives room for one, `commit` takes it.
template <class Answer, class Prepare, class Commit>
Answer SocketRef::receive_with(ReceiveBuffer& buffer, int flags, std::error_code& error, Prepare prepare,
                               Commit commit) const noexcept try {
  error.clear();
  for (;;) {
    if (const auto left = buffer.next()) return complete(*left, buffer);
    Piece piece;
    const ssize_t size = read_piece(fd_, prepare(), flags, piece);
    if (size < 0) return Answer{nothing_more(buffer, native::last_error(), error)};
    if (size == 0) {
      buffer.abandon_unfinished();
      if (const auto left = buffer.next()) return *left;
      return Answer{nothing_more(buffer, {}, error)};
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

/// The event of a loss is the same for an ABORT without a cause and for a peer that is silent; where the
/// socket has one association only, its error is not.
Notification SocketRef::complete(Notification event, ReceiveBuffer& buffer) const noexcept {
  auto* change = std::get_if<AssociationChange>(&event);
  if (change == nullptr || change->end != AssociationChange::End::timeout || style_ == Style::one_to_many) {
    return event;
  }
  const std::error_code loss = native::take_socket_error(fd_);
  if (loss == std::errc::connection_reset) change->end = AssociationChange::End::peer_abort;
  if (loss) buffer.note_loss(loss);
  return event;
}

ReceiveStatus SocketRef::nothing_more(ReceiveBuffer& buffer, std::error_code reason,
                                      std::error_code& error) const noexcept {
  const bool would_block = reason == std::errc::operation_would_block;
  const bool over = !reason || reason == std::errc::not_connected;
  if (style_ != Style::one_to_many) {
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

Received SocketRef::receive(ReceiveBuffer& buffer, int flags, std::error_code& error) const noexcept {
  return receive_with<Received>(
      buffer, flags, error, [&] { return buffer.prepare(); },
      [&](const Piece& piece) { return buffer.commit(piece, error); });
}

ReceivedPiece SocketRef::receive_piece(MutableBytes room, ReceiveBuffer& buffer, int flags,
                                       std::error_code& error) const noexcept {
  if (room.empty()) {  // the kernel's answer would look like the end of the stream
    error = std::make_error_code(std::errc::invalid_argument);
    return ReceivedPiece{ReceiveStatus::failed};
  }
  return receive_with<ReceivedPiece>(
      buffer, flags, error,
      [&] {
        buffer.prepare_piece(room);
        return room;
      },
      [&](const Piece& piece) { return buffer.commit_piece(piece, error); });
}

Received SocketRef::receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  return receive(buffer, 0, error);
}

Received SocketRef::try_receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  return receive(buffer, MSG_DONTWAIT, error);
}

Received SocketRef::receive(ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive(buffer, 0, error), error);
}

Received SocketRef::try_receive(ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive(buffer, MSG_DONTWAIT, error), error);
}

ReceivedPiece SocketRef::receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                       std::error_code& error) const noexcept {
  return receive_piece(room, buffer, 0, error);
}

ReceivedPiece SocketRef::try_receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                           std::error_code& error) const noexcept {
  return receive_piece(room, buffer, MSG_DONTWAIT, error);
}

ReceivedPiece SocketRef::receive_piece(MutableBytes room, ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive_piece(room, buffer, 0, error), error);
}

ReceivedPiece SocketRef::try_receive_piece(MutableBytes room, ReceiveBuffer& buffer) const {
  std::error_code error;
  return checked(*this, receive_piece(room, buffer, MSG_DONTWAIT, error), error);
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/socket_ref.hpp>

#include <fcntl.h>

#include <algorithm>
#include <new>
#include <string>

#include <sctpxx/error.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/socket.hpp>

#include "address_list.hpp"
#include "control.hpp"
#include "failure.hpp"
#include "native.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {
namespace {

/// For exceptions: whom a socket talks to; its own address when nobody.
std::string partner(const SocketRef& socket) {
  std::error_code error;
  if (const Address peer = socket.peer_address(error); !error) return to_string(peer);
  if (const Address local = socket.local_address(error); !error) return "any peer of " + to_string(local);
  return "any peer";
}

std::string own_name(const SocketRef& socket) {
  std::error_code error;
  const Address local = socket.local_address(error);
  return error ? "the socket" : to_string(local);
}

template <class NameCall>
Address ask_name(NameCall call, int fd, std::error_code& error) noexcept {
  native::SocketAddress native{};
  socklen_t length = sizeof native;
  error.clear();
  if (call(fd, &native.any, &length) < 0) {
    error = native::last_error();
    return {};
  }
  const auto address = native::address_from(native, length);
  if (!address) error = std::make_error_code(std::errc::address_family_not_supported);
  return address.value_or(Address{});
}

[[noreturn]] void fail_send(const SocketRef& socket, Bytes payload, const SendOptions& options,
                            std::error_code error) {
  fail(Attempt::send,
       std::to_string(payload.size()) + " bytes on stream " + to_string(options.stream) + " to " +
           partner(socket),
       error);
}

/// The kernel's EMSGSIZE and EINVAL, where the cause can be told.
void explain_send(const SocketRef& socket, AssociationId association, Bytes payload,
                  const SendOptions& options, std::error_code& error) noexcept {
  std::error_code unknown;
  if (error == std::errc::message_size) {
    const auto buffer = socket.get<option::SndBuf>(unknown);
    if (!unknown && payload.size() > buffer.size) error = Errc::message_exceeds_send_buffer;
  } else if (error == std::errc::invalid_argument) {
    option::Status status;
    get_option(OptionTarget{socket.fd(), association}, status, unknown);
    // Before there is an association, what was to be asked for counts.
    const std::uint16_t streams =
        unknown ? socket.get<option::InitMsg>(unknown).outgoing_streams.value_or(0) : status.outgoing_streams;
    if (!unknown && static_cast<std::uint16_t>(options.stream) >= streams) error = Errc::no_such_stream;
  }
}

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

}  // namespace

void SocketRef::bind(const Address& address, std::error_code& error) const noexcept {
  native::SocketAddress native;
  const socklen_t length = native::to_native(address, native);
  error.clear();
  if (sys::bind(fd_, &native.any, length) == 0) return;
  error = native::last_error();
  explain_family(fd_, {&address, 1}, error);
}

void SocketRef::bind(const Address& address) const {
  std::error_code error;
  bind(address, error);
  if (error) fail(Attempt::bind, address, error);
}

void SocketRef::bind(std::span<const Address> addresses, std::error_code& error) const noexcept {
  AddressList list{addresses, error};
  if (error) return;
  if (sys::bindx(fd_, static_cast<sockaddr*>(list.data()), list.count(), SCTP_BINDX_ADD_ADDR) == 0) return;
  error = native::last_error();
  explain_family(fd_, addresses, error);
}

void SocketRef::bind(std::span<const Address> addresses) const {
  std::error_code error;
  bind(addresses, error);
  if (error) fail(Attempt::bind, addresses, error);
}

Address SocketRef::local_address(std::error_code& error) const noexcept {
  return ask_name(sys::getsockname, fd_, error);
}

Address SocketRef::local_address() const {
  std::error_code error;
  const Address address = local_address(error);
  if (error) fail(Attempt::ask_addresses, "the socket", error);
  return address;
}

Address SocketRef::peer_address(std::error_code& error) const noexcept {
  return ask_name(sys::getpeername, fd_, error);
}

Address SocketRef::peer_address() const {
  std::error_code error;
  const Address address = peer_address(error);
  if (error) fail(Attempt::ask_addresses, "the peer of " + own_name(*this), error);
  return address;
}

std::vector<Address> SocketRef::local_addresses(std::error_code& error) const noexcept {
  return ask_addresses(fd_, AssociationId{}, Side::local, error);
}

std::vector<Address> SocketRef::local_addresses() const {
  std::error_code error;
  auto addresses = local_addresses(error);
  if (error) fail(Attempt::ask_addresses, own_name(*this), error);
  return addresses;
}

// Never both an association and an address: the kernel would take the address, and another association with
// it.
bool SocketRef::send(AssociationId association, const Address* peer, Bytes payload,
                     const SendOptions& options, int flags, std::error_code& error) const noexcept {
  if (payload.empty()) {
    error = Errc::empty_message;
    return false;
  }
  // sendmsg reads, though its structure cannot say so.
  iovec piece{const_cast<std::byte*>(payload.data()), payload.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  SendControl control{association, options};
  control.attach_to(message);
  native::SocketAddress destination;
  if (peer != nullptr) {
    message.msg_name = &destination;
    message.msg_namelen = native::to_native(*peer, destination);
  }
  error.clear();
  while (sys::sendmsg(fd_, &message, flags | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    error = native::last_error();
    explain_send(*this, association, payload, options, error);
    return false;
  }
  return true;
}

void SocketRef::send(AssociationId association, Bytes payload, const SendOptions& options,
                     std::error_code& error) const noexcept {
  send(association, nullptr, payload, options, 0, error);
}

void SocketRef::send_to(const Address& peer, Bytes payload, const SendOptions& options,
                        std::error_code& error) const noexcept {
  send({}, &peer, payload, options, 0, error);
}

bool SocketRef::try_send(AssociationId association, Bytes payload, const SendOptions& options,
                         std::error_code& error) const noexcept {
  const bool sent = send(association, nullptr, payload, options, MSG_DONTWAIT, error);
  if (error == std::errc::operation_would_block) error.clear();
  return sent;
}

void SocketRef::send(AssociationId association, Bytes payload, const SendOptions& options) const {
  std::error_code error;
  send(association, payload, options, error);
  if (error) fail_send(*this, payload, options, error);
}

bool SocketRef::try_send(AssociationId association, Bytes payload, const SendOptions& options) const {
  std::error_code error;
  const bool sent = try_send(association, payload, options, error);
  if (error) fail_send(*this, payload, options, error);
  return sent;
}

Received SocketRef::receive(ReceiveBuffer& buffer, int flags, std::error_code& error) const noexcept try {
  error.clear();
  for (;;) {
    if (const auto left = buffer.next()) return *left;
    Piece piece;
    const ssize_t size = read_piece(fd_, buffer.prepare(), flags, piece);
    if (size < 0) return nothing_more(buffer, native::last_error(), error);
    if (size == 0) {
      buffer.abandon_unfinished();
      if (const auto aborted = buffer.next()) return *aborted;
      return nothing_more(buffer, {}, error);
    }
    if (const auto received = buffer.commit(piece, error)) return *received;
    if (error) return Received{Received::Status::failed};
  }
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return Received{Received::Status::failed};
}

Received SocketRef::nothing_more(ReceiveBuffer& buffer, std::error_code reason,
                                 std::error_code& error) const noexcept {
  const bool would_block = reason == std::errc::operation_would_block;
  const bool over = !reason || reason == std::errc::not_connected;
  if (style_ != Style::one_to_many) {
    // The kernel says ENOTCONN or would-block for ever to the side that began the shutdown, and to both after
    // an abort; only the events tell.
    if (would_block || over) {
      if (const auto end = buffer.end_of_association(over, error)) return *end;
    } else if (reason == Condition::association_ended) {
      buffer.note_loss();
    }
  }
  if (would_block) return Received{Received::Status::would_block};
  if (!reason) return Received{Received::Status::end_of_stream};
  error = reason;
  return Received{Received::Status::failed};
}

Received SocketRef::receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  return receive(buffer, 0, error);
}

Received SocketRef::try_receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept {
  return receive(buffer, MSG_DONTWAIT, error);
}

Received SocketRef::receive(ReceiveBuffer& buffer) const {
  std::error_code error;
  const Received received = receive(buffer, 0, error);
  if (error) fail(Attempt::receive, partner(*this), error);
  return received;
}

Received SocketRef::try_receive(ReceiveBuffer& buffer) const {
  std::error_code error;
  const Received received = receive(buffer, MSG_DONTWAIT, error);
  if (error) fail(Attempt::receive, partner(*this), error);
  return received;
}

void SocketRef::set_nonblocking(bool on, std::error_code& error) const noexcept {
  error.clear();
  const int flags = sys::get_status_flags(fd_);
  const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (flags < 0 || (wanted != flags && sys::set_status_flags(fd_, wanted) < 0)) error = native::last_error();
}

void SocketRef::set_nonblocking(bool on) const {
  std::error_code error;
  set_nonblocking(on, error);
  if (error) fail(Attempt::change_mode, own_name(*this), error);
}

}  // namespace sctp::inline v0

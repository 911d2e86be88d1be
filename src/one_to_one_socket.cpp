// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/one_to_one_socket.hpp>

#include <fcntl.h>

#include <cerrno>
#include <string>

#include <sctpxx/error.hpp>
#include <sctpxx/option/socket.hpp>

#include "address_list.hpp"
#include "deadline.hpp"
#include "descriptor.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {
namespace {

using std::chrono::milliseconds;

/// The error that waits on the socket, which asking for takes away.
std::error_code take_error(int fd) noexcept {
  int value = 0;
  std::error_code error;
  native::get_native(fd, SOL_SOCKET, SO_ERROR, value, error);
  return error ? error : std::error_code{value, std::system_category()};
}

bool is_nonblocking(int fd) noexcept { return (sys::get_status_flags(fd) & O_NONBLOCK) != 0; }

/// `connectx` blocks or not as the descriptor says, and has no flag of its own for it.
class NonblockingMeanwhile {
 public:
  NonblockingMeanwhile(SocketRef socket, std::error_code& error) noexcept
      : socket_{socket}, was_{is_nonblocking(socket.fd())} {
    socket_.set_nonblocking(true, error);
  }
  ~NonblockingMeanwhile() {
    std::error_code ignored;
    if (!was_) socket_.set_nonblocking(false, ignored);
  }
  NonblockingMeanwhile(const NonblockingMeanwhile&) = delete;
  NonblockingMeanwhile& operator=(const NonblockingMeanwhile&) = delete;

 private:
  SocketRef socket_;
  bool was_;
};

}  // namespace

OneToOneSocket::OneToOneSocket(Address::Family family, std::error_code& error) noexcept
    : Socket{open_socket(family, Style::one_to_one, 0, error), Style::one_to_one} {}

OneToOneSocket::OneToOneSocket(Address::Family family) : OneToOneSocket{} {
  std::error_code error;
  *this = OneToOneSocket{family, error};
  if (error) fail(Attempt::open, "", error);
}

OneToOneSocket::OneToOneSocket(const Address& peer, std::error_code& error) noexcept
    : OneToOneSocket{peer.family(), error} {
  if (!error) connect(peer, error);
  if (error) close();
}

OneToOneSocket::OneToOneSocket(const Address& peer) : OneToOneSocket{peer.family()} { connect(peer); }

OneToOneSocket OneToOneSocket::adopt(int fd, std::error_code& error) noexcept {
  int type = 0;
  int protocol = 0;
  native::get_native(fd, SOL_SOCKET, SO_TYPE, type, error);
  if (!error) native::get_native(fd, SOL_SOCKET, SO_PROTOCOL, protocol, error);
  if (!error && (type != SOCK_STREAM || protocol != IPPROTO_SCTP)) error = Errc::not_an_sctp_socket;
  if (!error) set_defaults(fd, error);
  if (error) return {};
  const int flags = sys::get_fd_flags(fd);
  if (flags < 0 || sys::set_fd_flags(fd, flags | FD_CLOEXEC) < 0) {
    error = native::last_error();
    return {};
  }
  return {fd, only_association(fd)};
}

OneToOneSocket OneToOneSocket::adopt(int fd) {
  std::error_code error;
  OneToOneSocket socket = adopt(fd, error);
  if (error) fail(Attempt::adopt, std::to_string(fd), error);
  return socket;
}

bool OneToOneSocket::start_connect(std::span<const Address> peer, std::error_code& error) noexcept {
  AddressList list{peer, error};
  if (error) return false;
  int association = 0;
  if (sys::connectx(fd_, static_cast<sockaddr*>(list.data()), list.count(), &association) >= 0) {
    association_ = AssociationId{association};
    return true;
  }
  error = native::last_error();
  switch (error.value()) {
    case EINPROGRESS:
    case EINTR:     // the handshake goes on
    case EALREADY:  // a signal interrupted the call, and the kernel itself repeated it
      error.clear();
      association_ = AssociationId{association};
      connecting_ = true;
      break;
    case EISCONN: break;
    default:
      explain_family(fd_, peer, error);
      static_cast<void>(take_error(fd_));  // it waits there to be met once more
  }
  return false;
}

bool OneToOneSocket::finish_connect(Deadline deadline, std::error_code& error) noexcept {
  // Looks ten times a second by itself: a first message that fills the send buffer leaves nothing writable.
  constexpr milliseconds look_again{100};
  for (;;) {
    error = take_error(fd_);
    if (error) {
      association_ = {};
      connecting_ = false;
      return false;
    }
    pollfd writable{fd_, POLLOUT, 0};
    const int ready = sys::poll(&writable, 1, deadline.poll_timeout(look_again));
    if (ready < 0 && errno != EINTR) {
      error = native::last_error();
      return false;
    }
    if (ready > 0 && (writable.revents & ~POLLOUT) != 0) continue;
    // Writable without an error: it is up, or it was and has ended since.
    const AssociationId up = only_association(fd_);
    if (ready > 0 || up != AssociationId{}) {
      if (up != AssociationId{}) association_ = up;
      connecting_ = false;
      return true;
    }
    if (deadline.has_passed()) return false;
  }
}

void OneToOneSocket::connect(std::span<const Address> peer, std::error_code& error) noexcept {
  if (!connecting_ && (start_connect(peer, error) || error)) return;
  if (is_nonblocking(fd_)) {
    error = std::make_error_code(std::errc::operation_in_progress);
    return;
  }
  static_cast<void>(finish_connect(Deadline::never(), error));
}

void OneToOneSocket::connect(std::span<const Address> peer) {
  std::error_code error;
  connect(peer, error);
  if (error) fail(Attempt::connect, peer, error);
}

void OneToOneSocket::connect(const Address& peer, std::error_code& error) noexcept {
  connect(std::span{&peer, 1}, error);
}

void OneToOneSocket::connect(const Address& peer) { connect(std::span{&peer, 1}); }

void OneToOneSocket::connect(std::span<const Address> peer, milliseconds timeout,
                             std::error_code& error) noexcept {
  const Deadline deadline{timeout};
  error.clear();
  const NonblockingMeanwhile meanwhile{*this, error};
  if (error || (!connecting_ && (start_connect(peer, error) || error))) return;
  if (finish_connect(deadline, error) || error) return;
  close();
  error = std::make_error_code(std::errc::timed_out);
}

void OneToOneSocket::connect(std::span<const Address> peer, milliseconds timeout) {
  std::error_code error;
  connect(peer, timeout, error);
  if (error) fail(Attempt::connect, peer, error);
}

bool OneToOneSocket::try_connect(std::span<const Address> peer, std::error_code& error) noexcept {
  error.clear();
  const NonblockingMeanwhile meanwhile{*this, error};
  if (error) return false;
  return connecting_ ? finish_connect(Deadline{milliseconds{0}}, error) : start_connect(peer, error);
}

bool OneToOneSocket::try_connect(std::span<const Address> peer) {
  std::error_code error;
  const bool up = try_connect(peer, error);
  if (error) fail(Attempt::connect, peer, error);
  return up;
}

void OneToOneSocket::connect_and_send(const Address& peer, Bytes payload, const SendOptions& options,
                                      std::error_code& error) noexcept {
  if (connecting_) {
    error = std::make_error_code(std::errc::connection_already_in_progress);
    return;
  }
  send_to(peer, payload, options, error);
  if (error) {
    explain_family(fd_, {&peer, 1}, error);
    return;
  }
  connecting_ = true;
  // The kernel has waited for the handshake on a blocking socket, and answers success when that failed, too.
  if (!is_nonblocking(fd_)) static_cast<void>(finish_connect(Deadline::never(), error));
}

void OneToOneSocket::connect_and_send(const Address& peer, Bytes payload, const SendOptions& options) {
  std::error_code error;
  connect_and_send(peer, payload, options, error);
  if (error) fail(Attempt::connect, peer, error);
}

void OneToOneSocket::abort() noexcept {
  std::error_code ignored;  // a descriptor that takes no SO_LINGER has no association to abort
  set(option::Linger{std::chrono::seconds{0}}, ignored);
  close();
}

}  // namespace sctp::inline v0

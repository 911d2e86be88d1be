// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/one_to_one_socket.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include <sctpxx/error.hpp>
#include <sctpxx/option/socket.hpp>
#include <sctpxx/shutdown.hpp>

#include "address_list.hpp"
#include "descriptor.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "nonblocking.hpp"
#include "socket_name.hpp"
#include "sys.hpp"
#include "wait.hpp"

namespace sctp::inline v0 {
namespace {

using std::chrono::milliseconds;

/// Whether the socket has an association with this peer, be it only under way: the one question that the
/// kernel answers by address, in every state.
bool has_association_with(int fd, const Address& peer) noexcept {
  sctp_paddrinfo info{};
  native::SocketAddress address;
  const socklen_t length = native::to_native(peer, address);
  std::memcpy(reinterpret_cast<std::byte*>(&info) + offsetof(sctp_paddrinfo, spinfo_address), &address,
              length);
  std::error_code error;
  native::get_native(fd, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, info, error);
  return !error;
}

/// The same of a peer with several addresses: the kernel forgets those that the peer turns out not to have.
bool has_association_with(int fd, std::span<const Address> peer) noexcept {
  return std::ranges::any_of(peer,
                             [fd](const Address& address) { return has_association_with(fd, address); });
}

/// The socket's association is up, or was; never while it is under way or when it has failed to start.
bool has_been_up(int fd) noexcept {
  pollfd writable{fd, POLLOUT, 0};
  return sys::poll(&writable, 1, 0) == 1 && writable.revents == POLLOUT;
}

milliseconds now() noexcept { return milliseconds{sys::monotonic_milliseconds()}; }

/// How long a call waits for the peer that is given no patience and began then.
Patience patience_of(const SocketRef& socket, milliseconds begin, std::error_code& error) noexcept {
  if (is_nonblocking(socket.fd())) return milliseconds{0};
  const auto time = socket.get<option::SndTimeo>(error).time;
  return time ? Patience{begin + *time - now()} : Patience{};
}

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
  const Style style = style_of(fd, error);
  if (!error && style == Style::one_to_many) error = Errc::not_an_sctp_socket;
  if (!error) take_over(fd, style, error);
  if (error) return {};
  return {fd, style, native::only_association(fd)};
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
  reading_ = Reading::open;
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
      connecting_to_ = peer.front();
      break;
    case EISCONN: break;
    default:
      explain_family(fd_, peer, error);
      static_cast<void>(native::take_socket_error(fd_));  // it waits there to be met once more
  }
  return false;
}

OneToOneSocket::Setup OneToOneSocket::look_at_setup(std::span<const Address> peer,
                                                    std::error_code& error) noexcept {
  error = native::take_socket_error(fd_);
  if (!error) {
    const bool exists = has_association_with(fd_, peer);
    const AssociationId up = native::only_association(fd_);
    if (up != AssociationId{}) association_ = up;
    if (up != AssociationId{} || has_been_up(fd_)) return Setup::up;
    if (exists) return Setup::under_way;
    error = native::take_socket_error(fd_);  // it may have failed between the questions
  }
  association_ = {};
  connecting_to_.reset();
  return Setup::gone;
}

bool OneToOneSocket::is_connecting(std::span<const Address> peer, std::error_code& error) noexcept {
  error.clear();
  if (!connecting_to_) return false;
  const bool same = !peer.empty() && peer.front() == *connecting_to_;
  const Address first = *connecting_to_;
  // Gone without an error: `receive` has told of its failure already.
  if (look_at_setup(same ? peer : std::span{&first, 1}, error) == Setup::gone) return false;
  // The kernel would set up a second association on this socket, which can hold but one.
  if (!same) error = std::make_error_code(std::errc::connection_already_in_progress);
  return true;
}

bool OneToOneSocket::finish_connect(std::span<const Address> peer, const Patience& patience,
                                    std::error_code& error) noexcept {
  // Looks ten times a second by itself: a first message that fills the send buffer leaves nothing writable.
  constexpr milliseconds look_again{100};
  for (;;) {
    switch (look_at_setup(peer, error)) {
      case Setup::up: connecting_to_.reset(); return true;
      case Setup::gone:
        if (!error) error = std::make_error_code(std::errc::not_connected);
        return false;
      case Setup::under_way: break;
    }
    if (wait_for(fd_, POLLOUT, patience, error, look_again) != Waited::ready) return false;
  }
}

void OneToOneSocket::connect(std::span<const Address> peer, std::error_code& error) noexcept {
  const milliseconds begin = now();
  const bool under_way = is_connecting(peer, error);
  if (error || (!under_way && (start_connect(peer, error) || error))) return;
  const Patience patience = patience_of(*this, begin, error);
  if (error) return;
  const bool up = finish_connect(peer, patience, error);
  if (!up && !error) error = std::make_error_code(std::errc::operation_in_progress);
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

void OneToOneSocket::connect(std::span<const Address> peer, const Patience& patience,
                             std::error_code& error) noexcept {
  error.clear();
  const NonblockingMeanwhile meanwhile{*this, error};
  if (error) return;
  const bool under_way = is_connecting(peer, error);
  if (error || (!under_way && (start_connect(peer, error) || error))) return;
  if (finish_connect(peer, patience, error) || error) return;
  close();
  connecting_to_.reset();
  error = std::make_error_code(patience.is_woken() ? std::errc::operation_canceled : std::errc::timed_out);
}

void OneToOneSocket::connect(std::span<const Address> peer, const Patience& patience) {
  std::error_code error;
  connect(peer, patience, error);
  if (error) fail(Attempt::connect, peer, error);
}

void OneToOneSocket::connect(const Address& peer, const Patience& patience, std::error_code& error) noexcept {
  connect(std::span{&peer, 1}, patience, error);
}

void OneToOneSocket::connect(const Address& peer, const Patience& patience) {
  connect(std::span{&peer, 1}, patience);
}

bool OneToOneSocket::try_connect(std::span<const Address> peer, std::error_code& error) noexcept {
  error.clear();
  const NonblockingMeanwhile meanwhile{*this, error};
  if (error) return false;
  const bool under_way = is_connecting(peer, error);
  if (error) return false;
  return under_way ? finish_connect(peer, Patience{milliseconds{0}}, error) : start_connect(peer, error);
}

bool OneToOneSocket::try_connect(std::span<const Address> peer) {
  std::error_code error;
  const bool up = try_connect(peer, error);
  if (error) fail(Attempt::connect, peer, error);
  return up;
}

bool OneToOneSocket::try_connect(const Address& peer, std::error_code& error) noexcept {
  return try_connect(std::span{&peer, 1}, error);
}

bool OneToOneSocket::try_connect(const Address& peer) { return try_connect(std::span{&peer, 1}); }

void OneToOneSocket::connect_and_send(const Address& peer, Bytes payload, const SendOptions& options,
                                      std::error_code& error) noexcept {
  if (is_connecting({}, error) || error) return;
  const milliseconds begin = now();
  send_to(peer, payload, options, error);
  if (error) {
    explain_family(fd_, {&peer, 1}, error);
    return;
  }
  connecting_to_ = peer;
  reading_ = Reading::open;
  // The kernel has waited for the handshake on a blocking socket, and answers success when that failed, too.
  const Patience patience = patience_of(*this, begin, error);
  if (!error && !patience.is_over()) static_cast<void>(finish_connect({&peer, 1}, patience, error));
}

void OneToOneSocket::connect_and_send(const Address& peer, Bytes payload, const SendOptions& options) {
  std::error_code error;
  connect_and_send(peer, payload, options, error);
  if (error) fail(Attempt::connect, peer, error);
}

Association OneToOneSocket::association() const& noexcept {
  // A setup that nobody waited for has its number by now, if it came up.
  return {*this, association_ != AssociationId{} ? association_ : native::only_association(fd_)};
}

AssociationChange::End OneToOneSocket::shutdown(ReceiveBuffer& buffer, const Patience& patience,
                                                ReceiveHandler handle, std::error_code& error) {
  Shutdown end{association(), error};
  if (error) return AssociationChange::End::none;  // what nobody has received is still there to be
  bool is_over = patience.is_woken();
  for (bool is_done = false; !is_done;) {
    if (is_over && !end.is_gone()) {
      abort();
      return AssociationChange::End::own_abort;
    }
    std::error_code failure;
    switch (end.step(buffer, handle, error)) {
      case Shutdown::Next::again: break;
      case Shutdown::Next::wait_readable: wait_for(fd_, POLLIN, patience, failure); break;
      case Shutdown::Next::wait_a_moment: wait_for(-1, 0, patience, failure, moment); break;
      case Shutdown::Next::done: is_done = true; break;
    }
    if (failure) error = failure;
    is_done |= static_cast<bool>(failure);
    is_over = patience.is_over();  // a peer may go on sending for ever
  }
  close();
  return end.end();
}

AssociationChange::End OneToOneSocket::shutdown(ReceiveBuffer& buffer, const Patience& patience,
                                                ReceiveHandler handle) {
  const std::string peer = partner(*this);
  std::error_code error;
  const AssociationChange::End end = shutdown(buffer, patience, handle, error);
  if (error) fail(Attempt::shut_down, peer, error);
  return end;
}

void OneToOneSocket::abort(std::string_view reason) noexcept {
  std::error_code ignored;  // a descriptor that has no association has none to abort
  if (style_ == Style::peeled_off) association().abort(reason, ignored);
  set(option::Linger{std::chrono::seconds{0}}, ignored);
  close();
}

}  // namespace sctp::inline v0

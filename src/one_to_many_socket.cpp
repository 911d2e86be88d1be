// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/one_to_many_socket.hpp>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include <sctpxx/error.hpp>
#include <sctpxx/option/capability.hpp>
#include <sctpxx/shutdown.hpp>

#include "address_list.hpp"
#include "association_list.hpp"
#include "descriptor.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "nonblocking.hpp"
#include "socket_name.hpp"
#include "sys.hpp"
#include "wait.hpp"

namespace sctp::inline v0 {
namespace {

/// SCTP_SOCKOPT_PEELOFF_FLAGS; without the flags on kernels before 4.13. A descriptor, or -1.
int peel_off_descriptor(int fd, AssociationId id, std::error_code& error) noexcept {
  error.clear();
  sctp_peeloff_flags_arg_t with_flags{};
  with_flags.p_arg.associd = native::to_native(id);
  with_flags.flags = SOCK_CLOEXEC;
  socklen_t length = sizeof with_flags;
  // It answers the descriptor itself.
  if (sys::getsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF_FLAGS, &with_flags, &length) >= 0) {
    return with_flags.p_arg.sd;
  }
  error = native::last_error();
  if (error != std::errc::no_protocol_option) return -1;
  sctp_peeloff_arg_t alone{};
  alone.associd = native::to_native(id);
  length = sizeof alone;
  error.clear();
  if (sys::getsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &alone, &length) < 0) {
    error = native::last_error();
    return -1;
  }
  sys::set_fd_flags(alone.sd, FD_CLOEXEC);
  return alone.sd;
}

}  // namespace

OneToManySocket::OneToManySocket(Address::Family family, std::error_code& error) noexcept
    : Socket{open_socket(family, Style::one_to_many, 0, error), Style::one_to_many} {}

OneToManySocket::OneToManySocket(Address::Family family) : OneToManySocket{} {
  std::error_code error;
  *this = OneToManySocket{family, error};
  if (error) fail(Attempt::open, "", error);
}

OneToManySocket::OneToManySocket(const Address& address, std::error_code& error) noexcept
    : OneToManySocket{address.family(), error} {
  if (!error) bind(address, error);
  if (!error) listen(error);
  if (error) close();
}

OneToManySocket::OneToManySocket(const Address& address) : OneToManySocket{address.family()} {
  bind(address);
  listen();
}

OneToManySocket OneToManySocket::adopt(int fd, std::error_code& error) noexcept {
  const Style style = style_of(fd, error);
  if (!error && style != Style::one_to_many) error = Errc::not_an_sctp_socket;
  if (!error) take_over(fd, style, error);
  OneToManySocket socket;
  if (!error) socket.fd_ = fd;
  return socket;
}

OneToManySocket OneToManySocket::adopt(int fd) {
  std::error_code error;
  OneToManySocket socket = adopt(fd, error);
  if (error) fail(Attempt::adopt, std::to_string(fd), error);
  return socket;
}

void OneToManySocket::listen(std::error_code& error) const noexcept {
  error.clear();
  if (sys::listen(fd_, 1) < 0) error = native::last_error();
}

void OneToManySocket::listen() const {
  std::error_code error;
  listen(error);
  if (error) fail(Attempt::listen, own_name(*this), error);
}

AssociationId OneToManySocket::start_connect(std::span<const Address> peer,
                                             std::error_code& error) const noexcept {
  AddressList list{peer, error};
  if (error) return {};
  // The mode is the socket's, not the call's: without this, one of two threads would wait for its peer.
  static std::mutex one_at_a_time;
  const std::lock_guard lock{one_at_a_time};
  const NonblockingMeanwhile meanwhile{*this, error};
  if (error) return {};
  int association = 0;
  if (sys::connectx(fd_, static_cast<sockaddr*>(list.data()), list.count(), &association) < 0 &&
      errno != EINPROGRESS) {
    error = native::last_error();
    explain_family(fd_, peer, error);
    // There is one, though it is not up yet.
    if (error == std::errc::connection_already_in_progress) {
      error = std::make_error_code(std::errc::already_connected);
    }
    return {};
  }
  return AssociationId{association};
}

AssociationId OneToManySocket::connect(std::span<const Address> peer, std::error_code& error) const noexcept {
  return start_connect(peer, error);
}

AssociationId OneToManySocket::connect(std::span<const Address> peer) const {
  std::error_code error;
  const AssociationId id = connect(peer, error);
  if (error) fail(Attempt::connect, peer, error);
  return id;
}

AssociationId OneToManySocket::connect(const Address& peer, std::error_code& error) const noexcept {
  return connect(std::span{&peer, 1}, error);
}

AssociationId OneToManySocket::connect(const Address& peer) const { return connect(std::span{&peer, 1}); }

// Not `sendmsg` to an address: that answers no number, takes an association that there is, blocks when
// interleaving is on, and on a blocking socket tells of no failure. What waits for the handshake travels with
// it all the same.
AssociationId OneToManySocket::connect_and_send(const Address& peer, Bytes payload,
                                                const SendOptions& options,
                                                std::error_code& error) const noexcept {
  if (get<option::InterleavingSupported>(error).on && !error) {
    error = std::make_error_code(std::errc::operation_not_supported);
    return {};
  }
  const AssociationId id = connect(peer, error);
  if (error) return {};
  if (SocketRef::try_send(id, payload, options, error)) return id;
  if (!error) error = std::make_error_code(std::errc::operation_would_block);
  // A peer on this machine has refused before the other call returned.
  if (error == Condition::association_ended) error = std::make_error_code(std::errc::connection_refused);
  std::error_code ignored;
  association(id).abort({}, ignored);
  return {};
}

AssociationId OneToManySocket::connect_and_send(const Address& peer, Bytes payload,
                                                const SendOptions& options) const {
  std::error_code error;
  const AssociationId id = connect_and_send(peer, payload, options, error);
  if (error) fail(Attempt::connect, peer, error);
  return id;
}

std::vector<AssociationId> OneToManySocket::associations(std::error_code& error) const noexcept {
  return native::associations(fd_, error);
}

std::vector<AssociationId> OneToManySocket::associations() const {
  std::error_code error;
  auto ids = associations(error);
  if (error) fail(Attempt::list_associations, own_name(*this), error);
  return ids;
}

std::vector<SendResult> OneToManySocket::send_to_all(Bytes payload, const SendOptions& options,
                                                     std::error_code& error) const noexcept try {
  std::vector<SendResult> results;
  const std::vector<AssociationId> ids = associations(error);
  if (error) return results;
  results.reserve(ids.size());
  for (const AssociationId id : ids) {
    SendResult& result = results.emplace_back(SendResult{.association = id});
    if (!SocketRef::try_send(id, payload, options, result.error) && !result.error) {
      result.error = std::make_error_code(std::errc::operation_would_block);
    }
  }
  return results;
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

std::vector<SendResult> OneToManySocket::send_to_all(Bytes payload, const SendOptions& options) const {
  std::error_code error;
  auto results = send_to_all(payload, options, error);
  if (error) fail(Attempt::list_associations, own_name(*this), error);
  return results;
}

OneToOneSocket OneToManySocket::peel_off(AssociationId id, ReceiveBuffer& here, ReceiveBuffer& there,
                                         std::error_code& error) const noexcept try {
  there.make_room_for(id, here);
  const int fd = peel_off_descriptor(fd_, id, error);
  if (error) return {};
  there.take_over(id, here);
  OneToOneSocket peer{fd, Style::peeled_off, id};
  pass_on(fd_, fd, error);
  if (error) return {};
  return peer;
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

OneToOneSocket OneToManySocket::peel_off(AssociationId id, ReceiveBuffer& here, ReceiveBuffer& there) const {
  std::error_code error;
  OneToOneSocket peer = peel_off(id, here, there, error);
  if (error) fail(Attempt::peel_off, to_string(id), error);
  return peer;
}

std::size_t OneToManySocket::shutdown_all(ReceiveBuffer& buffer, const Patience& patience,
                                          ReceiveHandler handle, std::error_code& error) const {
  ShutdownAll end{*this, error};  // an error of which is told at last: what can be done is done
  std::size_t aborted = 0;
  for (bool has_aborted = false;;) {
    const Shutdown::Next next = end.step(buffer, handle, error);
    if (next == Shutdown::Next::done) return aborted;
    if (next != Shutdown::Next::again) {
      std::error_code failure;
      if (has_aborted) return aborted;
      const auto most = next == Shutdown::Next::wait_a_moment ? moment : long_time;
      if (wait_for(fd_, POLLIN, patience, failure, most) == Waited::failed) return error = failure, aborted;
    }
    if (has_aborted || !patience.is_over()) continue;  // a peer may go on sending for ever
    has_aborted = true;
    std::error_code gone;  // one that has ended by itself meanwhile
    for (const AssociationId id : associations(gone)) {
      association(id).abort({}, gone);
      if (!gone) ++aborted;
    }
  }
}

std::size_t OneToManySocket::shutdown_all(ReceiveBuffer& buffer, const Patience& patience,
                                          ReceiveHandler handle) const {
  std::error_code error;
  const std::size_t aborted = shutdown_all(buffer, patience, handle, error);
  if (error) fail(Attempt::receive, partner(*this), error);
  return aborted;
}

}  // namespace sctp::inline v0

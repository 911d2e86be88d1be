// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/socket_ref.hpp>

#include <fcntl.h>

#include <string>

#include <sctpxx/error.hpp>

#include "address_list.hpp"
#include "failure.hpp"
#include "native.hpp"
#include "socket_name.hpp"
#include "subscription.hpp"
#include "sys.hpp"
#include "wait.hpp"

namespace sctp::inline v0 {
namespace {

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
  // The kernel would keep those before the one that it refuses.
  if (!error && has_wrong_family(fd_, addresses)) error = Errc::wrong_address_family;
  if (error) return;
  if (sys::bindx(fd_, static_cast<sockaddr*>(list.data()), list.count(), SCTP_BINDX_ADD_ADDR) == 0) return;
  error = native::last_error();
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

Readiness SocketRef::wait(Readiness wanted, const Patience& patience, std::error_code& error) const noexcept {
  const int events = (wanted.receive ? POLLIN : 0) | (wanted.send ? POLLOUT : 0);
  if (fd_ < 0) {  // poll would wait for ever
    error = std::make_error_code(std::errc::bad_file_descriptor);
    return {};
  }
  short come = 0;
  while (come == 0) {
    if (wait_for(fd_, static_cast<short>(events), patience, error, long_time, &come) != Waited::ready)
      return {};
  }
  // An error is told by either call.
  const bool has_failed = (come & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  return {
      .receive = wanted.receive && ((come & POLLIN) != 0 || has_failed),
      .send = wanted.send && ((come & POLLOUT) != 0 || has_failed),
  };
}

Readiness SocketRef::wait(Readiness wanted, const Patience& patience) const {
  std::error_code error;
  const Readiness ready = wait(wanted, patience, error);
  if (error) fail(Attempt::wait, own_name(*this), error);
  return ready;
}

void SocketRef::set_subscription(std::span<const EventType> events, bool on,
                                 std::error_code& error) const noexcept {
  sctp::set_subscription(fd_, style_, events, on, error);
}

void SocketRef::set_subscription(std::span<const EventType> events, bool on) const {
  std::error_code error;
  set_subscription(events, on, error);
  if (error) fail(Attempt::subscribe, own_name(*this), error);
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

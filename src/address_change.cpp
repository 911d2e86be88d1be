// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/option/path.hpp>
#include <sctpxx/socket_ref.hpp>

#include "address_list.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "sys.hpp"

/// How the addresses of a socket change while its associations go on.
namespace sctp::inline v0 {
namespace {

/// `flags`: SCTP_BINDX_ADD_ADDR or SCTP_BINDX_REM_ADDR.
void change(int fd, const Address& address, int flags, std::error_code& error) noexcept {
  if (error) return;
  native::SocketAddress native;
  native::to_native(address, native);
  if (sys::bindx(fd, &native.any, 1, flags) == 0) return;
  error = native::last_error();
  explain_family(fd, {&address, 1}, error);
}

void add(int fd, const Address& address, std::error_code& error) noexcept {
  change(fd, address, SCTP_BINDX_ADD_ADDR, error);
}

void remove(int fd, const Address& address, std::error_code& error) noexcept {
  change(fd, address, SCTP_BINDX_REM_ADDR, error);
}

/// Without a word of the kernel's, an association whose sides did not agree on it would go on without.
void check_agreement(int fd, std::error_code& error) noexcept {
  error.clear();
  if (native::only_association(fd) == AssociationId{}) return;
  std::uint32_t agreed = 0;
  native::get_value(OptionTarget{fd}, SCTP_ASCONF_SUPPORTED, agreed, error);
  if (!error && agreed == 0) error = Errc::not_negotiated;
}

/// While it lives, the socket's addresses change and no peer is asked to follow.
class Quietly {
 public:
  Quietly(int fd, std::error_code& error) noexcept : fd_{fd} {
    native::set_value(OptionTarget{fd_}, SCTP_ASCONF_SUPPORTED, 0, error);
  }
  ~Quietly() {
    std::error_code ignored;
    native::set_value(OptionTarget{fd_}, SCTP_ASCONF_SUPPORTED, 1, ignored);
  }
  Quietly(const Quietly&) = delete;
  Quietly& operator=(const Quietly&) = delete;

 private:
  int fd_;
};

/// While it lives, the socket may be given an address that this machine does not have.
class Freely {
 public:
  Freely(int fd, std::error_code& error) noexcept {
    if (error) return;
    const bool is_v4 = native::domain_of(fd, error) == AF_INET;
    level_ = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    option_ = is_v4 ? IP_FREEBIND : IPV6_FREEBIND;
    if (!error) native::get_native(fd, level_, option_, before_, error);
    if (error) return;
    fd_ = fd;
    native::set_native(fd_, level_, option_, int{1}, error);
  }
  ~Freely() {
    std::error_code ignored;
    if (fd_ >= 0) native::set_native(fd_, level_, option_, before_, ignored);
  }
  Freely(const Freely&) = delete;
  Freely& operator=(const Freely&) = delete;

 private:
  int fd_ = -1;
  int level_ = IPPROTO_IP;
  int option_ = IP_FREEBIND;
  int before_ = 0;
};

/// The kernel keeps a removal of an association's last address back until there is another, and then asks for
/// both at once, from the new one. But it lets the last address of the *socket* not go, so that one has to
/// have a third meanwhile, of which nobody hears.
void move_alone(int fd, const Address& gone, const Address& now, std::error_code& error) noexcept {
  const Address meanwhile = Address::loopback(gone.family(), gone.port());
  {
    const Quietly nobody_hears{fd, error};
    // Once the last is to go and no other comes, the association hangs for ever. So first see that it can.
    add(fd, now, error);
    remove(fd, now, error);
    const Freely though_loopback_is_down{fd, error};
    add(fd, meanwhile, error);
  }
  if (error) return;
  remove(fd, gone, error);
  add(fd, now, error);
  if (error) {
    std::error_code ignored;
    const Quietly nobody_hears{fd, ignored};
    remove(fd, meanwhile, ignored);
    return;
  }
  // Peers of newer kernels (6.12) refuse to lose the address by that request; it has to be removed again, for
  // which the socket has to have it again.
  std::error_code taken;
  {
    const Quietly nobody_hears{fd, error};
    const Freely may_be_gone{fd, error};
    add(fd, gone, taken);
    remove(fd, meanwhile, error);
  }
  if (!taken) return remove(fd, gone, error);
  // The Listener has it. Then peers are asked at least not to use it.
  if (native::only_association(fd) == AssociationId{}) return;
  std::error_code ignored;
  set_option(OptionTarget{fd}, option::SetPeerPrimaryAddr{now}, ignored);
}

}  // namespace

void SocketRef::add_address(const Address& address, std::error_code& error) const noexcept {
  check_agreement(fd_, error);
  add(fd_, address, error);
}

void SocketRef::add_address(const Address& address) const {
  std::error_code error;
  add_address(address, error);
  if (error) fail(Attempt::add_address, address, error);
}

void SocketRef::remove_address(const Address& address, std::error_code& error) const noexcept {
  check_agreement(fd_, error);
  remove(fd_, address, error);
}

void SocketRef::remove_address(const Address& address) const {
  std::error_code error;
  remove_address(address, error);
  if (error) fail(Attempt::remove_address, address, error);
}

void SocketRef::replace_address(const Address& gone, const Address& now,
                                std::error_code& error) const noexcept {
  check_agreement(fd_, error);
  if (error) return;
  const std::vector<Address> own = local_addresses(error);
  if (error) return;
  const std::uint16_t port = own.empty() ? 0 : own.front().port();
  const Address old = gone.with_port(port);
  if (std::ranges::find(own, old) == own.end()) {
    error = std::make_error_code(std::errc::invalid_argument);
  } else if (own.size() == 1) {
    move_alone(fd_, old, now.with_port(port), error);
  } else {
    if (std::ranges::find(own, now.with_port(port)) == own.end()) add(fd_, now.with_port(port), error);
    remove(fd_, old, error);
  }
}

void SocketRef::replace_address(const Address& gone, const Address& now) const {
  std::error_code error;
  replace_address(gone, now, error);
  if (error) fail(Attempt::add_address, now, error);
}

}  // namespace sctp::inline v0

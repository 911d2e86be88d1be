// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "descriptor.hpp"

#include <array>

#include <sctpxx/error.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/option/delivery.hpp>

#include "native_option.hpp"
#include "subscription.hpp"
#include "sys.hpp"

namespace sctp {

int open_socket(Address::Family family, Style style, int more_flags, std::error_code& error) noexcept {
  const int domain = family == Address::Family::v4 ? AF_INET : AF_INET6;
  const int type = style == Style::one_to_one ? SOCK_STREAM : SOCK_SEQPACKET;
  const int fd = sys::socket(domain, type | SOCK_CLOEXEC | more_flags, IPPROTO_SCTP);
  if (fd < 0) {
    error = native::last_error();
    // Without the module the kernel says the one for SOCK_STREAM and the other for SOCK_SEQPACKET.
    if (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT) error = Errc::kernel_has_no_sctp;
    return -1;
  }
  set_defaults(fd, style, error);
  // One for IPv6 is for IPv4, too, whatever net.ipv6.bindv6only says.
  if (!error && domain == AF_INET6) native::set_native(fd, IPPROTO_IPV6, IPV6_V6ONLY, int{0}, error);
  if (!error) return fd;
  sys::close(fd);
  return -1;
}

void set_defaults(int fd, Style style, std::error_code& error) noexcept {
  // The stream, the PPID and the association of each piece. Not RECVNXTINFO: it swallows the socket's errors.
  native::set_native(fd, IPPROTO_SCTP, SCTP_RECVRCVINFO, int{1}, error);
  // The kernel would hold a second small message back until the first is acknowledged, up to 200 ms.
  if (!error) set_option(OptionTarget{fd}, option::NoDelay{}, error);
  // Without these an aborted association looks idle, and half a message is glued to the next.
  constexpr std::array needed{AssociationChange::type, ShutdownReceived::type, PartialDeliveryAborted::type};
  if (!error) set_subscription(fd, style, needed, true, error);
}

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "descriptor.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>

#include <sctpxx/error.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/option/authentication.hpp>
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
  // Otherwise a message that is not complete yet keeps those of all peers waiting, and all events.
  if (!error && style == Style::one_to_many)
    set_option(OptionTarget{fd}, option::FragmentInterleave{}, error);
  // Without these an aborted association looks idle, and half a message is glued to the next.
  constexpr std::array needed{AssociationChange::type, ShutdownReceived::type, PartialDeliveryAborted::type};
  if (!error) set_subscription(fd, style, needed, true, error);
}

Style style_of(int fd, std::error_code& error) noexcept {
  int type = 0;
  int protocol = 0;
  native::get_native(fd, SOL_SOCKET, SO_TYPE, type, error);
  if (!error) native::get_native(fd, SOL_SOCKET, SO_PROTOCOL, protocol, error);
  if (!error && protocol != IPPROTO_SCTP) error = Errc::not_an_sctp_socket;
  if (error || type == SOCK_STREAM) return Style::one_to_one;
  return native::has_peer(fd, error) ? Style::peeled_off : Style::one_to_many;
}

void take_over(int fd, Style style, std::error_code& error) noexcept {
  set_defaults(fd, style, error);
  if (error) return;
  const int flags = sys::get_fd_flags(fd);
  if (flags < 0 || sys::set_fd_flags(fd, flags | FD_CLOEXEC) < 0) error = native::last_error();
}

namespace {

/// Whether `from` offers this to its later associations (`option/capability.hpp`); then so does `to`. (Not by
/// the typed option, which would say that it is too late for the one that there is.)
bool pass_on_capability(int from, int to, int option, std::error_code& error) noexcept {
  if (error) return false;
  std::uint32_t on = 0;
  native::get_value(OptionTarget{from}, option, on, error);
  if (error == std::errc::no_protocol_option) return error.clear(), false;  // an old kernel has nothing
  // Off by itself; and where it may not be on, the kernel refuses to be told that it is off, too.
  const bool is_to_be_told = on != 0 || option != SCTP_INTERLEAVING_SUPPORTED;
  if (!error && is_to_be_told) native::set_value(OptionTarget{to}, option, on, error);
  return !error && on != 0;
}

/// What `from` wants to be authenticated, and how. Its keys need not be passed on, and cannot be: each
/// association has its own, also when its peer begins anew. But then the kernel asks the socket for these.
void pass_on_authentication(int from, int to, std::error_code& error) noexcept {
  option::LocalAuthChunks chunks;
  option::HmacIdent hmacs;
  get_option(OptionTarget{from}, chunks, error);
  if (!error) get_option(OptionTarget{from}, hmacs, error);
  if (!error) set_option(OptionTarget{to}, hmacs, error);
  for (const option::ChunkType type : chunks.types) {
    if (!error) set_option(OptionTarget{to}, option::AuthChunk{type}, error);
  }
}

/// A number that is 0 where nobody has set it.
void pass_on_number(int from, int to, int level, int option, std::error_code& error) noexcept {
  if (error) return;
  int value = 0;
  native::get_native(from, level, option, value, error);
  // It is not of this family; kernels say so in one or the other way.
  if (error == std::errc::no_protocol_option || error == std::errc::operation_not_supported) {
    return error.clear();
  }
  const bool has_marks = option == (level == IPPROTO_IPV6 ? IPV6_TCLASS : IP_TOS) && level != SOL_SOCKET;
  if (has_marks) value &= ~0x3;  // the kernel's own, for ECN
  if (!error && value != 0) native::set_native(to, level, option, value, error);
}

}  // namespace

void pass_on(int from, int to, std::error_code& error) noexcept {
  error.clear();
  if (pass_on_capability(from, to, SCTP_AUTH_SUPPORTED, error)) pass_on_authentication(from, to, error);
  for (const int option : {SCTP_PR_SUPPORTED, SCTP_RECONFIG_SUPPORTED, SCTP_ASCONF_SUPPORTED,
                           SCTP_ECN_SUPPORTED, SCTP_INTERLEAVING_SUPPORTED})
    pass_on_capability(from, to, option, error);
  pass_on_number(from, to, IPPROTO_SCTP, SCTP_AUTO_ASCONF, error);
  // In this order: the kernel derives the priority from the type of service.
  pass_on_number(from, to, IPPROTO_IP, IP_TOS, error);
  // Not asked of an IPv4 socket, of which iptables takes it for a question to itself where that is loaded.
  if (!error && native::domain_of(from, error) == AF_INET6)
    pass_on_number(from, to, IPPROTO_IPV6, IPV6_TCLASS, error);
  for (const int option : {SO_PRIORITY, SO_MARK}) pass_on_number(from, to, SOL_SOCKET, option, error);
  pass_on_number(from, to, IPPROTO_IP, IP_FREEBIND, error);
}

}  // namespace sctp

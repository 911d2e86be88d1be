// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "sockets.hpp"

#include <netinet/sctp.h>
#include <netinet/tcp.h>

#include <array>

namespace bench {
namespace {

sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

sockaddr_in name_of(const Descriptor& socket) {
  sockaddr_in name{};
  socklen_t length = sizeof name;
  checked(::getsockname(socket.get(), generic(name), &length), "getsockname");
  return name;
}

Descriptor open(int type, int protocol) {
  Descriptor socket{::socket(AF_INET, type | SOCK_CLOEXEC, protocol)};
  // The kernel doubles it, and what it permits by itself is this: a message of 256 KiB must have room.
  constexpr int buffer = 212'992;
  set(socket, SOL_SOCKET, SO_SNDBUF, buffer);
  set(socket, SOL_SOCKET, SO_RCVBUF, buffer);
  set(socket, protocol, protocol == IPPROTO_SCTP ? SCTP_NODELAY : TCP_NODELAY, 1);
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  checked(::bind(socket.get(), generic(loopback), sizeof loopback), "bind");
  return socket;
}

Sockets connect_streams(int protocol) {
  const Descriptor listener = open(SOCK_STREAM, protocol);
  checked(::listen(listener.get(), 1), "listen");
  Descriptor first = open(SOCK_STREAM, protocol);
  sockaddr_in there = name_of(listener);
  checked(::connect(first.get(), generic(there), sizeof there), "connect");
  Descriptor second{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  const sockaddr_in here = name_of(first);
  return {{std::move(first), there}, {std::move(second), here}};
}

/// The only association there is.
std::int32_t association_of(const Descriptor& socket) {
  std::array<std::uint32_t, 2> ids{};  // their number, and that one
  socklen_t length = sizeof ids;
  checked(::getsockopt(socket.get(), IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, ids.data(), &length),
          "its associations");
  return static_cast<std::int32_t>(ids[1]);
}

}  // namespace

void set(const Descriptor& socket, int level, int option, int value) {
  checked(::setsockopt(socket.get(), level, option, &value, sizeof value), "setsockopt");
}

Sockets connect_sctp(Style style) {
  if (style == Style::one_to_one) return connect_streams(IPPROTO_SCTP);
  Descriptor second = open(SOCK_SEQPACKET, IPPROTO_SCTP);
  checked(::listen(second.get(), 1), "listen");
  Descriptor first = open(SOCK_SEQPACKET, IPPROTO_SCTP);
  sockaddr_in there = name_of(second);
  const sockaddr_in here = name_of(first);
  checked(::connect(first.get(), generic(there), sizeof there), "connect");
  const std::int32_t to = association_of(first);
  const std::int32_t from = association_of(second);
  return {{std::move(first), there, to}, {std::move(second), here, from}};
}

Sockets connect_tcp_sockets() { return connect_streams(IPPROTO_TCP); }

}  // namespace bench

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <system_error>

#include <sctpxx/socket_ref.hpp>

namespace sctp {

/// For exceptions: whom a socket talks to; its own address when nobody.
inline std::string partner(const SocketRef& socket) {
  std::error_code error;
  if (const Address peer = socket.peer_address(error); !error) return to_string(peer);
  if (const Address local = socket.local_address(error); !error) return "any peer of " + to_string(local);
  return "any peer";
}

/// For exceptions: the socket's own address, as far as it has one.
inline std::string own_name(const SocketRef& socket) {
  std::error_code error;
  const Address local = socket.local_address(error);
  return error ? "the socket" : to_string(local);
}

}  // namespace sctp

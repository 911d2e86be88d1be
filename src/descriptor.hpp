// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/socket_ref.hpp>

/// The one place where descriptors come into being, and are made what this library promises.
namespace sctp {

/// A close-on-exec socket of this style with the defaults below, or -1. `more_flags`: SOCK_NONBLOCK.
int open_socket(Address::Family family, Style style, int more_flags, std::error_code& error) noexcept;

/// Of a descriptor that somebody else has opened: as the kernel has it. Fails with Errc::not_an_sctp_socket.
Style style_of(int fd, std::error_code& error) noexcept;

/// Makes somebody else's descriptor close-on-exec, and what this library needs.
void take_over(int fd, Style style, std::error_code& error) noexcept;

/// The defaults, each of which has its reason beside it there. Sockets that are accepted inherit them all.
void set_defaults(int fd, Style style, std::error_code& error) noexcept;

/// Passes on what an accepted or peeled-off socket does not inherit. Its association has what was negotiated;
/// without this a restart of the peer would negotiate something else, new addresses would be told to nobody,
/// and its packets would be marked otherwise. Keys for SCTP-AUTH cannot be read, nor passed on.
void pass_on(int from, int to, std::error_code& error) noexcept;

}  // namespace sctp

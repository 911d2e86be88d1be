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

/// The defaults, each of which has its reason beside it there. Sockets that are accepted inherit them all.
void set_defaults(int fd, Style style, std::error_code& error) noexcept;

}  // namespace sctp

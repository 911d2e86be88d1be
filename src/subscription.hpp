// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <system_error>

#include <sctpxx/notification.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp {

/// Turns events on or off for all associations of a socket: those that it has, those that are being set up,
/// and those to come. `not_supported` when this kernel does not know one of the events.
void set_subscription(int fd, Style style, std::span<const EventType> events, bool on,
                      std::error_code& error) noexcept;

}  // namespace sctp

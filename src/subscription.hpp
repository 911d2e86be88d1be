// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <system_error>

#include <sctpxx/ids.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp {

/// Turns events on or off for all associations of a socket: those that it has, those that are being set up,
/// and those to come; with a number for that one alone. `not_supported` when this kernel does not know one of
/// the events.
void set_subscription(int fd, Style style, AssociationId association, std::span<const EventType> events,
                      bool on, std::error_code& error) noexcept;

inline void set_subscription(int fd, Style style, std::span<const EventType> events, bool on,
                             std::error_code& error) noexcept {
  set_subscription(fd, style, AssociationId{}, events, on, error);
}

}  // namespace sctp

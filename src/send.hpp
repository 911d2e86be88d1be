// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>

#include <sctpxx/bytes.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/socket_ref.hpp>

#include "wait.hpp"

/// What all that send share.
namespace sctp {

/// Waits for room. Where there was none though the descriptor was writable (the kernel has no memory for it),
/// for a moment.
Waited wait_to_send(int fd, const Patience& patience, bool& was_ready, std::error_code& error) noexcept;

/// The kernel's EMSGSIZE and EINVAL, where the cause can be told.
void explain_send(const SocketRef& socket, AssociationId association, Bytes payload,
                  const SendOptions& options, std::error_code& error) noexcept;

}  // namespace sctp

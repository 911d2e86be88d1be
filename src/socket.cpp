// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/socket.hpp>

#include "sys.hpp"

namespace sctp::inline v0 {

void Socket::close() noexcept {
  // Never repeated: Linux has released the descriptor even when a signal interrupted the call.
  if (is_open()) sys::close(release());
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>

#include <system_error>

#include <sctpxx/socket_ref.hpp>

#include "sys.hpp"

namespace sctp {

inline bool is_nonblocking(int fd) noexcept {
  const int flags = sys::get_status_flags(fd);
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

/// `connectx` blocks or not as the descriptor says, and has no flag of its own for it.
class NonblockingMeanwhile {
 public:
  NonblockingMeanwhile(const SocketRef& socket, std::error_code& error) noexcept
      : socket_{socket}, was_{is_nonblocking(socket.fd())} {
    socket_.set_nonblocking(true, error);
  }
  ~NonblockingMeanwhile() {
    std::error_code ignored;
    if (!was_) socket_.set_nonblocking(false, ignored);
  }
  NonblockingMeanwhile(const NonblockingMeanwhile&) = delete;
  NonblockingMeanwhile& operator=(const NonblockingMeanwhile&) = delete;

 private:
  const SocketRef& socket_;  // which may be closed meanwhile, and its number somebody else's
  bool was_;
};

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sctpxx/export.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp::inline v0 {

/// A descriptor that closes itself. Move-only; the base of the owners, of no use by itself.
///
/// The destructor is `close`. It never waits, unless option::Linger asked for it.
class Socket : public SocketRef {
 public:
  Socket(Socket&& other) noexcept : SocketRef{other} { other.fd_ = -1; }
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      SocketRef::operator=(other);
      other.fd_ = -1;
    }
    return *this;
  }
  ~Socket() { close(); }

  /// Ends the association gracefully in the background when everything received was read: the kernel delivers
  /// what is queued, then sends SHUTDOWN. With unread messages it sends ABORT instead, and what is queued is
  /// lost; to be sure, `shutdown` and receive to the end first. Closing twice is harmless.
  SCTPXX_EXPORT void close() noexcept;

  /// Gives the open descriptor away; this socket is closed then.
  [[nodiscard]] int release() noexcept {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 protected:
  using SocketRef::SocketRef;
};

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <system_error>

#include <sctpxx/association.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/receive_buffer.hpp>
#include <sctpxx/received.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp::inline v0 {

/// The end, in order, of the association of a OneToOneSocket, in steps that never wait: for programs whose
/// event loop waits. (OneToOneSocket::shutdown waits by itself, and with Asio `async_shutdown`.)
///
///     sctp::Shutdown end{peer.association()};
///     while ((next = end.step(buffer, handle, error)) == sctp::Shutdown::Next::again) {
///     }
///
/// Borrows the socket's descriptor, which stays open; close it when the steps are done, or to give them up.
class Shutdown {
 public:
  /// What the caller does before the next step.
  enum class Next : std::uint8_t {
    again,          ///< nothing; other work may come between
    wait_readable,  ///< waits until the descriptor is readable
    wait_a_moment,  ///< waits ten milliseconds or so: it may be that no event tells when another look is due
    done            ///< closes the socket
  };

  /// Sends SHUTDOWN once everything queued is acknowledged. As Association::shutdown, but that the
  /// association has ended already is no error: then the steps hand out what nobody has received yet.
  SCTPXX_EXPORT explicit Shutdown(Association association);
  SCTPXX_EXPORT Shutdown(Association association, std::error_code& error) noexcept;

  /// Receives one message or event, if there is one, and gives it to `handle`. `error`: the first that could
  /// not be received; the steps go on where that was one message alone.
  [[nodiscard]] SCTPXX_EXPORT Next step(ReceiveBuffer& buffer, ReceiveHandler handle, std::error_code& error);

  /// Whether it has ended: what is left to be handed out is there.
  [[nodiscard]] bool is_gone() const noexcept { return is_gone_; }

  /// How it ended, once the steps are done: `none` where there was no association, or its end had been
  /// received before.
  [[nodiscard]] AssociationChange::End end() const noexcept {
    return told_ != AssociationChange::End::none ? told_ : guessed_;
  }

 private:
  [[nodiscard]] bool has_none() const noexcept;
  void note(const Notification& event) noexcept;
  void note_loss(std::error_code loss) noexcept;

  Association association_;
  AssociationChange::End told_{};
  AssociationChange::End guessed_{};  // where both shut down at once, the kernel may not tell it
  std::error_code failure_;
  bool is_gone_ = false;
};

/// The same for all associations of a OneToManySocket; OneToManySocket::shutdown_all waits by itself.
/// The socket lets no more in; when the steps are done it is empty.
class ShutdownAll {
 public:
  SCTPXX_EXPORT explicit ShutdownAll(SocketRef one_to_many);
  SCTPXX_EXPORT ShutdownAll(SocketRef one_to_many, std::error_code& error) noexcept;

  /// As Shutdown::step.
  [[nodiscard]] SCTPXX_EXPORT Shutdown::Next step(ReceiveBuffer& buffer, ReceiveHandler handle,
                                                  std::error_code& error);

 private:
  SocketRef socket_;
  std::error_code failure_;
  bool is_empty_ = false;
};

}  // namespace sctp::inline v0

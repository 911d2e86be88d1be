// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/one_to_one_socket.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/socket.hpp>

namespace sctp::inline v0 {

/// A socket that waits for peers and gives each a OneToOneSocket of its own. RFC 6458 4.1.
///
///     sctp::Listener listener{{"::", 3868}};
///     sctp::OneToOneSocket peer = listener.accept();
///
/// Options set on it and events asked of it hold for the associations that come after. To change what the
/// first of them negotiates (option::InitMsg, option::RcvBuf) or tells, open it unbound, `set`, `subscribe`,
/// `bind` and `listen`. Several threads may accept at a time; all else is for one.
class Listener : public Socket {
 public:
  /// No socket: `is_open()` is false and calls fail with EBADF.
  Listener() noexcept : Socket{-1, Style::one_to_one} {}

  /// Opens a socket to `bind` and `listen` with later.
  SCTPXX_EXPORT explicit Listener(Address::Family family);
  SCTPXX_EXPORT Listener(Address::Family family, std::error_code& error) noexcept;

  /// Opens a socket, binds it and listens. `::` takes IPv4 peers as well.
  SCTPXX_EXPORT explicit Listener(const Address& address);
  SCTPXX_EXPORT Listener(const Address& address, std::error_code& error) noexcept;

  /// Lets peers in. At most `backlog` wait to be accepted (the kernel admits one more, and has its own upper
  /// bound, net.core.somaxconn); others are refused. `listen`.
  SCTPXX_EXPORT void listen(int backlog = 4096);
  SCTPXX_EXPORT void listen(int backlog, std::error_code& error) noexcept;

  /// The next peer. Blocks until there is one. The association may have ended by then: its first receives
  /// tell, and `peer_address` fails. The first event on it is AssociationChange `up`. What the kernel does
  /// not pass on (the options of `option/capability.hpp`, priority, mark, type of service) is set again on
  /// it; a mark, or a high priority, needs CAP_NET_ADMIN then, and without it the peer is refused. `accept4`.
  [[nodiscard]] SCTPXX_EXPORT OneToOneSocket accept();
  [[nodiscard]] SCTPXX_EXPORT OneToOneSocket accept(std::error_code& error) noexcept;

  /// The next peer, or nothing when the time is over, or when the waker is awake, even if one waits.
  [[nodiscard]] SCTPXX_EXPORT std::optional<OneToOneSocket> accept(const Patience& patience);
  [[nodiscard]] SCTPXX_EXPORT std::optional<OneToOneSocket> accept(const Patience& patience,
                                                                   std::error_code& error) noexcept;

  /// The next peer if one is waiting. The descriptor is readable while that is so.
  [[nodiscard]] SCTPXX_EXPORT std::optional<OneToOneSocket> try_accept();
  [[nodiscard]] SCTPXX_EXPORT std::optional<OneToOneSocket> try_accept(std::error_code& error) noexcept;

  /// There is no mode to choose: `accept` waits, `try_accept` does not.
  void set_nonblocking(bool on = true) const = delete;

 private:
  [[noreturn]] void fail_accept(std::error_code error) const;
};

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/association.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/one_to_one_socket.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/receive_buffer.hpp>
#include <sctpxx/received.hpp>
#include <sctpxx/socket.hpp>

namespace sctp::inline v0 {

/// How sending to one of several associations went.
struct SendResult {
  AssociationId association{};
  std::error_code error{};  ///< `operation_would_block` where there was no room
};

/// A socket with any number of associations, and one queue for what all of them receive. RFC 6458 3.
///
///     sctp::OneToManySocket socket{{"::", 3868}};
///     sctp::ReceiveBuffer buffer;
///     std::error_code gone;
///     while (auto received = socket.receive(buffer))
///       if (const sctp::Message* m = received.message())
///         socket.association(m->association).send(m->payload, {}, gone);
///
/// Whom a message is for is said by the association's number alone. Associations come up by themselves, told
/// by AssociationChange `up`; there is nothing to accept. Sending, receiving, options: see SocketRef. All
/// functions here may be called by several threads, but those that take a ReceiveBuffer only by the one that
/// receives; the descriptor is close-on-exec.
///
/// What an association does not let go fills the one send buffer that they share, and then no message finds
/// room, whomever it is for. See SendQueue, which keeps each within its share; `peel_off`; and the sysctl
/// net.sctp.sndbuf_policy, which gives each association of the sockets that are opened from then on a buffer
/// of its own. From a thousand associations on set that in any case: without it each acknowledgement has the
/// kernel (6.1) look at all of them, and with 10,000 a message takes milliseconds to send. The receive buffer
/// is shared likewise: peers that look at no window can take it from the others, which are lost then, and
/// against that there is net.sctp.rcvbuf_policy.
///
/// The destructor closes, and a close is graceful or not for all associations together: with one message
/// unread it aborts them all. `shutdown_all` reads what is there.
class OneToManySocket : public Socket {
 public:
  /// No socket: `is_open()` is false and calls fail with EBADF.
  OneToManySocket() noexcept : Socket{-1, Style::one_to_many} {}

  /// Opens a socket without associations, to set options on before `listen` and `connect`.
  /// One for IPv6 reaches IPv4 peers as well. Fails with Errc::kernel_has_no_sctp where that is so.
  SCTPXX_EXPORT explicit OneToManySocket(Address::Family family);
  SCTPXX_EXPORT OneToManySocket(Address::Family family, std::error_code& error) noexcept;

  /// Opens a socket, binds it and listens. `::` takes IPv4 peers as well.
  SCTPXX_EXPORT explicit OneToManySocket(const Address& address);
  SCTPXX_EXPORT OneToManySocket(const Address& address, std::error_code& error) noexcept;

  /// Takes over a one-to-many SCTP descriptor (`SOCK_SEQPACKET`), and makes it close-on-exec and what this
  /// library needs. On failure the descriptor stays the caller's: Errc::not_an_sctp_socket.
  [[nodiscard]] SCTPXX_EXPORT static OneToManySocket adopt(int fd);
  [[nodiscard]] SCTPXX_EXPORT static OneToManySocket adopt(int fd, std::error_code& error) noexcept;

  /// Lets peers set up associations; all that come, there is no backlog in this style. `listen`.
  SCTPXX_EXPORT void listen() const;
  SCTPXX_EXPORT void listen(std::error_code& error) const noexcept;

  /// Begins to set up an association, to several addresses of one peer as one attempt, and answers its number
  /// at once. Never blocks: AssociationChange `up` or `cannot_start` tells how it went (which of refused and
  /// no answer, the kernel tells nobody in this style). What gives it up before is Association::abort.
  /// Messages can be sent at once, and wait for it; not where option::InterleavingSupported is on, since the
  /// kernel (6.1) sends those in a way that the peer takes for an error. Fails with `already_connected` when
  /// there is an association with that peer. `sctp_connectx`, RFC 6458 9.9.
  SCTPXX_EXPORT AssociationId connect(const Address& peer) const;
  SCTPXX_EXPORT AssociationId connect(const Address& peer, std::error_code& error) const noexcept;
  SCTPXX_EXPORT AssociationId connect(std::span<const Address> peer) const;
  SCTPXX_EXPORT AssociationId connect(std::span<const Address> peer, std::error_code& error) const noexcept;

  /// The same with a first message, which travels with the handshake and saves a round trip. This is the only
  /// call that sends to an address: it always makes a new association. Where the message cannot be taken,
  /// the setup is given up, and the error says why (`operation_would_block`: the send buffer is full;
  /// `operation_not_supported`: option::InterleavingSupported is on; `connection_refused`: it was, already).
  SCTPXX_EXPORT AssociationId connect_and_send(const Address& peer, Bytes payload,
                                               const SendOptions& options = {}) const;
  SCTPXX_EXPORT AssociationId connect_and_send(const Address& peer, Bytes payload, const SendOptions& options,
                                               std::error_code& error) const noexcept;

  /// One of its associations, to send to, to ask things of, to `shutdown` and to `abort`. No proof of life.
  [[nodiscard]] Association association(AssociationId id) const& noexcept { return {*this, id}; }
  Association association(AssociationId id) const&& = delete;

  /// The numbers of all associations, those under way and those that are ending, too.
  /// SCTP_GET_ASSOC_ID_LIST, RFC 6458 8.2.6.
  [[nodiscard]] SCTPXX_EXPORT std::vector<AssociationId> associations() const;
  [[nodiscard]] SCTPXX_EXPORT std::vector<AssociationId> associations(std::error_code& error) const noexcept;

  /// Sends one message to each association that there is, without ever blocking, and tells how that went for
  /// each. (The kernel's own way, SCTP_SENDALL, stops at the first that fails and does not say which.)
  SCTPXX_EXPORT std::vector<SendResult> send_to_all(Bytes payload, const SendOptions& options = {}) const;
  SCTPXX_EXPORT std::vector<SendResult> send_to_all(Bytes payload, const SendOptions& options,
                                                    std::error_code& error) const noexcept;

  /// Moves an association, with all that it has received and that nobody has read, to a socket of its own,
  /// which is used as any other OneToOneSocket. `here` is the buffer that this socket is received with: what
  /// has begun of the association's messages in it is completed in `there`, which the new socket is to be
  /// received with. Events that `here` has to tell still come from there. The new socket is blocking; options
  /// are as on this one, and what the kernel does not pass on (`option/capability.hpp`, priority, mark, type
  /// of service) is set again on it. Fails with `invalid_argument` when there is no such association; nothing
  /// has changed then. With any other error it may have been closed, for lack of descriptors: `associations`
  /// tells. SCTP_SOCKOPT_PEELOFF_FLAGS, RFC 6458 9.2.
  [[nodiscard]] SCTPXX_EXPORT OneToOneSocket peel_off(AssociationId id, ReceiveBuffer& here,
                                                      ReceiveBuffer& there) const;
  [[nodiscard]] SCTPXX_EXPORT OneToOneSocket peel_off(AssociationId id, ReceiveBuffer& here,
                                                      ReceiveBuffer& there,
                                                      std::error_code& error) const noexcept;

  /// Ends all associations in order, as far as that can be had: lets no more in, sends SHUTDOWN on each,
  /// gives `handle` all that still comes (the AssociationChange of each end, too), and waits for the last.
  /// When the patience is over first it aborts the rest. Answers how many it aborted. A message that could
  /// not be received is the error that is told at last. The socket stays open, and empty; nothing is left
  /// that a `close` could lose.
  SCTPXX_EXPORT std::size_t shutdown_all(ReceiveBuffer& buffer, const Patience& patience,
                                         ReceiveHandler handle) const;
  SCTPXX_EXPORT std::size_t shutdown_all(ReceiveBuffer& buffer, const Patience& patience,
                                         ReceiveHandler handle, std::error_code& error) const;

  /// There is nothing to accept: associations are used where they are, or peeled off.
  void accept() const = delete;
  /// There is no mode to choose: `receive` and `send` wait, `try_receive` and `try_send` do not.
  void set_nonblocking(bool on = true) const = delete;

 private:
  AssociationId start_connect(std::span<const Address> peer, std::error_code& error) const noexcept;
};

}  // namespace sctp::inline v0

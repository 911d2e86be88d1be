// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/association.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/receive_buffer.hpp>
#include <sctpxx/received.hpp>
#include <sctpxx/socket.hpp>
#include <sctpxx/stream.hpp>

namespace sctp::inline v0 {

/// A socket with one association, as a TCP socket has one connection; the descriptor is close-on-exec.
/// RFC 6458 4. One that OneToManySocket::peel_off gave is the same to its user.
///
///     sctp::OneToOneSocket peer{{"192.0.2.1", 3868}};
///     peer.send(sctp::as_bytes("hello"), {.stream = sctp::StreamId{1}});
///
/// The destructor closes, see Socket::close. Sending, receiving, options: see SocketRef.
class OneToOneSocket : public Socket {
 public:
  /// No socket: `is_open()` is false and calls fail with EBADF.
  OneToOneSocket() noexcept : Socket{-1, Style::one_to_one} {}

  /// Opens a socket without an association, to set options on before `connect`.
  /// One for IPv6 reaches IPv4 peers as well. Fails with Errc::kernel_has_no_sctp where that is so.
  SCTPXX_EXPORT explicit OneToOneSocket(Address::Family family);
  SCTPXX_EXPORT OneToOneSocket(Address::Family family, std::error_code& error) noexcept;

  /// Opens a socket and sets up an association with the peer. Blocks, see `connect`.
  SCTPXX_EXPORT explicit OneToOneSocket(const Address& peer);
  SCTPXX_EXPORT OneToOneSocket(const Address& peer, std::error_code& error) noexcept;

  /// Takes over a one-to-one SCTP descriptor (`SOCK_STREAM`), or a peeled-off one, and makes it close-on-exec
  /// and what this library needs. On failure the descriptor stays the caller's: Errc::not_an_sctp_socket.
  [[nodiscard]] SCTPXX_EXPORT static OneToOneSocket adopt(int fd);
  [[nodiscard]] SCTPXX_EXPORT static OneToOneSocket adopt(int fd, std::error_code& error) noexcept;

  /// Sets up an association; to several addresses of one peer as one attempt. Blocks until it is up or has
  /// failed; with the kernel's defaults an unreachable peer takes minutes to fail (option::InitMsg). A
  /// refused socket may connect again. On a non-blocking socket: fails with `operation_in_progress`; use
  /// `try_connect` there. `sctp_connectx`, RFC 6458 9.9.
  SCTPXX_EXPORT void connect(const Address& peer);
  SCTPXX_EXPORT void connect(const Address& peer, std::error_code& error) noexcept;
  SCTPXX_EXPORT void connect(std::span<const Address> peer);
  SCTPXX_EXPORT void connect(std::span<const Address> peer, std::error_code& error) noexcept;

  /// The same for as long as the patience lasts; then it fails with `timed_out`, or with
  /// `operation_canceled` when it was woken, and the socket is closed, since nothing else stops the kernel
  /// from trying on. Waits in either mode.
  SCTPXX_EXPORT void connect(const Address& peer, const Patience& patience);
  SCTPXX_EXPORT void connect(const Address& peer, const Patience& patience, std::error_code& error) noexcept;
  SCTPXX_EXPORT void connect(std::span<const Address> peer, const Patience& patience);
  SCTPXX_EXPORT void connect(std::span<const Address> peer, const Patience& patience,
                             std::error_code& error) noexcept;

  /// Sets up an association without blocking: true when it is up, false while it is under way. Call it again,
  /// with the same peer, when the descriptor has become writable. False beside an error, too.
  [[nodiscard]] SCTPXX_EXPORT bool try_connect(const Address& peer);
  [[nodiscard]] SCTPXX_EXPORT bool try_connect(const Address& peer, std::error_code& error) noexcept;
  [[nodiscard]] SCTPXX_EXPORT bool try_connect(std::span<const Address> peer);
  [[nodiscard]] SCTPXX_EXPORT bool try_connect(std::span<const Address> peer,
                                               std::error_code& error) noexcept;

  /// Sets up an association with the peer and sends it a first message, which travels with the handshake and
  /// saves a round trip. Blocks as `connect` does, and fails as it does. On a non-blocking socket it returns
  /// at once, and how it went is told by the AssociationChange that comes. `sendmsg` to an address, RFC
  /// 6458 4.1.8.
  SCTPXX_EXPORT void connect_and_send(const Address& peer, Bytes payload, const SendOptions& options = {});
  SCTPXX_EXPORT void connect_and_send(const Address& peer, Bytes payload, const SendOptions& options,
                                      std::error_code& error) noexcept;

  /// The socket's association, to ask it things. No proof of life: its number may be 0 or a past one.
  [[nodiscard]] SCTPXX_EXPORT Association association() const& noexcept;
  Association association() const&& = delete;

  /// One of its outgoing streams.
  [[nodiscard]] Stream stream(StreamId stream, Ppid ppid = {}) const& noexcept {
    return {*this, association_, stream, ppid};
  }
  Stream stream(StreamId stream, Ppid ppid = {}) const&& = delete;

  /// Sends one message. As SocketRef::send.
  void send(Bytes payload, const SendOptions& options = {}) const {
    SocketRef::send(association_, payload, options);
  }
  void send(Bytes payload, const SendOptions& options, std::error_code& error) const noexcept {
    SocketRef::send(association_, payload, options, error);
  }

  /// The same with an end to the waiting: then false.
  [[nodiscard]] bool send(Bytes payload, const SendOptions& options, const Patience& patience) const {
    return SocketRef::send(association_, payload, options, patience);
  }
  [[nodiscard]] bool send(Bytes payload, const SendOptions& options, const Patience& patience,
                          std::error_code& error) const noexcept {
    return SocketRef::send(association_, payload, options, patience, error);
  }

  /// Sends one message unless the send buffer is full: then false. As SocketRef::try_send.
  [[nodiscard]] bool try_send(Bytes payload, const SendOptions& options = {}) const {
    return SocketRef::try_send(association_, payload, options);
  }
  [[nodiscard]] bool try_send(Bytes payload, const SendOptions& options,
                              std::error_code& error) const noexcept {
    return SocketRef::try_send(association_, payload, options, error);
  }

  /// The next bytes of all that the peer sends, whatever the messages: as many as have come, at least one;
  /// 0 at the end, as often as one asks. Blocks until there are some. For programs that are written for a
  /// stream of bytes (see `stream_socket.hpp`); the peer keeps to one stream of the association then. What
  /// does not fit in `room` the next call gives. Events are passed over. A loss is an error
  /// (`connection_reset`, `connection_aborted` where it was our side, or `timed_out`), and so is a message of
  /// which the peer, or its restart, took the rest back: from then on every call fails with it. Fails with
  /// `operation_would_block` on a non-blocking socket. Answers 0 when `room` is empty. Either read, or
  /// receive: what one of them has taken the other does not know. `recvmsg`, RFC 6458 4.1.8.
  [[nodiscard]] SCTPXX_EXPORT std::size_t read_some(MutableBytes room);
  [[nodiscard]] SCTPXX_EXPORT std::size_t read_some(MutableBytes room, std::error_code& error) noexcept;

  /// The same with an end to the waiting: nothing when the time is over, or when the waker is awake. Waits in
  /// either mode.
  [[nodiscard]] SCTPXX_EXPORT std::optional<std::size_t> read_some(MutableBytes room,
                                                                   const Patience& patience);
  [[nodiscard]] SCTPXX_EXPORT std::optional<std::size_t> read_some(MutableBytes room,
                                                                   const Patience& patience,
                                                                   std::error_code& error) noexcept;

  /// The same without ever blocking: nothing when there are no bytes now.
  [[nodiscard]] SCTPXX_EXPORT std::optional<std::size_t> try_read_some(MutableBytes room);
  [[nodiscard]] SCTPXX_EXPORT std::optional<std::size_t> try_read_some(MutableBytes room,
                                                                       std::error_code& error) noexcept;

  /// Sends the first of these bytes, as one message on stream 0, and answers how many: all up to 64 KiB, or
  /// fewer where the kernel takes no message of that size (option::SndBuf, option::DisableFragments). Blocks
  /// and fails as `send` does; no bytes are sent as nothing. `write_all` sends any number.
  [[nodiscard]] SCTPXX_EXPORT std::size_t write_some(Bytes bytes) const;
  [[nodiscard]] SCTPXX_EXPORT std::size_t write_some(Bytes bytes, std::error_code& error) const noexcept;

  /// The same with an end to the waiting: then 0. Waits in either mode.
  [[nodiscard]] SCTPXX_EXPORT std::size_t write_some(Bytes bytes, const Patience& patience) const;
  [[nodiscard]] SCTPXX_EXPORT std::size_t write_some(Bytes bytes, const Patience& patience,
                                                     std::error_code& error) const noexcept;

  /// The same without ever blocking: 0 when the send buffer is full now.
  [[nodiscard]] SCTPXX_EXPORT std::size_t try_write_some(Bytes bytes) const;
  [[nodiscard]] SCTPXX_EXPORT std::size_t try_write_some(Bytes bytes, std::error_code& error) const noexcept;

  /// Sends SHUTDOWN once everything queued is acknowledged. As Association::shutdown; receive until the end
  /// of the stream, then close.
  void shutdown() const { association().shutdown(); }
  void shutdown(std::error_code& error) const noexcept { association().shutdown(error); }

  /// Ends the association in order, as far as that can be had, and tells how it ended: sends SHUTDOWN as
  /// above, gives `handle` all that still comes, and waits for the end. When the patience is over first it
  /// aborts, and answers `own_abort`. Closes the socket, unless SHUTDOWN could not be sent. Answers `none`
  /// where there was no association, or its end had been received before. A message that could not be
  /// received is the error that is told at last; what came after it has been handled. `buffer`: as for
  /// `receive`, what has begun in it is completed; who has received pieces does so to the end of the stream
  /// before.
  SCTPXX_EXPORT AssociationChange::End shutdown(ReceiveBuffer& buffer, const Patience& patience,
                                                ReceiveHandler handle);
  SCTPXX_EXPORT AssociationChange::End shutdown(ReceiveBuffer& buffer, const Patience& patience,
                                                ReceiveHandler handle, std::error_code& error);

  /// Sends ABORT, drops what is queued and closes the socket. The reason travels with it from a peeled-off
  /// socket, as from Association::abort; of one-to-one style the kernel lets none travel.
  SCTPXX_EXPORT void abort(std::string_view reason = {}) noexcept;

 private:
  friend class Listener;
  friend class OneToManySocket;
  OneToOneSocket(int fd, Style style, AssociationId association) noexcept
      : Socket{fd, style}, association_{association} {}

  /// A setup that was begun: it goes on, has succeeded, or is no more (then `error` says why, unless
  /// `receive` did).
  enum class Setup : std::uint8_t { under_way, up, gone };

  Setup look_at_setup(std::span<const Address> peer, std::error_code& error) noexcept;
  bool is_connecting(std::span<const Address> peer, std::error_code& error) noexcept;
  bool start_connect(std::span<const Address> peer, std::error_code& error) noexcept;
  bool finish_connect(std::span<const Address> peer, const Patience& patience,
                      std::error_code& error) noexcept;

  /// What `read_some` has met, in a byte that would be padding: who receives messages pays nothing for it.
  enum class Reading : std::uint8_t { open, ended, reset, aborted, timed_out };

  std::optional<std::size_t> read_now(MutableBytes room, int flags, std::error_code& error) noexcept;
  void pass_over(Bytes beginning, bool is_whole, std::error_code& error) noexcept;
  void note_loss(std::error_code loss) noexcept;
  [[noreturn]] void fail_write(Bytes bytes, std::error_code error) const;

  Reading reading_ = Reading::open;
  AssociationId association_{};
  std::optional<Address> connecting_to_;  // the first address of a setup that is under way
};

}  // namespace sctp::inline v0

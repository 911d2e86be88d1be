// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/option.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/path.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/socket_ref.hpp>
#include <sctpxx/stream.hpp>

namespace sctp::inline v0 {

/// One of an association's paths: an address of the peer's, how it is doing, and whether messages take it
/// first.
struct Path : option::PeerAddrInfo {
  bool primary = false;
};

/// One association of a socket.
///
/// A handle, a descriptor's number and the association's: copies are free, it survives a move of the socket
/// and is dead when the socket closes. When the association ends its calls fail with
/// Condition::association_ended or, for the questions below, EINVAL. Threads: as SocketRef.
class Association {
 public:
  Association(SocketRef socket, AssociationId id) noexcept : socket_{socket}, id_{id} {}

  [[nodiscard]] AssociationId id() const noexcept { return id_; }
  [[nodiscard]] SocketRef socket() const noexcept { return socket_; }

  /// An outgoing stream, and what its messages are.
  [[nodiscard]] Stream stream(StreamId stream, Ppid ppid = {}) const noexcept {
    return {socket_, id_, stream, ppid};
  }

  /// Sends one message. As SocketRef::send.
  void send(Bytes payload, const SendOptions& options = {}) const { socket_.send(id_, payload, options); }
  void send(Bytes payload, const SendOptions& options, std::error_code& error) const noexcept {
    socket_.send(id_, payload, options, error);
  }

  /// The same with an end to the waiting: then false.
  [[nodiscard]] bool send(Bytes payload, const SendOptions& options, const Patience& patience) const {
    return socket_.send(id_, payload, options, patience);
  }
  [[nodiscard]] bool send(Bytes payload, const SendOptions& options, const Patience& patience,
                          std::error_code& error) const noexcept {
    return socket_.send(id_, payload, options, patience, error);
  }

  /// Sends one message unless the send buffer is full: then false. As SocketRef::try_send.
  [[nodiscard]] bool try_send(Bytes payload, const SendOptions& options = {}) const {
    return socket_.try_send(id_, payload, options);
  }
  [[nodiscard]] bool try_send(Bytes payload, const SendOptions& options,
                              std::error_code& error) const noexcept {
    return socket_.try_send(id_, payload, options, error);
  }

  /// State, negotiated streams, windows: `association.status().outgoing_streams`.
  [[nodiscard]] option::Status status() const { return get<option::Status>(); }
  [[nodiscard]] option::Status status(std::error_code& error) const noexcept {
    return get<option::Status>(error);
  }

  /// All addresses of the peer. SCTP_GET_PEER_ADDRS, RFC 6458 9.3.
  [[nodiscard]] SCTPXX_EXPORT std::vector<Address> peer_addresses() const;
  [[nodiscard]] SCTPXX_EXPORT std::vector<Address> peer_addresses(std::error_code& error) const noexcept;

  /// All of our addresses that this association uses. SCTP_GET_LOCAL_ADDRS, RFC 6458 9.5.
  [[nodiscard]] SCTPXX_EXPORT std::vector<Address> local_addresses() const;
  [[nodiscard]] SCTPXX_EXPORT std::vector<Address> local_addresses(std::error_code& error) const noexcept;

  /// All paths as they are now, in the peer's order. Those whose state is not to be told
  /// (option::ExposePotentiallyFailedState) are left out.
  [[nodiscard]] SCTPXX_EXPORT std::vector<Path> paths() const;
  [[nodiscard]] SCTPXX_EXPORT std::vector<Path> paths(std::error_code& error) const noexcept;

  /// Asks the peer for an answer on this path, or on all of them, now. What comes of it is told by
  /// PeerAddressChange where it changes the path's state: `confirmed`, `available`. Not more often than once
  /// in the path's retransmission timeout (PeerAddrInfo::rto): the kernel takes an answer that is not there
  /// yet for one that is missing. SPP_HB_DEMAND, RFC 6458 8.1.12.
  SCTPXX_EXPORT void request_heartbeat(const Address& path) const;
  SCTPXX_EXPORT void request_heartbeat(const Address& path, std::error_code& error) const noexcept;
  SCTPXX_EXPORT void request_heartbeats() const;
  SCTPXX_EXPORT void request_heartbeats(std::error_code& error) const noexcept;

  /// Sends SHUTDOWN once everything queued is acknowledged; returns at once. SCTP has no half-close: neither
  /// side can send new messages from now on. Go on receiving: the peer's messages on their way still come,
  /// then `shutdown_complete`. Without a reader at the peer this can take minutes. `shutdown(SHUT_WR)`;
  /// SCTP_EOF on one-to-many and peeled-off sockets, where the kernel ignores the former.
  SCTPXX_EXPORT void shutdown() const;
  SCTPXX_EXPORT void shutdown(std::error_code& error) const noexcept;

  /// Sends ABORT, with a reason for the peer (its AssociationChange::info holds it, as the value of
  /// Cause::user_initiated_abort), and drops what is queued in either direction but not received yet. A setup
  /// under way is given up so, too. The end is told as `lost` by `own_abort`, as `cannot_start` for a setup.
  /// Of the reason at most `longest_reason` bytes travel. Fails with Condition::association_ended when there
  /// is none; of one-to-one style with `operation_not_supported`: there the kernel aborts only what it
  /// closes, see OneToOneSocket::abort. SCTP_ABORT, RFC 6458 5.3.4.
  SCTPXX_EXPORT void abort(std::string_view reason = {}) const;
  SCTPXX_EXPORT void abort(std::string_view reason, std::error_code& error) const noexcept;
  static constexpr std::size_t longest_reason = 1024;

  enum class Direction : std::uint8_t { outgoing, incoming, both };

  /// Asks the peer to let these streams begin anew with the number 0: of those that we send on, that the peer
  /// sends on, or both; all of them when the list is empty (of at most 16000). Answered by StreamReset, one
  /// for each direction, `done`, `denied` or `failed`; until then nothing leaves on them, and messages of
  /// other streams may wait, too. Subscribe to that. Fails with Errc::not_negotiated where both sides do not
  /// have option::ReconfigSupported; with `operation_not_permitted` without option::EnableStreamReset here;
  /// with `operation_in_progress` while a request of this or the next two kinds is under way; with
  /// `operation_would_block` while messages wait that were not sent yet on one of the streams; with
  /// Errc::no_such_stream. SCTP_RESET_STREAMS, RFC 6525 6.3.2.
  SCTPXX_EXPORT void reset_streams(Direction direction, std::span<const StreamId> streams = {}) const;
  SCTPXX_EXPORT void reset_streams(Direction direction, std::span<const StreamId> streams,
                                   std::error_code& error) const noexcept;

  /// Asks for so many more streams. Answered by StreamChange, one for each direction. Messages may be sent on
  /// the new outgoing ones at once; when the peer denies them, they fail. Fails as above; with
  /// `invalid_argument` where there would be more than 65535. SCTP_ADD_STREAMS, RFC 6525 6.3.4.
  SCTPXX_EXPORT void add_streams(std::uint16_t outgoing, std::uint16_t incoming) const;
  SCTPXX_EXPORT void add_streams(std::uint16_t outgoing, std::uint16_t incoming,
                                 std::error_code& error) const noexcept;

  /// Asks that everything be counted anew: transmission sequence numbers and all streams. Answered by
  /// AssociationReset. Fails as above; with `operation_would_block` while anything is unacknowledged.
  /// SCTP_RESET_ASSOC, RFC 6525 6.3.3.
  SCTPXX_EXPORT void reset() const;
  SCTPXX_EXPORT void reset(std::error_code& error) const noexcept;

  /// Asks for these kinds of events from this association alone, or for no more of them. As
  /// SocketRef::subscribe.
  template <Subscribable... Events>
    requires(sizeof...(Events) != 0)
  void subscribe() const {
    set_subscription(std::array{Events::type...}, true);
  }
  template <Subscribable... Events>
    requires(sizeof...(Events) != 0)
  void subscribe(std::error_code& error) const noexcept {
    set_subscription(std::array{Events::type...}, true, error);
  }
  template <Unsubscribable... Events>
    requires(sizeof...(Events) != 0)
  void unsubscribe() const {
    set_subscription(std::array{Events::type...}, false);
  }
  template <Unsubscribable... Events>
    requires(sizeof...(Events) != 0)
  void unsubscribe(std::error_code& error) const noexcept {
    set_subscription(std::array{Events::type...}, false, error);
  }

  /// An option of this association alone. Those that hold for the whole socket do not compile here, and of
  /// those that are settled at the setup only the questions do.
  template <option::Settable O>
    requires(!option::SocketWide<O> && !option::Negotiated<O>)
  void set(const O& value) const {
    option::set(target(), value);
  }
  template <option::Settable O>
    requires(!option::SocketWide<O> && !option::Negotiated<O>)
  void set(const O& value, std::error_code& error) const noexcept {
    set_option(target(), value, error);
  }
  template <option::Gettable O>
    requires(!option::SocketWide<O>)
  [[nodiscard]] O get() const {
    return option::get<O>(target());
  }
  template <option::Gettable O>
    requires(!option::SocketWide<O>)
  [[nodiscard]] O get(std::error_code& error) const noexcept {
    O value;
    get_option(target(), value, error);
    return value;
  }

  /// The same of a part of it, a path or a stream: `association.get<option::PeerAddrInfo>(address).rtt`,
  /// `association.set(option::StreamSchedulerValue{1}, stream)`.
  template <option::KeyedSettable O>
  void set(const O& value, const typename O::Key& part) const {
    option::set(target(), part, value);
  }
  template <option::KeyedSettable O>
  void set(const O& value, const typename O::Key& part, std::error_code& error) const noexcept {
    set_option(target(), part, value, error);
  }
  template <option::KeyedGettable O>
  [[nodiscard]] O get(const typename O::Key& part) const {
    return option::get<O>(target(), part);
  }
  template <option::KeyedGettable O>
  [[nodiscard]] O get(const typename O::Key& part, std::error_code& error) const noexcept {
    O value;
    get_option(target(), part, value, error);
    return value;
  }

 private:
  [[nodiscard]] OptionTarget target() const noexcept { return detail::one_association(socket_, id_); }
  SCTPXX_EXPORT void set_subscription(std::span<const EventType> events, bool on) const;
  SCTPXX_EXPORT void set_subscription(std::span<const EventType> events, bool on,
                                      std::error_code& error) const noexcept;

  SocketRef socket_;
  AssociationId id_;
};

}  // namespace sctp::inline v0

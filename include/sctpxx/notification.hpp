// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>
#include <variant>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/cause.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>

/// What the kernel tells beside the messages: one struct for each kind of event. All numbers are in host
/// order. Fields of type Bytes and StreamList are views into the ReceiveBuffer, dead at the next receive with
/// it; everything else is the struct's own.
namespace sctp::inline v0 {

/// The kernel's number for each kind of event, SCTP_SN_TYPE_BASE + n.
enum class EventType : std::uint16_t {
  association_change = 0x8001,
  peer_address_change = 0x8002,
  send_failed_before_5_5 = 0x8003,  ///< what kernels before 5.5 have in place of `send_failed`
  remote_error = 0x8004,
  shutdown_received = 0x8005,
  partial_delivery_aborted = 0x8006,
  adaptation_indication = 0x8007,
  authentication = 0x8008,
  sender_dry = 0x8009,
  stream_reset = 0x800a,
  association_reset = 0x800b,
  stream_change = 0x800c,
  send_failed = 0x800d,
};

/// An association came up, ended, or was replaced. Always subscribed. SCTP_ASSOC_CHANGE, RFC 6458 6.1.1.
struct AssociationChange {
  static constexpr EventType type = EventType::association_change;
  static constexpr bool always_subscribed = true;

  /// An open set: a newer kernel may know more.
  enum class State : std::uint16_t {
    up = 0,                 ///< SCTP_COMM_UP: the peer is there; the stream counts are the negotiated ones
    lost = 1,               ///< SCTP_COMM_LOST: aborted by either side, or no answer for too long
    restarted = 2,          ///< SCTP_RESTART: the peer began anew; what was between the two of you is gone
    shutdown_complete = 3,  ///< SCTP_SHUTDOWN_COMP: ended gracefully, everything delivered
    cannot_start = 4,       ///< SCTP_CANT_STR_ASSOC: the setup was refused or nobody answered
  };
  /// How it ended, as far as the kernel tells.
  enum class End : std::uint8_t {
    none,           ///< it has not: `up`, `restarted`
    own_shutdown,   ///< `shutdown_complete`, begun by us, by both, or not known
    peer_shutdown,  ///< `shutdown_complete` after ShutdownReceived; only a ReceiveBuffer, which saw both,
                    ///< knows
    own_abort,      ///< `lost`: we sent ABORT, or our kernel did
    peer_abort,     ///< `lost`: the peer sent ABORT; `cause` and `info` say why
    timeout,   ///< `lost`: no answer for too long; also an ABORT without a cause where no error is left to
               ///< tell them apart: on a one-to-many socket, or when a `send` has met it first
    untold,    ///< `lost`: in the middle of a message, and the kernel (6.1, 6.12) kept it and all that came
               ///< behind that to itself; the library found out
    no_setup,  ///< `cannot_start`: refused, no answer, or given up by us; where `connect` fails, its error
               ///< says which
  };
  State state{};
  End end{};
  /// For `lost`: what the ABORT said. For `cannot_start`: likewise, if it said anything;
  /// `user_initiated_abort` also when we gave it up. Else `none`.
  Cause cause{};
  /// For `up`: the streams that we may send on. For `restarted`: those that the peer allows now; the kernel
  /// (6.1) goes by the old number, so stay below both. Else 0.
  std::uint16_t outgoing_streams = 0;
  std::uint16_t incoming_streams = 0;  ///< likewise: streams that the peer may send on
  AssociationId association{};         ///< 0 with `cannot_start` when the setup had no number yet
  Bytes info{};  ///< the error causes of the peer's ABORT, for ErrorCauses; may be empty
};

/// One of the peer's addresses became another to us. SCTP_PEER_ADDR_CHANGE, RFC 6458 6.1.2.
struct PeerAddressChange {
  static constexpr EventType type = EventType::peer_address_change;

  enum class State : std::uint32_t {
    available = 0,
    unreachable = 1,
    removed = 2,
    added = 3,
    made_primary = 4,
    confirmed = 5,
    potentially_failed = 6,  ///< told only where SCTP_EXPOSE_POTENTIALLY_FAILED_STATE says so
  };
  /// For `available`, `unreachable` and `potentially_failed`: what made it so.
  enum class Reason : std::uint32_t {
    failed_threshold = 0,
    received_sack = 1,
    heartbeat_success = 2,
    response_to_user = 3,
    internal_error = 4,
    shutdown_guard_expired = 5,
    peer_faulty = 6,
  };
  State state{};
  Reason reason{};
  Address address{};
  AssociationId association{};
};

/// The peer told of an error that does not end the association. SCTP_REMOTE_ERROR, RFC 6458 6.1.3.
struct RemoteError {
  static constexpr EventType type = EventType::remote_error;

  Cause cause{};
  AssociationId association{};
  Bytes value{};  ///< of the cause, with up to three bytes of padding
};

/// A message of ours was given up: its time was over, or the association ended or restarted.
/// SCTP_SEND_FAILED_EVENT, RFC 6458 6.1.11; on kernels before 5.5 SCTP_SEND_FAILED. The kernel tells of each
/// chunk by itself; a ReceiveBuffer joins them, so `receive` answers one event for a message. It comes after
/// the event that says the association is lost, and before the one that says it restarted. The kernel is
/// silent about messages that Reliability::priority dropped, about those that `close` did, and about some
/// whose time was over.
struct SendFailed {
  static constexpr EventType type = EventType::send_failed;

  bool sent = false;    ///< some of it was on the wire, and all of it may have been delivered; else none was
  bool begins = false;  ///< `payload` begins with the message's first byte
  bool ends = false;    ///< and ends with its last: both, unless it passed a limit of the ReceiveBuffer
  bool unordered = false;
  Cause cause{};  ///< `none` when its time was over
  StreamId stream{};
  Ppid ppid{};
  std::uint32_t context = 0;  ///< SendOptions::context of the message
  AssociationId association{};
  Bytes payload{};
};

/// The peer sent SHUTDOWN: all of its messages have arrived, and new ones of ours are refused.
/// Always subscribed. SCTP_SHUTDOWN_EVENT, RFC 6458 6.1.5.
struct ShutdownReceived {
  static constexpr EventType type = EventType::shutdown_received;
  static constexpr bool always_subscribed = true;

  AssociationId association{};
};

/// A message that had begun to arrive will never be complete, and was dropped. Always subscribed.
/// SCTP_PARTIAL_DELIVERY_EVENT, RFC 6458 6.1.7. Also made by the library where the kernel is silent: when the
/// association ended or restarted in the middle of the message. Where the association lives and the peer did
/// not give the message up, abort it: a kernel that cut off what was on its way lets that stream stand still.
struct PartialDeliveryAborted {
  static constexpr EventType type = EventType::partial_delivery_aborted;
  static constexpr bool always_subscribed = true;

  AssociationId association{};
  StreamId stream{};  ///< of the message, even where the kernel's own event does not say
  bool unordered = false;
  std::size_t received = 0;  ///< how many of its bytes had come
};

/// What the peer's upper layer says of itself at setup. SCTP_ADAPTATION_INDICATION, RFC 6458 6.1.6.
struct AdaptationIndication {
  static constexpr EventType type = EventType::adaptation_indication;

  std::uint32_t value = 0;  ///< never 0: the kernel does not tell of that
  AssociationId association{};
};

/// A change of SCTP-AUTH's keys. SCTP_AUTHENTICATION_EVENT, RFC 6458 6.1.8.
struct AuthenticationEvent {
  static constexpr EventType type = EventType::authentication;

  enum class State : std::uint32_t {
    new_key = 0,        ///< the peer uses `key`, which is not our active one; told at each of its packets
    key_freed = 1,      ///< nothing uses `key` any more
    not_supported = 2,  ///< the peer does not authenticate; told at each setup with such a peer
  };
  State state{};
  std::uint16_t key = 0;
  AssociationId association{};
};

/// Everything that was sent is acknowledged. Told at once, too, when one subscribes on an idle association.
/// SCTP_SENDER_DRY_EVENT, RFC 6458 6.1.9.
struct SenderDry {
  static constexpr EventType type = EventType::sender_dry;

  AssociationId association{};
};

/// What became of a request to change an association's streams. RFC 6525.
enum class Reconfiguration : std::uint8_t { done, denied, failed };

/// Stream numbers as the kernel writes them, anywhere in memory: `for (sctp::StreamId stream :
/// event.streams)`. A view.
class StreamList {
 public:
  class Iterator {
   public:
    using value_type = StreamId;
    using difference_type = std::ptrdiff_t;

    Iterator() noexcept = default;
    explicit Iterator(const std::byte* at) noexcept : at_{at} {}
    StreamId operator*() const noexcept {
      std::uint16_t stream = 0;
      std::memcpy(&stream, at_, sizeof stream);
      return StreamId{stream};
    }
    Iterator& operator++() noexcept {
      at_ += sizeof(std::uint16_t);
      return *this;
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) noexcept = default;

   private:
    const std::byte* at_ = nullptr;
  };

  StreamList() noexcept = default;
  explicit StreamList(Bytes native) noexcept : native_{native} {}
  [[nodiscard]] std::size_t size() const noexcept { return native_.size() / sizeof(std::uint16_t); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] Iterator begin() const noexcept { return Iterator{native_.data()}; }
  [[nodiscard]] Iterator end() const noexcept {
    return Iterator{native_.data() + size() * sizeof(std::uint16_t)};
  }
  /// Undefined unless `index < size()`.
  [[nodiscard]] StreamId operator[](std::size_t index) const noexcept {
    return *Iterator{native_.data() + index * sizeof(std::uint16_t)};
  }

 private:
  Bytes native_;
};

/// Streams begin anew with the number 0. SCTP_STREAM_RESET_EVENT, RFC 6525 6.1.1.
struct StreamReset {
  static constexpr EventType type = EventType::stream_reset;

  Reconfiguration result{};
  bool outgoing = false;  ///< streams that we send on
  bool incoming = false;  ///< streams that the peer sends on
  AssociationId association{};
  StreamList streams{};  ///< empty: all of them
};

/// All streams and both transmission sequence numbers begin anew. SCTP_ASSOC_RESET_EVENT, RFC 6525 6.1.2.
struct AssociationReset {
  static constexpr EventType type = EventType::association_reset;

  Reconfiguration result{};
  std::uint32_t local_tsn = 0;   ///< the next that we send; 0 unless `done`
  std::uint32_t remote_tsn = 0;  ///< the next that the peer sends; 0 unless `done`
  AssociationId association{};
};

/// There are more streams. The two directions come as two events. SCTP_STREAM_CHANGE_EVENT, RFC 6525 6.1.3.
struct StreamChange {
  static constexpr EventType type = EventType::stream_change;

  Reconfiguration result{};
  std::uint16_t added_outgoing = 0;  ///< how many more, not how many there are: ask option::Status for that
  std::uint16_t added_incoming = 0;
  AssociationId association{};
};

/// An event that this version of the library does not know, or a kernel newer than it: kept as it came.
struct UnknownNotification {
  std::uint16_t type = 0;  ///< SCTP_SN_TYPE_BASE + n
  std::uint16_t flags = 0;
  Bytes record{};  ///< all of it, header included, in the kernel's byte order
};

/// Any event.
using Notification =
    std::variant<UnknownNotification, AssociationChange, PeerAddressChange, RemoteError, SendFailed,
                 ShutdownReceived, PartialDeliveryAborted, AdaptationIndication, AuthenticationEvent,
                 SenderDry, StreamReset, AssociationReset, StreamChange>;

/// An event that one may subscribe to.
template <class Event>
concept Subscribable = requires {
  { Event::type } -> std::convertible_to<EventType>;
};
/// An event that the library can do without.
template <class Event>
concept Unsubscribable = Subscribable<Event> && !requires { Event::always_subscribed; };

/// The event in a record that was read with MSG_NOTIFICATION, up to MSG_EOR. Pure: no call, no allocation,
/// and never a look beyond the record. A record longer than its type needs is fine, a shorter one is
/// Errc::malformed_notification (the record is then returned as UnknownNotification). The result borrows from
/// `record`. Of SendFailed it knows one chunk.
[[nodiscard]] SCTPXX_EXPORT Notification decode_notification(Bytes record, std::error_code& error) noexcept;

/// The association that the event is about; 0 where it has no number, or is unknown.
[[nodiscard]] SCTPXX_EXPORT AssociationId association_of(const Notification& event);

/// Names for people; a number for what has no name.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(EventType type);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(AssociationChange::State state);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(AssociationChange::End end);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(PeerAddressChange::State state);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(PeerAddressChange::Reason reason);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(AuthenticationEvent::State state);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(Reconfiguration result);

/// The event in one line: "association 5 is up, 10 streams out, 10 in". What came from the peer is escaped
/// and cut, so that it cannot make two.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const Notification& event);

}  // namespace sctp::inline v0

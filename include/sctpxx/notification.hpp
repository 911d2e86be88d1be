// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <variant>

#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>

namespace sctp::inline v0 {

/// Why one side aborted, as a number on the wire. An open set: the peer may send any. RFC 9260 3.3.10.
enum class Cause : std::uint16_t {
  none = 0,
  invalid_stream = 1,
  missing_parameter = 2,
  stale_cookie = 3,
  out_of_resource = 4,
  unresolvable_address = 5,
  unrecognized_chunk = 6,
  invalid_parameter = 7,
  unrecognized_parameters = 8,
  no_user_data = 9,
  cookie_while_shutting_down = 10,
  restart_with_new_addresses = 11,
  user_initiated_abort = 12,
  protocol_violation = 13,
};

/// An association came up, ended, or was replaced. SCTP_ASSOC_CHANGE, RFC 6458 6.1.1.
struct AssociationChange {
  /// An open set: a newer kernel may know more.
  enum class State : std::uint16_t {
    up = 0,                 ///< SCTP_COMM_UP: the peer is there; the stream counts are the negotiated ones
    lost = 1,               ///< SCTP_COMM_LOST: aborted by either side, or no answer for too long
    restarted = 2,          ///< SCTP_RESTART: the peer began anew; what was between the two of you is gone
    shutdown_complete = 3,  ///< SCTP_SHUTDOWN_COMP: ended gracefully, everything delivered
    cannot_start = 4,       ///< SCTP_CANT_STR_ASSOC: the setup was refused or nobody answered
  };
  State state{};
  Cause cause{};  ///< for `lost`: what the ABORT said; `none` when it said nothing, or nobody answered
  std::uint16_t outgoing_streams = 0;  ///< for `up` and `restarted`: streams that we may send on; else 0
  std::uint16_t incoming_streams = 0;  ///< likewise: streams that the peer may send on
  AssociationId association{};         ///< 0 with `cannot_start` when the setup had no number yet
  Bytes info;                          ///< the error causes of the peer's ABORT, as on the wire; may be empty
};

/// The peer sent SHUTDOWN: all of its messages have arrived, and new ones of ours are refused.
/// SCTP_SHUTDOWN_EVENT, RFC 6458 6.1.5.
struct ShutdownReceived {
  AssociationId association{};
};

/// A message that had begun to arrive will never be complete, and was dropped. SCTP_PARTIAL_DELIVERY_EVENT,
/// RFC 6458 6.1.7. Also made by the library where the kernel is silent: when the association ended or
/// restarted in the middle of the message.
struct PartialDeliveryAborted {
  AssociationId association{};
  StreamId stream{};  ///< of the message, even where the kernel's own event does not say
  bool unordered = false;
  std::size_t received = 0;  ///< how many of its bytes had come
};

/// An event that this version of the library does not know, or a kernel newer than it: kept as it came.
struct UnknownNotification {
  std::uint16_t type = 0;  ///< SCTP_SN_TYPE_BASE + n, as in `<linux/sctp.h>`
  std::uint16_t flags = 0;
  Bytes record;  ///< all of it, header included, in the kernel's byte order
};

/// What the kernel tells beside the messages. Views in it lie in the ReceiveBuffer and are dead at the next
/// receive with that buffer.
using Notification =
    std::variant<UnknownNotification, AssociationChange, ShutdownReceived, PartialDeliveryAborted>;

/// The event in a record that was read with MSG_NOTIFICATION, up to MSG_EOR. Pure: no call, no allocation,
/// and never a look beyond the record. A record longer than its type needs is fine, a shorter one is
/// Errc::malformed_notification (the record is then returned as UnknownNotification). The result borrows from
/// `record`.
[[nodiscard]] SCTPXX_EXPORT Notification decode_notification(Bytes record, std::error_code& error) noexcept;

/// Names for people: "user initiated abort"; a number for what has no name.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(Cause cause);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(AssociationChange::State state);

/// The event in one line: "association 5 is up, 10 streams out, 10 in".
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const AssociationChange& event);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const ShutdownReceived& event);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const PartialDeliveryAborted& event);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const UnknownNotification& event);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const Notification& event);

}  // namespace sctp::inline v0

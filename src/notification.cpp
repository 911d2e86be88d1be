// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/notification.hpp>

#include <algorithm>
#include <cstring>

#include <sctpxx/error.hpp>

#include "native.hpp"

namespace sctp::inline v0 {
namespace {

static_assert(sizeof(sctp_assoc_change) == 20 && sizeof(sctp_shutdown_event) == 12 &&
              sizeof(sctp_pdapi_event) == 24);
static_assert(SCTP_COMM_UP == int(AssociationChange::State::up) &&
              SCTP_COMM_LOST == int(AssociationChange::State::lost) &&
              SCTP_RESTART == int(AssociationChange::State::restarted) &&
              SCTP_SHUTDOWN_COMP == int(AssociationChange::State::shutdown_complete) &&
              SCTP_CANT_STR_ASSOC == int(AssociationChange::State::cannot_start));

/// The header that every event begins with; the kernel's union names it differently in each.
struct Header {
  std::uint16_t type;
  std::uint16_t flags;
  std::uint32_t length;
};

/// Copies the structure at the record's start: a record is not aligned for it. False when it is too short.
template <class Native>
bool copy(Bytes record, Native& native) noexcept {
  if (record.size() < sizeof native) return false;
  std::memcpy(&native, record.data(), sizeof native);
  return true;
}

AssociationChange association_change(const sctp_assoc_change& native, Bytes info) noexcept {
  return {
      .state = AssociationChange::State{native.sac_state},
      .cause = Cause{ntohs(native.sac_error)},  // the kernel copies it from the wire as it is
      .outgoing_streams = native.sac_outbound_streams,
      .incoming_streams = native.sac_inbound_streams,
      .association = AssociationId{native.sac_assoc_id},
      .info = info,
  };
}

/// Stream and order are zero unless the association uses I-DATA; the ReceiveBuffer knows them from the
/// message.
PartialDeliveryAborted partial_delivery_aborted(const sctp_pdapi_event& native) noexcept {
  return {
      .association = AssociationId{native.pdapi_assoc_id},
      .stream = StreamId{static_cast<std::uint16_t>(native.pdapi_stream)},
      .unordered = (native.pdapi_flags & SCTP_UNORDERED) != 0,
  };
}

}  // namespace

Notification decode_notification(Bytes record, std::error_code& error) noexcept {
  error.clear();
  Header header{};
  if (copy(record, header)) {
    record = record.first(
        std::min<std::size_t>(record.size(), std::max<std::size_t>(header.length, sizeof header)));
    switch (header.type) {
      case SCTP_ASSOC_CHANGE:
        if (sctp_assoc_change native; copy(record, native)) {
          return association_change(native, record.subspan(sizeof native));
        }
        break;
      case SCTP_SHUTDOWN_EVENT:
        if (sctp_shutdown_event native; copy(record, native)) {
          return ShutdownReceived{.association = AssociationId{native.sse_assoc_id}};
        }
        break;
      case SCTP_PARTIAL_DELIVERY_EVENT:
        if (sctp_pdapi_event native; copy(record, native)) return partial_delivery_aborted(native);
        break;
      default: return UnknownNotification{.type = header.type, .flags = header.flags, .record = record};
    }
  }
  error = Errc::malformed_notification;
  return UnknownNotification{.type = header.type, .flags = header.flags, .record = record};
}

std::string to_string(Cause cause) {
  switch (cause) {
    case Cause::none: return "no cause given";
    case Cause::invalid_stream: return "invalid stream identifier";
    case Cause::missing_parameter: return "missing mandatory parameter";
    case Cause::stale_cookie: return "stale cookie";
    case Cause::out_of_resource: return "out of resource";
    case Cause::unresolvable_address: return "unresolvable address";
    case Cause::unrecognized_chunk: return "unrecognized chunk type";
    case Cause::invalid_parameter: return "invalid mandatory parameter";
    case Cause::unrecognized_parameters: return "unrecognized parameters";
    case Cause::no_user_data: return "no user data";
    case Cause::cookie_while_shutting_down: return "cookie received while shutting down";
    case Cause::restart_with_new_addresses: return "restart of an association with new addresses";
    case Cause::user_initiated_abort: return "user initiated abort";
    case Cause::protocol_violation: return "protocol violation";
  }
  return "cause " + std::to_string(static_cast<std::uint16_t>(cause));
}

std::string to_string(AssociationChange::State state) {
  switch (state) {
    case AssociationChange::State::up: return "up";
    case AssociationChange::State::lost: return "lost";
    case AssociationChange::State::restarted: return "restarted";
    case AssociationChange::State::shutdown_complete: return "shut down";
    case AssociationChange::State::cannot_start: return "unable to start";
  }
  return "in state " + std::to_string(static_cast<std::uint16_t>(state));
}

std::string to_string(const AssociationChange& event) {
  using enum AssociationChange::State;
  std::string text = "association " + to_string(event.association) + " is " + to_string(event.state);
  if (event.state == up || event.state == restarted) {
    text += ", " + std::to_string(event.outgoing_streams) + " streams out, " +
            std::to_string(event.incoming_streams) + " in";
  } else if (event.state == lost) {
    text += event.cause == Cause::none ? ", no answer, or an ABORT without a cause"
                                       : ", " + to_string(event.cause);
  }
  return text;
}

std::string to_string(const ShutdownReceived& event) {
  return "association " + to_string(event.association) + ": the peer shuts down";
}

std::string to_string(const PartialDeliveryAborted& event) {
  return "association " + to_string(event.association) + ": a message on stream " + to_string(event.stream) +
         (event.unordered ? ", unordered," : "") + " was aborted after " + std::to_string(event.received) +
         " bytes";
}

std::string to_string(const UnknownNotification& event) {
  return "unknown event of type " + std::to_string(event.type) + ", " + std::to_string(event.record.size()) +
         " bytes";
}

std::string to_string(const Notification& event) {
  return std::visit([](const auto& one) { return to_string(one); }, event);
}

}  // namespace sctp::inline v0

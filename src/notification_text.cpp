// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/notification.hpp>

#include "escaped.hpp"
#include "number.hpp"

namespace sctp::inline v0 {
namespace {

constexpr std::size_t most_listed = 16;  // a peer decides how many there are

std::string of(AssociationId association) { return "association " + to_string(association); }

std::string bytes(std::size_t count) { return std::to_string(count) + (count == 1 ? " byte" : " bytes"); }

std::string ending(Reconfiguration result) {
  return result == Reconfiguration::done ? "" : ": " + to_string(result);
}

std::string describe(const AssociationChange& event) {
  using enum AssociationChange::State;
  std::string text = of(event.association) + " is " + to_string(event.state);
  switch (event.state) {
    case up:
    case restarted:
      return text + ", " + std::to_string(event.outgoing_streams) + " streams out, " +
             std::to_string(event.incoming_streams) + " in";
    case cannot_start: return event.cause == Cause::none ? text : text + ": " + to_string(event.cause);
    default: break;
  }
  if (event.end != AssociationChange::End::none) text += ", " + to_string(event.end);
  std::size_t causes = 0;
  for (const ErrorCause& one : ErrorCauses{event.info}) {
    if (causes == most_listed) return text + ", …";
    text += (causes == 0 ? ": " : ", ") + to_string(one);
    ++causes;
  }
  return causes != 0 || event.cause == Cause::none ? text : text + ": " + to_string(event.cause);
}

std::string describe(const PeerAddressChange& event) {
  using enum PeerAddressChange::State;
  const bool has_reason =
      event.state == available || event.state == unreachable || event.state == potentially_failed;
  return of(event.association) + ": address " + to_string(event.address) + " is " + to_string(event.state) +
         (has_reason ? ", " + to_string(event.reason) : "");
}

std::string describe(const RemoteError& event) {
  std::string text = of(event.association) + ": the peer reports: " + to_string(event.cause);
  // g++ 12 warns of `" " + escaped(…)` at -O3 (-Wrestrict).
  if (!event.value.empty()) text.append(" ").append(escaped(event.value));
  return text;
}

std::string describe(const SendFailed& event) {
  const bool whole = event.begins && event.ends;
  return of(event.association) + ": a message" + (whole ? " of " : ", at least ") +
         bytes(event.payload.size()) + " on stream " + to_string(event.stream) + ", context " +
         std::to_string(event.context) + ", was given up" + (event.sent ? "" : " unsent") +
         (event.cause == Cause::none ? "" : ": " + to_string(event.cause));
}

std::string describe(const ShutdownReceived& event) {
  return of(event.association) + ": the peer shuts down";
}

std::string describe(const PartialDeliveryAborted& event) {
  return of(event.association) + ": a message on stream " + to_string(event.stream) +
         (event.unordered ? ", unordered," : "") + " was aborted after " + bytes(event.received);
}

std::string describe(const AdaptationIndication& event) {
  return of(event.association) + ": the peer's adaptation layer is " + std::to_string(event.value);
}

std::string describe(const AuthenticationEvent& event) {
  const bool has_key = event.state != AuthenticationEvent::State::not_supported;
  return of(event.association) + ": authentication " + to_string(event.state) +
         (has_key ? ", key " + std::to_string(event.key) : "");
}

std::string describe(const SenderDry& event) {
  return of(event.association) + ": everything sent is acknowledged";
}

std::string describe(const StreamReset& event) {
  std::string text = of(event.association) + ": reset of ";
  if (event.outgoing) text += "outgoing ";
  if (event.outgoing && event.incoming) text += "and ";
  if (event.incoming) text += "incoming ";
  if (event.streams.empty()) return text + "streams, all of them" + ending(event.result);
  text += "streams";
  for (std::size_t i = 0; i != event.streams.size() && i != most_listed; ++i) {
    text += (i == 0 ? " " : ", ") + to_string(event.streams[i]);
  }
  if (event.streams.size() > most_listed) {
    text += " and " + std::to_string(event.streams.size() - most_listed) + " more";
  }
  return text + ending(event.result);
}

std::string describe(const AssociationReset& event) {
  return of(event.association) + ": reset of all streams and numbers" + ending(event.result);
}

std::string describe(const StreamChange& event) {
  return of(event.association) + ": " + std::to_string(event.added_outgoing) + " more streams out, " +
         std::to_string(event.added_incoming) + " more in" + ending(event.result);
}

std::string describe(const UnknownNotification& event) {
  return "unknown event of type " + std::to_string(event.type) + ", " + bytes(event.record.size());
}

}  // namespace

std::string to_string(EventType type) {
  switch (type) {
    case EventType::association_change: return "association change";
    case EventType::peer_address_change: return "peer address change";
    case EventType::send_failed_before_5_5:
    case EventType::send_failed: return "send failed";
    case EventType::remote_error: return "remote error";
    case EventType::shutdown_received: return "shutdown received";
    case EventType::partial_delivery_aborted: return "partial delivery aborted";
    case EventType::adaptation_indication: return "adaptation indication";
    case EventType::authentication: return "authentication";
    case EventType::sender_dry: return "sender dry";
    case EventType::stream_reset: return "stream reset";
    case EventType::association_reset: return "association reset";
    case EventType::stream_change: return "stream change";
  }
  return "event " + number(type);
}

std::string to_string(AssociationChange::State state) {
  switch (state) {
    case AssociationChange::State::up: return "up";
    case AssociationChange::State::lost: return "lost";
    case AssociationChange::State::restarted: return "restarted";
    case AssociationChange::State::shutdown_complete: return "shut down";
    case AssociationChange::State::cannot_start: return "unable to start";
  }
  return "in state " + number(state);
}

std::string to_string(AssociationChange::End end) {
  switch (end) {
    case AssociationChange::End::none: return "not ended";
    case AssociationChange::End::own_shutdown: return "by us";
    case AssociationChange::End::peer_shutdown: return "by the peer";
    case AssociationChange::End::own_abort: return "aborted by us";
    case AssociationChange::End::peer_abort: return "aborted by the peer";
    case AssociationChange::End::timeout: return "no answer";
    case AssociationChange::End::untold: return "ended without a word";
    case AssociationChange::End::no_setup: return "not set up";
  }
  return "end " + number(end);
}

std::string to_string(PeerAddressChange::State state) {
  switch (state) {
    case PeerAddressChange::State::available: return "available";
    case PeerAddressChange::State::unreachable: return "unreachable";
    case PeerAddressChange::State::removed: return "removed";
    case PeerAddressChange::State::added: return "added";
    case PeerAddressChange::State::made_primary: return "the primary";
    case PeerAddressChange::State::confirmed: return "confirmed";
    case PeerAddressChange::State::potentially_failed: return "potentially failed";
  }
  return "in state " + number(state);
}

std::string to_string(PeerAddressChange::Reason reason) {
  switch (reason) {
    case PeerAddressChange::Reason::failed_threshold: return "too many retransmissions";
    case PeerAddressChange::Reason::received_sack: return "acknowledged data";
    case PeerAddressChange::Reason::heartbeat_success: return "answered a heartbeat";
    case PeerAddressChange::Reason::response_to_user: return "as the user asked";
    case PeerAddressChange::Reason::internal_error: return "internal error";
    case PeerAddressChange::Reason::shutdown_guard_expired: return "shutdown took too long";
    case PeerAddressChange::Reason::peer_faulty: return "faulty peer";
  }
  return "reason " + number(reason);
}

std::string to_string(AuthenticationEvent::State state) {
  switch (state) {
    case AuthenticationEvent::State::new_key: return "with another key";
    case AuthenticationEvent::State::key_freed: return "key out of use";
    case AuthenticationEvent::State::not_supported: return "not supported by the peer";
  }
  return "in state " + number(state);
}

std::string to_string(Reconfiguration result) {
  switch (result) {
    case Reconfiguration::done: return "done";
    case Reconfiguration::denied: return "denied";
    case Reconfiguration::failed: return "failed";
  }
  return "result " + number(result);
}

std::string to_string(const Notification& event) {
  return std::visit([](const auto& one) { return describe(one); }, event);
}

}  // namespace sctp::inline v0

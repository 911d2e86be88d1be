// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/notification.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include <sctpxx/error.hpp>

#include "native.hpp"

namespace sctp::inline v0 {
namespace {

static_assert(sizeof(sctp_assoc_change) == 20 && sizeof(sctp_paddr_change) == 148 &&
              sizeof(sctp_remote_error) == 16 && sizeof(sctp_send_failed) == 48 &&
              sizeof(sctp_send_failed_event) == 32 && sizeof(sctp_shutdown_event) == 12 &&
              sizeof(sctp_adaptation_event) == 16 && sizeof(sctp_pdapi_event) == 24 &&
              sizeof(sctp_authkey_event) == 20 && sizeof(sctp_sender_dry_event) == 12 &&
              sizeof(sctp_stream_reset_event) == 12 && sizeof(sctp_assoc_reset_event) == 20 &&
              sizeof(sctp_stream_change_event) == 16);
static_assert(SCTP_COMM_UP == int(AssociationChange::State::up) &&
              SCTP_COMM_LOST == int(AssociationChange::State::lost) &&
              SCTP_RESTART == int(AssociationChange::State::restarted) &&
              SCTP_SHUTDOWN_COMP == int(AssociationChange::State::shutdown_complete) &&
              SCTP_CANT_STR_ASSOC == int(AssociationChange::State::cannot_start));
static_assert(SCTP_ADDR_AVAILABLE == int(PeerAddressChange::State::available) &&
              SCTP_ADDR_UNREACHABLE == int(PeerAddressChange::State::unreachable) &&
              SCTP_ADDR_POTENTIALLY_FAILED == int(PeerAddressChange::State::potentially_failed) &&
              SCTP_PEER_FAULTY == int(PeerAddressChange::Reason::peer_faulty));
static_assert(SCTP_AUTH_NEW_KEY == int(AuthenticationEvent::State::new_key) &&
              SCTP_AUTH_FREE_KEY == int(AuthenticationEvent::State::key_freed) &&
              SCTP_AUTH_NO_AUTH == int(AuthenticationEvent::State::not_supported));
static_assert(SCTP_ASSOC_CHANGE == int(EventType::association_change) &&
              SCTP_SEND_FAILED == int(EventType::send_failed_before_5_5) &&
              SCTP_STREAM_CHANGE_EVENT == int(EventType::stream_change) &&
              SCTP_SEND_FAILED_EVENT == int(EventType::send_failed));

/// The header that every event begins with; the kernel's union names it differently in each.
struct Header {
  std::uint16_t type;
  std::uint16_t flags;
  std::uint32_t length;
};

/// How much of a structure a record must have: all, or what the oldest kernels wrote.
template <class Native>
constexpr std::size_t required = sizeof(Native);
template <>
constexpr std::size_t required<sctp_pdapi_event> = offsetof(sctp_pdapi_event, pdapi_stream);  // before 5.0

/// Copies the structure at the record's start: a record is not aligned for it. False when it is too short.
template <class Native>
bool copy(Bytes record, Native& native) noexcept {
  if (record.size() < required<Native>) return false;
  std::memcpy(&native, record.data(), std::min(record.size(), sizeof native));
  return true;
}

/// The kernel copies causes from the wire as they are, into whatever field is there.
Cause cause(std::uint32_t from_wire) noexcept { return Cause{ntohs(static_cast<std::uint16_t>(from_wire))}; }

AssociationChange::End end_of(AssociationChange::State state, Cause why, Bytes info) noexcept {
  using enum AssociationChange::State;
  using End = AssociationChange::End;
  switch (state) {
    case up:
    case restarted: return End::none;
    case shutdown_complete: return End::own_shutdown;
    case cannot_start: return End::no_setup;
    case lost: break;
    default: return End::none;
  }
  // The kernel passes the peer's ABORT on, and has nothing to pass on of its own.
  if (!info.empty()) return End::peer_abort;
  return why == Cause::none ? End::timeout : End::own_abort;
}

AssociationChange decode(const sctp_assoc_change& native, Bytes info) noexcept {
  const AssociationChange::State state{native.sac_state};
  const Cause why = cause(native.sac_error);
  return {
      .state = state,
      .end = end_of(state, why, info),
      .cause = why,
      .outgoing_streams = native.sac_outbound_streams,
      .incoming_streams = native.sac_inbound_streams,
      .association = AssociationId{native.sac_assoc_id},
      .info = info,
  };
}

PeerAddressChange decode(const sctp_paddr_change& native, Bytes /*tail*/) noexcept {
  const Bytes address = std::as_bytes(std::span{&native, 1})
                            .subspan(offsetof(sctp_paddr_change, spc_aaddr), sizeof(sockaddr_storage));
  return {
      .state = static_cast<PeerAddressChange::State>(native.spc_state),
      .reason = static_cast<PeerAddressChange::Reason>(native.spc_error),
      .address = native::address_from(address).value_or(Address{}),
      .association = AssociationId{native.spc_assoc_id},
  };
}

RemoteError decode(const sctp_remote_error& native, Bytes value) noexcept {
  return {
      .cause = cause(native.sre_error),
      .association = AssociationId{native.sre_assoc_id},
      .value = value,
  };
}

/// What the two generations of this event have in common. `chunk` is the chunk's flags as on the wire.
SendFailed send_failed(std::uint16_t flags, std::uint32_t error, std::uint16_t chunk,
                       Bytes payload) noexcept {
  constexpr unsigned end = 1;
  constexpr unsigned beginning = 2;
  constexpr unsigned unordered = 4;
  SendFailed event;
  event.sent = flags == SCTP_DATA_SENT;
  event.begins = (chunk & beginning) != 0;
  event.ends = (chunk & end) != 0;
  event.unordered = (chunk & unordered) != 0;
  event.cause = cause(error);
  event.payload = payload;
  return event;
}

SendFailed decode(const sctp_send_failed_event& native, Bytes payload) noexcept {
  SendFailed event = send_failed(native.ssf_flags, native.ssf_error, native.ssfe_info.snd_flags, payload);
  event.stream = StreamId{native.ssfe_info.snd_sid};
  event.ppid = native::ppid_from_wire(native.ssfe_info.snd_ppid);
  event.context = native.ssfe_info.snd_context;
  event.association = AssociationId{native.ssf_assoc_id};
  return event;
}

SendFailed decode(const sctp_send_failed& native, Bytes payload) noexcept {
  SendFailed event = send_failed(native.ssf_flags, native.ssf_error, native.ssf_info.sinfo_flags, payload);
  event.stream = StreamId{native.ssf_info.sinfo_stream};
  event.ppid = native::ppid_from_wire(native.ssf_info.sinfo_ppid);
  event.context = native.ssf_info.sinfo_context;
  event.association = AssociationId{native.ssf_assoc_id};
  return event;
}

ShutdownReceived decode(const sctp_shutdown_event& native, Bytes /*tail*/) noexcept {
  return {.association = AssociationId{native.sse_assoc_id}};
}

/// Stream and order are zero unless the association uses I-DATA; the ReceiveBuffer knows them from the
/// message.
PartialDeliveryAborted decode(const sctp_pdapi_event& native, Bytes /*tail*/) noexcept {
  return {
      .association = AssociationId{native.pdapi_assoc_id},
      .stream = StreamId{static_cast<std::uint16_t>(native.pdapi_stream)},
      .unordered = (native.pdapi_flags & SCTP_UNORDERED) != 0,
  };
}

AdaptationIndication decode(const sctp_adaptation_event& native, Bytes /*tail*/) noexcept {
  return {.value = native.sai_adaptation_ind, .association = AssociationId{native.sai_assoc_id}};
}

AuthenticationEvent decode(const sctp_authkey_event& native, Bytes /*tail*/) noexcept {
  return {
      .state = AuthenticationEvent::State{native.auth_indication},
      .key = native.auth_keynumber,
      .association = AssociationId{native.auth_assoc_id},
  };
}

SenderDry decode(const sctp_sender_dry_event& native, Bytes /*tail*/) noexcept {
  return {.association = AssociationId{native.sender_dry_assoc_id}};
}

/// The bits are the same in all three events.
Reconfiguration result(std::uint16_t flags) noexcept {
  static_assert(SCTP_STREAM_RESET_DENIED == 4 && SCTP_STREAM_RESET_FAILED == 8);
  static_assert(SCTP_ASSOC_RESET_DENIED == 4 && SCTP_ASSOC_RESET_FAILED == 8);
  if ((flags & SCTP_STREAM_RESET_DENIED) != 0) return Reconfiguration::denied;
  if ((flags & SCTP_STREAM_RESET_FAILED) != 0) return Reconfiguration::failed;
  return Reconfiguration::done;
}

StreamReset decode(const sctp_stream_reset_event& native, Bytes streams) noexcept {
  return {
      .result = result(native.strreset_flags),
      .outgoing = (native.strreset_flags & SCTP_STREAM_RESET_OUTGOING_SSN) != 0,
      .incoming = (native.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0,
      .association = AssociationId{native.strreset_assoc_id},
      .streams = StreamList{streams},
  };
}

/// The kernel (6.1) has the two numbers the other way round: what it calls local is what the peer sends next.
AssociationReset decode(const sctp_assoc_reset_event& native, Bytes /*tail*/) noexcept {
  return {
      .result = result(native.assocreset_flags),
      .local_tsn = native.assocreset_remote_tsn,
      .remote_tsn = native.assocreset_local_tsn,
      .association = AssociationId{native.assocreset_assoc_id},
  };
}

StreamChange decode(const sctp_stream_change_event& native, Bytes /*tail*/) noexcept {
  return {
      .result = result(native.strchange_flags),
      .added_outgoing = native.strchange_outstrms,
      .added_incoming = native.strchange_instrms,
      .association = AssociationId{native.strchange_assoc_id},
  };
}

/// The event that `Native` is; `unknown` and an error when the record is too short for it.
template <class Native>
Notification decode_as(const UnknownNotification& unknown, std::error_code& error) noexcept {
  Native native{};
  if (copy(unknown.record, native)) {
    return decode(native, unknown.record.subspan(std::min(unknown.record.size(), sizeof native)));
  }
  error = Errc::malformed_notification;
  return unknown;
}

}  // namespace

Notification decode_notification(Bytes record, std::error_code& error) noexcept {
  error.clear();
  Header header{};
  if (!copy(record, header)) {
    error = Errc::malformed_notification;
    return UnknownNotification{.record = record};
  }
  const std::size_t length = std::max<std::size_t>(header.length, sizeof header);
  const UnknownNotification any{
      .type = header.type, .flags = header.flags, .record = record.first(std::min(record.size(), length))};
  switch (EventType{header.type}) {
    case EventType::association_change: return decode_as<sctp_assoc_change>(any, error);
    case EventType::peer_address_change: return decode_as<sctp_paddr_change>(any, error);
    case EventType::send_failed_before_5_5: return decode_as<sctp_send_failed>(any, error);
    case EventType::remote_error: return decode_as<sctp_remote_error>(any, error);
    case EventType::shutdown_received: return decode_as<sctp_shutdown_event>(any, error);
    case EventType::partial_delivery_aborted: return decode_as<sctp_pdapi_event>(any, error);
    case EventType::adaptation_indication: return decode_as<sctp_adaptation_event>(any, error);
    case EventType::authentication: return decode_as<sctp_authkey_event>(any, error);
    case EventType::sender_dry: return decode_as<sctp_sender_dry_event>(any, error);
    case EventType::stream_reset: return decode_as<sctp_stream_reset_event>(any, error);
    case EventType::association_reset: return decode_as<sctp_assoc_reset_event>(any, error);
    case EventType::stream_change: return decode_as<sctp_stream_change_event>(any, error);
    case EventType::send_failed: return decode_as<sctp_send_failed_event>(any, error);
  }
  return any;
}

AssociationId association_of(const Notification& event) {
  const auto association = [](const auto& one) {
    if constexpr (requires { one.association; }) return one.association;
    return AssociationId{};
  };
  return std::visit(association, event);
}

}  // namespace sctp::inline v0

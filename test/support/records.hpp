// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/notification.hpp>

#include <linux/sctp.h>

/// Events as the kernel writes them, byte for byte.
namespace sctp::test {

using Record = std::vector<std::byte>;

/// The structure and what follows it, with the length of both noted where every event has it.
template <class Native>
Record record_of(const Native& native, Bytes tail = {}) {
  Record record(sizeof native + tail.size());
  std::memcpy(record.data(), &native, sizeof native);
  if (!tail.empty()) std::memcpy(record.data() + sizeof native, tail.data(), tail.size());
  const auto length = static_cast<std::uint32_t>(record.size());
  std::memcpy(record.data() + 4, &length, sizeof length);
  return record;
}

struct ChangeFields {
  AssociationId association{};
  Cause cause{};
  std::uint16_t outgoing_streams = 0;
  std::uint16_t incoming_streams = 0;
  std::string_view info{};
};

/// SCTP_ASSOC_CHANGE. The cause stands there as it came from the wire, in network order.
inline Record assoc_change(AssociationChange::State state, const ChangeFields& fields = {}) {
  sctp_assoc_change native{};
  native.sac_type = SCTP_ASSOC_CHANGE;
  native.sac_state = static_cast<std::uint16_t>(state);
  native.sac_error = htons(static_cast<std::uint16_t>(fields.cause));
  native.sac_outbound_streams = fields.outgoing_streams;
  native.sac_inbound_streams = fields.incoming_streams;
  native.sac_assoc_id = static_cast<sctp_assoc_t>(fields.association);
  return record_of(native, as_bytes(fields.info));
}

/// SCTP_SHUTDOWN_EVENT.
inline Record shutdown_event(AssociationId association = {}) {
  sctp_shutdown_event native{};
  native.sse_type = SCTP_SHUTDOWN_EVENT;
  native.sse_assoc_id = static_cast<sctp_assoc_t>(association);
  return record_of(native);
}

/// SCTP_PARTIAL_DELIVERY_EVENT as under I-DATA. Without I-DATA stream and order are always 0.
inline Record partial_delivery_event(AssociationId association = {}, StreamId stream = {},
                                     bool unordered = false) {
  sctp_pdapi_event native{};
  native.pdapi_type = SCTP_PARTIAL_DELIVERY_EVENT;
  native.pdapi_flags = unordered ? SCTP_UNORDERED : 0;
  native.pdapi_stream = static_cast<std::uint16_t>(stream);
  native.pdapi_assoc_id = static_cast<sctp_assoc_t>(association);
  return record_of(native);
}

/// SCTP_PARTIAL_DELIVERY_EVENT of kernels before 5.0: it ends with the association.
inline Record old_partial_delivery_event(AssociationId association = {}) {
  Record record = partial_delivery_event(association);
  record.resize(16);
  record[4] = std::byte{16};
  return record;
}

struct AddressFields {
  PeerAddressChange::State state{};
  PeerAddressChange::Reason reason{};
  Address address{};
  AssociationId association{};
};

/// SCTP_PEER_ADDR_CHANGE. An address of an IPv6 socket is IPv6 always.
inline Record peer_addr_change(const AddressFields& fields = {}) {
  sctp_paddr_change native{};
  native.spc_type = SCTP_PEER_ADDR_CHANGE;
  native.spc_state = static_cast<int>(fields.state);
  native.spc_error = static_cast<int>(fields.reason);
  native.spc_assoc_id = static_cast<sctp_assoc_t>(fields.association);
  Record record = record_of(native);
  std::byte* at = record.data() + offsetof(sctp_paddr_change, spc_aaddr);
  const Bytes bytes = fields.address.bytes();
  if (fields.address.family() == Address::Family::v4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(fields.address.port());
    std::memcpy(&v4.sin_addr, bytes.data(), sizeof v4.sin_addr);
    std::memcpy(at, &v4, sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(fields.address.port());
    v6.sin6_scope_id = fields.address.scope();
    std::memcpy(&v6.sin6_addr, bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(at, &v6, sizeof v6);
  }
  return record;
}

/// SCTP_REMOTE_ERROR. The cause in network order; its value as it was on the wire, padding included.
inline Record remote_error(Cause cause = {}, AssociationId association = {}, std::string_view value = {}) {
  sctp_remote_error native{};
  native.sre_type = SCTP_REMOTE_ERROR;
  native.sre_error = htons(static_cast<std::uint16_t>(cause));
  native.sre_assoc_id = static_cast<sctp_assoc_t>(association);
  return record_of(native, as_bytes(value));
}

struct FailedFields {
  bool sent = false;
  bool begins = true;
  bool ends = true;
  bool unordered = false;
  Cause cause{};
  StreamId stream{};
  Ppid ppid{};
  std::uint32_t context = 0;
  AssociationId association{};
  std::string_view payload{};

  /// The flags of a DATA chunk, as on the wire.
  [[nodiscard]] std::uint16_t chunk_flags() const {
    return static_cast<std::uint16_t>((ends ? 1U : 0U) | (begins ? 2U : 0U) | (unordered ? 4U : 0U));
  }
};

/// SCTP_SEND_FAILED_EVENT, of one chunk. The cause is two bytes in network order in a field of four. The
/// association that the sender named is in it too, and may be none.
inline Record send_failed_event(const FailedFields& fields = {}) {
  sctp_send_failed_event native{};
  native.ssf_type = SCTP_SEND_FAILED_EVENT;
  native.ssf_flags = fields.sent ? SCTP_DATA_SENT : SCTP_DATA_UNSENT;
  native.ssf_error = htons(static_cast<std::uint16_t>(fields.cause));
  native.ssfe_info.snd_sid = static_cast<std::uint16_t>(fields.stream);
  native.ssfe_info.snd_flags = fields.chunk_flags();
  native.ssfe_info.snd_ppid = htonl(static_cast<std::uint32_t>(fields.ppid));
  native.ssfe_info.snd_context = fields.context;
  native.ssf_assoc_id = static_cast<sctp_assoc_t>(fields.association);
  return record_of(native, as_bytes(fields.payload));
}

/// SCTP_SEND_FAILED, which is all that kernels before 5.5 have.
inline Record old_send_failed(const FailedFields& fields = {}) {
  sctp_send_failed native{};
  native.ssf_type = SCTP_SEND_FAILED;
  native.ssf_flags = fields.sent ? SCTP_DATA_SENT : SCTP_DATA_UNSENT;
  native.ssf_error = htons(static_cast<std::uint16_t>(fields.cause));
  native.ssf_info.sinfo_stream = static_cast<std::uint16_t>(fields.stream);
  native.ssf_info.sinfo_ssn = 0x5a5a;
  native.ssf_info.sinfo_flags = fields.chunk_flags();
  native.ssf_info.sinfo_ppid = htonl(static_cast<std::uint32_t>(fields.ppid));
  native.ssf_info.sinfo_context = fields.context;
  native.ssf_info.sinfo_timetolive = 0x5a5a;
  native.ssf_assoc_id = static_cast<sctp_assoc_t>(fields.association);
  return record_of(native, as_bytes(fields.payload));
}

/// SCTP_ADAPTATION_INDICATION.
inline Record adaptation_event(std::uint32_t value = 0, AssociationId association = {}) {
  sctp_adaptation_event native{};
  native.sai_type = SCTP_ADAPTATION_INDICATION;
  native.sai_adaptation_ind = value;
  native.sai_assoc_id = static_cast<sctp_assoc_t>(association);
  return record_of(native);
}

/// SCTP_AUTHENTICATION_EVENT.
inline Record authentication_event(AuthenticationEvent::State state = {}, std::uint16_t key = 0,
                                   AssociationId association = {}) {
  sctp_authkey_event native{};
  native.auth_type = SCTP_AUTHENTICATION_EVENT;
  native.auth_keynumber = key;
  native.auth_altkeynumber = 0x5a5a;
  native.auth_indication = static_cast<std::uint32_t>(state);
  native.auth_assoc_id = static_cast<sctp_assoc_t>(association);
  return record_of(native);
}

/// SCTP_SENDER_DRY_EVENT.
inline Record sender_dry_event(AssociationId association = {}) {
  sctp_sender_dry_event native{};
  native.sender_dry_type = SCTP_SENDER_DRY_EVENT;
  native.sender_dry_assoc_id = static_cast<sctp_assoc_t>(association);
  return record_of(native);
}

/// SCTP_STREAM_RESET_EVENT, with the streams in the host's order. `flags`: incoming 1, outgoing 2, denied 4,
/// failed 8.
inline Record stream_reset_event(std::uint16_t flags = 0, AssociationId association = {},
                                 const std::vector<std::uint16_t>& streams = {}) {
  sctp_stream_reset_event native{};
  native.strreset_type = SCTP_STREAM_RESET_EVENT;
  native.strreset_flags = flags;
  native.strreset_assoc_id = static_cast<sctp_assoc_t>(association);
  return record_of(native, std::as_bytes(std::span{streams}));
}

/// SCTP_ASSOC_RESET_EVENT, with the two numbers as Linux has them: what it calls local is the peer's next.
/// `flags`: denied 4, failed 8; the numbers are 0 then.
inline Record assoc_reset_event(std::uint16_t flags = 0, AssociationId association = {},
                                std::uint32_t our_next = 0, std::uint32_t peers_next = 0) {
  sctp_assoc_reset_event native{};
  native.assocreset_type = SCTP_ASSOC_RESET_EVENT;
  native.assocreset_flags = flags;
  native.assocreset_assoc_id = static_cast<sctp_assoc_t>(association);
  native.assocreset_local_tsn = peers_next;
  native.assocreset_remote_tsn = our_next;
  return record_of(native);
}

/// SCTP_STREAM_CHANGE_EVENT. `flags`: denied 4, failed 8.
inline Record stream_change_event(std::uint16_t flags = 0, AssociationId association = {},
                                  std::uint16_t incoming = 0, std::uint16_t outgoing = 0) {
  sctp_stream_change_event native{};
  native.strchange_type = SCTP_STREAM_CHANGE_EVENT;
  native.strchange_flags = flags;
  native.strchange_assoc_id = static_cast<sctp_assoc_t>(association);
  native.strchange_instrms = incoming;
  native.strchange_outstrms = outgoing;
  return record_of(native);
}

/// An event of no type that there is.
inline Record unknown_event(std::uint16_t type, std::size_t size, std::uint16_t flags = 0) {
  struct {
    std::uint16_t type;
    std::uint16_t flags;
    std::uint32_t length;
  } header{type, flags, 0};
  return record_of(header, Record(size - sizeof header, std::byte{0x5a}));
}

/// One of each kind, as short as it can be, of this association.
inline std::vector<Record> one_of_each(AssociationId association = {}) {
  return {
      assoc_change(AssociationChange::State::up, {.association = association}),
      peer_addr_change({.association = association}),
      old_send_failed({.association = association}),
      remote_error({}, association),
      shutdown_event(association),
      partial_delivery_event(association),
      adaptation_event(1, association),
      authentication_event({}, 0, association),
      sender_dry_event(association),
      stream_reset_event(0, association),
      assoc_reset_event(0, association),
      stream_change_event(0, association),
      send_failed_event({.association = association}),
  };
}

}  // namespace sctp::test

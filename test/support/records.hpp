// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

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

/// An event of no type that there is.
inline Record unknown_event(std::uint16_t type, std::size_t size, std::uint16_t flags = 0) {
  struct {
    std::uint16_t type;
    std::uint16_t flags;
    std::uint32_t length;
  } header{type, flags, 0};
  return record_of(header, Record(size - sizeof header, std::byte{0x5a}));
}

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "reconfiguration.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/capability.hpp>

#include "native_option.hpp"

namespace sctp {
namespace {

static_assert(sizeof(sctp_reset_streams) == 8 && sizeof(sctp_add_streams) == 8);

/// For one that the peer has no part in, and for one that we have not allowed ourselves, the kernel says what
/// it says of an option that it does not know.
void explain(OptionTarget target, std::error_code& error) noexcept {
  if (error != std::errc::no_protocol_option) return;
  option::ReconfigSupported both;
  std::error_code unknown;
  get_option(target, both, unknown);
  if (unknown == std::errc::no_protocol_option) return;  // neither does it know that
  if (unknown || !both.on) {
    error = Errc::not_negotiated;
  } else {
    error = std::make_error_code(std::errc::operation_not_permitted);
  }
}

}  // namespace

void reset_streams(OptionTarget target, std::uint16_t directions, std::span<const StreamId> streams,
                   std::error_code& error) noexcept try {
  // Of a few hundred more the kernel (6.1, 6.12) makes a request that no packet can hold: it stays under way
  // for ever, and nothing else leaves.
  constexpr std::size_t most = 16000;
  if (streams.size() > most) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  sctp_reset_streams request{};
  request.srs_assoc_id = native::whom(target);
  request.srs_flags = directions;
  request.srs_number_streams = static_cast<std::uint16_t>(streams.size());
  const Bytes list = std::as_bytes(streams);
  std::vector<std::byte> bytes(sizeof request + list.size());
  std::memcpy(bytes.data(), &request, sizeof request);
  if (!list.empty()) std::memcpy(bytes.data() + sizeof request, list.data(), list.size());
  native::set_bytes(target.fd, IPPROTO_SCTP, SCTP_RESET_STREAMS, bytes, error);
  explain(target, error);
  if (error != std::errc::invalid_argument) return;
  option::Status status;
  std::error_code unknown;
  get_option(target, status, unknown);
  if (unknown) return;
  const auto is_beyond = [&](StreamId stream) {
    const auto number = native::to_native(stream);
    return ((directions & SCTP_STREAM_RESET_OUTGOING) != 0 && number >= status.outgoing_streams) ||
           ((directions & SCTP_STREAM_RESET_INCOMING) != 0 && number >= status.incoming_streams);
  };
  if (std::ranges::any_of(streams, is_beyond)) error = Errc::no_such_stream;
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
}

void add_streams(OptionTarget target, std::uint16_t outgoing, std::uint16_t incoming,
                 std::error_code& error) noexcept {
  sctp_add_streams request{};
  request.sas_assoc_id = native::whom(target);
  request.sas_outstrms = outgoing;
  request.sas_instrms = incoming;
  native::set_native(target.fd, IPPROTO_SCTP, SCTP_ADD_STREAMS, request, error);
  explain(target, error);
}

void reset_association(OptionTarget target, std::error_code& error) noexcept {
  native::set_native(target.fd, IPPROTO_SCTP, SCTP_RESET_ASSOC, native::whom(target), error);
  explain(target, error);
}

}  // namespace sctp

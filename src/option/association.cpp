// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/association.hpp>

#include <limits>

#include <sctpxx/error.hpp>

#include "native_option.hpp"

namespace sctp::inline v0::option {
namespace {

using native::get_native;
using native::set_native;

static_assert(sizeof(sctp_initmsg) == 8 && sizeof(sctp_rtoinfo) == 16 && sizeof(sctp_status) == 176);
static_assert(SCTP_ESTABLISHED == int(Status::State::established) &&
              SCTP_SHUTDOWN_ACK_SENT == int(Status::State::shutdown_ack_sent));

}  // namespace

void set_option(OptionTarget target, const InitMsg& value, std::error_code& error) noexcept {
  error.clear();
  sctp_initmsg init{};
  native::set_count(value.outgoing_streams, init.sinit_num_ostreams, error);
  native::set_count(value.incoming_streams, init.sinit_max_instreams, error);
  native::set_count(value.attempts, init.sinit_max_attempts, error);
  native::set_milliseconds(value.longest_pause, init.sinit_max_init_timeo, error);
  if (!error) set_native(target.fd, IPPROTO_SCTP, SCTP_INITMSG, init, error);
}

void get_option(OptionTarget target, InitMsg& value, std::error_code& error) noexcept {
  sctp_initmsg init{};
  get_native(target.fd, IPPROTO_SCTP, SCTP_INITMSG, init, error);
  if (error) return;
  value = {
      .outgoing_streams = init.sinit_num_ostreams,
      .incoming_streams = init.sinit_max_instreams,
      .attempts = init.sinit_max_attempts,
      .longest_pause = std::chrono::milliseconds{init.sinit_max_init_timeo},
  };
}

void set_option(OptionTarget target, const RtoInfo& value, std::error_code& error) noexcept {
  error.clear();
  sctp_rtoinfo rto{};
  rto.srto_assoc_id = native::to_native(target.association);
  native::set_milliseconds(value.initial, rto.srto_initial, error);
  native::set_milliseconds(value.max, rto.srto_max, error);
  native::set_milliseconds(value.min, rto.srto_min, error);
  if (!error) set_native(target.fd, IPPROTO_SCTP, SCTP_RTOINFO, rto, error);
}

void get_option(OptionTarget target, RtoInfo& value, std::error_code& error) noexcept {
  sctp_rtoinfo rto{};
  rto.srto_assoc_id = native::to_native(target.association);
  get_native(target.fd, IPPROTO_SCTP, SCTP_RTOINFO, rto, error);
  if (error) return;
  value = {
      .initial = std::chrono::milliseconds{rto.srto_initial},
      .max = std::chrono::milliseconds{rto.srto_max},
      .min = std::chrono::milliseconds{rto.srto_min},
  };
}

void set_option(OptionTarget target, const AutoClose& value, std::error_code& error) noexcept {
  const auto seconds = value.idle.value_or(std::chrono::seconds{0}).count();
  if ((value.idle && seconds <= 0) || seconds > std::numeric_limits<int>::max()) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  set_native(target.fd, IPPROTO_SCTP, SCTP_AUTOCLOSE, static_cast<int>(seconds), error);
  AutoClose taken;
  if (!error) get_option(target, taken, error);
  if (!error && taken.idle != value.idle) error = Errc::value_not_taken;
}

void get_option(OptionTarget target, AutoClose& value, std::error_code& error) noexcept {
  int seconds = 0;
  get_native(target.fd, IPPROTO_SCTP, SCTP_AUTOCLOSE, seconds, error);
  if (error) return;
  value.idle.reset();
  if (seconds != 0) value.idle = std::chrono::seconds{seconds};
}

void get_option(OptionTarget target, Status& value, std::error_code& error) noexcept {
  sctp_status status{};
  status.sstat_assoc_id = native::to_native(target.association);
  get_native(target.fd, IPPROTO_SCTP, SCTP_STATUS, status, error);
  if (error) return;
  value = {
      .association = AssociationId{status.sstat_assoc_id},
      .state = Status::State{status.sstat_state},
      .peer_window = status.sstat_rwnd,
      .unacknowledged_chunks = status.sstat_unackdata,
      .chunks_beyond_gap = status.sstat_penddata,
      .outgoing_streams = status.sstat_outstrms,
      .incoming_streams = status.sstat_instrms,
      .fragmentation_point = status.sstat_fragmentation_point,
      .primary = {},
  };
  // spinfo_address is misaligned in its packed structure: only its bytes may be looked at.
  const Bytes bytes = std::as_bytes(std::span{&status, 1});
  constexpr std::size_t offset =
      offsetof(sctp_status, sstat_primary) + offsetof(sctp_paddrinfo, spinfo_address);
  if (const auto primary = native::address_from(bytes.subspan(offset))) value.primary = *primary;
}

std::string to_string(Status::State state) {
  switch (state) {
    case Status::State::closed: return "CLOSED";
    case Status::State::cookie_wait: return "COOKIE-WAIT";
    case Status::State::cookie_echoed: return "COOKIE-ECHOED";
    case Status::State::established: return "ESTABLISHED";
    case Status::State::shutdown_pending: return "SHUTDOWN-PENDING";
    case Status::State::shutdown_sent: return "SHUTDOWN-SENT";
    case Status::State::shutdown_received: return "SHUTDOWN-RECEIVED";
    case Status::State::shutdown_ack_sent: return "SHUTDOWN-ACK-SENT";
  }
  return "state " + std::to_string(static_cast<std::int32_t>(state));
}

}  // namespace sctp::inline v0::option

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/association.hpp>

#include <limits>

#include <sctpxx/error.hpp>

#include "native_option.hpp"
#include "ticks.hpp"

namespace sctp::inline v0::option {
namespace {

using native::get_native;
using native::set_native;

static_assert(sizeof(sctp_initmsg) == 8 && sizeof(sctp_rtoinfo) == 16 && sizeof(sctp_status) == 176);
static_assert(sizeof(sctp_assocparams) == 20 && sizeof(sctp_setadaptation) == 4);
static_assert(sizeof(sctp_assoc_stats) == 256 && offsetof(sctp_assoc_stats, sas_maxrto) == 136);
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
  rto.srto_assoc_id = native::whom(target);
  native::set_milliseconds(value.initial, rto.srto_initial, error);
  native::set_milliseconds(value.max, rto.srto_max, error);
  native::set_milliseconds(value.min, rto.srto_min, error);
  if (!error) set_native(target.fd, IPPROTO_SCTP, SCTP_RTOINFO, rto, error);
}

void get_option(OptionTarget target, RtoInfo& value, std::error_code& error) noexcept {
  sctp_rtoinfo rto{};
  rto.srto_assoc_id = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, SCTP_RTOINFO, rto, error);
  if (error) return;
  value = {
      .initial = std::chrono::milliseconds{rto.srto_initial},
      .max = std::chrono::milliseconds{rto.srto_max},
      .min = std::chrono::milliseconds{rto.srto_min},
  };
}

void set_option(OptionTarget target, const AssocInfo& value, std::error_code& error) noexcept {
  error.clear();
  sctp_assocparams info{};
  info.sasoc_assoc_id = native::whom(target);
  native::set_count(value.max_retransmissions, info.sasoc_asocmaxrxt, error);
  native::set_milliseconds(value.cookie_life, info.sasoc_cookie_life, error);
  if (!error) set_native(target.fd, IPPROTO_SCTP, SCTP_ASSOCINFO, info, error);
}

void get_option(OptionTarget target, AssocInfo& value, std::error_code& error) noexcept {
  sctp_assocparams info{};
  info.sasoc_assoc_id = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, SCTP_ASSOCINFO, info, error);
  if (error) return;
  value = {
      .max_retransmissions = info.sasoc_asocmaxrxt,
      .cookie_life = std::chrono::milliseconds{info.sasoc_cookie_life},
  };
}

void get_option(OptionTarget target, AssocWindow& value, std::error_code& error) noexcept {
  sctp_assocparams info{};
  info.sasoc_assoc_id = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, SCTP_ASSOCINFO, info, error);
  if (error) return;
  // Without an association the kernel answers with zeros.
  if (info.sasoc_number_peer_destinations == 0) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  value = {
      .local = info.sasoc_local_rwnd,
      .peer = info.sasoc_peer_rwnd,
      .peer_addresses = info.sasoc_number_peer_destinations,
  };
}

void set_option(OptionTarget target, const AdaptationLayer& value, std::error_code& error) noexcept {
  const sctp_setadaptation native{value.value};
  set_native(target.fd, IPPROTO_SCTP, SCTP_ADAPTATION_LAYER, native, error);
}

void get_option(OptionTarget target, AdaptationLayer& value, std::error_code& error) noexcept {
  sctp_setadaptation native{};
  get_native(target.fd, IPPROTO_SCTP, SCTP_ADAPTATION_LAYER, native, error);
  if (!error) value.value = native.ssb_adaptation_ind;
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
  status.sstat_assoc_id = native::whom(target);
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
  constexpr std::size_t offset =
      offsetof(sctp_status, sstat_primary) + offsetof(sctp_paddrinfo, spinfo_address);
  value.primary = native::address_in(status, offset);
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

void get_option(OptionTarget target, AssocStats& value, std::error_code& error) noexcept {
  sctp_assoc_stats stats{};
  stats.sas_assoc_id = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, SCTP_GET_ASSOC_STATS, stats, error);
  if (error) return;
  value = {
      .longest_rto = native::from_ticks(stats.sas_maxrto),
      .longest_rto_path = native::address_in(stats, offsetof(sctp_assoc_stats, sas_obs_rto_ipaddr)),
      .sent_packets = stats.sas_opackets,
      .received_packets = stats.sas_ipackets,
      .sent_sacks = stats.sas_osacks,
      .received_sacks = stats.sas_isacks,
      .sent_ordered_chunks = stats.sas_oodchunks,
      .received_ordered_chunks = stats.sas_iodchunks,
      .sent_unordered_chunks = stats.sas_ouodchunks,
      .received_unordered_chunks = stats.sas_iuodchunks,
      .retransmitted_chunks = stats.sas_rtxchunks,
      .received_twice_chunks = stats.sas_idupchunks,
      .dropped_early_chunks = stats.sas_outofseqtsns,
      .received_gap_reports = stats.sas_gapcnt,
      .sent_control_chunks = stats.sas_octrlchunks,
      .received_control_chunks = stats.sas_ictrlchunks,
  };
}

void get_option(OptionTarget target, AssocNumber& value, std::error_code& error) noexcept {
  get_native(target.fd, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, value.count, error);
}

}  // namespace sctp::inline v0::option

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <limits>

#include <sctpxx/error.hpp>
#include <sctpxx/option/path.hpp>

#include "path_target.hpp"
#include "sysctl.hpp"

/// The options that a socket, an association and each of its paths have.
namespace sctp::inline v0::option {
namespace {

using native::all_paths;
using native::check_path;
using native::get_native;
using native::one_path;
using native::PathTarget;
using native::read_params;
using native::set_native;

static_assert(sizeof(sctp_paddrparams) == 156 && offsetof(sctp_paddrparams, spp_ipv6_flowlabel) == 150);
static_assert(sizeof(sctp_paddrthlds_v2) == 144 && sizeof(sctp_paddrthlds) == 144);
static_assert(offsetof(sctp_paddrthlds, spt_address) == offsetof(sctp_paddrthlds_v2, spt_address) &&
              offsetof(sctp_paddrthlds, spt_pathpfthld) == offsetof(sctp_paddrthlds_v2, spt_pathpfthld));
static_assert(sizeof(sctp_udpencaps) == 144 && sizeof(sctp_probeinterval) == 144);

/// Longer times the kernel would cut on an association, without a word.
constexpr std::uint32_t longest = std::numeric_limits<std::int32_t>::max();

/// What is filled in, and the flags that make the kernel look at it.
sctp_paddrparams to_native(const PeerAddrParams& value, std::error_code& error) noexcept {
  constexpr std::uint32_t smallest_mtu = 512;
  constexpr std::uint32_t largest_mtu = 65535;
  const auto refuse_unless = [&error](bool fine) {
    if (!fine) error = std::make_error_code(std::errc::invalid_argument);
  };
  sctp_paddrparams params{};
  unsigned flags = 0;
  std::uint16_t retransmissions = 0;
  native::set_count(value.max_retransmissions, retransmissions, error);
  params.spp_pathmaxrxt = retransmissions;
  if (value.heartbeat) {
    const auto time = value.heartbeat->interval();
    const bool at_once = time && time->count() == 0;
    flags |= unsigned{time ? SPP_HB_ENABLE : SPP_HB_DISABLE};
    if (at_once) flags |= SPP_HB_TIME_IS_ZERO;
    std::uint32_t interval = 0;
    if (!at_once) native::set_milliseconds(time, interval, error, longest);
    params.spp_hbinterval = interval;
  }
  if (value.mtu) {
    const auto bytes = value.mtu->bytes();
    flags |= unsigned{bytes ? SPP_PMTUD_DISABLE : SPP_PMTUD_ENABLE};
    refuse_unless(!bytes || (*bytes >= smallest_mtu && *bytes <= largest_mtu));
    params.spp_pathmtu = bytes.value_or(0);
  }
  if (value.dscp) {
    flags |= SPP_DSCP;
    refuse_unless(*value.dscp < 1U << 6U);
    params.spp_dscp = static_cast<std::uint8_t>(*value.dscp << 2U);
  }
  if (value.flow_label) {
    flags |= SPP_IPV6_FLOWLABEL;
    refuse_unless(*value.flow_label < 1U << 20U);
    params.spp_ipv6_flowlabel = *value.flow_label;
  }
  params.spp_flags = flags;
  return params;
}

/// The kernel would take one in other cases too, and never use it.
void check_flow_label(const PathTarget& whom, std::error_code& error) noexcept {
  const OptionTarget& target = whom.target;
  const bool is_of_one = whom.path != nullptr || target.association != AssociationId{};
  if (is_of_one || native::only_association(target.fd) != AssociationId{}) error = Errc::too_late;
  if (native::is_v4(target.fd)) error = Errc::wrong_address_family;
}

void set_params(const PathTarget& whom, const PeerAddrParams& value, std::error_code& error) noexcept {
  if (error) return;
  sctp_paddrparams params = to_native(value, error);
  whom.put(params, &sctp_paddrparams::spp_assoc_id, offsetof(sctp_paddrparams, spp_address));
  if (value.flow_label) check_flow_label(whom, error);
  if (error) return;
  socklen_t length = native::params_before_4_20;
  if (value.dscp || value.flow_label) {
    sctp_paddrparams known;
    length = read_params(whom, known, error);
    if (!error && length < sizeof params) error = std::make_error_code(std::errc::no_protocol_option);
  }
  if (error) return;
  native::set_bytes(whom.target.fd, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS,
                    std::as_bytes(std::span{&params, 1}).first(length), error);
  native::explain_path(whom, error);
}

void get_params(const PathTarget& whom, PeerAddrParams& value, std::error_code& error) noexcept {
  sctp_paddrparams params;
  if (!error) read_params(whom, params, error);
  if (error) return;
  const auto has = [&params](std::uint32_t flag) { return (params.spp_flags & flag) != 0; };
  const std::uint16_t retransmissions = params.spp_pathmaxrxt;
  value = {
      .heartbeat = has(SPP_HB_ENABLE) ? Heartbeat::every(std::chrono::milliseconds{params.spp_hbinterval})
                                      : Heartbeat::off(),
      .max_retransmissions = retransmissions,
      .mtu = has(SPP_PMTUD_ENABLE) ? PathMtu::discovered() : PathMtu::fixed(params.spp_pathmtu),
      .dscp = {},
      .flow_label = {},
  };
  // The kernel writes these only where it sets their flags.
  if (has(SPP_DSCP)) value.dscp = static_cast<std::uint8_t>(params.spp_dscp >> 2U);
  if (has(SPP_IPV6_FLOWLABEL)) value.flow_label = std::uint32_t{params.spp_ipv6_flowlabel};
}

/// Both versions begin alike; answers which this kernel has.
int read_thresholds(const PathTarget& whom, sctp_paddrthlds_v2& thresholds, std::error_code& error) noexcept {
  thresholds = {};
  whom.put(thresholds, &sctp_paddrthlds_v2::spt_assoc_id, offsetof(sctp_paddrthlds_v2, spt_address));
  int option = SCTP_PEER_ADDR_THLDS_V2;
  get_native(whom.target.fd, IPPROTO_SCTP, option, thresholds, error);
  if (error == std::errc::no_protocol_option) {
    option = SCTP_PEER_ADDR_THLDS;
    get_native(whom.target.fd, IPPROTO_SCTP, option, thresholds, error);
  }
  native::explain_path(whom, error);
  return option;
}

void set_thresholds(const PathTarget& whom, const PeerAddrThlds& value, std::error_code& error) noexcept {
  check_path(whom, error);
  sctp_paddrthlds_v2 thresholds;
  int option = 0;
  if (!error) option = read_thresholds(whom, thresholds, error);
  if (error) return;
  // A kernel without it never does it.
  if (option == SCTP_PEER_ADDR_THLDS &&
      value.switch_primary.value_or(PeerAddrThlds::never) != PeerAddrThlds::never) {
    error = std::make_error_code(std::errc::no_protocol_option);
    return;
  }
  thresholds.spt_pathpfthld = value.potentially_failed.value_or(thresholds.spt_pathpfthld);
  thresholds.spt_pathcpthld = value.switch_primary.value_or(thresholds.spt_pathcpthld);
  set_native(whom.target.fd, IPPROTO_SCTP, option, thresholds, error);
}

void get_thresholds(const PathTarget& whom, PeerAddrThlds& value, std::error_code& error) noexcept {
  check_path(whom, error);
  sctp_paddrthlds_v2 thresholds;
  int option = 0;
  if (!error) option = read_thresholds(whom, thresholds, error);
  if (error) return;
  value = {.potentially_failed = thresholds.spt_pathpfthld, .switch_primary = PeerAddrThlds::never};
  if (option == SCTP_PEER_ADDR_THLDS_V2) value.switch_primary = thresholds.spt_pathcpthld;
}

void set_encapsulation(const PathTarget& whom, const RemoteUdpEncapsPort& value,
                       std::error_code& error) noexcept {
  check_path(whom, error);
  if (error) return;
  if (value.port != 0 && native::sysctl("udp_port") == 0) {
    error = std::make_error_code(std::errc::operation_not_permitted);
    return;
  }
  sctp_udpencaps native{};
  whom.put(native, &sctp_udpencaps::sue_assoc_id, offsetof(sctp_udpencaps, sue_address));
  native.sue_port = htons(value.port);
  set_native(whom.target.fd, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, native, error);
}

void get_encapsulation(const PathTarget& whom, RemoteUdpEncapsPort& value, std::error_code& error) noexcept {
  check_path(whom, error);
  if (error) return;
  sctp_udpencaps native{};
  whom.put(native, &sctp_udpencaps::sue_assoc_id, offsetof(sctp_udpencaps, sue_address));
  get_native(whom.target.fd, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, native, error);
  if (!error) value.port = ntohs(native.sue_port);
}

void set_probing(const PathTarget& whom, const PlpmtudProbeInterval& value, std::error_code& error) noexcept {
  check_path(whom, error);
  sctp_probeinterval native{};
  whom.put(native, &sctp_probeinterval::spi_assoc_id, offsetof(sctp_probeinterval, spi_address));
  if (!error) native::set_milliseconds(value.interval, native.spi_interval, error, longest);
  if (!error) set_native(whom.target.fd, IPPROTO_SCTP, SCTP_PLPMTUD_PROBE_INTERVAL, native, error);
}

void get_probing(const PathTarget& whom, PlpmtudProbeInterval& value, std::error_code& error) noexcept {
  check_path(whom, error);
  sctp_probeinterval native{};
  whom.put(native, &sctp_probeinterval::spi_assoc_id, offsetof(sctp_probeinterval, spi_address));
  if (!error) get_native(whom.target.fd, IPPROTO_SCTP, SCTP_PLPMTUD_PROBE_INTERVAL, native, error);
  if (error) return;
  value.interval.reset();
  if (native.spi_interval != 0) value.interval = std::chrono::milliseconds{native.spi_interval};
}

}  // namespace

void set_option(OptionTarget target, const PeerAddrParams& value, std::error_code& error) noexcept {
  set_params(all_paths(target, error), value, error);
}
void set_option(OptionTarget target, const Address& path, const PeerAddrParams& value,
                std::error_code& error) noexcept {
  set_params(one_path(target, path, error), value, error);
}
void get_option(OptionTarget target, PeerAddrParams& value, std::error_code& error) noexcept {
  get_params(all_paths(target, error), value, error);
}
void get_option(OptionTarget target, const Address& path, PeerAddrParams& value,
                std::error_code& error) noexcept {
  get_params(one_path(target, path, error), value, error);
}

void set_option(OptionTarget target, const PeerAddrThlds& value, std::error_code& error) noexcept {
  set_thresholds(all_paths(target, error), value, error);
}
void set_option(OptionTarget target, const Address& path, const PeerAddrThlds& value,
                std::error_code& error) noexcept {
  set_thresholds(one_path(target, path, error), value, error);
}
void get_option(OptionTarget target, PeerAddrThlds& value, std::error_code& error) noexcept {
  get_thresholds(all_paths(target, error), value, error);
}
void get_option(OptionTarget target, const Address& path, PeerAddrThlds& value,
                std::error_code& error) noexcept {
  get_thresholds(one_path(target, path, error), value, error);
}

void set_option(OptionTarget target, const RemoteUdpEncapsPort& value, std::error_code& error) noexcept {
  set_encapsulation(all_paths(target, error), value, error);
}
void set_option(OptionTarget target, const Address& path, const RemoteUdpEncapsPort& value,
                std::error_code& error) noexcept {
  set_encapsulation(one_path(target, path, error), value, error);
}
void get_option(OptionTarget target, RemoteUdpEncapsPort& value, std::error_code& error) noexcept {
  get_encapsulation(all_paths(target, error), value, error);
}
void get_option(OptionTarget target, const Address& path, RemoteUdpEncapsPort& value,
                std::error_code& error) noexcept {
  get_encapsulation(one_path(target, path, error), value, error);
}

void set_option(OptionTarget target, const PlpmtudProbeInterval& value, std::error_code& error) noexcept {
  set_probing(all_paths(target, error), value, error);
}
void set_option(OptionTarget target, const Address& path, const PlpmtudProbeInterval& value,
                std::error_code& error) noexcept {
  set_probing(one_path(target, path, error), value, error);
}
void get_option(OptionTarget target, PlpmtudProbeInterval& value, std::error_code& error) noexcept {
  get_probing(all_paths(target, error), value, error);
}
void get_option(OptionTarget target, const Address& path, PlpmtudProbeInterval& value,
                std::error_code& error) noexcept {
  get_probing(one_path(target, path, error), value, error);
}

}  // namespace sctp::inline v0::option

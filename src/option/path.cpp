// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/path.hpp>

#include <sctpxx/error.hpp>

#include "number.hpp"
#include "path_target.hpp"
#include "ticks.hpp"

namespace sctp::inline v0::option {

using native::get_native;
using native::set_native;

static_assert(sizeof(sctp_paddrinfo) == 152 && sizeof(sctp_prim) == 132 && sizeof(sctp_setpeerprim) == 132);
static_assert(SCTP_INACTIVE == int(PeerAddrInfo::State::unreachable) &&
              SCTP_UNCONFIRMED == int(PeerAddrInfo::State::unconfirmed));

void get_option(OptionTarget target, const Address& path, PeerAddrInfo& value,
                std::error_code& error) noexcept {
  const native::PathTarget whom = native::one_path(target, path, error);
  native::check_path(whom, error);
  if (error) return;
  sctp_paddrinfo info{};
  whom.put(info, &sctp_paddrinfo::spinfo_assoc_id, offsetof(sctp_paddrinfo, spinfo_address));
  get_native(target.fd, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, info, error);
  if (error) return;
  value = {
      .address = path,
      .state = PeerAddrInfo::State{info.spinfo_state},
      .congestion_window = info.spinfo_cwnd,
      .rtt = native::from_ticks(info.spinfo_srtt),
      .rto = std::chrono::milliseconds{info.spinfo_rto},
      .mtu = info.spinfo_mtu,
  };
}

std::string to_string(PeerAddrInfo::State state) {
  switch (state) {
    case PeerAddrInfo::State::unreachable: return "unreachable";
    case PeerAddrInfo::State::potentially_failed: return "potentially failed";
    case PeerAddrInfo::State::available: return "available";
    case PeerAddrInfo::State::unconfirmed: return "unconfirmed";
  }
  return "state " + number(state);
}

void set_option(OptionTarget target, const PrimaryAddr& value, std::error_code& error) noexcept {
  const native::PathTarget whom = native::one_path(target, value.address, error);
  native::check_path(whom, error);
  if (error) return;
  sctp_prim native{};
  whom.put(native, &sctp_prim::ssp_assoc_id, offsetof(sctp_prim, ssp_addr));
  set_native(target.fd, IPPROTO_SCTP, SCTP_PRIMARY_ADDR, native, error);
}

void get_option(OptionTarget target, PrimaryAddr& value, std::error_code& error) noexcept {
  sctp_prim native{};
  native.ssp_assoc_id = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, SCTP_PRIMARY_ADDR, native, error);
  if (!error) value.address = native::address_in(native, offsetof(sctp_prim, ssp_addr));
}

void set_option(OptionTarget target, const SetPeerPrimaryAddr& value, std::error_code& error) noexcept {
  sctp_setpeerprim native{};
  native.sspp_assoc_id = native::whom(target);
  native::put_address(value.address, native, offsetof(sctp_setpeerprim, sspp_addr));
  set_native(target.fd, IPPROTO_SCTP, SCTP_SET_PEER_PRIMARY_ADDR, native, error);
}

void set_option(OptionTarget target, const ExposePotentiallyFailedState& value,
                std::error_code& error) noexcept {
  native::set_value(target, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, static_cast<std::uint32_t>(value.exposure),
                    error);
}

void get_option(OptionTarget target, ExposePotentiallyFailedState& value, std::error_code& error) noexcept {
  std::uint32_t exposure = 0;
  native::get_value(target, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, exposure, error);
  if (!error) value.exposure = ExposePotentiallyFailedState::Exposure{exposure};
}

std::string to_string(ExposePotentiallyFailedState::Exposure exposure) {
  using enum ExposePotentiallyFailedState::Exposure;
  switch (exposure) {
    case when_asked: return "when asked";
    case never: return "never";
    case always: return "always";
  }
  return "exposure " + number(exposure);
}

void set_option(OptionTarget target, const AutoAsconf& value, std::error_code& error) noexcept {
  native::set_flag(target, IPPROTO_SCTP, SCTP_AUTO_ASCONF, value.on, error);
}

void get_option(OptionTarget target, AutoAsconf& value, std::error_code& error) noexcept {
  native::get_flag(target, IPPROTO_SCTP, SCTP_AUTO_ASCONF, value.on, error);
}

}  // namespace sctp::inline v0::option

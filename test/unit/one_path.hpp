// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <sctpxx/option/path.hpp>

#include "one_socket.hpp"

/// What tests of options about paths have in common.
namespace sctp::test {

/// sctp_paddrparams without the address, and not packed: references to its members may be bound.
struct PathParams {
  std::uint32_t spp_hbinterval;
  std::uint16_t spp_pathmaxrxt;
  std::uint32_t spp_pathmtu;
  std::uint32_t spp_sackdelay;
  std::uint32_t spp_flags;
  std::uint32_t spp_ipv6_flowlabel;
  std::uint8_t spp_dscp;
};

/// As much of SCTP_PEER_ADDR_PARAMS as setsockopt was given; the rest is 0.
inline PathParams params_given(const Opened& test) {
  const auto bytes = test.bytes_given(SCTP_PEER_ADDR_PARAMS);
  sctp_paddrparams params{};
  REQUIRE(bytes.size() <= sizeof params);
  std::memcpy(&params, bytes.data(), bytes.size());
  return {params.spp_hbinterval, params.spp_pathmaxrxt,     params.spp_pathmtu, params.spp_sackdelay,
          params.spp_flags,      params.spp_ipv6_flowlabel, params.spp_dscp};
}

/// The address in the structure that setsockopt, or getsockopt, was given for an option; none: all paths.
inline std::optional<Address> path_given(const Opened& test, int option, bool sets = true) {
  const bool is_packed =
      option == SCTP_PEER_ADDR_PARAMS || option == SCTP_PRIMARY_ADDR || option == SCTP_GET_PEER_ADDR_INFO;
  const auto bytes = test.bytes_given(option, sets);
  return native::address_from(Bytes{bytes}.subspan(is_packed ? 4 : 8));
}

/// The association's number in it.
inline std::int32_t id_given(const Opened& test, int option, bool sets = true) {
  const auto bytes = test.bytes_given(option, sets);
  std::int32_t id = -2;
  REQUIRE(bytes.size() >= sizeof id);
  std::memcpy(&id, bytes.data(), sizeof id);
  return id;
}

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>

#include <sctpxx/option/path.hpp>

#include "one_socket.hpp"

/// What tests of options about paths have in common.
namespace sctp::test {

/// As much of SCTP_PEER_ADDR_PARAMS as setsockopt was given; the rest is 0.
inline sctp_paddrparams params_given(const Opened& test) {
  const auto bytes = test.bytes_given(SCTP_PEER_ADDR_PARAMS);
  sctp_paddrparams params{};
  REQUIRE(bytes.size() <= sizeof params);
  std::memcpy(&params, bytes.data(), bytes.size());
  return params;
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

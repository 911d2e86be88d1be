// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/path.hpp>

#include <chrono>

#include "each_call_fails.hpp"
#include "one_path.hpp"

/// What reaches the kernel of PeerAddrParams, and what it answers. The other options about paths are in
/// `option_path_other_test.cpp`, and who may be meant in `option_path_guard_test.cpp`.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using option::Heartbeat;
using option::PathMtu;
using option::PeerAddrParams;

/// What setsockopt is given for `value` on a socket for IPv6, whose kernel knows all of it.
PathParams given_for(const PeerAddrParams& value) {
  OneSocket test{Style::one_to_one, AF_INET6};
  test.socket.set(value, test.error);
  CHECK_FALSE(test.error);
  return params_given(test);
}

TEST_CASE("Without anything filled in, nothing is to change") {
  const auto given = given_for({});
  CHECK(given.spp_flags == 0);
  CHECK(given.spp_hbinterval == 0);
  CHECK(given.spp_pathmaxrxt == 0);
  CHECK(given.spp_pathmtu == 0);
  CHECK(given.spp_sackdelay == 0);
}

TEST_CASE("A heartbeat is turned on with its interval, or off, or comes with the timeout alone") {
  auto given = given_for({.heartbeat = Heartbeat::every(5s)});
  CHECK(given.spp_flags == SPP_HB_ENABLE);
  CHECK(given.spp_hbinterval == 5000);
  given = given_for({.heartbeat = Heartbeat::every(0ms)});
  CHECK(given.spp_flags == (SPP_HB_ENABLE | SPP_HB_TIME_IS_ZERO));
  CHECK(given.spp_hbinterval == 0);
  given = given_for({.heartbeat = Heartbeat::off()});
  CHECK(given.spp_flags == SPP_HB_DISABLE);
  CHECK(given.spp_hbinterval == 0);
}

TEST_CASE("An MTU is fixed with its size, or discovered") {
  auto given = given_for({.mtu = PathMtu::fixed(1200)});
  CHECK(given.spp_flags == SPP_PMTUD_DISABLE);
  CHECK(given.spp_pathmtu == 1200);
  given = given_for({.mtu = PathMtu::discovered()});
  CHECK(given.spp_flags == SPP_PMTUD_ENABLE);
  CHECK(given.spp_pathmtu == 0);
}

TEST_CASE(
    "A code point is given in the byte's upper bits, a flow label as it is, and retransmissions alone") {
  auto given = given_for({.dscp = std::uint8_t{46}});
  CHECK(given.spp_flags == SPP_DSCP);
  CHECK(given.spp_dscp == 0xb8);
  given = given_for({.dscp = std::uint8_t{0}});
  CHECK(given.spp_flags == SPP_DSCP);
  CHECK(given.spp_dscp == 0);
  given = given_for({.flow_label = 0x54321});
  CHECK(given.spp_flags == SPP_IPV6_FLOWLABEL);
  CHECK(given.spp_ipv6_flowlabel == 0x54321);
  given = given_for({.flow_label = 0});
  CHECK(given.spp_flags == SPP_IPV6_FLOWLABEL);
  given = given_for({.max_retransmissions = std::uint16_t{3}});
  CHECK(given.spp_flags == 0);
  CHECK(given.spp_pathmaxrxt == 3);
}

TEST_CASE("All of it together is given at once") {
  const auto given = given_for({.heartbeat = Heartbeat::every(1ms),
                                .max_retransmissions = std::uint16_t{65535},
                                .mtu = PathMtu::fixed(65535),
                                .dscp = std::uint8_t{63},
                                .flow_label = 0xfffff});
  CHECK(given.spp_flags == (SPP_HB_ENABLE | SPP_PMTUD_DISABLE | SPP_DSCP | SPP_IPV6_FLOWLABEL));
  CHECK(given.spp_hbinterval == 1);
  CHECK(given.spp_pathmaxrxt == 65535);
  CHECK(given.spp_pathmtu == 65535);
  CHECK(given.spp_dscp == 0xfc);
  CHECK(given.spp_ipv6_flowlabel == 0xfffff);
}

TEST_CASE("What the kernel would not take as it is meant is refused, and no call is made") {
  OneSocket test{Style::one_to_one, AF_INET6};
  const PeerAddrParams value = GENERATE(
      PeerAddrParams{.heartbeat = Heartbeat::every(-1ms)},
      PeerAddrParams{.heartbeat = Heartbeat::every(2147483648ms)},
      PeerAddrParams{.heartbeat = Heartbeat::every(std::chrono::milliseconds::max())},
      PeerAddrParams{.max_retransmissions = std::uint16_t{0}}, PeerAddrParams{.mtu = PathMtu::fixed(0)},
      PeerAddrParams{.mtu = PathMtu::fixed(511)}, PeerAddrParams{.mtu = PathMtu::fixed(65536)},
      PeerAddrParams{.mtu = PathMtu::fixed(0xffffffff)}, PeerAddrParams{.dscp = std::uint8_t{64}},
      PeerAddrParams{.dscp = std::uint8_t{255}}, PeerAddrParams{.flow_label = 0x100000},
      PeerAddrParams{.flow_label = 0xffffffff},
      PeerAddrParams{.max_retransmissions = std::uint16_t{0}, .mtu = PathMtu::discovered()});
  test.socket.set(value, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(
      test.socket.set(value),
      Catch::Matchers::StartsWith("cannot set SCTP_PEER_ADDR_PARAMS: it takes 1 retransmission or more"));
  CHECK(test.times_set(SCTP_PEER_ADDR_PARAMS) == 0);
  CHECK(test.kernel.count(Call::setsockopt) == 0);
}

TEST_CASE("The last values within the bounds are taken") {
  CHECK(given_for({.heartbeat = Heartbeat::every(2147483647ms)}).spp_hbinterval == 2147483647);
  CHECK(given_for({.max_retransmissions = std::uint16_t{1}}).spp_pathmaxrxt == 1);
  CHECK(given_for({.mtu = PathMtu::fixed(512)}).spp_pathmtu == 512);
}

TEST_CASE("What was not filled in stays, and all of it is got") {
  OneSocket test{Style::one_to_one, AF_INET6};
  auto params = test.socket.get<PeerAddrParams>();
  CHECK(params.heartbeat == Heartbeat::every(30s));
  CHECK(params.max_retransmissions == 5);
  CHECK(params.mtu == PathMtu::discovered());
  CHECK_FALSE(params.dscp);
  CHECK_FALSE(params.flow_label);
  test.socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms), .dscp = std::uint8_t{46}});
  test.socket.set(PeerAddrParams{.mtu = PathMtu::fixed(1400)});
  test.socket.set(PeerAddrParams{.max_retransmissions = std::uint16_t{9}, .flow_label = 0x12345});
  params = test.socket.get<PeerAddrParams>(test.error);
  CHECK_FALSE(test.error);
  CHECK(params.heartbeat == Heartbeat::every(0ms));
  CHECK(params.max_retransmissions == 9);
  CHECK(params.mtu == PathMtu::fixed(1400));
  CHECK(params.dscp == 46);
  CHECK(params.flow_label == 0x12345U);
  test.socket.set(PeerAddrParams{.heartbeat = Heartbeat::off(), .mtu = PathMtu::discovered()});
  params = test.socket.get<PeerAddrParams>();
  CHECK(params.heartbeat == Heartbeat::off());
  CHECK(params.mtu == PathMtu::discovered());
  CHECK(params.dscp == 46);
}

TEST_CASE("What PeerAddrParams answers can be set again") {
  OneSocket test{Style::one_to_one, AF_INET6};
  const bool is_changed = GENERATE(false, true);
  if (is_changed) {
    test.socket.set(PeerAddrParams{.heartbeat = Heartbeat::off(),
                                   .mtu = PathMtu::fixed(1300),
                                   .dscp = std::uint8_t{0},
                                   .flow_label = 0});
  }
  const auto params = test.socket.get<PeerAddrParams>();
  test.socket.set(params, test.error);
  CHECK_FALSE(test.error);
  const auto again = test.socket.get<PeerAddrParams>();
  CHECK(again.heartbeat == params.heartbeat);
  CHECK(again.max_retransmissions == params.max_retransmissions);
  CHECK(again.mtu == params.mtu);
  CHECK(again.dscp == params.dscp);
  CHECK(again.flow_label == params.flow_label);
}

TEST_CASE("Fields whose flags the kernel does not set are not taken from it") {
  OneSocket test{Style::one_to_one, AF_INET6};
  auto params = test.socket.get<PeerAddrParams>();
  test.socket.set(PeerAddrParams{.dscp = std::uint8_t{1}});
  params = test.socket.get<PeerAddrParams>();
  CHECK(params.dscp == 1);
  CHECK_FALSE(params.flow_label);
}

// Kernels before 4.20

TEST_CASE("A kernel whose structure is shorter is given as much as it knows") {
  OneSocket test;
  test.kernel.peer_params_size = 152;
  test.socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(1s)}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.bytes_given(SCTP_PEER_ADDR_PARAMS).size() == 152);
  CHECK(test.socket.get<PeerAddrParams>().heartbeat == Heartbeat::every(1s));
  CHECK_FALSE(test.socket.get<PeerAddrParams>(test.error).dscp);
  CHECK_FALSE(test.error);
}

TEST_CASE("A kernel whose structure is shorter is told of no code point and no flow label") {
  OneSocket test{Style::one_to_one, AF_INET6};
  test.kernel.peer_params_size = 152;
  const PeerAddrParams value =
      GENERATE(PeerAddrParams{.dscp = std::uint8_t{1}}, PeerAddrParams{.flow_label = 1});
  test.socket.set(value, test.error);
  CHECK(test.error == std::errc::no_protocol_option);
  CHECK_THROWS_WITH(test.socket.set(value),
                    "cannot set SCTP_PEER_ADDR_PARAMS: this kernel has no such option: Protocol not "
                    "available");
  CHECK(test.times_set(SCTP_PEER_ADDR_PARAMS) == 0);
}

TEST_CASE("The shorter structure is enough wherever the longer one is not needed") {
  OneSocket test;
  test.socket.set(PeerAddrParams{.mtu = PathMtu::fixed(1200)});
  CHECK(test.kernel.story() == "setsockopt");
  CHECK(test.bytes_given(SCTP_PEER_ADDR_PARAMS).size() == 152);
  test.socket.set(PeerAddrParams{.dscp = std::uint8_t{1}});
  CHECK(test.bytes_given(SCTP_PEER_ADDR_PARAMS).size() == 156);
}

// Failures

TEST_CASE("Whichever call of setting PeerAddrParams fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    test.association.set(PeerAddrParams{.dscp = std::uint8_t{1}}, near, error);
  });
}

TEST_CASE("PeerAddrParams fails with the kernel's error, and leaves the value alone") {
  OneSocket test;
  test.comes_up();
  const OptionTarget whom = GENERATE_REF(test.target(), test.target_of_one());
  const PeerAddrParams other{.heartbeat = Heartbeat::off(),
                             .max_retransmissions = std::uint16_t{77},
                             .mtu = PathMtu::fixed(777),
                             .dscp = std::uint8_t{7},
                             .flow_label = 7};
  check_set_fails(test, whom, PeerAddrParams{});
  check_get_fails(test, whom, other);
  check_get_fails(test, test.target_of_one(), near, other);
}

static_assert(Heartbeat::every(5s).interval() == 5s && !Heartbeat::off().interval());
static_assert(Heartbeat::every(5s) == Heartbeat::every(5000ms) && Heartbeat::every(0ms) != Heartbeat::off());
static_assert(PathMtu::fixed(1200).bytes() == 1200U && !PathMtu::discovered().bytes());
static_assert(PathMtu::fixed(1200) != PathMtu::fixed(1201) && PathMtu::fixed(0) != PathMtu::discovered());

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <utility>

#include "by_hand.hpp"
#include "one_to_many.hpp"
#include "two_hosts.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using namespace sctp::option;
using namespace std::chrono_literals;

// What paths are told, and that they do so. How they are doing is path_state_test.cpp's.

namespace {

using Family = Address::Family;

/// The clock of an association ticks no slower than this.
constexpr auto tick = 10ms;

/// The packet that a message to the server was in, which has arrived.
test::Tap::Packet send_on(test::Tap& path, test::TwoPaths& pair) {
  path.take();
  pair.ends.client.send(sctp::as_bytes("hello"));
  CHECK(test::text(test::next_message(pair.ends.server, pair.server_buffer).payload) == "hello");
  const auto packets = path.take(ChunkType::data);
  REQUIRE(packets.size() == 1);
  return packets[0];
}

bool about(std::optional<Heartbeat> got, std::chrono::milliseconds set) {
  return got && got->interval() && *got->interval() >= set && *got->interval() < set + tick;
}

}  // namespace

TEST_CASE("What a socket was told its associations and their paths have", "[path_option]") {
  const PeerAddrParams params{.heartbeat = Heartbeat::every(5001ms),
                              .max_retransmissions = 3,
                              .mtu = PathMtu::fixed(1200),
                              .dscp = 46,
                              .flow_label = {}};
  const test::TwoPaths pair{[&](const sctp::SocketRef& socket) {
                              CHECK(socket.get<PeerAddrParams>().heartbeat == Heartbeat::every(30s));
                              CHECK(socket.get<PeerAddrParams>().max_retransmissions == 5);
                              CHECK(socket.get<PeerAddrParams>().mtu == PathMtu::discovered());
                              CHECK_FALSE(socket.get<PeerAddrParams>().dscp);
                              CHECK_FALSE(socket.get<PeerAddrParams>().flow_label);
                              socket.set(params);
                              CHECK(socket.get<PeerAddrParams>().heartbeat == params.heartbeat);
                              socket.set(PeerAddrThlds{.potentially_failed = 1, .switch_primary = 2});
                              socket.set(PlpmtudProbeInterval{7s});
                            },
                            test::as_it_is};
  for (const Address& path : pair.to_server) {
    const auto got = pair.client.get<PeerAddrParams>(path);
    CHECK(about(got.heartbeat, 5001ms));
    CHECK(got.max_retransmissions == 3);
    CHECK(got.mtu == PathMtu::fixed(1200));
    CHECK(got.dscp == 46);
    CHECK_FALSE(got.flow_label);
    CHECK(pair.client.get<PeerAddrThlds>(path).potentially_failed == 1);
    CHECK(pair.client.get<PeerAddrThlds>(path).switch_primary == 2);
    CHECK(pair.client.get<PlpmtudProbeInterval>(path).interval == 7s);
  }
  CHECK(about(pair.client.get<PeerAddrParams>().heartbeat, 5001ms));
  CHECK(pair.client.get<PeerAddrThlds>().switch_primary == 2);
  CHECK(pair.client.get<PlpmtudProbeInterval>().interval == 7s);
  CHECK(pair.server.get<PeerAddrParams>().max_retransmissions == 5);
  CHECK(pair.server.get<PeerAddrThlds>().switch_primary == PeerAddrThlds::never);
  CHECK_FALSE(pair.server.get<PlpmtudProbeInterval>().interval);
}

TEST_CASE("An empty field is left as it is", "[path_option]") {
  const sctp::OneToOneSocket socket{Family::v4};
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(7s), .max_retransmissions = 9});
  socket.set(PeerAddrParams{.mtu = PathMtu::fixed(900)});
  socket.set(PeerAddrParams{.dscp = 63});
  socket.set(PeerAddrParams{});
  auto got = socket.get<PeerAddrParams>();
  CHECK(got.heartbeat == Heartbeat::every(7s));
  CHECK(got.max_retransmissions == 9);
  CHECK(got.mtu == PathMtu::fixed(900));
  CHECK(got.dscp == 63);
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::off(), .mtu = PathMtu::discovered()});
  got = socket.get<PeerAddrParams>();
  CHECK(got.heartbeat == Heartbeat::off());
  CHECK(got.mtu == PathMtu::discovered());
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms)});
  CHECK(socket.get<PeerAddrParams>().heartbeat == Heartbeat::every(0ms));

  socket.set(PeerAddrThlds{.potentially_failed = 3});
  CHECK(socket.get<PeerAddrThlds>().switch_primary == PeerAddrThlds::never);
  socket.set(PeerAddrThlds{.switch_primary = 4});
  CHECK(socket.get<PeerAddrThlds>().potentially_failed == 3);
  CHECK(socket.get<PeerAddrThlds>().switch_primary == 4);
}

TEST_CASE("What one path is told the other does not have, and what all are told both have", "[path_option]") {
  const test::TwoPaths pair;
  const auto& [one, other] = pair.to_server;
  pair.client.set(PeerAddrParams{.heartbeat = Heartbeat::off(), .max_retransmissions = 2, .dscp = 10}, one);
  pair.client.set(PeerAddrThlds{.potentially_failed = 1}, one);
  pair.client.set(PlpmtudProbeInterval{6s}, one);
  CHECK(pair.client.get<PeerAddrParams>(one).heartbeat == Heartbeat::off());
  CHECK(pair.client.get<PeerAddrParams>(one).max_retransmissions == 2);
  CHECK(pair.client.get<PeerAddrParams>(one).dscp == 10);
  CHECK(pair.client.get<PeerAddrThlds>(one).potentially_failed == 1);
  CHECK(pair.client.get<PlpmtudProbeInterval>(one).interval == 6s);
  CHECK(pair.client.get<PeerAddrParams>(other).heartbeat == Heartbeat::every(30s));
  CHECK(pair.client.get<PeerAddrParams>(other).max_retransmissions == 5);
  CHECK_FALSE(pair.client.get<PeerAddrParams>(other).dscp);
  CHECK(pair.client.get<PeerAddrThlds>(other).potentially_failed == 0);
  CHECK_FALSE(pair.client.get<PlpmtudProbeInterval>(other).interval);

  pair.client.set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms), .max_retransmissions = 7});
  pair.client.set(PeerAddrThlds{.switch_primary = 4});
  pair.client.set(PlpmtudProbeInterval{});
  for (const Address& path : pair.to_server) {
    CHECK(pair.client.get<PeerAddrParams>(path).heartbeat == Heartbeat::every(0ms));
    CHECK(pair.client.get<PeerAddrParams>(path).max_retransmissions == 7);
    CHECK(pair.client.get<PeerAddrThlds>(path).switch_primary == 4);
    CHECK_FALSE(pair.client.get<PlpmtudProbeInterval>(path).interval);
  }
}

TEST_CASE("A path is asked for an answer, or not", "[path_option]") {
  const test::TwoPaths pair{[](const sctp::SocketRef& socket) {
    socket.set(RtoInfo{.initial = 100ms, .max = 100ms, .min = 50ms});
    socket.set(PeerAddrParams{.heartbeat = Heartbeat::off()});
  }};
  std::array taps{test::Tap{pair.hosts.b, 0}, test::Tap{pair.hosts.b, 1}};
  const std::size_t asked = GENERATE(0U, 1U);
  const auto interval = GENERATE(0ms, 100ms);
  pair.client.set(PeerAddrParams{.heartbeat = Heartbeat::every(interval)}, pair.to_server.at(asked));
  std::size_t heartbeats = 0;
  test::wait_until([&] { return (heartbeats += taps.at(asked).take(ChunkType::heartbeat).size()) >= 3; });
  CHECK(taps.at(1 - asked).take(ChunkType::heartbeat).empty());

  pair.client.set(PeerAddrParams{.heartbeat = Heartbeat::off()}, pair.to_server.at(asked));
  pair.client.set(PeerAddrParams{.heartbeat = Heartbeat::every(interval)}, pair.to_server.at(1 - asked));
  taps.at(asked).take();
  heartbeats = 0;
  test::wait_until([&] { return (heartbeats += taps.at(1 - asked).take(ChunkType::heartbeat).size()) >= 3; });
  CHECK(taps.at(asked).take(ChunkType::heartbeat).empty());
}

TEST_CASE("Packets are as large as was fixed, and chunks as fit the smallest", "[path_option]") {
  const auto [family, headers] = GENERATE(std::pair{Family::v4, 48U}, std::pair{Family::v6, 68U});
  INFO(to_string(family));
  test::TwoPaths pair{test::as_it_is, test::as_it_is, family};
  test::Tap tap{pair.hosts.b, 0};
  const auto chunk = [&] { return pair.client.status().fragmentation_point; };
  const auto mtu = [&](std::size_t path) {
    return pair.client.get<PeerAddrInfo>(pair.to_server.at(path)).mtu;
  };
  CHECK(chunk() == 1500 - headers);
  pair.client.set(PeerAddrParams{.mtu = PathMtu::fixed(1200)}, pair.to_server[1]);
  CHECK(mtu(0) == 1500);
  CHECK(mtu(1) == 1200);
  CHECK(pair.client.get<PeerAddrParams>(pair.to_server[1]).mtu == PathMtu::fixed(1200));
  CHECK(chunk() == 1200 - headers);
  pair.ends.client.send(test::pattern(20'000));
  CHECK(std::ranges::equal(test::next_message(pair.ends.server, pair.server_buffer).payload,
                           test::pattern(20'000)));
  const auto packets = tap.take(ChunkType::data);
  CHECK(std::ranges::max(packets, {}, &test::Tap::Packet::size).size == 1200);

  pair.client.set(PeerAddrParams{.mtu = PathMtu::fixed(512)});
  CHECK(mtu(0) == 512);
  CHECK(chunk() == 512 - headers);
  pair.client.set(PeerAddrParams{.mtu = PathMtu::discovered()});
  CHECK(mtu(0) == 1500);
  CHECK(chunk() == 1500 - headers);
  CHECK(pair.client.get<PeerAddrParams>(pair.to_server[1]).mtu == PathMtu::discovered());
}

TEST_CASE("A larger packet than before is tried when the interval is over", "[path_option]") {
  const test::TwoPaths pair;
  test::Tap tap{pair.hosts.b, 1};
  pair.client.set(PlpmtudProbeInterval{5s}, pair.to_server[1]);
  std::vector<test::Tap::Packet> probes;
  test::wait_until([&] { return !(probes = tap.take(ChunkType::pad)).empty(); });
  CHECK_FALSE(probes.at(0).chunk(ChunkType::heartbeat).empty());
  CHECK(probes.at(0).size >= 1200);
}

TEST_CASE("A path's packets have its code point from now on", "[path_option]") {
  const auto family = GENERATE(Family::v4, Family::v6);
  INFO(to_string(family));
  test::TwoPaths pair{test::as_it_is, test::as_it_is, family};
  test::Tap tap{pair.hosts.b, 0};
  CHECK(send_on(tap, pair).dscp == 0);
  pair.client.set(PeerAddrParams{.dscp = 46}, pair.to_server[1]);
  CHECK(send_on(tap, pair).dscp == 0);
  pair.client.set(PeerAddrParams{.dscp = 46}, pair.to_server[0]);
  CHECK(send_on(tap, pair).dscp == 46);
  pair.client.set(PeerAddrParams{.dscp = 0});
  CHECK(send_on(tap, pair).dscp == 0);
  CHECK(pair.client.get<PeerAddrParams>().dscp == 0);
}

TEST_CASE("Packets have the flow label that was set before the setup", "[path_option]") {
  static constexpr std::uint32_t label = 0x12345;
  test::TwoPaths pair{[](const sctp::SocketRef& socket) { socket.set(PeerAddrParams{.flow_label = label}); },
                      test::as_it_is, Family::v6};
  test::Tap tap{pair.hosts.b, 0};
  CHECK(send_on(tap, pair).flow_label == label);
  CHECK(pair.client.get<PeerAddrParams>().flow_label == label);
  CHECK(pair.client.get<PeerAddrParams>(pair.to_server[1]).flow_label == label);

  std::error_code error;
  pair.client.set(PeerAddrParams{.flow_label = 0xabcde}, error);
  CHECK(error == sctp::Errc::too_late);
  pair.client.set(PeerAddrParams{.flow_label = 0xabcde}, pair.to_server[0], error);
  CHECK(error == sctp::Errc::too_late);
  pair.ends.client.set(PeerAddrParams{.flow_label = 0xabcde}, error);
  CHECK(error == sctp::Errc::too_late);
  CHECK(send_on(tap, pair).flow_label == label);
}

// Why that is refused.
TEST_CASE("The kernel takes a flow label later, too, and does not use it", "[path_option]") {
  test::TwoPaths pair{test::as_it_is, test::as_it_is, Family::v6};
  test::Tap tap{pair.hosts.b, 0};
  const auto before = send_on(tap, pair).flow_label;
  sctp_paddrparams native{};
  native.spp_flags = SPP_IPV6_FLOWLABEL;
  native.spp_ipv6_flowlabel = before ^ 1U;
  test::set_native(pair.ends.client, SCTP_PEER_ADDR_PARAMS, native);
  CHECK(pair.client.get<PeerAddrParams>(pair.to_server[0]).flow_label == (before ^ 1U));
  CHECK(send_on(tap, pair).flow_label == before);
}

TEST_CASE("IPv4 has no flow label", "[path_option]") {
  std::error_code error;
  const test::TwoPaths pair;
  const sctp::OneToOneSocket socket{Family::v4};
  socket.set(PeerAddrParams{.flow_label = 1}, error);
  CHECK(error == sctp::Errc::wrong_address_family);
  pair.client.set(PeerAddrParams{.flow_label = 1}, error);
  CHECK(error == sctp::Errc::wrong_address_family);
  pair.client.set(PeerAddrParams{.flow_label = 1}, pair.to_server[0], error);
  CHECK(error == sctp::Errc::wrong_address_family);

  const sctp::Listener listener = test::listen();
  sctp::OneToOneSocket v6{Family::v6};
  v6.set(PeerAddrParams{.flow_label = 1});
  v6.connect(listener.local_address());
  CHECK_FALSE(v6.association().get<PeerAddrParams>(listener.local_address()).flow_label);
}

TEST_CASE("What the kernel would take otherwise, or not at all, is refused", "[path_option]") {
  const sctp::OneToOneSocket socket{Family::v6};
  std::error_code error;
  const auto params = GENERATE(
      PeerAddrParams{.heartbeat = Heartbeat::every(-1ms)},
      PeerAddrParams{.heartbeat = Heartbeat::every(25 * 24h)}, PeerAddrParams{.max_retransmissions = 0},
      PeerAddrParams{.mtu = PathMtu::fixed(511)}, PeerAddrParams{.mtu = PathMtu::fixed(65'536)},
      PeerAddrParams{.dscp = 64}, PeerAddrParams{.flow_label = 1U << 20U});
  socket.set(params, error);
  CHECK(error == std::errc::invalid_argument);
  socket.set(PeerAddrThlds{.potentially_failed = 3, .switch_primary = 2}, error);
  CHECK(error == std::errc::invalid_argument);
  socket.set(PlpmtudProbeInterval{4999ms}, error);
  CHECK(error == std::errc::invalid_argument);
}

TEMPLATE_TEST_CASE("What is no path of the association is neither told nor asked", "[path_option]",
                   PeerAddrParams, PeerAddrThlds, PlpmtudProbeInterval, PeerAddrInfo, PrimaryAddr) {
  using enum sctp::Errc;
  const test::TwoPaths pair;
  const Address path = pair.to_server[0];
  const std::initializer_list<std::pair<Address, sctp::Errc>> others{
      {path.with_port(static_cast<std::uint16_t>(path.port() ^ 1U)), no_such_path},
      {Address{"10.78.0.77", path.port()}, no_such_path},
      {Address::any(Family::v4, path.port()), no_such_path},
      {Address::any(Family::v6, path.port()), wrong_address_family},
      {pair.hosts.b.address(0, path.port(), Family::v6), wrong_address_family}};
  for (const auto& [other, expected] : others) {
    CAPTURE(other);
    std::error_code error;
    if constexpr (std::is_same_v<TestType, PrimaryAddr>) {
      pair.client.set(PrimaryAddr{other}, error);
      CHECK(error == expected);
    } else {
      static_cast<void>(pair.client.template get<TestType>(other, error));
      CHECK(error == expected);
      CHECK_THROWS_WITH(pair.client.template get<TestType>(other),
                        Contains(std::string{TestType::name} + " of " + to_string(other)));
    }
    if constexpr (KeyedSettable<TestType>) {
      pair.client.set(TestType{}, other, error);
      CHECK(error == expected);
    }
  }
}

TEMPLATE_TEST_CASE("Another association's path is no path of this one", "[path_option]", PeerAddrParams,
                   PeerAddrThlds, PlpmtudProbeInterval, PeerAddrInfo, PrimaryAddr) {
  test::Many server;
  sctp::OneToOneSocket one{Family::v4};
  sctp::OneToOneSocket other{Family::v4};
  one.connect(server.address());
  const auto association = server.association(server.next_up());
  other.connect(server.address());
  const auto path = server.association(server.next_up()).peer_addresses().at(0);
  std::error_code error;
  if constexpr (std::is_same_v<TestType, PrimaryAddr>) {
    association.set(PrimaryAddr{path}, error);
  } else {
    static_cast<void>(association.template get<TestType>(path, error));
  }
  CHECK(error == sctp::Errc::no_such_path);
  if constexpr (KeyedSettable<TestType>) {
    association.set(TestType{}, path, error);
    CHECK(error == sctp::Errc::no_such_path);
    server.association(sctp::AssociationId{4711}).set(TestType{}, path, error);
    CHECK(error == std::errc::invalid_argument);
  }
}

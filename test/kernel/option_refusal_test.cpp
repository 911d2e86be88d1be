// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::as_bytes;
using sctp::Errc;
using sctp::OneToManySocket;
using sctp::OneToOneSocket;
using sctp::Style;
using namespace sctp::option;
using namespace std::chrono_literals;

// Options that are refused, as each of them says; those that are left as they are; and those that are
// rounded.

namespace {

/// A one-to-many socket with an association, and its peer.
struct Pair {
  test::Many many;
  OneToOneSocket peer;
  sctp::Association association;

  explicit Pair(const test::Tune& tune = test::as_it_is)
      : many{tune}, peer{many.address()}, association{many.association(many.next_up())} {}
};

template <class O>
std::error_code error_of(const sctp::SocketRef& socket, const O& value) {
  std::error_code error;
  socket.set(value, error);
  return error;
}
template <class O>
std::error_code error_of(const sctp::Association& association, const O& value) {
  std::error_code error;
  association.set(value, error);
  return error;
}

/// On a fresh socket, and on an association.
template <class O>
void check_refused(const O& value) {
  const auto [client, server] = test::connect();
  for (const sctp::SocketRef socket : {sctp::SocketRef{client}, sctp::SocketRef{server}})
    CHECK(error_of(socket, value) == std::errc::invalid_argument);
  CHECK(error_of(OneToOneSocket{Address::Family::v4}, value) == std::errc::invalid_argument);
  CHECK(error_of(OneToManySocket{Address::Family::v4}, value) == std::errc::invalid_argument);
  if constexpr (!SocketWide<O>) {
    CHECK(error_of(client.association(), value) == std::errc::invalid_argument);
    const Pair pair;
    CHECK(error_of(pair.association, value) == std::errc::invalid_argument);
  }
}

/// Rounded up to the next tick of the slowest kernel's clock at most.
void check_about(std::optional<std::chrono::milliseconds> got, std::chrono::milliseconds set) {
  REQUIRE(got.has_value());
  CHECK(*got >= set);
  CHECK(*got <= set + 10ms);
}

}  // namespace

TEST_CASE("A receive buffer is refused once its window was announced", "[option]") {
  auto [client, server] = test::connect();
  for (const OneToOneSocket* socket : {&client, &server}) {
    const std::size_t before = socket->get<RcvBuf>().size;
    CHECK(error_of(*socket, RcvBuf{50'000}) == Errc::too_late);
    CHECK(socket->get<RcvBuf>().size == before);
    CHECK_THROWS_WITH(socket->set(RcvBuf{50'000}), Contains("SO_RCVBUF"));
  }
  Pair pair;
  pair.many.socket.set(RcvBuf{50'000});
  CHECK(pair.many.socket.get<RcvBuf>().size == 50'000);
  const OneToOneSocket late{pair.many.address()};
  CHECK(late.association().status().peer_window == 25'000);
  sctp::ReceiveBuffer there;
  const auto peeled_off = pair.many.socket.peel_off(pair.association.id(), pair.many.buffer, there);
  CHECK(error_of(peeled_off, RcvBuf{60'000}) == Errc::too_late);

  pair.peer.abort();
  CHECK(test::next(peeled_off, there) == "lost: user initiated abort");
  CHECK_FALSE(error_of(peeled_off, RcvBuf{60'000}));
}

TEMPLATE_TEST_CASE("What was settled at the setup is refused afterwards, unless it is so", "[option]",
                   PrSupported, ReconfigSupported, AuthSupported, EcnSupported) {
  const bool on = GENERATE(true, false);
  CAPTURE(on);
  const auto offer = [&](const sctp::SocketRef& socket) { socket.set(TestType{on}); };
  const auto [client, server] = test::connect(offer);
  Pair pair{offer};
  sctp::ReceiveBuffer there;
  OneToOneSocket other{Address::Family::v4};
  offer(other);
  other.connect(pair.many.address());
  const auto id = pair.many.next_up();
  const auto peeled_off = pair.many.socket.peel_off(id, pair.many.buffer, there);
  for (const OneToOneSocket* socket : {&client, &server, &peeled_off}) {
    CHECK(socket->association().template get<TestType>().on == on);
    CHECK(error_of(*socket, TestType{!on}) == Errc::too_late);
    CHECK(socket->association().template get<TestType>().on == on);
    CHECK_FALSE(error_of(*socket, TestType{on}));
    CHECK_THROWS_WITH(socket->set(TestType{!on}), Contains(std::string{TestType::name}));
  }
  CHECK_FALSE(error_of(pair.many.socket, TestType{!on}));
  CHECK(pair.many.socket.template get<TestType>().on == !on);
}

TEST_CASE("Messages interleave only where a sysctl and another option permit it", "[option]") {
  const OneToOneSocket socket{Address::Family::v4};
  CHECK(error_of(socket, InterleavingSupported{}) == std::errc::operation_not_permitted);
  const test::Permission permission{"intl_enable"};
  CHECK(error_of(socket, InterleavingSupported{}) == std::errc::operation_not_permitted);
  CHECK_THROWS_WITH(socket.set(InterleavingSupported{}),
                    Contains("intl_enable") && Contains("FragmentInterleave"));
  socket.set(FragmentInterleave{});
  socket.set(InterleavingSupported{});
  CHECK(socket.get<InterleavingSupported>().on);
  socket.set(InterleavingSupported{false});
  CHECK_FALSE(socket.get<InterleavingSupported>().on);
}

TEST_CASE("Addresses can change only where chunks are authenticated", "[option]") {
  const OneToOneSocket socket{Address::Family::v4};
  CHECK(error_of(socket, AsconfSupported{}) == std::errc::operation_not_permitted);
  CHECK_THROWS_WITH(socket.set(AsconfSupported{}), Contains("option::AuthSupported"));
  CHECK_FALSE(socket.get<AsconfSupported>().on);
  CHECK_FALSE(error_of(socket, AsconfSupported{false}));
  socket.set(AuthSupported{});
  socket.set(AsconfSupported{});
  CHECK(socket.get<AsconfSupported>().on);
  socket.set(AsconfSupported{false});
  CHECK_FALSE(socket.get<AsconfSupported>().on);
}

TEST_CASE("Partial delivery needs messages that interleave", "[option]") {
  const test::Permission permission{"intl_enable"};
  const OneToManySocket socket{Address::Family::v4};
  CHECK(error_of(socket, PartialDeliveryPoint{4000}) == std::errc::operation_not_permitted);
  CHECK_THROWS_WITH(socket.set(PartialDeliveryPoint{4000}), Contains("option::InterleavingSupported"));
  CHECK_FALSE(error_of(socket, PartialDeliveryPoint{0}));
  CHECK(socket.get<PartialDeliveryPoint>().size == 0);
  socket.set(InterleavingSupported{});
  socket.set(RcvBuf{50'000});
  socket.set(PartialDeliveryPoint{25'000});
  CHECK(socket.get<PartialDeliveryPoint>().size == 25'000);
  CHECK(error_of(socket, PartialDeliveryPoint{25'001}) == std::errc::invalid_argument);
  CHECK(socket.get<PartialDeliveryPoint>().size == 25'000);
}

TEST_CASE("A value that cannot be is refused", "[option]") {
  check_refused(RtoInfo{.max = 100ms, .min = 200ms});
  check_refused(RtoInfo{.min = 61s});
  check_refused(RtoInfo{.initial = 0ms});
  check_refused(RtoInfo{.initial = -1ms});
  check_refused(RtoInfo{.max = 50 * 24h});
  check_refused(AssocInfo{.max_retransmissions = 0});
  check_refused(AssocInfo{.cookie_life = 0ms});
  check_refused(InitMsg{.outgoing_streams = 0});
  check_refused(InitMsg{.attempts = 0});
  check_refused(InitMsg{.longest_pause = 65'536ms});
  check_refused(MaxSeg{463});
  check_refused(MaxSeg{65'517});
  check_refused(DelayedSack{.delay = 501ms});
  check_refused(DelayedSack{.packets = 0});
  check_refused(StreamScheduler{StreamScheduler::Scheduler{99}});
  check_refused(ExposePotentiallyFailedState{ExposePotentiallyFailedState::Exposure{3}});
  check_refused(PeerAddrParams{.max_retransmissions = 0});
  check_refused(PeerAddrParams{.heartbeat = Heartbeat::every(25 * 24h)});
  check_refused(PeerAddrParams{.mtu = PathMtu::fixed(511)});
  check_refused(PeerAddrParams{.mtu = PathMtu::fixed(65'536)});
  check_refused(PeerAddrParams{.dscp = 64});
  check_refused(PeerAddrThlds{.potentially_failed = 3, .switch_primary = 2});
  check_refused(PlpmtudProbeInterval{4999ms});
  check_refused(Dscp{64});
  check_refused(Linger{-1s});
}

TEST_CASE("What a refused value would have changed stays as it was", "[option]") {
  const auto [client, server] = test::connect();
  client.set(RtoInfo{.initial = 500ms, .max = 800ms, .min = 200ms});
  CHECK(error_of(client, RtoInfo{.initial = 700ms, .max = 100ms}) == std::errc::invalid_argument);
  const auto rto = client.get<RtoInfo>();
  CHECK(rto.initial == 500ms);
  CHECK(rto.max == 800ms);
  client.set(MaxSeg{600});
  CHECK(error_of(client, MaxSeg{463}) == std::errc::invalid_argument);
  CHECK(client.association().get<MaxSeg>().size == 600);
}

TEST_CASE("The bounds of a value are values, too", "[option]") {
  const OneToOneSocket socket{Address::Family::v4};
  for (const std::uint32_t size : {464U, 65'516U, 0U}) {
    socket.set(MaxSeg{size});
    CHECK(socket.get<MaxSeg>().size == size);
  }
  for (const auto delay : {1ms, 500ms}) {
    socket.set(DelayedSack{.delay = delay});
    CHECK(socket.get<DelayedSack>().delay == delay);
  }
  socket.set(DelayedSack{.packets = 1});
  CHECK(socket.get<DelayedSack>().packets == 1);
  CHECK_FALSE(socket.get<DelayedSack>().delay);
  socket.set(RtoInfo{.initial = 7ms, .max = 7ms, .min = 7ms});
  CHECK(socket.get<RtoInfo>().min == 7ms);
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms)});
  CHECK(socket.get<PeerAddrParams>().heartbeat == Heartbeat::every(0ms));
}

TEST_CASE("An association's times are rounded up to a tick, and a socket's are not", "[option]") {
  const auto tune = [](const sctp::SocketRef& socket) {
    socket.set(RtoInfo{.initial = 333ms, .max = 5001ms, .min = 123ms});
    socket.set(AssocInfo{.cookie_life = 20'001ms});
    socket.set(DelayedSack{.delay = 77ms});
    socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(1001ms)});
    socket.set(PlpmtudProbeInterval{5001ms});
  };
  const OneToOneSocket fresh{Address::Family::v4};
  tune(fresh);
  CHECK(fresh.get<RtoInfo>().initial == 333ms);
  CHECK(fresh.get<RtoInfo>().max == 5001ms);
  CHECK(fresh.get<RtoInfo>().min == 123ms);
  CHECK(fresh.get<AssocInfo>().cookie_life == 20'001ms);
  CHECK(fresh.get<DelayedSack>().delay == 77ms);
  CHECK(fresh.get<PeerAddrParams>().heartbeat == Heartbeat::every(1001ms));
  CHECK(fresh.get<PlpmtudProbeInterval>().interval == 5001ms);
  const bool inherited = GENERATE(true, false);
  const Pair pair{inherited ? test::Tune{tune} : test::as_it_is};
  if (!inherited) {
    pair.association.set(RtoInfo{.initial = 333ms, .max = 5001ms, .min = 123ms});
    pair.association.set(AssocInfo{.cookie_life = 20'001ms});
    pair.association.set(DelayedSack{.delay = 77ms});
    pair.association.set(PeerAddrParams{.heartbeat = Heartbeat::every(1001ms)});
    pair.association.set(PlpmtudProbeInterval{5001ms});
  }
  const auto rto = pair.association.get<RtoInfo>();
  check_about(rto.initial, 333ms);
  check_about(rto.max, 5001ms);
  check_about(rto.min, 123ms);
  check_about(pair.association.get<AssocInfo>().cookie_life, 20'001ms);
  check_about(pair.association.get<DelayedSack>().delay, 77ms);
  check_about(pair.association.get<PeerAddrParams>().heartbeat->interval(), 1001ms);
  check_about(pair.association.get<PlpmtudProbeInterval>().interval, 5001ms);
}

TEST_CASE("A field that is not filled in stays as it was", "[option]") {
  const auto check = [](const auto& target) {
    target.set(RtoInfo{.initial = 400ms, .max = 800ms, .min = 200ms});
    target.set(RtoInfo{.max = 1000ms});
    const auto rto = target.template get<RtoInfo>();
    CHECK(rto.initial == 400ms);
    CHECK(rto.max == 1000ms);
    CHECK(rto.min == 200ms);
    target.set(AssocInfo{.max_retransmissions = 3, .cookie_life = 20s});
    target.set(AssocInfo{.cookie_life = 30s});
    CHECK(target.template get<AssocInfo>().max_retransmissions == 3);
    target.set(AssocInfo{.max_retransmissions = 4});
    CHECK(target.template get<AssocInfo>().cookie_life == 30s);
    target.set(DelayedSack{.delay = 80ms, .packets = 5});
    target.set(DelayedSack{.packets = 6});
    CHECK(target.template get<DelayedSack>().delay == 80ms);
    target.set(DelayedSack{.delay = 100ms});
    CHECK(target.template get<DelayedSack>().packets == 6U);
    target.set(PeerAddrThlds{.potentially_failed = 1, .switch_primary = 3});
    target.set(PeerAddrThlds{.potentially_failed = 2});
    CHECK(target.template get<PeerAddrThlds>().switch_primary == 3);
    target.set(PeerAddrThlds{.switch_primary = 4});
    CHECK(target.template get<PeerAddrThlds>().potentially_failed == 2);
    target.set(PeerAddrParams{.heartbeat = Heartbeat::every(5s),
                              .max_retransmissions = 3,
                              .mtu = PathMtu::fixed(1200),
                              .dscp = 10});
    target.set(PeerAddrParams{.max_retransmissions = 4});
    CHECK(target.template get<PeerAddrParams>().heartbeat == Heartbeat::every(5s));
    target.set(PeerAddrParams{.heartbeat = Heartbeat::off()});
    CHECK(target.template get<PeerAddrParams>().max_retransmissions == 4);
    CHECK(target.template get<PeerAddrParams>().heartbeat == Heartbeat::off());
    CHECK(target.template get<PeerAddrParams>().mtu == PathMtu::fixed(1200));
    CHECK(target.template get<PeerAddrParams>().dscp == 10);
    target.set(PeerAddrParams{.mtu = PathMtu::discovered()});
    CHECK(target.template get<PeerAddrParams>().mtu == PathMtu::discovered());
    CHECK(target.template get<PeerAddrParams>().heartbeat == Heartbeat::off());
  };
  check(OneToOneSocket{Address::Family::v4});
  const Pair pair;
  check(pair.association);
}

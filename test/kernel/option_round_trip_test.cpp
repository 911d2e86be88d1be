// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::Address;
using sctp::AssociationId;
using sctp::Associations;
using sctp::OneToOneSocket;
using sctp::Style;
using namespace sctp::option;
using namespace std::chrono_literals;

// What is set is what is answered, and where it was set, and nowhere else: of each option that can be set.

namespace {

/// Two values of an option, neither of them what the kernel begins with. Times are whole ticks of every
/// kernel's clock.
template <class O>
const std::array<O, 2> examples{};

/// What is in an option; times in milliseconds or seconds, and -1 for what is empty.
using Numbers = std::vector<std::int64_t>;
template <class T>
std::int64_t number(const T& value) {
  if constexpr (requires { value.count(); }) {
    return value.count();
  } else if constexpr (requires { value.has_value(); }) {
    return value ? number(*value) : -1;
  } else {
    return static_cast<std::int64_t>(value);
  }
}

template <>
const std::array<InitMsg, 2> examples<InitMsg>{{{20, 30, 3, 1200ms}, {21, 31, 4, 1400ms}}};
Numbers numbers(const InitMsg& o) {
  return {number(o.outgoing_streams), number(o.incoming_streams), number(o.attempts),
          number(o.longest_pause)};
}
template <>
const std::array<RtoInfo, 2> examples<RtoInfo>{{{340ms, 5000ms, 120ms}, {700ms, 9000ms, 220ms}}};
Numbers numbers(const RtoInfo& o) { return {number(o.initial), number(o.max), number(o.min)}; }
template <>
const std::array<AssocInfo, 2> examples<AssocInfo>{{{3, 20'000ms}, {4, 30'000ms}}};
Numbers numbers(const AssocInfo& o) { return {number(o.max_retransmissions), number(o.cookie_life)}; }
template <>
const std::array<AdaptationLayer, 2> examples<AdaptationLayer>{{{0xdeadbeef}, {7}}};
Numbers numbers(const AdaptationLayer& o) { return {number(o.value)}; }
template <>
const std::array<MaxSeg, 2> examples<MaxSeg>{{{600}, {1000}}};
Numbers numbers(const MaxSeg& o) { return {number(o.size)}; }
template <>
const std::array<Context, 2> examples<Context>{{{0xdeadbeef}, {7}}};
Numbers numbers(const Context& o) { return {number(o.value)}; }
template <>
const std::array<MaxBurst, 2> examples<MaxBurst>{{{9}, {0}}};
Numbers numbers(const MaxBurst& o) { return {number(o.packets)}; }
template <>
const std::array<DelayedSack, 2> examples<DelayedSack>{{{80ms, 3}, {120ms, 4}}};
Numbers numbers(const DelayedSack& o) { return {number(o.delay), number(o.packets)}; }
template <>
const std::array<PeerAddrParams, 2> examples<PeerAddrParams>{
    {{Heartbeat::every(1240ms), 3, PathMtu::fixed(1200), 46, {}},
     {Heartbeat::off(), 7, PathMtu::fixed(900), 10, {}}}};
Numbers numbers(const PeerAddrParams& o) {
  return {number(o.heartbeat->interval()), number(o.max_retransmissions), number(o.mtu->bytes()),
          number(o.dscp), number(o.flow_label)};
}
template <>
const std::array<PeerAddrThlds, 2> examples<PeerAddrThlds>{{{1, 3}, {2, 4}}};
Numbers numbers(const PeerAddrThlds& o) { return {number(o.potentially_failed), number(o.switch_primary)}; }
using Expose = ExposePotentiallyFailedState;
template <>
const std::array<Expose, 2> examples<Expose>{{{Expose::Exposure::always}, {Expose::Exposure::never}}};
Numbers numbers(const Expose& o) { return {number(o.exposure)}; }
template <>
const std::array<PlpmtudProbeInterval, 2> examples<PlpmtudProbeInterval>{{{5000ms}, {7000ms}}};
Numbers numbers(const PlpmtudProbeInterval& o) { return {number(o.interval)}; }
template <>
const std::array<EnableStreamReset, 2> examples<EnableStreamReset>{
    {{true, false, true}, {false, true, false}}};
Numbers numbers(const EnableStreamReset& o) {
  return {number(o.reset_streams), number(o.reset_association), number(o.add_streams)};
}
template <>
const std::array<StreamScheduler, 2> examples<StreamScheduler>{
    {{StreamScheduler::Scheduler::priority}, {StreamScheduler::Scheduler::round_robin}}};
Numbers numbers(const StreamScheduler& o) { return {number(o.scheduler)}; }
template <>
const std::array<SndBuf, 2> examples<SndBuf>{{{100'000}, {30'000}}};
Numbers numbers(const SndBuf& o) { return {number(o.size)}; }
template <>
const std::array<RcvBuf, 2> examples<RcvBuf>{{{100'000}, {30'000}}};
Numbers numbers(const RcvBuf& o) { return {number(o.size)}; }
template <>
const std::array<Linger, 2> examples<Linger>{{{0s}, {7s}}};
Numbers numbers(const Linger& o) { return {number(o.time)}; }
template <>
const std::array<Dscp, 2> examples<Dscp>{{{46}, {10}}};
Numbers numbers(const Dscp& o) { return {number(o.code_point)}; }
template <>
const std::array<BindToDevice, 2> examples<BindToDevice>{{{"lo"}, {""}}};
Numbers numbers(const BindToDevice& o) { return {o.device.begin(), o.device.end()}; }

/// Those that are on or off.
template <class O>
  requires requires(O o) { o.on; }
const std::array<O, 2> examples<O>{{{true}, {false}}};
template <class O>
  requires requires(O o) { o.on; }
Numbers numbers(const O& o) {
  return {number(o.on)};
}

template <class O>
Numbers of(const sctp::SocketRef& socket) {
  return numbers(socket.get<O>());
}
template <class O>
Numbers of(const sctp::Association& association) {
  return numbers(association.get<O>());
}

/// A one-to-many socket with two associations.
struct Two {
  test::Many many;
  std::array<OneToOneSocket, 2> peers;
  std::vector<sctp::Association> associations;

  explicit Two(const test::Tune& tune = test::as_it_is) : many{tune} {
    for (OneToOneSocket& peer : peers) {
      peer = OneToOneSocket{many.address()};
      associations.push_back(many.association(many.next_up()));
    }
  }
};

/// What each association has by itself.
using OfAssociations =
    std::tuple<RtoInfo, AssocInfo, MaxSeg, Context, MaxBurst, DelayedSack, PeerAddrParams, PeerAddrThlds,
               Expose, PlpmtudProbeInterval, EnableStreamReset, StreamScheduler>;
using ReachExisting = std::tuple<Context, MaxBurst, DelayedSack, EnableStreamReset, StreamScheduler>;
/// What a socket has.
using OfSockets = std::tuple<InitMsg, AdaptationLayer, NoDelay, FragmentInterleave, DisableFragments, SndBuf,
                             RcvBuf, Linger, BindToDevice, Dscp, ReuseAddr, IWantMappedV4Addr>;
/// What is not passed on: it is for `bind`, or settled at the setup.
using Others = std::tuple<ReusePort, PrSupported, ReconfigSupported, AuthSupported, EcnSupported>;
using Everywhere = decltype(std::tuple_cat(OfAssociations{}, OfSockets{}, Others{}));

}  // namespace

TEMPLATE_LIST_TEST_CASE("A socket answers what it was told", "[option]", Everywhere) {
  const auto check = [](const sctp::SocketRef& socket) {
    for (const std::size_t n : {0U, 1U, 0U}) {
      socket.set(examples<TestType>[n]);
      CHECK(of<TestType>(socket) == numbers(examples<TestType>[n]));
    }
  };
  for (const auto family : {Address::Family::v4, Address::Family::v6}) {
    check(OneToOneSocket{family});
    check(sctp::Listener{family});
    check(sctp::OneToManySocket{family});
  }
}

TEMPLATE_LIST_TEST_CASE("Later associations have what their socket was told", "[option]", OfAssociations) {
  const auto& [ours, theirs] = examples<TestType>;
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off);
  INFO(to_string(style));
  test::Receiver receiver{{style, test::Delivery::interleaves_peers},
                          [&](const sctp::SocketRef& socket) { socket.set(theirs); }};
  const auto client = receiver.connect([&](const sctp::SocketRef& socket) { socket.set(ours); });
  const sctp::Association server{receiver.socket(), receiver.association()};
  CHECK(of<TestType>(client.association()) == numbers(ours));
  CHECK(of<TestType>(client) == numbers(ours));
  CHECK(of<TestType>(server) == numbers(theirs));
  CHECK(of<TestType>(receiver.socket()) == numbers(theirs));
}

TEMPLATE_LIST_TEST_CASE("A socket with one association has one value for both", "[option]", OfAssociations) {
  const auto& [one, other] = examples<TestType>;
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  INFO(to_string(style));
  test::Receiver receiver{{style, test::Delivery::interleaves_peers}};
  const auto client = receiver.connect(test::as_it_is);
  const Numbers before = of<TestType>(client.association());
  const sctp::SocketRef socket = receiver.socket();
  const sctp::Association association{socket, receiver.association()};
  socket.set(one);
  CHECK(of<TestType>(association) == numbers(one));
  CHECK(of<TestType>(socket) == numbers(one));
  association.set(other);
  CHECK(of<TestType>(association) == numbers(other));
  CHECK(of<TestType>(socket) == numbers(other));
  CHECK(of<TestType>(client.association()) == before);
}

TEMPLATE_LIST_TEST_CASE("One of several associations has what it was told, and no other", "[option]",
                        OfAssociations) {
  const auto& [one, other] = examples<TestType>;
  const Two two;
  const Numbers fresh = of<TestType>(two.associations[0]);
  const Numbers default_value = of<TestType>(two.many.socket);
  two.associations[0].set(one);
  CHECK(of<TestType>(two.associations[0]) == numbers(one));
  CHECK(of<TestType>(two.associations[1]) == fresh);
  CHECK(of<TestType>(two.many.socket) == default_value);
  two.associations[1].set(other);
  CHECK(of<TestType>(two.associations[0]) == numbers(one));
  CHECK(of<TestType>(two.associations[1]) == numbers(other));
  CHECK(of<TestType>(two.many.socket) == default_value);
  two.many.socket.set(other);
  CHECK(of<TestType>(two.associations[0]) == numbers(one));
  CHECK(of<TestType>(two.many.socket) == numbers(other));
}

TEMPLATE_LIST_TEST_CASE("A number that is no association's is refused, and changes nothing", "[option]",
                        OfAssociations) {
  const Two two;
  const Numbers default_value = of<TestType>(two.many.socket);
  const Numbers fresh = of<TestType>(two.associations[0]);
  for (const int id : {-1, 0, 1, 2, 12345}) {
    CAPTURE(id);
    const sctp::Association nobody = two.many.association(AssociationId{id});
    std::error_code error;
    nobody.set(examples<TestType>[0], error);
    CHECK(error == std::errc::invalid_argument);
    static_cast<void>(nobody.get<TestType>(error));
    CHECK(error == std::errc::invalid_argument);
    CHECK_THROWS_WITH(nobody.set(examples<TestType>[0]), Catch::Matchers::Contains("no such association"));
  }
  CHECK(of<TestType>(two.associations[0]) == fresh);
  CHECK(of<TestType>(two.associations[1]) == fresh);
  CHECK(of<TestType>(two.many.socket) == default_value);
}

TEMPLATE_LIST_TEST_CASE("What a socket is told for later, existing or all associations, those have",
                        "[option]", ReachExisting) {
  const TestType& value = examples<TestType>[0];
  const auto which = GENERATE(Associations::later, Associations::existing, Associations::all);
  CAPTURE(int(which));
  Two two;
  const Numbers default_value = of<TestType>(two.many.socket);
  two.many.socket.set(value, which);
  const Numbers existing = which == Associations::later ? default_value : numbers(value);
  const Numbers later = which == Associations::existing ? default_value : numbers(value);
  CHECK(of<TestType>(two.associations[0]) == existing);
  CHECK(of<TestType>(two.associations[1]) == existing);
  CHECK(of<TestType>(two.many.socket) == later);
  const OneToOneSocket late{two.many.address()};
  CHECK(of<TestType>(two.many.association(two.many.next_up())) == later);
}

TEMPLATE_LIST_TEST_CASE("All reaches of a socket with one association are that one", "[option]",
                        ReachExisting) {
  const auto& [one, other] = examples<TestType>;
  const auto which = GENERATE(Associations::later, Associations::existing, Associations::all);
  CAPTURE(int(which));
  const auto [client, server] = test::connect();
  for (const TestType& value : {one, other}) {
    server.set(value, which);
    CHECK(of<TestType>(server.association()) == numbers(value));
  }
}

TEMPLATE_LIST_TEST_CASE("A socket that was accepted or peeled off has what its origin was told", "[option]",
                        OfSockets) {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  INFO(to_string(style));
  for (const TestType& value : examples<TestType>) {
    test::Receiver receiver{{style, test::Delivery::interleaves_peers},
                            [&](const sctp::SocketRef& socket) { socket.set(value); }};
    const auto client = receiver.connect(test::as_it_is);
    CHECK(of<TestType>(receiver.socket()) == numbers(value));
  }
}

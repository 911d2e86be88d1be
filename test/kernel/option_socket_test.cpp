// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::as_bytes;
using sctp::OneToManySocket;
using sctp::OneToOneSocket;
using namespace sctp::option;
using namespace std::chrono_literals;

// Options of a socket that not every socket can have, and what some of them do.

namespace {

/// A peeled-off socket, and where it comes from.
struct PeeledOff {
  test::Many many;
  OneToOneSocket peer;
  sctp::ReceiveBuffer buffer;
  OneToOneSocket socket;

  explicit PeeledOff(const test::Tune& tune = test::as_it_is)
      : many{tune}, peer{many.address()}, socket{many.socket.peel_off(many.next_up(), many.buffer, buffer)} {}
};

template <class O>
std::error_code error_of(const sctp::SocketRef& socket, const O& value) {
  std::error_code error;
  socket.set(value, error);
  return error;
}

}  // namespace

TEMPLATE_TEST_CASE("How long a call waits is for sockets with one association", "[option]", RcvTimeo,
                   SndTimeo) {
  const OneToManySocket many{Address::Family::v4};
  CHECK(error_of(many, TestType{1s}) == std::errc::operation_not_supported);
  CHECK_FALSE(many.template get<TestType>().time);
  PeeledOff peeled_off;
  const auto tune = [](const sctp::SocketRef& socket) { socket.set(TestType{1240ms}); };
  auto [client, server] = test::connect(tune);
  for (const OneToOneSocket* socket : {&client, &server}) CHECK(socket->get<TestType>().time == 1240ms);
  for (const OneToOneSocket* socket : {&client, &server, &peeled_off.socket}) {
    socket->set(TestType{60ms});
    CHECK(socket->get<TestType>().time == 60ms);
    socket->set(TestType{1ms});
    CHECK(socket->get<TestType>().time >= 1ms);
    CHECK(socket->get<TestType>().time <= 10ms);
    CHECK(error_of(*socket, TestType{0ms}) == std::errc::invalid_argument);
    socket->set(TestType{});
    CHECK_FALSE(socket->get<TestType>().time);
  }
}

TEST_CASE("Receiving answers that there is nothing when its time is over", "[option]") {
  auto [client, server] = test::connect();
  PeeledOff peeled_off;
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  server.set(RcvTimeo{20ms});
  CHECK(test::next(server, buffer) == "would block");
  peeled_off.socket.set(RcvTimeo{20ms});
  CHECK(test::next(peeled_off.socket, peeled_off.buffer) == "would block");
  client.send(as_bytes("there"));
  CHECK(test::next(server, buffer) == "message there");
}

TEST_CASE("Sending fails when its time is over", "[option]") {
  auto [client, server] = test::connect(test::small_window);
  test::Many many;
  OneToOneSocket peer{Address::Family::v4};
  test::small_window(peer);
  peer.connect(many.address());
  sctp::ReceiveBuffer buffer;
  const auto peeled_off = many.socket.peel_off(many.next_up(), many.buffer, buffer);
  for (const OneToOneSocket* socket : {static_cast<const OneToOneSocket*>(&client), &peeled_off}) {
    socket->set(SndTimeo{20ms});
    std::error_code error;
    while (!error) socket->send(test::pattern(20'000), {}, error);
    CHECK(error == std::errc::operation_would_block);
  }
}

TEST_CASE("Accepting fails when its time is over", "[option]") {
  sctp::Listener listener = test::listen();
  const Address address = listener.local_address();
  listener.set(RcvTimeo{20ms});
  test::Task accepting{[&] {
    std::error_code error;
    static_cast<void>(listener.accept(error));
    return error;
  }};
  // By now its time is over, and a peer ends the waiting in any case.
  auto [client, server] = test::connect();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  server.set(RcvTimeo{500ms});
  CHECK(test::next(server, buffer) == "would block");
  std::error_code error;
  const OneToOneSocket late{address, error};
  CHECK(accepting.get() == std::errc::operation_would_block);
  static_cast<void>(listener.accept());  // the late one
  CHECK_THROWS_WITH(listener.accept(), Contains("none came within the time of option::RcvTimeo"));
}

TEST_CASE("How long an association may be idle is for one-to-many sockets and their offspring", "[option]") {
  const auto [client, server] = test::connect();
  for (const OneToOneSocket* socket : {&client, &server}) {
    std::error_code error;
    CHECK(error_of(*socket, AutoClose{1s}) == std::errc::operation_not_supported);
    static_cast<void>(socket->get<AutoClose>(error));
    CHECK(error == std::errc::operation_not_supported);
  }
  PeeledOff peeled_off{[](const sctp::SocketRef& socket) { socket.set(AutoClose{300s}); }};
  CHECK(peeled_off.many.socket.get<AutoClose>().idle == 300s);
  CHECK(peeled_off.socket.get<AutoClose>().idle == 300s);
  const sctp::SocketRef socket = peeled_off.many.socket;
  CHECK(error_of(socket, AutoClose{0s}) == std::errc::invalid_argument);
  CHECK(socket.get<AutoClose>().idle == 300s);
  socket.set(AutoClose{});
  CHECK_FALSE(socket.get<AutoClose>().idle);
  CHECK(peeled_off.socket.get<AutoClose>().idle == 300s);
}

TEST_CASE("An idle association is ended in order", "[option]") {
  test::Many many{[](const sctp::SocketRef& socket) { socket.set(AutoClose{1s}); }};
  const OneToOneSocket peer{many.address()};
  CHECK(many.next(2) == std::vector<std::string>{"up", "shut down"});
}

TEST_CASE("A socket that refuses to take messages apart sends what fits in one packet", "[option]") {
  auto [client, server] = test::connect();
  CHECK_FALSE(client.get<DisableFragments>().on);
  client.set(DisableFragments{});
  const std::size_t most = client.association().status().fragmentation_point;
  CHECK(most > 1000);
  std::error_code error;
  client.send(test::pattern(most + 1), {}, error);
  CHECK(error == std::errc::message_size);
  client.send(test::pattern(most));
  client.set(DisableFragments{false});
  client.send(test::pattern(most + 1));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next_message(server, buffer).payload.size() == most);
  CHECK(test::next_message(server, buffer).payload.size() == most + 1);
}

TEST_CASE("A socket for IPv6 may be told to take no IPv4 peers, before it is bound", "[option]") {
  sctp::Listener listener{Address::Family::v6};
  CHECK_FALSE(listener.get<V6Only>().on);
  listener.set(V6Only{});
  CHECK(listener.get<V6Only>().on);
  listener.bind(Address::any(Address::Family::v6, 0));
  listener.listen();
  const std::uint16_t port = listener.local_address().port();
  std::error_code error;
  const OneToOneSocket v4{Address::loopback(Address::Family::v4, port), error};
  CHECK(error == std::errc::connection_refused);
  const OneToOneSocket v6{Address::loopback(Address::Family::v6, port), error};
  CHECK_FALSE(error);
  CHECK(error_of(listener, V6Only{false}) == std::errc::invalid_argument);
  CHECK_THROWS_WITH(listener.set(V6Only{false}), Contains("not bound yet"));
  const OneToOneSocket of_v4{Address::Family::v4};
  CHECK(error_of(of_v4, V6Only{}));
}

TEST_CASE("Addresses are added by themselves only where a socket is bound to all of them", "[option]") {
  const test::Many all{test::as_it_is, Address::any(Address::Family::v4, 0)};
  CHECK_FALSE(all.socket.get<AutoAsconf>().on);
  for (const bool on : {true, false}) {
    all.socket.set(AutoAsconf{on});
    CHECK(all.socket.get<AutoAsconf>().on == on);
  }
  const test::Many one;
  CHECK(error_of(one.socket, AutoAsconf{}) == std::errc::invalid_argument);
  CHECK_THROWS_WITH(one.socket.set(AutoAsconf{}), Contains("wildcard"));
  CHECK_FALSE(one.socket.get<AutoAsconf>().on);
}

TEST_CASE("A socket is bound to a device that there is", "[option]") {
  const OneToOneSocket socket{Address::Family::v4};
  CHECK(socket.get<BindToDevice>().device.empty());
  socket.set(BindToDevice{"lo"});
  for (const char* unknown : {"nosuch0", "lo0123456789abcdef", "a_name_that_is_too_long"}) {
    CHECK(error_of(socket, BindToDevice{unknown}) == std::errc::no_such_device);
    CHECK(socket.get<BindToDevice>().device == "lo");
  }
  CHECK(error_of(socket, BindToDevice{std::string{"lo\0x", 4}}) == std::errc::no_such_device);
  socket.set(BindToDevice{});
  CHECK(socket.get<BindToDevice>().device.empty());
}

TEST_CASE("A code point is of both families on a socket for IPv6", "[option]") {
  const OneToOneSocket socket{Address::Family::v6};
  socket.set(Dscp{46});
  int tos = 0;
  int traffic_class = 0;
  socklen_t length = sizeof tos;
  REQUIRE(::getsockopt(socket.fd(), IPPROTO_IP, IP_TOS, &tos, &length) == 0);
  REQUIRE(::getsockopt(socket.fd(), IPPROTO_IPV6, IPV6_TCLASS, &traffic_class, &length) == 0);
  CHECK((tos & 0xfc) == 46 << 2);
  CHECK((traffic_class & 0xfc) == 46 << 2);
}

TEST_CASE("A chunk is as large as the path's MTU lets it be", "[option]") {
  auto [client, server] = test::connect();
  const sctp::Association association = client.association();
  const Address path = server.local_address();
  const std::uint32_t largest = association.status().fragmentation_point;
  association.set(PeerAddrParams{.mtu = PathMtu::fixed(1000)}, path);
  CHECK(association.get<PeerAddrInfo>(path).mtu == 1000);
  CHECK(association.status().fragmentation_point == largest - 500);
  client.send(test::pattern(5000));
  sctp::ReceiveBuffer buffer;
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, test::pattern(5000)));
  association.set(PeerAddrParams{.mtu = PathMtu::discovered()}, path);
  CHECK(association.get<PeerAddrInfo>(path).mtu == 1500);
  CHECK(association.status().fragmentation_point == largest);
}

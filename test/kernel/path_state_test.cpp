// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>

#include "by_hand.hpp"
#include "two_hosts.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using Change = sctp::PeerAddressChange;
using test::TwoPaths;
using namespace sctp::option;
using namespace std::chrono_literals;

// How paths are doing, which one messages take, and the options that have a say in it.

namespace {

using State = PeerAddrInfo::State;
using Exposure = ExposePotentiallyFailedState::Exposure;

/// Suspects a path after a twentieth of a second, asks each several times a second, and tells all of it. The
/// association outlives everything.
void watch(const sctp::SocketRef& socket) {
  socket.set(RtoInfo{.initial = 50ms, .max = 100ms, .min = 50ms});
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms), .max_retransmissions = 2});
  socket.set(AssocInfo{.max_retransmissions = 60'000});
  socket.set(DelayedSack{.packets = 1});
  socket.set(ExposePotentiallyFailedState{});
  socket.subscribe<Change>();
}

/// The same, and no path is unreachable ever.
void watch_patiently(const sctp::SocketRef& socket) {
  watch(socket);
  socket.set(PeerAddrParams{.max_retransmissions = 60'000});
}

void change_addresses(const sctp::SocketRef& socket) {
  socket.set(AuthSupported{});
  socket.set(AsconfSupported{});
  socket.subscribe<Change>();
}

State state(const sctp::Association& association, const Address& path) {
  return association.get<PeerAddrInfo>(path).state;
}

/// The next change of that path; of others there may be some.
Change next_change(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer, const Address& path) {
  for (;;) {
    const auto change = test::await<Change>(socket, buffer);
    if (change.address == path) return change;
  }
}

/// Which path messages take to the server.
class Choice {
 public:
  explicit Choice(TwoPaths& pair)
      : pair_{pair}, taps_{test::Tap{pair.hosts.b, 0}, test::Tap{pair.hosts.b, 1}} {}

  std::size_t now() {
    for (test::Tap& tap : taps_) tap.take();
    pair_.ends.client.send(sctp::as_bytes("hello"));
    CHECK(test::text(test::next_message(pair_.ends.server, pair_.server_buffer).payload) == "hello");
    return taps_[0].take(ChunkType::data).empty() ? 1 : 0;
  }

 private:
  TwoPaths& pair_;
  std::array<test::Tap, 2> taps_;
};

}  // namespace

TEST_CASE("A path's round trip takes as long as the network does", "[path_state]") {
  test::TwoHosts hosts{2};
  hosts.discipline(0, "netem delay 30ms");
  hosts.discipline(1, "netem delay 60ms");
  const auto [client, server] = test::connect(hosts, [](const sctp::SocketRef& socket) {
    socket.set(RtoInfo{.initial = 200ms, .max = 400ms, .min = 200ms});
    socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms)});
  });
  const auto paths = client.association().peer_addresses();
  REQUIRE(paths.size() == 2);
  const auto info = [&](std::size_t path) { return client.association().get<PeerAddrInfo>(paths.at(path)); };
  test::wait_until([&] { return info(0).rtt >= 50ms && info(0).rtt < 90ms; });
  test::wait_until([&] { return info(1).rtt >= 100ms && info(1).rtt < 180ms; });
  for (std::size_t path = 0; path != 2; ++path) {
    CHECK(info(path).address == hosts.b.address(path, server.local_address().port()));
    CHECK(info(path).state == State::available);
    CHECK(info(path).rto >= 200ms);
    CHECK(info(path).mtu == 1500);
    CHECK(info(path).congestion_window >= 1500);
  }
}

TEST_CASE("A path that the peer has named is unconfirmed until it answers", "[path_state]") {
  test::TwoHosts hosts{2};
  hosts.cut(1);
  const auto [client, server] = test::connect(hosts, watch);
  const auto association = server.association();
  const Address path = hosts.a.address(1, client.local_address().port());
  CHECK(state(association, hosts.a.address(0, path.port())) == State::available);
  CHECK(state(association, path) == State::unconfirmed);
  hosts.restore(1);
  sctp::ReceiveBuffer buffer;
  CHECK(next_change(server, buffer, path).state == Change::State::confirmed);
  CHECK(state(association, path) == State::available);
  test::wait_until_confirmed(association);
}

TEST_CASE("A path that is cut is suspected, given up, and found again", "[path_state]") {
  TwoPaths pair{watch};
  const auto next = [&] { return next_change(pair.ends.client, pair.client_buffer, pair.to_server[1]); };
  pair.hosts.cut(1);
  CHECK(next().state == Change::State::potentially_failed);
  const Change lost = next();
  CHECK(lost.state == Change::State::unreachable);
  CHECK(lost.reason == Change::Reason::failed_threshold);
  CHECK(lost.association == pair.client.id());
  CHECK(state(pair.client, pair.to_server[1]) == State::unreachable);
  CHECK(state(pair.client, pair.to_server[0]) == State::available);
  pair.hosts.restore(1);
  const Change found = next();
  CHECK(found.state == Change::State::available);
  CHECK(found.reason == Change::Reason::heartbeat_success);
  CHECK(state(pair.client, pair.to_server[1]) == State::available);
}

TEST_CASE("That a path is suspected is told, told when asked for, or a secret", "[path_state]") {
  TwoPaths pair{watch_patiently};
  const Address& path = pair.to_server[1];
  const Exposure exposure = GENERATE(Exposure::always, Exposure::when_asked, Exposure::never);
  INFO(to_string(exposure));
  pair.client.set(ExposePotentiallyFailedState{exposure});
  CHECK(pair.client.get<ExposePotentiallyFailedState>().exposure == exposure);
  CHECK(pair.ends.client.get<ExposePotentiallyFailedState>().exposure == exposure);
  CHECK(pair.server.get<ExposePotentiallyFailedState>().exposure == Exposure::always);
  CHECK(test::next(pair.ends.client, pair.client_buffer) == "up");
  pair.hosts.cut(1);
  std::error_code error;
  test::wait_until([&] {
    const auto info = pair.client.get<PeerAddrInfo>(path, error);
    return error || info.state != State::available;
  });
  if (exposure == Exposure::never) {
    CHECK(error == std::errc::permission_denied);
  } else {
    CHECK(state(pair.client, path) == State::potentially_failed);
  }
  if (exposure == Exposure::always) {
    CHECK(next_change(pair.ends.client, pair.client_buffer, path).state == Change::State::potentially_failed);
  } else {
    CHECK_FALSE(pair.ends.client.try_receive(pair.client_buffer));
  }
  CHECK(pair.client.get<PeerAddrInfo>(pair.to_server[0]).state == State::available);
}

TEST_CASE("A path is not suspected before as many timeouts as were set", "[path_state]") {
  TwoPaths pair{watch};
  pair.client.set(PeerAddrThlds{.potentially_failed = PeerAddrThlds::never}, pair.to_server[1]);
  pair.hosts.cut(1);
  CHECK(next_change(pair.ends.client, pair.client_buffer, pair.to_server[1]).state ==
        Change::State::unreachable);
}

TEST_CASE("Messages take another path while the primary is cut, and come back to it", "[path_state]") {
  TwoPaths pair{watch};
  Choice choice{pair};
  CHECK(choice.now() == 0);
  pair.hosts.cut(0);
  CHECK(next_change(pair.ends.client, pair.client_buffer, pair.to_server[0]).state ==
        Change::State::potentially_failed);
  CHECK(choice.now() == 1);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[0]);
  pair.hosts.restore(0);
  test::wait_until([&] { return state(pair.client, pair.to_server[0]) == State::available; });
  CHECK(choice.now() == 0);
}

TEST_CASE("Another path becomes the primary for good after as many timeouts as were set", "[path_state]") {
  TwoPaths pair{watch};
  Choice choice{pair};
  pair.client.set(PeerAddrThlds{.switch_primary = 1});
  pair.hosts.cut(0);
  Change change = next_change(pair.ends.client, pair.client_buffer, pair.to_server[1]);
  CHECK(change.state == Change::State::made_primary);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[1]);
  pair.hosts.restore(0);
  test::wait_until([&] { return state(pair.client, pair.to_server[0]) == State::available; });
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[1]);
  CHECK(choice.now() == 1);
}

TEST_CASE("Messages take the path that was made the primary", "[path_state]") {
  TwoPaths pair{[](const sctp::SocketRef& socket) { socket.subscribe<Change>(); }};
  Choice choice{pair};
  CHECK(choice.now() == 0);
  pair.client.set(PrimaryAddr{pair.to_server[1]});
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[1]);
  CHECK(pair.client.status().primary == pair.to_server[1]);
  CHECK(next_change(pair.ends.client, pair.client_buffer, pair.to_server[1]).state ==
        Change::State::made_primary);
  CHECK(choice.now() == 1);
}

TEST_CASE("Messages take the path that the peer has asked for", "[path_state]") {
  TwoPaths pair{change_addresses};
  Choice choice{pair};
  CHECK(choice.now() == 0);
  pair.server.set(SetPeerPrimaryAddr{pair.to_server[1]});
  CHECK(next_change(pair.ends.client, pair.client_buffer, pair.to_server[1]).state ==
        Change::State::made_primary);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[1]);
  CHECK(choice.now() == 1);

  std::error_code error;
  pair.server.set(SetPeerPrimaryAddr{pair.to_client[1]}, error);
  CHECK(error == std::errc::address_not_available);
}

TEST_CASE("Nobody asks a peer for a path that cannot change addresses", "[path_state]") {
  const bool one_side_can = GENERATE(false, true);
  const TwoPaths pair{test::as_it_is, one_side_can ? change_addresses : test::Tune{test::as_it_is}};
  std::error_code error;
  pair.server.set(SetPeerPrimaryAddr{pair.to_server[1]}, error);
  CHECK(error == std::errc::operation_not_permitted);
  CHECK_THROWS_WITH(pair.server.set(SetPeerPrimaryAddr{pair.to_server[1]}),
                    Contains("it needs option::AsconfSupported and option::AuthSupported on both sides"));
}

TEST_CASE("A peer is told of addresses that come and go where a socket is to have them all", "[path_state]") {
  const test::TwoHosts hosts;
  sctp::Listener listener = test::listen(hosts.b, change_addresses);
  const auto connect = [&](bool automatic) {
    auto client = hosts.a.run([] { return sctp::OneToOneSocket{Address::Family::v4}; });
    change_addresses(client);
    client.bind(Address::any(Address::Family::v4, 0));
    CHECK_FALSE(client.get<AutoAsconf>().on);
    client.set(AutoAsconf{automatic});
    CHECK(client.get<AutoAsconf>().on == automatic);
    client.connect(listener.local_address());
    return client;
  };
  const auto silent = connect(false);
  const auto server_of_silent = listener.accept();
  const auto client = connect(true);
  const auto server = listener.accept();
  const Address address{"10.78.0.101", client.local_address().port()};
  sctp::ReceiveBuffer buffer;
  hosts.a.add_address(0, address);
  CHECK(next_change(server, buffer, address).state == Change::State::added);
  CHECK(server.association().peer_addresses().size() == 2);
  CHECK(server_of_silent.association().peer_addresses().size() == 1);
  CHECK(next_change(server, buffer, address).state == Change::State::confirmed);
  hosts.a.remove_address(0, address);
  CHECK(next_change(server, buffer, address).state == Change::State::removed);
}

TEST_CASE("A socket has all addresses that come where it is bound to all", "[path_state]") {
  const sctp::OneToOneSocket socket{Address::Family::v4};
  socket.bind(Address::loopback(Address::Family::v4, 0));
  std::error_code error;
  socket.set(AutoAsconf{}, error);
  CHECK(error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(socket.set(AutoAsconf{}), Contains("a socket that is bound to a wildcard address"));
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "changing.hpp"

using sctp::Address;
using sctp::Errc;
using test::Changing;
using test::Kind;
using test::TwoPaths;
using Change = sctp::PeerAddressChange;
using namespace sctp::option;
using namespace std::chrono_literals;

// A path is chosen for one message, and asked whether it works.

namespace {

using State = PeerAddrInfo::State;

/// Paths are asked by nobody but the test.
void quiet(const sctp::SocketRef& socket) {
  socket.set(RtoInfo{.initial = 100ms, .max = 100ms, .min = 100ms});
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::off(), .max_retransmissions = 2});
  socket.set(AssocInfo{.max_retransmissions = 60'000});
  socket.set(ExposePotentiallyFailedState{});
  socket.subscribe<Change>();
}

Change next_change(TwoPaths& pair) { return test::await<Change>(pair.ends.client, pair.client_buffer); }

/// Which path of the peer's host a message takes.
class Route {
 public:
  explicit Route(Changing& pair)
      : pair_{pair}, taps_{test::Tap{pair.hosts.b, 0}, test::Tap{pair.hosts.b, 1}} {}

  std::size_t of(sctp::SendOptions options) {
    options.sack_immediately = true;
    const std::uint64_t before = retransmitted();
    for (test::Tap& tap : taps_) tap.take();
    pair_.own.send(pair_.id, sctp::as_bytes("hello"), options);
    CHECK(test::text(test::next_message(pair_.peer, pair_.peer_buffer).payload) == "hello");
    test::wait_until([&] { return pair_.association().status().unacknowledged_chunks == 0; });
    if (retransmitted() != before) return of(options);  // and that may have taken the other path
    return taps_[0].take(ChunkType::data).empty() ? 1 : 0;
  }

 private:
  [[nodiscard]] std::uint64_t retransmitted() const {
    return pair_.association().get<AssocStats>().retransmitted_chunks;
  }

  Changing& pair_;
  std::array<test::Tap, 2> taps_;
};

std::error_code error_of_sending(const Changing& pair, const Address& path) {
  std::error_code error;
  pair.own.send(pair.id, sctp::as_bytes("hello"), {.path = path}, error);
  return error;
}

}  // namespace

TEST_CASE("A message takes the path that is chosen for it, and the next one the primary", "[path_choice]") {
  const Kind kind = GENERATE(Kind::client, Kind::accepted, Kind::one_to_many);
  INFO(name(kind));
  Changing pair{kind};
  Route route{pair};
  CHECK(route.of({}) == 0);
  CHECK(route.of({.path = pair.peer_address(1)}) == 1);
  CHECK(route.of({}) == 0);
  CHECK(route.of({.path = pair.peer_address(0)}) == 0);
  pair.association().set(PrimaryAddr{pair.peer_address(1)});
  CHECK(route.of({}) == 1);
  CHECK(route.of({.path = pair.peer_address(0)}) == 0);
}

TEST_CASE("What is no path of the association is not taken, and nobody is connected to", "[path_choice]") {
  const Kind kind = GENERATE(Kind::client, Kind::accepted, Kind::one_to_many);
  INFO(name(kind));
  Changing pair{kind};
  const Address path = pair.peer_address(1);
  CHECK(error_of_sending(pair, path.with_port(static_cast<std::uint16_t>(path.port() ^ 1U))) ==
        Errc::no_such_path);
  CHECK(error_of_sending(pair, Address{"10.78.0.77", path.port()}) == Errc::no_such_path);
  CHECK(error_of_sending(pair, pair.address(0)) == Errc::no_such_path);
  CHECK(error_of_sending(pair, Address::any(Address::Family::v4, path.port())) == Errc::no_such_path);
  if (kind == Kind::one_to_many) {
    auto other = pair.hosts.b.run([] { return sctp::OneToOneSocket{Address::Family::v4}; });
    other.bind(pair.hosts.b.address(0));
    other.connect(pair.address(0));
    CHECK(error_of_sending(pair, other.local_address()) == Errc::no_such_path);
    CHECK(pair.many().associations().size() == 2);
  }
  pair.check_talk();
}

TEST_CASE("A peeled-off socket has no path to choose", "[path_choice]") {
  Changing pair{Kind::peeled_off};
  CHECK(error_of_sending(pair, pair.peer_address(1)) == std::errc::operation_not_supported);
  Route route{pair};
  pair.association().set(PrimaryAddr{pair.peer_address(1)});
  CHECK(route.of({}) == 1);
}

TEST_CASE("A message whose chosen path is dead takes another", "[path_choice]") {
  TwoPaths pair{quiet};
  pair.server.request_heartbeats();
  test::wait_until_confirmed(pair.server);
  pair.hosts.cut(1);
  pair.ends.client.send(sctp::as_bytes("hello"), {.path = pair.to_server[1]});
  CHECK(test::text(test::next_message(pair.ends.server, pair.server_buffer).payload) == "hello");
  CHECK(pair.client.get<PeerAddrInfo>(pair.to_server[1]).state == State::potentially_failed);
}

TEST_CASE("A path is unconfirmed until it is asked, where nobody else asks", "[path_choice]") {
  TwoPaths pair{quiet};
  CHECK(pair.server.get<PeerAddrInfo>(pair.to_client[1]).state == State::unconfirmed);
  pair.server.request_heartbeat(pair.to_client[1]);
  const auto change = test::await<Change>(pair.ends.server, pair.server_buffer);
  CHECK(change.state == Change::State::confirmed);
  CHECK(change.address == pair.to_client[1]);
}

TEST_CASE("A path that was dead is found again when it is asked", "[path_choice]") {
  TwoPaths pair{quiet};
  const Address& path = pair.to_server[1];
  pair.hosts.cut(1);
  // Each finds that the one before has no answer.
  while (pair.client.get<PeerAddrInfo>(path).state != State::unreachable) pair.client.request_heartbeat(path);
  CHECK(next_change(pair).state == Change::State::potentially_failed);
  CHECK(next_change(pair).state == Change::State::unreachable);
  pair.hosts.restore(1);
  pair.client.request_heartbeat(path);
  const Change change = next_change(pair);
  CHECK(change.state == Change::State::available);
  CHECK(change.reason == Change::Reason::heartbeat_success);
  CHECK(change.address == path);
}

TEST_CASE("One path is asked, or all are", "[path_choice]") {
  TwoPaths pair{quiet};
  std::array taps{test::Tap{pair.hosts.a, 0}, test::Tap{pair.hosts.a, 1}};
  const auto wait_for_answer = [&](std::size_t path) {
    test::wait_until([&] { return !taps.at(path).take(ChunkType::heartbeat_ack).empty(); });
  };
  pair.client.request_heartbeat(pair.to_server[1]);
  wait_for_answer(1);
  CHECK(taps[0].take(ChunkType::heartbeat_ack).empty());
  pair.client.request_heartbeats();
  wait_for_answer(0);
  wait_for_answer(1);

  std::error_code error;
  pair.client.request_heartbeat(pair.to_client[0], error);
  CHECK(error == Errc::no_such_path);
  pair.client.request_heartbeat(Address::any(Address::Family::v4, 0), error);
  CHECK(error == Errc::no_such_path);
}

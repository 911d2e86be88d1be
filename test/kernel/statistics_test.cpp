// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::Address;
using sctp::as_bytes;
using sctp::Association;
using sctp::AssociationId;
using sctp::OneToManySocket;
using sctp::OneToOneSocket;
using sctp::StreamId;
using sctp::Style;
using test::any_style;
using test::Outage;
using namespace sctp::option;
using namespace std::chrono_literals;

// What the kernel counts and measures of an association.

namespace {

/// Nothing is retransmitted before the next packets are on their way, and nothing lost because none arrives.
/// What is on its way are messages, and what answers them.
void patient(const sctp::SocketRef& socket) {
  socket.set(AssocInfo{.max_retransmissions = 1000});
  socket.set(RtoInfo{.initial = 2s, .max = 2s, .min = 2s});
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::off()});
}

struct Pair : test::QuietPair {
  explicit Pair(Style style, const test::Tune& tune = patient) : QuietPair{style, tune} {}
  void wait_until_acknowledged() const {
    test::wait_until([this] { return association().status().unacknowledged_chunks == 0; });
  }
};

AssocStats operator-(AssocStats after, const AssocStats& before) {
  after.sent_packets -= before.sent_packets;
  after.received_packets -= before.received_packets;
  after.sent_sacks -= before.sent_sacks;
  after.received_sacks -= before.received_sacks;
  after.sent_ordered_chunks -= before.sent_ordered_chunks;
  after.received_ordered_chunks -= before.received_ordered_chunks;
  after.sent_unordered_chunks -= before.sent_unordered_chunks;
  after.received_unordered_chunks -= before.received_unordered_chunks;
  after.retransmitted_chunks -= before.retransmitted_chunks;
  after.received_twice_chunks -= before.received_twice_chunks;
  after.dropped_early_chunks -= before.dropped_early_chunks;
  after.received_gap_reports -= before.received_gap_reports;
  after.sent_control_chunks -= before.sent_control_chunks;
  after.received_control_chunks -= before.received_control_chunks;
  return after;
}

void check_nothing_lost(const AssocStats& stats) {
  CHECK(stats.retransmitted_chunks == 0);
  CHECK(stats.received_twice_chunks == 0);
  CHECK(stats.dropped_early_chunks == 0);
  CHECK(stats.received_gap_reports == 0);
}

}  // namespace

TEST_CASE("An association counts what it sends, and its peer the same as received", "[statistics]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  const auto before = pair.association().get<AssocStats>();
  const auto peer_before = pair.peer.association().get<AssocStats>();
  for (int n = 0; n != 3; ++n) pair.association().send(as_bytes("ordered"));
  for (int n = 0; n != 2; ++n) pair.association().send(as_bytes("unordered"), {.unordered = true});
  pair.association().send(as_bytes("last"), {.sack_immediately = true});
  for (int n = 0; n != 6; ++n) static_cast<void>(test::next_message(pair.peer, pair.at_peer));
  pair.wait_until_acknowledged();

  const auto stats = pair.association().get<AssocStats>() - before;
  const auto of_peer = pair.peer.association().get<AssocStats>() - peer_before;
  CHECK(stats.sent_packets == 6);
  CHECK(of_peer.received_packets == 6);
  CHECK(stats.sent_ordered_chunks == 4);
  CHECK(of_peer.received_ordered_chunks == 4);
  CHECK(stats.sent_unordered_chunks == 2);
  CHECK(of_peer.received_unordered_chunks == 2);
  CHECK(stats.received_ordered_chunks == 0);
  CHECK(stats.received_unordered_chunks == 0);
  CHECK(of_peer.sent_ordered_chunks == 0);
  CHECK(of_peer.sent_unordered_chunks == 0);
  // All that comes back are acknowledgements, each in a packet of its own.
  CHECK(stats.received_sacks >= 1);
  CHECK(stats.received_control_chunks == stats.received_sacks);
  CHECK(stats.received_packets == stats.received_sacks);
  CHECK(of_peer.sent_sacks == stats.received_sacks);
  CHECK(of_peer.sent_control_chunks == stats.received_sacks);
  CHECK(of_peer.sent_packets == stats.received_sacks);
  CHECK(stats.sent_sacks == 0);
  CHECK(stats.sent_control_chunks == 0);
  CHECK(of_peer.received_sacks == 0);
  CHECK(of_peer.received_control_chunks == 0);
  check_nothing_lost(stats);
  check_nothing_lost(of_peer);
}

TEST_CASE("A large message counts as its chunks", "[statistics]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  const auto before = pair.association().get<AssocStats>();
  const auto peer_before = pair.peer.association().get<AssocStats>();
  const bool unordered = GENERATE(false, true);
  const std::size_t most = pair.association().status().fragmentation_point;
  pair.association().send(test::pattern(3 * most + 1), {.unordered = unordered, .sack_immediately = true});
  static_cast<void>(test::next_message(pair.peer, pair.at_peer));
  pair.wait_until_acknowledged();
  const auto stats = pair.association().get<AssocStats>() - before;
  const auto of_peer = pair.peer.association().get<AssocStats>() - peer_before;
  CHECK(stats.sent_ordered_chunks == (unordered ? 0 : 4));
  CHECK(stats.sent_unordered_chunks == (unordered ? 4 : 0));
  CHECK(of_peer.received_ordered_chunks == (unordered ? 0 : 4));
  CHECK(of_peer.received_unordered_chunks == (unordered ? 4 : 0));
}

TEST_CASE("An association counts what it sends again after a loss, and what it is told of gaps",
          "[statistics]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  const auto before = pair.association().get<AssocStats>();
  const auto peer_before = pair.peer.association().get<AssocStats>();
  {
    const Outage outage;
    pair.association().send(as_bytes("lost"), {.stream = StreamId{1}});
  }
  pair.association().send(as_bytes("early"), {.stream = StreamId{2}});
  CHECK(test::next(pair.peer, pair.at_peer) == "message early");
  CHECK(pair.peer.association().status().chunks_beyond_gap == 1);
  CHECK(test::next(pair.peer, pair.at_peer) == "message lost");
  CHECK(pair.peer.association().status().chunks_beyond_gap == 0);
  pair.wait_until_acknowledged();
  const auto stats = pair.association().get<AssocStats>() - before;
  const auto of_peer = pair.peer.association().get<AssocStats>() - peer_before;
  CHECK(stats.sent_ordered_chunks == 2);
  CHECK(stats.retransmitted_chunks >= 1);
  CHECK(stats.received_gap_reports >= 1);
  CHECK(of_peer.received_ordered_chunks == 2);
  CHECK(of_peer.received_twice_chunks == 0);
  // It was early, but was kept.
  CHECK(of_peer.dropped_early_chunks == 0);
}

TEST_CASE("An association counts what it receives twice", "[statistics]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style, [](const sctp::SocketRef& socket) {
              patient(socket);
              test::retransmit_soon(socket);
            }};
  const auto before = pair.association().get<AssocStats>();
  const auto peer_before = pair.peer.association().get<AssocStats>();
  {
    constexpr std::uint8_t sack = 3;
    const test::Swallow acknowledgements{sack};
    pair.peer.send(as_bytes("twice"), {.sack_immediately = true});
    CHECK(pair.receiver.next() == "message twice");
    test::wait_until(
        [&] { return (pair.association().get<AssocStats>() - before).received_twice_chunks > 0; });
  }
  test::wait_until_acknowledged(pair.peer);
  const auto stats = pair.association().get<AssocStats>() - before;
  const auto of_peer = pair.peer.association().get<AssocStats>() - peer_before;
  CHECK(stats.received_ordered_chunks == 1);
  CHECK(of_peer.sent_ordered_chunks == 1);
  CHECK(of_peer.retransmitted_chunks == stats.received_twice_chunks);
  CHECK(test::drain(pair.receiver.socket(), pair.receiver.buffer()).empty());
}

TEST_CASE("The longest timeout begins anew when it was asked for", "[statistics]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style, [](const sctp::SocketRef& socket) {
              patient(socket);
              socket.set(RtoInfo{.initial = 200ms, .max = 400ms, .min = 100ms});
            }};
  const Address peer = pair.peer.local_address();
  const auto ask = [&] {
    const auto stats = pair.association().get<AssocStats>();
    CHECK(stats.longest_rto_path == peer);
    return stats.longest_rto;
  };
  CHECK(ask() >= 200ms);
  CHECK(ask() == 100ms);
  {
    const Outage outage;
    pair.association().send(as_bytes("late"));
    test::wait_until([&] { return pair.association().get<PeerAddrInfo>(peer).rto == 400ms; });
  }
  CHECK(test::next(pair.peer, pair.at_peer) == "message late");
  pair.wait_until_acknowledged();
  CHECK(ask() == 400ms);
  CHECK(ask() == 100ms);
}

TEST_CASE("Each association of a socket has counts of its own, and is counted", "[statistics]") {
  test::Many many;
  CHECK(many.socket.get<AssocNumber>().count == 0);
  std::array<OneToOneSocket, 2> peers;
  std::vector<Association> associations;
  for (OneToOneSocket& peer : peers) {
    peer = OneToOneSocket{many.address()};
    associations.push_back(many.association(many.next_up()));
    CHECK(many.socket.get<AssocNumber>().count == associations.size());
  }
  associations[1].send(as_bytes("one"));
  CHECK(associations[0].get<AssocStats>().sent_ordered_chunks == 0);
  CHECK(associations[1].get<AssocStats>().sent_ordered_chunks == 1);
  CHECK(associations[0].status().association == associations[0].id());
  CHECK(associations[1].status().association == associations[1].id());
  peers[0].abort();
  CHECK(many.next() == "lost: user initiated abort");
  CHECK(many.socket.get<AssocNumber>().count == 1);
  std::error_code error;
  static_cast<void>(peers[1].get<AssocNumber>(error));
  CHECK(error == std::errc::operation_not_supported);
}

TEST_CASE("There is nothing to be told of no association", "[statistics]") {
  test::Many many;
  OneToOneSocket peer{many.address()};
  const AssociationId lost = many.next_up();
  peer.abort();
  CHECK(many.next() == "lost: user initiated abort");
  const OneToOneSocket remaining{many.address()};
  static_cast<void>(many.next_up());
  const OneToOneSocket unconnected{Address::Family::v4};
  std::vector<Association> none{unconnected.association(), many.association(lost)};
  for (const int id : {-1, 0, 1, 2, 12345}) none.push_back(many.association(AssociationId{id}));
  for (const Association& nobody : none) {
    CAPTURE(nobody.id());
    std::error_code error;
    static_cast<void>(nobody.get<AssocStats>(error));
    CHECK(error == std::errc::invalid_argument);
    static_cast<void>(nobody.get<Status>(error));
    CHECK(error == std::errc::invalid_argument);
    static_cast<void>(nobody.get<AssocWindow>(error));
    CHECK(error == std::errc::invalid_argument);
    static_cast<void>(nobody.get<PeerAddrInfo>(remaining.local_address(), error));
    CHECK(error == std::errc::invalid_argument);
    CHECK(error != sctp::Errc::no_such_path);
  }
}

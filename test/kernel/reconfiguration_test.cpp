// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationReset;
using sctp::Reconfiguration;
using sctp::SendFailed;
using sctp::StreamChange;
using sctp::StreamId;
using sctp::StreamReset;
using sctp::Style;
using test::any_style;
using Direction = sctp::Association::Direction;
using namespace sctp::option;

// What becomes of requests to change an association's streams: both sides are told.

namespace {

constexpr EnableStreamReset everything{.reset_streams = true, .reset_association = true, .add_streams = true};

/// A socket of any style that asks, and its peer.
struct Pair {
  test::Receiver receiver;
  sctp::OneToOneSocket peer;
  sctp::ReceiveBuffer at_peer;

  explicit Pair(Style style, EnableStreamReset peer_agrees = everything)
      : receiver{{style, test::Delivery::interleaves_peers}, tune(everything)},
        peer{receiver.connect(tune(peer_agrees))} {
    receiver.socket().subscribe<StreamReset, AssociationReset, StreamChange, SendFailed>();
    peer.subscribe<StreamReset, AssociationReset, StreamChange, SendFailed>();
    CHECK(test::next(peer, at_peer) == "up");
  }

  static test::Tune tune(EnableStreamReset agrees) {
    return [agrees](const sctp::SocketRef& socket) {
      socket.set(ReconfigSupported{});
      socket.set(agrees);
      test::tenacious(socket);
    };
  }

  [[nodiscard]] sctp::Association asker() const { return {receiver.socket(), receiver.association()}; }

  template <class Event>
  Event next_of_asker() {
    return test::next_event<Event>(receiver.socket(), receiver.buffer());
  }
  template <class Event>
  Event next_of_peer() {
    return test::next_event<Event>(peer, at_peer);
  }

  /// Sends a message to the peer, whose number on the stream is answered; and the other way.
  std::uint16_t ssn_at_peer(StreamId stream) {
    asker().send(as_bytes("to the peer"), {.stream = stream, .sack_immediately = true});
    const std::uint16_t ssn = test::next_message(peer, at_peer).ssn;
    wait_until_idle();
    return ssn;
  }
  std::uint16_t ssn_at_asker(StreamId stream) {
    peer.send(as_bytes("to the asker"), {.stream = stream, .sack_immediately = true});
    const std::uint16_t ssn = test::next_message(receiver.socket(), receiver.buffer()).ssn;
    wait_until_idle();
    return ssn;
  }

  void wait_until_idle() const {
    test::wait_until_acknowledged(peer);
    test::wait_until([this] { return asker().status().unacknowledged_chunks == 0; });
  }

  void check_silence() {
    CHECK(test::drain(receiver.socket(), receiver.buffer()).empty());
    CHECK(test::drain(peer, at_peer).empty());
  }
};

void check(const StreamReset& event, Reconfiguration result, Direction direction,
           const std::vector<StreamId>& streams, const sctp::Association& association) {
  CHECK(event.result == result);
  CHECK(event.outgoing == (direction == Direction::outgoing));
  CHECK(event.incoming == (direction == Direction::incoming));
  CHECK(event.association == association.id());
  CHECK(std::ranges::equal(event.streams, streams));
}

void check(const StreamChange& event, Reconfiguration result, std::uint16_t outgoing, std::uint16_t incoming,
           const sctp::Association& association) {
  CHECK(event.result == result);
  CHECK(event.added_outgoing == outgoing);
  CHECK(event.added_incoming == incoming);
  CHECK(event.association == association.id());
}

}  // namespace

TEST_CASE("A reset of streams is told to both sides, and they begin anew", "[reconfiguration]") {
  const Style style = any_style();
  const Direction direction = GENERATE(Direction::outgoing, Direction::incoming, Direction::both);
  const auto streams = GENERATE(std::vector<StreamId>{}, std::vector{StreamId{3}, StreamId{7}});
  CAPTURE(to_string(style), int(direction), streams.size());
  Pair pair{style};
  for (const StreamId stream : {StreamId{3}, StreamId{5}}) {
    CHECK(pair.ssn_at_peer(stream) == 0);
    CHECK(pair.ssn_at_asker(stream) == 0);
  }
  pair.asker().reset_streams(direction, streams);
  const bool outgoing = direction != Direction::incoming;
  const bool incoming = direction != Direction::outgoing;
  if (outgoing) {
    check(pair.next_of_asker<StreamReset>(), Reconfiguration::done, Direction::outgoing, streams,
          pair.asker());
    check(pair.next_of_peer<StreamReset>(), Reconfiguration::done, Direction::incoming, streams,
          pair.peer.association());
  }
  if (incoming) {
    check(pair.next_of_asker<StreamReset>(), Reconfiguration::done, Direction::incoming, streams,
          pair.asker());
    check(pair.next_of_peer<StreamReset>(), Reconfiguration::done, Direction::outgoing, streams,
          pair.peer.association());
  }
  pair.check_silence();
  CHECK(pair.ssn_at_peer(StreamId{3}) == (outgoing ? 0 : 1));
  CHECK(pair.ssn_at_asker(StreamId{3}) == (incoming ? 0 : 1));
  CHECK(pair.ssn_at_peer(StreamId{5}) == (outgoing && streams.empty() ? 0 : 1));
  CHECK(pair.ssn_at_asker(StreamId{5}) == (incoming && streams.empty() ? 0 : 1));
}

TEST_CASE("A stream resets itself alone", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  for (const StreamId stream : {StreamId{3}, StreamId{5}}) CHECK(pair.ssn_at_peer(stream) == 0);
  pair.asker().stream(StreamId{5}).reset();
  check(pair.next_of_asker<StreamReset>(), Reconfiguration::done, Direction::outgoing, {StreamId{5}},
        pair.asker());
  check(pair.next_of_peer<StreamReset>(), Reconfiguration::done, Direction::incoming, {StreamId{5}},
        pair.peer.association());
  CHECK(pair.ssn_at_peer(StreamId{3}) == 1);
  CHECK(pair.ssn_at_peer(StreamId{5}) == 0);
}

TEST_CASE("A reset of streams that the peer does not agree to is denied, and they go on",
          "[reconfiguration]") {
  const Style style = any_style();
  const Direction direction = GENERATE(Direction::outgoing, Direction::incoming, Direction::both);
  CAPTURE(to_string(style), int(direction));
  Pair pair{style, {.reset_association = true, .add_streams = true}};
  CHECK(pair.ssn_at_peer(StreamId{3}) == 0);
  CHECK(pair.ssn_at_asker(StreamId{3}) == 0);
  const std::vector streams{StreamId{3}, StreamId{7}};
  pair.asker().reset_streams(direction, streams);
  for (const Direction one : {Direction::outgoing, Direction::incoming}) {
    if (direction == one || direction == Direction::both)
      check(pair.next_of_asker<StreamReset>(), Reconfiguration::denied, one, streams, pair.asker());
  }
  pair.check_silence();
  CHECK(pair.ssn_at_peer(StreamId{3}) == 1);
  CHECK(pair.ssn_at_asker(StreamId{3}) == 1);
}

TEST_CASE("A list may be as long as is said", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  std::vector<StreamId> streams;
  while (streams.size() != 16'000)
    streams.push_back(StreamId{static_cast<std::uint16_t>(streams.size() % 10)});
  pair.asker().reset_streams(Direction::both, streams);
  check(pair.next_of_asker<StreamReset>(), Reconfiguration::done, Direction::outgoing, streams, pair.asker());
  check(pair.next_of_peer<StreamReset>(), Reconfiguration::done, Direction::incoming, streams,
        pair.peer.association());
  check(pair.next_of_asker<StreamReset>(), Reconfiguration::done, Direction::incoming, streams, pair.asker());
  check(pair.next_of_peer<StreamReset>(), Reconfiguration::done, Direction::outgoing, streams,
        pair.peer.association());
}

TEST_CASE("New streams are told to both ends, each direction by itself", "[reconfiguration]") {
  const Style style = any_style();
  const auto [outgoing, incoming] = GENERATE(std::pair{300, 0}, std::pair{0, 5}, std::pair{3, 2});
  CAPTURE(to_string(style), outgoing, incoming);
  Pair pair{style};
  const auto out = static_cast<std::uint16_t>(outgoing);
  const auto in = static_cast<std::uint16_t>(incoming);
  pair.asker().add_streams(out, in);
  if (out != 0) {
    check(pair.next_of_asker<StreamChange>(), Reconfiguration::done, out, 0, pair.asker());
    check(pair.next_of_peer<StreamChange>(), Reconfiguration::done, 0, out, pair.peer.association());
  }
  if (in != 0) {
    check(pair.next_of_asker<StreamChange>(), Reconfiguration::done, 0, in, pair.asker());
    check(pair.next_of_peer<StreamChange>(), Reconfiguration::done, in, 0, pair.peer.association());
  }
  pair.check_silence();
  const Status asker = pair.asker().status();
  CHECK(asker.outgoing_streams == 10 + out);
  CHECK(asker.incoming_streams == 10 + in);
  const Status peer = pair.peer.association().status();
  CHECK(peer.outgoing_streams == 10 + in);
  CHECK(peer.incoming_streams == 10 + out);
  CHECK(pair.ssn_at_peer(StreamId{static_cast<std::uint16_t>(9 + out)}) == 0);
  CHECK(pair.ssn_at_asker(StreamId{static_cast<std::uint16_t>(9 + in)}) == 0);
}

TEST_CASE("Messages can be sent on new streams before the peer has agreed", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  const test::Delay delay;
  pair.asker().add_streams(3, 0);
  CHECK(pair.asker().status().outgoing_streams == 13);
  pair.asker().send(as_bytes("new"), {.stream = StreamId{12}});
  pair.asker().send(as_bytes("old"), {.stream = StreamId{1}});
  check(pair.next_of_peer<StreamChange>(), Reconfiguration::done, 0, 3, pair.peer.association());
  CHECK(test::next(pair.peer, pair.at_peer) == "message new");
  CHECK(test::next(pair.peer, pair.at_peer) == "message old");
  check(pair.next_of_asker<StreamChange>(), Reconfiguration::done, 3, 0, pair.asker());
  pair.check_silence();
}

TEST_CASE("More streams that the peer does not agree to are denied, and what was sent on them fails",
          "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style, {.reset_streams = true, .reset_association = true}};
  {
    const test::Network outage{"netem loss 100%"};
    pair.asker().add_streams(3, 2);
    CHECK(pair.asker().status().outgoing_streams == 13);
    pair.asker().send(as_bytes("new"), {.stream = StreamId{11}, .context = 7});
    pair.asker().send(as_bytes("old"), {.stream = StreamId{1}});
  }
  const auto failed = pair.next_of_asker<SendFailed>();
  CHECK_FALSE(failed.sent);
  CHECK(failed.stream == StreamId{11});
  CHECK(failed.context == 7);
  CHECK(failed.cause == sctp::Cause::invalid_stream);
  CHECK(failed.association == pair.asker().id());
  CHECK(test::text(failed.payload) == "new");
  check(pair.next_of_asker<StreamChange>(), Reconfiguration::denied, 3, 0, pair.asker());
  check(pair.next_of_asker<StreamChange>(), Reconfiguration::denied, 0, 2, pair.asker());
  CHECK(test::next(pair.peer, pair.at_peer) == "message old");
  pair.check_silence();
  CHECK(pair.asker().status().outgoing_streams == 10);
  CHECK(pair.asker().status().incoming_streams == 10);
  CHECK(pair.peer.association().status().incoming_streams == 10);
  std::error_code error;
  pair.asker().send(as_bytes("new"), {.stream = StreamId{11}}, error);
  CHECK(error == sctp::Errc::no_such_stream);
}

TEST_CASE("A reset of the association tells both ends the numbers to come", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  CHECK(pair.ssn_at_peer(StreamId{3}) == 0);
  CHECK(pair.ssn_at_asker(StreamId{4}) == 0);
  pair.asker().reset();
  const auto at_peer = pair.next_of_peer<AssociationReset>();
  CHECK(at_peer.result == Reconfiguration::done);
  CHECK(at_peer.association == pair.peer.association().id());
  const auto at_asker = pair.next_of_asker<AssociationReset>();
  CHECK(at_asker.result == Reconfiguration::done);
  CHECK(at_asker.association == pair.asker().id());
  CHECK(at_asker.local_tsn == at_peer.remote_tsn);
  CHECK(at_asker.remote_tsn == at_peer.local_tsn);
  pair.check_silence();

  pair.asker().send(as_bytes("anew"), {.stream = StreamId{3}});
  const sctp::Message there = test::next_message(pair.peer, pair.at_peer);
  CHECK(there.tsn == at_asker.local_tsn);
  CHECK(there.ssn == 0);
  pair.peer.send(as_bytes("anew"), {.stream = StreamId{4}});
  const sctp::Message here = test::next_message(pair.receiver.socket(), pair.receiver.buffer());
  CHECK(here.tsn == at_asker.remote_tsn);
  CHECK(here.ssn == 0);
}

TEST_CASE("A reset of the association that the peer does not agree to is denied", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style, {.reset_streams = true, .add_streams = true}};
  CHECK(pair.ssn_at_peer(StreamId{3}) == 0);
  pair.asker().reset();
  const auto event = pair.next_of_asker<AssociationReset>();
  CHECK(event.result == Reconfiguration::denied);
  CHECK(event.local_tsn == 0);
  CHECK(event.remote_tsn == 0);
  CHECK(event.association == pair.asker().id());
  pair.check_silence();
  CHECK(pair.ssn_at_peer(StreamId{3}) == 1);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <initializer_list>

#include "by_hand.hpp"

using sctp::as_bytes;
using sctp::Reconfiguration;
using sctp::StreamId;

// What becomes of requests to change an association's streams: both sides are told.

namespace {

/// The association, and what both sides agree to of such requests.
struct Pair {
  test::Ends ends;
  sctp::ReceiveBuffer client_buffer;
  sctp::ReceiveBuffer server_buffer;

  explicit Pair(bool server_agrees = true) : ends{test::connect(permit)} {
    for (const auto& [socket, agrees] : {std::pair{&ends.client, true}, {&ends.server, server_agrees}}) {
      socket->subscribe<sctp::StreamReset, sctp::AssociationReset, sctp::StreamChange>();
      if (agrees) agree(*socket);
    }
    CHECK(test::next(ends.client, client_buffer) == "up");
    CHECK(test::next(ends.server, server_buffer) == "up");
  }

  static void permit(const sctp::SocketRef& socket) { socket.set(sctp::option::ReconfigSupported{}); }

  static void agree(const sctp::OneToOneSocket& socket) {
    sctp_assoc_value all{};
    all.assoc_id = static_cast<sctp_assoc_t>(socket.association().id());
    all.assoc_value =
        SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_RESET_ASSOC_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ;
    test::set_native(socket, SCTP_ENABLE_STREAM_RESET, all);
  }

  template <class Event>
  Event at_client() {
    return test::next_event<Event>(ends.client, client_buffer);
  }
  template <class Event>
  Event at_server() {
    return test::next_event<Event>(ends.server, server_buffer);
  }
  [[nodiscard]] sctp_assoc_t client_id() const {
    return static_cast<sctp_assoc_t>(ends.client.association().id());
  }

  /// The client asks to reset these streams; all if there are none.
  void reset(int directions, std::initializer_list<std::uint16_t> streams) const {
    struct {  // sctp_reset_streams, and the list behind it
      sctp_assoc_t association;
      std::uint16_t flags;
      std::uint16_t count;
      std::array<std::uint16_t, 2> list;
    } native{
        client_id(), static_cast<std::uint16_t>(directions), static_cast<std::uint16_t>(streams.size()), {}};
    std::ranges::copy(streams, native.list.begin());
    test::set_native(ends.client, SCTP_RESET_STREAMS, native,
                     sizeof(sctp_reset_streams) + 2 * streams.size());
  }

  void add_streams(std::uint16_t out, std::uint16_t in) const {
    sctp_add_streams request{};
    request.sas_assoc_id = client_id();
    request.sas_outstrms = out;
    request.sas_instrms = in;
    test::set_native(ends.client, SCTP_ADD_STREAMS, request);
  }
};

void check(const sctp::StreamReset& event, Reconfiguration result, bool outgoing,
           const std::vector<StreamId>& streams, const sctp::OneToOneSocket& socket) {
  CHECK(event.result == result);
  CHECK(event.outgoing == outgoing);
  CHECK(event.incoming == !outgoing);
  CHECK(event.association == socket.association().id());
  REQUIRE(event.streams.size() == streams.size());
  CHECK(event.streams.empty() == streams.empty());
  for (std::size_t i = 0; i != streams.size(); ++i) CHECK(event.streams[i] == streams[i]);
}

}  // namespace

TEST_CASE("A reset of outgoing streams is told to both sides", "[stream_event]") {
  Pair pair;
  const auto& [client, server] = pair.ends;
  client.send(as_bytes("first"), {.stream = StreamId{3}});
  CHECK(test::next(server, pair.server_buffer) == "message first");
  test::wait_until([&] { return pair.ends.client.association().status().unacknowledged_chunks == 0; });
  pair.reset(SCTP_STREAM_RESET_OUTGOING, {3, 7});
  check(pair.at_server<sctp::StreamReset>(), Reconfiguration::done, false, {StreamId{3}, StreamId{7}},
        server);
  check(pair.at_client<sctp::StreamReset>(), Reconfiguration::done, true, {StreamId{3}, StreamId{7}}, client);
  client.send(as_bytes("anew"), {.stream = StreamId{3}});
  CHECK(test::next_message(server, pair.server_buffer).ssn == 0);
}

TEST_CASE("A reset of incoming streams is told to both sides", "[stream_event]") {
  Pair pair;
  const auto& [client, server] = pair.ends;
  pair.reset(SCTP_STREAM_RESET_INCOMING, {3, 7});
  check(pair.at_server<sctp::StreamReset>(), Reconfiguration::done, true, {StreamId{3}, StreamId{7}}, server);
  check(pair.at_client<sctp::StreamReset>(), Reconfiguration::done, false, {StreamId{3}, StreamId{7}},
        client);
}

TEST_CASE("A reset of all streams has an empty list", "[stream_event]") {
  Pair pair;
  const auto& [client, server] = pair.ends;
  pair.reset(SCTP_STREAM_RESET_OUTGOING, {});
  check(pair.at_server<sctp::StreamReset>(), Reconfiguration::done, false, {}, server);
  check(pair.at_client<sctp::StreamReset>(), Reconfiguration::done, true, {}, client);
}

TEST_CASE("A reset of streams that the peer does not agree to is told as denied", "[stream_event]") {
  Pair pair{false};
  pair.reset(SCTP_STREAM_RESET_OUTGOING, {3, 7});
  check(pair.at_client<sctp::StreamReset>(), Reconfiguration::denied, true, {StreamId{3}, StreamId{7}},
        pair.ends.client);
  CHECK(test::drain(pair.ends.server, pair.server_buffer).empty());
}

TEST_CASE("A reset of the association tells both sides the numbers to come", "[stream_event]") {
  Pair pair;
  const auto& [client, server] = pair.ends;
  test::set_native(client, SCTP_RESET_ASSOC, pair.client_id());
  const auto at_server = pair.at_server<sctp::AssociationReset>();
  CHECK(at_server.result == Reconfiguration::done);
  CHECK(at_server.association == server.association().id());
  const auto at_client = pair.at_client<sctp::AssociationReset>();
  CHECK(at_client.result == Reconfiguration::done);
  CHECK(at_client.association == client.association().id());
  CHECK(at_client.local_tsn == at_server.remote_tsn);
  CHECK(at_client.remote_tsn == at_server.local_tsn);
  client.send(as_bytes("anew"));
  CHECK(test::next_message(server, pair.server_buffer).tsn == at_client.local_tsn);
  server.send(as_bytes("anew"));
  CHECK(test::next_message(client, pair.client_buffer).tsn == at_client.remote_tsn);
}

TEST_CASE("A reset of the association that the peer does not agree to is told as denied", "[stream_event]") {
  Pair pair{false};
  test::set_native(pair.ends.client, SCTP_RESET_ASSOC, pair.client_id());
  const auto event = pair.at_client<sctp::AssociationReset>();
  CHECK(event.result == Reconfiguration::denied);
  CHECK(event.local_tsn == 0);
  CHECK(event.remote_tsn == 0);
  CHECK(event.association == pair.ends.client.association().id());
}

TEST_CASE("More streams are told to both sides, each direction by itself", "[stream_event]") {
  Pair pair;
  const auto& [client, server] = pair.ends;
  const auto check_one = [](const sctp::StreamChange& event, std::uint16_t out, std::uint16_t in,
                            const sctp::OneToOneSocket& socket) {
    CHECK(event.result == Reconfiguration::done);
    CHECK(event.added_outgoing == out);
    CHECK(event.added_incoming == in);
    CHECK(event.association == socket.association().id());
  };
  SECTION("outgoing") {
    pair.add_streams(300, 0);
    check_one(pair.at_server<sctp::StreamChange>(), 0, 300, server);
    check_one(pair.at_client<sctp::StreamChange>(), 300, 0, client);
    CHECK(client.association().status().outgoing_streams == 310);
  }
  SECTION("incoming") {
    pair.add_streams(0, 5);
    check_one(pair.at_server<sctp::StreamChange>(), 5, 0, server);
    check_one(pair.at_client<sctp::StreamChange>(), 0, 5, client);
    CHECK(server.association().status().outgoing_streams == 15);
  }
}

TEST_CASE("More streams that the peer does not agree to are told as denied", "[stream_event]") {
  Pair pair{false};
  pair.add_streams(3, 0);
  const auto event = pair.at_client<sctp::StreamChange>();
  CHECK(event.result == Reconfiguration::denied);
  CHECK(event.association == pair.ends.client.association().id());
  CHECK(pair.ends.client.association().status().outgoing_streams == 10);
}

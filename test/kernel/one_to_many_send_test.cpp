// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <map>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::StreamId;
using State = sctp::AssociationChange::State;
using Setup = sctp::option::Status::State;
using test::Many;
using namespace std::chrono_literals;

namespace {

/// A peer that takes little and reads nothing.
sctp::OneToOneSocket connect_stalled(const sctp::Address& to) {
  sctp::OneToOneSocket peer{to.family()};
  peer.set(sctp::option::RcvBuf{20'000});
  peer.connect(to);
  return peer;
}

}  // namespace

TEST_CASE("The first message of an association arrives with its setup", "[one_to_many_send]") {
  const bool lossy = GENERATE(false, true);
  CAPTURE(lossy);
  Many client{[](const sctp::SocketRef& socket) {
    test::retransmit_soon(socket);
    socket.set(sctp::option::InitMsg{.attempts = 1000});
  }};
  Many server;
  std::optional<test::Network> network;
  if (lossy) network.emplace("netem loss 15% delay 1ms");
  const auto first = test::pattern(GENERATE(1U, 10'000U));
  AssociationId id{};
  for (bool is_up = false; !is_up;) {
    id = client.socket.connect_and_send(server.address(), first,
                                        {.stream = StreamId{4}, .ppid = sctp::ppid::ngap});
    const auto change = test::next_event<sctp::AssociationChange>(client.socket, client.buffer);
    CHECK(change.association == id);
    is_up = change.state == sctp::AssociationChange::State::up;
    // When the packet of the COOKIE ECHO is lost, the kernel (6.1) may send the data in it again without it:
    // the peer knows of no association yet, and aborts.
    if (!is_up) REQUIRE(lossy);
  }
  const AssociationId at_server = server.next_up();
  const sctp::Message message = test::next_message(server.socket, server.buffer);
  CHECK(message.association == at_server);
  CHECK(message.stream == StreamId{4});
  CHECK(message.ppid == sctp::ppid::ngap);
  CHECK(std::ranges::equal(message.payload, first));
  client.association(id).send(as_bytes("second"), {.stream = StreamId{4}});
  CHECK(server.next() == "message second");
}

TEST_CASE("A first message is taken while the peer has not answered", "[one_to_many_send]") {
  Many client{test::as_it_is, test::anywhere};
  const AssociationId id = client.socket.connect_and_send(test::blackhole, as_bytes("first"));
  CHECK(client.association(id).status().state == Setup::cookie_wait);
  CHECK(client.socket.associations() == std::vector{id});
}

TEST_CASE("A first message that cannot be sent leaves no association behind", "[one_to_many_send]") {
  Many client{test::as_it_is, test::anywhere};
  const std::vector<std::byte> huge(client.socket.get<sctp::option::SndBuf>().size + 1);
  std::error_code error;
  const auto attempt = [&](sctp::Bytes payload, const sctp::SendOptions& options = {}) {
    CHECK(client.socket.connect_and_send(test::blackhole, payload, options, error) == AssociationId{});
    CHECK(client.socket.associations().empty());
    return error;
  };
  CHECK(attempt({}) == sctp::Errc::empty_message);
  CHECK(attempt(as_bytes("a"), {.stream = StreamId{10}}) == sctp::Errc::no_such_stream);
  CHECK(attempt(huge) == sctp::Errc::message_exceeds_send_buffer);
  CHECK_THROWS_WITH(client.socket.connect_and_send(test::blackhole, huge),
                    Catch::Matchers::StartsWith("cannot connect to 192.0.2.1:7: "));
  CHECK(client.socket.connect(test::blackhole) != AssociationId{});
}

TEST_CASE("A first message is refused where the kernel would send it in a wrong way", "[one_to_many_send]") {
  const Many client{test::listen_to_many(test::Delivery::interleaves_messages)};
  const Many server{test::listen_to_many(test::Delivery::interleaves_messages)};
  std::error_code error;
  CHECK(client.socket.connect_and_send(server.address(), as_bytes("first"), {}, error) == AssociationId{});
  CHECK(error == std::errc::operation_not_supported);
  CHECK(client.socket.associations().empty());
  CHECK(server.socket.associations().empty());
}

TEST_CASE("A message to an association that there is not, or no more, is an error and begins nothing",
          "[one_to_many_send]") {
  Many server;
  sctp::OneToOneSocket client{server.address()};
  const AssociationId id = server.next_up();
  const auto attempt = [&](AssociationId to) {
    std::error_code error;
    server.association(to).send(as_bytes("hello"), {}, error);
    CHECK(error == sctp::Condition::association_ended);
    CHECK_FALSE(server.association(to).try_send(as_bytes("hello"), {}, error));
    CHECK(error == sctp::Condition::association_ended);
    server.association(to).shutdown(error);
    CHECK(error == sctp::Condition::association_ended);
    server.association(to).abort("why", error);
    CHECK(error == sctp::Condition::association_ended);
    static_cast<void>(server.association(to).status(error));
    CHECK(error == std::errc::invalid_argument);
  };
  attempt(AssociationId{987'654});
  attempt(AssociationId{static_cast<std::int32_t>(id) + 1});
  CHECK(server.socket.associations() == std::vector{id});
  client.abort();
  CHECK(server.next(State::lost) == id);
  attempt(id);
  CHECK(server.socket.associations().empty());
}

TEST_CASE("A message to all finds those that it can, and tells of each that it cannot",
          "[one_to_many_send]") {
  const test::Permission own_buffers{"sndbuf_policy"};
  Many server;
  const auto up = [&](sctp::OneToOneSocket socket) { return std::pair{std::move(socket), server.next_up()}; };
  const auto [good, good_id] = up(sctp::OneToOneSocket{server.address()});
  const auto [stalled, stalled_id] = up(connect_stalled(server.address()));
  sctp::OneToOneSocket narrow_socket{sctp::Address::Family::v4};
  narrow_socket.set(sctp::option::InitMsg{.incoming_streams = 2});
  narrow_socket.connect(server.address());
  const auto [narrow, narrow_id] = up(std::move(narrow_socket));
  const auto [ending, ending_id] = up(connect_stalled(server.address()));
  const auto [last, last_id] = up(sctp::OneToOneSocket{server.address()});
  CHECK(server.socket.send_to_all(as_bytes("to five")).size() == 5);
  test::fill(server.association(stalled_id), stalled);
  while (server.association(ending_id).status().peer_window > 5'000) {
    REQUIRE(server.association(ending_id).try_send(test::pattern(5'000)));
    test::wait_until([&] { return server.association(ending_id).status().unacknowledged_chunks == 0; });
  }
  REQUIRE(server.association(ending_id).try_send(test::pattern(20'000)));
  server.association(ending_id).shutdown();

  std::map<AssociationId, std::error_code> results;
  for (const auto& result : server.socket.send_to_all(as_bytes("hello"), {.stream = StreamId{5}})) {
    results.emplace(result.association, result.error);
  }
  CHECK(results.size() == 5);
  CHECK_FALSE(results.at(good_id));
  CHECK(results.at(stalled_id) == std::errc::operation_would_block);
  CHECK(results.at(narrow_id) == sctp::Errc::no_such_stream);
  CHECK(results.at(ending_id) == sctp::Condition::association_ended);
  CHECK_FALSE(results.at(last_id));
  for (const auto* peer : {&good, &last}) {
    sctp::ReceiveBuffer buffer;
    CHECK(test::next(3, *peer, buffer) == std::vector<std::string>{"up", "message to five", "message hello"});
  }
}

TEST_CASE("A message to all is a message to nobody where there is nobody", "[one_to_many_send]") {
  const Many server;
  CHECK(server.socket.send_to_all(as_bytes("hello")).empty());
  std::error_code error;
  CHECK(sctp::OneToManySocket{}.send_to_all(as_bytes("hello"), {}, error).empty());
  CHECK(error == std::errc::bad_file_descriptor);
}

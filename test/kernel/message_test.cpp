// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>

#include "kernel.hpp"

using sctp::Address;
using sctp::as_bytes;
using sctp::StreamId;
using namespace std::chrono_literals;
using test::text;

namespace {

constexpr sctp::Ppid ppid{0x01020304};

}  // namespace

TEST_CASE("A message comes back over each family of addresses", "[message]") {
  const auto family = GENERATE(Address::Family::v4, Address::Family::v6);
  auto [client, server] = test::connect(test::as_it_is, test::as_it_is, family);

  sctp::ReceiveBuffer buffer;
  client.send(as_bytes("hello"), {.ppid = ppid});
  const sctp::Message there = test::next_message(server, buffer);
  CHECK(there.source == client.local_address());
  server.send(there.payload, {.ppid = there.ppid});
  const sctp::Message back = test::next_message(client, buffer);
  CHECK(text(back.payload) == "hello");
  CHECK(back.ppid == ppid);
  CHECK(back.source == server.local_address());
  CHECK(back.association == client.association().id());
}

TEST_CASE("An IPv6 listener takes an IPv4 peer, whose address is shown as IPv4", "[message]") {
  sctp::Listener listener{Address::any(Address::Family::v6, 0)};
  const auto peer = Address::loopback(Address::Family::v4, listener.local_address().port());
  sctp::OneToOneSocket client{peer};
  sctp::OneToOneSocket server = listener.accept();

  client.send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next_message(server, buffer).source == client.local_address());
  CHECK(to_string(server.peer_address()) == "127.0.0.1:" + std::to_string(client.local_address().port()));
  CHECK(to_string(server.association().status().primary) == to_string(server.peer_address()));
}

TEST_CASE("An IPv6 socket reaches an IPv4 peer", "[message]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{Address::Family::v6};
  client.connect(listener.local_address());
  CHECK(client.peer_address() == listener.local_address());
  sctp::OneToOneSocket server = listener.accept();
  server.send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next_message(client, buffer).source == listener.local_address());
}

TEST_CASE("Each side gets as many streams as it wants and the other allows", "[message]") {
  const auto streams = [](std::uint16_t out, std::uint16_t in) {
    return [=](const sctp::SocketRef& socket) {
      socket.set(sctp::option::InitMsg{.outgoing_streams = out, .incoming_streams = in});
    };
  };
  sctp::Listener listener = test::listen(Address::Family::v4, streams(30, 5));
  sctp::OneToOneSocket client{Address::Family::v4};
  streams(12, 20)(client);
  client.connect(listener.local_address());
  sctp::OneToOneSocket server = listener.accept();

  CHECK(client.association().status().outgoing_streams == 5);
  CHECK(client.association().status().incoming_streams == 20);
  CHECK(server.association().status().outgoing_streams == 20);
  CHECK(server.association().status().incoming_streams == 5);
  sctp::ReceiveBuffer client_buffer;
  const auto up = test::next_event<sctp::AssociationChange>(client, client_buffer);
  CHECK(up.state == sctp::AssociationChange::State::up);
  CHECK(up.outgoing_streams == 5);
  CHECK(up.incoming_streams == 20);
  sctp::ReceiveBuffer server_buffer;
  const auto accepted = test::next_event<sctp::AssociationChange>(server, server_buffer);
  CHECK(accepted.outgoing_streams == 20);
  CHECK(accepted.incoming_streams == 5);
  CHECK(accepted.association == server.association().id());

  client.send(as_bytes("last"), {.stream = StreamId{4}});
  CHECK(test::next_message(server, server_buffer).stream == StreamId{4});
  server.send(as_bytes("last"), {.stream = StreamId{19}});
  CHECK(test::next_message(client, client_buffer).stream == StreamId{19});
}

TEST_CASE("A message keeps its stream, its PPID, its order and its place", "[message]") {
  auto [client, server] = test::connect();
  client.send(as_bytes("a"), {.stream = StreamId{7}, .ppid = ppid});
  client.stream(StreamId{7}, sctp::ppid::ngap).send(as_bytes("b"));
  client.send(as_bytes("c"), {.ppid = sctp::Ppid{0xffffffff}, .unordered = true, .sack_immediately = true});
  client.association().send(as_bytes("d"), {.stream = StreamId{9}, .context = 4711});

  sctp::ReceiveBuffer buffer;
  const sctp::Message a = test::next_message(server, buffer);
  CHECK(text(a.payload) == "a");
  CHECK(a.stream == StreamId{7});
  CHECK(a.ppid == ppid);
  CHECK_FALSE(a.unordered);
  CHECK(a.ssn == 0);
  const sctp::Message b = test::next_message(server, buffer);
  CHECK(text(b.payload) == "b");
  CHECK(b.stream == StreamId{7});
  CHECK(b.ppid == sctp::ppid::ngap);
  CHECK(b.ssn == 1);
  CHECK(b.tsn == a.tsn + 1);
  const sctp::Message c = test::next_message(server, buffer);
  CHECK(text(c.payload) == "c");
  CHECK(c.stream == StreamId{0});
  CHECK(c.ppid == sctp::Ppid{0xffffffff});
  CHECK(c.unordered);
  const sctp::Message d = test::next_message(server, buffer);
  CHECK(text(d.payload) == "d");
  CHECK(d.stream == StreamId{9});
  CHECK(d.ppid == sctp::ppid::unspecified);
  CHECK(d.context == 0);  // the sender's context does not travel
}

TEST_CASE("A message on a stream that there is not is an error that names it, and harms nothing",
          "[message]") {
  auto [client, server] = test::connect(
      [](const sctp::SocketRef& socket) { socket.set(sctp::option::InitMsg{.outgoing_streams = 3}); });
  std::error_code error;
  client.stream(StreamId{3}).send(as_bytes("beyond"), error);
  CHECK(error == sctp::Errc::no_such_stream);
  CHECK_FALSE(client.try_send(as_bytes("beyond"), {.stream = StreamId{65535}}, error));
  CHECK(error == sctp::Errc::no_such_stream);
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(client.send(as_bytes("beyond"), {.stream = StreamId{3}}),
                    Contains("cannot send 6 bytes on stream 3 to " + to_string(server.local_address())));

  client.stream(StreamId{2}).send(as_bytes("within"));
  sctp::ReceiveBuffer buffer;
  CHECK(text(test::next_message(server, buffer).payload) == "within");
}

TEST_CASE("An empty message is an error", "[message]") {
  auto [client, server] = test::connect();
  std::error_code error;
  client.send({}, {}, error);
  CHECK(error == sctp::Errc::empty_message);
  client.send(as_bytes("full"));
  sctp::ReceiveBuffer buffer;
  CHECK(text(test::next_message(server, buffer).payload) == "full");
}

TEST_CASE("A message as large as the send buffer goes, and one byte more is an error that harms nothing",
          "[message]") {
  auto [client, server] =
      test::connect([](const sctp::SocketRef& socket) { socket.set(sctp::option::SndBuf{40'000}); });
  const std::vector<std::byte> sent = test::pattern(client.get<sctp::option::SndBuf>().size + 1);
  std::error_code error;
  client.send(sent, {}, error);
  CHECK(error == sctp::Errc::message_exceeds_send_buffer);
  CHECK(error == std::errc::message_size);
  CHECK_FALSE(client.try_send(sent, {}, error));
  CHECK(error == sctp::Errc::message_exceeds_send_buffer);

  const sctp::Bytes fits = sctp::Bytes{sent}.first(sent.size() - 1);
  client.send(fits);
  sctp::ReceiveBuffer buffer;
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, fits));
}

TEST_CASE("Sending without blocking says when the send buffer is full, and goes on when it is writable",
          "[message]") {
  auto [client, server] = test::connect(
      test::retransmit_soon, [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); });
  const std::vector<std::byte> payload = test::pattern(10'000);
  const std::size_t sent = test::fill(client.association(), server);
  CHECK(sent > 0);
  client.set_nonblocking();
  std::error_code error;
  client.send(payload, {}, error);
  CHECK(error == std::errc::operation_would_block);

  sctp::ReceiveBuffer buffer;
  std::size_t received = 0;
  test::Task reader{[&, peer = sctp::SocketRef{server}] {
    for (; received != sent + 1; ++received) {
      if (!std::ranges::equal(test::next_message(peer, buffer).payload, payload)) break;
    }
  }};
  do {
    test::wait_for(client.fd(), POLLOUT);
  } while (!client.try_send(payload));
  reader.get();
  CHECK(received == sent + 1);
}

TEST_CASE("The kernel takes every kind of reliability", "[message]") {
  auto [client, server] = test::connect();
  client.stream(StreamId{1}).send(as_bytes("a"), sctp::Reliability::retransmissions(3));
  client.stream(StreamId{1}).send(as_bytes("b"), sctp::Reliability::priority(9));
  client.stream(StreamId{1}).send(as_bytes("c"), sctp::Reliability::lifetime(60s));
  CHECK(client.stream(StreamId{1}).try_send(as_bytes("d"), sctp::Reliability::lifetime(60s)));
  client.send(as_bytes("e"));
  sctp::ReceiveBuffer buffer;
  std::string received;
  while (received.size() != 5) received += text(test::next_message(server, buffer).payload);
  CHECK(received == "abcde");
}

TEST_CASE("A message without a lifetime is dropped, and one without retransmissions is sent once",
          "[message]") {
  auto [client, server] = test::connect();
  client.send(as_bytes("never"), {.reliability = sctp::Reliability::lifetime(0ms)});
  client.send(as_bytes("once"), {.reliability = sctp::Reliability::retransmissions(0)});
  sctp::ReceiveBuffer buffer;
  CHECK(text(test::next_message(server, buffer).payload) == "once");
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "by_hand.hpp"
#include "one_to_many.hpp"
#include "two_hosts.hpp"

using sctp::as_bytes;
using sctp::knows_secret;
using sctp::OneToOneSocket;
using sctp::SharedSecret;
using sctp::Style;
using test::Delivery;
using namespace sctp::option;

// Who has the secret is believed, and nobody else is; the kernel leaves some of that to the program.

namespace {

enum class Peer { right, wrong, without_secret, without_authentication };

const char* name(Peer peer) {
  switch (peer) {
    case Peer::right: return "a peer with the secret";
    case Peer::wrong: return "a peer with another secret";
    case Peer::without_secret: return "a peer that authenticates with the empty key that everybody has";
    case Peer::without_authentication: break;
  }
  return "a peer that knows nothing of authentication";
}

void protect(const sctp::SocketRef& socket) { socket.set(SharedSecret{.secret = as_bytes("right")}); }

/// Gives up when nothing is acknowledged for a third of a second. With heartbeats, which are answered, it
/// would not.
void lose_patience(const sctp::SocketRef& socket) {
  test::retransmit_soon(socket);
  socket.set(AssocInfo{.max_retransmissions = 3});
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::off()});
}

test::Tune be(Peer peer, Delivery delivery = Delivery::interleaves_peers) {
  return [=](const sctp::SocketRef& socket) {
    test::set_delivery(socket, delivery);
    lose_patience(socket);
    if (peer == Peer::right) protect(socket);
    if (peer == Peer::wrong) socket.set(SharedSecret{.secret = as_bytes("wrong")});
    if (peer == Peer::without_secret) socket.set(AuthSupported{});
  };
}

/// What is protected, and a client's association with it.
struct Pair {
  Delivery delivery;
  test::Receiver server;
  OneToOneSocket client;
  sctp::ReceiveBuffer client_buffer;

  Pair(test::Way way, Peer peer, const test::Tune& tune_server = protect)
      : delivery{way.delivery}, server{way, tune_server}, client{server.connect(be(peer, delivery))} {
    CHECK(test::next(client, client_buffer) == "up");
  }

  [[nodiscard]] sctp::Association association() const { return {server.socket(), server.association()}; }

  void restart(Peer peer) {
    client = test::restart(std::move(client), be(peer, delivery), server.socket(), server.buffer());
    client_buffer = sctp::ReceiveBuffer{};
    CHECK(server.next() == "restarted");
    CHECK(test::next(client, client_buffer) == "up");
  }

  void check_traffic() {
    const auto payload = test::pattern(5'000);
    client.send(payload, {.stream = sctp::StreamId{3}});
    CHECK(std::ranges::equal(test::next_message(server.socket(), server.buffer()).payload, payload));
    association().send(payload);
    CHECK(std::ranges::equal(test::next_message(client, client_buffer).payload, payload));
  }

  /// What it sends does not arrive, and is not acknowledged.
  void check_that_client_is_not_heard() {
    client.send(as_bytes("evil"));
    REQUIRE(server.next() == "lost: protocol violation");
    CHECK(test::next(client, client_buffer) == "lost: no cause given");
  }
};

test::Way any_way() {
  return {GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off),
          GENERATE(Delivery::interleaves_peers, Delivery::interleaves_messages)};
}

std::string big_endian(std::uint32_t number, std::size_t octets) {
  std::string text;
  while (octets-- != 0) text += static_cast<char>(number >> 8 * octets & 0xffU);
  return text;
}

}  // namespace

TEST_CASE("Messages flow between those who know the secret", "[shared_secret]") {
  const auto way = any_way();
  INFO(name(way));
  Pair pair{way, Peer::right};
  CHECK(knows_secret(pair.association()));
  CHECK(knows_secret(pair.client.association()));
  CHECK(pair.client.association().get<PeerAuthChunks>().types ==
        std::vector{ChunkType::data, ChunkType::i_data, ChunkType::forward_tsn, ChunkType::i_forward_tsn,
                    ChunkType::re_config});
  pair.check_traffic();
}

TEST_CASE("Nothing arrives from a peer that does not know the secret", "[shared_secret]") {
  const auto way = any_way();
  const auto peer = GENERATE(Peer::wrong, Peer::without_secret);
  INFO(name(way) + ": " + name(peer));
  Pair pair{way, peer};
  CHECK(knows_secret(pair.association()));
  pair.check_that_client_is_not_heard();
}

TEST_CASE("The kernel lets a peer in that does not authenticate, and the program can tell",
          "[shared_secret]") {
  const auto way = any_way();
  INFO(name(way));
  Pair pair{way, Peer::without_authentication};
  CHECK_FALSE(knows_secret(pair.association()));
  CHECK_FALSE(knows_secret(pair.client.association()));
  pair.client.send(as_bytes("evil"));
  CHECK(pair.server.next() == "message evil");
}

TEST_CASE("A peer that did not authenticate is not taken for one that did when it is gone",
          "[shared_secret]") {
  const auto way = any_way();
  INFO(name(way));
  Pair pair{way, Peer::without_authentication};
  pair.client.send(as_bytes("evil"));
  pair.client.abort();
  // What it has sent is there to be read, and would be believed.
  CHECK_FALSE(knows_secret(pair.association()));
  CHECK(pair.server.next() == "message evil");
}

TEST_CASE("Messages flow with a peer that begins anew and knows the secret", "[shared_secret]") {
  const auto way = any_way();
  INFO(name(way));
  Pair pair{way, Peer::right};
  pair.check_traffic();
  for (int n = 0; n != 2; ++n) {
    pair.restart(Peer::right);
    CHECK(knows_secret(pair.association()));
    CHECK(knows_secret(pair.client.association()));
    pair.check_traffic();
  }
}

TEST_CASE("Nothing arrives from one that takes a peer's place and does not know the secret",
          "[shared_secret]") {
  const auto way = any_way();
  const auto peer = GENERATE(Peer::wrong, Peer::without_secret);
  INFO(name(way) + ": " + name(peer));
  Pair pair{way, Peer::right};
  pair.check_traffic();
  pair.restart(peer);
  CHECK(knows_secret(pair.association()));
  pair.check_that_client_is_not_heard();
}

TEST_CASE("The kernel lets one take a peer's place that does not authenticate, and the program can tell",
          "[shared_secret]") {
  const auto way = any_way();
  INFO(name(way));
  Pair pair{way, Peer::right};
  pair.restart(Peer::without_authentication);
  CHECK_FALSE(knows_secret(pair.association()));
  pair.client.send(as_bytes("evil"));
  CHECK(pair.server.next() == "message evil");
}

TEST_CASE("A proof is made with the better function, also by a peer that begins anew", "[shared_secret]") {
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off);
  INFO(to_string(style));
  test::Tap tap;
  Pair pair{{style, Delivery::interleaves_peers}, Peer::right};
  const auto check_proof = [&] {
    pair.client.send(as_bytes("hello"));
    CHECK(pair.server.next() == "message hello");
    const auto packets = tap.take(ChunkType::data);
    REQUIRE(packets.size() == 1);
    const auto proof = packets[0].chunk(ChunkType{15});  // AUTH
    CHECK(proof.substr(6, 2) == big_endian(static_cast<std::uint32_t>(HmacIdent::Hmac::sha256), 2));
  };
  check_proof();
  pair.restart(Peer::right);
  check_proof();
}

TEST_CASE("Nothing that is sent arrives at a peer with another secret", "[shared_secret]") {
  const auto way = any_way();
  INFO(name(way));
  Pair pair{way, Peer::wrong, [](const sctp::SocketRef& socket) {
              protect(socket);
              lose_patience(socket);
            }};
  pair.association().send(as_bytes("confidential"));
  CHECK(pair.server.next() == "lost: no cause given");
  CHECK(test::next(pair.client, pair.client_buffer) == "lost: protocol violation");
}

TEST_CASE("Another secret is for the associations that follow", "[shared_secret]") {
  const bool other_number = GENERATE(false, true);
  CAPTURE(other_number);
  const SharedSecret second{.number = std::uint16_t(other_number ? 2 : 1), .secret = as_bytes("second")};
  test::Many server{protect};
  const auto connect = [&](const test::Tune& tune) {
    OneToOneSocket client{sctp::Address::Family::v4};
    tune(client);
    client.connect(server.address());
    CHECK(knows_secret(server.association(server.next_up())));
    return client;
  };
  const auto before = connect(protect);
  server.socket.set(second);
  const auto after = connect([&](const sctp::SocketRef& socket) { socket.set(second); });
  before.send(as_bytes("one"));
  CHECK(server.next() == "message one");
  after.send(as_bytes("two"));
  CHECK(server.next() == "message two");
  const auto late = connect(be(Peer::right));
  late.send(as_bytes("with the old one"));
  CHECK(server.next() == "lost: protocol violation");
}

TEST_CASE("A secret has at least one byte, and a number other than that of the empty one",
          "[shared_secret]") {
  const OneToOneSocket socket{sctp::Address::Family::v4};
  std::error_code error;
  socket.set(SharedSecret{.number = 0, .secret = as_bytes("secret")}, error);
  CHECK(error == std::errc::invalid_argument);
  socket.set(SharedSecret{}, error);
  CHECK(error == std::errc::invalid_argument);
  CHECK_FALSE(socket.get<AuthSupported>().on);
}

TEST_CASE("A secret comes too late where an association is up without any", "[shared_secret]") {
  const auto [client, server] = test::connect();
  for (const auto* socket : {&client, &server}) {
    std::error_code error;
    socket->set(SharedSecret{.secret = as_bytes("secret")}, error);
    CHECK(error == sctp::Errc::too_late);
    CHECK_FALSE(knows_secret(socket->association()));
  }
}

TEST_CASE("Where other things than messages are authenticated nobody knows a secret", "[shared_secret]") {
  const auto [client, server] = test::connect([](const sctp::SocketRef& socket) {
    socket.set(AuthSupported{});
    socket.set(AsconfSupported{});
  });
  CHECK(client.association().get<AuthSupported>().on);
  CHECK_FALSE(knows_secret(client.association()));
  CHECK_FALSE(knows_secret(server.association()));
}

TEST_CASE("Who has no association with us knows no secret", "[shared_secret]") {
  const OneToOneSocket socket{sctp::Address::Family::v4};
  protect(socket);
  CHECK_FALSE(knows_secret(socket.association()));
  const test::Many many{protect};
  CHECK_FALSE(knows_secret(many.association(sctp::AssociationId{4711})));
}

TEST_CASE("What somebody else puts in between is believed where there is no secret only", "[shared_secret]") {
  const bool is_secret = GENERATE(true, false);
  CAPTURE(is_secret);
  test::Forger forger;
  const auto [client, server] = test::connect([&](const sctp::SocketRef& socket) {
    if (is_secret) protect(socket);
    test::retransmit_soon(socket);
    socket.set(DelayedSack{.packets = 1});
  });
  client.send(as_bytes("one"));
  sctp::ReceiveBuffer buffer;
  const std::uint32_t next_tsn = test::next_message(server, buffer).tsn + 1;
  const std::string stream_and_number = big_endian(0, 2) + big_endian(1, 2);
  SECTION("a message") {
    std::string data =
        test::chunk(0, big_endian(next_tsn, 4) + stream_and_number + big_endian(0, 4) + "forged");
    data[1] = 3;  // all of a message
    forger.send(client.local_address(), server.local_address(), data);
    if (is_secret) {
      client.send(as_bytes("two"));
      CHECK(test::next(server, buffer) == "message two");
    } else {
      CHECK(test::next(server, buffer) == "message forged");
    }
  }
  SECTION("that a message on its way has been given up") {
    std::optional<test::Swallow> network{std::in_place, std::uint8_t(is_secret ? 15 : 0)};
    client.send(as_bytes("two"));
    forger.send(client.local_address(), server.local_address(),
                test::chunk(0xc0, big_endian(next_tsn, 4) + stream_and_number));
    network.reset();
    test::wait_until_acknowledged(client);
    std::error_code error;
    const auto received = test::describe(server.try_receive(buffer, error), error);
    CHECK(received == (is_secret ? "message two" : "would block"));
  }
}

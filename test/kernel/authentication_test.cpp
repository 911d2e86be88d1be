// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <limits>

#include "kernel.hpp"
#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AuthenticationEvent;
using namespace sctp::option;
using Catch::Matchers::Contains;
using Hmac = HmacIdent::Hmac;

// The parts of SCTP-AUTH: keys, and what is to be authenticated.

namespace {

using Types = std::vector<ChunkType>;

void use(const sctp::SocketRef& socket, std::uint16_t number, std::string_view secret) {
  socket.set(AuthKey{number, as_bytes(secret)});
  socket.set(AuthActiveKey{number});
}

/// Messages are believed only with the key 1, "first". What is dropped is sent again and again, and nothing
/// else is.
void authenticate(const sctp::SocketRef& socket) {
  socket.set(AuthSupported{});
  socket.set(AuthChunk{ChunkType::data});
  use(socket, 1, "first");
  test::retransmit_soon(socket);
  socket.set(DelayedSack{.packets = 1});
  socket.set(AssocInfo{.max_retransmissions = 60'000});
}

std::string next(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  const sctp::Received received = socket.receive(buffer);
  if (received.notification() != nullptr) {
    if (const auto* event = std::get_if<AuthenticationEvent>(received.notification()))
      return to_string(event->state) + " " + std::to_string(event->key);
  }
  return test::describe(received, {});
}

struct Pair {
  test::Ends ends;
  sctp::ReceiveBuffer client_buffer;
  sctp::ReceiveBuffer server_buffer;

  explicit Pair(const test::Tune& tune = authenticate, const test::Tune& tune_server = test::as_it_is)
      : ends{test::connect(
            [&](const sctp::SocketRef& socket) {
              socket.subscribe<AuthenticationEvent>();
              tune(socket);
            },
            tune_server)} {
    CHECK(next_at_client() == "up");
    CHECK(next_at_server() == "up");
  }

  std::string next_at_client() { return next(ends.client, client_buffer); }
  std::string next_at_server() { return next(ends.server, server_buffer); }
  void send(std::string_view text) const { ends.client.send(as_bytes(text)); }
  /// Sends a message which the server does not believe. On loopback it would have arrived by then.
  void send_in_vain(std::string_view text) {
    const auto retransmitted = [this] {
      return ends.client.association().get<AssocStats>().retransmitted_chunks;
    };
    const auto before = retransmitted();
    send(text);
    test::wait_until([&] { return retransmitted() >= before + 2; });
    CHECK_FALSE(ends.server.try_receive(server_buffer));
  }
};

}  // namespace

TEMPLATE_TEST_CASE("Nothing is set of authentication where it is not supported", "[authentication]",
                   AuthChunk, HmacIdent, AuthKey, AuthActiveKey, AuthDeactivateKey, AuthDeleteKey) {
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  std::error_code error;
  socket.set(TestType{}, error);
  CHECK(error == std::errc::permission_denied);
  CHECK_THROWS_WITH(socket.set(TestType{}), Contains("cannot set " + std::string{TestType::name} +
                                                     ": it needs option::AuthSupported on this socket"));
}

TEMPLATE_TEST_CASE("Nothing is told of authentication where it is not supported", "[authentication]",
                   HmacIdent, AuthActiveKey, LocalAuthChunks) {
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  CHECK_THROWS_WITH(socket.get<TestType>(), Contains("cannot get " + std::string{TestType::name} +
                                                     ": it needs option::AuthSupported on this socket"));
  std::error_code error;
  static_cast<void>(socket.get<TestType>(error));
  CHECK(error == std::errc::permission_denied);
}

TEST_CASE("A peer that does not authenticate is told of, and wants nothing authenticated",
          "[authentication]") {
  Pair pair{[](const sctp::SocketRef&) {}, authenticate};
  CHECK(pair.next_at_server() == "not supported by the peer 0");
  const auto association = pair.ends.server.association();
  std::error_code error;
  static_cast<void>(association.get<PeerAuthChunks>(error));
  CHECK(error == std::errc::permission_denied);
  CHECK_THROWS_WITH(association.get<PeerAuthChunks>(),
                    Contains("it needs option::AuthSupported on both sides"));
}

TEST_CASE("Both sides tell what each believes only when it is authenticated", "[authentication]") {
  const Pair pair{authenticate, [](const sctp::SocketRef& socket) {
                    CHECK(socket.get<LocalAuthChunks>().types == Types{ChunkType::data});
                    socket.set(AuthChunk{ChunkType::data});
                    socket.set(AuthChunk{ChunkType::sack});
                    socket.set(AuthChunk{ChunkType::i_forward_tsn});
                  }};
  const auto client = pair.ends.client.association();
  const auto server = pair.ends.server.association();
  const Types all{ChunkType::data, ChunkType::sack, ChunkType::i_forward_tsn};
  CHECK(client.get<LocalAuthChunks>().types == Types{ChunkType::data});
  CHECK(client.get<PeerAuthChunks>().types == all);
  CHECK(server.get<LocalAuthChunks>().types == all);
  CHECK(server.get<PeerAuthChunks>().types == Types{ChunkType::data});
}

TEST_CASE("Addresses that may change are authenticated unasked", "[authentication]") {
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  socket.set(AuthSupported{});
  CHECK(socket.get<LocalAuthChunks>().types.empty());
  socket.set(AsconfSupported{});
  CHECK(socket.get<LocalAuthChunks>().types == Types{ChunkType::asconf, ChunkType::asconf_ack});
}

TEST_CASE("What a packet begins with cannot be authenticated", "[authentication]") {
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  socket.set(AuthSupported{});
  const unsigned type = GENERATE(1U, 2U, 14U, 15U);  // INIT, INIT-ACK, SHUTDOWN-COMPLETE, AUTH
  std::error_code error;
  socket.set(AuthChunk{static_cast<ChunkType>(type)}, error);
  CHECK(error == std::errc::invalid_argument);
  CHECK(socket.get<LocalAuthChunks>().types.empty());
}

TEST_CASE("How chunks may be authenticated reads back in its order, and SHA-1 is among it",
          "[authentication]") {
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  socket.set(AuthSupported{});
  CHECK(socket.get<HmacIdent>().hmacs == std::vector{Hmac::sha1});
  socket.set(HmacIdent{{Hmac::sha256, Hmac::sha1}});
  CHECK(socket.get<HmacIdent>().hmacs == std::vector{Hmac::sha256, Hmac::sha1});
  std::error_code error;
  const std::vector<Hmac> refused =
      GENERATE(std::vector<Hmac>{}, std::vector{Hmac::sha256}, std::vector(17, Hmac::sha1));
  socket.set(HmacIdent{refused}, error);
  CHECK(error == std::errc::invalid_argument);
  socket.set(HmacIdent{{Hmac{2}, Hmac::sha1}}, error);
  CHECK(error == std::errc::operation_not_supported);
  CHECK(socket.get<HmacIdent>().hmacs == std::vector{Hmac::sha256, Hmac::sha1});
}

TEST_CASE("The key that is sent with is the one that was chosen, and has to be there", "[authentication]") {
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  socket.set(AuthSupported{});
  CHECK(socket.get<AuthActiveKey>().number == 0);
  use(socket, 65'535, "one");
  socket.set(AuthKey{7, as_bytes("another")});
  CHECK(socket.get<AuthActiveKey>().number == 65'535);
  std::error_code error;
  SECTION("to be chosen") { socket.set(AuthActiveKey{8}, error); }
  SECTION("to be deactivated") { socket.set(AuthDeactivateKey{8}, error); }
  SECTION("to be deleted") { socket.set(AuthDeleteKey{8}, error); }
  SECTION("and not in use to be deactivated") { socket.set(AuthDeactivateKey{65'535}, error); }
  SECTION("and not in use to be deleted") { socket.set(AuthDeleteKey{65'535}, error); }
  SECTION("and not deactivated to be chosen") {
    socket.set(AuthDeactivateKey{7});
    socket.set(AuthActiveKey{7}, error);
  }
  SECTION("and not deleted to be chosen") {
    socket.set(AuthDeleteKey{7});
    socket.set(AuthActiveKey{7}, error);
  }
  CHECK(error == std::errc::invalid_argument);
  CHECK(socket.get<AuthActiveKey>().number == 65'535);
}

TEST_CASE("A secret has up to 65535 bytes", "[authentication]") {
  const std::size_t size = GENERATE(0U, 1U, 65'535U);
  const auto secret = test::pattern(size);
  Pair pair{[&](const sctp::SocketRef& socket) {
    socket.set(AuthSupported{});
    socket.set(AuthChunk{ChunkType::data});
    socket.set(AuthKey{2, secret});
    socket.set(AuthActiveKey{2});
    std::error_code error;
    socket.set(AuthKey{3, test::pattern(65'536)}, error);
    CHECK(error == std::errc::invalid_argument);
    socket.set(AuthActiveKey{3}, error);
    CHECK(error == std::errc::invalid_argument);
  }};
  pair.send("hello");
  CHECK(pair.next_at_server() == "message hello");
}

TEST_CASE("A key that one side has replaced works again when the other has, too", "[authentication]") {
  Pair pair;
  pair.ends.client.set(AuthKey{1, as_bytes("second")});
  pair.send_in_vain("secret");
  pair.ends.server.set(AuthKey{1, as_bytes("second")});
  CHECK(pair.next_at_server() == "message secret");
}

TEST_CASE("A message that is sent with a key that the peer has no more waits until it has",
          "[authentication]") {
  Pair pair;
  use(pair.ends.server, 2, "second");
  pair.ends.server.set(AuthDeleteKey{1});
  pair.send_in_vain("secret");
  pair.ends.server.set(AuthKey{1, as_bytes("first")});
  CHECK(pair.next_at_server() == "with another key 1");
  CHECK(pair.next_at_server() == "message secret");
}

TEST_CASE("A key that the peer uses and we do not is told of, until we use it, too", "[authentication]") {
  Pair pair;
  for (const auto* socket : {&pair.ends.client, &pair.ends.server})
    socket->set(AuthKey{2, as_bytes("second")});
  pair.ends.client.set(AuthActiveKey{2});
  for (const std::string_view text : {"one", "two"}) {
    pair.send(text);
    CHECK(pair.next_at_server() == "with another key 2");
    CHECK(pair.next_at_server() == "message " + std::string{text});
  }
  pair.ends.server.send(as_bytes("back"));
  CHECK(pair.next_at_client() == "with another key 1");
  CHECK(pair.next_at_client() == "message back");

  pair.ends.server.set(AuthActiveKey{2});
  pair.send("three");
  CHECK(pair.next_at_server() == "message three");
  pair.ends.server.send(as_bytes("back again"));
  CHECK(pair.next_at_client() == "message back again");
}

TEST_CASE("A deactivated key is out of use at once when nothing needs it", "[authentication]") {
  Pair pair;
  pair.send("hello");
  CHECK(pair.next_at_server() == "message hello");
  test::wait_until_acknowledged(pair.ends.client);
  use(pair.ends.client, 2, "second");
  pair.ends.client.set(AuthDeactivateKey{1});
  CHECK(pair.next_at_client() == "key out of use 1");
}

TEST_CASE("A deactivated key is out of use when the last message with it has been acknowledged",
          "[authentication]") {
  Pair pair;
  test::set_loopback_up(false);
  pair.send("the last");
  use(pair.ends.client, 2, "second");
  pair.ends.client.set(AuthDeactivateKey{1});
  CHECK_FALSE(pair.ends.client.try_receive(pair.client_buffer));
  test::set_loopback_up(true);
  CHECK(pair.next_at_client() == "key out of use 1");
  CHECK(pair.next_at_server() == "message the last");
  std::error_code error;
  pair.ends.client.set(AuthActiveKey{1}, error);
  CHECK(error == std::errc::invalid_argument);
  pair.ends.client.set(AuthKey{1, as_bytes("first")});
  pair.ends.client.set(AuthActiveKey{1});
  pair.send("once more");
  CHECK(pair.next_at_server() == "message once more");
}

TEST_CASE("Keys are of the associations to come, of those that there are, or of both", "[authentication]") {
  test::Many server{authenticate};
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  authenticate(client);
  client.connect(server.address());
  const auto association = server.association(server.next_up());
  const auto which =
      GENERATE(sctp::Associations::later, sctp::Associations::existing, sctp::Associations::all);
  server.socket.set(AuthKey{2, as_bytes("second")}, which);
  server.socket.set(AuthActiveKey{2}, which);
  const int later = which == sctp::Associations::existing ? 1 : 2;
  const int existing = which == sctp::Associations::later ? 1 : 2;
  CHECK(server.socket.get<AuthActiveKey>().number == later);
  CHECK(association.get<AuthActiveKey>().number == existing);

  server.socket.set(AuthActiveKey{1}, which);
  server.socket.set(AuthDeactivateKey{2}, which);
  server.socket.set(AuthDeleteKey{2}, which);
  std::error_code error;
  association.set(AuthActiveKey{2}, error);
  CHECK(error == std::errc::invalid_argument);
}

TEST_CASE("Keys of an association are its own", "[authentication]") {
  test::Many server{authenticate};
  const test::Tune two_keys = [](const sctp::SocketRef& socket) {
    authenticate(socket);
    socket.set(AuthKey{2, as_bytes("second")});
  };
  std::array<sctp::OneToOneSocket, 2> clients{sctp::OneToOneSocket{sctp::Address::Family::v4},
                                              sctp::OneToOneSocket{sctp::Address::Family::v4}};
  for (auto& client : clients) {
    two_keys(client);
    client.connect(server.address());
  }
  const auto one = server.association(server.next_up());
  const auto other = server.association(server.next_up());
  one.set(AuthKey{2, as_bytes("second")});
  one.set(AuthActiveKey{2});
  CHECK(one.get<AuthActiveKey>().number == 2);
  CHECK(other.get<AuthActiveKey>().number == 1);
  std::error_code error;
  other.set(AuthActiveKey{2}, error);
  CHECK(error == std::errc::invalid_argument);
  one.send(as_bytes("with the second"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, clients[0], buffer).back() == "message with the second");
}

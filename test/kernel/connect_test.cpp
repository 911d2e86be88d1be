// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "kernel.hpp"

using sctp::Address;
using sctp::as_bytes;
using test::Mode;
using test::Refusing;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

namespace {

bool is_blocking(const sctp::SocketRef& socket) { return (::fcntl(socket.fd(), F_GETFL) & O_NONBLOCK) == 0; }

}  // namespace

TEST_CASE("A refusal is an error that names the address", "[connect]") {
  const Refusing nobody;
  CHECK_THROWS_WITH(
      sctp::OneToOneSocket{nobody.address},
      "cannot connect to " + to_string(nobody.address) +
          ": nobody listens there, or too many peers wait there to be accepted: Connection refused");
  std::error_code error;
  const sctp::OneToOneSocket socket{nobody.address, error};
  CHECK(error == std::errc::connection_refused);
  CHECK_FALSE(socket.is_open());
}

TEST_CASE("A socket that was refused connects again", "[connect]") {
  enum class How { blocking, timed, without_blocking, with_message };
  const auto connect = [](How how, sctp::OneToOneSocket& socket, const Address& peer,
                          std::error_code& error) {
    const std::array peers{peer};
    switch (how) {
      case How::blocking: return socket.connect(peer, error);
      case How::timed: return socket.connect(peers, 60s, error);
      case How::with_message: return socket.connect_and_send(peer, as_bytes("first"), {}, error);
      case How::without_blocking:
        if (socket.try_connect(peers, error) || error) return;
        test::wait_for(socket.fd(), POLLOUT);
        static_cast<void>(socket.try_connect(peers, error));
    }
  };
  const auto any = {How::blocking, How::timed, How::without_blocking, How::with_message};
  const How first = GENERATE_COPY(values(any));
  const How second = GENERATE_COPY(values(any));
  CAPTURE(int(first), int(second));
  const Refusing nobody;
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket socket{Address::Family::v4};
  std::error_code error;
  connect(first, socket, nobody.address, error);
  CHECK(error == std::errc::connection_refused);
  REQUIRE(socket.is_open());
  CHECK(is_blocking(socket));
  connect(second, socket, listener.local_address(), error);
  REQUIRE_FALSE(error);
  CHECK(is_blocking(socket));

  CHECK(socket.association().status().association == socket.association().id());
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, socket, buffer) == Answers{"unable to start", "up"});
  const sctp::OneToOneSocket server = listener.accept();
  server.send(as_bytes("hello"));
  CHECK(test::next(socket, buffer) == "message hello");
}

TEST_CASE("A refusal that nobody has received is no end of the association after it", "[connect]") {
  const Refusing nobody;
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket socket{Address::Family::v4};
  std::error_code error;
  socket.connect(nobody.address, error);
  CHECK(error == std::errc::connection_refused);
  socket.connect(listener.local_address());
  const sctp::OneToOneSocket peer = listener.accept();
  sctp::ReceiveBuffer buffer;
  const auto end = socket.shutdown(buffer, sctp::Patience{}, [](const sctp::Received&) {});
  CHECK(end == sctp::AssociationChange::End::own_shutdown);
}

TEST_CASE("A refusal that was received is not waited for again", "[connect]") {
  const Refusing nobody;
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket socket{Address::Family::v4};
  sctp::ReceiveBuffer buffer;
  socket.set_nonblocking();
  SECTION("of try_connect") { CHECK_FALSE(socket.try_connect(std::array{nobody.address})); }
  SECTION("of connect_and_send") { socket.connect_and_send(nobody.address, as_bytes("first")); }
  test::wait_for(socket.fd(), POLLOUT);
  CHECK(test::next(3, socket, buffer) ==
        Answers{"unable to start", "error: Connection refused", "would block"});
  socket.set_nonblocking(false);
  socket.connect(listener.local_address());
  CHECK(test::next(socket, buffer) == "up");
}

TEST_CASE("A setup without blocking is under way until the descriptor is writable", "[connect]") {
  sctp::Listener listener = test::listen();
  const std::array peer{listener.local_address()};
  sctp::OneToOneSocket socket{Address::Family::v4};
  if (!socket.try_connect(peer)) {
    test::wait_for(socket.fd(), POLLOUT);
    CHECK(socket.try_connect(peer));
  }
  CHECK(is_blocking(socket));
  std::error_code error;
  CHECK_FALSE(socket.try_connect(peer, error));
  CHECK(error == std::errc::already_connected);
  CHECK(socket.association().status().state == sctp::option::Status::State::established);
  const sctp::OneToOneSocket server = listener.accept();
  socket.send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
}

TEST_CASE("A socket that has its association cannot connect", "[connect]") {
  auto [client, server] = test::connect();
  const sctp::Listener other = test::listen();
  std::error_code error;
  for (sctp::OneToOneSocket* socket : {&client, &server}) {
    socket->connect(other.local_address(), error);
    CHECK(error == std::errc::already_connected);
    socket->connect(std::array{other.local_address()}, 1s, error);
    CHECK(error == std::errc::already_connected);
    CHECK(socket->is_open());
  }
  client.send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
}

TEST_CASE("A peer is reached at the several addresses that it has", "[connect]") {
  sctp::Listener listener{Address::Family::v4};
  listener.bind(std::array{Address{"127.0.0.1", 0}, Address{"127.0.0.2", 0}});
  listener.listen();
  std::vector<Address> peer = listener.local_addresses();
  sctp::OneToOneSocket client{Address::Family::v4};
  SECTION("blocking") { client.connect(peer); }
  SECTION("within a time") { client.connect(peer, 60s); }
  SECTION("without blocking") {
    if (!client.try_connect(peer)) {
      test::wait_for(client.fd(), POLLOUT);
      CHECK(client.try_connect(peer));
    }
  }
  const sctp::OneToOneSocket server = listener.accept();
  std::vector<Address> known = client.association().peer_addresses();
  std::ranges::sort(known);
  std::ranges::sort(peer);
  CHECK(known == peer);
}

TEST_CASE("A refusal by a peer of several addresses names them all", "[connect]") {
  const Refusing nobody;
  const std::uint16_t port = nobody.address.port();
  sctp::OneToOneSocket client{Address::Family::v4};
  CHECK_THROWS_WITH(
      client.connect(std::array{nobody.address, Address{"127.0.0.2", port}}),
      Catch::Matchers::Contains("cannot connect to [127.0.0.1|127.0.0.2]:" + std::to_string(port)));
}

TEST_CASE("The first message travels with the handshake", "[connect]") {
  sctp::Listener listener = test::listen();
  const Mode mode = GENERATE(Mode::blocking, Mode::nonblocking);
  INFO(test::name(mode));
  sctp::OneToOneSocket client{Address::Family::v4};
  client.set_nonblocking(mode == Mode::nonblocking);
  client.connect_and_send(listener.local_address(), as_bytes("first"),
                          {.stream = sctp::StreamId{3}, .ppid = sctp::ppid::ngap});
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer server_buffer;
  const sctp::Message first = test::next_message(server, server_buffer);
  CHECK(test::text(first.payload) == "first");
  CHECK(first.stream == sctp::StreamId{3});
  CHECK(first.ppid == sctp::ppid::ngap);

  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer, mode) == "up");
  client.send(as_bytes("second"));
  CHECK(test::next(server, server_buffer) == "message second");
  server.send(as_bytes("answer"));
  CHECK(test::next(client, buffer, mode) == "message answer");
  if (mode == Mode::blocking) CHECK(client.association().id() == client.association().status().association);
}

TEST_CASE("A large first message travels, too", "[connect]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{Address::Family::v4};
  const auto sent = test::pattern(150'000);
  client.connect_and_send(listener.local_address(), sent);
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, sent));
}

TEST_CASE("A first message that cannot be sent leaves the socket as it was", "[connect]") {
  const sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{Address::Family::v4};
  std::error_code error;
  client.connect_and_send(listener.local_address(), {}, {}, error);
  CHECK(error == sctp::Errc::empty_message);
  client.connect_and_send(listener.local_address(), as_bytes("a"), {.stream = sctp::StreamId{10}}, error);
  CHECK(error == sctp::Errc::no_such_stream);
  const std::vector<std::byte> huge(client.get<sctp::option::SndBuf>().size + 1);
  client.connect_and_send(listener.local_address(), huge, {}, error);
  CHECK(error == sctp::Errc::message_exceeds_send_buffer);
  client.connect(listener.local_address());
  CHECK(client.association().status().state == sctp::option::Status::State::established);
}

TEST_CASE("A first message that is refused is told by events where nothing blocks", "[connect]") {
  const Refusing nobody;
  sctp::OneToOneSocket client{Address::Family::v4};
  client.set_nonblocking();
  client.connect_and_send(nobody.address, as_bytes("first"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, client, buffer, Mode::nonblocking) ==
        Answers{"unable to start", "error: Connection refused"});
  // Nothing has ended that had not begun: the socket may connect again.
  CHECK(client.try_receive(buffer).status() == sctp::Received::Status::would_block);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <array>
#include <string>

#include "../../examples/tcp_socket.hpp"
#include "kernel.hpp"

namespace {

using sctp::as_bytes;
using sctp::Bytes;
using namespace test;

std::string read(sctp::StreamSocket auto& socket, std::size_t most = 100) {
  std::string room(most, '.');
  std::error_code error;
  const std::size_t size = socket.read_some(std::as_writable_bytes(std::span{room}), error);
  if (error) return error.message();
  return size == 0 ? "end" : room.substr(0, size);
}

std::vector<std::byte> read_all(sctp::StreamSocket auto& socket) {
  std::vector<std::byte> all;
  std::vector<std::byte> room(8'000);
  while (const std::size_t size = socket.read_some(room)) {
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return all;
}

struct TcpEnds {
  TcpSocket client;
  TcpSocket server;
};
TcpEnds connect_tcp() {
  TcpListener listener{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  TcpSocket client{listener.local_address()};
  return {std::move(client), listener.accept()};
}

const std::string reset = "Connection reset by peer";

}  // namespace

// What cannot be as with TCP: each case shows TCP first, and says why.

TEST_CASE("After a shutdown TCP can still be sent to; SCTP ends both directions, as RFC 9260 9.2 has it",
          "[stream_socket]") {
  auto tcp = connect_tcp();
  tcp.client.shutdown();
  CHECK(read(tcp.server) == "end");
  sctp::write_all(tcp.server, as_bytes("answer"));
  CHECK(read(tcp.client) == "answer");

  auto [client, server] = connect();
  client.shutdown();
  CHECK(read(server) == "end");
  std::error_code error;
  CHECK(server.write_some(as_bytes("answer"), error) == 0);
  CHECK(error == sctp::Condition::association_ended);
  CHECK(read(client) == "end");
}

TEST_CASE("Whoever shut down a TCP socket waits for the peer to do so; with SCTP the peer's kernel is enough",
          "[stream_socket]") {
  auto tcp = connect_tcp();
  tcp.client.shutdown();
  std::array<std::byte, 10> room;
  CHECK(tcp.client.read_some(room, 50ms) == std::nullopt);

  auto [client, server] = connect();
  client.shutdown();
  CHECK(client.read_some(room, 1h) == 0U);
}

TEST_CASE("What was sent before the peer's shutdown is read on either side of it", "[stream_socket]") {
  auto [client, server] = connect();
  sctp::write_all(server, as_bytes("x"));
  wait_for(client.fd(), POLLIN);
  client.shutdown();
  CHECK(read(client) == "x");
  CHECK(read(client) == "end");
  CHECK(read(server) == "end");
}

TEST_CASE("TCP tells a reset once, and then an end that the peer did not make; here it stays an error",
          "[stream_socket]") {
  auto tcp = connect_tcp();
  tcp.client.abort();
  CHECK(read(tcp.server) == reset);
  CHECK(read(tcp.server) == "end");

  auto [client, server] = connect();
  client.abort();
  for (int round = 0; round != 3; ++round) CHECK(read(server, round == 0 ? 1 : 100) == reset);
}

TEST_CASE("TCP resets whoever waits to be accepted when a listener closes; SCTP those alone who have sent",
          "[stream_socket]") {
  const bool has_sent = GENERATE(false, true);
  const auto told = [&](auto listener, auto client, auto has_arrived) {
    if (has_sent) sctp::write_all(client, as_bytes("hello"));
    wait_until([&] { return has_arrived(client); });
    listener.close();
    return read(client);
  };
  const auto any = sctp::Address::loopback(sctp::Address::Family::v4, 0);
  TcpListener tcp{any};
  TcpSocket tcp_client{tcp.local_address()};
  CHECK(told(std::move(tcp), std::move(tcp_client), [](const auto&) { return true; }) == reset);

  sctp::Listener listener{any};
  sctp::OneToOneSocket client{listener.local_address()};
  const auto is_acknowledged = [](const sctp::OneToOneSocket& socket) {
    return socket.association().status().unacknowledged_chunks == 0;
  };
  CHECK(told(std::move(listener), std::move(client), is_acknowledged) == (has_sent ? reset : "end"));
}

TEST_CASE("TCP's options are none of SCTP's, and TCP_NODELAY has its like on already", "[stream_socket]") {
  auto [client, server] = connect();
  const int on = 1;
  CHECK(::setsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0);
  CHECK(errno == ENOPROTOOPT);
  CHECK(client.get<sctp::option::NoDelay>().on);
  CHECK(server.get<sctp::option::NoDelay>().on);
  CHECK(::setsockopt(client.fd(), IPPROTO_TCP, TCP_KEEPIDLE, &on, sizeof on) < 0);
  CHECK(::setsockopt(client.fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);  // and does nothing
}

TEST_CASE("TCP has urgent data beside the stream; here they are in it", "[stream_socket]") {
  auto tcp = connect_tcp();
  REQUIRE(::send(tcp.client.fd(), "abc", 3, MSG_OOB) == 3);
  CHECK(read(tcp.server) == "ab");

  auto [client, server] = connect();
  REQUIRE(::send(client.fd(), "abc", 3, MSG_OOB) == 3);
  CHECK(read(server) == "abc");
}

TEST_CASE(
    "A descriptor whose peer has gone tells TCP's hang-up by poll; with SCTP none, not even that it is over",
    "[stream_socket]") {
  constexpr short all = POLLIN | POLLRDHUP;
  const auto look = [](int fd) {
    pollfd asked{fd, all, 0};
    static_cast<void>(::poll(&asked, 1, 0));
    return asked.revents;
  };
  auto tcp = connect_tcp();
  tcp.client.abort();
  wait_for(tcp.server.fd(), POLLIN);
  CHECK(read(tcp.server) == reset);
  CHECK(look(tcp.server.fd()) == (all | POLLHUP));

  auto [client, server] = connect();
  client.abort();
  wait_for(server.fd(), POLLERR);
  CHECK(read(server) == reset);
  CHECK(look(server.fd()) == 0);

  auto [first, second] = connect();
  first.shutdown();
  CHECK(read(second) == "end");
  CHECK(read(first) == "end");
  CHECK((look(second.fd()) & (all | POLLHUP)) == all);
  CHECK(look(first.fd()) == 0);
}

// What is as with TCP, where SCTP by itself would not have it so.

TEST_CASE("Whatever the send buffer is, writes of any size arrive", "[stream_socket]") {
  const std::size_t buffer = GENERATE(4'608U, 20'000U, 1'000'000U);
  auto [client, server] = connect([&](const sctp::SocketRef& socket) {
    retransmit_soon(socket);
    std::error_code capped;
    socket.set(sctp::option::SndBuf{buffer}, capped);
  });
  const auto all = pattern(300'000);
  Task writer{[&] { return sctp::write_all(client, all), client.close(), true; }};
  CHECK((read_all(server) == all));
  CHECK(writer.get());
}

TEST_CASE("A socket that makes no fragments writes what fits in a packet", "[stream_socket]") {
  auto [client, server] = connect();
  client.set(sctp::option::DisableFragments{});
  const std::size_t written = client.write_some(pattern(10'000));
  CHECK(written > 0);
  CHECK(written <= 1'500);
  const auto all = pattern(10'000);
  sctp::write_all(client, all);
  client.close();
  CHECK(read_all(server).size() == written + all.size());
}

TEST_CASE("A small window holds nothing back for ever", "[stream_socket]") {
  auto [client, server] = connect(
      retransmit_soon, [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{10'000}); });
  const auto all = pattern(500'000);
  Task writer{[&] { return sctp::write_all(client, all), client.close(), true; }};
  CHECK((read_all(server) == all));
  CHECK(writer.get());
}

TEST_CASE("Messages of other programs are read as bytes, whatever their size and stream", "[stream_socket]") {
  auto [client, server] = connect();
  client.subscribe<sctp::SenderDry>();
  server.subscribe<sctp::PeerAddressChange, sctp::SenderDry, sctp::SendFailed>();
  const auto large = pattern(150'000);
  Task writer{[&] {
    client.send(as_bytes("small"), {.stream = sctp::StreamId{3}});
    client.send(large, {.ppid = sctp::ppid::ngap});
    return client.shutdown(), true;
  }};
  CHECK(read(server, 5) == "small");
  CHECK((read_all(server) == large));
  CHECK(writer.get());
}

TEST_CASE("A loss in the middle of a message is an error, once what came of it is read", "[stream_socket]") {
  auto [client, server] = connect(
      retransmit_soon, [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{10'000}); });
  client.send(pattern(150'000));
  std::array<std::byte, 1'000> room;
  CHECK(server.read_some(room) > 0);
  client.abort();
  std::error_code error;
  std::size_t read_before = 0;
  while (const std::size_t size = server.read_some(room, error)) read_before += size;
  CHECK(read_before < 150'000);
  CHECK(error == std::errc::connection_reset);
  CHECK(read(server) == reset);
}

TEST_CASE("A peer that does not answer is a loss, and stays one", "[stream_socket]") {
  auto [client, server] = connect([](const sctp::SocketRef& socket) {
    retransmit_soon(socket);
    socket.set(sctp::option::AssocInfo{.max_retransmissions = 2});
  });
  set_loopback_up(false);
  sctp::write_all(client, as_bytes("is anybody there?"));
  std::array<std::byte, 10> room;
  std::error_code error;
  CHECK(client.read_some(room, error) == 0);
  CHECK(error == std::errc::timed_out);
  CHECK(client.read_some(room, error) == 0);
  CHECK(error == std::errc::timed_out);
  set_loopback_up(true);
}

TEST_CASE("A send that meets the loss first leaves it to be read", "[stream_socket]") {
  auto [client, server] = connect();
  client.abort();
  wait_for(server.fd(), POLLERR);
  std::error_code error;
  CHECK(server.write_some(as_bytes("x"), error) == 0);
  CHECK(error == std::errc::connection_reset);
  CHECK(read(server) == reset);
  CHECK(read(server) == reset);
}

TEST_CASE("A peeled-off socket is read and written as any other", "[stream_socket]") {
  sctp::OneToManySocket many{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  many.listen();
  sctp::OneToOneSocket client{many.local_address()};
  sctp::write_all(client, as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  sctp::ReceiveBuffer own;
  const auto up = many.receive(buffer);
  REQUIRE(up.notification() != nullptr);
  auto server = many.peel_off(std::get<sctp::AssociationChange>(*up.notification()).association, buffer, own);
  CHECK(read(server) == "hello");
  sctp::write_all(server, pattern(100'000));
  std::vector<std::byte> room(100'000);
  CHECK(sctp::read_exactly(client, room) == room.size());
  SECTION("to its graceful end") {
    client.shutdown();
    CHECK(read(server) == "end");
    CHECK(read(server) == "end");
    CHECK(read(client) == "end");
  }
  SECTION("to its loss") {
    client.abort();
    CHECK(read(server) == reset);
    CHECK(read(server) == reset);
  }
}

TEST_CASE(
    "A setup that failed while its socket was read does not keep that from connecting and reading again",
    "[stream_socket]") {
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  client.set(sctp::option::InitMsg{.attempts = 1, .longest_pause = 50ms});
  client.set(sctp::option::RtoInfo{.initial = 50ms, .max = 50ms, .min = 50ms});
  CHECK_FALSE(client.try_connect(blackhole));
  std::array<std::byte, 10> room;
  std::error_code error;
  CHECK(client.read_some(room, 1h, error) == 0U);
  CHECK(error == std::errc::timed_out);
  auto listener = listen();
  client.connect(listener.local_address());
  auto server = listener.accept();
  sctp::write_all(server, as_bytes("again"));
  CHECK(read(client) == "again");
}

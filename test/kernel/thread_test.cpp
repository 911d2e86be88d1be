// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "kernel.hpp"

using sctp::StreamId;

TEST_CASE("Two threads send on one socket, and each message arrives once and whole", "[thread]") {
  auto [client, server] = test::connect();
  constexpr std::uint32_t count = 150;
  const auto payload = [](std::uint32_t i) { return test::pattern(1 + i * 37, i); };
  const auto send_all = [&, socket = sctp::SocketRef{client}](StreamId stream) {
    for (std::uint32_t i = 0; i != count; ++i) {
      socket.send({}, payload(i), {.stream = stream, .ppid = sctp::Ppid{i}});
    }
  };
  test::Task first{[&] { send_all(StreamId{0}); }};
  test::Task second{[&] { send_all(StreamId{1}); }};
  sctp::ReceiveBuffer buffer;
  std::array<std::uint32_t, 2> received{};
  bool as_sent = true;
  while (received[0] + received[1] != 2 * count) {
    const sctp::Message message = test::next_message(server, buffer);
    std::uint32_t& i = received.at(static_cast<std::size_t>(message.stream));
    as_sent &= message.ppid == sctp::Ppid{i} && std::ranges::equal(message.payload, payload(i));
    ++i;
  }
  CHECK(as_sent);
  CHECK(received == std::array{count, count});
  first.get();
  second.get();
  std::error_code error;
  CHECK(test::describe(server.try_receive(buffer, error), error) == "would block");
}

TEST_CASE("A thread sends while another receives on the same socket", "[thread]") {
  auto [client, server] = test::connect();
  constexpr int count = 100;
  const auto send_all = [](sctp::SocketRef socket) {
    for (int i = 0; i != count; ++i) socket.send({}, test::pattern(3000, static_cast<std::uint32_t>(i)));
  };
  const auto receive_all = [](sctp::SocketRef socket) {
    sctp::ReceiveBuffer buffer;
    int good = 0;
    for (int i = 0; i != count; ++i) {
      const sctp::Message message = test::next_message(socket, buffer);
      good += std::ranges::equal(message.payload, test::pattern(3000, static_cast<std::uint32_t>(i)));
    }
    return good;
  };
  test::Task client_sends{[&, socket = sctp::SocketRef{client}] { send_all(socket); }};
  test::Task server_sends{[&, socket = sctp::SocketRef{server}] { send_all(socket); }};
  test::Task client_receives{[&, socket = sctp::SocketRef{client}] { return receive_all(socket); }};
  CHECK(receive_all(server) == count);
  CHECK(client_receives.get() == count);
  client_sends.get();
  server_sends.get();
}

TEST_CASE("Many associations live at once, each on threads of its own", "[thread]") {
  constexpr std::uint32_t peers = 12;
  constexpr std::uint32_t messages = 20;
  sctp::Listener listener = test::listen();
  const auto talk = [to = listener.local_address()](std::uint32_t seed) {
    sctp::OneToOneSocket client{to};
    sctp::ReceiveBuffer buffer;
    std::uint32_t good = 0;
    for (std::uint32_t i = 0; i != messages; ++i) {
      const auto sent = test::pattern(1 + i * 500, seed * 100 + i);
      client.send(sent, {.stream = StreamId{static_cast<std::uint16_t>(i % 10)}});
      good += std::ranges::equal(test::next_message(client, buffer).payload, sent);
    }
    client.shutdown();
    while (client.receive(buffer)) {
    }
    return good;
  };
  const auto echo = [](sctp::OneToOneSocket server) {
    sctp::ReceiveBuffer buffer;
    while (const auto received = server.receive(buffer)) {
      if (const auto* message = received.message())
        server.send(message->payload, {.stream = message->stream});
    }
  };
  std::vector<test::Task<std::uint32_t>> clients;
  std::vector<test::Task<void>> servers;
  for (std::uint32_t seed = 0; seed != peers; ++seed) {
    clients.emplace_back([&talk, seed] { return talk(seed); });
  }
  for (std::uint32_t i = 0; i != peers; ++i) {
    servers.emplace_back([&echo, server = listener.accept()]() mutable { echo(std::move(server)); });
  }
  for (auto& client : clients) CHECK(client.get() == messages);
  for (auto& server : servers) CHECK_NOTHROW(server.get());
}

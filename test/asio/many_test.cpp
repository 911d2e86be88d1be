// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "loop.hpp"

using namespace std::chrono_literals;
using sctp::as_bytes;
using sctp::NetError;
using test::Outcome;

namespace {

constexpr std::size_t clients = 100;
constexpr std::uint32_t rounds = 5;

/// Sends everything back until all of so many associations have ended.
net::awaitable<std::size_t> echo(sctp::AsioOneToManySocket& socket, std::size_t count) {
  sctp::AssociationTable table{socket.socket()};
  sctp::ReceiveBuffer buffer;
  std::size_t echoed = 0;
  for (std::size_t ended = 0; ended != count;) {
    const auto received = co_await socket.async_receive(buffer, net::use_awaitable);
    const auto change = table.take(received);
    if (change && change->kind == sctp::AssociationTable::Change::Kind::closed) ++ended;
    if (const sctp::Message* m = received.message()) {
      co_await socket.async_send(m->association, m->payload, {.stream = m->stream}, net::use_awaitable);
      ++echoed;
    }
  }
  co_return echoed;
}

net::awaitable<std::size_t> talk(sctp::Address server, std::uint32_t seed) {
  sctp::AsioOneToOneSocket socket{co_await net::this_coro::executor,
                                  sctp::OneToOneSocket{sctp::Address::Family::v4}};
  co_await socket.async_connect(server, net::use_awaitable);
  sctp::ReceiveBuffer buffer;
  std::size_t good = 0;
  for (std::uint32_t i = 0; i != rounds; ++i) {
    const auto sent = test::pattern(1 + i * 700, seed * rounds + i);
    co_await socket.async_send(sent, {.stream = sctp::StreamId{static_cast<std::uint16_t>(i)}},
                               net::use_awaitable);
    for (;;) {
      const auto received = co_await socket.async_receive(buffer, 1h, net::use_awaitable);
      if (received.message() == nullptr) continue;
      good += std::ranges::equal(received.message()->payload, sent);
      break;
    }
  }
  const auto end = co_await socket.async_shutdown(
      buffer, [](const auto&) {}, net::use_awaitable);
  co_return end == sctp::AssociationChange::End::own_shutdown ? good : 0;
}

}  // namespace

TEST_CASE("One one-to-many socket serves many associations, each a coroutine at the other end",
          "[asio][many]") {
  test::Loop loop;
  sctp::AsioOneToManySocket server{loop.context, test::listen_to_many(test::retransmit_soon)};
  const sctp::Address address = server.socket().local_address();
  auto echoed = net::co_spawn(loop.context, echo(server, clients), net::use_future);
  std::vector<std::future<std::size_t>> all;
  for (std::uint32_t seed = 0; seed != clients; ++seed) {
    all.push_back(net::co_spawn(loop.context, talk(address, seed), net::use_future));
  }
  loop.run();
  CHECK(echoed.get() == clients * rounds);
  for (auto& client : all) CHECK(client.get() == rounds);
}

TEST_CASE("All associations are shut down in order, and what still comes is handed out",
          "[asio][many][end]") {
  test::Loop loop;
  sctp::AsioOneToManySocket server{loop.context, test::listen_to_many()};
  const sctp::Address address = server.socket().local_address();
  sctp::ReceiveBuffer buffer;
  std::vector<sctp::OneToOneSocket> peers;
  for (int i = 0; i != 3; ++i) {
    peers.emplace_back(address);
    peers.back().send(as_bytes("last words"));
  }
  std::vector<std::string> heard;
  const auto note = [&](const sctp::Received& received) { heard.push_back(test::describe(received, {})); };
  Outcome<> outcome;
  server.async_shutdown_all(buffer, note, outcome.take());
  CHECK_FALSE(outcome.has_come);
  loop.run();
  CHECK(outcome.error == NetError{});
  CHECK(std::ranges::count(heard, "message last words") == 3);
  CHECK(std::ranges::count(heard, "shut down") == 3);
  CHECK(server.socket().associations().empty());
  std::error_code refused;
  const sctp::OneToOneSocket late{address, refused};
  CHECK(refused == std::errc::connection_refused);
}

TEST_CASE("A shutdown of all is cancelled, or aborts those that do not let it end", "[asio][many][end]") {
  test::Loop loop;
  sctp::AsioOneToManySocket server{loop.context, test::listen_to_many(test::retransmit_soon)};
  sctp::ReceiveBuffer buffer;
  sctp::OneToOneSocket stalled{sctp::Address::Family::v4};
  test::small_window(stalled);
  stalled.connect(server.socket().local_address());
  const sctp::OneToOneSocket well{server.socket().local_address()};
  test::next(server.socket(), buffer);
  const auto id = server.socket().associations().front();
  while (server.socket().try_send(id, test::pattern(10'000))) {
  }
  const auto ignore = [](const sctp::Received&) {};
  Outcome<> cancelled;
  net::cancellation_signal signal;
  server.async_shutdown_all(buffer, ignore, net::bind_cancellation_slot(signal.slot(), cancelled.take()));
  loop.context.poll();
  signal.emit(net::cancellation_type::terminal);
  loop.run();
  CHECK(cancelled.error == test::aborted);
  test::wait_until([&] { return server.socket().associations().size() == 1; });
  Outcome<std::size_t> outcome;
  server.async_shutdown_all(buffer, 50ms, ignore, outcome.take());
  loop.run();
  CHECK(outcome.error == NetError{});
  CHECK(outcome.result() == 1);
  CHECK(server.socket().associations().empty());
}

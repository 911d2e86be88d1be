// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <thread>

#include "loop.hpp"

namespace {

constexpr std::uint32_t messages = 30;

net::awaitable<std::size_t> talk_on_strand(sctp::Address server, std::uint32_t seed) {
  using namespace std::chrono_literals;
  sctp::AsioOneToOneSocket socket{co_await net::this_coro::executor,
                                  sctp::OneToOneSocket{sctp::Address::Family::v4}};
  co_await socket.async_connect(server, 1h, net::use_awaitable);
  sctp::ReceiveBuffer buffer;
  std::size_t good = 0;
  for (std::uint32_t i = 0; i != messages; ++i) {
    const auto sent = test::pattern(1 + i * 300, seed * messages + i);
    co_await socket.async_send(sent, {}, 1h, net::use_awaitable);
    for (;;) {
      const auto received = co_await socket.async_receive(buffer, 1h, net::use_awaitable);
      if (received.message() == nullptr) continue;
      good += std::ranges::equal(received.message()->payload, sent);
      break;
    }
  }
  co_await socket.async_shutdown(
      buffer, [](const auto&) {}, net::use_awaitable);
  co_return good;
}

net::awaitable<void> echo(sctp::AsioOneToOneSocket peer) {
  sctp::ReceiveBuffer buffer;
  while (const auto received = co_await peer.async_receive(buffer, net::use_awaitable)) {
    if (const auto* m = received.message()) co_await peer.async_send(m->payload, {}, net::use_awaitable);
  }
}

net::awaitable<void> accept(sctp::AsioListener& listener, std::size_t count) {
  const auto context = co_await net::this_coro::executor;
  for (std::size_t i = 0; i != count; ++i) {
    auto strand = net::make_strand(listener.get_executor());
    sctp::AsioOneToOneSocket peer{strand, co_await listener.async_accept(net::use_awaitable)};
    net::co_spawn(strand, echo(std::move(peer)), net::detached);
  }
}

}  // namespace

TEST_CASE("Several threads run one loop, each association on a strand of its own", "[asio][thread]") {
  constexpr std::size_t peers = 12;
  net::io_context context;
  sctp::AsioListener listener{context, test::listen()};
  const sctp::Address address = listener.socket().local_address();
  net::co_spawn(net::make_strand(context), accept(listener, peers), net::detached);
  std::vector<std::future<std::size_t>> all;
  for (std::uint32_t seed = 0; seed != peers; ++seed) {
    all.push_back(net::co_spawn(net::make_strand(context), talk_on_strand(address, seed), net::use_future));
  }
  std::vector<std::jthread> threads;
  for (int i = 0; i != 3; ++i) threads.emplace_back([&] { context.run(); });
  for (auto& one : all) CHECK(one.get() == messages);
}

TEST_CASE("Another thread cancels and closes through the socket's strand", "[asio][thread]") {
  net::io_context context;
  const auto strand = net::make_strand(context);
  auto ends = test::connect();
  sctp::AsioOneToOneSocket socket{strand, std::move(ends.server)};
  sctp::ReceiveBuffer buffer;
  std::promise<sctp::NetError> cancelled;
  std::promise<sctp::NetError> closed;
  const auto receive = [&](std::promise<sctp::NetError>& told) {
    net::post(strand, [&] {
      socket.async_receive(
          buffer, net::bind_executor(strand, [&](sctp::NetError error, const sctp::Received& r) {
            if (!error && r)
              return socket.async_receive(
                  buffer, net::bind_executor(
                              strand, [&](sctp::NetError e, const sctp::Received&) { told.set_value(e); }));
            told.set_value(error);
          }));
    });
  };
  auto work = net::make_work_guard(context);
  std::vector<std::jthread> threads;
  for (int i = 0; i != 2; ++i) threads.emplace_back([&] { context.run(); });
  receive(cancelled);
  net::post(strand, [&] { socket.cancel(); });
  CHECK(cancelled.get_future().get() == test::aborted);
  receive(closed);
  net::post(strand, [&] { socket.close(); });
  CHECK(closed.get_future().get() == test::aborted);
  work.reset();
}

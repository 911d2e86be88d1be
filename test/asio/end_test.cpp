// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "loop.hpp"

using namespace std::chrono_literals;
using sctp::as_bytes;
using sctp::NetError;
using End = sctp::AssociationChange::End;
using test::Outcome;
using test::Pair;

namespace {

/// What still comes while an association is shut down.
struct Heard {
  std::vector<std::string> all;
  auto take() {
    return [this](const sctp::Received& received) { all.push_back(test::describe(received, {})); };
  }
};

}  // namespace

TEST_CASE("A shutdown hands out what still comes, and tells how the association ended", "[asio][end]") {
  Pair pair;
  pair.server.socket().send(as_bytes("one"));
  pair.server.socket().send(as_bytes("two"));
  Heard heard;
  Outcome<End> outcome;
  pair.client.async_shutdown(pair.of_client, heard.take(), outcome.take());
  CHECK_FALSE(outcome.has_come);
  pair.loop.run();
  CHECK(outcome.error == NetError{});
  CHECK(outcome.result() == End::own_shutdown);
  CHECK(heard.all == std::vector<std::string>{"up", "message one", "message two", "shut down"});
  CHECK(pair.at_server() == "up");
  CHECK(pair.at_server() == "the peer shuts down");
}

TEST_CASE("A shutdown that both sides begin ends for both, and not before the association does",
          "[asio][end]") {
  Pair pair;
  const auto ends = [](sctp::AsioOneToOneSocket& socket,
                       sctp::ReceiveBuffer& buffer) -> net::awaitable<bool> {
    const End end = co_await socket.async_shutdown(
        buffer, 1h, [](const sctp::Received&) {}, net::use_awaitable);
    std::error_code gone;
    static_cast<void>(socket.socket().association().status(gone));
    co_return end != End::none&& gone;
  };
  const test::Delay delay;
  auto client = net::co_spawn(pair.loop.context, ends(pair.client, pair.of_client), net::use_future);
  auto server = net::co_spawn(pair.loop.context, ends(pair.server, pair.of_server), net::use_future);
  pair.loop.run();
  CHECK(client.get());
  CHECK(server.get());
}

TEST_CASE("A shutdown meets the peer's shutdown, abort, and an association that was never there",
          "[asio][end]") {
  Pair pair;
  Outcome<End> outcome;
  Heard heard;
  SECTION("shutdown") {
    CHECK(pair.at_server() == "up");
    pair.client.socket().shutdown();
    CHECK(pair.at_server() == "the peer shuts down");
    pair.server.async_shutdown(pair.of_server, heard.take(), outcome.take());
    pair.loop.run();
    CHECK(outcome.result() == End::peer_shutdown);
  }
  SECTION("abort") {
    pair.client.abort();
    pair.server.async_shutdown(pair.of_server, heard.take(), outcome.take());
    pair.loop.run();
    CHECK(outcome.result() == End::peer_abort);
  }
  SECTION("none") {
    sctp::AsioOneToOneSocket none{pair.loop.context, sctp::OneToOneSocket{sctp::Address::Family::v4}};
    none.async_shutdown(pair.of_server, heard.take(), outcome.take());
    pair.loop.run();
    CHECK(outcome.result() == End::none);
  }
  CHECK(outcome.error == NetError{});
}

TEST_CASE("A shutdown that its peer does not let end is cancelled, awaited further, or aborted in time",
          "[asio][end]") {
  Pair pair{test::connect(test::with_small_window)};
  CHECK(pair.at_server() == "up");
  std::size_t sent = 0;
  while (pair.client.socket().try_send(test::pattern(10'000))) ++sent;
  Heard heard;
  Outcome<End> outcome;
  net::cancellation_signal signal;
  SECTION("aborted in time") {
    pair.client.async_shutdown(pair.of_client, 50ms, heard.take(), outcome.take());
    pair.loop.run();
    CHECK(outcome.error == NetError{});
    CHECK(outcome.result() == End::own_abort);
    CHECK_FALSE(pair.client.is_open());
    std::string last;
    while (last.find("lost") == std::string::npos) last = pair.at_server();
    CHECK(last == "lost: user initiated abort");
  }
  SECTION("cancelled, awaited further") {
    pair.client.async_shutdown(pair.of_client, heard.take(),
                               net::bind_cancellation_slot(signal.slot(), outcome.take()));
    pair.loop.context.poll();
    signal.emit(net::cancellation_type::total);
    pair.loop.run();
    CHECK(outcome.error == test::aborted);
    CHECK(pair.client.is_open());
    Outcome<End> again;
    pair.client.async_shutdown(pair.of_client, heard.take(), again.take());
    for (std::size_t i = 0; i != sent; ++i) CHECK(pair.at_server() == "message of 10000 bytes");
    pair.loop.run();
    CHECK(again.result() == End::own_shutdown);
  }
}

TEST_CASE("A peer that sends without end does not keep the loop to itself while it is shut down",
          "[asio][end]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  constexpr int count = 50;
  for (int i = 0; i != count; ++i) pair.server.socket().send(as_bytes("more"));
  bool other_had_its_turn = false;
  int handed_out = 0;
  Outcome<End> outcome;
  pair.client.async_shutdown(
      pair.of_client,
      [&](const sctp::Received&) {
        if (++handed_out == 1) net::post(pair.loop.context, [&] { other_had_its_turn = handed_out < count; });
      },
      outcome.take());
  pair.loop.run();
  CHECK(handed_out > count);
  CHECK(other_had_its_turn);
}

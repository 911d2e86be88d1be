// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <thread>

#include "../kernel/by_hand.hpp"
#include "loop.hpp"

using namespace std::chrono_literals;
using namespace net::experimental::awaitable_operators;
using sctp::as_bytes;
using sctp::NetError;
using sctp::ReceiveStatus;
using test::Pair;

namespace {

constexpr std::size_t large = 100'000;

/// A message has begun to arrive, and waits for its rest.
struct Midway : Pair {
  test::Delay delay;
  std::vector<std::byte> sent = test::pattern(large);

  Midway() : Pair{test::connect(test::with_small_window)} {
    CHECK(at_server() == "up");
    client.socket().send(sent);
  }
  void run_to_the_middle() {
    loop.run_until([&] { return of_server.unfinished() == 1; });
  }
  bool arrives_whole() {
    bool whole = false;
    server.async_receive(of_server, [&](NetError error, const sctp::Received& received) {
      whole =
          !error && received.message() != nullptr && std::ranges::equal(received.message()->payload, sent);
    });
    loop.run();
    return whole;
  }
};

}  // namespace

TEST_CASE("A receive takes a function, a future, a coroutine or a deferred operation", "[asio][receive]") {
  Pair pair;
  for (const char* text : {"one", "two", "three", "four", "five"}) {
    pair.client.socket().send(as_bytes(text), {.stream = sctp::StreamId{2}, .ppid = sctp::ppid::ngap});
  }
  CHECK(pair.at_server() == "up");
  CHECK(pair.at_server() == "message one");

  std::future<sctp::Received> future = pair.server.async_receive(pair.of_server, net::use_future);
  pair.loop.run();
  const auto two = future.get();
  REQUIRE(two.message() != nullptr);
  CHECK(test::text(two.message()->payload) == "two");
  CHECK(two.message()->stream == sctp::StreamId{2});
  CHECK(two.message()->ppid == sctp::ppid::ngap);

  const auto coroutine = [](Pair& p) -> net::awaitable<std::string> {
    std::string texts;
    for (int i = 0; i != 2; ++i) {
      const auto received = co_await p.server.async_receive(p.of_server, net::use_awaitable);
      texts += test::describe(received, {}) + ", ";
    }
    co_return texts;
  };
  CHECK(pair.loop.run(coroutine(pair)) == "message three, message four, ");

  test::ReceiveOutcome outcome;
  auto operation = pair.server.async_receive(pair.of_server, test::deferred);
  pair.loop.run();
  CHECK(outcome.text.empty());
  std::move(operation)(outcome.take());
  pair.loop.run();
  CHECK(outcome.text == "message five");
}

TEST_CASE("A receive waits without a thread's help, and is never completed where it is begun",
          "[asio][receive]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  test::ReceiveOutcome outcome;
  const bool is_there = GENERATE(false, true);
  if (is_there) pair.client.socket().send(as_bytes("hello"));
  pair.server.async_receive(pair.of_server, outcome.take());
  CHECK(outcome.text.empty());
  if (!is_there) {
    pair.loop.context.poll();
    CHECK(outcome.text.empty());
    pair.client.socket().send(as_bytes("hello"));
  }
  pair.loop.run();
  CHECK(outcome.text == "message hello");
}

TEST_CASE("A receive that is cancelled in the middle of a message goes on at the next", "[asio][receive]") {
  Midway midway;
  const auto type = GENERATE(net::cancellation_type::terminal, net::cancellation_type::partial,
                             net::cancellation_type::total, net::cancellation_type::none);
  test::ReceiveOutcome outcome;
  net::cancellation_signal signal;
  midway.server.async_receive(midway.of_server, net::bind_cancellation_slot(signal.slot(), outcome.take()));
  midway.run_to_the_middle();
  if (type == net::cancellation_type::none) {
    midway.server.cancel();
  } else {
    signal.emit(type);
  }
  midway.loop.run();
  CHECK(outcome.error == test::aborted);
  CHECK(midway.of_server.unfinished() == 1);
  CHECK(midway.arrives_whole());
}

TEST_CASE("A receive whose time is over in the middle of a message says so, and the next goes on",
          "[asio][receive]") {
  Midway midway;
  test::ReceiveOutcome begun;
  midway.server.async_receive(midway.of_server, begun.take());
  midway.run_to_the_middle();
  midway.server.cancel();
  test::ReceiveOutcome outcome;
  midway.server.async_receive(midway.of_server, 1ms, outcome.take());
  midway.loop.run();
  CHECK(begun.error == test::aborted);
  CHECK(outcome.text == "would block");
  CHECK(midway.of_server.unfinished() == 1);
  CHECK(midway.arrives_whole());
}

TEST_CASE("A receive with a time is a receive while that lasts", "[asio][receive]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  pair.client.socket().send(as_bytes("in time"));
  test::ReceiveOutcome outcome;
  net::cancellation_signal signal;
  pair.server.async_receive(pair.of_server, 1h, net::bind_cancellation_slot(signal.slot(), outcome.take()));
  pair.loop.run();  // which the timer would keep from ending
  CHECK(outcome.text == "message in time");
  signal.emit(net::cancellation_type::terminal);  // to nobody

  test::ReceiveOutcome cancelled;
  pair.server.async_receive(pair.of_server, std::chrono::steady_clock::duration::max(),
                            net::bind_cancellation_slot(signal.slot(), cancelled.take()));
  pair.loop.context.restart();
  pair.loop.context.poll();
  signal.emit(net::cancellation_type::total);
  pair.loop.run();
  CHECK(cancelled.error == test::aborted);

  std::future<sctp::Received> future = pair.server.async_receive(pair.of_server, 0ms, net::use_future);
  pair.loop.run();
  CHECK(future.get().status() == ReceiveStatus::would_block);
}

TEST_CASE("No message is lost when a timer wins over a receive", "[asio][receive]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  const bool timer_first = GENERATE(false, true);
  constexpr std::size_t count = 300;
  const auto receive_all = [](Pair& p,
                              bool timer_is_first) -> net::awaitable<std::pair<std::size_t, std::size_t>> {
    net::steady_timer timer{co_await net::this_coro::executor};
    std::size_t in_order = 0;
    std::size_t timeouts = 0;
    const auto take = [&](const sctp::Received& received) {
      in_order += test::text(received.message()->payload) == std::to_string(in_order);
    };
    for (std::size_t sent = 0; in_order != count && timeouts < 100 * count;) {
      timer.expires_after(std::chrono::microseconds{timeouts % 3 * 20});
      if (sent < count) p.client.socket().send(as_bytes(std::to_string(sent++)));
      if (timer_is_first) {
        const auto either = co_await (timer.async_wait(net::use_awaitable) ||
                                      p.server.async_receive(p.of_server, net::use_awaitable));
        if (either.index() == 1) take(std::get<1>(either));
        timeouts += either.index() == 0;
      } else {
        const auto either = co_await (p.server.async_receive(p.of_server, net::use_awaitable) ||
                                      timer.async_wait(net::use_awaitable));
        if (either.index() == 0) take(std::get<0>(either));
        timeouts += either.index() == 1;
      }
    }
    co_return std::pair{in_order, timeouts};
  };
  const auto [in_order, timeouts] = pair.loop.run(receive_all(pair, timer_first));
  CHECK(in_order == count);
  INFO(timeouts << " timeouts");
}

TEST_CASE("After a graceful end each receive says so at once", "[asio][receive][end]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  pair.client.socket().send(as_bytes("last"));
  pair.client.socket().shutdown();
  CHECK(pair.at_server() == "message last");
  CHECK(pair.at_server() == "the peer shuts down");
  CHECK(pair.at_server() == "shut down");
  for (int i = 0; i != 3; ++i) CHECK(pair.at_server() == "end of stream");
  CHECK(pair.at_client() == "up");
  CHECK(pair.at_client() == "shut down");
  for (int i = 0; i != 3; ++i) CHECK(pair.at_client() == "end of stream");
}

TEST_CASE("An abort is its event, one error of Asio's, and the end", "[asio][receive][end]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  test::ReceiveOutcome outcome;
  pair.server.async_receive(pair.of_server, outcome.take());
  pair.loop.context.restart();
  pair.loop.context.poll();
  pair.client.abort();
  CHECK_FALSE(pair.client.is_open());
  pair.loop.run();
  CHECK(outcome.text == "lost: user initiated abort");
  NetError failure;
  pair.server.async_receive(pair.of_server, [&](NetError error, const sctp::Received& received) {
    failure = error;
    CHECK(received.status() == ReceiveStatus::failed);
  });
  pair.loop.run();
  CHECK(failure == net::error::connection_reset);
  CHECK(failure == sctp::Condition::association_ended);
  CHECK(pair.at_server() == "end of stream");
}

TEST_CASE("A message over the limit is one error, and the next is received", "[asio][receive]") {
  Pair pair;
  pair.of_server = sctp::ReceiveBuffer{1024, 1024};
  CHECK(pair.at_server() == "up");
  pair.client.socket().send(test::pattern(2000));
  pair.client.socket().send(as_bytes("next"));
  NetError failure;
  pair.server.async_receive(pair.of_server, [&](NetError error, const sctp::Received&) { failure = error; });
  pair.loop.run();
  CHECK(failure == sctp::Errc::message_exceeds_limit);
  CHECK(failure == sctp::Condition::message_dropped);
  CHECK(pair.at_server() == "message next");
}

TEST_CASE("Closing, destroying and releasing a socket end its operations", "[asio][receive]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  const bool waits = GENERATE(false, true);
  test::ReceiveOutcome outcome;
  pair.server.async_receive(pair.of_server, outcome.take());
  pair.client.socket().send(as_bytes("unheard"));
  if (waits) pair.loop.context.poll_one();
  SECTION("close") { pair.server.close(); }
  SECTION("destroy") { const auto gone = std::move(pair.server); }
  SECTION("assign") { pair.server = sctp::AsioOneToOneSocket{pair.loop.context, sctp::OneToOneSocket{}}; }
  SECTION("release") {
    const sctp::OneToOneSocket released = pair.server.release();
    CHECK_FALSE(pair.server.is_open());
    CHECK(released.is_open());
    pair.loop.run();
    CHECK(outcome.error == test::aborted);
    test::wait_for(released.fd(), POLLIN);
    CHECK(test::describe(released.try_receive(pair.of_server), {}) == "message unheard");
    return;
  }
  pair.loop.run();
  CHECK(outcome.error == test::aborted);
  CHECK_FALSE(pair.server.is_open());
}

TEST_CASE("An operation survives a move of its socket", "[asio][receive]") {
  Pair pair;
  CHECK(pair.at_server() == "up");
  test::ReceiveOutcome outcome;
  pair.server.async_receive(pair.of_server, outcome.take());
  pair.loop.context.restart();
  pair.loop.context.poll();
  const sctp::AsioOneToOneSocket moved = std::move(pair.server);
  pair.client.socket().send(as_bytes("hello"));
  pair.loop.run();
  CHECK(outcome.text == "message hello");
}

TEST_CASE("A loop that is destroyed takes what waits in it along", "[asio][receive]") {
  auto ends = test::connect();
  const std::size_t before = test::open_descriptors();
  {
    net::io_context context;
    const auto serve = [](sctp::AsioOneToOneSocket peer, bool limited) -> net::awaitable<void> {
      sctp::ReceiveBuffer buffer;
      for (;;) {
        if (limited)
          co_await peer.async_receive(buffer, 1h, net::use_awaitable);
        else
          co_await peer.async_receive(buffer, net::use_awaitable);
      }
    };
    net::co_spawn(context,
                  serve(sctp::AsioOneToOneSocket{context, std::move(ends.server)}, GENERATE(false, true)),
                  net::detached);
    context.poll();
  }
  CHECK(test::open_descriptors() == before - 1);
}

TEST_CASE("A socket that is not open fails, and takes nothing down", "[asio][receive]") {
  test::Loop loop;
  sctp::AsioOneToOneSocket none{loop.context, sctp::OneToOneSocket{}};
  CHECK_FALSE(none.is_open());
  sctp::ReceiveBuffer buffer;
  test::ReceiveOutcome outcome;
  none.async_receive(buffer, outcome.take());
  loop.run();
  CHECK(outcome.error == net::error::bad_descriptor);
}

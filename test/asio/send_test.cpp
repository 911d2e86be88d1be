// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "../kernel/by_hand.hpp"
#include "loop.hpp"

using namespace std::chrono_literals;
using sctp::as_bytes;
using sctp::NetError;
using sctp::StreamId;
using test::Outcome;
using test::Pair;

namespace {

/// The client's send buffer is full, and its peer does not read yet.
struct Full : Pair {
  std::size_t sent = 0;
  Full() : Pair{test::connect(test::with_small_window)} {
    sent = test::fill(client.socket().association(), server.socket());
  }
  /// So many messages come, of the sizes that were sent, and then nothing.
  void read(std::size_t count) {
    CHECK(at_server() == "up");
    for (std::size_t i = 0; i != count; ++i) CHECK(at_server() == "message of 10000 bytes");
  }
};

}  // namespace

TEST_CASE("A send takes a function, a future, a coroutine or a deferred operation", "[asio][send]") {
  Pair pair;
  Outcome<> outcome;
  pair.client.async_send(as_bytes("one"), {.stream = StreamId{1}}, outcome.take());
  CHECK_FALSE(outcome.has_come);
  pair.loop.run();
  CHECK(outcome.has_come);
  CHECK(outcome.error == NetError{});
  auto future = pair.client.async_send(as_bytes("two"), {}, net::use_future);
  pair.loop.run();
  future.get();
  const auto coroutine = [](Pair& p) -> net::awaitable<bool> {
    co_await p.client.async_send(as_bytes("three"), {}, net::use_awaitable);
    co_return co_await p.client.async_send(as_bytes("four"), {}, 1h, net::use_awaitable);
  };
  CHECK(pair.loop.run(coroutine(pair)));
  Outcome<> last;
  pair.client.async_send(as_bytes("five"), {}, test::deferred)(last.take());
  pair.loop.run();
  CHECK(last.has_come);
  CHECK(pair.at_server() == "up");
  for (const char* text : {"one", "two", "three", "four", "five"}) {
    CHECK(pair.at_server() == "message " + std::string{text});
  }
}

TEST_CASE("A send waits while the send buffer is full, and goes when the peer reads", "[asio][send]") {
  Full full;
  Outcome<> outcome;
  full.client.async_send(as_bytes("at last"), {}, outcome.take());
  full.loop.context.poll();
  CHECK_FALSE(outcome.has_come);
  full.read(full.sent);
  full.loop.run_until([&] { return outcome.has_come; });
  CHECK(outcome.error == NetError{});
  CHECK(full.at_server() == "message at last");
}

TEST_CASE("A send that waits does not keep the processor busy", "[asio][send]") {
  Full full;
  Outcome<> outcome;
  full.client.async_send(as_bytes("at last"), {}, outcome.take());
  full.loop.context.poll();
  CHECK(full.loop.context.poll() == 0);
  CHECK_FALSE(outcome.has_come);
  full.client.cancel();
  full.loop.run();
}

TEST_CASE("A send that is cancelled, or whose time is over, while it waits has sent nothing",
          "[asio][send]") {
  Full full;
  Outcome<> outcome;
  Outcome<bool> timed;
  net::cancellation_signal signal;
  const auto type =
      GENERATE(net::cancellation_type::terminal, net::cancellation_type::total, net::cancellation_type::none);
  full.client.async_send(as_bytes("never"), {}, net::bind_cancellation_slot(signal.slot(), outcome.take()));
  full.client.async_send(as_bytes("too late"), {}, 10ms, timed.take());
  full.loop.run_until([&] { return timed.has_come; });
  CHECK(timed.error == NetError{});
  CHECK_FALSE(timed.result());
  CHECK_FALSE(outcome.has_come);
  if (type == net::cancellation_type::none)
    full.client.cancel();
  else
    signal.emit(type);
  full.loop.run();
  CHECK(outcome.error == test::aborted);
  full.read(full.sent);
  full.client.socket().send(as_bytes("end"));
  CHECK(full.at_server() == "message end");
}

TEST_CASE("Many coroutines that send wait together, and each keeps its order", "[asio][send]") {
  Pair pair{test::connect(test::with_small_window)};
  constexpr std::uint16_t streams = 8;
  constexpr std::uint32_t count = 40;
  const auto send_all = [](Pair& p, StreamId stream) -> net::awaitable<void> {
    for (std::uint32_t i = 0; i != count; ++i) {
      const auto bytes = test::pattern(3000, i);
      co_await p.client.async_send(bytes, {.stream = stream, .ppid = sctp::Ppid{i}}, net::use_awaitable);
    }
  };
  const auto receive_all = [](Pair& p) -> net::awaitable<std::size_t> {
    std::array<std::uint32_t, streams> next{};
    std::size_t good = 0;
    while (good != streams * count) {
      const auto received = co_await p.server.async_receive(p.of_server, net::use_awaitable);
      const sctp::Message* m = received.message();
      if (m == nullptr) continue;
      const std::uint32_t i = next.at(static_cast<std::size_t>(m->stream))++;
      if (m->ppid != sctp::Ppid{i} || !std::ranges::equal(m->payload, test::pattern(3000, i))) break;
      ++good;
    }
    co_return good;
  };
  for (std::uint16_t i = 0; i != streams; ++i) {
    net::co_spawn(pair.loop.context, send_all(pair, StreamId{i}), net::detached);
  }
  CHECK(pair.loop.run(receive_all(pair)) == streams * count);
}

TEST_CASE("A send fails with our errors and with Asio's", "[asio][send]") {
  Pair pair;
  const auto failure = [&](sctp::Bytes payload, const sctp::SendOptions& options) {
    Outcome<> outcome;
    pair.client.async_send(payload, options, outcome.take());
    pair.loop.run();
    return outcome.error;
  };
  CHECK(failure(as_bytes("x"), {.stream = StreamId{1000}}) == sctp::Errc::no_such_stream);
  CHECK(failure({}, {}) == sctp::Errc::empty_message);
  CHECK(failure(test::pattern(10'000'000), {}) == sctp::Errc::message_exceeds_send_buffer);
  pair.server.abort();
  CHECK(pair.at_client() == "up");
  CHECK(pair.at_client() == "lost: user initiated abort");
  NetError gone;
  do gone = failure(as_bytes("x"), {});
  while (!gone);
  CHECK(gone == sctp::Condition::association_ended);
  CHECK(gone != net::error::operation_aborted);
}

TEST_CASE("A send that waits ends with the association", "[asio][send]") {
  Full full;
  Outcome<> outcome;
  full.client.async_send(as_bytes("never"), {}, outcome.take());
  full.loop.context.poll();
  full.server.abort();
  full.loop.run();
  CHECK(outcome.error == sctp::Condition::association_ended);
}

TEST_CASE("Where each association has a send buffer of its own, a full one waits without a busy processor",
          "[asio][send][one_to_many]") {
  const test::Permission own_buffers{"sndbuf_policy"};
  test::Loop loop;
  sctp::Listener listener = test::listen(sctp::Address::Family::v4, test::with_small_window);
  sctp::AsioOneToManySocket socket{loop.context, sctp::OneToManySocket{sctp::Address::Family::v4}};
  test::retransmit_soon(socket.socket());
  sctp::ReceiveBuffer buffer;
  std::vector<sctp::OneToOneSocket> peers;
  std::vector<sctp::AssociationId> ids;
  for (int i = 0; i != 2; ++i) {
    ids.push_back(
        socket.socket().connect(listener.local_address().with_port(listener.local_address().port())));
    CHECK(test::next(socket.socket(), buffer) == "up");
    peers.push_back(listener.accept());
    if (i == 0) listener = test::listen(sctp::Address::Family::v4, test::with_small_window);
  }
  const auto fill_one = [&](std::size_t i) {
    return test::fill(socket.socket().association(ids[i]), peers[i]);
  };
  fill_one(0);
  Outcome<> stalled;
  socket.async_send(ids[0], as_bytes("never"), {}, stalled.take());
  Outcome<> other;
  socket.async_send(ids[1], as_bytes("at once"), {}, other.take());
  CHECK(loop.context.run_for(200ms) < 60);
  CHECK(other.has_come);
  CHECK_FALSE(stalled.has_come);

  // The kernel tells nobody that this one has room again, since the other has not.
  const std::size_t sent = fill_one(1);
  Outcome<> full;
  socket.async_send(ids[1], as_bytes("at last"), {}, full.take());
  loop.context.poll();
  CHECK_FALSE(full.has_come);
  sctp::ReceiveBuffer of_peer;
  CHECK(test::text(test::next_message(peers[1], of_peer).payload) == "at once");
  for (std::size_t i = 0; i != sent; ++i) {
    CHECK(test::next_message(peers[1], of_peer).payload.size() == 10'000);
  }
  loop.run_until([&] { return full.has_come; });
  CHECK(full.error == NetError{});
  CHECK(test::text(test::next_message(peers[1], of_peer).payload) == "at last");
  CHECK_FALSE(stalled.has_come);
  socket.cancel();
  loop.run();
}

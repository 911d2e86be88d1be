// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sys/socket.h>

#include <array>

#include "loop.hpp"

#include <sctpxx/asio/streams.hpp>

using namespace std::chrono_literals;
using sctp::as_bytes;
using sctp::AsioStreams;
using sctp::NetError;
using sctp::StreamId;
using sctp::StreamMessage;
using test::Outcome;

namespace {

constexpr StreamId control{0};
constexpr StreamId bulk{1};
constexpr StreamId other{2};

/// The streams of a server in a loop; the client is used by hand.
struct Incoming {
  test::Loop loop;
  sctp::OneToOneSocket client;
  std::vector<std::string> events;
  AsioStreams streams;

  explicit Incoming(sctp::StreamsLimit limit = {}, sctp::ReceiveBuffer buffer = sctp::ReceiveBuffer{},
                    test::Ends ends = test::connect())
      : client{std::move(ends.client)},
        streams{{loop.context, std::move(ends.server)},
                [this](std::error_code error, const sctp::Received& received) {
                  events.push_back(test::describe(received, error));
                },
                limit,
                std::move(buffer)} {}

  void sends(StreamId stream, std::string_view text) {
    client.send(as_bytes(text), {.stream = stream, .ppid = sctp::ppid::ngap});
  }
  std::string next(StreamId stream) {
    Outcome<StreamMessage> outcome;
    streams.async_receive(stream, outcome.take());
    loop.run_until([&] { return outcome.has_come; });
    if (outcome.error) return "error: " + outcome.error.message();
    if (!outcome.result()) return "end";
    return std::string{sctp::as_text(outcome.result().payload)};
  }
  std::optional<StreamId> accepted() {
    Outcome<std::optional<StreamId>> outcome;
    streams.async_accept(outcome.take());
    loop.run_until([&] { return outcome.has_come; });
    CHECK(outcome.error == NetError{});
    return outcome.result();
  }
  /// The message that the kernel would hand out next; empty when there is none.
  [[nodiscard]] std::string unread() const {
    std::array<char, 2000> room{};
    const auto size = ::recv(streams.peer().socket().fd(), room.data(), room.size(), MSG_PEEK | MSG_DONTWAIT);
    return {room.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }
};

}  // namespace

TEST_CASE("Each stream's messages come in order to who awaits it, however the streams are mixed",
          "[asio][streams]") {
  Incoming test;
  for (const char* text : {"a", "b", "c"}) {
    test.sends(bulk, text);
    test.sends(control, text);
  }
  CHECK(test.next(control) == "a");
  CHECK(test.next(control) == "b");
  CHECK(test.next(bulk) == "a");
  CHECK(test.next(control) == "c");
  CHECK(test.next(bulk) == "b");
  CHECK(test.next(bulk) == "c");
  CHECK(test.events == std::vector<std::string>{"up"});
}

TEST_CASE("A message keeps what it is", "[asio][streams]") {
  Incoming test;
  test.client.send(as_bytes("hello"), {.stream = bulk, .ppid = sctp::ppid::ngap, .unordered = true});
  Outcome<StreamMessage> outcome;
  test.streams.async_receive(bulk, outcome.take());
  CHECK_FALSE(outcome.has_come);
  test.loop.run_until([&] { return outcome.has_come; });
  CHECK(outcome.result().ppid == sctp::ppid::ngap);
  CHECK(outcome.result().unordered);
  CHECK(sctp::as_text(outcome.result().payload) == "hello");
}

TEST_CASE("Whoever waits for one stream is not woken by the message of another", "[asio][streams]") {
  Incoming test;
  Outcome<StreamMessage> of_control;
  test.streams.async_receive(control, of_control.take());
  test.sends(bulk, "for bulk");
  CHECK(test.next(bulk) == "for bulk");
  CHECK_FALSE(of_control.has_come);
  test.sends(control, "for control");
  test.loop.run_until([&] { return of_control.has_come; });
  CHECK(sctp::as_text(of_control.result().payload) == "for control");
}

TEST_CASE("A stream is accepted once, when its first message has come and nobody awaits it",
          "[asio][streams]") {
  Incoming test;
  Outcome<StreamMessage> awaited;
  test.streams.async_receive(other, awaited.take());
  test.loop.context.poll();
  test.sends(other, "awaited");
  test.sends(bulk, "one");
  test.sends(bulk, "two");
  test.sends(control, "three");
  CHECK(test.accepted() == bulk);
  CHECK(test.next(bulk) == "one");
  CHECK(test.accepted() == control);
  CHECK(awaited.has_come);
  test.client.shutdown();
  CHECK(test.next(bulk) == "two");
  CHECK(test.next(control) == "three");
  CHECK(test.accepted() == std::nullopt);
}

TEST_CASE("What waits is bounded: the rest stays in the kernel, and comes when there is room",
          "[asio][streams]") {
  const bool by_bytes = GENERATE(false, true);
  CAPTURE(by_bytes);
  Incoming test{by_bytes ? sctp::StreamsLimit{.bytes = 3000} : sctp::StreamsLimit{.messages = 3}};
  const std::string kilobyte(1000, 'x');
  for (int i = 0; i != 10; ++i) test.sends(bulk, kilobyte + std::to_string(i));
  test.sends(control, "behind them");
  Outcome<StreamMessage> waits;
  test.streams.async_receive(control, waits.take());
  test.loop.context.restart();
  test::wait_until([&] {
    test.loop.context.poll();
    return test.unread() == kilobyte + '3';
  });
  test.loop.context.poll();
  CHECK(test.unread() == kilobyte + '3');
  CHECK_FALSE(waits.has_come);
  for (int i = 0; i != 10; ++i) CHECK(test.next(bulk) == kilobyte + std::to_string(i));
  test.loop.run_until([&] { return waits.has_come; });
  CHECK(sctp::as_text(waits.result().payload) == "behind them");
}

TEST_CASE("A receive of a stream that is cancelled takes nothing", "[asio][streams]") {
  Incoming test;
  net::cancellation_signal signal;
  Outcome<StreamMessage> cancelled;
  test.streams.async_receive(bulk, net::bind_cancellation_slot(signal.slot(), cancelled.take()));
  test.loop.context.poll();
  test.sends(bulk, "kept");
  signal.emit(net::cancellation_type::total);
  test.loop.run_until([&] { return cancelled.has_come; });
  CHECK(cancelled.error == test::aborted);
  CHECK(test.next(bulk) == "kept");
}

TEST_CASE("An end in order is no message on each stream, a loss is an error, after what had come",
          "[asio][streams]") {
  Incoming test;
  Outcome<StreamMessage> waits;
  test.streams.async_receive(control, waits.take());
  test.sends(bulk, "last");
  const bool is_lost = GENERATE(false, true);
  if (is_lost) {
    test.loop.run_until([&] { return test.unread().empty(); });
    test.client.abort();
    CHECK(test.next(bulk) == "last");
    CHECK(test.next(bulk).substr(0, 6) == "error:");
    test.loop.run_until([&] { return waits.has_come; });
    CHECK(sctp::Condition::association_ended == static_cast<std::error_code>(waits.error));
  } else {
    test.client.shutdown();
    test.loop.run_until([&] { return waits.has_come; });
    CHECK(waits.error == NetError{});
    CHECK_FALSE(waits.result());
    CHECK(test.next(bulk) == "last");
    CHECK(test.next(bulk) == "end");
    CHECK(test.next(other) == "end");
  }
}

TEST_CASE("A message over the buffer's limit is told as an event, and those behind it come",
          "[asio][streams]") {
  Incoming test{{}, sctp::ReceiveBuffer{4096, 100}};
  test.sends(bulk, std::string(101, 'x'));
  test.sends(bulk, "short");
  CHECK(test.next(bulk) == "short");
  REQUIRE(test.events.size() == 2);
  CHECK(test.events.back().substr(0, 6) == "error:");
}

TEST_CASE("What waits when the streams are destroyed ends", "[asio][streams]") {
  Outcome<StreamMessage> receive;
  Outcome<std::optional<StreamId>> accept;
  test::Loop loop;
  auto ends = test::connect();
  {
    AsioStreams streams{{loop.context, std::move(ends.server)}};
    streams.async_receive(bulk, receive.take());
    streams.async_accept(accept.take());
    if (GENERATE(false, true)) loop.context.poll();
    AsioStreams moved{std::move(streams)};
  }
  loop.run();
  CHECK(receive.error == test::aborted);
  CHECK(accept.error == test::aborted);
}

TEST_CASE("A coroutine for each stream answers on it while others are awaited", "[asio][streams]") {
  Incoming test{{.messages = 2}};
  const auto serve = [&](StreamId stream) -> net::awaitable<int> {
    int count = 0;
    while (const auto message = co_await test.streams.async_receive(stream, net::use_awaitable)) {
      co_await test.streams.peer().async_send(message.payload, {.stream = stream}, net::use_awaitable);
      ++count;
    }
    co_return count;
  };
  std::vector<std::future<int>> counts;
  for (const StreamId stream : {control, bulk, other}) {
    counts.push_back(net::co_spawn(test.loop.context, serve(stream), net::use_future));
  }
  test::Task client{[&] {
    sctp::ReceiveBuffer buffer;
    for (int i = 0; i != 300; ++i) test.sends(StreamId(i % 3), std::to_string(i));
    int next[] = {0, 1, 2};
    bool in_order = true;
    for (int i = 0; i != 300; ++i) {
      const auto message = test::next_message(test.client, buffer);
      int& expected = next[static_cast<int>(message.stream)];
      in_order = in_order && sctp::as_text(message.payload) == std::to_string(expected);
      expected += 3;
    }
    test.client.shutdown();
    return in_order;
  }};
  test.loop.run();
  CHECK(client.get());
  for (auto& count : counts) CHECK(count.get() == 100);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <initializer_list>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::Cause;
using sctp::Ppid;
using sctp::Reliability;
using sctp::SendFailed;
using sctp::SendOptions;
using sctp::StreamId;
using test::Delivery;
using namespace std::chrono_literals;

// The kernel tells of each chunk of a message that it gave up; here each message comes back as one.

namespace {

/// What a receiver keeps of the event, whose payload is a view.
struct Failed {
  SendFailed event;
  std::vector<std::byte> payload;
};

/// What is sent, and may come back.
struct Sent {
  std::vector<std::byte> payload;
  SendOptions options;
};

void check(const Failed& failed, const Sent& sent, bool was_sent, Cause cause,
           const sctp::OneToOneSocket& socket) {
  const SendFailed& event = failed.event;
  CHECK(event.sent == was_sent);
  CHECK(event.begins);
  CHECK(event.ends);
  CHECK(event.unordered == sent.options.unordered);
  CHECK(event.cause == cause);
  CHECK(event.stream == sent.options.stream);
  CHECK(event.ppid == sent.options.ppid);
  CHECK(event.context == sent.options.context);
  CHECK(event.association == socket.association().id());
  CHECK(failed.payload.size() == sent.payload.size());
  CHECK(std::ranges::equal(failed.payload, sent.payload));
}

/// A client that is told of its failures, and a server that takes 20 kB and reads nothing.
struct Pair {
  test::Permission interleaving{"intl_enable"};
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  sctp::OneToOneSocket server;
  sctp::ReceiveBuffer buffer;

  explicit Pair(Delivery delivery, sctp::ReceiveBuffer with = sctp::ReceiveBuffer{},
                std::size_t room = 200'000)
      : buffer{std::move(with)} {
    const auto tune = [&](const sctp::SocketRef& socket) {
      test::set_delivery(socket, delivery);
      test::retransmit_soon(socket);
    };
    sctp::Listener listener = test::listen(sctp::Address::Family::v4, [&](const sctp::SocketRef& socket) {
      tune(socket);
      socket.set(sctp::option::RcvBuf{20'000});
    });
    tune(client);
    client.set(sctp::option::SndBuf{400'000});
    client.set(sctp::option::RcvBuf{room});
    client.subscribe<SendFailed>();
    client.connect(listener.local_address());
    server = listener.accept();
    CHECK(test::next(client, buffer) == "up");
    const bool interleaves = client.association().get<sctp::option::InterleavingSupported>().on;
    CHECK(interleaves == (delivery == Delivery::interleaves_messages));
  }

  void send(const Sent& message) const { client.send(message.payload, message.options); }

  /// The server ends the association; what the client is told of failures up to the end of the stream.
  std::vector<Failed> lose() {
    server.abort();
    CHECK(test::next(client, buffer) == "lost: user initiated abort");
    std::vector<Failed> failures;
    std::error_code error;
    while (const auto received = client.receive(buffer, error)) keep(received, failures);
    CHECK(error == std::errc::connection_reset);
    CHECK(test::next(client, buffer) == "end of stream");
    return failures;
  }

  /// The next events, which have to be of failures.
  std::vector<Failed> next(std::size_t count) {
    std::vector<Failed> failures;
    while (failures.size() != count) keep(client.receive(buffer), failures);
    return failures;
  }

 private:
  static void keep(const sctp::Received& received, std::vector<Failed>& failures) {
    const auto* event = received.notification();
    const auto* failed = event ? std::get_if<SendFailed>(event) : nullptr;
    if (failed == nullptr) throw std::runtime_error{"another answer: " + test::describe(received, {})};
    failures.push_back({*failed, {failed->payload.begin(), failed->payload.end()}});
    failures.back().event.payload = {};
  }
};

Delivery any_delivery() { return GENERATE(Delivery::one_by_one, Delivery::interleaves_messages); }

/// Waits until the server's window is full, so that some chunks were acknowledged and others wait.
void fill_window(const Pair& pair) {
  test::wait_until([&] { return pair.client.association().status().peer_window < 1500; });
}

}  // namespace

TEST_CASE("A large message whose association is lost comes back whole", "[send_failed]") {
  Pair pair{any_delivery()};
  const Sent sent{test::pattern(100'000),
                  {.stream = StreamId{3},
                   .ppid = Ppid{0x01020304},
                   .unordered = GENERATE(false, true),
                   .context = 0xfedcba98}};
  pair.send(sent);
  fill_window(pair);
  const auto failures = pair.lose();
  REQUIRE(failures.size() == 1);
  check(failures[0], sent, true, Cause::user_initiated_abort, pair.client);
}

TEST_CASE("Each message of a lost association comes back once", "[send_failed]") {
  Pair pair{any_delivery()};
  std::vector<Sent> sent;
  std::uint32_t number = 0;
  for (const std::size_t size :
       std::initializer_list<std::size_t>{60'000, 50'000, 1, 1452, 1453, 40'000, 3}) {
    ++number;
    sent.push_back({test::pattern(size, number),
                    {.stream = StreamId{static_cast<std::uint16_t>(number % 4)},
                     .ppid = Ppid{100 + number},
                     .unordered = number % 3 == 0,
                     .context = 1000 + number}});
    pair.send(sent.back());
  }
  fill_window(pair);
  const auto failures = pair.lose();
  REQUIRE(failures.size() == sent.size());
  for (const Failed& failed : failures) {
    const Sent& original = sent.at(failed.event.context - 1001);
    INFO("message " << failed.event.context);
    check(failed, original, failed.event.sent, Cause::user_initiated_abort, pair.client);
    CHECK(std::ranges::count(failures, failed.event.context,
                             [](const Failed& one) { return one.event.context; }) == 1);
  }
  CHECK(std::ranges::any_of(failures, [](const Failed& one) { return one.event.sent; }));
  CHECK(std::ranges::any_of(failures, [](const Failed& one) { return !one.event.sent; }));
}

TEST_CASE("A message whose time is over before it was sent comes back whole", "[send_failed]") {
  Pair pair{any_delivery()};
  const Sent keeps{test::pattern(60'000, 1), {.stream = StreamId{1}}};
  const Sent expires{test::pattern(30'000, 2),
                     {.stream = StreamId{2},
                      .ppid = sctp::ppid::ngap,
                      .unordered = GENERATE(false, true),
                      .reliability = Reliability::lifetime(0ms),
                      .context = 5}};
  const Sent expires_too{{std::byte{'x'}},
                         {.stream = StreamId{7}, .reliability = Reliability::lifetime(0ms), .context = 6}};
  pair.send(keeps);
  fill_window(pair);
  pair.send(expires);
  pair.send(expires_too);
  sctp::ReceiveBuffer buffer;
  CHECK(std::ranges::equal(test::next_message(pair.server, buffer).payload, keeps.payload));
  auto failures = pair.next(2);
  std::ranges::sort(failures, {}, [](const Failed& one) { return one.event.context; });
  check(failures[0], expires, false, Cause::none, pair.client);
  check(failures[1], expires_too, false, Cause::none, pair.client);
  CHECK(test::drain(pair.client, pair.buffer).empty());
}

TEST_CASE("A message whose time is over when half of it was sent comes back whole", "[send_failed]") {
  Pair pair{any_delivery()};
  const Sent expires{
      test::pattern(100'000),
      {.stream = StreamId{3}, .ppid = Ppid{9}, .reliability = Reliability::lifetime(50ms), .context = 5}};
  pair.send(expires);
  fill_window(pair);
  pair.send({{std::byte{'x'}}, {.stream = StreamId{4}}});
  // The kernel asks the peer every now and then whether it has room again, and then sees that it is too late.
  const auto failures = pair.next(1);
  check(failures[0], expires, true, Cause::none, pair.client);
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(pair.server, buffer).payload) == "x");
  CHECK(test::drain(pair.client, pair.buffer).empty());
}

TEST_CASE("Of a failed message over the buffer's limit the beginning comes back", "[send_failed]") {
  Pair pair{any_delivery(), sctp::ReceiveBuffer{4096, 50'000}};
  const Sent large{test::pattern(100'000), {.stream = StreamId{3}, .context = 5}};
  const Sent small{test::pattern(2'000, 1), {.stream = StreamId{3}, .context = 6}};
  pair.send(large);
  pair.send(small);
  fill_window(pair);
  const auto failures = pair.lose();
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].event.context == 5);
  CHECK(failures[0].event.begins);
  CHECK_FALSE(failures[0].event.ends);
  REQUIRE(failures[0].payload.size() > 40'000);
  CHECK(failures[0].payload.size() <= 50'000);
  CHECK(
      std::ranges::equal(failures[0].payload, sctp::Bytes{large.payload}.first(failures[0].payload.size())));
  check(failures[1], small, false, Cause::user_initiated_abort, pair.client);
}

TEST_CASE("The event that kernels before 5.5 have is joined as well", "[send_failed]") {
  Pair pair{any_delivery()};
  sctp_event legacy{};
  legacy.se_type = SCTP_SEND_FAILED;
  legacy.se_on = 1;
  test::set_native(pair.client, SCTP_EVENT, legacy);
  // With both on, the kernel tells of each chunk twice in a row.
  const bool both = GENERATE(false, true);
  if (!both) pair.client.unsubscribe<SendFailed>();
  const Sent sent{test::pattern(60'000),
                  {.stream = StreamId{3}, .ppid = Ppid{0x01020304}, .unordered = true, .context = 5}};
  pair.send(sent);
  fill_window(pair);
  const auto failures = pair.lose();
  REQUIRE(failures.size() == (both ? 2 : 1));
  for (const Failed& failed : failures) check(failed, sent, true, Cause::user_initiated_abort, pair.client);
}

TEST_CASE("A failed message comes back whole to who reads piece by piece in little room", "[send_failed]") {
  Pair pair{any_delivery()};
  const Sent sent{test::pattern(60'000), {.stream = StreamId{3}, .context = 5}};
  pair.send(sent);
  fill_window(pair);
  pair.server.abort();
  std::vector<Failed> failures;
  std::array<std::byte, 100> room;
  std::error_code error;
  while (const auto received = pair.client.receive_piece(room, pair.buffer, error)) {
    if (const auto* failed = std::get_if<SendFailed>(received.notification())) {
      failures.push_back({*failed, {failed->payload.begin(), failed->payload.end()}});
    }
  }
  CHECK(error == std::errc::connection_reset);
  REQUIRE(failures.size() == 1);
  check(failures[0], sent, true, Cause::user_initiated_abort, pair.client);
}

TEST_CASE("A failed message comes back whole beside one that was cut off", "[send_failed]") {
  Pair pair{any_delivery(), sctp::ReceiveBuffer{}, 20'000};
  const Sent sent{test::pattern(60'000), {.stream = StreamId{3}, .context = 5}};
  pair.send(sent);
  fill_window(pair);
  pair.server.send(test::pattern(100'000, 1));
  test::read_beginning(pair.client, pair.buffer);
  pair.server.abort();
  CHECK(test::next(pair.client, pair.buffer) == "a message was aborted");
  CHECK(test::next(pair.client, pair.buffer) == "lost: user initiated abort");
  check(pair.next(1)[0], sent, true, Cause::user_initiated_abort, pair.client);
  CHECK(test::next(pair.client, pair.buffer) == "error: Connection reset by peer");
  CHECK(test::next(pair.client, pair.buffer) == "end of stream");
}

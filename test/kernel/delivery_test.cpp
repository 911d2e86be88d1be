// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include <linux/sctp.h>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::StreamId;
using test::any_way;
using test::Delivery;
using test::Way;
using namespace std::chrono_literals;

namespace {

Way any_way_of(sctp::Style style) {
  return GENERATE_REF(Catch::Generators::from_range(test::all_ways(style)));
}

}  // namespace

TEST_CASE("A message larger than the window arrives whole in every way of delivery", "[delivery]") {
  const Way way = any_way();
  const bool unordered = GENERATE(false, true);
  CAPTURE(test::name(way), unordered);
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect();
  const auto sent = test::pattern(100'000);
  client.send(sent, {.stream = StreamId{3}, .ppid = sctp::ppid::ngap, .unordered = unordered});
  client.send(as_bytes("next"), {.stream = StreamId{3}, .unordered = unordered});
  test::read_beginning(receiver.socket(), receiver.buffer());

  // Unordered, the small one may pass the large one, even in the middle of it.
  const bool may_pass = unordered && way.delivery == test::Delivery::interleaves_messages;
  sctp::Message message = test::next_message(receiver.socket(), receiver.buffer());
  const bool has_passed = may_pass && test::text(message.payload) == "next";
  if (has_passed) message = test::next_message(receiver.socket(), receiver.buffer());
  CHECK(std::ranges::equal(message.payload, sent));
  CHECK(message.stream == StreamId{3});
  CHECK(message.ppid == sctp::ppid::ngap);
  CHECK(message.unordered == unordered);
  CHECK(message.association == receiver.association());
  if (!has_passed) CHECK(receiver.next() == "message next");
  CHECK(receiver.buffer().unfinished() == 0);
}

TEST_CASE("A message in pieces holds up other peers only where the kernel delivers one by one",
          "[delivery]") {
  const Way way = any_way_of(sctp::Style::one_to_many);
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  const auto slow = receiver.connect();
  const auto other = receiver.connect();
  const auto sent = test::pattern(100'000);
  slow.send(sent, {.stream = StreamId{3}});
  test::read_beginning(receiver.socket(), receiver.buffer());
  other.send(as_bytes("other"), {.stream = StreamId{3}});  // the same stream, in another association
  test::wait_until_acknowledged(other);

  const bool waits = way.delivery == Delivery::one_by_one;
  if (!waits) CHECK(receiver.next() == "message other");
  const sctp::Message message = test::next_message(receiver.socket(), receiver.buffer());
  CHECK(message.association == receiver.association(0));
  CHECK(std::ranges::equal(message.payload, sent));
  if (waits) CHECK(receiver.next() == "message other");
  CHECK(receiver.buffer().unfinished() == 0);
}

TEST_CASE("A message in pieces holds up its own association but where messages interleave", "[delivery]") {
  const Way way = any_way();
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect();
  const auto sent = test::pattern(100'000);
  client.send(sent, {.stream = StreamId{3}, .unordered = GENERATE(false, true)});
  test::wait_for(receiver.socket().fd(), POLLIN);  // its beginning has come, and what is sent now is behind
  client.send(as_bytes("other"), {.stream = StreamId{2}});
  test::read_beginning(receiver.socket(), receiver.buffer());

  const bool interleaves = way.delivery == Delivery::interleaves_messages;
  if (interleaves) CHECK(receiver.next() == "message other");
  CHECK(std::ranges::equal(test::next_message(receiver.socket(), receiver.buffer()).payload, sent));
  if (!interleaves) CHECK(receiver.next() == "message other");
}

TEST_CASE("Of several peers, each in the middle of a message, all messages arrive whole", "[delivery]") {
  // Not where the kernel delivers one by one: there the beginnings that wait fill the socket's memory, and
  // the message that would have to end first cannot.
  const Way way{sctp::Style::one_to_many,
                GENERATE(Delivery::interleaves_peers, Delivery::interleaves_messages)};
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  constexpr std::size_t count = 4;
  std::vector<sctp::OneToOneSocket> clients;
  while (clients.size() != count) clients.push_back(receiver.connect());
  for (std::uint32_t i = 0; i != count; ++i) {
    clients[i].send(test::pattern(100'000, i), {.stream = StreamId{3}, .ppid = sctp::Ppid{i}});
  }
  std::vector<sctp::Piece> pieces;
  std::array<bool, count> received{};
  for (std::size_t n = 0; n != count; ++n) {
    std::optional<sctp::Received> answer;
    while (!answer) {
      test::wait_for(receiver.socket().fd(), POLLIN);
      answer = test::receive_by_hand(receiver.socket(), receiver.buffer(), pieces);
    }
    INFO(test::describe(*answer, {}));
    const sctp::Message* message = answer->message();
    REQUIRE(message != nullptr);
    const auto from = static_cast<std::uint32_t>(message->ppid);
    REQUIRE(from < count);
    CHECK(message->association == receiver.association(from));
    CHECK(std::ranges::equal(message->payload, test::pattern(100'000, from)));
    CHECK_FALSE(std::exchange(received.at(from), true));
  }
  CHECK(test::disorder_of(pieces).switches > 0);
}

TEST_CASE("An abort in the middle of a message is told with all that is known, and others are not touched",
          "[delivery]") {
  const Way way = any_way_of(sctp::Style::one_to_many);
  const bool unordered = GENERATE(false, true);
  CAPTURE(test::name(way), unordered);
  test::Receiver receiver{way, test::small_window};
  auto slow = receiver.connect();
  const auto other = receiver.connect();
  slow.send(test::pattern(100'000), {.stream = StreamId{3}, .unordered = unordered});
  test::read_beginning(receiver.socket(), receiver.buffer());
  other.send(as_bytes("other"), {.stream = StreamId{3}, .unordered = unordered});
  test::wait_until_acknowledged(other);
  slow.abort();

  // The kernel has the other's message in line before the abort, or behind the message that it ends.
  const bool waits = way.delivery == Delivery::one_by_one;
  if (!waits) CHECK(receiver.next() == "message other");
  const auto aborted = test::next_event<sctp::PartialDeliveryAborted>(receiver.socket(), receiver.buffer());
  CHECK(aborted.association == receiver.association(0));
  CHECK(aborted.stream == StreamId{3});
  CHECK(aborted.unordered == unordered);
  CHECK(aborted.received > 0);
  CHECK(aborted.received < 100'000);
  if (waits) CHECK(receiver.next() == "message other");
  const auto lost = test::next_event<sctp::AssociationChange>(receiver.socket(), receiver.buffer());
  CHECK(lost.state == sctp::AssociationChange::State::lost);
  CHECK(lost.end == sctp::AssociationChange::End::peer_abort);
  CHECK(lost.cause == sctp::Cause::user_initiated_abort);
  CHECK(lost.association == receiver.association(0));
  CHECK(receiver.buffer().unfinished() == 0);
  other.send(test::pattern(50'000), {.stream = StreamId{3}, .unordered = unordered});
  CHECK(std::ranges::equal(test::next_message(receiver.socket(), receiver.buffer()).payload,
                           test::pattern(50'000)));
}

TEST_CASE("A message whose life ends in the middle is told in every way of delivery, and glued to none",
          "[delivery]") {
  const Way way = any_way();
  const bool unordered = GENERATE(false, true);
  CAPTURE(test::name(way), unordered);
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect();
  client.subscribe<sctp::SendFailed>();
  client.send(
      test::pattern(100'000),
      {.stream = StreamId{1}, .unordered = unordered, .reliability = sctp::Reliability::lifetime(100ms)});
  client.send(as_bytes("next"), {.stream = StreamId{1}, .unordered = unordered});
  test::wait_for(receiver.socket().fd(), POLLIN);
  sctp::ReceiveBuffer of_client;
  CHECK(test::next(client, of_client) == "up");
  test::next_event<sctp::SendFailed>(client, of_client);

  const auto aborted = test::next_event<sctp::PartialDeliveryAborted>(receiver.socket(), receiver.buffer());
  CHECK(aborted.association == receiver.association());
  CHECK(aborted.stream == StreamId{1});
  CHECK(aborted.unordered == unordered);
  CHECK(aborted.received > 0);
  CHECK(aborted.received < 100'000);
  CHECK(receiver.next() == "message next");
  CHECK(receiver.buffer().unfinished() == 0);
  client.send(test::pattern(50'000, 1), {.stream = StreamId{1}, .unordered = unordered});
  CHECK(std::ranges::equal(test::next_message(receiver.socket(), receiver.buffer()).payload,
                           test::pattern(50'000, 1)));
}

TEST_CASE("Each message with a lifetime arrives, or its sender is told", "[delivery]") {
  const Way way = any_way();
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect();
  client.subscribe<sctp::SendFailed>();
  sctp::ReceiveBuffer of_client;
  CHECK(test::next(client, of_client) == "up");
  constexpr std::uint32_t count = 40;
  for (std::uint32_t i = 0; i != count; ++i) {
    client.send(test::pattern(2'000, i),
                {.ppid = sctp::Ppid{i}, .reliability = sctp::Reliability::lifetime(100ms), .context = i});
  }
  client.send(as_bytes("end"));  // reliable
  std::array<bool, count> failed{};
  const auto read_failure = [&] {
    const auto event = test::next_event<sctp::SendFailed>(client, of_client);
    REQUIRE(event.context < count);
    CHECK_FALSE(std::exchange(failed.at(event.context), true));
    CHECK(event.cause == sctp::Cause::none);
    CHECK((event.begins && event.ends));
    CHECK(static_cast<std::uint32_t>(event.ppid) == event.context);
    CHECK(std::ranges::equal(event.payload, test::pattern(2'000, event.context)));
  };
  // The window was full before all were sent: the last is given up.
  while (!failed.back()) read_failure();
  std::array<bool, count> received{};
  for (;;) {
    const sctp::Message message = test::next_message(receiver.socket(), receiver.buffer());
    if (test::text(message.payload) == "end") break;
    const auto i = static_cast<std::uint32_t>(message.ppid);
    REQUIRE(i < count);
    CHECK_FALSE(std::exchange(received.at(i), true));
    CHECK(std::ranges::equal(message.payload, test::pattern(2'000, i)));
  }
  // Of a message that was on the wire the sender is told when the receiver has agreed to go without.
  for (std::size_t i = 0; i != count; ++i) {
    while (!received.at(i) && !failed.at(i)) read_failure();
  }
  CHECK(received.front());
  CHECK_FALSE(received.back());
}

TEST_CASE("A restart in the middle of a message holds up the association until it is aborted", "[delivery]") {
  // Where messages do not interleave, the kernel takes the message for unfinished for ever, and keeps what
  // comes later. An abort by this side frees it.
  const auto delivery = GENERATE(Delivery::one_by_one, Delivery::interleaves_peers);
  const Way way{GENERATE(sctp::Style::one_to_many, sctp::Style::peeled_off), delivery};
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  auto client = receiver.connect();
  client.send(test::pattern(100'000), {.stream = StreamId{3}});
  test::read_beginning(receiver.socket(), receiver.buffer());
  const auto successor = test::restart(std::move(client), way, receiver.socket(), receiver.buffer());
  successor.send(as_bytes("anew"), {.stream = StreamId{3}});
  test::wait_until_acknowledged(successor);

  std::error_code error;
  while (receiver.socket().try_receive(receiver.buffer(), error)) FAIL("the kernel delivers");
  REQUIRE_FALSE(error);
  CHECK(receiver.buffer().unfinished() == 1);
  receiver.abort(0);
  const auto aborted = test::next_event<sctp::PartialDeliveryAborted>(receiver.socket(), receiver.buffer());
  CHECK(aborted.stream == StreamId{3});
  CHECK(aborted.received > 0);
  CHECK(receiver.next() == "restarted");
  CHECK(receiver.next() == "message anew");
  CHECK(receiver.next() == "lost: user initiated abort");
  CHECK(receiver.buffer().unfinished() == 0);
}

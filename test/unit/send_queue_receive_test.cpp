// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <poll.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include <sctpxx/receive_buffer.hpp>
#include <sctpxx/waker.hpp>

#include "borrowed.hpp"
#include "queue_of_many.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

/// How a SendQueue receives, and sends meanwhile.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;
using Result = SendQueue::Result;
using State = AssociationChange::State;

struct Receiving : QueueOfMany {
  ReceiveBuffer buffer;

  explicit Receiving(const SendQueue::Limits& limits = {}) : QueueOfMany{limits} {}

  void comes(const char* text, AssociationId from = seven) { kernel.receives(piece(text).of(from).end()); }
  /// A message to this association waits for room.
  void lets_wait(AssociationId id) {
    of(id).send_fails = EAGAIN;
    REQUIRE(send(id, "waiting") == Result::queued);
    REQUIRE(queue.wants_writable());
    kernel.forget_calls();
  }
  [[nodiscard]] std::chrono::milliseconds now() const { return std::chrono::milliseconds{kernel.now}; }
};

TEST_CASE("A queue receives what its socket does, by one call for each") {
  Receiving test;
  test.comes("hello");
  test.kernel.receives(event(assoc_change(State::up, {.association = nine})));
  CHECK(text_of(test.queue.receive(test.buffer, Patience{}, test.error)) == "hello");
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::recvmsg) == 1);
  const auto received = test.queue.receive(test.buffer);
  REQUIRE(received.notification() != nullptr);
  CHECK(association_of(*received.notification()) == nine);
  CHECK_FALSE(test.queue.receive(test.buffer, 0ms));
}

TEST_CASE("What the queue alone has asked for it keeps to itself, and receives on") {
  Receiving test{{.share = 5000}};
  const std::size_t taken = test.fill_share(seven, kilobyte);
  test.kernel.receives(event(sender_dry_event(seven)));
  test.comes("hello");
  CHECK(text_of(test.queue.receive(test.buffer)) == "hello");
  CHECK(test.sent_to(seven).size() == taken + 1);
  // Others' events it leaves to them.
  test.kernel.receives(event(sender_dry_event(eight)));
  const auto received = test.queue.receive(test.buffer);
  REQUIRE(received.notification() != nullptr);
  CHECK(std::holds_alternative<SenderDry>(*received.notification()));
}

TEST_CASE("What has nothing but its own events to tell waits as long as it may, and no longer") {
  Receiving test{{.share = 5000}};
  test.fill_share(seven, kilobyte);
  test.kernel.receives(event(sender_dry_event(seven)));
  const auto before = test.now();
  const auto received = test.queue.receive(test.buffer, 70ms);
  CHECK(received.status() == ReceiveStatus::would_block);
  CHECK(test.now() - before == 70ms);
  CHECK(test.queue.waiting() == 0);
}

TEST_CASE("What waits for room is sent while messages keep coming") {
  Receiving test;
  test.lets_wait(seven);
  test.of(seven).send_fails = 0;
  for (int count = 0; count != 100; ++count) test.comes("hello");
  for (int count = 0; count != 100; ++count) CHECK(text_of(test.queue.receive(test.buffer)) == "hello");
  CHECK(test.sent_to(seven) == std::vector<std::string>{"waiting"});
  CHECK_FALSE(test.queue.wants_writable());
}

TEST_CASE("When what waited for room is refused, nothing is left to wait for but what comes") {
  Receiving test;
  test.lets_wait(seven);
  test.of(seven).send_fails = EMSGSIZE;
  test.kernel.while_waiting([&] { test.comes("hello"); });
  CHECK(text_of(test.queue.receive(test.buffer)) == "hello");
  constexpr int a_day = 86'400'000;
  CHECK(test.kernel.poll_timeouts == std::vector{0, a_day});  // the first: whether it is writable
  const auto unsent = test.queue.next_unsent();
  REQUIRE(unsent);
  CHECK(unsent->why == Result::too_big);
}

TEST_CASE("While nothing comes, room is waited for, and then what comes") {
  Receiving test;
  test.lets_wait(seven);
  test.kernel.poll_says(POLLOUT);
  test.of(seven).send_fails = 0;
  test.kernel.while_waiting([&] {
    CHECK(test.sent_to(seven).size() == 1);
    test.comes("hello");
  });
  CHECK(text_of(test.queue.receive(test.buffer)) == "hello");
}

TEST_CASE("Who waits for room that does not come has the time that was given, and what comes meanwhile") {
  Receiving test;
  test.lets_wait(seven);
  const auto before = test.now();
  SECTION("nothing comes") {
    for (int look = 0; look != 2; ++look) test.kernel.poll_says(0);
    CHECK(test.queue.receive(test.buffer, 50ms).status() == ReceiveStatus::would_block);
    CHECK(test.now() - before == 50ms);
  }
  SECTION("something comes, but nothing whole") {
    for (const int look : {0, POLLIN, 0, 0}) test.kernel.poll_says(static_cast<short>(look));
    CHECK(test.queue.receive(test.buffer, 50ms).status() == ReceiveStatus::would_block);
    CHECK(test.now() - before == 50ms);
  }
  SECTION("something is there") {
    test.kernel.poll_says(0);
    test.comes("hello");
    CHECK(text_of(test.queue.receive(test.buffer, 50ms)) == "hello");
    CHECK(test.now() == before);
  }
  CHECK(test.sent_to(seven).empty());
  CHECK(test.queue.wants_writable());
}

TEST_CASE("While what is on its way may be given up, a receive looks again, and waits for room as before") {
  Receiving test{{.share = 20'000}};
  const SendOptions mortal{.reliability = Reliability::lifetime(100ms)};
  while (test.send(seven, kilobyte, mortal) == Result::sent) {
  }
  REQUIRE(test.queue.next_flush() == 100ms);
  std::vector<int> looks{100, 100, 50};
  SECTION("where nobody waits for room") {}
  SECTION("where somebody does") {
    test.lets_wait(eight);
    for (int look = 0; look != 6; ++look) test.kernel.poll_says(0);
    looks = {0, 100, 0, 100, 0, 50};
  }
  const auto before = test.now();
  CHECK(test.queue.receive(test.buffer, 250ms).status() == ReceiveStatus::would_block);
  CHECK(test.now() - before == 250ms);
  CHECK(test.kernel.poll_timeouts == looks);
}

TEST_CASE(
    "While what is on its way may be given up, a receive asks again whether everything is acknowledged") {
  Receiving test{{.share = 20'000}};
  const SendOptions mortal{.reliability = Reliability::lifetime(100ms)};
  while (test.send(seven, kilobyte, mortal) == Result::sent) {
  }
  test.kernel.forget_calls();
  while (test.kernel.count(Call::setsockopt) == 0) {
    static_cast<void>(test.queue.receive(test.buffer, 0ms));
    test.kernel.poll_timeouts.clear();  // so many may be looked at that it seems to be for ever
  }
  CHECK(test.kernel.count(Call::sendmsg) == 0);
}

TEST_CASE("Where there is room, and none for the association that waits, it is tried again in a while") {
  Receiving test;
  test.lets_wait(seven);
  const auto before = test.now();
  CHECK(test.queue.receive(test.buffer, 50ms).status() == ReceiveStatus::would_block);
  CHECK(test.now() - before == 50ms);
  CHECK(test.kernel.poll_timeouts == std::vector{0, 20, 0, 20, 0, 10});
  CHECK(test.kernel.count(Call::sendmsg) == 3);
}

TEST_CASE("An event that waits in the buffer does not wait for room in the send buffer") {
  Receiving test;
  // Two events from one: the message was cut off, and the association has ended.
  test.kernel.receives(piece("begun").of(nine));
  test.kernel.receives(event(assoc_change(State::lost, {.association = nine})));
  CHECK(test.queue.receive(test.buffer).status() == ReceiveStatus::notification);
  test.lets_wait(seven);
  test.kernel.poll_says(0);
  const auto before = test.now();
  CHECK(test.queue.receive(test.buffer, 50ms).status() == ReceiveStatus::notification);
  CHECK(test.now() == before);
  test.kernel.poll_answers.clear();
}

TEST_CASE("A waker that is awake ends it, and what is there stays there") {
  Receiving test;
  Waker stop;
  const bool waits_for_room = GENERATE(false, true);
  if (waits_for_room) test.lets_wait(seven);
  test.comes("hello");
  stop.wake();
  CHECK(test.queue.receive(test.buffer, stop).status() == ReceiveStatus::would_block);
  stop.reset();
  if (waits_for_room) test.kernel.poll_says(POLLIN);
  CHECK(text_of(test.queue.receive(test.buffer, stop)) == "hello");
}

TEST_CASE("A waker ends the waiting, for room too") {
  Receiving test;
  Waker stop;
  const bool waits_for_room = GENERATE(false, true);
  if (waits_for_room) {
    test.lets_wait(seven);
    test.of(seven).send_fails = 0;
  }
  test.kernel.while_waiting([&] { stop.wake(); });
  CHECK(test.queue.receive(test.buffer, stop).status() == ReceiveStatus::would_block);
}

TEST_CASE("The end of an association gives back what waits for it, and is received") {
  Receiving test;
  test.lets_wait(seven);
  test.kernel.receives(event(assoc_change(State::lost, {.association = seven})));
  const auto received = test.queue.receive(test.buffer);
  REQUIRE(received.notification() != nullptr);
  CHECK(std::holds_alternative<AssociationChange>(*received.notification()));
  const auto unsent = test.queue.next_unsent();
  REQUIRE(unsent);
  CHECK(unsent->why == Result::broken);
  CHECK_FALSE(test.queue.wants_writable());
}

TEST_CASE("What fails while receiving is told in both forms, and what has come is received afterwards") {
  Receiving test;
  const auto failing = GENERATE(Call::poll, Call::recvmsg);
  const bool by_exception = GENERATE(false, true);
  const std::error_code bad_descriptor{EBADF, std::system_category()};
  if (failing == Call::poll) {
    test.lets_wait(seven);
  } else {
    test.comes("hello");
  }
  test.kernel.fail_next(failing, EBADF, failing == Call::poll ? 2 : 1);
  if (by_exception) {
    CHECK_THROWS_WITH(test.queue.receive(test.buffer, 5s), StartsWith("cannot receive"));
  } else {
    CHECK(test.queue.receive(test.buffer, 5s, test.error).status() == ReceiveStatus::failed);
    CHECK(test.error == bad_descriptor);
  }
  if (failing == Call::poll) {
    test.of(seven).send_fails = 0;
    test.comes("hello");
  }
  CHECK(text_of(test.queue.receive(test.buffer, 5s, test.error)) == "hello");
  CHECK_FALSE(test.error);
}

TEST_CASE("Lack of memory while receiving is told as that") {
  Receiving test;
  test.kernel.fail_next(Call::recvmsg, ENOMEM, 2);
  CHECK(test.queue.receive(test.buffer, Patience{}, test.error).status() == ReceiveStatus::failed);
  CHECK(test.error == std::errc::not_enough_memory);
  CHECK_THROWS_AS(test.queue.receive(test.buffer), std::bad_alloc);
}

}  // namespace

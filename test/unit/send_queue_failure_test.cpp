// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <cerrno>
#include <string>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/option/socket.hpp>

#include "queue_of_many.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

/// What a SendQueue says of messages that it does not take.
namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;
using End = AssociationChange::End;
using Result = SendQueue::Result;

std::error_code system_error_of(int error) { return {error, std::system_category()}; }

TEST_CASE("Why a message is not taken is told apart, with the kernel's own error, in both forms") {
  for (const auto& [error, result] : refusals()) {
    CAPTURE(error);
    QueueOfMany test;
    test.of(seven).send_fails = error;
    CHECK(test.send(seven, "hello") == result);
    CHECK(test.error == system_error_of(error));
    try {
      static_cast<void>(test.queue.send(seven, as_bytes("hello")));
      FAIL_CHECK("it has not thrown");
    } catch (const std::system_error& thrown) {
      CHECK(thrown.code() == system_error_of(error));
      CHECK_THAT(thrown.what(), StartsWith("cannot queue 5 bytes for association 7: "));
    }
    CHECK(test.queue.waiting() == 0);
    CHECK_FALSE(test.queue.next_unsent());
    CHECK_FALSE(test.queue.wants_writable());
    // The association is not given up for that.
    test.of(seven).send_fails = 0;
    CHECK(test.send(seven, "again") == Result::sent);
  }
}

TEST_CASE("A stream that was not negotiated, and a message larger than the send buffer, say so") {
  QueueOfMany test;
  test.of(seven).send_fails = EINVAL;
  CHECK(test.send(seven, "hello", {.stream = StreamId{10}}) == Result::refused);
  CHECK(test.error == Errc::no_such_stream);
  test.of(seven).send_fails = EMSGSIZE;
  CHECK(test.send(seven, std::string(300'000, 'x')) == Result::too_big);
  CHECK(test.error == Errc::message_exceeds_send_buffer);
}

TEST_CASE("An association that there is not is broken") {
  QueueOfMany test;
  CHECK(test.send(AssociationId{99}, "hello") == Result::broken);
  CHECK(test.error == Condition::association_ended);
  CHECK(test.queue.waiting() == 0);
}

TEST_CASE("An empty message is refused, also where others wait") {
  QueueOfMany test;
  CHECK(test.send(seven, "") == Result::refused);
  CHECK(test.error == Errc::empty_message);
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "hello");
  CHECK(test.send(seven, "") == Result::refused);
  CHECK(test.error == Errc::empty_message);
  CHECK(test.queue.backlog(seven).messages == 1);
  CHECK_THROWS_AS(test.queue.send(seven, {}), std::system_error);
}

TEST_CASE("What no waiting can help does not wait behind others") {
  QueueOfMany test{{.waiting = 250'000}};
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "hello");
  CHECK(test.send(seven, std::string(212'993, 'x')) == Result::too_big);
  CHECK(test.error == Errc::message_exceeds_send_buffer);
  CHECK(test.send(seven, std::string(212'992, 'x')) == Result::queued);
  CHECK_FALSE(test.error);
}

TEST_CASE("A send buffer that has grown is asked for once") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "hello");
  test.socket.set(option::SndBuf{425'984});
  test.kernel.forget_calls();
  const std::string large(300'000, 'x');
  for (int count = 0; count != 2; ++count) CHECK(test.send(seven, large) == Result::queued);
  CHECK(test.kernel.count(Call::getsockopt) == 1);
}

TEST_CASE("What is larger than all that may wait is too big to wait, and yet may go at once") {
  QueueOfMany test{GENERATE(SendQueue::Limits{.waiting = 100}, SendQueue::Limits{.waiting_in_all = 100})};
  const std::string large(101, 'x');
  CHECK(test.send(seven, large) == Result::sent);
  test.of(seven).send_fails = EAGAIN;
  CHECK(test.send(seven, large) == Result::too_big);
  CHECK(test.error == std::errc::message_size);
  CHECK_THROWS_AS(test.queue.send(seven, as_bytes(large)), std::system_error);
  CHECK(test.queue.waiting() == 0);
  CHECK(test.send(seven, large.substr(1)) == Result::queued);
  CHECK_FALSE(test.error);
  CHECK(test.send(seven, large) == Result::too_big);
  CHECK(test.queue.backlog(seven).messages == 1);
}

TEST_CASE("Too much waits for an association: that is no error, and it is told when half of it has gone") {
  QueueOfMany test{{.waiting = 100}};
  test.of(seven).send_fails = EAGAIN;
  for (int count = 0; count != 10; ++count) CHECK(test.send(seven, "0123456789") == Result::queued);
  test.error = Errc::no_addresses;
  CHECK(test.send(seven, "x") == Result::full);
  CHECK_FALSE(test.error);
  CHECK(test.queue.send(seven, as_bytes("x")) == Result::full);
  CHECK(test.queue.backlog(seven).messages == 10);
  CHECK(test.queue.backlog(seven).bytes == 100);
  CHECK(test.send(eight, "others are not") == Result::sent);
  CHECK_FALSE(test.queue.next_ready());
  test.of(seven).send_fails = 0;
  test.only_takes_from(seven, 4);
  CHECK(test.queue.backlog(seven).bytes == 60);
  CHECK_FALSE(test.queue.next_ready());
  test.only_takes_from(seven, 1);
  CHECK(test.queue.next_ready() == seven);
  CHECK_FALSE(test.queue.next_ready());
  test.queue.flush();
  CHECK_FALSE(test.queue.next_ready());
}

TEST_CASE("Too much waits for all: who was told so is told when half of it has gone") {
  QueueOfMany test{{.waiting = 100, .waiting_in_all = 100}};
  for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
  for (int count = 0; count != 5; ++count) {
    CHECK(test.send(seven, "0123456789") == Result::queued);
    CHECK(test.send(eight, "0123456789") == Result::queued);
  }
  CHECK(test.queue.waiting() == 100);
  test.of(nine).send_fails = EAGAIN;
  CHECK(test.send(nine, "x") == Result::full);
  CHECK(test.send(eight, "x") == Result::full);
  CHECK_FALSE(test.queue.next_ready());
  test.of(seven).send_fails = 0;
  test.queue.flush();
  CHECK(test.queue.waiting() == 50);
  std::vector<AssociationId> ready;
  while (const auto one = test.queue.next_ready()) ready.push_back(*one);
  CHECK(ready == std::vector{nine, eight});
}

TEST_CASE("An association that was full and has ended is not told to be ready") {
  QueueOfMany test{{.waiting = 10}};
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "0123456789");
  CHECK(test.send(seven, "x") == Result::full);
  SECTION("it ended") { test.queue.take(ended(seven, End::peer_abort)); }
  SECTION("the peer takes no more") { test.queue.take(ShutdownReceived{seven}); }
  SECTION("it was peeled off") { test.queue.remove(seven); }
  CHECK_FALSE(test.queue.next_ready());
}

TEST_CASE("Nor is one that has ended and of which nothing waited, since others had taken the room") {
  QueueOfMany test{{.waiting = 100, .waiting_in_all = 100}};
  for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
  test.send(seven, std::string(100, 'x'));
  CHECK(test.send(eight, "x") == Result::full);
  SECTION("it ended") { test.queue.take(ended(eight, End::peer_abort)); }
  SECTION("it was peeled off") { test.queue.remove(eight); }
  test.of(seven).send_fails = 0;
  CHECK(test.queue.flush() == 1);
  CHECK_FALSE(test.queue.next_ready());
}

TEST_CASE(
    "A message that waits is no error, and no other is told when the size of the send buffer cannot be "
    "known") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "first");
  test.kernel.fail_next(Call::getsockopt, EBADF);
  const Result result = test.send(seven, std::string(212'993, 'x'));
  const std::size_t waiting = test.queue.backlog(seven).messages;
  CHECK(test.error != Errc::message_exceeds_send_buffer);
  CHECK((result == Result::queued) == !test.error);
  CHECK(waiting == (result == Result::queued ? 2U : 1U));
}

TEST_CASE("A message that there is no memory for is refused, and nothing else is changed") {
  const bool first_of_all = GENERATE(false, true);
  const bool fails_by_exception = GENERATE(false, true);
  for (std::size_t allocations = 0;; ++allocations) {
    CAPTURE(first_of_all, fails_by_exception, allocations);
    QueueOfMany test;
    for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
    test.send(eight, "other");
    if (!first_of_all) test.send(seven, "first");
    const std::size_t before = test.queue.backlog(seven).messages;
    Result result = Result::refused;
    try {
      const NoMemory none{allocations};
      result = fails_by_exception ? test.queue.send(seven, as_bytes("hello"))
                                  : test.queue.send(seven, as_bytes("hello"), {}, test.error);
    } catch (const std::bad_alloc&) {
      test.error = std::make_error_code(std::errc::not_enough_memory);
    }
    const bool had_memory = !test.error;
    CHECK(result == (had_memory ? Result::queued : Result::refused));
    if (!had_memory) CHECK(test.error == std::errc::not_enough_memory);
    CHECK(test.queue.backlog(seven).messages == before + (had_memory ? 1 : 0));
    test.of(seven).send_fails = 0;
    test.of(eight).send_fails = 0;
    test.queue.flush();
    CHECK_FALSE(test.queue.wants_writable());
    CHECK(test.queue.waiting() == 0);
    CHECK(test.sent().size() == 1 + before + (had_memory ? 1 : 0));
    CHECK(test.send(seven, "again") == Result::sent);
    if (had_memory) {
      CHECK(allocations > 0);
      break;
    }
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <cerrno>
#include <string>
#include <vector>

#include "queue_of_many.hpp"
#include "support/catch.hpp"

/// When a SendQueue asks for room, and when not.
namespace {

using namespace sctp;
using namespace sctp::test;
using End = AssociationChange::End;
using Ids = std::vector<AssociationId>;
using Result = SendQueue::Result;

TEST_CASE("There is no room to wait for where nothing waits") {
  QueueOfMany test{{.waiting = 100, .waiting_in_all = 150}};
  SECTION("since the message may not wait") {
    test.of(seven).send_fails = EAGAIN;
    CHECK(test.send(seven, kilobyte) == Result::too_big);
    CHECK_FALSE(test.queue.wants_writable());
  }
  SECTION("since there is no place to wait") {
    test.of(seven).send_fails = EAGAIN;
    test.of(eight).send_fails = EAGAIN;
    CHECK(test.send(seven, std::string(100, 'x')) == Result::queued);
    CHECK(test.send(eight, std::string(60, 'x')) == Result::full);
    test.of(seven).send_fails = 0;
    CHECK(test.queue.flush() == 1);
    CHECK_FALSE(test.queue.wants_writable());
  }
  SECTION("also when something is in flight") {
    CHECK(test.send(seven, "hello") == Result::sent);
    test.of(seven).send_fails = EAGAIN;
    CHECK(test.send(seven, kilobyte) == Result::too_big);
    CHECK_FALSE(test.queue.wants_writable());
    test.queue.take(ended(seven, End::timeout));
    CHECK_FALSE(test.queue.wants_writable());
  }
}

TEST_CASE(
    "A message that is refused after it waited for room leaves nobody waiting for room who has none to wait "
    "for") {
  QueueOfMany test{{.share = 10'000}};
  CHECK(test.send(seven, kilobyte) == Result::sent);
  test.of(seven).send_fails = EAGAIN;
  CHECK(test.send(seven, "small") == Result::queued);
  CHECK(test.send(seven, std::string(9'000, 'x')) == Result::queued);  // beyond the share
  CHECK(test.queue.wants_writable());
  test.of(seven).send_fails = EACCES;
  test.queue.flush();
  CHECK(test.queue.next_unsent());
  CHECK(test.queue.backlog(seven).messages == 1);
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK_FALSE(test.queue.wants_writable());
}

TEST_CASE("Who was sent something, and whose turn did not come again, still asks for room") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  for (const auto* text : {"a1", "a2", "a3"}) test.send(seven, text);
  constexpr int others = 40;
  for (int id = 100; id != 100 + others; ++id) {
    test.of(AssociationId{id}).send_fails = EAGAIN;
    test.send(AssociationId{id}, "1");
  }
  test.of(seven).send_fails = 0;
  test.queue.flush();
  for (int id = 100; id != 100 + others; ++id) {
    test.queue.take(ended(AssociationId{id}, AssociationChange::End::timeout));
  }
  for (int flush = 0; flush != 3 && test.queue.wants_writable(); ++flush) test.queue.flush();
  CHECK(test.sent_to(seven) == std::vector<std::string>{"a1", "a2", "a3"});
  CHECK(test.queue.waiting() == 0);
}

TEST_CASE("With all that waited taken out there is no room to wait for") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "first");
  CHECK(test.queue.remove(seven).size() == 1);
  CHECK_FALSE(test.queue.wants_writable());
  CHECK(test.queue.waiting() == 0);
  CHECK(test.queue.flush() == 0);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <cerrno>
#include <string>
#include <vector>

#include <sctpxx/error.hpp>

#include "queue_of_many.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

/// How a SendQueue sends, lets wait, and goes on.
namespace {

using namespace sctp;
using namespace sctp::test;
using Result = SendQueue::Result;

TEST_CASE("A message that the kernel takes is sent by one call, as it was given") {
  QueueOfMany test;
  const SendOptions options{.stream = StreamId{3}, .ppid = ppid::ngap, .unordered = true, .context = 77};
  CHECK(test.queue.send(seven, as_bytes("hello"), options, test.error) == Result::sent);
  CHECK_FALSE(test.error);
  CHECK(test.queue.send(eight, as_bytes("again")) == Result::sent);
  CHECK(test.kernel.story() == "sendmsg sendmsg");
  REQUIRE(test.kernel.sent.size() == 2);
  const Sent& sent = test.kernel.sent[0];
  CHECK(sent.fd == test.fd);
  CHECK(sent.data == "hello");
  CHECK(sent.association == 7);
  CHECK(sent.stream == 3);
  CHECK(sent.info_flags == SCTP_UNORDERED);
  CHECK(sent.context == 77);
  CHECK((sent.flags & MSG_DONTWAIT) != 0);
  CHECK_FALSE(sent.destination);
  CHECK(test.kernel.sent[1].association == 8);
  CHECK_FALSE(test.queue.wants_writable());
  CHECK(test.queue.waiting() == 0);
  CHECK(test.queue.backlog(seven).messages == 0);
  CHECK_FALSE(test.queue.next_unsent());
  CHECK_FALSE(test.queue.next_ready());
}

TEST_CASE("An error that was set before is no error of a message that is sent or that waits") {
  QueueOfMany test;
  test.error = Errc::no_addresses;
  CHECK(test.queue.send(seven, as_bytes("hello"), {}, test.error) == Result::sent);
  CHECK_FALSE(test.error);
  test.of(seven).send_fails = EAGAIN;
  test.error = Errc::no_addresses;
  CHECK(test.queue.send(seven, as_bytes("hello"), {}, test.error) == Result::queued);
  CHECK_FALSE(test.error);
}

TEST_CASE("Nothing is allocated for a message that goes at once, but for the association's first") {
  QueueOfMany test;
  test.kernel.calls.reserve(100);
  test.kernel.sent.reserve(100);
  CHECK(test.send(seven, "first") == Result::sent);
  std::size_t sent = 0;
  const AllocationCounter counter;
  for (int round = 0; round != 10; ++round) {
    sent += test.queue.send(seven, as_bytes("hello"), {}, test.error) == Result::sent ? 1U : 0U;
  }
  const std::size_t allocations = counter.count();
  CHECK(sent == 10);
  CHECK(allocations == 0);
}

TEST_CASE("What finds no room waits, and goes when there is room") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  std::string text = "hello";
  const SendOptions options{.stream = StreamId{3}, .unordered = true, .context = 77};
  const auto before = SendQueue::Clock::now();
  CHECK(test.queue.send(seven, as_bytes(text), options) == Result::queued);
  const auto after = SendQueue::Clock::now();
  text = "other";
  CHECK(test.queue.wants_writable());
  CHECK(test.queue.waiting() == 5);
  const auto backlog = test.queue.backlog(seven);
  CHECK(backlog.messages == 1);
  CHECK(backlog.bytes == 5);
  CHECK(backlog.in_flight == 0);
  REQUIRE(backlog.since);
  CHECK(*backlog.since >= before);
  CHECK(*backlog.since <= after);
  CHECK_FALSE(test.queue.backlog(eight).since);
  CHECK(test.of(seven).events.empty());  // nothing is in flight of which the end could be told
  CHECK(test.queue.flush() == 0);
  CHECK(test.queue.wants_writable());
  CHECK(test.queue.backlog(seven).since == backlog.since);
  test.of(seven).send_fails = 0;
  CHECK(test.queue.flush() == 1);
  CHECK(test.sent_to(seven) == std::vector<std::string>{"hello"});
  CHECK(test.kernel.sent[0].stream == 3);
  CHECK(test.kernel.sent[0].info_flags == SCTP_UNORDERED);
  CHECK(test.kernel.sent[0].context == 77);
  CHECK_FALSE(test.queue.wants_writable());
  CHECK(test.queue.waiting() == 0);
  CHECK(test.queue.backlog(seven).messages == 0);
  CHECK_FALSE(test.queue.backlog(seven).since);
  CHECK(test.queue.flush() == 0);
  CHECK_FALSE(test.queue.next_unsent());
}

TEST_CASE("What came before goes before, also where there is room in between") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  CHECK(test.send(seven, "first") == Result::queued);
  test.of(seven).send_fails = 0;
  const std::size_t calls = test.kernel.count(Call::sendmsg);
  CHECK(test.send(seven, "second") == Result::queued);
  CHECK(test.send(seven, "third") == Result::queued);
  CHECK(test.kernel.count(Call::sendmsg) == calls);
  CHECK(test.queue.backlog(seven).messages == 3);
  CHECK(test.queue.backlog(seven).bytes == 16);
  CHECK(test.queue.flush() == 3);
  CHECK(test.sent_to(seven) == std::vector<std::string>{"first", "second", "third"});
}

TEST_CASE("The time that something has waited begins anew when the kernel takes a message") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "first");
  const auto since = test.queue.backlog(seven).since;
  test.send(seven, "second");
  CHECK(test.queue.backlog(seven).since == since);
  test.of(seven).send_fails = 0;
  test.kernel.fail_next(Call::sendmsg, EAGAIN);
  CHECK(test.queue.flush() == 0);
  CHECK(test.queue.backlog(seven).since == since);
  test.of(eight);
  test.send(eight, "other");
  CHECK(test.queue.backlog(seven).since == since);
  const auto before = SendQueue::Clock::now();
  test.only_takes_from(seven, 1);
  CHECK(test.queue.backlog(seven).messages == 1);
  REQUIRE(test.queue.backlog(seven).since);
  CHECK(*test.queue.backlog(seven).since >= before);
}

TEST_CASE("One message of each association goes in turn, and in each the order is kept") {
  QueueOfMany test;
  for (const auto id : {seven, eight, nine}) test.of(id).send_fails = EAGAIN;
  for (const auto* text : {"a1", "a2", "a3"}) test.send(seven, text);
  for (const auto* text : {"b1"}) test.send(eight, text);
  for (const auto* text : {"c1", "c2"}) test.send(nine, text);
  for (const auto id : {seven, eight, nine}) test.of(id).send_fails = 0;
  CHECK(test.queue.flush() == 6);
  CHECK(test.sent() == std::vector<std::string>{"a1", "b1", "c1", "a2", "c2", "a3"});
  CHECK_FALSE(test.queue.wants_writable());
  CHECK(test.queue.waiting() == 0);
}

TEST_CASE("An association that the kernel takes nothing from does not keep the others waiting") {
  QueueOfMany test;
  for (const auto id : {seven, eight, nine}) {
    test.of(id).send_fails = EAGAIN;
    for (const auto* text : {"1", "2", "3"}) test.send(id, text);
  }
  test.of(eight).send_fails = 0;
  test.of(nine).send_fails = 0;
  CHECK(test.queue.flush() == 6);
  CHECK(test.sent_to(seven).empty());
  CHECK(test.sent_to(eight).size() == 3);
  CHECK(test.sent_to(nine).size() == 3);
  CHECK(test.queue.wants_writable());
  CHECK(test.queue.waiting() == 3);
}

TEST_CASE("Where one after the other finds no room, the rest is not asked before the next flush") {
  QueueOfMany test;
  constexpr int many = 100;
  for (int id = 1; id <= many; ++id) {
    test.of(AssociationId{id}).send_fails = EAGAIN;
    test.send(AssociationId{id}, "1");
  }
  test.kernel.forget_calls();
  CHECK(test.queue.flush() == 0);
  const std::size_t attempts = test.kernel.total();
  CHECK(attempts >= 1);
  CHECK(attempts <= 10);
  // The next one goes on where this one ended: everybody is asked some time.
  test.of(AssociationId{many}).send_fails = 0;
  std::size_t flushes = 0;
  while (test.sent().empty() && flushes <= many / attempts + 1) {
    CHECK(test.queue.wants_writable());
    test.queue.flush();
    ++flushes;
  }
  CHECK(test.sent().size() == 1);
}

TEST_CASE("One that finds room lets the flush go on") {
  QueueOfMany test;
  constexpr int many = 60;
  for (int id = 1; id <= many; ++id) {
    test.of(AssociationId{id}).send_fails = EAGAIN;
    test.send(AssociationId{id}, "1");
  }
  for (int id = 5; id <= many; id += 5) test.of(AssociationId{id}).send_fails = 0;
  CHECK(test.queue.flush() == many / 5);
}

TEST_CASE("Who was taken out has no turns left, and has one at a time when it is back") {
  QueueOfMany test;
  for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
  for (int round = 0; round != 3; ++round) {
    test.send(seven, "removed");
    test.queue.remove(seven);
  }
  for (const auto* text : {"a1", "a2", "a3"}) test.send(seven, text);
  for (const auto* text : {"b1", "b2", "b3"}) test.send(eight, text);
  for (const auto id : {seven, eight}) test.of(id).send_fails = 0;
  CHECK(test.queue.flush() == 6);
  CHECK(test.sent() == std::vector<std::string>{"a1", "b1", "a2", "b2", "a3", "b3"});
}

TEST_CASE("A queue without anything does nothing") {
  QueueOfMany test;
  CHECK(test.queue.flush() == 0);
  CHECK_FALSE(test.queue.take(SenderDry{seven}));
  CHECK_FALSE(test.queue.take(ShutdownReceived{seven}));
  CHECK_FALSE(test.queue.take(ended(seven, AssociationChange::End::timeout)));
  CHECK(test.queue.remove(seven).empty());
  CHECK(test.queue.backlog(seven).in_flight == 0);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("What waits for an association can be taken out, in order") {
  QueueOfMany test;
  for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
  test.send(seven, "first", {.stream = StreamId{3}});
  test.send(eight, "other");
  test.send(seven, "second", {.stream = StreamId{4}});
  const auto removed = test.queue.remove(seven);
  REQUIRE(removed.size() == 2);
  CHECK(as_text(removed.front().payload) == "first");
  CHECK(removed.front().association == seven);
  CHECK(removed.front().options.stream == StreamId{3});
  CHECK(removed.front().why == Result::queued);
  CHECK(as_text(removed.back().payload) == "second");
  CHECK(removed.back().options.stream == StreamId{4});
  CHECK(test.queue.backlog(seven).messages == 0);
  CHECK(test.queue.waiting() == 5);
  CHECK(test.queue.wants_writable());
  test.of(seven).send_fails = 0;
  test.of(eight).send_fails = 0;
  CHECK(test.queue.flush() == 1);
  CHECK(test.sent_to(seven).empty());
  CHECK_FALSE(test.queue.wants_writable());
  CHECK_FALSE(test.queue.next_unsent());
  // And it is as new.
  CHECK(test.send(seven, "third") == Result::sent);
}

TEST_CASE("Results have names, and numbers where they have none") {
  CHECK(to_string(Result::sent) == "sent");
  CHECK(to_string(Result::queued) == "queued");
  CHECK(to_string(Result::full) == "full");
  CHECK(to_string(Result::too_big) == "too big");
  CHECK(to_string(Result::shut_down) == "shut down");
  CHECK(to_string(Result::broken) == "broken");
  CHECK(to_string(Result::refused) == "refused");
  CHECK(to_string(Result{99}) == "result 99");
}

}  // namespace

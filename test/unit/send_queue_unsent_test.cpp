// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <cerrno>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "queue_of_many.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

/// What a SendQueue gives back: messages that waited, and that it cannot send.
namespace {

using namespace sctp;
using namespace sctp::test;
using End = AssociationChange::End;
using Result = SendQueue::Result;

/// All that will never be sent: what, and why.
std::vector<std::pair<std::string, Result>> unsent_of(SendQueue& queue) {
  std::vector<std::pair<std::string, Result>> all;
  while (const auto unsent = queue.next_unsent()) {
    all.emplace_back(std::string{as_text(unsent->payload)}, unsent->why);
  }
  return all;
}

TEST_CASE("What waits for an association that takes no more comes back, in order, and says why") {
  QueueOfMany test;
  for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
  test.send(seven, "first", {.stream = StreamId{3}, .context = 5});
  test.send(eight, "other");
  test.send(seven, "second", {.stream = StreamId{4}});
  const auto [event, why] = GENERATE(table<Notification, Result>({
      {ended(seven, End::peer_abort), Result::broken},
      {ended(seven, End::own_abort), Result::broken},
      {ended(seven, End::timeout), Result::broken},
      {ended(seven, End::no_setup), Result::broken},
      {restarted(seven), Result::broken},
      {ended(seven, End::own_shutdown), Result::shut_down},
      {ended(seven, End::peer_shutdown), Result::shut_down},
      {ShutdownReceived{seven}, Result::shut_down},
  }));
  const bool as_received = GENERATE(false, true);
  CHECK_FALSE((as_received ? test.queue.take(Received{event}) : test.queue.take(event)));
  const auto first = test.queue.next_unsent();
  REQUIRE(first);
  CHECK(first->association == seven);
  CHECK(as_text(first->payload) == "first");
  CHECK(first->options.stream == StreamId{3});
  CHECK(first->options.context == 5);
  CHECK(first->why == why);
  const auto second = test.queue.next_unsent();
  REQUIRE(second);
  CHECK(as_text(second->payload) == "second");
  CHECK(second->options.stream == StreamId{4});
  CHECK(second->why == why);
  CHECK_FALSE(test.queue.next_unsent());
  CHECK(test.queue.backlog(seven).messages == 0);
  CHECK(test.queue.backlog(eight).messages == 1);
  CHECK(test.queue.waiting() == 5);
  CHECK(test.queue.wants_writable());
  test.of(seven).send_fails = 0;
  test.of(eight).send_fails = 0;
  CHECK(test.queue.flush() == 1);
  CHECK(test.sent_to(seven).empty());
}

TEST_CASE("An association that comes up keeps what waits for it") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "hello");
  CHECK_FALSE(test.queue.take(came_up(seven)));
  CHECK(test.queue.backlog(seven).messages == 1);
  CHECK_FALSE(test.queue.next_unsent());
}

TEST_CASE("A shutdown comes behind what waits, and nothing behind it") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "first");
  test.send(seven, "second");
  test.queue.shutdown(seven);
  CHECK(test.send(seven, "late") == Result::shut_down);
  CHECK(test.error == std::error_code{ESHUTDOWN, std::system_category()});
  CHECK(test.kernel.sent.empty());
  test.of(seven).send_fails = 0;
  CHECK(test.queue.flush() == 2);
  REQUIRE(test.kernel.sent.size() == 3);
  CHECK(test.sent() == std::vector<std::string>{"first", "second", ""});
  CHECK(test.kernel.sent.back().info_flags == SCTP_EOF);
  CHECK(test.send(seven, "late") == Result::shut_down);
  CHECK(test.send(eight, "other") == Result::sent);
  CHECK_FALSE(test.queue.next_unsent());
}

TEST_CASE("A shutdown where nothing waits is one at once, once") {
  QueueOfMany test;
  test.send(seven, "hello");
  test.queue.shutdown(seven);
  REQUIRE(test.kernel.sent.size() == 2);
  CHECK(test.kernel.sent.back().info_flags == SCTP_EOF);
  test.queue.flush();
  CHECK(test.kernel.sent.size() == 2);
  test.queue.take(ended(seven, End::own_shutdown));
  test.kernel.association_ends(test.fd, seven);
  test.of(seven);  // another of this number
  CHECK(test.send(seven, "hello") == Result::sent);
}

TEST_CASE("An event of a newer kernel about an association is no end of it") {
  QueueOfMany test;
  test.of(seven).send_fails = EAGAIN;
  test.send(seven, "hello");
  AssociationChange newer = came_up(seven);
  newer.state = AssociationChange::State{77};
  CHECK_FALSE(test.queue.take(newer));
  CHECK(test.queue.backlog(seven).messages == 1);
  CHECK_FALSE(test.queue.next_unsent());
}

TEST_CASE(
    "What the kernel refuses later comes back, and says why; what is behind goes if the association lives") {
  for (const auto& [error, why] : refusals()) {
    const bool lives = why != Result::broken && why != Result::shut_down;
    CAPTURE(error);
    QueueOfMany test;
    for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
    test.send(seven, "first", {.stream = StreamId{3}});
    test.send(seven, "second");
    test.send(eight, "other");
    for (const auto id : {seven, eight}) test.of(id).send_fails = 0;
    test.kernel.fail_next(Call::sendmsg, error);
    CHECK(test.queue.flush() == (lives ? 2 : 1));
    std::vector<std::string> sent{"other"};
    std::vector<std::pair<std::string, Result>> unsent{{"first", why}};
    if (lives) sent.emplace_back("second");
    if (!lives) unsent.emplace_back("second", why);
    CHECK(test.sent() == sent);
    CHECK(unsent_of(test.queue) == unsent);
    CHECK(test.queue.waiting() == 0);
    CHECK_FALSE(test.queue.wants_writable());
  }
}

TEST_CASE("One refusal is enough to know that an association takes no more") {
  const auto [error, why] =
      GENERATE(values<std::pair<int, Result>>({{EPIPE, Result::broken}, {ESHUTDOWN, Result::shut_down}}));
  const bool at_dry = GENERATE(false, true);
  CAPTURE(error, at_dry);
  QueueOfMany test{{.share = 1}};
  test.of(eight).send_fails = EAGAIN;
  if (at_dry) test.send(seven, "before");  // whose acknowledgement is waited for
  if (!at_dry) test.of(seven).send_fails = EAGAIN;
  for (const char* text : {"one", "two", "three"}) CHECK(test.send(seven, text) == Result::queued);
  CHECK(test.send(eight, "other") == Result::queued);
  test.of(seven).send_fails = error;
  test.of(eight).send_fails = 0;
  test.kernel.forget_calls();
  if (at_dry) test.queue.take(SenderDry{seven});
  test.queue.flush();
  CHECK(test.kernel.count(Call::sendmsg) == 2);
  CHECK(test.sent_to(eight) == std::vector<std::string>{"other"});
  CHECK(unsent_of(test.queue) ==
        std::vector<std::pair<std::string, Result>>{{"one", why}, {"two", why}, {"three", why}});
  CHECK(test.queue.backlog(seven).messages == 0);
  CHECK(test.queue.waiting() == 0);
}

TEST_CASE("However small they are, no more messages wait than may, nor are more kept that were not sent") {
  QueueOfMany test{{.messages = 4, .messages_in_all = 6}};
  for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
  for (int i = 0; i != 4; ++i) CHECK(test.send(seven, "x") == Result::queued);
  CHECK(test.send(seven, "x") == Result::full);
  CHECK_FALSE(test.queue.next_ready());
  for (int i = 0; i != 2; ++i) CHECK(test.send(eight, "y") == Result::queued);
  CHECK(test.send(eight, "y") == Result::full);
  test.queue.take(ended(seven, End::peer_abort));
  CHECK(test.queue.next_ready() == eight);
  for (int i = 0; i != 2; ++i) CHECK(test.send(eight, "z") == Result::queued);
  test.queue.take(ended(eight, End::peer_abort));
  CHECK(unsent_of(test.queue).size() == 6);
}

TEST_CASE("Who was told that it is full is ready when half of what may wait is left, for it and for all") {
  QueueOfMany test{{.messages = 4, .messages_in_all = 6}};
  for (const auto id : {seven, eight, nine}) test.of(id).send_fails = EAGAIN;
  for (int i = 0; i != 4; ++i) CHECK(test.send(nine, "x") == Result::queued);
  SECTION("for it") {
    CHECK(test.send(nine, "x") == Result::full);
    test.of(nine).send_fails = 0;
    test.only_takes_from(nine, 1);
    CHECK_FALSE(test.queue.next_ready());
    test.only_takes_from(nine, 1);
    CHECK(test.queue.next_ready() == nine);
  }
  SECTION("for all") {
    for (int i = 0; i != 2; ++i) CHECK(test.send(seven, "x") == Result::queued);
    CHECK(test.send(eight, "x") == Result::full);
    test.queue.take(ended(seven, End::timeout));
    CHECK_FALSE(test.queue.next_ready());  // since four are too many, though none is its own
    test.of(nine).send_fails = 0;
    test.only_takes_from(nine, 1);
    CHECK(test.queue.next_ready() == eight);
  }
  CHECK_FALSE(test.queue.next_ready());
}

TEST_CASE("Who was told that it is full is ready when half of the bytes of all are left") {
  QueueOfMany test{{.waiting = 60, .waiting_in_all = 60}};
  for (const auto id : {seven, eight}) test.of(id).send_fails = EAGAIN;
  for (int i = 0; i != 6; ++i) CHECK(test.send(seven, "ten bytes.") == Result::queued);
  CHECK(test.send(eight, "x") == Result::full);
  test.of(seven).send_fails = 0;
  test.only_takes_from(seven, 2);
  CHECK_FALSE(test.queue.next_ready());
  test.only_takes_from(seven, 1);
  CHECK(test.queue.next_ready() == eight);
}

TEST_CASE("What the kernel refuses when everything before is acknowledged comes back too") {
  QueueOfMany test{{.share = 5000}};
  test.fill_share(seven, kilobyte);
  test.send(seven, "last");
  test.kernel.fail_next(Call::sendmsg, EMSGSIZE);
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(unsent_of(test.queue) == std::vector{std::pair{kilobyte, Result::too_big}});
  CHECK(test.sent_to(seven).back() == "last");
}

/// Lets all that waits for association 7 come back, and fails once for lack of memory.
template <class GiveBack>
void comes_back_once(GiveBack give_back) {
  for (std::size_t allocations = 0;; ++allocations) {
    CAPTURE(allocations);
    QueueOfMany test;
    test.of(seven).send_fails = EAGAIN;
    for (int count = 0; count != 30; ++count) test.send(seven, std::to_string(count));
    test.of(seven).send_fails = EPIPE;
    bool had_memory = true;
    try {
      const NoMemory none{allocations};
      give_back(test.queue);
    } catch (const std::bad_alloc&) {
      had_memory = false;
    }
    if (!had_memory) give_back(test.queue);
    const auto unsent = unsent_of(test.queue);
    CHECK(unsent.size() == 30);
    for (std::size_t i = 0; i != unsent.size(); ++i) CHECK(unsent[i].first == std::to_string(i));
    CHECK(test.queue.waiting() == 0);
    CHECK_FALSE(test.queue.wants_writable());
    if (had_memory) return;
  }
}

TEST_CASE("No message is lost for lack of memory when its association has ended") {
  comes_back_once([](SendQueue& queue) { queue.take(ended(seven, End::timeout)); });
}

TEST_CASE("No message is lost for lack of memory when the kernel refuses it") {
  comes_back_once([](SendQueue& queue) { queue.flush(); });
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "queue_of_many.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

/// How a SendQueue keeps each association within its share.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using End = AssociationChange::End;
using Ids = std::vector<AssociationId>;
using Result = SendQueue::Result;

TEST_CASE(
    "What an association has with the kernel is up to two and a half times its messages, and 1 KiB at "
    "least") {
  for (const std::size_t size : {1U, 100U, 700U, 1452U, 1453U, 3000U, 14'000U, 200'000U}) {
    CAPTURE(size);
    QueueOfMany test;
    CHECK(test.send(seven, std::string(size, 'x')) == Result::sent);
    const std::size_t one = test.queue.backlog(seven).in_flight;
    CHECK(one >= std::max<std::size_t>(size, 1024));
    CHECK(one <= std::max<std::size_t>(size * 5 / 2, 2560));
    if (2 * one > 26'624) continue;
    CHECK(test.send(seven, std::string(size, 'x')) == Result::sent);
    CHECK(test.queue.backlog(seven).in_flight == 2 * one);
  }
}

TEST_CASE("An association that has used up its share waits until everything is acknowledged") {
  QueueOfMany test{{.share = 20'000}};
  const std::size_t taken = test.fill_share(seven, kilobyte);
  CHECK(taken >= 5);
  CHECK(taken <= 8);
  const auto backlog = test.queue.backlog(seven);
  CHECK(backlog.in_flight <= 20'000);
  CHECK(backlog.in_flight > 20'000 - 3000);
  CHECK(backlog.bytes == kilobyte.size());
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK_FALSE(test.kernel.descriptor(test.fd).events.contains(SCTP_SENDER_DRY_EVENT));
  CHECK(test.kernel.descriptor(test.fd).event_scopes == std::set<std::int32_t>{7});
  CHECK_FALSE(test.queue.wants_writable());
  // It is asked for once, and nothing goes before it comes.
  test.kernel.forget_calls();
  test.send(seven, "more");
  CHECK(test.queue.flush() == 0);
  CHECK(test.kernel.count(Call::setsockopt) == 0);
  CHECK(test.kernel.count(Call::sendmsg) == 0);
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.waiting_for_dry().empty());
  CHECK(test.sent_to(seven).size() == taken + 2);
  CHECK(test.sent_to(seven).back() == "more");
  CHECK(test.queue.waiting() == 0);
  CHECK(test.queue.backlog(seven).in_flight < 6000);
  CHECK(test.queue.backlog(seven).in_flight > 1000);
  CHECK(test.queue.take(SenderDry{seven}));  // an old one, which nobody else has asked for
}

TEST_CASE("A share at a time goes, as often as it takes") {
  QueueOfMany test{{.share = 20'000}};
  const std::size_t taken = test.fill_share(seven, kilobyte);
  for (std::size_t more = 0; more != 2 * taken; ++more) CHECK(test.send(seven, kilobyte) == Result::queued);
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.sent_to(seven).size() == 2 * taken);
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.sent_to(seven).size() == 3 * taken);
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.sent_to(seven).size() == 3 * taken + 1);
  CHECK(test.waiting_for_dry().empty());
}

TEST_CASE("The last of a share asks the peer to acknowledge at once, and no other does") {
  QueueOfMany test{{.share = 20'000}};
  const std::size_t taken = test.fill_share(seven, kilobyte);
  for (std::size_t i = 0; i != taken; ++i) {
    CAPTURE(i, taken);
    CHECK(((test.kernel.sent[i].info_flags & SCTP_SACK_IMMEDIATELY) != 0) == (i == taken - 1));
  }
  test.send(eight, "x", {.sack_immediately = true});
  CHECK((test.kernel.sent.back().info_flags & SCTP_SACK_IMMEDIATELY) != 0);
}

TEST_CASE("A message larger than a share goes when nothing else is in flight") {
  QueueOfMany test{{.share = 20'000}};
  const std::string large(50'000, 'x');
  CHECK(test.send(seven, large) == Result::sent);
  CHECK((test.kernel.sent.back().info_flags & SCTP_SACK_IMMEDIATELY) != 0);
  CHECK(test.send(seven, "small") == Result::queued);
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.sent_to(seven).size() == 2);
  CHECK(test.send(seven, large) == Result::queued);
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.sent_to(seven).size() == 3);
}

TEST_CASE("An association that stalls holds up no other") {
  QueueOfMany test{{.share = 20'000}};
  const std::size_t taken = test.fill_share(seven, kilobyte);
  for (int round = 0; round != 50; ++round) {
    test.send(seven, kilobyte);
    CHECK(test.send(eight, "hello") == Result::sent);
    CHECK(test.send(nine, "hello") == Result::sent);
    if (round % 10 == 9) {
      // Their shares have an end too.
      while (test.send(eight, "more") == Result::sent) {
      }
      CHECK(test.queue.take(SenderDry{eight}));
      while (test.send(nine, "more") == Result::sent) {
      }
      CHECK(test.queue.take(SenderDry{nine}));
    }
  }
  CHECK(test.sent_to(seven).size() == taken);
  CHECK(test.queue.backlog(seven).messages == 51);
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK_FALSE(test.queue.wants_writable());
}

TEST_CASE("The share is an eighth of the send buffer, unless it is said") {
  QueueOfMany test;
  const std::size_t buffer = 212'992;
  test.fill_share(seven, kilobyte);
  CHECK(test.queue.backlog(seven).in_flight <= buffer / 8);
  CHECK(test.queue.backlog(seven).in_flight > buffer / 8 - 3000);
  SendQueue roomy{test.socket, {.share = 100'000}};
  std::size_t taken = 0;
  while (roomy.send(eight, as_bytes(kilobyte)) == Result::sent) ++taken;
  CHECK(roomy.backlog(eight).in_flight <= 100'000);
  CHECK(roomy.backlog(eight).in_flight > 97'000);
  CHECK(taken > 30);
}

TEST_CASE("A queue whose share cannot be known is none") {
  ManyAssociations test;
  test.kernel.fail_next(Call::getsockopt, EBADF);
  CHECK_THROWS_AS(SendQueue{test.socket}, std::system_error);
}

TEST_CASE("An event that it has not asked for is left to others, and turned off by nobody") {
  QueueOfMany test;
  test.socket.subscribe<SenderDry>();
  test.send(seven, "hello");
  const std::size_t in_flight = test.queue.backlog(seven).in_flight;
  CHECK_FALSE(test.queue.take(SenderDry{seven}));
  CHECK_FALSE(test.queue.take(Received{SenderDry{seven}}));
  CHECK_FALSE(test.queue.take(SenderDry{eight}));
  CHECK(test.waiting_for_dry() == Ids{seven, eight, nine});
  CHECK(test.queue.backlog(seven).in_flight == in_flight);
}

TEST_CASE("It takes what was received as it is") {
  QueueOfMany test{{.share = 20'000}};
  test.fill_share(seven, kilobyte);
  CHECK_FALSE(test.queue.take(Received{Message{.payload = as_bytes("hello"), .association = seven}}));
  CHECK_FALSE(test.queue.take(Received{ReceiveStatus::would_block}));
  CHECK_FALSE(test.queue.take(Received{came_up(seven)}));
  CHECK(test.queue.backlog(seven).messages == 1);
  CHECK(test.queue.take(Received{SenderDry{seven}}));
  CHECK(test.queue.waiting() == 0);
}

TEST_CASE("Where there is no room, an association waits for that, and not for acknowledgements") {
  QueueOfMany test;
  test.send(seven, "first");
  test.of(seven).send_fails = EAGAIN;
  CHECK(test.send(seven, "second") == Result::queued);
  CHECK(test.queue.wants_writable());
  CHECK(test.waiting_for_dry().empty());
  test.of(seven).send_fails = 0;
  CHECK(test.queue.flush() == 1);
  CHECK_FALSE(test.queue.wants_writable());
  CHECK(test.sent_to(seven).size() == 2);
}

TEST_CASE("An acknowledgement that was told before is not taken for a later one") {
  QueueOfMany test{{.share = 20'000}};
  test.fill_share(seven, kilobyte);
  CHECK(test.queue.take(SenderDry{seven}));
  test.kernel.receives(event(sender_dry_event(seven)));  // the kernel tells it as often as a peer makes it
  test.fill_share(seven, kilobyte);
  const std::size_t before = test.sent_to(seven).size();
  CHECK(test.waiting_for_dry().empty());  // it is asked when what is there has been read
  CHECK(test.queue.wants_writable());
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.sent_to(seven).size() == before);
  test.kernel.queue.clear();
  CHECK(test.queue.flush() == 0);
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK_FALSE(test.queue.wants_writable());
  CHECK(test.queue.take(SenderDry{seven}));
  CHECK(test.sent_to(seven).size() == before + 1);
}

TEST_CASE("Where what is on its way may be given up, it is time to flush some time") {
  QueueOfMany test{{.share = 20'000}};
  test.fill_share(seven, kilobyte);
  CHECK_FALSE(test.queue.next_flush());
  std::error_code error;
  CHECK(test.queue.send(eight, as_bytes("mortal"), {.reliability = Reliability::lifetime(100ms)}, error) ==
        Result::sent);
  CHECK_FALSE(test.queue.next_flush());
  test.fill_share(eight, kilobyte);
  CHECK(test.queue.next_flush() == 100ms);
  CHECK(test.queue.take(SenderDry{eight}));
  test.fill_share(eight, kilobyte);
  CHECK_FALSE(test.queue.next_flush());
}

TEST_CASE("Where what is on its way may be given up, it is asked again whether everything is acknowledged") {
  QueueOfMany test{{.share = 20'000}};
  std::error_code error;
  const SendOptions mortal{.reliability = Reliability::lifetime(100ms)};
  while (test.queue.send(seven, as_bytes(kilobyte), mortal, error) == Result::sent) {
  }
  CHECK(test.waiting_for_dry() == Ids{seven});
  test.kernel.forget_calls();
  while (test.kernel.count(Call::setsockopt) == 0) test.queue.flush();
  CHECK(test.waiting_for_dry() == Ids{seven});
  CHECK(test.kernel.count(Call::sendmsg) == 0);
}

TEST_CASE("What waits for acknowledgements is given nothing before they are told, whatever room there is") {
  QueueOfMany test{{.share = 20'000}};
  test.fill_share(seven, kilobyte);
  const std::size_t before = test.sent_to(seven).size();
  CHECK(test.queue.flush() == 0);
  CHECK(test.send(seven, "small enough for what is left of the share") == Result::queued);
  CHECK(test.queue.flush() == 0);
  CHECK(test.sent_to(seven).size() == before);
  CHECK(test.queue.take(Received{SenderDry{seven}}));
  CHECK(test.sent_to(seven).size() == before + 2);
}

TEST_CASE("An association whose acknowledgements the kernel cannot tell of goes on without") {
  QueueOfMany test{{.share = 20'000}};
  test.kernel.event_types = 8;  // it knows no SenderDry
  std::size_t rounds = 0;
  for (; rounds != 100; ++rounds) {
    const Result result = test.send(seven, kilobyte);
    REQUIRE((result == Result::sent || result == Result::queued));
    if (test.queue.wants_writable()) test.queue.flush();
  }
  CHECK(test.queue.waiting() == 0);
  CHECK(test.sent_to(seven).size() == rounds);
}

TEST_CASE("A message to an association that has ended unknown to it waits for the end to be told") {
  QueueOfMany test{{.share = 2000}};
  CHECK(test.send(seven, kilobyte) == Result::sent);
  test.kernel.association_ends(test.fd, seven);
  CHECK(test.send(seven, kilobyte) == Result::queued);
  CHECK_FALSE(test.queue.wants_writable());
  test.queue.take(ended(seven, End::peer_abort));
  const auto unsent = test.queue.next_unsent();
  REQUIRE(unsent);
  CHECK(unsent->why == Result::broken);
  CHECK(test.queue.waiting() == 0);
  CHECK(test.queue.backlog(seven).in_flight == 0);
}

TEST_CASE("Any number of associations that have used up their shares keep nobody from a flush") {
  QueueOfMany test{{.share = 2000}};
  for (int id = 100; id != 150; ++id) {
    test.of(AssociationId{id});
    test.fill_share(AssociationId{id}, kilobyte);
  }
  test.of(seven).send_fails = EAGAIN;
  CHECK(test.send(seven, "hello") == Result::queued);
  test.of(seven).send_fails = 0;
  CHECK(test.queue.flush() == 1);
  CHECK(test.sent_to(seven).size() == 1);
}

TEST_CASE("What is in flight and asked for is forgotten with the association's end") {
  QueueOfMany test{{.share = 20'000}};
  test.fill_share(seven, kilobyte);
  SECTION("it has ended") {
    test.kernel.association_ends(test.fd, seven);
    test.queue.take(ended(seven, End::timeout));
    test.of(seven);  // another of this number
    CHECK(test.queue.next_unsent());
  }
  SECTION("it began anew") {
    test.queue.take(restarted(seven));
    CHECK(test.queue.next_unsent());
  }
  SECTION("it is peeled off") { CHECK(test.queue.remove(seven).size() == 1); }
  CHECK(test.waiting_for_dry().empty());
  CHECK(test.queue.backlog(seven).in_flight == 0);
  CHECK_FALSE(test.queue.wants_writable());
  CHECK(test.send(seven, kilobyte) == Result::sent);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <string>

#include "queue_of_many.hpp"
#include "support/catch.hpp"

/// Faults that other programs have had, and that no other test would have noticed: see test/lessons.md.
namespace {

using namespace sctp;
using namespace sctp::test;
using Result = SendQueue::Result;

TEST_CASE("Messages that nobody takes back are kept up to the bound, and then the oldest goes") {
  QueueOfMany test{{.waiting = 100, .waiting_in_all = 100}};
  for (const std::string text : {"a", "b", "c"}) {
    test.of(seven).send_fails = EAGAIN;
    CHECK(test.send(seven, std::string(40, text[0])) == Result::queued);
    test.queue.take(restarted(seven));
  }
  for (const char oldest : {'b', 'c'}) {
    const auto unsent = test.queue.next_unsent();
    REQUIRE(unsent);
    CHECK(as_text(unsent->payload) == std::string(40, oldest));
  }
  CHECK_FALSE(test.queue.next_unsent());
  CHECK(test.queue.waiting() == 0);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_table.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

#include "support/catch.hpp"
#include "table_of_many.hpp"

/// How an AssociationTable ends associations in order, and those that take too long.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Change = AssociationTable::Change;
using Clock = AssociationTable::Clock;
using End = AssociationChange::End;
using State = AssociationTable::State;

struct Timed : TableOfMany {
  /// The kernel has begun to set it up.
  AssociationTable::Key begins(AssociationId id, std::optional<std::chrono::milliseconds> time = {}) {
    of(id).state = SCTP_COOKIE_WAIT;
    return table.expect(id, time);
  }
  [[nodiscard]] Clock::time_point due(AssociationId id) const { return table.find(id)->due.value(); }
  /// Whom SCTP_EOF or SCTP_ABORT was sent to, in order.
  [[nodiscard]] std::vector<int> given(int flag) const {
    std::vector<int> ids;
    for (const Sent& sent : kernel.sent) {
      if (sent.info_flags == flag) ids.push_back(sent.association);
    }
    return ids;
  }
};

TEST_CASE("With no time set there is nothing to wait for, and nothing is aborted") {
  Timed test;
  test.begins(seven);
  test.brings_up(eight);
  test.kernel.forget_calls();
  CHECK_FALSE(test.table.abort_overdue());
  CHECK_FALSE(test.table.abort_overdue(Clock::time_point::max()));
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("A setup is given its time, and no less") {
  Timed test;
  const auto before = Clock::now();
  test.begins(seven, 5s);
  const auto after = Clock::now();
  const auto due = test.due(seven);
  CHECK(due >= before + 5s);
  CHECK(due <= after + 5s);
  CHECK(test.table.abort_overdue(due - 3s) == 3s);
  CHECK(test.table.abort_overdue(due - 1ns) == 1ms);
  CHECK(test.table.abort_overdue(due - 1ms) == 1ms);
  CHECK(test.table.abort_overdue(due - 1001us) == 2ms);
  CHECK_FALSE(test.table.find(seven)->overdue);
  CHECK(test.kernel.total() == 0);
  CHECK_FALSE(test.table.abort_overdue(due));
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
  CHECK(test.kernel.sent.back().data.empty());
}

TEST_CASE("What is aborted because its time is over stays until its end is told, which says so") {
  Timed test;
  const auto key = test.begins(seven, 5s);
  test.table.abort_overdue(test.due(seven));
  REQUIRE(test.table.find(key) != nullptr);
  CHECK(test.table.find(key)->overdue);
  CHECK_FALSE(test.table.find(key)->due);
  CHECK(test.table.find(key)->state == State::setting_up);
  CHECK_FALSE(test.table.abort_overdue(Clock::time_point::max()));
  CHECK(test.given(SCTP_ABORT).size() == 1);
  const auto change = test.table.take(ended(seven, End::no_setup));
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::closed);
  CHECK(change->key == key);
  CHECK(change->overdue);
  // Of the number's next life nothing is said.
  test.begins(seven, 5s);
  CHECK_FALSE(test.table.find(seven)->overdue);
  CHECK_FALSE(test.table.take(ended(seven, End::no_setup))->overdue);
}

TEST_CASE("What came up before it was aborted, and is told so only afterwards, was overdue all the same") {
  Timed test;
  const auto key = test.begins(seven, 5s);
  test.table.abort_overdue(test.due(seven));
  const auto up = test.table.take(came_up(seven));
  CHECK(up->kind == Change::Kind::up);
  CHECK(up->key == key);
  CHECK(test.table.take(ended(seven, End::own_abort))->overdue);
}

TEST_CASE(
    "Several that are overdue are aborted together, in the order of their times, and the next is told") {
  Timed test;
  test.begins(nine, 1s);
  test.begins(seven, 2s);
  test.begins(eight, 10s);
  const auto now = test.due(seven);
  CHECK(test.table.abort_overdue(now) == std::chrono::ceil<std::chrono::milliseconds>(test.due(eight) - now));
  CHECK(test.given(SCTP_ABORT) == std::vector{9, 7});
  CHECK_FALSE(test.table.find(eight)->overdue);
  CHECK_FALSE(test.table.abort_overdue(test.due(eight) + 1h));
  CHECK(test.given(SCTP_ABORT) == std::vector{9, 7, 8});
}

TEST_CASE("The time of a setup is over with what becomes of it") {
  Timed test;
  const auto key = test.begins(seven, 5s);
  SECTION("it is up") {
    test.table.take(came_up(seven));
    CHECK_FALSE(test.table.find(key)->due);
  }
  SECTION("it failed") { test.table.take(ended(seven, End::no_setup)); }
  SECTION("it is forgotten") { test.table.forget(seven); }
  SECTION("its number begins another life") { test.begins(seven); }
  test.kernel.forget_calls();
  CHECK_FALSE(test.table.abort_overdue(Clock::time_point::max()));
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("A shutdown is sent, and given its time") {
  Timed test;
  const auto key = test.brings_up(seven);
  test.brings_up(eight);
  const auto before = Clock::now();
  test.table.shutdown(key, 3s);
  const auto after = Clock::now();
  CHECK(test.given(SCTP_EOF) == std::vector{7});
  CHECK(test.table.find(seven)->state == State::shutting_down);
  CHECK(test.table.find(eight)->state == State::up);
  CHECK_FALSE(test.table.find(eight)->due);
  CHECK(test.due(seven) >= before + 3s);
  CHECK(test.due(seven) <= after + 3s);
  CHECK(test.table.abort_overdue(test.due(seven) - 1s) == 1s);
  SECTION("it ends in time") {
    const auto change = test.table.take(ended(seven, End::own_shutdown));
    CHECK(change->key == key);
    CHECK_FALSE(change->overdue);
    CHECK_FALSE(test.table.abort_overdue(Clock::time_point::max()));
    CHECK(test.given(SCTP_ABORT).empty());
  }
  SECTION("the peer begins one too, and the time stands") {
    CHECK(test.table.take(ShutdownReceived{seven})->kind == Change::Kind::shutting_down);
    CHECK(test.table.find(seven)->due);
  }
  SECTION("it does not end") {
    CHECK_FALSE(test.table.abort_overdue(test.due(seven)));
    CHECK(test.given(SCTP_ABORT) == std::vector{7});
    const auto change = test.table.take(ended(seven, End::own_abort));
    CHECK(change->overdue);
    CHECK(change->association.end == End::own_abort);
  }
}

TEST_CASE("The later of two shutdowns says how long it may take") {
  Timed test;
  const auto key = test.brings_up(seven);
  test.table.shutdown(key, 1h);
  const auto long_time = test.due(seven);
  test.table.shutdown(key, 1s);
  CHECK(test.due(seven) < long_time);
  CHECK_FALSE(test.table.abort_overdue(test.due(seven)));
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
  CHECK_FALSE(test.table.abort_overdue(long_time + 1s));
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
}

TEST_CASE("Nobody is shut down or aborted under the key of a life that is over") {
  Timed test;
  const auto first = test.brings_up(seven);
  test.table.take(restarted(seven));
  test.kernel.forget_calls();
  test.table.shutdown(first, 1s);
  test.table.shutdown({eight, 1}, 1s);
  test.table.shutdown({}, 1s);
  test.table.expect_end(first, 1s);
  test.table.abort(first, "no");
  test.table.abort({}, "no");
  CHECK(test.kernel.total() == 0);
  CHECK(test.table.find(seven)->state == State::up);
  CHECK_FALSE(test.table.find(seven)->due);
}

TEST_CASE("An association is aborted by its key, with a reason") {
  Timed test;
  const auto key = test.brings_up(seven);
  test.brings_up(eight);
  test.table.abort(key, "misbehaved");
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
  CHECK(test.kernel.sent.back().data == "misbehaved");
  CHECK_FALSE(test.table.take(ended(seven, End::own_abort))->overdue);
}

TEST_CASE("A shutdown that somebody else begins is given its time") {
  Timed test;
  const auto key = test.brings_up(seven);
  test.kernel.forget_calls();
  test.table.expect_end(key, 3s);
  CHECK(test.kernel.total() == 0);
  CHECK(test.table.find(key)->state == State::shutting_down);
  CHECK_FALSE(test.table.abort_overdue(test.due(seven)));
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
}

TEST_CASE("A setup under way that is shut down is given up") {
  Timed test;
  const auto key = test.begins(seven, 1h);
  test.table.shutdown(key, 1s);
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
  CHECK(test.given(SCTP_EOF).empty());
  const auto change = test.table.take(ended(seven, End::no_setup));
  REQUIRE(change);
  CHECK(change->key == key);
  CHECK_FALSE(change->overdue);
  CHECK_FALSE(test.table.abort_overdue(Clock::time_point::max()));
}

TEST_CASE(
    "A setup that is shut down before its success was received comes up, goes on ending, and is aborted in "
    "time") {
  Timed test;
  const auto key = test.begins(seven);
  test.of(seven).state = SCTP_ESTABLISHED;  // and the event waits to be received
  test.table.shutdown(key, 3s);
  CHECK(test.given(SCTP_EOF) == std::vector{7});
  const auto up = test.table.take(came_up(seven));
  REQUIRE(up);
  CHECK(up->kind == Change::Kind::up);
  CHECK(up->key == key);
  REQUIRE(test.table.find(key) != nullptr);
  CHECK(test.table.find(key)->state == State::shutting_down);
  REQUIRE(test.table.find(key)->due);
  CHECK_FALSE(test.table.abort_overdue(test.due(seven)));
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
}

TEST_CASE("A time beyond all times is one that is never over") {
  Timed test;
  test.begins(seven, std::chrono::milliseconds::max());
  const auto key = test.brings_up(eight);
  test.table.shutdown(key, std::chrono::milliseconds::max());
  test.table.abort_overdue(Clock::now() + 24h * 365);
  CHECK(test.given(SCTP_ABORT).empty());
}

TEST_CASE("A time that was over before it began is over at the next look") {
  Timed test;
  const auto time = GENERATE(0ms, -1ms, -5000ms);
  test.begins(seven, time);
  CHECK(test.given(SCTP_ABORT).empty());
  CHECK_FALSE(test.table.abort_overdue());
  CHECK(test.given(SCTP_ABORT) == std::vector{7});
}

TEST_CASE("An abort that meets an association that has ended is no failure") {
  Timed test;
  test.begins(seven, 1s);
  const auto due = test.due(seven);
  test.kernel.association_ends(test.fd, seven);
  test.kernel.fail_next(Call::sendmsg, EPIPE);
  CHECK_FALSE(test.table.abort_overdue(due));
  CHECK_FALSE(test.table.abort_overdue(due + 1h));
  CHECK(test.table.take(ended(seven, End::no_setup)));
}

TEST_CASE("An abort that the kernel could not make is made at a later look") {
  Timed test;
  test.begins(seven, 1s);
  const auto due = test.due(seven);
  test.kernel.fail_next(Call::sendmsg, ENOMEM);
  const auto again = test.table.abort_overdue(due);
  REQUIRE(again);
  CHECK(*again > 0ms);
  CHECK(test.given(SCTP_ABORT).empty());
  CHECK_FALSE(test.table.find(seven)->overdue);
  SECTION("if it has not ended by then") {
    CHECK(test.table.abort_overdue(due + *again - 1ms) == 1ms);
    CHECK_FALSE(test.table.abort_overdue(due + *again));
    CHECK(test.given(SCTP_ABORT) == std::vector{7});
    CHECK(test.table.take(ended(seven, End::no_setup))->overdue);
  }
  SECTION("and an end before that is another's doing") {
    CHECK_FALSE(test.table.take(ended(seven, End::no_setup))->overdue);
    CHECK_FALSE(test.table.abort_overdue(due + 1h));
  }
}

}  // namespace

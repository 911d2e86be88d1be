// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_table.hpp>

#include <chrono>
#include <new>
#include <optional>

#include "many_associations.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

/// An AssociationTable without memory.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Change = AssociationTable::Change;
using Clock = AssociationTable::Clock;
using End = AssociationChange::End;
using Key = AssociationTable::Key;

TEST_CASE("An event for which there was no memory can be taken again, as if for the first time") {
  const bool expected = GENERATE(false, true);
  const bool known = GENERATE(false, true);
  if (expected && known) return;
  for (std::size_t allocations = 0;; ++allocations) {
    CAPTURE(expected, known, allocations);
    ManyAssociations test;
    test.of(AssociationId{7}).addresses = {Address::parse("192.0.2.1:1"), Address::parse("192.0.2.2:1"),
                                           Address::parse("192.0.2.3:1")};
    AssociationTable table{test.socket};
    Key before{};
    if (expected) before = table.expect(AssociationId{7}, 5s);
    if (known) before = table.take(came_up(AssociationId{7}))->key;
    const Notification event = known ? restarted(AssociationId{7}) : came_up(AssociationId{7});
    std::optional<Change> change;
    bool had_memory = true;
    try {
      const NoMemory none{allocations};
      change = table.take(event);
    } catch (const std::bad_alloc&) {
      had_memory = false;
    }
    if (!had_memory) {
      CHECK(table.size() == (expected || known ? 1U : 0U));
      if (expected || known) CHECK(table.find(before) != nullptr);
      change = table.take(event);
    }
    REQUIRE(change);
    CHECK(change->kind == (known ? Change::Kind::restarted : Change::Kind::up));
    if (expected) CHECK(change->key == before);
    if (known) CHECK(change->ended.key == before);
    REQUIRE(table.find(change->key) != nullptr);
    CHECK(table.find(change->key)->paths.size() == 3);
    CHECK(table.take(ended(AssociationId{7}, End::timeout))->key == change->key);
    CHECK(table.empty());
    if (had_memory) {
      CHECK(allocations > 0);
      return;
    }
  }
}

TEST_CASE("A setup that there was no memory to expect is not in the table") {
  for (std::size_t allocations = 0;; ++allocations) {
    CAPTURE(allocations);
    ManyAssociations test;
    AssociationTable table{test.socket};
    try {
      const NoMemory none{allocations};
      table.expect(AssociationId{7}, 5s);
      CHECK(allocations > 0);
      CHECK(table.size() == 1);
      return;
    } catch (const std::bad_alloc&) {
      CHECK(table.empty());
      CHECK_FALSE(table.abort_overdue(Clock::time_point::max()));
    }
  }
}

TEST_CASE(
    "A shutdown that there was no memory for leaves its association timed as before, or with no harm done") {
  for (std::size_t allocations = 0;; ++allocations) {
    CAPTURE(allocations);
    ManyAssociations test;
    AssociationTable table{test.socket};
    test.of(AssociationId{7});
    const auto key = table.take(came_up(AssociationId{7}))->key;
    try {
      const NoMemory none{allocations};
      table.shutdown(key, 5s);
      CHECK(table.find(key)->due);
      return;
    } catch (const std::bad_alloc&) {
      CHECK_FALSE(table.find(key)->due);
      CHECK_FALSE(table.abort_overdue(Clock::time_point::max()));
      table.shutdown(key, 5s);
      CHECK(table.abort_overdue(Clock::now()));
    }
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_table.hpp>

#include <chrono>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/records.hpp"
#include "table_of_many.hpp"

/// How an AssociationTable tells the lives under one number apart.
namespace {

using namespace sctp;
using namespace sctp::test;
using Change = AssociationTable::Change;
using End = AssociationChange::End;
using State = AssociationTable::State;

TEST_CASE("A peer that restarts ends one life and begins another, under the same number") {
  TableOfMany test;
  test.of(seven).addresses = {Address::parse("192.0.2.1:1"), Address::parse("192.0.2.2:1")};
  const auto first = test.brings_up(seven);
  test.table.take(StreamChange{.added_outgoing = 5, .association = seven});
  test.of(seven).addresses = {Address::parse("192.0.2.3:1")};
  AssociationChange event = restarted(seven);
  event.outgoing_streams = 2;
  event.incoming_streams = 3;
  const auto change = test.table.take(event);
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::restarted);
  CHECK(change->ended.key == first);
  CHECK(change->key.id == seven);
  CHECK(change->key != first);
  CHECK(change->key > first);
  CHECK(change->association.state == AssociationChange::State::restarted);
  CHECK(test.table.size() == 1);
  CHECK(test.table.find(first) == nullptr);
  const auto* entry = test.table.find(change->key);
  REQUIRE(entry != nullptr);
  CHECK(entry->key == change->key);
  CHECK(entry->state == State::up);
  CHECK(entry->outgoing_streams == 2);
  CHECK(entry->incoming_streams == 3);
  REQUIRE(entry->paths.size() == 1);
  CHECK(entry->paths[0].address == Address::parse("192.0.2.3:1"));
  CHECK(test.table.take(ended(seven, End::timeout))->key == change->key);
  CHECK_FALSE(test.table.take(ended(seven, End::timeout)));
}

TEST_CASE("Of a life that ended is told all that was known of it") {
  TableOfMany test;
  test.of(seven).addresses = {Address::parse("192.0.2.1:1"), Address::parse("192.0.2.2:1")};
  const auto first = test.brings_up(seven);
  const auto since = test.table.find(first)->since;
  const bool restarts = GENERATE(false, true);
  const auto change = test.table.take(restarts ? restarted(seven) : ended(seven, End::timeout));
  REQUIRE(change);
  CHECK(change->ended.key == first);
  CHECK(change->ended.since == since);
  CHECK(change->ended.state == State::up);
  CHECK(change->ended.outgoing_streams == 10);
  CHECK(change->ended.paths.size() == 2);
}

TEST_CASE("A peer that restarts while it is shutting down is up again") {
  TableOfMany test;
  const auto first = test.brings_up(seven);
  test.table.shutdown(first, std::chrono::hours{1});
  const auto change = test.table.take(restarted(seven));
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::restarted);
  CHECK(test.table.find(seven)->state == State::up);
  CHECK_FALSE(test.table.find(seven)->due);
  CHECK_FALSE(test.table.abort_overdue());
}

TEST_CASE("A peer that restarts before it was told to be up has ended a life all the same") {
  TableOfMany test;
  test.of(seven);
  const bool added = GENERATE(false, true);
  const auto first = added ? test.table.add(seven) : test.table.expect(seven, std::chrono::hours{1});
  const auto change = test.table.take(restarted(seven));
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::restarted);
  CHECK(change->ended.key == first);
  CHECK(test.table.find(first) == nullptr);
  REQUIRE(test.table.find(change->key) != nullptr);
  CHECK(test.table.find(change->key)->up_told);
  CHECK_FALSE(test.table.abort_overdue());
}

TEST_CASE("A restart of an association that the table did not know is one that comes up") {
  TableOfMany test;
  test.of(seven);
  const auto change = test.table.take(restarted(seven));
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::up);
  CHECK(change->ended.key == AssociationTable::Key{});
  CHECK(test.table.find(change->key) != nullptr);
}

TEST_CASE("A key never means another life, also when the kernel gives the number again") {
  TableOfMany test;
  std::set<AssociationTable::Key> keys;
  for (int round = 0; round != 5; ++round) {
    const auto key = round % 2 == 0 ? test.brings_up(seven) : test.table.expect(seven);
    for (const auto& old : keys) CHECK(test.table.find(old) == nullptr);
    CHECK(keys.insert(key).second);
    CHECK(test.table.find(key) == test.table.find(seven));
    CHECK(test.table.take(ended(seven, End::peer_abort))->key == key);
  }
}

TEST_CASE("An association that comes up under a number that lives has replaced that") {
  TableOfMany test;
  const auto first = test.brings_up(seven);
  const auto change = test.table.take(came_up(seven));
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::restarted);
  CHECK(change->ended.key == first);
  CHECK(test.table.find(first) == nullptr);
  CHECK(test.table.find(change->key) != nullptr);
}

TEST_CASE("Who expects what is up already has its key, and no end of its time") {
  TableOfMany test;
  const auto first = test.brings_up(seven);
  CHECK(test.table.expect(seven, std::chrono::milliseconds{1}) == first);
  CHECK(test.table.find(first)->state == State::up);
  CHECK_FALSE(test.table.abort_overdue(AssociationTable::Clock::now() + std::chrono::hours{1}));
}

TEST_CASE("Who adds under a number that lives begins another life") {
  TableOfMany test;
  const auto first = test.brings_up(seven);
  const auto second = test.table.add(seven);
  CHECK(test.table.find(first) == nullptr);
  CHECK(test.table.find(second)->state == State::up);
  CHECK(test.table.size() == 1);
  CHECK(test.table.take(ended(seven, End::timeout))->key == second);
}

}  // namespace

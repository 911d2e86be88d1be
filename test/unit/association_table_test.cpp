// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_table.hpp>

#include <array>
#include <chrono>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/records.hpp"
#include "table_of_many.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Change = AssociationTable::Change;
using End = AssociationChange::End;
using PathState = AssociationTable::Path::State;
using State = AssociationTable::State;

TEST_CASE("A table asks for what becomes of the peers' addresses and streams, and for nothing else") {
  ManyAssociations test;
  const AssociationTable table{test.socket};
  CHECK(test.kernel.descriptor(test.fd).events ==
        std::set<std::uint16_t>{SCTP_PEER_ADDR_CHANGE, SCTP_STREAM_CHANGE_EVENT});
  CHECK(table.empty());
  CHECK(table.size() == 0);
  CHECK(table.begin() == table.end());
  CHECK(table.find(seven) == nullptr);
  CHECK(table.find(AssociationTable::Key{}) == nullptr);
}

TEST_CASE("A table whose events the kernel refuses is none") {
  ManyAssociations test;
  test.kernel.fail_next(Call::setsockopt, EBADF);
  CHECK_THROWS_AS(AssociationTable{test.socket}, std::system_error);
}

TEST_CASE(
    "An association that comes up is in the table, with what the event says and what the kernel knows") {
  TableOfMany test;
  const auto first = Address::parse("192.0.2.1:3868");
  const auto second = Address::parse("198.51.100.1:3868");
  test.of(seven).addresses = {first, second};
  const auto before = AssociationTable::Clock::now();
  const auto change = test.table.take(came_up(seven, 12, 34));
  const auto after = AssociationTable::Clock::now();
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::up);
  CHECK(change->key.id == seven);
  CHECK(change->ended.key == AssociationTable::Key{});
  CHECK(change->association.state == AssociationChange::State::up);
  CHECK(change->association.outgoing_streams == 12);
  CHECK_FALSE(change->overdue);
  CHECK(test.table.size() == 1);
  CHECK_FALSE(test.table.empty());
  const auto* entry = test.table.find(seven);
  REQUIRE(entry != nullptr);
  CHECK(test.table.find(change->key) == entry);
  CHECK(entry->key == change->key);
  CHECK(entry->state == State::up);
  CHECK(entry->outgoing_streams == 12);
  CHECK(entry->incoming_streams == 34);
  CHECK(entry->since >= before);
  CHECK(entry->since <= after);
  CHECK(entry->up_told);
  CHECK_FALSE(entry->due);
  CHECK_FALSE(entry->overdue);
  REQUIRE(entry->paths.size() == 2);
  CHECK(entry->paths[0].address == first);
  CHECK(entry->paths[0].state == PathState::available);
  CHECK(entry->paths[0].primary);
  CHECK(entry->paths[1].address == second);
  CHECK(entry->paths[1].state == PathState::unconfirmed);
  CHECK_FALSE(entry->paths[1].primary);
  for (const auto& [id, one] : test.table) CHECK((id == seven && &one == entry));
}

TEST_CASE("What both sides agreed on is asked of each association by itself") {
  TableOfMany test;
  using Capabilities = AssociationTable::Capabilities;
  const auto [option, expected] = GENERATE(table<int, Capabilities>({
      {SCTP_INTERLEAVING_SUPPORTED, {.interleaving = true}},
      {SCTP_PR_SUPPORTED, {.partial_reliability = true}},
      {SCTP_RECONFIG_SUPPORTED, {.reconfiguration = true}},
      {SCTP_ASCONF_SUPPORTED, {.address_changes = true}},
      {SCTP_AUTH_SUPPORTED, {.authentication = true}},
      {SCTP_ECN_SUPPORTED, {.congestion_marks = true}},
  }));
  constexpr std::array all{SCTP_INTERLEAVING_SUPPORTED, SCTP_PR_SUPPORTED,   SCTP_RECONFIG_SUPPORTED,
                           SCTP_ASCONF_SUPPORTED,       SCTP_AUTH_SUPPORTED, SCTP_ECN_SUPPORTED};
  for (const int one : all) {
    test.of(seven).capabilities[one] = one == option;
    test.of(eight).capabilities[one] = false;
  }
  test.brings_up(eight);
  test.brings_up(seven);
  CHECK(test.table.find(seven)->capabilities == expected);
  CHECK(test.table.find(eight)->capabilities == Capabilities{});
}

TEST_CASE("What this kernel cannot be asked is not agreed on") {
  TableOfMany test;
  test.kernel.unknown_options = {{IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED},
                                 {IPPROTO_SCTP, SCTP_ECN_SUPPORTED}};
  test.of(seven).capabilities = {{SCTP_INTERLEAVING_SUPPORTED, true}, {SCTP_PR_SUPPORTED, true}};
  test.brings_up(seven);
  CHECK_FALSE(test.table.find(seven)->capabilities.interleaving);
  CHECK(test.table.find(seven)->capabilities.partial_reliability);
}

TEST_CASE("An association that has ended before the kernel is asked of it is up until its end is told") {
  TableOfMany test;
  const auto up = test.table.take(came_up(seven, 3, 4));
  REQUIRE(up);
  CHECK(up->kind == Change::Kind::up);
  const auto* entry = test.table.find(seven);
  CHECK(entry->outgoing_streams == 3);
  CHECK(entry->paths.empty());
  CHECK(entry->capabilities == AssociationTable::Capabilities{});
  CHECK(test.table.take(ended(seven, End::peer_abort))->key == up->key);
}

TEST_CASE(
    "An association that is expected is set up under the same key, and the kernel is not asked before") {
  TableOfMany test;
  const auto key = test.table.expect(seven);
  CHECK(test.kernel.total() == 0);
  CHECK(key.id == seven);
  const auto* entry = test.table.find(key);
  REQUIRE(entry != nullptr);
  CHECK(entry->state == State::setting_up);
  CHECK(entry->outgoing_streams == 0);
  CHECK(entry->incoming_streams == 0);
  CHECK(entry->paths.empty());
  CHECK_FALSE(entry->due);
  const auto since = entry->since;
  test.of(seven).addresses = {Address::parse("192.0.2.1:3868")};
  const auto change = test.table.take(came_up(seven, 5, 6));
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::up);
  CHECK(change->key == key);
  CHECK(test.table.size() == 1);
  entry = test.table.find(key);
  CHECK(entry->state == State::up);
  CHECK(entry->outgoing_streams == 5);
  CHECK(entry->incoming_streams == 6);
  CHECK(entry->paths.size() == 1);
  CHECK(entry->since == since);
}

TEST_CASE("A setup that fails is closed when it was expected, and nothing otherwise") {
  TableOfMany test;
  const auto key = test.table.expect(seven);
  CHECK_FALSE(test.table.take(ended(eight, End::no_setup)));
  CHECK_FALSE(test.table.take(ended(AssociationId{}, End::no_setup)));
  AssociationChange refused = ended(seven, End::no_setup);
  refused.cause = Cause::out_of_resource;
  const auto change = test.table.take(refused);
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::closed);
  CHECK(change->key == key);
  CHECK(change->association.end == End::no_setup);
  CHECK(change->association.cause == Cause::out_of_resource);
  CHECK_FALSE(change->overdue);
  CHECK(test.table.empty());
  CHECK(test.table.find(key) == nullptr);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("Each association is closed once, with the reason, whatever it was before and however it ends") {
  TableOfMany test;
  const auto end = GENERATE(End::own_shutdown, End::peer_shutdown, End::own_abort, End::peer_abort,
                            End::timeout, End::no_setup);
  test.of(eight);
  test.of(AssociationId{9});
  const auto up = test.brings_up(seven);
  const auto added = test.table.add(eight);
  const auto expected = test.table.expect(AssociationId{9});
  const auto leaving = test.brings_up(AssociationId{10});
  CHECK(test.table.take(ShutdownReceived{AssociationId{10}}));
  test.kernel.forget_calls();
  for (const auto& key : {up, added, expected, leaving}) {
    const auto change = test.table.take(ended(key.id, end));
    REQUIRE(change);
    CHECK(change->kind == Change::Kind::closed);
    CHECK(change->key == key);
    CHECK(change->association.end == end);
    CHECK(change->association.association == key.id);
    CHECK(test.table.find(key.id) == nullptr);
    CHECK_FALSE(test.table.take(ended(key.id, end)));
  }
  CHECK(test.table.empty());
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("An association that was up before the table is added, with what the kernel knows") {
  TableOfMany test;
  test.of(seven).streams_out = 21;
  test.of(seven).streams_in = 22;
  test.of(seven).addresses = {Address::parse("192.0.2.1:3868")};
  test.of(seven).capabilities[SCTP_PR_SUPPORTED] = true;
  const auto key = test.table.add(seven);
  const auto* entry = test.table.find(key);
  REQUIRE(entry != nullptr);
  CHECK(entry->state == State::up);
  CHECK(entry->outgoing_streams == 21);
  CHECK(entry->incoming_streams == 22);
  CHECK(entry->capabilities.partial_reliability);
  REQUIRE(entry->paths.size() == 1);
  CHECK(entry->paths[0].primary);
}

TEST_CASE("An association that is added before its beginning was received comes up under the same key") {
  TableOfMany test;
  test.of(seven).addresses = {Address::parse("192.0.2.1:3868")};
  const auto key = test.table.add(seven);
  CHECK_FALSE(test.table.find(key)->up_told);
  const auto change = test.table.take(came_up(seven, 5, 6));
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::up);
  CHECK(change->key == key);
  REQUIRE(test.table.find(key) != nullptr);
  CHECK(test.table.find(key)->up_told);
  CHECK(test.table.find(key)->outgoing_streams == 5);
  CHECK(test.table.find(key)->paths.size() == 1);
}

TEST_CASE("What is forgotten is in the table no more, and its end is not told") {
  TableOfMany test;
  const auto key = test.brings_up(seven);
  const auto other = test.brings_up(eight);
  test.table.shutdown(key, std::chrono::hours{1});
  test.kernel.forget_calls();
  test.table.forget(seven);
  test.table.forget(seven);
  test.table.forget(AssociationId{99});
  CHECK(test.table.find(key) == nullptr);
  CHECK(test.table.find(other) != nullptr);
  CHECK(test.table.size() == 1);
  CHECK_FALSE(test.table.take(ended(seven, End::own_shutdown)));
  CHECK_FALSE(test.table.abort_overdue());
  CHECK(test.kernel.total() == 0);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_table.hpp>

#include <vector>

#include "many_associations.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

/// What an AssociationTable does with events other than those of an association's begin and end.
namespace {

using namespace sctp;
using namespace sctp::test;
using Change = AssociationTable::Change;
using PathState = AssociationTable::Path::State;
using Told = PeerAddressChange::State;
using State = AssociationTable::State;

const Address first = Address::parse("192.0.2.1:3868");
const Address second = Address::parse("198.51.100.1:3868");
const Address third = Address::parse("203.0.113.1:3868");

/// Two associations with two paths each.
struct Paths : ManyAssociations {
  AssociationTable table{socket};

  Paths() {
    for (const AssociationId id : {seven, eight}) {
      of(id).addresses = {first, second};
      table.take(came_up(id));
    }
    kernel.forget_calls();
  }

  Change take(Told state, const Address& address) {
    const auto change = table.take(PeerAddressChange{.state = state,
                                                     .reason = PeerAddressChange::Reason::peer_faulty,
                                                     .address = address,
                                                     .association = seven});
    REQUIRE(change);
    CHECK(change->kind == Change::Kind::path);
    CHECK(change->key == table.find(seven)->key);
    CHECK(change->path.state == state);
    CHECK(change->path.address == address);
    CHECK(change->path.reason == PeerAddressChange::Reason::peer_faulty);
    CHECK(kernel.total() == 0);
    return *change;
  }
  [[nodiscard]] const std::vector<AssociationTable::Path>& paths(AssociationId id = seven) const {
    return table.find(id)->paths;
  }
};

TEST_CASE("A path is what the last event says of it, and no other path changes") {
  Paths test;
  const auto [told, expected] = GENERATE(table<Told, PathState>({
      {Told::available, PathState::available},
      {Told::confirmed, PathState::available},
      {Told::unreachable, PathState::unreachable},
      {Told::potentially_failed, PathState::potentially_failed},
  }));
  test.take(Told::unreachable, second);
  test.take(told, second);
  REQUIRE(test.paths().size() == 2);
  CHECK(test.paths()[0].state == PathState::available);
  CHECK(test.paths()[0].primary);
  CHECK(test.paths()[1].address == second);
  CHECK(test.paths()[1].state == expected);
  CHECK_FALSE(test.paths()[1].primary);
  REQUIRE(test.paths(eight).size() == 2);
  CHECK(test.paths(eight)[1].state == PathState::unconfirmed);
}

TEST_CASE("A path that becomes the primary is the only one") {
  Paths test;
  test.take(Told::made_primary, second);
  CHECK_FALSE(test.paths()[0].primary);
  CHECK(test.paths()[1].primary);
  CHECK(test.paths()[1].state == PathState::unconfirmed);
  CHECK(test.paths(eight)[0].primary);
}

TEST_CASE("A path that is added is unconfirmed, and known before it is confirmed") {
  Paths test;
  test.take(Told::added, third);
  REQUIRE(test.paths().size() == 3);
  CHECK(test.paths()[2].address == third);
  CHECK(test.paths()[2].state == PathState::unconfirmed);
  CHECK_FALSE(test.paths()[2].primary);
  test.take(Told::confirmed, third);
  REQUIRE(test.paths().size() == 3);
  CHECK(test.paths()[2].state == PathState::available);
  CHECK(test.paths(eight).size() == 2);
}

TEST_CASE("An address that was not known is a path from its first event on") {
  Paths test;
  test.take(Told::unreachable, third);
  REQUIRE(test.paths().size() == 3);
  CHECK(test.paths()[2].state == PathState::unreachable);
  const auto fourth = Address::parse("203.0.113.2:3868");
  test.take(Told::made_primary, fourth);
  REQUIRE(test.paths().size() == 4);
  CHECK(test.paths()[3].address == fourth);
  CHECK(test.paths()[3].primary);
  CHECK_FALSE(test.paths()[0].primary);
}

TEST_CASE("A path that is removed is there no more, also when it comes again") {
  Paths test;
  test.take(Told::available, second);
  test.take(Told::removed, second);
  REQUIRE(test.paths().size() == 1);
  CHECK(test.paths()[0].address == first);
  test.take(Told::removed, third);
  CHECK(test.paths().size() == 1);
  test.take(Told::added, second);
  REQUIRE(test.paths().size() == 2);
  CHECK(test.paths()[1].state == PathState::unconfirmed);
}

TEST_CASE("An event of a newer kernel about a path leaves it as it was") {
  Paths test;
  test.take(Told{77}, first);
  REQUIRE(test.paths().size() == 2);
  CHECK(test.paths()[0].state == PathState::available);
  CHECK(test.paths()[0].primary);
}

TEST_CASE("A path of an association that the table does not have is nothing") {
  Paths test;
  CHECK_FALSE(test.table.take(
      PeerAddressChange{.state = Told::available, .address = first, .association = AssociationId{9}}));
  CHECK(test.table.size() == 2);
}

TEST_CASE("What was told of an address before its association is up does not make a second path of it") {
  ManyAssociations test;
  AssociationTable table{test.socket};
  table.expect(seven);
  table.take(PeerAddressChange{.state = Told::confirmed, .address = first, .association = seven});
  test.of(seven).addresses = {first, second};
  table.take(came_up(seven));
  CHECK(table.find(seven)->paths.size() == 2);
}

TEST_CASE("Streams that are added can be used, and those that were denied not") {
  Paths test;
  using enum Reconfiguration;
  CHECK_FALSE(test.table.take(StreamChange{.result = done, .added_outgoing = 5, .association = seven}));
  CHECK(test.table.find(seven)->outgoing_streams == 15);
  CHECK(test.table.find(seven)->incoming_streams == 10);
  CHECK_FALSE(test.table.take(StreamChange{.result = done, .added_incoming = 7, .association = seven}));
  CHECK(test.table.find(seven)->incoming_streams == 17);
  for (const auto result : {denied, failed}) {
    const StreamChange no{.result = result, .added_outgoing = 1, .added_incoming = 1, .association = seven};
    CHECK_FALSE(test.table.take(no));
  }
  CHECK(test.table.find(seven)->outgoing_streams == 15);
  CHECK(test.table.find(seven)->incoming_streams == 17);
  CHECK(test.table.find(eight)->outgoing_streams == 10);
  CHECK_FALSE(
      test.table.take(StreamChange{.result = done, .added_outgoing = 5, .association = AssociationId{9}}));
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("A peer that shuts down is told, and is in the table until the end") {
  Paths test;
  const auto key = test.table.find(seven)->key;
  const auto change = test.table.take(ShutdownReceived{seven});
  REQUIRE(change);
  CHECK(change->kind == Change::Kind::shutting_down);
  CHECK(change->key == key);
  CHECK(test.table.find(key)->state == State::shutting_down);
  CHECK_FALSE(test.table.find(key)->due);
  CHECK(test.table.find(eight)->state == State::up);
  CHECK_FALSE(test.table.take(ShutdownReceived{AssociationId{9}}));
  const auto closed = test.table.take(ended(seven, AssociationChange::End::peer_shutdown));
  REQUIRE(closed);
  CHECK(closed->key == key);
}

TEST_CASE("Every other event changes nothing, and asks the kernel nothing") {
  Paths test;
  const Notification others[]{UnknownNotification{},
                              RemoteError{.association = seven},
                              SendFailed{.association = seven},
                              PartialDeliveryAborted{.association = seven},
                              AdaptationIndication{.association = seven},
                              AuthenticationEvent{.association = seven},
                              SenderDry{seven},
                              StreamReset{.association = seven},
                              AssociationReset{.association = seven}};
  for (const Notification& event : others) {
    CHECK_FALSE(test.table.take(event));
    CHECK_FALSE(test.table.take(Received{event}));
  }
  AssociationChange newer = came_up(seven);
  newer.state = AssociationChange::State{77};
  CHECK_FALSE(test.table.take(newer));
  CHECK(test.table.find(seven)->state == State::up);
  CHECK(test.table.size() == 2);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("A table takes what was received as it is, messages too") {
  Paths test;
  CHECK_FALSE(test.table.take(Received{Message{.payload = as_bytes("hello"), .association = seven}}));
  CHECK_FALSE(test.table.take(Received{ReceiveStatus::would_block}));
  CHECK_FALSE(test.table.take(Received{ReceiveStatus::end_of_stream}));
  CHECK(test.table.take(Received{ShutdownReceived{seven}})->kind == Change::Kind::shutting_down);
  CHECK(test.table.take(Received{ended(seven, AssociationChange::End::timeout)})->kind ==
        Change::Kind::closed);
  CHECK(test.table.size() == 1);
}

TEST_CASE("States and changes have names, and numbers where they have none") {
  CHECK(to_string(State::setting_up) == "setting up");
  CHECK(to_string(State::up) == "up");
  CHECK(to_string(State::shutting_down) == "shutting down");
  CHECK(to_string(State{9}) == "state 9");
  CHECK(to_string(PathState::unconfirmed) == "unconfirmed");
  CHECK(to_string(PathState::available) == "available");
  CHECK(to_string(PathState::potentially_failed) == "potentially failed");
  CHECK(to_string(PathState::unreachable) == "unreachable");
  CHECK(to_string(PathState{9}) == "state 9");
  CHECK(to_string(Change::Kind::up) == "up");
  CHECK(to_string(Change::Kind::restarted) == "restarted");
  CHECK(to_string(Change::Kind::shutting_down) == "shutting down");
  CHECK(to_string(Change::Kind::path) == "path");
  CHECK(to_string(Change::Kind::closed) == "closed");
  CHECK(to_string(Change::Kind{9}) == "kind 9");
}

TEST_CASE("The text of a change is its event's, and says whether its time was over") {
  const AssociationTable::Key key{seven, 3};
  Change change{.kind = Change::Kind::up, .key = key, .association = came_up(seven)};
  CHECK(to_string(change) == to_string(Notification{change.association}));
  change = {.kind = Change::Kind::restarted, .key = key, .association = restarted(seven)};
  CHECK(to_string(change) == to_string(Notification{change.association}));
  change = {.kind = Change::Kind::shutting_down, .key = key};
  CHECK(to_string(change) == to_string(Notification{ShutdownReceived{seven}}));
  change = {.kind = Change::Kind::path, .key = key};
  change.path = {.state = Told::unreachable, .address = first, .association = seven};
  CHECK(to_string(change) == to_string(Notification{change.path}));
  change = {.kind = Change::Kind::closed, .key = key};
  change.association = ended(seven, AssociationChange::End::own_abort);
  const auto text = to_string(Notification{change.association});
  CHECK(to_string(change) == text);
  change.overdue = true;
  CHECK(to_string(change) == text + "; its time was over");
}

}  // namespace

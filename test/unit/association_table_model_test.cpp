// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_table.hpp>

#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "many_associations.hpp"
#include "support/catch.hpp"

/// An AssociationTable beside a model of it.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Change = AssociationTable::Change;
using Clock = AssociationTable::Clock;
using End = AssociationChange::End;
using Key = AssociationTable::Key;
using State = AssociationTable::State;

/// What a user would have without the table.
struct Life {
  Key key{};
  State state{};
  std::uint16_t outgoing = 0;
  std::set<std::string> paths{};
  bool told = false;  // that it is up
  bool timed = false;
  bool overdue = false;
};

struct Model : ManyAssociations {
  AssociationTable table{socket};
  std::map<AssociationId, Life> lives{};
  std::set<Key> keys{};    // all that there ever were
  std::set<Key> closed{};  // or ended by a restart
  Dice dice;

  explicit Model(unsigned seed) : dice{seed} {}

  Life* find(AssociationId id) {
    const auto found = lives.find(id);
    return found == lives.end() ? nullptr : &found->second;
  }
  void begins(AssociationId id, Key key, State state) {
    CHECK(key.id == id);
    CHECK(keys.insert(key).second);
    lives[id] = {.key = key, .state = state};
  }
  void ends(AssociationId id) {
    CHECK(closed.insert(find(id)->key).second);
    lives.erase(id);
  }
  std::set<std::string> random_addresses() {
    std::set<std::string> texts;
    auto& addresses = of(AssociationId{1000}).addresses;  // only to be told
    addresses.clear();
    for (std::size_t count = 1 + dice.below(3); count != 0; --count) {
      const auto last = static_cast<std::uint8_t>(1 + dice.below(5));
      const auto address = Address::v4({192, 0, 2, last}, 3868);
      if (texts.insert(to_string(address)).second) addresses.push_back(address);
    }
    return texts;
  }

  void take_begin(AssociationId id) {
    Life* life = find(id);
    const bool is_first = life != nullptr && !life->told;
    AssociationChange event = dice.one_in(2) && !is_first ? restarted(id) : came_up(id);
    event.outgoing_streams = static_cast<std::uint16_t>(dice.below(100));
    const auto paths = random_addresses();
    of(id).addresses = of(AssociationId{1000}).addresses;
    of(id).state = SCTP_ESTABLISHED;
    const auto change = table.take(event);
    REQUIRE(change);
    if (is_first) {
      CHECK(change->kind == Change::Kind::up);
      CHECK(change->key == life->key);
      if (life->state == State::setting_up) life->timed = false;
      if (life->state == State::setting_up) life->state = State::up;
    } else if (life != nullptr) {
      CHECK(change->kind == Change::Kind::restarted);
      CHECK(change->ended.key == life->key);
      ends(id);
      begins(id, change->key, State::up);
    } else {
      CHECK(change->kind == Change::Kind::up);
      begins(id, change->key, State::up);
    }
    Life& now = lives.at(id);
    now.told = true;
    now.outgoing = event.outgoing_streams;
    now.paths = paths;
  }

  void take_end(AssociationId id) {
    const Life* life = find(id);
    const auto end = dice.one_of<End>({End::own_shutdown, End::peer_shutdown, End::own_abort, End::peer_abort,
                                       End::timeout, End::no_setup});
    kernel.association_ends(fd, id);
    const auto change = table.take(Received{ended(id, end)});
    REQUIRE(change.has_value() == (life != nullptr));
    if (life == nullptr) return;
    CHECK(change->kind == Change::Kind::closed);
    CHECK(change->key == life->key);
    CHECK(change->overdue == life->overdue);
    CHECK(change->association.end == end);
    ends(id);
  }

  void take_path(AssociationId id) {
    using Told = PeerAddressChange::State;
    Life* life = find(id);
    if (life != nullptr && life->state == State::setting_up) return;  // the kernel tells none then
    const auto state = dice.one_of<Told>({Told::added, Told::removed, Told::available, Told::made_primary});
    const auto address = Address::v4({192, 0, 2, static_cast<std::uint8_t>(1 + dice.below(5))}, 3868);
    const auto change = table.take(PeerAddressChange{.state = state, .address = address, .association = id});
    REQUIRE(change.has_value() == (life != nullptr));
    if (life == nullptr) return;
    CHECK(change->kind == Change::Kind::path);
    CHECK(change->key == life->key);
    if (state == Told::removed) {
      life->paths.erase(to_string(address));
    } else {
      life->paths.insert(to_string(address));
    }
  }

  void take_other(AssociationId id) {
    Life* life = find(id);
    if (dice.one_in(2)) {
      CHECK_FALSE(table.take(StreamChange{.added_outgoing = 3, .association = id}));
      if (life != nullptr) life->outgoing = static_cast<std::uint16_t>(life->outgoing + 3);
      return;
    }
    if (life != nullptr && life->state == State::setting_up) return;
    const auto change = table.take(ShutdownReceived{id});
    REQUIRE(change.has_value() == (life != nullptr));
    if (life == nullptr) return;
    CHECK(change->kind == Change::Kind::shutting_down);
    CHECK(change->key == life->key);
    life->state = State::shutting_down;
  }

  void do_something(AssociationId id) {
    Life* life = find(id);
    switch (dice.below(5)) {
      case 0:
        if (life != nullptr) return;  // the kernel gives no number twice
        of(id).state = SCTP_COOKIE_WAIT;
        begins(id, table.expect(id, 1h), State::setting_up);
        lives.at(id).timed = true;
        return;
      case 1:
        if (life != nullptr) return;
        of(id) = FakeAssociation{};
        of(id).streams_out = 77;
        begins(id, table.add(id), State::up);
        lives.at(id).outgoing = 77;
        return;
      case 2:
        if (life == nullptr) return;
        table.shutdown(life->key, 1h);
        life->state = State::shutting_down;
        life->timed = true;
        return;
      case 3:
        if (!dice.one_in(10)) return;
        table.abort_overdue(Clock::now() + 2h);
        for (auto& [one, it] : lives) {
          it.overdue |= it.timed;
          it.timed = false;
        }
        return;
      default:
        if (!dice.one_in(10)) return;
        table.forget(id);
        if (life != nullptr) lives.erase(id);
    }
  }

  void step() {
    const AssociationId id{static_cast<int>(3 + dice.below(6))};
    switch (dice.below(10)) {
      case 0:
      case 1:
      case 2: return take_begin(id);
      case 3:
      case 4: return take_end(id);
      case 5: return take_path(id);
      case 6: return take_other(id);
      default: return do_something(id);
    }
  }

  /// Every entry is what the model says, so that no event has changed that of another association.
  void compare() {
    REQUIRE(table.size() == lives.size());
    REQUIRE(table.empty() == lives.empty());
    bool anything_timed = false;
    for (const auto& [id, entry] : table) {
      const Life* life = find(id);
      REQUIRE(life != nullptr);
      REQUIRE(entry.key == life->key);
      REQUIRE(table.find(life->key) == &entry);
      REQUIRE(entry.state == life->state);
      REQUIRE(entry.outgoing_streams == life->outgoing);
      REQUIRE(entry.due.has_value() == life->timed);
      REQUIRE(entry.overdue == life->overdue);
      std::set<std::string> paths;
      for (const auto& path : entry.paths) REQUIRE(paths.insert(to_string(path.address)).second);
      REQUIRE(paths == life->paths);
      anything_timed |= life->timed;
    }
    for (const Key& key : closed) REQUIRE(table.find(key) == nullptr);
    REQUIRE(table.abort_overdue(Clock::now()).has_value() == anything_timed);
  }
};

TEST_CASE("A table agrees with a model of it, whatever happens to whom") {
  const unsigned seed = seed_of_the_test();
  for (unsigned run = 0; run != 60; ++run) {
    Model model{seed + run};
    for (int step = 0; step != 80; ++step) {
      CAPTURE(seed, run, step);
      model.step();
      model.compare();
    }
    // Each life that is left is closed once.
    const auto left = model.lives;
    for (const auto& [id, life] : left) {
      CHECK(model.table.take(ended(id, End::timeout))->key == life.key);
      CHECK_FALSE(model.table.take(ended(id, End::timeout)));
    }
    CHECK(model.table.empty());
  }
}

}  // namespace

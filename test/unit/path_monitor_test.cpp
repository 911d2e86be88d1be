// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/path_monitor.hpp>

#include <cerrno>
#include <vector>

#include <sctpxx/error.hpp>

#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = option::PeerAddrInfo::State;
using Told = PeerAddressChange::State;

const Address first = Address::parse("192.0.2.1:3868");
const Address second = Address::parse("198.51.100.1:3868");
const Address third = Address::parse("203.0.113.1:3868");

/// An association with two paths on a one-to-many socket, and another.
struct Watched : OneSocket {
  Watched() : OneSocket{Style::one_to_many} {
    kernel.association(fd, seven).addresses = {first, second};
    kernel.association(fd, eight).addresses = {first, second};
  }

  /// What the kernel was asked to take as the primary; the first if nothing.
  [[nodiscard]] Address primary() { return Association{socket, seven}.get<option::PrimaryAddr>().address; }
  [[nodiscard]] std::size_t times_chosen() const { return times_set(SCTP_PRIMARY_ADDR); }
};

PeerAddressChange change(Told state, const Address& address, AssociationId id = seven) {
  return {.state = state, .address = address, .association = id};
}

TEST_CASE("A monitor begins with the paths that there are, and asks for all that becomes of them") {
  Watched test;
  test.kernel.association(test.fd, seven).paths = {{second, SCTP_ACTIVE}};
  const PathMonitor monitor{test.association};
  REQUIRE(monitor.paths().size() == 2);
  CHECK(monitor.paths()[0].address == first);
  CHECK(monitor.paths()[0].state == State::available);
  CHECK(monitor.paths()[0].primary);
  CHECK(monitor.paths()[0].failures == 0);
  CHECK(monitor.paths()[1].address == second);
  CHECK(monitor.paths()[1].state == State::available);
  CHECK_FALSE(monitor.paths()[1].primary);
  CHECK(monitor.association().id() == seven);
  CHECK(test.kernel.association(test.fd, seven).events ==
        std::set{static_cast<std::uint16_t>(PeerAddressChange::type)});
  CHECK(test.association.get<option::ExposePotentiallyFailedState>().exposure ==
        option::ExposePotentiallyFailedState::Exposure::always);
  CHECK(test.times_chosen() == 0);
}

TEST_CASE("A kernel that has nothing to expose is watched all the same") {
  Watched test;
  test.kernel.unknown_options = {{IPPROTO_SCTP, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE}};
  CHECK(PathMonitor{test.association}.paths().size() == 2);
}

TEST_CASE("Of an association that there is not, no monitor can be made") {
  Watched test;
  CHECK_THROWS_AS((PathMonitor{Association{test.socket, AssociationId{9}}}), std::system_error);
  CHECK_THROWS_AS((PathMonitor{test.association, third}), std::system_error);
}

TEST_CASE("Each path is what the events say, and how often it failed is counted") {
  Watched test;
  PathMonitor monitor{test.association};
  const auto told = monitor.take(change(Told::unreachable, second));
  REQUIRE(told);
  CHECK(told->event.state == Told::unreachable);
  CHECK(told->event.address == second);
  CHECK_FALSE(told->preferred_again);
  CHECK(monitor.paths()[1].state == State::unreachable);
  CHECK(monitor.paths()[1].failures == 1);
  CHECK(monitor.paths()[0].state == State::available);
  CHECK(monitor.take(change(Told::available, second)));
  CHECK(monitor.paths()[1].state == State::available);
  CHECK(monitor.take(change(Told::potentially_failed, second)));
  CHECK(monitor.paths()[1].state == State::potentially_failed);
  CHECK(monitor.take(change(Told::unreachable, second)));
  CHECK(monitor.paths()[1].failures == 2);
  CHECK(monitor.paths()[0].failures == 0);
  CHECK(monitor.take(change(Told::made_primary, second)));
  CHECK_FALSE(monitor.paths()[0].primary);
  CHECK(monitor.paths()[1].primary);
  CHECK(monitor.take(change(Told::added, third)));
  REQUIRE(monitor.paths().size() == 3);
  CHECK(monitor.paths()[2].state == State::unconfirmed);
  CHECK(monitor.take(change(Told::removed, first)));
  REQUIRE(monitor.paths().size() == 2);
  CHECK(monitor.paths()[0].address == second);
  CHECK(monitor.take(change(Told::removed, first)));  // which it is no more
  CHECK(monitor.paths().size() == 2);
  CHECK(test.times_chosen() == 0);
}

TEST_CASE("Since when a path is in a state changes with the state alone") {
  Watched test;
  PathMonitor monitor{test.association};
  const auto begin = monitor.paths()[1].since;
  monitor.take(change(Told::unreachable, second));
  const auto failed = monitor.paths()[1].since;
  CHECK(failed >= begin);
  CHECK(monitor.paths()[0].since == begin);
  monitor.take(change(Told::unreachable, second));
  CHECK(monitor.paths()[1].since == failed);
  monitor.take(change(Told::made_primary, second));
  CHECK(monitor.paths()[1].since == failed);
}

TEST_CASE("What is not about the association's paths is nothing") {
  Watched test;
  PathMonitor monitor{test.association};
  CHECK_FALSE(monitor.take(change(Told::unreachable, second, eight)));
  CHECK_FALSE(monitor.take(SenderDry{.association = seven}));
  CHECK_FALSE(monitor.take(Received{ReceiveStatus::would_block}));
  CHECK_FALSE(monitor.take(Received{Message{}}));
  CHECK_FALSE(monitor.take(AssociationChange{.state = AssociationChange::State::lost, .association = seven}));
  CHECK(monitor.paths()[1].state == State::unconfirmed);
  CHECK(monitor.take(Received{Notification{change(Told::unreachable, second)}}));
}

TEST_CASE("The preferred path is the primary from the beginning, and when another is preferred that is") {
  Watched test;
  PathMonitor monitor{test.association, second};
  CHECK(test.primary() == second);
  CHECK(monitor.paths()[1].primary);
  monitor.prefer(first);
  CHECK(test.primary() == first);
  CHECK_THROWS_AS(monitor.prefer(third), std::system_error);
}

TEST_CASE("The preferred path is made the primary again when it comes back and is not") {
  Watched test;
  PathMonitor monitor{test.association, second};
  monitor.take(change(Told::made_primary, second));
  const std::size_t before = test.times_chosen();
  SECTION("but not as long as it is") {
    const auto told = monitor.take(change(Told::available, second));
    REQUIRE(told);
    CHECK_FALSE(told->preferred_again);
    CHECK(test.times_chosen() == before);
  }
  SECTION("after another was chosen for it") {
    monitor.take(change(Told::made_primary, first));
    CHECK(test.times_chosen() == before);
    const Told state = GENERATE(Told::available, Told::confirmed, Told::added);
    const auto told = monitor.take(change(state, second));
    REQUIRE(told);
    CHECK(told->preferred_again);
    CHECK(test.times_chosen() == before + 1);
    CHECK(test.primary() == second);
    CHECK(to_string(*told).ends_with(", and is made the primary again"));
  }
  SECTION("and no other path is") {
    monitor.take(change(Told::made_primary, first));
    for (const Told state : {Told::available, Told::confirmed, Told::added, Told::unreachable}) {
      CHECK_FALSE(monitor.take(change(state, first))->preferred_again);
    }
    for (const Told state : {Told::unreachable, Told::potentially_failed}) {
      CHECK_FALSE(monitor.take(change(state, second))->preferred_again);
    }
    CHECK(test.times_chosen() == before);
  }
  SECTION("after it was removed and added") {
    monitor.take(change(Told::made_primary, first));
    monitor.take(change(Told::removed, second));
    CHECK(monitor.paths().size() == 1);
    CHECK(monitor.take(change(Told::added, second))->preferred_again);
  }
  SECTION("unless the kernel refuses, since something is gone") {
    monitor.take(change(Told::made_primary, first));
    test.kernel.fail_next(Call::setsockopt, EINVAL);
    const auto told = monitor.take(change(Told::available, second));
    REQUIRE(told);
    CHECK_FALSE(told->preferred_again);
  }
}

TEST_CASE("When the peer restarts the paths are asked for anew, and their failures stay counted") {
  Watched test;
  PathMonitor monitor{test.association};
  monitor.take(change(Told::unreachable, second));
  test.kernel.association(test.fd, seven).addresses = {second, third};
  CHECK_FALSE(
      monitor.take(AssociationChange{.state = AssociationChange::State::restarted, .association = seven}));
  REQUIRE(monitor.paths().size() == 2);
  CHECK(monitor.paths()[0].address == second);
  CHECK(monitor.paths()[0].state == State::available);
  CHECK(monitor.paths()[0].failures == 1);
  CHECK(monitor.paths()[1].address == third);
  CHECK(monitor.paths()[1].failures == 0);
}

TEST_CASE("A change is told in the event's own words") {
  CHECK(to_string(PathMonitor::Change{.event = change(Told::unreachable, first)}) ==
        to_string(Notification{change(Told::unreachable, first)}));
}

TEST_CASE("Without memory a change is not taken, and may be given again") {
  Watched test;
  PathMonitor monitor{test.association};
  {
    const NoMemory none;
    CHECK_THROWS_AS(monitor.take(change(Told::added, third)), std::bad_alloc);
  }
  CHECK(monitor.paths().size() == 2);
  CHECK(monitor.take(change(Told::added, third)));
  CHECK(monitor.paths().size() == 3);
}

}  // namespace

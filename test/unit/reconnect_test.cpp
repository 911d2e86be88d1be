// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/reconnect.hpp>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/waker.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// What `failed` was told.
struct Failure {
  std::error_code error;
  milliseconds pause;
};

struct Peer {
  FakeKernel kernel;
  Address first = Address::parse("192.0.2.1:3868");
  Address second = Address::parse("198.51.100.1:3868");
  std::vector<Failure> failures;
  std::size_t prepared = 0;

  Reconnector::Settings settings() {
    Reconnector::Settings settings;
    settings.pauses = Backoff{100ms, 1s, 7};
    settings.prepare = [this](OneToOneSocket& socket) {
      ++prepared;
      CHECK(socket.is_open());
    };
    settings.failed = [this](std::error_code error, milliseconds pause) {
      failures.push_back({error, pause});
    };
    return settings;
  }
  void refuses(int times) { kernel.fail_next(Call::connectx, ECONNREFUSED, times); }
  [[nodiscard]] milliseconds now() const { return milliseconds{kernel.now}; }
};

TEST_CASE("A peer that is there is connected to at once, at all of its addresses") {
  Peer peer;
  Reconnector reconnector{{peer.first, peer.second}, peer.settings()};
  const auto before = peer.now();
  const auto socket = reconnector.connect(Patience{});
  REQUIRE(socket);
  CHECK(socket->is_open());
  CHECK(peer.kernel.connected_to == std::vector<std::vector<Address>>{{peer.first, peer.second}});
  CHECK(peer.prepared == 1);
  CHECK(peer.failures.empty());
  CHECK(peer.now() == before);
  CHECK(peer.kernel.open_count() == 1);
  CHECK(peer.kernel.descriptor(socket->fd()).domain == AF_INET);
}

TEST_CASE("A peer with an IPv6 address among its own is connected to by IPv6") {
  Peer peer;
  const Address v6 = Address::parse("[2001:db8::1]:3868");
  const bool is_first = GENERATE(true, false);
  Reconnector reconnector{is_first ? std::vector{v6, peer.first} : std::vector{peer.first, v6}};
  const auto socket = reconnector.connect(1s);
  REQUIRE(socket);
  CHECK(peer.kernel.descriptor(socket->fd()).domain == AF_INET6);
}

TEST_CASE("A peer without an address is refused") {
  CHECK_THROWS_AS(Reconnector{std::vector<Address>{}}, std::invalid_argument);
}

TEST_CASE("A peer that refuses is asked again, after pauses that grow, and each time with a new socket") {
  Peer peer;
  peer.refuses(6);
  Reconnector reconnector{{peer.first}, peer.settings()};
  const auto before = peer.now();
  const auto socket = reconnector.connect(Patience{});
  REQUIRE(socket);
  CHECK(peer.prepared == 7);
  CHECK(peer.kernel.connected_to.size() == 7);
  CHECK(peer.kernel.count(Call::socket) == 7);
  CHECK(peer.kernel.count(Call::close) == 6);
  CHECK(peer.kernel.open_count() == 1);
  REQUIRE(peer.failures.size() == 6);
  Backoff same{100ms, 1s, 7};
  milliseconds paused = 0ms;
  for (const Failure& failure : peer.failures) {
    CHECK(failure.error == std::errc::connection_refused);
    CHECK(failure.pause == same.next());
    paused += failure.pause;
  }
  CHECK(peer.now() - before == paused);
}

TEST_CASE("An attempt takes no longer than it may") {
  Peer peer;
  auto settings = peer.settings();
  settings.attempt = 2000ms;
  peer.kernel.handshake_lasts(1'000'000);
  Reconnector reconnector{{peer.first}, settings};
  const auto before = peer.now();
  const auto socket = reconnector.connect(Patience{});
  REQUIRE(socket);
  REQUIRE(peer.failures.size() == 1);
  CHECK(peer.failures[0].error == std::errc::timed_out);
  CHECK(peer.now() - before == 2000ms + peer.failures[0].pause);
  CHECK(peer.kernel.open_count() == 1);
}

TEST_CASE("Nothing is tried when the patience is over before it begins") {
  Peer peer;
  Reconnector reconnector{{peer.first}, peer.settings()};
  CHECK_FALSE(reconnector.connect(0ms));
  Waker stop;
  stop.wake();
  peer.kernel.forget_calls();
  CHECK_FALSE(reconnector.connect(stop));
  CHECK(peer.kernel.total() == 0);
}

TEST_CASE("The patience ends the attempts and the pauses, to the millisecond") {
  Peer peer;
  Reconnector reconnector{{peer.first}, peer.settings()};
  const auto before = peer.now();
  SECTION("in an attempt") {
    peer.kernel.handshake_lasts(1'000'000);
    CHECK_FALSE(reconnector.connect(700ms));
    CHECK(peer.kernel.connected_to.size() == 1);
  }
  SECTION("in a pause") {
    peer.refuses(4);
    CHECK_FALSE(reconnector.connect(700ms));
    CHECK(peer.kernel.connected_to.size() == 4);
  }
  CHECK(peer.now() - before == 700ms);
  CHECK(peer.kernel.open_count() == 0);
}

TEST_CASE("Who has less patience than a pause is long comes to the next attempt all the same") {
  Peer peer;
  auto settings = peer.settings();
  settings.pauses = Backoff{10s, 10s, 7};
  peer.refuses(1);
  Reconnector reconnector{{peer.first}, settings};
  const auto before = peer.now();
  std::optional<OneToOneSocket> socket;
  for (int call = 0; call != 100 && !socket; ++call) socket = reconnector.connect(1s);
  REQUIRE(socket);
  REQUIRE(peer.failures.size() == 1);
  CHECK(peer.now() - before == peer.failures[0].pause);
}

TEST_CASE("A pause that is over when it is asked again is over") {
  Peer peer;
  peer.refuses(1);
  Reconnector reconnector{{peer.first}, peer.settings()};
  CHECK_FALSE(reconnector.connect(1ms));
  REQUIRE(peer.failures.size() == 1);
  peer.kernel.advance(100);
  const auto before = peer.now();
  CHECK(reconnector.connect(Patience{}));
  CHECK(peer.now() == before);
}

TEST_CASE("A waker ends a pause") {
  Peer peer;
  Reconnector reconnector{{peer.first}, peer.settings()};
  Waker stop;
  peer.refuses(1);
  peer.kernel.while_waiting([&] { stop.wake(); });
  CHECK_FALSE(reconnector.connect(stop));
  CHECK(peer.kernel.connected_to.size() == 1);
  CHECK(peer.failures.size() == 1);
  CHECK(peer.kernel.open_count() == 1);  // the waker's
  stop.reset();
  CHECK(reconnector.connect(Patience{10s, stop}));
}

TEST_CASE("A waker ends an attempt, which has not failed then") {
  Peer peer;
  Reconnector reconnector{{peer.first}, peer.settings()};
  Waker stop;
  peer.kernel.handshake_lasts(1'000'000);
  peer.kernel.while_waiting([&] { stop.wake(); });
  CHECK_FALSE(reconnector.connect(stop));
  CHECK(peer.kernel.connected_to.size() == 1);
  CHECK(peer.failures.empty());
  CHECK(peer.kernel.open_count() == 1);
  // So the next comes at once.
  stop.reset();
  const auto before = peer.now();
  CHECK(reconnector.connect(Patience{10s, stop}));
  CHECK(peer.now() == before);
}

TEST_CASE("Why the last attempt failed is told, too") {
  Peer peer;
  Reconnector reconnector{{peer.first}, peer.settings()};
  peer.kernel.handshake_lasts(1'000'000);
  CHECK_FALSE(reconnector.connect(700ms));
  REQUIRE(peer.failures.size() == 1);
  CHECK(peer.failures[0].error == std::errc::timed_out);
}

TEST_CASE("An association that was lost at once is followed by a pause, which grows") {
  Peer peer;
  auto settings = peer.settings();
  settings.held = 1h;
  Reconnector reconnector{{peer.first}, settings};
  REQUIRE(reconnector.connect(Patience{}));
  Backoff same{100ms, 1s, 7};
  for (int again = 0; again != 5; ++again) {
    const auto before = peer.now();
    REQUIRE(reconnector.connect(Patience{}));
    CHECK(peer.now() - before == same.next());
  }
  CHECK(peer.prepared == 6);
  CHECK(peer.kernel.open_count() == 0);
}

TEST_CASE("An association that held is followed by an attempt at once, and the pauses begin anew") {
  Peer peer;
  auto settings = peer.settings();
  settings.held = 1000ms;
  Reconnector reconnector{{peer.first}, settings};
  peer.refuses(4);
  REQUIRE(reconnector.connect(Patience{}));
  peer.kernel.advance(1000);
  const auto before = peer.now();
  REQUIRE(reconnector.connect(Patience{}));
  CHECK(peer.now() == before);
  peer.kernel.advance(1000);
  peer.failures.clear();
  peer.refuses(1);
  REQUIRE(reconnector.connect(Patience{}));
  REQUIRE(peer.failures.size() == 1);
  CHECK(peer.failures[0].pause <= 100ms);
  SECTION("but it must have held as long as was said") {
    peer.kernel.advance(999);
    const auto then = peer.now();
    REQUIRE(reconnector.connect(Patience{}));
    CHECK(peer.now() > then);
  }
}

TEST_CASE("Of an association that held the pauses begin anew once, not at each call after it") {
  Peer peer;
  auto settings = peer.settings();
  settings.held = 1000ms;
  Reconnector reconnector{{peer.first}, settings};
  REQUIRE(reconnector.connect(Patience{}));
  peer.kernel.advance(1000);
  peer.refuses(30);
  for (int call = 0; call != 6; ++call) static_cast<void>(reconnector.connect(3s));
  CHECK(peer.failures.back().pause >= 500ms);
  std::size_t short_pauses = 0;
  for (const Failure& failure : peer.failures) short_pauses += failure.pause <= 100ms ? 1U : 0U;
  CHECK(short_pauses == 1);
  CHECK(reconnector.connect(Patience{}));
}

TEST_CASE("A socket that cannot be opened is thrown, and what `prepare` throws, too") {
  Peer peer;
  SECTION("the socket") {
    Reconnector reconnector{{peer.first}, peer.settings()};
    peer.kernel.fail_next(Call::socket, EMFILE);
    CHECK_THROWS_AS(reconnector.connect(Patience{}), std::system_error);
    CHECK(reconnector.connect(Patience{}));
  }
  SECTION("`prepare`") {
    auto settings = peer.settings();
    settings.prepare = [](OneToOneSocket&) { throw std::runtime_error{"no"}; };
    Reconnector reconnector{{peer.first}, settings};
    CHECK_THROWS_WITH(reconnector.connect(Patience{}), "no");
    CHECK(peer.kernel.count(Call::connectx) == 0);
  }
  CHECK(peer.kernel.open_count() == 0);
}

TEST_CASE("Settings that say nothing are enough") {
  Peer peer;
  peer.refuses(2);
  Reconnector reconnector{{peer.first}};
  CHECK(reconnector.connect(Patience{}));
  CHECK(peer.kernel.connected_to.size() == 3);
}

}  // namespace

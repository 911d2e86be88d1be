// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <atomic>

#include "one_to_many.hpp"

using sctp::Address;
using sctp::as_bytes;
using sctp::OneToOneSocket;
using sctp::Reconnector;
using test::Refusing;
using namespace std::chrono_literals;

namespace {

/// Asks each address again soon.
void ask_soon(const sctp::SocketRef& socket) {
  socket.set(sctp::option::RtoInfo{.initial = 50ms, .max = 50ms, .min = 50ms});
}

/// Settings that do not keep a test waiting.
Reconnector::Settings hasty() {
  Reconnector::Settings settings;
  settings.attempt = 10s;
  settings.pauses = sctp::Backoff{1ms, 4ms};
  return settings;
}

}  // namespace

TEST_CASE("A setup that nobody answers ends when the patience does, and closes the socket",
          "[connect_well]") {
  OneToOneSocket client{Address::Family::v4};
  std::error_code error;
  SECTION("with one address") { client.connect(test::blackhole, 30ms, error); }
  SECTION("with several") {
    client.connect(std::array{test::blackhole, Address::v4({192, 0, 2, 2}, 7)}, 30ms, error);
  }
  SECTION("with no patience at all") { client.connect(test::blackhole, 0ms, error); }
  CHECK(error == std::errc::timed_out);
  CHECK_FALSE(client.is_open());
}

TEST_CASE("A setup that was given up is not heard of again", "[connect_well]") {
  sctp::Listener listener = test::listen();
  std::error_code error;
  {
    const test::Swallow hears_no_end{test::Swallow::cookie_ack};
    OneToOneSocket client{Address::Family::v4};
    client.connect(listener.local_address(), 10ms, error);
    CHECK(error == std::errc::timed_out);
  }
  // What has come of it by then, if anything, ends by itself.
  OneToOneSocket next{listener.local_address()};
  next.send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  for (;;) {
    const OneToOneSocket server = listener.accept();
    if (server.peer_address(error) != next.local_address()) continue;
    CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
    break;
  }
}

TEST_CASE("Of several addresses the first may be dead", "[connect_well]") {
  sctp::Listener listener{Address::any(Address::Family::v4, 0)};
  const std::uint16_t port = listener.local_address().port();
  const std::array peer{test::blackhole.with_port(port), Address::v4({10, 77, 0, 2}, port)};
  OneToOneSocket client{Address::Family::v4};
  ask_soon(client);
  SECTION("waiting for ever") { client.connect(peer); }
  SECTION("waiting for a time") { client.connect(peer, 60s); }
  SECTION("not waiting") {
    while (!client.try_connect(peer)) test::wait_until([] { return true; });
  }
  const OneToOneSocket server = listener.accept();
  client.send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
}

TEST_CASE("A refusal is told as such on the way to the patience's end", "[connect_well]") {
  const Refusing nobody;
  OneToOneSocket client{Address::Family::v4};
  std::error_code error;
  client.connect(nobody.address, 60s, error);
  CHECK(error == std::errc::connection_refused);
  CHECK(client.is_open());
  sctp::Listener listener = test::listen();
  client.connect(listener.local_address(), 60s, error);
  CHECK_FALSE(error);
}

TEST_CASE("A peer that gives up the setup is told as a refusal", "[connect_well]") {
  // The first address is dead, the second refuses: that is the answer of the attempt.
  const Refusing nobody;
  OneToOneSocket client{Address::Family::v4};
  ask_soon(client);
  std::error_code error;
  client.connect(std::array{test::blackhole.with_port(nobody.address.port()), nobody.address}, 60s, error);
  CHECK(error == std::errc::connection_refused);
}

TEST_CASE("A peer that comes up later is connected to then", "[connect_well]") {
  Refusing later;
  std::atomic<int> refused = 0;
  Reconnector::Settings settings = hasty();
  settings.failed = [&](std::error_code error, std::chrono::milliseconds) {
    if (error == std::errc::connection_refused) ++refused;
  };
  Reconnector reconnector{{later.address}, std::move(settings)};
  test::Task client{[&] { return reconnector.connect(60s); }};
  test::wait_until([&] { return refused >= 3; });
  later.socket.close();
  sctp::Listener listener{later.address};
  const OneToOneSocket server = listener.accept();
  const auto peer = client.get();
  REQUIRE(peer);
  peer->send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
}

TEST_CASE("A peer that was lost is connected to again", "[connect_well]") {
  sctp::Listener listener = test::listen();
  int prepared = 0;
  Reconnector::Settings settings = hasty();
  settings.prepare = [&](OneToOneSocket& socket) {
    ++prepared;
    socket.set(sctp::option::InitMsg{.outgoing_streams = 3});
  };
  Reconnector reconnector{{listener.local_address()}, std::move(settings)};
  for (int n = 1; n != 4; ++n) {
    const auto peer = reconnector.connect(60s);
    REQUIRE(peer);
    CHECK(prepared == n);
    CHECK(peer->association().status().outgoing_streams == 3);
    OneToOneSocket server = listener.accept();
    server.abort();
    sctp::ReceiveBuffer buffer;
    CHECK(test::next(2, *peer, buffer) == std::vector<std::string>{"up", "lost: user initiated abort"});
  }
}

TEST_CASE("Connecting again and again ends when it is woken", "[connect_well]") {
  const bool silent = GENERATE(false, true);
  CAPTURE(silent);
  const Refusing nobody;
  sctp::Waker stop;
  Reconnector::Settings settings = hasty();
  settings.attempt = 20ms;
  std::atomic<int> failed = 0;
  settings.failed = [&](std::error_code error, std::chrono::milliseconds) {
    if (error == (silent ? std::errc::timed_out : std::errc::connection_refused)) ++failed;
  };
  Reconnector reconnector{{silent ? test::blackhole : nobody.address}, std::move(settings)};
  test::Task client{[&] { return reconnector.connect(stop); }};
  test::wait_until([&] { return failed >= 2; });
  stop.wake();
  CHECK_FALSE(client.get());
  CHECK_FALSE(reconnector.connect(stop));
}

TEST_CASE("Connecting again and again ends when the time is over", "[connect_well]") {
  const Refusing nobody;
  Reconnector reconnector{{nobody.address}, hasty()};
  CHECK_FALSE(reconnector.connect(30ms));
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "kernel.hpp"

using sctp::Address;
using namespace std::chrono_literals;

// These need a network namespace of their own.

TEST_CASE("What has arrived of a message survives that nothing more comes for a while", "[network]") {
  auto [client, server] = test::connect(
      test::retransmit_soon, [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); });
  const auto sent = test::pattern(100'000);
  client.send(sent, {.stream = sctp::StreamId{3}, .ppid = sctp::ppid::ngap});
  server.set_nonblocking();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer, test::Mode::nonblocking) == "up");
  test::wait_for(server.fd(), POLLIN);

  test::set_loopback_up(false);
  std::error_code error;
  for (int i = 0; i != 3; ++i) {
    CHECK(test::describe(server.receive(buffer, error), error) == "would block");
    CHECK(buffer.unfinished() == 1);
  }
  test::set_loopback_up(true);
  server.set_nonblocking(false);
  const sctp::Message message = test::next_message(server, buffer);
  CHECK(std::ranges::equal(message.payload, sent));
  CHECK(message.stream == sctp::StreamId{3});
  CHECK(message.ppid == sctp::ppid::ngap);
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("A thread that waits for the rest of a message is told that an abort cut it off", "[network]") {
  // Nothing is retransmitted: what is lost while the network is down stays lost.
  auto [client, server] = test::connect(
      [](const sctp::SocketRef& socket) {
        socket.set(sctp::option::RtoInfo{.initial = 60s, .max = 60s, .min = 60s});
      },
      [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); });
  client.send(test::pattern(100'000));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  test::wait_for(server.fd(), POLLIN);

  test::set_loopback_up(false);
  std::atomic<int> thread = 0;
  test::Task receiver{[&, socket = sctp::SocketRef{server}] {
    thread = test::thread_id();
    return test::next(4, socket, buffer);
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  test::set_loopback_up(true);
  client.abort();
  CHECK(receiver.get() == std::vector<std::string>{"a message was aborted", "lost: user initiated abort",
                                                   "error: Connection reset by peer", "end of stream"});
}

TEST_CASE("A peer that falls silent is told as such, and by one error", "[network]") {
  auto [client, server] = test::connect([](const sctp::SocketRef& socket) {
    socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
  });
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer) == "up");
  test::set_loopback_up(false);
  client.send(sctp::as_bytes("anybody there?"));
  CHECK(test::next(4, client, buffer) == std::vector<std::string>{"lost: no cause given",
                                                                  "error: Connection timed out",
                                                                  "end of stream", "end of stream"});
  test::set_loopback_up(true);
}

TEST_CASE("Connecting to where nobody answers fails in time, and closes the socket", "[network]") {
  const std::array peer{test::blackhole};
  const std::size_t before = test::open_descriptors();
  for (int i = 0; i != 5; ++i) {
    sctp::OneToOneSocket socket{Address::Family::v4};
    std::error_code error;
    socket.connect(peer, i == 0 ? 0ms : 20ms, error);
    CHECK(error == std::errc::timed_out);
    CHECK(error == sctp::Condition::association_ended);
    CHECK_FALSE(socket.is_open());
    CHECK(test::open_descriptors() == before);
  }
  sctp::OneToOneSocket socket{Address::Family::v4};
  CHECK_THROWS_WITH(socket.connect(peer, 20ms),
                    Catch::Matchers::Contains("cannot connect to 192.0.2.1:7: no answer"));
}

TEST_CASE("Connecting gives up after as many attempts as were set", "[network]") {
  sctp::OneToOneSocket socket{Address::Family::v4};
  socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
  socket.set(sctp::option::InitMsg{.attempts = 2});
  std::error_code error;
  SECTION("blocking") {
    socket.connect(test::blackhole, error);
    CHECK(error == std::errc::timed_out);
  }
  SECTION("without blocking") {
    const std::array peer{test::blackhole};
    CHECK_FALSE(socket.try_connect(peer));
    test::wait_for(socket.fd(), POLLOUT);
    CHECK_FALSE(socket.try_connect(peer, error));
    CHECK(error == std::errc::timed_out);
  }
  SECTION("with a first message") {
    socket.connect_and_send(test::blackhole, sctp::as_bytes("anybody there?"), {}, error);
    CHECK(error == std::errc::timed_out);
  }
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(socket, buffer) == "unable to start");
  CHECK(test::next(socket, buffer) == "end of stream");
  CHECK(socket.is_open());
  const sctp::Listener listener = test::listen();
  socket.connect(listener.local_address());
  CHECK(test::next(socket, buffer) == "up");
}

TEST_CASE("A setup that is under way can be waited for in every way", "[network]") {
  const std::array peer{test::blackhole};
  sctp::OneToOneSocket socket{Address::Family::v4};
  CHECK_FALSE(socket.try_connect(peer));
  sctp::ReceiveBuffer buffer;
  std::error_code error;
  CHECK(test::describe(socket.try_receive(buffer, error), error) == "would block");
  SECTION("by looking again") {
    for (int i = 0; i != 3; ++i) CHECK_FALSE(socket.try_connect(peer));
  }
  SECTION("for a while") {
    socket.connect(peer, 20ms, error);
    CHECK(error == std::errc::timed_out);
    CHECK_FALSE(socket.is_open());
  }
  SECTION("not by blocking on a non-blocking socket") {
    socket.set_nonblocking();
    socket.connect(peer, error);
    CHECK(error == std::errc::operation_in_progress);
  }
}

TEST_CASE("A peer that has the second address only is connected to, though its answers take their time",
          "[network]") {
  const test::Delay delay;
  test::add_address({10, 77, 0, 50});
  sctp::Listener listener{Address{"10.77.0.50", 0}};
  const std::uint16_t port = listener.local_address().port();
  const std::array peer{Address{"10.77.0.51", port}, Address{"10.77.0.50", port}};
  sctp::OneToOneSocket client{Address::Family::v4};
  client.set(sctp::option::RtoInfo{.initial = 400ms, .max = 400ms, .min = 400ms});
  std::error_code error;
  const int way = GENERATE(0, 1, 2);
  CAPTURE(way);
  if (way == 0) client.connect(peer, error);
  if (way == 1) client.connect(peer, 60s, error);
  while (way == 2 && !client.try_connect(peer, error) && !error) std::this_thread::yield();
  REQUIRE_FALSE(error);
  CHECK(client.association().peer_addresses() == std::vector<Address>{peer[1]});
  CHECK(listener.accept().is_open());
}

TEST_CASE("A refusal that takes its time is the error, and the only one", "[network]") {
  const test::Delay delay;
  sctp::OneToOneSocket nobody{Address::Family::v4};
  nobody.bind(Address::loopback(Address::Family::v4, 0));
  const std::array peer{nobody.local_address()};
  sctp::OneToOneSocket client{Address::Family::v4};
  std::error_code error;
  SECTION("blocking") { client.connect(peer, error); }
  SECTION("within a time") { client.connect(peer, 60s, error); }
  SECTION("without blocking") {
    while (!client.try_connect(peer, error) && !error) std::this_thread::yield();
  }
  SECTION("with a first message") { client.connect_and_send(peer[0], sctp::as_bytes("first"), {}, error); }
  CHECK(error == std::errc::connection_refused);
  const sctp::Listener listener = test::listen();
  client.connect(listener.local_address());
}

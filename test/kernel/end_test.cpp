// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "kernel.hpp"

using sctp::as_bytes;
using test::Mode;
using Answers = std::vector<std::string>;

namespace {

const std::string reset = "error: Connection reset by peer";

/// All answers up to the first end of the stream or error.
Answers until_end(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer, Mode mode) {
  Answers answers;
  do {
    answers.push_back(test::next(socket, buffer, mode));
  } while (answers.back() != "end of stream" && !answers.back().starts_with("error"));
  return answers;
}

}  // namespace

TEST_CASE("A graceful end is told to both sides, and then the stream is at its end for ever", "[end]") {
  const Mode mode = GENERATE(Mode::blocking, Mode::nonblocking);
  INFO(test::name(mode));
  const bool client_begins = GENERATE(true, false);
  INFO((client_begins ? "the client begins" : "the server begins"));
  auto [client, server] = test::connect();
  sctp::OneToOneSocket& first = client_begins ? client : server;
  sctp::OneToOneSocket& second = client_begins ? server : client;
  sctp::ReceiveBuffer first_buffer;
  sctp::ReceiveBuffer second_buffer;
  first.send(as_bytes("a"));
  second.send(as_bytes("x"));
  first.send(as_bytes("b"));
  first.shutdown();
  test::wait_until_gone(second.association());

  const Answers told = until_end(second, second_buffer, mode);
  CHECK(told == Answers{"up", "message a", "message b", "the peer shuts down", "shut down", "end of stream"});
  CHECK(until_end(first, first_buffer, mode) == Answers{"up", "message x", "shut down", "end of stream"});
  for (int i = 0; i != 3; ++i) {
    CHECK(test::next(first, first_buffer, mode) == "end of stream");
    CHECK(test::next(second, second_buffer, mode) == "end of stream");
  }
}

TEST_CASE("A side that still has messages to deliver delivers them when the other shuts down", "[end]") {
  auto [client, server] = test::connect(
      test::retransmit_soon, [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); });
  std::size_t sent = 0;
  while (client.try_send(test::pattern(7'000, static_cast<std::uint32_t>(sent)))) ++sent;
  server.shutdown();
  sctp::ReceiveBuffer client_buffer;
  CHECK(test::next(3, client, client_buffer) == Answers{"up", "the peer shuts down", "end of stream"});

  sctp::ReceiveBuffer buffer;
  std::size_t received = 0;
  for (; received != sent; ++received) {
    const auto expected = test::pattern(7'000, static_cast<std::uint32_t>(received));
    if (!std::ranges::equal(test::next_message(server, buffer).payload, expected)) break;
  }
  CHECK(received == sent);
  CHECK(until_end(server, buffer, Mode::blocking) == Answers{"shut down", "end of stream"});
  CHECK(until_end(client, client_buffer, Mode::blocking) == Answers{"shut down", "end of stream"});
}

TEST_CASE("Closing delivers what was queued before", "[end]") {
  auto [client, server] = test::connect(
      test::retransmit_soon, [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); });
  std::size_t sent = 0;
  while (client.try_send(test::pattern(7'000, static_cast<std::uint32_t>(sent)))) ++sent;
  REQUIRE(sent > 5);
  const bool by_shutdown = GENERATE(true, false);
  if (by_shutdown) {
    client.shutdown();
  } else {
    client.close();
  }

  sctp::ReceiveBuffer buffer;
  std::size_t received = 0;
  for (; received != sent; ++received) {
    const auto expected = test::pattern(7'000, static_cast<std::uint32_t>(received));
    if (!std::ranges::equal(test::next_message(server, buffer).payload, expected)) break;
  }
  CHECK(received == sent);
  CHECK(test::next(server, buffer) == "the peer shuts down");
  CHECK(until_end(server, buffer, Mode::blocking).back() == "end of stream");
}

TEST_CASE("Sending to a peer that has shut down is an error and no signal", "[end]") {
  auto [client, server] = test::connect();
  REQUIRE(std::signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  client.shutdown();
  std::error_code error;
  client.send(as_bytes("after"), {}, error);
  CHECK(error == sctp::Condition::association_ended);

  sctp::ReceiveBuffer buffer;
  while (server.receive(buffer)) {
  }
  server.send(as_bytes("after"), {}, error);
  CHECK(error == sctp::Condition::association_ended);
  CHECK_FALSE(server.try_send(as_bytes("after"), {}, error));
  CHECK(error == sctp::Condition::association_ended);
  CHECK_THROWS_WITH(
      server.send(as_bytes("after")),
      Catch::Matchers::Contains("cannot send 5 bytes on stream 0 to " + to_string(server.peer_address())));
  while (client.receive(buffer)) {
  }
  client.send(as_bytes("after"), {}, error);
  CHECK(error == sctp::Condition::association_ended);
}

TEST_CASE("Sending without an association is an error and no signal", "[end]") {
  REQUIRE(std::signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  std::error_code error;
  socket.send(as_bytes("to whom"), {}, error);
  CHECK(error == sctp::Condition::association_ended);
  socket.shutdown(error);
  CHECK(error == sctp::Condition::association_ended);
  sctp::ReceiveBuffer buffer;
  static_cast<void>(socket.receive(buffer, error));
  CHECK(error == sctp::Condition::association_ended);
  socket.close();
  socket.send(as_bytes("to whom"), {}, error);
  CHECK(error == std::errc::bad_file_descriptor);
  static_cast<void>(socket.receive(buffer, error));
  CHECK(error == std::errc::bad_file_descriptor);
}

TEST_CASE("An abort is told by its event, then by one error, and then the stream is at its end", "[end]") {
  const Mode mode = GENERATE(Mode::blocking, Mode::nonblocking);
  INFO(test::name(mode));
  auto [client, server] = test::connect();
  client.send(as_bytes("a"));
  test::wait_for(server.fd(), POLLIN);
  SECTION("of a socket that aborts") { client.abort(); }
  SECTION("of a socket that is closed with unread data") {
    server.send(as_bytes("unread"));
    test::wait_for(client.fd(), POLLIN);
    test::wait_until([&] { return server.association().status().unacknowledged_chunks == 0; });
    client.close();
  }
  SECTION("of a socket that lingers for no time") {
    client.set(sctp::option::Linger{std::chrono::seconds{0}});
    client.close();
  }

  sctp::ReceiveBuffer buffer;
  CHECK(test::next(6, server, buffer, mode) ==
        Answers{"up", "message a", "lost: user initiated abort", reset, "end of stream", "end of stream"});
  std::error_code error;
  server.send(as_bytes("after"), {}, error);
  CHECK(error == sctp::Condition::association_ended);
}

TEST_CASE("An abort is told to the receiver even when a sender has met it before", "[end]") {
  const Mode mode = GENERATE(Mode::blocking, Mode::nonblocking);
  INFO(test::name(mode));
  auto [client, server] = test::connect();
  client.abort();
  test::wait_for(server.fd(), POLLERR);
  std::error_code error;
  server.send(as_bytes("after"), {}, error);
  CHECK(error == std::errc::connection_reset);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(5, server, buffer, mode) ==
        Answers{"up", "lost: user initiated abort", reset, "end of stream", "end of stream"});
}

TEST_CASE("A peer that is lost wakes the thread that receives", "[end]") {
  auto [client, server] = test::connect();
  std::atomic<int> thread = 0;
  test::Task receiver{[&, socket = sctp::SocketRef{server}] {
    thread = test::thread_id();
    sctp::ReceiveBuffer buffer;
    return until_end(socket, buffer, Mode::blocking);
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  SECTION("by an abort") {
    client.abort();
    CHECK(receiver.get() == Answers{"up", "lost: user initiated abort", reset});
  }
  SECTION("by a shutdown") {
    client.shutdown();
    CHECK(receiver.get() == Answers{"up", "the peer shuts down", "shut down", "end of stream"});
  }
}

TEST_CASE("A peer that is lost wakes the thread that sends", "[end]") {
  auto [client, server] = test::connect();
  while (client.try_send(test::pattern(30'000))) {
  }
  std::atomic<int> thread = 0;
  test::Task sender{[&, socket = sctp::SocketRef{client}] {
    thread = test::thread_id();
    std::error_code error;
    do socket.send({}, test::pattern(30'000), {}, error);  // there is room yet if acknowledgements are late
    while (!error);
    return error;
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  server.abort();
  CHECK(sender.get() == sctp::Condition::association_ended);
}

TEST_CASE("A process that is killed with unread data aborts its associations", "[end]") {
  sctp::Listener listener = test::listen();
  const sctp::Address address = listener.local_address();
  const pid_t child = ::fork();
  if (child == 0) {
    const sctp::OneToOneSocket client{address};
    for (;;) ::pause();
  }
  sctp::OneToOneSocket server = listener.accept();
  server.send(as_bytes("unread"));
  test::wait_until([&] { return server.association().status().unacknowledged_chunks == 0; });
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(4, server, buffer) == Answers{"up", "lost: user initiated abort", reset, "end of stream"});
}

TEST_CASE("A process that is killed with nothing unread ends its associations gracefully", "[end]") {
  sctp::Listener listener = test::listen();
  const sctp::Address address = listener.local_address();
  const pid_t child = ::fork();
  if (child == 0) {
    const sctp::OneToOneSocket client{address};
    client.send(as_bytes("last words"));
    for (;;) ::pause();
  }
  sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "last words");
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(until_end(server, buffer, Mode::blocking) ==
        Answers{"the peer shuts down", "shut down", "end of stream"});
}

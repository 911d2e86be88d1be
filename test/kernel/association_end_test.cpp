// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::OneToOneSocket;
using End = sctp::AssociationChange::End;
using test::Many;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

// Ending one association in order, within a time. At once: association_abort. All of a socket: shutdown_all.

namespace {

/// What the handler of a shutdown was given, described.
struct Handled {
  Answers answers;
  void operator()(const sctp::Received& received) { answers.push_back(test::describe(received, {})); }
};

/// Two sockets of one-to-one style, the events of whose setup are read.
struct Pair {
  OneToOneSocket client;
  OneToOneSocket server;
  sctp::ReceiveBuffer client_buffer;
  sctp::ReceiveBuffer server_buffer;

  explicit Pair(const test::Tune& tune_server = test::as_it_is) {
    test::Ends ends = test::connect(test::retransmit_soon, tune_server);
    client = std::move(ends.client);
    server = std::move(ends.server);
    CHECK(test::next(client, client_buffer) == "up");
    CHECK(test::next(server, server_buffer) == "up");
  }
};

std::size_t fill(const sctp::SocketRef& socket, AssociationId id, std::size_t size = 7'000) {
  std::size_t sent = 0;
  while (socket.try_send(id, test::pattern(size, static_cast<std::uint32_t>(sent)))) ++sent;
  REQUIRE(sent > 5);
  return sent;
}

}  // namespace

TEST_CASE("A shutdown with nothing on its way ends in order", "[association_end]") {
  Pair pair;
  Handled handled;
  CHECK(pair.server.shutdown(pair.server_buffer, 60s, handled) == End::own_shutdown);
  CHECK(handled.answers == Answers{"shut down"});
  CHECK_FALSE(pair.server.is_open());
  CHECK(test::next(3, pair.client, pair.client_buffer) ==
        Answers{"the peer shuts down", "shut down", "end of stream"});
}

TEST_CASE("A shutdown takes all that the peer has sent before", "[association_end]") {
  Pair pair{test::small_window};
  constexpr std::uint32_t count = 10;
  const auto payload = [](std::uint32_t i) { return test::pattern(i == 0 ? 60'000 : 3'000, i); };
  for (std::uint32_t i = 0; i != count; ++i) pair.client.send(payload(i));
  test::read_beginning(pair.server, pair.server_buffer);
  std::uint32_t good = 0;
  const End end = pair.server.shutdown(pair.server_buffer, 60s, [&](const sctp::Received& received) {
    if (const auto* message = received.message()) good += std::ranges::equal(message->payload, payload(good));
  });
  CHECK(end == End::own_shutdown);
  CHECK(good == count);
  CHECK(test::next(2, pair.client, pair.client_buffer) == Answers{"the peer shuts down", "shut down"});
}

TEST_CASE("A shutdown goes on behind a message that is over the limit, and tells of it at last",
          "[association_end]") {
  Pair pair;
  sctp::ReceiveBuffer narrow{1024, 1024};
  for (const std::size_t size : {10U, 5'000U, 20U}) pair.client.send(test::pattern(size));
  pair.client.send(as_bytes("last"));
  Handled handled;
  std::error_code error;
  CHECK(pair.server.shutdown(narrow, 60s, handled, error) == End::own_shutdown);
  CHECK(error == sctp::Errc::message_exceeds_limit);
  CHECK(handled.answers.size() == 4);
  CHECK(handled.answers.at(2) == "message last");
  CHECK(handled.answers.at(3) == "shut down");
  CHECK_FALSE(pair.server.is_open());
}

TEST_CASE("A shutdown that the peer's silence holds up becomes an abort", "[association_end]") {
  enum class How { time, waker };
  const How how = GENERATE(How::time, How::waker);
  Pair pair{[](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); }};
  const std::size_t sent = fill(pair.client, {});
  Handled handled;
  if (how == How::time) {
    CHECK(pair.client.shutdown(pair.client_buffer, 50ms, handled) == End::own_abort);
  } else {
    sctp::Waker waker;
    std::atomic<int> thread = 0;
    test::Task shutter{[&] {
      thread = test::thread_id();
      return pair.client.shutdown(pair.client_buffer, waker, handled);
    }};
    test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
    waker.wake();
    CHECK(shutter.get() == End::own_abort);
  }
  CHECK(handled.answers.empty());
  CHECK_FALSE(pair.client.is_open());
  // The server has what it had room for, and then is told of the abort.
  std::size_t received = 0;
  std::string answer;
  while ((answer = test::next(pair.server, pair.server_buffer)).starts_with("message")) ++received;
  if (answer == "a message was aborted") answer = test::next(pair.server, pair.server_buffer);
  CHECK(answer == "lost: user initiated abort");
  CHECK(received < sent);
}

TEST_CASE("Where both sides shut down at once, each ends in order", "[association_end]") {
  Pair pair;
  Handled of_client;
  Handled of_server;
  std::optional<test::Outage> neither_is_heard{std::in_place};
  test::Task client{[&] { return pair.client.shutdown(pair.client_buffer, 60s, of_client); }};
  test::Task server{[&] { return pair.server.shutdown(pair.server_buffer, 60s, of_server); }};
  const auto has_begun = [](const OneToOneSocket& socket) {
    return socket.association().status().state == sctp::option::Status::State::shutdown_sent;
  };
  test::wait_until([&] { return has_begun(pair.client) && has_begun(pair.server); });
  neither_is_heard.reset();
  CHECK(client.get() == End::own_shutdown);
  CHECK(server.get() == End::own_shutdown);
  CHECK(of_client.answers == Answers{"shut down"});
  CHECK(of_server.answers == Answers{"shut down"});
}

TEST_CASE("A shutdown that comes after the end tells what that was", "[association_end]") {
  Pair pair;
  Handled handled;
  SECTION("the peer has shut down") {
    pair.client.shutdown();
    CHECK(test::next(pair.client, pair.client_buffer) == "shut down");
    CHECK(pair.server.shutdown(pair.server_buffer, 60s, handled) == End::peer_shutdown);
    CHECK(handled.answers == Answers{"the peer shuts down", "shut down"});
  }
  SECTION("the peer has closed after some last words") {
    pair.client.send(as_bytes("last words"));
    pair.client.close();
    test::wait_until_gone(pair.server.association());
    CHECK(pair.server.shutdown(pair.server_buffer, 60s, handled) == End::peer_shutdown);
    CHECK(handled.answers == Answers{"message last words", "the peer shuts down", "shut down"});
  }
  SECTION("the peer has aborted") {
    pair.client.abort();
    CHECK(pair.server.shutdown(pair.server_buffer, 60s, handled) == End::peer_abort);
    CHECK(handled.answers == Answers{"lost: user initiated abort"});
  }
  SECTION("the end has been received") {
    pair.client.close();
    while (pair.server.receive(pair.server_buffer)) {
    }
    CHECK(pair.server.shutdown(pair.server_buffer, 60s, handled) == End::none);
    CHECK(handled.answers.empty());
  }
  SECTION("there never was an association") {
    OneToOneSocket socket{sctp::Address::Family::v4};
    sctp::ReceiveBuffer buffer;
    CHECK(socket.shutdown(buffer, 60s, handled) == End::none);
    CHECK_FALSE(socket.is_open());
  }
  CHECK((!pair.server.is_open() || handled.answers.empty()));
}

TEST_CASE("A shutdown while the peer shuts down, too, and we still have to deliver, waits for that",
          "[association_end]") {
  Pair pair{[](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); }};
  const std::size_t sent = fill(pair.client, {});
  pair.server.shutdown();
  test::wait_for(pair.client.fd(), POLLIN);
  Handled handled;
  test::Task other{[&] {
    std::size_t received = 0;
    while (const auto answer = pair.server.receive(pair.server_buffer))
      received += answer.message() != nullptr;
    return received;
  }};
  CHECK(pair.client.shutdown(pair.client_buffer, 60s, handled) == End::peer_shutdown);
  CHECK(handled.answers == Answers{"the peer shuts down", "shut down"});
  CHECK(other.get() == sent);
}

TEST_CASE("A peeled-off socket is shut down within a time as any other", "[association_end]") {
  Many parent;
  OneToOneSocket client{sctp::Address::Family::v4};
  client.set(sctp::option::RcvBuf{20'000});
  client.connect(parent.address());
  const AssociationId id = parent.next_up();
  sctp::ReceiveBuffer buffer;
  OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
  Handled handled;
  SECTION("in order") {
    client.send(as_bytes("last words"));
    CHECK(peer.shutdown(buffer, 60s, handled) == End::own_shutdown);
    CHECK(handled.answers == Answers{"message last words", "shut down"});
  }
  SECTION("not in time") {
    fill(peer, id);
    CHECK(peer.shutdown(buffer, 50ms, handled) == End::own_abort);
    CHECK(handled.answers.empty());
  }
  CHECK_FALSE(peer.is_open());
}

TEST_CASE("A shutdown of a descriptor that listens, and never has an association, ends",
          "[association_end]") {
  const sctp::Listener listener = test::listen();
  OneToOneSocket adopted = OneToOneSocket::adopt(::dup(listener.fd()));
  sctp::ReceiveBuffer buffer;
  Handled handled;
  CHECK(adopted.shutdown(buffer, 5s, handled) == End::none);
  CHECK(handled.answers.empty());
  CHECK_FALSE(adopted.is_open());
}

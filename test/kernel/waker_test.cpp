// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <pthread.h>

#include <atomic>
#include <csignal>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::OneToOneSocket;
using sctp::Waker;
using Status = sctp::ReceiveStatus;
using namespace std::chrono_literals;

namespace {

/// Runs `call` in a thread of its own, and when that is blocked, `wake`. Answers what `call` does.
template <class Call, class Wake>
auto blocked_until(Call call, Wake wake) {
  std::atomic<int> thread = 0;
  std::atomic<pthread_t> handle{};
  test::Task task{[&] {
    handle = ::pthread_self();
    thread = test::thread_id();
    return call();
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  wake(handle.load());
  return task.get();
}

Waker* of_handler = nullptr;

/// Wakes from another thread, or from a handler that interrupts the thread which waits.
enum class From { thread, handler };
void wake(Waker& waker, From from, pthread_t thread) {
  if (from == From::thread) return waker.wake();
  of_handler = &waker;
  struct sigaction action {};
  action.sa_handler = [](int) { of_handler->wake(); };
  REQUIRE(::sigaction(SIGUSR2, &action, nullptr) == 0);
  REQUIRE(::pthread_kill(thread, SIGUSR2) == 0);
}

From any() { return GENERATE(From::thread, From::handler); }

}  // namespace

TEST_CASE("A thread that waits to receive is woken, and the socket is as before", "[waker]") {
  const From from = any();
  const auto style = GENERATE(sctp::Style::one_to_one, sctp::Style::one_to_many, sctp::Style::peeled_off);
  CAPTURE(int(from), to_string(style));
  test::Receiver receiver{{style, test::Delivery::interleaves_peers}};
  const OneToOneSocket client = receiver.connect();
  Waker waker;
  const auto status =
      blocked_until([&] { return receiver.socket().receive(receiver.buffer(), waker).status(); },
                    [&](pthread_t thread) { wake(waker, from, thread); });
  CHECK(status == Status::would_block);
  CHECK(waker.is_awake());
  client.send(as_bytes("hello"));
  // As long as it is awake nobody waits, and nothing is lost.
  CHECK(receiver.socket().receive(receiver.buffer(), waker).status() == Status::would_block);
  waker.reset();
  const auto received = receiver.socket().receive(receiver.buffer(), waker);
  REQUIRE(received.message() != nullptr);
  CHECK(test::text(received.message()->payload) == "hello");
}

TEST_CASE("A thread that waits to accept is woken, and peers are accepted after that", "[waker]") {
  const From from = any();
  sctp::Listener listener = test::listen();
  Waker waker;
  const bool accepted = blocked_until([&] { return listener.accept(waker).has_value(); },
                                      [&](pthread_t thread) { wake(waker, from, thread); });
  CHECK_FALSE(accepted);
  const OneToOneSocket client{listener.local_address()};
  CHECK_FALSE(listener.accept(waker));
  waker.reset();
  const auto server = listener.accept(waker);
  REQUIRE(server);
  CHECK(server->peer_address() == client.local_address());
}

TEST_CASE("A thread that waits to connect is woken, and the setup is given up", "[waker]") {
  const From from = any();
  Waker waker;
  OneToOneSocket client{sctp::Address::Family::v4};
  const auto error = blocked_until(
      [&] {
        std::error_code told;
        client.connect(test::blackhole, waker, told);
        return told;
      },
      [&](pthread_t thread) { wake(waker, from, thread); });
  CHECK(error == std::errc::operation_canceled);
  CHECK_FALSE(client.is_open());
}

TEST_CASE("What is woken before it waits does not wait", "[waker]") {
  auto [client, server] = test::connect();
  sctp::Listener listener = test::listen();
  Waker waker;
  waker.wake();
  waker.wake();
  sctp::ReceiveBuffer buffer;
  CHECK(server.receive(buffer, waker).status() == Status::would_block);
  CHECK(server.receive(buffer, {60s, waker}).status() == Status::would_block);
  CHECK_FALSE(listener.accept(waker));
  OneToOneSocket late{sctp::Address::Family::v4};
  std::error_code error;
  late.connect(test::blackhole, {60s, waker}, error);
  CHECK(error == std::errc::operation_canceled);
  waker.reset();
  CHECK_FALSE(waker.is_awake());
  CHECK(test::next(server, buffer) == "up");
  // Two wakes take one reset.
  CHECK(server.receive(buffer, {1ms, waker}).status() == Status::would_block);
}

TEST_CASE("One waker wakes all who wait with it", "[waker]") {
  test::Ends ends = test::connect();
  sctp::Listener listener = test::listen();
  Waker waker;
  std::atomic<int> first = 0;
  std::atomic<int> second = 0;
  test::Task receiver{[&, socket = sctp::SocketRef{ends.server}] {
    sctp::ReceiveBuffer buffer;
    static_cast<void>(socket.receive(buffer));  // up
    first = test::thread_id();
    return socket.receive(buffer, waker).status();
  }};
  test::Task acceptor{[&] {
    second = test::thread_id();
    return listener.accept(waker).has_value();
  }};
  test::wait_until(
      [&] { return first != 0 && second != 0 && test::is_blocked(first) && test::is_blocked(second); });
  waker.wake();
  CHECK(receiver.get() == Status::would_block);
  CHECK_FALSE(acceptor.get());
}

TEST_CASE("Messages that come while a thread is woken are not lost", "[waker]") {
  test::Ends ends = test::connect();
  const sctp::SocketRef client = ends.client;
  constexpr int count = 300;
  Waker waker;
  std::atomic<int> received = 0;
  std::atomic<std::size_t> woken = 0;
  std::atomic<std::size_t> resets = 0;
  test::Task receiver{[&, socket = sctp::SocketRef{ends.server}] {
    sctp::ReceiveBuffer buffer;
    bool in_order = true;
    while (received != count) {
      const auto answer = socket.receive(buffer, waker);
      if (const auto* message = answer.message()) {
        in_order &= test::text(message->payload) == std::to_string(received.load());
        ++received;
      }
      if (answer.status() == Status::would_block) {
        ++woken;
        test::wait_until([&] { return resets == woken; });
      }
    }
    return in_order;
  }};
  for (int i = 0; i != count; ++i) {
    const std::size_t before = woken;
    const bool wakes_first = i % 2 == 0;
    if (wakes_first) waker.wake();
    client.send({}, as_bytes(std::to_string(i)));
    if (!wakes_first) waker.wake();
    // It may have taken the last message before it could be woken, and ended.
    test::wait_until([&] { return woken != before || received == count; });
    waker.reset();
    ++resets;
  }
  CHECK(receiver.get());
  CHECK(woken >= count - 1);
}

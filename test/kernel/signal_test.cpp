// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>

#include "kernel.hpp"

using sctp::Address;
using sctp::as_bytes;
using namespace std::chrono_literals;

// The setups that are interrupted here need a network namespace of their own.

namespace {

std::atomic<int> handled = 0;

/// Runs `call` in this thread, which gets three signals while it is blocked in there; then `end_it`, which
/// makes the call return.
template <class Call, class End>
void interrupted(int flags, Call call, End end_it) {
  struct sigaction action {};
  action.sa_handler = [](int) { ++handled; };
  action.sa_flags = flags;
  REQUIRE(::sigaction(SIGUSR1, &action, nullptr) == 0);
  handled = 0;
  test::Task interrupter{[&, thread = ::pthread_self(), id = test::thread_id()] {
    for (int i = 1; i <= 3; ++i) {
      test::wait_until([&] { return test::is_blocked(id); });
      ::pthread_kill(thread, SIGUSR1);
      test::wait_until([&] { return handled == i; });
    }
    test::wait_until([&] { return test::is_blocked(id); });
    end_it();
  }};
  call();
  interrupter.get();
  CHECK(handled == 3);
}

}  // namespace

TEST_CASE("A signal does not disturb a setup", "[signal]") {
  const int flags = GENERATE(0, SA_RESTART);
  INFO((flags == 0 ? "system calls are interrupted" : "the kernel restarts system calls"));
  const auto way = GENERATE(0, 1, 2);
  static std::uint8_t last = 10;
  const std::array<std::uint8_t, 4> where{10, 77, 0, ++last};
  sctp::Listener listener{Address::any(Address::Family::v4, 0)};
  const Address peer = Address::v4(where, listener.local_address().port());

  sctp::OneToOneSocket client{Address::Family::v4};
  client.set(sctp::option::RtoInfo{.initial = 50ms, .max = 50ms, .min = 50ms});
  client.set(sctp::option::InitMsg{.attempts = 1000});
  std::error_code error;
  interrupted(
      flags,
      [&] {
        if (way == 0) client.connect(peer, error);
        if (way == 1) client.connect(std::array{peer}, 60s, error);
        if (way == 2) client.connect_and_send(peer, as_bytes("first"), {}, error);
      },
      [&] { test::add_address(where); });
  CHECK_FALSE(error);
  CHECK(client.association().id() == client.association().status().association);
  const sctp::OneToOneSocket server = listener.accept();
  if (way != 2) client.send(as_bytes("first"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "first");
}

TEST_CASE("A signal does not disturb receiving", "[signal]") {
  const int flags = GENERATE(0, SA_RESTART);
  auto [client, server] = test::connect();
  sctp::ReceiveBuffer buffer;
  std::vector<std::string> answers;
  CHECK(test::next(server, buffer) == "up");
  interrupted(
      flags, [&] { answers = test::next(1, server, buffer); }, [&] { client.send(as_bytes("hello")); });
  CHECK(answers.front() == "message hello");
}

TEST_CASE("A signal does not disturb accepting", "[signal]") {
  const int flags = GENERATE(0, SA_RESTART);
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{Address::Family::v4};
  sctp::OneToOneSocket server;
  interrupted(
      flags, [&] { server = listener.accept(); }, [&] { client.connect(listener.local_address()); });
  CHECK(server.peer_address() == client.local_address());
}

TEST_CASE("A signal does not disturb sending, and the message goes once", "[signal]") {
  const int flags = GENERATE(0, SA_RESTART);
  auto [client, server] = test::connect();
  const auto payload = test::pattern(30'000);
  std::size_t sent = 0;
  while (client.try_send(payload)) ++sent;
  std::size_t received = 0;
  sctp::ReceiveBuffer buffer;
  interrupted(
      flags, [&] { client.send(payload); },
      [&] {
        for (; received != sent + 1; ++received) static_cast<void>(test::next_message(server, buffer));
      });
  CHECK(received == sent + 1);
  std::error_code error;
  CHECK(test::describe(server.try_receive(buffer, error), error) == "would block");
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <optional>

#include "loop.hpp"

using namespace std::chrono_literals;
using sctp::Address;
using sctp::NetError;
using test::Outcome;

namespace {

constexpr auto v4 = Address::Family::v4;

struct Caller {
  test::Loop loop;
  sctp::AsioOneToOneSocket socket{loop.context, sctp::OneToOneSocket{v4}};

  template <class Peer>
  NetError connect(const Peer& peer) {
    Outcome<> outcome;
    socket.async_connect(peer, outcome.take());
    if (outcome.has_come) throw std::logic_error{"completed where it was begun"};
    loop.run();
    return outcome.error;
  }
};

}  // namespace

TEST_CASE("An association is set up and accepted in one loop, by coroutines", "[asio][setup]") {
  test::Loop loop;
  sctp::AsioListener listener{loop.context, test::listen()};
  const Address address = listener.socket().local_address();
  const auto serve = [](sctp::AsioListener& acceptor) -> net::awaitable<void> {
    auto executor = co_await net::this_coro::executor;
    for (int i = 0; i != 3; ++i) {
      sctp::AsioOneToOneSocket peer{executor, co_await acceptor.async_accept(net::use_awaitable)};
      co_await peer.async_send(sctp::as_bytes("welcome " + std::to_string(i)), {}, net::use_awaitable);
      sctp::ReceiveBuffer buffer;
      while (co_await peer.async_receive(buffer, net::use_awaitable)) {
      }
    }
  };
  const auto visit = [](Address server) -> net::awaitable<std::string> {
    sctp::AsioOneToOneSocket socket{co_await net::this_coro::executor, sctp::OneToOneSocket{v4}};
    co_await socket.async_connect(server, net::use_awaitable);
    sctp::ReceiveBuffer buffer;
    std::string heard;
    for (int i = 0; i != 2; ++i) {
      heard += test::describe(co_await socket.async_receive(buffer, net::use_awaitable), {}) + '.';
    }
    co_return heard;
  };
  auto server = net::co_spawn(loop.context, serve(listener), net::use_future);
  for (int i = 0; i != 3; ++i) {
    auto future = net::co_spawn(loop.context, visit(address), net::use_future);
    loop.run_until([&] { return future.wait_for(0s) == std::future_status::ready; });
    CHECK(future.get() == "up.message welcome " + std::to_string(i) + '.');
  }
  loop.run();
  server.get();
}

TEST_CASE("A peer with several addresses is one attempt", "[asio][setup]") {
  sctp::Listener listener{v4};
  listener.bind(std::array{Address{"127.0.0.1", 0}});
  listener.listen();
  test::add_address({10, 77, 0, 9});
  const std::uint16_t port = listener.local_address().port();
  listener.add_address(Address{"10.77.0.9", port});
  Caller caller;
  CHECK(caller.connect(listener.local_addresses()) == NetError{});
  CHECK(caller.socket.socket().association().peer_addresses().size() == 2);
}

TEST_CASE("A refused setup is Asio's error, and another may follow", "[asio][setup]") {
  const test::Refusing refusing;
  Caller caller;
  for (int i = 0; i != 2; ++i) {
    const NetError refused = caller.connect(refusing.address);
    CHECK(refused == net::error::connection_refused);
  }
  CHECK(caller.connect(std::vector<Address>{}) == sctp::Errc::no_addresses);
  const sctp::Listener listener = test::listen();
  CHECK(caller.connect(listener.local_address()) == NetError{});
  CHECK(caller.connect(listener.local_address()) == net::error::already_connected);
}

TEST_CASE("A setup with no answer is cancelled, or its time is over; it can be awaited further",
          "[asio][setup]") {
  std::optional<test::Swallow> hears_no_end{test::Swallow::cookie_ack};
  const sctp::Listener listener = test::listen();
  Caller caller;
  test::retransmit_soon(caller.socket.socket());
  Outcome<> outcome;
  net::cancellation_signal signal;
  SECTION("cancelled") {
    caller.socket.async_connect(listener.local_address(),
                                net::bind_cancellation_slot(signal.slot(), outcome.take()));
    caller.loop.context.poll();
    signal.emit(net::cancellation_type::terminal);
    caller.loop.run();
    CHECK(outcome.error == test::aborted);
  }
  SECTION("time over") {
    caller.socket.async_connect(listener.local_address(), 5ms, outcome.take());
    caller.loop.run();
    CHECK(outcome.error == net::error::timed_out);
  }
  CHECK(caller.socket.is_open());
  hears_no_end.reset();
  CHECK(caller.connect(listener.local_address()) == NetError{});
}

TEST_CASE("A setup that is given up is closed", "[asio][setup]") {
  Caller caller;
  caller.socket = sctp::AsioOneToOneSocket{caller.loop.context, [] {
                                             sctp::OneToOneSocket socket{v4};
                                             socket.bind(test::anywhere);
                                             return socket;
                                           }()};
  Outcome<> outcome;
  caller.socket.async_connect(test::blackhole, outcome.take());
  caller.loop.context.poll();
  CHECK_FALSE(outcome.has_come);
  caller.socket.close();
  caller.loop.run();
  CHECK(outcome.error == test::aborted);
}

TEST_CASE("An accept takes a function, a future or a deferred operation", "[asio][setup]") {
  test::Loop loop;
  sctp::AsioListener listener{loop.context, test::listen()};
  const Address address = listener.socket().local_address();
  const sctp::OneToOneSocket clients[] = {sctp::OneToOneSocket{address}, sctp::OneToOneSocket{address},
                                          sctp::OneToOneSocket{address}};
  std::vector<std::uint16_t> ports;
  const auto note = [&](const sctp::OneToOneSocket& peer) { ports.push_back(peer.peer_address().port()); };
  Outcome<sctp::OneToOneSocket> outcome;
  listener.async_accept(outcome.take());
  CHECK_FALSE(outcome.has_come);
  loop.run();
  note(outcome.result());
  auto future = listener.async_accept(net::use_future);
  loop.run();
  note(future.get());
  Outcome<sctp::OneToOneSocket> last;
  listener.async_accept(test::deferred)(last.take());
  loop.run();
  note(last.result());
  for (std::size_t i = 0; i != 3; ++i) CHECK(ports.at(i) == clients[i].local_address().port());
}

TEST_CASE("An accept that is cancelled, or whose time is over, takes no peer", "[asio][setup]") {
  test::Loop loop;
  sctp::AsioListener listener{loop.context, test::listen()};
  Outcome<sctp::OneToOneSocket> outcome;
  net::cancellation_signal signal;
  const int way = GENERATE(0, 1, 2);
  CAPTURE(way);
  if (way == 2) {
    listener.async_accept(5ms, outcome.take());
  } else {
    listener.async_accept(net::bind_cancellation_slot(signal.slot(), outcome.take()));
    loop.context.poll();
    // Both at once: it is cancelled though somebody waits.
    const sctp::OneToOneSocket client{listener.socket().local_address()};
    if (way == 0)
      signal.emit(net::cancellation_type::partial);
    else
      listener.cancel();
  }
  loop.run();
  CHECK_FALSE(outcome.result().is_open());
  if (way == 2)
    CHECK(outcome.error == net::error::timed_out);
  else
    CHECK(outcome.error == test::aborted);

  const sctp::OneToOneSocket client{listener.socket().local_address()};
  Outcome<sctp::OneToOneSocket> next;
  listener.async_accept(1h, next.take());
  loop.run();
  CHECK(next.error == NetError{});
  CHECK(next.result().is_open());
}

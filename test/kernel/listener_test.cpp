// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <atomic>

#include "kernel.hpp"

using sctp::Address;
using sctp::as_bytes;
using Answers = std::vector<std::string>;

TEST_CASE("A listener with nobody waiting has nobody to accept", "[listener]") {
  sctp::Listener listener = test::listen();
  CHECK_FALSE(listener.try_accept());
  const sctp::OneToOneSocket client{listener.local_address()};
  test::wait_for(listener.fd(), POLLIN);
  const auto server = listener.try_accept();
  REQUIRE(server);
  CHECK(server->is_open());
  CHECK(server->peer_address() == client.local_address());
  CHECK_FALSE(listener.try_accept());
}

TEST_CASE("A listener waits for its next peer", "[listener]") {
  sctp::Listener listener = test::listen();
  std::atomic<int> thread = 0;
  test::Task acceptor{[&] {
    thread = test::thread_id();
    return listener.accept();
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  const sctp::OneToOneSocket client{listener.local_address()};
  const sctp::OneToOneSocket server = acceptor.get();
  CHECK(server.peer_address() == client.local_address());
}

TEST_CASE("An accepted socket blocks, though its listener does not", "[listener]") {
  auto [client, server] = test::connect();
  std::atomic<int> thread = 0;
  test::Task receiver{[&, socket = sctp::SocketRef{server}] {
    thread = test::thread_id();
    sctp::ReceiveBuffer buffer;
    return test::next(2, socket, buffer);
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  client.send(as_bytes("a"));
  CHECK(receiver.get() == Answers{"up", "message a"});
}

TEST_CASE("An association that ended before it was accepted is accepted, and tells so", "[listener]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{listener.local_address()};
  client.send(as_bytes("a"));
  test::wait_for(listener.fd(), POLLIN);
  sctp::ReceiveBuffer buffer;
  std::error_code error;
  SECTION("gracefully") {
    client.shutdown();
    sctp::ReceiveBuffer client_buffer;
    while (client.receive(client_buffer)) {
    }
    const sctp::OneToOneSocket server = listener.accept();
    CHECK(test::next(6, server, buffer) ==
          Answers{"up", "message a", "the peer shuts down", "shut down", "end of stream", "end of stream"});
    server.send(as_bytes("after"), {}, error);
    CHECK(error == sctp::Condition::association_ended);
  }
  SECTION("by an abort") {
    client.abort();
    test::wait_for_packets();
    const sctp::OneToOneSocket server = listener.accept();
    CHECK(server.association().id() == sctp::AssociationId{});
    CHECK(test::next(5, server, buffer) == Answers{"up", "message a", "lost: user initiated abort",
                                                   "error: Connection reset by peer", "end of stream"});
    server.send(as_bytes("after"), {}, error);
    CHECK(error == sctp::Condition::association_ended);
  }
  CHECK_FALSE(listener.try_accept());
  const sctp::OneToOneSocket other{listener.local_address()};
  CHECK(listener.accept().peer_address() == other.local_address());
}

TEST_CASE("Who it was that had gone when it was accepted, only its messages tell", "[listener]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{listener.local_address()};
  const Address name = client.local_address();
  client.send(as_bytes("a"));
  sctp::ReceiveBuffer buffer;
  const bool gracefully = GENERATE(true, false);
  if (gracefully) {
    client.shutdown(buffer, sctp::Patience{}, [](const auto&) {});
  } else {
    client.abort();
  }
  test::wait_for_packets();
  const sctp::OneToOneSocket server = listener.accept();
  std::error_code error;
  static_cast<void>(server.peer_address(error));
  CHECK(error == std::errc::not_connected);
  CHECK(test::next_message(server, buffer).source == name);
}

TEST_CASE("A peer for whom there is no room is refused, and gets in when there is", "[listener]") {
  sctp::Listener listener{Address::Family::v4};
  listener.bind(Address::loopback(Address::Family::v4, 0));
  listener.listen(1);
  std::vector<sctp::OneToOneSocket> clients;
  std::error_code error;
  for (;;) {
    sctp::OneToOneSocket client{listener.local_address(), error};
    if (error) break;
    clients.push_back(std::move(client));
  }
  CHECK(error == std::errc::connection_refused);
  CHECK(clients.size() == 2);  // the kernel admits one more than it was asked to
  const sctp::OneToOneSocket server = listener.accept();
  const sctp::OneToOneSocket next{listener.local_address()};
  for (std::size_t i = 0; i != clients.size(); ++i) CHECK(listener.accept().is_open());
  CHECK_FALSE(listener.try_accept());
}

TEST_CASE("A listener that has closed refuses", "[listener]") {
  sctp::Listener listener = test::listen();
  const Address address = listener.local_address();
  listener.close();
  CHECK_THROWS_AS(sctp::OneToOneSocket{address}, std::system_error);
}

TEST_CASE("A peer that waits to be accepted loses its association with the listener", "[listener]") {
  sctp::Listener listener = test::listen();
  const sctp::OneToOneSocket client{listener.local_address()};
  test::wait_for(listener.fd(), POLLIN);
  listener.close();
  sctp::ReceiveBuffer buffer;
  std::string last;
  while (last != "end of stream") last = test::next(client, buffer);
}

TEST_CASE("A socket that does not listen cannot accept, and the error says so", "[listener]") {
  sctp::Listener unbound{Address::Family::v4};
  CHECK_THROWS_WITH(unbound.accept(), Catch::Matchers::Contains("it does not listen"));
  sctp::Listener closed;
  std::error_code error;
  static_cast<void>(closed.accept(error));
  CHECK(error == std::errc::bad_file_descriptor);
  CHECK_FALSE(closed.try_accept(error));
  CHECK(error == std::errc::bad_file_descriptor);
}

TEST_CASE("A listener has no association to send to or to receive from", "[listener]") {
  const sctp::Listener listener = test::listen();
  std::error_code error;
  sctp::ReceiveBuffer buffer;
  static_cast<void>(listener.receive(buffer, error));
  CHECK(error == std::errc::not_connected);
  listener.send({}, as_bytes("a"), {}, error);
  CHECK(error == sctp::Condition::association_ended);
}

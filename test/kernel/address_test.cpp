// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernel.hpp"

using sctp::Address;

namespace {

using Addresses = std::vector<Address>;

Addresses sorted(Addresses addresses) {
  std::ranges::sort(addresses);
  return addresses;
}

}  // namespace

TEST_CASE("A socket that is bound to two addresses has both, with one port", "[address]") {
  const std::array both{Address{"127.0.0.1", 0}, Address{"127.0.0.2", 0}};
  sctp::Listener listener{Address::Family::v4};
  listener.bind(both);
  listener.listen();
  const std::uint16_t port = listener.local_address().port();
  CHECK(port != 0);
  const Addresses bound{both[0].with_port(port), both[1].with_port(port)};
  CHECK(sorted(listener.local_addresses()) == bound);

  sctp::OneToOneSocket client{Address::Family::v4};
  client.connect(bound);
  const sctp::OneToOneSocket server = listener.accept();
  CHECK(sorted(client.association().peer_addresses()) == bound);
  CHECK(sorted(server.association().local_addresses()) == bound);
  CHECK(sorted(server.local_addresses()) == bound);
  CHECK(std::ranges::count(bound, client.association().status().primary) == 1);
}

TEST_CASE("A client that is bound to two addresses announces both", "[address]") {
  sctp::Listener listener{Address{"127.0.0.1", 0}};
  sctp::OneToOneSocket client{Address::Family::v4};
  client.bind(std::array{Address{"127.0.0.3", 0}, Address{"127.0.0.4", 0}});
  client.connect(listener.local_address());
  const sctp::OneToOneSocket server = listener.accept();
  const std::uint16_t port = client.local_address().port();
  const Addresses own{Address{"127.0.0.3", port}, Address{"127.0.0.4", port}};
  CHECK(sorted(server.association().peer_addresses()) == own);
  CHECK(sorted(client.association().local_addresses()) == own);
}

TEST_CASE("A socket has all of its addresses, however many they are", "[address]") {
  Addresses many;
  for (std::uint8_t i = 1; i <= 100; ++i) many.push_back(Address::v4({127, 0, 1, i}, 0));
  sctp::Listener listener{Address::Family::v4};
  listener.bind(many);
  listener.listen();
  for (Address& address : many) address = address.with_port(listener.local_address().port());
  CHECK(sorted(listener.local_addresses()) == many);

  sctp::OneToOneSocket client{Address::Family::v4};
  client.connect(many.back());
  CHECK(sorted(client.association().peer_addresses()) == many);
  const sctp::OneToOneSocket server = listener.accept();
  CHECK(sorted(server.association().local_addresses()) == many);
}

TEST_CASE("Addresses of both families belong to one association", "[address]") {
  sctp::Listener listener{Address::Family::v6};
  listener.bind(std::array{Address{"::1", 0}, Address{"127.0.0.2", 0}});
  listener.listen();
  const std::uint16_t port = listener.local_address().port();
  const Addresses bound{Address{"127.0.0.2", port}, Address{"::1", port}};
  CHECK(sorted(listener.local_addresses()) == bound);

  sctp::OneToOneSocket client{Address::Family::v6};
  client.connect(bound);
  const sctp::OneToOneSocket server = listener.accept();
  CHECK(sorted(client.association().peer_addresses()) == bound);
  CHECK(sorted(server.association().local_addresses()) == bound);
  client.send(sctp::as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
}

TEST_CASE("A wildcard is given as the addresses that it stands for", "[address]") {
  const sctp::Listener listener{Address::any(Address::Family::v4, 0)};
  const std::uint16_t port = listener.local_address().port();
  CHECK(listener.local_address().is_wildcard());
  const Addresses addresses = listener.local_addresses();
  CHECK(std::ranges::count(addresses, Address::loopback(Address::Family::v4, port)) == 1);
  CHECK(std::ranges::none_of(addresses, &Address::is_wildcard));
}

TEST_CASE("A socket that is not bound has no addresses, and one without an association no peer",
          "[address]") {
  const sctp::OneToOneSocket socket{Address::Family::v4};
  CHECK(socket.local_address() == Address{});
  std::error_code error;
  CHECK(socket.local_addresses(error).empty());
  static_cast<void>(socket.peer_address(error));
  CHECK(error == sctp::Condition::association_ended);
  CHECK(socket.association().peer_addresses(error).empty());
  CHECK(error == std::errc::invalid_argument);
  CHECK_THROWS_AS(socket.association().peer_addresses(), std::system_error);
  CHECK_THROWS_AS(socket.peer_address(), std::system_error);
}

TEST_CASE("A socket goes on to know its peer when the association has ended", "[address]") {
  auto [client, server] = test::connect();
  const Address client_address = client.local_address();
  const Address server_address = server.local_address();
  sctp::ReceiveBuffer client_buffer;
  sctp::ReceiveBuffer server_buffer;
  SECTION("gracefully") {
    client.shutdown();
    while (server.receive(server_buffer)) {
    }
    while (client.receive(client_buffer)) {
    }
    CHECK(client.peer_address() == server_address);
    CHECK(server.peer_address() == client_address);
  }
  SECTION("by an abort") {
    client.abort();
    CHECK(test::next(2, server, server_buffer).back() == "lost: user initiated abort");
    CHECK(server.peer_address() == client_address);
  }
}

TEST_CASE("An IPv6 address on an IPv4 socket is an error that says so", "[address]") {
  const Address v6 = Address::loopback(Address::Family::v6, 7);
  sctp::OneToOneSocket socket{Address::Family::v4};
  std::error_code error;
  socket.bind(v6.with_port(0), error);
  CHECK(error == sctp::Errc::wrong_address_family);
  socket.bind(std::array{v6.with_port(0)}, error);
  CHECK(error == sctp::Errc::wrong_address_family);
  socket.connect(v6, error);
  CHECK(error == sctp::Errc::wrong_address_family);
  socket.connect_and_send(v6, sctp::as_bytes("hello"), {}, error);
  CHECK(error == sctp::Errc::wrong_address_family);
}

TEST_CASE("A list without addresses, or with two ports, is an error", "[address]") {
  sctp::OneToOneSocket socket{Address::Family::v4};
  std::error_code error;
  socket.bind(std::span<const Address>{}, error);
  CHECK(error == sctp::Errc::no_addresses);
  socket.connect(std::span<const Address>{}, error);
  CHECK(error == sctp::Errc::no_addresses);
  socket.bind(std::array{Address{"127.0.0.1", 1}, Address{"127.0.0.2", 2}}, error);
  CHECK(error == sctp::Errc::ports_differ);
}

TEST_CASE("An address of another machine cannot be bound to, and the error says so", "[address]") {
  const sctp::OneToOneSocket socket{Address::Family::v4};
  CHECK_THROWS_WITH(socket.bind(test::blackhole),
                    "cannot bind to 192.0.2.1:7: this machine has no such address: "
                    "Cannot assign requested address");
}

TEST_CASE("A port that is taken is an error that says what to do", "[address]") {
  const sctp::Listener listener = test::listen();
  const Address taken = listener.local_address();
  CHECK_THROWS_WITH(sctp::Listener{taken},
                    "cannot bind to " + to_string(taken) +
                        ": another socket has this port; take another one, or port 0 for any free one: "
                        "Address already in use");
}

TEST_CASE("A port is free again when its listener has closed and its associations have ended", "[address]") {
  Address address = Address::loopback(Address::Family::v4, 0);
  for (int i = 0; i != 3; ++i) {
    sctp::Listener listener{address};
    address = listener.local_address();
    const sctp::OneToOneSocket client{address};
    const sctp::OneToOneSocket server = listener.accept();
    server.shutdown();  // a socket that closes does so too, and does not wait for the answer
    test::wait_until_gone(server.association());
  }
}

TEST_CASE("Binding twice is an error", "[address]") {
  const sctp::Listener listener = test::listen();
  CHECK_THROWS_WITH(listener.bind(Address::loopback(Address::Family::v4, 0)),
                    Catch::Matchers::Contains("bound already"));
}

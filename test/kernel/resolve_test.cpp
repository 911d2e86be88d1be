// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netdb.h>

#include <algorithm>

#include "kernel.hpp"

using Family = sctp::Address::Family;

TEST_CASE("The machine's own name is its loopback addresses, for either family of socket", "[resolve]") {
  const auto any = sctp::resolve("localhost", 3868);
  REQUIRE_FALSE(any.empty());
  CHECK(std::ranges::all_of(
      any, [](const auto& address) { return address.is_loopback() && address.port() == 3868; }));
  for (const auto& address : any) CHECK(std::ranges::count(any, address) == 1);
  CHECK(sctp::resolve("localhost", 3868, Family::v4) == std::vector{sctp::Address{"127.0.0.1", 3868}});
}

TEST_CASE("What was resolved can be connected to, as one peer", "[resolve]") {
  sctp::Listener listener{{"::", 0}};
  const std::uint16_t port = listener.local_address().port();
  const char* host = GENERATE("localhost", "127.0.0.1", "::1");
  const auto peer = sctp::resolve(host, port);
  sctp::OneToOneSocket client{sctp::family_of(peer)};
  client.connect(peer);
  auto server = listener.accept();
  client.send(sctp::as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
}

TEST_CASE("A list of both families can be connected to from an IPv6 socket", "[resolve]") {
  sctp::Listener listener{{"::", 0}};
  const std::uint16_t port = listener.local_address().port();
  std::vector<sctp::Address> peer{{"127.0.0.1", port}, {"::1", port}};
  if (GENERATE(false, true)) std::ranges::reverse(peer);
  REQUIRE(sctp::family_of(peer) == Family::v6);
  sctp::OneToOneSocket client{sctp::family_of(peer)};
  client.connect(peer);
  CHECK(listener.accept().is_open());
}

TEST_CASE("Of a list the first that refuses ends the attempt: it is for the addresses of one peer",
          "[resolve]") {
  sctp::Listener listener{{"127.0.0.1", 0}};
  const std::uint16_t port = listener.local_address().port();
  const std::vector<sctp::Address> peers{{"127.0.0.3", port}, {"127.0.0.1", port}};
  sctp::OneToOneSocket client{Family::v4};
  std::error_code error;
  client.connect(peers, error);
  CHECK(error == std::errc::connection_refused);
  client.connect(peers.back());
  CHECK(listener.accept().is_open());
}

TEST_CASE("By its default hints the system offers no SCTP", "[resolve]") {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  REQUIRE(::getaddrinfo("127.0.0.1", "7", &hints, &list) == 0);
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) CHECK(at->ai_protocol == IPPROTO_TCP);
  ::freeaddrinfo(list);
}

TEST_CASE("A port is found by number, and a service that nobody knows is an error", "[resolve]") {
  CHECK(sctp::resolve("127.0.0.1", "3868") == std::vector{sctp::Address{"127.0.0.1", 3868}});
  std::error_code error;
  CHECK(sctp::resolve("127.0.0.1", "no-such-service", Family::v4, error).empty());
  CHECK(error == std::errc::invalid_argument);
  CHECK(error.category() == sctp::resolve_category());
}

TEST_CASE("A name that cannot be is an error of the system", "[resolve]") {
  std::error_code error;
  CHECK(sctp::resolve("no such name.invalid", 1, Family::v6, error).empty());
  CHECK(error.category() == sctp::resolve_category());
  CHECK(sctp::resolve("::1", 1, Family::v4, error).empty());
  CHECK(error == std::errc::address_not_available);
}

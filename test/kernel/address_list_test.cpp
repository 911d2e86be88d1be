// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>

#include "by_hand.hpp"
#include "two_hosts.hpp"

using sctp::Address;
using sctp::Errc;
using test::Host;
using namespace sctp::option;
using Family = Address::Family;
using List = std::vector<Address>;

// Lists of addresses between two hosts.

namespace {

void ip(const Host& host, const std::string& words) {
  const std::string command = "PATH=$PATH:/usr/sbin:/sbin ip " + words;
  if (host.run([&] { return std::system(command.c_str()); }) != 0) throw std::runtime_error{"ip " + words};
}

List sorted(List addresses) {
  std::ranges::sort(addresses);
  return addresses;
}

/// The addresses of a host's paths, as a program finds them that knows the interfaces alone.
List all_of(const Host& host, std::uint16_t port = 0) {
  return host.run([&] { return sctp::addresses_of({Host::interface(0), Host::interface(1)}, port); });
}

/// A list has one port, so that none can be asked for: the first takes it.
void bind_all(const sctp::SocketRef& socket, List addresses) {
  socket.bind(addresses.front());
  for (Address& address : addresses) address = address.with_port(socket.local_address().port());
  if (addresses.size() > 1) socket.bind(std::span{addresses}.subspan(1));
}

sctp::Listener listen(const Host& host, const List& addresses) {
  auto listener = host.run([] { return sctp::Listener{Family::v6}; });
  bind_all(listener, addresses);
  listener.listen();
  return listener;
}

sctp::OneToOneSocket open(const Host& host, Family family = Family::v6) {
  return host.run([&] { return sctp::OneToOneSocket{family}; });
}

void check_talk(const sctp::OneToOneSocket& client, const sctp::OneToOneSocket& server) {
  sctp::ReceiveBuffer buffer;
  client.send(sctp::as_bytes("hello"));
  CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
}

}  // namespace

TEST_CASE("Both hosts know all of each other's addresses, of both families", "[address_list]") {
  const test::TwoHosts hosts{2};
  sctp::Listener listener = listen(hosts.b, all_of(hosts.b));
  const std::uint16_t port = listener.local_address().port();
  CHECK(all_of(hosts.b, port) == List{hosts.b.address(0, port), hosts.b.address(0, port, Family::v6),
                                      hosts.b.address(1, port), hosts.b.address(1, port, Family::v6)});
  CHECK(sorted(listener.local_addresses()) == sorted(all_of(hosts.b, port)));
  auto client = open(hosts.a);
  bind_all(client, all_of(hosts.a));
  client.connect(all_of(hosts.b, port));
  const auto server = listener.accept();
  const List of_client = sorted(all_of(hosts.a, client.local_address().port()));
  CHECK(sorted(client.association().peer_addresses()) == sorted(all_of(hosts.b, port)));
  CHECK(sorted(client.association().local_addresses()) == of_client);
  CHECK(sorted(server.association().peer_addresses()) == of_client);
  CHECK(sorted(server.association().local_addresses()) == sorted(all_of(hosts.b, port)));
  check_talk(client, server);
  std::size_t primary = 0;
  for (const sctp::Path& path : client.association().paths()) primary += path.primary ? 1 : 0;
  CHECK(client.association().paths().size() == 4);
  CHECK(primary == 1);
  server.association().request_heartbeats();
  test::wait_until_confirmed(server.association());
}

TEST_CASE("A peer is told of those addresses alone that were chosen", "[address_list]") {
  const test::TwoHosts hosts;
  ip(hosts.a, "link add docker0 type dummy");
  ip(hosts.a, "addr add 172.17.0.1/16 dev docker0");
  ip(hosts.a, "link set docker0 up");
  sctp::Listener listener = test::listen(hosts.b);
  const Address not_meant{"172.17.0.1", 0};
  const auto has = [&](const List& addresses) {
    return std::ranges::any_of(addresses,
                               [&](const Address& address) { return address.with_port(0) == not_meant; });
  };
  const bool chooses = GENERATE(false, true);
  CAPTURE(chooses);
  auto client = open(hosts.a, Family::v4);
  if (chooses) {
    // An IPv4 socket has no use for the others.
    client.bind(hosts.a.run([] { return sctp::addresses_of({"path0"}, 0); }).front());
  } else {
    client.bind(Address::any(Family::v4, 0));
  }
  client.connect(listener.local_address());
  const auto server = listener.accept();
  CHECK(has(server.association().peer_addresses()) != chooses);
  CHECK(has(client.local_addresses()) != chooses);
  check_talk(client, server);
}

TEST_CASE("Interfaces are found by name, with what they are", "[address_list]") {
  const test::TwoHosts hosts;
  const auto interfaces = hosts.a.run([] { return sctp::network_interfaces(); });
  const auto path = std::ranges::find(interfaces, "path0", &sctp::NetworkInterface::name);
  REQUIRE(path != interfaces.end());
  CHECK(path->up);
  CHECK_FALSE(path->loopback);
  CHECK(path->index != 0);
  CHECK(path->addresses == List{hosts.a.address(0), hosts.a.address(0, 0, Family::v6)});
  const auto loopback = std::ranges::find(interfaces, "lo", &sctp::NetworkInterface::name);
  REQUIRE(loopback != interfaces.end());
  CHECK(loopback->loopback);
  CHECK_FALSE(loopback->up);
  std::error_code error;
  hosts.a.run([&] { CHECK(sctp::addresses_of({"path0", "path1"}, 0, error).empty()); });
  CHECK(error == std::errc::no_such_device);
  hosts.a.run([&] { CHECK(sctp::addresses_of({"path0", "lo"}, 0, error).empty()); });
  CHECK(error == std::errc::address_not_available);
}

TEST_CASE("A link-local address is reached by the interface that it names", "[address_list]") {
  const test::TwoHosts hosts;
  ip(hosts.a, "addr add fe80::1/64 dev path0 nodad");
  ip(hosts.b, "addr add fe80::2/64 dev path0 nodad");
  const auto index_on = [](const Host& host) {
    return host.run([] {
      const auto all = sctp::network_interfaces();
      return std::ranges::find(all, "path0", &sctp::NetworkInterface::name)->index;
    });
  };
  sctp::Listener listener = listen(hosts.b, {Address{"fe80::2", 0}.with_scope(index_on(hosts.b))});
  const Address target = Address{"fe80::2", listener.local_address().port()};
  auto client = open(hosts.a);
  std::error_code error;
  client.connect(target, error);
  CHECK(error == std::errc::invalid_argument);
  client = open(hosts.a);
  client.connect(hosts.a.run([&] { return Address{"fe80::2%path0", target.port()}; }));
  const auto server = listener.accept();
  CHECK(client.association().peer_addresses() == List{target.with_scope(index_on(hosts.a))});
  CHECK(client.association().paths().at(0).state == PeerAddrInfo::State::available);

  sctp::ReceiveBuffer buffer;
  client.send(sctp::as_bytes("hello"));
  const sctp::Message message = test::next_message(server, buffer);
  CHECK(test::text(message.payload) == "hello");
  CHECK(message.source == Address{"fe80::1", client.local_address().port()});
}

TEST_CASE("An IPv4 address in IPv6 clothes is the IPv4 address that it is", "[address_list]") {
  const test::TwoHosts hosts;
  auto listener = listen(hosts.b, {Address{"::ffff:10.78.0.2", 0}});
  const std::uint16_t port = listener.local_address().port();
  CHECK(listener.local_addresses() == List{hosts.b.address(0, port)});
  auto client = open(hosts.a);
  client.connect(Address{"::ffff:10.78.0.2", port});
  const auto server = listener.accept();
  CHECK(client.association().peer_addresses() == List{hosts.b.address(0, port)});
  CHECK(server.association().get<PrimaryAddr>().address.family() == Family::v4);
  check_talk(client, server);
}

TEST_CASE("A list that no socket can have is refused before the kernel sees it", "[address_list]") {
  const test::TwoHosts hosts{2};
  const auto error_of = [&](const sctp::OneToOneSocket& socket, const List& addresses) {
    std::error_code error;
    socket.bind(addresses, error);
    return error;
  };
  const Address one = hosts.a.address(0);
  const Address other = hosts.a.address(1);
  CHECK(error_of(open(hosts.a), {}) == Errc::no_addresses);
  CHECK(error_of(open(hosts.a), {one, other.with_port(7)}) == Errc::ports_differ);
  CHECK(error_of(open(hosts.a), {one, Address::any(Family::v4, 0)}) == Errc::wildcard_among_addresses);
  CHECK(error_of(open(hosts.a), {Address::any(Family::v6, 0), one}) == Errc::wildcard_among_addresses);
  CHECK(error_of(open(hosts.a), {one, other, one}) == Errc::address_twice);
  const auto v4 = open(hosts.a, Family::v4);
  CHECK(error_of(v4, {one, hosts.a.address(0, 0, Family::v6)}) == Errc::wrong_address_family);
  CHECK(v4.local_addresses().empty());
}

TEST_CASE("The next address of a list is tried where the first does not answer", "[address_list]") {
  const test::TwoHosts hosts{2};
  sctp::Listener listener = test::listen(hosts.b);
  hosts.cut(0);
  auto client = open(hosts.a, Family::v4);
  client.set(RtoInfo{.initial = std::chrono::milliseconds{100}});
  test::bind(client, hosts.a);
  client.connect(hosts.b.addresses(listener.local_address().port()));
  CHECK(client.association().get<PrimaryAddr>().address ==
        hosts.b.address(1, listener.local_address().port()));
  CHECK(client.association().peer_addresses().size() == 2);
  check_talk(client, listener.accept());
}

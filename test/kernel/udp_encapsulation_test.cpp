// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "kernel.hpp"
#include "one_to_many.hpp"
#include "two_hosts.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::OneToOneSocket;
using sctp::option::RemoteUdpEncapsPort;
using Packet = test::Tap::Packet;

namespace {

constexpr std::uint16_t usual = 9899;

/// Two hosts that listen for wrapped packets on these UDP ports, and what arrives at each.
struct Wrapping : test::TwoHosts {
  explicit Wrapping(std::uint16_t port_of_a = usual, std::uint16_t port_of_b = usual) {
    a.set_sysctl("net.sctp.udp_port", port_of_a);
    b.set_sysctl("net.sctp.udp_port", port_of_b);
  }
  test::Tap at_a{a, 0};
  test::Tap at_b{b, 0};
};

/// Which of the kernel's UDP ports decides is that of the thread's host.
test::Tune wrap(const test::Host& host, std::uint16_t port = usual) {
  return [&host, port](const sctp::SocketRef& socket) {
    host.run([&] { socket.set(RemoteUdpEncapsPort{port}); });
  };
}

/// Messages of one chunk and of many, each way.
void check_traffic(const test::Ends& ends) {
  for (const auto& [from, to] : {std::pair{&ends.client, &ends.server}, {&ends.server, &ends.client}}) {
    sctp::ReceiveBuffer buffer;
    for (const std::size_t size : {10U, 100'000U}) {
      from->send(test::pattern(size));
      CHECK(std::ranges::equal(test::next_message(*to, buffer).payload, test::pattern(size)));
    }
  }
}

/// The ports of a packet: both are at the beginning of UDP's header, as of SCTP's.
std::uint16_t port_at(const Packet& packet, std::size_t at) {
  const auto octet = [&](std::size_t n) { return static_cast<unsigned char>(packet.payload.at(n)); };
  return static_cast<std::uint16_t>(octet(at) * 256 + octet(at + 1));
}

std::size_t count(const std::vector<Packet>& packets, std::uint8_t protocol) {
  return static_cast<std::size_t>(std::ranges::count(packets, protocol, &Packet::protocol));
}

/// There were packets, and all of them were wrapped.
void check_wrapped(const std::vector<Packet>& packets, std::uint16_t from = usual, std::uint16_t to = usual) {
  CHECK(count(packets, Packet::sctp) == 0);
  CHECK(count(packets, Packet::udp) != 0);
  CHECK(std::ranges::all_of(packets, [&](const Packet& packet) {
    return packet.protocol != Packet::udp || (port_at(packet, 0) == from && port_at(packet, 2) == to);
  }));
}

void check_plain(const std::vector<Packet>& packets) {
  CHECK(count(packets, Packet::sctp) != 0);
  CHECK(count(packets, Packet::udp) == 0);
}

/// What is sent to the peer is wrapped for this port.
void check_port(const OneToOneSocket& socket, std::uint16_t port) {
  const auto association = socket.association();
  CHECK(association.get<RemoteUdpEncapsPort>().port == port);
  CHECK(association.get<RemoteUdpEncapsPort>(association.peer_addresses().at(0)).port == port);
}

}  // namespace

TEST_CASE("Messages between two hosts go in UDP packets and in no others", "[udp_encapsulation]") {
  const auto family = GENERATE(Address::Family::v4, Address::Family::v6);
  INFO(to_string(family));
  Wrapping hosts;
  const auto ends = test::connect(hosts, wrap(hosts.a), test::as_it_is, family);
  check_traffic(ends);
  check_port(ends.client, usual);
  check_port(ends.server, usual);
  check_wrapped(hosts.at_a.take());
  check_wrapped(hosts.at_b.take());
}

TEST_CASE("The port that a peer sends from is learnt from its packets", "[udp_encapsulation]") {
  Wrapping hosts{7777};
  const auto ends = test::connect(hosts, wrap(hosts.a), test::as_it_is);
  check_traffic(ends);
  check_port(ends.client, usual);
  check_port(ends.server, 7777);
  check_wrapped(hosts.at_b.take(), 7777, usual);
  check_wrapped(hosts.at_a.take(), usual, 7777);
}

TEST_CASE("A peer that does not wrap is answered in plain packets, whatever the listener says",
          "[udp_encapsulation]") {
  Wrapping hosts;
  const auto ends = test::connect(hosts, test::as_it_is, wrap(hosts.b));
  check_traffic(ends);
  check_port(ends.server, 0);
  check_plain(hosts.at_a.take());
  check_plain(hosts.at_b.take());
}

TEST_CASE("Packets are wrapped, or no more, from when an association or its path is told so",
          "[udp_encapsulation]") {
  Wrapping hosts;
  const auto ends = test::connect(hosts);
  const auto association = ends.client.association();
  const bool by_path = GENERATE(false, true);
  CAPTURE(by_path);
  const auto set = [&](std::uint16_t port) {
    hosts.a.run([&] {
      if (by_path) {
        association.set(RemoteUdpEncapsPort{port}, association.peer_addresses().at(0));
      } else {
        association.set(RemoteUdpEncapsPort{port});
      }
    });
  };
  sctp::ReceiveBuffer buffer;
  const auto send = [&] {
    hosts.at_b.take();
    ends.client.send(sctp::as_bytes("hello"));
    CHECK(test::text(test::next_message(ends.server, buffer).payload) == "hello");
    return hosts.at_b.take();
  };
  const auto path = association.peer_addresses().at(0);
  const auto path_back = ends.server.association().peer_addresses().at(0);
  check_plain(send());
  set(usual);
  CHECK(association.get<RemoteUdpEncapsPort>(path).port == usual);
  CHECK(association.get<RemoteUdpEncapsPort>().port == (by_path ? 0 : usual));
  check_wrapped(send());
  CHECK(ends.server.association().get<RemoteUdpEncapsPort>(path_back).port == usual);
  set(0);
  CHECK(association.get<RemoteUdpEncapsPort>(path).port == 0);
  check_plain(send());
  CHECK(ends.server.association().get<RemoteUdpEncapsPort>(path_back).port == 0);
}

TEST_CASE("What is wrapped on a one-to-many socket stays so when it is peeled off", "[udp_encapsulation]") {
  Wrapping hosts;
  sctp::Listener listener = test::listen(hosts.b);
  const auto client = hosts.a.run([&] { return sctp::OneToManySocket{Address::Family::v4}; });
  wrap(hosts.a)(client);
  CHECK(client.get<RemoteUdpEncapsPort>().port == usual);
  const auto id = client.connect(listener.local_address());
  test::Ends ends{{}, listener.accept()};
  sctp::ReceiveBuffer here;
  sctp::ReceiveBuffer there;
  CHECK(test::next(client, here) == "up");
  CHECK(client.association(id).get<RemoteUdpEncapsPort>().port == usual);
  ends.client = hosts.a.run([&] { return client.peel_off(id, here, there); });
  check_port(ends.client, usual);
  check_traffic(ends);
  check_wrapped(hosts.at_b.take());
}

TEST_CASE("Nothing can be wrapped where the kernel does not listen for UDP", "[udp_encapsulation]") {
  const OneToOneSocket socket{Address::Family::v4};
  std::error_code error;
  socket.set(RemoteUdpEncapsPort{usual}, error);
  CHECK(error == std::errc::operation_not_permitted);
  CHECK(socket.get<RemoteUdpEncapsPort>().port == 0);
  CHECK_THROWS_WITH(socket.set(RemoteUdpEncapsPort{usual}),
                    Contains("SCTP_REMOTE_UDP_ENCAPS_PORT: it needs the sysctl net.sctp.udp_port"));
  socket.set(RemoteUdpEncapsPort{0});

  auto [client, server] = test::connect();
  const Address path = client.association().peer_addresses().at(0);
  client.association().set(RemoteUdpEncapsPort{usual}, path, error);
  CHECK(error == std::errc::operation_not_permitted);
  client.association().set(RemoteUdpEncapsPort{0}, path);
  check_port(client, 0);
}

// A fact about the kernel, which does not tell, so that the library cannot either.
TEST_CASE("A socket that was opened before the kernel listened for UDP sends plain packets",
          "[udp_encapsulation]") {
  Wrapping hosts{0};
  sctp::Listener listener = test::listen(hosts.b);
  OneToOneSocket client = hosts.a.run([&] { return OneToOneSocket{Address::Family::v4}; });
  hosts.a.set_sysctl("net.sctp.udp_port", usual);
  wrap(hosts.a)(client);
  client.connect(listener.local_address());
  check_plain(hosts.at_b.take());
}

TEST_CASE("What is not a path of the association has no port", "[udp_encapsulation]") {
  Wrapping hosts;
  const auto ends = test::connect(hosts);
  const auto association = ends.client.association();
  const Address path = association.peer_addresses().at(0);
  const Address other =
      GENERATE_COPY(path.with_port(std::uint16_t(path.port() ^ 1U)), Address{"10.78.0.77", path.port()},
                    Address::any(Address::Family::v4, path.port()));
  CAPTURE(other);
  hosts.a.run([&] {
    std::error_code error;
    association.set(RemoteUdpEncapsPort{usual}, other, error);
    CHECK(error == sctp::Errc::no_such_path);
    static_cast<void>(association.get<RemoteUdpEncapsPort>(other, error));
    CHECK(error == sctp::Errc::no_such_path);
  });
  check_port(ends.client, 0);
}

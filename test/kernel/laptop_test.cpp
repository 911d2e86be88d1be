// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>

#include "transfer.hpp"
#include "two_hosts.hpp"

using sctp::Address;
using test::Host;
using test::Transfer;
using Change = sctp::PeerAddressChange;
using namespace sctp::option;
using namespace std::chrono_literals;

// A machine with one address leaves a network and enters another, while messages are on their way.

namespace {

void ip(const Host& host, const std::string& words) {
  const std::string command = "PATH=$PATH:/usr/sbin:/sbin ip " + words;
  if (host.run([&] { return std::system(command.c_str()); }) != 0) throw std::runtime_error{"ip " + words};
}

/// Asks often, and is patient.
void tune(const sctp::SocketRef& socket) {
  socket.set(AuthSupported{});
  socket.set(AsconfSupported{});
  socket.set(RtoInfo{.initial = 100ms, .max = 200ms, .min = 100ms});
  socket.set(AssocInfo{.max_retransmissions = 60'000});
  socket.set(DelayedSack{.packets = 1});
  socket.subscribe<Change>();
}

/// The laptop is host `a`, and at first in the first network alone; the other host has one address, which is
/// in neither.
struct Travel {
  test::TwoHosts hosts{2};
  sctp::OneToOneSocket laptop;
  sctp::OneToOneSocket home;
  Address before;
  Address after;

  /// `accepts`: the laptop is the one that listens.
  explicit Travel(bool accepts) {
    hosts.a.run([] { test::set_loopback_up(true); });  // `replace_address` needs it
    hosts.b.run([] {
      test::set_loopback_up(true);
      test::add_address({10, 77, 0, 9});
    });
    ip(hosts.a, "link set path1 down");
    ip(hosts.a, "route add 10.77.0.9 via 10.78.0.2 dev path0");
    const auto open = [](const Host& host, const Address& address) {
      auto socket = host.run([] { return sctp::OneToOneSocket{Address::Family::v4}; });
      tune(socket);
      socket.bind(address);
      return socket;
    };
    const Address at_home{"10.77.0.9", 0};
    const Host& listening = accepts ? hosts.a : hosts.b;
    auto listener = listening.run([] { return sctp::Listener{Address::Family::v4}; });
    tune(listener);
    listener.bind(accepts ? hosts.a.address(0) : at_home);
    listener.listen();
    (accepts ? home : laptop) = accepts ? open(hosts.b, at_home) : open(hosts.a, hosts.a.address(0));
    (accepts ? home : laptop).connect(listener.local_address());
    (accepts ? laptop : home) = listener.accept();
    before = laptop.local_address();
    after = hosts.a.address(1, before.port());
  }

  /// The second network is there, and is preferred.
  void enter() const {
    ip(hosts.a, "link set path1 up");
    ip(hosts.a, "route replace 10.77.0.9 via 10.78.1.2 dev path1");
  }
};

bool has_told(const Transfer& transfer, const Address& address, Change::State state) {
  return std::ranges::any_of(transfer.told(), [&](const Change& change) {
    return change.address == address && change.state == state;
  });
}

constexpr std::uint32_t count = 2'000;

/// Messages in both directions, of which some are to be sent after the change.
struct BothWays {
  Transfer up;
  Transfer down;
  explicit BothWays(const Travel& travel)
      : up{travel.laptop.association(), travel.home, count},
        down{travel.home.association(), travel.laptop, count} {
    send_up_to(count / 2);
    for (Transfer* one : {&up, &down}) one->wait_until_arrived(count / 4);
  }
  void send_up_to(std::uint32_t number) {
    for (Transfer* one : {&up, &down}) one->send_up_to(number);
  }
  void finish() {
    for (Transfer* one : {&up, &down}) one->finish();
  }
};

}  // namespace

TEST_CASE("An association survives that a network is left before another is entered", "[laptop]") {
  const std::string loss = GENERATE("addr flush dev path0", "link set path0 down", "link del path0");
  const bool accepts = GENERATE(false, true);
  INFO(loss);
  CAPTURE(accepts);
  const Travel travel{accepts};
  BothWays messages{travel};
  ip(travel.hosts.a, loss);
  messages.send_up_to(count * 3 / 4);
  travel.enter();
  travel.laptop.replace_address(travel.before, travel.after);
  messages.finish();
  CHECK(has_told(messages.up, travel.after, Change::State::added));
  CHECK(travel.laptop.local_addresses() == std::vector{travel.after});
  CHECK(travel.home.association().get<PrimaryAddr>().address == travel.after);
}

TEST_CASE("An association moves to another network before the old one is left", "[laptop]") {
  const bool accepts = GENERATE(false, true);
  CAPTURE(accepts);
  const Travel travel{accepts};
  BothWays messages{travel};
  travel.enter();
  travel.laptop.add_address(travel.after);
  travel.laptop.remove_address(travel.before);
  test::wait_until(
      [&] { return travel.laptop.association().local_addresses() == std::vector{travel.after}; });
  messages.send_up_to(count * 3 / 4);
  ip(travel.hosts.a, "link del path0");
  messages.finish();
  CHECK(has_told(messages.up, travel.after, Change::State::added));
  CHECK(has_told(messages.up, travel.before, Change::State::removed));
  CHECK(travel.home.association().peer_addresses() == std::vector{travel.after});
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <optional>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::Address;
using sctp::as_bytes;
using sctp::Association;
using sctp::OneToOneSocket;
using sctp::Style;
using test::any_style;
using namespace sctp::option;
using namespace std::chrono_literals;
using State = PeerAddrInfo::State;
using Exposure = ExposePotentiallyFailedState::Exposure;

// How a path is doing, what was negotiated, and how much room both sides have.

namespace {

/// Nothing is lost, and no path given up, because none arrives.
void tenacious(const sctp::SocketRef& socket) {
  test::tenacious(socket);
  socket.set(PeerAddrParams{.max_retransmissions = 1000});
}

/// A socket of any style, and its peer.
struct Pair {
  test::Receiver receiver;
  OneToOneSocket peer;
  Address path;  ///< the peer's

  explicit Pair(Style style, const test::Tune& tune = tenacious)
      : receiver{{style, test::Delivery::interleaves_peers}, tune},
        peer{receiver.connect(tune)},
        path{peer.local_address()} {}

  [[nodiscard]] Association association() const { return {receiver.socket(), receiver.association()}; }
};

}  // namespace

TEST_CASE("A path says how it is doing", "[path_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  const Pair pair{style};
  const auto info = pair.association().get<PeerAddrInfo>(pair.path);
  CHECK(info.address == pair.path);
  CHECK(info.state == State::available);
  CHECK(info.mtu == 1500);
  CHECK(info.congestion_window == 4380);  // RFC 9260 7.2.1
  CHECK(info.rto >= 50ms);
  CHECK(info.rto <= 100ms);
}

TEST_CASE("A round trip takes twice the time that a packet takes", "[path_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  const test::Delay delay;
  const Pair pair{style, test::as_it_is};
  const Association association = pair.association();
  CHECK(association.get<PeerAddrInfo>(pair.path).rtt == 0ms);
  association.send(as_bytes("there"), {.sack_immediately = true});
  test::wait_until([&] { return association.status().unacknowledged_chunks == 0; });
  const auto info = association.get<PeerAddrInfo>(pair.path);
  CHECK(info.rtt >= 120ms);
  CHECK(info.rtt < 1200ms);
  CHECK(info.rto >= 1s);
  CHECK(association_info(association).primary.rtt == info.rtt);
  CHECK(association_info(association).primary.rto == info.rto);
}

TEST_CASE("A path that does not answer fails by and by, as far as that is to be told", "[path_info]") {
  const Style style = any_style();
  const Exposure exposure = GENERATE(Exposure::when_asked, Exposure::never, Exposure::always);
  CAPTURE(to_string(style), to_string(exposure));
  const Pair pair{style};
  const Association association = pair.association();
  association.set(ExposePotentiallyFailedState{exposure});
  const test::Network outage{"netem loss 100%"};
  association.send(as_bytes("lost"));
  test::wait_until([&] { return association_info(association).primary.failures > 0; });
  std::error_code error;
  const auto info = association.get<PeerAddrInfo>(pair.path, error);
  if (exposure == Exposure::never) {
    CHECK(error == std::errc::permission_denied);
  } else {
    CHECK_FALSE(error);
    CHECK(info.state == State::potentially_failed);
  }
  association.set(PeerAddrParams{.max_retransmissions = 1});
  test::wait_until([&] {
    const auto now = association.get<PeerAddrInfo>(pair.path, error);
    return !error && now.state == State::unreachable;
  });
}

TEST_CASE("A path that has not answered yet is unconfirmed", "[path_info]") {
  test::add_address({10, 77, 0, 33});
  sctp::Listener listener{Address::Family::v4};
  listener.bind(Address::v4({10, 77, 0, 2}, 0));
  const Address first = listener.local_address();
  const Address second = Address::v4({10, 77, 0, 33}, first.port());
  listener.bind(std::array{second});
  listener.listen();
  OneToOneSocket client{Address::Family::v4};
  client.set(PeerAddrParams{.heartbeat = Heartbeat::off()});
  client.connect(first);
  CHECK(client.association().get<PeerAddrInfo>(first).state == State::available);
  CHECK(client.association().get<PeerAddrInfo>(second).state == State::unconfirmed);
  CHECK(client.association().get<PeerAddrInfo>(second).rtt == 0ms);
  CHECK(client.association().get<AssocWindow>().peer_addresses == 2);
}

TEST_CASE("A path of another association says nothing", "[path_info]") {
  const Pair pair{any_style()};
  const OneToOneSocket other{pair.receiver.address()};
  std::error_code error;
  static_cast<void>(pair.association().get<PeerAddrInfo>(other.local_address(), error));
  CHECK(error == sctp::Errc::no_such_path);
  CHECK_THROWS_WITH(pair.association().get<PeerAddrInfo>(other.local_address()),
                    Catch::Matchers::Contains(to_string(other.local_address())));
}

TEST_CASE("There are as many streams as one side offers and the other takes", "[path_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  test::Receiver receiver{{style, test::Delivery::interleaves_peers}, [](const sctp::SocketRef& socket) {
                            socket.set(InitMsg{.outgoing_streams = 7, .incoming_streams = 15});
                          }};
  const auto client = receiver.connect([](const sctp::SocketRef& socket) {
    socket.set(InitMsg{.outgoing_streams = 20, .incoming_streams = 5});
  });
  const Status here = client.association().status();
  CHECK(here.outgoing_streams == 15);
  CHECK(here.incoming_streams == 5);
  const Status there = Association{receiver.socket(), receiver.association()}.status();
  CHECK(there.outgoing_streams == 5);
  CHECK(there.incoming_streams == 15);
}

TEST_CASE("Each side knows the room that the other has", "[path_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  test::Receiver receiver{{style, test::Delivery::interleaves_peers},
                          [](const sctp::SocketRef& socket) { socket.set(RcvBuf{60'000}); }};
  const auto client = receiver.connect([](const sctp::SocketRef& socket) { socket.set(RcvBuf{40'000}); });
  const auto here = client.association().get<AssocWindow>();
  const auto there = Association{receiver.socket(), receiver.association()}.get<AssocWindow>();
  CHECK(here.local == 20'000);
  CHECK(here.peer == 30'000);
  CHECK(there.local == 30'000);
  CHECK(there.peer == 20'000);
  CHECK(here.peer_addresses == 1);
  client.send(test::pattern(10'000));
  test::wait_until_acknowledged(client);
  CHECK(client.association().get<AssocWindow>().peer < 25'000);
  CHECK(client.association().status().peer_window == client.association().get<AssocWindow>().peer);
}

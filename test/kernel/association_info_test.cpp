// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::as_bytes;
using sctp::Association;
using sctp::association_info;
using sctp::AssociationId;
using sctp::AssociationInfo;
using sctp::OneToManySocket;
using sctp::OneToOneSocket;
using sctp::StreamId;
using sctp::Style;
using test::any_style;
using test::Outage;
using namespace sctp::option;
using namespace std::chrono_literals;
using State = Status::State;

// What the kernel knows of an association, as `ss` shows it.

namespace {

/// Nothing is lost because none arrives, and the paths' failures are those of messages alone.
void tenacious(const sctp::SocketRef& socket) {
  test::tenacious(socket);
  socket.set(RtoInfo{.max = 100ms});
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::off()});
}

struct Pair : test::QuietPair {
  explicit Pair(Style style, const test::Tune& tune = tenacious) : QuietPair{style, tune} {}
};

}  // namespace

TEST_CASE("Both ends of an association are told the same of it", "[association_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  const Pair pair{style};
  const AssociationInfo here = association_info(pair.association());
  const AssociationInfo there = association_info(pair.peer.association());
  CHECK(here.local_tag != 0);
  CHECK(there.local_tag != 0);
  CHECK(here.local_tag != here.peer_tag);
  CHECK(here.local_tag == there.peer_tag);
  CHECK(here.peer_tag == there.local_tag);
  CHECK(here.local_window == there.peer_window);
  CHECK(here.peer_window == there.local_window);
  CHECK(here.primary.address == pair.peer.local_address());
  CHECK(there.primary.address == pair.peer.peer_address());
  for (const AssociationInfo& info : {here, there}) {
    CHECK(info.state == State::established);
    CHECK(info.queued_chunks == 0);
    CHECK(info.unacknowledged_chunks == 0);
    CHECK(info.failures == 0);
    CHECK(info.send_buffer_used == 0);
    CHECK(info.receive_buffer_used == 0);
    CHECK(info.primary.in_flight == 0);
    CHECK(info.primary.failures == 0);
  }
  const auto path = pair.association().get<PeerAddrInfo>(pair.peer.local_address());
  CHECK(here.primary.rto == path.rto);
  CHECK(here.primary.rtt == path.rtt);
  CHECK(here.primary.congestion_window == path.congestion_window);
  const auto window = pair.association().get<AssocWindow>();
  CHECK(here.local_window == window.local);
  CHECK(here.peer_window == window.peer);
}

TEST_CASE("What waits is told at both ends when the reader stalls", "[association_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style, [](const sctp::SocketRef& socket) {
              tenacious(socket);
              test::small_window(socket);
            }};
  const std::uint32_t chunks = 41;
  const std::size_t most = pair.association().status().fragmentation_point;
  pair.association().send(test::pattern(chunks * most), {.stream = StreamId{3}});
  AssociationInfo here;
  AssociationInfo there;
  test::wait_until([&] {
    here = association_info(pair.association());
    there = association_info(pair.peer.association());
    return here.peer_window == 0 && there.local_window < 1500;
  });
  CHECK(here.queued_chunks > 20);
  CHECK(here.queued_chunks < chunks);
  CHECK(here.send_buffer_used > here.queued_chunks * most);
  CHECK(here.receive_buffer_used == 0);
  CHECK(there.receive_buffer_used > 5'000);
  CHECK(there.send_buffer_used == 0);
  CHECK(there.queued_chunks == 0);
  CHECK(test::next_message(pair.peer, pair.at_peer).payload.size() == chunks * most);
  test::wait_until([&] { return pair.association().status().unacknowledged_chunks == 0; });
  const AssociationInfo after = association_info(pair.association());
  CHECK(after.queued_chunks == 0);
  CHECK(after.send_buffer_used == 0);
  CHECK(after.peer_window > 1500);
}

TEST_CASE("What is on its way is told, and how often nobody has answered", "[association_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  std::optional<Outage> outage{std::in_place};
  pair.association().send(as_bytes("lost"));
  const AssociationInfo info = association_info(pair.association());
  CHECK(info.unacknowledged_chunks == 1);
  CHECK(info.queued_chunks == 0);
  CHECK(info.primary.in_flight == 4);
  std::uint32_t before = 0;
  for (int n = 0; n != 3; ++n) {
    AssociationInfo now = association_info(pair.association());
    while (now.failures <= before) now = association_info(pair.association());
    CHECK(now.primary.failures == now.failures);
    CHECK(now.primary.rto == 100ms);
    before = now.failures;
  }
  outage.reset();
  CHECK(test::next(pair.peer, pair.at_peer) == "message lost");
  test::wait_until([&] { return pair.association().status().unacknowledged_chunks == 0; });
  CHECK(association_info(pair.association()).failures == 0);
  CHECK(association_info(pair.association()).primary.failures == 0);
  CHECK(association_info(pair.association()).primary.in_flight == 0);
}

TEST_CASE("The state is told of an association that ends", "[association_info]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  const auto check_state = [&](State state) {
    CHECK(pair.association().status().state == state);
    CHECK(association_info(pair.association()).state == state);
  };
  check_state(State::established);
  const Outage outage;
  SECTION("with a message on its way") {
    pair.association().send(as_bytes("lost"));
    pair.association().shutdown();
    check_state(State::shutdown_pending);
  }
  SECTION("with nothing on its way") {
    pair.association().shutdown();
    check_state(State::shutdown_sent);
  }
}

TEST_CASE("Each association of a socket is told of by itself", "[association_info]") {
  const auto family = GENERATE(Address::Family::v4, Address::Family::v6);
  const auto of_peers = GENERATE(Address::Family::v4, Address::Family::v6);
  if (family == Address::Family::v4 && of_peers == Address::Family::v6) return;
  CAPTURE(int(family), int(of_peers));
  test::Many many{test::as_it_is, Address::any(family, 0)};
  const Address at = Address::loopback(of_peers, many.socket.local_address().port());
  std::vector<OneToOneSocket> peers;
  std::vector<Association> associations;
  for (int n = 0; n != 3; ++n) {
    peers.emplace_back(family);
    peers.back().connect(at);
    associations.push_back(many.association(many.next_up()));
  }
  sctp::ReceiveBuffer there;
  const auto peeled_off = many.socket.peel_off(associations[2].id(), many.buffer, there);
  associations[2] = peeled_off.association();
  for (std::size_t n = 0; n != peers.size(); ++n) {
    const AssociationInfo here = association_info(associations[n]);
    const AssociationInfo of_peer = association_info(peers[n].association());
    CHECK(here.state == State::established);
    CHECK(here.local_tag == of_peer.peer_tag);
    CHECK(here.peer_tag == of_peer.local_tag);
    CHECK(here.primary.address == associations[n].status().primary);
    CHECK(here.primary.address.family() == of_peers);
    CHECK(here.primary.address.port() == peers[n].local_address().port());
    CHECK(of_peer.primary.address == at);
  }
  CHECK(association_info(associations[0]).local_tag != association_info(associations[1]).local_tag);
}

TEST_CASE("There is nothing to be told of an association that is not there", "[association_info]") {
  test::Many many;
  OneToOneSocket peer{many.address()};
  const AssociationId lost = many.next_up();
  peer.abort();
  CHECK(many.next() == "lost: user initiated abort");
  const OneToOneSocket remaining{many.address()};
  static_cast<void>(many.next_up());
  const OneToOneSocket unconnected{Address::Family::v4};
  auto [client, server] = test::connect();
  client.abort();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, server, buffer).back() == "lost: user initiated abort");
  std::vector<Association> none{unconnected.association(), server.association(), many.association(lost)};
  for (const int id : {-1, 0, 1, 2, 12345}) none.push_back(many.association(AssociationId{id}));
  for (const Association& nobody : none) {
    CAPTURE(nobody.id());
    std::error_code error;
    CHECK(association_info(nobody, error).local_tag == 0);
    CHECK(error == std::errc::invalid_argument);
    CHECK_THROWS_WITH(association_info(nobody),
                      Contains("cannot ask about association " + to_string(nobody.id())));
  }
}

TEST_CASE("Nothing is told in another network than the association's", "[association_info]") {
  const Pair pair{any_style()};
  test::Task elsewhere{[association = pair.association()] {
    std::error_code error;
    if (::unshare(CLONE_NEWNET) != 0) return error;
    static_cast<void>(association_info(association, error));
    return error;
  }};
  CHECK(elsewhere.get() == std::errc::no_such_file_or_directory);
}

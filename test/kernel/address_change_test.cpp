// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "changing.hpp"
#include "one_to_many.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::Errc;
using sctp::PathMonitor;
using test::Changing;
using test::Kind;
using Change = sctp::PeerAddressChange;
using namespace sctp::option;
using namespace std::chrono_literals;

// Sockets that get and lose addresses while their associations go on.

namespace {

using Told = Change::State;

Kind any_kind() { return GENERATE(Kind::client, Kind::accepted, Kind::one_to_many, Kind::peeled_off); }

/// What the peer is told of our addresses, and what it makes of that.
class Story {
 public:
  explicit Story(Changing& pair) : pair_{pair}, monitor_{pair.peer.association()} {}

  /// Reads on until that has been told, since the last `forget`. (Of two addresses one may be heard of sooner
  /// or later than of the other.)
  void await(const Address& address, Told state) {
    while (!has_told(address, state)) {
      told_.push_back(test::await<Change>(pair_.peer, pair_.peer_buffer));
      monitor_.take(told_.back());
    }
  }
  [[nodiscard]] bool has_told(const Address& address, Told state) const {
    return std::ranges::any_of(
        told_, [&](const Change& change) { return change.address == address && change.state == state; });
  }
  void forget() { told_.clear(); }

  [[nodiscard]] std::vector<Address> addresses() const {
    std::vector<Address> addresses;
    for (const auto& path : monitor_.paths()) addresses.push_back(path.address);
    return addresses;
  }
  [[nodiscard]] const PathMonitor& monitor() const { return monitor_; }

 private:
  Changing& pair_;
  PathMonitor monitor_;
  std::vector<Change> told_;
};

std::error_code error_of_adding(const Changing& pair, const Address& address) {
  std::error_code error;
  pair.own.add_address(address, error);
  return error;
}

std::error_code error_of_removing(const Changing& pair, const Address& address) {
  std::error_code error;
  pair.own.remove_address(address, error);
  return error;
}

using List = std::vector<Address>;

}  // namespace

TEST_CASE("A peer learns of an address that comes, and forgets one that goes", "[address_change]") {
  const Kind kind = any_kind();
  const auto family = GENERATE(Address::Family::v4, Address::Family::v6);
  INFO(name(kind) << ", " << to_string(family));
  Changing pair{kind, test::change_addresses, test::change_addresses, family};
  const Address first = pair.address(0);
  const Address second = pair.address(1);
  Story story{pair};
  CHECK(story.addresses() == List{first});

  // Port 0 is the socket's.
  pair.own.add_address(second.with_port(0));
  story.await(second, Told::added);
  story.await(second, Told::confirmed);
  CHECK(pair.own.local_addresses() == List{first, second});
  CHECK(pair.association().local_addresses() == List{first, second});
  CHECK(pair.peer.association().peer_addresses() == List{first, second});
  pair.check_talk();

  test::Tap tap{pair.hosts.a, 1};
  pair.peer.send(sctp::as_bytes("to the second"), {.path = second});
  CHECK(test::text(test::next_message(pair.own, pair.own_buffer).payload) == "to the second");
  CHECK_FALSE(tap.take(ChunkType::data).empty());

  // It is the peer's primary one, and the source of what we send.
  pair.own.remove_address(first);
  story.await(second, Told::made_primary);
  story.await(first, Told::removed);
  CHECK(story.addresses() == List{second});
  CHECK(story.monitor().paths().front().primary);
  CHECK(pair.own.local_addresses() == List{second});
  CHECK(pair.peer.association().peer_addresses() == List{second});
  pair.check_talk();
  CHECK(error_of_removing(pair, second) == std::errc::device_or_resource_busy);
  CHECK_THROWS_WITH(pair.own.remove_address(second), Contains("it is the last one"));

  if (kind == Kind::accepted || kind == Kind::peeled_off) {
    CHECK(error_of_adding(pair, first) == std::errc::address_in_use);
    return;
  }
  // Once the peer has answered it may come again.
  test::wait_until([&] { return pair.association().local_addresses() == List{second}; });
  story.forget();
  pair.own.add_address(first);
  story.await(first, Told::added);
  story.await(first, Told::confirmed);
  CHECK(story.addresses() == List{second, first});
  CHECK(story.monitor().paths().front().primary);
}

TEST_CASE("An address is replaced by another of the same host", "[address_change]") {
  const Kind kind = any_kind();
  const bool has_another = GENERATE(false, true);
  const auto family = GENERATE(Address::Family::v4, Address::Family::v6);
  INFO(name(kind) << ", " << to_string(family));
  CAPTURE(has_another);
  Changing pair{kind, test::change_addresses, test::change_addresses, family};
  Story story{pair};
  const Address gone = pair.address(0);
  const Address now = pair.address(1);
  const bool is_v4 = family == Address::Family::v4;
  const Address other{is_v4 ? "10.78.1.77" : "fd78:1::77", now.port()};
  if (has_another) {
    pair.hosts.a.add_address(1, other);
    pair.own.add_address(other);
    story.await(other, Told::confirmed);
  }
  pair.own.replace_address(gone, now);
  story.await(now, Told::added);
  story.await(now, Told::confirmed);
  // The listener keeps the address: then peers are asked at least to use the other.
  const bool is_shared = !has_another && (kind == Kind::accepted || kind == Kind::peeled_off);
  if (is_shared) {
    story.await(now, Told::made_primary);
    CHECK(pair.own.local_addresses() == List{now});
  } else {
    story.await(gone, Told::removed);
    const List left = has_another ? List{other, now} : List{now};
    CHECK(story.addresses() == left);
    test::wait_until([&] { return pair.association().local_addresses() == left; });
    CHECK(pair.own.local_addresses() == left);
  }
  pair.check_talk();
}

TEST_CASE("An accepted socket's address is replaced where it may share the port with its listener",
          "[address_change]") {
  Changing pair{Kind::accepted, [](const sctp::SocketRef& socket) {
                  test::change_addresses(socket);
                  socket.set(ReusePort{});
                }};
  pair.own.set(ReusePort{});
  Story story{pair};
  pair.own.replace_address(pair.address(0), pair.address(1));
  story.await(pair.address(0), Told::removed);
  story.await(pair.address(1), Told::confirmed);
  CHECK(story.addresses() == List{pair.address(1)});
  pair.check_talk();
}

TEST_CASE("What cannot be added, removed or replaced is refused, and nothing changes", "[address_change]") {
  const Kind kind = any_kind();
  INFO(name(kind));
  Changing pair{kind};
  const Address own = pair.address(0);
  const Address second = pair.address(1);
  const Address elsewhere = pair.peer_address(0).with_port(own.port());
  const auto other_port = static_cast<std::uint16_t>(own.port() ^ 1U);
  CHECK(error_of_adding(pair, own) == std::errc::invalid_argument);
  CHECK_THROWS_WITH(pair.own.add_address(own), Contains("the socket has it already"));
  CHECK(error_of_adding(pair, second.with_port(other_port)) == std::errc::invalid_argument);
  CHECK(error_of_adding(pair, elsewhere) == std::errc::address_not_available);
  CHECK(error_of_adding(pair, Address::any(Address::Family::v4, own.port())) == std::errc::invalid_argument);
  CHECK(error_of_removing(pair, own) == std::errc::device_or_resource_busy);
  const auto error_of_replacing = [&](const Address& gone, const Address& now) {
    std::error_code error;
    pair.own.replace_address(gone, now, error);
    return error;
  };
  CHECK(error_of_replacing(second, own) == std::errc::invalid_argument);
  CHECK(error_of_replacing(own, own) == std::errc::invalid_argument);
  CHECK(error_of_replacing(own, elsewhere) == std::errc::address_not_available);
  CHECK(pair.own.local_addresses() == List{own});
  CHECK(pair.association().local_addresses() == List{own});
  pair.check_talk();

  pair.own.add_address(second);
  CHECK(error_of_removing(pair, elsewhere) == std::errc::invalid_argument);
  CHECK_THROWS_WITH(pair.own.remove_address(elsewhere), Contains("the socket does not have it"));
}

TEST_CASE("An IPv6 address on an IPv4 socket is refused as such", "[address_change]") {
  Changing pair{Kind::client};
  const Address v6 = pair.hosts.a.address(1, 0, Address::Family::v6);
  CHECK(error_of_adding(pair, v6) == Errc::wrong_address_family);
}

TEST_CASE("Where one side cannot change addresses nothing changes, and that is told", "[address_change]") {
  const Kind kind = GENERATE(Kind::client, Kind::accepted, Kind::peeled_off);
  const bool own_can = GENERATE(false, true);
  INFO(name(kind));
  const test::Tune cannot = [](const sctp::SocketRef& socket) { socket.subscribe<Change>(); };
  const test::Tune can = test::change_addresses;
  Changing pair{kind, own_can ? can : cannot, own_can ? cannot : can};
  CHECK(error_of_adding(pair, pair.address(1)) == Errc::not_negotiated);
  CHECK(error_of_removing(pair, pair.address(0)) == Errc::not_negotiated);
  std::error_code error;
  pair.own.replace_address(pair.address(0), pair.address(1), error);
  CHECK(error == Errc::not_negotiated);
  CHECK(pair.own.local_addresses() == List{pair.address(0)});
  pair.check_talk();
}

TEST_CASE("Of a one-to-many socket's associations those change that can", "[address_change]") {
  Changing pair{Kind::one_to_many};
  const Address first = pair.address(0);
  const Address second = pair.address(1);
  const auto connect = [&](const test::Tune& tune) {
    auto peer = pair.hosts.b.run([] { return sctp::OneToOneSocket{Address::Family::v4}; });
    tune(peer);
    test::bind(peer, pair.hosts.b);
    peer.connect(first);
    return peer;
  };
  const auto can = connect(test::change_addresses);
  const auto cannot = connect([](const sctp::SocketRef& socket) { socket.subscribe<Change>(); });
  sctp::ReceiveBuffer buffer;
  pair.own.add_address(second);
  for (const sctp::OneToOneSocket* peer : std::array<const sctp::OneToOneSocket*, 2>{&pair.peer, &can}) {
    const auto change = test::await<Change>(*peer, buffer);
    CHECK(change.state == Told::added);
    CHECK(change.address == second);
    CHECK(peer->association().peer_addresses() == List{first, second});
  }
  CHECK(cannot.association().peer_addresses() == List{first});
  CHECK(pair.own.local_addresses() == List{first, second});
  for (const sctp::AssociationId id : pair.many().associations()) {
    const auto association = pair.many().association(id);
    CHECK(association.local_addresses().size() == (association.get<AsconfSupported>().on ? 2 : 1));
  }
  cannot.send(sctp::as_bytes("still there"));
  CHECK(test::text(test::next_message(pair.own, pair.own_buffer).payload) == "still there");
}

TEST_CASE("An accepted socket and its listener have the same new address where both may share the port",
          "[address_change]") {
  const bool share = GENERATE(false, true);
  CAPTURE(share);
  Changing pair{Kind::accepted, [&](const sctp::SocketRef& socket) {
                  test::change_addresses(socket);
                  socket.set(ReusePort{share});
                }};
  if (share) pair.own.set(ReusePort{});
  const Address second = pair.address(1);
  pair.listener().add_address(second);
  if (share) {
    pair.own.add_address(second);
    CHECK(test::await<Change>(pair.peer, pair.peer_buffer).state == Told::added);
  } else {
    CHECK(error_of_adding(pair, second) == std::errc::address_in_use);
  }
  const auto late = pair.hosts.b.run([&] { return sctp::OneToOneSocket{second}; });
  CHECK(pair.listener().accept().peer_address().port() == late.local_address().port());
}

TEST_CASE("A peer is asked to take a new address first, and does", "[address_change]") {
  const Kind kind = any_kind();
  INFO(name(kind));
  Changing pair{kind};
  Story story{pair};
  const Address second = pair.address(1);
  pair.own.add_address(second);
  pair.association().set(SetPeerPrimaryAddr{second});
  story.await(second, Told::made_primary);
  CHECK(pair.peer.association().get<PrimaryAddr>().address == second);
  test::wait_until_confirmed(pair.peer.association());
  test::Tap tap{pair.hosts.a, 1};
  pair.check_talk();
  CHECK_FALSE(tap.take(ChunkType::data).empty());

  pair.own.remove_address(second);
  std::error_code error;
  pair.association().set(SetPeerPrimaryAddr{second}, error);
  CHECK(error == std::errc::address_not_available);
}

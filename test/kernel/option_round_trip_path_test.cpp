// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <optional>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::Association;
using sctp::AssociationId;
using sctp::Errc;
using sctp::OneToManySocket;
using sctp::OneToOneSocket;
using sctp::Style;
using test::any_style;
using namespace sctp::option;
using namespace std::chrono_literals;

// Options of paths: of one, of all that an association has, and of those that later associations have.

namespace {

/// A listener with two addresses.
struct Peer {
  sctp::Listener listener{Address::Family::v4};
  Address first;
  Address second;

  explicit Peer(const test::Tune& tune = test::as_it_is) {
    test::add_address({10, 77, 0, 33});
    tune(listener);
    listener.bind(Address::v4({10, 77, 0, 2}, 0));
    first = listener.local_address();
    second = Address::v4({10, 77, 0, 33}, first.port());
    listener.bind(std::array{second});
    listener.listen();
  }
};

/// A socket of any style, with an association that has two paths; of one-to-many style it has another such.
struct Asker {
  Peer peer;
  Peer other_peer;
  sctp::ReceiveBuffer buffer;
  sctp::ReceiveBuffer there;
  OneToManySocket many;
  OneToOneSocket one;
  std::optional<Association> association;
  std::optional<Association> other;

  explicit Asker(Style style, const test::Tune& tune = test::as_it_is) {
    if (style == Style::one_to_one) {
      one = OneToOneSocket{Address::Family::v4};
      tune(one);
      one.connect(peer.first);
      association = one.association();
      return;
    }
    many = OneToManySocket{Address::Family::v4};
    tune(many);
    association = set_up(peer);
    other = set_up(other_peer);
    if (style == Style::one_to_many) return;
    one = many.peel_off(association->id(), buffer, there);
    association = one.association();
  }

  Association set_up(const Peer& with) {
    const AssociationId id = many.connect(with.first);
    CHECK(test::next(many, buffer) == "up");
    return many.association(id);
  }
};

/// Two values of an option; times are whole ticks of every kernel's clock.
template <class O>
const std::array<O, 2> examples{};
template <>
const std::array<PeerAddrParams, 2> examples<PeerAddrParams>{{
    {Heartbeat::every(7240ms), 3, PathMtu::fixed(1200), 46, {}},
    {Heartbeat::off(), 7, PathMtu::fixed(900), 10, {}},
}};
bool operator==(const PeerAddrParams& a, const PeerAddrParams& b) {
  return a.heartbeat == b.heartbeat && a.max_retransmissions == b.max_retransmissions && a.mtu == b.mtu &&
         a.dscp == b.dscp && a.flow_label == b.flow_label;
}
template <>
const std::array<PeerAddrThlds, 2> examples<PeerAddrThlds>{{{1, 3}, {2, 4}}};
bool operator==(const PeerAddrThlds& a, const PeerAddrThlds& b) {
  return a.potentially_failed == b.potentially_failed && a.switch_primary == b.switch_primary;
}
template <>
const std::array<PlpmtudProbeInterval, 2> examples<PlpmtudProbeInterval>{{{5000ms}, {7000ms}}};
bool operator==(const PlpmtudProbeInterval& a, const PlpmtudProbeInterval& b) {
  return a.interval == b.interval;
}

template <class O>
bool has(const Association& association, const Address& path, const O& value) {
  return association.get<O>(path) == value;
}

template <class O>
std::error_code error_of(const Association& association, const Address& path, const O& value) {
  std::error_code set;
  association.set(value, path, set);
  std::error_code get;
  static_cast<void>(association.get<O>(path, get));
  CHECK(get == set);
  return set;
}

}  // namespace

TEMPLATE_TEST_CASE("A path has what it was told, and no other has", "[option]", PeerAddrParams, PeerAddrThlds,
                   PlpmtudProbeInterval) {
  const auto& [one, other] = examples<TestType>;
  const Style style = any_style();
  INFO(to_string(style));
  const Asker asker{style};
  const Association& association = *asker.association;
  const auto fresh = association.get<TestType>(asker.peer.first);
  const auto whole = association.get<TestType>();
  association.set(one, asker.peer.second);
  CHECK(has(association, asker.peer.first, fresh));
  CHECK(has(association, asker.peer.second, one));
  association.set(other, asker.peer.first);
  CHECK(has(association, asker.peer.first, other));
  CHECK(has(association, asker.peer.second, one));
  CHECK((association.template get<TestType>() == whole));
}

TEMPLATE_TEST_CASE("All paths of an association have what that was told", "[option]", PeerAddrParams,
                   PeerAddrThlds, PlpmtudProbeInterval) {
  const auto& [one, other] = examples<TestType>;
  const Style style = any_style();
  INFO(to_string(style));
  const Asker asker{style};
  const Association& association = *asker.association;
  association.set(one, asker.peer.second);
  association.set(other);
  CHECK(has(association, asker.peer.first, other));
  CHECK(has(association, asker.peer.second, other));
  CHECK((association.template get<TestType>() == other));
  if (!asker.other) return;
  CHECK_FALSE(has(*asker.other, asker.other_peer.first, other));
  CHECK_FALSE(has(*asker.other, asker.other_peer.second, other));
}

TEMPLATE_TEST_CASE("All paths of later associations have what their socket was told", "[option]",
                   PeerAddrParams, PeerAddrThlds, PlpmtudProbeInterval) {
  const TestType& value = examples<TestType>[0];
  const Style style = any_style();
  INFO(to_string(style));
  const Asker asker{style, [&](const sctp::SocketRef& socket) { socket.set(value); }};
  CHECK(has(*asker.association, asker.peer.first, value));
  CHECK(has(*asker.association, asker.peer.second, value));
}

TEMPLATE_TEST_CASE("A path that an association does not have is refused, and no other is changed", "[option]",
                   PeerAddrParams, PeerAddrThlds, PlpmtudProbeInterval) {
  const TestType& value = examples<TestType>[0];
  const Style style = any_style();
  INFO(to_string(style));
  const Asker asker{style};
  const Address known = asker.peer.first;
  std::vector<Address> unknown{Address::v4({10, 77, 0, 99}, known.port()),
                               known.with_port(static_cast<std::uint16_t>(known.port() ^ 1U)),
                               Address::any(Address::Family::v4, known.port()),
                               Address{},
                               asker.other_peer.first,
                               asker.other_peer.second};
  for (const Address& path : unknown) {
    CAPTURE(path);
    CHECK(error_of(*asker.association, path, value) == Errc::no_such_path);
  }
  for (const Address& path :
       {Address::loopback(Address::Family::v6, known.port()), Address::any(Address::Family::v6, 0)}) {
    CAPTURE(path);
    CHECK(error_of(*asker.association, path, value) == Errc::wrong_address_family);
  }
  for (const Address& path : {asker.peer.first, asker.peer.second})
    CHECK_FALSE(has(*asker.association, path, value));
  CHECK_FALSE((asker.association->template get<TestType>() == value));
  if (asker.other) {
    CHECK_FALSE(has(*asker.other, asker.other_peer.first, value));
    CHECK_FALSE(has(*asker.other, asker.other_peer.second, value));
  }
}

TEMPLATE_TEST_CASE("A path of no association is refused, and that of another is not changed", "[option]",
                   PeerAddrParams, PeerAddrThlds, PlpmtudProbeInterval) {
  const TestType& value = examples<TestType>[0];
  const Asker asker{Style::one_to_many};
  for (const int id : {-1, 0, 1, 2, 12345}) {
    CAPTURE(id);
    const Association nobody = asker.many.association(AssociationId{id});
    CHECK(error_of(nobody, asker.peer.first, value) == std::errc::invalid_argument);
    CHECK(error_of(nobody, asker.peer.first, value) != Errc::no_such_path);
  }
  // By the number of none the kernel would take the first association that has such a path.
  std::error_code error;
  set_option(sctp::OptionTarget{asker.many.fd()}, asker.peer.first, value, error);
  CHECK(error == std::errc::invalid_argument);
  CHECK_FALSE(has(*asker.association, asker.peer.first, value));
  const OneToOneSocket unconnected{Address::Family::v4};
  CHECK(error_of(unconnected.association(), asker.peer.first, value) == std::errc::invalid_argument);
  CHECK_FALSE((unconnected.get<TestType>() == value));
}

TEST_CASE("The primary path is one that the association has", "[option]") {
  const Style style = any_style();
  INFO(to_string(style));
  const Asker asker{style};
  const Association& association = *asker.association;
  CHECK(association.get<PrimaryAddr>().address == asker.peer.first);
  association.set(PrimaryAddr{asker.peer.second});
  CHECK(association.get<PrimaryAddr>().address == asker.peer.second);
  CHECK(association.status().primary == asker.peer.second);
  std::error_code error;
  const std::uint16_t port = asker.peer.first.port();
  for (const Address& path : {Address::v4({10, 77, 0, 99}, port), Address::any(Address::Family::v4, port),
                              asker.other_peer.second}) {
    CAPTURE(path);
    association.set(PrimaryAddr{path}, error);
    CHECK(error == Errc::no_such_path);
  }
  CHECK(association.get<PrimaryAddr>().address == asker.peer.second);
  if (!asker.other) return;
  CHECK(asker.other->get<PrimaryAddr>().address == asker.other_peer.first);
}

TEST_CASE("The primary path of no association is refused, and that of another stays", "[option]") {
  const Asker asker{Style::one_to_many};
  const OneToOneSocket unconnected{Address::Family::v4};
  std::vector<Association> none{unconnected.association()};
  for (const int id : {-1, 0, 1, 2, 12345}) none.push_back(asker.many.association(AssociationId{id}));
  for (const Association& nobody : none) {
    CAPTURE(nobody.id());
    std::error_code error;
    nobody.set(PrimaryAddr{asker.peer.second}, error);
    CHECK(error == std::errc::invalid_argument);
    CHECK(error != Errc::no_such_path);
    static_cast<void>(nobody.get<PrimaryAddr>(error));
    CHECK(error == std::errc::invalid_argument);
  }
  CHECK(asker.association->get<PrimaryAddr>().address == asker.peer.first);
}

TEST_CASE("A peer takes the address that it is asked to as its primary, where both can", "[option]") {
  const bool can = GENERATE(true, false);
  CAPTURE(can);
  const auto tune = [&](const sctp::SocketRef& socket) {
    if (can) socket.set(AuthSupported{});
    if (can) socket.set(AsconfSupported{});
  };
  Peer peer{tune};
  OneToOneSocket client{Address::Family::v4};
  tune(client);
  client.subscribe<sctp::PeerAddressChange>();
  client.connect(peer.first);
  const OneToOneSocket server = peer.listener.accept();
  std::error_code error;
  server.association().set(SetPeerPrimaryAddr{peer.second}, error);
  if (!can) {
    CHECK(error == std::errc::operation_not_permitted);
    CHECK_THROWS_WITH(server.association().set(SetPeerPrimaryAddr{peer.second}),
                      Contains("option::AsconfSupported"));
    return;
  }
  CHECK_FALSE(error);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer) == "up");
  using Change = sctp::PeerAddressChange;
  Change change = test::next_event<Change>(client, buffer);
  while (change.state == Change::State::confirmed) change = test::next_event<Change>(client, buffer);
  CHECK(change.state == Change::State::made_primary);
  CHECK(change.address == peer.second);
  CHECK(client.association().get<PrimaryAddr>().address == peer.second);
  server.association().set(SetPeerPrimaryAddr{Address::v4({10, 77, 0, 99}, peer.first.port())}, error);
  CHECK(error == std::errc::address_not_available);
}

TEST_CASE("Packets are wrapped in UDP only where the kernel listens there", "[option]") {
  std::error_code error;
  const auto check_refused = [&](const auto& target) {
    target.set(RemoteUdpEncapsPort{9899}, error);
    CHECK(error == std::errc::operation_not_permitted);
    CHECK_THROWS_WITH(target.set(RemoteUdpEncapsPort{9899}), Contains("net.sctp.udp_port"));
    target.set(RemoteUdpEncapsPort{0});
    CHECK(target.template get<RemoteUdpEncapsPort>().port == 0);
  };
  check_refused(OneToOneSocket{Address::Family::v4});
  check_refused(OneToManySocket{Address::Family::v4});
  const Style style = any_style();
  INFO(to_string(style));
  {
    const Asker asker{style};
    check_refused(*asker.association);
  }
  const test::Permission on_port_1{"udp_port"};
  const Asker asker{style, [](const sctp::SocketRef& socket) {
                      socket.set(PeerAddrParams{.heartbeat = Heartbeat::off()});
                      socket.set(RemoteUdpEncapsPort{1});
                      CHECK(socket.get<RemoteUdpEncapsPort>().port == 1);
                    }};
  const Association& association = *asker.association;
  CHECK(association.get<RemoteUdpEncapsPort>().port == 1);
  CHECK(association.get<RemoteUdpEncapsPort>(asker.peer.first).port == 1);
  CHECK(association.get<RemoteUdpEncapsPort>(asker.peer.second).port == 1);
  association.set(RemoteUdpEncapsPort{9899}, asker.peer.second);
  CHECK(association.get<RemoteUdpEncapsPort>(asker.peer.first).port == 1);
  CHECK(association.get<RemoteUdpEncapsPort>(asker.peer.second).port == 9899);
  if (!asker.other) return;
  CHECK(error_of(association, asker.other_peer.first, RemoteUdpEncapsPort{9899}) == Errc::no_such_path);
  CHECK(asker.other->get<RemoteUdpEncapsPort>(asker.other_peer.first).port == 1);
}

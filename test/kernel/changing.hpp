// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "by_hand.hpp"
#include "two_hosts.hpp"

/// Sockets of all styles whose addresses change while an association goes on.
namespace test {

enum class Kind { client, accepted, one_to_many, peeled_off };
inline constexpr std::array all_kinds{Kind::client, Kind::accepted, Kind::one_to_many, Kind::peeled_off};

inline std::string name(Kind kind) {
  switch (kind) {
    case Kind::client: return "client";
    case Kind::accepted: return "accepted";
    case Kind::one_to_many: return "one-to-many";
    case Kind::peeled_off: return "peeled off";
  }
  return {};
}

/// Addresses may change, and what becomes of paths is told, and told soon.
inline void change_addresses(const sctp::SocketRef& socket) {
  socket.set(sctp::option::AuthSupported{});
  socket.set(sctp::option::AsconfSupported{});
  socket.set(sctp::option::RtoInfo{.initial = 200ms, .max = 200ms, .min = 100ms});
  socket.set(sctp::option::DelayedSack{.packets = 1});
  socket.subscribe<sctp::PeerAddressChange>();
}

/// A socket of any style on host `a`, which is bound to the host's first address alone, and its peer on host
/// `b`, a one-to-one socket that is bound to all.
class Changing {
 public:
  explicit Changing(Kind kind, const Tune& tune_own = change_addresses,
                    const Tune& tune_peer = change_addresses, Host::Family family = Host::Family::v4)
      : family_{family} {
    hosts.a.run([] { set_loopback_up(true); });  // `replace_address` needs it
    set_up(kind, tune_own, tune_peer);
    // What is unconfirmed is of no use when the path that is in use fails. (With IPv6 it stays so as long as
    // the socket has no address in that network.)
    if (family == Host::Family::v6) return;
    association().request_heartbeats();
    wait_until_confirmed(association());
  }

  TwoHosts hosts{2};
  sctp::SocketRef own{sctp::SocketRef::borrow(-1, sctp::Style::one_to_one)};
  sctp::AssociationId id{};
  sctp::OneToOneSocket peer;
  sctp::ReceiveBuffer own_buffer{};
  sctp::ReceiveBuffer peer_buffer{};

  [[nodiscard]] sctp::Association association() const { return {own, id}; }
  /// Of the host's, with the socket's port.
  [[nodiscard]] sctp::Address address(std::size_t path) const {
    return hosts.a.address(path, port_, family_);
  }
  [[nodiscard]] sctp::Address peer_address(std::size_t path) const {
    return hosts.b.address(path, peer.local_address().port(), family_);
  }
  /// What an accepted socket comes from, and the one-to-many socket.
  [[nodiscard]] sctp::Listener& listener() { return listener_; }
  [[nodiscard]] const sctp::OneToManySocket& many() const { return many_; }

  /// A message comes in either direction.
  void check_talk() {
    own.send(id, sctp::as_bytes("from us"));
    CHECK(text(next_message(peer, peer_buffer).payload) == "from us");
    peer.send(sctp::as_bytes("from the peer"));
    CHECK(text(next_message(own, own_buffer).payload) == "from the peer");
  }

 private:
  void set_up(Kind kind, const Tune& tune_own, const Tune& tune_peer) {
    const auto tune = [&](auto socket, const Tune& with) {
      with(socket);
      return socket;
    };
    if (kind == Kind::client) {
      listener_ = listen(hosts.b, tune_peer, family_);
      single_ = tune(hosts.a.run([&] { return sctp::OneToOneSocket{family_}; }), tune_own);
      single_.bind(hosts.a.address(0, 0, family_));
      single_.connect(hosts.b.addresses(listener_.local_address().port(), family_));
      peer = listener_.accept();
      set_own(single_, single_.association().id());
      return;
    }
    peer = tune(hosts.b.run([&] { return sctp::OneToOneSocket{family_}; }), tune_peer);
    test::bind(peer, hosts.b, family_);
    if (kind == Kind::accepted) {
      listener_ = tune(hosts.a.run([&] { return sctp::Listener{family_}; }), tune_own);
      listener_.bind(hosts.a.address(0, 0, family_));
      listener_.listen();
      peer.connect(listener_.local_address());
      single_ = listener_.accept();
      set_own(single_, single_.association().id());
      return;
    }
    many_ = tune(hosts.a.run([&] { return sctp::OneToManySocket{family_}; }), tune_own);
    many_.bind(hosts.a.address(0, 0, family_));
    many_.listen();
    peer.connect(many_.local_address());
    sctp::ReceiveBuffer here;
    const auto up = next_event<sctp::AssociationChange>(many_, here);
    set_own(many_, up.association);
    if (kind == Kind::one_to_many) return;
    single_ = hosts.a.run([&] { return many_.peel_off(up.association, here, own_buffer); });
    set_own(single_, single_.association().id());
  }

  void set_own(const sctp::SocketRef& socket, sctp::AssociationId number) {
    own = socket;
    id = number;
    port_ = socket.local_address().port();
  }

  Host::Family family_;
  std::uint16_t port_ = 0;
  sctp::Listener listener_;
  sctp::OneToManySocket many_;
  sctp::OneToOneSocket single_;
};

}  // namespace test

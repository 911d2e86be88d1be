// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <cstdlib>
#include <cstring>

#include "by_hand.hpp"

using sctp::Address;
using Change = sctp::PeerAddressChange;
using namespace std::chrono_literals;

// What is told of the peer's addresses.

namespace {

// Beside a loopback address the kernel announces no other.
constexpr std::array<std::uint8_t, 4> home{10, 77, 0, 2};
constexpr std::array<std::uint8_t, 4> second{10, 77, 0, 33};

sockaddr_in native(const Address& address) {
  sockaddr_in native{};
  native.sin_family = AF_INET;
  native.sin_port = htons(address.port());
  std::memcpy(&native.sin_addr, second.data(), second.size());
  return native;
}

/// Looks after each path every few milliseconds and loses patience at once.
void watch(const sctp::SocketRef& socket) {
  socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
  sctp_paddrparams native{};
  native.spp_address.ss_family = AF_INET;
  native.spp_hbinterval = 10;
  native.spp_pathmaxrxt = 2;
  native.spp_flags = SPP_HB_ENABLE;
  test::set_native(socket, SCTP_PEER_ADDR_PARAMS, native);
}

/// A server with two addresses, and a client that is told of them.
struct Pair {
  sctp::OneToOneSocket client{Address::Family::v4};
  sctp::OneToOneSocket server;
  sctp::ReceiveBuffer buffer;
  Address other;

  explicit Pair(const test::Tune& tune = watch) {
    test::add_address(second);
    sctp::Listener listener{Address::Family::v4};
    listener.bind(Address::v4(home, 0));
    const std::uint16_t port = listener.local_address().port();
    other = Address::v4(second, port);
    listener.bind(std::array{other});
    listener.listen();
    tune(client);
    client.subscribe<Change>();
    client.connect(Address::v4(home, port));
    server = listener.accept();
  }
  ~Pair() {
    try {
      test::add_address(second);
    } catch (...) {
      std::abort();
    }
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  /// The next change of the second address; of others there may be none.
  Change next() {
    const auto change = test::await<Change>(client, buffer);
    CHECK(change.address == other);
    CHECK(change.association == client.association().id());
    return change;
  }
};

}  // namespace

TEST_CASE("An address of the peer is confirmed, lost and found again", "[address_event]") {
  Pair pair;
  CHECK(pair.next().state == Change::State::confirmed);
  test::remove_address(second);
  const Change lost = pair.next();
  CHECK(lost.state == Change::State::unreachable);
  CHECK(lost.reason == Change::Reason::failed_threshold);
  test::add_address(second);
  const Change found = pair.next();
  CHECK(found.state == Change::State::available);
  CHECK(found.reason == Change::Reason::heartbeat_success);
  pair.server.send(sctp::as_bytes("still here"));
  CHECK(test::text(test::next_message(pair.client, pair.buffer).payload) == "still here");
}

TEST_CASE("That an address of the peer becomes doubtful is told where one asks for it", "[address_event]") {
  Pair pair{[](const sctp::SocketRef& socket) {
    watch(socket);
    sctp_assoc_value on{};
    on.assoc_value = 2;  // the kernel's SCTP_PF_EXPOSE_ENABLE
    test::set_native(socket, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, on);
  }};
  CHECK(pair.next().state == Change::State::confirmed);
  test::remove_address(second);
  CHECK(pair.next().state == Change::State::potentially_failed);
  CHECK(pair.next().state == Change::State::unreachable);
}

TEST_CASE("Our own choice of the peer's primary address is told", "[address_event]") {
  Pair pair;
  CHECK(pair.next().state == Change::State::confirmed);
  sctp_prim primary{};
  primary.ssp_assoc_id = static_cast<sctp_assoc_t>(pair.client.association().id());
  const sockaddr_in address = native(pair.other);
  std::memcpy(&primary.ssp_addr, &address, sizeof address);
  test::set_native(pair.client, SCTP_PRIMARY_ADDR, primary);
  CHECK(pair.next().state == Change::State::made_primary);
}

TEST_CASE("An address that the peer adds, prefers and takes away is told", "[address_event]") {
  const test::Permission dynamic{"addip_enable"};
  const test::Permission unsigned_too{"addip_noauth_enable"};
  test::add_address(second);
  sctp::Listener listener{Address::v4(home, 0)};
  watch(listener);
  listener.subscribe<Change>();
  sctp::OneToOneSocket client{Address::Family::v4};
  watch(client);
  client.bind(Address::v4(home, 0));
  client.connect(listener.local_address());
  const sctp::OneToOneSocket server = listener.accept();
  const Address added = Address::v4(second, client.local_address().port());
  const sockaddr_in address = native(added);
  sctp::ReceiveBuffer buffer;
  const auto told = [&](Change::State state, const Address& of) {
    const auto change = test::next_event<Change>(server, buffer);
    CHECK(change.state == state);
    CHECK(change.address == of);
    CHECK(change.association == server.association().id());
  };
  CHECK(test::next(server, buffer) == "up");
  test::set_native(client, SCTP_SOCKOPT_BINDX_ADD, address);
  told(Change::State::added, added);
  told(Change::State::confirmed, added);

  sctp_setpeerprim wish{};
  wish.sspp_assoc_id = static_cast<sctp_assoc_t>(client.association().id());
  std::memcpy(&wish.sspp_addr, &address, sizeof address);
  test::set_native(client, SCTP_SET_PEER_PRIMARY_ADDR, wish);
  told(Change::State::made_primary, added);

  test::set_native(client, SCTP_SOCKOPT_BINDX_REM, address);
  told(Change::State::made_primary, client.local_address());
  told(Change::State::removed, added);
}

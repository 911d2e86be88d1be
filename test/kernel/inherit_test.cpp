// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::OneToOneSocket;
using sctp::StreamId;
using sctp::Style;
using test::Many;
using namespace sctp::option;

// Accepted and peeled-off sockets have what their origin was told. The kernel itself passes on some options
// and not others: a peer that begins anew would then agree with it on something else than before.

namespace {

/// What the socket is to be told so that it may be told a capability.
template <class Capability>
void offer(const sctp::SocketRef& socket, Capability value) {
  if constexpr (std::is_same_v<Capability, AsconfSupported>) socket.set(AuthSupported{});
  if constexpr (std::is_same_v<Capability, InterleavingSupported>) socket.set(FragmentInterleave{});
  socket.set(value);
}

template <class Capability>
constexpr const char* sysctl = nullptr;
template <>
constexpr const char* sysctl<PrSupported> = "prsctp_enable";
template <>
constexpr const char* sysctl<ReconfigSupported> = "reconf_enable";
template <>
constexpr const char* sysctl<AuthSupported> = "auth_enable";
template <>
constexpr const char* sysctl<AsconfSupported> = "addip_enable";
template <>
constexpr const char* sysctl<EcnSupported> = "ecn_enable";
template <>
constexpr const char* sysctl<InterleavingSupported> = "intl_enable";

/// A client's association with a socket of this style, which comes from one that `tune` has had its say on.
struct Pair {
  std::optional<sctp::Listener> listener;
  std::optional<Many> parent;
  OneToOneSocket client{sctp::Address::Family::v4};
  OneToOneSocket server;
  sctp::ReceiveBuffer buffer;

  Pair(Style style, const test::Tune& tune, const test::Tune& tune_client,
       sctp::Address::Family family = sctp::Address::Family::v4)
      : client{family} {
    tune_client(client);
    const auto address = sctp::Address::loopback(family, 0);
    if (style == Style::one_to_one) {
      listener = test::listen(family, tune);
      client.connect(listener->local_address());
      server = listener->accept();
      CHECK(test::next(server, buffer) == "up");
    } else {
      parent.emplace(tune, address);
      client.connect(parent->address());
      server = parent->socket.peel_off(parent->next_up(), parent->buffer, buffer);
    }
  }
};

Style any_style() { return GENERATE(Style::one_to_one, Style::peeled_off); }

/// A message each way, in several chunks.
void check_traffic(const OneToOneSocket& client, const OneToOneSocket& server, sctp::ReceiveBuffer& buffer) {
  sctp::ReceiveBuffer client_buffer;
  const auto payload = test::pattern(5'000);
  client.send(payload, {.stream = StreamId{3}});
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, payload));
  server.send(payload, {.stream = StreamId{4}});
  CHECK(std::ranges::equal(test::next_message(client, client_buffer).payload, payload));
}

int number(const sctp::SocketRef& socket, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  REQUIRE(::getsockopt(socket.fd(), level, option, &value, &length) == 0);
  return value;
}

void set_number(const sctp::SocketRef& socket, int level, int option, int value) {
  REQUIRE(::setsockopt(socket.fd(), level, option, &value, sizeof value) == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("A peer that begins anew agrees on the same as before, whatever the kernel's defaults are",
                   "[inherit]", PrSupported, ReconfigSupported, AuthSupported, AsconfSupported, EcnSupported,
                   InterleavingSupported) {
  const Style style = any_style();
  const bool on = GENERATE(true, false);
  CAPTURE(to_string(style), on, TestType::name);
  // This one is never on by default; the kernel only permits it.
  const bool needs_permission = std::is_same_v<TestType, InterleavingSupported>;
  const test::Permission against{sysctl<TestType>, needs_permission || !on};
  const test::Tune willing = [](const sctp::SocketRef& socket) {
    offer(socket, TestType{true});
    test::retransmit_soon(socket);
  };
  Pair pair{style, [&](const sctp::SocketRef& socket) { offer(socket, TestType{on}); }, willing};
  CHECK(pair.client.association().get<TestType>().on == on);
  check_traffic(pair.client, pair.server, pair.buffer);

  const OneToOneSocket again = test::restart(std::move(pair.client), willing, pair.server, pair.buffer);
  CHECK(test::next(pair.server, pair.buffer) == "restarted");
  CHECK(again.association().get<TestType>().on == on);
  check_traffic(again, pair.server, pair.buffer);
  CHECK_FALSE(pair.server.try_receive(pair.buffer));
}

TEST_CASE("A peer that begins anew agrees on all capabilities at once", "[inherit]") {
  const Style style = any_style();
  INFO(to_string(style));
  const test::Permission interleaving{"intl_enable"};
  const test::Tune all = [](const sctp::SocketRef& socket) {
    socket.set(FragmentInterleave{});
    socket.set(InterleavingSupported{});
    socket.set(ReconfigSupported{});
    socket.set(AuthSupported{});
    socket.set(AsconfSupported{});
    test::retransmit_soon(socket);
  };
  Pair pair{style, all, all};
  for (int n = 0; n != 2; ++n) {
    pair.client = test::restart(std::move(pair.client), all, pair.server, pair.buffer);
    CHECK(test::next(pair.server, pair.buffer) == "restarted");
    const sctp::Association agreed = pair.client.association();
    CHECK(agreed.get<InterleavingSupported>().on);
    CHECK(agreed.get<ReconfigSupported>().on);
    CHECK(agreed.get<AuthSupported>().on);
    CHECK(agreed.get<AsconfSupported>().on);
    CHECK(agreed.get<PrSupported>().on);
    check_traffic(pair.client, pair.server, pair.buffer);
  }
}

TEST_CASE("A socket has its origin's priority, mark, and type of service", "[inherit]") {
  const Style style = any_style();
  INFO(to_string(style));
  const test::Tune tune = [](const sctp::SocketRef& socket) {
    set_number(socket, IPPROTO_IP, IP_TOS, 0x28);
    set_number(socket, SOL_SOCKET, SO_PRIORITY, 5);
    set_number(socket, SOL_SOCKET, SO_MARK, 7);
    set_number(socket, IPPROTO_IP, IP_FREEBIND, 1);
  };
  const Pair pair{style, tune, test::as_it_is};
  constexpr int without_ecn = 0xfc;  // these two bits are the kernel's own
  CHECK((number(pair.server, IPPROTO_IP, IP_TOS) & without_ecn) == 0x28);
  CHECK(number(pair.server, SOL_SOCKET, SO_PRIORITY) == 5);
  CHECK(number(pair.server, SOL_SOCKET, SO_MARK) == 7);
  CHECK(number(pair.server, IPPROTO_IP, IP_FREEBIND) == 1);
}

TEST_CASE("A socket for IPv6 has its origin's traffic class, too", "[inherit]") {
  const Style style = any_style();
  INFO(to_string(style));
  const test::Tune tune = [](const sctp::SocketRef& socket) {
    set_number(socket, IPPROTO_IPV6, IPV6_TCLASS, 0x28);
    set_number(socket, SOL_SOCKET, SO_MARK, 7);
  };
  const Pair pair{style, tune, test::as_it_is, sctp::Address::Family::v6};
  CHECK((number(pair.server, IPPROTO_IPV6, IPV6_TCLASS) & 0xfc) == 0x28);
  CHECK(number(pair.server, SOL_SOCKET, SO_MARK) == 7);
}

TEST_CASE("What was never set is as the kernel has it", "[inherit]") {
  const Style style = any_style();
  INFO(to_string(style));
  const OneToOneSocket fresh{sctp::Address::Family::v4};
  const Pair pair{style, test::as_it_is, test::as_it_is};
  CHECK((number(pair.server, IPPROTO_IP, IP_TOS) & 0xfc) == number(fresh, IPPROTO_IP, IP_TOS));
  CHECK(number(pair.server, SOL_SOCKET, SO_PRIORITY) == number(fresh, SOL_SOCKET, SO_PRIORITY));
  CHECK(number(pair.server, SOL_SOCKET, SO_MARK) == 0);
  CHECK(number(pair.server, IPPROTO_IP, IP_FREEBIND) == 0);
}

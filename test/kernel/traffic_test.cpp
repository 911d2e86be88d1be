// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include <linux/sctp.h>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::StreamId;
using test::Way;

namespace {

template <class Value>
void set_by_hand(const sctp::SocketRef& socket, int level, int option, const Value& value) {
  REQUIRE(::setsockopt(socket.fd(), level, option, &value, sizeof value) == 0);
}

/// How many packets the client has sent.
std::uint64_t packets_of(const sctp::OneToOneSocket& client) {
  sctp_assoc_stats statistics{};
  socklen_t length = sizeof statistics;
  REQUIRE(::getsockopt(client.fd(), IPPROTO_SCTP, SCTP_GET_ASSOC_STATS, &statistics, &length) == 0);
  return statistics.sas_opackets;
}

}  // namespace

TEST_CASE("Messages of all sizes and both orders arrive whole in every way of delivery", "[traffic]") {
  const Way way = GENERATE(Catch::Generators::from_range(test::all_ways()));
  const bool small = GENERATE(false, true);
  CAPTURE(test::name(way), small);
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect([&](const sctp::SocketRef& socket) {
    test::retransmit_soon(socket);
    if (small) socket.set(sctp::option::MaxSeg{500});
  });
  constexpr std::array<std::size_t, 16> sizes{1,  499,    500, 501,   1'400,  1'500,  4'095, 30'000,
                                              64, 30'001, 2,   9'999, 10'000, 10'001, 1'000, 65'537};
  test::Task sender{[&, socket = sctp::SocketRef{client}] {
    for (std::uint32_t i = 0; i != sizes.size(); ++i) {
      const auto stream = StreamId{static_cast<std::uint16_t>(i % 4)};
      socket.send({}, test::pattern(sizes.at(i), i),
                  {.stream = stream, .ppid = sctp::Ppid{i}, .unordered = i % 3 == 0});
    }
  }};
  sctp::ReceiveBuffer& buffer = receiver.buffer();
  if (small) buffer = sctp::ReceiveBuffer{1};
  std::array<bool, sizes.size()> received{};
  std::array<std::uint32_t, 4> least{};  // of each stream, of what comes in order
  for (std::size_t n = 0; n != sizes.size(); ++n) {
    const sctp::Message message = test::next_message(receiver.socket(), buffer);
    const auto i = static_cast<std::uint32_t>(message.ppid);
    REQUIRE(i < sizes.size());
    CHECK_FALSE(std::exchange(received.at(i), true));
    CHECK(message.stream == StreamId{static_cast<std::uint16_t>(i % 4)});
    CHECK(message.unordered == (i % 3 == 0));
    CHECK(std::ranges::equal(message.payload, test::pattern(sizes.at(i), i)));
    if (!message.unordered) CHECK(std::exchange(least.at(i % 4), i + 1) <= i);
  }
  sender.get();
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("Other control messages beside a message's own do not hide that", "[traffic]") {
  const Way way = GENERATE(Catch::Generators::from_range(test::all_ways()));
  INFO(test::name(way));
  test::Receiver receiver{way, [](const sctp::SocketRef& socket) {
                            test::small_window(socket);
                            set_by_hand(socket, SOL_SOCKET, SO_TIMESTAMP, int{1});
                            set_by_hand(socket, SOL_SOCKET, SO_RXQ_OVFL, int{1});
                            set_by_hand(socket, IPPROTO_SCTP, SCTP_RECVNXTINFO, int{1});
                            sctp_event event{};
                            event.se_assoc_id = SCTP_FUTURE_ASSOC;
                            event.se_type = SCTP_DATA_IO_EVENT;
                            event.se_on = 1;
                            set_by_hand(socket, IPPROTO_SCTP, SCTP_EVENT, event);
                          }};
  const auto client = receiver.connect();
  const auto sent = test::pattern(50'000);
  client.send(as_bytes("first"), {.stream = StreamId{2}, .ppid = sctp::ppid::ngap});
  client.send(as_bytes("seen by hand"));
  test::wait_until_acknowledged(client);
  {
    const sctp::Message message = test::next_message(receiver.socket(), receiver.buffer());
    CHECK(test::text(message.payload) == "first");
    CHECK(message.stream == StreamId{2});
    CHECK(message.ppid == sctp::ppid::ngap);
    CHECK(message.association == receiver.association());
  }
  client.send(sent, {.stream = StreamId{3}, .ppid = sctp::ppid::s1ap});
  std::array<std::byte, 100> room;
  const auto read = test::read_piece(receiver.socket(), room);
  REQUIRE(read);
  CHECK_FALSE(read->control_truncated);
  CHECK(std::ranges::find(read->controls, int{SO_TIMESTAMP}) != read->controls.end());
  CHECK(std::ranges::find(read->controls, int{SCTP_SNDRCV}) != read->controls.end());
  CHECK(std::ranges::find(read->controls, int{SCTP_RCVINFO}) != read->controls.end());

  const sctp::Message message = test::next_message(receiver.socket(), receiver.buffer());
  CHECK(std::ranges::equal(message.payload, sent));
  CHECK(message.stream == StreamId{3});
  CHECK(message.ppid == sctp::ppid::s1ap);
}

TEST_CASE("A small message does not wait until the one before is acknowledged", "[traffic]") {
  const Way way = GENERATE(Catch::Generators::from_range(test::all_ways()));
  INFO(test::name(way));
  test::Receiver receiver{way};
  const auto client = receiver.connect();
  // In both directions: what waits leaves later, with others in one packet.
  constexpr std::uint32_t count = 16;
  const std::uint64_t before = packets_of(client);
  for (std::uint32_t i = 0; i != count; ++i) client.send(as_bytes("x"));
  for (std::uint32_t i = 0; i != count; ++i) CHECK(receiver.next() == "message x");
  CHECK(packets_of(client) - before >= count);

  sctp::ReceiveBuffer of_client;
  CHECK(test::next(client, of_client) == "up");
  for (std::uint32_t i = 0; i != count; ++i) {
    receiver.socket().send(receiver.association(), as_bytes("y"));
  }
  for (std::uint32_t i = 0; i != count; ++i) CHECK(test::next(client, of_client) == "message y");
}

TEST_CASE("A socket for IPv6 tells an IPv4 peer's address as such in the other styles, too", "[traffic]") {
  const bool peels = GENERATE(false, true);
  CAPTURE(peels);
  const auto family = sctp::Address::Family::v6;
  const test::RawSocket socket = test::listen_by_hand(sctp::Address::any(family, 0));
  const std::uint16_t port = socket.local_address().port();
  const sctp::OneToOneSocket client{sctp::Address::loopback(sctp::Address::Family::v4, port)};
  sctp::ReceiveBuffer buffer;
  const auto up = test::next_event<sctp::AssociationChange>(socket, buffer);
  const auto check = [&](const sctp::SocketRef& receiver) {
    client.send(as_bytes("hello"));
    sctp::ReceiveBuffer its;
    CHECK(test::next_message(receiver, its).source == client.local_address());
    const sctp::Association association{receiver, up.association};
    CHECK(association.status().primary == client.local_address());
  };
  if (peels) {
    check(test::peel_off_by_hand(socket, up.association));
  } else {
    check(socket);
  }
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <tuple>

#include <linux/sctp.h>

#include "one_to_many.hpp"

using sctp::StreamId;
using test::Delivery;
using test::Way;
using namespace std::chrono_literals;

// I-DATA, RFC 8260: the kernel interleaves the messages of one association. In the later pieces of a message
// it writes another number where the PPID was.

namespace {

constexpr std::size_t large = 60'000;

Way any_way() {
  return {GENERATE(sctp::Style::one_to_one, sctp::Style::one_to_many, sctp::Style::peeled_off),
          Delivery::interleaves_messages};
}

/// One of several messages that are under way at once.
struct Sent {
  StreamId stream{};
  bool unordered = false;
  std::uint32_t ppid = 0;

  [[nodiscard]] std::vector<std::byte> payload() const { return test::pattern(large, ppid); }
  void send(const sctp::OneToOneSocket& client) const {
    client.send(payload(), {.stream = stream, .ppid = sctp::Ppid{ppid}, .unordered = unordered});
  }
  [[nodiscard]] bool is(const sctp::Message& message) const {
    return message.stream == stream && message.unordered == unordered && message.ppid == sctp::Ppid{ppid} &&
           std::ranges::equal(message.payload, payload());
  }
};

/// On streams of their own, so that the sender alternates between them. The numbers are none that the kernel
/// writes.
constexpr std::array all{Sent{StreamId{0}, false, 0x10001}, Sent{StreamId{1}, false, 0x10002},
                         Sent{StreamId{2}, true, 0x10003}, Sent{StreamId{3}, true, 0x10004}};

/// Reads by hand until as many messages have begun.
void read_beginnings(test::Receiver& receiver, std::size_t count) {
  std::vector<sctp::Piece> pieces;
  while (receiver.buffer().unfinished() != count) {
    test::wait_for(receiver.socket().fd(), POLLIN);
    const auto read = test::read_piece(receiver.socket(), receiver.buffer().prepare());
    if (!read) continue;
    std::error_code error;
    if (receiver.buffer().commit(read->piece, error)) throw std::runtime_error{"a whole message"};
  }
}

/// A client that has sent all of them, of each of which the beginning has been read.
sctp::OneToOneSocket begin_all(test::Receiver& receiver) {
  auto client = receiver.connect([](const sctp::SocketRef& socket) {
    test::retransmit_soon(socket);
    test::force_send_buffer(socket, 500'000);
  });
  for (const Sent& one : all) one.send(client);
  read_beginnings(receiver, all.size());
  return client;
}

using Aborts = std::set<std::tuple<StreamId, bool>>;

/// The next `count` events, which say that so many messages were aborted.
Aborts next_aborts(test::Receiver& receiver, std::size_t count) {
  Aborts aborts;
  while (count-- != 0) {
    const auto event = test::next_event<sctp::PartialDeliveryAborted>(receiver.socket(), receiver.buffer());
    CHECK(event.association == receiver.association());
    CHECK(event.received > 0);
    CHECK(event.received < large);
    CHECK(aborts.emplace(event.stream, event.unordered).second);
  }
  return aborts;
}

const Aborts all_aborted{
    {StreamId{0}, false}, {StreamId{1}, false}, {StreamId{2}, true}, {StreamId{3}, true}};

}  // namespace

TEST_CASE("Messages that the kernel interleaves arrive whole, each with its own PPID", "[idata]") {
  const Way way = any_way();
  const bool by_hand = GENERATE(false, true);
  CAPTURE(test::name(way), by_hand);
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect([](const sctp::SocketRef& socket) {
    test::retransmit_soon(socket);
    test::force_send_buffer(socket, 400'000);
  });
  constexpr std::array sent{Sent{StreamId{0}, false, 0x10001}, Sent{StreamId{1}, false, 0x10002},
                            Sent{StreamId{0}, true, 0x10003}};
  for (const Sent& one : sent) one.send(client);
  if (!by_hand) test::wait_for(receiver.socket().fd(), POLLIN);

  std::vector<sctp::Piece> pieces;
  std::array<bool, sent.size()> received{};
  for (std::size_t n = 0; n != sent.size(); ++n) {
    std::optional<sctp::Received> answer;
    if (!by_hand) answer = receiver.socket().receive(receiver.buffer());
    while (!answer) {
      test::wait_for(receiver.socket().fd(), POLLIN);
      answer = test::receive_by_hand(receiver.socket(), receiver.buffer(), pieces);
    }
    REQUIRE(answer->message() != nullptr);
    const sctp::Message message = *answer->message();
    const auto which = std::ranges::find_if(sent, [&](const Sent& one) { return one.is(message); });
    REQUIRE(which != sent.end());
    CHECK_FALSE(std::exchange(received.at(static_cast<std::size_t>(which - sent.begin())), true));
  }
  CHECK(receiver.buffer().unfinished() == 0);
  if (by_hand) {
    const test::Disorder disorder = test::disorder_of(pieces);
    CHECK(disorder.switches > 10);
    CHECK(disorder.wrong_ppids > pieces.size() / 2);
  }
}

TEST_CASE("Both orders of one stream are kept apart when the kernel interleaves them", "[idata]") {
  const Way way = any_way();
  INFO(test::name(way));
  const test::Network network{"netem loss 10%"};
  test::Receiver receiver{way, [](const sctp::SocketRef& socket) {
                            // Pieces from here on, not only when the window is full.
                            const std::uint32_t point = 3'000;
                            REQUIRE(::setsockopt(socket.fd(), IPPROTO_SCTP, SCTP_PARTIAL_DELIVERY_POINT,
                                                 &point, sizeof point) == 0);
                            socket.set(sctp::option::RcvBuf{60'000});
                          }};
  const auto client = receiver.connect([](const sctp::SocketRef& socket) {
    socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
  });
  constexpr Sent ordered{StreamId{0}, false, 0x10001};
  constexpr Sent unordered{StreamId{0}, true, 0x10002};
  // A loss in the first lets the second overtake it, sooner or later.
  std::size_t switches = 0;
  while (switches == 0) {
    ordered.send(client);
    unordered.send(client);
    std::vector<sctp::Piece> pieces;
    std::array<bool, 2> received{};
    for (std::size_t n = 0; n != received.size(); ++n) {
      std::optional<sctp::Received> answer;
      while (!answer) {
        test::wait_for(receiver.socket().fd(), POLLIN);
        answer = test::receive_by_hand(receiver.socket(), receiver.buffer(), pieces);
      }
      REQUIRE(answer->message() != nullptr);
      const bool is_unordered = unordered.is(*answer->message());
      CHECK((is_unordered || ordered.is(*answer->message())));
      CHECK_FALSE(std::exchange(received.at(is_unordered ? 1 : 0), true));
    }
    switches = test::disorder_of(pieces).switches_of_order;
  }
}

TEST_CASE("A whole unordered message in the middle of another of its stream is kept apart", "[idata]") {
  const Way way = any_way();
  const std::size_t capacity = GENERATE(1U, 64U * 1024);
  CAPTURE(test::name(way), capacity);
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect();
  constexpr Sent first{StreamId{2}, true, 0x10001};
  const auto second = test::pattern(1'300);
  const std::vector<std::uint32_t> overtaken{0x10002, 0x10001};
  std::vector<std::uint32_t> order;
  // The second overtakes where the window is full before it is read from, which a busy machine may prevent.
  while (order != overtaken) {
    first.send(client);
    client.send(second, {.stream = StreamId{2}, .ppid = sctp::Ppid{0x10002}, .unordered = true});
    sctp::ReceiveBuffer& buffer = receiver.buffer();
    buffer = sctp::ReceiveBuffer{capacity};
    std::vector<sctp::Piece> pieces;
    order.clear();
    while (order.size() != 2) {
      test::wait_for(receiver.socket().fd(), POLLIN);
      const auto answer = test::receive_by_hand(receiver.socket(), buffer, pieces);
      if (!answer) continue;
      REQUIRE(answer->message() != nullptr);
      const sctp::Message message = *answer->message();
      order.push_back(static_cast<std::uint32_t>(message.ppid));
      CHECK(message.stream == StreamId{2});
      CHECK(message.unordered);
      CHECK((first.is(message) || std::ranges::equal(message.payload, second)));
    }
    REQUIRE(order.front() != order.back());
    CHECK(buffer.unfinished() == 0);
  }
}

TEST_CASE("An abort is told of each message that it cuts off, with its stream and order", "[idata]") {
  const Way way = any_way();
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  auto client = begin_all(receiver);
  client.abort();
  CHECK(next_aborts(receiver, all.size()) == all_aborted);
  CHECK(receiver.buffer().unfinished() == 0);
  CHECK(receiver.next() == "lost: user initiated abort");
}

TEST_CASE("An abort does not touch the messages of another peer", "[idata]") {
  const Way way{sctp::Style::one_to_many, Delivery::interleaves_messages};
  test::Receiver receiver{way, test::small_window};
  auto client = receiver.connect();
  const auto other = receiver.connect();
  all[0].send(client);
  all[1].send(client);
  read_beginnings(receiver, 2);
  all[0].send(other);
  client.abort();
  CHECK(next_aborts(receiver, 2) == Aborts{{StreamId{0}, false}, {StreamId{1}, false}});
  CHECK(receiver.next() == "lost: user initiated abort");
  CHECK(all[0].is(test::next_message(receiver.socket(), receiver.buffer())));
}

TEST_CASE("A restart is told of each message that it cuts off, which the kernel does not tell", "[idata]") {
  const Way way = any_way();
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  auto client = begin_all(receiver);
  const auto successor = test::restart(std::move(client), way, receiver.socket(), receiver.buffer());
  // From now on the kernel hands out only what fits in the window on the streams that it cut off.
  successor.send(sctp::as_bytes("first"), {.stream = StreamId{0}});
  constexpr Sent second{StreamId{4}, false, 0x10005};
  second.send(successor);

  CHECK(next_aborts(receiver, all.size()) == all_aborted);
  const auto restarted = test::next_event<sctp::AssociationChange>(receiver.socket(), receiver.buffer());
  CHECK(restarted.state == sctp::AssociationChange::State::restarted);
  CHECK(restarted.association == receiver.association());
  CHECK(receiver.next() == "message first");
  CHECK(second.is(test::next_message(receiver.socket(), receiver.buffer())));
  CHECK(receiver.buffer().unfinished() == 0);
}

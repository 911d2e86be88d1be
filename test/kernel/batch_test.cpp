// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::OneToOneSocket;
using sctp::ReceiveBuffer;
using sctp::SendBatch;
using sctp::StreamId;
using sctp::Style;
using test::any_style;
using namespace std::chrono_literals;

// Many messages with one system call.

namespace {

/// A socket of any style that reads up to 16 at a time, and its peer.
struct Pair {
  test::Receiver receiver;
  OneToOneSocket peer;
  ReceiveBuffer buffer = ReceiveBuffer::in_batches(16);

  explicit Pair(Style style)
      : receiver{{style, test::Delivery::interleaves_peers}}, peer{receiver.connect()} {}

  [[nodiscard]] const sctp::SocketRef& socket() const { return receiver.socket(); }
  std::string next() { return test::next(socket(), buffer); }
  /// Sends the numbers up to this one, on four streams, and waits until all of them have arrived.
  void send(int count) {
    for (int i = 0; i != count; ++i)
      peer.send(as_bytes(std::to_string(i)), {.stream = StreamId{static_cast<std::uint16_t>(i % 4)}});
    test::wait_until_acknowledged(peer);
  }
};

TEST_CASE("One system call reads as many messages as there is room for", "[batch]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  pair.send(80);
  int reads = 0;
  for (int i = 0; i != 80; ++i) {
    if (pair.buffer.waiting() == 0) ++reads;
    CHECK(pair.next() == "message " + std::to_string(i));
  }
  CHECK(reads == 5);
}

TEST_CASE("What arrives while a batch waits comes behind it", "[batch]") {
  Pair pair{any_style()};
  pair.send(3);
  CHECK(pair.next() == "message 0");
  pair.peer.send(as_bytes("late"));
  CHECK(pair.next() == "message 1");
  CHECK(pair.next() == "message 2");
  CHECK(pair.next() == "message late");
}

TEST_CASE("A reader of batches waits for one message, and not for as many as there is room for", "[batch]") {
  Pair pair{any_style()};
  for (int i = 0; i != 3; ++i) {
    test::Task reading{[&] { return pair.next(); }};
    pair.peer.send(as_bytes("hello"));
    CHECK(reading.get() == "message hello");
  }
}

TEST_CASE("A message larger than the window comes whole in batches", "[batch]") {
  Pair pair{any_style()};
  const auto large = test::pattern(150'000);
  test::Task sending{[&] {
    pair.peer.send(as_bytes("before"));
    pair.peer.send(large, {.stream = StreamId{1}});
    pair.peer.send(as_bytes("after"));
    return true;
  }};
  CHECK(pair.next() == "message before");
  CHECK(std::ranges::equal(test::next_message(pair.socket(), pair.buffer).payload, large));
  CHECK(pair.next() == "message after");
  CHECK(sending.get());
}

TEST_CASE("What came before an abort is read in batches before it", "[batch]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  pair.send(5);
  pair.peer.abort();
  // Then the error waits on the socket, which recvmmsg tells first.
  test::wait_until_gone({pair.socket(), pair.receiver.association()});
  for (int i = 0; i != 5; ++i) CHECK(pair.next() == "message " + std::to_string(i));
  std::error_code error;
  const auto event = pair.socket().receive(pair.buffer, error);
  CHECK(test::tell(event, error) == "lost, aborted by the peer, user initiated abort, user initiated abort");
}

TEST_CASE("What came before a shutdown is read in batches before it, and then the end for ever", "[batch]") {
  Pair pair{Style::one_to_one};
  pair.send(5);
  pair.peer.shutdown();
  for (int i = 0; i != 5; ++i) CHECK(pair.next() == "message " + std::to_string(i));
  CHECK(pair.next() == "the peer shuts down");
  CHECK(pair.next() == "shut down");
  for (int i = 0; i != 3; ++i) CHECK(pair.next() == "end of stream");
}

TEST_CASE("A peeled-off association takes along what waits of it in a batch", "[batch]") {
  test::Many server;
  OneToOneSocket one{server.address()};
  const AssociationId first = server.next_up();
  OneToOneSocket other{server.address()};
  server.next_up();
  for (const OneToOneSocket* peer : {&one, &other}) {
    for (const char* text : {"1", "2", "3"}) peer->send(as_bytes(text));
    test::wait_until_acknowledged(*peer);
  }
  server.buffer = ReceiveBuffer::in_batches(16);
  CHECK(server.next() == "message 1");
  CHECK(server.buffer.waiting() == 5);
  ReceiveBuffer there;
  const OneToOneSocket peeled = server.socket.peel_off(first, server.buffer, there);
  one.send(as_bytes("4"));
  CHECK(test::next(3, peeled, there) == std::vector<std::string>{"message 2", "message 3", "message 4"});
  CHECK(server.next(3) == std::vector<std::string>{"message 1", "message 2", "message 3"});
}

// ---- Sending

TEST_CASE("A batch goes to many associations, and one that is gone keeps none from the others", "[batch]") {
  constexpr int rounds = 70;
  test::Many server;
  std::vector<OneToOneSocket> clients;
  std::vector<AssociationId> ids;
  for (int i = 0; i != 3; ++i) {
    clients.emplace_back(server.address());
    ids.push_back(server.next_up());
  }
  clients[1].abort();
  server.next(sctp::AssociationChange::State::lost);
  SendBatch batch;
  for (int i = 0; i != rounds; ++i) {
    for (const AssociationId id : ids)
      batch.add(id, as_bytes("hello"), {.stream = StreamId{static_cast<std::uint16_t>(i % 10)}});
  }
  batch.add(ids[0], as_bytes("nowhere"), {.stream = StreamId{4711}});
  CHECK(batch.send(server.socket));
  CHECK(batch.failed() == rounds + 1);
  for (std::size_t i = 0; i != 3 * rounds; ++i) {
    if (i % 3 == 1) {
      CHECK(batch.error(i) == sctp::Condition::association_ended);
    } else {
      CHECK_FALSE(batch.error(i));
    }
  }
  CHECK(batch.error(3 * rounds) == sctp::Errc::no_such_stream);
  ReceiveBuffer buffer;
  for (const std::size_t i : {0U, 2U}) {
    buffer = ReceiveBuffer{};
    CHECK(test::next(clients[i], buffer) == "up");
    for (int n = 0; n != rounds; ++n) CHECK(test::next(clients[i], buffer) == "message hello");
  }
}

TEST_CASE("A batch that is larger than all windows is sent while the peer reads", "[batch]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  const auto message = test::pattern(5000);
  SendBatch batch;
  for (int i = 0; i != 300; ++i) batch.add(pair.receiver.association(), message);
  CHECK_FALSE(batch.try_send(pair.socket()));
  CHECK(batch.waiting() > 0);
  CHECK(batch.waiting() < 300);
  test::Task sending{[&] { return batch.send(pair.socket(), 60s); }};
  ReceiveBuffer buffer = ReceiveBuffer::in_batches(8);
  CHECK(test::next(pair.peer, buffer) == "up");
  for (int i = 0; i != 300; ++i)
    CHECK(std::ranges::equal(test::next_message(pair.peer, buffer).payload, message));
  CHECK(sending.get());
  CHECK(batch.failed() == 0);
}

}  // namespace

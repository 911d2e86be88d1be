// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::StreamId;
using test::any_way;
using test::Delivery;
using test::Mode;
using test::Way;
using namespace std::chrono_literals;

namespace {

/// A message of this size can be sent.
test::Tune sends(std::size_t size) {
  return [size](const sctp::SocketRef& socket) {
    test::retransmit_soon(socket);
    test::force_send_buffer(socket, size);
  };
}

/// The next piece or event; in the non-blocking mode after waiting for the descriptor.
sctp::ReceivedPiece next_piece(const sctp::SocketRef& socket, sctp::MutableBytes room,
                               sctp::ReceiveBuffer& buffer, Mode mode = Mode::blocking) {
  if (mode == Mode::blocking) return socket.receive_piece(room, buffer);
  for (;;) {
    const auto received = socket.try_receive_piece(room, buffer);
    if (received.status() != sctp::ReceiveStatus::would_block) return received;
    test::wait_for(socket.fd(), POLLIN);
  }
}

/// The beginning of a message, which is not all of it.
sctp::MessagePiece first_piece(const sctp::SocketRef& socket, sctp::MutableBytes room,
                               sctp::ReceiveBuffer& buffer) {
  const auto received = socket.receive_piece(room, buffer);
  REQUIRE(received.piece() != nullptr);
  CHECK(received.piece()->offset == 0);
  CHECK_FALSE(received.piece()->last);
  return *received.piece();
}

template <class Event>
Event next_event_piecewise(const sctp::SocketRef& socket, sctp::MutableBytes room,
                           sctp::ReceiveBuffer& buffer) {
  for (;;) {
    const auto received = socket.receive_piece(room, buffer);
    if (received.piece() != nullptr) {
      CHECK_FALSE(received.piece()->last);
      continue;
    }
    REQUIRE(received.notification() != nullptr);
    REQUIRE(std::get_if<Event>(received.notification()) != nullptr);
    return *std::get_if<Event>(received.notification());
  }
}

}  // namespace

TEST_CASE("A message larger than any buffer passes in pieces through a small room", "[piece]") {
  const Way way = any_way();
  const Mode mode = GENERATE(Mode::blocking, Mode::nonblocking);
  CAPTURE(test::name(way), test::name(mode));
  constexpr std::size_t size = 2'500'000;
  test::Receiver receiver{way};
  const auto client = receiver.connect(sends(2 * size));
  const auto sent = test::pattern(size);
  client.send(sent, {.stream = StreamId{3}, .ppid = sctp::ppid::ngap});
  client.send(as_bytes("end"), {.stream = StreamId{3}});

  sctp::ReceiveBuffer buffer{1, 1'024};
  std::vector<std::byte> room(4'096);
  std::size_t received = 0;
  std::size_t largest_footprint = 0;
  bool same = true;
  for (bool ended = false; !ended;) {
    const auto answer = next_piece(receiver.socket(), room, buffer, mode);
    const sctp::MessagePiece* piece = answer.piece();
    REQUIRE(piece != nullptr);
    same = same && piece->part.payload.data() == room.data() && piece->offset == received &&
           piece->part.stream == StreamId{3} && piece->part.ppid == sctp::ppid::ngap &&
           piece->part.association == receiver.association() &&
           received + piece->part.payload.size() <= size &&
           std::equal(piece->part.payload.begin(), piece->part.payload.end(),
                      sent.begin() + static_cast<std::ptrdiff_t>(received));
    received += piece->part.payload.size();
    largest_footprint = std::max(largest_footprint, buffer.footprint());
    ended = piece->last;
  }
  CHECK(same);
  CHECK(received == size);
  CHECK(largest_footprint < 16'384);
  CHECK(buffer.unfinished() == 0);

  const auto end = next_piece(receiver.socket(), room, buffer, mode);
  REQUIRE(end.piece() != nullptr);
  CHECK(test::text(end.piece()->part.payload) == "end");
  CHECK(end.piece()->offset == 0);
  CHECK(end.piece()->last);
}

TEST_CASE("Pieces of interleaved messages say to which they belong", "[piece]") {
  const Way way{GENERATE(sctp::Style::one_to_one, sctp::Style::one_to_many, sctp::Style::peeled_off),
                Delivery::interleaves_messages};
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect(sends(500'000));
  struct Sent {
    StreamId stream{};
    bool unordered = false;
    std::vector<std::byte> received{};
    bool ended = false;
  };
  std::map<sctp::Ppid, Sent> all{{sctp::Ppid{0x10001}, {StreamId{0}, false}},
                                 {sctp::Ppid{0x10002}, {StreamId{1}, false}},
                                 {sctp::Ppid{0x10003}, {StreamId{2}, true}},
                                 {sctp::Ppid{0x10004}, {StreamId{0}, true}}};
  constexpr std::size_t size = 60'000;
  for (const auto& [ppid, one] : all) {
    client.send(test::pattern(size, static_cast<std::uint32_t>(ppid)),
                {.stream = one.stream, .ppid = ppid, .unordered = one.unordered});
  }
  sctp::ReceiveBuffer buffer{1, 1'024};
  std::vector<std::byte> room(1'000);
  std::size_t switches = 0;
  sctp::Ppid before{};
  for (std::size_t ended = 0; ended != all.size();) {
    const auto answer = receiver.socket().receive_piece(room, buffer);
    const sctp::MessagePiece* piece = answer.piece();
    REQUIRE(piece != nullptr);
    REQUIRE(all.contains(piece->part.ppid));
    Sent& message = all[piece->part.ppid];
    REQUIRE_FALSE(message.ended);
    REQUIRE(piece->part.stream == message.stream);
    REQUIRE(piece->part.unordered == message.unordered);
    REQUIRE(piece->offset == message.received.size());
    message.received.insert(message.received.end(), piece->part.payload.begin(), piece->part.payload.end());
    message.ended = piece->last;
    if (piece->last) ++ended;
    if (std::exchange(before, piece->part.ppid) != piece->part.ppid) ++switches;
  }
  for (const auto& [ppid, one] : all) {
    CHECK((one.received == test::pattern(size, static_cast<std::uint32_t>(ppid))));
  }
  CHECK(switches > 10);
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("An abort ends a message that was handed out in pieces", "[piece]") {
  const Way way = any_way();
  const bool unordered = GENERATE(false, true);
  CAPTURE(test::name(way), unordered);
  test::Receiver receiver{way, test::small_window};
  auto client = receiver.connect();
  client.send(test::pattern(100'000), {.stream = StreamId{3}, .unordered = unordered});
  sctp::ReceiveBuffer buffer;
  std::vector<std::byte> room(4'096);
  std::size_t received = first_piece(receiver.socket(), room, buffer).part.payload.size();
  client.abort();
  for (;;) {
    const auto answer = receiver.socket().receive_piece(room, buffer);
    if (answer.piece() == nullptr) {
      REQUIRE(answer.notification() != nullptr);
      const auto* aborted = std::get_if<sctp::PartialDeliveryAborted>(answer.notification());
      REQUIRE(aborted != nullptr);
      CHECK(aborted->association == receiver.association());
      CHECK(aborted->stream == StreamId{3});
      CHECK(aborted->unordered == unordered);
      CHECK(aborted->received == received);
      break;
    }
    CHECK(answer.piece()->offset == received);
    CHECK_FALSE(answer.piece()->last);
    received += answer.piece()->part.payload.size();
  }
  const auto lost = next_event_piecewise<sctp::AssociationChange>(receiver.socket(), room, buffer);
  CHECK(lost.state == sctp::AssociationChange::State::lost);
  CHECK(lost.end == sctp::AssociationChange::End::peer_abort);
  CHECK(buffer.unfinished() == 0);
  if (way.style == sctp::Style::one_to_many) return;
  std::error_code error;
  CHECK(receiver.socket().receive_piece(room, buffer, error).status() == sctp::ReceiveStatus::failed);
  CHECK(error == std::errc::connection_reset);
  CHECK(receiver.socket().receive_piece(room, buffer).status() == sctp::ReceiveStatus::end_of_stream);
}

TEST_CASE("A message whose life ends while it is handed out in pieces is told, and the next is a new one",
          "[piece]") {
  const Way way = any_way();
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect();
  client.subscribe<sctp::SendFailed>();
  client.send(test::pattern(100'000),
              {.stream = StreamId{1}, .reliability = sctp::Reliability::lifetime(100ms)});
  client.send(as_bytes("next"), {.stream = StreamId{1}});
  sctp::ReceiveBuffer buffer;
  std::vector<std::byte> room(100);
  first_piece(receiver.socket(), room, buffer);
  sctp::ReceiveBuffer of_client;
  CHECK(test::next(client, of_client) == "up");
  test::next_event<sctp::SendFailed>(client, of_client);

  const auto aborted = next_event_piecewise<sctp::PartialDeliveryAborted>(receiver.socket(), room, buffer);
  CHECK(aborted.stream == StreamId{1});
  CHECK(aborted.received > 100);
  CHECK(aborted.received < 100'000);
  const auto next = receiver.socket().receive_piece(room, buffer);
  REQUIRE(next.piece() != nullptr);
  CHECK(test::text(next.piece()->part.payload) == "next");
  CHECK(next.piece()->offset == 0);
  CHECK(next.piece()->last);
}

TEST_CASE("Events come between the pieces, and whole", "[piece]") {
  const Way way = any_way();
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect();
  receiver.socket().subscribe<sctp::SenderDry>();  // told at once
  client.send(test::pattern(12'000), {.stream = StreamId{1}});
  client.shutdown();
  sctp::ReceiveBuffer buffer;
  std::vector<std::byte> room(5);  // smaller than any event
  std::vector<std::byte> message;
  std::vector<std::string> events;
  while (events.size() != 3) {
    const auto answer = receiver.socket().receive_piece(room, buffer);
    if (const sctp::MessagePiece* piece = answer.piece()) {
      CHECK(piece->offset == message.size());
      message.insert(message.end(), piece->part.payload.begin(), piece->part.payload.end());
    } else if (answer.notification() != nullptr) {
      events.push_back(to_string(*answer.notification()));
    }
  }
  CHECK((message == test::pattern(12'000)));
  const std::string association = "association " + to_string(receiver.association());
  CHECK(events == std::vector<std::string>{association + ": everything sent is acknowledged",
                                           association + ": the peer shuts down",
                                           association + " is shut down, by the peer"});
}

TEST_CASE("Both ways to read may take turns", "[piece]") {
  const Way way = any_way();
  INFO(test::name(way));
  test::Receiver receiver{way, test::small_window};
  const auto client = receiver.connect(sends(2'000'000));
  const auto sent = test::pattern(100'000);
  for (int i = 0; i != 3; ++i) client.send(sent, {.stream = StreamId{1}, .ppid = sctp::ppid::ngap});
  client.send(as_bytes("end"), {.stream = StreamId{1}});
  sctp::ReceiveBuffer& buffer = receiver.buffer();
  std::vector<std::byte> room(2'000);

  // What `receive` has begun comes whole.
  test::read_beginning(receiver.socket(), buffer);
  {
    const auto answer = receiver.socket().receive_piece(room, buffer);
    REQUIRE(answer.piece() != nullptr);
    CHECK(answer.piece()->offset == 0);
    CHECK(answer.piece()->last);
    CHECK(std::ranges::equal(answer.piece()->part.payload, sent));
    CHECK(answer.piece()->part.ppid == sctp::ppid::ngap);
  }
  // Of what was begun in pieces the rest is dropped.
  first_piece(receiver.socket(), room, buffer);
  const auto aborted = test::next_event<sctp::PartialDeliveryAborted>(receiver.socket(), buffer);
  CHECK(aborted.association == receiver.association());
  CHECK(aborted.stream == StreamId{1});
  CHECK(aborted.received > room.size());
  CHECK(std::ranges::equal(test::next_message(receiver.socket(), buffer).payload, sent));
  CHECK(receiver.next() == "message end");
  CHECK(buffer.unfinished() == 0);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::OneToOneSocket;
using sctp::StreamId;
using State = sctp::AssociationChange::State;
using test::Many;
using Answers = std::vector<std::string>;

// What moves to a socket of its own, and what stays. How such a socket's association ends: peel_off_end.

namespace {

constexpr std::size_t large = 100'000;  // comes in pieces

/// A client whose association is up, and its number at the server.
struct Client {
  OneToOneSocket socket;
  AssociationId id;
  explicit Client(Many& server) : socket{sctp::Address::Family::v4} {
    test::retransmit_soon(socket);
    socket.connect(server.address());
    id = server.next_up();
  }
};

}  // namespace

TEST_CASE("A peeled-off socket is close-on-exec and blocking, and has the association", "[peel_off]") {
  Many server;
  const Client client{server};
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(client.id, server.buffer, buffer);
  CHECK(peer.style() == sctp::Style::peeled_off);
  CHECK(::fcntl(peer.fd(), F_GETFD) == FD_CLOEXEC);
  CHECK((::fcntl(peer.fd(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK(peer.association().id() == client.id);
  CHECK(peer.association().status().association == client.id);
  CHECK(peer.peer_address() == client.socket.local_address());
  CHECK(peer.local_address() == server.address());
  CHECK(server.socket.associations().empty());

  std::atomic<int> thread = 0;
  test::Task receiver{[&, socket = sctp::SocketRef{peer}] {
    thread = test::thread_id();
    return test::next(socket, buffer);
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  client.socket.send(as_bytes("hello"));
  CHECK(receiver.get() == "message hello");
}

TEST_CASE("Messages go both ways on a peeled-off socket, and the others keep theirs", "[peel_off]") {
  Many server;
  const Client first{server};
  const Client second{server};
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(first.id, server.buffer, buffer);
  CHECK(server.socket.associations() == std::vector{second.id});
  first.socket.send(as_bytes("to the new one"), {.stream = StreamId{2}});
  second.socket.send(as_bytes("to the old one"), {.stream = StreamId{2}});
  const sctp::Message message = test::next_message(peer, buffer);
  CHECK(test::text(message.payload) == "to the new one");
  CHECK(message.stream == StreamId{2});
  CHECK(message.association == first.id);
  CHECK(message.source == first.socket.local_address());
  CHECK(server.next() == "message to the old one");

  peer.send(as_bytes("from the new one"), {.stream = StreamId{3}});
  server.association(second.id).send(as_bytes("from the old one"));
  peer.stream(StreamId{4}).send(as_bytes("on a stream"));
  sctp::ReceiveBuffer client_buffer;
  CHECK(test::next(3, first.socket, client_buffer) ==
        Answers{"up", "message from the new one", "message on a stream"});
  sctp::ReceiveBuffer other_buffer;
  CHECK(test::next(2, second.socket, other_buffer) == Answers{"up", "message from the old one"});
  const Client third{server};  // the parent still takes peers
  CHECK(server.socket.associations().size() == 2);
}

TEST_CASE("Messages that nobody has read move along in their order, and those of others stay", "[peel_off]") {
  Many server;
  const Client mover{server};
  const Client stayer{server};
  for (int i = 0; i != 5; ++i) {
    mover.socket.send(as_bytes("m" + std::to_string(i)));
    test::wait_until_acknowledged(mover.socket);
    stayer.socket.send(as_bytes("s" + std::to_string(i)));
    test::wait_until_acknowledged(stayer.socket);
  }
  CHECK(server.next() == "message m0");
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(mover.id, server.buffer, buffer);
  CHECK(test::next(4, peer, buffer) == Answers{"message m1", "message m2", "message m3", "message m4"});
  CHECK(server.next(5) == Answers{"message s0", "message s1", "message s2", "message s3", "message s4"});
  CHECK_FALSE(peer.try_receive(buffer));
  CHECK_FALSE(server.socket.try_receive(server.buffer));
}

TEST_CASE("A setup's event that nobody has read moves along", "[peel_off]") {
  Many server;
  const OneToOneSocket client{server.address()};
  test::wait_until([&] { return server.socket.associations().size() == 1; });
  const AssociationId id = server.socket.associations().front();
  test::wait_until(
      [&] { return server.association(id).status().state == sctp::option::Status::State::established; });
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(id, server.buffer, buffer);
  CHECK(test::next_event<sctp::AssociationChange>(peer, buffer).association == id);
  CHECK_FALSE(server.socket.try_receive(server.buffer));
}

TEST_CASE("A message that has half been read is completed where it has moved to", "[peel_off]") {
  Many server{test::small_window};
  const Client client{server};
  const Client other{server};
  const auto sent = test::pattern(large);
  client.socket.send(sent, {.stream = StreamId{3}, .ppid = sctp::ppid::ngap});
  client.socket.send(as_bytes("next"));
  test::read_beginning(server.socket, server.buffer);
  CHECK(server.buffer.unfinished() == 1);
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(client.id, server.buffer, buffer);
  CHECK(server.buffer.unfinished() == 0);
  CHECK(buffer.unfinished() == 1);
  const sctp::Message message = test::next_message(peer, buffer);
  CHECK(std::ranges::equal(message.payload, sent));
  CHECK(message.stream == StreamId{3});
  CHECK(message.ppid == sctp::ppid::ngap);
  CHECK(message.association == client.id);
  CHECK(test::next(peer, buffer) == "message next");
  other.socket.send(as_bytes("hello"));
  CHECK(server.next() == "message hello");
}

TEST_CASE("A message that is handed out in pieces goes on where it has moved to", "[peel_off]") {
  const bool to_whole = GENERATE(false, true);
  CAPTURE(to_whole);
  Many server{test::small_window};
  const Client client{server};
  const auto sent = test::pattern(large);
  client.socket.send(sent);
  client.socket.send(as_bytes("next"));
  std::array<std::byte, 2'000> room;
  std::vector<std::byte> received;
  const auto take = [&](const sctp::MessagePiece& piece) {
    CHECK(piece.offset == received.size());
    received.insert(received.end(), piece.part.payload.begin(), piece.part.payload.end());
    return piece.last;
  };
  for (int i = 0; i != 3; ++i) {
    const auto answer = server.socket.receive_piece(room, server.buffer);
    REQUIRE(answer.piece() != nullptr);
    take(*answer.piece());
  }
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(client.id, server.buffer, buffer);
  CHECK(server.buffer.unfinished() == 0);
  if (to_whole) {
    // Its beginning is gone: the rest is of no use to one who wants whole messages.
    const auto cut = test::next_event<sctp::PartialDeliveryAborted>(peer, buffer);
    CHECK(cut.association == client.id);
    CHECK(cut.received >= received.size());
    CHECK(cut.received < sent.size());
  } else {
    for (bool last = false; !last;) {
      const auto answer = peer.receive_piece(room, buffer);
      REQUIRE(answer.piece() != nullptr);
      last = take(*answer.piece());
    }
    CHECK(std::ranges::equal(received, sent));
  }
  CHECK(test::next(peer, buffer) == "message next");
}

TEST_CASE("A message that is cut off after it has moved is told there, and nowhere else", "[peel_off]") {
  Many server{test::small_window};
  Client client{server};
  const Client other{server};
  client.socket.send(test::pattern(large), {.stream = StreamId{3}});
  test::read_beginning(server.socket, server.buffer);
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(client.id, server.buffer, buffer);
  client.socket.abort();
  const auto cut = test::next_event<sctp::PartialDeliveryAborted>(peer, buffer);
  CHECK(cut.association == client.id);
  CHECK(cut.stream == StreamId{3});
  CHECK(cut.received > 0);
  CHECK(cut.received < large);
  CHECK(test::next(3, peer, buffer) ==
        Answers{"lost: user initiated abort", "error: Connection reset by peer", "end of stream"});
  CHECK_FALSE(server.socket.try_receive(server.buffer));
  other.socket.send(as_bytes("hello"));
  CHECK(server.next() == "message hello");
}

TEST_CASE("Of two messages that have half been read, each stays with its association", "[peel_off]") {
  Many server{test::small_window};
  const Client mover{server};
  const Client stayer{server};
  const auto moving = test::pattern(large, 1);
  const auto staying = test::pattern(large, 2);
  mover.socket.send(moving);
  stayer.socket.send(staying);
  while (server.buffer.unfinished() != 2) {
    test::wait_for(server.socket.fd(), POLLIN);
    const auto read = test::read_piece(server.socket, server.buffer.prepare());
    if (!read) continue;
    std::error_code error;
    if (server.buffer.commit(read->piece, error)) FAIL("a whole message");
  }
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = server.socket.peel_off(mover.id, server.buffer, buffer);
  CHECK(server.buffer.unfinished() == 1);
  CHECK(buffer.unfinished() == 1);
  CHECK(std::ranges::equal(test::next_message(peer, buffer).payload, moving));
  CHECK(std::ranges::equal(test::next_message(server.socket, server.buffer).payload, staying));
}

TEST_CASE("An association that there is not, or no more, is not peeled off, and nothing changes",
          "[peel_off]") {
  Many server{test::small_window};
  Client client{server};
  client.socket.send(test::pattern(large));
  test::read_beginning(server.socket, server.buffer);
  sctp::ReceiveBuffer buffer;
  std::error_code error;
  const auto attempt = [&](AssociationId id) {
    const std::size_t descriptors = test::open_descriptors();
    CHECK_FALSE(server.socket.peel_off(id, server.buffer, buffer, error).is_open());
    CHECK(error == std::errc::invalid_argument);
    CHECK(test::open_descriptors() == descriptors);
    CHECK(buffer.unfinished() == 0);
  };
  attempt(AssociationId{});
  attempt(AssociationId{987'654});
  CHECK_THROWS_WITH(server.socket.peel_off(AssociationId{987'654}, server.buffer, buffer),
                    Catch::Matchers::StartsWith(
                        "cannot peel off association 987654: there is no such association, or no more"));
  CHECK(server.buffer.unfinished() == 1);
  SECTION("it ends") {
    client.socket.abort();
    test::wait_until([&] { return server.socket.associations().empty(); });
    attempt(client.id);
    CHECK(server.next(2) == Answers{"a message was aborted", "lost: user initiated abort"});
  }
  SECTION("it is peeled off twice") {
    const OneToOneSocket peer = server.socket.peel_off(client.id, server.buffer, buffer);
    sctp::ReceiveBuffer another;
    CHECK_FALSE(server.socket.peel_off(client.id, server.buffer, another, error).is_open());
    CHECK(error == std::errc::invalid_argument);
    CHECK(std::ranges::equal(test::next_message(peer, buffer).payload, test::pattern(large)));
  }
}

TEST_CASE("A peer that was peeled off is not connected to from the socket that it has left", "[peel_off]") {
  Many server;
  const Client client{server};
  sctp::ReceiveBuffer buffer;
  OneToOneSocket peer = server.socket.peel_off(client.id, server.buffer, buffer);
  const sctp::Address address = client.socket.local_address();
  std::error_code error;
  CHECK(server.socket.connect(address, error) == AssociationId{});
  CHECK(error == std::errc::address_not_available);
  CHECK_THROWS_WITH(server.socket.connect(address),
                    Catch::Matchers::StartsWith("cannot connect to " + to_string(address) + ": ") &&
                        Catch::Matchers::Contains("peeled off"));
  peer.connect(address, error);
  CHECK(error == std::errc::already_connected);
  client.socket.send(as_bytes("still"));
  CHECK(test::next(peer, buffer) == "message still");
}

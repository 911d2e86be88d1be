// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <optional>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::OneToOneSocket;
using test::any_mode;
using test::Many;
using test::Mode;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

// Associations that are peeled off in other states than that of being up.

TEST_CASE("A setup is peeled off before it is done", "[peel_off_state]") {
  Many parent{[](const sctp::SocketRef& socket) {
                socket.set(sctp::option::RtoInfo{.initial = 50ms, .max = 50ms, .min = 50ms});
                socket.set(sctp::option::InitMsg{.attempts = 2});
              },
              test::anywhere};
  sctp::ReceiveBuffer buffer;
  SECTION("and comes up there") {
    sctp::Listener listener = test::listen();
    const test::Delay delay;
    const AssociationId id = parent.socket.connect(listener.local_address());
    parent.association(id).send(as_bytes("from the parent"));
    const OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
    peer.send(as_bytes("from the child"));
    CHECK(test::next(peer, buffer) == "up");
    const OneToOneSocket server = listener.accept();
    sctp::ReceiveBuffer of_server;
    CHECK(test::next(3, server, of_server) ==
          Answers{"up", "message from the parent", "message from the child"});
  }
  SECTION("and nobody answers") {
    const Mode mode = any_mode();
    const AssociationId id = parent.socket.connect(test::blackhole);
    const OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
    CHECK(peer.peer_address() == test::blackhole);
    CHECK(test::next(2, peer, buffer, mode) == Answers{"unable to start", "error: Connection timed out"});
  }
  // The kernel has no other error for a setup that this side ends.
  SECTION("and is given up") {
    const AssociationId id = parent.socket.connect(test::blackhole);
    const OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
    peer.association().abort();
    CHECK(test::next(2, peer, buffer) == Answers{"unable to start", "error: Connection refused"});
  }
  SECTION("and is shut down") {
    const AssociationId id = parent.socket.connect(test::blackhole);
    const OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
    peer.shutdown();
    CHECK(test::next(2, peer, buffer) == Answers{"unable to start", "error: Connection refused"});
  }
  CHECK(parent.socket.associations().empty());
  CHECK_FALSE(parent.socket.try_receive(parent.buffer));
}

TEST_CASE("An association is peeled off while it shuts down", "[peel_off_state]") {
  const Mode mode = any_mode();
  INFO(test::name(mode));
  Many parent{test::retransmit_soon};
  OneToOneSocket client{sctp::Address::Family::v4};
  test::retransmit_soon(client);
  client.set(sctp::option::RcvBuf{20'000});
  client.connect(parent.address());
  const AssociationId id = parent.next_up();
  sctp::ReceiveBuffer buffer;
  SECTION("by us") {
    std::optional<test::Outage> not_yet_heard{std::in_place};
    parent.association(id).shutdown();
    const OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
    not_yet_heard.reset();
    CHECK(test::next(3, peer, buffer, mode) == Answers{"shut down", "end of stream", "end of stream"});
    CHECK(parent.socket.associations().empty());
    CHECK_FALSE(parent.socket.try_receive(parent.buffer));
  }
  SECTION("by the peer") {
    // It ends only when what we have sent is there, which has no room.
    while (parent.association(id).try_send(test::pattern(7'000))) {
    }
    client.shutdown();
    test::wait_for(parent.socket.fd(), POLLIN);
    const OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
    CHECK(test::next(peer, buffer, mode) == "the peer shuts down");
    sctp::ReceiveBuffer client_buffer;
    while (client.receive(client_buffer)) {
    }
    CHECK(test::next(3, peer, buffer, mode) == Answers{"shut down", "end of stream", "end of stream"});
    CHECK(parent.socket.associations().empty());
    CHECK_FALSE(parent.socket.try_receive(parent.buffer));
  }
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "stalled.hpp"

#include "by_hand.hpp"

using namespace std::chrono_literals;
using test::stalled::message;
using test::stalled::Peer;
using test::stalled::Server;
using Result = sctp::SendQueue::Result;

namespace {

constexpr std::uint32_t count = 60;
constexpr std::size_t size = 1000;

/// The first peers read again.
void let_all_read(Server& server) {
  for (Peer& peer : server.peers) peer.reads = true;
  server.run([&] { return server.have_heard(count); });
  CHECK(server.all_in_order());
  CHECK(server.queue.waiting() == 0);
  CHECK_FALSE(server.queue.next_unsent());
}

}  // namespace

TEST_CASE("Peers that do not read keep no other waiting behind a send queue", "[stalled]") {
  const std::size_t stalled = GENERATE(std::size_t{1}, std::size_t{5});
  INFO(stalled << " of 100");
  Server server{100, stalled};
  server.send_all(count, size);
  server.run([&] { return server.have_heard(count); });
  CHECK(server.all_in_order());
  CHECK(server.over_share == 0);
  for (std::size_t n = 0; n != server.peers.size(); ++n) {
    const Peer& peer = server.peers[n];
    const auto backlog = server.queue.backlog(peer.id);
    INFO("peer " << n);
    if (n >= stalled) {
      CHECK(backlog.messages == 0);
      continue;
    }
    CHECK(peer.heard == 0);
    CHECK(backlog.messages > 0);
    CHECK(backlog.bytes == backlog.messages * size);
    CHECK(backlog.since);
    CHECK(test::stalled::held_by(peer.id) <= server.share());
  }
  let_all_read(server);
}

TEST_CASE("Without a queue one peer that does not read takes the send buffer from all", "[stalled]") {
  Server server{10, 1};
  const auto& stalled = server.peers.front();
  std::uint32_t sent = 0;
  const auto held_up = [&] {
    return std::ranges::none_of(server.peers, [&](const Peer& peer) {
      const bool has_room = server.socket.try_send(peer.id, message(0, size));
      if (has_room && peer.id == stalled.id) ++sent;
      return has_room;
    });
  };
  test::wait_until([&] {  // acknowledgements that are late make room once more
    while (server.socket.try_send(stalled.id, message(sent, size))) ++sent;
    return held_up();
  });
  server.peers.front().reads = true;
  server.run([&] { return server.peers.front().heard == sent; });
  test::wait_for(server.socket.fd(), POLLOUT);
  CHECK_FALSE(held_up());
}

TEST_CASE("Where each association has a send buffer of its own, any number may stall", "[stalled]") {
  const test::Permission own_buffers{"sndbuf_policy"};
  Server server{40, 20};
  server.send_all(count, size);
  server.run([&] { return server.have_heard(count); });
  CHECK(server.all_in_order());
  let_all_read(server);
}

TEST_CASE("More peers that stall than there are shares are peeled off, with what waits for them",
          "[stalled]") {
  constexpr std::size_t stalled = 12;
  Server server{30, stalled};
  server.send_all(count, size);
  struct Peeled {
    sctp::OneToOneSocket socket;
    sctp::ReceiveBuffer buffer;
    sctp::SendQueue queue;
  };
  std::vector<Peeled> apart;
  for (std::size_t n = 0; n != stalled; ++n) {
    const sctp::AssociationId id = server.peers[n].id;
    auto waiting = server.queue.remove(id);
    CHECK_FALSE(waiting.empty());
    CHECK(server.queue.backlog(id).messages == 0);
    sctp::ReceiveBuffer there;
    auto socket = server.socket.peel_off(id, server.buffer, there);
    sctp::SendQueue queue{socket};
    for (const auto& one : waiting) CHECK(queue.send(id, one.payload, one.options) != Result::full);
    apart.push_back({std::move(socket), std::move(there), std::move(queue)});
  }
  server.run([&] { return server.have_heard(count); });
  for (std::size_t n = 0; n != stalled; ++n) {
    Peer& peer = server.peers[n];
    auto& [socket, buffer, queue] = apart[n];
    CHECK(peer.heard == 0);
    while (peer.heard != count) {
      peer.hear();
      while (const auto received = socket.try_receive(buffer)) queue.take(received);
      queue.flush();
    }
    CHECK(queue.waiting() == 0);
  }
  CHECK(server.all_in_order());
}

TEST_CASE("What waits for a peer when it ends is handed back, in order", "[stalled]") {
  Server server{3, 1};
  server.send_all(count, size);
  server.run([&] { return server.have_heard(count); });
  Peer& stalled = server.peers.front();
  const std::size_t waiting = server.queue.backlog(stalled.id).messages;
  REQUIRE(waiting > 0);
  stalled.socket.abort();
  server.run([&] { return server.queue.backlog(stalled.id).messages == 0; });
  for (std::size_t n = count - waiting; n != count; ++n) {
    const auto unsent = server.queue.next_unsent();
    REQUIRE(unsent);
    CHECK(unsent->why == Result::broken);
    CHECK(unsent->association == stalled.id);
    CHECK(unsent->payload == message(static_cast<std::uint32_t>(n), size));
  }
  CHECK_FALSE(server.queue.next_unsent());
  std::error_code error;
  CHECK(server.queue.send(stalled.id, message(0, size), {}, error) == Result::broken);
}

TEST_CASE("The kernel takes so much of the send buffer for a message", "[stalled]") {
  const Server server{1, 1};
  const test::Network nobody_hears{"netem loss 100%"};
  std::size_t held = 0;
  for (const std::size_t one : {1U, 100U, 500U, 700U, 1452U, 1453U, 4000U, 20'000U}) {
    INFO(one << " bytes");
    REQUIRE(server.socket.try_send(server.peers[0].id, message(0, std::max(one, sizeof(std::uint32_t)))));
    const std::size_t now = test::stalled::held_by(server.peers[0].id);
    CHECK(now - held == test::stalled::cost_of(one));
    held = now;
  }
}

TEST_CASE("No association holds more than its share, or one message that is larger", "[stalled]") {
  const std::size_t largest = GENERATE(std::size_t{3000}, std::size_t{40'000});
  Server server{12, 4, {.share = 10'000}};
  const auto size_of = [=](std::uint32_t n) { return 4 + n * 7919 % (n % 9 == 0 ? largest : 3000); };
  for (std::uint32_t n = 0; n != count; ++n) {
    for (const Peer& peer : server.peers) server.send(peer.id, message(n, size_of(n)));
  }
  std::size_t most = 0;
  server.run([&] {
    for (const Peer& peer : server.peers) most = std::max(most, test::stalled::held_by(peer.id));
    return server.have_heard(count);
  });
  CHECK(most <= std::max(server.share(), test::stalled::cost_of(largest)));
  CHECK(most > 0);
  let_all_read(server);
}

TEST_CASE("What is given up in the kernel's queue does not keep back what waits behind it", "[stalled]") {
  sctp::OneToManySocket socket{sctp::Address::Family::v4};
  test::retransmit_soon(socket);
  sctp::SendQueue queue{socket, {.share = 7 * test::stalled::cost_of(size)}};
  sctp::ReceiveBuffer buffer;
  const sctp::Listener listener =
      test::listen(sctp::Address::Family::v4, [](const auto& one) { one.set(sctp::option::RcvBuf{8192}); });
  const sctp::AssociationId id = socket.connect(listener.local_address());
  test::await<sctp::AssociationChange>(socket, buffer);
  std::error_code error;
  CHECK(queue.send(id, message(0, size), {}, error) == Result::sent);
  socket.association(id).subscribe<sctp::SenderDry>();
  test::await<sctp::SenderDry>(socket, buffer);
  socket.association(id).unsubscribe<sctp::SenderDry>();
  // The peer has room for three more, and is late to acknowledge the last of them: by then the others, which
  // it has no room for, have been given up.
  const sctp::SendOptions mortal{.reliability = sctp::Reliability::lifetime(100ms)};
  for (std::uint32_t n = 1; n != 7; ++n)
    CHECK(queue.send(id, message(n, size), mortal, error) == Result::sent);
  CHECK(queue.send(id, message(7, size), {}, error) == Result::queued);
  for (int turns = 0; queue.waiting() != 0; ++turns) {
    REQUIRE(turns != 100);  // it would stand still
    static_cast<void>(queue.receive(buffer, 200ms));
  }
}

TEST_CASE("A queue holds what is sent to an association under way, and sends it when that is up",
          "[stalled]") {
  const test::Delay delay;
  Server server{1, 0, {.share = 3 * test::stalled::cost_of(size)}};
  sctp::Listener listener = test::listen(sctp::Address::Family::v4, test::retransmit_soon);
  const sctp::AssociationId id = server.socket.connect(listener.local_address());
  for (std::uint32_t n = 0; n != count; ++n) {
    const Result result = server.queue.send(id, message(n, size));
    CHECK(result == (n < 3 ? Result::sent : Result::queued));
  }
  CHECK(server.queue.backlog(id).in_flight <= 3 * test::stalled::cost_of(size));
  server.run([&] { return server.queue.waiting() == 0; });
  Peer late{.socket = listener.accept()};
  while (late.heard != count) {
    test::wait_for(late.socket.fd(), POLLIN);
    late.hear();
  }
  CHECK(late.in_order);
}

TEST_CASE("What waits for an association that does not come up is handed back", "[stalled]") {
  Server server{1, 0, {.share = 3 * test::stalled::cost_of(size)}};
  std::optional<test::Outage> not_yet_refused{std::in_place};
  const sctp::Address nobody = test::listen().local_address();
  const sctp::AssociationId id = server.socket.connect(nobody);
  for (std::uint32_t n = 0; n != 10; ++n) server.send(id, message(n, size));
  const std::size_t waiting = server.queue.backlog(id).messages;
  CHECK(waiting == 7);
  not_yet_refused.reset();
  server.run([&] { return server.queue.backlog(id).messages == 0; });
  for (std::uint32_t n = 3; n != 10; ++n) {
    const auto unsent = server.queue.next_unsent();
    REQUIRE(unsent);
    CHECK(unsent->why == Result::broken);
    CHECK(unsent->payload == message(n, size));
  }
}

TEST_CASE("The kernel tells of the acknowledgement of one association, and of no other's", "[stalled]") {
  Server server{2, 1};
  const Peer& stalled = server.peers[0];
  const Peer& reading = server.peers[1];
  const sctp::Association first = server.socket.association(stalled.id);
  const sctp::Association second = server.socket.association(reading.id);
  // More than its window of 10 kB.
  for (std::uint32_t n = 0; n != 15; ++n) first.send(message(n, size));
  first.subscribe<sctp::SenderDry>();
  second.subscribe<sctp::SenderDry>();
  // Idle, so at once.
  CHECK(test::next_event<sctp::SenderDry>(server.socket, server.buffer).association == reading.id);
  second.send(message(0, size), {.sack_immediately = true});
  CHECK(test::next_event<sctp::SenderDry>(server.socket, server.buffer).association == reading.id);
  second.unsubscribe<sctp::SenderDry>();
  second.send(message(1, size), {.sack_immediately = true});
  server.peers[0].reads = true;
  server.run([&] { return server.have_heard(2) || server.peers[0].heard == 15; });
}

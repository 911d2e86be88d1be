// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <set>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::OneToOneSocket;
using End = sctp::AssociationChange::End;
using State = sctp::AssociationChange::State;
using test::Many;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

namespace {

/// Clients of one socket.
struct Crowd {
  Many server;
  std::vector<OneToOneSocket> clients;
  std::vector<AssociationId> ids;

  explicit Crowd(std::size_t count, const test::Tune& tune_client = test::as_it_is) {
    while (clients.size() != count) {
      OneToOneSocket client{sctp::Address::Family::v4};
      tune_client(client);
      client.connect(server.address());
      clients.push_back(std::move(client));
      ids.push_back(server.next_up());
    }
  }

  /// What each client is told, beginning with its setup.
  std::set<Answers> told(std::size_t count) const {
    std::set<Answers> all;
    for (const auto& client : clients) {
      sctp::ReceiveBuffer buffer;
      all.insert(test::next(count, client, buffer));
    }
    return all;
  }
};

/// How associations ended, as a handler was told.
struct Ends {
  std::set<AssociationId> shut_down;
  std::set<AssociationId> aborted;
  std::size_t messages = 0;
  void operator()(const sctp::Received& received) {
    if (received.message() != nullptr) ++messages;
    if (received.notification() == nullptr) return;
    const auto* change = std::get_if<sctp::AssociationChange>(received.notification());
    if (change == nullptr) return;
    if (change->end == End::own_shutdown) CHECK(shut_down.insert(change->association).second);
    if (change->end == End::own_abort) CHECK(aborted.insert(change->association).second);
  }
};

void stall(const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); }

}  // namespace

TEST_CASE("A close with one unread message aborts every association", "[shutdown_all]") {
  Crowd crowd{3};
  crowd.clients[1].send(as_bytes("unread"));
  test::wait_until_acknowledged(crowd.clients[1]);
  crowd.server.socket.close();
  CHECK(crowd.told(3) ==
        std::set{Answers{"up", "lost: user initiated abort", "error: Connection reset by peer"}});
}

TEST_CASE("A close with everything read is graceful", "[shutdown_all]") {
  Crowd crowd{3};
  crowd.clients[1].send(as_bytes("read"));
  CHECK(crowd.server.next() == "message read");
  crowd.server.socket.close();
  CHECK(crowd.told(4) == std::set{Answers{"up", "the peer shuts down", "shut down", "end of stream"}});
}

TEST_CASE("To shut down all reads what is unread, and ends each in order", "[shutdown_all]") {
  Crowd crowd{20};
  for (const auto& client : crowd.clients) {
    client.send(as_bytes("unread"));
    test::wait_until_acknowledged(client);
  }
  Ends ends;
  CHECK(crowd.server.socket.shutdown_all(crowd.server.buffer, 60s, ends) == 0);
  CHECK(ends.messages == 20);
  CHECK(ends.shut_down == std::set(crowd.ids.begin(), crowd.ids.end()));
  CHECK(ends.aborted.empty());
  CHECK(crowd.told(4) == std::set{Answers{"up", "the peer shuts down", "shut down", "end of stream"}});
  CHECK(crowd.server.socket.is_open());
  CHECK(crowd.server.socket.associations().empty());
  CHECK_FALSE(crowd.server.socket.try_receive(crowd.server.buffer));
}

TEST_CASE("To shut down all aborts those that are not done in time", "[shutdown_all]") {
  const bool by_waker = GENERATE(false, true);
  CAPTURE(by_waker);
  Crowd crowd{19};
  OneToOneSocket stalled{sctp::Address::Family::v4};
  stall(stalled);
  stalled.connect(crowd.server.address());
  const AssociationId id = crowd.server.next_up();
  while (crowd.server.association(id).try_send(test::pattern(7'000))) {
  }
  Ends ends;
  std::size_t aborted = 0;
  if (by_waker) {
    sctp::Waker waker;
    std::atomic<std::size_t> ended = 0;
    test::Task shutter{[&] {
      return crowd.server.socket.shutdown_all(crowd.server.buffer, waker,
                                              [&](const sctp::Received& received) {
                                                ends(received);
                                                ended = ends.shut_down.size();
                                              });
    }};
    test::wait_until([&] { return ended == 19; });
    waker.wake();
    aborted = shutter.get();
  } else {
    aborted = crowd.server.socket.shutdown_all(crowd.server.buffer, 500ms, ends);
  }
  CHECK(aborted == 1);
  CHECK(ends.aborted == std::set{id});
  CHECK(ends.shut_down == std::set(crowd.ids.begin(), crowd.ids.end()));
  CHECK(crowd.server.socket.associations().empty());
  sctp::ReceiveBuffer buffer;
  std::string answer;
  while (!(answer = test::next(stalled, buffer)).starts_with("lost")) {
  }
  CHECK(answer == "lost: user initiated abort");
}

TEST_CASE("To shut down all lets nobody in any more", "[shutdown_all]") {
  Crowd crowd{1};
  CHECK(crowd.server.socket.shutdown_all(crowd.server.buffer, 60s, [](const sctp::Received&) {}) == 0);
  std::error_code error;
  const OneToOneSocket late{crowd.server.address(), error};
  CHECK(error == std::errc::connection_refused);
  // It may begin anew.
  crowd.server.socket.listen();
  const OneToOneSocket again{crowd.server.address()};
  crowd.server.next_up();
}

TEST_CASE("To shut down all where there is nobody is done at once", "[shutdown_all]") {
  Many server;
  CHECK(server.socket.shutdown_all(server.buffer, {}, [](const sctp::Received&) {}) == 0);
  CHECK(server.socket.is_open());
}

TEST_CASE("To shut down all gives up setups under way", "[shutdown_all]") {
  Many server{test::as_it_is, test::anywhere};
  const AssociationId id = server.socket.connect(test::blackhole);
  std::vector<AssociationId> given_up;
  CHECK(server.socket.shutdown_all(server.buffer, 60s, [&](const sctp::Received& received) {
    const auto& change = std::get<sctp::AssociationChange>(*received.notification());
    CHECK(change.state == State::cannot_start);
    given_up.push_back(change.association);
  }) == 0);
  CHECK(given_up == std::vector{id});
  CHECK(server.socket.associations().empty());
}

TEST_CASE("A message over the limit does not keep the others from being shut down", "[shutdown_all]") {
  Crowd crowd{3};
  crowd.clients[0].send(test::pattern(5'000));
  test::wait_until_acknowledged(crowd.clients[0]);
  crowd.clients[1].send(as_bytes("short"));
  test::wait_until_acknowledged(crowd.clients[1]);
  sctp::ReceiveBuffer narrow{1024, 1024};
  Ends ends;
  std::error_code error;
  CHECK(crowd.server.socket.shutdown_all(narrow, 60s, ends, error) == 0);
  CHECK(error == sctp::Errc::message_exceeds_limit);
  CHECK(ends.messages == 1);
  CHECK(ends.shut_down == std::set(crowd.ids.begin(), crowd.ids.end()));
}

TEST_CASE("A destructor waits for nobody, though the peer is silent", "[shutdown_all]") {
  // Nobody reads at the other side, whose network is gone, too: had a destructor to wait, it would for ever.
  test::retransmit_soon(OneToOneSocket{sctp::Address::Family::v4});
  Many server{stall};
  {
    Many many;
    const AssociationId id = many.socket.connect(server.address());
    CHECK(many.next_up() == id);
    while (many.association(id).try_send(test::pattern(7'000))) {
    }
    OneToOneSocket client{server.address()};
    while (client.try_send(test::pattern(7'000))) {
    }
    Many parent;
    const AssociationId peeled_id = parent.socket.connect(server.address());
    CHECK(parent.next_up() == peeled_id);
    sctp::ReceiveBuffer buffer;
    const OneToOneSocket peeled = parent.socket.peel_off(peeled_id, parent.buffer, buffer);
    while (peeled.try_send(test::pattern(7'000))) {
    }
    CHECK(server.socket.associations().size() == 3);
    test::set_loopback_up(false);
  }
  // All three still go on in the kernel.
  CHECK(server.socket.associations().size() == 3);
  test::set_loopback_up(true);
}

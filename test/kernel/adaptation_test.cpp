// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::AdaptationIndication;
using sctp::as_bytes;
using sctp::Association;
using sctp::Associations;
using sctp::OneToOneSocket;
using sctp::Style;
using test::Outage;
using test::tenacious;
using namespace sctp::option;
using namespace std::chrono_literals;
using End = sctp::AssociationChange::End;

// What an application says of itself and of its associations, how much leaves at a time, and what closing
// does.

namespace {

/// What is lost stays lost for the time of a test.
void patient(const sctp::SocketRef& socket) { socket.set(RtoInfo{.initial = 60s, .max = 60s, .min = 60s}); }

/// A one-to-many socket with two associations.
struct Two {
  test::Many many;
  std::array<OneToOneSocket, 2> peers;
  std::array<sctp::ReceiveBuffer, 2> at_peers;
  std::vector<Association> associations;

  explicit Two(const test::Tune& tune = test::as_it_is) : many{tune} {
    for (std::size_t n = 0; n != 2; ++n) connect(peers.at(n), at_peers.at(n));
  }

  void connect(OneToOneSocket& peer, sctp::ReceiveBuffer& buffer) {
    peer = OneToOneSocket{many.address()};
    associations.push_back(many.association(many.next_up()));
    CHECK(test::next(peer, buffer) == "up");
  }
};

}  // namespace

TEST_CASE("Each side is told what the other's upper layer says of itself", "[adaptation]") {
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many);
  INFO(to_string(style));
  const auto say = [](std::uint32_t value) {
    return [value](const sctp::SocketRef& socket) {
      socket.set(AdaptationLayer{value});
      socket.subscribe<AdaptationIndication>();
    };
  };
  test::Receiver receiver{{style, test::Delivery::interleaves_peers}, say(0xdeadbeef)};
  const auto client = receiver.connect(say(7));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer) == "up");
  const auto at_client = test::next_event<AdaptationIndication>(client, buffer);
  CHECK(at_client.value == 0xdeadbeef);
  CHECK(at_client.association == client.association().id());
  const auto at_server = test::next_event<AdaptationIndication>(receiver.socket(), receiver.buffer());
  CHECK(at_server.value == 7);
  CHECK(at_server.association == receiver.association());
}

TEST_CASE("A side that says nothing of itself, or 0, is not told of", "[adaptation]") {
  const bool silent = GENERATE(true, false);
  const auto [client, server] = test::connect(
      [&](const sctp::SocketRef& socket) {
        if (!silent) socket.set(AdaptationLayer{0});
        socket.subscribe<AdaptationIndication>();
      },
      [](const sctp::SocketRef& socket) { socket.set(AdaptationLayer{7}); });
  client.send(as_bytes("first"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, server, buffer) == std::vector<std::string>{"up", "message first"});
  CHECK(test::next(client, buffer) == "up");
  CHECK(test::next_event<AdaptationIndication>(client, buffer).value == 7);
}

TEST_CASE("Messages come with the number of their association", "[adaptation]") {
  Two two{[](const sctp::SocketRef& socket) { socket.set(Context{5}); }};
  const auto next_context = [&](std::size_t n) {
    two.peers.at(n).send(as_bytes("hello"));
    const sctp::Message message = test::next_message(two.many.socket, two.many.buffer);
    CHECK(message.association == two.associations[n].id());
    return message.context;
  };
  CHECK(next_context(0) == 5);
  two.associations[1].set(Context{0xdeadbeef});
  CHECK(next_context(0) == 5);
  CHECK(next_context(1) == 0xdeadbeef);
  two.many.socket.set(Context{6});
  CHECK(next_context(0) == 5);
  two.many.socket.set(Context{7}, Associations::existing);
  CHECK(next_context(0) == 7);
  CHECK(next_context(1) == 7);
  CHECK(two.many.socket.get<Context>().value == 6);

  two.associations[0].set(Context{8});
  sctp::ReceiveBuffer there;
  const auto peeled_off = two.many.socket.peel_off(two.associations[0].id(), two.many.buffer, there);
  two.peers[0].send(as_bytes("hello"));
  CHECK(test::next_message(peeled_off, there).context == 8);
  peeled_off.set(Context{9});
  two.peers[0].send(as_bytes("hello"));
  CHECK(test::next_message(peeled_off, there).context == 9);
}

TEST_CASE("Messages on a socket with one association come with its number", "[adaptation]") {
  auto [client, server] =
      test::connect(test::as_it_is, [](const sctp::SocketRef& socket) { socket.set(Context{5}); });
  sctp::ReceiveBuffer buffer;
  client.send(as_bytes("hello"));
  CHECK(test::next_message(server, buffer).context == 5);
  server.set(Context{6});
  client.send(as_bytes("hello"), {.context = 7});  // which is the sender's own
  CHECK(test::next_message(server, buffer).context == 6);
  server.send(as_bytes("hello"));
  CHECK(test::next_message(client, buffer).context == 0);
}

TEST_CASE("As much leaves at a time as a burst may have, and the congestion window", "[adaptation]") {
  const auto on_their_way = [](std::uint32_t packets) {
    auto [client, server] = test::connect(patient);
    client.set(MaxBurst{packets});
    const Outage outage;
    client.send(test::pattern(20'000));
    const auto chunks = client.association().status().unacknowledged_chunks;
    client.abort();
    return chunks;
  };
  CHECK(on_their_way(1) < on_their_way(2));
  CHECK(on_their_way(2) < on_their_way(4));
  CHECK(on_their_way(0) == on_their_way(1000));
}

TEST_CASE("A socket that does not linger aborts when it is closed, and drops what is queued",
          "[adaptation]") {
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off);
  INFO(to_string(style));
  const auto check_aborted = [](const OneToOneSocket& peer, sctp::ReceiveBuffer& buffer) {
    const auto change = test::next_event<sctp::AssociationChange>(peer, buffer);
    CHECK(change.state == sctp::AssociationChange::State::lost);
    CHECK(change.end == End::peer_abort);
    CHECK(change.cause == sctp::Cause::user_initiated_abort);
  };
  const test::Tune tune = [](const sctp::SocketRef& socket) {
    patient(socket);
    socket.set(Linger{0s});
  };
  if (style == Style::one_to_one) {
    auto [client, server] = test::connect(tune);
    sctp::ReceiveBuffer buffer;
    CHECK(test::next(server, buffer) == "up");
    {
      const Outage outage;
      client.send(as_bytes("never"));
    }
    client.close();
    check_aborted(server, buffer);
    return;
  }
  Two two{tune};
  const bool peels_off = style == Style::peeled_off;
  std::optional<OneToOneSocket> peeled_off;
  sctp::ReceiveBuffer there;
  if (peels_off) {
    peeled_off = two.many.socket.peel_off(two.associations[0].id(), two.many.buffer, there);
    two.associations[0] = peeled_off->association();
  }
  {
    const Outage outage;
    for (const Association& association : two.associations) association.send(as_bytes("never"));
  }
  if (peels_off) {
    peeled_off->close();
    check_aborted(two.peers[0], two.at_peers[0]);
    two.associations[1].send(as_bytes("goes on"), {.unordered = true});
    CHECK(test::next(two.peers[1], two.at_peers[1]) == "message goes on");
    return;
  }
  two.many.socket.close();
  for (std::size_t n = 0; n != 2; ++n) check_aborted(two.peers.at(n), two.at_peers.at(n));
}

TEST_CASE("A socket that was not told to linger delivers what is queued after it is closed", "[adaptation]") {
  auto [client, server] = test::connect(tenacious);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  {
    const Outage outage;
    client.send(as_bytes("queued"));
    client.close();
  }
  CHECK(test::next(2, server, buffer) == std::vector<std::string>{"message queued", "the peer shuts down"});
}

TEST_CASE("Closing a socket that lingers waits for the end, in either mode", "[adaptation]") {
  const bool nonblocking = GENERATE(false, true);
  auto [client, server] = test::connect([](const sctp::SocketRef& socket) {
    tenacious(socket);
    socket.set(Linger{1000s});
  });
  client.set_nonblocking(nonblocking);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  std::optional<Outage> outage{std::in_place};
  client.send(as_bytes("queued"));
  std::atomic<int> thread = 0;
  test::Task closing{[&] {
    thread = test::thread_id();
    client.close();
    return true;
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  outage.reset();
  CHECK(closing.get());
  CHECK(test::next(2, server, buffer) == std::vector<std::string>{"message queued", "the peer shuts down"});
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <optional>

#include "one_to_many.hpp"

using sctp::Address;
using sctp::as_bytes;
using sctp::AssociationId;
using sctp::SendFailed;
using State = sctp::AssociationChange::State;
using Setup = sctp::option::Status::State;
using test::Many;
using test::Refusing;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

// How associations of a one-to-many socket are begun, and what becomes of those that do not come up.

namespace {

/// Gives up soon where nobody answers.
void give_up_soon(const sctp::SocketRef& socket) {
  socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
  socket.set(sctp::option::InitMsg{.attempts = 1});
}

/// What the next event says of a setup that did not work.
void check_cannot_start(Many& client, AssociationId id) {
  const auto change = test::next_event<sctp::AssociationChange>(client.socket, client.buffer);
  CHECK(change.state == State::cannot_start);
  CHECK(change.end == sctp::AssociationChange::End::no_setup);
  CHECK(change.association == id);
}

/// Neither an association nor an event is left.
void check_empty(Many& client) {
  CHECK(client.socket.associations().empty());
  CHECK_FALSE(client.socket.try_receive(client.buffer));
}

/// Begins a setup that is refused; none where the refusal of the one before is still to be looked at.
void begin_refused(const Many& client, const Refusing& nobody) {
  std::error_code error;
  client.socket.connect(nobody.address, error);
  if (error != std::errc::already_connected) CHECK(error == std::error_code{});
}

}  // namespace

TEST_CASE("A setup is begun at once, and its number is that of its events", "[one_to_many_setup]") {
  const auto family = GENERATE(Address::Family::v4, Address::Family::v6);
  Many client{test::retransmit_soon, Address::loopback(family, 0)};
  Many server{test::as_it_is, Address::loopback(family, 0)};
  AssociationId id{};
  {
    const test::Outage nobody_hears;
    id = client.socket.connect(server.address());
    CHECK(id != AssociationId{});
    CHECK(client.association(id).status().state == Setup::cookie_wait);
  }
  CHECK(client.next_up() == id);
  CHECK(client.association(id).status().primary == server.address());
  client.association(id).send(as_bytes("hello"));
  const AssociationId at_server = server.next_up();
  CHECK(server.next() == "message hello");
  server.association(at_server).send(as_bytes("answer"));
  CHECK(client.next() == "message answer");
}

TEST_CASE("Messages wait for their association's setup", "[one_to_many_setup]") {
  Many client{test::retransmit_soon};
  Many server;
  SECTION("that the peer has not answered") {
    std::optional<test::Outage> nobody_hears{std::in_place};
    const AssociationId id = client.socket.connect(server.address());
    for (int i = 0; i != 3; ++i) client.association(id).send(as_bytes(std::to_string(i)));
    CHECK(client.association(id).status().state == Setup::cookie_wait);
    nobody_hears.reset();
    CHECK(server.next(4) == Answers{"up", "message 0", "message 1", "message 2"});
  }
  SECTION("that the peer has answered") {
    AssociationId id{};
    {
      const test::Swallow lost_answer{test::Swallow::cookie_ack};
      id = client.socket.connect(server.address());
      test::wait_until([&] { return client.association(id).status().state == Setup::cookie_echoed; });
      for (int i = 0; i != 3; ++i) client.association(id).send(as_bytes(std::to_string(i)));
    }
    CHECK(server.next(4) == Answers{"up", "message 0", "message 1", "message 2"});
    CHECK(client.next_up() == id);
  }
}

TEST_CASE("Several addresses are those of one peer, and the first that answers is taken",
          "[one_to_many_setup]") {
  Many client{give_up_soon, test::anywhere};
  Many server{test::as_it_is, test::anywhere};
  const std::uint16_t port = server.address().port();
  const Address alive = Address::v4({10, 77, 0, 2}, port);
  SECTION("all of them answer") {
    const AssociationId id = client.socket.connect(std::array{alive, server.address()});
    CHECK(client.next_up() == id);
    CHECK(client.association(id).status().primary == alive);
  }
  SECTION("nobody answers at the first") {
    client.socket.set(sctp::option::InitMsg{.attempts = 1000});
    std::optional<test::Outage> nobody_hears{std::in_place};
    const AssociationId id = client.socket.connect(std::array{test::blackhole.with_port(port), alive});
    CHECK(client.association(id).status().state == Setup::cookie_wait);
    nobody_hears.reset();
    CHECK(client.next_up() == id);
    client.association(id).send(as_bytes("hello"));
    server.next_up();
    CHECK(server.next() == "message hello");
  }
  SECTION("nobody answers at any") {
    const std::array nobody{test::blackhole, Address::v4({192, 0, 2, 2}, test::blackhole.port())};
    check_cannot_start(client, client.socket.connect(nobody));
    check_empty(client);
  }
}

TEST_CASE("A peer that there is an association with, or a setup, is connected to once",
          "[one_to_many_setup]") {
  Many client{test::as_it_is, test::anywhere};
  Many server;
  std::error_code error;
  const auto again = [&](Many& from, const Address& peer) {
    CHECK(from.socket.connect(peer, error) == AssociationId{});
    CHECK(error == std::errc::already_connected);
    CHECK(from.socket.connect_and_send(peer, as_bytes("hello"), {}, error) == AssociationId{});
    CHECK(error == std::errc::already_connected);
    CHECK(from.socket.associations().size() == 1);
  };
  SECTION("of which nobody has answered yet") {
    const AssociationId id = client.socket.connect(test::blackhole);
    again(client, test::blackhole);
    CHECK(client.association(id).status().state == Setup::cookie_wait);
    CHECK_THROWS_WITH(client.socket.connect(test::blackhole),
                      Catch::Matchers::StartsWith("cannot connect to 192.0.2.1:7: "));
  }
  SECTION("that is up") {
    const AssociationId id = client.socket.connect(server.address());
    CHECK(client.next_up() == id);
    again(client, server.address());
    server.next_up();
    again(server, client.address());
    client.association(id).send(as_bytes("still"));
    CHECK(server.next() == "message still");
  }
}

TEST_CASE("A setup that fails is told with its number, and may be tried again", "[one_to_many_setup]") {
  const bool refused = GENERATE(true, false);
  const bool with_message = GENERATE(false, true);
  CAPTURE(refused, with_message);
  Many client{give_up_soon, test::anywhere};
  client.socket.subscribe<SendFailed>();
  const Refusing nobody;
  const Address peer = refused ? nobody.address : test::blackhole;
  const test::Network slow{"netem delay 10ms"};  // otherwise it is refused before the message can wait
  for (int i = 0; i != 2; ++i) {
    AssociationId id{};
    if (with_message) {
      id = client.socket.connect_and_send(peer, as_bytes("first"), {.context = 5});
    } else {
      id = client.socket.connect(peer);
    }
    CHECK(id != AssociationId{});
    check_cannot_start(client, id);
    if (with_message) {
      const auto failed = test::next_event<SendFailed>(client.socket, client.buffer);
      CHECK(failed.association == id);
      CHECK(failed.context == 5);
      CHECK(test::text(failed.payload) == "first");
      CHECK_FALSE(failed.sent);
    }
    check_empty(client);
  }
}

TEST_CASE("A first message to a peer that refuses is an error, or told by its event", "[one_to_many_setup]") {
  // As the answer comes before the message could be taken, or not.
  Many client;
  const Refusing nobody;
  for (int i = 0; i != 30; ++i) {
    std::error_code error;
    const AssociationId id = client.socket.connect_and_send(nobody.address, as_bytes("first"), {}, error);
    if (id == AssociationId{}) {
      CHECK(error == std::errc::connection_refused);
      CHECK(client.next(State::cannot_start) != id);
    } else {
      CHECK_FALSE(error);
      check_cannot_start(client, id);
    }
    check_empty(client);
  }
}

TEST_CASE("A setup is given up by an abort, and by a shutdown", "[one_to_many_setup]") {
  const bool by_shutdown = GENERATE(true, false);
  CAPTURE(by_shutdown);
  Many client{test::as_it_is, test::anywhere};
  client.socket.subscribe<SendFailed>();
  Many server;
  const auto give_up = [&](AssociationId id) {
    const sctp::Association association = client.association(id);
    by_shutdown ? association.shutdown() : association.abort("no need any more");
    check_cannot_start(client, id);
  };
  SECTION("while nobody answers") {
    const AssociationId id = client.socket.connect(test::blackhole);
    give_up(id);
    check_empty(client);
    const AssociationId again = client.socket.connect(test::blackhole);
    CHECK(again != id);
    give_up(again);
  }
  SECTION("with a message that waits for it") {
    const AssociationId id = client.socket.connect_and_send(test::blackhole, as_bytes("first"));
    give_up(id);
    CHECK(test::next_event<SendFailed>(client.socket, client.buffer).association == id);
    check_empty(client);
  }
  SECTION("while the peer has it up already") {
    {
      const test::Swallow lost_answer{test::Swallow::cookie_ack};
      const AssociationId id = client.socket.connect(server.address());
      test::wait_until([&] { return client.association(id).status().state == Setup::cookie_echoed; });
      give_up(id);
      const AssociationId at_server = server.next_up();
      const auto lost = test::next_event<sctp::AssociationChange>(server.socket, server.buffer);
      CHECK(lost.state == State::lost);
      CHECK(lost.end == sctp::AssociationChange::End::peer_abort);
      CHECK(lost.association == at_server);
    }
    check_empty(server);
    const AssociationId again = client.socket.connect(server.address());
    CHECK(client.next_up() == again);
  }
}

TEST_CASE("A thread that waits to receive is not disturbed by setups", "[one_to_many_setup]") {
  Many client{test::as_it_is, test::anywhere};
  const Many server;
  const Refusing nobody;
  std::atomic<int> thread = 0;
  test::Task receiver{[&] {
    thread = test::thread_id();
    // Each but the last is refused; an answer that is no event throws.
    for (;;) {
      const auto change = test::next_event<sctp::AssociationChange>(client.socket, client.buffer);
      if (change.state == State::up) return change.association;
      if (change.state != State::cannot_start) throw std::runtime_error{to_string(change.state)};
    }
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  for (int i = 0; i != 200; ++i) begin_refused(client, nobody);
  test::wait_until([&] { return test::is_blocked(thread); });
  const AssociationId id = client.socket.connect(server.address());
  CHECK(receiver.get() == id);
}

TEST_CASE("A thread that waits to send is not disturbed by setups", "[one_to_many_setup]") {
  Many client{test::retransmit_soon};
  Many server{test::small_window};
  const Refusing nobody;
  const AssociationId id = client.socket.connect(server.address());
  CHECK(client.next_up() == id);
  constexpr std::uint32_t count = 200;
  std::atomic<int> thread = 0;
  std::atomic<bool> done = false;
  test::Task sender{[&] {
    thread = test::thread_id();
    for (std::uint32_t i = 0; i != count; ++i) client.association(id).send(test::pattern(5'000, i));
    done = true;
  }};
  test::wait_until([&] { return thread != 0 && test::is_blocked(thread); });
  server.next_up();
  std::uint32_t good = 0;
  for (std::uint32_t i = 0; i != count; ++i) {
    if (!done) begin_refused(client, nobody);
    const sctp::Message message = test::next_message(server.socket, server.buffer);
    good += std::ranges::equal(message.payload, test::pattern(5'000, i));
  }
  CHECK_NOTHROW(sender.get());
  CHECK(good == count);
}

TEST_CASE("Several threads begin setups at once, none of which waits", "[one_to_many_setup]") {
  Many client{test::as_it_is, test::anywhere};
  constexpr std::size_t threads = 4;
  constexpr std::uint8_t each = 10;
  std::vector<test::Task<void>> tasks;
  for (std::uint8_t n = 0; n != threads; ++n) {
    tasks.emplace_back([&client, n] {
      for (std::uint8_t i = 0; i != each; ++i) {
        const auto last = static_cast<std::uint8_t>(n * each + i);
        client.socket.connect(Address::v4({192, 0, 2, last}, 7));
      }
    });
  }
  for (auto& task : tasks) CHECK_NOTHROW(task.get());
  CHECK(client.socket.associations().size() == threads * each);
  CHECK((::fcntl(client.socket.fd(), F_GETFL) & O_NONBLOCK) == 0);
}

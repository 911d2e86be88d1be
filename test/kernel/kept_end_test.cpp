// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <variant>

#include "one_to_many.hpp"

using sctp::AssociationId;
using sctp::OneToOneSocket;
using sctp::Reliability;
using test::Delivery;
using test::Many;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;
using End = sctp::AssociationChange::End;

// A message is given up when its beginning has arrived and is being handed out. What the peer gives up was
// all acknowledged or never sent, so that it does not say so.

namespace {

/// The first piece fills the window.
void narrow(const sctp::SocketRef& socket) {
  socket.set(sctp::option::RcvBuf{12'000});
  socket.set(sctp::option::DelayedSack{.delay = 500ms, .packets = 1'000});
}

/// The peer of `many` that has done so, and its association there; nothing where the acknowledgement was
/// faster.
struct Cut {
  OneToOneSocket peer{sctp::Address::Family::v4};
  AssociationId id;
};
std::optional<Cut> try_cut_off(Many& many, Delivery delivery) {
  Cut cut;
  set_delivery(cut.peer, delivery);
  cut.peer.set(sctp::option::MaxSeg{1'000});
  cut.peer.set(sctp::option::SndBuf{16'000});
  cut.peer.connect(many.address());
  cut.id = many.next_up();
  cut.peer.send(test::pattern(4'000));
  test::wait_until_acknowledged(cut.peer);
  cut.peer.send(test::pattern(8'000), {.reliability = Reliability::priority(5)});
  // Room is made for one that is more important, whether or not it then suffices.
  std::ignore = cut.peer.try_send(test::pattern(8'000), {.reliability = Reliability::priority(1)});
  const auto given_up =
      cut.peer.association().get<sctp::option::PrAssocStatus>(Reliability::Policy::priority);
  const bool is_cut = given_up.abandoned_sent != 0;
  if (!is_cut) cut.peer.abort();
  test::wait_for_packets();  // before there is more room, or nothing is handed out in pieces
  CHECK(many.next() == "message of 4000 bytes");
  if (is_cut) return cut;
  while (many.next().find("lost") == std::string::npos) {
  }
  return std::nullopt;
}
Cut cut_off(Many& many, Delivery delivery = Delivery::interleaves_peers) {
  for (;;) {
    if (auto cut = try_cut_off(many, delivery)) return std::move(*cut);
  }
}

bool is_gone(const Many& many) { return many.socket.associations().empty(); }

}  // namespace

TEST_CASE("An end that is kept is told, a second after there was nothing to read", "[kept_end]") {
  Many many{test::listen_to_many(narrow)};
  const Cut cut = cut_off(many);
  test::read_beginning(many.socket, many.buffer);
  cut.peer.send(sctp::as_bytes("later"));
  cut.peer.shutdown();
  test::wait_until([&] { return is_gone(many); });
  CHECK(test::describe(many.socket.try_receive(many.buffer), {}) == "would block");

  std::function<sctp::Received()> receive;
  SECTION("by one that blocks") {
    receive = [&] { return many.socket.receive(many.buffer); };
  }
  SECTION("by one that waits so long") {
    receive = [&] { return many.socket.receive(many.buffer, 10s); };
  }
  SECTION("by one that does not wait") {
    receive = [&] {
      sctp::Received received = many.socket.try_receive(many.buffer);
      while (!received) received = many.socket.try_receive(many.buffer);
      return received;
    };
  }
  CHECK(test::describe(receive(), {}) == "a message was aborted");
  CHECK(many.buffer.unfinished() == 0);
  const sctp::Received told = receive();
  const auto& end = std::get<sctp::AssociationChange>(*told.notification());
  CHECK(end.association == cut.id);
  CHECK(end.state == sctp::AssociationChange::State::lost);
  CHECK(end.end == End::untold);

  // Others are heard.
  const OneToOneSocket other{many.address()};
  many.next_up();
  other.send(sctp::as_bytes("hello"));
  CHECK(many.next() == "message hello");
}

TEST_CASE("Who reads pieces, or what was peeled off, is told of the end that is kept", "[kept_end]") {
  Many many{test::listen_to_many(narrow)};
  const Cut cut = cut_off(many);
  std::array<std::byte, 1'000> room{};
  const auto end_of = [](const auto& received) {
    return std::get<sctp::AssociationChange>(*received.notification()).end;
  };
  SECTION("pieces") {
    while (many.buffer.unfinished() == 0) CHECK(many.socket.receive_piece(room, many.buffer));
    cut.peer.shutdown();
    auto received = many.socket.receive_piece(room, many.buffer);
    while (received.piece() != nullptr) received = many.socket.receive_piece(room, many.buffer);
    CHECK(std::holds_alternative<sctp::PartialDeliveryAborted>(*received.notification()));
    CHECK(end_of(many.socket.receive_piece(room, many.buffer)) == End::untold);
  }
  SECTION("peeled off") {
    sctp::ReceiveBuffer there;
    const OneToOneSocket own = many.socket.peel_off(cut.id, many.buffer, there);
    test::read_beginning(own, there);
    cut.peer.shutdown();
    CHECK(test::describe(own.receive(there, 10s), {}) == "a message was aborted");
    CHECK(end_of(own.receive(there, 10s)) == End::untold);
    std::error_code error;
    CHECK(own.receive(there, error).status() == sctp::ReceiveStatus::failed);
    CHECK(error == std::errc::connection_reset);
    CHECK(own.receive(there).status() == sctp::ReceiveStatus::end_of_stream);
  }
}

TEST_CASE("An abort tells of the message that was cut off unheard, and of its own end", "[kept_end]") {
  Many many{test::listen_to_many(narrow)};
  const Cut cut = cut_off(many);
  test::read_beginning(many.socket, many.buffer);
  cut.peer.send(sctp::as_bytes("later"));
  test::wait_until_acknowledged(cut.peer);
  many.association(cut.id).abort();
  // What came later waits for that message, and is lost with it.
  CHECK(many.next(2) == Answers{"a message was aborted", "lost: user initiated abort"});
}

TEST_CASE("Nobody waits for the end that is kept", "[kept_end]") {
  Many many{test::listen_to_many(narrow)};
  Cut cut = cut_off(many);
  Answers heard;
  const auto hear = [&](const sctp::Received& received) { heard.push_back(test::describe(received, {})); };
  SECTION("all") {
    test::read_beginning(many.socket, many.buffer);
    CHECK(many.socket.shutdown_all(many.buffer, sctp::Patience{}, hear) == 0);
  }
  SECTION("one that was peeled off") {
    sctp::ReceiveBuffer there;
    OneToOneSocket own = many.socket.peel_off(cut.id, many.buffer, there);
    test::read_beginning(own, there);
    CHECK(own.shutdown(there, sctp::Patience{}, hear) == End::untold);
  }
  CHECK(heard == Answers{"a message was aborted", "lost: no cause given"});
}

TEST_CASE("Under I-DATA a message that was cut off unheard keeps the end of nothing else", "[kept_end]") {
  Many many{test::listen_to_many(Delivery::interleaves_messages, narrow)};
  const Cut cut = cut_off(many, Delivery::interleaves_messages);
  test::read_beginning(many.socket, many.buffer);
  cut.peer.send(sctp::as_bytes("later"), {.stream = sctp::StreamId{1}});
  cut.peer.shutdown();
  CHECK(many.next(4) ==
        Answers{"message later", "the peer shuts down", "a message was aborted", "shut down"});
}

TEST_CASE("A shutdown behind the peer's keeps failures and the end, and the library leaves it",
          "[kept_end]") {
  const bool by_hand = GENERATE(false, true);
  CAPTURE(by_hand);
  test::Ends ends = test::connect(test::retransmit_soon, test::small_window);
  ends.client.subscribe<sctp::SendFailed>();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(ends.client, buffer) == "up");
  std::size_t given = 0;
  while (ends.client.try_send(test::pattern(7'000))) ++given;
  ends.server.shutdown();
  CHECK(test::next(ends.client, buffer) == "the peer shuts down");
  if (by_hand) {
    REQUIRE(::shutdown(ends.client.fd(), SHUT_WR) == 0);
  } else {
    ends.client.shutdown();
  }
  ends.server.abort();
  std::size_t failed = 0;
  Answers others;
  // The stream has ended with the peer's shutdown; what comes later is behind that.
  test::wait_until([&] {
    std::error_code error;
    const sctp::Received received = ends.client.try_receive(buffer, error);
    const auto* event = received.notification();
    const bool is_failure = event != nullptr && std::holds_alternative<sctp::SendFailed>(*event);
    failed += is_failure ? 1U : 0U;
    if ((received || error) && !is_failure) others.push_back(test::describe(received, error));
    return !received && !error && !others.empty();
  });
  CHECK(others.back() == "error: Connection reset by peer");
  CHECK(others.size() == (by_hand ? 1U : 2U));  // without the event of the loss
  if (by_hand) {
    CHECK(failed == 0);
  } else {
    CHECK(failed > 0);
  }
  CHECK(failed <= given);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <sctpxx/error.hpp>

#include "many.hpp"
#include "support/records.hpp"
#include "transcript.hpp"

/// What waits of an association that was read with others goes along when it is peeled off.
namespace {

using namespace sctp;
using namespace sctp::test;
using enum AssociationChange::State;

struct Moving : Many {
  ReceiveBuffer there;
  OneToOneSocket peer;

  Moving() : Many{{seven, eight}} {
    buffer = ReceiveBuffer::in_batches(16);
    kernel.receives(piece("begin").of(eight).end());
    kernel.receives(piece("one").of(seven).end());
    kernel.receives(piece("stays").of(eight).end());
    kernel.receives(event(assoc_change(restarted, {.association = seven})));
    kernel.receives(piece("two ").of(seven));
    kernel.receives(event(assoc_change(restarted, {.association = eight})));
    CHECK(describe(socket.receive(buffer)) == "s0 'begin'");
    CHECK(buffer.waiting() == 5);
  }
  std::string next_here() { return describe(socket.try_receive(buffer)); }
  std::string next_there() { return describe(peer.try_receive(there)); }
};

TEST_CASE("What waits of a peeled-off association is received from its own socket") {
  const bool in_batches = GENERATE(false, true);
  CAPTURE(in_batches);
  Moving test;
  if (in_batches) test.there = ReceiveBuffer::in_batches(2, 1024);
  test.peer = test.socket.peel_off(seven, test.buffer, test.there);
  test.kernel.receives(piece("halves").of(seven).at(test.peer.fd()).end());
  CHECK(test.buffer.waiting() == 2);
  CHECK(test.there.waiting() == 3);
  CHECK(test.next_here() == "s0 'stays'");
  CHECK(test.next_here() == "restarted");
  CHECK(test.next_here() == "nothing");
  CHECK(test.next_there() == "s0 'one'");
  CHECK(test.next_there() == "restarted");
  CHECK(test.next_there() == "s0 'two halves'");
  CHECK(test.next_there() == "nothing");
}

TEST_CASE("Where an association cannot be peeled off what waits of it stays") {
  Moving test;
  test.kernel.fail_next(Call::getsockopt, EMFILE);
  static_cast<void>(test.socket.peel_off(seven, test.buffer, test.there, test.error));
  CHECK(test.error == std::errc::too_many_files_open);
  CHECK(test.there.waiting() == 0);
  CHECK(test.next_here() == "s0 'one'");
  CHECK(test.next_here() == "s0 'stays'");
}

TEST_CASE("A buffer that was used for one association takes over what waits of another") {
  const bool in_batches = GENERATE(false, true);
  CAPTURE(in_batches);
  Many test{{seven, eight, nine}};
  if (in_batches) test.buffer = ReceiveBuffer::in_batches(16);
  ReceiveBuffer there = ReceiveBuffer::in_batches(4);
  OneToOneSocket peer = test.socket.peel_off(eight, test.buffer, there);
  test.kernel.receives(piece("old").of(eight).end());
  CHECK(describe(peer.try_receive(there)) == "s0 'old'");
  test.kernel.receives(piece("begin").of(nine).end());
  for (const char* text : {"1", "2", "3", "4", "5"}) test.kernel.receives(piece(text).of(seven).end());
  CHECK(describe(test.socket.receive(test.buffer)) == "s0 'begin'");
  peer = test.socket.peel_off(seven, test.buffer, there);
  CHECK(there.waiting() == (in_batches ? 5 : 0));
  for (const char* text : {"1", "2", "3", "4", "5"})
    CHECK(describe(peer.try_receive(there)) == std::string{"s0 '"} + text + "'");
  CHECK(describe(peer.try_receive(there)) == "nothing");
}

TEST_CASE("What waits of others keeps its order when an association goes from between") {
  Many test{{seven, eight, nine}};
  test.buffer = ReceiveBuffer::in_batches(16);
  ReceiveBuffer there;
  for (const AssociationId id : {eight, eight, seven, nine, seven, eight}) {
    const std::string text = to_string(id) + "#" + std::to_string(test.kernel.queue.size());
    test.kernel.receives(piece(text).of(id).end());
  }
  CHECK(describe(test.socket.receive(test.buffer)) == "s0 '8#0'");
  const OneToOneSocket peer = test.socket.peel_off(seven, test.buffer, there);
  for (const char* text : {"s0 '8#1'", "s0 '9#3'", "s0 '8#5'", "nothing"})
    CHECK(describe(test.socket.try_receive(test.buffer)) == text);
  for (const char* text : {"s0 '7#2'", "s0 '7#4'", "nothing"})
    CHECK(describe(peer.try_receive(there)) == text);
}

/// An event of association eight that takes the room of two; what lies in the second looks like another, of
/// association seven. Its peer can send that.
struct Forged : Many {
  static constexpr std::size_t capacity = 1024;
  ReceiveBuffer there;
  OneToOneSocket peer;
  std::string value;

  Forged() : Many{{seven, eight}}, value(capacity - sizeof(sctp_remote_error), 'x') {
    buffer = ReceiveBuffer::in_batches(16, capacity);
    value += as_text(assoc_change(lost, {.association = seven}));
    kernel.receives(piece("begin").of(eight).end());
    kernel.receives(event(remote_error(Cause{}, eight, value)));
    kernel.receives(piece("one").of(seven).end());
    kernel.receives(piece("stays").of(eight).end());
    CHECK(describe(socket.receive(buffer)) == "s0 'begin'");
  }
  void check_all_is_told_here() {
    const Received received = socket.try_receive(buffer);
    CHECK(as_text(event_of<RemoteError>(received).value) == value);
    CHECK(describe(socket.try_receive(buffer)) == "s0 'stays'");
    CHECK(describe(socket.try_receive(buffer)) == "nothing");
    CHECK(describe(peer.try_receive(there)) == "s0 'one'");
    CHECK(describe(peer.try_receive(there)) == "nothing");
  }
};

TEST_CASE("The rest of an event is not taken for an event, whatever it looks like") {
  Forged test;
  SECTION("before its beginning was received") {}
  SECTION("after that") {
    CHECK_FALSE(test.socket.receive(test.buffer, std::chrono::milliseconds{0}));
    CHECK(test.buffer.waiting() == 3);
  }
  SECTION("after a piece of that") {
    std::array<std::byte, Forged::capacity - 10> room;
    CHECK_FALSE(test.socket.receive_piece(room, test.buffer, std::chrono::milliseconds{0}));
    CHECK(test.buffer.waiting() == 4);
  }
  test.peer = test.socket.peel_off(seven, test.buffer, test.there);
  CHECK(test.there.waiting() == 1);
  test.check_all_is_told_here();
}

TEST_CASE("What is left of an event that was received in part is not taken for an event either") {
  Many test{{seven, eight}};
  test.buffer = ReceiveBuffer::in_batches(16);
  ReceiveBuffer there;
  const std::string value{as_text(assoc_change(lost, {.association = seven}))};
  test.kernel.receives(piece("begin").of(eight).end());
  test.kernel.receives(event(remote_error(Cause{}, eight, value)));
  CHECK(describe(test.socket.receive(test.buffer)) == "s0 'begin'");
  std::array<std::byte, sizeof(sctp_remote_error)> room;
  CHECK_FALSE(test.socket.receive_piece(room, test.buffer, std::chrono::milliseconds{0}));
  const OneToOneSocket peer = test.socket.peel_off(seven, test.buffer, there);
  CHECK(there.waiting() == 0);
  CHECK(as_text(event_of<RemoteError>(test.socket.try_receive(test.buffer)).value) == value);
}

TEST_CASE("What waits and cannot be read as an event stays, and is told where it was") {
  Many test{{seven, eight}};
  test.buffer = ReceiveBuffer::in_batches(16);
  ReceiveBuffer there;
  Record cut = assoc_change(restarted, {.association = seven});
  cut.resize(12);
  test.kernel.receives(piece("begin").of(eight).end());
  test.kernel.receives(event(cut));
  CHECK(describe(test.socket.receive(test.buffer)) == "s0 'begin'");
  const OneToOneSocket peer = test.socket.peel_off(seven, test.buffer, there);
  CHECK(there.waiting() == 0);
  CHECK_FALSE(test.socket.try_receive(test.buffer, test.error));
  CHECK(test.error == Errc::malformed_notification);
}

// Any number of them

/// An association, what was sent to it, and what was received from it: here, then from a socket of its own.
struct Talker {
  AssociationId id;
  std::vector<std::string> sent{};
  std::vector<std::string> received{};
  std::size_t events_sent = 0;
  std::size_t events_received = 0;
  OneToOneSocket peer{};
  ReceiveBuffer there{};
};

void note(std::map<AssociationId, Talker>& talkers, const Received& received, bool is_there,
          const Talker* of) {
  if (const Message* message = received.message()) {
    REQUIRE((!is_there || message->association == of->id));
    talkers.at(message->association).received.emplace_back(as_text(message->payload));
    return;
  }
  const auto event = event_of<RemoteError>(received);
  REQUIRE((!is_there || event.association == of->id));
  REQUIRE(std::string_view{as_text(event.value)}.starts_with(to_string(event.association) + "!"));
  ++talkers.at(event.association).events_received;
}

TEST_CASE("Whatever waits when associations are peeled off, each message is whole, in its order, once") {
  const unsigned seed = GENERATE(range(0U, 60U));
  CAPTURE(seed);
  std::mt19937 dice{seed};
  const auto below = [&](std::size_t bound) { return dice() % bound; };
  Many test;
  test.buffer = ReceiveBuffer::in_batches(2 + seed % 15, 1024);
  std::map<AssociationId, Talker> talkers;
  for (int id = 10; id != 16; ++id) {
    test.of(AssociationId{id});
    talkers[AssociationId{id}].id = AssociationId{id};
  }
  const auto receive_all = [&](const SocketRef& socket, ReceiveBuffer& buffer, std::size_t at_most,
                               const Talker* of) {
    for (; at_most != 0; --at_most) {
      const Received received = socket.try_receive(buffer, test.error);
      REQUIRE_FALSE(test.error);
      if (!received) break;
      note(talkers, received, of != nullptr, of);
    }
  };
  for (int step = 0; step != 600; ++step) {
    Talker& talker = talkers.at(AssociationId{10 + static_cast<int>(below(6))});
    const int fd = talker.peer.is_open() ? talker.peer.fd() : test.fd;
    const std::size_t size = below(4) == 0 ? 2500 : 20;
    if (below(4) == 0) {
      // Wherever it is cut, what comes then may look like the end of anybody.
      std::string value = to_string(talker.id) + "!" + std::string(1024 - sizeof(sctp_remote_error) - 3, 'x');
      value += as_text(assoc_change(lost, {.association = AssociationId{10 + static_cast<int>(below(6))}}));
      if (below(2) == 0) value.resize(3 + below(100));
      test.kernel.receives(event(remote_error(Cause{}, talker.id, value)).at(fd));
      ++talker.events_sent;
    } else {
      const std::string text = std::to_string(step) + std::string(1 + below(size), 'm');
      const std::size_t cut = below(text.size());
      if (cut != 0) test.kernel.receives(piece(text.substr(0, cut)).of(talker.id).at(fd));
      test.kernel.receives(piece(text.substr(cut)).of(talker.id).at(fd).end());
      talker.sent.push_back(text);
    }
    if (below(6) == 0) receive_all(test.socket, test.buffer, 1 + below(4), nullptr);
    if (below(60) == 0 && !talker.peer.is_open()) {
      // What nobody has read goes along in the kernel.
      if (below(2) == 0) talker.there = ReceiveBuffer::in_batches(1 + below(4), 1024);
      talker.peer = test.socket.peel_off(talker.id, test.buffer, talker.there, test.error);
      REQUIRE_FALSE(test.error);
      for (Arrival& arrival : test.kernel.queue) {
        if (arrival.fd == test.fd && arrival.association == talker.id && !arrival.is_event)
          arrival.at(talker.peer.fd());
      }
    }
    if (talker.peer.is_open() && below(3) == 0) receive_all(talker.peer, talker.there, 1 + below(4), &talker);
  }
  receive_all(test.socket, test.buffer, SIZE_MAX, nullptr);
  for (auto& [id, talker] : talkers) {
    if (talker.peer.is_open()) receive_all(talker.peer, talker.there, SIZE_MAX, &talker);
    CHECK(talker.received == talker.sent);
    CHECK(talker.events_received == talker.events_sent);
    CHECK(talker.there.unfinished() == 0);
  }
  CHECK(test.buffer.unfinished() == 0);
}

}  // namespace

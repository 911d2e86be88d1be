// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "many.hpp"
#include "support/allocation_counter.hpp"
#include "support/records.hpp"
#include "support/told.hpp"
#include "sys.hpp"

/// What has begun goes along when an association is peeled off.
namespace {

using namespace sctp;
using namespace sctp::test;
using End = AssociationChange::End;
using enum AssociationChange::State;

struct Moving : Many {
  ReceiveBuffer there;
  OneToOneSocket peer;

  explicit Moving(std::initializer_list<AssociationId> associations = {seven, eight}) : Many{associations} {}

  void peel_off(AssociationId id) {
    peer = socket.peel_off(id, buffer, there, error);
    REQUIRE_FALSE(error);
  }
  /// Nothing whole comes of it.
  void begins(const Arrival& arrival) {
    kernel.receives(Arrival{arrival}.at(fd));
    REQUIRE(socket.try_receive(buffer).status() == ReceiveStatus::would_block);
  }
  Received here_comes(const Arrival& arrival) {
    kernel.receives(Arrival{arrival}.at(fd));
    return socket.try_receive(buffer, error);
  }
  Received there_comes(const Arrival& arrival) {
    kernel.receives(Arrival{arrival}.at(peer.fd()));
    return peer.try_receive(there, error);
  }
};

TEST_CASE("A message that has begun is completed where its association is then") {
  Moving test;
  test.begins(piece("hel").of(seven).on(StreamId{1}).with(Ppid{60}));
  test.begins(piece("other ").of(eight).on(StreamId{1}));
  test.peel_off(seven);
  CHECK(test.buffer.unfinished() == 1);
  CHECK(test.there.unfinished() == 1);
  const Received moved = test.there_comes(piece("lo").of(seven).on(StreamId{1}).end());
  CHECK(text_of(moved) == "hello");
  CHECK(moved.message()->ppid == Ppid{60});
  CHECK(text_of(test.here_comes(piece("one").of(eight).on(StreamId{1}).end())) == "other one");
  CHECK(test.buffer.unfinished() == 0);
  CHECK(test.there.unfinished() == 0);
}

TEST_CASE("What nobody has read yet goes along, too") {
  Moving test;
  test.begins(piece("hel").of(seven));
  test.kernel.receives(piece("lo").of(seven).end());
  test.kernel.receives(piece("stays").of(eight).end());
  test.peel_off(seven);
  CHECK(text_of(test.peer.receive(test.there)) == "hello");
  CHECK(text_of(test.socket.receive(test.buffer)) == "stays");
}

TEST_CASE("What may come late of a message that was aborted is dropped where its association is then") {
  Moving test;
  for (const AssociationId id : {seven, eight}) {
    test.begins(piece("beginning").of(id).on(StreamId{1}).ssn(4).tsn(100));
    const Received aborted = test.here_comes(event(partial_delivery_event(id)));
    CHECK(std::get<PartialDeliveryAborted>(*aborted.notification()).received == 9);
  }
  test.peel_off(seven);
  const auto rest_of = [](AssociationId id) {
    return piece("rest").of(id).on(StreamId{1}).ssn(4).tsn(101).end();
  };
  for (int i = 0; i != 3; ++i) CHECK(text_of(test.there_comes(piece("whole").of(seven).end())) == "whole");
  for (int i = 0; i != 3; ++i) CHECK(text_of(test.here_comes(piece("whole").of(eight).end())) == "whole");
  CHECK(text_of(test.there_comes(rest_of(eight))) == "rest");
  CHECK(text_of(test.here_comes(rest_of(seven))) == "rest");  // another one of this number
  CHECK_FALSE(test.there_comes(rest_of(seven)));
  CHECK_FALSE(test.here_comes(rest_of(eight)));
  CHECK(text_of(test.there_comes(rest_of(seven))) == "rest");
  CHECK(text_of(test.here_comes(rest_of(eight))) == "rest");
}

TEST_CASE("Peeling off has no memory, and what may come late of messages that were aborted is as it was") {
  Moving test;
  constexpr std::uint16_t streams = 9;
  for (std::uint16_t stream = 0; stream != streams; ++stream) {
    test.begins(piece("beginning").of(seven).on(StreamId{stream}).tsn(100));
    CHECK(test.here_comes(event(partial_delivery_event(seven))));
  }
  const auto rest_on = [](std::uint16_t stream) {
    return piece("rest").of(seven).on(StreamId{stream}).tsn(101).end();
  };
  for (std::size_t after = 0;; ++after) {
    {
      const NoMemory none{after};
      test.peer = test.socket.peel_off(seven, test.buffer, test.there, test.error);
    }
    if (!test.error) break;
    CHECK(test.error == std::errc::not_enough_memory);
    test.begins(piece("rest").of(seven).on(StreamId{0}).tsn(101));
  }
  for (std::uint16_t stream = 0; stream != streams; ++stream) CHECK_FALSE(test.there_comes(rest_on(stream)));
}

TEST_CASE("Of what was handed out by pieces the rest comes with its place in the message") {
  Moving test;
  std::array<std::byte, 8> room{};
  test.kernel.receives(piece("hel").of(seven).on(StreamId{2}));
  CHECK(test.socket.receive_piece(room, test.buffer));
  test.peel_off(seven);
  SECTION("by pieces") {
    test.kernel.receives(piece("lo").of(seven).on(StreamId{2}).end());
    const ReceivedPiece rest = test.peer.receive_piece(room, test.there);
    REQUIRE(rest.piece() != nullptr);
    CHECK(rest.piece()->offset == 3);
    CHECK(rest.piece()->last);
  }
  SECTION("whole, which it is not any more") {
    const Received received = test.there_comes(piece("lo").of(seven).on(StreamId{2}).end());
    CHECK(event_of<PartialDeliveryAborted>(received).received == 5);
  }
  CHECK(test.there.unfinished() == 0);
}

TEST_CASE("A message that was dropped stays dropped, is told of once, and the next is whole") {
  Moving test;
  test.buffer = ReceiveBuffer{1024, 8};
  CHECK_FALSE(test.here_comes(piece("larger than that").of(seven)));
  CHECK(test.error == Errc::message_exceeds_limit);
  test.peel_off(seven);
  CHECK(test.there_comes(piece("rest").of(seven)).status() == ReceiveStatus::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.there_comes(piece("end").of(seven).end()).status() == ReceiveStatus::would_block);
  CHECK(text_of(test.there_comes(piece("next").of(seven).end())) == "next");
}

TEST_CASE("The limit of where it is completed is the one that counts") {
  Moving test;
  test.begins(piece("hello").of(seven));
  test.there = ReceiveBuffer{1024, 8};
  test.peel_off(seven);
  SECTION("within it") { CHECK(text_of(test.there_comes(piece("you").of(seven).end())) == "helloyou"); }
  SECTION("over it") {
    CHECK_FALSE(test.there_comes(piece("there").of(seven).end()));
    CHECK(test.error == Errc::message_exceeds_limit);
    CHECK(text_of(test.there_comes(piece("next").of(seven).end())) == "next");
  }
  CHECK(test.there.unfinished() == 0);
}

TEST_CASE("Messages that are cut off after the move are told of in the order of their beginnings") {
  Moving test;
  const auto begin = [&](AssociationId id, std::uint16_t stream, bool unordered) {
    Arrival arrival = piece("x").of(id).on(StreamId{stream});
    test.begins(unordered ? arrival.unordered() : arrival);
  };
  begin(seven, 3, false);
  begin(eight, 1, false);
  begin(seven, 1, true);
  begin(seven, 2, false);
  test.peel_off(seven);
  test.kernel.receives(piece("y").of(seven).on(StreamId{0}).at(test.peer.fd()));
  CHECK(test.peer.try_receive(test.there).status() == ReceiveStatus::would_block);
  std::vector<std::uint16_t> cut;
  test.kernel.receives(event(assoc_change(lost, {.association = seven, .info = "why"})).at(test.peer.fd()));
  while (const Received received = test.peer.try_receive(test.there, test.error)) {
    const auto* aborted = std::get_if<PartialDeliveryAborted>(received.notification());
    if (aborted != nullptr) cut.push_back(static_cast<std::uint16_t>(aborted->stream));
  }
  CHECK(cut == std::vector<std::uint16_t>{3, 1, 2, 0});
  CHECK(test.buffer.unfinished() == 1);
}

TEST_CASE("A message of ours that failed is told of whole, though half of it was told before") {
  Moving test;
  const auto part = [](AssociationId id, std::string_view text, bool begins, bool ends) {
    return event(send_failed_event({.begins = begins, .ends = ends, .association = id, .payload = text}));
  };
  test.begins(part(seven, "hel", true, false));
  test.begins(part(eight, "oth", true, false));
  test.peel_off(seven);
  CHECK(test.buffer.unfinished() == 1);
  CHECK(test.there.unfinished() == 1);
  const auto text_of_failed = [](const Received& received) {
    return std::string{as_text(event_of<SendFailed>(received).payload)};
  };
  CHECK(text_of_failed(test.there_comes(part(seven, "lo", false, true))) == "hello");
  CHECK(text_of_failed(test.here_comes(part(eight, "er", false, true))) == "other");
}

TEST_CASE("That the peer has shut down is known where the end is received, and there only") {
  Moving test;
  CHECK(test.here_comes(event(shutdown_event(seven))));
  CHECK(test.here_comes(event(shutdown_event(eight))));
  test.peel_off(seven);
  const auto end_of = [](const Received& received) { return event_of<AssociationChange>(received).end; };
  const auto complete = [](AssociationId id) {
    return event(assoc_change(shutdown_complete, {.association = id}));
  };
  CHECK(end_of(test.there_comes(complete(seven))) == End::peer_shutdown);
  CHECK(end_of(test.here_comes(complete(eight))) == End::peer_shutdown);
  CHECK(end_of(test.here_comes(complete(seven))) == End::own_shutdown);  // another one of this number
}

TEST_CASE("Events that were to be told where the association was are told there") {
  Moving test;
  test.begins(piece("x").of(seven).on(StreamId{1}));
  test.begins(piece("y").of(seven).on(StreamId{2}));
  const Received first = test.here_comes(event(assoc_change(restarted, {.association = seven})));
  CHECK(event_of<PartialDeliveryAborted>(first).stream == StreamId{1});
  test.peel_off(seven);
  CHECK(test.there.unfinished() == 0);
  CHECK(event_of<PartialDeliveryAborted>(test.socket.receive(test.buffer)).received == 1);
  CHECK(event_of<AssociationChange>(test.socket.receive(test.buffer)).state == restarted);
  CHECK(test.there_comes(piece("z").of(seven)).status() == ReceiveStatus::would_block);
}

TEST_CASE("Messages of ours whose failure was to be told where the association was are told of there") {
  Moving test;
  const auto failed = [](std::string_view text, bool ends) {
    return event(send_failed_event({.ends = ends, .association = seven, .payload = text}));
  };
  test.begins(failed("no end", false));
  const Received first = test.here_comes(failed("whole", true));
  CHECK(as_text(event_of<SendFailed>(first).payload) == "no end");
  test.peel_off(seven);
  CHECK(test.there.unfinished() == 0);
  CHECK(as_text(event_of<SendFailed>(test.socket.receive(test.buffer)).payload) == "whole");
  CHECK(test.peer.try_receive(test.there).status() == ReceiveStatus::would_block);
}

TEST_CASE("Buffers that were never used, and associations of which nothing has begun, move nothing") {
  Moving test;
  if (GENERATE(false, true)) test.begins(piece("x").of(eight));
  const std::size_t before = test.buffer.unfinished();
  test.peel_off(seven);
  CHECK(test.buffer.unfinished() == before);
  CHECK(test.there.unfinished() == 0);
  CHECK(text_of(test.there_comes(piece("hello").of(seven).end())) == "hello");
}

TEST_CASE("What was not peeled off is still being joined where it was") {
  Moving test;
  test.begins(piece("hel").of(seven));
  CHECK_FALSE(test.socket.peel_off(nine, test.buffer, test.there, test.error).is_open());
  CHECK(test.buffer.unfinished() == 1);
  CHECK(test.there.unfinished() == 0);
  CHECK(text_of(test.here_comes(piece("lo").of(seven).end())) == "hello");
}

// Memory

TEST_CASE("The memory of a message goes along with it, and counts where it is") {
  constexpr std::size_t size = 100'000;
  Moving test;
  test.begins(piece(std::string(size, 'x')).of(seven));
  const std::size_t before = test.buffer.footprint();
  test.peel_off(seven);
  CHECK(test.buffer.footprint() + size <= before);
  CHECK(test.there.footprint() >= size);
  CHECK(test.buffer.footprint() + test.there.footprint() < before + 32 * 1024);
  CHECK(text_of(test.there_comes(piece("y").of(seven).end())).size() == size + 1);
}

TEST_CASE("The memory of a message of ours that failed goes along likewise") {
  constexpr std::size_t size = 50'000;
  Moving test;
  const std::string half(size, 'x');
  test.begins(event(send_failed_event({.ends = false, .association = seven, .payload = half})));
  const std::size_t before = test.buffer.footprint();
  test.peel_off(seven);
  CHECK(test.buffer.footprint() + size <= before);
  CHECK(test.there.footprint() >= size);
  CHECK(test.buffer.footprint() + test.there.footprint() < before + 32 * 1024);
}

TEST_CASE("Nothing of what has gone is touched any more where it was") {
  Moving test;
  test.begins(piece("hel").of(seven));
  SECTION("the room that was given behind it") {
    CHECK_FALSE(test.buffer.prepare().empty());
    test.peel_off(seven);
    const Piece more{.size = 2, .end_of_record = true, .has_info = true, .association = eight};
    CHECK_FALSE(test.buffer.commit(more, test.error));
    CHECK_FALSE(test.error);
    CHECK(text_of(test.there_comes(piece("lo").of(seven).end())) == "hello");
  }
  SECTION("what is noted of it") {
    test.peel_off(seven);
    test.there = ReceiveBuffer{};
  }
  test.begins(piece("oth").of(eight));
  CHECK(text_of(test.here_comes(piece("er").of(eight).end())) == "other");
}

TEST_CASE("Limits hold as before, however often messages have come and gone") {
  constexpr std::size_t total = 64 * 1024;
  Moving test{};
  test.buffer = ReceiveBuffer{1024, total, total};
  for (int id = 100; id != 200; ++id) {
    test.of(AssociationId{id});
    test.begins(piece(std::string(total / 2, 'x')).of(AssociationId{id}));
    test.there = ReceiveBuffer{1024, total, total};
    test.peel_off(AssociationId{id});
    CHECK(text_of(test.there_comes(piece("y").of(AssociationId{id}).end())).size() == total / 2 + 1);
    const std::string most(total, 'z');
    CHECK(text_of(test.there_comes(piece(most).of(AssociationId{id}).end())) == most);
    CHECK_FALSE(test.there_comes(piece(most + "z").of(AssociationId{id}).end()));
    CHECK(test.error == Errc::message_exceeds_limit);
  }
  const std::string most(total, 'x');
  CHECK(text_of(test.here_comes(piece(most).of(seven).end())) == most);
  CHECK_FALSE(test.here_comes(piece(most + "x").of(seven).end()));
  CHECK(test.error == Errc::message_exceeds_limit);
}

TEST_CASE("Without memory nothing is peeled off, and both buffers are as they were") {
  const auto part = [](bool begins) {
    return event(
        send_failed_event({.begins = begins, .ends = !begins, .association = seven, .payload = "oops"}));
  };
  for (std::size_t after = 0;; ++after) {
    CAPTURE(after);
    Moving test;
    test.begins(piece("x").of(seven).on(StreamId{1}));
    test.begins(piece("x").of(seven).on(StreamId{2}));
    test.begins(part(true));
    CHECK(test.here_comes(event(shutdown_event(seven))));
    {
      const NoMemory none{after};
      test.peer = test.socket.peel_off(seven, test.buffer, test.there, test.error);
    }
    if (!test.error) {
      CHECK(after > 2);
      CHECK(test.there.unfinished() == 3);
      break;
    }
    CHECK(test.error == std::errc::not_enough_memory);
    CHECK_FALSE(test.peer.is_open());
    CHECK(test.has(seven));
    CHECK(test.buffer.unfinished() == 3);
    CHECK(test.there.unfinished() == 0);
    CHECK(text_of(test.here_comes(piece("y").of(seven).on(StreamId{2}).end())) == "xy");
    CHECK(text_of(test.here_comes(piece("y").of(seven).on(StreamId{1}).end())) == "xy");
    CHECK(event_of<SendFailed>(test.here_comes(part(false))).payload.size() == 8);
    const Received end = test.here_comes(event(assoc_change(shutdown_complete, {.association = seven})));
    CHECK(event_of<AssociationChange>(end).end == End::peer_shutdown);
  }
}

TEST_CASE("Lack of memory behind a move costs one message at most") {
  const auto streams = GENERATE(range<std::uint16_t>(1, 60));
  for (std::size_t after = 0;; ++after) {
    Moving test;
    for (std::uint16_t stream = 1; stream <= streams; ++stream)
      test.begins(piece("x").of(seven).on(StreamId{stream}));
    test.peel_off(seven);
    test.kernel.receives(piece("x").of(seven).at(test.peer.fd()));
    {
      const NoMemory none{after};
      static_cast<void>(test.peer.try_receive(test.there, test.error));
    }
    const std::error_code first = test.error;
    CHECK(test.there.unfinished() >= streams);
    const std::string text = text_of(test.there_comes(piece("y").of(seven).end()));
    CHECK((text == "xy" || (first && text == "no message")));
    CHECK(test.there.unfinished() == streams);
    CHECK(text_of(test.there_comes(piece("y").of(seven).on(StreamId{streams}).end())) == "xy");
    if (!first) break;
    CHECK(first == std::errc::not_enough_memory);
  }
}

TEST_CASE("Lack of memory is thrown by the form that throws") {
  Moving test;
  test.begins(piece("x").of(seven));
  const auto peel_off = [&] {
    const NoMemory none;
    static_cast<void>(test.socket.peel_off(seven, test.buffer, test.there));
  };
  CHECK_THROWS_AS(peel_off(), std::bad_alloc);
  CHECK(test.has(seven));
}

// Any number of them

/// An association whose messages come in pieces, first to one socket and then to another.
struct Talker {
  AssociationId id;
  int fd;
  std::map<std::uint16_t, std::string> begun;  // by stream
};

TEST_CASE("However pieces and moves alternate, every message is whole, in one place, once") {
  const auto seed = GENERATE(range(0U, 40U));
  CAPTURE(seed);
  std::mt19937 dice{seed};
  const auto below = [&](std::size_t bound) { return dice() % bound; };
  const std::size_t streams = seed % 4 == 0 ? 400 : 6;
  Many test;
  std::deque<ReceiveBuffer> buffers;
  std::map<int, std::pair<OneToOneSocket, ReceiveBuffer*>> peers;
  std::vector<Talker> talkers;
  for (int id = 10; id != 18; ++id) {
    test.of(AssociationId{id});
    talkers.push_back({AssociationId{id}, test.fd, {}});
  }
  std::size_t messages = 0;
  for (int step = 0; step != 3000; ++step) {
    Talker& talker = talkers[below(talkers.size())];
    if (talker.fd == test.fd && below(150) == 0) {
      ReceiveBuffer& there = buffers.emplace_back();
      const std::size_t all = test.buffer.unfinished();
      OneToOneSocket peer = test.socket.peel_off(talker.id, test.buffer, there, test.error);
      REQUIRE_FALSE(test.error);
      REQUIRE(there.unfinished() == talker.begun.size());
      REQUIRE(test.buffer.unfinished() + there.unfinished() == all);
      talker.fd = peer.fd();
      peers.emplace(talker.fd, std::pair{std::move(peer), &there});
      continue;
    }
    const auto stream = static_cast<std::uint16_t>(below(streams));
    const std::string text(1 + below(below(20) == 0 ? 20'000 : 40), static_cast<char>('a' + below(26)));
    const bool ends = below(streams > 6 ? 8 : 3) == 0;
    Arrival arrival = piece(text).of(talker.id).on(StreamId{stream}).at(talker.fd);
    test.kernel.receives(ends ? arrival.end() : arrival);
    std::string& whole = talker.begun[stream];
    whole += text;
    const auto peer = peers.find(talker.fd);
    const Received received = peer == peers.end()
                                  ? test.socket.try_receive(test.buffer, test.error)
                                  : peer->second.first.try_receive(*peer->second.second, test.error);
    REQUIRE_FALSE(test.error);
    if (!ends) {
      REQUIRE(received.status() == ReceiveStatus::would_block);
      continue;
    }
    REQUIRE(received.message() != nullptr);
    REQUIRE(as_text(received.message()->payload) == whole);
    REQUIRE(received.message()->association == talker.id);
    talker.begun.erase(stream);
    ++messages;
  }
  CHECK(messages > 100);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/receive_buffer.hpp>

#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "transcript.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

const AssociationId ours{5};

TEST_CASE("A message that comes whole is not copied") {
  ReceiveBuffer buffer;
  const MutableBytes room = buffer.prepare();
  CHECK(room.size() == ReceiveBuffer::default_capacity);
  std::memcpy(room.data(), "hello", 5);
  Piece piece = ends_on(3);
  piece.size = 5;
  piece.ppid = Ppid{60};
  piece.ssn = 7;
  piece.tsn = 8;
  piece.context = 9;
  piece.source = Address::v4({192, 0, 2, 1}, 5000);
  std::error_code error = Errc::no_addresses;
  const auto received = buffer.commit(piece, error);
  CHECK_FALSE(error);
  REQUIRE(received);
  REQUIRE(received->message() != nullptr);
  const Message& message = *received->message();
  CHECK(message.payload.data() == room.data());
  CHECK(as_text(message.payload) == "hello");
  CHECK(message.stream == StreamId{3});
  CHECK(message.ppid == Ppid{60});
  CHECK(message.association == ours);
  CHECK_FALSE(message.unordered);
  CHECK(message.ssn == 7);
  CHECK(message.tsn == 8);
  CHECK(message.context == 9);
  CHECK(message.source == piece.source);
  CHECK_FALSE(buffer.next());
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("A message that comes in pieces is handed out whole, with what its first piece said") {
  Transcript transcript;
  Piece first = begins_on(3, true);
  first.ppid = Ppid{60};
  first.ssn = 1;
  first.tsn = 100;
  first.context = 4;
  first.source = Address::v4({192, 0, 2, 1}, 5000);
  transcript.take("hel", first);
  CHECK(transcript.buffer.unfinished() == 1);
  CHECK(transcript.since().empty());

  const MutableBytes room = transcript.buffer.prepare();
  std::memcpy(room.data(), "lo", 2);
  Piece last = ends_on(3, true);
  last.size = 2;
  last.ppid = Ppid{1};  // under I-DATA the number of the fragment
  last.tsn = 101;
  last.source = Address::v4({192, 0, 2, 2}, 5000);
  std::error_code error;
  const auto received = transcript.buffer.commit(last, error);
  REQUIRE(received);
  const Message& message = *received->message();
  CHECK(as_text(message.payload) == "hello");
  CHECK(message.ppid == Ppid{60});
  CHECK(message.ssn == 1);
  CHECK(message.tsn == 100);
  CHECK(message.context == 4);
  CHECK(message.unordered);
  CHECK(message.stream == StreamId{3});
  CHECK(message.association == ours);
  CHECK(message.source == first.source);
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("The pieces of a single message land where they belong, and are not copied when it is whole") {
  ReceiveBuffer buffer{1024};
  std::error_code error;
  const std::string text(900, 'x');
  const std::byte* end = nullptr;
  for (int part = 0; part != 20; ++part) {
    const MutableBytes room = buffer.prepare();
    if (part > 10 && end != nullptr) CHECK(room.size() >= 1024);
    std::memcpy(room.data(), text.data(), text.size());
    end = room.data() + text.size();
    Piece piece = begins_on(0);
    piece.size = text.size();
    piece.end_of_record = part == 19;
    if (const auto whole = buffer.commit(piece, error)) {
      CHECK(whole->message()->payload.size() == 20 * text.size());
      CHECK(whole->message()->payload.data() + whole->message()->payload.size() == end);
    }
  }
}

TEST_CASE("An event in the middle of a split message is handed out and leaves the message whole") {
  Transcript transcript;
  transcript.take("hel", begins_on(3));
  transcript.take_event(shutdown_event(ours));
  transcript.take_event(unknown_event(0x8123, 20));
  transcript.take("lo", ends_on(3));
  CHECK(transcript.since() == "shutdown; unknown 20; s3 'hello'");
}

TEST_CASE("A split event is handed out whole, in the middle of messages too") {
  Transcript transcript;
  transcript.take("hel", begins_on(3));
  transcript.take_event(assoc_change(State{9}, {.association = ours, .info = "because"}), 1);
  CHECK(transcript.since() == "in state 9 'because'");
  CHECK(transcript.buffer.unfinished() == 1);
  transcript.take("two", begins_on(4));
  transcript.take_event(unknown_event(0x8123, 3000), 7);
  transcript.take("lo", ends_on(3));
  transcript.take("!", ends_on(4));
  CHECK(transcript.since() == "unknown 3000; s3 'hello'; s4 'two!'");
}

TEST_CASE("Messages that interleave are told apart by association, stream and order") {
  Transcript transcript;
  transcript.take("a", begins_on(1));
  transcript.take("b", begins_on(2));
  transcript.take("c", begins_on(1, true));
  transcript.take("d", begins_on(1, false, 6));
  CHECK(transcript.buffer.unfinished() == 4);
  transcript.take("between", ends_on(3));
  transcript.take("D", ends_on(1, false, 6));
  transcript.take("C", ends_on(1, true));
  transcript.take("A", begins_on(1));
  transcript.take("B", ends_on(2));
  transcript.take("a", ends_on(1));
  CHECK(transcript.since() == "s3 'between'; s1 'dD'; s1u 'cC'; s2 'bB'; s1 'aAa'");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("A piece without bytes says nothing and changes nothing") {
  Transcript transcript;
  std::error_code error = Errc::no_addresses;
  static_cast<void>(transcript.buffer.prepare());
  CHECK_FALSE(transcript.buffer.commit(ends_on(3), error));
  CHECK_FALSE(error);
  CHECK(transcript.buffer.unfinished() == 0);
  transcript.take("hel", begins_on(3));
  static_cast<void>(transcript.buffer.prepare());
  CHECK_FALSE(transcript.buffer.commit(begins_on(3), error));
  transcript.take("lo", ends_on(3));
  CHECK(transcript.since() == "s3 'hello'");
}

TEST_CASE("A piece that claims more than its room has the size of the room") {
  ReceiveBuffer buffer{1024};
  std::error_code error;
  const MutableBytes room = buffer.prepare();
  std::memset(room.data(), 'x', room.size());
  Piece piece = ends_on(3);
  piece.size = 100'000;
  const auto received = buffer.commit(piece, error);
  REQUIRE(received);
  CHECK(received->message()->payload.size() == room.size());
}

TEST_CASE("A capacity of nothing is enough for an event all the same") {
  Transcript transcript{0};
  CHECK(transcript.buffer.prepare().size() >= 1024);
  transcript.take("hello", ends_on(3));
  CHECK(transcript.since() == "s3 'hello'");
}

// Partial delivery that is aborted

TEST_CASE("Without I-DATA the kernel's event means the open message, whatever stream it names") {
  Transcript transcript;
  transcript.take("hel", begins_on(3));
  transcript.take_event(partial_delivery_event(ours));
  transcript.take("next", ends_on(3));
  CHECK(transcript.since() == "s3 aborted after 3; s3 'next'");

  transcript.take("hel", begins_on(4, true));
  transcript.take("lo", begins_on(4, true));
  transcript.take_event(partial_delivery_event(ours));
  transcript.take("next", ends_on(4, true));
  CHECK(transcript.since() == "s4u aborted after 5; s4u 'next'");
}

TEST_CASE("Without I-DATA the open message of another association is left alone") {
  Transcript transcript;
  transcript.take("a", begins_on(3, false, 5));
  transcript.take("b", begins_on(3, false, 6));
  transcript.take_event(partial_delivery_event(AssociationId{6}));
  transcript.take("A", ends_on(3, false, 5));
  CHECK(transcript.since() == "s3 aborted after 1; s3 'aA'");
}

TEST_CASE("Under I-DATA the kernel's event means the message that it names") {
  Transcript transcript;
  transcript.take("a", begins_on(3));
  transcript.take("bb", begins_on(3, true));
  transcript.take("ccc", begins_on(0));
  transcript.take("dddd", begins_on(4));
  transcript.take_event(partial_delivery_event(ours, StreamId{3}, true));
  CHECK(transcript.since() == "s3u aborted after 2");
  transcript.take_event(partial_delivery_event(ours, StreamId{0}));
  CHECK(transcript.since() == "s0 aborted after 3");
  transcript.take_event(partial_delivery_event(ours, StreamId{4}));
  CHECK(transcript.since() == "s4 aborted after 4");
  transcript.take("A", ends_on(3));
  CHECK(transcript.since() == "s3 'aA'");
}

TEST_CASE("An event that names a stream leaves the open message of another stream alone") {
  Transcript transcript;
  transcript.take("hel", begins_on(3));
  transcript.take_event(partial_delivery_event(ours, StreamId{7}));
  CHECK(transcript.since() == "s7 aborted after 0");
  transcript.take_event(partial_delivery_event(ours, StreamId{0}, true));
  CHECK(transcript.since() == "s0u aborted after 0");
  transcript.take("lo", ends_on(3));
  CHECK(transcript.since() == "s3 'hello'");
}

TEST_CASE("An event about a message of which nothing came is handed out as it is") {
  Transcript transcript;
  transcript.take_event(partial_delivery_event(ours, StreamId{4}));
  CHECK(transcript.since() == "s4 aborted after 0");
  transcript.take("a", begins_on(1));
  transcript.take("b", begins_on(2));
  transcript.take_event(partial_delivery_event(ours));
  transcript.take("A", ends_on(1));
  transcript.take("B", ends_on(2));
  CHECK(transcript.since() == "s0 aborted after 0; s1 'aA'; s2 'bB'");
}

// The end of an association

TEST_CASE("The end of an association is told after each of its open messages, and later ones are whole") {
  const auto [state, name] = GENERATE(values<std::pair<State, std::string>>({
      {State::lost, "lost"},
      {State::restarted, "restarted"},
      {State::shutdown_complete, "shut down"},
      {State::cannot_start, "unable to start"},
  }));
  CAPTURE(name);
  const Record change = assoc_change(state, {.association = ours, .info = "because"});
  Transcript transcript;

  transcript.take_event(change);
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == name + " 'because'; s1 'fine'");

  transcript.take("hel", begins_on(1));
  transcript.take_event(change);
  CHECK(transcript.since() == "s1 aborted after 3; " + name + " 'because'");
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == "s1 'fine'");

  transcript.take("a", begins_on(1));
  transcript.take("bb", begins_on(1, true));
  transcript.take("other", begins_on(1, false, 6));
  transcript.take("ccc", begins_on(2));
  transcript.take_event(change, 9);
  CHECK(transcript.since() ==
        "s1 aborted after 1; s1u aborted after 2; s2 aborted after 3; " + name + " 'because'");
  CHECK(transcript.buffer.unfinished() == 1);
  transcript.take("fine", begins_on(1));
  transcript.take("!", ends_on(1, false, 6));
  transcript.take(" again", ends_on(1));
  CHECK(transcript.since() == "s1 'other!'; s1 'fine again'");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("An association that comes up aborts nothing") {
  Transcript transcript;
  transcript.take("hel", begins_on(1));
  transcript.take_event(assoc_change(State::up, {.association = AssociationId{6}}));
  transcript.take("lo", ends_on(1));
  CHECK(transcript.since() == "up; s1 'hello'");
}

TEST_CASE("What a loss tells is readable after many messages were open, and still when their ends are told") {
  Transcript transcript;
  for (int stream = 0; stream != 12; ++stream) transcript.take("x", begins_on(stream));
  for (int stream = 0; stream != 11; ++stream) transcript.take("y", ends_on(stream));
  transcript.since();
  transcript.take_event(assoc_change(State::lost, {.association = ours, .info = "because"}));
  CHECK(transcript.since() == "s11 aborted after 1; lost 'because'");
}

TEST_CASE("Giving up reports each unfinished message, and forgets a split event") {
  Transcript transcript;
  transcript.take("a", begins_on(1));
  transcript.take("bb", begins_on(2));
  Piece half_an_event;
  half_an_event.is_notification = true;
  transcript.take(Bytes{shutdown_event(ours)}.first(5), half_an_event);
  CHECK(transcript.buffer.unfinished() == 3);
  transcript.buffer.abandon_unfinished();
  while (const auto received = transcript.buffer.next()) transcript.say(describe(*received));
  CHECK(transcript.since() == "s1 aborted after 1; s2 aborted after 2");
  CHECK(transcript.buffer.unfinished() == 0);
  transcript.take_event(shutdown_event(ours));
  CHECK(transcript.since() == "shutdown");
}

TEST_CASE("Giving up again and again costs no memory") {
  Transcript transcript{1024, 1 << 20, 1 << 20};
  std::size_t warm = 0;
  for (int round = 0; round != 2000; ++round) {
    Piece half_an_event;
    half_an_event.is_notification = true;
    transcript.take("12345", half_an_event);
    transcript.buffer.abandon_unfinished();
    if (round == 10) warm = transcript.buffer.footprint();
  }
  CHECK(transcript.buffer.footprint() == warm);
  const std::string large(900'000, 'x');
  transcript.take(large, ends_on(1));
  CHECK(transcript.since() == "s1 900000*x");
}

// Limits

TEST_CASE("A message of exactly the limit is taken, in one piece and in several") {
  Transcript transcript{4096, 3000};
  transcript.take(std::string(3000, 'x'), ends_on(1));
  transcript.take(std::string(1500, 'y'), begins_on(1));
  transcript.take(std::string(1500, 'y'), ends_on(1));
  CHECK(transcript.since() == "s1 3000*x; s1 3000*y");
  CHECK(transcript.buffer.limit() == 3000);
}

TEST_CASE("A message over the limit is reported once and dropped to its end, and the next ones are whole") {
  Transcript transcript{4096, 3000};
  SECTION("in one piece") { transcript.take(std::string(3001, 'x'), ends_on(1)); }
  SECTION("passing it with the last piece") {
    transcript.take(std::string(3000, 'x'), begins_on(1));
    CHECK(transcript.since().empty());
    transcript.take("x", ends_on(1));
  }
  SECTION("in many pieces after passing it") {
    for (int part = 0; part != 10; ++part) transcript.take(std::string(2000, 'x'), begins_on(1));
    transcript.take("x", ends_on(1));
  }
  SECTION("passing it with the first piece") {
    transcript.take(std::string(4000, 'x'), begins_on(1));
    transcript.take("x", ends_on(1));
  }
  CHECK(transcript.since() == over_limit);
  CHECK(transcript.buffer.unfinished() == 0);
  transcript.take("fine", ends_on(1));
  transcript.take(std::string(2000, 'y'), begins_on(1));
  transcript.take(std::string(1000, 'y'), ends_on(1));
  CHECK(transcript.since() == "s1 'fine'; s1 3000*y");
}

TEST_CASE("A message over the limit does no harm to those that interleave with it") {
  Transcript transcript{4096, 3000};
  transcript.take(std::string(1000, 'a'), begins_on(1));
  transcript.take(std::string(2000, 'x'), begins_on(2));
  transcript.take(std::string(1000, 'a'), begins_on(1));
  transcript.take(std::string(2000, 'x'), begins_on(2));
  CHECK(transcript.since() == over_limit);
  transcript.take("between", ends_on(3));
  transcript.take(std::string(2000, 'x'), begins_on(2));
  transcript.take_event(shutdown_event(ours));
  transcript.take(std::string(1000, 'a'), ends_on(1));
  transcript.take(std::string(2000, 'x'), ends_on(2));
  transcript.take("fine", ends_on(2));
  CHECK(transcript.since() == "s3 'between'; shutdown; s1 3000*a; s2 'fine'");
}

TEST_CASE("A message over the limit that is aborted later is not reported a second time") {
  Transcript transcript{4096, 3000};
  transcript.take(std::string(4000, 'x'), begins_on(1));
  CHECK(transcript.since() == over_limit);
  SECTION("by the kernel's event") {
    transcript.take_event(partial_delivery_event(ours));
    CHECK(transcript.since().empty());
  }
  SECTION("by the end of the association") {
    transcript.take_event(assoc_change(State::lost, {.association = ours}));
    CHECK(transcript.since() == "lost");
  }
  SECTION("by giving up") {
    transcript.buffer.abandon_unfinished();
    CHECK_FALSE(transcript.buffer.next());
  }
  CHECK(transcript.buffer.unfinished() == 0);
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == "s1 'fine'");
}

TEST_CASE("An event is handed out even where the limit for messages is less") {
  Transcript transcript{1024, 16};
  const Record lost = assoc_change(State::lost, {.association = ours, .info = "because"});
  transcript.take_event(lost);
  CHECK(transcript.since() == "lost 'because'");
  transcript.take_event(lost, 5);
  CHECK(transcript.since() == "lost 'because'");
}

TEST_CASE("No limit is a limit, too") {
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  Transcript transcript{1024, none, none};
  transcript.take(std::string(100'000, 'x'), ends_on(1));
  transcript.take("a", begins_on(1));
  transcript.take("b", begins_on(2));
  transcript.take("A", ends_on(1));
  transcript.take("B", ends_on(2));
  CHECK(transcript.since() == "s1 100000*x; s1 'aA'; s2 'bB'");
}

TEST_CASE("The message that would pass the limit of all together is dropped, and the others are whole") {
  Transcript transcript{1024, 20'000, 40'000};
  for (int round = 0; round != 15; ++round) {
    for (int stream = 1; stream != 6; ++stream) transcript.take(std::string(1000, 'x'), begins_on(stream));
  }
  const std::string dropped = transcript.since();
  CHECK(dropped.find(over_limit) == 0);
  for (int stream = 1; stream != 6; ++stream) transcript.take("!", ends_on(stream));
  const std::string whole = transcript.since();
  CHECK(whole.find("15001*x") != std::string::npos);
  CHECK(whole.find("aborted") == std::string::npos);
  for (int stream = 1; stream != 6; ++stream) transcript.take("fine", ends_on(stream));
  CHECK(transcript.since() == "s1 'fine'; s2 'fine'; s3 'fine'; s4 'fine'; s5 'fine'");
}

TEST_CASE("Memory is given to a single message again after others had it") {
  Transcript transcript{1024, 20'000, 20'000};
  for (int round = 0; round != 20; ++round) {
    for (int stream = 1; stream != 5; ++stream) transcript.take(std::string(500, 'x'), begins_on(stream));
    for (int stream = 1; stream != 5; ++stream) transcript.take("!", ends_on(stream));
    CHECK(transcript.since() == "s1 501*x; s2 501*x; s3 501*x; s4 501*x");
    transcript.take(std::string(20'000, 'y'), ends_on(1));
    CHECK(transcript.since() == "s1 20000*y");
  }
}

TEST_CASE("A flood of messages that never end holds no more memory than the limits allow") {
  constexpr std::size_t total = 1 << 20;
  Transcript transcript{1024, std::size_t{1} << 18, total};
  for (int stream = 0; stream != 8000; ++stream) {
    transcript.take("x", begins_on(stream));
    transcript.said.clear();
    // Each message that is open is an entry of the table, be it dropped.
    const std::size_t entries = transcript.buffer.unfinished() * 1024 + 4096;
    if (transcript.buffer.footprint() > total + 2 * 1024 + entries) FAIL(transcript.buffer.footprint());
  }
  CHECK(transcript.buffer.unfinished() == 8000);
  transcript.take("fine", ends_on(9000));
  transcript.take_event(shutdown_event(ours));
  CHECK(transcript.since() == "s9000 'fine'; shutdown");
}

// What is wrong in what came

TEST_CASE(
    "A message without SCTP_RCVINFO is an error, and what it may have been a piece of is not handed out") {
  Transcript transcript;
  Piece nameless;
  nameless.end_of_record = true;
  transcript.take("who?", nameless);
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == no_info + "; s1 'fine'");

  transcript.take("hel", begins_on(1));
  nameless.end_of_record = false;
  transcript.take("??", nameless);
  transcript.take("lo", ends_on(1));
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == no_info + "; s1 'fine'");
}

TEST_CASE("A malformed event is an error, and nothing else is harmed") {
  Transcript transcript;
  transcript.take("hel", begins_on(1));
  Record cut = assoc_change(State::lost, {.association = ours});
  cut.resize(12);
  transcript.take_event(cut);
  transcript.take_event(cut, 5);
  transcript.take("lo", ends_on(1));
  const std::string malformed = make_error_code(Errc::malformed_notification).message();
  CHECK(transcript.since() == malformed + "; " + malformed + "; s1 'hello'");
}

// Memory

TEST_CASE("Nothing is allocated for messages that come whole, once warm") {
  Transcript transcript;
  transcript.take("warm", ends_on(1));
  const Record event = shutdown_event(ours);
  std::size_t received = 0;
  const AllocationCounter counter;
  for (int round = 0; round != 1000; ++round) {
    const MutableBytes room = transcript.buffer.prepare();
    std::memcpy(room.data(), event.data(), event.size());
    Piece piece = ends_on(round % 7);
    piece.size = event.size();
    piece.is_notification = round % 5 == 0;
    std::error_code error;
    if (transcript.buffer.commit(piece, error)) ++received;
    if (transcript.buffer.next()) ++received;
  }
  const std::size_t allocations = counter.count();
  CHECK(allocations == 0);
  CHECK(received == 1000);
}

/// Gives the buffer messages of several pieces on `streams` streams that interleave.
std::size_t join_messages(ReceiveBuffer& buffer, int streams, int pieces, std::size_t size) {
  std::size_t received = 0;
  for (int part = 0; part != pieces; ++part) {
    for (int stream = 0; stream != streams; ++stream) {
      const MutableBytes room = buffer.prepare();
      Piece piece = begins_on(stream);
      piece.end_of_record = part == pieces - 1;
      piece.size = std::min(size, room.size());
      std::memset(room.data(), 'x', piece.size);
      std::error_code error;
      if (buffer.commit(piece, error)) ++received;
    }
  }
  return received;
}

TEST_CASE("Nothing is allocated for large messages that are joined, once warm") {
  const int streams = GENERATE(1, 2, 5);
  CAPTURE(streams);
  ReceiveBuffer buffer{4096};
  for (int round = 0; round != 4; ++round) join_messages(buffer, streams, 50, 4000);
  const std::size_t footprint = buffer.footprint();
  std::size_t received = 0;
  const AllocationCounter counter;
  for (int round = 0; round != 100; ++round) received += join_messages(buffer, streams, 50, 4000);
  const std::size_t allocations = counter.count();
  CHECK(allocations == 0);
  CHECK(received == 100U * static_cast<unsigned>(streams));
  CHECK(buffer.footprint() == footprint);
}

TEST_CASE("Nothing is allocated for events that come split, once warm") {
  Transcript transcript;
  const Record event = assoc_change(State{9}, {.association = ours});
  const auto split = [&] {
    std::size_t received = 0;
    for (std::size_t at = 0; at != event.size(); ++at) {
      Piece piece;
      piece.is_notification = true;
      piece.size = 1;
      piece.end_of_record = at + 1 == event.size();
      transcript.buffer.prepare()[0] = event[at];
      std::error_code error;
      if (transcript.buffer.commit(piece, error)) ++received;
    }
    return received;
  };
  for (int round = 0; round != 4; ++round) split();
  const AllocationCounter counter;
  std::size_t received = 0;
  for (int round = 0; round != 100; ++round) received += split();
  const std::size_t allocations = counter.count();
  CHECK(allocations == 0);
  CHECK(received == 100);
}

TEST_CASE("Without memory prepare throws, and nothing is lost") {
  Transcript transcript{4096, 100'000};
  const auto prepare_throws = [&] {
    const NoMemory none;
    try {
      static_cast<void>(transcript.buffer.prepare());
      return false;
    } catch (const std::bad_alloc&) {
      return true;
    }
  };
  CHECK(prepare_throws());
  transcript.take(std::string(900, 'x'), begins_on(1));
  CHECK(prepare_throws());
  transcript.take(std::string(900, 'x'), ends_on(1));
  CHECK(transcript.since() == "s1 1800*x");
}

TEST_CASE("Without memory commit drops the message, says so, and harms no other") {
  Transcript transcript{1024, 100'000};
  transcript.take("hel", begins_on(1));
  transcript.take("x", begins_on(2));
  MutableBytes room = transcript.buffer.prepare();
  std::error_code error;
  Piece piece = begins_on(3);
  piece.size = room.size();
  bool answered = true;
  {
    const NoMemory none;
    answered = transcript.buffer.commit(piece, error).has_value();
  }
  CHECK_FALSE(answered);
  CHECK(error == std::errc::not_enough_memory);
  transcript.take("gone", ends_on(3));
  transcript.take("fine", ends_on(3));
  transcript.take("lo", ends_on(1));
  transcript.take("y", ends_on(2));
  CHECK(transcript.since() == "s3 'fine'; s1 'hello'; s2 'xy'");
}

TEST_CASE("A buffer that was moved goes on with its messages") {
  Transcript from{1024};
  from.take("hel", begins_on(1));
  from.take("x", begins_on(2));
  Transcript to;
  to.buffer = std::move(from.buffer);
  to.take("lo", ends_on(1));
  CHECK(to.since() == "s1 'hello'");
  ReceiveBuffer third{std::move(to.buffer)};
  CHECK(third.unfinished() == 1);
}

TEST_CASE("A buffer that was moved from is empty, and can be used again") {
  Transcript from{1024, 10'000, 10'000};
  from.take(std::string(4000, 'x'), begins_on(1));
  SECTION("with an unfinished message") {}
  SECTION("with an event that waits") {
    const Record lost = assoc_change(State::lost, {.association = ours});
    std::memcpy(from.buffer.prepare().data(), lost.data(), lost.size());
    Piece piece;
    piece.size = lost.size();
    piece.is_notification = piece.end_of_record = true;
    std::error_code error;
    CHECK(from.buffer.commit(piece, error));
  }
  const ReceiveBuffer to{std::move(from.buffer)};
  CHECK(to.footprint() > 4000);
  CHECK(from.buffer.unfinished() == 0);
  CHECK(from.buffer.footprint() == 0);
  CHECK_FALSE(from.buffer.next());
  for (int round = 0; round != 3; ++round) from.take(std::string(9000, 'y'), ends_on(1));
  CHECK(from.since() == "s1 9000*y; s1 9000*y; s1 9000*y");
}

}  // namespace

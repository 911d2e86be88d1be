// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <sctpxx/receive_buffer.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "transcript.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

TEST_CASE("Nothing is allocated for messages that come whole, once warm") {
  Transcript transcript;
  transcript.take("warm", ends_on(1));
  const Record event = sender_dry_event(ours);
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

TEST_CASE("Nothing is allocated for associations that come and go, once warm") {
  ReceiveBuffer buffer;
  std::size_t received = 0;
  const auto take = [&](const Record& event) {
    std::memcpy(buffer.prepare().data(), event.data(), event.size());
    Piece piece;
    piece.size = event.size();
    piece.is_notification = piece.end_of_record = true;
    std::error_code error;
    if (buffer.commit(piece, error)) ++received;
  };
  std::vector<Record> shutdowns;
  std::vector<Record> ends;
  for (int number = 1; number != 101; ++number) {
    shutdowns.push_back(shutdown_event(AssociationId{number}));
    ends.push_back(assoc_change(State::shutdown_complete, {.association = AssociationId{number}}));
  }
  const auto all = [&] {
    for (const Record& event : shutdowns) take(event);
    for (const Record& event : ends) take(event);
  };
  all();
  const AllocationCounter counter;
  for (int round = 0; round != 100; ++round) all();
  const std::size_t allocations = counter.count();
  CHECK(allocations == 0);
  CHECK(received == 101 * 200);
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

TEST_CASE("Joining many small pieces allocates seldom, even in a buffer that is cold") {
  ReceiveBuffer buffer;
  const AllocationCounter counter;
  const std::size_t received = join_messages(buffer, 2, 1000, 100);
  const std::size_t allocations = counter.count();
  CHECK(received == 2);
  CHECK(allocations < 50);
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

TEST_CASE(
    "Whichever allocation of prepare fails, the message that is open is as it was, and the room is its own") {
  std::size_t failures = 0;
  for (bool has_thrown = true; has_thrown; ++failures) {
    CAPTURE(failures);
    Transcript transcript{4096, 100'000};
    transcript.take(std::string(900, 'x'), begins_on(1));
    MutableBytes room;
    {
      const NoMemory none{failures};
      try {
        room = transcript.buffer.prepare();
        has_thrown = false;
      } catch (const std::bad_alloc&) {
      }
    }
    if (has_thrown) {
      CHECK(transcript.buffer.unfinished() == 1);
      transcript.take(std::string(900, 'x'), ends_on(1));
      CHECK(transcript.since() == "s1 1800*x");
      continue;
    }
    std::ranges::fill(room, std::byte{'x'});
    Piece piece = ends_on(1);
    piece.size = room.size();
    std::error_code error;
    const NoMemory none;  // nor is any needed
    const auto received = transcript.buffer.commit(piece, error);
    CHECK((received && received->message()->payload.size() == 900 + room.size()));
  }
  CHECK(failures > 2);
}

TEST_CASE("Without memory commit drops the message, says so, and harms no other") {
  Transcript transcript{1024, 100'000};
  transcript.take("hel", begins_on(1));
  transcript.take("x", begins_on(2));
  MutableBytes room = transcript.buffer.prepare();
  std::error_code error;
  Piece piece = begins_on(3);
  piece.size = room.size() - 1;  // one that fills the room keeps it, and needs no other
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

TEST_CASE("A message that fills the room begins without memory") {
  Transcript transcript{1024, 100'000};
  const MutableBytes room = transcript.buffer.prepare();
  std::ranges::fill(room, std::byte{'x'});
  Piece piece = begins_on(3);
  piece.size = room.size();
  std::error_code error;
  bool answered = true;
  {
    const NoMemory none;
    answered = transcript.buffer.commit(piece, error).has_value();
  }
  CHECK_FALSE(answered);
  CHECK_FALSE(error);
  transcript.take("xx", ends_on(3));
  CHECK(transcript.since() == "s3 1026*x");
}

TEST_CASE("Without memory commit notes whatever has begun, however much has begun before") {
  for (int open = 0; open != 70; ++open) {
    CAPTURE(open);
    Transcript transcript{1024};
    for (int number = 1; number <= open; ++number) {
      const AssociationId other{100 + number};
      transcript.take("x", begins_on(number));
      transcript.take_event(send_failed_event({.ends = false, .association = other, .payload = "x"}));
      transcript.take_event(shutdown_event(other));
    }
    std::error_code error;
    const auto commit = [&](Bytes bytes, Piece piece) {
      std::memcpy(transcript.buffer.prepare().data(), bytes.data(), bytes.size());
      piece.size = bytes.size();
      const NoMemory none;
      return transcript.buffer.commit(piece, error).has_value();
    };
    Piece event;
    event.is_notification = event.end_of_record = true;
    const AssociationId last{1000};
    CHECK_FALSE(commit(as_bytes("x"), begins_on(1000)));
    const std::size_t kept = error ? 0 : 1;
    CHECK_FALSE(commit(send_failed_event({.ends = false, .association = last, .payload = "x"}), event));
    CHECK(commit(shutdown_event(last), event));
    CHECK(commit(assoc_change(State::shutdown_complete, {.association = last}), event));
    CHECK(transcript.buffer.unfinished() == static_cast<std::size_t>(2 * open + 2));
    transcript.buffer.abandon_unfinished();
    std::size_t told = 0;
    while (transcript.buffer.next()) ++told;
    CHECK(told == static_cast<std::size_t>(2 * open + 1) + kept);
  }
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

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include <sctpxx/receive_buffer.hpp>

#include "piece_transcript.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "transcript.hpp"

// A message was aborted, and then its last piece comes alone: kernel.forward_tsn makes the kernel do so.

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

Piece numbered(const On& on, std::uint16_t ssn, std::uint32_t tsn) {
  Piece piece = on;
  piece.ssn = ssn;
  piece.tsn = tsn;
  return piece;
}

/// Stream 1's message 7, from TSN 100 on, has begun and was aborted.
Transcript aborted(std::uint16_t ssn = 7, std::uint32_t tsn = 100, bool unordered = false) {
  Transcript transcript{1024, 5000};
  transcript.take("beginning", numbered(begins_on(1, unordered), ssn, tsn));
  transcript.take_event(partial_delivery_event(ours));
  CHECK(transcript.since() == (unordered ? "s1u aborted after 9" : "s1 aborted after 9"));
  return transcript;
}

TEST_CASE("The rest of a message that was aborted is no message") {
  Transcript transcript = aborted();
  transcript.take("rest", numbered(ends_on(1), 7, 101));
  CHECK(transcript.since().empty());
  CHECK(transcript.buffer.unfinished() == 0);
  transcript.take("next", numbered(ends_on(1), 8, 102));
  transcript.take("one", numbered(begins_on(1), 9, 103));
  transcript.take(" more", numbered(ends_on(1), 9, 104));
  CHECK(transcript.since() == "s1 'next'; s1 'one more'");
}

TEST_CASE("The rest of a message that was aborted may come in several reads, and among others") {
  Transcript transcript = aborted();
  transcript.take("other", numbered(begins_on(2), 7, 200));
  transcript.take("rest", numbered(begins_on(1), 7, 140));
  transcript.take(" stream", numbered(ends_on(2), 7, 201));
  transcript.take("of it", numbered(ends_on(1), 7, 140));
  CHECK(transcript.since() == "s2 'other stream'");
}

TEST_CASE("The rest of a message that was aborted is no part of the stream's next one, read either way") {
  PieceTranscript transcript;
  SECTION("joined") {
    transcript.take("beginning", numbered(begins_on(1), 7, 100));
    transcript.take_event(partial_delivery_event(ours));
    transcript.take("next", numbered(begins_on(1), 8, 300));
    transcript.take("rest", numbered(ends_on(1), 7, 101));
    transcript.take(" one", numbered(ends_on(1), 8, 301));
    CHECK(transcript.since() == "s1 aborted after 9; s1 'next one'");
  }
  SECTION("in pieces") {
    transcript.take_pieces("beginning", numbered(begins_on(1), 7, 100));
    transcript.take_event_pieces(partial_delivery_event(ours));
    transcript.take_pieces("next", numbered(begins_on(1), 8, 300));
    transcript.take_pieces("rest", numbered(ends_on(1), 7, 101));
    transcript.take_pieces(" one", numbered(ends_on(1), 8, 301));
    CHECK(transcript.since() == "s1@0 'beginning'; s1 aborted after 9; s1@0 'next'; s1@4 ' one' last");
  }
}

TEST_CASE("A message that was dropped and then aborted has a rest, too") {
  Transcript transcript{1024, 5000};
  transcript.take(std::string(6000, 'x'), numbered(begins_on(1), 7, 100));
  transcript.take_event(partial_delivery_event(ours));
  transcript.take("rest", numbered(ends_on(1), 7, 106));
  CHECK(transcript.since() == over_limit);
}

TEST_CASE("Numbers of messages and TSNs begin anew when they are used up") {
  const auto [number, tsn] = GENERATE(values<std::pair<std::uint16_t, std::uint32_t>>({
      {0xffff, 100},
      {7, 0xffff'ffff},
      {0xffff, 0xffff'ffff},
  }));
  CAPTURE(number, tsn);
  Transcript transcript = aborted(number, tsn);
  const auto before = static_cast<std::uint16_t>(number - 1);
  const auto after = static_cast<std::uint16_t>(number + 1);
  transcript.take("before", numbered(ends_on(1), before, tsn - 1));
  transcript.take("rest", numbered(ends_on(1), number, tsn + 1));
  transcript.take("after", numbered(ends_on(1), after, tsn + 2));
  CHECK(transcript.since() == "s1 'before'; s1 'after'");
}

TEST_CASE("Only what has an aborted message's numbers is its rest") {
  const auto [piece, said] = GENERATE(table<Piece, std::string>({
      {numbered(ends_on(1), 6, 101), "s1 'text'"},
      {numbered(ends_on(1), 8, 101), "s1 'text'"},
      {numbered(ends_on(2), 7, 101), "s2 'text'"},
      {numbered(ends_on(1, true), 7, 101), "s1u 'text'"},
      {numbered(ends_on(1, false, 6), 7, 101), "s1 'text'"},
      {numbered(ends_on(1), 7, 100), "s1 'text'"},
      {numbered(ends_on(1), 7, 99), "s1 'text'"},
      {numbered(ends_on(1), 7, 100 + 65535), ""},
      {numbered(ends_on(1), 7, 100 + 65536), "s1 'text'"},
  }));
  CAPTURE(piece.stream, piece.ssn, piece.tsn, piece.unordered);
  Transcript transcript = aborted();
  transcript.take("text", piece);
  CHECK(transcript.since() == said);
}

TEST_CASE("A message without SCTP_RCVINFO is no rest, and an unordered message has none that comes late") {
  Transcript transcript = aborted();
  Piece nameless = numbered(ends_on(1), 7, 101);
  nameless.has_info = false;
  transcript.take("text", nameless);
  CHECK(transcript.since() == no_info);

  Transcript unordered = aborted(7, 100, true);
  unordered.take("text", numbered(ends_on(1, true), 7, 101));
  unordered.take("text", numbered(ends_on(1), 7, 102));
  CHECK(unordered.since() == "s1u 'text'; s1 'text'");
}

TEST_CASE("A stream that has gone on has no rest of what it was before") {
  const auto later = GENERATE(values<std::uint16_t>({7, 8, 7 + 32767}));
  Transcript transcript = aborted();
  transcript.take("rest, or a later message", numbered(ends_on(1), later, later == 7 ? 101 : 100'000));
  static_cast<void>(transcript.since());
  transcript.take("text", numbered(ends_on(1), 7, 102));
  CHECK(transcript.since() == "s1 'text'");
}

TEST_CASE("A message before it, and the beginning of one after it, leave the rest to come") {
  Transcript transcript = aborted();
  transcript.take("before", numbered(ends_on(1), 7 - 32768 + 65536, 90));
  transcript.take("before", numbered(ends_on(1), 6, 99));
  transcript.take("next", numbered(begins_on(1), 8, 102));
  transcript.take("rest", numbered(ends_on(1), 7, 101));
  CHECK(transcript.since() == "s1 'before'; s1 'before'");
}

TEST_CASE("With its association goes what was to come of it") {
  Transcript transcript = aborted();
  SECTION("up") {
    transcript.take_event(assoc_change(State::up, {.association = ours}));
    CHECK(transcript.since() == "up");
  }
  SECTION("restarted") {
    transcript.take_event(assoc_change(State::restarted, {.association = ours}));
    CHECK(transcript.since() == "restarted");
  }
  SECTION("lost") {
    transcript.take_event(assoc_change(State::lost, {.association = ours}));
    CHECK(transcript.since() == "lost");
  }
  SECTION("abandoned") { transcript.buffer.abandon_unfinished(); }
  SECTION("abandoned by its number") { transcript.buffer.abandon_unfinished(ours); }
  transcript.take("text", numbered(ends_on(1), 7, 101));
  CHECK(transcript.since() == "s1 'text'");
}

TEST_CASE("Another association's end leaves the rest to come") {
  Transcript transcript = aborted();
  const AssociationId other{6};
  transcript.take_event(assoc_change(AssociationChange::State::lost, {.association = other}));
  transcript.buffer.abandon_unfinished(other);
  transcript.take("rest", numbered(ends_on(1), 7, 101));
  CHECK(transcript.since() == "lost");
}

TEST_CASE("That a message was aborted needs no memory") {
  Transcript transcript;
  const Record event = partial_delivery_event(ours);
  for (std::uint16_t stream = 0; stream != 20; ++stream) {
    transcript.take("beginning", numbered(begins_on(stream), 7, 100));
    const MutableBytes room = transcript.buffer.prepare();
    std::ranges::copy(event, room.begin());
    std::error_code error;
    const NoMemory none;
    static_cast<void>(transcript.buffer.commit(
        {.size = event.size(), .end_of_record = true, .is_notification = true}, error));
  }
}

TEST_CASE("The last 256 messages that were aborted are remembered") {
  Transcript transcript = aborted();
  const std::size_t at_first = transcript.buffer.footprint();
  for (std::uint16_t stream = 0; stream != 257; ++stream) {
    transcript.take("beginning", numbered(begins_on(stream), 7, 100));
    transcript.take_event(partial_delivery_event(ours));
  }
  const std::size_t footprint = transcript.buffer.footprint();
  CHECK(footprint >= at_first + 256 * 12);
  static_cast<void>(transcript.since());
  for (std::uint16_t stream = 0; stream != 257; ++stream)
    transcript.take("rest", numbered(ends_on(stream), 7, 101));
  CHECK(transcript.since() == "s0 'rest'");
  CHECK(transcript.buffer.footprint() == footprint);
}

}  // namespace

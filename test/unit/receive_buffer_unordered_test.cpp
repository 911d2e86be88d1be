// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <string>

#include <sctpxx/receive_buffer.hpp>

#include "piece_transcript.hpp"
#include "support/catch.hpp"

// Under I-DATA the kernel hands out whole unordered messages in the middle of another one of the same stream,
// and only their numbers tell them apart.
namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

Piece begins(std::uint16_t ssn) {
  Piece piece = begins_on(3, true);
  piece.ssn = ssn;
  return piece;
}
Piece ends(std::uint16_t ssn) {
  Piece piece = ends_on(3, true);
  piece.ssn = ssn;
  return piece;
}

TEST_CASE("A whole unordered message that comes in the middle of another of its stream is another message") {
  PieceTranscript transcript;
  SECTION("for those who want messages whole") {
    transcript.take("a", begins(7));
    transcript.take("between", ends(8));
    transcript.take("b", begins(7));
    transcript.take("too", ends(9));
    transcript.take("c", ends(7));
    CHECK(transcript.since() == "s3u 'between'; s3u 'too'; s3u 'abc'");
  }
  SECTION("for those who want pieces") {
    transcript.take_pieces("a", begins(7));
    transcript.take_pieces("between", ends(8));
    transcript.take_pieces("b", begins(7));
    transcript.take_pieces("too", ends(9));
    transcript.take_pieces("c", ends(7));
    CHECK(transcript.since() ==
          "s3u@0 'a'; s3u@0 'between' last; s3u@1 'b'; s3u@0 'too' last; s3u@2 'c' last");
  }
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("A message in the middle of another may be larger than the room") {
  PieceTranscript transcript;
  SECTION("for those who want messages whole") {
    transcript.take("a", begins(7));
    transcript.take("bet", begins(8));
    transcript.take("ween", ends(8));
    transcript.take("b", ends(7));
    CHECK(transcript.since() == "s3u 'between'; s3u 'ab'");
  }
  SECTION("for those who want pieces") {
    transcript.take_pieces("a", begins(7));
    transcript.take_pieces("between", ends(8), 4);
    transcript.take_pieces("b", ends(7));
    CHECK(transcript.since() == "s3u@0 'a'; s3u@0 'betw'; s3u@4 'een' last; s3u@1 'b' last");
  }
  SECTION("and may outlive it") {
    transcript.take("a", begins(7));
    transcript.take("bet", begins(8));
    transcript.take("b", ends(7));
    transcript.take("next", begins(9));
    transcript.take("ween", ends(8));
    transcript.take("!", ends(9));
    CHECK(transcript.since() == "s3u 'ab'; s3u 'between'; s3u 'next!'");
  }
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("The kernel's abort means the message in whose middle the other came") {
  PieceTranscript transcript;
  transcript.take("a", begins(7));
  transcript.take("bet", begins(8));
  transcript.take_event(partial_delivery_event(ours, StreamId{3}, true));
  transcript.take("ween", ends(8));
  CHECK(transcript.since() == "s3u aborted after 1; s3u 'between'");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("A peer that makes believe in a third harms its second, which is told, and nothing else") {
  PieceTranscript transcript;
  transcript.take("first", begins(7));
  transcript.take("second", begins(8));
  transcript.take("third", begins(9));
  transcript.take("!", ends(9));
  transcript.take("!", ends(7));
  CHECK(transcript.since() == "s3u aborted after 6; s3u 'third!'; s3u 'first!'");
  for (std::uint16_t ssn = 0; ssn != 1000; ++ssn) transcript.take("x", begins(ssn));
  CHECK(transcript.buffer.unfinished() == 2);
}

TEST_CASE("The end of the association aborts both") {
  PieceTranscript transcript;
  transcript.take("a", begins(7));
  transcript.take("bet", begins(8));
  transcript.take_event(assoc_change(State::lost, {.association = ours}));
  CHECK(transcript.since() == "s3u aborted after 1; s3u aborted after 3; lost");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("The numbers of ordered messages are not looked at: their order tells them apart") {
  PieceTranscript transcript;
  Piece first = begins_on(3);
  first.ssn = 7;
  Piece last = ends_on(3);
  last.ssn = 8;
  transcript.take("hel", first);
  transcript.take("lo", last);
  CHECK(transcript.since() == "s3 'hello'");
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <sctpxx/receive_buffer.hpp>

#include "piece_transcript.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

TEST_CASE("A message that was begun whole ends whole, as one piece in the buffer's memory") {
  PieceTranscript transcript;
  Piece first = begins_on(3);
  first.ppid = Ppid{60};
  transcript.take("hel", first);
  transcript.take_pieces("lo ", begins_on(3));
  CHECK(transcript.since().empty());
  SECTION("when the last piece is read in the other way") {
    transcript.take_pieces("there", ends_on(3));
    CHECK(transcript.since() == "s3@0 'hello there' last, joined");
  }
  SECTION("when the last piece is read in the first way again") {
    transcript.take("there", ends_on(3));
    CHECK(transcript.since() == "s3 'hello there'");
  }
  SECTION("when others are read in between") {
    transcript.take_pieces("s", begins_on(4));
    transcript.take_pieces("other", ends_on(3, true));
    transcript.take_event_pieces(shutdown_event(ours));
    transcript.take_pieces("S", ends_on(4));
    transcript.take_pieces("there", ends_on(3));
    CHECK(transcript.since() ==
          "s4@0 's'; s3u@0 'other' last; shutdown; s4@1 'S' last; s3@0 'hello there' last, joined");
  }
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("A message that was begun whole and ends as a piece has what its first piece said") {
  PieceTranscript transcript;
  Piece first = begins_on(3);
  first.ppid = Ppid{60};
  first.tsn = 100;
  transcript.take("hel", first);
  std::vector<std::byte> room(8, std::byte{'!'});
  transcript.buffer.prepare_piece(room);
  Piece last = ends_on(3);
  last.size = 2;
  last.ppid = Ppid{1};
  last.tsn = 101;
  std::error_code error;
  const auto received = transcript.buffer.commit_piece(last, error);
  REQUIRE(received);
  REQUIRE(received->piece() != nullptr);
  CHECK(as_text(received->piece()->part.payload) == "hel!!");
  CHECK(received->piece()->part.ppid == Ppid{60});
  CHECK(received->piece()->part.tsn == 100);
}

TEST_CASE("A message over the limit stays dropped to its end when the rest is read piece by piece") {
  PieceTranscript transcript{4096, 3000};
  transcript.take(std::string(4000, 'x'), begins_on(1));
  CHECK(transcript.since() == over_limit);
  transcript.take_pieces("more", begins_on(1));
  transcript.take_pieces("last", ends_on(1));
  CHECK(transcript.since().empty());
  transcript.take_pieces("fine", ends_on(1));
  CHECK(transcript.since() == "s1@0 'fine' last");
}

TEST_CASE("A message that was begun whole is held to the limit when it goes on piece by piece") {
  PieceTranscript transcript{4096, 3000};
  transcript.take(std::string(2000, 'x'), begins_on(1));
  transcript.take_pieces(std::string(2000, 'x'), begins_on(1), 4096);
  transcript.take_pieces("last", ends_on(1));
  CHECK(transcript.since() == over_limit);
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("Of a message that was begun piece by piece the rest is dropped by a whole receive, told once") {
  PieceTranscript transcript;
  transcript.take_pieces("hel", begins_on(3));
  transcript.take_pieces("lo", begins_on(3));
  transcript.since();
  SECTION("when one piece is left") {
    transcript.take("!!", ends_on(3));
    CHECK(transcript.since() == "s3 aborted after 7");
  }
  SECTION("when several are left") {
    transcript.take("!!", begins_on(3));
    CHECK(transcript.since() == "s3 aborted after 7");
    transcript.take("more", begins_on(3));
    transcript.take("more", ends_on(3));
    CHECK(transcript.since().empty());
  }
  SECTION("when the rest is read in turns") {
    transcript.take("!!", begins_on(3));
    transcript.take_pieces("more", begins_on(3));
    transcript.take("more", begins_on(3));
    transcript.take_pieces("more", ends_on(3));
    CHECK(transcript.since() == "s3 aborted after 7");
  }
  SECTION("when it is aborted afterwards") {
    transcript.take("!!", begins_on(3));
    transcript.take_event(partial_delivery_event(ours));
    CHECK(transcript.since() == "s3 aborted after 7");
  }
  SECTION("when its association ends afterwards") {
    transcript.take("!!", begins_on(3));
    transcript.take_event(assoc_change(State::lost, {.association = ours}));
    CHECK(transcript.since() == "s3 aborted after 7; lost");
  }
  SECTION("when it is aborted before") {
    transcript.take_event(partial_delivery_event(ours));
    CHECK(transcript.since() == "s3 aborted after 5");
  }
  CHECK(transcript.buffer.unfinished() == 0);
  transcript.take("next", begins_on(3));
  transcript.take(" one", ends_on(3));
  transcript.take_pieces("and", begins_on(3));
  transcript.take_pieces("another", ends_on(3));
  CHECK(transcript.since() == "s3 'next one'; s3@0 'and'; s3@3 'another' last");
}

TEST_CASE("Whole messages come unharmed between the pieces of one that is handed out") {
  PieceTranscript transcript;
  transcript.take_pieces("a", begins_on(1));
  transcript.take("between", ends_on(2));
  transcript.take("be", begins_on(2));
  transcript.take_pieces("b", begins_on(1));
  transcript.take("tween", ends_on(2));
  transcript.take_pieces("c", ends_on(1));
  CHECK(transcript.since() == "s1@0 'a'; s2 'between'; s1@1 'b'; s2 'between'; s1@2 'c' last");
}

TEST_CASE("Nothing is allocated for messages that are handed out in pieces, and for events, once warm") {
  ReceiveBuffer buffer;
  std::vector<std::byte> room(1024);
  const Record dry = sender_dry_event(ours);
  std::size_t pieces = 0;
  std::size_t events = 0;
  std::size_t elsewhere = 0;
  const auto round = [&] {
    for (int part = 0; part != 10; ++part) {
      for (int stream = 0; stream != 5; ++stream) {
        buffer.prepare_piece(room);
        Piece piece = begins_on(stream);
        piece.size = room.size();
        piece.end_of_record = part == 9;
        std::error_code error;
        const auto received = buffer.commit_piece(piece, error);
        if (!received || received->piece() == nullptr) continue;
        ++pieces;
        if (received->piece()->part.payload.data() != room.data()) ++elsewhere;
      }
      buffer.prepare_piece(room);
      std::memcpy(room.data(), dry.data(), dry.size());
      Piece piece;
      piece.size = dry.size();
      piece.is_notification = piece.end_of_record = true;
      std::error_code error;
      const auto received = buffer.commit_piece(piece, error);
      if (received && received->notification() != nullptr) ++events;
    }
  };
  round();
  const AllocationCounter counter;
  for (int count = 0; count != 100; ++count) round();
  const std::size_t allocations = counter.count();
  CHECK(allocations == 0);
  CHECK(pieces == 101 * 50);
  CHECK(events == 101 * 10);
  CHECK(elsewhere == 0);
}

TEST_CASE("Without memory a piece is still handed out, and preparing for one throws without loss") {
  ReceiveBuffer buffer;
  std::vector<std::byte> room(8);
  const auto prepare_throws = [&] {
    const NoMemory none;
    try {
      buffer.prepare_piece(room);
      return false;
    } catch (const std::bad_alloc&) {
      return true;
    }
  };
  CHECK(prepare_throws());
  buffer.prepare_piece(room);
  Piece piece = begins_on(1);
  piece.size = 3;
  std::error_code error;
  bool handed_out = false;
  {
    const NoMemory none;
    handed_out = buffer.commit_piece(piece, error).has_value();
  }
  CHECK(handed_out);
  CHECK_FALSE(error);
  CHECK(buffer.unfinished() == 1);
}

}  // namespace

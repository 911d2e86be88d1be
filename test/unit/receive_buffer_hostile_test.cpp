// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/receive_buffer.hpp>

#include <cstring>
#include <new>
#include <string>

#include <sctpxx/error.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "transcript.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

/// As under I-DATA, where it says which message it means.
Record abort_of(StreamId stream, std::uint32_t identifier) {
  Record record = partial_delivery_event(ours, stream);
  std::memcpy(&record.at(20), &identifier, sizeof identifier);
  return record;
}

/// A message of many pieces, larger than memory permits beside what is there.
std::size_t allocations_of_a_large_message(Transcript& transcript) {
  const std::string piece(1400, 'x');
  const AllocationCounter counter;
  for (int i = 0; i != 6000; ++i) transcript.take(piece, begins_on(1, false, 6));
  return counter.count();
}

}  // namespace

TEST_CASE("An abort of a message that is not open leaves another stream's message alone") {
  Transcript transcript;
  transcript.take("hel", begins_on(5));
  transcript.take_event(abort_of(StreamId{0}, 7));
  transcript.take("lo", ends_on(5));
  CHECK(transcript.since() == "s0 aborted after 0; s5 'hello'");
  transcript.take("hel", begins_on(5));
  transcript.take_event(abort_of(StreamId{0}, 0));  // names none: it means the only one there is
  CHECK(transcript.since() == "s5 aborted after 3");
}

TEST_CASE("What may go on with a message whose beginning came without SCTP_RCVINFO is not handed out") {
  Transcript transcript;
  transcript.take("hel", Piece{});
  transcript.take("lo", ends_on(1));
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == no_info + "; " + no_info + "; s1 'fine'");

  transcript.take("hel", Piece{});
  transcript.take("l", begins_on(1));
  CHECK(transcript.buffer.unfinished() == 1);
  transcript.take("fine", ends_on(2));
  transcript.take("o", ends_on(1));
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == no_info + "; " + no_info + "; s2 'fine'; s1 'fine'");

  Piece last;
  last.end_of_record = true;
  transcript.take("hel", Piece{});
  transcript.take("lo", last);
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == no_info + "; " + no_info + "; s1 'fine'");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("Nothing goes on with a message without SCTP_RCVINFO once that is aborted, or all is over") {
  Transcript transcript;
  transcript.take("hel", Piece{});
  SECTION("aborted") {
    transcript.take_event(partial_delivery_event(ours));
    CHECK(transcript.since() == no_info + "; s0 aborted after 0");
  }
  SECTION("the association has ended") {
    transcript.take_event(assoc_change(State::lost, {.association = ours}));
    CHECK(transcript.since() == no_info + "; lost");
  }
  SECTION("given up") {
    transcript.buffer.abandon_unfinished();
    CHECK(transcript.since() == no_info);
  }
  transcript.take("fine", ends_on(1));
  CHECK(transcript.since() == "s1 'fine'");
}

TEST_CASE("A large message is not copied anew with each piece where memory is scarce") {
  constexpr std::size_t limit = 16'000'000;
  Transcript transcript{2048, limit, 24'000'000};
  transcript.take(std::string(15'000'000, 'y'), begins_on(1));
  static_cast<void>(transcript.since());
  CHECK(allocations_of_a_large_message(transcript) < 60);
}

TEST_CASE("Without memory at any moment of preparing nothing is lost, and commit needs none") {
  std::size_t failures = 0;
  for (std::size_t after = 0; after != 40; ++after) {
    CAPTURE(after);
    ReceiveBuffer buffer;
    try {
      const NoMemory none{after};
      static_cast<void>(buffer.prepare());
    } catch (const std::bad_alloc&) {
      ++failures;
    }
    const MutableBytes room = buffer.prepare();
    std::memcpy(room.data(), "hello", 5);
    Piece piece = begins_on(1, true);
    piece.size = 5;
    std::error_code error;
    {
      const NoMemory none;
      CHECK_FALSE(buffer.commit(piece, error));
    }
    CHECK(buffer.unfinished() == 1);
  }
  CHECK(failures > 5);
  CHECK(failures < 40);
}

TEST_CASE("Nothing is allocated for many messages of many associations at a time, once warm") {
  Transcript transcript;
  const auto round = [&] {
    for (int association = 1; association != 17; ++association) {
      for (int stream = 0; stream != 8; ++stream) transcript.take("a", begins_on(stream, false, association));
    }
    for (int association = 1; association != 17; ++association) {
      for (int stream = 0; stream != 8; ++stream) transcript.take("b", ends_on(stream, false, association));
    }
    transcript.said.clear();
  };
  transcript.said.reserve(100'000);
  round();
  round();
  ReceiveBuffer& buffer = transcript.buffer;
  const std::size_t footprint = buffer.footprint();
  const AllocationCounter counter;
  for (int association = 1; association != 17; ++association) {
    for (int stream = 0; stream != 8; ++stream) {
      for (const bool end : {false, true}) {
        Piece piece = begins_on((stream + association) % 8, false, association);
        piece.end_of_record = end;
        piece.size = 1;
        buffer.prepare()[0] = std::byte{1};
        std::error_code error;
        static_cast<void>(buffer.commit(piece, error));
      }
    }
  }
  const std::size_t allocations = counter.count();
  CHECK(allocations == 0);
  CHECK(buffer.footprint() == footprint);
}

TEST_CASE("What an event brings lives on when everything else is given up behind it") {
  Transcript transcript;
  transcript.take("open", begins_on(1));
  transcript.take_event(
      send_failed_event({.begins = true, .ends = false, .association = ours, .payload = "unsent"}));
  const Record loss = assoc_change(State::lost, {.association = ours, .info = "why it was lost"});
  std::memcpy(transcript.buffer.prepare().data(), loss.data(), loss.size());
  Piece piece;
  piece.size = loss.size();
  piece.is_notification = piece.end_of_record = true;
  std::error_code error;
  const auto aborted = transcript.buffer.commit(piece, error);
  REQUIRE(aborted);
  transcript.buffer.abandon_unfinished();
  const auto lost = transcript.buffer.next();
  REQUIRE(lost);
  CHECK(as_text(std::get<AssociationChange>(*lost).info) == "why it was lost");
  CHECK(std::holds_alternative<SendFailed>(transcript.buffer.next().value()));
  CHECK_FALSE(transcript.buffer.next());
}

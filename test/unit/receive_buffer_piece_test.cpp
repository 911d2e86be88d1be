// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <string>
#include <utility>

#include <sctpxx/receive_buffer.hpp>

#include "piece_transcript.hpp"
#include "support/catch.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

TEST_CASE("A message in one piece is handed out where the caller has it") {
  ReceiveBuffer buffer;
  std::array<std::byte, 64> room{};
  buffer.prepare_piece(room);
  std::memcpy(room.data(), "hello", 5);
  Piece piece = ends_on(3, true);
  piece.size = 5;
  piece.ppid = Ppid{60};
  piece.ssn = 7;
  piece.tsn = 8;
  piece.context = 9;
  piece.source = Address::v4({192, 0, 2, 1}, 5000);
  std::error_code error = Errc::no_addresses;
  const auto received = buffer.commit_piece(piece, error);
  CHECK_FALSE(error);
  REQUIRE(received);
  REQUIRE(received->piece() != nullptr);
  const auto& [part, offset, last] = *received->piece();
  CHECK(offset == 0);
  CHECK(last);
  CHECK(part.payload.data() == room.data());
  CHECK(as_text(part.payload) == "hello");
  CHECK(part.stream == StreamId{3});
  CHECK(part.ppid == Ppid{60});
  CHECK(part.association == ours);
  CHECK(part.unordered);
  CHECK(part.ssn == 7);
  CHECK(part.tsn == 8);
  CHECK(part.context == 9);
  CHECK(part.source == piece.source);
  CHECK(buffer.unfinished() == 0);
  CHECK_FALSE(buffer.next());
}

TEST_CASE("The pieces of a message tell where they belong, and all what the first one said") {
  ReceiveBuffer buffer;
  std::array<std::byte, 8> room{};
  const Address source = Address::v4({192, 0, 2, 1}, 5000);
  std::size_t expected = 0;
  for (std::size_t number = 0; number != 4; ++number) {
    CAPTURE(number);
    buffer.prepare_piece(room);
    Piece piece = number == 3 ? ends_on(3, true) : begins_on(3, true);
    piece.size = 8 - number;
    piece.ppid =
        number == 0 ? Ppid{60} : Ppid{static_cast<std::uint32_t>(number)};  // I-DATA's fragment number
    piece.ssn = 7;
    piece.tsn = static_cast<std::uint32_t>(100 + number);
    piece.context = number == 0 ? 4 : 0;
    piece.source = number == 0 ? source : Address::v4({192, 0, 2, 2}, 5000);
    std::error_code error = Errc::no_addresses;
    const auto received = buffer.commit_piece(piece, error);
    CHECK_FALSE(error);
    REQUIRE(received);
    REQUIRE(received->piece() != nullptr);
    const auto& [part, offset, last] = *received->piece();
    CHECK(offset == expected);
    CHECK(last == (number == 3));
    CHECK(part.payload.data() == room.data());
    CHECK(part.payload.size() == 8 - number);
    CHECK(part.stream == StreamId{3});
    CHECK(part.unordered);
    CHECK(part.association == ours);
    CHECK(part.ppid == Ppid{60});
    CHECK(part.ssn == 7);
    CHECK(part.tsn == 100);
    CHECK(part.context == 4);
    CHECK(part.source == source);
    CHECK(buffer.unfinished() == (last ? 0 : 1));
    expected += 8 - number;
  }
}

TEST_CASE("Pieces that interleave are told apart by association, stream and order") {
  PieceTranscript transcript;
  transcript.take_pieces("a", begins_on(1));
  transcript.take_pieces("bb", begins_on(2));
  transcript.take_pieces("ccc", begins_on(1, true));
  transcript.take_pieces("dddd", begins_on(1, false, 6));
  CHECK(transcript.buffer.unfinished() == 4);
  CHECK(transcript.since() == "s1@0 'a'; s2@0 'bb'; s1u@0 'ccc'; s1@0 'dddd'");
  transcript.take_pieces("between", ends_on(3));
  transcript.take_pieces("A", begins_on(1));
  transcript.take_pieces("D", ends_on(1, false, 6));
  transcript.take_pieces("C", ends_on(1, true));
  transcript.take_pieces("A", ends_on(1));
  transcript.take_pieces("B", ends_on(2));
  transcript.take_pieces("new", ends_on(1));
  CHECK(transcript.since() ==
        "s3@0 'between' last; s1@1 'A'; s1@4 'D' last; s1u@3 'C' last; s1@2 'A' last; s2@2 'B' last; "
        "s1@0 'new' last");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("A message is handed out whatever the limits say") {
  PieceTranscript transcript{1024, 4096, 4096};
  const std::string large(100'000, 'x');
  transcript.take_pieces(large, begins_on(1), 60'000);
  transcript.take_pieces(large, ends_on(1), 60'000);
  CHECK(transcript.since() == "s1@0 60000*x; s1@60000 40000*x; s1@100000 60000*x; s1@160000 40000*x last");
  CHECK(transcript.buffer.footprint() < 10'000);
}

TEST_CASE("An event is copied out of the caller's room") {
  PieceTranscript transcript;
  transcript.take_pieces("hel", begins_on(3));
  transcript.take_event_pieces(assoc_change(State{9}, {.association = ours, .info = "because"}));
  transcript.take_pieces("lo", ends_on(3));
  CHECK(transcript.since() == "s3@0 'hel'; in state 9 'because'; s3@3 'lo' last");
}

TEST_CASE("An event that is larger than the caller's room is handed out whole") {
  const std::size_t room = GENERATE(as<std::size_t>{}, 1, 7, 30);
  PieceTranscript transcript;
  transcript.take_pieces("hel", begins_on(3));
  const std::string info(2000, 'x');
  const Record record = assoc_change(State{9}, {.association = ours, .info = info});
  transcript.take_event_pieces(record, room);
  CHECK(transcript.since() == "s3@0 'hel'; in state 9 '" + info + "'");
  transcript.take_event_pieces(unknown_event(0x8123, 3000), room);
  transcript.take_pieces("lo", ends_on(3));
  CHECK(transcript.since() == "unknown 3000; s3@3 'lo' last");
}

TEST_CASE("An event is handed out whatever the limits for messages say") {
  PieceTranscript transcript{0, 0, 0};
  transcript.take_pieces("hel", begins_on(3));
  transcript.take_event_pieces(assoc_change(State{9}, {.association = ours, .info = "because"}));
  transcript.take_event_pieces(shutdown_event(ours), 5);
  transcript.take_pieces("lo", ends_on(3));
  CHECK(transcript.since() == "s3@0 'hel'; in state 9 'because'; shutdown; s3@3 'lo' last");
}

TEST_CASE("A malformed event is an error, and the message in whose middle it came goes on") {
  PieceTranscript transcript;
  transcript.take_pieces("hel", begins_on(3));
  Record cut = assoc_change(State::lost, {.association = ours});
  cut.resize(12);
  transcript.take_event_pieces(cut);
  transcript.take_event_pieces(cut, 5);
  transcript.take_pieces("lo", ends_on(3));
  const std::string malformed = make_error_code(Errc::malformed_notification).message();
  CHECK(transcript.since() == "s3@0 'hel'; " + malformed + "; " + malformed + "; s3@3 'lo' last");
}

TEST_CASE("A message that is cut off is told with how much of it was handed out") {
  const auto [record, told] = GENERATE(values<std::pair<Record, std::string>>({
      {partial_delivery_event(ours, StreamId{3}, true), ""},
      {partial_delivery_event(ours), ""},
      {old_partial_delivery_event(ours), ""},
      {assoc_change(State::lost, {.association = ours, .info = "why"}), "; lost 'why'"},
      {assoc_change(State::restarted, {.association = ours, .info = "why"}), "; restarted 'why'"},
      {assoc_change(State::shutdown_complete, {.association = ours, .info = "why"}), "; shut down 'why'"},
  }));
  CAPTURE(told);
  const bool by_pieces = GENERATE(true, false);
  PieceTranscript transcript;
  transcript.take_pieces("other", begins_on(3, true, 6));
  transcript.take_pieces("hel", begins_on(3, true));
  transcript.take_pieces("lo", begins_on(3, true));
  transcript.since();
  by_pieces ? transcript.take_event_pieces(record) : transcript.take_event(record);
  CHECK(transcript.since() == "s3u aborted after 5" + told);
  transcript.take_pieces("fine", ends_on(3, true));
  transcript.take_pieces("!", ends_on(3, true, 6));
  CHECK(transcript.since() == "s3u@0 'fine' last; s3u@5 '!' last");
}

TEST_CASE("Giving up tells each message of which something was handed out") {
  PieceTranscript transcript;
  transcript.take_pieces("hel", begins_on(3));
  transcript.take_pieces("w", begins_on(4, true));
  transcript.since();
  transcript.buffer.abandon_unfinished();
  while (const auto event = transcript.buffer.next()) transcript.say(describe(*event));
  CHECK(transcript.since() == "s3 aborted after 3; s4u aborted after 1");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("A piece without bytes says nothing, and one that claims more than its room has the room's size") {
  ReceiveBuffer buffer;
  std::array<std::byte, 8> room{};
  buffer.prepare_piece(room);
  std::error_code error = Errc::no_addresses;
  CHECK_FALSE(buffer.commit_piece(ends_on(3), error));
  CHECK_FALSE(error);
  CHECK(buffer.unfinished() == 0);
  Piece piece = ends_on(3);
  piece.size = 100'000;
  CHECK_FALSE(buffer.commit_piece(piece, error));  // that room has been looked at
  buffer.prepare_piece(room);
  const auto received = buffer.commit_piece(piece, error);
  REQUIRE(received);
  CHECK(received->piece()->part.payload.size() == room.size());
}

TEST_CASE("A piece without SCTP_RCVINFO is an error, and what it may have been one of is cut off") {
  PieceTranscript transcript;
  Piece nameless;
  nameless.end_of_record = true;
  transcript.take_pieces("who?", nameless);
  transcript.take_pieces("fine", ends_on(1));
  CHECK(transcript.since() == no_info + "; s1@0 'fine' last");

  transcript.take_pieces("hel", begins_on(1));
  nameless.end_of_record = false;
  transcript.take_pieces("??", nameless);
  CHECK(transcript.since() == "s1@0 'hel'; " + no_info);
  transcript.take_pieces("lo", ends_on(1));
  transcript.take_pieces("fine", ends_on(1));
  CHECK(transcript.since() == "s1@0 'fine' last");
  CHECK(transcript.buffer.unfinished() == 0);

  transcript.take_pieces("hel", nameless);
  transcript.take_pieces("l", begins_on(1));
  transcript.take_pieces("o", ends_on(1));
  transcript.take_pieces("fine", ends_on(1));
  CHECK(transcript.since() == no_info + "; " + no_info + "; s1@0 'fine' last");
}

}  // namespace

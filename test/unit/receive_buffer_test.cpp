// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/receive_buffer.hpp>

#include <string>

#include "support/catch.hpp"
#include "transcript.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

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
  last.ssn = 1;
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

TEST_CASE("A buffer that was never used has nothing, whatever it is told, and takes no memory for that") {
  ReceiveBuffer buffer;
  std::error_code error = Errc::no_addresses;
  CHECK_FALSE(buffer.next());
  CHECK_FALSE(buffer.commit(Piece{.size = 4, .end_of_record = true, .has_info = true}, error));
  CHECK_FALSE(error);
  error = Errc::no_addresses;
  CHECK_FALSE(buffer.commit_piece(Piece{.size = 4, .end_of_record = true, .has_info = true}, error));
  CHECK_FALSE(error);
  buffer.abandon_unfinished();
  buffer.abandon_unfinished(AssociationId{5});
  CHECK_FALSE(buffer.next());
  CHECK_FALSE(buffer.dropped());
  CHECK(buffer.unfinished() == 0);
  CHECK(buffer.waiting() == 0);
  CHECK(buffer.footprint() == 0);
}

}  // namespace

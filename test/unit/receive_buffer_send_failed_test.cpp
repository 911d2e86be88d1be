// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <string>

#include <sctpxx/receive_buffer.hpp>

#include "piece_transcript.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

/// "failed 'hello'", "failed sent 'hel'…", "failed …'lo'": with dots where the message's beginning or end is
/// not in it.
std::string text(const Received& received) {
  const Notification* event = received.notification();
  const auto* failed = event != nullptr ? std::get_if<SendFailed>(event) : nullptr;
  if (failed == nullptr) return describe(received);
  const std::string bytes{as_text(failed->payload)};
  return std::string{"failed "} + (failed->sent ? "sent " : "") + (failed->begins ? "" : "…") +
         (bytes.size() < 40 ? "'" + bytes + "'" : std::to_string(bytes.size()) + "*" + bytes[0]) +
         (failed->ends ? "" : "…");
}

struct FailedTranscript : PieceTranscript {
  explicit FailedTranscript(std::size_t capacity = ReceiveBuffer::default_capacity,
                            std::size_t limit = ReceiveBuffer::default_limit,
                            std::size_t total_limit = ReceiveBuffer::default_total_limit)
      : PieceTranscript{capacity, limit, total_limit} {
    teller = text;
  }
  void take_chunk(const FailedFields& chunk) { take_event(send_failed_event(chunk)); }
  void take_old_chunk(const FailedFields& chunk) { take_event(old_send_failed(chunk)); }
};

FailedFields whole(std::string_view payload, AssociationId association = ours) {
  return {.association = association, .payload = payload};
}
FailedFields begins(std::string_view payload, AssociationId association = ours) {
  return {.ends = false, .association = association, .payload = payload};
}
FailedFields goes_on(std::string_view payload, AssociationId association = ours) {
  return {.begins = false, .ends = false, .association = association, .payload = payload};
}
FailedFields ends(std::string_view payload, AssociationId association = ours) {
  return {.begins = false, .association = association, .payload = payload};
}

TEST_CASE("A failed message of one chunk is told at once, and not copied") {
  ReceiveBuffer buffer;
  const MutableBytes room = buffer.prepare();
  const Record record = send_failed_event(whole("hello"));
  std::memcpy(room.data(), record.data(), record.size());
  Piece piece;
  piece.size = record.size();
  piece.is_notification = piece.end_of_record = true;
  std::error_code error;
  const auto received = buffer.commit(piece, error);
  REQUIRE(received);
  const auto& failed = std::get<SendFailed>(*received->notification());
  CHECK(as_text(failed.payload) == "hello");
  CHECK(failed.payload.data() == room.data() + 32);
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("The chunks of a failed message are told as one event, in both generations") {
  const bool old = GENERATE(false, true);
  const std::size_t at_most = GENERATE(as<std::size_t>{}, SIZE_MAX, 1000, 7, 1);
  CAPTURE(old, at_most);
  FailedTranscript transcript;
  const auto take = [&](const FailedFields& chunk) {
    transcript.take_event(old ? old_send_failed(chunk) : send_failed_event(chunk), at_most);
  };
  take(begins("hel"));
  CHECK(transcript.buffer.unfinished() == 1);
  take(ends("lo"));
  CHECK(transcript.since() == "failed 'hello'");
  CHECK(transcript.buffer.unfinished() == 0);
  take(begins("a"));
  take(goes_on("b"));
  take(ends("c"));
  take(whole("d"));
  CHECK(transcript.since() == "failed 'abc'; failed 'd'");
  const std::string chunk(1400, 'x');
  take(begins(chunk));
  for (int i = 0; i != 100; ++i) take(goes_on(chunk));
  take(ends("!"));
  CHECK(transcript.since() == "failed 141401*x");
}

TEST_CASE("The chunks of a failed message are joined piece by piece, too, out of the caller's room") {
  const std::size_t room = GENERATE(as<std::size_t>{}, 1000, 7);
  FailedTranscript transcript;
  transcript.take_event_pieces(send_failed_event(begins("hel")), room);
  transcript.take_pieces("between", ends_on(1), 1000);
  transcript.take_event(send_failed_event(goes_on("lo ")));
  transcript.take_event_pieces(send_failed_event(ends("there")), room);
  transcript.take_event_pieces(send_failed_event(whole("whole")), room);
  CHECK(transcript.since() == "s1@0 'between' last; failed 'hello there'; failed 'whole'");
}

TEST_CASE("A failed message is told with what its first chunk said") {
  FailedTranscript transcript;
  static SendFailed told;
  transcript.teller = [](const Received& received) {
    told = std::get<SendFailed>(*received.notification());
    return std::string{as_text(told.payload)};
  };
  FailedFields first = begins("hel");
  first.unordered = true;
  first.cause = Cause::out_of_resource;
  first.stream = StreamId{3};
  first.ppid = Ppid{60};
  first.context = 9;
  transcript.take_chunk(first);
  transcript.take_chunk(ends("lo"));
  CHECK(transcript.since() == "hello");
  CHECK(told.unordered);
  CHECK(told.cause == Cause::out_of_resource);
  CHECK(told.stream == StreamId{3});
  CHECK(told.ppid == Ppid{60});
  CHECK(told.context == 9);
  CHECK(told.association == ours);
}

TEST_CASE("A message of which any chunk was sent was sent") {
  for (int sent = 0; sent != 4; ++sent) {
    CAPTURE(sent);
    FailedTranscript transcript;
    int number = 0;
    for (FailedFields chunk : {begins("a"), goes_on("b"), ends("c")}) {
      chunk.sent = number++ == sent;
      transcript.take_chunk(chunk);
    }
    CHECK(transcript.since() == (sent == 3 ? "failed 'abc'" : "failed sent 'abc'"));
  }
}

TEST_CASE("Chunks of failed messages come between pieces of messages and other events, and none is harmed") {
  FailedTranscript transcript;
  transcript.take("hel", begins_on(1));
  transcript.take_chunk(begins("a"));
  transcript.take("x", begins_on(2));
  transcript.take_chunk(begins("A", AssociationId{6}));
  transcript.take_chunk(goes_on("b"));
  transcript.take("whole", ends_on(3));
  transcript.take_event(shutdown_event(ours));
  transcript.take_chunk(ends("B", AssociationId{6}));
  transcript.take("lo", ends_on(1));
  CHECK(transcript.buffer.unfinished() == 2);
  transcript.take_chunk(ends("c"));
  transcript.take("y", ends_on(2));
  CHECK(transcript.since() == "s3 'whole'; shutdown; failed 'AB'; s1 'hello'; failed 'abc'; s2 'xy'");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("Where both generations are asked for, a failed message is told once by each") {
  FailedTranscript transcript;
  for (const auto& chunk : {begins("a"), goes_on("b"), ends("c")}) {
    transcript.take_old_chunk(chunk);
    transcript.take_chunk(chunk);
  }
  CHECK(transcript.since() == "failed 'abc'; failed 'abc'");
}

TEST_CASE("A chunk whose message's beginning is not known is told by itself") {
  FailedTranscript transcript;
  transcript.take_chunk(goes_on("el"));
  transcript.take_chunk(ends("lo"));
  CHECK(transcript.since() == "failed …'el'…; failed …'lo'");
  transcript.take_chunk(begins("A", AssociationId{6}));
  transcript.take_chunk(ends("lo"));
  transcript.take_chunk(ends("B", AssociationId{6}));
  CHECK(transcript.since() == "failed …'lo'; failed 'AB'");
}

TEST_CASE("A failed message whose end never comes is told when the next one begins") {
  FailedTranscript transcript;
  transcript.take_chunk(begins("cut"));
  SECTION("and goes on") {
    transcript.take_chunk(begins("hel"));
    CHECK(transcript.since() == "failed 'cut'…");
    transcript.take_chunk(ends("lo"));
    CHECK(transcript.since() == "failed 'hello'");
  }
  SECTION("and is whole") {
    transcript.take_chunk(whole("hello"));
    CHECK(transcript.since() == "failed 'cut'…; failed 'hello'");
  }
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE("A failed message over the limit is told to where it fits, and the next one whole") {
  FailedTranscript transcript{4096, 3000};
  const std::string chunk(1400, 'x');
  transcript.take_chunk(begins(chunk));
  for (int i = 0; i != 10; ++i) transcript.take_chunk(goes_on(chunk));
  CHECK(transcript.since().empty());
  transcript.take_chunk(ends("!"));
  CHECK(transcript.since() == "failed 2800*x…");
  transcript.take_chunk(begins(chunk));
  transcript.take_chunk(ends(chunk));
  transcript.take(std::string(3000, 'y'), ends_on(1));
  CHECK(transcript.since() == "failed 2800*x; s1 3000*y");
}

TEST_CASE("A peer that uses up the limit of all messages cuts none of ours that failed") {
  FailedTranscript transcript{1024, 20'000, 20'000};
  transcript.take(std::string(15'000, 'y'), begins_on(1));
  transcript.take_chunk(begins(std::string(1000, 'x')));
  for (int i = 0; i != 15; ++i) transcript.take_chunk(goes_on(std::string(1000, 'x')));
  transcript.take_chunk(ends("!"));
  transcript.take("!", ends_on(1));
  CHECK(transcript.since() == "failed 16001*x; s1 15001*y");
}

TEST_CASE("Without memory a failed message is told to where it fits") {
  FailedTranscript transcript;
  transcript.take_chunk(begins("hel"));
  const Record record = send_failed_event(goes_on(std::string(6000, 'x')));
  std::memcpy(transcript.buffer.prepare().data(), record.data(), record.size());
  Piece piece;
  piece.size = record.size();
  piece.is_notification = piece.end_of_record = true;
  std::error_code error;
  {
    const NoMemory none;
    static_cast<void>(transcript.buffer.commit(piece, error));
  }
  CHECK_FALSE(error);
  transcript.take_chunk(ends("lo"));
  transcript.take_chunk(whole("fine"));
  CHECK(transcript.since() == "failed 'hel'…; failed 'fine'");
}

TEST_CASE("Failed messages are joined after the event that their association was lost") {
  FailedTranscript transcript;
  transcript.take("open", begins_on(1));
  transcript.take_chunk(begins("a"));
  transcript.take_event(assoc_change(State::lost, {.association = ours}));
  transcript.take_chunk(ends("b"));
  transcript.take_chunk(begins("hel"));
  transcript.take_chunk(ends("lo"));
  CHECK(transcript.since() == "s1 aborted after 4; lost; failed 'ab'; failed 'hello'");
}

TEST_CASE("An aborted delivery, and a message without its information, leave failed messages alone") {
  FailedTranscript transcript;
  transcript.take_chunk(begins("hel"));
  transcript.take_event(partial_delivery_event(ours));
  transcript.take("??", Piece{});
  transcript.take_chunk(ends("lo"));
  CHECK(transcript.since() == "s0 aborted after 0; " + no_info + "; failed 'hello'");
}

TEST_CASE("Giving up tells what is known of failed messages, those over the limit too") {
  FailedTranscript transcript{1024, 4};
  transcript.take("open", begins_on(1));
  transcript.take_chunk(begins("hel"));
  transcript.take_chunk(begins("over", AssociationId{6}));
  transcript.take_chunk(goes_on("!", AssociationId{6}));
  transcript.buffer.abandon_unfinished();
  while (const auto event = transcript.buffer.next()) transcript.say(text(*event));
  CHECK(transcript.since() == "s1 aborted after 4; failed 'hel'…; failed 'over'…");
  CHECK(transcript.buffer.unfinished() == 0);
}

TEST_CASE(
    "Giving up one association tells what there is of its failed messages, and leaves those of others") {
  FailedTranscript transcript;
  transcript.take_chunk(begins("hel"));
  transcript.take_chunk(begins("oth", AssociationId{6}));
  transcript.buffer.abandon_unfinished(ours);
  while (const auto event = transcript.buffer.next()) transcript.say(text(*event));
  CHECK(transcript.since() == "failed 'hel'…");
  transcript.take_chunk(ends("er", AssociationId{6}));
  CHECK(transcript.since() == "failed 'other'");
}

TEST_CASE("Nothing is allocated for failed messages that are joined, once warm") {
  ReceiveBuffer buffer;
  const std::string payload(1400, 'x');
  const std::array records{send_failed_event(begins(payload)), send_failed_event(goes_on(payload)),
                           send_failed_event(ends(payload))};
  std::size_t told = 0;
  const auto join = [&] {
    for (const Record& record : records) {
      std::memcpy(buffer.prepare().data(), record.data(), record.size());
      Piece piece;
      piece.size = record.size();
      piece.is_notification = piece.end_of_record = true;
      std::error_code error;
      if (buffer.commit(piece, error)) ++told;
    }
  };
  for (int round = 0; round != 3; ++round) join();
  const AllocationCounter counter;
  for (int round = 0; round != 100; ++round) join();
  const std::size_t allocations = counter.count();
  CHECK(allocations == 0);
  CHECK(told == 103);
}

}  // namespace

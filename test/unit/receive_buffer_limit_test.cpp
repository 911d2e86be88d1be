// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <limits>
#include <string>

#include <sctpxx/ppid.hpp>
#include <sctpxx/receive_buffer.hpp>

#include "piece_transcript.hpp"
#include "support/catch.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

TEST_CASE("A message of exactly the limit is taken, in one piece and in several") {
  Transcript transcript{4096, 3000};
  transcript.take(std::string(3000, 'x'), ends_on(1));
  transcript.take(std::string(1500, 'y'), begins_on(1));
  transcript.take(std::string(1500, 'y'), ends_on(1));
  CHECK(transcript.since() == "s1 3000*x; s1 3000*y");
  CHECK(transcript.buffer.limit() == 3000);
}

TEST_CASE("A message of exactly the limit that comes whole is not copied") {
  ReceiveBuffer buffer{4096, 3000};
  const MutableBytes room = buffer.prepare();
  std::fill_n(room.begin(), 3000, std::byte{'x'});
  Piece piece = ends_on(1);
  piece.size = 3000;
  std::error_code error;
  const auto received = buffer.commit(piece, error);
  REQUIRE(received);
  CHECK(received->message()->payload.data() == room.data());
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

TEST_CASE("Whose message passed a limit is told, until another does") {
  Transcript transcript{4096, 3000};
  CHECK_FALSE(transcript.buffer.dropped());
  Piece culprit = ends_on(3, false, 9);
  culprit.ppid = ppid::ngap;
  transcript.take(std::string(3001, 'x'), culprit);
  transcript.take("fine", ends_on(1));
  auto dropped = transcript.buffer.dropped();
  REQUIRE(dropped);
  CHECK(dropped->association == AssociationId{9});
  CHECK(dropped->stream == StreamId{3});
  CHECK(dropped->ppid == ppid::ngap);
  CHECK(dropped->payload.empty());
  transcript.take(std::string(2000, 'x'), begins_on(4));
  transcript.take(std::string(2000, 'x'), begins_on(4));
  dropped = transcript.buffer.dropped();
  REQUIRE(dropped);
  CHECK(dropped->association == ours);
  CHECK(dropped->stream == StreamId{4});
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

TEST_CASE("An event is taken when messages hold all the memory that there is for them") {
  const std::string info(10'000, 'w');
  const Record lost = assoc_change(State::lost, {.association = AssociationId{6}, .info = info});
  PieceTranscript transcript{1024, 20'000, 20'000};
  for (int stream = 1; stream != 20; ++stream) transcript.take(std::string(4000, 'x'), begins_on(stream));
  CHECK(transcript.since().starts_with(over_limit));
  transcript.take_event(lost);
  transcript.take_event(lost, 100);
  transcript.take_event_pieces(lost, 100);
  transcript.take_event_pieces(lost, 20'000);
  const std::string told = "lost '" + info + "'";
  CHECK(transcript.since() == told + "; " + told + "; " + told + "; " + told);
  for (int stream = 1; stream != 20; ++stream) transcript.take("!", ends_on(stream));
  CHECK(transcript.since().starts_with("s1 4001*x; s2 4001*x"));
}

TEST_CASE("An event of any size that the kernel has is taken, whatever the limits for messages say") {
  const std::string info(65'532, 'w');
  const Record lost = assoc_change(State::lost, {.association = ours, .info = info});
  PieceTranscript transcript{0, 0, 0};
  for (int round = 0; round != 3; ++round) {
    transcript.take_event(lost);
    transcript.take_event_pieces(lost);
    CHECK(transcript.since() == "lost '" + info + "'; lost '" + info + "'");
  }
}

TEST_CASE("An event without an end is an error once, is never taken for another, and the next one is whole") {
  const bool by_pieces = GENERATE(false, true);
  PieceTranscript transcript{1024};
  Record endless;
  while (endless.size() < 1'000'000) {
    const Record shutdown = shutdown_event(ours);
    endless.insert(endless.end(), shutdown.begin(), shutdown.end());
  }
  const auto take = [&](const Record& record) {
    by_pieces ? transcript.take_event_pieces(record, 120) : transcript.take_event(record, 120);
  };
  transcript.take("hel", begins_on(1));
  take(endless);
  CHECK(transcript.since() == over_limit);
  take(shutdown_event(ours));
  transcript.take("lo", ends_on(1));
  CHECK(transcript.since() == "shutdown; s1 'hello'");
  CHECK(transcript.buffer.footprint() < 500'000);
}

TEST_CASE("A small message in pieces is taken where the limits are small, too") {
  Transcript transcript{1024, 100, 100};
  transcript.take("hel", begins_on(1));
  transcript.take("lo", ends_on(1));
  CHECK(transcript.since() == "s1 'hello'");
  transcript.take(std::string(60, 'x'), begins_on(1));
  transcript.take(std::string(60, 'x'), ends_on(1));
  CHECK(transcript.since() == over_limit);
}

TEST_CASE("Memory that aborted messages held is there for others again") {
  const std::string by = GENERATE("the end of their association", "the kernel's events", "giving up");
  CAPTURE(by);
  Transcript transcript{1024, 20'000, 40'000};
  const Record lost = assoc_change(State::lost, {.association = ours, .info = "why"});
  for (int round = 0; round != 50; ++round) {
    for (int stream = 1; stream != 5; ++stream) transcript.take(std::string(3000, 'x'), begins_on(stream));
    CHECK(transcript.since().empty());
    if (by == "the end of their association") {
      transcript.take_event(lost, round % 2 == 0 ? 7 : 1000);
    } else if (by == "the kernel's events") {
      for (std::uint16_t stream = 1; stream != 5; ++stream) {
        transcript.take_event(partial_delivery_event(ours, StreamId{stream}));
      }
    } else {
      transcript.buffer.abandon_unfinished();
      while (const auto event = transcript.buffer.next()) transcript.say(describe(*event));
    }
    const std::string aborted =
        "s1 aborted after 3000; s2 aborted after 3000; s3 aborted after 3000; s4 aborted after 3000";
    CHECK(transcript.since().starts_with(aborted));
    if (transcript.buffer.footprint() > 100'000) FAIL(transcript.buffer.footprint());
  }
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

TEST_CASE("Memory that messages have left behind does not come on top of what the limits allow") {
  constexpr std::size_t total = 1 << 20;
  Transcript transcript{1024, total / 4, total};
  const auto check_footprint = [&] {
    // The message that is handed out, and the table.
    const std::size_t most = total + total / 4 + 8 * 1024 + transcript.buffer.unfinished() * 1024;
    if (transcript.buffer.footprint() > most) FAIL(transcript.buffer.footprint());
  };
  const std::string large(100'000, 'x');
  for (int stream = 0; stream != 8; ++stream) transcript.take(large, begins_on(stream));
  for (int stream = 0; stream != 8; ++stream) transcript.take("!", ends_on(stream));
  CHECK(transcript.since().find(over_limit) == std::string::npos);
  SECTION("when larger ones follow") {
    const std::string larger(250'000, 'y');
    for (int stream = 0; stream != 3; ++stream) {
      transcript.take(larger, begins_on(stream));
      check_footprint();
    }
    for (int stream = 0; stream != 3; ++stream) transcript.take("!", ends_on(stream));
    CHECK(transcript.since() == "s0 250001*y; s1 250001*y; s2 250001*y");
  }
  SECTION("when small ones follow") {
    for (int stream = 0; stream != 200; ++stream) {
      transcript.take("x", begins_on(stream));
      check_footprint();
    }
    CHECK(transcript.since().empty());
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

}  // namespace

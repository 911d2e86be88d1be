// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <string>
#include <utility>

#include <sctpxx/receive_buffer.hpp>

#include "support/catch.hpp"
#include "transcript.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

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
  for (int stream = 0; stream != 100; ++stream) transcript.take("x", begins_on(stream));
  for (int stream = 0; stream != 99; ++stream) transcript.take("y", ends_on(stream));
  transcript.since();
  transcript.take_event(assoc_change(State::lost, {.association = ours, .info = "because"}));
  CHECK(transcript.since() == "s99 aborted after 1; lost 'because'");
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

TEST_CASE("Giving up one association reports its unfinished messages, and leaves those of others") {
  Transcript transcript;
  transcript.buffer.abandon_unfinished(ours);  // before there was anything
  transcript.take("a", begins_on(1));
  transcript.take("bb", begins_on(1, true));
  transcript.take("oth", begins_on(1, false, 6));
  transcript.take_event(shutdown_event(ours));
  CHECK(transcript.since() == "shutdown");
  transcript.buffer.abandon_unfinished(ours);
  while (const auto received = transcript.buffer.next()) transcript.say(describe(*received));
  CHECK(transcript.since() == "s1 aborted after 1; s1u aborted after 2");
  CHECK(transcript.buffer.unfinished() == 1);
  transcript.take("er", ends_on(1, false, 6));
  transcript.take("new", ends_on(1));
  CHECK(transcript.since() == "s1 'other'; s1 'new'");
  CHECK(transcript.buffer.unfinished() == 0);
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

// Who began a shutdown

/// "5 by the peer"
std::string who(const Received& received) {
  const auto* change = std::get_if<AssociationChange>(received.notification());
  return change == nullptr ? describe(received)
                           : to_string(change->association) + " " + to_string(change->end);
}

Record shut_down(int association) {
  return assoc_change(State::shutdown_complete, {.association = AssociationId{association}});
}

TEST_CASE("A shutdown that the peer began is told as the peer's, and another as ours") {
  Transcript transcript;
  transcript.teller = who;
  transcript.take_event(shutdown_event(AssociationId{5}));
  transcript.take_event(shut_down(6));
  transcript.take_event(shut_down(5));
  CHECK(transcript.since() == "shutdown; 6 by us; 5 by the peer");
  transcript.take_event(shut_down(5));
  CHECK(transcript.since() == "5 by us");
}

TEST_CASE("A shutdown that the peer began is told as the peer's after each message that it cut off") {
  Transcript transcript;
  transcript.teller = who;
  transcript.take("hel", begins_on(1));
  transcript.take_event(shutdown_event(AssociationId{5}));
  transcript.take_event(shut_down(5), 7);
  CHECK(transcript.since() == "shutdown; s1 aborted after 3; 5 by the peer");
}

TEST_CASE("A shutdown that did not come to its end says nothing of the next association with that number") {
  using enum State;
  const State between = GENERATE(up, restarted, lost, cannot_start);
  Transcript transcript;
  transcript.teller = who;
  transcript.take_event(shutdown_event(AssociationId{5}));
  transcript.take_event(shutdown_event(AssociationId{6}));
  transcript.take_event(assoc_change(between, {.association = AssociationId{5}}));
  transcript.since();
  transcript.take_event(shut_down(5));
  transcript.take_event(shut_down(6));
  CHECK(transcript.since() == "5 by us; 6 by the peer");
}

TEST_CASE("Only an end by shutdown is told as the peer's shutdown") {
  Transcript transcript;
  transcript.teller = who;
  transcript.take_event(shutdown_event(AssociationId{5}));
  transcript.take_event(assoc_change(
      State::lost, {.association = AssociationId{5}, .cause = Cause::user_initiated_abort, .info = "x"}));
  CHECK(transcript.since() == "shutdown; 5 aborted by the peer");
}

TEST_CASE("Who began their shutdown is known of many associations at once") {
  Transcript transcript;
  transcript.teller = who;
  for (int number = 1; number <= 1000; ++number) {
    if (number % 3 == 0) transcript.take_event(shutdown_event(AssociationId{number}));
  }
  transcript.since();
  for (int number = 1000; number != 0; --number) {
    transcript.take_event(shut_down(number));
    if (transcript.since() != std::to_string(number) + (number % 3 == 0 ? " by the peer" : " by us"))
      FAIL(number);
  }
}

TEST_CASE("Shutdowns whose end is told elsewhere cost no more than so much memory") {
  Transcript transcript;
  for (int number = 1; number <= 50'000; ++number) {
    transcript.take_event(shutdown_event(AssociationId{number}));
    transcript.said.clear();
  }
  transcript.teller = who;
  transcript.take_event(shut_down(50'000));
  transcript.take_event(shut_down(46'000));
  transcript.take_event(shut_down(1));
  CHECK(transcript.since() == "50000 by the peer; 46000 by the peer; 1 by us");
}

TEST_CASE("A buffer that was moved knows who began the shutdown") {
  Transcript from;
  from.take_event(shutdown_event(AssociationId{5}));
  Transcript to;
  to.teller = who;
  to.buffer = std::move(from.buffer);
  to.take_event(shut_down(5));
  CHECK(to.since() == "5 by the peer");
  from.since();
  from.teller = who;
  from.take_event(shut_down(5));
  CHECK(from.since() == "5 by us");
}

}  // namespace

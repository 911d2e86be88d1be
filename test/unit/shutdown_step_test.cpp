// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <string>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/shutdown.hpp>

#include "many.hpp"
#include "support/records.hpp"
#include "support/told.hpp"

/// Shutdown and ShutdownAll, step by step.
namespace {

using namespace sctp;
using namespace sctp::test;
using End = AssociationChange::End;
using Next = Shutdown::Next;
using enum AssociationChange::State;

struct One {
  FakeKernel kernel;
  OneToOneSocket socket{OneToOneSocket::adopt(kernel.open())};
  ReceiveBuffer buffer;
  std::vector<std::string> messages;
  int events = 0;
  std::error_code error;

  One() {
    kernel.association_is_up(AssociationId{7});
    kernel.descriptor(socket.fd()).peer = Address::parse("192.0.2.1:3868");
    kernel.forget_calls();
  }
  Next step(Shutdown& shutdown) {
    return shutdown.step(
        buffer,
        [this](const Received& received) {
          if (received.message() != nullptr) messages.push_back(text_of(received));
          if (received.notification() != nullptr) ++events;
        },
        error);
  }
  void ends() {
    kernel.receives(event(assoc_change(shutdown_complete)));
    kernel.association_is_gone();
    kernel.descriptor(socket.fd()).associations.clear();
  }
};

TEST_CASE("The steps of a shutdown never wait, and leave the socket open") {
  One test;
  Shutdown shutdown{test.socket.association()};
  CHECK(test.step(shutdown) == Next::wait_readable);
  test.kernel.receives(piece("one").end());
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.messages == std::vector<std::string>{"one"});
  CHECK(test.step(shutdown) == Next::wait_readable);
  CHECK_FALSE(shutdown.is_gone());
  test.ends();
  CHECK(test.step(shutdown) == Next::again);
  CHECK(shutdown.is_gone());
  CHECK(test.step(shutdown) == Next::done);
  CHECK(shutdown.end() == End::own_shutdown);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::shutdown) == 1);
  CHECK(test.kernel.count(Call::poll) == 0);
  CHECK(test.socket.is_open());
}

TEST_CASE("Between the end of the peer's stream and that of the association the steps ask for a moment") {
  One test;
  Shutdown shutdown{test.socket.association()};
  test.kernel.ends_stream();
  CHECK(test.step(shutdown) == Next::wait_a_moment);
  CHECK(test.step(shutdown) == Next::wait_a_moment);
  test.ends();
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.step(shutdown) == Next::done);
  CHECK(shutdown.end() == End::own_shutdown);
}

TEST_CASE("Behind the beginning of a message the steps do not rely on an event that tells of the end") {
  One test;
  Shutdown shutdown{test.socket.association()};
  test.kernel.receives(piece("begin"));
  CHECK(test.step(shutdown) == Next::wait_a_moment);
  CHECK_FALSE(shutdown.is_gone());
  test.kernel.association_is_gone();
  test.kernel.descriptor(test.socket.fd()).associations.clear();
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.events == 1);  // what had begun is given up
  CHECK(test.buffer.unfinished() == 0);
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.events == 2);
  CHECK(shutdown.is_gone());
  CHECK(test.step(shutdown) == Next::done);
  CHECK(shutdown.end() == End::untold);
  CHECK_FALSE(test.error);
}

TEST_CASE("Nor do they behind the beginning of a message of ours that failed") {
  One test;
  Shutdown shutdown{test.socket.association()};
  test.kernel.receives(event(
      send_failed_event({.begins = true, .ends = false, .association = AssociationId{7}, .payload = "x"})));
  CHECK(test.step(shutdown) == Next::wait_a_moment);
  test.kernel.association_is_gone();
  test.kernel.descriptor(test.socket.fd()).associations.clear();
  CHECK(test.step(shutdown) == Next::again);  // an event may have come since
  CHECK(shutdown.is_gone());
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.events == 1);
  CHECK(test.step(shutdown) == Next::done);
  CHECK(test.buffer.unfinished() == 0);
}

TEST_CASE("A message that cannot be received does not end the steps, and its error stays told") {
  One test;
  test.buffer = ReceiveBuffer{1024, 3};
  Shutdown shutdown{test.socket.association()};
  test.kernel.receives(piece("four").end());
  test.kernel.receives(piece("two").end());
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.error == Errc::message_exceeds_limit);
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.messages == std::vector<std::string>{"two"});
  CHECK(test.error == Errc::message_exceeds_limit);
}

TEST_CASE("A shutdown that cannot begin says so; one of what has ended has what is left to hand out") {
  One test;
  SECTION("an error") {
    test.kernel.fail_next(Call::shutdown, EIO);
    CHECK_THROWS_WITH(Shutdown{test.socket.association()},
                      "cannot shut down the association with 192.0.2.1:3868: Input/output error");
  }
  SECTION("ended already") {
    test.kernel.fail_next(Call::shutdown, ENOTCONN);
    test.kernel.receives(piece("left").end());
    test.ends();
    Shutdown shutdown{test.socket.association()};
    CHECK(shutdown.is_gone());
    CHECK(test.step(shutdown) == Next::again);
    CHECK(test.step(shutdown) == Next::again);
    CHECK(test.step(shutdown) == Next::done);
    CHECK(test.messages == std::vector<std::string>{"left"});
    CHECK(shutdown.end() == End::own_shutdown);
  }
}

TEST_CASE("The steps end where the socket says again and again that there is no association") {
  const auto [reason, end] = GENERATE(values<std::pair<int, End>>({{ECONNRESET, End::peer_abort},
                                                                   {ECONNABORTED, End::own_abort},
                                                                   {ETIMEDOUT, End::timeout},
                                                                   {ENOTCONN, End::none},
                                                                   {EPIPE, End::none},
                                                                   {ESHUTDOWN, End::none}}));
  CAPTURE(reason);
  One test;
  test.kernel.receives(piece("left").end());
  Shutdown shutdown{test.socket.association()};
  CHECK(test.step(shutdown) == Next::again);
  test.kernel.forget_calls();
  for (std::size_t position = 0; position != 100; ++position) test.kernel.fail_at(position, reason);
  Next next{};
  for (int steps = 0; steps != 5 && (next = test.step(shutdown)) == Next::again; ++steps) {
  }
  CHECK(next == Next::done);
  CHECK(shutdown.end() == end);
  CHECK_FALSE(test.error);
  CHECK(test.messages == std::vector<std::string>{"left"});
}

TEST_CASE("What comes behind the error of a loss is handed out by the steps") {
  One test;
  Shutdown shutdown{test.socket.association()};
  test.kernel.fail_next(Call::recvmsg, ECONNRESET);
  test.kernel.receives(piece("left").end());
  test.ends();
  while (test.step(shutdown) == Next::again) {
  }
  CHECK(test.messages == std::vector<std::string>{"left"});
  CHECK_FALSE(test.error);
}

TEST_CASE("The event of a setup that failed before is no end of the association that came up after it") {
  One test;
  test.kernel.receives(event(assoc_change(cannot_start)));
  test.kernel.receives(event(assoc_change(up)));
  const bool ended = GENERATE(false, true);
  if (ended) {
    test.kernel.fail_next(Call::shutdown, ENOTCONN);
    test.kernel.association_is_gone();
  }
  Shutdown shutdown{test.socket.association()};
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.step(shutdown) == Next::again);
  CHECK(test.events == 2);
  CHECK(shutdown.is_gone() == ended);
  if (!ended) {
    CHECK(test.step(shutdown) == Next::wait_readable);
    test.ends();
    CHECK(test.step(shutdown) == Next::again);
  }
  CHECK(test.step(shutdown) == Next::done);
  CHECK(shutdown.end() == (ended ? End::none : End::own_shutdown));
}

TEST_CASE("Of several ends that are told of an association the first counts") {
  One test;
  Shutdown shutdown{test.socket.association()};
  test.kernel.receives(event(assoc_change(lost, {.info = "why"})));
  test.ends();
  while (test.step(shutdown) == Next::again) {
  }
  CHECK(test.events == 2);
  CHECK(shutdown.end() == End::peer_abort);
}

TEST_CASE("The steps of a shutdown of all end with the last association, and let none in") {
  Many test{seven, eight};
  test.socket.listen();
  ShutdownAll shutdown{test.socket};
  CHECK_FALSE(test.descriptor().backlog);
  CHECK(test.sent_with(SCTP_EOF) == 2);
  std::vector<AssociationId> ends;
  const auto hear = [&](const Received& received) {
    ends.push_back(std::get<AssociationChange>(*received.notification()).association);
  };
  const auto step = [&] { return shutdown.step(test.buffer, hear, test.error); };
  CHECK(step() == Next::wait_readable);
  for (const AssociationId id : {eight, seven}) {
    test.kernel.association_ends(test.fd, id);
    test.kernel.receives(event(assoc_change(shutdown_complete, {.association = id})));
    CHECK(step() == Next::again);
  }
  CHECK(step() == Next::again);  // an event may have come since
  CHECK(step() == Next::done);
  CHECK_FALSE(test.error);
  CHECK(ends == std::vector<AssociationId>{eight, seven});
  CHECK(test.kernel.count(Call::poll) == 0);
  CHECK(test.socket.is_open());
}

TEST_CASE("A shutdown of all that has received a message's beginning looks for itself who is there") {
  Many test{seven};
  ShutdownAll shutdown{test.socket};
  std::vector<std::string> heard;
  const auto hear = [&](const Received& received) { heard.push_back(to_string(*received.notification())); };
  const auto step = [&] { return shutdown.step(test.buffer, hear, test.error); };
  test.kernel.receives(piece("begin").of(seven));
  CHECK(step() == Next::wait_a_moment);
  test.kernel.association_ends(test.fd, seven);
  CHECK(step() == Next::again);
  CHECK(heard.size() == 1);  // what had begun is given up
  CHECK(step() == Next::again);
  CHECK(heard.size() == 2);
  CHECK(step() == Next::again);  // another event may have come since
  CHECK(step() == Next::done);
  CHECK(test.buffer.unfinished() == 0);
  CHECK_FALSE(test.error);
}

TEST_CASE("A shutdown of all that cannot list them says so") {
  Many test{seven};
  test.kernel.fail_next(Call::getsockopt, ENOBUFS);
  CHECK_THROWS_AS(ShutdownAll{test.socket}, std::system_error);
}

}  // namespace

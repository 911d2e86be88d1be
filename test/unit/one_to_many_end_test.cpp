// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>

#include "many.hpp"
#include "native.hpp"
#include "support/records.hpp"
#include "sys.hpp"

/// OneToManySocket::shutdown_all.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;
using End = AssociationChange::End;
using enum AssociationChange::State;

struct EndingAll : Many {
  std::vector<std::string> messages;
  std::vector<std::pair<AssociationId, End>> ends;

  explicit EndingAll(std::initializer_list<AssociationId> associations = {seven, eight, nine})
      : Many{associations} {
    socket.listen();
    kernel.forget_calls();
  }

  void hear(const Received& received) {
    if (received.message() != nullptr) messages.push_back(text_of(received));
    if (const auto* change = std::get_if<AssociationChange>(received.notification())) {
      ends.emplace_back(change->association, change->end);
    }
  }
  std::size_t shutdown_all(const Patience& patience = {}) {
    return socket.shutdown_all(
        buffer, patience, [&](const Received& received) { hear(received); }, error);
  }
  void all_answer() {
    for (auto& [id, association] : descriptor().associations) association.peer_answers_shutdown = true;
  }
};

TEST_CASE("All associations are ended in order, none comes in any more, and all that comes is handed over") {
  EndingAll test;
  test.all_answer();
  test.kernel.receives(piece("one").of(seven).end());
  test.kernel.receives(piece("two").of(eight).end());
  CHECK(test.shutdown_all() == 0);
  CHECK_FALSE(test.error);
  CHECK(test.messages == std::vector<std::string>{"one", "two"});
  CHECK(test.ends == std::vector<std::pair<AssociationId, End>>{
                         {seven, End::own_shutdown}, {eight, End::own_shutdown}, {nine, End::own_shutdown}});
  CHECK_FALSE(test.descriptor().backlog);
  CHECK(test.sent_with(SCTP_EOF) == 3);
  CHECK(test.sent_with(SCTP_ABORT) == 0);
  CHECK(test.descriptor().associations.empty());
  CHECK(test.kernel.queue.empty());
  CHECK(test.socket.is_open());
}

TEST_CASE("Associations whose end takes its time are waited for") {
  EndingAll test;
  for (const AssociationId id : {eight, nine, seven}) {
    test.kernel.while_waiting([&test, id] {
      test.kernel.association_ends(test.fd, id);
      test.kernel.receives(event(assoc_change(shutdown_complete, {.association = id})));
    });
  }
  CHECK(test.shutdown_all(1h) == 0);
  CHECK_FALSE(test.error);
  CHECK(test.ends.size() == 3);
  CHECK(test.sent_with(SCTP_EOF) == 3);
}

TEST_CASE("When the patience is over the rest is aborted, and its ends are handed over") {
  EndingAll test;
  test.of(eight).peer_answers_shutdown = true;
  const long long began = test.kernel.now;
  CHECK(test.shutdown_all(250ms) == 2);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - began == 250);
  CHECK(test.ends == std::vector<std::pair<AssociationId, End>>{
                         {eight, End::own_shutdown}, {seven, End::own_abort}, {nine, End::own_abort}});
  CHECK(test.descriptor().associations.empty());
  CHECK(test.kernel.queue.empty());
}

TEST_CASE("An association that ends by itself when the rest is aborted is not counted with that") {
  EndingAll test;
  test.kernel.while_waiting([&] {
    test.kernel.advance(250);
    test.kernel.fail_next(Call::sendmsg, EINVAL);  // the first to be aborted is gone since they were listed
    test.kernel.receives(event(assoc_change(lost, {.association = seven, .info = "why"})));
  });
  CHECK(test.shutdown_all(250ms) == 2);
  CHECK_FALSE(test.error);
  CHECK(test.ends == std::vector<std::pair<AssociationId, End>>{
                         {seven, End::peer_abort}, {eight, End::own_abort}, {nine, End::own_abort}});
}

TEST_CASE("Behind the beginning of a message a shutdown of all looks again soon, since no event may tell") {
  EndingAll test{seven};
  test.kernel.receives(piece("begin").of(seven));
  test.kernel.while_waiting([&] { test.kernel.association_ends(test.fd, seven); });
  CHECK(test.shutdown_all() == 0);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.poll_timeouts == std::vector{10});
  CHECK(test.buffer.unfinished() == 0);
}

TEST_CASE("Peers that go on sending do not outlast the patience of a shutdown of all") {
  EndingAll test;
  int messages = 0;
  const auto send_more = [&](const Received& received) {
    if (received.message() == nullptr || ++messages == 1000 || test.descriptor().associations.empty()) return;
    test.kernel.advance(50);
    test.kernel.receives(piece("more").of(seven).end());
  };
  test.kernel.receives(piece("first").of(seven).end());
  CHECK(test.socket.shutdown_all(test.buffer, 250ms, send_more, test.error) == 3);
  CHECK(messages < 10);
}

TEST_CASE("A shutdown of all that is woken aborts, and hands over what is there all the same") {
  EndingAll test;
  Waker waker;
  SECTION("before") {
    waker.wake();
    test.kernel.receives(piece("one").of(seven).end());
  }
  SECTION("meanwhile") {
    test.kernel.while_waiting([&] {
      waker.wake();
      test.kernel.receives(piece("one").of(seven).end());
    });
  }
  CHECK(test.shutdown_all(waker) == 3);
  CHECK_FALSE(test.error);
  CHECK(test.messages == std::vector<std::string>{"one"});
  CHECK(test.ends.size() == 3);
  CHECK(test.kernel.queue.empty());
}

TEST_CASE("An association that was being set up when the others were told to end is told, too") {
  EndingAll test{seven};
  test.all_answer();
  test.kernel.while_waiting([&] {});
  test.of(eight);
  SECTION("it is in the list") { test.of(eight).state = SCTP_COOKIE_ECHOED; }
  SECTION("it comes up later") {
    test.kernel.association_ends(test.fd, eight);
    test.kernel.association_ends(test.fd, seven);
    test.of(seven);
    test.kernel.while_waiting([&] {
      test.of(eight).peer_answers_shutdown = true;
      test.kernel.receives(event(assoc_change(up, {.association = eight})));
      test.kernel.association_ends(test.fd, seven);
      test.kernel.receives(event(assoc_change(shutdown_complete, {.association = seven})));
    });
  }
  SECTION("what it said of its coming up was not read yet") {
    test.of(eight).peer_answers_shutdown = true;
    test.kernel.receives(event(assoc_change(up, {.association = eight})));
  }
  CHECK(test.shutdown_all(1s) == 0);
  CHECK_FALSE(test.error);
  CHECK(test.descriptor().associations.empty());
  CHECK(test.kernel.queue.empty());
  test.kernel.meanwhile.clear();
}

TEST_CASE("A socket without associations is done, and what was left on it is handed over") {
  EndingAll test{std::initializer_list<AssociationId>{}};
  test.kernel.receives(piece("last").of(seven).end());
  test.kernel.receives(event(assoc_change(lost, {.association = seven, .info = "why"})));
  CHECK(test.shutdown_all() == 0);
  CHECK_FALSE(test.error);
  CHECK(test.messages == std::vector<std::string>{"last"});
  CHECK(test.ends == std::vector<std::pair<AssociationId, End>>{{seven, End::peer_abort}});
}

TEST_CASE("A message that cannot be received does not end a shutdown of all, and is told at last") {
  EndingAll test;
  test.all_answer();
  test.buffer = ReceiveBuffer{1024, 8};
  test.kernel.receives(piece("one").of(seven).end());
  test.kernel.receives(piece("larger than that").of(seven).end());
  test.kernel.receives(piece("no info").carrying(Arrival::Control::none).end());
  test.kernel.receives(piece("two").of(seven).end());
  SECTION("with an error code") {
    CHECK(test.shutdown_all() == 0);
    CHECK(test.error == Errc::message_exceeds_limit);
  }
  SECTION("with an exception") {
    CHECK_THROWS_WITH(
        test.socket.shutdown_all(test.buffer, {}, [&](const Received& one) { test.hear(one); }),
        StartsWith("cannot receive from any peer of 192.0.2.9:3868: a message passed the limit of its "));
  }
  CHECK(test.messages == std::vector<std::string>{"one", "two"});
  CHECK(test.ends.size() == 3);
  CHECK(test.kernel.queue.empty());
}

TEST_CASE("A message that cannot be received after the last association has ended is told, too") {
  EndingAll test{std::initializer_list<AssociationId>{}};
  test.buffer = ReceiveBuffer{1024, 8};
  test.kernel.receives(piece("larger than that").of(seven).end());
  test.kernel.receives(piece("two").of(seven).end());
  CHECK(test.shutdown_all() == 0);
  CHECK(test.error == Errc::message_exceeds_limit);
  CHECK(test.messages == std::vector<std::string>{"two"});
}

TEST_CASE("A shutdown of all in the throwing form answers how many it aborted, too") {
  EndingAll test;
  test.of(eight).peer_answers_shutdown = true;
  CHECK(test.socket.shutdown_all(test.buffer, 250ms, [&](const Received& one) { test.hear(one); }) == 2);
  CHECK(test.ends.size() == 3);
}

TEST_CASE("A shutdown of all that cannot go on is told") {
  EndingAll test;
  const auto [call, failure] =
      GENERATE(values<std::pair<Call, int>>({{Call::recvmsg, EIO}, {Call::poll, ENOMEM}}));
  test.kernel.fail_next(call, failure);
  CHECK(test.shutdown_all() == 0);
  CHECK(test.error.value() == failure);
}

TEST_CASE("A shutdown of all that cannot list them says so, and lasts no longer than the patience") {
  EndingAll test;
  test.kernel.fail_at(1, EDQUOT);
  CHECK(test.shutdown_all(250ms) == 3);
  CHECK(test.error.value() == EDQUOT);
  CHECK(test.descriptor().associations.empty());
}

TEST_CASE("What a handler throws comes out of a shutdown of all") {
  EndingAll test;
  test.all_answer();
  const auto refuse = [](const Received&) { throw std::runtime_error{"no"}; };
  CHECK_THROWS_WITH(test.socket.shutdown_all(test.buffer, {}, refuse, test.error), "no");
}

}  // namespace

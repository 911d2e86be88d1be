// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_batch.hpp>

#include <cerrno>
#include <string>
#include <vector>

#include <sctpxx/ppid.hpp>

#include "many.hpp"
#include "support/allocation_counter.hpp"

/// Many messages with one system call.
namespace {

using namespace sctp;
using namespace sctp::test;

struct Batch : Many {
  SendBatch batch;

  Batch() : Many{{seven, eight}} {}

  std::vector<std::string> sent() {
    std::vector<std::string> texts;
    for (const Sent& one : kernel.sent) texts.push_back(one.data);
    return texts;
  }
};
using Texts = std::vector<std::string>;

Bytes text_for(AssociationId id) { return as_bytes(id == seven ? "7" : "8"); }

TEST_CASE("Up to 64 messages go with one system call") {
  const auto [messages, calls] =
      GENERATE(table<std::size_t, std::size_t>({{1, 1}, {16, 1}, {64, 1}, {65, 2}, {200, 4}}));
  Batch test;
  for (std::size_t i = 0; i != messages; ++i) CHECK(test.batch.add(seven, as_bytes("hello")) == i);
  CHECK(test.batch.waiting() == messages);
  CHECK(test.batch.send(test.socket));
  CHECK(test.batch.waiting() == 0);
  CHECK(test.batch.size() == messages);
  CHECK(test.batch.failed() == 0);
  CHECK(test.kernel.sent.size() == messages);
  CHECK(test.kernel.count(Call::sendmmsg) == calls);
  CHECK(test.kernel.total() == calls);
}

TEST_CASE("Each message of a batch goes to its association, as its options say") {
  Batch test;
  test.batch.add(seven, as_bytes("one"),
                 {.stream = StreamId{3}, .ppid = ppid::ngap, .unordered = true, .context = 5});
  test.batch.add(eight, as_bytes("two"),
                 {.reliability = Reliability::lifetime(std::chrono::milliseconds{200})});
  CHECK(test.batch.send(test.socket));
  REQUIRE(test.sent() == Texts{"one", "two"});
  const Sent& one = test.kernel.sent[0];
  CHECK(one.association == 7);
  CHECK(one.stream == 3);
  CHECK(one.info_flags == SCTP_UNORDERED);
  CHECK(one.context == 5);
  CHECK(one.ppid_on_the_wire == std::array<std::uint8_t, 4>{0, 0, 0, 60});
  CHECK_FALSE(one.reliability);
  CHECK((one.flags & MSG_DONTWAIT) != 0);
  const Sent& two = test.kernel.sent[1];
  CHECK(two.association == 8);
  CHECK(two.info_flags == 0);
  REQUIRE(two.reliability);
  CHECK(two.reliability->policy == SCTP_PR_SCTP_TTL);
  CHECK(two.reliability->value == 200);
}

TEST_CASE("A message that fails has its error, and the others are sent") {
  Batch test;
  test.of(eight).send_fails = EPIPE;
  for (const AssociationId id : {seven, eight, nine, seven, eight}) test.batch.add(id, text_for(id));
  CHECK(test.batch.try_send(test.socket));
  CHECK(test.sent() == Texts{"7", "7"});
  CHECK(test.batch.failed() == 3);
  CHECK_FALSE(test.batch.error(0));
  CHECK(test.batch.error(1) == std::errc::broken_pipe);
  CHECK(test.batch.error(2));
  CHECK_FALSE(test.batch.error(3));
  CHECK(test.batch.error(4) == std::errc::broken_pipe);
}

TEST_CASE("An empty message fails by itself, without a system call") {
  Batch test;
  test.batch.add(seven, as_bytes("one"));
  test.batch.add(seven, {});
  test.batch.add(seven, as_bytes("two"));
  CHECK(test.batch.try_send(test.socket));
  CHECK(test.sent() == Texts{"one", "two"});
  CHECK(test.batch.error(1) == Errc::empty_message);
  CHECK(test.kernel.total() == 2);
}

TEST_CASE("A message of a batch that is refused is told why") {
  Batch test;
  test.of(seven).streams_out = 2;
  test.of(seven).send_fails = EINVAL;
  test.batch.add(seven, as_bytes("hello"), {.stream = StreamId{2}});
  CHECK(test.batch.try_send(test.socket));
  CHECK(test.batch.error(0) == Errc::no_such_stream);
}

TEST_CASE("What finds no room waits with all that is behind it, and goes on later") {
  Batch test;
  test.of(eight).send_fails = EAGAIN;
  for (const AssociationId id : {seven, eight, seven}) test.batch.add(id, text_for(id));
  CHECK_FALSE(test.batch.try_send(test.socket));
  CHECK(test.sent() == Texts{"7"});
  CHECK(test.batch.waiting() == 2);
  CHECK_FALSE(test.batch.try_send(test.socket));
  test.of(eight).send_fails = 0;
  CHECK(test.batch.try_send(test.socket));
  CHECK(test.sent() == Texts{"7", "8", "7"});
  CHECK(test.batch.failed() == 0);
}

TEST_CASE("Sending a batch waits for room, as long as the patience lasts") {
  Batch test;
  test.of(seven).send_fails = EAGAIN;
  test.batch.add(seven, as_bytes("one"));
  SECTION("which comes") {
    test.kernel.while_waiting([&] { test.of(seven).send_fails = 0; });
    CHECK(test.batch.send(test.socket));
    CHECK(test.sent() == Texts{"one"});
  }
  SECTION("which does not come in time") {
    CHECK_FALSE(test.batch.send(test.socket, std::chrono::milliseconds{50}));
    CHECK(test.batch.waiting() == 1);
  }
  SECTION("or cannot wait") {
    test.kernel.fail_next(Call::poll, EDQUOT, 2);
    CHECK_FALSE(test.batch.send(test.socket, {}, test.error));
    CHECK(test.error.value() == EDQUOT);
    CHECK_THROWS_AS(test.batch.send(test.socket), std::system_error);
    CHECK(test.batch.waiting() == 1);
  }
}

TEST_CASE("Sending a batch is repeated when a signal interrupts it") {
  Batch test;
  test.kernel.fail_next(Call::sendmmsg, EINTR, 2);
  test.batch.add(seven, as_bytes("one"));
  CHECK(test.batch.try_send(test.socket));
  CHECK(test.sent() == Texts{"one"});
  CHECK(test.kernel.count(Call::sendmmsg) == 3);
}

TEST_CASE("A message for a path goes by itself, in its place") {
  Batch test;
  const Address path = Address::v4({192, 0, 2, 1}, 3868);
  test.of(seven).addresses = {path};
  test.batch.add(seven, as_bytes("one"));
  test.batch.add(seven, as_bytes("two"), {.path = path});
  test.batch.add(seven, as_bytes("three"), {.path = Address::v4({192, 0, 2, 77}, 3868)});
  test.batch.add(seven, as_bytes("four"));
  CHECK(test.batch.try_send(test.socket));
  CHECK(test.sent() == Texts{"one", "two", "four"});
  CHECK(test.kernel.sent[1].destination == path);
  CHECK(test.batch.error(2) == Errc::no_such_path);
}

TEST_CASE("A message for a path that finds no room waits with all that is behind it, and goes on later") {
  Batch test;
  const Address path = Address::v4({192, 0, 2, 1}, 3868);
  test.of(seven).addresses = {path};
  test.batch.add(seven, as_bytes("one"));
  test.batch.add(seven, as_bytes("two"), {.path = path});
  test.batch.add(seven, as_bytes("three"));
  test.kernel.fail_next(Call::sendmsg, EAGAIN, 2);
  for (int round = 0; round != 2; ++round) {
    CHECK_FALSE(test.batch.try_send(test.socket));
    CHECK(test.batch.waiting() == 2);
    CHECK_FALSE(test.batch.error(1));
  }
  CHECK(test.batch.try_send(test.socket));
  CHECK(test.sent() == Texts{"one", "two", "three"});
  CHECK(test.kernel.sent[1].destination == path);
  CHECK(test.batch.failed() == 0);
}

TEST_CASE("A batch for a socket with one association needs no number") {
  Borrowed test;
  SendBatch batch;
  batch.add(as_bytes("hello"), {.stream = StreamId{1}});
  CHECK(batch.send(test.socket));
  CHECK(test.kernel.sent.back().stream == 1);
  CHECK(test.kernel.sent.back().association == 0);
}

TEST_CASE("A batch that is cleared is used again, without allocations") {
  Batch test;
  const auto round = [&] {
    for (int i = 0; i != 20; ++i) test.batch.add(seven, as_bytes("hello"));
  };
  round();
  CHECK(test.batch.send(test.socket));
  test.batch.clear();
  CHECK(test.batch.size() == 0);
  CHECK(test.batch.send(test.socket));
  CHECK(test.kernel.count(Call::sendmmsg) == 1);
  const AllocationCounter counter;
  round();
  CHECK(counter.count() == 0);
  CHECK(test.batch.waiting() == 20);
}

}  // namespace

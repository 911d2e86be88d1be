// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <random>
#include <string>
#include <vector>

#include "borrowed.hpp"
#include "each_call_fails.hpp"
#include "piece_transcript.hpp"
#include "support/allocation_counter.hpp"
#include "support/records.hpp"

/// Several pieces with one system call.
namespace {

using namespace sctp;
using namespace sctp::test;
using End = AssociationChange::End;
using enum AssociationChange::State;

struct Batched : Borrowed {
  ReceiveBuffer buffer = ReceiveBuffer::in_batches(4);

  std::string next() {
    const Received received = socket.try_receive(buffer, error);
    if (error) return error.message();
    return received ? describe(received) : to_string(received.status());
  }
};

TEST_CASE("As many messages and events are read as fit, and handed out without another system call") {
  Batched test;
  test.kernel.receives(event(assoc_change(up)));
  for (const char* text : {"one", "two", "three", "four"}) test.kernel.receives(piece(text).end());
  CHECK(test.next() == "up");
  CHECK(test.buffer.waiting() == 3);
  CHECK(test.next() == "s0 'one'");
  CHECK(test.next() == "s0 'two'");
  CHECK(test.next() == "s0 'three'");
  CHECK(test.buffer.waiting() == 0);
  CHECK(test.kernel.story() == "recvmmsg");
  CHECK(test.next() == "s0 'four'");
  CHECK(test.next() == "would block");
  CHECK(test.kernel.story() == "recvmmsg recvmmsg recvmmsg");
}

TEST_CASE("A message is handed out where it lies, with all that came beside it") {
  Batched test;
  test.kernel.receives(piece("first").end());
  test.kernel.receives(hello_with_all());
  CHECK(test.next() == "s0 'first'");
  const Received received = test.socket.receive(test.buffer);
  check_hello_with_all(received);
}

TEST_CASE("A message that is larger than the room for one is joined from several") {
  Batched test;
  const std::string large = std::string(30'000, 'x') + "!";
  test.kernel.receives(piece("small").end());
  test.kernel.receives(piece(large).on(StreamId{2}).end());
  test.kernel.receives(piece("next").end());
  CHECK(test.next() == "s0 'small'");
  CHECK(text_of(test.socket.receive(test.buffer)) == large);
  CHECK(test.next() == "s0 'next'");
  CHECK(test.kernel.count(Call::recvmmsg) == 3);
}

TEST_CASE("A blocking receive waits for the first message and for no other") {
  Batched test;
  test.kernel.while_waiting([&] { test.kernel.receives(piece("late").end()); });
  CHECK(text_of(test.socket.receive(test.buffer)) == "late");
  CHECK(test.kernel.story() == "recvmmsg");
}

TEST_CASE("Reading many is repeated when a signal interrupts it") {
  Batched test;
  test.kernel.receives(piece("hello").end());
  test.kernel.fail_next(Call::recvmmsg, EINTR, 3);
  CHECK(test.next() == "s0 'hello'");
  CHECK(test.kernel.count(Call::recvmmsg) == 4);
}

// Unlike recvmsg, recvmmsg does it the other way round.
TEST_CASE("What came before an error is handed out before it") {
  Batched test;
  test.kernel.receives(piece("one").end());
  test.kernel.receives(piece("two").end());
  test.kernel.has_error(ECONNRESET);
  CHECK(test.next() == "s0 'one'");
  CHECK(test.next() == "s0 'two'");
  CHECK(test.next() == "Connection reset by peer");
  CHECK(test.next() == "end of stream");
}

TEST_CASE("An error that nothing came before is told at once, and once") {
  Batched test;
  test.kernel.has_error(ETIMEDOUT);
  CHECK(test.next() == "Connection timed out");
  CHECK(test.next() == "end of stream");
}

TEST_CASE("The event of a loss says who ended it, though the kernel told the error before") {
  Batched test;
  test.kernel.receives(piece("last words").end());
  test.kernel.receives(event(assoc_change(lost)));
  test.kernel.has_error(ECONNRESET);
  CHECK(test.next() == "s0 'last words'");
  CHECK(event_of<AssociationChange>(test.socket.receive(test.buffer)).end == End::peer_abort);
  CHECK(test.next() == "Connection reset by peer");
  CHECK(test.next() == "end of stream");
}

TEST_CASE("The end of the stream comes behind all messages, and stays") {
  Batched test;
  test.kernel.receives(piece("one").end());
  test.kernel.receives(piece("half"));
  test.kernel.ends_stream();
  CHECK(test.next() == "s0 'one'");
  CHECK(test.next() == "s0 aborted after 4");
  CHECK(test.next() == "end of stream");
  CHECK(test.next() == "end of stream");
}

TEST_CASE("A woken receive ends though something waits, and the next brings it") {
  Batched test;
  test.kernel.receives(piece("one").end());
  test.kernel.receives(piece("two").end());
  CHECK(test.next() == "s0 'one'");
  Waker waker;
  waker.wake();
  CHECK(test.socket.receive(test.buffer, waker).status() == ReceiveStatus::would_block);
  CHECK(test.next() == "s0 'two'");
}

TEST_CASE("What was read with others can be received by pieces") {
  Batched test;
  std::array<std::byte, 4> room{};
  test.kernel.receives(piece("first").end());
  test.kernel.receives(piece("seconds").on(StreamId{1}).end());
  test.kernel.receives(event(assoc_change(restarted)));
  test.kernel.receives(piece("third").end());
  CHECK(test.next() == "s0 'first'");
  const auto next = [&] { return describe(test.socket.receive_piece(room, test.buffer), room); };
  CHECK(next() == "s1@0 'seco'");
  CHECK(next() == "s1@4 'nds' last");
  CHECK(next() == "restarted");
  CHECK(test.next() == "s0 'third'");
}

TEST_CASE("A message that receives of both kinds were cut short in is joined as it was sent") {
  Batched test;
  test.kernel.receives(piece("abc"));
  test.kernel.receives(piece("defghi").end());
  const Patience one_look{std::chrono::milliseconds{0}};
  CHECK_FALSE(test.socket.receive(test.buffer, one_look));
  std::array<std::byte, 2> room;
  CHECK_FALSE(test.socket.receive_piece(room, test.buffer, one_look));  // has taken two letters
  CHECK(test.buffer.waiting() == 1);
  CHECK(test.next() == "s0 'abcdefghi'");
}

TEST_CASE("An event that a receive by pieces was cut short in is told as it was") {
  Batched test;
  test.kernel.receives(piece("a").end());
  test.kernel.receives(event(shutdown_event(AssociationId{0x12345})));
  const Patience one_look{std::chrono::milliseconds{0}};
  CHECK(test.next() == "s0 'a'");
  std::array<std::byte, 2> room;
  CHECK_FALSE(test.socket.receive_piece(room, test.buffer, one_look));
  const Received received = test.socket.try_receive(test.buffer);
  REQUIRE(received.notification() != nullptr);
  CHECK(association_of(*received.notification()) == AssociationId{0x12345});
}

TEST_CASE("Nothing is allocated for messages that are read with others once the first were") {
  Batched test;
  const auto round = [&] {
    for (int i = 0; i != 6; ++i) test.kernel.receives(piece("hello").end());
    test.kernel.receives(piece(std::string(9000, 'x')).end());
  };
  const auto receive = [&] {
    while (test.socket.try_receive(test.buffer, test.error)) {
    }
  };
  round();
  receive();
  round();
  const AllocationCounter counter;
  receive();
  CHECK(counter.count() == 0);
}

TEST_CASE("Whatever call of reading many fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    const int fd = kernel.open();
    ReceiveBuffer buffer = ReceiveBuffer::in_batches(4);
    kernel.receives(piece("hello").end());
    const SocketRef socket = SocketRef::borrow(fd, Style::one_to_one);
    // An error that waits is told behind what came before it.
    while (!error && socket.try_receive(buffer, error)) {
    }
    sys::close(fd);
  });
}

TEST_CASE("A buffer that reads one at a time has nothing waiting, and one of none is that") {
  Borrowed test;
  ReceiveBuffer buffer = ReceiveBuffer::in_batches(0);
  test.kernel.receives(piece("one").end());
  test.kernel.receives(piece("two").end());
  CHECK(text_of(test.socket.receive(buffer)) == "one");
  CHECK(buffer.waiting() == 0);
  CHECK(test.kernel.story() == "recvmsg");
}

TEST_CASE("A buffer of batches tells the memory that its rooms take") {
  Borrowed test;
  ReceiveBuffer buffer = ReceiveBuffer::in_batches(8, 2048);
  CHECK(buffer.footprint() == 0);
  test.kernel.receives(piece("one").end());
  CHECK(text_of(test.socket.receive(buffer)) == "one");
  CHECK(buffer.footprint() >= std::size_t{8} * 2048);
}

TEST_CASE("In batches comes what comes one by one") {
  const unsigned seed = GENERATE(range(1U, 40U));
  CAPTURE(seed);
  const auto run = [seed](ReceiveBuffer buffer) {
    std::mt19937 random{seed};
    Borrowed test;
    std::string said;
    for (int step = 0; step != 400; ++step) {
      Arrival arrival = piece(std::string(1 + random() % (random() % 8 == 0 ? 5000 : 60), 'x'));
      arrival.of(AssociationId{static_cast<int>(7 + random() % 2)})
          .on(StreamId{static_cast<std::uint16_t>(random() % 3)});
      if (random() % 2 == 0) arrival.unordered();
      if (random() % 4 != 0) arrival.end();
      if (random() % 30 == 0) arrival = event(assoc_change(restarted, {.association = arrival.association}));
      if (random() % 30 == 0) arrival = event(partial_delivery_event(arrival.association, arrival.stream));
      // A large one would be an error for each of its pieces, whose sizes are not the same.
      const bool is_small = arrival.bytes.size() < 1000;
      if (random() % 50 == 0 && is_small) arrival.carrying(Arrival::Control::none);
      test.kernel.receives(arrival);
      if (random() % 8 != 0) continue;
      for (;;) {
        const Received received = test.socket.try_receive(buffer, test.error);
        if (received.status() == ReceiveStatus::would_block) break;
        said += test.error ? test.error.message() : describe(received);
        said += '\n';
      }
    }
    return said;
  };
  CHECK(run(ReceiveBuffer::in_batches(1 + seed % 9, 1024, 20'000)) == run(ReceiveBuffer{1024, 20'000}));
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <string>

#include <sctpxx/error.hpp>
#include <sctpxx/ppid.hpp>

#include "borrowed.hpp"
#include "piece_transcript.hpp"
#include "support/allocation_counter.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;

/// A borrowed socket that is read piece by piece into one room.
struct Pieces : Borrowed {
  ReceiveBuffer buffer;
  std::array<std::byte, 8> room{};

  /// "s3@0 'hello' last", "would block", "end", or the error's text.
  std::string receive() { return told(socket.receive_piece(room, buffer, error)); }
  std::string try_receive() { return told(socket.try_receive_piece(room, buffer, error)); }
  std::string told(const ReceivedPiece& received) {
    switch (received.status()) {
      case ReceiveStatus::end_of_stream: return error ? "an error beside the end" : "end";
      case ReceiveStatus::would_block: return error ? "an error beside would-block" : "would block";
      case ReceiveStatus::failed: return error.message();
      default: return describe(received, room);
    }
  }
};

TEST_CASE("A message is received where the caller wants it, with what came beside it, in one system call") {
  Pieces test;
  test.kernel.receives(hello_with_all());
  const ReceivedPiece received = test.socket.receive_piece(test.room, test.buffer);
  REQUIRE(received.piece() != nullptr);
  CHECK(received.status() == ReceiveStatus::message);
  const Message& part = received.piece()->part;
  CHECK(part.payload.data() == test.room.data());
  check_hello_with_all(part);
  CHECK(test.kernel.story() == "recvmsg");
}

TEST_CASE("A message that is larger than the room takes one system call for each piece") {
  Pieces test;
  test.kernel.receives(piece("0123456701234567tail").on(StreamId{2}).end());
  test.kernel.receives(piece("next").end());
  CHECK(test.receive() == "s2@0 '01234567'");
  CHECK(test.receive() == "s2@8 '01234567'");
  CHECK(test.receive() == "s2@16 'tail' last");
  CHECK(test.receive() == "s0@0 'next' last");
  CHECK(test.kernel.story() == "recvmsg recvmsg recvmsg recvmsg");
}

TEST_CASE("What is there of a message is handed out before the rest has come") {
  Pieces test;
  test.kernel.receives(piece("hel").with(ppid::ngap));
  CHECK(test.try_receive() == "s0@0 'hel'");
  CHECK(test.try_receive() == "would block");
  test.kernel.receives(piece("lo").with(Ppid{1}).end());
  const ReceivedPiece received = test.socket.try_receive_piece(test.room, test.buffer);
  CHECK(test.told(received) == "s0@3 'lo' last");
  CHECK(received.piece()->part.ppid == ppid::ngap);
}

TEST_CASE("Messages and events come in the order of the kernel, an event whole whatever the room") {
  Pieces test;
  using enum AssociationChange::State;
  test.kernel.receives(event(assoc_change(up, {.association = AssociationId{7}})));
  test.kernel.receives(piece("hel"));
  test.kernel.receives(event(unknown_event(0x8123, 3000)));
  test.kernel.receives(piece("whole").on(StreamId{1}).end());
  test.kernel.receives(piece("lo").end());
  test.kernel.receives(event(shutdown_event(AssociationId{7})));
  CHECK(test.receive() == "up");
  CHECK(test.receive() == "s0@0 'hel'");
  CHECK(test.receive() == "unknown 3000");
  CHECK(test.receive() == "s1@0 'whole' last");
  CHECK(test.receive() == "s0@3 'lo' last");
  CHECK(test.receive() == "shutdown");
}

TEST_CASE("Receiving a piece is repeated when a signal interrupts it") {
  Pieces test;
  test.kernel.receives(piece("hello").end());
  test.kernel.fail_next(Call::recvmsg, EINTR, 3);
  CHECK(test.receive() == "s0@0 'hello' last");
  CHECK(test.kernel.count(Call::recvmsg) == 4);
}

TEST_CASE("No piece to receive is a status, on a non-blocking socket too") {
  Pieces test;
  test.error = Errc::no_addresses;
  CHECK(test.try_receive() == "would block");
  CHECK(test.socket.try_receive_piece(test.room, test.buffer).status() == ReceiveStatus::would_block);
  test.socket.set_nonblocking();
  CHECK(test.receive() == "would block");
  CHECK(test.socket.receive_piece(test.room, test.buffer).status() == ReceiveStatus::would_block);
}

TEST_CASE("Without room no call is made") {
  Pieces test;
  test.kernel.receives(piece("hello").end());
  CHECK_FALSE(test.socket.receive_piece({}, test.buffer, test.error));
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.socket.try_receive_piece({}, test.buffer, test.error).status() == ReceiveStatus::failed);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.kernel.total() == 0);
  CHECK_THROWS_WITH(test.socket.receive_piece({}, test.buffer),
                    StartsWith("cannot receive from 192.0.2.1:3868: "));
  CHECK(test.receive() == "s0@0 'hello' last");
}

TEST_CASE("The end in the middle of messages that were handed out tells each as aborted first") {
  Pieces test;
  test.kernel.receives(piece("hel").on(StreamId{3}));
  test.kernel.receives(piece("w").on(StreamId{4}).unordered());
  test.kernel.ends_stream();
  CHECK(test.receive() == "s3@0 'hel'");
  CHECK(test.receive() == "s4u@0 'w'");
  CHECK(test.receive() == "s3 aborted after 3");
  CHECK(test.receive() == "s4u aborted after 1");
  CHECK(test.receive() == "end");
  CHECK(test.receive() == "end");
  CHECK(test.buffer.unfinished() == 0);
}

TEST_CASE("A loss in the middle of a message tells it as aborted, then itself, one error, and the end") {
  Pieces test;
  test.kernel.receives(piece("hel").on(StreamId{3}).of(AssociationId{7}));
  test.kernel.receives(event(
      assoc_change(AssociationChange::State::lost,
                   {.association = AssociationId{7}, .cause = Cause::user_initiated_abort, .info = "why"})));
  test.kernel.has_error(ECONNRESET);
  test.kernel.association_is_gone();
  CHECK(test.receive() == "s3@0 'hel'");
  CHECK(test.receive() == "s3 aborted after 3");
  CHECK(test.receive() == "lost 'why'");
  CHECK_FALSE(test.socket.receive_piece(test.room, test.buffer, test.error));
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.receive() == "end");
  CHECK(test.try_receive() == "end");
}

TEST_CASE("A piece whose information was cut away is an error, and the next message is whole") {
  Pieces test;
  test.kernel.receives(piece("who?").carrying(Arrival::Control::cut_info).end());
  test.kernel.receives(piece("fine").end());
  CHECK_FALSE(test.socket.receive_piece(test.room, test.buffer, test.error));
  CHECK(test.error == Errc::receive_info_missing);
  CHECK(test.receive() == "s0@0 'fine' last");
}

TEST_CASE("Both ways to receive may take turns on one socket") {
  Pieces test;
  ReceiveBuffer& buffer = test.buffer;
  test.kernel.receives(piece("hel").on(StreamId{1}));
  CHECK(test.socket.try_receive(buffer).status() == ReceiveStatus::would_block);
  test.kernel.receives(piece("lo").on(StreamId{1}).end());
  CHECK(test.receive() == "s1@0 'hello' last, joined");
  test.kernel.receives(piece("hel").on(StreamId{1}));
  test.kernel.receives(piece("lo").on(StreamId{1}).end());
  test.kernel.receives(piece("next").on(StreamId{1}).end());
  CHECK(test.receive() == "s1@0 'hel'");
  CHECK(describe(test.socket.receive(buffer)) == "s1 aborted after 5");
  CHECK(describe(test.socket.receive(buffer)) == "s1 'next'");
}

TEST_CASE("Without memory receiving a piece fails, and it is not lost") {
  Pieces test;
  test.kernel.receives(piece("hello").end());
  bool received = true;
  {
    const NoMemory none;
    received = bool{test.socket.receive_piece(test.room, test.buffer, test.error)};
  }
  CHECK_FALSE(received);
  CHECK(test.error == std::errc::not_enough_memory);
  CHECK(test.kernel.count(Call::recvmsg) == 0);
  CHECK(test.receive() == "s0@0 'hello' last");
}

TEST_CASE("The exception of receiving a piece tells from whom") {
  Pieces test;
  test.kernel.has_error(ECONNRESET);
  CHECK_THROWS_WITH(test.socket.receive_piece(test.room, test.buffer),
                    "cannot receive from 192.0.2.1:3868: the peer aborted the association: Connection reset "
                    "by peer");
  test.kernel.fail_next(Call::recvmsg, ENOTSOCK);
  CHECK_THROWS_WITH(test.socket.try_receive_piece(test.room, test.buffer),
                    StartsWith("cannot receive from 192.0.2.1:3868: "));
  test.kernel.fail_next(Call::recvmsg, ENOMEM);
  CHECK_THROWS_AS(test.socket.receive_piece(test.room, test.buffer), std::bad_alloc);
  const SocketRef closed = SocketRef::borrow(-1, Style::one_to_one);
  CHECK_FALSE(closed.receive_piece(test.room, test.buffer, test.error));
  CHECK(test.error == std::errc::bad_file_descriptor);
}

TEST_CASE("Nothing is allocated for pieces that are received, once warm") {
  Pieces test;
  std::size_t received = 0;
  const auto round = [&] {
    for (int i = 0; i != 3; ++i) received += test.socket.receive_piece(test.room, test.buffer) ? 1U : 0U;
  };
  for (int i = 0; i != 11; ++i) {
    test.kernel.receives(piece("0123456789abcdef!").end());
  }
  round();
  test.kernel.calls.reserve(1000);
  const AllocationCounter receiving;
  for (int i = 0; i != 10; ++i) round();
  const std::size_t allocations_of_receiving = receiving.count();
  CHECK(received == 33);
  CHECK(allocations_of_receiving == 0);
}

}  // namespace

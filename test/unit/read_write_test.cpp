// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_one_socket.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using State = AssociationChange::State;

/// What message users have: reading bytes must not make it larger.
struct WithoutReading : Socket {
  AssociationId association;
  std::optional<Address> connecting_to;
};
static_assert(sizeof(OneToOneSocket) == sizeof(WithoutReading));

struct Connected {
  FakeKernel kernel;
  OneToOneSocket socket{Address::parse("192.0.2.1:7")};
  std::array<char, 100> room{};
  std::error_code error = Errc::no_addresses;

  Connected() { kernel.forget_calls(); }
  MutableBytes bytes(std::size_t size = 100) { return std::as_writable_bytes(std::span{room}.first(size)); }
  /// What one `read_some` gives, "-" at the end, or its error.
  std::string read(std::size_t size = 100) {
    const std::size_t count = socket.read_some(bytes(size), error);
    if (error) return error.message();
    return count == 0 ? "-" : std::string{room.data(), count};
  }
  std::string loss() {
    const std::string first = read();
    CHECK(error == Condition::association_ended);
    for (int round = 0; round != 3; ++round) {
      CHECK(read() == first);
      CHECK(socket.try_read_some(bytes(), error) == 0U);
      CHECK(error.message() == first);
      CHECK(socket.read_some(bytes(), 1s, error) == 0U);
      CHECK(error.message() == first);
    }
    CHECK_THROWS_WITH(socket.read_some(bytes()), Contains("cannot receive from 192.0.2.1:7: "));
    CHECK_THROWS_AS(socket.try_read_some(bytes()), std::system_error);
    CHECK_THROWS_AS(socket.read_some(bytes(), 1s), std::system_error);
    return first;
  }
};

const Record change_up = assoc_change(State::up, {.outgoing_streams = 10, .incoming_streams = 10});
const std::string reset = "Connection reset by peer";

TEST_CASE("Bytes are read as they come, whatever the messages, and what does not fit comes next") {
  Connected test;
  test.kernel.receives(event(change_up));
  test.kernel.receives(piece("hello ").on(StreamId{3}).end());
  test.kernel.receives(piece("wor"));
  test.kernel.receives(piece("ld").unordered().end());
  CHECK(test.read(4) == "hell");
  CHECK(test.read(4) == "o ");
  CHECK(test.read(4) == "wor");
  CHECK(test.read() == "ld");
  CHECK_FALSE(test.error);
  CHECK(test.socket.try_read_some(test.bytes(), test.error) == std::nullopt);
  CHECK_FALSE(test.error);
}

TEST_CASE("Events are passed over, however little room there is") {
  Connected test;
  const std::size_t room = GENERATE(1U, 2U, 7U, 19U, 20U, 21U, 100U);
  test.kernel.receives(piece("a").end());
  test.kernel.receives(event(assoc_change(State::up, {.info = std::string(1000, 'i')})));
  test.kernel.receives(piece("b").end());
  test.kernel.receives(event(unknown_event(0x8fff, 3000)));
  test.kernel.receives(piece("c").end());
  CHECK(test.read(room) == "a");
  CHECK(test.read(room) == "b");
  CHECK(test.read(room) == "c");
}

TEST_CASE("Events of other kinds end nothing, whatever stands in them") {
  Connected test;
  for (const int number : {0, 1, 2, 3, 4, 5}) {
    const AssociationId id{number};
    for (const Record& record :
         {sender_dry_event(id), stream_reset_event(0, id), assoc_reset_event(0, id), remote_error({}, id),
          adaptation_event(static_cast<std::uint32_t>(number)), unknown_event(0x8fff, 12)}) {
      test.kernel.receives(event(record));
      test.kernel.receives(piece("x").end());
      CHECK(test.read() == "x");
    }
  }
}

TEST_CASE("The end of the stream is no bytes, as often as one asks") {
  Connected test;
  test.kernel.receives(piece("last").end());
  SECTION("when the peer shuts down") { test.kernel.ends_stream(); }
  SECTION("when its event tells") {
    test.kernel.receives(event(shutdown_event()));
    test.kernel.receives(event(assoc_change(State::lost)));  // of what we sent: too late for the reader
    test.kernel.has_error(ECONNRESET);
  }
  SECTION("when our own shutdown is complete") {
    test.kernel.receives(event(assoc_change(State::shutdown_complete)));
    test.kernel.association_is_gone();
  }
  CHECK(test.read() == "last");
  for (int round = 0; round != 3; ++round) {
    CHECK(test.read(round == 0 ? 1 : 100) == "-");
    CHECK(test.socket.try_read_some(test.bytes()) == 0U);
    CHECK(test.socket.read_some(test.bytes(), 1s) == 0U);
  }
  test.kernel.pending_error = 0;
  test.kernel.queue.clear();
}

TEST_CASE("A loss is an error, and stays one") {
  Connected test;
  test.kernel.receives(piece("last").end());
  SECTION("by the peer's abort, as the kernel says") {
    test.kernel.receives(event(assoc_change(State::lost)));
    test.kernel.has_error(ECONNRESET);
    CHECK(test.read() == "last");
    CHECK(test.loss() == reset);
  }
  SECTION("by the peer's abort, when a send has met it") {
    test.kernel.receives(event(assoc_change(State::lost, {.info = "why"})));
    CHECK(test.read(5) == "last");
    CHECK(test.loss() == reset);
  }
  SECTION("by our own abort") {
    test.kernel.receives(event(assoc_change(State::lost, {.cause = Cause::user_initiated_abort})));
    CHECK(test.read(5) == "last");
    CHECK(test.loss() == "Software caused connection abort");
  }
  SECTION("by silence") {
    test.kernel.receives(event(assoc_change(State::lost)));
    test.kernel.has_error(ETIMEDOUT);
    CHECK(test.read(5) == "last");
    CHECK(test.loss() == "Connection timed out");
  }
  SECTION("by silence, when a send has met it") {
    test.kernel.receives(event(assoc_change(State::lost)));
    CHECK(test.read(5) == "last");
    CHECK(test.loss() == "Connection timed out");
  }
  SECTION("without an event") {
    test.kernel.has_error(ECONNRESET);
    CHECK(test.read(5) == "last");
    CHECK(test.loss() == reset);
  }
  SECTION("of the rest of a message") {
    test.kernel.receives(event(partial_delivery_event()));
    CHECK(test.read(5) == "last");
    CHECK(test.loss() == reset);
  }
  SECTION("of what a peer knew that begins anew") {
    test.kernel.receives(event(assoc_change(State::restarted)));
    test.kernel.receives(piece("of another life").end());
    CHECK(test.read(5) == "last");
    CHECK(test.loss() == reset);
  }
}

TEST_CASE("A socket that connects again reads again") {
  Connected test;
  test.kernel.receives(event(assoc_change(State::lost)));
  CHECK(test.loss() == "Connection timed out");
  test.kernel.association_is_gone();
  if (GENERATE(false, true)) {
    test.socket.connect(Address::parse("192.0.2.1:8"));
  } else {
    test.socket.connect_and_send(Address::parse("192.0.2.1:8"), as_bytes("hello"));
  }
  test.kernel.receives(piece("new").end());
  CHECK(test.read() == "new");
}

TEST_CASE("A setup that failed is no loss of what comes after") {
  Connected test;
  test.kernel.receives(event(assoc_change(State::cannot_start)));
  test.kernel.receives(piece("x").end());
  CHECK(test.read() == "x");
}

TEST_CASE("Reading without an association is an error that does not stay") {
  FakeKernel kernel;
  OneToOneSocket socket{Address::Family::v4};
  std::array<std::byte, 10> room;
  std::error_code error;
  for (int round = 0; round != 2; ++round) {
    CHECK(socket.read_some(room, error) == 0);
    CHECK(error == std::errc::not_connected);
  }
  socket.connect(Address::parse("192.0.2.1:8"));
  kernel.receives(piece("x").end());
  CHECK(socket.read_some(room) == 1);
}

TEST_CASE("Where reading would block, a non-blocking socket fails, and the try form has nothing") {
  Connected test;
  test.socket.set_nonblocking();
  CHECK(test.socket.try_read_some(test.bytes()) == std::nullopt);
  CHECK(test.read() == "Resource temporarily unavailable");
  CHECK(test.error == std::errc::operation_would_block);
  test.kernel.receives(piece("x").end());
  CHECK(test.read() == "x");
}

TEST_CASE("Reading with patience waits until there are bytes, or it is over") {
  Connected test;
  CHECK(test.socket.read_some(test.bytes(), 0s) == std::nullopt);
  test.kernel.while_waiting([&] { test.kernel.receives(event(change_up)); });
  test.kernel.while_waiting([&] { test.kernel.receives(piece("xy").end()); });
  CHECK(test.socket.read_some(test.bytes(), 1h) == 2U);
  CHECK(test.socket.read_some(test.bytes(), 5s, test.error) == std::nullopt);
  CHECK_FALSE(test.error);
  Waker waker;
  waker.wake();
  test.kernel.receives(piece("x").end());
  CHECK(test.socket.read_some(test.bytes(), waker) == std::nullopt);
  test.kernel.queue.clear();
  test.kernel.fail_next(Call::poll, EDQUOT);
  CHECK(test.socket.read_some(test.bytes(), 5s, test.error) == 0U);
  CHECK(test.error.value() == EDQUOT);
}

TEST_CASE("Into no room nothing is read, and the kernel is not asked") {
  Connected test;
  CHECK(test.socket.read_some({}) == 0);
  CHECK(test.socket.try_read_some({}) == 0U);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("An interrupted read is repeated, and a failed one tells why") {
  Connected test;
  test.kernel.receives(piece("x").end());
  test.kernel.fail_next(Call::recvmsg, EINTR, 3);
  CHECK(test.read() == "x");
  test.kernel.fail_next(Call::recvmsg, EDQUOT);
  CHECK(test.read() == "Disk quota exceeded");
  test.kernel.receives(event(change_up));
  test.kernel.receives(piece("x").end());
  CHECK(test.read() == "x");
}

TEST_CASE("A read that fails in the middle of an event tells why") {
  Connected test;
  test.kernel.receives(event(assoc_change(State::up)));
  SECTION("since the kernel says so") {
    test.kernel.fail_at(1, EDQUOT);
    CHECK(test.read(4) == "Disk quota exceeded");
  }
  SECTION("since there is no rest of it") {
    test.kernel.queue.front().bytes.resize(4);
    test.kernel.queue.front().ends_record = false;
    test.kernel.ends_stream();
    CHECK(test.read(4) == "Bad message");
    CHECK(test.error == std::errc::bad_message);
    CHECK(test.read(4) == "-");
  }
  CHECK(test.kernel.count(Call::recvmsg) >= 2);
}

TEST_CASE("Reading and writing bytes allocates nothing and is one system call") {
  Connected test;
  test.kernel.receives(piece("x").end());
  const AllocationCounter counter;
  const std::size_t read = test.socket.read_some(test.bytes(), test.error);
  const std::size_t written = test.socket.write_some(as_bytes("xyz"), test.error);
  CHECK(counter.count() == 0);
  CHECK(read == 1);
  CHECK(written == 3);
  CHECK(test.kernel.story() == "recvmsg sendmsg");
}

TEST_CASE("Bytes are written as one message, of 64 KiB at most") {
  Connected test;
  const std::string bytes(100'000, 'x');
  CHECK(test.socket.write_some(as_bytes(bytes)) == 65536);
  CHECK(test.socket.write_some(as_bytes("abc"), test.error) == 3);
  CHECK_FALSE(test.error);
  CHECK(test.socket.try_write_some(as_bytes("abc")) == 3);
  CHECK(test.socket.write_some(as_bytes("abc"), 1s) == 3);
  REQUIRE(test.kernel.sent.size() == 4);
  CHECK(test.kernel.sent[0].data.size() == 65536);
  CHECK(test.kernel.sent[1].data == "abc");
  CHECK(test.kernel.sent[1].stream == 0);
  CHECK(test.kernel.sent[1].association == 42);
}

TEST_CASE("No bytes are written as nothing") {
  Connected test;
  CHECK(test.socket.write_some({}, test.error) == 0);
  CHECK_FALSE(test.error);
  CHECK(test.socket.try_write_some({}) == 0);
  CHECK(test.socket.write_some({}, 1s) == 0);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("Where the kernel takes no message of that size, a part is written") {
  Connected test;
  const std::string bytes(50'001, 'x');
  test.kernel.fail_next(Call::sendmsg, EMSGSIZE, 3);
  const int way = GENERATE(0, 1, 2);
  const std::size_t written = way == 0   ? test.socket.write_some(as_bytes(bytes), test.error)
                              : way == 1 ? test.socket.try_write_some(as_bytes(bytes), test.error)
                                         : test.socket.write_some(as_bytes(bytes), 1s, test.error);
  CHECK(written == 6250);
  CHECK_FALSE(test.error);
  REQUIRE(test.kernel.sent.size() == 1);
  CHECK(test.kernel.sent[0].data.size() == 6250);
}

TEST_CASE("Where the kernel takes not one byte, that is the error") {
  Connected test;
  test.kernel.fail_next(Call::sendmsg, EMSGSIZE, 2);
  const int way = GENERATE(0, 1, 2);
  const std::size_t written = way == 0   ? test.socket.write_some(as_bytes("xy"), test.error)
                              : way == 1 ? test.socket.try_write_some(as_bytes("xy"), test.error)
                                         : test.socket.write_some(as_bytes("xy"), 1s, test.error);
  CHECK(written == 0);
  CHECK(test.error == std::errc::message_size);
}

TEST_CASE("Where writing would block, nothing is written; on a non-blocking socket that is an error") {
  Connected test;
  test.kernel.fail_next(Call::sendmsg, EAGAIN, 2);
  CHECK(test.socket.try_write_some(as_bytes("x")) == 0);
  CHECK(test.socket.write_some(as_bytes("x"), test.error) == 0);
  CHECK(test.error == std::errc::operation_would_block);
  test.kernel.fail_next(Call::sendmsg, EAGAIN, 1);
  CHECK(test.socket.write_some(as_bytes("x"), 0s, test.error) == 0);
  CHECK_FALSE(test.error);
}

TEST_CASE("Writing after the end is an error each time, which names the peer") {
  Connected test;
  test.kernel.fail_next(Call::sendmsg, EPIPE, 4);
  CHECK(test.socket.write_some(as_bytes("x"), test.error) == 0);
  CHECK(test.error == Condition::association_ended);
  CHECK_THROWS_WITH(test.socket.write_some(as_bytes("xyz")),
                    Contains("cannot send 3 bytes to 192.0.2.1:7: "));
  CHECK_THROWS_AS(test.socket.try_write_some(as_bytes("x")), std::system_error);
  CHECK_THROWS_AS(test.socket.write_some(as_bytes("x"), 1s), std::system_error);
}

TEST_CASE("What has been read moves with the socket") {
  Connected test;
  test.kernel.receives(event(assoc_change(State::lost)));
  CHECK(test.loss() == "Connection timed out");
  OneToOneSocket moved{std::move(test.socket)};
  CHECK(moved.read_some(test.bytes(), test.error) == 0);
  CHECK(test.error == std::errc::timed_out);
}

}  // namespace

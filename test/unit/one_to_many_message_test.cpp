// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <new>

#include "many.hpp"
#include "native.hpp"
#include "support/allocation_counter.hpp"
#include "support/records.hpp"
#include "sys.hpp"

/// How messages come and go on a one-to-many socket; and how long any socket waits for them.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

// Sending

TEST_CASE("A message is sent by number alone") {
  Many test{seven, eight};
  test.socket.association(eight).send(as_bytes("hello"));
  REQUIRE(test.kernel.sent.size() == 1);
  CHECK(test.kernel.sent.front().association == 8);
  CHECK_FALSE(test.kernel.sent.front().destination);
  test.socket.association(nine).send(as_bytes("hello"), {}, test.error);
  CHECK(test.error == Condition::association_ended);
}

TEST_CASE("A send waits where the descriptor is non-blocking for a moment") {
  Many test{seven};
  test.kernel.fail_next(Call::sendmsg, EAGAIN, 3);
  SECTION("with an error code") {
    test.socket.association(seven).send(as_bytes("hello"), {}, test.error);
    CHECK_FALSE(test.error);
  }
  SECTION("with an exception") { test.socket.association(seven).send(as_bytes("hello")); }
  CHECK(test.kernel.story() == "sendmsg poll sendmsg poll sendmsg poll sendmsg");
  CHECK(test.kernel.sent.size() == 1);
}

TEST_CASE("A send that waits looks again although nothing says that there is room") {
  Many test{seven};
  test.kernel.fail_next(Call::sendmsg, EAGAIN, 2);
  for (int times = 0; times != 2; ++times) test.kernel.poll_says(0);
  const long long began = test.kernel.now;
  test.socket.association(seven).send(as_bytes("hello"), {}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.poll_timeouts == std::vector{20, 20});
  CHECK(test.kernel.now - began == 40);
}

TEST_CASE("A send that cannot wait says why") {
  Many test{seven};
  test.kernel.fail_next(Call::sendmsg, EAGAIN);
  test.kernel.fail_next(Call::poll, ENOMEM);
  test.socket.association(seven).send(as_bytes("hello"), {}, test.error);
  CHECK(test.error == std::errc::not_enough_memory);
  CHECK(test.kernel.sent.empty());
}

TEST_CASE("A send that may not wait does not") {
  Many test{seven};
  test.of(seven).send_fails = EAGAIN;
  CHECK_FALSE(test.socket.association(seven).try_send(as_bytes("hello"), {}, test.error));
  CHECK_FALSE(test.error);
  CHECK_FALSE(test.socket.association(seven).try_send(as_bytes("hello")));
  CHECK(test.kernel.story() == "sendmsg sendmsg");
}

TEST_CASE("A one-to-one socket's mode is its owner's, so that its sends do not wait") {
  Borrowed test;
  test.kernel.fail_next(Call::sendmsg, EAGAIN);
  test.socket.send(AssociationId{7}, as_bytes("hello"), {}, test.error);
  CHECK(test.error == std::errc::operation_would_block);
  CHECK(test.kernel.count(Call::poll) == 0);
}

// To all

TEST_CASE("A message to all goes to each, and tells how that went for each") {
  Many test{seven, eight, nine};
  test.of(eight).send_fails = EAGAIN;
  test.of(nine).state = SCTP_SHUTDOWN_SENT;
  test.of(AssociationId{10});
  const SendOptions options{.stream = StreamId{3}};
  std::vector<SendResult> results;
  SECTION("with an error code") {
    results = test.socket.send_to_all(as_bytes("hello"), options, test.error);
    CHECK_FALSE(test.error);
  }
  SECTION("with an exception") { results = test.socket.send_to_all(as_bytes("hello"), options); }
  REQUIRE(results.size() == 4);
  CHECK(results[0].association == seven);
  CHECK_FALSE(results[0].error);
  CHECK(results[1].association == eight);
  CHECK(results[1].error == std::errc::operation_would_block);
  CHECK(results[2].association == nine);
  CHECK(results[2].error == Condition::association_ended);
  CHECK(results[3].association == AssociationId{10});
  CHECK_FALSE(results[3].error);
  REQUIRE(test.kernel.sent.size() == 2);
  for (const Sent& sent : test.kernel.sent) {
    CHECK(sent.data == "hello");
    CHECK(sent.stream == 3);
    CHECK(sent.flags == (MSG_DONTWAIT | MSG_NOSIGNAL));
    CHECK_FALSE(sent.destination);
  }
  CHECK(test.kernel.count(Call::poll) == 0);
}

TEST_CASE("A message to nobody is sent to nobody") {
  Many test;
  CHECK(test.socket.send_to_all(as_bytes("hello"), {}, test.error).empty());
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.empty());
}

TEST_CASE("No message to all goes to none") {
  Many test{seven, eight};
  for (const SendResult& result : test.socket.send_to_all({}, {}, test.error)) {
    CHECK(result.error == Errc::empty_message);
  }
  CHECK_FALSE(test.error);
}

TEST_CASE("A message to all that do not let themselves be listed is sent to none") {
  Many test{seven};
  test.kernel.fail_next(Call::getsockopt, EACCES, 2);
  CHECK(test.socket.send_to_all(as_bytes("hello"), {}, test.error).empty());
  CHECK(test.error.value() == EACCES);
  CHECK_THROWS_WITH(test.socket.send_to_all(as_bytes("hello")),
                    StartsWith("cannot list the associations of 192.0.2.9:3868: "));
  CHECK(test.kernel.sent.empty());
}

TEST_CASE("Without memory for the results a message to all is sent to none") {
  Many test{seven, eight};
  for (std::size_t after = 0; after != 3; ++after) {
    std::vector<SendResult> results;
    {
      const NoMemory none{after};
      results = test.socket.send_to_all(as_bytes("hello"), {}, test.error);
    }
    CHECK(results.empty());
    CHECK(test.error == std::errc::not_enough_memory);
  }
  CHECK(test.kernel.sent.empty());
}

// Receiving

TEST_CASE("A receive waits where the descriptor is non-blocking for a moment") {
  Many test{seven};
  test.kernel.fail_next(Call::recvmsg, EAGAIN, 2);
  test.kernel.receives(piece("hello").of(seven).end());
  SECTION("whole") { CHECK(text_of(test.socket.receive(test.buffer)) == "hello"); }
  SECTION("by pieces") {
    std::array<std::byte, 8> room{};
    const ReceivedPiece received = test.socket.receive_piece(room, test.buffer, test.error);
    REQUIRE(received.piece() != nullptr);
    CHECK(as_text(received.piece()->part.payload) == "hello");
  }
  CHECK(test.kernel.count(Call::recvmsg) == 3);
  CHECK(test.kernel.count(Call::poll) == 2);
}

TEST_CASE("A receive that may not wait does not, and asks nothing") {
  Many test;
  CHECK(test.socket.try_receive(test.buffer, test.error).status() == ReceiveStatus::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.story() == "recvmsg");
}

TEST_CASE("Where nobody is, and nobody can come, a receive that would wait ends") {
  Many test;
  const auto ends = [&](const Received& received) {
    CHECK(received.status() == ReceiveStatus::end_of_stream);
    CHECK_FALSE(test.error);
  };
  SECTION("blocking") { ends(test.socket.receive(test.buffer, test.error)); }
  SECTION("non-blocking for a moment") {
    test.descriptor().status_flags = O_NONBLOCK;
    ends(test.socket.receive(test.buffer, test.error));
  }
  SECTION("with patience") {
    ends(test.socket.receive(test.buffer, Patience{}, test.error));
    ends(test.socket.receive(test.buffer, Patience{1h}, test.error));
  }
  SECTION("what was left is read first") {
    test.kernel.receives(piece("last").of(seven).end());
    CHECK(text_of(test.socket.receive(test.buffer, Patience{})) == "last");
    CHECK(test.socket.receive(test.buffer, Patience{}).status() == ReceiveStatus::end_of_stream);
  }
  CHECK(test.kernel.count(Call::poll) == 0);
}

TEST_CASE("A receive waits where somebody is, or may come") {
  Many test;
  SECTION("it listens") { test.socket.listen(); }
  SECTION("it has an association") { test.of(seven); }
  SECTION("a question fails") { test.kernel.fail_next(Call::getsockopt, ENOBUFS); }
  CHECK(test.socket.receive(test.buffer, Patience{250ms}, test.error).status() == ReceiveStatus::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::poll) == 1);
}

// With patience, on every style of socket

struct Patient {
  FakeKernel kernel;
  Style style = GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off);
  int fd = style == Style::one_to_one ? kernel.open() : kernel.open_peeled_off(seven);
  SocketRef socket = SocketRef::borrow(fd, style);
  Waker waker;
  ReceiveBuffer buffer;
  std::error_code error = Errc::no_addresses;
  long long began = kernel.now;

  Patient() {
    kernel.descriptor(fd).is_peeled_off = style == Style::peeled_off;
    if (style == Style::one_to_one) kernel.association_is_up(seven);
    kernel.descriptor(fd).status_flags = GENERATE(0, O_NONBLOCK);
  }
  ~Patient() { sys::close(fd); }
};

TEST_CASE("A receive with patience ends with what comes") {
  Patient test;
  const Patience patience = std::array{Patience{}, Patience{1s}, Patience{test.waker},
                                       Patience{1s, test.waker}}[GENERATE(range(0U, 4U))];
  test.kernel.while_waiting([&] { test.kernel.receives(piece("hello").end()); });
  test.kernel.fail_next(Call::recvmsg, EINTR);
  CHECK(text_of(test.socket.receive(test.buffer, patience, test.error)) == "hello");
  CHECK_FALSE(test.error);
  test.kernel.receives(piece("again").end());
  CHECK(text_of(test.socket.receive(test.buffer, patience)) == "again");
  CHECK(test.kernel.now == test.began);
}

TEST_CASE("A receive whose time is over would block, and what comes later is received later") {
  Patient test;
  const Patience patience{250ms};
  CHECK(test.socket.receive(test.buffer, patience, test.error).status() == ReceiveStatus::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - test.began == 250);
  CHECK(test.socket.receive(test.buffer, patience).status() == ReceiveStatus::would_block);
  CHECK(test.kernel.now - test.began == 250);
  test.kernel.receives(piece("hello").end());
  CHECK(text_of(test.socket.receive(test.buffer, patience, test.error)) == "hello");
}

TEST_CASE("A receive that is woken would block, whatever is there, and that stays there") {
  Patient test;
  SECTION("before it waits") {
    test.kernel.receives(piece("hello").end());
    test.waker.wake();
    CHECK(test.socket.receive(test.buffer, test.waker, test.error).status() == ReceiveStatus::would_block);
    CHECK(test.kernel.count(Call::recvmsg) == 0);
  }
  SECTION("while it waits") {
    test.kernel.while_waiting([&] { test.waker.wake(); });
    CHECK(test.socket.receive(test.buffer, test.waker, test.error).status() == ReceiveStatus::would_block);
    test.kernel.receives(piece("hello").end());
  }
  SECTION("with an event in the buffer") {
    test.kernel.receives(piece("cut"));
    test.kernel.receives(event(assoc_change(AssociationChange::State::restarted)));
    CHECK(test.socket.receive(test.buffer, test.error).status() == ReceiveStatus::notification);
    test.waker.wake();
    CHECK(test.socket.receive(test.buffer, test.waker, test.error).status() == ReceiveStatus::would_block);
    CHECK(test.socket.try_receive(test.buffer).status() == ReceiveStatus::notification);
    test.kernel.receives(piece("hello").end());
  }
  CHECK_FALSE(test.error);
  test.waker.reset();
  CHECK(text_of(test.socket.receive(test.buffer, test.waker, test.error)) == "hello");
}

TEST_CASE("A message that goes on for ever does not outlast the patience, and is not lost") {
  Patient test;
  const Patience patience{250ms};
  for (int pieces = 0; pieces != 3; ++pieces) test.kernel.receives(piece("x").on(StreamId{1}));
  test.kernel.while_waiting([&] {
    test.kernel.advance(250);
    for (int pieces = 0; pieces != 3; ++pieces) test.kernel.receives(piece("y").on(StreamId{1}));
  });
  CHECK(test.socket.receive(test.buffer, patience, test.error).status() == ReceiveStatus::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.queue.size() == 3);
  test.kernel.receives(piece("z").on(StreamId{1}).end());
  CHECK(text_of(test.socket.receive(test.buffer, test.error)) == "xxxyyyz");
}

TEST_CASE("A receive without time takes what is there, and begins no waiting") {
  Patient test;
  test.kernel.receives(piece("hello").end());
  CHECK(text_of(test.socket.receive(test.buffer, 0s, test.error)) == "hello");
  CHECK(test.socket.receive(test.buffer, 0s, test.error).status() == ReceiveStatus::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now == test.began);
}

TEST_CASE("A receive with patience that cannot wait says why") {
  Patient test;
  test.kernel.fail_next(Call::poll, ENOMEM);
  CHECK(test.socket.receive(test.buffer, 1s, test.error).status() == ReceiveStatus::failed);
  CHECK(test.error == std::errc::not_enough_memory);
}

}  // namespace

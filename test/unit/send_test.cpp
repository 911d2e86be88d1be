// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <chrono>
#include <string>

#include <sctpxx/error.hpp>
#include <sctpxx/ppid.hpp>

#include "borrowed.hpp"
#include "native.hpp"
#include "support/allocation_counter.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

TEST_CASE("A message is sent with its bytes and its information, in one system call") {
  Borrowed test;
  const Sent& sent = test.send({.stream = StreamId{3}, .ppid = ppid::ngap, .context = 77}, AssociationId{9});
  CHECK(sent.fd == test.fd);
  CHECK(sent.data == "hello");
  CHECK(sent.has_info);
  CHECK(sent.stream == 3);
  CHECK(sent.info_flags == 0);
  CHECK(sent.ppid_on_the_wire == std::array<std::uint8_t, 4>{0, 0, 0, 60});
  CHECK(sent.context == 77);
  CHECK(sent.association == 9);
  CHECK(sent.control_messages == 1);
  CHECK_FALSE(sent.reliability);
  CHECK_FALSE(sent.destination);
  CHECK(sent.flags == MSG_NOSIGNAL);
  CHECK(test.kernel.story() == "sendmsg");
}

TEST_CASE("A payload protocol identifier goes out in network order") {
  Borrowed test;
  CHECK(test.send({.ppid = Ppid{0x12345678}}).ppid_on_the_wire ==
        std::array<std::uint8_t, 4>{0x12, 0x34, 0x56, 0x78});
}

TEST_CASE("What the sender says of order and acknowledgement becomes flags") {
  Borrowed test;
  CHECK(test.send({.unordered = true}).info_flags == SCTP_UNORDERED);
  CHECK(test.send({.sack_immediately = true}).info_flags == SCTP_SACK_IMMEDIATELY);
  CHECK(test.send({.unordered = true, .sack_immediately = true}).info_flags ==
        (SCTP_UNORDERED | SCTP_SACK_IMMEDIATELY));
}

TEST_CASE("A reliability goes with the message only when one is asked for") {
  Borrowed test;
  using Expected = Sent::Reliability;
  CHECK(test.send({.reliability = Reliability::lifetime(250ms)}).reliability ==
        Expected{SCTP_PR_SCTP_TTL, 250});
  CHECK(test.kernel.sent.back().control_messages == 2);
  CHECK(test.kernel.sent.back().has_info);
  CHECK(test.send({.reliability = Reliability::lifetime(0ms)}).reliability == Expected{SCTP_PR_SCTP_TTL, 0});
  CHECK(test.send({.reliability = Reliability::retransmissions(3)}).reliability ==
        Expected{SCTP_PR_SCTP_RTX, 3});
  CHECK(test.send({.reliability = Reliability::priority(9)}).reliability == Expected{SCTP_PR_SCTP_PRIO, 9});
  CHECK_FALSE(test.send({.reliability = Reliability{}}).reliability);
  CHECK(test.kernel.sent.back().control_messages == 1);
}

TEST_CASE("try_send sends the same, and never blocks") {
  Borrowed test;
  CHECK(test.socket.try_send(AssociationId{9}, as_bytes("hello"), {.stream = StreamId{2}}));
  CHECK(test.kernel.sent.back().stream == 2);
  CHECK(test.kernel.sent.back().association == 9);
  CHECK(test.kernel.sent.back().flags == (MSG_NOSIGNAL | MSG_DONTWAIT));
}

TEST_CASE("Sending is repeated when a signal interrupts it") {
  Borrowed test;
  test.kernel.fail_next(Call::sendmsg, EINTR, 3);
  test.send({});
  CHECK(test.kernel.story() == "sendmsg sendmsg sendmsg sendmsg");
  CHECK(test.kernel.sent.size() == 1);
}

TEST_CASE("Sending is repeated when a signal interrupts it, whichever way one sends") {
  Borrowed test;
  const Address path = Address::v4({192, 0, 2, 1}, 3868);
  test.kernel.peer_addresses = {path};
  test.kernel.fail_next(Call::sendmsg, EINTR, 2);
  SECTION("throwing") { test.socket.send({}, as_bytes("hello")); }
  SECTION("without blocking") { CHECK(test.socket.try_send({}, as_bytes("hello"), {}, test.error)); }
  SECTION("throwing, without blocking") { CHECK(test.socket.try_send({}, as_bytes("hello"))); }
  SECTION("with patience") { CHECK(test.socket.send({}, as_bytes("hello"), {}, 1s, test.error)); }
  SECTION("by a path") { test.socket.send({}, as_bytes("hello"), {.path = path}, test.error); }
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::sendmsg) == 3);
  CHECK(test.kernel.sent.size() == 1);
}

TEST_CASE("A send that is woken before it begins sends nothing") {
  Borrowed test;
  Waker waker;
  waker.wake();
  test.error = Errc::no_addresses;
  CHECK_FALSE(test.socket.send(AssociationId{7}, as_bytes("hello"), {}, waker, test.error));
  CHECK_FALSE(test.error);
  CHECK_FALSE(test.socket.send(AssociationId{7}, as_bytes("hello"), {}, Patience{1h, waker}));
  CHECK(test.kernel.count(Call::sendmsg) == 0);
  waker.reset();
  CHECK(test.socket.send(AssociationId{7}, as_bytes("hello"), {}, waker, test.error));
  CHECK(test.kernel.sent.size() == 1);
}

TEST_CASE("A full send buffer is false to try_send, and an error to send on a non-blocking socket") {
  Borrowed test;
  test.kernel.fail_next(Call::sendmsg, EAGAIN, 3);
  test.error = Errc::no_addresses;
  CHECK_FALSE(test.socket.try_send({}, as_bytes("x"), {}, test.error));
  CHECK_FALSE(test.error);
  CHECK_FALSE(test.socket.try_send({}, as_bytes("x")));
  test.socket.send({}, as_bytes("x"), {}, test.error);
  CHECK(test.error == std::errc::operation_would_block);
  CHECK(test.kernel.story() == "sendmsg sendmsg sendmsg");
}

TEST_CASE("An empty message is refused without a system call") {
  Borrowed test;
  test.socket.send({}, {}, {}, test.error);
  CHECK(test.error == Errc::empty_message);
  test.error.clear();
  CHECK_FALSE(test.socket.try_send({}, {}, {}, test.error));
  CHECK(test.error == Errc::empty_message);
  CHECK(test.kernel.total() == 0);
  CHECK_THROWS_WITH(test.socket.send({}, {}),
                    StartsWith("cannot send 0 bytes on stream 0 to 192.0.2.1:3868"));
}

TEST_CASE("A message that no send buffer of this size can take says so") {
  Borrowed test;
  test.kernel.fail_next(Call::sendmsg, EMSGSIZE, 2);
  const std::string large(300'000, 'x');
  test.socket.send({}, as_bytes(large), {}, test.error);
  CHECK(test.error == Errc::message_exceeds_send_buffer);
  CHECK(test.error == std::errc::message_size);
  // Fragmentation may be off: then a small message can be too large as well.
  test.socket.send({}, as_bytes("small"), {}, test.error);
  CHECK(test.error == std::error_code{EMSGSIZE, std::system_category()});
  test.kernel.fail_next(Call::sendmsg, EMSGSIZE);
  CHECK_THROWS_WITH(test.socket.send({}, as_bytes("small")),
                    StartsWith("cannot send 5 bytes on stream 0 to 192.0.2.1:3868: it does not fit in one "
                               "packet, and option::DisableFragments is on"));
}

TEST_CASE("A message that is too large for what the kernel does not tell is told in its words") {
  Borrowed test;
  test.kernel.fail_next(Call::sendmsg, EMSGSIZE);
  test.kernel.fail_next(Call::getsockopt, EDQUOT);
  test.socket.send({}, as_bytes(std::string(300'000, 'x')), {}, test.error);
  CHECK(test.error == std::error_code{EMSGSIZE, std::system_category()});
}

TEST_CASE("A stream that was not negotiated says so") {
  Borrowed test;
  test.kernel.association_is_up(AssociationId{7}, 4, 4);
  test.kernel.fail_next(Call::sendmsg, EINVAL, 3);
  test.socket.send({}, as_bytes("x"), {.stream = StreamId{4}}, test.error);
  CHECK(test.error == Errc::no_such_stream);
  test.socket.send({}, as_bytes("x"), {.stream = StreamId{3}}, test.error);
  CHECK(test.error == std::error_code{EINVAL, std::system_category()});
  CHECK_FALSE(test.socket.try_send({}, as_bytes("x"), {.stream = StreamId{65535}}, test.error));
  CHECK(test.error == Errc::no_such_stream);
}

TEST_CASE("Before there is an association, the streams that will be asked for count") {
  Borrowed test;
  test.kernel.association_is_gone();
  test.kernel.fail_next(Call::sendmsg, EINVAL, 2);
  test.socket.send({}, as_bytes("x"), {.stream = StreamId{10}}, test.error);
  CHECK(test.error == Errc::no_such_stream);
  test.socket.send({}, as_bytes("x"), {.stream = StreamId{9}}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);
}

TEST_CASE("Any other failure to send is the kernel's own") {
  Borrowed test;
  for (const int error : {EPIPE, ESHUTDOWN, ECONNRESET, ENOBUFS, ENOTCONN}) {
    test.kernel.fail_next(Call::sendmsg, error, 2);
    test.socket.send({}, as_bytes("x"), {}, test.error);
    CHECK(test.error == std::error_code{error, std::system_category()});
    CHECK_FALSE(test.socket.try_send({}, as_bytes("x"), {}, test.error));
    CHECK(test.error == std::error_code{error, std::system_category()});
  }
}

TEST_CASE("The exception of a send tells how much, where and to whom, and what to do") {
  Borrowed test;
  test.kernel.fail_next(Call::sendmsg, EPIPE, 3);
  CHECK_THROWS_WITH(test.socket.send({}, as_bytes("hello"), {.stream = StreamId{3}}),
                    "cannot send 5 bytes on stream 3 to 192.0.2.1:3868: there is no association, or no more: "
                    "Broken pipe");
  test.kernel.descriptor(test.fd).peer.reset();
  CHECK_THROWS_WITH(test.socket.send({}, as_bytes("hello")),
                    StartsWith("cannot send 5 bytes on stream 0 to any peer of 192.0.2.9:40000"));
  test.kernel.fail_next(Call::getsockname, ENOBUFS);
  CHECK_THROWS_WITH(test.socket.try_send({}, as_bytes("hello")),
                    StartsWith("cannot send 5 bytes on stream 0 to any peer: "));
}

TEST_CASE("Nothing is allocated for a message that is sent") {
  Borrowed test;
  test.kernel.fail_next(Call::sendmsg, EAGAIN, 10);
  test.kernel.calls.reserve(100);
  std::size_t sent = 0;
  const AllocationCounter counter;
  for (int round = 0; round != 10; ++round) {
    sent += test.socket.try_send({}, as_bytes("hello"), {}, test.error) ? 1U : 0U;
  }
  const std::size_t allocations = counter.count();
  CHECK(sent == 0);
  CHECK(allocations == 0);
}

}  // namespace

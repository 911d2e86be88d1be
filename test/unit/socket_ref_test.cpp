// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/socket_ref.hpp>

#include <cerrno>
#include <string>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_one_socket.hpp>
#include <sctpxx/ppid.hpp>

#include "native.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "support/records.hpp"
#include "sys.hpp"

#include <fcntl.h>

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

/// A socket of somebody else, borrowed for a test.
struct Borrowed {
  FakeKernel kernel;
  int fd = kernel.open();
  SocketRef socket = SocketRef::borrow(fd, Style::one_to_one);
  std::error_code error;

  Borrowed() {
    kernel.association_is_up(AssociationId{7});
    kernel.descriptor(fd).peer = Address::v4({192, 0, 2, 1}, 3868);
    kernel.descriptor(fd).local = Address::v4({192, 0, 2, 9}, 40000);
  }
  ~Borrowed() { sys::close(fd); }

  const Sent& send(const SendOptions& options, AssociationId association = {}) {
    socket.send(association, as_bytes("hello"), options, error);
    REQUIRE_FALSE(error);
    return kernel.sent.back();
  }
};

TEST_CASE("A borrowed socket is what it was borrowed as, and closes nothing") {
  FakeKernel kernel;
  const int fd = kernel.open();
  {
    const SocketRef socket = SocketRef::borrow(fd, Style::peeled_off);
    CHECK(socket.fd() == fd);
    CHECK(socket.style() == Style::peeled_off);
    CHECK(socket.is_open());
    CHECK_FALSE(SocketRef::borrow(-1, Style::one_to_one).is_open());
  }
  CHECK(kernel.is_open(fd));
  sys::close(fd);
}

// Sending

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
                    "cannot send 5 bytes on stream 3 to 192.0.2.1:3868: the association has ended, or is "
                    "ending: Broken pipe");
  test.kernel.descriptor(test.fd).peer.reset();
  CHECK_THROWS_WITH(test.socket.send({}, as_bytes("hello")),
                    StartsWith("cannot send 5 bytes on stream 0 to any peer of 192.0.2.9:40000"));
  test.kernel.fail_next(Call::getsockname, ENOBUFS);
  CHECK_THROWS_WITH(test.socket.try_send({}, as_bytes("hello")),
                    StartsWith("cannot send 5 bytes on stream 0 to any peer: "));
}

// Receiving

TEST_CASE("A message is received with what came beside it, in one system call") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("hello")
                           .on(StreamId{3})
                           .with(Ppid{0x12345678})
                           .of(AssociationId{7})
                           .unordered()
                           .ssn(1)
                           .tsn(2)
                           .context(3)
                           .from(Address::v4({192, 0, 2, 2}, 3868))
                           .end());
  const Received received = test.socket.receive(buffer);
  REQUIRE(received.message() != nullptr);
  const Message& message = *received.message();
  CHECK(as_text(message.payload) == "hello");
  CHECK(message.stream == StreamId{3});
  CHECK(message.ppid == Ppid{0x12345678});
  CHECK(message.association == AssociationId{7});
  CHECK(message.unordered);
  CHECK(message.ssn == 1);
  CHECK(message.tsn == 2);
  CHECK(message.context == 3);
  CHECK(message.source == Address::v4({192, 0, 2, 2}, 3868));
  CHECK(test.kernel.story() == "recvmsg");
}

TEST_CASE("An IPv4 peer of an IPv6 socket has an IPv4 address") {
  FakeKernel kernel;
  const int fd = kernel.open(AF_INET6);
  const SocketRef socket = SocketRef::borrow(fd, Style::one_to_one);
  ReceiveBuffer buffer;
  kernel.receives(piece("4").from(Address::parse("192.0.2.1:7")).end());
  kernel.receives(piece("6").from(Address::parse("[fe80::1%3]:7")).end());
  CHECK(socket.receive(buffer).match([](const Message& message) { return message.source; },
                                     [](const auto&) { return Address{}; }) == Address::parse("192.0.2.1:7"));
  CHECK(socket.receive(buffer).match([](const Message& message) { return message.source; },
                                     [](const auto&) { return Address{}; }) ==
        Address::parse("[fe80::1%3]:7"));
  kernel.descriptor(fd).peer = Address::parse("192.0.2.1:7");
  CHECK(socket.peer_address() == Address::parse("192.0.2.1:7"));
  sys::close(fd);
}

std::string text_of(const Received& received) {
  const Message* message = received.message();
  return message == nullptr ? "no message" : std::string{as_text(message->payload)};
}

TEST_CASE("A message that is larger than the buffer is joined from the pieces that fit") {
  Borrowed test;
  ReceiveBuffer buffer{1024};
  const std::string large = std::string(2500, 'x') + "!";
  test.kernel.receives(piece(large).on(StreamId{2}).end());
  test.kernel.receives(piece("next").end());
  CHECK(text_of(test.socket.receive(buffer)) == large);
  CHECK(test.kernel.count(Call::recvmsg) < 4);
  CHECK(text_of(test.socket.receive(buffer)) == "next");
}

TEST_CASE("A message of which only a part is there is not handed out, and is whole later") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("hel").with(ppid::ngap));
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
  CHECK(buffer.unfinished() == 1);
  test.kernel.receives(piece("lo").with(Ppid{1}).end());
  const Received received = test.socket.try_receive(buffer);
  CHECK(text_of(received) == "hello");
  CHECK(received.message()->ppid == ppid::ngap);
}

TEST_CASE("An event is received as what it is, between the pieces of a message as well") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(event(assoc_change(AssociationChange::State::up, {.association = AssociationId{7}})));
  test.kernel.receives(piece("hel"));
  test.kernel.receives(event(unknown_event(0x8123, 3000)));
  test.kernel.receives(piece("lo").end());
  const auto kind = [](const Received& received) { return received.notification()->index(); };
  CHECK(kind(test.socket.receive(buffer)) == 1);
  CHECK(kind(test.socket.receive(buffer)) == 0);
  CHECK(text_of(test.socket.receive(buffer)) == "hello");
}

TEST_CASE("Receiving is repeated when a signal interrupts it, and keeps what it has") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("hel"));
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
  test.kernel.receives(piece("lo").end());
  test.kernel.fail_next(Call::recvmsg, EINTR, 3);
  CHECK(text_of(test.socket.receive(buffer)) == "hello");
  CHECK(test.kernel.count(Call::recvmsg) == 6);
}

TEST_CASE("Nothing to receive is a status, on a non-blocking socket too") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.error = Errc::no_addresses;
  CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
  test.socket.set_nonblocking();
  CHECK(test.socket.receive(buffer).status() == Received::Status::would_block);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::would_block);
  CHECK_FALSE(test.error);
}

TEST_CASE("The peer's graceful end is the end of the stream, as often as one asks") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("last").end());
  test.kernel.ends_stream();
  CHECK(text_of(test.socket.receive(buffer)) == "last");
  for (int round = 0; round != 3; ++round) {
    CHECK(test.socket.receive(buffer).status() == Received::Status::end_of_stream);
    CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::end_of_stream);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("The end in the middle of messages reports each as aborted first") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("hel").on(StreamId{3}));
  test.kernel.receives(piece("w").on(StreamId{4}).unordered());
  test.kernel.ends_stream();
  const auto aborted = [&] {
    const Received received = test.socket.receive(buffer);
    return received.match([](const PartialDeliveryAborted& event) { return event; },
                          [](const auto&) { return PartialDeliveryAborted{}; });
  };
  const PartialDeliveryAborted first = aborted();
  CHECK(first.stream == StreamId{3});
  CHECK(first.received == 3);
  const PartialDeliveryAborted second = aborted();
  CHECK(second.stream == StreamId{4});
  CHECK(second.unordered);
  CHECK(second.received == 1);
  CHECK(test.socket.receive(buffer).status() == Received::Status::end_of_stream);
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("A loss is its event, then one error, then the end of the stream") {
  Borrowed test;
  ReceiveBuffer buffer;
  const bool nonblocking = GENERATE(false, true);
  if (nonblocking) test.socket.set_nonblocking();
  test.kernel.receives(
      event(assoc_change(AssociationChange::State::lost, {.cause = Cause::user_initiated_abort})));
  test.kernel.association_is_gone();
  SECTION("when the kernel reports the error") { test.kernel.has_error(ECONNRESET); }
  SECTION("when a send has met the error before") {}
  SECTION("when the kernel sees no more than an end") { test.kernel.ends_stream(); }
  CHECK(test.socket.receive(buffer, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::failed);
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.error == Condition::association_ended);
  for (int round = 0; round != 3; ++round) {
    CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("A peer that no longer answers is timed_out, once") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(event(assoc_change(AssociationChange::State::lost)));
  test.kernel.association_is_gone();
  CHECK(test.socket.try_receive(buffer));
  CHECK_FALSE(test.socket.try_receive(buffer, test.error));
  CHECK(test.error == std::errc::timed_out);
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::end_of_stream);
}

TEST_CASE("A loss that no event tells of is the kernel's error once, then the end of the stream") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.has_error(ECONNRESET);
  test.kernel.association_is_gone();
  test.socket.set_nonblocking();
  CHECK_FALSE(test.socket.receive(buffer, test.error));
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
}

TEST_CASE("After our own shutdown its completion is told, and then the end of the stream") {
  const bool nonblocking = GENERATE(false, true);  // the kernel says ENOTCONN to one and EAGAIN to the other
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  Borrowed test;
  const SocketRef socket = SocketRef::borrow(test.fd, style);
  ReceiveBuffer buffer;
  if (nonblocking) socket.set_nonblocking();
  test.kernel.receives(event(assoc_change(AssociationChange::State::shutdown_complete)));
  test.kernel.association_is_gone();
  CHECK(socket.receive(buffer));
  for (int round = 0; round != 3; ++round) {
    CHECK(socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("An association that comes up after a failed setup is alive") {
  Borrowed test;
  ReceiveBuffer buffer;
  using enum AssociationChange::State;
  for (const auto change : {cannot_start, up}) {
    test.kernel.receives(event(assoc_change(change)));
    CHECK(test.socket.try_receive(buffer));
  }
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
}

TEST_CASE("A restart ends nothing") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(event(assoc_change(AssociationChange::State::restarted)));
  CHECK(test.socket.try_receive(buffer));
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
}

TEST_CASE("An error that ends no association leaves it alive") {
  Borrowed test;
  ReceiveBuffer buffer;
  for (const int error : {ENOMEM, ENOBUFS, EHOSTUNREACH}) {
    CAPTURE(error);
    test.kernel.has_error(error);
    CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::failed);
    CHECK(test.error == std::error_code{error, std::system_category()});
    CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::would_block);
  }
}

TEST_CASE("The end of one association is not the end of a one-to-many socket") {
  Borrowed test;
  const SocketRef socket = SocketRef::borrow(test.fd, Style::one_to_many);
  ReceiveBuffer buffer;
  using enum AssociationChange::State;
  for (const auto change : {lost, shutdown_complete, cannot_start}) {
    test.kernel.receives(event(assoc_change(change)));
    CHECK(socket.try_receive(buffer));
    CHECK(socket.try_receive(buffer, test.error).status() == Received::Status::would_block);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("A message whose information was cut away is an error, and the next one is whole") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("who?").carrying(Arrival::Control::none).end());
  test.kernel.receives(piece("who?").carrying(Arrival::Control::cut_info).end());
  test.kernel.receives(piece("fine").end());
  for (int round = 0; round != 2; ++round) {
    CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::failed);
    CHECK(test.error == Errc::receive_info_missing);
  }
  CHECK(text_of(test.socket.receive(buffer, test.error)) == "fine");
  CHECK_FALSE(test.error);
}

TEST_CASE("Other ancillary data before the message's own is passed over") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("hello").on(StreamId{3}).carrying(Arrival::Control::info_after_others).end());
  const Received received = test.socket.receive(buffer);
  REQUIRE(received.message() != nullptr);
  CHECK(received.message()->stream == StreamId{3});
}

TEST_CASE("A message over the limit is an error, and the next one is whole") {
  Borrowed test;
  ReceiveBuffer buffer{1024, 2000};
  test.kernel.receives(piece(std::string(10'000, 'x')).end());
  test.kernel.receives(piece("fine").end());
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::failed);
  CHECK(test.error == Errc::message_exceeds_limit);
  CHECK(text_of(test.socket.receive(buffer, test.error)) == "fine");
}

TEST_CASE("Without memory receiving fails, and the message is not lost") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(piece("hello").end());
  Received::Status status{};
  {
    const NoMemory none;
    status = test.socket.receive(buffer, test.error).status();
  }
  CHECK(status == Received::Status::failed);
  CHECK(test.error == std::errc::not_enough_memory);
  CHECK(text_of(test.socket.receive(buffer)) == "hello");
}

TEST_CASE("The exception of a receive tells from whom") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.has_error(ECONNRESET);
  CHECK_THROWS_WITH(test.socket.receive(buffer),
                    "cannot receive from 192.0.2.1:3868: the peer aborted the association: Connection reset "
                    "by peer");
  test.kernel.fail_next(Call::recvmsg, ENOTSOCK);
  CHECK_THROWS_WITH(test.socket.try_receive(buffer), StartsWith("cannot receive from 192.0.2.1:3868: "));
  test.kernel.fail_next(Call::recvmsg, ENOMEM);
  CHECK_THROWS_AS(test.socket.receive(buffer), std::bad_alloc);
}

// Addresses and modes

TEST_CASE("Binding takes an address, or says what is wrong with it") {
  Borrowed test;
  test.socket.bind(Address::parse("127.0.0.1:7"));
  test.socket.bind(Address::parse("127.0.0.2:8"), test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.bound_to ==
        std::vector<std::vector<Address>>{{Address::parse("127.0.0.1:7")}, {Address::parse("127.0.0.2:8")}});
  test.socket.bind(Address::parse("[::1]:7"), test.error);
  CHECK(test.error == Errc::wrong_address_family);
  test.kernel.fail_next(Call::bind, EINVAL);
  test.socket.bind(Address::parse("127.0.0.1:7"), test.error);
  CHECK(test.error == std::error_code{EINVAL, std::system_category()});
  test.kernel.fail_next(Call::bind, EADDRINUSE);
  CHECK_THROWS_WITH(test.socket.bind(Address::parse("127.0.0.1:7")),
                    "cannot bind to 127.0.0.1:7: another socket has this port; take another one, or port 0 "
                    "for any free one: Address already in use");
}

TEST_CASE("An EINVAL on an IPv6 socket is not the family's fault") {
  Borrowed test;
  test.kernel.descriptor(test.fd).domain = AF_INET6;
  test.kernel.fail_next(Call::bind, EINVAL);
  test.socket.bind(Address::parse("[::1]:7"), test.error);
  CHECK(test.error == std::error_code{EINVAL, std::system_category()});
}

TEST_CASE("Binding takes several addresses of both families at once") {
  Borrowed test;
  test.kernel.descriptor(test.fd).domain = AF_INET6;
  const std::vector<Address> addresses{Address::parse("192.0.2.1:7"), Address::parse("[2001:db8::1%4]:7"),
                                       Address::parse("198.51.100.1:7")};
  test.socket.bind(addresses);
  REQUIRE(test.kernel.bound_to.size() == 1);
  CHECK(test.kernel.bound_to.front() == addresses);

  test.kernel.fail_next(Call::bindx, EADDRNOTAVAIL);
  CHECK_THROWS_WITH(test.socket.bind(addresses),
                    "cannot bind to [192.0.2.1|2001:db8::1%4|198.51.100.1]:7: this machine has no such "
                    "address: Cannot assign requested address");
  test.kernel.descriptor(test.fd).domain = AF_INET;
  test.socket.bind(addresses, test.error);
  CHECK(test.error == Errc::wrong_address_family);
}

TEST_CASE("A list of addresses is empty or has two ports: no call is made") {
  Borrowed test;
  const std::vector<Address> two_ports{Address::parse("192.0.2.1:7"), Address::parse("192.0.2.2:8")};
  test.socket.bind(std::span<const Address>{}, test.error);
  CHECK(test.error == Errc::no_addresses);
  test.socket.bind(two_ports, test.error);
  CHECK(test.error == Errc::ports_differ);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("A socket tells its own address and its peer's") {
  Borrowed test;
  CHECK(test.socket.local_address() == Address::parse("192.0.2.9:40000"));
  CHECK(test.socket.peer_address() == Address::parse("192.0.2.1:3868"));
  test.error = Errc::no_addresses;
  CHECK(test.socket.local_address(test.error) == Address::parse("192.0.2.9:40000"));
  CHECK_FALSE(test.error);
  test.kernel.descriptor(test.fd).peer.reset();
  CHECK(test.socket.peer_address(test.error) == Address{});
  CHECK(test.error == std::errc::not_connected);
  CHECK_THROWS_WITH(test.socket.peer_address(),
                    StartsWith("cannot ask for the addresses of the peer of 192.0.2.9:40000: "));
  test.kernel.fail_next(Call::getsockname, ENOBUFS);
  CHECK_THROWS_WITH(test.socket.local_address(), StartsWith("cannot ask for the addresses of the socket: "));
}

TEST_CASE("A socket tells all of its addresses, however many and of both families") {
  Borrowed test;
  for (int host = 0; host != 600; ++host) {
    const auto low = static_cast<std::uint8_t>(host);
    test.kernel.local_addresses.push_back(host % 3 == 0 ? Address::v4({10, 0, 1, low}, 7)
                                                        : Address::v6({0xfe, 0x80, low}, 7, 3));
  }
  CHECK(test.socket.local_addresses() == test.kernel.local_addresses);
  test.kernel.local_addresses.resize(2);
  test.kernel.forget_calls();
  CHECK(test.socket.local_addresses(test.error) == test.kernel.local_addresses);
  CHECK(test.kernel.story() == "getsockopt");
  test.kernel.local_addresses.clear();
  CHECK(test.socket.local_addresses().empty());
  test.kernel.fail_next(Call::getsockopt, EINVAL);
  CHECK_THROWS_WITH(test.socket.local_addresses(),
                    StartsWith("cannot ask for the addresses of 192.0.2.9:40000: "));
}

TEST_CASE("A kernel that never finds the room enough is asked a bounded number of times") {
  Borrowed test;
  test.kernel.fail_next(Call::getsockopt, ENOMEM, 12);
  CHECK(test.socket.local_addresses(test.error).empty());
  CHECK(test.error == std::errc::not_enough_memory);
}

TEST_CASE("The mode changes O_NONBLOCK and nothing else, and only when it must") {
  Borrowed test;
  test.kernel.descriptor(test.fd).status_flags = O_APPEND;
  test.socket.set_nonblocking();
  CHECK(test.kernel.descriptor(test.fd).status_flags == (O_APPEND | O_NONBLOCK));
  test.socket.set_nonblocking(true, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::set_status_flags) == 1);
  test.socket.set_nonblocking(false);
  CHECK(test.kernel.descriptor(test.fd).status_flags == O_APPEND);
  test.kernel.fail_next(Call::set_status_flags, EPERM);
  CHECK_THROWS_WITH(test.socket.set_nonblocking(),
                    StartsWith("cannot change the blocking mode of 192.0.2.9:40000: "));
  test.kernel.fail_next(Call::get_status_flags, EPERM);
  test.socket.set_nonblocking(true, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
}

TEST_CASE("On a closed socket every call fails with EBADF") {
  FakeKernel kernel;
  const SocketRef closed = SocketRef::borrow(-1, Style::one_to_one);
  ReceiveBuffer buffer;
  std::error_code error;
  const auto fails = [&] { return std::exchange(error, {}) == std::errc::bad_file_descriptor; };
  closed.send({}, as_bytes("x"), {}, error);
  CHECK(fails());
  CHECK_FALSE(closed.try_send({}, as_bytes("x"), {}, error));
  CHECK(fails());
  CHECK_FALSE(closed.receive(buffer, error));
  CHECK(fails());
  CHECK_FALSE(closed.try_receive(buffer, error));
  CHECK(fails());
  closed.bind(Address{}, error);
  CHECK(fails());
  CHECK(closed.local_address(error) == Address{});
  CHECK(fails());
  CHECK(closed.peer_address(error) == Address{});
  CHECK(fails());
  CHECK(closed.local_addresses(error).empty());
  CHECK(fails());
  closed.set_nonblocking(true, error);
  CHECK(fails());
  CHECK_THROWS_WITH(closed.send({}, as_bytes("x")),
                    "cannot send 1 bytes on stream 0 to any peer: the socket is closed: Bad file descriptor");
}

TEST_CASE("Nothing is allocated for a message sent or received, once warm") {
  Borrowed test;
  ReceiveBuffer buffer;
  for (int round = 0; round != 3; ++round) {
    test.kernel.receives(piece("hello").end());
    CHECK(test.socket.receive(buffer));
  }
  for (int round = 0; round != 10; ++round) test.kernel.receives(piece("hello").end());
  test.kernel.calls.reserve(1000);
  std::size_t received = 0;
  const AllocationCounter receiving;
  for (int round = 0; round != 10; ++round) received += test.socket.receive(buffer) ? 1U : 0U;
  const std::size_t allocations_of_receiving = receiving.count();
  CHECK(received == 10);
  CHECK(allocations_of_receiving == 0);

  test.kernel.fail_next(Call::sendmsg, EAGAIN, 10);
  std::size_t sent = 0;
  const AllocationCounter sending;
  for (int round = 0; round != 10; ++round) {
    sent += test.socket.try_send({}, as_bytes("hello"), {}, test.error) ? 1U : 0U;
  }
  const std::size_t allocations_of_sending = sending.count();
  CHECK(sent == 0);
  CHECK(allocations_of_sending == 0);
}

}  // namespace

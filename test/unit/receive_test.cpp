// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <string>

#include <sctpxx/error.hpp>
#include <sctpxx/ppid.hpp>

#include "borrowed.hpp"
#include "support/allocation_counter.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;

TEST_CASE("A message is received with what came beside it, in one system call") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(hello_with_all());
  const Received received = test.socket.receive(buffer);
  check_hello_with_all(received);
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
        Address::parse("[fe80::1]:7"));  // the kernel tells a wrong interface here
  kernel.descriptor(fd).peer = Address::parse("192.0.2.1:7");
  CHECK(socket.peer_address() == Address::parse("192.0.2.1:7"));
  sys::close(fd);
}

TEST_CASE("A message that is larger than the buffer is joined from the pieces that fit") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test, ReceiveBuffer{1024});
  const std::string large = std::string(2500, 'x') + "!";
  test.kernel.receives(piece(large).on(StreamId{2}).end());
  test.kernel.receives(piece("next").end());
  CHECK(text_of(test.socket.receive(buffer)) == large);
  CHECK(test.kernel.count(Call::recvmsg) < 4);
  CHECK(text_of(test.socket.receive(buffer)) == "next");
}

TEST_CASE("A message of which only a part is there is not handed out, and is whole later") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
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
  ReceiveBuffer buffer = new_or_used(test);
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
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(piece("hel"));
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
  test.kernel.receives(piece("lo").end());
  test.kernel.fail_next(Call::recvmsg, EINTR, 3);
  CHECK(text_of(test.socket.receive(buffer)) == "hello");
  CHECK(test.kernel.count(Call::recvmsg) == 6);
}

TEST_CASE("Nothing to receive is a status, on a non-blocking socket too") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.error = Errc::no_addresses;
  CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::would_block);
  CHECK_FALSE(test.error);
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
  test.socket.set_nonblocking();
  CHECK(test.socket.receive(buffer).status() == Received::Status::would_block);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::would_block);
  CHECK_FALSE(test.error);
}

TEST_CASE("A message whose information was cut away is an error, and the next one is whole") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
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

TEST_CASE(
    "A message of which the first piece's information was cut away is not handed out without its beginning") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(piece("hel").carrying(Arrival::Control::cut_info));
  test.kernel.receives(piece("lo").end());
  test.kernel.receives(piece("fine").end());
  for (int round = 0; round != 2; ++round) {
    CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::failed);
    CHECK(test.error == Errc::receive_info_missing);
  }
  CHECK(text_of(test.socket.receive(buffer, test.error)) == "fine");
}

TEST_CASE("Other ancillary data before the message's own is passed over") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(piece("hello").on(StreamId{3}).carrying(Arrival::Control::info_after_others).end());
  const Received received = test.socket.receive(buffer);
  REQUIRE(received.message() != nullptr);
  CHECK(received.message()->stream == StreamId{3});
}

TEST_CASE("A message over the limit is an error, and the next one is whole") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test, ReceiveBuffer{1024, 2000});
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
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.has_error(ECONNRESET);
  CHECK_THROWS_WITH(test.socket.receive(buffer),
                    "cannot receive from 192.0.2.1:3868: the peer aborted the association: Connection reset "
                    "by peer");
  test.kernel.fail_next(Call::recvmsg, ENOTSOCK);
  CHECK_THROWS_WITH(test.socket.try_receive(buffer), StartsWith("cannot receive from 192.0.2.1:3868: "));
  test.kernel.fail_next(Call::recvmsg, ENOMEM);
  CHECK_THROWS_AS(test.socket.receive(buffer), std::bad_alloc);
}

TEST_CASE("Nothing is allocated for a message that is received, once warm") {
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
}

}  // namespace

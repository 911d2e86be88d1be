// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <cerrno>
#include <new>

#include <sctpxx/option/capability.hpp>

#include "many.hpp"
#include "native.hpp"
#include "support/allocation_counter.hpp"
#include "sys.hpp"

/// How a one-to-many socket sets associations up.
namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;

const Address peer = Address::parse("192.0.2.1:7");
const Address other = Address::parse("198.51.100.1:7");

TEST_CASE("A connect answers the number of a setup that is under way, without waiting") {
  Many test;
  const AssociationId first = test.socket.connect(peer);
  const AssociationId second = test.socket.connect(other, test.error);
  CHECK_FALSE(test.error);
  CHECK(first != AssociationId{});
  CHECK(second != AssociationId{});
  CHECK(first != second);
  CHECK(test.of(first).state == SCTP_COOKIE_WAIT);
  CHECK(test.of(second).state == SCTP_COOKIE_WAIT);
  CHECK(test.kernel.connected_to == std::vector<std::vector<Address>>{{peer}, {other}});
  CHECK(test.descriptor().status_flags == 0);
  CHECK(test.kernel.count(Call::poll) == 0);
}

TEST_CASE("Several addresses of one peer are one attempt") {
  Many test;
  const std::vector<Address> both{peer, other};
  SECTION("with an error code") { CHECK(test.socket.connect(both, test.error) != AssociationId{}); }
  SECTION("with an exception") { CHECK(test.socket.connect(both) != AssociationId{}); }
  CHECK(test.kernel.connected_to == std::vector<std::vector<Address>>{both});
  CHECK(test.socket.associations().size() == 1);
}

TEST_CASE("A connect leaves the descriptor's mode as it was, whether it fails or not") {
  Many test;
  const bool nonblocking = GENERATE(false, true);
  const int failure = GENERATE(0, ENETUNREACH);
  const int other_flag = O_APPEND;
  test.descriptor().status_flags = other_flag | (nonblocking ? O_NONBLOCK : 0);
  if (failure != 0) test.kernel.fail_next(Call::connectx, failure);
  test.socket.connect(peer, test.error);
  CHECK(test.error.value() == failure);
  CHECK(test.descriptor().status_flags == (other_flag | (nonblocking ? O_NONBLOCK : 0)));
  CHECK(test.kernel.count(Call::set_status_flags) == (nonblocking ? 0 : 2));
}

TEST_CASE("A peer that there is an association with already is said to be connected") {
  Many test;
  const AssociationId id = test.socket.connect(peer);
  test.of(id).state = GENERATE(SCTP_COOKIE_WAIT, SCTP_COOKIE_ECHOED, SCTP_ESTABLISHED, SCTP_SHUTDOWN_SENT);
  CHECK(test.socket.connect(peer, test.error) == AssociationId{});
  CHECK(test.error == std::errc::already_connected);
  CHECK_THROWS_WITH(test.socket.connect(std::vector{other, peer}),
                    StartsWith("cannot connect to [198.51.100.1|192.0.2.1]:7: "));
  CHECK(test.socket.associations() == std::vector{id});
  CHECK(test.descriptor().status_flags == 0);
}

TEST_CASE("A connect that cannot begin says to whom, and why") {
  Many test;
  const std::vector<Address> two_ports{peer, Address::parse("192.0.2.2:9")};
  const auto refuses = [&](std::span<const Address> list, std::error_code expected) {
    CHECK(test.socket.connect(list, test.error) == AssociationId{});
    CHECK(test.error == expected);
  };
  refuses({}, Errc::no_addresses);
  refuses(two_ports, Errc::ports_differ);
  CHECK(test.kernel.total() == 0);
  const Address v6 = Address::parse("[2001:db8::1]:7");
  refuses({&v6, 1}, Errc::wrong_address_family);
  test.kernel.fail_next(Call::connectx, ENETUNREACH, 2);
  refuses({&peer, 1}, {ENETUNREACH, std::system_category()});
  CHECK_THROWS_WITH(test.socket.connect(peer), "cannot connect to 192.0.2.1:7: Network is unreachable");
  CHECK(test.socket.associations().empty());
}

TEST_CASE(
    "Whichever call of connecting fails, it has failed or the setup is under way, and none is forgotten") {
  for (std::size_t position = 0;; ++position) {
    Many test;
    test.kernel.fail_at(position, EDQUOT);
    const AssociationId id = test.socket.connect(peer, test.error);
    CAPTURE(position, test.kernel.story());
    CHECK((id == AssociationId{}) == bool{test.error});
    CHECK(test.descriptor().associations.size() == (test.error ? 0 : 1));
    if (!test.kernel.failed_at) break;
  }
}

TEST_CASE("Without memory a connect does not begin") {
  Many test;
  {
    const NoMemory none;
    CHECK(test.socket.connect(peer, test.error) == AssociationId{});
  }
  CHECK(test.error == std::errc::not_enough_memory);
  const auto connect = [&] {
    const NoMemory none;
    test.socket.connect(peer);
  };
  CHECK_THROWS_AS(connect(), std::bad_alloc);
  CHECK(test.kernel.total() == 0);
}

// With a first message

TEST_CASE("A first message goes to the number that its setup has, and to no address") {
  Many test;
  const SendOptions options{.stream = StreamId{3}, .ppid = Ppid{60}};
  AssociationId id{};
  SECTION("with an error code") {
    id = test.socket.connect_and_send(peer, as_bytes("hello"), options, test.error);
    CHECK_FALSE(test.error);
  }
  SECTION("with an exception") { id = test.socket.connect_and_send(peer, as_bytes("hello"), options); }
  CHECK(test.has(id));
  REQUIRE(test.kernel.sent.size() == 1);
  const Sent& sent = test.kernel.sent.front();
  CHECK(sent.data == "hello");
  CHECK(AssociationId{sent.association} == id);
  CHECK_FALSE(sent.destination);
  CHECK(sent.stream == 3);
  CHECK(sent.flags == (MSG_DONTWAIT | MSG_NOSIGNAL));
  CHECK(test.kernel.connected_to == std::vector<std::vector<Address>>{{peer}});
}

TEST_CASE("Where the first message cannot be taken the setup is given up") {
  Many test;
  test.kernel.setups_are_instant = GENERATE(false, true);
  Bytes payload = as_bytes("hello");
  std::error_code expected;
  SECTION("the buffer is full") {
    test.kernel.fail_next(Call::sendmsg, EAGAIN);
    expected = std::make_error_code(std::errc::operation_would_block);
  }
  SECTION("it is empty") {
    payload = {};
    expected = Errc::empty_message;
  }
  SECTION("the kernel has no memory") {
    test.kernel.fail_next(Call::sendmsg, ENOBUFS);
    expected = {ENOBUFS, std::system_category()};
  }
  CHECK(test.socket.connect_and_send(peer, payload, {}, test.error) == AssociationId{});
  CHECK(test.error == expected);
  CHECK(test.socket.associations().empty());
  REQUIRE(test.kernel.sent.size() == 1);
  CHECK(test.kernel.sent.front().info_flags == SCTP_ABORT);
  CHECK(test.kernel.sent.front().data.empty());
}

TEST_CASE(
    "A first message to a peer that has refused already says so, and not that an association has ended") {
  Many test;
  test.kernel.fail_next(Call::sendmsg, EPIPE);
  CHECK(test.socket.connect_and_send(peer, as_bytes("x"), {}, test.error) == AssociationId{});
  CHECK(test.error == std::errc::connection_refused);
  test.kernel.fail_next(Call::sendmsg, EPIPE);
  CHECK_THROWS_WITH(test.socket.connect_and_send(other, as_bytes("x")),
                    StartsWith("cannot connect to 198.51.100.1:7: nobody listens there, or "));
}

TEST_CASE("A first message for a full buffer says so") {
  Many test;
  test.kernel.fail_next(Call::sendmsg, EAGAIN);
  CHECK_THROWS_WITH(test.socket.connect_and_send(peer, as_bytes("x")),
                    StartsWith("cannot connect to 192.0.2.1:7: "));
  CHECK(test.socket.associations().empty());
}

TEST_CASE("A first message to a peer that there is an association with is not sent, and does not end that") {
  Many test;
  const AssociationId id = test.socket.connect(peer);
  CHECK(test.socket.connect_and_send(peer, as_bytes("x"), {}, test.error) == AssociationId{});
  CHECK(test.error == std::errc::already_connected);
  CHECK(test.has(id));
  CHECK(test.kernel.sent.empty());
}

TEST_CASE("Under interleaving no first message travels with a setup") {
  Many test;
  test.kernel.allows_interleaving = true;
  test.socket.set(option::InterleavingSupported{});
  test.kernel.forget_calls();
  CHECK(test.socket.connect_and_send(peer, as_bytes("x"), {}, test.error) == AssociationId{});
  CHECK(test.error == std::errc::operation_not_supported);
  CHECK(test.kernel.story() == "getsockopt");
  test.socket.set(option::InterleavingSupported{.on = false});
  CHECK(test.socket.connect_and_send(peer, as_bytes("x")) != AssociationId{});
}

TEST_CASE("A kernel that knows no interleaving sends first messages") {
  Many test;
  test.kernel.unknown_options = {{IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED}};
  CHECK(test.socket.connect_and_send(peer, as_bytes("x"), {}, test.error) != AssociationId{});
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.size() == 1);
}

TEST_CASE("Whichever call of a first message fails, there is no half of it") {
  for (std::size_t position = 0;; ++position) {
    Many test;
    test.kernel.fail_at(position, EDQUOT);
    const AssociationId id = test.socket.connect_and_send(peer, as_bytes("x"), {}, test.error);
    CAPTURE(position, test.kernel.story());
    CHECK((id == AssociationId{}) == bool{test.error});
    CHECK(test.descriptor().associations.size() == (test.error ? 0 : 1));
    CHECK(test.sent_with(0) == (test.error ? 0 : 1));
    if (!test.kernel.failed_at) break;
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_one_socket.hpp>

#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;
using Family = Address::Family;

const Address peer = Address::parse("192.0.2.1:3868");
const std::vector<Address> peers{peer};
const std::error_code refused{ECONNREFUSED, std::system_category()};

struct Connecting {
  FakeKernel kernel;
  OneToOneSocket socket{Family::v4};
  std::error_code error = Errc::no_addresses;

  Connecting() { kernel.forget_calls(); }
  [[nodiscard]] bool is_blocking() { return kernel.descriptor(socket.fd()).status_flags == 0; }
};

TEST_CASE("A connect that needs no waiting is one system call, and knows its association") {
  Connecting test;
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.story() == "connectx");
  CHECK(test.socket.association().id() == AssociationId{42});
  CHECK(test.kernel.connected_to == std::vector<std::vector<Address>>{{peer}});
}

TEST_CASE("All addresses of a peer are one attempt") {
  FakeKernel kernel;
  OneToOneSocket socket{Family::v6};
  const std::vector<Address> many{Address::parse("192.0.2.1:7"), Address::parse("[2001:db8::1]:7")};
  socket.connect(many);
  CHECK(kernel.connected_to == std::vector<std::vector<Address>>{many});
}

TEST_CASE("A refusal is told, and is not met again on the socket") {
  Connecting test;
  for (int round = 0; round != 2; ++round) {
    test.kernel.has_error(ECONNREFUSED);
    test.kernel.fail_next(Call::connectx, ECONNREFUSED);
    test.socket.connect(peer, test.error);
    CHECK(test.error == refused);
    CHECK(test.kernel.pending_error == 0);
    CHECK(test.socket.association().id() == AssociationId{});
  }
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
}

TEST_CASE("The exception of a connect tells to whom, why and what to do") {
  Connecting test;
  test.kernel.fail_next(Call::connectx, ECONNREFUSED);
  CHECK_THROWS_WITH(test.socket.connect(peer),
                    "cannot connect to 192.0.2.1:3868: nobody listens there, or too many peers wait there to "
                    "be accepted: Connection refused");
  test.kernel.fail_next(Call::connectx, ETIMEDOUT);
  const std::vector<Address> two{peer, Address::parse("198.51.100.1:3868")};
  CHECK_THROWS_WITH(test.socket.connect(two),
                    StartsWith("cannot connect to [192.0.2.1|198.51.100.1]:3868: no answer; "));
}

TEST_CASE("A connect that a signal interrupts waits until the association is up") {
  Connecting test;
  test.kernel.handshake_lasts(450);
  const long long began = test.kernel.now;
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::connectx) == 1);
  CHECK(test.kernel.now - began == 450);
  CHECK(test.socket.association().id() == AssociationId{42});
  CHECK(test.is_blocking());
}

TEST_CASE("A connect that a signal interrupts waits until the association is refused") {
  Connecting test;
  test.kernel.handshake_lasts(450, ECONNREFUSED);
  test.socket.connect(peer, test.error);
  CHECK(test.error == refused);
  CHECK(test.socket.association().id() == AssociationId{});
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::connectx) == 2);
}

TEST_CASE("A connect that the kernel repeats by itself after a signal waits on, too") {
  Connecting test;
  test.kernel.fail_next(Call::connectx, EALREADY);
  test.kernel.handshake_lasts(300);
  test.kernel.fail_next(Call::poll, EINTR, 2);
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.socket.association().id() == AssociationId{42});
  CHECK(test.kernel.count(Call::connectx) == 1);
}

TEST_CASE("A first message that fills the send buffer does not keep a connect waiting") {
  Connecting test;
  test.kernel.handshake_lasts(150);
  for (int round = 0; round != 10; ++round) test.kernel.poll_says(0);
  const long long began = test.kernel.now;
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - began < 300);
}

TEST_CASE("A connect whose poll fails says so") {
  Connecting test;
  test.kernel.handshake_lasts(1000);
  test.kernel.fail_next(Call::poll, ENOMEM, 2);
  test.socket.connect(peer, test.error);
  CHECK(test.error == std::errc::not_enough_memory);
}

TEST_CASE("A connect that cannot learn how long to wait says so, and the setup goes on") {
  Connecting test;
  test.kernel.handshake_lasts(300);
  test.kernel.fail_next(Call::getsockopt, EDQUOT);
  test.socket.connect(peer, test.error);
  CHECK(test.error == std::error_code{EDQUOT, std::system_category()});
  CHECK(test.kernel.count(Call::poll) == 0);
  CHECK(test.socket.is_open());
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::connectx) == 1);
  CHECK(test.socket.association().id() == AssociationId{42});
}

TEST_CASE("A poll that speaks of an error which somebody else has taken is asked again") {
  Connecting test;
  test.kernel.handshake_lasts(300);
  test.kernel.poll_says(POLLERR);
  test.kernel.poll_says(POLLERR | POLLOUT);
  test.kernel.poll_says(POLLHUP);
  test.socket.connect(peer, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.up);
  CHECK(test.socket.association().id() == AssociationId{42});
}

TEST_CASE("An association that came up and ended meanwhile has been up") {
  Connecting test;
  test.kernel.handshake_lasts(1000);
  CHECK_FALSE(test.socket.try_connect(peers, test.error));
  test.kernel.handshake.reset();
  test.kernel.poll_says(POLLOUT);
  test.kernel.poll_says(POLLOUT);
  CHECK(test.socket.try_connect(peers, test.error));
  CHECK_FALSE(test.error);
}

TEST_CASE("A connect on a non-blocking socket is under way, and try_connect goes on with it") {
  Connecting test;
  test.socket.set_nonblocking();
  test.kernel.handshake_lasts(20);
  test.socket.connect(peer, test.error);
  CHECK(test.error == std::errc::operation_in_progress);
  CHECK(test.socket.association().id() == AssociationId{42});
  CHECK_THROWS_WITH(
      test.socket.connect(peer),
      StartsWith("cannot connect to 192.0.2.1:3868: under way; wait until the socket is writable, "
                 "then try_connect again"));
  CHECK_FALSE(test.socket.try_connect(peers, test.error));
  CHECK_FALSE(test.error);
  test.kernel.advance(20);
  CHECK(test.socket.try_connect(peers, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::connectx) == 1);
  CHECK_FALSE(test.is_blocking());
}

TEST_CASE("try_connect is false while the setup is under way, and true when it is up") {
  Connecting test;
  test.kernel.handshake_lasts(30);
  const long long began = test.kernel.now;
  for (int round = 0; round != 3; ++round) {
    CHECK_FALSE(test.socket.try_connect(peers, test.error));
    CHECK_FALSE(test.error);
    CHECK(test.is_blocking());
  }
  CHECK(test.kernel.now == began);
  test.kernel.advance(30);
  CHECK(test.socket.try_connect(peers));
  CHECK(test.kernel.count(Call::connectx) == 1);
}

TEST_CASE("try_connect is true at once when the association is up at once") {
  Connecting test;
  CHECK(test.socket.try_connect(peers, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.is_blocking());
}

TEST_CASE("try_connect tells a refusal once, and begins anew after it") {
  Connecting test;
  test.kernel.handshake_lasts(30, ECONNREFUSED);
  CHECK_FALSE(test.socket.try_connect(peers, test.error));
  CHECK_FALSE(test.error);
  test.kernel.advance(30);
  CHECK_FALSE(test.socket.try_connect(peers, test.error));
  CHECK(test.error == refused);
  CHECK(test.socket.association().id() == AssociationId{});
  CHECK(test.socket.try_connect(peers, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::connectx) == 2);
}

/// The event loop sees the descriptor readable, and reads: the refusal is told there.
void receive_refusal(Connecting& test) {
  test.kernel.advance(30);
  test.kernel.receives(event(assoc_change(AssociationChange::State::cannot_start)));
  ReceiveBuffer buffer;
  CHECK(test.socket.try_receive(buffer));
  CHECK_FALSE(test.socket.try_receive(buffer, test.error));
  CHECK(test.error == refused);
  for (int round = 0; round != 4; ++round) test.kernel.poll_says(0);  // nothing is ready then
}

TEST_CASE("A refusal that receive has met first does not leave a connect waiting for ever") {
  Connecting test;
  test.kernel.handshake_lasts(30, ECONNREFUSED);
  CHECK_FALSE(test.socket.try_connect(peers, test.error));
  receive_refusal(test);
  SECTION("try_connect") { CHECK(test.socket.try_connect(peers, test.error)); }
  SECTION("connect") { test.socket.connect(peers, test.error); }
  SECTION("connect within a time") { test.socket.connect(peers, 1s, test.error); }
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::connectx) == 2);
}

TEST_CASE("A second connect while the first is under way does not start another association") {
  Connecting test;
  test.socket.set_nonblocking();
  test.kernel.handshake_lasts(1'000'000);
  test.socket.connect(peer, test.error);
  CHECK(test.error == std::errc::operation_in_progress);
  const std::vector<Address> elsewhere{Address::parse("198.51.100.1:7")};
  test.socket.connect(elsewhere, test.error);
  CHECK(test.error == std::errc::connection_already_in_progress);
  test.socket.connect(elsewhere, 1s, test.error);
  CHECK(test.error == std::errc::connection_already_in_progress);
  CHECK_FALSE(test.socket.try_connect(elsewhere, test.error));
  CHECK(test.error == std::errc::connection_already_in_progress);
  test.socket.connect_and_send(elsewhere.front(), as_bytes("x"), {}, test.error);
  CHECK(test.error == std::errc::connection_already_in_progress);
  test.socket.connect_and_send(peer, as_bytes("x"), {}, test.error);
  CHECK(test.error == std::errc::connection_already_in_progress);
  CHECK(test.kernel.connected_to == std::vector<std::vector<Address>>{{peer}});
  CHECK(test.kernel.sent.empty());
  CHECK(test.socket.is_open());
}

TEST_CASE("A connect within a time comes up, and leaves the socket as blocking as it was") {
  Connecting test;
  const bool nonblocking = GENERATE(false, true);
  test.socket.set_nonblocking(nonblocking);
  test.kernel.handshake_lasts(999);
  test.socket.connect(peers, 1s, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.is_blocking() != nonblocking);
  CHECK(test.socket.association().id() == AssociationId{42});
}

TEST_CASE("One address needs no list") {
  Connecting test;
  SECTION("within a time") {
    test.socket.connect(peer, 1s, test.error);
    CHECK_FALSE(test.error);
  }
  SECTION("without blocking") {
    static_cast<void>(test.socket.try_connect(peer, test.error));
    CHECK_FALSE(test.error);
  }
  SECTION("throwing, within a time") { test.socket.connect(peer, 1s); }
  SECTION("throwing, without blocking") { static_cast<void>(test.socket.try_connect(peer)); }
  CHECK(test.kernel.connected_to == std::vector<std::vector<Address>>{{peer}});
}

TEST_CASE("A connect within a time that is refused leaves the socket open and as blocking as it was") {
  Connecting test;
  test.kernel.handshake_lasts(300, ECONNREFUSED);
  test.socket.connect(peers, 1s, test.error);
  CHECK(test.error == refused);
  CHECK(test.socket.is_open());
  CHECK(test.is_blocking());
}

TEST_CASE("A connect whose time is over closes the socket, and touches its descriptor no more") {
  Connecting test;
  test.kernel.handshake_lasts(1'000'000);
  const long long began = test.kernel.now;
  test.socket.connect(peers, 250ms, test.error);
  CHECK(test.error == std::errc::timed_out);
  CHECK_FALSE(test.socket.is_open());
  CHECK(test.kernel.now - began == 250);
  CHECK(test.kernel.count(Call::close) == 1);
}

TEST_CASE("A connect within no time still tries, and one within more than the clock has does not end early") {
  Connecting test;
  SECTION("no time") {
    test.socket.connect(peers, 0ms, test.error);
    CHECK_FALSE(test.error);
  }
  SECTION("less than no time") {
    test.kernel.handshake_lasts(1'000'000);
    test.socket.connect(peers, std::chrono::milliseconds::min(), test.error);
    CHECK(test.error == std::errc::timed_out);
  }
  SECTION("more than the clock has") {
    test.kernel.handshake_lasts(1'000'000);
    test.socket.connect(peers, std::chrono::milliseconds::max(), test.error);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("Every way to connect refuses a list that is empty or has two ports, without a call to connect") {
  Connecting test;
  const std::vector<Address> two_ports{peer, Address::parse("192.0.2.2:9")};
  const auto each_way = [&](std::span<const Address> list, Errc expected) {
    test.socket.connect(list, test.error);
    CHECK(test.error == expected);
    test.socket.connect(list, 1s, test.error);
    CHECK(test.error == expected);
    CHECK_FALSE(test.socket.try_connect(list, test.error));
    CHECK(test.error == expected);
  };
  each_way({}, Errc::no_addresses);
  each_way(two_ports, Errc::ports_differ);
  CHECK(test.kernel.count(Call::connectx) == 0);
  CHECK(test.is_blocking());
  CHECK_THROWS_WITH(test.socket.connect(std::span<const Address>{}),
                    StartsWith("cannot connect to []: an empty list of addresses"));
}

TEST_CASE("An IPv6 address on an IPv4 socket is the wrong family, whichever way one connects") {
  Connecting test;
  const std::vector<Address> v6{Address::parse("[2001:db8::1]:7")};
  test.socket.connect(v6, test.error);
  CHECK(test.error == Errc::wrong_address_family);
  test.socket.connect(v6, 1s, test.error);
  CHECK(test.error == Errc::wrong_address_family);
  CHECK_FALSE(test.socket.try_connect(v6, test.error));
  CHECK(test.error == Errc::wrong_address_family);
  test.socket.connect_and_send(v6.front(), as_bytes("x"), {}, test.error);
  CHECK(test.error == Errc::wrong_address_family);
  CHECK_THROWS_WITH(test.socket.connect(v6),
                    StartsWith("cannot connect to [2001:db8::1]:7: an IPv6 address on an IPv4"));
}

TEST_CASE("A socket that has its association refuses another") {
  Connecting test;
  test.socket.connect(peer);
  test.kernel.fail_next(Call::connectx, EISCONN, 2);
  test.socket.connect(peer, test.error);
  CHECK(test.error == std::errc::already_connected);
  CHECK(test.socket.association().id() == AssociationId{42});
  CHECK_FALSE(test.socket.try_connect(peers, test.error));
  CHECK(test.error == std::errc::already_connected);
}

TEST_CASE("Whichever call of a connect within a time fails, it has failed or the association is up") {
  for (std::size_t position = 0;; ++position) {
    FakeKernel kernel;
    kernel.handshake_lasts(20);
    OneToOneSocket socket{Family::v4};
    kernel.fail_at(position, EDQUOT);
    std::error_code error;
    socket.connect(peers, 1s, error);
    CAPTURE(position, kernel.story());
    CHECK((error || (kernel.up && socket.is_open())));
    if (!kernel.failed_at) break;
  }
}

// A first message that travels with the setup

TEST_CASE("A first message goes to an address, without an association, and tells its truth") {
  Connecting test;
  test.socket.connect_and_send(peer, as_bytes("hello"), {.stream = StreamId{2}}, test.error);
  CHECK_FALSE(test.error);
  REQUIRE(test.kernel.sent.size() == 1);
  const Sent& sent = test.kernel.sent.front();
  CHECK(sent.destination == peer);
  CHECK(sent.association == 0);
  CHECK(sent.data == "hello");
  CHECK(sent.stream == 2);
  CHECK(sent.has_info);
  CHECK(test.socket.association().id() == AssociationId{42});
  test.socket.send(as_bytes("more"));
  CHECK_FALSE(test.kernel.sent.back().destination);
  CHECK(test.kernel.sent.back().association == 42);
}

TEST_CASE("A first message to nobody fails although the kernel says that it was sent") {
  Connecting test;
  test.kernel.handshake_lasts(30, ECONNREFUSED);
  test.socket.connect_and_send(peer, as_bytes("hello"), {}, test.error);
  CHECK(test.error == refused);
  CHECK(test.socket.association().id() == AssociationId{});
  test.kernel.handshake_lasts(30, ECONNREFUSED);
  CHECK_THROWS_WITH(test.socket.connect_and_send(peer, as_bytes("hello")),
                    StartsWith("cannot connect to 192.0.2.1:3868: nobody listens there"));
  test.socket.connect_and_send(peer, as_bytes("hello"), {}, test.error);
  CHECK_FALSE(test.error);
}

TEST_CASE("A first message on a non-blocking socket returns at once, and try_connect goes on with it") {
  Connecting test;
  test.socket.set_nonblocking();
  test.kernel.handshake_lasts(30);
  const long long began = test.kernel.now;
  test.socket.connect_and_send(peer, as_bytes("hello"), {}, test.error);
  CHECK_FALSE(test.error);
  CHECK_FALSE(test.socket.try_connect(peers, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now == began);
  test.kernel.advance(30);
  CHECK(test.socket.try_connect(peers, test.error));
  CHECK(test.kernel.count(Call::connectx) == 0);
}

TEST_CASE("A first message on a non-blocking socket can be sent again after it was refused") {
  Connecting test;
  test.socket.set_nonblocking();
  test.kernel.handshake_lasts(30, ECONNREFUSED);
  test.socket.connect_and_send(peer, as_bytes("hello"), {}, test.error);
  CHECK_FALSE(test.error);
  receive_refusal(test);
  test.socket.connect_and_send(peer, as_bytes("hello"), {}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.size() == 2);
}

TEST_CASE("An empty first message is refused, and sets nothing up") {
  Connecting test;
  test.socket.connect_and_send(peer, {}, {}, test.error);
  CHECK(test.error == Errc::empty_message);
  CHECK(test.kernel.total() == 0);
  test.socket.connect(peer);
}

TEST_CASE("A first message on a stream that will not be asked for says so") {
  Connecting test;
  test.kernel.fail_next(Call::sendmsg, EINVAL);
  test.socket.connect_and_send(peer, as_bytes("x"), {.stream = StreamId{10}}, test.error);
  CHECK(test.error == Errc::no_such_stream);
}

}  // namespace

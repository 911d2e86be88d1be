// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/socket_ref.hpp>

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <sctpxx/error.hpp>

#include "address_list.hpp"
#include "borrowed.hpp"
#include "native.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;

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
  const std::vector<Address> addresses{Address::parse("192.0.2.1:7"), Address::parse("[fe80::1%4]:7"),
                                       Address::parse("198.51.100.1:7")};
  test.socket.bind(addresses);
  REQUIRE(test.kernel.bound_to.size() == 1);
  CHECK(test.kernel.bound_to.front() == addresses);

  test.kernel.fail_next(Call::bindx, EADDRNOTAVAIL);
  CHECK_THROWS_WITH(test.socket.bind(addresses),
                    "cannot bind to [192.0.2.1|fe80::1%4|198.51.100.1]:7: this machine has no such "
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

TEST_CASE("A list of addresses is read as far as they are of a family that is known") {
  native::SocketAddress known{};
  const Address address = Address::parse("192.0.2.1:7");
  const socklen_t length = native::to_native(address, known);
  const Bytes one = std::as_bytes(std::span{&known, 1}).first(length);
  std::vector<std::byte> packed{one.begin(), one.end()};
  packed.insert(packed.end(), one.begin(), one.end());
  CHECK(unpack_addresses(packed, 2) == std::vector{address, address});
  CHECK(unpack_addresses(packed, 3) == std::vector{address, address});
  const sa_family_t unknown = AF_UNIX;
  std::memcpy(packed.data() + length, &unknown, sizeof unknown);
  CHECK(unpack_addresses(packed, 2) == std::vector{address});
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

TEST_CASE("A wait tells of what was wanted, and an error is ready for whatever was") {
  constexpr Readiness nothing{};
  constexpr Readiness receive{.receive = true};
  constexpr Readiness send{.send = true};
  constexpr Readiness both{.receive = true, .send = true};
  const auto [wanted, come, ready] = GENERATE_COPY(table<Readiness, int, Readiness>({
      {receive, POLLIN, receive},
      {receive, POLLERR, receive},
      {receive, POLLHUP, receive},
      {send, POLLOUT, send},
      {send, POLLERR, send},
      {send, POLLHUP, send},
      {both, POLLIN, receive},
      {both, POLLOUT, send},
      {both, POLLIN | POLLOUT, both},
      {both, POLLERR, both},
      {both, POLLIN | POLLHUP, both},
      {nothing, POLLERR, nothing},
  }));
  CAPTURE(wanted.receive, wanted.send, come);
  Borrowed test;
  test.error = Errc::no_addresses;
  test.kernel.poll_says(static_cast<short>(come));
  const Readiness answer = test.socket.wait(wanted, Patience{}, test.error);
  CHECK(answer.receive == ready.receive);
  CHECK(answer.send == ready.send);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::poll) == 1);
}

TEST_CASE("A wait asks for nothing else than what was wanted") {
  Borrowed test;
  const Readiness ready = test.socket.wait({.receive = true}, std::chrono::milliseconds{0}, test.error);
  CHECK_FALSE(ready.receive);
  CHECK_FALSE(ready.send);  // which it is
  CHECK_FALSE(test.error);
}

TEST_CASE("A wait goes on after a signal, and a failed one says so") {
  Borrowed test;
  test.kernel.fail_next(Call::poll, EINTR, 2);
  CHECK(test.socket.wait({.send = true}).send);
  CHECK(test.kernel.count(Call::poll) == 3);
  test.kernel.fail_next(Call::poll, EDQUOT);
  CHECK_THROWS_WITH(test.socket.wait({.send = true}), StartsWith("cannot wait for 192.0.2.9:40000: "));
}

TEST_CASE("An address that is no transport address is told as that") {
  Borrowed test;
  test.kernel.descriptor(test.fd).domain = AF_UNIX;
  CHECK(test.socket.local_address(test.error) == Address{});
  CHECK(test.error == std::errc::address_family_not_supported);
  CHECK_THROWS_WITH(test.socket.local_address(), StartsWith("cannot ask for the addresses of the socket: "));
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
  const Readiness ready = closed.wait({.receive = true, .send = true}, Patience{}, error);
  CHECK_FALSE(ready.receive);
  CHECK_FALSE(ready.send);
  CHECK(fails());
  CHECK_THROWS_WITH(closed.send({}, as_bytes("x")),
                    "cannot send 1 bytes on stream 0 to any peer: the socket is closed: Bad file descriptor");
}

}  // namespace

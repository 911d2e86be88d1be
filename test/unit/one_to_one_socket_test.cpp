// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/one_to_one_socket.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include <sctpxx/error.hpp>

#include "each_call_fails.hpp"
#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;
using Family = Address::Family;

// What must not compile: handles of a socket that is gone at the end of the line, two owners of one
// descriptor, an address or a number taken for a socket.
template <class Socket>
concept LendsHandles = requires(Socket socket) {
  static_cast<Socket&&>(socket).association();
  static_cast<Socket&&>(socket).stream(StreamId{});
};
static_assert(LendsHandles<OneToOneSocket&> && !LendsHandles<OneToOneSocket&&>);
static_assert(!std::is_copy_constructible_v<OneToOneSocket> &&
              !std::is_convertible_v<Address, OneToOneSocket>);
static_assert(!std::is_convertible_v<int, OneToOneSocket> && !std::is_constructible_v<OneToOneSocket, int>);

const std::set<std::uint16_t> needed_events{SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT,
                                            SCTP_PARTIAL_DELIVERY_EVENT};

void check_defaults(FakeKernel& kernel, const SocketRef& socket) {
  Descriptor& descriptor = kernel.descriptor(socket.fd());
  CHECK(descriptor.fd_flags == FD_CLOEXEC);
  CHECK(descriptor.events == needed_events);
  const std::vector<std::byte> on{std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}};
  CHECK(descriptor.options[{IPPROTO_SCTP, SCTP_RECVRCVINFO}] == on);
  CHECK(descriptor.options[{IPPROTO_SCTP, SCTP_NODELAY}] == on);
  CHECK_FALSE(descriptor.options.contains({IPPROTO_SCTP, SCTP_RECVNXTINFO}));
}

TEST_CASE("A socket is opened for its family, close-on-exec, and as the library needs it") {
  FakeKernel kernel;
  const auto [family, domain] =
      GENERATE(values<std::pair<Family, int>>({{Family::v4, AF_INET}, {Family::v6, AF_INET6}}));
  std::error_code error = Errc::no_addresses;
  const OneToOneSocket socket{family, error};
  CHECK_FALSE(error);
  CHECK(socket.style() == Style::one_to_one);
  CHECK(kernel.descriptor(socket.fd()).domain == domain);
  CHECK(kernel.descriptor(socket.fd()).type == SOCK_STREAM);
  CHECK(kernel.descriptor(socket.fd()).protocol == IPPROTO_SCTP);
  CHECK(kernel.descriptor(socket.fd()).status_flags == 0);
  check_defaults(kernel, socket);
}

TEST_CASE("No socket is not open, and its calls fail with EBADF") {
  FakeKernel kernel;
  OneToOneSocket socket;
  CHECK_FALSE(socket.is_open());
  std::error_code error;
  socket.connect(Address::parse("192.0.2.1:7"), error);
  CHECK(error == std::errc::bad_file_descriptor);
  CHECK_FALSE(socket.try_connect(std::vector{Address::parse("192.0.2.1:7")}, error));
  CHECK(error == std::errc::bad_file_descriptor);
  socket.connect_and_send(Address::parse("192.0.2.1:7"), as_bytes("x"), {}, error);
  CHECK(error == std::errc::bad_file_descriptor);
  socket.shutdown(error);
  CHECK(error == std::errc::bad_file_descriptor);
  socket.abort();
}

TEST_CASE("A kernel without SCTP is said to be one") {
  FakeKernel kernel;
  const int refusal = GENERATE(EPROTONOSUPPORT, ESOCKTNOSUPPORT);
  kernel.fail_next(Call::socket, refusal, 2);
  std::error_code error;
  CHECK_FALSE(OneToOneSocket(Family::v4, error).is_open());
  CHECK(error == Errc::kernel_has_no_sctp);
  CHECK_THROWS_WITH(OneToOneSocket{Family::v4},
                    StartsWith("cannot open an SCTP socket: this kernel has no SCTP"));
}

TEST_CASE("A socket that cannot be opened says why") {
  FakeKernel kernel;
  kernel.fail_next(Call::socket, EMFILE);
  CHECK_THROWS_WITH(
      OneToOneSocket{Family::v4},
      "cannot open an SCTP socket: raise the limit of open files (ulimit -n), or close some: Too "
      "many open files");
}

TEST_CASE("Whichever call of opening or connecting fails, the error is told and nothing leaks") {
  const Address peer = Address::parse("192.0.2.1:3868");
  SECTION("opening") {
    each_call_fails([](FakeKernel&, std::error_code& error) {
      const OneToOneSocket socket{Family::v4, error};
      CHECK(socket.is_open() == !error);
    });
  }
  SECTION("opening or throwing") {
    each_call_fails([](FakeKernel&, std::error_code& error) {
      try {
        const OneToOneSocket socket{Family::v4};
      } catch (const std::system_error& failure) {
        error = failure.code();
      }
    });
  }
  SECTION("opening and connecting") {
    each_call_fails([&](FakeKernel&, std::error_code& error) {
      const OneToOneSocket socket{peer, error};
      CHECK(socket.is_open() == !error);
    });
  }
  SECTION("opening and connecting or throwing") {
    each_call_fails([&](FakeKernel& kernel, std::error_code& error) {
      try {
        const OneToOneSocket socket{peer};
      } catch (const std::system_error& failure) {
        error = failure.code();
        CHECK(kernel.open_count() == 0);
      }
    });
  }
}

// Adopting

TEST_CASE("An adopted descriptor becomes what the library needs") {
  FakeKernel kernel;
  kernel.association_is_up(AssociationId{7});
  const int fd = kernel.open();
  std::error_code error = Errc::no_addresses;
  OneToOneSocket socket = OneToOneSocket::adopt(fd, error);
  CHECK_FALSE(error);
  CHECK(socket.fd() == fd);
  CHECK(socket.association().id() == AssociationId{7});
  check_defaults(kernel, socket);
}

TEST_CASE("An adopted descriptor without an association has none") {
  FakeKernel kernel;
  const OneToOneSocket socket = OneToOneSocket::adopt(kernel.open());
  CHECK(socket.association().id() == AssociationId{});
}

TEST_CASE("A descriptor of another kind is not adopted, and stays the caller's") {
  FakeKernel kernel;
  const auto [type, protocol] = GENERATE(values<std::pair<int, int>>(
      {{SOCK_SEQPACKET, IPPROTO_SCTP}, {SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}}));
  const int fd = kernel.open(AF_INET, type, protocol);
  std::error_code error;
  CHECK_FALSE(OneToOneSocket::adopt(fd, error).is_open());
  CHECK(error == Errc::not_an_sctp_socket);
  CHECK(error == std::errc::not_a_socket);
  CHECK(kernel.is_open(fd));
  CHECK_THROWS_WITH(OneToOneSocket::adopt(fd),
                    "cannot adopt descriptor " + std::to_string(fd) + ": not an SCTP socket of this style");
  CHECK(kernel.count(Call::setsockopt) == 0);
  sys::close(fd);
}

TEST_CASE("Whichever call of adopting fails, the error is told and the descriptor stays the caller's") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    kernel.association_is_up(AssociationId{7});
    const int fd = kernel.open();
    OneToOneSocket socket = OneToOneSocket::adopt(fd, error);
    CHECK(socket.is_open() == !error);
    CHECK(kernel.is_open(fd));
    if (error) sys::close(fd);
  });
}

// Ending

TEST_CASE("An abort closes with a linger of no time, which drops what is queued") {
  FakeKernel kernel;
  OneToOneSocket socket{Family::v4};
  const int fd = socket.fd();
  kernel.forget_calls();
  socket.abort();
  CHECK(kernel.story() == "setsockopt close");
  CHECK_FALSE(socket.is_open());
  linger native{};
  std::memcpy(&native, kernel.closed.at(fd).options.at({SOL_SOCKET, SO_LINGER}).data(), sizeof native);
  CHECK(native.l_onoff == 1);
  CHECK(native.l_linger == 0);
}

TEST_CASE("An abort closes even when it cannot abort") {
  FakeKernel kernel;
  OneToOneSocket socket{Family::v4};
  kernel.fail_next(Call::setsockopt, EINVAL);
  socket.abort();
  CHECK_FALSE(socket.is_open());
}

TEST_CASE("A shutdown is one for writing") {
  FakeKernel kernel;
  const OneToOneSocket socket{Family::v4};
  socket.shutdown();
  CHECK(kernel.descriptor(socket.fd()).shut_down_how == SHUT_WR);
  kernel.fail_next(Call::shutdown, ENOTCONN);
  std::error_code error;
  socket.shutdown(error);
  CHECK(error == Condition::association_ended);
}

TEST_CASE("Every way to send names the association") {
  FakeKernel kernel;
  const OneToOneSocket socket{Address::parse("192.0.2.1:7")};
  std::error_code error;
  socket.send(as_bytes("x"));
  socket.send(as_bytes("x"), {}, error);
  CHECK(socket.try_send(as_bytes("x")));
  CHECK(socket.try_send(as_bytes("x"), {}, error));
  socket.stream(StreamId{1}).send(as_bytes("x"));
  socket.association().send(as_bytes("x"));
  CHECK(kernel.sent.size() == 6);
  for (const Sent& sent : kernel.sent) CHECK(sent.association == 42);
}

}  // namespace

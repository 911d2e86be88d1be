// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/one_to_many_socket.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <set>
#include <type_traits>
#include <utility>

#include "each_call_fails.hpp"
#include "many.hpp"
#include "native.hpp"
#include "support/allocation_counter.hpp"
#include "sys.hpp"

/// How a one-to-many socket is opened and adopted, and what it lists.
namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;
using Family = Address::Family;

const Address own = Address::parse("192.0.2.9:3868");

// What must not compile: handles of a socket that is gone at the end of the line, accepting, a mode.
template <class Socket>
concept LendsHandles =
    requires(Socket socket) { static_cast<Socket&&>(socket).association(AssociationId{}); };
static_assert(LendsHandles<OneToManySocket&> && LendsHandles<const OneToManySocket&>);
static_assert(!LendsHandles<OneToManySocket> && !LendsHandles<const OneToManySocket>);
template <class Socket>
concept Accepts = requires(Socket socket) { socket.accept(); };
template <class Socket>
concept HasMode = requires(Socket socket, std::error_code error) { socket.set_nonblocking(); } ||
                  requires(Socket socket, std::error_code error) { socket.set_nonblocking(true, error); };
static_assert(Accepts<Listener&> && !Accepts<OneToManySocket&>);
static_assert(HasMode<OneToOneSocket&> && !HasMode<OneToManySocket&>);
static_assert(!std::is_copy_constructible_v<OneToManySocket> &&
              !std::is_convertible_v<Address, OneToManySocket> &&
              !std::is_constructible_v<OneToManySocket, int>);
static_assert(std::is_nothrow_move_constructible_v<OneToManySocket> &&
              std::is_nothrow_move_assignable_v<OneToManySocket>);

void check_defaults(Descriptor& descriptor) {
  const std::vector<std::byte> on{std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}};
  CHECK(descriptor.fd_flags == FD_CLOEXEC);
  CHECK(descriptor.events ==
        std::set<std::uint16_t>{SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_PARTIAL_DELIVERY_EVENT});
  for (const int option : {SCTP_RECVRCVINFO, SCTP_NODELAY, SCTP_FRAGMENT_INTERLEAVE}) {
    CAPTURE(option);
    CHECK(descriptor.options[{IPPROTO_SCTP, option}] == on);
  }
  CHECK_FALSE(descriptor.options.contains({IPPROTO_SCTP, SCTP_RECVNXTINFO}));
}

// Opening

TEST_CASE("A one-to-many socket is opened for its family, close-on-exec, and as the library needs it") {
  FakeKernel kernel;
  const auto [family, domain] =
      GENERATE(values<std::pair<Family, int>>({{Family::v4, AF_INET}, {Family::v6, AF_INET6}}));
  std::error_code error = Errc::no_addresses;
  const OneToManySocket socket{family, error};
  CHECK_FALSE(error);
  CHECK(socket.style() == Style::one_to_many);
  Descriptor& descriptor = kernel.descriptor(socket.fd());
  CHECK(descriptor.domain == domain);
  CHECK(descriptor.type == SOCK_SEQPACKET);
  CHECK(descriptor.protocol == IPPROTO_SCTP);
  CHECK(descriptor.status_flags == 0);
  CHECK(descriptor.options.contains({IPPROTO_IPV6, IPV6_V6ONLY}) == (family == Family::v6));
  CHECK_FALSE(descriptor.backlog);
  check_defaults(descriptor);
}

TEST_CASE("A one-to-many socket with an address is bound to it and listens") {
  FakeKernel kernel;
  std::error_code error = Errc::no_addresses;
  const OneToManySocket socket{own, error};
  CHECK_FALSE(error);
  const OneToManySocket throwing{own};
  for (const int fd : {socket.fd(), throwing.fd()}) {
    CHECK(kernel.descriptor(fd).backlog.value_or(0) > 0);
    CHECK(kernel.descriptor(fd).local == own);
  }
}

TEST_CASE("No one-to-many socket is not open, and its calls fail with EBADF") {
  FakeKernel kernel;
  const OneToManySocket none;
  std::error_code error;
  const auto check = [&] {
    CHECK(error == std::errc::bad_file_descriptor);
    error.clear();
  };
  CHECK_FALSE(none.is_open());
  CHECK(none.style() == Style::one_to_many);
  none.listen(error);
  check();
  CHECK(none.connect(own, error) == AssociationId{});
  check();
  CHECK(none.connect_and_send(own, as_bytes("x"), {}, error) == AssociationId{});
  check();
  CHECK(none.associations(error).empty());
  check();
  CHECK(none.send_to_all(as_bytes("x"), {}, error).empty());
  check();
  ReceiveBuffer here;
  ReceiveBuffer there;
  CHECK_FALSE(none.peel_off(seven, here, there, error).is_open());
  check();
  CHECK(none.shutdown_all(
            here, {}, [](const Received&) {}, error) == 0);
  check();
  none.association(seven).shutdown(error);
  check();
  none.association(seven).abort("x", error);
  check();
}

TEST_CASE("A one-to-many socket that cannot be opened says why") {
  FakeKernel kernel;
  std::error_code error;
  for (const int refusal : {EPROTONOSUPPORT, ESOCKTNOSUPPORT}) {
    kernel.fail_next(Call::socket, refusal, 2);
    CHECK_FALSE(OneToManySocket(Family::v4, error).is_open());
    CHECK(error == Errc::kernel_has_no_sctp);
    CHECK_THROWS_WITH(OneToManySocket{own},
                      StartsWith("cannot open an SCTP socket: this kernel has no SCTP"));
  }
  kernel.fail_next(Call::bind, EADDRINUSE);
  CHECK_THROWS_WITH(OneToManySocket{own}, StartsWith("cannot bind to 192.0.2.9:3868: another socket has this "
                                                     "port; take another one, or port 0 for any free one: "));
  kernel.fail_next(Call::listen, EADDRINUSE);
  CHECK_THROWS_WITH(OneToManySocket{own},
                    StartsWith("cannot listen on 192.0.2.9:3868: another socket has this port"));
}

TEST_CASE("Whichever call of opening a one-to-many socket fails, the error is told and nothing leaks") {
  SECTION("for a family") {
    each_call_fails([](FakeKernel&, std::error_code& error) {
      const OneToManySocket socket{Family::v6, error};
      CHECK(socket.is_open() == !error);
    });
  }
  SECTION("with an address") {
    each_call_fails([](FakeKernel&, std::error_code& error) {
      const OneToManySocket socket{own, error};
      CHECK(socket.is_open() == !error);
    });
  }
  SECTION("for a family or throwing") {
    each_call_fails([](FakeKernel& kernel, std::error_code& error) {
      try {
        const OneToManySocket socket{Family::v6};
      } catch (const std::system_error& failure) {
        error = failure.code();
        CHECK(kernel.open_count() == 0);
      }
    });
  }
  SECTION("with an address or throwing") {
    each_call_fails([](FakeKernel& kernel, std::error_code& error) {
      try {
        const OneToManySocket socket{own};
      } catch (const std::system_error& failure) {
        error = failure.code();
        CHECK(kernel.open_count() == 0);
      }
    });
  }
}

// Adopting

TEST_CASE("An adopted one-to-many descriptor becomes what the library needs") {
  FakeKernel kernel;
  const int fd = kernel.open_one_to_many();
  if (GENERATE(false, true)) kernel.association(fd, seven);
  std::error_code error = Errc::no_addresses;
  const OneToManySocket socket = OneToManySocket::adopt(fd, error);
  CHECK_FALSE(error);
  CHECK(socket.fd() == fd);
  CHECK(socket.style() == Style::one_to_many);
  check_defaults(kernel.descriptor(fd));
}

TEST_CASE("A descriptor of another kind is no one-to-many socket, and stays the caller's") {
  FakeKernel kernel;
  const int kind = GENERATE(0, 1, 2, 3);
  const int fd = kind == 0   ? kernel.open()
                 : kind == 1 ? kernel.open(AF_INET, SOCK_STREAM, IPPROTO_TCP)
                 : kind == 2 ? kernel.open(AF_INET, SOCK_DGRAM, IPPROTO_UDP)
                             : kernel.open_peeled_off(seven);
  std::error_code error;
  CHECK_FALSE(OneToManySocket::adopt(fd, error).is_open());
  CHECK(error == Errc::not_an_sctp_socket);
  CHECK(kernel.is_open(fd));
  CHECK_THROWS_WITH(OneToManySocket::adopt(fd),
                    "cannot adopt descriptor " + std::to_string(fd) + ": not an SCTP socket of this style");
  CHECK(kernel.count(Call::setsockopt) == 0);
  sys::close(fd);
}

TEST_CASE("Whichever call of adopting a one-to-many descriptor fails, it stays the caller's") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    const int fd = kernel.open_one_to_many();
    const OneToManySocket socket = OneToManySocket::adopt(fd, error);
    CHECK(socket.is_open() == !error);
    CHECK(kernel.is_open(fd));
    if (error) sys::close(fd);
  });
}

TEST_CASE("A peeled-off descriptor is adopted as a socket of its own") {
  FakeKernel kernel;
  const int fd = kernel.open_peeled_off(seven);
  const OneToOneSocket socket = OneToOneSocket::adopt(fd);
  CHECK(socket.style() == Style::peeled_off);
  CHECK(socket.association().id() == seven);
  CHECK(kernel.descriptor(fd).fd_flags == FD_CLOEXEC);
}

// Listing

TEST_CASE("The associations are those that the kernel lists") {
  Many test;
  CHECK(test.socket.associations().empty());
  for (const AssociationId id : {nine, seven, eight}) test.of(id);
  CHECK(test.socket.associations() == std::vector{seven, eight, nine});
  test.kernel.association_ends(test.fd, eight);
  CHECK(test.socket.associations(test.error) == std::vector{seven, nine});
  CHECK_FALSE(test.error);
  for (int id = 100; id != 1100; ++id) test.of(AssociationId{id});
  CHECK(test.socket.associations().size() == 1002);
  CHECK(test.socket.associations().back() == AssociationId{1099});
}

TEST_CASE("What has no number yet is not listed") {
  Many test{AssociationId{}, seven};
  CHECK(test.socket.associations() == std::vector{seven});
}

TEST_CASE("Associations that come up between the two questions are listed, too") {
  Many test{seven};
  test.kernel.fail_at(0, EINVAL);
  CHECK(test.socket.associations(test.error).empty());
  CHECK(test.error == std::errc::invalid_argument);
  test.kernel.forget_calls();
  test.kernel.fail_at(1, EINVAL);
  CHECK(test.socket.associations(test.error) == std::vector{seven});
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::getsockopt) == 4);
}

TEST_CASE("A list that cannot be had says of which socket") {
  Many test;
  test.kernel.fail_next(Call::getsockopt, EACCES);
  CHECK_THROWS_WITH(test.socket.associations(),
                    StartsWith("cannot list the associations of 192.0.2.9:3868: "));
  SECTION("the number") { test.kernel.fail_at(0, EDQUOT); }
  SECTION("the list") { test.kernel.fail_at(1, EDQUOT); }
  CHECK(test.socket.associations(test.error).empty());
  CHECK(test.error.value() == EDQUOT);
}

TEST_CASE("Without memory there is no list, and no other harm") {
  Many test{seven, eight};
  for (std::size_t after = 0; after != 2; ++after) {
    std::vector<AssociationId> ids;
    {
      const NoMemory none{after};
      ids = test.socket.associations(test.error);
    }
    CHECK(ids.empty());
    CHECK(test.error == std::errc::not_enough_memory);
    const auto list = [&] {
      const NoMemory none{after};
      return test.socket.associations();
    };
    CHECK_THROWS_AS(list(), std::bad_alloc);
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/listener.hpp>

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include <sctpxx/error.hpp>

#include "each_call_fails.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;
using Family = Address::Family;

// A listener has no blocking mode: accept waits and try_accept does not.
template <class Owner>
concept HasMode = requires(Owner& owner) { owner.set_nonblocking(); };
static_assert(HasMode<OneToOneSocket> && !HasMode<Listener>);

const Address own = Address::parse("192.0.2.9:3868");

TEST_CASE("A listener opens, binds and listens") {
  FakeKernel kernel;
  std::error_code error = Errc::no_addresses;
  const Listener listener{own, error};
  CHECK_FALSE(error);
  CHECK(listener.local_address() == own);
  const Descriptor& descriptor = kernel.descriptor(listener.fd());
  CHECK(descriptor.backlog == 4096);
  CHECK(descriptor.type == SOCK_STREAM);
  CHECK(descriptor.fd_flags == FD_CLOEXEC);
  CHECK(descriptor.events.size() == 3);
  CHECK(descriptor.domain == AF_INET);
  const Listener v6{Address::parse("[::]:7")};
  CHECK(kernel.descriptor(v6.fd()).domain == AF_INET6);
}

TEST_CASE("A listener can be opened first, and bound and made to listen later") {
  FakeKernel kernel;
  Listener listener{Family::v4};
  CHECK_FALSE(kernel.descriptor(listener.fd()).backlog);
  listener.bind(own);
  listener.listen(5);
  CHECK(kernel.descriptor(listener.fd()).backlog == 5);
  std::error_code error = Errc::no_addresses;
  listener.listen(6, error);
  CHECK_FALSE(error);
}

TEST_CASE("An accepted peer is close-on-exec and blocking, and its association is known") {
  FakeKernel kernel;
  Listener listener{own};
  kernel.peer_waits(AssociationId{11});
  const OneToOneSocket peer = listener.accept();
  CHECK(peer.is_open());
  CHECK(peer.association().id() == AssociationId{11});
  CHECK(kernel.descriptor(peer.fd()).fd_flags == FD_CLOEXEC);
  CHECK(kernel.descriptor(peer.fd()).status_flags == 0);
  CHECK(kernel.descriptor(peer.fd()).events.size() == 3);
}

TEST_CASE("An accepted peer whose association has ended is handed out all the same") {
  FakeKernel kernel;
  Listener listener{own};
  kernel.peer_waits(AssociationId{});
  std::error_code error;
  const OneToOneSocket peer = listener.accept(error);
  CHECK_FALSE(error);
  CHECK(peer.is_open());
  CHECK(peer.association().id() == AssociationId{});
}

TEST_CASE("Without a peer try_accept is empty, and makes one call") {
  FakeKernel kernel;
  Listener listener{own};
  kernel.forget_calls();
  std::error_code error = Errc::no_addresses;
  CHECK_FALSE(listener.try_accept(error));
  CHECK_FALSE(error);
  CHECK_FALSE(listener.try_accept());
  CHECK(kernel.story() == "accept4 accept4");
  kernel.peer_waits(AssociationId{11});
  CHECK(listener.try_accept());
}

TEST_CASE("Without a peer accept waits for one, through signals and peers that others have taken") {
  FakeKernel kernel;
  Listener listener{own};
  kernel.forget_calls();
  kernel.peer_waits(AssociationId{11});
  kernel.fail_next(Call::accept4, EAGAIN, 4);
  kernel.fail_next(Call::poll, EINTR);
  std::error_code error;
  CHECK(listener.accept(error).is_open());
  CHECK_FALSE(error);
  CHECK_THAT(kernel.story(),
             StartsWith("accept4 getsockopt accept4 poll accept4 poll accept4 poll accept4 getsockopt"));
  constexpr int a_day = 86'400'000;
  CHECK(kernel.poll_timeouts == std::vector{a_day, a_day});
}

TEST_CASE("A peer that is gone already, or a signal, does not end an accept") {
  FakeKernel kernel;
  Listener listener{own};
  kernel.peer_waits(AssociationId{11});
  kernel.fail_next(Call::accept4, ECONNABORTED, 2);
  kernel.fail_next(Call::accept4, EINTR, 2);
  const OneToOneSocket peer = listener.accept();
  CHECK(peer.association().id() == AssociationId{11});
  CHECK(kernel.count(Call::accept4) == 5);
}

TEST_CASE("An accept that fails says why, and the listener goes on") {
  FakeKernel kernel;
  Listener listener{own};
  std::error_code error;
  kernel.fail_next(Call::accept4, EMFILE, 3);
  CHECK_FALSE(listener.accept(error).is_open());
  CHECK(error == std::errc::too_many_files_open);
  CHECK_FALSE(listener.try_accept(error));
  CHECK(error == std::errc::too_many_files_open);
  CHECK_THROWS_WITH(listener.accept(),
                    "cannot accept a peer on 192.0.2.9:3868: raise the limit of open files (ulimit -n), or "
                    "close some: Too many open files");
  kernel.fail_next(Call::poll, ENOMEM);
  CHECK_FALSE(listener.accept(error).is_open());
  CHECK(error == std::errc::not_enough_memory);
  kernel.peer_waits(AssociationId{11});
  CHECK(listener.accept(error).is_open());
  CHECK_FALSE(error);
}

TEST_CASE("An accept that cannot learn how long to wait says so, and does not wait") {
  FakeKernel kernel;
  Listener listener{own};
  kernel.forget_calls();
  kernel.fail_next(Call::getsockopt, EDQUOT);
  std::error_code error;
  CHECK_FALSE(listener.accept(error).is_open());
  CHECK(error == std::error_code{EDQUOT, std::system_category()});
  CHECK(kernel.story() == "accept4 getsockopt");
  kernel.peer_waits(AssociationId{11});
  CHECK(listener.accept(error).is_open());
  CHECK_FALSE(error);
}

TEST_CASE("A listener that does not listen says so") {
  FakeKernel kernel;
  Listener listener{Family::v4};
  listener.bind(own);
  CHECK_THROWS_WITH(listener.try_accept(),
                    "cannot accept a peer on 192.0.2.9:3868: it does not listen: Invalid argument");
  Listener closed;
  std::error_code error;
  CHECK_FALSE(closed.accept(error).is_open());
  CHECK(error == std::errc::bad_file_descriptor);
}

TEST_CASE("The exceptions of a listener tell which address, and why") {
  FakeKernel kernel;
  kernel.fail_next(Call::bind, EACCES);
  CHECK_THROWS_WITH(Listener{Address::parse("0.0.0.0:80")},
                    "cannot bind to 0.0.0.0:80: ports below 1024 need the capability CAP_NET_BIND_SERVICE: "
                    "Permission denied");
  kernel.fail_next(Call::listen, EADDRINUSE);
  CHECK_THROWS_WITH(Listener{own},
                    StartsWith("cannot listen on 192.0.2.9:3868: another socket has this port"));
  kernel.fail_next(Call::socket, EPROTONOSUPPORT);
  CHECK_THROWS_WITH(Listener{own}, StartsWith("cannot open an SCTP socket: this kernel has no SCTP"));
  kernel.fail_next(Call::socket, EAFNOSUPPORT);
  CHECK_THROWS_WITH(
      Listener{own},
      StartsWith("cannot open an SCTP socket: this machine does not speak that family of addresses"));
}

TEST_CASE("Whichever call of listening fails, the error is told and nothing leaks") {
  SECTION("with an error code") {
    each_call_fails([](FakeKernel&, std::error_code& error) {
      const Listener listener{own, error};
      CHECK(listener.is_open() == !error);
    });
  }
  SECTION("with an exception") {
    each_call_fails([](FakeKernel& kernel, std::error_code& error) {
      try {
        const Listener listener{own};
      } catch (const std::system_error& failure) {
        error = failure.code();
        CHECK(kernel.open_count() == 0);
      }
    });
  }
}

TEST_CASE("Whichever call of accepting fails, the error is told and nothing leaks") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Listener listener{own, error};
    if (error) return;
    kernel.peer_waits(AssociationId{11});
    const OneToOneSocket peer = listener.accept(error);
    CHECK(peer.is_open() == !error);
  });
}

}  // namespace

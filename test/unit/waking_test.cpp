// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <array>

#include <cerrno>
#include <chrono>

#include <sctpxx/error.hpp>
#include <sctpxx/listener.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

/// Patience while accepting and connecting.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

const Address own = Address::parse("192.0.2.9:3868");
const Address peer = Address::parse("192.0.2.1:7");

// Accepting

struct Accepting {
  FakeKernel kernel;
  Listener listener{own};
  Waker waker;
  std::error_code error = Errc::no_addresses;
  long long began = kernel.now;
};

TEST_CASE("A peer that waits is accepted, with any patience that is not woken") {
  Accepting test;
  const Patience patience = std::array{Patience{}, Patience{0ms}, Patience{1s}, Patience{test.waker},
                                       Patience{-1s, test.waker}}[GENERATE(range(0U, 5U))];
  test.kernel.peer_waits(AssociationId{11});
  test.kernel.peer_waits(AssociationId{12});
  const auto first = test.listener.accept(patience, test.error);
  REQUIRE(first);
  CHECK_FALSE(test.error);
  CHECK(first->association().id() == AssociationId{11});
  const auto second = test.listener.accept(patience);
  REQUIRE(second);
  CHECK(second->association().id() == AssociationId{12});
  CHECK(test.kernel.count(Call::poll) == 0);
}

TEST_CASE("A peer that comes while accept waits is accepted") {
  Accepting test;
  const Patience patience =
      std::array{Patience{}, Patience{1s}, Patience{1s, test.waker}}[GENERATE(range(0U, 3U))];
  test.kernel.while_waiting([&] { test.kernel.peer_waits(AssociationId{11}); });
  CHECK(test.listener.accept(patience, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now == test.began);
}

TEST_CASE("Without a peer accept ends with the time, and that is no error") {
  Accepting test;
  CHECK_FALSE(test.listener.accept(250ms, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - test.began == 250);
  CHECK_FALSE(test.listener.accept(Patience{0ms}));
  CHECK(test.kernel.now - test.began == 250);
}

TEST_CASE("An accept that is woken ends, even if a peer waits, and that peer waits on") {
  Accepting test;
  const Patience patience =
      std::array{Patience{test.waker}, Patience{1h, test.waker}}[GENERATE(range(0U, 2U))];
  SECTION("before") {
    test.kernel.peer_waits(AssociationId{11});
    test.waker.wake();
    test.kernel.forget_calls();
    CHECK_FALSE(test.listener.accept(patience, test.error));
    CHECK_FALSE(test.listener.accept(patience));
    CHECK(test.kernel.total() == 0);
  }
  SECTION("meanwhile") {
    test.kernel.while_waiting([&] { test.waker.wake(); });
    CHECK_FALSE(test.listener.accept(patience, test.error));
    test.kernel.peer_waits(AssociationId{11});
  }
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now == test.began);
  test.waker.reset();
  CHECK(test.listener.accept(patience, test.error));
}

TEST_CASE("An accept that fails or cannot wait says why, with patience too") {
  Accepting test;
  test.kernel.fail_next(Call::accept4, EMFILE, 2);
  CHECK_FALSE(test.listener.accept(1s, test.error));
  CHECK(test.error == std::errc::too_many_files_open);
  CHECK_THROWS_WITH(test.listener.accept(1s),
                    StartsWith("cannot accept a peer on 192.0.2.9:3868: raise the "));
  test.kernel.fail_next(Call::poll, ENOMEM);
  CHECK_FALSE(test.listener.accept(1s, test.error));
  CHECK(test.error == std::errc::not_enough_memory);
}

// Connecting

struct Setup {
  FakeKernel kernel;
  OneToOneSocket socket{Address::Family::v4};
  int fd = socket.fd();
  Waker waker;
  std::error_code error = Errc::no_addresses;
  long long began = kernel.now;
};

TEST_CASE("A connect that is woken is cancelled, and closes the socket") {
  Setup test;
  const Patience patience =
      std::array{Patience{test.waker}, Patience{1h, test.waker}}[GENERATE(range(0U, 2U))];
  test.kernel.handshake_lasts(1'000'000);
  SECTION("before") {
    test.waker.wake();
    test.socket.connect(peer, patience, test.error);
    CHECK(test.error == std::errc::operation_canceled);
  }
  SECTION("meanwhile") {
    test.kernel.while_waiting([&] { test.waker.wake(); });
    test.socket.connect(peer, patience, test.error);
    CHECK(test.error == std::errc::operation_canceled);
  }
  SECTION("meanwhile, with an exception") {
    test.kernel.while_waiting([&] { test.waker.wake(); });
    CHECK_THROWS_WITH(test.socket.connect(peer, patience),
                      "cannot connect to 192.0.2.1:7: woken: Operation canceled");
  }
  CHECK(test.kernel.now == test.began);
  CHECK_FALSE(test.socket.is_open());
  CHECK(test.kernel.closed.contains(test.fd));
}

TEST_CASE("A connect whose time is over before it is woken has timed out") {
  Setup test;
  test.kernel.handshake_lasts(1'000'000);
  test.socket.connect(peer, {250ms, test.waker}, test.error);
  CHECK(test.error == std::errc::timed_out);
  CHECK(test.kernel.now - test.began == 250);
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A connect with a waker that nobody wakes comes up, and leaves the mode as it was") {
  Setup test;
  const bool nonblocking = GENERATE(false, true);
  test.socket.set_nonblocking(nonblocking);
  test.kernel.handshake_lasts(450);
  test.socket.connect(peer, test.waker, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - test.began == 450);
  CHECK(test.kernel.descriptor(test.fd).status_flags == (nonblocking ? O_NONBLOCK : 0));
}

TEST_CASE("Attempts that share their patience take no longer together") {
  Setup test;
  const Patience patience{1s};
  test.kernel.handshake_lasts(700, ECONNREFUSED);
  test.socket.connect(peer, patience, test.error);
  CHECK(test.error == std::errc::connection_refused);
  test.kernel.handshake_lasts(700, ECONNREFUSED);
  test.socket.connect(peer, patience, test.error);
  CHECK(test.error == std::errc::timed_out);
  CHECK(test.kernel.now - test.began == 1000);
}

}  // namespace

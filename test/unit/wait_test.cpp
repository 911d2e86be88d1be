// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "wait.hpp"
#include <array>

#include <poll.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include <sctpxx/error.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;

struct Waiting {
  FakeKernel kernel;
  int fd = kernel.open();
  Waker waker;
  std::error_code error = Errc::no_addresses;
  long long began = kernel.now;

  ~Waiting() { sys::close(fd); }

  Waited read(const Patience& patience, std::chrono::milliseconds at_most = long_time) {
    return wait_for(fd, POLLIN, patience, error, at_most);
  }
};

TEST_CASE("Waiting ends with what was waited for") {
  Waiting test;
  const Patience patience = std::array{Patience{}, Patience{1s}, Patience{test.waker},
                                       Patience{1s, test.waker}}[GENERATE(range(0U, 4U))];
  SECTION("there before") { test.kernel.receives(piece("x")); }
  SECTION("that comes meanwhile") {
    test.kernel.while_waiting([&] { test.kernel.receives(piece("x")); });
  }
  CHECK(test.read(patience) == Waited::ready);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now == test.began);
}

TEST_CASE("Waiting ends with the patience, to the millisecond") {
  Waiting test;
  const Patience patience{250ms};
  CHECK(test.read(patience) == Waited::impatient);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - test.began == 250);
  CHECK(test.kernel.poll_timeouts == std::vector{250});
}

TEST_CASE("Waiting does not begin when the waker is awake, whatever is there") {
  Waiting test;
  test.kernel.receives(piece("x"));
  test.waker.wake();
  CHECK(test.read(test.waker) == Waited::impatient);
  CHECK(test.read({1s, test.waker}) == Waited::impatient);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::poll) == 0);
}

TEST_CASE("Without time one look is taken, and only that") {
  Waiting test;
  CHECK(test.read(0ms) == Waited::impatient);
  CHECK_FALSE(test.error);
  test.kernel.receives(piece("x"));
  CHECK(test.read(0ms) == Waited::ready);
  CHECK(test.kernel.now == test.began);
  CHECK(test.kernel.poll_timeouts == std::vector{0, 0});
}

TEST_CASE("Waiting ends at once when it is woken") {
  Waiting test;
  const Patience patience =
      std::array{Patience{test.waker}, Patience{1s, test.waker}}[GENERATE(range(0U, 2U))];
  test.kernel.while_waiting([&] { test.waker.wake(); });
  CHECK(test.read(patience) == Waited::impatient);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now == test.began);
}

TEST_CASE("What has come counts more than that the patience has ended with it") {
  Waiting test;
  SECTION("the time") {
    test.kernel.while_waiting([&] {
      test.kernel.advance(250);
      test.kernel.receives(piece("x"));
    });
    CHECK(test.read(250ms) == Waited::ready);
  }
  SECTION("the waker") {
    test.kernel.while_waiting([&] {
      test.waker.wake();
      test.kernel.receives(piece("x"));
    });
    CHECK(test.read(test.waker) == Waited::ready);
  }
}

TEST_CASE("Waiting ends for another look, which is no end of the patience") {
  Waiting test;
  CHECK(test.read(1s, 100ms) == Waited::ready);
  CHECK(test.read(Patience{}, 100ms) == Waited::ready);
  CHECK(test.read(50ms, 100ms) == Waited::impatient);
  CHECK(test.kernel.poll_timeouts == std::vector{100, 100, 50});
}

TEST_CASE("A signal is a reason to look again, unless the patience is over") {
  Waiting test;
  test.kernel.fail_next(Call::poll, EINTR, 2);
  CHECK(test.read(Patience{}) == Waited::ready);
  CHECK_FALSE(test.error);
  CHECK(test.read(test.waker) == Waited::ready);
}

TEST_CASE("A failure to wait is told") {
  Waiting test;
  test.kernel.fail_next(Call::poll, ENOMEM);
  CHECK(test.read(1s) == Waited::failed);
  CHECK(test.error == std::errc::not_enough_memory);
  sys::close(test.fd);
  test.fd = -1;
  CHECK(wait_for(-1, 0, 250ms, test.error) == Waited::impatient);
  CHECK_FALSE(test.error);
}

TEST_CASE("A waker without a descriptor is not waited for") {
  Waiting test;
  test.kernel.fail_next(Call::eventfd, EMFILE);
  const Waker without{test.error};
  CHECK(test.read({250ms, without}) == Waited::impatient);
  CHECK(test.kernel.now - test.began == 250);
}

}  // namespace

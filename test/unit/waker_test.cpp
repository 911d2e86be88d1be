// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/waker.hpp>

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <type_traits>

#include "each_call_fails.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

static_assert(!std::is_copy_constructible_v<Waker> && !std::is_move_constructible_v<Waker>);
static_assert(!std::is_copy_assignable_v<Waker> && !std::is_move_assignable_v<Waker>);
static_assert(noexcept(std::declval<Waker&>().wake()) && noexcept(std::declval<Waker&>().reset()));

bool is_readable(int fd) {
  pollfd descriptor{fd, POLLIN, 0};
  return sys::poll(&descriptor, 1, 0) == 1 && descriptor.revents == POLLIN;
}

TEST_CASE("A waker is a close-on-exec descriptor, asleep, and closes it at its end") {
  FakeKernel kernel;
  int fd = -1;
  {
    std::error_code error = std::make_error_code(std::errc::io_error);
    const Waker waker{error};
    CHECK_FALSE(error);
    fd = waker.fd();
    CHECK(kernel.descriptor(fd).is_eventfd);
    CHECK(kernel.descriptor(fd).fd_flags == FD_CLOEXEC);
    CHECK_FALSE(waker.is_awake());
    CHECK_FALSE(is_readable(fd));
  }
  CHECK_FALSE(kernel.is_open(fd));
  CHECK(kernel.count(Call::close) == 1);
}

TEST_CASE("A waker that was woken is awake and readable until it is reset") {
  const FakeKernel kernel;
  Waker waker;
  for (int round = 0; round != 3; ++round) {
    for (int times = 0; times <= round; ++times) waker.wake();
    CHECK(waker.is_awake());
    CHECK(is_readable(waker.fd()));
    CHECK(is_readable(waker.fd()));
    waker.reset();
    CHECK_FALSE(waker.is_awake());
    CHECK_FALSE(is_readable(waker.fd()));
  }
}

TEST_CASE("A waker that is asleep may be reset") {
  const FakeKernel kernel;
  Waker waker;
  waker.reset();
  CHECK_FALSE(waker.is_awake());
  waker.wake();
  CHECK(is_readable(waker.fd()));
}

TEST_CASE("Waking leaves errno alone, as a signal handler must") {
  FakeKernel kernel;
  Waker waker;
  errno = ENOTTY;
  waker.wake();
  CHECK(errno == ENOTTY);
  kernel.fail_next(Call::signal_eventfd, EAGAIN);
  waker.wake();
  CHECK(errno == ENOTTY);
  CHECK(waker.is_awake());
}

TEST_CASE("A waker that cannot be opened says why") {
  FakeKernel kernel;
  kernel.fail_next(Call::eventfd, EMFILE, 2);
  CHECK_THROWS_WITH(Waker{}, "cannot open a descriptor to wake threads with: Too many open files");
  std::error_code error;
  Waker waker{error};
  CHECK(error == std::errc::too_many_files_open);
  CHECK(waker.fd() == -1);
  // It has nothing to close. Whoever looks at it sees that it is awake all the same.
  waker.wake();
  CHECK(waker.is_awake());
  CHECK(kernel.count(Call::close) == 0);
}

TEST_CASE("Whichever call of opening a waker fails, the error is told and nothing leaks") {
  SECTION("with an error code") {
    each_call_fails([](FakeKernel&, std::error_code& error) { const Waker waker{error}; });
  }
  SECTION("with an exception") {
    each_call_fails([](FakeKernel&, std::error_code& error) {
      try {
        const Waker waker;
      } catch (const std::system_error& failure) {
        error = failure.code();
      }
    });
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <sctpxx/patience.hpp>

#include <cerrno>
#include <chrono>
#include <limits>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

// A waker that is gone at the end of the line wakes nobody.
static_assert(std::is_convertible_v<const Waker&, Patience> && !std::is_constructible_v<Patience, Waker>);
static_assert(!std::is_constructible_v<Patience, const Waker>);
static_assert(std::is_constructible_v<Patience, std::chrono::hours, Waker&> &&
              !std::is_constructible_v<Patience, std::chrono::hours, Waker>);
static_assert(std::is_convertible_v<std::chrono::seconds, Patience> &&
              !std::is_constructible_v<Patience, int>);
static_assert(std::is_nothrow_default_constructible_v<Patience> && std::is_trivially_copyable_v<Patience>);

TEST_CASE("Without a limit patience lasts for ever, and asks nobody for the time") {
  const Patience patience;
  CHECK_FALSE(patience.is_over());
  CHECK_FALSE(patience.left());
  CHECK(patience.waker() == nullptr);
}

TEST_CASE("Patience is counted from where it was made, by all calls that it is given to") {
  FakeKernel kernel;
  const Patience patience{250ms};
  const Patience copy{patience};
  CHECK(patience.left() == 250ms);
  kernel.advance(100);
  CHECK(patience.left() == 150ms);
  CHECK(copy.left() == 150ms);
  kernel.advance(149);
  CHECK_FALSE(patience.is_over());
  CHECK(patience.left() == 1ms);
  kernel.advance(1);
  CHECK(patience.is_over());
  CHECK(copy.is_over());
  CHECK(patience.left() == 0ms);
  kernel.advance(1'000'000);
  CHECK(patience.is_over());
  CHECK(patience.left() == 0ms);
}

TEST_CASE("Patience is rounded up to milliseconds, of any unit") {
  const FakeKernel kernel;
  CHECK(Patience{1ns}.left() == 1ms);
  CHECK(Patience{1us}.left() == 1ms);
  CHECK(Patience{1000us}.left() == 1ms);
  CHECK(Patience{1001us}.left() == 2ms);
  CHECK(Patience{3s}.left() == 3000ms);
  CHECK(Patience{2min}.left() == 120'000ms);
  CHECK(Patience{std::chrono::duration<double>{0.0101}}.left() == 11ms);
  CHECK(Patience{std::chrono::duration<float, std::milli>{0.5F}}.left() == 1ms);
}

TEST_CASE("Patience of no time or less is over at once") {
  const FakeKernel kernel;
  const Patience none =
      GENERATE(Patience{0ms}, Patience{-1ns}, Patience{-5h}, Patience{milliseconds::min()},
               Patience{std::chrono::hours::min()}, Patience{std::chrono::duration<double>{-0.001}});
  CHECK(none.is_over());
  CHECK(none.left() == 0ms);
}

TEST_CASE("Patience for longer than the clock counts is a thousand years") {
  FakeKernel kernel;
  constexpr milliseconds most = std::chrono::hours{24} * 365 * 1000;
  const Patience longest =
      GENERATE_COPY(Patience{milliseconds::max()}, Patience{std::chrono::hours::max()},
                    Patience{std::chrono::duration<double>{1e300}}, Patience{most}, Patience{most + 1s});
  CHECK(longest.left() == most);
  CHECK_FALSE(longest.is_over());
  CHECK(Patience{most - 1ms}.left() == most - 1ms);
}

TEST_CASE("Patience with a waker is over when that is awake, and while it is") {
  FakeKernel kernel;
  Waker waker;
  const Patience alone{waker};
  const Patience with_time{250ms, waker};
  CHECK(alone.waker() == &waker);
  CHECK(with_time.waker() == &waker);
  CHECK_FALSE(alone.left());
  CHECK_FALSE(alone.is_over());
  CHECK_FALSE(with_time.is_over());
  waker.wake();
  CHECK(alone.is_over());
  CHECK(with_time.is_over());
  CHECK(with_time.left() == 250ms);
  waker.reset();
  CHECK_FALSE(alone.is_over());
  CHECK_FALSE(with_time.is_over());
  kernel.advance(250);
  CHECK_FALSE(alone.is_over());
  CHECK(with_time.is_over());
}

TEST_CASE("A shorter patience ends with the first of both, and knows the same waker") {
  FakeKernel kernel;
  Waker waker;
  const Patience patience{250ms, waker};
  kernel.advance(100);
  CHECK(patience.at_most(50ms).left() == 50ms);
  CHECK(patience.at_most(150ms).left() == 150ms);
  CHECK(patience.at_most(200ms).left() == 150ms);
  CHECK(patience.at_most(milliseconds::max()).left() == 150ms);
  CHECK(patience.at_most(0ms).is_over());
  CHECK(patience.at_most(-1ms).is_over());
  CHECK(patience.at_most(50ms).waker() == &waker);
  CHECK(patience.left() == 150ms);
  CHECK(Patience{}.at_most(50ms).left() == 50ms);
  CHECK(Patience{}.at_most(50ms).waker() == nullptr);
  waker.wake();
  CHECK(patience.at_most(50ms).is_over());
}

TEST_CASE("Exhausting patience takes its time, to the millisecond and through signals") {
  FakeKernel kernel;
  const long long began = kernel.now;
  const Patience patience{250ms};
  kernel.advance(100);
  kernel.fail_next(Call::poll, EINTR, 2);
  patience.exhaust();
  CHECK(patience.is_over());
  CHECK(kernel.now - began == 250);
  CHECK(kernel.count(Call::poll) == 3);
  patience.exhaust();
  CHECK(kernel.now - began == 250);
  CHECK(kernel.poll_timeouts.back() == 0);
}

TEST_CASE("Exhausting patience takes more than a day, too") {
  FakeKernel kernel;
  const long long began = kernel.now;
  const Patience patience{60h};
  for (int days = 0; days != 2; ++days) kernel.poll_says(0);
  patience.exhaust();
  constexpr int a_day = 86'400'000;
  CHECK(kernel.poll_timeouts == std::vector{a_day, a_day, a_day / 2});
  CHECK(kernel.now - began == milliseconds{60h}.count());
}

TEST_CASE("Exhausting patience ends when it is woken, before or meanwhile") {
  FakeKernel kernel;
  Waker waker;
  const Patience patience = std::array{Patience{waker}, Patience{1h, waker}}[GENERATE(range(0U, 2U))];
  const long long began = kernel.now;
  SECTION("before") {
    waker.wake();
    patience.exhaust();
    CHECK(kernel.count(Call::poll) == 0);
  }
  SECTION("meanwhile") {
    kernel.while_waiting([&] { waker.wake(); });
    patience.exhaust();
    CHECK(kernel.count(Call::poll) == 1);
  }
  CHECK(kernel.now == began);
}

TEST_CASE("Exhausting patience takes its time where waiting fails, and does not look all the time") {
  FakeKernel kernel;
  const long long began = kernel.now;
  const Patience patience{250ms};
  kernel.fail_next(Call::poll, ENOMEM);
  patience.exhaust();
  CHECK(kernel.now - began == 250);
  CHECK(kernel.count(Call::poll) == 3);  // failed, a moment, the rest
  kernel.fail_next(Call::poll, ENOMEM);
  patience.exhaust();
  CHECK(kernel.now - began == 250);
}

}  // namespace

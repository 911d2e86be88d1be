// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <vector>

#include <sctpxx/reconnect.hpp>

#include "support/catch.hpp"

/// The pauses of a Reconnector.
namespace {

using namespace sctp;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST_CASE("Pauses double up to the longest, and each is between the half and the whole of that") {
  for (std::uint32_t seed = 0; seed != 200; ++seed) {
    CAPTURE(seed);
    Backoff pauses{100ms, 1500ms, seed};
    for (const auto whole : {100ms, 200ms, 400ms, 800ms, 1500ms, 1500ms, 1500ms}) {
      const auto pause = pauses.next();
      CHECK(pause >= whole / 2);
      CHECK(pause <= whole);
    }
    pauses.reset();
    const auto pause = pauses.next();
    CHECK(pause >= 50ms);
    CHECK(pause <= 100ms);
    CHECK(pauses.next() >= 100ms);
  }
}

TEST_CASE("Pauses are spread over all of the time between the half and the whole") {
  milliseconds least = 1h;
  milliseconds most = 0ms;
  std::size_t lower_half = 0;
  Backoff pauses{1000ms, 1000ms, 5};
  for (int count = 0; count != 1000; ++count) {
    const auto pause = pauses.next();
    least = std::min(least, pause);
    most = std::max(most, pause);
    if (pause < 750ms) ++lower_half;
  }
  CHECK(least < 510ms);
  CHECK(most > 990ms);
  CHECK(lower_half > 400);
  CHECK(lower_half < 600);
}

TEST_CASE("The same seed makes the same pauses, and another makes others") {
  const auto pauses_of = [](std::uint32_t seed) {
    Backoff pauses{10s, 1h, seed};
    std::vector<milliseconds> all;
    for (int count = 0; count != 5; ++count) all.push_back(pauses.next());
    return all;
  };
  CHECK(pauses_of(1) == pauses_of(1));
  CHECK(pauses_of(1) != pauses_of(2));
  CHECK(pauses_of(0) == pauses_of(0));
}

TEST_CASE("Who has no seed draws one, so that many do not come back together") {
  std::vector<milliseconds> first;
  for (int count = 0; count != 20; ++count) first.push_back(Backoff{10h, 10h}.next());
  CHECK(std::ranges::adjacent_find(first, std::not_equal_to{}) != first.end());
}

TEST_CASE("Pauses that were not said begin with half a second and end with half a minute") {
  Backoff pauses;
  CHECK(pauses.next() <= 500ms);
  for (int count = 0; count != 20; ++count) static_cast<void>(pauses.next());
  const auto longest = pauses.next();
  CHECK(longest >= 15s);
  CHECK(longest <= 30s);
}

TEST_CASE("Pauses that cannot be are refused") {
  CHECK_THROWS_AS((Backoff{0ms, 1s}), std::invalid_argument);
  CHECK_THROWS_AS((Backoff{-1ms, 1s}), std::invalid_argument);
  CHECK_THROWS_AS((Backoff{2ms, 1ms}), std::invalid_argument);
  CHECK(Backoff{1ms, 1ms}.next() == 1ms);
}

TEST_CASE("The longest pause may be any time at all") {
  Backoff pauses{milliseconds::max() / 2 + 1ms, milliseconds::max(), 5};
  CHECK(pauses.next() > 0ms);
  CHECK(pauses.next() >= milliseconds::max() / 2);
  CHECK(pauses.next() >= milliseconds::max() / 2);
}

}  // namespace

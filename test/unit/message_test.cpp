// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/message.hpp>

#include <cstdint>

#include "support/catch.hpp"

namespace {

using namespace sctp;
using namespace std::chrono_literals;
using Policy = Reliability::Policy;

static_assert(Reliability{}.policy() == Policy::full && Reliability{}.value() == 0);
static_assert(SendOptions{}.reliability == Reliability{});

TEST_CASE("A reliability says its policy and its value") {
  CHECK(Reliability::lifetime(250ms).policy() == Policy::lifetime);
  CHECK(Reliability::lifetime(250ms).value() == 250);
  CHECK(Reliability::lifetime(2s).value() == 2000);
  CHECK(Reliability::retransmissions(3).policy() == Policy::retransmissions);
  CHECK(Reliability::retransmissions(3).value() == 3);
  CHECK(Reliability::priority(9).policy() == Policy::priority);
  CHECK(Reliability::priority(9).value() == 9);
}

TEST_CASE("A lifetime that the kernel cannot count is the nearest that it can") {
  CHECK(Reliability::lifetime(-1ms).value() == 0);
  CHECK(Reliability::lifetime(std::chrono::milliseconds::min()).value() == 0);
  CHECK(Reliability::lifetime(std::chrono::milliseconds{UINT32_MAX}).value() == UINT32_MAX);
  CHECK(Reliability::lifetime(std::chrono::milliseconds{UINT32_MAX} + 1ms).value() == UINT32_MAX);
  CHECK(Reliability::lifetime(std::chrono::milliseconds::max()).value() == UINT32_MAX);
}

TEST_CASE("Reliabilities are equal when policy and value are") {
  CHECK(Reliability::lifetime(0ms) != Reliability{});
  CHECK(Reliability::lifetime(3ms) != Reliability::retransmissions(3));
  CHECK(Reliability::retransmissions(3) == Reliability::retransmissions(3));
  CHECK(Reliability::retransmissions(3) != Reliability::retransmissions(4));
}

}  // namespace

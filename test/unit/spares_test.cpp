// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <random>
#include <vector>

#include "spares.hpp"
#include "support/catch.hpp"

namespace {

using namespace sctp;

constexpr std::size_t most = 64;

Storage storage_of(std::size_t capacity) { return {std::make_unique<std::byte[]>(1), 0, capacity}; }

/// What Spares are to do, by looking at all of them.
struct Model {
  std::vector<std::size_t> all;
  [[nodiscard]] std::size_t smallest(std::size_t least) const {
    std::size_t best = 0;
    for (const std::size_t each : all)
      if (each >= least && (best == 0 || each < best)) best = each;
    return best;
  }
  [[nodiscard]] std::size_t largest(std::size_t least, std::size_t limit) const {
    std::size_t best = 0;
    for (const std::size_t each : all)
      if (each >= least && each <= limit) best = std::max(best, each);
    return best;
  }
  void take(std::size_t capacity) {
    const auto found = std::ranges::find(all, capacity);
    REQUIRE(found != all.end());
    all.erase(found);
  }
};

TEST_CASE("Spare memory is found by its size, whatever came and went before") {
  std::mt19937 random{1};  // NOLINT(*-msc51-cpp): the same each time
  Spares spares{most};
  Model model;
  for (int step = 0; step != 20'000; ++step) {
    const std::size_t power = std::size_t{1} << (random() % 12);
    const std::size_t size = power + (random() % 2 == 0 ? random() % power : 0);
    switch (random() % 5) {
      case 0: {  // one that is large enough, and of the smallest power of two
        const bool is_free = random() % 2 == 0;
        const std::size_t limit = is_free ? SIZE_MAX : 4 * size;
        const std::size_t best = model.smallest(size);
        const Storage taken = spares.take(size, limit);
        if (taken.data == nullptr) {
          REQUIRE((best == 0 || 2 * best > limit));
          break;
        }
        REQUIRE(taken.capacity >= size);
        REQUIRE(taken.capacity <= limit);
        REQUIRE(std::bit_width(taken.capacity) == std::bit_width(best));
        model.take(taken.capacity);
        break;
      }
      case 1: {
        const std::size_t least = 1 + random() % size;
        const Storage taken = spares.take_largest(least, size);
        REQUIRE((taken.data != nullptr) == (taken.capacity != 0));
        REQUIRE(taken.capacity == model.largest(least, size));
        if (taken.data != nullptr) model.take(taken.capacity);
        break;
      }
      case 2: {
        if (model.all.empty()) break;
        const Storage taken = spares.take_large();
        REQUIRE(std::bit_width(taken.capacity) == std::bit_width(model.largest(1, SIZE_MAX)));
        model.take(taken.capacity);
        break;
      }
      default: {
        Storage given = storage_of(size);
        const bool added = spares.add(given);
        REQUIRE(added == (model.all.size() != most));
        REQUIRE(added == (given.data == nullptr));
        if (added) model.all.push_back(size);
      }
    }
    REQUIRE(spares.empty() == model.all.empty());
  }
}

TEST_CASE("No spare memory is of more than so many bytes and of fewer") {
  Spares spares{most};
  for (const std::size_t size : {1000U, 2000U, 4000U}) {
    Storage given = storage_of(size);
    CHECK(spares.add(given));
  }
  CHECK(spares.take_largest(4000, 1000).data == nullptr);
  CHECK(spares.take_largest(1001, 1000).data == nullptr);
  CHECK(spares.take_largest(1000, 1000).capacity == 1000);
}

}  // namespace

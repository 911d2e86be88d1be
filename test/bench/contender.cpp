// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "contender.hpp"

#include <algorithm>

namespace bench {

std::string to_string(Style style) { return style == Style::one_to_one ? "one-to-one" : "one-to-many"; }

const std::vector<Contender>& contenders() {
  static const std::vector<Contender> all{
      {.name = "C by hand", .connect = connect_by_hand},
      {.name = "libsctp", .connect = connect_libsctp},
      {.name = "sctpxx", .connect = connect_ours, .is_ours = true},
      {.name = "sctpxx, 64 at a time", .connect = connect_ours_in_batches, .batch = 64, .is_ours = true},
      {.name = "TCP with lengths", .connect = connect_tcp, .has_many = false},
  };
  return all;
}

std::size_t most_under_way(std::size_t size) {
  constexpr std::size_t window = std::size_t{64} * 1024;
  return std::clamp<std::size_t>(window / size, 1, 128);
}

}  // namespace bench

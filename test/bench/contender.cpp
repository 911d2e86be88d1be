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
      {.name = "sctpxx", .connect = connect_ours, .keeps_promises = true},
      {.name = "sctpxx, 64 at a time",
       .connect = connect_ours_in_batches,
       .batch = 64,
       .keeps_promises = true},
#ifdef BENCH_WITH_ASIO
      {.name = "sctpxx with Asio", .connect = connect_ours_with_asio},
#endif
      {.name = "TCP with lengths", .connect = connect_tcp, .has_many = false},
  };
  return all;
}

std::size_t most_under_way(std::size_t size) {
  constexpr std::size_t window = std::size_t{64} * 1024;
  return std::clamp<std::size_t>(window / size, 1, 128);
}

}  // namespace bench

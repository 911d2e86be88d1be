// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// How many messages a second go from one socket to another over loopback, kernel and all. Both ends are one
// thread, which sends as many as fit and then receives them: what is compared does not depend on how threads
// are scheduled. A round is TURNS such bursts of each contender, in turns, and its number that of the median
// burst. `of C`: the median over the rounds of that by the same of C by hand (more is better), between which
// half of these ratios are, and all. A difference that is smaller than that half spreads is noise.
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "compare.hpp"

int main(int count, char** words) try {
  bench::Comparison::Amount amount{.rounds = count > 1 ? std::stoul(words[1]) : 20};
  if (count > 2) amount.turns = std::stoul(words[2]);
  if (amount.rounds == 0 || amount.turns == 0) throw std::invalid_argument{"none may be 0"};
  bench::Json json{"throughput", count > 3 ? words[3] : ""};
  std::size_t burst = 0;
  const std::vector<bench::Comparison::Column> columns{{"throughput", "messages/s", [&](const auto& seconds) {
                                                          return static_cast<double>(burst) /
                                                                 seconds.median();
                                                        }}};
  bench::Comparison::print_header(columns);
  for (const bench::Style style : {bench::Style::one_to_one, bench::Style::one_to_many}) {
    for (const std::size_t size : {64U, 1024U, 16'384U, 262'144U}) {
      const std::vector<std::byte> message(size);
      burst = bench::most_under_way(size);
      bench::Comparison comparison{style, size, columns};
      comparison.run(amount, [&](bench::End& from, bench::End& to) {
        from.send(burst, message);
        if (to.receive(burst) != burst * size) throw std::runtime_error{"bytes are missing"};
      });
      comparison.print(json);
    }
  }
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  fmt::print(stderr, "throughput: {}\nusage: throughput [ROUNDS [TURNS [JSON]]]\n", failure.what());
  return EXIT_FAILURE;
}

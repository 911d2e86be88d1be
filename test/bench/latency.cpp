// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// How long a message of 64 bytes takes there and another back, kernel and all. Both ends are one thread, so
// no time goes to waking one: that would be most of it, and would hide what is compared. A round is TURNS
// times 20 of them of each contender, in turns, and its numbers the median and that which one in a hundred
// passes. `of C`: the median over the rounds of these by the same of C by hand (less is better), between
// which half of these ratios are, and all.
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "compare.hpp"

int main(int argument_count, char** words) try {
  bench::Comparison::Amount amount{.rounds = argument_count > 1 ? std::stoul(words[1]) : 20, .samples = 20};
  if (argument_count > 2) amount.turns = std::stoul(words[2]);
  if (amount.rounds == 0 || amount.turns == 0) throw std::invalid_argument{"none may be 0"};
  bench::Json json{"latency", argument_count > 3 ? words[3] : ""};
  constexpr double microseconds = 1e6;
  const std::vector<bench::Comparison::Column> columns{
      {"median", "median, us", [](const auto& seconds) { return microseconds * seconds.median(); }},
      {"p99", "99 of 100, us", [](const auto& seconds) { return microseconds * seconds.quantile(0.99); }}};
  bench::Comparison::print_header(columns);
  const std::vector<std::byte> message(64);
  for (const bench::Style style : {bench::Style::one_to_one, bench::Style::one_to_many}) {
    bench::Comparison comparison{style, message.size(), columns};
    comparison.run(amount, [&](bench::End& here, bench::End& there) {
      here.send(1, message);
      std::size_t bytes = there.receive(1);
      there.send(1, message);
      bytes += here.receive(1);
      if (bytes != 2 * message.size()) throw std::runtime_error{"bytes are missing"};
    });
    comparison.print(json);
  }
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  fmt::print(stderr, "latency: {}\nusage: latency [ROUNDS [TURNS [JSON]]]\n", failure.what());
  return EXIT_FAILURE;
}

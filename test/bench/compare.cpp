// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "compare.hpp"

#include <chrono>
#include <cstdio>
#include <iterator>

namespace bench {

Comparison::Comparison(Style style, std::size_t size, std::vector<Column> columns)
    : style_{style}, size_{size}, columns_{std::move(columns)} {
  for (const Contender& contender : contenders()) {
    if (style == Style::one_to_one || contender.has_many)
      runners_.push_back({&contender, contender.connect(style)});
  }
}

void Comparison::run(const Amount& amount, const std::function<void(End& first, End& second)>& transfer) {
  using Clock = std::chrono::steady_clock;
  for (std::size_t round = 0; round != amount.rounds + 1; ++round) {
    std::vector<std::vector<double>> seconds(runners_.size());
    for (std::size_t turn = 0; turn != amount.turns * runners_.size(); ++turn) {
      // Who follows whom takes turns, too.
      const std::size_t which = (turn + turn / runners_.size()) % runners_.size();
      const Pair& pair = runners_[which].pair;
      for (std::size_t sample = 0; sample != amount.samples; ++sample) {
        const auto begin = Clock::now();
        transfer(*pair.first, *pair.second);
        seconds[which].push_back(std::chrono::duration<double>(Clock::now() - begin).count());
      }
    }
    if (round == 0) continue;
    for (std::size_t i = 0; i != runners_.size(); ++i) runners_[i].rounds.emplace_back(std::move(seconds[i]));
  }
}

Comparison::Values Comparison::values(const Runner& runner, const Column& column) {
  Values all;
  for (const Summary& round : runner.rounds) all.push_back(column.of_round(round));
  return all;
}

void Comparison::print_header(const std::vector<Column>& columns) {
  fmt::print("{:<12} {:>6}  {:<20}", "", "bytes", "");
  for (const Column& column : columns)
    fmt::print("  {:>13}  {:>5} {:<13} {:<13}", column.unit, "of C", "half of them", "all");
  fmt::print("\n");
}

void Comparison::print(Json& json) const {
  for (const Runner& runner : runners_) {
    fmt::print("{:<12} {:>6}  {:<20}", to_string(style_), size_, runner.contender->name);
    for (const Column& column : columns_) {
      const Values own = values(runner, column);
      const Values of_c = values(runners_[by_hand], column);
      Values ratios;
      std::ranges::transform(own, of_c, std::back_inserter(ratios), std::divides{});
      const double median = Summary{own}.median();
      const Summary by_c{std::move(ratios)};
      fmt::print("  {:>13.1f}  {:>5.3f} {:<13} {:<13}", median, by_c.median(),
                 fmt::format("{:.3f}..{:.3f}", by_c.quantile(0.25), by_c.quantile(0.75)),
                 fmt::format("{:.3f}..{:.3f}", by_c.quantile(0), by_c.quantile(1)));
      json.row({{"style", to_string(style_)},
                {"contender", runner.contender->name},
                {"measured", std::string{column.name}},
                {"unit", std::string{column.unit}}},
               {{"bytes", static_cast<double>(size_)},
                {"median", median},
                {"of_c_median", by_c.median()},
                {"of_c_quarter", by_c.quantile(0.25)},
                {"of_c_three_quarters", by_c.quantile(0.75)},
                {"of_c_least", by_c.quantile(0)},
                {"of_c_most", by_c.quantile(1)},
                {"rounds", static_cast<double>(runner.rounds.size())}});
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
}

}  // namespace bench

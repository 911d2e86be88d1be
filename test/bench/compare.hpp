// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "contender.hpp"
#include "report.hpp"

namespace bench {

/// Lets contenders take turns, many times in each round, since the speed of a machine changes from moment to
/// moment, and compares each with C by hand in the same round.
class Comparison {
 public:
  /// What is told of a round: its name, its unit, and how it follows from the seconds that the measurements
  /// took.
  struct Column {
    std::string_view name;
    std::string_view unit;
    std::function<double(const Summary& seconds)> of_round;
  };
  struct Amount {
    std::size_t rounds;
    std::size_t turns = 10;   // of each contender in a round
    std::size_t samples = 1;  // in each turn
  };
  Comparison(Style style, std::size_t size, std::vector<Column> columns);

  /// Measures how long `transfer` takes. The first round only warms up.
  void run(const Amount& amount, const std::function<void(End& first, End& second)>& transfer);
  void print(Json& json) const;
  static void print_header(const std::vector<Column>& columns);

 private:
  struct Runner {
    const Contender* contender;
    Pair pair;
    std::vector<Summary> rounds{};  // seconds
  };
  using Values = std::vector<double>;  // by rounds
  [[nodiscard]] static Values values(const Runner& runner, const Column& column);

  Style style_;
  std::size_t size_;
  std::vector<Column> columns_;
  std::vector<Runner> runners_;
};

}  // namespace bench

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// Of several measurements of the same.
class Summary {
 public:
  explicit Summary(std::vector<double> values) : values_{std::move(values)} {
    if (values_.empty()) throw std::invalid_argument{"nothing was measured"};
    std::ranges::sort(values_);
  }
  /// 0 is the least, 0.5 the median, 1 the most.
  [[nodiscard]] double quantile(double share) const {
    const double last = static_cast<double>(values_.size() - 1);
    return values_[static_cast<std::size_t>(std::lround(share * last))];
  }
  [[nodiscard]] double median() const { return quantile(0.5); }

 private:
  std::vector<double> values_;
};

/// Writes rows to a file as an array of objects; no file, no rows.
class Json {
 public:
  Json(std::string_view what, std::string_view path) {
    if (path.empty()) return;
    file_.open(std::string{path});
    if (!file_) throw std::runtime_error{fmt::format("cannot write {}", path)};
    file_ << fmt::format("{{\"benchmark\": \"{}\", \"rows\": [", what);
  }
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;
  ~Json() {
    if (file_.is_open()) file_ << "\n]}\n";
  }

  void row(std::initializer_list<std::pair<std::string_view, std::string>> words,
           std::initializer_list<std::pair<std::string_view, double>> numbers) {
    if (!file_.is_open()) return;
    file_ << (std::exchange(is_first_, false) ? "\n  {" : ",\n  {");
    bool is_first = true;
    for (const auto& [name, word] : words)
      file_ << fmt::format("{}\"{}\": \"{}\"", std::exchange(is_first, false) ? "" : ", ", name, word);
    for (const auto& [name, number] : numbers)
      file_ << fmt::format("{}\"{}\": {}", std::exchange(is_first, false) ? "" : ", ", name, number);
    file_ << '}';
  }

 private:
  std::ofstream file_;
  bool is_first_ = true;
};

}  // namespace bench

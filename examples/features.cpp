// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Tells what SCTP can do on this machine, and which option or setting would change that.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <sctpxx/format.hpp>
#include <string>
#include <vector>

namespace {

bool is_usable(const sctp::FeatureSupport& feature) {
  return feature.support == sctp::Support::on || feature.support == sctp::Support::optional;
}

/// The names of all features, as they are asked for.
std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& feature : sctp::Features{}) all.push_back(to_string(feature.feature));
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Tells what SCTP can do on this machine: in this kernel and this network namespace. A program that "
      "has\n"
      "to rely on one of these asks the same when it starts. Exit status 1: something that was required is\n"
      "not to be had here; 2: SCTP is not."};
  std::vector<std::string> required;
  options.add_option("--require", required, "fail unless sockets can have this; may be given several times")
      ->check(CLI::IsMember(names()));
  CLI11_PARSE(options, argc, argv);

  const sctp::Availability sctp = sctp::available();
  fmt::print("{}\n", sctp);
  if (!sctp) return 2;

  std::size_t met = 0;
  for (const sctp::FeatureSupport& feature : sctp::probe_features()) {
    fmt::print("{}\n", feature);
    const bool is_required = std::ranges::find(required, to_string(feature.feature)) != required.end();
    if (is_required && is_usable(feature)) ++met;
  }
  std::ranges::sort(required);
  required.erase(std::unique(required.begin(), required.end()), required.end());
  return met == required.size() ? 0 : 1;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 2;
}

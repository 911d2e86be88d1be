// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// What a message costs when there are many associations on one socket, and a piece of a message when many
// messages have begun. Instructions are those outside the kernel (callgrind's): they should stay the same.
// Times are with the kernel, whose memory has to be fetched from farther away the more there is of it; all
// numbers of associations are there at a time and take turns. `policy` is the sysctl net.sctp.sndbuf_policy:
// at 0 each acknowledgement has the kernel walk all associations of its socket. `set up` has the peer's
// `connect` in it, `kernel` both ends and the peers' sockets. `over the kernel`: so many messages were open
// at a time, and what a piece took.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "counts.hpp"
#include "scale.hpp"

namespace {

constexpr std::string_view usage = "scale [associations | messages | both [JSON | - [NUMBER...]]]";

bench::Counts numbers_from(int count, char** words, int first) {
  bench::Counts numbers;
  for (int i = first; i < count; ++i) numbers.push_back(std::stoul(words[i]));
  return numbers;
}

struct Kind {
  std::string_view name;
  bench::Counts numbers;
  void (*count)(const bench::Counts&);
  void (*measure)(const bench::Counts&, const bench::Counts&, bench::Json&);
};

}  // namespace

namespace bench {

double seconds(const std::function<void()>& run) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  run();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace bench

int main(int argument_count, char** words) try {
  const std::string_view which = argument_count > 1 ? words[1] : "";
  const std::string_view path = argument_count > 2 && std::string_view{words[2]} != "-" ? words[2] : "";
  bench::allow_descriptors();
  bench::Json json{"scale", path};
  Kind kinds[]{
      {"associations", {10, 100, 1000, 10'000}, bench::count_with_associations, bench::measure_associations},
      {"messages", {1, 2, 4, 16, 64, 256, 1024}, bench::count_with_messages, bench::measure_messages}};
  bool is_known = which.empty();
  for (Kind& kind : kinds) {
    // What is counted is the same whatever was asked for, and callgrind's program is given one word.
    if (which == fmt::format("counted-{}", kind.name)) {
      kind.count(kind.numbers);
      return EXIT_SUCCESS;
    }
    if (!which.empty() && which != "both" && which != kind.name) continue;
    is_known = true;
    const bench::Counts wanted = numbers_from(argument_count, words, 3);
    const bool is_usual = wanted.empty();
    if (!is_usual) kind.numbers = wanted;
    const bench::Counts instructions =
        is_usual ? bench::instructions(fmt::format("counted-{}", kind.name)) : bench::Counts{};
    if (is_usual && instructions.empty()) fmt::print(stderr, "scale: no instructions without valgrind\n");
    kind.measure(kind.numbers, instructions, json);
  }
  if (!is_known) throw std::invalid_argument{fmt::format("what is {}?", which)};
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  fmt::print(stderr, "scale: {}\nusage: {}\n", failure.what(), usage);
  return EXIT_FAILURE;
}

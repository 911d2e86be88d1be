// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// What a message costs in user space, in counts that are the same on a busy machine: for each message sent
// and for each received the instructions outside the kernel (callgrind's), the system calls (ptrace's) and
// the allocations (operator new's). `of C`: the instructions by those of C by hand, sent and received
// together. `per byte`: what a byte more in the message adds to them; 0.00 where nothing is copied outside
// the kernel.
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "../support/allocation_counter.hpp"
#include "contender.hpp"
#include "counts.hpp"
#include "report.hpp"

namespace {

using bench::Contender;
using bench::Style;

constexpr std::size_t messages = 64;  // so many are under way without a wait, and are one batch
constexpr std::array<std::size_t, 2> sizes{64, 1024};

struct Case {
  Style style;
  const Contender* contender;
  std::size_t size;
};

/// What each message takes.
struct Costs {
  double instructions = 0;
  double system_calls = 0;
  double allocations = 0;
};
struct Row {
  Case measured;
  Costs sent;
  Costs received;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Style style : {Style::one_to_one, Style::one_to_many}) {
    for (const std::size_t size : sizes) {
      for (const Contender& contender : bench::contenders())
        if (style == Style::one_to_one || contender.has_many) cases.push_back({style, &contender, size});
    }
  }
  return cases;
}

/// A pair whose memory has grown to what it needs, and a message.
class Warm {
 public:
  explicit Warm(const Case& measured)
      : message_(measured.size), pair_{measured.contender->connect(measured.style)} {
    for (int round = 0; round != 2; ++round) {
      send();
      receive();
    }
  }
  void send() { pair_.first->send(messages, message_); }
  void receive() {
    if (pair_.second->receive(messages) != messages * message_.size())
      throw std::runtime_error{"bytes are missing"};
  }

 private:
  std::vector<std::byte> message_;
  bench::Pair pair_;
};

/// What callgrind looks at: two counts for each case.
void run_counted() {
  for (const Case& measured : all_cases()) {
    Warm pair{measured};
    bench::bench_counted([&] { pair.send(); });
    bench::bench_counted([&] { pair.receive(); });
  }
}

double each(std::size_t count) { return static_cast<double>(count) / static_cast<double>(messages); }

Row count(const Case& measured) {
  Row row{measured, {}, {}};
  std::optional<Warm> pair;
  row.sent.system_calls = each(bench::system_calls([&] { pair.emplace(measured); }, [&] { pair->send(); }));
  row.received.system_calls = each(bench::system_calls(
      [&] {
        pair.emplace(measured);
        pair->send();
      },
      [&] { pair->receive(); }));
  pair.emplace(measured);
  const sctp::test::AllocationCounter while_sending;
  pair->send();
  row.sent.allocations = each(while_sending.count());
  const sctp::test::AllocationCounter while_receiving;
  pair->receive();
  row.received.allocations = each(while_receiving.count());
  return row;
}

/// The same contender with the other size, or C by hand.
const Row& find(const std::vector<Row>& rows, Style style, const Contender& contender, std::size_t size) {
  for (const Row& row : rows) {
    if (row.measured.style == style && row.measured.contender == &contender && row.measured.size == size)
      return row;
  }
  throw std::logic_error{"no such row"};
}

double both(const Row& row) { return row.sent.instructions + row.received.instructions; }

void print(const std::vector<Row>& rows, bool has_instructions, bench::Json& json) {
  fmt::print("{:<12} {:>5}  {:<20} {:>20} {:>6} {:>8}   {:>15}   {:>13}\n", "", "bytes", "sent + received",
             "instructions", "of C", "per byte", "system calls", "allocations");
  for (const Row& row : rows) {
    const auto& [style, contender, size] = row.measured;
    const double of_c = both(row) / both(find(rows, style, bench::contenders()[bench::by_hand], size));
    const double per_byte =
        (both(find(rows, style, *contender, sizes[1])) - both(find(rows, style, *contender, sizes[0]))) /
        static_cast<double>(sizes[1] - sizes[0]);
    fmt::print("{:<12} {:>5}  {:<20} ", to_string(style), size, contender->name);
    if (has_instructions) {
      fmt::print("{:>9.1f} + {:>8.1f} {:>6.2f} {:>8.2f}", row.sent.instructions, row.received.instructions,
                 of_c, per_byte);
    } else {
      fmt::print("{:>36}", "");
    }
    fmt::print("   {:>6.3f} + {:>6.3f}   {:>5.2f} + {:>5.2f}\n", row.sent.system_calls,
               row.received.system_calls, row.sent.allocations, row.received.allocations);
    json.row({{"style", to_string(style)}, {"contender", contender->name}},
             {{"bytes", static_cast<double>(size)},
              {"instructions_sent", row.sent.instructions},
              {"instructions_received", row.received.instructions},
              {"instructions_of_c", has_instructions ? of_c : 0},
              {"instructions_per_byte", has_instructions ? per_byte : 0},
              {"system_calls_sent", row.sent.system_calls},
              {"system_calls_received", row.received.system_calls},
              {"allocations_sent", row.sent.allocations},
              {"allocations_received", row.received.allocations}});
  }
}

/// Says what ours takes too much of.
bool keeps_promises(const std::vector<Row>& rows) {
  bool all = true;
  for (const Row& row : rows) {
    const Contender& contender = *row.measured.contender;
    const double calls = contender.batch == 1 ? 1 : 1.0 / 16;
    for (const Costs& costs : {row.sent, row.received}) {
      if (!contender.keeps_promises || (costs.system_calls <= calls && costs.allocations == 0)) continue;
      fmt::print(stderr, "cost: {} takes {} system calls and {} allocations a message\n", contender.name,
                 costs.system_calls, costs.allocations);
      all = false;
    }
  }
  return all;
}

}  // namespace

int main(int argument_count, char** words) try {
  const std::string_view first = argument_count > 1 ? words[1] : "";
  if (first == "counted") {
    run_counted();
    return EXIT_SUCCESS;
  }
  std::vector<Row> rows;
  for (const Case& measured : all_cases()) rows.push_back(count(measured));
  const std::vector<std::size_t> counted =
      first == "calls" ? std::vector<std::size_t>{} : bench::instructions("counted");
  if (!counted.empty() && counted.size() != 2 * rows.size())
    throw std::runtime_error{"callgrind has lost counts"};
  for (std::size_t i = 0; i != counted.size(); ++i)
    (i % 2 == 0 ? rows[i / 2].sent : rows[i / 2].received).instructions = each(counted[i]);
  if (counted.empty() && first != "calls") fmt::print(stderr, "cost: no instructions without valgrind\n");
  bench::Json json{"cost", first != "calls" ? first : ""};
  print(rows, !counted.empty(), json);
  return keeps_promises(rows) ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception& failure) {
  fmt::print(stderr, "cost: {}\nusage: cost [calls | JSON]\n", failure.what());
  return EXIT_FAILURE;
}

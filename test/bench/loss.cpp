// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// How late requests are that have nothing to do with each other, where packets get lost: what is called
// head-of-line blocking. From 16 sources in turns, RATE requests a second of 200 to 600 bytes go from one
// host to another, over a path that takes 20 ms each way (a round trip of 40 ms) and loses LOSS percent of
// the packets, both ways; MTU 1500. Each contender has such a path of its own and, in a round, SECONDS to
// itself; they take turns. A latency is the time from when a request was due to when its receiver has it
// whole. The quantiles are those of all requests; `late` is the share of those that took half as long again
// as the path, or more. `by TCP's`: the median over the ROUNDS of that quantile by TCP's (less is better),
// between which half of these ratios are, and all. `tuned` is FailureDetection::radio_access() with each
// packet acknowledged at once, at both ends. A turn is half a second long. One in which one request of a
// hundred was sent 5 ms later than due or more is done again, since the machine was busy; of 20 such the
// quietest counts. `resent` are the packets or chunks of all turns. Nine minutes where the machine is quiet,
// unless told otherwise.
#include <poll.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

#include "loss_way.hpp"
#include "report.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr double one_way = 20;
constexpr double late = 1.5 * one_way;
constexpr double turn_seconds = 0.5;
/// These follow a turn and do not count: without them what is lost at its end would be missed by nobody.
constexpr std::uint32_t run_out = 8;
/// A machine that sends one request of a hundred so much later than due.
constexpr double busy = 5;
/// The quantiles that are compared with TCP's.
constexpr std::array<std::pair<const char*, double>, 3> compared{
    {{"p95", 0.95}, {"p98", 0.98}, {"p99", 0.99}}};

struct Plan {
  std::uint32_t rounds = 10;
  double seconds = 5;
  std::string json{};
  std::uint32_t rate = 200;
  std::vector<double> losses{1, 2};
};

using Latencies = std::vector<double>;

class Run {
 public:
  Run(const Plan& plan, double loss) : plan_{plan}, network_{bench::ways().size()} {
    const std::string delay = fmt::format("netem limit 100000 delay {}ms", one_way);
    network_.discipline(delay);  // nobody's handshake gets lost
    for (const bench::WayToGo& way : bench::ways())
      runners_.push_back({way.connect(network_, runners_.size()), {}});
    network_.discipline(fmt::format("{} loss {}%", delay, loss));
    // A beginning that is not counted.
    for (Runner& runner : runners_) go(runner, count(std::min(plan.seconds, 1.0)));
    for (std::uint32_t round = 0; round != plan.rounds; ++round) {
      for (Runner& runner : runners_) runner.rounds.emplace_back();
      for (double left = plan.seconds; left > 0; left -= turn_seconds)
        for (Runner& runner : runners_) take_turn(runner, count(std::min(left, turn_seconds)));
    }
  }

  [[nodiscard]] const std::vector<Latencies>& rounds(std::size_t which) const {
    return runners_[which].rounds;
  }
  [[nodiscard]] std::uint64_t resent(std::size_t which) const { return runners_[which].way->resent(); }
  /// How much later than due the requests were sent that count, of how many turns those are, and how many
  /// were disturbed all the same.
  [[nodiscard]] const Latencies& sent_late() const { return sent_late_; }
  [[nodiscard]] std::uint32_t turns() const { return turns_; }
  [[nodiscard]] std::uint32_t disturbed() const { return disturbed_; }

 private:
  struct Turn {
    Latencies took{};
    Latencies sent_late{};

    [[nodiscard]] double disturbed() const { return bench::Summary{sent_late}.quantile(0.99); }
  };
  struct Runner {
    std::unique_ptr<bench::Way> way;
    std::vector<Latencies> rounds;
    std::uint32_t first = 0;  // number of its next request
  };

  [[nodiscard]] std::uint32_t count(double seconds) const {
    return static_cast<std::uint32_t>(std::ceil(seconds * plan_.rate));
  }

  /// When this machine was busy with something else a turn says nothing, whatever it says. The quietest
  /// counts.
  void take_turn(Runner& runner, std::uint32_t count) {
    constexpr int attempts = 20;
    std::optional<Turn> quietest;
    for (int attempt = 0; attempt != attempts && (!quietest || quietest->disturbed() >= busy); ++attempt) {
      Turn turn = go(runner, count);
      if (!quietest || turn.disturbed() < quietest->disturbed()) quietest = std::move(turn);
      ++turns_;
    }
    if (quietest->disturbed() >= busy) ++disturbed_;
    const auto append = [](Latencies& to, const Latencies& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(runner.rounds.back(), quietest->took);
    append(sent_late_, quietest->sent_late);
  }

  /// So many requests, until all have arrived.
  Turn go(Runner& runner, std::uint32_t count) {
    const auto begin = Clock::now();
    const auto due = [&](std::uint32_t index) {
      return begin + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>{index * 1.0 / plan_.rate});
    };
    constexpr double unknown = -1;
    Turn turn{.took = Latencies(count, unknown)};
    std::uint32_t arrived = 0;
    const auto receive = [&](Clock::duration time) {
      pollfd polled{runner.way->fd(), POLLIN, 0};
      const timespec left{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds{time}.count() % 1'000'000'000};
      if (::ppoll(&polled, 1, &left, nullptr) <= 0) return;
      runner.way->receive([&](std::uint32_t number) {
        if (number < runner.first || number - runner.first >= count) return;
        const std::uint32_t index = number - runner.first;
        if (turn.took.at(index) != unknown) throw std::runtime_error{"a request came twice"};
        turn.took[index] = Milliseconds{Clock::now() - due(index)}.count();
        ++arrived;
      });
    };
    for (std::uint32_t index = 0; index != count + run_out; ++index) {
      for (auto left = due(index) - Clock::now(); left > left.zero(); left = due(index) - Clock::now())
        receive(left);
      turn.sent_late.push_back(Milliseconds{Clock::now() - due(index)}.count());
      runner.way->send(runner.first + index);
    }
    const auto end = Clock::now() + std::chrono::minutes{2};
    while (arrived != count) {
      if (Clock::now() > end) throw std::runtime_error{"requests are missing"};
      runner.way->flush();
      receive(std::chrono::milliseconds{5});
    }
    runner.first += count + run_out;
    return turn;
  }

  const Plan& plan_;
  bench::Network network_;
  std::vector<Runner> runners_;
  Latencies sent_late_;
  std::uint32_t turns_ = 0;
  std::uint32_t disturbed_ = 0;
};

bench::Summary by_tcp(const std::vector<Latencies>& own, const std::vector<Latencies>& tcp, double share) {
  std::vector<double> ratios;
  for (std::size_t round = 0; round != own.size(); ++round)
    ratios.push_back(bench::Summary{own[round]}.quantile(share) / bench::Summary{tcp[round]}.quantile(share));
  return bench::Summary{std::move(ratios)};
}

void print(double loss, const std::string& name, const bench::Summary& took) {
  fmt::print("{:>5} %  {:<24}", loss, name);
  for (const double share : {0.5, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0})
    fmt::print(" {:>7.1f}", took.quantile(share));
}

void measure(const Plan& plan, double loss, bench::Json& json) {
  const Run run{plan, loss};
  fmt::print("{:>7}  {:<24} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}\n", "loss", "ms", "p50",
             "p90", "p95", "p98", "p99", "p99.9", "most", "late", "resent");
  for (std::size_t which = 0; which != bench::ways().size(); ++which) {
    const std::string& name = bench::ways()[which].name;
    Latencies counted;
    for (const Latencies& round : run.rounds(which))
      counted.insert(counted.end(), round.begin(), round.end());
    const auto count = static_cast<double>(counted.size());
    const auto late_count = std::ranges::count_if(counted, [](double ms) { return ms >= late; });
    const double late_share = static_cast<double>(late_count) / count;
    const bench::Summary all{std::move(counted)};
    print(loss, name, all);
    fmt::print(" {:>6.2f}% {:>7}\n", 100 * late_share, run.resent(which));
    json.row({{"contender", name}, {"measured", "latency"}, {"unit", "ms"}}, {{"loss", loss},
                                                                              {"p50", all.quantile(0.5)},
                                                                              {"p90", all.quantile(0.9)},
                                                                              {"p95", all.quantile(0.95)},
                                                                              {"p98", all.quantile(0.98)},
                                                                              {"p99", all.quantile(0.99)},
                                                                              {"p99.9", all.quantile(0.999)},
                                                                              {"most", all.quantile(1)},
                                                                              {"late", late_share},
                                                                              {"requests", count}});
    constexpr int points = 200;
    for (int point = 0; point != points; ++point) {
      const double share = std::pow(1 / count, static_cast<double>(point) / (points - 1));
      json.row({{"contender", name}, {"measured", "later"}, {"unit", "ms"}},
               {{"loss", loss}, {"share", share}, {"later_than", all.quantile(1 - share)}});
    }
  }
  print(loss, "(sent later than due by)", bench::Summary{run.sent_late()});

  fmt::print("  in {} turns, {} of them disturbed\n", run.turns(), run.disturbed());
  fmt::print("{:>7}  {:<24}", "loss", "by TCP's");
  for (const auto& [column, share] : compared) fmt::print(" {:>5} {:<10} {:<11}", column, "half", "all");
  fmt::print("\n");
  for (std::size_t which = 1; which < bench::ways().size(); ++which) {
    fmt::print("{:>5} %  {:<24}", loss, bench::ways()[which].name);
    for (const auto& [column, share] : compared) {
      const bench::Summary ratios = by_tcp(run.rounds(which), run.rounds(0), share);
      fmt::print(" {:>5.2f} {:<10} {:<11}", ratios.median(),
                 fmt::format("{:.2f}..{:.2f}", ratios.quantile(0.25), ratios.quantile(0.75)),
                 fmt::format("{:.2f}..{:.2f}", ratios.quantile(0), ratios.quantile(1)));
      json.row({{"contender", bench::ways()[which].name}, {"measured", column}, {"unit", "of TCP's"}},
               {{"loss", loss},
                {"median", ratios.median()},
                {"quarter", ratios.quantile(0.25)},
                {"three_quarters", ratios.quantile(0.75)},
                {"least", ratios.quantile(0)},
                {"most", ratios.quantile(1)},
                {"rounds", static_cast<double>(plan.rounds)}});
    }
    fmt::print("\n");
  }
  fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) try {
  Plan plan;
  const auto number = [&](int at) { return static_cast<std::uint32_t>(std::stoul(words[at])); };
  if (count > 1) plan.rounds = number(1);
  if (count > 2) plan.seconds = std::stod(words[2]);
  if (count > 3) plan.json = words[3];
  if (count > 4) plan.rate = number(4);
  if (count > 5) plan.losses.clear();
  for (int at = 5; at < count; ++at) plan.losses.push_back(std::stod(words[at]));
  if (plan.rounds == 0 || !(plan.seconds > 0) || plan.rate == 0) throw std::invalid_argument{"none may be 0"};
  bench::Json json{"loss", plan.json};
  for (const double loss : plan.losses) measure(plan, loss, json);
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  fmt::print(stderr, "loss: {}\nusage: loss [ROUNDS [SECONDS [JSON [RATE [LOSS...]]]]]\n", failure.what());
  return EXIT_FAILURE;
}

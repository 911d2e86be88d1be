// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Clients and servers, and all that goes wrong between them, for as long as one likes: `run`.

#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "account.hpp"
#include "faults.hpp"
#include "footprint.hpp"
#include "process.hpp"

namespace {

using namespace test::soak;
using namespace std::chrono_literals;

/// Runs in a process of its own, and answers its exit status.
int live(Ledger& ledger, const Network& network, std::uint32_t process) try {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpriority(PRIO_PROCESS, 0, 5);  // faults are to come in time
  if (process >= servers) network.enter_clients();
  Process& own = ledger.process(process);
  footprint();  // what the first call leaves is no leak
  own.begin = footprint();
  if (process == 0) run_listener(ledger, process, false);
  if (process == 2) run_listener(ledger, process, true);
  if (process == 1) run_one_to_many_server(ledger, process);
  if (process >= servers && process != processes - 1) run_client(ledger, process);
  if (process == processes - 1) run_one_to_many_client(ledger, process);
  const Footprint end = footprint();
  if (end.blocks != own.begin.blocks || end.bytes != own.begin.bytes ||
      end.descriptors != own.begin.descriptors) {
    ledger.complain(fmt::format(
        "process {} had {} blocks of {} bytes and {} descriptors, and leaves {}, {}, {}", process,
        own.begin.blocks, own.begin.bytes, own.begin.descriptors, end.blocks, end.bytes, end.descriptors));
  }
  return 0;
} catch (const std::exception& failure) {
  ledger.complain(fmt::format("process {}: {}", process, failure.what()));
  return 1;
}

class Soak {
 public:
  explicit Soak(std::uint64_t seed) : ledger_{seed} {}

  bool run(std::chrono::seconds time, bool verbose) {
    const sctp::Patience patience{time};
    ledger_.set_phase(Phase::settle);  // in round 0, which has nothing
    for (std::uint32_t process = 0; process != processes; ++process) start(process);
    wait_until([&] { return are_servers_ready(); }, "the servers listen");
    std::chrono::milliseconds last{0};
    std::uint32_t rounds = 0;
    while (ledger_.complaints() == 0 && *patience.left() > last) {
      const auto before = *patience.left();
      do_round(verbose);
      ++rounds;
      last = before - *patience.left();
    }
    ledger_.set_phase(Phase::quit);
    for (std::uint32_t process = 0; process != processes; ++process) expect_end(process);
    fmt::print("{} rounds\n{}{}{}{} complaints\n", rounds, report(ledger_), kernel_memory(), memory_,
               ledger_.complaints());
    return ledger_.complaints() == 0;
  }

 private:
  static constexpr std::chrono::milliseconds round_length{6000};

  void start(std::uint32_t process) {
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error{errno, std::system_category(), "fork"};
    if (pid == 0) std::_Exit(live(ledger_, network_, process));
    pids_.at(process) = pid;
    first_rest_.at(process).reset();
  }

  void kill(std::uint32_t process) {
    ::kill(pids_.at(process), SIGKILL);
    ::waitpid(pids_.at(process), nullptr, 0);
    ++ledger_.process(process).kills;
    ledger_.process(process).order = Order::none;
    ledger_.process(process).is_ready = false;
    start(process);
  }

  void expect_end(std::uint32_t process) {
    int status = 0;
    wait_until([&] { return ::waitpid(pids_.at(process), &status, WNOHANG) != 0; }, "a process ends");
    if (status != 0) ledger_.complain(fmt::format("process {} ended with {:#x}", process, status));
  }

  template <class Condition>
  void wait_until(Condition condition, const char* what) {
    for (const sctp::Patience patience{20 * time_to_end}; !condition(); sctp::Patience{10ms}.exhaust()) {
      if (patience.is_over()) throw std::runtime_error{fmt::format("waited in vain until {}", what)};
      for (std::uint32_t process = 0; process != processes && ledger_.phase() != Phase::quit; ++process) {
        if (::waitpid(pids_.at(process), nullptr, WNOHANG) != 0)
          throw std::runtime_error{fmt::format("process {} has ended", process)};
      }
    }
  }

  bool are_servers_ready() {
    for (std::size_t process = 0; process != servers; ++process) {
      if (!ledger_.process(process).is_ready) return false;
    }
    return true;
  }

  bool have_rested() {
    for (std::size_t process = 0; process != processes; ++process) {
      if (ledger_.process(process).rested != ledger_.round()) return false;
    }
    return true;
  }
  void do_round(bool verbose) {
    const auto begin = std::chrono::steady_clock::now();
    ledger_.begin_round();
    const auto plan = plan_faults(ledger_.seed(), ledger_.round(), round_length);
    if (verbose) {
      for (const Fault& fault : plan) fmt::print("round {}, {}\n", ledger_.round(), to_string(fault));
    }
    Faults faults{ledger_,
                  network_,
                  {[this](std::size_t process) { return pids_.at(process); },
                   [this](std::size_t process) { kill(static_cast<std::uint32_t>(process)); }}};
    faults.run(plan, round_length);
    ledger_.set_phase(Phase::settle);
    wait_until([&] { return have_rested(); }, "all associations have ended");
    wait_until([&] { return network_.associations() == 0; }, "the kernel has no association");
    account(ledger_);
    if (verbose)
      fmt::print(
          "round {} took {} ms\n", ledger_.round(),
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)
              .count());
    memory_.clear();
    for (std::size_t process = 0; process != processes; ++process) compare(process);
  }

  /// What a process holds at rest, with what it held after its first round.
  void compare(std::size_t process) {
    constexpr std::size_t slack_blocks = 4;  // of a server, whose tables live on
    constexpr std::size_t slack_resident = std::size_t{4} << 20U;
    const Footprint now = ledger_.process(process).rest;
    auto& first = first_rest_.at(process);
    if (!first) {
      first = now;
      return;
    }
    const bool grows = process < servers ? now.blocks > first->blocks + slack_blocks
                                         : now.blocks != first->blocks || now.bytes != first->bytes;
    if (grows || now.descriptors != first->descriptors || now.resident > first->resident + slack_resident) {
      ledger_.complain(fmt::format(
          "process {} held {} blocks of {} bytes, {} KiB resident, {} descriptors; and now {}, {}, {}, {}",
          process, first->blocks, first->bytes, first->resident / 1024, first->descriptors, now.blocks,
          now.bytes, now.resident / 1024, now.descriptors));
    }
    memory_ +=
        fmt::format("process {}: {} to {} KiB resident, {} to {} blocks, {} descriptors\n", process,
                    first->resident / 1024, now.resident / 1024, first->blocks, now.blocks, now.descriptors);
  }

  static std::string kernel_memory() {
    std::string text;
    std::ifstream file{"/proc/slabinfo"};
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("SCTP") || line.starts_with("sctp"))
        text += "kernel: " + line.substr(0, 44) + '\n';
    }
    return text;
  }

  Ledger ledger_;
  Network network_;
  std::array<pid_t, processes> pids_{};
  std::array<std::optional<Footprint>, processes> first_rest_{};
  std::string memory_;
};

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool verbose = std::erase(words, "--verbose") != 0;
  const auto number = [&](std::size_t place, std::uint64_t otherwise) {
    return place < words.size() ? std::stoull(words[place]) : otherwise;
  };
  const std::chrono::seconds time{number(0, 600)};
  const std::uint64_t seed = number(1, std::random_device{}());
  try {
    const sctp::OneToOneSocket socket{sctp::Address::Family::v4};  // loads the module, whose sysctls are next
  } catch (const std::system_error& failure) {
    if (failure.code() != sctp::Errc::kernel_has_no_sctp) throw;
    fmt::print("skipped: {}\n", failure.what());
    return 77;
  }
  fmt::print("seed {}, {} s\n", seed, time.count());
  std::fflush(stdout);
  return Soak{seed}.run(time, verbose) ? 0 : 1;
} catch (const std::exception& failure) {
  fmt::print(stderr, "soak: {}\n", failure.what());
  return 1;
}

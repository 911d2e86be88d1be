// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "faults.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <list>

namespace test::soak {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

using Kind = Fault::Kind;

struct Described {
  const char* name;
  Count count;
};
// The order is that of Fault::Kind.
constexpr std::array<Described, static_cast<std::size_t>(Kind::last)> kinds{{
    {"loses", Count::losses},
    {"reorders", Count::reorderings},
    {"duplicates", Count::duplications},
    {"corrupts", Count::corruptions},
    {"is slow", Count::delays},
    {"is cut", Count::cuts},
    {"is down", Count::links_down},
    {"and the other are cut", Count::blackouts},
    {"is killed", Count::client_kills},
    {"is stopped", Count::stops},
    {"aborts", Count::aborts},
    {"restarts", Count::last},  // counted by itself
    {"has no descriptors", Count::exhaustions},
}};

bool is_of_path(Kind kind) { return kind <= Kind::blackout; }

std::string words_for(Kind kind, Random& random) {
  switch (kind) {
    case Kind::loss: return fmt::format("netem limit 10000 delay 1ms loss {}%", 1 + random.below(20));
    case Kind::reorder:
      return fmt::format("netem limit 10000 delay 5ms reorder {}% 50%", 10 + random.below(40));
    case Kind::duplicate: return fmt::format("netem limit 10000 duplicate {}%", 5 + random.below(40));
    case Kind::corrupt: return fmt::format("netem limit 10000 corrupt {}%", 1 + random.below(10));
    case Kind::delay:
      return fmt::format("netem limit 10000 delay {}ms {}ms distribution normal", 10 + random.below(60),
                         1 + random.below(20));
    case Kind::cut:
    case Kind::blackout: return "blackhole";
    default: return {};
  }
}

milliseconds length_of(Kind kind, Random& random) {
  switch (kind) {
    case Kind::stop: return milliseconds{300 + random.below(1000)};
    case Kind::blackout: return milliseconds{random.one_in(3) ? 4000 : 200 + random.below(600)};
    case Kind::kill:
    case Kind::abort:
    case Kind::restart: return {};
    default: return milliseconds{500 + random.below(2000)};
  }
}

}  // namespace

std::string to_string(const Fault& fault) {
  return fmt::format("{:4} to {:4} ms: {} {} {} {}", fault.begin.count(), fault.end.count(),
                     is_of_path(fault.kind) ? "path" : "process", fault.target,
                     kinds.at(static_cast<std::size_t>(fault.kind)).name, fault.words);
}

std::vector<Fault> plan_faults(std::uint64_t seed, std::uint32_t round, milliseconds length) {
  Random random{mix(seed ^ mix(round))};
  std::vector<Fault> plan;
  std::array<milliseconds, Network::paths> path_busy{};
  std::array<milliseconds, processes> process_busy{};
  for (milliseconds now{200 + random.below(300)}; now < length; now += milliseconds{50 + random.below(500)}) {
    Fault fault{.kind = static_cast<Kind>(random.below(static_cast<std::size_t>(Kind::last))), .begin = now};
    fault.words = words_for(fault.kind, random);
    fault.end = std::min(now + length_of(fault.kind, random), length);
    switch (fault.kind) {
      case Kind::restart: fault.target = servers + random.below(clients - 1); break;
      case Kind::exhaust: fault.target = random.below(servers); break;
      // Servers are killed more seldom, since all associations end then.
      case Kind::kill:
        fault.target = random.one_in(4) ? random.below(servers) : servers + random.below(clients);
        break;
      default: fault.target = random.below(is_of_path(fault.kind) ? Network::paths : processes);
    }
    const bool needs_both_paths = fault.kind == Kind::blackout || fault.kind == Kind::restart;
    auto& process = process_busy[fault.target];
    auto& path = path_busy[fault.target % Network::paths];
    if (needs_both_paths && (path_busy[0] > now || path_busy[1] > now)) continue;
    if (is_of_path(fault.kind) ? path > now : process > now) continue;
    if (is_of_path(fault.kind)) path = fault.end;
    if (!is_of_path(fault.kind)) process = fault.end;
    if (fault.kind == Kind::blackout) path_busy.fill(fault.end);
    plan.push_back(fault);
  }
  return plan;
}

void Faults::run(const std::vector<Fault>& plan, milliseconds length) {
  const auto begin_of_round = std::chrono::steady_clock::now();
  std::list<const Fault*> under_way;
  auto next = plan.begin();
  for (milliseconds now{0}; now < length || !under_way.empty();
       now = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin_of_round)) {
    for (auto it = under_way.begin(); it != under_way.end();) {
      if ((*it)->end > now) {
        ++it;
        continue;
      }
      end(**it);
      it = under_way.erase(it);
    }
    for (; next != plan.end() && next->begin <= now; ++next) {
      begin(*next);
      under_way.push_back(&*next);
    }
    sctp::Patience{5ms}.exhaust();
  }
}

void Faults::begin(const Fault& fault) {
  const bool is_server = !is_of_path(fault.kind) && fault.target < servers;
  const Count count = kinds.at(static_cast<std::size_t>(fault.kind)).count;
  if (fault.kind == Kind::kill && is_server)
    ledger_.add(Count::server_kills);
  else if (count != Count::last)
    ledger_.add(count);
  switch (fault.kind) {
    case Kind::kill: return hands_.kill(fault.target);
    case Kind::stop: ::kill(hands_.pid(fault.target), SIGSTOP); return;
    case Kind::abort: ledger_.process(fault.target).order = Order::abort; return;
    case Kind::restart: return restart(fault);
    case Kind::exhaust: {
      if (!ledger_.process(fault.target).is_ready) return;
      limit_descriptors(fault.target, true);
      // Somebody has to come.
      for (std::size_t client = servers; client < processes; client += 2)
        ledger_.process(client).order = Order::abort;
      return;
    }
    case Kind::link_down: return network_.set_up(fault.target, false);
    case Kind::blackout:
      for (std::size_t path = 0; path != Network::paths; ++path) network_.discipline(path, fault.words);
      return;
    default: return network_.discipline(fault.target, fault.words);
  }
}

void Faults::end(const Fault& fault) {
  switch (fault.kind) {
    case Kind::kill:
    case Kind::abort:
    case Kind::restart: return;
    case Kind::stop: ::kill(hands_.pid(fault.target), SIGCONT); return;
    case Kind::exhaust: return limit_descriptors(fault.target, false);
    case Kind::link_down: return network_.set_up(fault.target, true);
    case Kind::blackout:
      for (std::size_t path = 0; path != Network::paths; ++path) network_.discipline(path, {});
      return;
    default: return network_.discipline(fault.target, {});
  }
}

// The ABORT of the socket that it closes is not heard.
void Faults::restart(const Fault& fault) {
  for (std::size_t path = 0; path != Network::paths; ++path) network_.discipline_clients(path, "blackhole");
  auto& order = ledger_.process(fault.target).order;
  order = Order::restart;
  for (const sctp::Patience patience{500ms}; order != Order::none && !patience.is_over();)
    sctp::Patience{5ms}.exhaust();
  sctp::Patience{20ms}.exhaust();  // it closes its socket next
  for (std::size_t path = 0; path != Network::paths; ++path) network_.discipline_clients(path, {});
}

void Faults::limit_descriptors(std::size_t process, bool limited) {
  const pid_t pid = hands_.pid(process);
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) != 0)
    return;  // it was killed, and its successor has no limit
  limit.rlim_cur = limit.rlim_max;
  if (limited) {
    rlim_t open = 0;
    for ([[maybe_unused]] const auto& one :
         std::filesystem::directory_iterator{fmt::format("/proc/{}/fd", pid)})
      ++open;
    limit.rlim_cur = open;
  }
  ::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr);
}

}  // namespace test::soak

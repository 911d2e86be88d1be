// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "ledger.hpp"
#include "network.hpp"

namespace test::soak {

/// One thing that goes wrong in a round, and for how long.
struct Fault {
  enum class Kind : std::uint8_t {
    loss,
    reorder,
    duplicate,
    corrupt,
    delay,  // a path, both ways
    cut,
    link_down,
    blackout,
    kill,
    stop,
    abort,
    restart,
    exhaust,  // a process
    last
  };
  Kind kind{};
  std::chrono::milliseconds begin{};
  std::chrono::milliseconds end{};
  std::size_t target = 0;  // a path or a process
  std::string words{};     // of a discipline
};
std::string to_string(const Fault& fault);

/// What goes wrong in a round, in its order: the seed and the round's number decide.
std::vector<Fault> plan_faults(std::uint64_t seed, std::uint32_t round, std::chrono::milliseconds length);

/// Has faults happen, and mends them.
class Faults {
 public:
  /// What to do with a process: `kill` is to replace it.
  struct Hands {
    std::function<int(std::size_t)> pid;
    std::function<void(std::size_t)> kill;
  };
  Faults(Ledger& ledger, const Network& network, Hands hands)
      : ledger_{ledger}, network_{network}, hands_{std::move(hands)} {}

  void run(const std::vector<Fault>& plan, std::chrono::milliseconds length);

 private:
  void begin(const Fault& fault);
  void end(const Fault& fault);
  void restart(const Fault& fault);
  void limit_descriptors(std::size_t process, bool limited);

  Ledger& ledger_;
  const Network& network_;
  Hands hands_;
};

}  // namespace test::soak

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// How long messages stay away when a path stops to carry packets, without a word, and how soon that is told:
// for each of FailureDetection's presets, against what detection_time computes of it. Two hosts with two
// paths (MTU 1500, 10 ms each way), and a message of 100 bytes every 20 ms. `next message`: from when the
// primary path was cut until the first message arrives that was sent after that. `unreachable`: until
// PeerAddressChange says so of the path. `lost`: until AssociationChange says so, when all paths were cut.
// Computed with the retransmission timeout that the path had at the cut. All of it is measured at the
// same time, in a minute or two. As the kernel comes, all but the first takes minutes: LONG is how many
// rounds of that there are for it, and one takes seven minutes.
#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>

#include <sctpxx/sctp.hpp>

#include "loss_network.hpp"
#include "report.hpp"

namespace {

using bench::Network;
using sctp::FailureDetection;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;
using namespace std::chrono_literals;

constexpr auto healthy = "netem delay 10ms limit 100000";
constexpr auto broken = "netem loss 100% limit 100000";
constexpr auto pause = 20ms;
/// By then the retransmission timeout is what the path's round trips make of it.
constexpr std::uint32_t before_cut = 50;

struct Preset {
  std::string name;
  FailureDetection values;
  bool is_slow = false;
};

/// One association on one path or on two, on which messages go one way.
class Traffic {
 public:
  Traffic(const Network& network, const FailureDetection& values, std::size_t paths) {
    const auto open = [&](auto&& socket, Network::Host host) {
      socket.set(values);
      socket.bind(network.address(host, 0));
      if (paths == 2) socket.bind(std::array{network.address(host, 1, socket.local_address().port())});
      return std::move(socket);
    };
    using Family = sctp::Address::Family;
    auto listener = open(network.at(Network::b, [] { return sctp::Listener{Family::v4}; }), Network::b);
    listener.listen();
    from_ = open(network.at(Network::a, [] { return sctp::OneToOneSocket{Family::v4}; }), Network::a);
    from_.subscribe<sctp::PeerAddressChange>();
    primary_ = network.address(Network::b, 0, listener.local_address().port());
    from_.connect(network.addresses(Network::b, primary_.port()));
    to_ = listener.accept();
    confirm(from_);
    confirm(to_);
    go_on_until([&] { return arrived_ >= before_cut; });
    // The message after the cut is the first that is under way then.
    while (from_.association().status().unacknowledged_chunks != 0) look(5ms);
    rto_ = from_.association().get<sctp::option::PeerAddrInfo>(primary_).rto;
  }

  /// Sends on until it is so; answers how long that took.
  double go_on_until(const std::function<bool()>& done) {
    const auto begin = Clock::now();
    for (auto due = begin; !done(); due += pause) {
      std::error_code error;  // an end is told as an event
      if (from_.try_send(message_, {}, error)) ++sent_;
      for (auto left = due + pause - Clock::now(); left > left.zero() && !done();
           left = due + pause - Clock::now())
        look(std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    return Milliseconds{Clock::now() - begin}.count();
  }

  double until_next_message() {
    return go_on_until([this, all = sent_] { return arrived_ > all; });
  }
  double until_unreachable() {
    return go_on_until([this] { return is_unreachable_; });
  }
  double until_lost() {
    return go_on_until([this] { return is_lost_; });
  }
  [[nodiscard]] std::chrono::milliseconds rto() const { return rto_; }

 private:
  static void confirm(const sctp::OneToOneSocket& socket) {
    using sctp::option::PeerAddrInfo;
    socket.association().request_heartbeats();
    const auto is_confirmed = [](const sctp::Path& path) {
      return path.state == PeerAddrInfo::State::available;
    };
    while (!std::ranges::all_of(socket.association().paths(), is_confirmed))
      static_cast<void>(socket.wait({}, sctp::Patience{5ms}));
  }

  /// Takes what has come, and waits for it so long at most.
  void look(std::chrono::milliseconds time) {
    std::array<pollfd, 2> polled{{{from_.fd(), POLLIN, 0}, {to_.fd(), POLLIN, 0}}};
    if (::poll(polled.data(), has_to_ended_ ? 1 : 2, static_cast<int>(time.count())) <= 0) return;
    std::error_code error;
    while (!has_to_ended_) {
      const auto received = to_.try_receive(buffer_of_to_, error);
      if (received.message() != nullptr) ++arrived_;
      if (!error && received.status() == sctp::Received::Status::would_block) break;
      has_to_ended_ = error || !received;  // either end may be the first to give up
    }
    while (const auto received = from_.try_receive(buffer_of_from_, error)) {
      received.match(
          [&](const sctp::PeerAddressChange& change) {
            if (change.address == primary_ && change.state == sctp::PeerAddressChange::State::unreachable)
              is_unreachable_ = true;
          },
          [&](const sctp::AssociationChange& change) {
            if (change.state == sctp::AssociationChange::State::lost) is_lost_ = true;
          },
          [](const auto&) {});
    }
  }

  const std::vector<std::byte> message_ = std::vector<std::byte>(100);
  sctp::OneToOneSocket from_;
  sctp::OneToOneSocket to_;
  sctp::Address primary_;
  sctp::ReceiveBuffer buffer_of_from_;
  sctp::ReceiveBuffer buffer_of_to_;
  std::chrono::milliseconds rto_{};
  std::uint32_t sent_ = 0;
  std::uint32_t arrived_ = 0;
  bool is_unreachable_ = false;
  bool is_lost_ = false;
  bool has_to_ended_ = false;
};

struct Measured {
  std::vector<double> computed{};
  std::vector<double> took{};

  void add(std::chrono::milliseconds by_formula, double ms) {
    computed.push_back(Milliseconds{by_formula}.count());
    took.push_back(ms);
  }
};
using Table = std::vector<std::pair<std::string, Measured>>;

/// What becomes of the messages and of the path when another one is left.
Table cut_one(const Preset& preset, std::size_t rounds, std::size_t slow_rounds) {
  const Network network{2};
  Measured next_message;
  Measured unreachable;
  for (std::size_t round = 0; round != rounds; ++round) {
    network.discipline(healthy);
    Traffic traffic{network, preset.values, 2};
    const auto computed = sctp::detection_time(preset.values, traffic.rto());
    network.discipline(0, broken);
    const auto begin = Clock::now();
    next_message.add(computed.next_path, traffic.until_next_message());
    if (preset.is_slow && round >= slow_rounds) continue;
    traffic.until_unreachable();
    unreachable.add(computed.unreachable, Milliseconds{Clock::now() - begin}.count());
  }
  return {{"next message", next_message}, {"unreachable", unreachable}};
}

/// What becomes of the association when none is left.
Table cut_all(const Preset& preset, std::size_t rounds, std::size_t paths) {
  const Network network{paths};
  Measured lost;
  for (std::size_t round = 0; round != rounds; ++round) {
    network.discipline(healthy);
    Traffic traffic{network, preset.values, paths};
    const auto computed = sctp::detection_time(preset.values, traffic.rto());
    network.discipline(broken);
    lost.add(computed.lost, traffic.until_lost());
  }
  return {{fmt::format("lost, {} path{}", paths, paths == 1 ? "" : "s"), lost}};
}

void print(const std::string& preset, const std::string& what, const Measured& measured, bench::Json& json) {
  if (measured.took.empty()) return;
  const bench::Summary took{measured.took};
  const double computed = bench::Summary{measured.computed}.median();
  fmt::print("{:<18} {:<15} {:>9.0f} {:>9.0f} {:>9.0f} {:>9.0f} {:>7}\n", preset, what, computed,
             took.median(), took.quantile(0), took.quantile(1), measured.took.size());
  json.row({{"preset", preset}, {"measured", what}, {"unit", "ms"}},
           {{"computed", computed},
            {"median", took.median()},
            {"least", took.quantile(0)},
            {"most", took.quantile(1)},
            {"rounds", static_cast<double>(measured.took.size())}});
}

}  // namespace

int main(int count, char** words) try {
  const std::size_t rounds = count > 1 ? std::stoul(words[1]) : 10;
  bench::Json json{"failover", count > 2 ? words[2] : ""};
  const std::size_t slow_rounds = count > 3 ? std::stoul(words[3]) : 0;
  if (rounds == 0) throw std::invalid_argument{"none may be 0"};
  const std::vector<Preset> presets{{"radio_access", FailureDetection::radio_access()},
                                    {"signalling", FailureDetection::signalling()},
                                    {"kernel_defaults", FailureDetection::kernel_defaults(), true}};
  std::vector<std::pair<std::string, std::future<Table>>> tables;
  for (const Preset& preset : presets) {
    const std::size_t whole = preset.is_slow ? slow_rounds : rounds;
    tables.emplace_back(preset.name, std::async(std::launch::async, cut_one, preset, rounds, slow_rounds));
    for (const std::size_t paths : {1U, 2U})
      tables.emplace_back(preset.name, std::async(std::launch::async, cut_all, preset, whole, paths));
  }
  fmt::print("{:<18} {:<15} {:>9} {:>9} {:>9} {:>9} {:>7}\n", "preset", "ms", "computed", "median", "least",
             "most", "rounds");
  for (auto& [preset, table] : tables)
    for (const auto& [what, measured] : table.get()) print(preset, what, measured, json);
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  fmt::print(stderr, "failover: {}\nusage: failover [ROUNDS [JSON [LONG]]]\n", failure.what());
  return EXIT_FAILURE;
}

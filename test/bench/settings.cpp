// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// What single settings do, over loopback, each beside the setting that it is instead of. Medians of ROUNDS,
// and the least and the most. `a pair`: until the second of two small messages is there that are sent in one
// breath. `an end`: from a message to the end of a shutdown in order. `bulk`: 8 MiB in messages of 64 KiB,
// with both ends in one thread. `urgent`: a small message on a stream of its own is sent behind eight of
// 100,000 bytes; how many KiB come before it.
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include <sctpxx/sctp.hpp>

#include "report.hpp"
#include "sockets.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Tune = std::function<void(const sctp::SocketRef&)>;
using Scheduler = sctp::option::StreamScheduler::Scheduler;

constexpr int ethernet = 1500;

void set_mtu_of_loopback(int mtu) {
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_mtu = mtu;
  const bench::Descriptor any{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  bench::checked(::ioctl(any.get(), SIOCSIFMTU, &request), "the MTU of lo");
}

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

struct Ends {
  explicit Ends(const Tune& tune) {
    tune(listener);
    tune(sender);
    constexpr int room = 8 << 20;  // all that is sent
    bench::checked(::setsockopt(sender.fd(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room),
                   "SO_SNDBUFFORCE");
    listener.bind(sctp::Address::loopback(sctp::Address::Family::v4, 0));
    listener.listen();
    sender.connect(listener.local_address());
    reader = listener.accept();
  }
  /// The first message of an association is acknowledged at once, those behind it are not.
  void warm_up() {
    sender.send(sctp::as_bytes("first"));
    read(1);
    while (sender.association().status().unacknowledged_chunks != 0) {
    }
  }
  void read(std::size_t count) {
    while (count != 0) {
      const auto received = reader.receive(buffer);
      if (!received) throw std::runtime_error{"the end"};
      if (received.message() != nullptr) --count;
    }
  }

  sctp::Listener listener{sctp::Address::Family::v4};
  sctp::OneToOneSocket sender{sctp::Address::Family::v4};
  sctp::OneToOneSocket reader;
  sctp::ReceiveBuffer buffer;
};

void nothing(const sctp::SocketRef& /*socket*/) {}

double pair(const Tune& tune) {
  Ends ends{tune};
  ends.warm_up();
  const std::vector<std::byte> message(64);
  const auto begin = Clock::now();
  ends.sender.send(message);
  ends.sender.send(message);
  ends.read(2);
  return milliseconds_since(begin);
}

double end(bool at_once) {
  Ends ends{nothing};
  ends.warm_up();
  const std::vector<std::byte> message(64);
  const auto begin = Clock::now();
  ends.sender.send(message, {.sack_immediately = at_once});
  ends.read(1);
  ends.sender.association().shutdown();
  while (ends.reader.receive(ends.buffer).status() != sctp::ReceiveStatus::end_of_stream) {
  }
  return milliseconds_since(begin);
}

double bulk(int mtu, const Tune& tune) {
  set_mtu_of_loopback(mtu);
  double time = 0;
  {
    Ends ends{tune};
    const std::vector<std::byte> message(std::size_t{64} * 1024);
    const auto begin = Clock::now();
    for (int n = 0; n != 128; ++n) {
      ends.sender.send(message);
      ends.read(1);
    }
    time = milliseconds_since(begin);
  }
  set_mtu_of_loopback(ethernet);
  return time;
}

/// KiB that come before it, of 781.
double urgent(Scheduler scheduler, bool interleaves) {
  std::ofstream{"/proc/sys/net/sctp/intl_enable"} << 1;
  Ends ends{[&](const sctp::SocketRef& socket) {
    socket.set(sctp::option::RcvBuf{60'000});
    if (!interleaves) return;
    socket.set(sctp::option::FragmentInterleave{});
    socket.set(sctp::option::InterleavingSupported{});
  }};
  constexpr sctp::StreamId other{1};
  ends.sender.association().set(sctp::option::StreamScheduler{scheduler});
  if (scheduler == Scheduler::priority)
    ends.sender.association().set(sctp::option::StreamSchedulerValue{10}, sctp::StreamId{0});
  const std::vector<std::byte> large(100'000);
  for (int n = 0; n != 8; ++n) ends.sender.send(large);
  ends.sender.send(sctp::as_bytes("now"), {.stream = other});
  std::vector<std::byte> room(4096);
  std::size_t bytes = 0;
  for (;;) {
    const auto received = ends.reader.receive_piece(room, ends.buffer);
    const auto* piece = received.piece();
    if (piece == nullptr) continue;
    if (piece->part.stream == other) return static_cast<double>(bytes) / 1024;
    bytes += piece->part.payload.size();
  }
}

template <class Option>
Tune with(const Option& option) {
  return [option](const sctp::SocketRef& socket) { socket.set(option); };
}

}  // namespace

int main(int count, char** words) try {
  const std::size_t rounds = count > 1 ? std::stoul(words[1]) : 9;
  bench::Json json{"settings", count > 2 ? words[2] : ""};
  struct Case {
    std::string what;
    std::string setting;
    std::string unit;
    std::function<double()> measure;
  };
  const auto ms = "ms";
  const auto kib = "KiB";
  const std::vector<Case> cases{
      {"a pair", "NoDelay (the library's)", ms, [] { return pair(nothing); }},
      {"a pair", "NoDelay off (the kernel's)", ms, [] { return pair(with(sctp::option::NoDelay{false})); }},
      {"an end", "as it is", ms, [] { return end(false); }},
      {"an end", "sack_immediately", ms, [] { return end(true); }},
      {"bulk", "MTU 1500", ms, [] { return bulk(ethernet, nothing); }},
      {"bulk", "MTU 65536, as loopback has", ms, [] { return bulk(65'536, nothing); }},
      {"bulk", "the same, DelayedSack 10 ms", ms,
       [] { return bulk(65'536, with(sctp::option::DelayedSack{.delay = 10ms})); }},
      {"urgent", "first_come", kib, [] { return urgent(Scheduler::first_come, false); }},
      {"urgent", "priority", kib, [] { return urgent(Scheduler::priority, false); }},
      {"urgent", "priority, interleaved", kib, [] { return urgent(Scheduler::priority, true); }},
      {"urgent", "round_robin, interleaved", kib, [] { return urgent(Scheduler::round_robin, true); }},
  };
  fmt::print("{:<8} {:<28} {:>10} {:>10} {:>10}\n", "", "", "median", "least", "most");
  for (const Case& one : cases) {
    std::vector<double> values;
    for (std::size_t round = 0; round != rounds; ++round) values.push_back(one.measure());
    const bench::Summary all{values};
    fmt::print("{:<8} {:<28} {:>10.2f} {:>10.2f} {:>10.2f} {}\n", one.what, one.setting, all.median(),
               all.quantile(0), all.quantile(1), one.unit);
    std::fflush(stdout);
    json.row({{"measured", one.what}, {"setting", one.setting}, {"unit", one.unit}},
             {{"median", all.median()}, {"least", all.quantile(0)}, {"most", all.quantile(1)}});
  }
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  fmt::print(stderr, "settings: {}\nusage: settings [ROUNDS [JSON]]\n", failure.what());
  return EXIT_FAILURE;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <linux/sctp.h>

#include "one_to_many.hpp"

/// What the torture sends, and what became of it.
namespace test::torture {

/// Another one to look for more: SCTPXX_TEST_SEED.
inline std::uint32_t seed() {
  const char* given = std::getenv("SCTPXX_TEST_SEED");
  return given != nullptr ? static_cast<std::uint32_t>(std::stoul(given)) : 20'260'727;
}
inline constexpr std::size_t associations = 8;
inline constexpr std::uint16_t streams = 16;
inline constexpr std::size_t messages_each = 60;
inline constexpr std::size_t largest = std::size_t{2} * 1024 * 1024;

/// The PPID of a message says its number in the plan, from here on: larger than what stands there instead in
/// a later piece under I-DATA.
inline constexpr std::uint32_t first_ppid = 1'000'000;

/// One message. Its number in the plan is its context, too.
struct Planned {
  sctp::StreamId stream{};
  std::size_t size = 0;
  bool unordered = false;
  sctp::Reliability reliability{};
  std::size_t offset = 0;  // of its bytes in a common supply

  [[nodiscard]] bool is_mortal() const { return reliability != sctp::Reliability{}; }
  [[nodiscard]] sctp::Bytes payload() const {
    static const std::vector<std::byte> supply = pattern(2 * largest, seed());
    return sctp::Bytes{supply}.subspan(offset, size);
  }
  [[nodiscard]] bool is(sctp::Bytes bytes) const { return std::ranges::equal(bytes, payload()); }
};
using Plan = std::vector<Planned>;

/// `mortal`: some messages have a lifetime, or are sent only so often.
inline Plan make_plan(std::mt19937& random, std::size_t count, bool mortal) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  Plan plan(count);
  for (Planned& one : plan) {
    one.stream = sctp::StreamId{static_cast<std::uint16_t>(below(streams))};
    // Mostly small, all magnitudes.
    const std::size_t bound = std::size_t{1} << (1 + below(below(8) == 0 ? 21 : 16));
    one.size = 1 + below(bound);
    one.unordered = below(3) == 0;
    one.offset = below(largest);
    if (!mortal) continue;
    if (below(4) == 0)
      one.reliability = sctp::Reliability::lifetime(std::chrono::milliseconds{1 + below(200)});
    if (below(8) == 0)
      one.reliability = sctp::Reliability::retransmissions(static_cast<std::uint32_t>(below(3)));
  }
  Planned& huge = plan[below(count)];
  huge.size = largest;
  huge.reliability = {};
  return plan;
}

/// What became of the messages of one association.
struct Fate {
  std::vector<bool> begun;  // the kernel has handed out some of it
  std::vector<bool> received;
  std::vector<bool> failed;
  std::size_t reliable_failed = 0;                                    // though their association was not lost
  std::size_t sent = 0;                                               // so many were taken by the kernel
  std::map<std::pair<sctp::StreamId, bool>, std::ptrdiff_t> aborted;  // in the middle, by stream and order
  bool lost = false;                                                  // as the sender was told
  bool cut_short = false;                                             // by us, since it stood still
  bool lost_at_receiver = false;                                      // as the receiver was told, or did

  explicit Fate(std::size_t count) : begun(count), received(count), failed(count) {}
};

/// What must not be, each kind with how often it was.
using Problems = std::map<std::string, std::size_t>;

inline void be_patient(const sctp::SocketRef& socket) {
  sctp_assocparams patience{};
  patience.sasoc_asocmaxrxt = 30;
  REQUIRE(::setsockopt(socket.fd(), IPPROTO_SCTP, SCTP_ASSOCINFO, &patience, sizeof patience) == 0);
  socket.set(sctp::option::RtoInfo{.initial = 100ms, .max = 200ms, .min = 20ms});
  socket.set(sctp::option::InitMsg{.outgoing_streams = streams});
  socket.set(sctp::option::DelayedSack{.packets = 1});
}

/// Sends the plan, shuts down, and notes which messages failed. Problems are its own.
class Sender {
 public:
  Sender(const sctp::OneToOneSocket& client, const Plan& plan, Fate& fate)
      : client_{client}, plan_{plan}, fate_{fate} {}

  Problems send_all() {
    std::error_code error;
    for (std::uint32_t i = 0; i != plan_.size() && !error; ++i) {
      const Planned& one = plan_[i];
      client_.send(one.payload(),
                   {.stream = one.stream,
                    .ppid = sctp::Ppid{first_ppid + i},
                    .unordered = one.unordered,
                    .reliability = one.reliability,
                    .context = i},
                   error);
      if (!error) fate_.sent = i + 1;
      std::error_code none;
      while (const auto received = client_.try_receive(buffer_, none)) note(received);
    }
    if (!error) client_.shutdown(error);
    std::error_code loss;
    while (const auto received = client_.receive(buffer_, loss)) note(received);
    if ((error || loss) && !fate_.lost) ++problems_["an error without an event"];
    return problems_;
  }

 private:
  void note(const sctp::Received& received) {
    received.match([&](const sctp::Message&) { ++problems_["a message for a sender"]; },
                   [&](const sctp::SendFailed& event) { note(event); },
                   [&](const sctp::AssociationChange& change) {
                     if (change.state == sctp::AssociationChange::State::lost) fate_.lost = true;
                   },
                   [](const auto&) {});
  }
  void note(const sctp::SendFailed& event) {
    if (event.context >= plan_.size()) {
      ++problems_["the failure of an unknown message"];
      return;
    }
    const Planned& planned = plan_[event.context];
    if (!planned.is_mortal() && !fate_.lost) {
      // It is told, so it is accounted for; only beside mortal ones the kernel was seen to do so, and rarely.
      const bool has_mortals = std::ranges::any_of(plan_, &Planned::is_mortal);
      ++(has_mortals ? fate_.reliable_failed : problems_["a reliable message failed"]);
    }
    if (!event.begins || !event.ends || !planned.is(event.payload))
      ++problems_["not the whole failed message"];
    if (event.stream != planned.stream || event.unordered != planned.unordered ||
        event.ppid != sctp::Ppid{first_ppid + event.context}) {
      ++problems_["not what was said of the failed message"];
    }
    if (fate_.failed[event.context]) ++problems_["a failure told twice"];
    fate_.failed[event.context] = true;
  }

  const sctp::OneToOneSocket& client_;
  const Plan& plan_;
  Fate& fate_;
  sctp::ReceiveBuffer buffer_;
  Problems problems_;
};

}  // namespace test::torture

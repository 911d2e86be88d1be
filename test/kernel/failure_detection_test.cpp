// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "by_hand.hpp"
#include "two_hosts.hpp"

using sctp::FailureDetection;
using sctp::PeerAddressChange;
using namespace sctp::option;
using namespace std::chrono_literals;

namespace {

constexpr auto never = PeerAddrThlds::never;

/// The clock of an association ticks no slower than this.
constexpr auto tick = 10ms;

bool about(std::optional<std::chrono::milliseconds> got, std::optional<std::chrono::milliseconds> set) {
  return got && set && *got >= *set && *got < *set + tick;
}

/// As it was set, but for the clock.
void check_same(const FailureDetection& got, const FailureDetection& wanted) {
  CHECK(about(got.rto.initial, wanted.rto.initial));
  CHECK(about(got.rto.max, wanted.rto.max));
  CHECK(about(got.rto.min, wanted.rto.min));
  REQUIRE(got.path.heartbeat);
  CHECK(about(got.path.heartbeat->interval(), wanted.path.heartbeat->interval()));
  CHECK(got.path.max_retransmissions == wanted.path.max_retransmissions);
  CHECK(got.thresholds.potentially_failed == wanted.thresholds.potentially_failed);
  CHECK(got.thresholds.switch_primary == wanted.thresholds.switch_primary);
  CHECK(got.association.max_retransmissions == wanted.association.max_retransmissions);
  CHECK(about(got.acknowledgement.delay, wanted.acknowledgement.delay));
  CHECK(got.acknowledgement.packets == wanted.acknowledgement.packets);
}

FailureDetection any_preset() {
  return GENERATE(FailureDetection::signalling(), FailureDetection::radio_access(),
                  FailureDetection::kernel_defaults());
}

/// How many timeouts there are to be before what.
struct Limits {
  std::uint16_t suspected;
  std::uint16_t path;
  std::uint16_t association;
};

constexpr std::chrono::milliseconds max_rto = 200ms;

FailureDetection values_of(const Limits& limits) {
  return {.rto = {.initial = 60ms, .max = max_rto, .min = 60ms},
          .path = {.heartbeat = Heartbeat::off(), .max_retransmissions = limits.path},
          .thresholds = {.potentially_failed = limits.suspected, .switch_primary = never},
          .association = {.max_retransmissions = limits.association, .cookie_life = {}},
          .acknowledgement = {.delay = 20ms, .packets = 1}};
}

/// How long so many timeouts take, the first of which is this long.
std::chrono::milliseconds sum_of_timeouts(std::size_t count, std::chrono::milliseconds rto) {
  std::chrono::milliseconds sum{0};
  for (; count != 0; --count, rto = std::min(2 * rto, max_rto)) sum += rto;
  return sum;
}

/// A path from which nothing comes any more.
class DeadPath {
 public:
  explicit DeadPath(const FailureDetection& values)
      : ends_{test::connect(
            hosts_,
            [&](const sctp::SocketRef& socket) {
              socket.set(values);
              socket.set(ExposePotentiallyFailedState{});
              socket.subscribe<PeerAddressChange>();
            },
            test::as_it_is)},
        path_{ends_.client.association().peer_addresses().at(0)},
        rto_{ends_.client.association().get<PeerAddrInfo>(path_).rto} {
    CHECK(test::next(ends_.client, buffer_) == "up");
    // The kernel loads a module for the first question.
    hosts_.a.run([&] { CHECK(sctp::association_info(ends_.client.association()).failures == 0); });
    hosts_.b.cut(0);
  }

  void send_heartbeats() const {
    ends_.client.association().set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms)});
  }
  void send() const { ends_.client.send(sctp::as_bytes("anybody there?")); }

  /// How long the first timeout takes.
  [[nodiscard]] std::chrono::milliseconds rto() const { return rto_; }

  /// Sends, and looks at what the kernel counts from before that until the association is lost.
  void send_and_check_counts() {
    const auto client = ends_.client.association();
    bool is_sent = false;
    hosts_.a.run([&] {
      for (;;) {
        std::error_code error;
        const auto failures = sctp::association_info(client, error).failures;
        const auto rto = client.get<PeerAddrInfo>(path_, error).rto;
        const auto retransmitted = client.get<AssocStats>(error).retransmitted_chunks;
        const bool is_same = sctp::association_info(client, error).failures == failures;
        if (error) return;
        if (!is_same) continue;
        // Each timeout sends the message again, and doubles the next.
        if (retransmitted != failures) FAIL(retransmitted << " retransmissions, " << failures << " failures");
        if (rto != std::min(rto_ * (1U << failures), max_rto))
          FAIL(rto.count() << " ms after " << failures << " failures");
        if (!std::exchange(is_sent, true)) send();
      }
    });
    CHECK(is_sent);
  }

  /// What has been told of the path and of the association, which is lost then.
  std::vector<std::string> told() {
    std::vector<std::string> events;
    for (;;) {
      const sctp::Received received = ends_.client.receive(buffer_);
      REQUIRE(received.notification() != nullptr);
      if (const auto* change = std::get_if<PeerAddressChange>(received.notification())) {
        events.push_back(to_string(change->state));
      } else {
        events.push_back(test::describe(received, {}));
        return events;
      }
    }
  }

  /// How often the message was sent, or the question whether it is alive.
  std::size_t transmissions(ChunkType type) { return tap_.take(type).size(); }

 private:
  test::TwoHosts hosts_;
  test::Tap tap_{hosts_.b, 0};
  test::Ends ends_;
  sctp::Address path_;
  std::chrono::milliseconds rto_;
  sctp::ReceiveBuffer buffer_;
};

struct Case {
  Limits limits;
  std::vector<std::string> told;
};
const std::string suspected = "potentially failed";
const std::string unreachable = "unreachable";
const std::string lost = "lost: no cause given";

}  // namespace

TEST_CASE("What was set of failure detection is got again, of a socket and its associations",
          "[failure_detection]") {
  const FailureDetection preset = any_preset();
  const sctp::OneToOneSocket fresh{sctp::Address::Family::v4};
  check_same(fresh.get<FailureDetection>(), FailureDetection::kernel_defaults());
  fresh.set(preset);
  check_same(fresh.get<FailureDetection>(), preset);

  const test::TwoPaths pair{[&](const sctp::SocketRef& socket) { socket.set(preset); }};
  check_same(pair.client.get<FailureDetection>(), preset);
  check_same(pair.server.get<FailureDetection>(), preset);
  for (const sctp::Address& path : pair.to_server) {
    CHECK(pair.client.get<PeerAddrParams>(path).max_retransmissions == preset.path.max_retransmissions);
    CHECK(about(pair.client.get<PeerAddrParams>(path).heartbeat->interval(),
                preset.path.heartbeat->interval()));
    CHECK(pair.client.get<PeerAddrThlds>(path).potentially_failed == preset.thresholds.potentially_failed);
  }
}

TEST_CASE("An association with two paths can change how soon it notices a failure", "[failure_detection]") {
  const test::TwoPaths pair;
  check_same(pair.client.get<FailureDetection>(), FailureDetection::kernel_defaults());
  for (const FailureDetection& preset : {FailureDetection::radio_access(), FailureDetection::signalling(),
                                         FailureDetection::kernel_defaults()}) {
    pair.client.set(preset);
    check_same(pair.client.get<FailureDetection>(), preset);
    check_same(pair.ends.client.get<FailureDetection>(), preset);
    for (const sctp::Address& path : pair.to_server)
      CHECK(pair.client.get<PeerAddrParams>(path).max_retransmissions == preset.path.max_retransmissions);
  }
  check_same(pair.server.get<FailureDetection>(), FailureDetection::kernel_defaults());
}

TEST_CASE("An empty field of failure detection is left as it is", "[failure_detection]") {
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  socket.set(FailureDetection{.rto = {.initial = {}, .max = 7s, .min = {}},
                              .path = {.max_retransmissions = 3},
                              .thresholds = {},
                              .association = {},
                              .acknowledgement = {}});
  FailureDetection expected = FailureDetection::kernel_defaults();
  expected.rto.max = 7s;
  expected.path.max_retransmissions = 3;
  check_same(socket.get<FailureDetection>(), expected);
}

TEST_CASE("A path and an association are given up after the timeouts that are counted with",
          "[failure_detection]") {
  // That a timeout was the last one before something is seen by the association's end: with one timeout less
  // before that, it is not told.
  const auto [limits, told] = GENERATE_COPY(values<Case>({{{0, 3, 1}, {suspected, lost}},
                                                          {{0, 3, 3}, {suspected, lost}},
                                                          {{0, 3, 4}, {suspected, unreachable, lost}},
                                                          {{1, 3, 1}, {lost}},
                                                          {{1, 3, 2}, {suspected, lost}},
                                                          {{1, 4, 4}, {suspected, lost}},
                                                          {{1, 4, 5}, {suspected, unreachable, lost}},
                                                          {{never, 2, 2}, {lost}},
                                                          {{never, 2, 3}, {unreachable, lost}}}));
  CAPTURE(limits.suspected, limits.path, limits.association);
  DeadPath dead{values_of(limits)};
  dead.send_and_check_counts();
  CHECK(dead.told() == told);
  // The first time and after each timeout but the last.
  const std::size_t timeouts = dead.transmissions(ChunkType::data);
  CHECK(timeouts == limits.association + 1U);
  const auto times = sctp::detection_time(values_of(limits), dead.rto());
  CHECK(times.lost == sum_of_timeouts(timeouts, dead.rto()));
  CHECK(times.unreachable == sum_of_timeouts(limits.path + 1U, dead.rto()));
  CHECK(times.next_path == sum_of_timeouts(std::min(limits.suspected, limits.path) + 1U, dead.rto()));
}

TEST_CASE("An idle path and its association are given up after the heartbeats that are counted with",
          "[failure_detection]") {
  const auto [limits, told] = GENERATE_COPY(values<Case>({{{0, 2, 2}, {suspected, lost}},
                                                          {{0, 2, 3}, {suspected, unreachable, lost}},
                                                          {{1, 3, 1}, {lost}},
                                                          {{1, 3, 2}, {suspected, lost}}}));
  CAPTURE(limits.suspected, limits.path, limits.association);
  DeadPath dead{values_of(limits)};
  dead.send_heartbeats();
  CHECK(dead.told() == told);
  // Each but the first finds that the one before was not answered, and so does the end.
  CHECK(dead.transmissions(ChunkType::heartbeat) == limits.association + 1U);
}

TEST_CASE("A path is not suspected with the last timeout before it is given up", "[failure_detection]") {
  const auto limit = GENERATE(std::uint16_t{0}, std::uint16_t{1});
  const auto path = static_cast<std::uint16_t>(limit + 1);
  const Limits limits{limit, path, static_cast<std::uint16_t>(path + 1)};
  DeadPath dead{values_of(limits)};
  dead.send();
  CHECK(dead.told() == std::vector<std::string>{unreachable, lost});
  const auto times = sctp::detection_time(values_of(limits), dead.rto());
  CHECK(times.next_path == times.unreachable);
}

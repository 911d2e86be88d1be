// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using Catch::Matchers::Contains;
using sctp::AssociationId;
using sctp::Associations;
using sctp::StreamId;
using sctp::Style;
using test::any_style;
using test::tenacious;
using Scheduler = sctp::option::StreamScheduler::Scheduler;
using namespace sctp::option;

// Whose turn it is when messages of several streams wait: shown by the order in which they arrive.

namespace {

constexpr StreamId plug{9};

/// Nothing is given up while nothing arrives. With longer timeouts what waits leaves now and then before what
/// was lost is sent again (6.1).
void hasty(const sctp::SocketRef& socket) {
  tenacious(socket);
  socket.set(RtoInfo{.max = std::chrono::milliseconds{100}});
}

struct Messages {
  int count = 0;
  std::size_t size = 0;
  StreamId stream{};
};

/// One that arrived.
struct Arrived {
  StreamId stream{};
  std::size_t size = 0;
};

/// A socket of any style that sends, and its peer.
struct Pair {
  test::Receiver sender;
  sctp::OneToOneSocket peer;
  sctp::ReceiveBuffer buffer;

  explicit Pair(Style style, test::Delivery delivery = test::Delivery::interleaves_peers,
                const test::Tune& tune = hasty)
      : sender{{style, delivery}, tune}, peer{sender.connect(hasty)} {}

  [[nodiscard]] sctp::Association association() const { return {sender.socket(), sender.association()}; }

  void choose(Scheduler scheduler) const { association().set(StreamScheduler{scheduler}); }
  [[nodiscard]] Scheduler scheduler() const { return association().get<StreamScheduler>().scheduler; }
  void give(std::uint16_t value, StreamId stream) const {
    association().set(StreamSchedulerValue{value}, stream);
  }
  [[nodiscard]] std::uint16_t value_of(StreamId stream) const {
    return association().get<StreamSchedulerValue>(stream).value;
  }

  /// Nothing leaves but the beginning of a large message, until all are there; then `decide` has its say.
  std::vector<Arrived> arrivals(
      const std::vector<Messages>& bursts, const std::function<void()>& decide = [] {}) {
    std::size_t count = 1;
    // A late acknowledgement of what was sent before would let some leave.
    test::wait_until([&] { return association().status().unacknowledged_chunks == 0; });
    {
      const test::Network outage{"netem loss 100%"};
      association().send(test::pattern(20'000), {.stream = plug});
      for (const Messages& burst : bursts) {
        for (int n = 0; n != burst.count; ++n, ++count)
          association().send(test::pattern(burst.size), {.stream = burst.stream});
      }
      decide();
    }
    std::vector<Arrived> arrived;
    while (arrived.size() != count) {
      const sctp::Message message = test::next_message(peer, buffer);
      arrived.push_back({message.stream, message.payload.size()});
    }
    return arrived;
  }

  /// The streams of what arrives.
  std::string order(
      const std::vector<Messages>& bursts, const std::function<void()>& decide = [] {}) {
    std::string streams;
    for (const Arrived& one : arrivals(bursts, decide)) streams += to_string(one.stream);
    return streams;
  }
};

const std::vector<Messages> three_each{
    {3, 2000, StreamId{1}}, {3, 2000, StreamId{2}}, {3, 2000, StreamId{3}}};

bool has_weighted() {
  return sctp::probe_features()[sctp::Feature::weighted_schedulers].support != sctp::Support::absent;
}

}  // namespace

TEST_CASE("Messages arrive in the order in which they were given unless told otherwise", "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  CHECK(pair.scheduler() == Scheduler::first_come);
  CHECK(pair.order(three_each) == "9111222333");
  pair.choose(Scheduler::round_robin);
  pair.choose(Scheduler::first_come);
  CHECK(pair.order(three_each) == "9111222333");
}

TEST_CASE("Streams take turns where round robin says so", "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  pair.choose(Scheduler::round_robin);
  CHECK(pair.scheduler() == Scheduler::round_robin);
  CHECK(pair.order(three_each) == "9123123123");
}

TEST_CASE("Streams of a lower value go first where priority says so", "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  pair.choose(Scheduler::priority);
  CHECK(pair.scheduler() == Scheduler::priority);
  SECTION("each of another value") {
    pair.give(30, StreamId{1});
    pair.give(10, StreamId{2});
    pair.give(20, StreamId{3});
    CHECK(pair.order(three_each) == "9222333111");
  }
  SECTION("two of one value, which take turns") {
    pair.give(30, StreamId{1});
    pair.give(30, StreamId{2});
    pair.give(20, StreamId{3});
    CHECK(pair.order(three_each) == "9333121212");
  }
  SECTION("one without, which is the first") {
    pair.give(65535, StreamId{1});
    pair.give(1, StreamId{3});
    CHECK(pair.order(three_each) == "9222333111");
  }
}

TEST_CASE("A scheduler and its values are for the messages that wait already, too", "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  const auto decide = [&] {
    pair.choose(Scheduler::priority);
    pair.give(30, StreamId{1});
    pair.give(10, StreamId{2});
    pair.give(20, StreamId{3});
  };
  CHECK(pair.order(three_each, decide) == "9222333111");
}

TEST_CASE("Streams take turns by chunks where messages interleave, and the longest ends last",
          "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style, test::Delivery::interleaves_messages};
  pair.choose(Scheduler::round_robin);
  CHECK(pair.order(three_each) == "1231231239");
}

TEST_CASE("Streams have equal shares of bytes, or shares by weight, where the kernel can do that",
          "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  if (!has_weighted()) {
    for (const Scheduler scheduler : {Scheduler::fair_capacity, Scheduler::weighted_fair}) {
      CAPTURE(to_string(scheduler));
      std::error_code error;
      pair.association().set(StreamScheduler{scheduler}, error);
      CHECK(error == std::errc::invalid_argument);
      CHECK_THROWS_WITH(pair.choose(scheduler), Contains("SCTP_STREAM_SCHEDULER") && Contains("Linux 6.4"));
      CHECK_THROWS_WITH(pair.sender.socket().set(StreamScheduler{scheduler}), Contains("Linux 6.4"));
    }
    CHECK(pair.scheduler() == Scheduler::first_come);
    return;
  }
  SECTION("fair capacity") {
    pair.choose(Scheduler::fair_capacity);
    CHECK(pair.scheduler() == Scheduler::fair_capacity);
    const auto arrived = pair.arrivals({{4, 1200, StreamId{1}}, {12, 400, StreamId{2}}});
    std::array<std::size_t, 3> bytes{};
    for (std::size_t n = 1; n != arrived.size() && bytes[1] != 4800 && bytes[2] != 4800; ++n) {
      bytes.at(static_cast<std::size_t>(arrived[n].stream)) += arrived[n].size;
      CHECK(bytes[1] <= bytes[2] + 1300);
      CHECK(bytes[2] <= bytes[1] + 1300);
    }
  }
  SECTION("weighted fair") {
    pair.choose(Scheduler::weighted_fair);
    CHECK(pair.scheduler() == Scheduler::weighted_fair);
    CHECK(pair.value_of(StreamId{1}) == 1);
    pair.give(3, StreamId{2});
    const std::string order = pair.order({{12, 1000, StreamId{1}}, {12, 1000, StreamId{2}}});
    const auto of_second = std::ranges::count(order.substr(1, 12), '2');
    CHECK(of_second >= 8);
    CHECK(of_second <= 10);
  }
}

TEST_CASE("Values stay as they were given until another scheduler is chosen", "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  const Pair pair{style};
  pair.choose(Scheduler::priority);
  CHECK(pair.value_of(StreamId{1}) == 0);
  for (const std::uint16_t value : {std::uint16_t{5}, std::uint16_t{0}, std::uint16_t{65535}}) {
    pair.give(value, StreamId{1});
    CHECK(pair.value_of(StreamId{1}) == value);
    CHECK(pair.value_of(StreamId{2}) == 0);
  }
  pair.choose(Scheduler::priority);
  CHECK(pair.value_of(StreamId{1}) == 65535);
  for (const Scheduler another : {Scheduler::first_come, Scheduler::round_robin}) {
    pair.choose(another);
    CHECK(pair.value_of(StreamId{1}) == 0);
    pair.choose(Scheduler::priority);
    CHECK(pair.value_of(StreamId{1}) == 0);
    pair.give(7, StreamId{1});
  }
  if (!has_weighted()) return;
  pair.choose(Scheduler::weighted_fair);
  CHECK(pair.value_of(StreamId{1}) == 1);
  pair.give(7, StreamId{1});
  CHECK(pair.value_of(StreamId{1}) == 7);
  pair.choose(Scheduler::fair_capacity);
  pair.choose(Scheduler::weighted_fair);
  CHECK(pair.value_of(StreamId{1}) == 1);
}

TEST_CASE("A value that nothing can come of is refused, and changes nothing", "[scheduler]") {
  const Style style = any_style();
  INFO(to_string(style));
  const Pair pair{style};
  std::error_code error;
  std::vector<Scheduler> without_values{Scheduler::first_come, Scheduler::round_robin};
  if (has_weighted()) without_values.push_back(Scheduler::fair_capacity);
  for (const Scheduler scheduler : without_values) {
    CAPTURE(to_string(scheduler));
    pair.choose(scheduler);
    pair.association().set(StreamSchedulerValue{5}, StreamId{1}, error);
    CHECK(error == std::errc::operation_not_permitted);
    CHECK_THROWS_WITH(pair.give(5, StreamId{1}), Contains("stream 1") && Contains("option::StreamScheduler"));
  }
  pair.choose(Scheduler::priority);
  pair.association().set(StreamSchedulerValue{5}, StreamId{10}, error);
  CHECK(error == sctp::Errc::no_such_stream);
  static_cast<void>(pair.association().get<StreamSchedulerValue>(StreamId{10}, error));
  CHECK(error == sctp::Errc::no_such_stream);
  pair.association().set(StreamScheduler{Scheduler{99}}, error);
  CHECK(error == std::errc::invalid_argument);
  CHECK(pair.scheduler() == Scheduler::priority);
  if (!has_weighted()) return;
  pair.choose(Scheduler::weighted_fair);
  pair.give(7, StreamId{1});
  pair.association().set(StreamSchedulerValue{0}, StreamId{1}, error);
  CHECK(error == std::errc::invalid_argument);
  CHECK(error != sctp::Errc::no_such_stream);
  CHECK(pair.value_of(StreamId{1}) == 7);
}

TEST_CASE("A value needs an association, and touches no other", "[scheduler]") {
  const auto priority = [](const sctp::SocketRef& socket) {
    socket.set(StreamScheduler{Scheduler::priority});
  };
  const sctp::OneToOneSocket unconnected{sctp::Address::Family::v4};
  priority(unconnected);
  test::Many many{priority};
  std::array<sctp::OneToOneSocket, 2> peers;
  std::vector<sctp::Association> associations;
  for (sctp::OneToOneSocket& peer : peers) {
    peer = sctp::OneToOneSocket{many.address()};
    associations.push_back(many.association(many.next_up()));
  }
  std::vector<sctp::Association> none{unconnected.association()};
  for (const int id : {-1, 0, 1, 2, 12345}) none.push_back(many.association(AssociationId{id}));
  for (const sctp::Association& nobody : none) {
    CAPTURE(to_string(nobody.id()));
    std::error_code error;
    nobody.set(StreamSchedulerValue{5}, StreamId{1}, error);
    CHECK(error == std::errc::invalid_argument);
    CHECK(error != sctp::Errc::no_such_stream);
    static_cast<void>(nobody.get<StreamSchedulerValue>(StreamId{1}, error));
    CHECK(error == std::errc::invalid_argument);
    CHECK(error != sctp::Errc::no_such_stream);
  }
  associations[1].set(StreamSchedulerValue{6}, StreamId{1});
  CHECK(associations[0].get<StreamSchedulerValue>(StreamId{1}).value == 0);
  CHECK(associations[1].get<StreamSchedulerValue>(StreamId{1}).value == 6);
  sctp::ReceiveBuffer there;
  const auto peeled_off = many.socket.peel_off(associations[1].id(), many.buffer, there);
  CHECK(peeled_off.association().get<StreamSchedulerValue>(StreamId{1}).value == 6);
}

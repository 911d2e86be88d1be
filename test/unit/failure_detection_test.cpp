// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/failure_detection.hpp>

#include <chrono>
#include <vector>

#include "each_call_fails.hpp"
#include "one_path.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using option::Heartbeat;
using option::PeerAddrThlds;
using std::chrono::milliseconds;

// Presets, and the times that they give

TEST_CASE("The kernel's defaults give up a path after a minute, and a peer after six") {
  const auto times = detection_time(FailureDetection::kernel_defaults());
  CHECK(times.next_path == 1s);
  CHECK(times.unreachable == 63s);  // 1 + 2 + 4 + 8 + 16 + 32
  CHECK(times.lost == 363s);        // … + 5 × 60
  CHECK(times.idle_unreachable == 2 * 30s + 3 * (1s + 63s) / 2);
}

TEST_CASE("For signalling another path is taken after a fifth of a second") {
  const auto times = detection_time(FailureDetection::signalling());
  CHECK(times.next_path == 200ms);
  CHECK(times.unreachable == 2400ms);
  CHECK(times.lost == 5400ms);
  CHECK(times.idle_unreachable == 2 * 1000ms + 3900ms);
}

TEST_CASE("For radio access another path is taken after a tenth of a second") {
  const auto times = detection_time(FailureDetection::radio_access());
  CHECK(times.next_path == 100ms);
  CHECK(times.unreachable == 1500ms);
  CHECK(times.lost == 3100ms);
  CHECK(times.idle_unreachable == 2 * 1000ms + 2400ms);
}

TEST_CASE("An empty field counts as the kernel's default") {
  const auto expected = detection_time(FailureDetection::kernel_defaults());
  const auto times = detection_time({});
  CHECK(times.next_path == expected.next_path);
  CHECK(times.unreachable == expected.unreachable);
  CHECK(times.idle_unreachable == expected.idle_unreachable);
  CHECK(times.lost == expected.lost);
}

TEST_CASE("A path's own timeout counts within the bounds that there are") {
  const auto values = FailureDetection::signalling();
  CHECK(detection_time(values, 400ms).next_path == 400ms);
  CHECK(detection_time(values, 400ms).unreachable == 400ms + 800ms + 1000ms + 1000ms);
  CHECK(detection_time(values, 1ms).next_path == 200ms);
  CHECK(detection_time(values, 0ms).next_path == 200ms);
  CHECK(detection_time(values, milliseconds::min()).next_path == 200ms);
  CHECK(detection_time(values, 1000ms).next_path == 1000ms);
  CHECK(detection_time(values, 1001ms).next_path == 1000ms);
  CHECK(detection_time(values, milliseconds::max()).lost == 7000ms);
}

TEST_CASE("Each value has its part in the times") {
  auto values = FailureDetection::signalling();
  values.thresholds.potentially_failed = std::uint16_t{1};
  auto times = detection_time(values);
  CHECK(times.next_path == 200ms + 400ms);
  CHECK(times.unreachable == 2400ms);
  CHECK(times.idle_unreachable == 3 * 1000ms + 3900ms);
  // The last timeout before it is unreachable does not make it suspected.
  values.thresholds.potentially_failed = std::uint16_t{2};
  times = detection_time(values);
  CHECK(times.next_path == 2400ms);
  CHECK(times.idle_unreachable == 5 * 1000ms + 3900ms);
  // One that is never suspected is left when it is unreachable.
  values.thresholds.potentially_failed = PeerAddrThlds::never;
  times = detection_time(values);
  CHECK(times.next_path == 2400ms);
  CHECK(times.idle_unreachable == 5 * 1000ms + 3900ms);
  values.path.max_retransmissions = std::uint16_t{1};
  times = detection_time(values);
  CHECK(times.next_path == 600ms);
  CHECK(times.unreachable == 600ms);
  CHECK(times.lost == 5400ms);
  values.association.max_retransmissions = std::uint16_t{2};
  CHECK(detection_time(values).lost == 1400ms);
  values.path.heartbeat = Heartbeat::every(0ms);
  CHECK(detection_time(values).idle_unreachable == 3 * (200ms + 600ms) / 2);
  values.path.heartbeat = Heartbeat::off();
  CHECK(detection_time(values).idle_unreachable == milliseconds::max());
  CHECK(detection_time(values).unreachable == 600ms);
}

TEST_CASE("Of a lower bound above the upper one, which the kernel refuses, the upper one counts") {
  FailureDetection values;
  values.rto = {.initial = {}, .max = 100ms, .min = 200ms};
  CHECK(detection_time(values).next_path == 100ms);
}

TEST_CASE("The largest values that can be set give times that can be counted") {
  FailureDetection values;
  constexpr milliseconds largest{4294967295};
  constexpr milliseconds longest_interval{2147483647};
  values.rto = {.initial = largest, .max = largest, .min = largest};
  values.path = {.heartbeat = Heartbeat::every(longest_interval),
                 .max_retransmissions = std::uint16_t{65535}};
  values.thresholds.potentially_failed = std::uint16_t{65535};
  values.association.max_retransmissions = std::uint16_t{65535};
  auto times = detection_time(values);
  CHECK(times.next_path == 65536 * largest);
  CHECK(times.unreachable == 65536 * largest);
  CHECK(times.lost == 65536 * largest);
  CHECK(times.idle_unreachable == 65537 * longest_interval + 3 * 65537 * largest / 2);
  values.rto.min = 1ms;
  times = detection_time(values);
  CHECK(times.lost == milliseconds{(std::int64_t{1} << 32) - 1} + (65536 - 32) * largest);
}

TEST_CASE("Values that cannot be set give times that are not negative") {
  FailureDetection values;
  values.rto = {.initial = {}, .max = milliseconds::max(), .min = milliseconds{1}};
  values.association.max_retransmissions = std::uint16_t{65535};
  values.path.heartbeat = Heartbeat::every(milliseconds::max());
  const auto times = detection_time(values);
  CHECK(times.lost > 0ms);
  CHECK(times.idle_unreachable > 0ms);
}

// Set and got as an option

TEST_CASE("All of it is set, the association's limit after the paths', and got again") {
  OneSocket test;
  test.socket.set(FailureDetection::signalling(), test.error);
  CHECK_FALSE(test.error);
  std::vector<int> order;
  for (const OptionCall& call : test.kernel.option_calls) {
    if (call.sets) order.push_back(call.option.second);
  }
  CHECK(order == std::vector<int>{SCTP_RTOINFO, SCTP_PEER_ADDR_PARAMS, SCTP_PEER_ADDR_THLDS_V2,
                                  SCTP_ASSOCINFO, SCTP_DELAYED_SACK});
  const auto got = test.socket.get<FailureDetection>(test.error);
  CHECK_FALSE(test.error);
  CHECK(got.rto.initial == 300ms);
  CHECK(got.rto.max == 1000ms);
  CHECK(got.rto.min == 200ms);
  CHECK(got.path.heartbeat == Heartbeat::every(1000ms));
  CHECK(got.path.max_retransmissions == 3);
  CHECK(got.thresholds.potentially_failed == 0);
  CHECK(got.thresholds.switch_primary == PeerAddrThlds::never);
  CHECK(got.association.max_retransmissions == 6);
  CHECK(got.association.cookie_life == 60s);
  CHECK(got.acknowledgement.delay == 50ms);
  CHECK(got.acknowledgement.packets == 2);
  test.socket.set(got);
}

TEST_CASE("What the kernel begins with is what its defaults are said to be") {
  OneSocket test;
  const auto fresh = test.socket.get<FailureDetection>();
  constexpr auto defaults = FailureDetection::kernel_defaults();
  CHECK(fresh.rto.initial == defaults.rto.initial);
  CHECK(fresh.rto.max == defaults.rto.max);
  CHECK(fresh.rto.min == defaults.rto.min);
  CHECK(fresh.path.heartbeat == defaults.path.heartbeat);
  CHECK(fresh.path.max_retransmissions == defaults.path.max_retransmissions);
  CHECK(fresh.thresholds.potentially_failed == defaults.thresholds.potentially_failed);
  CHECK(fresh.thresholds.switch_primary == defaults.thresholds.switch_primary);
  CHECK(fresh.association.max_retransmissions == defaults.association.max_retransmissions);
  CHECK(fresh.acknowledgement.delay == defaults.acknowledgement.delay);
  CHECK(fresh.acknowledgement.packets == defaults.acknowledgement.packets);
}

TEST_CASE("An association has its own") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  test.association.set(FailureDetection::radio_access());
  for (const int option :
       {SCTP_RTOINFO, SCTP_PEER_ADDR_PARAMS, SCTP_PEER_ADDR_THLDS_V2, SCTP_ASSOCINFO, SCTP_DELAYED_SACK}) {
    CHECK(id_given(test, option) == 7);
  }
  CHECK(test.association.get<FailureDetection>().rto.max == 400ms);
  for (const int option :
       {SCTP_RTOINFO, SCTP_PEER_ADDR_PARAMS, SCTP_PEER_ADDR_THLDS_V2, SCTP_ASSOCINFO, SCTP_DELAYED_SACK}) {
    CHECK(id_given(test, option, false) == 7);
  }
}

TEST_CASE("Whichever call of setting or getting it fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.socket.set(FailureDetection::signalling(), error);
  });
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    static_cast<void>(test.socket.get<FailureDetection>(error));
  });
}

TEST_CASE("Where one part of it fails, nothing behind it is set") {
  for (int position = 0; position != 5; ++position) {
    OneSocket test;
    // Of the thresholds there is a question first.
    test.kernel.fail_at(static_cast<std::size_t>(position > 2 ? position + 1 : position), scripted_error);
    test.socket.set(FailureDetection::signalling(), test.error);
    CHECK(test.error.value() == scripted_error);
    CHECK(test.kernel.count(Call::setsockopt) == static_cast<std::size_t>(position == 2 ? 2 : position + 1));
  }
}

TEST_CASE("It fails by its own name, and leaves the value alone") {
  OneSocket test;
  check_set_fails(test, test.target(), FailureDetection{});
  check_get_fails(test, test.target(), FailureDetection::signalling());
  for (std::size_t position = 0; position != 5; ++position) {
    test.kernel.fail_at(position, scripted_error);
    FailureDetection value;
    get_option(test.target(), value, test.error);
    CHECK(test.error.value() == scripted_error);
    CHECK_FALSE(value.rto.min);
    CHECK_FALSE(value.path.heartbeat);
  }
}

TEST_CASE("The presets can be set on a kernel before 5.5, where the primary never moves anyway") {
  OneSocket test;
  test.kernel.unknown_options = {{IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2}};
  test.socket.set(FailureDetection::signalling(), test.error);
  CHECK_FALSE(test.error);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/failure_detection.hpp>

#include <algorithm>
#include <cstdint>

namespace sctp::inline v0 {
namespace {

using std::chrono::milliseconds;

/// More than the kernel lets be set, and little enough to be counted.
constexpr milliseconds ceiling{UINT32_MAX};

/// How long so many timeouts take, each twice as long as the one before, up to `max`.
milliseconds timeouts(std::uint32_t count, milliseconds first, milliseconds max) noexcept {
  milliseconds sum{0};
  milliseconds one = std::min(first, max);
  for (; count != 0 && one < max; --count) {
    sum += one;
    one = std::min(2 * one, max);
  }
  return sum + count * one;
}

}  // namespace

void set_option(OptionTarget target, const FailureDetection& value, std::error_code& error) noexcept {
  set_option(target, value.rto, error);
  if (!error) set_option(target, value.path, error);
  if (!error) set_option(target, value.thresholds, error);
  // After the paths': of an association it may be no more than theirs together.
  if (!error) set_option(target, value.association, error);
  if (!error) set_option(target, value.acknowledgement, error);
}

void get_option(OptionTarget target, FailureDetection& value, std::error_code& error) noexcept {
  FailureDetection got;
  get_option(target, got.rto, error);
  if (!error) get_option(target, got.path, error);
  if (!error) get_option(target, got.thresholds, error);
  if (!error) get_option(target, got.association, error);
  if (!error) get_option(target, got.acknowledgement, error);
  if (!error) value = got;
}

DetectionTime detection_time(const FailureDetection& values, std::optional<milliseconds> rto) noexcept {
  constexpr FailureDetection otherwise = FailureDetection::kernel_defaults();
  const milliseconds max = std::clamp(values.rto.max.value_or(*otherwise.rto.max), milliseconds{1}, ceiling);
  const milliseconds min = std::clamp(values.rto.min.value_or(*otherwise.rto.min), milliseconds{1}, ceiling);
  const milliseconds first = std::clamp(rto.value_or(min), min, std::max(min, max));
  const std::uint32_t suspicion = values.thresholds.potentially_failed.value_or(0);
  const std::uint32_t path = values.path.max_retransmissions.value_or(*otherwise.path.max_retransmissions);
  const std::uint32_t association =
      values.association.max_retransmissions.value_or(*otherwise.association.max_retransmissions);
  DetectionTime times;
  // More than so many: so one more. A path is left when it is suspected, which does not happen with the last
  // timeout before it is unreachable.
  const std::uint32_t left_after = suspicion + 1 < path ? suspicion : path;
  times.next_path = timeouts(left_after + 1, first, max);
  times.unreachable = timeouts(path + 1, first, max);
  times.lost = timeouts(association + 1, first, max);
  // A heartbeat is due after the interval and 0.5 to 1.5 timeouts; it is missed when the next one is due.
  // Once the path is suspected they come without the interval.
  const auto heartbeat = values.path.heartbeat.value_or(*otherwise.path.heartbeat).interval();
  if (!heartbeat) {
    times.idle_unreachable = milliseconds::max();
    return times;
  }
  const std::uint32_t with_interval = left_after + 2;
  times.idle_unreachable = with_interval * std::clamp(*heartbeat, milliseconds{0}, ceiling) +
                           3 * (first + timeouts(path + 1, first, max)) / 2;
  return times;
}

}  // namespace sctp::inline v0

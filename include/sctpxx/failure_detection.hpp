// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>
#include <sctpxx/option.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/delivery.hpp>
#include <sctpxx/option/path.hpp>

namespace sctp::inline v0 {

/// How soon a path or a peer that is gone is noticed: values of several options, which only together say
/// that. It is set and got as an option: `socket.set(sctp::FailureDetection::signalling())` before `connect`,
/// or on the listener; `association.get<sctp::FailureDetection>()`. When setting fails, some of it may be
/// set.
///
/// Both ends should have the same: what matters to us is also how soon the peer acknowledges, and the peer's
/// delay has to be below our `rto.min`, or every lone message is sent twice.
struct FailureDetection {
  static constexpr std::string_view name = "FailureDetection";

  option::RtoInfo rto{};
  option::PeerAddrParams path{};
  option::PeerAddrThlds thresholds{};
  option::AssocInfo association{};
  option::DelayedSack acknowledgement{};

  /// What Linux does unless told otherwise, as RFC 9260 16 suggests: made for the Internet of 2000, where
  /// minutes of silence happened. A path is given up after a minute, a peer with one path after six at the
  /// latest, with two after half a minute.
  [[nodiscard]] static constexpr FailureDetection kernel_defaults() noexcept;

  /// For signalling between sites (Diameter, SIGTRAN, N2, S1), with round trips up to 150 ms. Another path is
  /// taken after a fifth of a second, a path is given up after 2.4 s, a peer with one path after 5.4 s, with
  /// two after some 2.2 s.
  [[nodiscard]] static constexpr FailureDetection signalling() noexcept;

  /// For a base station and what it talks to within a region, with round trips up to 70 ms. Another path is
  /// taken after a tenth of a second, a path is given up after 1.5 s, a peer with one path after 3.1 s, with
  /// two after some 1.5 s.
  [[nodiscard]] static constexpr FailureDetection radio_access() noexcept;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const FailureDetection& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, FailureDetection& value, std::error_code& error) noexcept;

/// What becomes of messages and of the association after the moment in which the network stops to carry
/// packets.
struct DetectionTime {
  std::chrono::milliseconds next_path{};  ///< messages take another path, if there is one
  /// PeerAddressChange says so of a path with messages under way. Where they move to another path, heartbeats
  /// go on, at times that the kernel varies: then between 0.7 and 1.6 of this, as was measured.
  std::chrono::milliseconds unreachable{};
  std::chrono::milliseconds idle_unreachable{};  ///< the same at the latest, of a path without traffic
  /// AssociationChange `lost` at the latest, when the only path does not work and a message waits. When
  /// several stop at once, their timeouts and heartbeats count together: of two paths it took half of this
  /// time, with the kernel's defaults a tenth. To outlive that, raise `association.max_retransmissions`,
  /// which the kernel bounds by the sum of all `path.max_retransmissions`.
  std::chrono::milliseconds lost{};
};

/// The times that the values give. `rto`: the path's retransmission timeout when the network stops, which is
/// about the round-trip time and never less than `rto.min`, the default here; PeerAddrInfo tells it. An empty
/// field counts as the kernel's default. RFC 9260 6.3.3 and 8.2, RFC 7829 3.
[[nodiscard]] SCTPXX_EXPORT DetectionTime
detection_time(const FailureDetection& values, std::optional<std::chrono::milliseconds> rto = {}) noexcept;

constexpr FailureDetection FailureDetection::kernel_defaults() noexcept {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  return {
      .rto = {.initial = seconds{3}, .max = seconds{60}, .min = seconds{1}},
      .path = {.heartbeat = option::Heartbeat::every(seconds{30}), .max_retransmissions = 5},
      .thresholds = {.potentially_failed = 0, .switch_primary = option::PeerAddrThlds::never},
      .association = {.max_retransmissions = 10, .cookie_life = {}},
      .acknowledgement = {.delay = milliseconds{200}, .packets = 2},
  };
}

constexpr FailureDetection FailureDetection::signalling() noexcept {
  using std::chrono::milliseconds;
  return {
      // 200 ms: above the round trip and the peer's delay of acknowledgement together, which keeps a healthy
      // path from being suspected. No more than a second between attempts: what was lost in an outage of
      // seconds is sent again soon after it.
      .rto = {.initial = milliseconds{300}, .max = milliseconds{1000}, .min = milliseconds{200}},
      // A path is suspected at the first timeout, so there is time to be sure before it is called dead.
      .path = {.heartbeat = option::Heartbeat::every(milliseconds{1000}), .max_retransmissions = 3},
      .thresholds = {.potentially_failed = 0, .switch_primary = option::PeerAddrThlds::never},
      // As many as two paths have together: more are refused on an association that has two.
      .association = {.max_retransmissions = 6, .cookie_life = {}},
      .acknowledgement = {.delay = milliseconds{50}, .packets = 2},
  };
}

constexpr FailureDetection FailureDetection::radio_access() noexcept {
  using std::chrono::milliseconds;
  return {
      // A hundred and four hundred milliseconds, three hundred at first: what base stations come with.
      .rto = {.initial = milliseconds{300}, .max = milliseconds{400}, .min = milliseconds{100}},
      .path = {.heartbeat = option::Heartbeat::every(milliseconds{1000}), .max_retransmissions = 4},
      .thresholds = {.potentially_failed = 0, .switch_primary = option::PeerAddrThlds::never},
      .association = {.max_retransmissions = 8, .cookie_life = {}},
      .acknowledgement = {.delay = milliseconds{20}, .packets = 2},
  };
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/association.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/option/path.hpp>
#include <sctpxx/received.hpp>

namespace sctp::inline v0 {

/// What becomes of the paths of one association: which work, since when, how often they failed. And leads
/// messages back to the path that they should take first. Give it all that is received:
///
///     sctp::PathMonitor monitor{peer.association(), preferred};
///     while (auto received = peer.receive(buffer)) {
///       if (const auto change = monitor.take(received)) log(to_string(*change));
///       …
///     }
///
/// Messages leave a path that fails by themselves and come back to the primary when it works; but a primary
/// whose address the peer takes away, or that was given up for good (option::PeerAddrThlds), is the primary
/// no more when it returns. Then the monitor makes the preferred one that again.
///
/// It learns from events; it asks the kernel at its beginning, and when the peer restarts. It subscribes
/// PeerAddressChange and has potentially failed paths told (option::ExposePotentiallyFailedState). Borrows
/// the descriptor's number. One thread at a time: the one that receives.
class PathMonitor {
 public:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    Address address{};
    option::PeerAddrInfo::State state{};
    bool primary = false;
    Clock::time_point since{};   ///< when it came into this state, as far as the monitor saw
    std::uint32_t failures = 0;  ///< how often it became unreachable
  };

  struct Change {
    PeerAddressChange event{};
    bool preferred_again = false;  ///< the monitor has made it the primary
  };

  /// `preferred`: the path that messages should take first; empty: whichever is the primary.
  SCTPXX_EXPORT explicit PathMonitor(Association association, std::optional<Address> preferred = {});

  /// Takes what was received. Answers what changed of this association's paths: nothing for most. Throws
  /// `std::bad_alloc`.
  SCTPXX_EXPORT std::optional<Change> take(const Received& received);
  SCTPXX_EXPORT std::optional<Change> take(const Notification& event);

  /// From now on another path is to be taken first. Fails with Errc::no_such_path.
  SCTPXX_EXPORT void prefer(const Address& path);

  /// As the events told of them, in the peer's order. `Association::paths` asks the kernel for more.
  [[nodiscard]] const std::vector<Entry>& paths() const noexcept { return paths_; }
  [[nodiscard]] const Association& association() const noexcept { return association_; }

 private:
  void ask();

  Association association_;
  std::optional<Address> preferred_;
  std::vector<Entry> paths_;
};

/// "association 5: 192.0.2.1:3868 is unreachable", as the event's own text.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const PathMonitor::Change& change);

}  // namespace sctp::inline v0

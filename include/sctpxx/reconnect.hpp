// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/one_to_one_socket.hpp>
#include <sctpxx/patience.hpp>

namespace sctp::inline v0 {

/// How long to wait before the next attempt: twice as long each time, up to a longest, and of that at random
/// between the half and the whole, so that many who lost the same peer do not come back together.
class Backoff {
 public:
  /// `seed`: for tests; otherwise each object draws its own. Throws `std::invalid_argument` unless
  /// 0 < first <= longest.
  SCTPXX_EXPORT explicit Backoff(std::chrono::milliseconds first = std::chrono::milliseconds{500},
                                 std::chrono::milliseconds longest = std::chrono::seconds{30},
                                 std::optional<std::uint32_t> seed = {});

  /// The next pause.
  [[nodiscard]] SCTPXX_EXPORT std::chrono::milliseconds next() noexcept;

  /// It has worked: the next pause is the first.
  void reset() noexcept { step_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds step_;
  std::uint32_t random_;
};

/// Connects to one peer again and again: `connect` tries until it succeeds, with pauses between the attempts.
/// Made for a client that is to be connected always:
///
///     sctp::Reconnector reconnector{{{"192.0.2.1", 3868}, {"198.51.100.1", 3868}}};
///     while (auto peer = reconnector.connect(stop)) serve(*peer);
///
/// A peer that takes the association and drops it at once is not asked faster for that: the pauses begin anew
/// only after one that held. One thread at a time.
class Reconnector {
 public:
  struct Settings {
    std::chrono::milliseconds attempt{5000};  ///< the longest that one attempt may take
    std::chrono::milliseconds held{10000};  ///< one that was there so long before the next `connect` has held
    Backoff pauses{};
    /// Has its say before each attempt: options, addresses to bind to. What it throws ends `connect`.
    std::function<void(OneToOneSocket&)> prepare{};
    /// Is told why an attempt failed, and how long the pause before the next will be.
    std::function<void(std::error_code, std::chrono::milliseconds)> failed{};
  };

  /// `peer`: the addresses of one peer; the sockets are of their `family_of`.
  SCTPXX_EXPORT explicit Reconnector(std::vector<Address> peer);
  SCTPXX_EXPORT Reconnector(std::vector<Address> peer, Settings settings);

  /// An association that is up; nothing when the patience is over first, be it time or waker. Any failure to
  /// connect is tried again; a failure to open a socket is thrown.
  [[nodiscard]] SCTPXX_EXPORT std::optional<OneToOneSocket> connect(const Patience& patience);

 private:
  std::vector<Address> peer_;
  Settings settings_;
  std::optional<Patience> holding_;  // of the last association: over when it has held
  std::optional<Patience> pause_;    // before the next attempt
};

}  // namespace sctp::inline v0

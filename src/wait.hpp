// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <system_error>

#include <sctpxx/patience.hpp>

namespace sctp {

enum class Waited : std::uint8_t {
  ready,      ///< poll's event has come, or time to look again
  impatient,  ///< the patience is over
  failed,     ///< `error` says why
};

/// The longest that `poll` can wait.
inline constexpr std::chrono::milliseconds long_time{std::chrono::hours{24}};

/// Until another look is due at what no event tells of.
inline constexpr std::chrono::milliseconds moment{10};

/// Waits for poll's events on a descriptor; for none of it when that is -1. `ready` also after `at_most`.
/// What has come stands in `come`, where that is given.
Waited wait_for(int fd, short events, const Patience& patience, std::error_code& error,
                std::chrono::milliseconds at_most = long_time, short* come = nullptr) noexcept;

}  // namespace sctp

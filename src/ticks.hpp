// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

#include "sys.hpp"

namespace sctp::native {

/// The kernel's structures promise milliseconds for these times too, but hold ticks of its clock: seen on 6.1
/// (100 a second) and on 6.12 (250).
inline std::chrono::milliseconds from_ticks(std::uint64_t ticks) noexcept {
  constexpr std::uint64_t most = UINT32_MAX;  // 500 days at least: no such time is real
  const std::chrono::nanoseconds time{static_cast<long long>(ticks < most ? ticks : most) *
                                      sys::tick_nanoseconds()};
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

}  // namespace sctp::native

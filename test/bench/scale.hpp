// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <malloc.h>

#include <cstddef>
#include <functional>
#include <vector>

#include "report.hpp"

/// How costs grow with the number of what is open at a time.
namespace bench {

using Counts = std::vector<std::size_t>;

/// Runs what is counted, and nothing else: callgrind looks at calls of `bench_counted`.
void count_with_associations(const Counts& numbers);
void count_with_messages(const Counts& numbers);

/// With the instructions that were counted there, if any.
void measure_associations(const Counts& numbers, const Counts& instructions, Json& json);
void measure_messages(const Counts& numbers, const Counts& instructions, Json& json);

/// Bytes of this process's heap that are in use, with what malloc adds to them.
inline std::size_t heap() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// What each took, of so many.
inline double each(double all, std::size_t count) { return all / static_cast<double>(count); }

/// As many as there may be. Before valgrind begins, which keeps to what it finds.
void allow_descriptors();

/// Seconds that it takes.
double seconds(const std::function<void()>& run);

}  // namespace bench

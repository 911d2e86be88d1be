// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace sctp::test {

/// Not 0 while this thread is in the scripted kernel, whose memory is neither counted nor ever used up.
inline thread_local int in_the_kernel = 0;

/// Counts how often memory is asked for with `new` from here on, in the whole process.
class AllocationCounter {
 public:
  AllocationCounter() noexcept;
  [[nodiscard]] std::size_t count() const noexcept;

 private:
  std::size_t before_;
};

/// While it lives, `new` has no memory, after it has been asked `after` times.
class NoMemory {
 public:
  explicit NoMemory(std::size_t after = 0) noexcept;
  ~NoMemory();
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
};

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace sctp::test {

/// Runs `operation` once for each system call that it makes, and lets that one fail. The error must come out;
/// the kernel's own complaints tell whether descriptors leaked. Two questions are the exception: that for an
/// association's number, since it may be gone, which is told elsewhere; and that for the peer's name, which
/// tells styles apart by failing.
template <class Operation>
void each_call_fails(Operation operation) {
  constexpr int error_of_the_test = EDQUOT;
  for (std::size_t position = 0;; ++position) {
    FakeKernel kernel;
    kernel.fail_at(position, error_of_the_test);
    std::error_code error;
    operation(kernel, error);
    CAPTURE(position, kernel.story());
    if (!kernel.failed_at) {
      CHECK(position > 0);
      CHECK_FALSE(error);
      return;
    }
    CAPTURE(to_string(*kernel.failed_at));
    if (!kernel.failed_at_status && kernel.failed_at != Call::getpeername) {
      CHECK(error == std::error_code{error_of_the_test, std::system_category()});
    }
  }
}

}  // namespace sctp::test

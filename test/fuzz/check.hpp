// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>

/// What every input must leave true; where it does not, the program ends, and the fuzzer keeps the input.
inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s: not so: %s\n", program_invocation_short_name, what);
  std::abort();
}

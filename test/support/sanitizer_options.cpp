// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

/// For programs with clang's sanitizers, without an environment. What is used after it was freed is used soon
/// here, so little of what was freed is kept; and clang without all of LLVM has no symbolizer of its own.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=16:external_symbolizer_path=/usr/bin/addr2line";
}

extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "external_symbolizer_path=/usr/bin/addr2line"; }

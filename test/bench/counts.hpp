// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// Counts that are the same each time, however busy the machine is.
namespace bench {

/// The system calls that `run` makes: `prepare` and it are called one after the other in a process of their
/// own.
std::size_t system_calls(const std::function<void()>& prepare, const std::function<void()>& run);

/// What callgrind has to call its counts' borders.
extern "C" {
[[gnu::noinline]] void bench_counted(const std::function<void()>& run);
}

/// Runs this program with this argument under callgrind; the instructions of each call of `bench_counted`
/// there. Empty where there is no valgrind.
std::vector<std::size_t> instructions(const std::string& argument);

}  // namespace bench

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "fault_course.hpp"
#include "support/catch.hpp"

/// Memory runs out at each allocation of each public operation.
namespace {

using namespace sctp;
using namespace sctp::test;

/// More than any operation here asks for.
constexpr std::size_t enough = 60;

std::vector<std::string> parts(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream{text};
  for (std::string one; std::getline(stream, one, ';');) all.push_back(one);
  return all;
}

/// How many of what should have been received was not; all if something else was.
std::size_t missing(const std::string& received, const std::string& all) {
  const auto got = parts(received);
  const auto wanted = parts(all);
  std::size_t at = 0;
  std::size_t count = 0;
  for (const std::string& one : wanted) {
    if (at != got.size() && got[at] == one) {
      ++at;
    } else {
      ++count;
    }
  }
  return at == got.size() ? count : wanted.size();
}

/// While there is none for the whole of such a call, nothing can be received any more: see their steps.
bool waits_for_the_end(const std::string& name) { return name.find("::shutdown") != std::string::npos; }

void check_without_memory(const Operation& operation, const Call1& call, std::size_t& faults) {
  const Course clean = run(operation, call, {});
  for (std::size_t allocations = 0; allocations != enough; ++allocations) {
    CAPTURE(allocations);
    const Course course = run(operation, call, {}, allocations);
    if (course.error) {
      ++faults;
      CHECK(course.error == std::errc::not_enough_memory);
    }
    // One message may be lost, that which the error is about.
    if (clean.again.empty() && !waits_for_the_end(operation.name))
      CHECK(missing(course.answer, clean.answer) <= (course.error ? 1 : 0));
  }
  CHECK_FALSE(run(operation, call, {}, enough).error);
}

TEST_CASE("Without memory each operation says so, leaks nothing, and loses one message at most") {
  std::size_t faults = 0;
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    if (operation.with_error) check_without_memory(operation, operation.with_error, faults);
    if (operation.throwing) check_without_memory(operation, operation.throwing, faults);
  }
  CHECK(faults > 300);
}

}  // namespace

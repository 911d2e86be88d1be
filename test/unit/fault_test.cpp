// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "fault_course.hpp"
#include "support/catch.hpp"

/// Each system call of each public operation fails once, in each of these ways.
namespace {

using namespace sctp;
using namespace sctp::test;

constexpr std::array errors{EINTR, EAGAIN, ENOMEM,    ENOBUFS,      EMFILE,     ENFILE,     ECONNRESET,
                            EPIPE, ESRCH,  ENOTCONN,  ESHUTDOWN,    EINVAL,     EOPNOTSUPP, EACCES,
                            EPERM, EIO,    ETIMEDOUT, ECONNABORTED, ENOPROTOOPT};

/// A call in which a signal can come.
bool may_be_interrupted(Call call) {
  static const std::set<Call> all{Call::accept4,  Call::sendmsg, Call::recvmsg, Call::sendmmsg,
                                  Call::recvmmsg, Call::poll,    Call::connectx};
  return all.contains(call);
}

std::string name_of(int error) { return strerrorname_np(error); }

std::string text_of(std::error_code error) {
  if (!error) return "no error";
  if (error.category() == std::system_category()) return name_of(error.value());
  return error.message();
}

using Outcomes = std::map<std::string, std::map<std::string, std::set<std::string>>>;

/// By operation and call, what comes of it when that is anything but this: it is told as it is, an
/// interruption is not, and the next time all is well. `except`: all errors but these.
std::string text_of(const Outcomes& outcomes) {
  std::ostringstream text;
  for (const auto& [operation, those] : outcomes) {
    text << operation << '\n';
    for (const auto& [what, when] : those) {
      const bool is_most = when.size() > errors.size() / 2;
      std::string names;
      for (const int error : errors) {
        if (when.contains(name_of(error)) != is_most) names += (names.empty() ? "" : " ") + name_of(error);
      }
      text << "  " << what.substr(0, what.find(';')) << ", "
           << (is_most ? names.empty() ? "any error" : "all but " : "") << names
           << what.substr(what.find(';')) << '\n';
    }
  }
  return text.str();
}

std::string said_of(const Course& course, const Course& clean, int error) {
  std::string said;
  if (error == EINTR && may_be_interrupted(*course.failed)) {
    if (course.error) said += "; " + text_of(course.error);
  } else if (course.error != std::error_code{error, std::system_category()}) {
    said += "; " + text_of(course.error);
  }
  if (clean.again.empty() && clean.answer.find('\'') != std::string::npos) {
    if (course.answer != clean.answer) said += "; not all is received";
  } else if (!course.error && course.answer != clean.answer) {
    said += "; answers " + course.answer;
  }
  if (course.again != clean.again) said += "; again: " + course.again;
  const std::string its_own = std::error_code{error, std::system_category()}.message();
  for (std::size_t at; (at = said.find(its_own)) != std::string::npos;)
    said.replace(at, its_own.size(), "IT");
  return said;
}

TEST_CASE("Each system call of each operation may fail: that is told, leaks nothing and loses nothing") {
  Outcomes outcomes;
  std::size_t faults = 0;
  std::set<std::string> called;
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const Course clean = run(operation, any_form(operation), {});
    CHECK_FALSE(clean.error);
    if (clean.calls + clean.closes != 0) called.insert(operation.name);
    const bool has_both = operation.with_error && operation.throwing;
    // Some ask for the peer's name first, for the exception.
    std::size_t more = 0;
    if (has_both) {
      const Course thrown = run(operation, operation.throwing, {});
      REQUIRE(thrown.story.ends_with(clean.story));
      more = thrown.calls - clean.calls;
      for (std::size_t position = 0; position != more; ++position)
        CHECK_FALSE(
            run(operation, operation.throwing, [&](FakeKernel& k) { k.fail_at(position, EIO); }).error);
    }
    if (clean.closes != 0)
      CHECK(run(operation, any_form(operation), [](FakeKernel& k) { k.fail_next(Call::close, EIO); }).error ==
            clean.error);
    for (std::size_t position = 0; position != clean.calls; ++position) {
      for (const int error : errors) {
        CAPTURE(position, name_of(error));
        const Course course =
            run(operation, any_form(operation), [&](FakeKernel& k) { k.fail_at(position, error); });
        REQUIRE(course.failed);
        ++faults;
        if (has_both) {
          const Course thrown =
              run(operation, operation.throwing, [&](FakeKernel& k) { k.fail_at(position + more, error); });
          CHECK(thrown.error == course.error);
          if (!course.error) CHECK(thrown.answer == course.answer);
          ++faults;
        }
        const std::string said = said_of(course, clean, error);
        if (!said.empty()) outcomes[operation.name][to_string(*course.failed) + said].insert(name_of(error));
      }
    }
  }
  for (const Operation& operation : operations()) {
    INFO(operation.name << " makes no system call on any stage");
    CHECK(called.contains(operation.name));
  }
  CHECK(operations().size() > 250);
  CHECK(faults > 10'000);
  const std::string path = SCTPXX_SOURCES "/test/faults/outcomes";
  std::ifstream file{path};
  std::string expected{std::istreambuf_iterator<char>{file}, {}};
  const std::string head = expected.substr(0, expected.find("\n\n") + 2);
  if (std::getenv("SCTPXX_TEST_WRITES") != nullptr) {
    std::ofstream{path} << head << text_of(outcomes);
    return;
  }
  std::istringstream is{head + text_of(outcomes)};
  std::istringstream was{expected};
  for (std::string now, before; std::getline(is, now), std::getline(was, before), is || was;) {
    INFO("where it is right as it is now: SCTPXX_TEST_WRITES=1 unit_test writes " << path);
    REQUIRE(now == before);
  }
}

TEST_CASE("When system calls go on failing, each operation ends and leaks nothing") {
  constexpr std::size_t many = 1000;
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const std::size_t calls = run(operation, any_form(operation), {}).calls;
    for (std::size_t position = 0; position != calls; ++position) {
      for (const int error : {ENOMEM, EINVAL, ECONNRESET}) {
        CAPTURE(position, name_of(error));
        const auto all_that_follow = [&](FakeKernel& kernel) {
          for (std::size_t at = position; at != position + many; ++at) kernel.fail_at(at, error);
        };
        const Course course = run(operation, any_form(operation), all_that_follow);
        CHECK(course.calls < 2 * many);
      }
    }
  }
}

}  // namespace

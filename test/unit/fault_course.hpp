// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "fault_operations.hpp"

/// How an operation goes when something fails in it.
namespace sctp::test {

/// What came of an operation, and of the same operation once more; of one that receives: of as many as it
/// takes to receive all that is there.
struct Course {
  std::error_code error;  // the first
  std::string answer;     // of one that receives: all that was received
  std::string again;
  std::optional<Call> failed;
  std::size_t calls = 0;  // but `close`
  std::size_t closes = 0;
  std::string story;
};

inline bool has_more(const Stage& stage) {
  const bool is_open = stage.one.is_open() || stage.many.is_open() || stage.fd >= 0;
  return is_open && (!stage.kernel.queue.empty() || stage.buffer.waiting() != 0 || stage.kernel.stream_ended);
}

inline void receive_all(Stage& stage, const Call1& call, std::optional<std::size_t> allocations,
                        Course& course) {
  for (int i = 0; i != 20 && has_more(stage); ++i) {
    const Outcome outcome = call(stage, std::exchange(allocations, std::nullopt));
    if (!course.error) course.error = outcome.error;
    course.answer += std::exchange(stage.heard, {});
    const bool is_over = outcome.answer == "end" || outcome.answer == "end; ";
    const bool is_received = outcome.answer.find('\'') != std::string::npos || outcome.answer.ends_with("; ");
    if (!outcome.error && !is_over && is_received && !outcome.answer.starts_with("would block"))
      course.answer += outcome.answer;
    if (is_over) return;
  }
}

/// `arrange`: what is to fail.
inline Course run(const Operation& operation, const Call1& call,
                  const std::function<void(FakeKernel&)>& arrange,
                  std::optional<std::size_t> allocations = {}) {
  Stage stage;
  operation.prepare(stage);
  Course course;
  stage.kernel.forget_calls();
  if (arrange) arrange(stage.kernel);
  if (stage.receives) {
    receive_all(stage, call, allocations, course);
  } else {
    const Outcome first = call(stage, allocations);
    course.error = first.error;
    course.answer = first.answer;
  }
  for (std::size_t i = 0; i != stage.batch.size(); ++i)
    course.answer += stage.batch.error(i) ? ", " + stage.batch.error(i).message() : ", -";
  course.failed = stage.kernel.failed_at;
  course.closes = stage.kernel.count(Call::close);
  course.calls = stage.kernel.total() - course.closes;
  course.story = stage.kernel.story();
  if (!stage.receives) {
    const Outcome again = call(stage, {});
    course.again = again.error ? again.error.message() : again.answer;
  }
  return course;
}

inline const Call1& any_form(const Operation& operation) {
  return operation.with_error ? operation.with_error : operation.throwing;
}

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "fault_stage.hpp"
#include "support/allocation_counter.hpp"
#include "transcript.hpp"

/// Every public operation that can reach a system call, by the name that it has in test/package/symbols (the
/// form that throws, where there are two), or in its header.
namespace sctp::test {

/// What came of a call: an error, whichever way it was told, and what it answered.
struct Outcome {
  std::error_code error;
  std::string answer;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Calls it, with so many allocations allowed, if that is limited.
using Call1 = std::function<Outcome(Stage&, std::optional<std::size_t> allocations)>;

struct Operation {
  std::string name;
  Prepare prepare;
  Call1 with_error;  // empty where there is no such form
  Call1 throwing;
};

namespace fault {

inline std::string text(bool value) { return value ? "true" : "false"; }
inline std::string text(std::size_t value) { return std::to_string(value); }
inline std::string text(AssociationId id) { return "association " + to_string(id); }
inline std::string text(const Address& address) { return to_string(address); }
inline std::string text(const SocketRef& socket) { return socket.is_open() ? "open" : "closed"; }
inline std::string text(const Received& received) { return text_of_all(received) + "; "; }
inline std::string text(Readiness ready) { return text(ready.receive) + " " + text(ready.send); }
inline std::string text(AssociationChange::End end) { return to_string(end); }
inline std::string text(Shutdown::Next) { return {}; }
inline std::string text(SendQueue::Result result) { return to_string(result); }
inline std::string text(const SendResult& one) {
  return to_string(one.association) + (one.error ? " " + one.error.message() : "");
}
inline std::string text(const ReceivedPiece& received) {
  const MessagePiece* piece = received.piece();
  if (piece != nullptr) return "'" + std::string{as_text(piece->part.payload)} + "'; ";
  if (received.notification() != nullptr) return describe(Received{*received.notification()}) + "; ";
  return received.status() == ReceiveStatus::end_of_stream ? "end" : "would block";
}
inline std::string text(const std::string& value) { return value; }
inline std::string text(const Path& path) { return to_string(path.address); }
template <class T>
std::string text(const std::optional<T>& value) {
  return value ? text(*value) : "none";
}
template <class T>
std::string text(const std::vector<T>& values) {
  std::string all;
  for (const T& value : values) all += text(value) + " ";
  return all;
}

/// Of an option and its like it is enough here that they were answered.
template <class T>
std::string text(const T&) {
  return "answered";
}

template <class Function, class... Error>
Outcome call(Function function, Stage& stage, std::optional<std::size_t> allocations, Error&... error) {
  using Answer = std::invoke_result_t<Function, Stage&, Error&...>;
  Outcome outcome;
  ((error = Errc::no_addresses), ...);  // to be overwritten
  try {
    if constexpr (std::is_void_v<Answer>) {
      std::optional<NoMemory> none;
      if (allocations) none.emplace(*allocations);
      function(stage, error...);
    } else {
      std::optional<NoMemory> none;
      if (allocations) none.emplace(*allocations);
      const auto answer = function(stage, error...);
      none.reset();
      outcome.answer = text(answer);
    }
  } catch (const std::system_error& thrown) {
    outcome.error = thrown.code();
  } catch (const std::bad_alloc&) {
    outcome.error = {ENOMEM, std::system_category()};  // the same, as documented
  }
  if (!outcome.error) ((outcome.error = error), ...);
  return outcome;
}

class List {
 public:
  /// In both forms: `[](Stage& s, auto&... error) { s.socket.bind(Stage::own, error...); }`.
  template <class Function>
  void both(std::string name, Prepare prepare, Function function) {
    operations_.push_back(
        {std::move(name), prepare, with_error(function),
         [function](Stage& stage, auto allocations) { return call(function, stage, allocations); }});
  }
  template <class Function>
  void only_with_error(std::string name, Prepare prepare, Function function) {
    operations_.push_back({std::move(name), prepare, with_error(function), {}});
  }
  /// One that throws, or never fails.
  template <class Function>
  void only_throwing(std::string name, Prepare prepare, Function function) {
    operations_.push_back({std::move(name), prepare, {}, [function](Stage& stage, auto allocations) {
                             return call(function, stage, allocations);
                           }});
  }
  [[nodiscard]] std::vector<Operation> take() { return std::move(operations_); }

 private:
  template <class Function>
  static Call1 with_error(Function function) {
    return [function](Stage& stage, auto allocations) {
      std::error_code error;
      return call(function, stage, allocations, error);
    };
  }
  std::vector<Operation> operations_;
};

void add_sockets(List& list);
void add_messages(List& list);
void add_associations(List& list);
void add_helpers(List& list);
void add_options(List& list);
void add_inline(List& list);

}  // namespace fault

/// All of them.
const std::vector<Operation>& operations();

}  // namespace sctp::test

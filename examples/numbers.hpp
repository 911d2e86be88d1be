// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Messages that are numbered, to tell whether all of them arrive.
#pragma once

#include <fmt/core.h>

#include <array>
#include <sctpxx/sctp.hpp>
#include <string>

/// The messages 0, 1, 2, … on four streams in turn. Streams may overtake one another; each keeps its order.
class Numbers {
 public:
  static sctp::StreamId stream(std::size_t number) { return sctp::StreamId(number % streams); }
  static std::string text(std::size_t number) { return fmt::format("{:<1000}", number); }

  void take(const sctp::Message& message) {
    const auto stream = static_cast<std::size_t>(message.stream);
    ++count_;
    in_order_ = in_order_ && stream < streams && sctp::as_text(message.payload) == text(next_[stream]);
    if (in_order_) next_[stream] += streams;
  }

  [[nodiscard]] std::size_t count() const { return count_; }

  /// Each came exactly once, whole, and after its predecessor on its stream.
  [[nodiscard]] bool in_order() const { return in_order_; }

 private:
  static constexpr std::size_t streams = 4;
  std::array<std::size_t, streams> next_{0, 1, 2, 3};
  std::size_t count_ = 0;
  bool in_order_ = true;
};

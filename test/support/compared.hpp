// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/receive_buffer.hpp>

#include "receive_model.hpp"
#include "told.hpp"

namespace sctp::test {

/// A ReceiveBuffer and the model of it, side by side.
class Compared {
 public:
  Compared(std::size_t capacity, std::size_t limit, std::size_t total_limit)
      : buffer{capacity, limit, total_limit},
        model{limit, total_limit},
        block_{std::max<std::size_t>(capacity, 1024)},
        total_limit_{std::max(limit, total_limit)} {}

  /// Hands `bytes` over as the kernel does, in as many pieces as they take. True when the two agree.
  bool take(Bytes bytes, Piece piece, Way way, std::size_t at_most = SIZE_MAX) {
    const bool ends = piece.end_of_record;
    while (!bytes.empty() && difference.empty()) {
      std::vector<std::byte> own(way == Way::joined ? 0 : std::min(bytes.size(), at_most));
      if (way == Way::piecewise) buffer.prepare_piece(own);
      const MutableBytes room = way == Way::joined ? buffer.prepare() : own;
      piece.size = std::min({bytes.size(), room.size(), at_most});
      std::memcpy(room.data(), bytes.data(), piece.size);
      const Bytes part = bytes.first(piece.size);
      bytes = bytes.subspan(piece.size);
      piece.end_of_record = ends && bytes.empty();
      most_held_ = std::max(most_held_, model.held() + part.size());
      largest_ = std::max(largest_, model.largest() + part.size());
      most_unfinished_ = std::max(most_unfinished_, model.unfinished() + 1);
      observed_.clear();
      if (way == Way::joined) {
        commit(piece, room);
      } else {
        commit_piece(piece, own);
      }
      hear_all();
      static const std::string over_limit = make_error_code(Errc::message_exceeds_limit).message();
      const bool refused =
          std::ranges::any_of(observed_, [](const Told& one) { return one.text == over_limit; });
      compare(model.take(piece, part, way, refused));
    }
    return difference.empty();
  }

  bool abandon() {
    observed_.clear();
    buffer.abandon_unfinished();
    hear_all();
    compare(model.abandon());
    return difference.empty();
  }

  ReceiveBuffer buffer;
  ReceiveModel model;
  std::string difference;  // for people

 private:
  void commit(const Piece& piece, Bytes room) {
    const auto same = [&](const Piece& one) {
      return one.association == piece.association && one.stream == piece.stream &&
             one.unordered == piece.unordered && (!one.unordered || one.ssn == piece.ssn);
    };
    std::error_code error;
    const auto received = buffer.commit(piece, error);
    if (received) {
      const Message* message = received->message();
      if (message != nullptr && message->payload.data() != room.data() &&
          std::ranges::none_of(model.open(), same)) {
        difference += "a message that came in one piece was copied\n";
      }
      observed_.push_back(told(*received));
    }
    if (error) observed_.push_back(told(error));
  }

  void commit_piece(const Piece& piece, std::vector<std::byte>& room) {
    std::error_code error;
    const auto received = buffer.commit_piece(piece, error);
    if (piece.is_notification) std::vector<std::byte>{}.swap(room);  // nothing of an event stays there
    if (received) observed_.push_back(told(*received));
    if (error) observed_.push_back(told(error));
  }

  void hear_all() {
    while (const auto more = buffer.next()) observed_.push_back(told(*more));
  }

  void compare(const std::vector<Told>& expected) {
    if (!std::ranges::equal(expected, observed_, agree)) {
      difference += "expected:\n" + to_string(expected) + "but it told:\n" + to_string(observed_);
    }
    if (buffer.unfinished() != model.unfinished()) {
      difference += "unfinished: " + std::to_string(model.unfinished()) + " expected, but it says " +
                    std::to_string(buffer.unfinished()) + "\n";
    }
    if (buffer.footprint() > most_memory()) {
      difference += "it holds " + std::to_string(buffer.footprint()) + " bytes\n";
    }
  }

  /// What the limits say; and no more than what was in it at a time takes, with memory kept for the next.
  [[nodiscard]] std::size_t most_memory() const {
    constexpr std::size_t smallest = 4096;
    constexpr std::size_t kept = 20;
    constexpr std::size_t table_entry = 512;
    const std::size_t messages = 4 * most_held_ + kept * (smallest + block_ + 2 * largest_);
    return std::min(total_limit_ + block_, messages) + block_ + 4 * (largest_ + smallest) +
           table_entry * (most_unfinished_ + kept);
  }

  std::vector<Told> observed_;
  std::size_t block_;
  std::size_t total_limit_;
  std::size_t most_held_ = 0;
  std::size_t largest_ = 0;
  std::size_t most_unfinished_ = 0;
};

}  // namespace sctp::test

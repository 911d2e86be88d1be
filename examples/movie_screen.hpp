// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Where media_stream's viewer sees the movie: a letter for each frame.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "movie.hpp"

/// Frames are due at their time, counted from the first slice that comes, and a while later.
class Screen {
  using Clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::milliseconds;

 public:
  explicit Screen(milliseconds wait) : wait_{wait} {}

  void take(sctp::Bytes bytes) {
    const auto slice = movie::recognize(bytes);
    if (!slice) throw std::runtime_error{"this is no slice of the movie, or not as it was sent"};
    const Clock::time_point now = Clock::now();
    if (came_++ == 0) begin_ = now - slice->frame * movie::frame_time;
    last_ = now;
    const std::uint32_t number = slice->frame / movie::group;
    if (number > shown_groups_ + 10) throw std::runtime_error{"this is from the far future"};
    if (number < shown_groups_) return;
    Frame& frame = groups_[number][slice->frame % movie::group];
    frame.slices.set(slice->number);
    if (frame.slices.count() == movie::slices(slice->frame) && !frame.whole) frame.whole = now;
  }

  /// That was all of the movie.
  void end(std::size_t frames) {
    if (frames > (shown_groups_ + 10) * movie::group) throw std::runtime_error{"this is from the far future"};
    frames_ = frames;
  }
  [[nodiscard]] bool is_over() const { return frames_ && shown_groups_ * movie::group >= *frames_; }

  /// In what time a second is to be shown: somewhat later than its last frame is due, to tell what is late
  /// from what is lost.
  [[nodiscard]] milliseconds next() const {
    if (came_ == 0 && !frames_) return patience;
    const auto time = due((shown_groups_ + 1) * movie::group) + milliseconds{500} - Clock::now();
    return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(time));
  }

  /// Shows a second of it.
  void show() {
    std::string line;
    auto& frames = groups_[shown_groups_];
    // When a frame can be shown: when it is whole, and what it refers to can be.
    std::array<std::optional<Clock::time_point>, movie::group> ready{};
    const auto later = [](auto a, auto b) { return a && b ? std::max(a, b) : std::nullopt; };
    for (std::uint32_t i = 0; i < movie::group; i += 3)
      ready[i] = i == 0 ? frames[0].whole : later(frames[i].whole, ready[i - 3]);
    for (std::uint32_t i = 0; i < movie::group; ++i) {
      if (i % 3 != 0) ready[i] = later(frames[i].whole, later(ready[i / 3 * 3], ready[i / 3 * 3 + 3]));
    }
    for (std::uint32_t i = 0; i < movie::group; ++i) {
      const std::uint32_t number = shown_groups_ * movie::group + i;
      if (frames_ && number >= *frames_) break;
      const auto& whole = frames[i].whole;
      const char kind = movie::kind(number);
      if (ready[i] && *ready[i] <= due(number)) {
        line += kind;
      } else {
        line += !whole ? '.' : *whole > due(number) ? static_cast<char>(kind - 'A' + 'a') : '-';
      }
    }
    fmt::print("{:>5} {}\n", shown_groups_, line);
    for (const char letter : line) ++letters_[letter];
    groups_.erase(shown_groups_++);
  }

  void report() const {
    const auto count = [&](std::string_view letters) {
      std::size_t sum = 0;
      for (const char letter : letters) sum += letters_.contains(letter) ? letters_.at(letter) : 0;
      return sum;
    };
    fmt::print(
        "{} frames: {} shown (I {}, P {}, B {}), {} late, {} lost, {} without the frame they refer to; {} "
        "slices came\n",
        count("IPBipb.-"), count("IPB"), count("I"), count("P"), count("B"), count("ipb"), count("."),
        count("-"), came_);
  }
  [[nodiscard]] std::size_t came() const { return came_; }
  /// Nobody waits for ever: others may have a movie, too.
  [[nodiscard]] bool is_dark() const { return !frames_ && Clock::now() - last_ >= patience; }

 private:
  struct Frame {
    std::bitset<movie::most_slices> slices;
    std::optional<Clock::time_point> whole;
  };
  [[nodiscard]] Clock::time_point due(std::uint32_t frame) const {
    return begin_ + frame * movie::frame_time + wait_;
  }

  milliseconds wait_;
  static constexpr milliseconds patience{10'000};
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
  std::map<std::uint32_t, std::array<Frame, movie::group>> groups_;  // a few: those that are not shown yet
  std::uint32_t shown_groups_ = 0;
  std::size_t came_ = 0;
  std::optional<std::size_t> frames_;
  std::map<char, std::size_t> letters_;
};

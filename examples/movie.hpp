// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// A movie that nobody has filmed: its frames are known to both ends of media_stream.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sctpxx/bytes.hpp>
#include <string>
#include <string_view>

/// 25 frames a second, and each second a group of pictures by itself: an I frame stands alone, a P frame
/// refers to the I or P before, a B frame to those on both sides. 0.8 Mbit/s.
namespace movie {

inline constexpr std::string_view kinds = "IBBPBBPBBPBBPBBPBBPBBPBBP";
inline constexpr std::uint32_t group = kinds.size();
inline constexpr std::chrono::milliseconds frame_time{40};

inline char kind(std::uint32_t frame) { return kinds[frame % group]; }

/// The frame that is sent in this place: after those that it refers to.
inline std::uint32_t sent_at(std::uint32_t place) {
  const std::uint32_t in_group = place % group;
  if (in_group == 0) return place;
  return in_group % 3 == 1 ? place + 2 : place - 1;
}

/// Frames travel in slices, each small enough for a packet; these are bytes with the slice's 8 in front.
inline constexpr std::size_t slice_size = 1200;
inline constexpr std::size_t most_slices = 64;

inline std::size_t size(std::uint32_t frame) {
  const std::size_t usual = kind(frame) == 'I' ? 20'000 : kind(frame) == 'P' ? 6'000 : 2'000;
  return usual * (80 + frame * 7919 % 41) / 100;  // 20 % more or less
}
inline std::uint32_t slices(std::uint32_t frame) {
  return static_cast<std::uint32_t>((size(frame) + slice_size - 1) / slice_size);
}

struct Slice {
  std::uint32_t frame = 0;
  std::uint32_t number = 0;
};

/// What is sent of it: its numbers, the most significant byte first, and the picture.
inline std::string content(Slice slice) {
  const std::size_t begin = slice.number * slice_size;
  std::string bytes(8 + std::min(slice_size, size(slice.frame) - begin), '\0');
  for (std::size_t i = 0; i != bytes.size(); ++i) {
    const std::uint32_t number = i < 4 ? slice.frame : slice.number;
    const auto picture = static_cast<std::uint32_t>(slice.frame * 31 + (begin + i) * 17 + i / 256);
    bytes[i] = static_cast<char>(i < 8 ? number >> (24 - 8 * (i % 4)) : picture);
  }
  return bytes;
}

/// Which slice these bytes are; none if there is no such slice, or a byte is another.
inline std::optional<Slice> recognize(sctp::Bytes bytes) {
  if (bytes.size() < 8) return std::nullopt;
  std::array<std::uint32_t, 2> numbers{};
  for (std::size_t i = 0; i != 8; ++i) {
    numbers[i / 4] = numbers[i / 4] << 8U | std::to_integer<std::uint32_t>(bytes[i]);
  }
  const Slice slice{numbers[0], numbers[1]};
  if (slice.number >= slices(slice.frame) || sctp::as_text(bytes) != content(slice)) return std::nullopt;
  return slice;
}

}  // namespace movie

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// The web page that parallel_get gets: both of its ends know what is in it.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <random>
#include <sctpxx/bytes.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace page {

/// Object 0 is the page; it has forty others in it.
inline constexpr std::size_t objects = 41;

/// Of the forty from 0.1 to 100 KB, each power of ten as likely as the next.
inline const std::array<std::size_t, objects>& sizes() {
  static const auto all = [] {
    std::array<std::size_t, objects> bytes{30'000};
    std::minstd_rand random{40};
    for (std::size_t n = 1; n != objects; ++n) {
      bytes[n] =
          static_cast<std::size_t>(std::pow(10.0, 2 + 3 * static_cast<double>(random() % 1000) / 1000));
    }
    return bytes;
  }();
  return all;
}

inline const std::string& object(std::size_t number) {
  static const auto all = [] {
    std::array<std::string, objects> made;
    std::minstd_rand random{41};
    for (std::size_t n = 0; n != objects; ++n) {
      made[n].resize(sizes()[n]);
      for (char& byte : made[n]) byte = static_cast<char>(random() >> 8U);
    }
    return made;
  }();
  return all.at(number);
}

/// What a client asks for.
inline std::size_t number_of(std::string_view text) {
  std::size_t number = objects;
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (number >= objects) throw std::runtime_error{"somebody asks for an object that there is not"};
  return number;
}

inline void check(std::size_t number, std::size_t offset, sctp::Bytes bytes) {
  if (number >= objects || offset > sizes()[number] ||
      std::string_view{object(number)}.substr(offset, bytes.size()) != sctp::as_text(bytes)) {
    throw std::runtime_error{"object " + std::to_string(number) + " is not what it should be"};
  }
}

}  // namespace page

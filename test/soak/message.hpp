// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sctpxx/sctp.hpp>

/// What is sent, made from the seed, so that each byte that arrives can be checked.
namespace test::soak {

/// One of the numbers that the seed makes, for each `x` another one.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ x >> 30U) * 0xbf58476d1ce4e5b9U;
  x = (x ^ x >> 27U) * 0x94d049bb133111ebU;
  return x ^ x >> 31U;
}

/// A sequence of numbers below bounds.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_{seed} {}
  std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(mix(++state_) % bound); }
  bool one_in(std::size_t bound) noexcept { return below(bound) == 0; }

 private:
  std::uint64_t state_;
};

inline constexpr std::uint16_t streams = 8;
inline constexpr std::size_t largest = std::size_t{300} * 1024;
inline constexpr std::size_t tiny = std::size_t{8} * 1024;  // where a window is tiny, or it takes all day

/// The bytes of a message: a stretch of a common supply. Which one, its number says, and that is its PPID
/// and its context, too.
class Supply {
 public:
  explicit Supply(std::uint64_t seed) : seed_{seed}, bytes_(stretches + largest) {
    for (std::size_t i = 0; i != bytes_.size(); ++i) bytes_[i] = static_cast<std::byte>(mix(seed + i) >> 32U);
  }
  [[nodiscard]] sctp::Bytes payload(std::uint32_t number, std::size_t size) const noexcept {
    return sctp::Bytes{bytes_}.subspan(mix(seed_ ^ number) % stretches, size);
  }

 private:
  static constexpr std::size_t stretches = std::size_t{1} << 20U;

  std::uint64_t seed_;
  std::vector<std::byte> bytes_;
};

/// What an association is like; both ends know it by its number.
struct Traits {
  enum class Buffers : std::uint8_t { usual, tiny_receive, tiny_send, large_send };
  enum class Reading : std::uint8_t { whole, batches, pieces };
  enum class Ending : std::uint8_t { by_client, by_server, by_both };

  Buffers buffers{};
  Reading reading{};  ///< at the server
  Ending ending{};
  bool mortal = false;  ///< some of its messages may be given up
  bool interleaving = false;
  std::uint16_t messages = 0;  ///< that each end sends before the shutdown
  std::uint64_t seed = 0;      ///< of its messages

  [[nodiscard]] bool is_tiny() const noexcept {
    return buffers == Buffers::tiny_receive || buffers == Buffers::tiny_send;
  }

  static Traits of(std::uint64_t seed) noexcept {
    Random random{seed};
    Traits traits;
    traits.buffers = static_cast<Buffers>(random.below(4));
    traits.reading = static_cast<Reading>(random.below(3));
    traits.ending = static_cast<Ending>(random.one_in(3) ? 1 + random.below(2) : 0);
    // Shutdown joins pieces, so who reads them leaves it to the other.
    if (traits.reading == Reading::pieces) traits.ending = Ending::by_client;
    traits.mortal = random.one_in(6);
    traits.interleaving = random.one_in(3);
    traits.messages = static_cast<std::uint16_t>(20 + random.below(random.one_in(3) ? 1200 : 200));
    traits.seed = mix(seed);
    return traits;
  }
};

/// "mortal, interleaving, tiny receive buffer, pieces"
inline std::string to_string(const Traits& traits) {
  constexpr std::array buffers{"usual", "tiny receive", "tiny send", "large send"};
  constexpr std::array readings{"whole", "batches", "pieces"};
  return std::string{traits.mortal ? "mortal, " : ""} + (traits.interleaving ? "interleaving, " : "") +
         buffers[static_cast<std::size_t>(traits.buffers)] + " buffers, " +
         readings[static_cast<std::size_t>(traits.reading)];
}

/// Mostly small, of all magnitudes.
inline std::size_t random_size(Random& random) noexcept {
  const std::size_t bound = std::size_t{1} << (1 + random.below(random.one_in(25) ? 19 : 12));
  return 1 + random.below(bound < largest ? bound : largest);
}

inline sctp::Reliability random_reliability(Random& random) noexcept {
  using std::chrono::milliseconds;
  switch (random.below(6)) {
    case 0: return sctp::Reliability::lifetime(milliseconds{1 + random.below(150)});
    case 1: return sctp::Reliability::retransmissions(static_cast<std::uint32_t>(random.below(3)));
    case 2: return sctp::Reliability::priority(static_cast<std::uint32_t>(1 + random.below(3)));
    default: return {};
  }
}

}  // namespace test::soak

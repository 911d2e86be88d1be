// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <sctpxx/bytes.hpp>

namespace sctp {

/// Bytes that grow at their end.
struct Storage {
  std::unique_ptr<std::byte[]> data;
  std::size_t size = 0;
  std::size_t capacity = 0;

  [[nodiscard]] Bytes bytes() const noexcept { return {data.get(), size}; }
  /// Where the next bytes go.
  [[nodiscard]] MutableBytes tail() const noexcept { return {data.get() + size, capacity - size}; }
};

/// Storages to be given again, found by size in a time that does not depend on
/// how many there are: those of one power of two are a list.
class Spares {
 public:
  explicit Spares(std::size_t most) { slots_.reserve(most); }

  [[nodiscard]] bool empty() const noexcept { return filled_ == 0; }
  [[nodiscard]] std::size_t footprint() const noexcept { return slots_.capacity() * sizeof(Slot); }

  /// False, and nothing has changed, when there are enough.
  bool add(Storage& storage) noexcept {
    std::uint32_t slot = unused_;
    if (slot != none) {
      unused_ = slots_[slot].next;
    } else {
      if (slots_.size() == slots_.capacity()) return false;
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    }
    const std::size_t list = list_of(storage.capacity);
    slots_[slot] = {std::move(storage.data), storage.capacity, filled(list) ? first_[list] : none};
    storage = {};
    first_[list] = slot;
    filled_ |= std::uint64_t{1} << list;
    return true;
  }

  /// One of at least and at most so many bytes; empty when there is none.
  [[nodiscard]] Storage take(std::size_t least, std::size_t most) noexcept {
    std::size_t list = list_of(least);
    // In its own list not all are large enough. Nearly all are of the size that
    // is asked for.
    if (filled(list)) {
      std::uint32_t* best = nullptr;
      for (std::uint32_t* at = &first_[list]; *at != none; at = &slots_[*at].next) {
        const std::size_t capacity = slots_[*at].capacity;
        if (capacity >= least && (best == nullptr || capacity < slots_[*best].capacity)) best = at;
        if (capacity == least) break;
      }
      if (best != nullptr) return take_at(list, *best);
    }
    const std::uint64_t larger = filled_ & ~((std::uint64_t{2} << list) - 1);
    if (larger == 0) return {};
    list = static_cast<std::size_t>(std::countr_zero(larger));
    return slots_[first_[list]].capacity > most ? Storage{} : take_at(list, first_[list]);
  }

  /// The largest of at least and at most so many bytes; empty when there is
  /// none.
  [[nodiscard]] Storage take_largest(std::size_t least, std::size_t most) noexcept {
    if (most < least) return {};
    for (std::size_t list = list_of(most) + 1; list-- != list_of(least);) {
      if (!filled(list)) continue;
      std::uint32_t* best = nullptr;
      for (std::uint32_t* at = &first_[list]; *at != none; at = &slots_[*at].next) {
        const std::size_t capacity = slots_[*at].capacity;
        if (capacity < least || capacity > most) continue;
        if (best == nullptr || capacity > slots_[*best].capacity) best = at;
      }
      if (best != nullptr) return take_at(list, *best);
    }
    return {};
  }

  /// One of the largest; not when it is empty.
  [[nodiscard]] Storage take_large() noexcept {
    const auto list = static_cast<std::size_t>(std::bit_width(filled_)) - 1;
    return take_at(list, first_[list]);
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Slot {
    std::unique_ptr<std::byte[]> data;
    std::size_t capacity = 0;
    std::uint32_t next = none;
  };
  static std::size_t list_of(std::size_t capacity) noexcept {
    return static_cast<std::size_t>(std::bit_width(capacity | 1)) - 1;
  }
  [[nodiscard]] bool filled(std::size_t list) const noexcept { return (filled_ >> list & 1) != 0; }
  /// `link` is where the list has it.
  Storage take_at(std::size_t list, std::uint32_t& link) noexcept {
    const std::uint32_t slot = link;
    Storage taken{std::move(slots_[slot].data), 0, std::exchange(slots_[slot].capacity, 0)};
    link = std::exchange(slots_[slot].next, std::exchange(unused_, slot));
    if (first_[list] == none) filled_ &= ~(std::uint64_t{1} << list);
    return taken;
  }

  std::vector<Slot> slots_;
  std::uint32_t unused_ = none;
  std::array<std::uint32_t, 64> first_{};  // of lists that are filled
  std::uint64_t filled_ = 0;               // which lists are
};

}  // namespace sctp

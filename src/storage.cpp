// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "storage.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include <sctpxx/error.hpp>

namespace sctp {
namespace {

constexpr std::size_t smallest = 4096;  // so that many tiny messages cost what the limits say

}  // namespace

/// The limit counts what is held: where that is scarce, a small message must not hold much more than it
/// needs.
std::size_t StoragePool::largest_to_hold(std::size_t needed) const noexcept {
  return is_scarce() ? 4 * needed : SIZE_MAX;
}

/// Gives spares up until so many bytes are below the limit, if that is possible.
void StoragePool::make_free(std::size_t bytes) noexcept {
  while (allocated_ + bytes > limit_ && !spares_.empty()) {
    const Storage dropped = spares_.take_large();
    allocated_ -= dropped.capacity;
    spare_bytes_ -= dropped.capacity;
  }
}

std::error_code StoragePool::grow(Storage& storage, std::size_t capacity) noexcept {
  if (Storage fitting = spares_.take(capacity, largest_to_hold(capacity)); fitting.data != nullptr) {
    spare_bytes_ -= fitting.capacity;
    std::swap(storage, fitting);
    if (fitting.size != 0) std::memcpy(storage.data.get(), fitting.data.get(), fitting.size);
    storage.size = fitting.size;
    recycle(std::move(fitting));
    return {};
  }
  make_free(capacity);
  if (allocated_ - storage.capacity + capacity > limit_) return Errc::message_exceeds_limit;
  // Not zeroed: it is written first.
  std::unique_ptr<std::byte[]> larger{new (std::nothrow) std::byte[capacity]};
  if (larger == nullptr) return std::make_error_code(std::errc::not_enough_memory);
  if (storage.size != 0) std::memcpy(larger.get(), storage.data.get(), storage.size);
  allocated_ += capacity - storage.capacity;
  storage.data = std::move(larger);
  storage.capacity = capacity;
  return {};
}

/// The capacity that it could have if everything spare was given up for it.
std::size_t StoragePool::largest_for(const Storage& storage) const noexcept {
  const std::size_t given = allocated_ - storage.capacity - spare_bytes_;
  return limit_ - std::min(given, limit_);
}

std::error_code StoragePool::make_tail(Storage& storage, std::size_t more, std::size_t most) noexcept {
  const std::size_t needed = storage.size + more;
  if (needed <= storage.capacity) return {};
  // Where memory is scarce all that there is, and not a little each time: each time is a copy of the whole.
  const std::size_t doubled = std::max(std::min(2 * storage.capacity, most), smallest);
  const std::size_t generous = std::max(std::min(doubled, largest_for(storage)), needed);
  const std::error_code error = grow(storage, generous);
  return error == std::errc::not_enough_memory ? grow(storage, needed) : error;
}

std::error_code StoragePool::append(Storage& storage, Bytes bytes, std::size_t limit) noexcept {
  if (bytes.empty()) return {};
  if (bytes.size() > limit - storage.size) return Errc::message_exceeds_limit;
  if (bytes.size() > storage.capacity - storage.size || bytes.data() != storage.tail().data()) {
    if (const std::error_code error = make_tail(storage, bytes.size(), limit)) return error;
    std::memcpy(storage.tail().data(), bytes.data(), bytes.size());
  }
  storage.size += bytes.size();
  return {};
}

Storage StoragePool::lend(std::size_t uncounted, std::size_t most) noexcept {
  if (is_scarce()) return {};
  Storage lent = spares_.take_largest(uncounted, most);
  if (lent.data == nullptr) return {};
  spare_bytes_ -= lent.capacity;
  allocated_ -= uncounted;
  return lent;
}

bool StoragePool::keep(Storage& lent, std::size_t uncounted, std::size_t written, Storage& storage) noexcept {
  if (storage.data != nullptr || lent.capacity > largest_to_hold(written)) return false;
  make_free(uncounted);
  if (allocated_ + uncounted > limit_) return false;
  allocated_ += uncounted;
  storage = std::exchange(lent, {});
  return true;
}

void StoragePool::free(Storage& lent, std::size_t uncounted) noexcept {
  allocated_ -= lent.capacity - uncounted;
  lent = {};
}

void StoragePool::recycle(Storage&& storage) noexcept {
  Storage spent = std::exchange(storage, {});
  if (spent.data == nullptr) return;
  spent.size = 0;
  if (const std::size_t capacity = spent.capacity; spares_.add(spent)) {
    spare_bytes_ += capacity;
  } else {
    allocated_ -= capacity;
  }
}

}  // namespace sctp

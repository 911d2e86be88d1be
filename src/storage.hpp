// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <system_error>

#include <sctpxx/bytes.hpp>

#include "spares.hpp"

namespace sctp {

/// Gives storages their memory, within a limit for all of them, and takes it back to give it again: once as
/// much is there as is needed, nothing is allocated.
class StoragePool {
 public:
  /// At most so many are kept to be given again.
  explicit StoragePool(std::size_t limit, std::size_t most_spares = 16)
      : limit_{limit}, spares_{most_spares} {}

  /// Makes room for `more` bytes behind what is there, and for still more if that keeps within `most` in all.
  /// Errc::message_exceeds_limit or `not_enough_memory`; the storage is as before then.
  [[nodiscard]] std::error_code make_tail(Storage& storage, std::size_t more, std::size_t most) noexcept;

  /// Copies `bytes` behind what is there, unless they stand there already. Never more than `limit` bytes.
  [[nodiscard]] std::error_code append(Storage& storage, Bytes bytes, std::size_t limit) noexcept;

  /// More than half of the limit is given.
  [[nodiscard]] bool is_scarce() const noexcept { return allocated_ > limit_ / 2; }

  /// The largest spare of up to `most` bytes, for other use than in a storage; empty if there is none, or
  /// memory is scarce. Of what is lent, `uncounted` bytes do not count against the limit, and it has no
  /// fewer.
  [[nodiscard]] Storage lend(std::size_t uncounted, std::size_t most) noexcept;
  /// Such memory, or other of `uncounted` bytes, becomes that of a storage that has none, and so many bytes
  /// are written there. False, and nothing has changed, where that would be too much for so few, or the limit
  /// forbids it.
  [[nodiscard]] bool keep(Storage& lent, std::size_t uncounted, std::size_t written,
                          Storage& storage) noexcept;
  void free(Storage& lent, std::size_t uncounted) noexcept;

  /// Takes the memory back.
  void recycle(Storage&& storage) noexcept;

  /// Memory that another pool gave is this one's from now on, whatever the limit says.
  void adopt(const Storage& storage, StoragePool& from) noexcept {
    from.allocated_ -= storage.capacity;
    allocated_ += storage.capacity;
  }

  /// Bytes of memory, given and spare.
  [[nodiscard]] std::size_t footprint() const noexcept { return allocated_ + spares_.footprint(); }

 private:
  [[nodiscard]] std::size_t largest_for(const Storage& storage) const noexcept;
  [[nodiscard]] std::size_t largest_to_hold(std::size_t needed) const noexcept;
  void make_free(std::size_t bytes) noexcept;
  [[nodiscard]] std::error_code grow(Storage& storage, std::size_t capacity) noexcept;

  std::size_t limit_;
  std::size_t allocated_ = 0;
  std::size_t spare_bytes_ = 0;  // of what is allocated
  Spares spares_;
};

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <sctpxx/notification.hpp>

#include "storage.hpp"

namespace sctp {

/// Joins messages of ours that failed, of which the kernel tells chunk by chunk, one message of an
/// association after the other.
class FailedSends {
 public:
  /// Lets one more chunk be taken. Throws `std::bad_alloc`.
  void make_room();

  /// Takes a chunk, from an event of this type. False when it is the whole message already, or its message
  /// cannot be joined: then it is to be told as it is. Never keeps more than `limit` bytes of one message.
  bool take(EventType type, const SendFailed& chunk, StoragePool& pool, std::size_t limit) noexcept;

  /// No more chunks will come.
  void abandon() noexcept;

  [[nodiscard]] bool has_joined() const noexcept;
  /// The next that was joined, or was never completed. `payload` lies in `storage`.
  SendFailed take_joined(Storage& storage) noexcept;

  /// How many have begun and not ended.
  [[nodiscard]] std::size_t size() const noexcept { return joining_.size(); }
  [[nodiscard]] std::size_t footprint() const noexcept { return joining_.capacity() * sizeof(Joining); }

 private:
  struct Joining {
    EventType type{};
    SendFailed message;
    bool is_cut = false;  // over the limit
    bool is_due = false;
    Storage storage;
  };

  std::vector<Joining> joining_;
};

}  // namespace sctp

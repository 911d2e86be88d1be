// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sctpxx/notification.hpp>

#include "storage.hpp"

namespace sctp {

/// Joins messages of ours that failed, of which the kernel tells chunk by chunk, one message of an
/// association after the other. In memory of its own, so that no peer can use it up.
class FailedSends {
 public:
  /// Never keeps more than `limit` bytes of one message, and `total_limit` of all.
  FailedSends(std::size_t limit, std::size_t total_limit) : limit_{limit}, pool_{total_limit} {}

  /// Lets one more chunk be taken, and ends the life of what was told. Throws `std::bad_alloc`.
  void make_room();

  /// Takes a chunk, from an event of this type. False when it is the whole message already, or its message
  /// cannot be joined: then it is to be told as it is.
  bool take(EventType type, const SendFailed& chunk) noexcept;

  /// Lets `take_over` this association's. Throws `std::bad_alloc`.
  void make_room_for(AssociationId association, const FailedSends& from);
  /// What is being joined of this association in `from` is joined here.
  void take_over(AssociationId association, FailedSends& from) noexcept;

  /// No more chunks will come.
  void abandon() noexcept;
  void abandon(AssociationId association) noexcept;

  /// The next that was joined, or was never completed.
  std::optional<SendFailed> next() noexcept;

  /// How many have begun and not ended.
  [[nodiscard]] std::size_t size() const noexcept { return joining_.size(); }
  [[nodiscard]] std::size_t footprint() const noexcept {
    return pool_.footprint() + joining_.capacity() * sizeof(Joining);
  }

 private:
  struct Joining {
    EventType type{};
    SendFailed message;
    bool is_cut = false;  // over the limit
    bool is_due = false;
    Storage storage;
  };

  std::size_t limit_;
  StoragePool pool_;
  std::vector<Joining> joining_;
  Storage told_;
};

}  // namespace sctp

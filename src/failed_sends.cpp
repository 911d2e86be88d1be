// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "failed_sends.hpp"

#include <algorithm>
#include <utility>

namespace sctp {

void FailedSends::make_room() {
  pool_.recycle(std::move(told_));
  if (joining_.size() == joining_.capacity()) joining_.reserve(2 * joining_.size() + 2);
}

bool FailedSends::take(EventType type, const SendFailed& chunk) noexcept {
  auto joining = std::ranges::find_if(joining_, [&](const Joining& one) {
    return !one.is_due && one.type == type && one.message.association == chunk.association;
  });
  const bool has_begun = joining != joining_.end();
  if (!has_begun && (chunk.ends || !chunk.begins)) return false;
  if (chunk.begins) {
    // The end of the one before did not come: the kernel had no memory to tell it.
    if (has_begun) joining->is_due = true;
    joining_.push_back({.type = type, .message = chunk, .storage = {}});
    joining = std::prev(joining_.end());
  }
  if (!joining->is_cut) joining->is_cut = bool{pool_.append(joining->storage, chunk.payload, limit_)};
  joining->message.sent |= chunk.sent;
  joining->message.ends = chunk.ends && !joining->is_cut;
  joining->is_due = chunk.ends;
  return true;
}

void FailedSends::make_room_for(AssociationId association, const FailedSends& from) {
  const auto moved = std::ranges::count_if(
      from.joining_, [&](const Joining& one) { return one.message.association == association; });
  joining_.reserve(joining_.size() + static_cast<std::size_t>(moved) + 1);
}

void FailedSends::take_over(AssociationId association, FailedSends& from) noexcept {
  for (Joining& one : from.joining_) {
    if (one.message.association != association || one.is_due) continue;
    pool_.adopt(one.storage, from.pool_);
    joining_.push_back(std::exchange(one, {}));
  }
  std::erase_if(from.joining_, [](const Joining& one) { return one.type == EventType{}; });
}

void FailedSends::abandon() noexcept {
  for (Joining& one : joining_) one.is_due = true;
}

void FailedSends::abandon(AssociationId association) noexcept {
  for (Joining& one : joining_) one.is_due |= one.message.association == association;
}

std::optional<SendFailed> FailedSends::next() noexcept {
  const auto due = std::ranges::find_if(joining_, [](const Joining& one) { return one.is_due; });
  if (due == joining_.end()) return std::nullopt;
  pool_.recycle(std::exchange(told_, std::move(due->storage)));
  SendFailed message = due->message;
  message.payload = told_.bytes();
  joining_.erase(due);
  return message;
}

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "unfinished.hpp"

#include <algorithm>
#include <utility>

namespace sctp {
namespace {

constexpr std::size_t most_spares = 16;

}  // namespace

void UnfinishedMessages::make_room() {
  if (open_.size() == room_) {
    room_ = 2 * room_ + 8;
    open_.reserve(room_);  // only where more are needed: otherwise it may give buckets back
  }
  if (const std::size_t all = aborted_.size() + open_.size() + 1; all > aborted_.capacity()) {
    aborted_.reserve(2 * all);
  }
  spare_.reserve(most_spares);
  if (!spare_.empty()) return;
  Table one;
  one.try_emplace(MessageKey{});
  spare_.push_back(one.extract(one.begin()));
}

Unfinished& UnfinishedMessages::begin(const MessageKey& key, const Message& first) noexcept {
  Table::node_type node = std::move(spare_.back());
  spare_.pop_back();
  node.key() = key;
  node.mapped() = {.first = first, .number = ++begun_, .storage = {}};
  return open_.insert(std::move(node)).position->second;
}

Unfinished* UnfinishedMessages::find(const MessageKey& key) noexcept {
  const auto found = open_.find(key);
  return found == open_.end() ? nullptr : &found->second;
}

MessageKey UnfinishedMessages::key_of(MessageKey key, std::uint16_t ssn) noexcept {
  if (!key.unordered) return key;
  MessageKey beside = key;
  beside.beside = true;
  const Unfinished* second = find(beside);
  if (second != nullptr && second->first.ssn == ssn) return beside;
  const Unfinished* first = find(key);
  if (first == nullptr || first->first.ssn == ssn) return key;
  if (second != nullptr) abort(beside);
  return beside;
}

std::optional<MessageKey> UnfinishedMessages::only_one_of(AssociationId association) const noexcept {
  std::optional<MessageKey> only;
  for (const auto& [key, message] : open_) {
    if (key.association != association) continue;
    if (only) return std::nullopt;
    only = key;
  }
  return only;
}

Storage UnfinishedMessages::end(const MessageKey& key) noexcept {
  Table::node_type node = open_.extract(key);
  Storage storage = std::move(node.mapped().storage);
  keep(std::move(node));
  return storage;
}

void UnfinishedMessages::abort(const MessageKey& key) noexcept { set_aside(open_.extract(key)); }

void UnfinishedMessages::set_aside(Table::node_type node) noexcept {
  if (node.mapped().fate == Unfinished::Fate::dropped) {
    keep(std::move(node));
  } else {
    aborted_.push_back(std::move(node));
  }
}

void UnfinishedMessages::abort_all_of(AssociationId association) noexcept {
  abort_those([&](const MessageKey& key) { return key.association == association; });
}

void UnfinishedMessages::abort_all() noexcept {
  abort_those([](const MessageKey&) { return true; });
}

template <class Which>
void UnfinishedMessages::abort_those(Which which) noexcept {
  const auto before = static_cast<std::ptrdiff_t>(aborted_.size());
  for (auto one = open_.begin(); one != open_.end();) {
    const auto following = std::next(one);
    if (which(one->first)) set_aside(open_.extract(one));
    one = following;
  }
  std::ranges::sort(aborted_.begin() + before, aborted_.end(), {},
                    [](const Table::node_type& node) { return node.mapped().number; });
}

void UnfinishedMessages::drop_all(StoragePool& pool) noexcept {
  for (auto& [key, message] : open_) {
    message.fate = Unfinished::Fate::dropped;
    pool.recycle(std::move(message.storage));
  }
}

Unfinished UnfinishedMessages::take_aborted() noexcept {
  Table::node_type node = std::move(aborted_[told_++]);
  if (told_ == aborted_.size()) {
    aborted_.clear();
    told_ = 0;
  }
  Unfinished message = std::move(node.mapped());
  keep(std::move(node));
  return message;
}

void UnfinishedMessages::keep(Table::node_type node) noexcept {
  if (spare_.size() < spare_.capacity()) spare_.push_back(std::move(node));
}

std::size_t UnfinishedMessages::footprint() const noexcept {
  constexpr std::size_t node = sizeof(Table::value_type) + 2 * sizeof(void*);
  return (size() + spare_.size()) * node + open_.bucket_count() * sizeof(void*) +
         (spare_.capacity() + aborted_.capacity()) * sizeof(Table::node_type);
}

}  // namespace sctp

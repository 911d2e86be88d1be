// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "unfinished.hpp"

#include <algorithm>
#include <utility>

namespace sctp {
namespace {

constexpr std::size_t most_spares = 256;
constexpr std::size_t most_spare_buckets = 1024;

/// Lets one more be inserted without memory. Nothing is asked where there is room: a table may give it back.
template <class Table>
void make_room_in(Table& table) {
  const auto full =
      static_cast<std::size_t>(table.max_load_factor() * static_cast<float>(table.bucket_count()));
  if (table.size() + 1 > full || full < 8) table.reserve(2 * table.size() + 8);
}

/// As many are kept as were in use at a time.
template <class Node>
void make_room_for_spares(std::vector<Node>& spares, std::size_t in_use) {
  const std::size_t wanted = std::min(in_use + 1, most_spares);
  if (spares.capacity() < wanted) spares.reserve(std::min(2 * wanted + 8, most_spares));
}

/// An empty node of its own.
template <class Table>
typename Table::node_type make_node() {
  Table one;
  one.try_emplace(typename Table::key_type{});
  return one.extract(one.begin());
}

}  // namespace

void UnfinishedMessages::make_room() {
  make_room_in(tables_);
  if (filled_ != nullptr) make_room_in(*filled_);
  filled_ = nullptr;
  if (const std::size_t all = aborted_.size() + open_ + 1; all > aborted_.capacity())
    aborted_.reserve(2 * all);
  make_room_for_spares(spare_, open_);
  if (spare_.empty()) spare_.push_back(make_node<Table>());
  make_room_for_spares(spare_tables_, tables_.size());
  if (spare_tables_.empty()) {
    Tables::node_type node = make_node<Tables>();
    make_room_in(node.mapped());
    spare_tables_.push_back(std::move(node));
  }
}

UnfinishedMessages::Place UnfinishedMessages::place_of(const MessageKey& key) noexcept {
  const std::uint32_t stream{static_cast<std::uint16_t>(key.stream)};
  return {stream << 2 | std::uint32_t{key.unordered} << 1 | std::uint32_t{key.beside}};
}

Unfinished& UnfinishedMessages::begin(const MessageKey& key, const Message& first) noexcept {
  auto table = tables_.find(key.association);
  if (table == tables_.end()) {
    Tables::node_type node = std::move(spare_tables_.back());
    spare_tables_.pop_back();
    node.key() = key.association;
    table = tables_.insert(std::move(node)).position;
  }
  Table::node_type node = std::move(spare_.back());
  spare_.pop_back();
  node.key() = place_of(key);
  node.mapped() = {.first = first, .number = ++begun_, .storage = {}};
  ++open_;
  filled_ = &table->second;
  return filled_->insert(std::move(node)).position->second;
}

Unfinished* UnfinishedMessages::find(const MessageKey& key) noexcept {
  const auto table = tables_.find(key.association);
  if (table == tables_.end()) return nullptr;
  const auto found = table->second.find(place_of(key));
  return found == table->second.end() ? nullptr : &found->second;
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
  const auto table = tables_.find(association);
  if (table == tables_.end() || table->second.size() != 1) return std::nullopt;
  const auto& [place, message] = *table->second.begin();
  return MessageKey{association, message.first.stream, message.first.unordered, (place.number & 1) != 0};
}

Unfinished* UnfinishedMessages::only_one() noexcept {
  return open_ == 1 ? &tables_.begin()->second.begin()->second : nullptr;
}

/// Out of its table, which goes, too, when it was the last.
UnfinishedMessages::Table::node_type UnfinishedMessages::take(const MessageKey& key) noexcept {
  const auto table = tables_.find(key.association);
  Table::node_type node = table->second.extract(place_of(key));
  --open_;
  if (table->second.empty()) keep(tables_.extract(table));
  return node;
}

Storage UnfinishedMessages::end(const MessageKey& key) noexcept {
  Table::node_type node = take(key);
  Storage storage = std::move(node.mapped().storage);
  keep(std::move(node));
  return storage;
}

void UnfinishedMessages::abort(const MessageKey& key) noexcept { set_aside(take(key)); }

void UnfinishedMessages::abort_all_of(AssociationId association) noexcept {
  const std::size_t before = aborted_.size();
  if (Tables::node_type node = tables_.extract(association)) abort_all(std::move(node));
  sort_from(before);
}

void UnfinishedMessages::abort_all() noexcept {
  const std::size_t before = aborted_.size();
  while (!tables_.empty()) abort_all(tables_.extract(tables_.begin()));
  sort_from(before);
}

void UnfinishedMessages::sort_from(std::size_t position) noexcept {
  std::ranges::sort(aborted_.begin() + static_cast<std::ptrdiff_t>(position), aborted_.end(), {},
                    [](const Table::node_type& node) { return node.mapped().number; });
}

void UnfinishedMessages::abort_all(Tables::node_type association) noexcept {
  Table& table = association.mapped();
  open_ -= table.size();
  while (!table.empty()) set_aside(table.extract(table.begin()));
  keep(std::move(association));
}

void UnfinishedMessages::set_aside(Table::node_type node) noexcept {
  if (node.mapped().fate == Unfinished::Fate::dropped) {
    keep(std::move(node));
  } else {
    aborted_.push_back(std::move(node));
  }
}

void UnfinishedMessages::make_room_for(AssociationId association, const UnfinishedMessages& from) {
  const auto table = from.tables_.find(association);
  if (table == from.tables_.end()) return;
  make_room_in(tables_);
  const std::size_t all = aborted_.size() + open_ + table->second.size() + 1;
  if (all > aborted_.capacity()) aborted_.reserve(2 * all);
}

void UnfinishedMessages::take_over(AssociationId association, UnfinishedMessages& from, StoragePool& pool,
                                   StoragePool& from_pool) noexcept {
  Tables::node_type node = from.tables_.extract(association);
  if (!node) return;
  for (auto& [place, message] : node.mapped()) {
    pool.adopt(message.storage, from_pool);
    message.number += begun_;
  }
  begun_ += from.begun_;
  from.open_ -= node.mapped().size();
  open_ += node.mapped().size();
  if (from.filled_ == &node.mapped()) from.filled_ = nullptr;
  filled_ = &node.mapped();
  tables_.insert(std::move(node));
}

void UnfinishedMessages::drop_all(StoragePool& pool) noexcept {
  for (auto& [association, table] : tables_) {
    for (auto& [place, message] : table) {
      message.fate = Unfinished::Fate::dropped;
      pool.recycle(std::move(message.storage));
    }
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

void UnfinishedMessages::keep(Tables::node_type node) noexcept {
  if (filled_ == &node.mapped()) filled_ = nullptr;
  const bool is_small = node.mapped().bucket_count() <= most_spare_buckets;
  if (is_small && spare_tables_.size() < spare_tables_.capacity()) spare_tables_.push_back(std::move(node));
}

std::size_t UnfinishedMessages::footprint() const noexcept {
  constexpr std::size_t links = 2 * sizeof(void*);
  std::size_t buckets = tables_.bucket_count();
  for (const auto& [association, table] : tables_) buckets += table.bucket_count();
  for (const Tables::node_type& node : spare_tables_) buckets += node.mapped().bucket_count();
  return (size() + spare_.size()) * (sizeof(Table::value_type) + links) +
         (tables_.size() + spare_tables_.size()) * (sizeof(Tables::value_type) + links) +
         buckets * sizeof(void*) + (spare_.capacity() + aborted_.capacity()) * sizeof(Table::node_type) +
         spare_tables_.capacity() * sizeof(Tables::node_type);
}

}  // namespace sctp

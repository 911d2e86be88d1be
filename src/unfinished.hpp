// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>

#include "storage.hpp"

namespace sctp {

/// What tells messages apart: at most one of each is open at a time, in every delivery mode of the kernel.
struct MessageKey {
  AssociationId association{};
  StreamId stream{};
  bool unordered = false;
  /// Under I-DATA the kernel (6.1) hands whole unordered messages out between the pieces of another one of
  /// their stream. Only the stream sequence number tells them apart. Such a one is open no longer than it
  /// takes to read it: its rest, if the reader's memory was too small for it, is what the kernel hands out
  /// next.
  bool beside = false;
};

/// A message whose end has not come.
struct Unfinished {
  enum class Fate : std::uint8_t {
    joined,    // its bytes are kept
    streamed,  // its pieces are handed out
    dropped,   // over a limit: its bytes are thrown away up to its end
  };
  Message first;  // as the first piece said; later ones have no PPID of their own under I-DATA
  Fate fate = Fate::joined;
  std::size_t received = 0;
  std::uint64_t number = 0;  // in the order of beginnings
  Storage storage;
};

/// The messages that have begun, and those that were aborted and are still to be told. A peer may begin
/// 131072 at once under I-DATA: what it does costs more the more it has begun, and what others do does not.
class UnfinishedMessages {
 public:
  /// Lets one more `begin`. Throws `std::bad_alloc`.
  void make_room();

  /// After `make_room` nothing below fails.
  Unfinished& begin(const MessageKey& key, const Message& first) noexcept;
  [[nodiscard]] Unfinished* find(const MessageKey& key) noexcept;
  /// The key of the message with this number, be it open or not: of an unordered one the second of its stream
  /// when another is open. A third there is not; where a peer makes believe so, the second is aborted.
  [[nodiscard]] MessageKey key_of(MessageKey key, std::uint16_t ssn) noexcept;
  /// The association's message if it has exactly one.
  [[nodiscard]] std::optional<MessageKey> only_one_of(AssociationId association) const noexcept;
  /// An association that has open ones, and of which this is so.
  template <class Condition>
  [[nodiscard]] std::optional<AssociationId> find_association(Condition condition) const noexcept {
    for (const auto& [association, messages] : tables_)
      if (condition(association)) return association;
    return std::nullopt;
  }
  /// None is open.
  [[nodiscard]] bool is_empty() const noexcept { return open_ == 0; }
  /// The only message there is, or null.
  [[nodiscard]] Unfinished* only_one() noexcept;
  /// It is complete, or nobody's any more; its storage is the caller's.
  Storage end(const MessageKey& key) noexcept;
  /// These will never be complete. Those that were dropped have been told of, and are forgotten.
  void abort(const MessageKey& key) noexcept;
  void abort_all_of(AssociationId association) noexcept;
  void abort_all() noexcept;
  /// Lets `take_over` this association's. Throws `std::bad_alloc`.
  void make_room_for(AssociationId association, const UnfinishedMessages& from);
  /// What has begun of this association in `from` has begun here; after `make_room_for` and before
  /// `make_room`.
  void take_over(AssociationId association, UnfinishedMessages& from, StoragePool& pool,
                 StoragePool& from_pool) noexcept;
  /// Throws away the bytes of all that come from now on.
  void drop_all(StoragePool& pool) noexcept;

  [[nodiscard]] bool has_aborted() const noexcept { return told_ != aborted_.size(); }
  /// The next that was aborted, in the order of beginnings.
  Unfinished take_aborted() noexcept;

  /// Those that have begun, without an end or an abort that was told.
  [[nodiscard]] std::size_t size() const noexcept { return open_ + aborted_.size() - told_; }
  [[nodiscard]] std::size_t footprint() const noexcept;

 private:
  struct Place {  // within an association
    std::uint32_t number;
    friend bool operator==(const Place&, const Place&) noexcept = default;
  };
  struct Hash {
    std::size_t operator()(Place place) const noexcept {
      return place.number * std::size_t{0x9e3779b97f4a7c15};
    }
    std::size_t operator()(AssociationId id) const noexcept { return static_cast<std::uint32_t>(id); }
  };
  using Table = std::unordered_map<Place, Unfinished, Hash>;
  using Tables = std::unordered_map<AssociationId, Table, Hash>;  // none is empty

  static Place place_of(const MessageKey& key) noexcept;
  Table::node_type take(const MessageKey& key) noexcept;
  void set_aside(Table::node_type node) noexcept;
  void keep(Table::node_type node) noexcept;
  void keep(Tables::node_type node) noexcept;
  void abort_all(Tables::node_type association) noexcept;
  void sort_from(std::size_t position) noexcept;

  Tables tables_;
  std::size_t open_ = 0;
  Table* filled_ = nullptr;  // the one in which a message has begun last: it may be full
  // So that a message that begins needs no memory.
  std::vector<Table::node_type> spare_;
  std::vector<Tables::node_type> spare_tables_;
  std::vector<Table::node_type> aborted_;  // from `told_` on
  std::size_t told_ = 0;
  std::uint64_t begun_ = 0;
};

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/option/path.hpp>
#include <sctpxx/received.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp::inline v0 {

/// What a one-to-many socket's associations are, and what becomes of them: who is up, with how many streams,
/// on which paths, and that each ends exactly once, with the reason. Give it all that is received:
///
///     sctp::AssociationTable table{socket};
///     while (auto received = socket.receive(buffer)) {
///       if (const auto change = table.take(received)) log(to_string(*change));
///       …
///     }
///
/// It learns from events alone; it asks the kernel when an association comes up or is restarted, and
/// otherwise never. Make it before anything is received; it subscribes PeerAddressChange and StreamChange.
/// Borrows the descriptor's number. One thread at a time: the one that receives.
class AssociationTable {
 public:
  using Clock = std::chrono::steady_clock;

  /// One life of an association. The kernel may give a number again, and a peer that restarts keeps its own;
  /// a key never means another life than it was made for.
  struct Key {
    AssociationId id{};
    std::uint64_t generation = 0;
    friend auto operator<=>(const Key&, const Key&) noexcept = default;
  };

  enum class State : std::uint8_t {
    setting_up,     ///< `expect` was told of it
    up,             ///<
    shutting_down,  ///< by the peer, or by `shutdown` here: no new messages
  };

  /// One of the peer's addresses, as the last event told of it.
  struct Path {
    using State = option::PeerAddrInfo::State;
    Address address{};
    State state{};
    bool primary = false;
  };

  /// What both sides agreed on; see `option/capability.hpp`.
  struct Capabilities {
    bool interleaving = false;
    bool partial_reliability = false;
    bool reconfiguration = false;
    bool address_changes = false;
    bool authentication = false;
    bool congestion_marks = false;
    friend bool operator==(const Capabilities&, const Capabilities&) noexcept = default;
  };

  struct Entry {
    Key key{};
    State state{};
    std::uint16_t outgoing_streams = 0;  ///< that may be sent on; 0 while setting up
    std::uint16_t incoming_streams = 0;
    Capabilities capabilities{};
    std::vector<Path> paths{};               ///< empty while setting up
    Clock::time_point since{};               ///< when this life began
    bool up_told = false;                    ///< `take` has told that it is up
    std::optional<Clock::time_point> due{};  ///< when `abort_overdue` will abort it
    bool overdue = false;                    ///< it did
  };

  /// What an event changed.
  struct Change {
    enum class Kind : std::uint8_t {
      up,             ///<
      restarted,      ///< the peer began anew: a life ends, another begins. `key` is the new one's
      shutting_down,  ///< by the peer
      path,           ///< `path` is now as it says, or was removed
      closed,         ///< it is in the table no more. Told once for each that was `up`, expected or added
    };
    Kind kind{};
    Key key{};
    Entry ended{};  ///< for `restarted` and `closed`: the life that ended
    /// For `up`, `restarted` and `closed`: the event, which says all else. Its `info` is a view, dead at the
    /// next receive.
    AssociationChange association{};
    PeerAddressChange path{};  ///< for `path`: the event
    bool overdue = false;      ///< for `closed`: `abort_overdue` did it
  };

  SCTPXX_EXPORT explicit AssociationTable(SocketRef socket);

  /// Takes what was received. Answers what it changed: nothing for messages and for most events.
  /// Throws `std::bad_alloc`; then it is not taken, and may be given again.
  SCTPXX_EXPORT std::optional<Change> take(const Received& received);
  SCTPXX_EXPORT std::optional<Change> take(const Notification& event);

  /// A setup was begun: `table.expect(socket.connect(peer), 5s)`. It is aborted when it is not up in this
  /// time, see `abort_overdue`. To be told before anything more is taken; of one whose `up` was, the key.
  SCTPXX_EXPORT Key expect(AssociationId setup, std::optional<std::chrono::milliseconds> time = {});

  /// An association that was up before the table was made. Begins a new life, whatever the table had under
  /// that number.
  SCTPXX_EXPORT Key add(AssociationId id);

  /// Ends it in order, within this time: Association::shutdown. Nothing happens when that life is over.
  SCTPXX_EXPORT void shutdown(Key key, std::chrono::milliseconds time);

  /// The same where somebody else begins the shutdown: SendQueue::shutdown, when nothing waits any more.
  SCTPXX_EXPORT void expect_end(Key key, std::chrono::milliseconds time);

  /// Association::abort. Nothing happens when that life is over.
  SCTPXX_EXPORT void abort(Key key, std::string_view reason = {});

  /// Aborts those whose time is over, `expect`'s and `shutdown`'s; their end is told by `take` as that of
  /// others. Answers in what time to call it again, if there is anything to wait for.
  SCTPXX_EXPORT std::optional<std::chrono::milliseconds> abort_overdue(Clock::time_point now = Clock::now());

  /// It is this table's no more, since it was peeled off. Its end will not be told.
  SCTPXX_EXPORT void forget(AssociationId id);

  /// Null when there is none; valid until the next call that is not const.
  [[nodiscard]] SCTPXX_EXPORT const Entry* find(AssociationId id) const noexcept;
  [[nodiscard]] SCTPXX_EXPORT const Entry* find(Key key) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// `for (const auto& [id, entry] : table)`, in no order.
  [[nodiscard]] auto begin() const noexcept { return entries_.begin(); }
  [[nodiscard]] auto end() const noexcept { return entries_.end(); }

 private:
  Entry& begin_life(AssociationId id);
  [[nodiscard]] Entry ask_about(AssociationId id) const;
  void set_due(Entry& entry, std::optional<Clock::time_point> due);
  std::optional<Change> take_change(const AssociationChange& event);
  std::optional<Change> take_path(const PeerAddressChange& event);

  SocketRef socket_;
  std::unordered_map<AssociationId, Entry> entries_;
  std::set<std::pair<Clock::time_point, AssociationId>> due_;
  std::uint64_t generations_ = 0;
};

/// "setting up", "up", …
[[nodiscard]] SCTPXX_EXPORT std::string to_string(AssociationTable::State state);
[[nodiscard]] SCTPXX_EXPORT std::string to_string(AssociationTable::Change::Kind kind);
/// The event in one line, as its own text says it.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const AssociationTable::Change& change);

}  // namespace sctp::inline v0

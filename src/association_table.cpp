// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_table.hpp>

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>
#include <variant>

#include <sctpxx/association.hpp>
#include <sctpxx/error.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/capability.hpp>

#include "number.hpp"
#include "path_list.hpp"

namespace sctp::inline v0 {
namespace {

using PathState = AssociationTable::Path::State;

template <class Capability>
bool has(const Association& association) noexcept {
  std::error_code gone;  // by now; its end is the next that is received
  return association.get<Capability>(gone).on && !gone;
}

AssociationTable::Capabilities capabilities_of(const Association& association) noexcept {
  return {
      .interleaving = has<option::InterleavingSupported>(association),
      .partial_reliability = has<option::PrSupported>(association),
      .reconfiguration = has<option::ReconfigSupported>(association),
      .address_changes = has<option::AsconfSupported>(association),
      .authentication = has<option::AuthSupported>(association),
      .congestion_marks = has<option::EcnSupported>(association),
  };
}

/// Takes what the kernel was asked for; the rest of an entry is the table's own.
void learn(AssociationTable::Entry& entry, AssociationTable::Entry&& known) noexcept {
  entry.outgoing_streams = known.outgoing_streams;
  entry.incoming_streams = known.incoming_streams;
  entry.capabilities = known.capabilities;
  entry.paths = std::move(known.paths);
}

/// For an abort that the kernel had no memory for.
constexpr std::chrono::seconds next_try{1};

/// So many milliseconds from now; the clock counts nanoseconds, and ends in some centuries.
AssociationTable::Clock::time_point after(std::chrono::milliseconds time) noexcept {
  constexpr std::chrono::milliseconds longest = std::chrono::hours{24} * 365 * 100;
  return AssociationTable::Clock::now() + std::clamp(time, std::chrono::milliseconds{0}, longest);
}

}  // namespace

AssociationTable::AssociationTable(SocketRef socket) : socket_{socket} {
  socket_.subscribe<PeerAddressChange>();
  std::error_code error;
  socket_.subscribe<StreamChange>(error);
  // Old kernels do not know it; any other failure is told, unless it has passed.
  if (error && error != std::errc::not_supported) socket_.subscribe<StreamChange>();
}

AssociationTable::Entry& AssociationTable::begin_life(AssociationId id) {
  Entry& entry = entries_[id];
  set_due(entry, std::nullopt);
  entry = {.key = {id, ++generations_}, .state = State::up, .since = Clock::now()};
  return entry;
}

void AssociationTable::set_due(Entry& entry, std::optional<Clock::time_point> due) {
  if (due == entry.due) return;
  if (due) due_.emplace(*due, entry.key.id);
  if (entry.due) due_.erase({*entry.due, entry.key.id});
  entry.due = due;
}

/// What the kernel knows of an association that has come up. One that is gone by now has nothing: its end is
/// what is received next.
AssociationTable::Entry AssociationTable::ask_about(AssociationId id) const {
  const Association association{socket_, id};
  std::error_code gone;
  const option::Status status = association.status(gone);
  Entry known{
      .outgoing_streams = status.outgoing_streams,
      .incoming_streams = status.incoming_streams,
      .capabilities = capabilities_of(association),
  };
  const std::vector<sctp::Path> paths = association.paths(gone);
  if (gone == std::errc::not_enough_memory) throw std::bad_alloc{};
  known.paths.reserve(paths.size());
  for (const sctp::Path& path : paths) known.paths.push_back({path.address, path.state, path.primary});
  return known;
}

AssociationTable::Key AssociationTable::expect(AssociationId setup,
                                               std::optional<std::chrono::milliseconds> time) {
  // Its `up` was taken first.
  if (const Entry* known = find(setup); known != nullptr && known->up_told) return known->key;
  Entry& entry = begin_life(setup);
  entry.state = State::setting_up;
  try {
    if (time) set_due(entry, after(*time));
  } catch (...) {
    forget(setup);
    throw;
  }
  return entry.key;
}

AssociationTable::Key AssociationTable::add(AssociationId id) {
  Entry known = ask_about(id);
  Entry& entry = begin_life(id);
  learn(entry, std::move(known));
  return entry.key;
}

std::optional<AssociationTable::Change> AssociationTable::take(const Received& received) {
  const Notification* event = received.notification();
  return event != nullptr ? take(*event) : std::nullopt;
}

std::optional<AssociationTable::Change> AssociationTable::take(const Notification& event) {
  if (const auto* change = std::get_if<AssociationChange>(&event)) return take_change(*change);
  if (const auto* change = std::get_if<PeerAddressChange>(&event)) return take_path(*change);
  const auto found = entries_.find(association_of(event));
  if (found == entries_.end()) return std::nullopt;
  Entry& entry = found->second;
  if (const auto* change = std::get_if<StreamChange>(&event)) {
    if (change->result != Reconfiguration::done) return std::nullopt;
    entry.outgoing_streams += change->added_outgoing;
    entry.incoming_streams += change->added_incoming;
  }
  if (std::holds_alternative<ShutdownReceived>(event)) {
    entry.state = State::shutting_down;
    return Change{.kind = Change::Kind::shutting_down, .key = entry.key};
  }
  return std::nullopt;
}

std::optional<AssociationTable::Change> AssociationTable::take_change(const AssociationChange& event) {
  using enum AssociationChange::State;
  const auto found = entries_.find(event.association);
  Entry* entry = found == entries_.end() ? nullptr : &found->second;
  Change change{.association = event};
  switch (event.state) {
    case up:
    case restarted: {
      Entry known = ask_about(event.association);
      change.kind = Change::Kind::up;
      if (entry != nullptr && event.state == up && !entry->up_told) {
        if (entry->state == State::setting_up) {
          entry->state = State::up;
          set_due(*entry, std::nullopt);
        }
      } else {
        if (entry != nullptr) {
          change.kind = Change::Kind::restarted;
          change.ended = std::move(*entry);
        }
        entry = &begin_life(event.association);
      }
      entry->up_told = true;
      learn(*entry, std::move(known));
      entry->outgoing_streams = event.outgoing_streams;
      entry->incoming_streams = event.incoming_streams;
      change.key = entry->key;
      return change;
    }
    case lost:
    case shutdown_complete:
    case cannot_start:
      if (entry == nullptr) return std::nullopt;
      change.kind = Change::Kind::closed;
      change.key = entry->key;
      change.overdue = entry->overdue;
      set_due(*entry, std::nullopt);
      change.ended = std::move(*entry);
      entries_.erase(found);
      return change;
  }
  return std::nullopt;
}

std::optional<AssociationTable::Change> AssociationTable::take_path(const PeerAddressChange& event) {
  const auto found = entries_.find(event.association);
  if (found == entries_.end()) return std::nullopt;
  note_change(found->second.paths, event);
  return Change{.kind = Change::Kind::path, .key = found->second.key, .path = event};
}

void AssociationTable::shutdown(Key key, std::chrono::milliseconds time) {
  if (find(key) == nullptr) return;
  expect_end(key, time);
  std::error_code gone;  // or not told, for lack of memory: then its time will be over
  Association{socket_, key.id}.shutdown(gone);
}

void AssociationTable::expect_end(Key key, std::chrono::milliseconds time) {
  if (find(key) == nullptr) return;
  Entry& entry = entries_.at(key.id);
  set_due(entry, after(time));
  entry.state = State::shutting_down;
}

void AssociationTable::abort(Key key, std::string_view reason) {
  if (find(key) == nullptr) return;
  std::error_code error;
  Association{socket_, key.id}.abort(reason, error);
  const bool has_failed = error && error != Condition::association_ended;
  if (has_failed) set_due(entries_.at(key.id), Clock::now());  // `abort_overdue` tries again
}

std::optional<std::chrono::milliseconds> AssociationTable::abort_overdue(Clock::time_point now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    Entry& entry = entries_.at(due_.begin()->second);
    std::error_code error;
    Association{socket_, entry.key.id}.abort({}, error);
    const bool has_failed = error && error != Condition::association_ended;
    set_due(entry, has_failed ? std::optional{now + next_try} : std::nullopt);
    entry.overdue = !error;
  }
  if (due_.empty()) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(due_.begin()->first - now);
}

void AssociationTable::forget(AssociationId id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  set_due(found->second, std::nullopt);
  entries_.erase(found);
}

const AssociationTable::Entry* AssociationTable::find(AssociationId id) const noexcept {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

const AssociationTable::Entry* AssociationTable::find(Key key) const noexcept {
  const Entry* entry = find(key.id);
  return entry != nullptr && entry->key == key ? entry : nullptr;
}

std::string to_string(AssociationTable::State state) {
  switch (state) {
    case AssociationTable::State::setting_up: return "setting up";
    case AssociationTable::State::up: return "up";
    case AssociationTable::State::shutting_down: return "shutting down";
  }
  return "state " + number(state);
}

std::string to_string(AssociationTable::Change::Kind kind) {
  switch (kind) {
    case AssociationTable::Change::Kind::up: return "up";
    case AssociationTable::Change::Kind::restarted: return "restarted";
    case AssociationTable::Change::Kind::shutting_down: return "shutting down";
    case AssociationTable::Change::Kind::path: return "path";
    case AssociationTable::Change::Kind::closed: return "closed";
  }
  return "kind " + number(kind);
}

std::string to_string(const AssociationTable::Change& change) {
  switch (change.kind) {
    case AssociationTable::Change::Kind::path: return to_string(Notification{change.path});
    case AssociationTable::Change::Kind::shutting_down:
      return to_string(Notification{ShutdownReceived{change.key.id}});
    default: break;
  }
  const std::string text = to_string(Notification{change.association});
  return change.overdue ? text + "; its time was over" : text;
}

}  // namespace sctp::inline v0

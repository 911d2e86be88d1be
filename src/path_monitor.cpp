// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/path_monitor.hpp>

#include <system_error>
#include <variant>

#include "path_list.hpp"

namespace sctp::inline v0 {

PathMonitor::PathMonitor(Association association, std::optional<Address> preferred)
    : association_{association}, preferred_{preferred} {
  association_.subscribe<PeerAddressChange>();
  // A kernel before 5.5 has nothing to expose.
  std::error_code error;
  const option::ExposePotentiallyFailedState all{option::ExposePotentiallyFailedState::Exposure::always};
  association_.set(all, error);
  if (error && error != std::errc::no_protocol_option) association_.set(all);
  if (preferred_) association_.set(option::PrimaryAddr{*preferred_});
  ask();
}

void PathMonitor::ask() {
  const auto now = Clock::now();
  std::vector<Entry> known;
  for (const Path& path : association_.paths()) {
    const auto before = std::ranges::find(paths_, path.address, &Entry::address);
    Entry entry{.address = path.address, .state = path.state, .primary = path.primary, .since = now};
    if (before != paths_.end()) entry.failures = before->failures;
    known.push_back(entry);
  }
  paths_ = std::move(known);
}

void PathMonitor::prefer(const Address& path) {
  association_.set(option::PrimaryAddr{path});
  preferred_ = path;
}

std::optional<PathMonitor::Change> PathMonitor::take(const Received& received) {
  if (received.notification() == nullptr) return std::nullopt;
  return take(*received.notification());
}

std::optional<PathMonitor::Change> PathMonitor::take(const Notification& event) {
  if (association_of(event) != association_.id()) return std::nullopt;
  if (const auto* change = std::get_if<AssociationChange>(&event)) {
    if (change->state == AssociationChange::State::restarted) ask();
    return std::nullopt;
  }
  const auto* told = std::get_if<PeerAddressChange>(&event);
  if (told == nullptr) return std::nullopt;

  const auto before = std::ranges::find(paths_, told->address, &Entry::address);
  const std::optional<Entry> was = before != paths_.end() ? std::optional{*before} : std::nullopt;
  Change change{.event = *told};
  const auto path = note_change(paths_, *told);
  if (path == paths_.end()) return change;
  if (!was || was->state != path->state) path->since = Clock::now();
  if (told->state == PeerAddressChange::State::unreachable) ++path->failures;

  using enum PeerAddressChange::State;
  const bool has_come = told->state == available || told->state == confirmed || told->state == added;
  if (has_come && path->address == preferred_ && !path->primary) {
    std::error_code gone;  // its end, or the path's, is told next
    association_.set(option::PrimaryAddr{path->address}, gone);
    change.preferred_again = !gone;
    if (!gone) {
      PeerAddressChange done = *told;
      done.state = made_primary;
      note_change(paths_, done);
    }
  }
  return change;
}

std::string to_string(const PathMonitor::Change& change) {
  std::string text = to_string(Notification{change.event});
  if (change.preferred_again) text += ", and is made the primary again";
  return text;
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include <sctpxx/notification.hpp>
#include <sctpxx/option/path.hpp>

namespace sctp {

/// What an event makes of a list of paths, which have an `address`, a `state` and whether they are `primary`.
/// Answers the path that it is about; the end when that is in the list no more.
template <class OnePath>
typename std::vector<OnePath>::iterator note_change(std::vector<OnePath>& paths,
                                                    const PeerAddressChange& event) {
  using enum PeerAddressChange::State;
  using State = option::PeerAddrInfo::State;
  auto path = std::ranges::find(paths, event.address, &OnePath::address);
  if (event.state == removed) {
    if (path != paths.end()) paths.erase(path);
    return paths.end();
  }
  if (path == paths.end()) {
    paths.push_back({.address = event.address, .state = State::unconfirmed});
    path = paths.end() - 1;
  }
  switch (event.state) {
    case available:
    case confirmed: path->state = State::available; break;
    case unreachable: path->state = State::unreachable; break;
    case potentially_failed: path->state = State::potentially_failed; break;
    case made_primary:
      for (OnePath& one : paths) one.primary = one.address == event.address;
      break;
    case added:
    case removed: break;
  }
  return path;
}

}  // namespace sctp

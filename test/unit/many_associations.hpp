// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <sctpxx/notification.hpp>
#include <sctpxx/socket_ref.hpp>

#include "association_numbers.hpp"
#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace sctp::test {

/// A one-to-many socket of somebody else, borrowed for a test.
struct ManyAssociations {
  FakeKernel kernel;
  int fd = kernel.open_one_to_many();
  SocketRef socket = SocketRef::borrow(fd, Style::one_to_many);
  std::error_code error;

  ~ManyAssociations() { sys::close(fd); }

  /// As the kernel has it. It is made, and up, where there is none of this number.
  FakeAssociation& of(AssociationId id) { return kernel.association(fd, id); }
};

/// Another seed to look for more: SCTPXX_TEST_SEED.
inline unsigned seed_of_the_test() {
  const char* given = std::getenv("SCTPXX_TEST_SEED");
  return given == nullptr ? 20'260'722U : static_cast<unsigned>(std::stoul(given));
}

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_{seed} {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool one_in(std::size_t bound) { return below(bound) == 0; }
  template <class T>
  T one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::mt19937 engine_;
};

inline AssociationChange came_up(AssociationId id, std::uint16_t outgoing = 10, std::uint16_t incoming = 10) {
  return {.state = AssociationChange::State::up,
          .outgoing_streams = outgoing,
          .incoming_streams = incoming,
          .association = id};
}

inline AssociationChange restarted(AssociationId id) {
  AssociationChange change = came_up(id);
  change.state = AssociationChange::State::restarted;
  return change;
}

/// The event that goes with such an end.
inline AssociationChange ended(AssociationId id, AssociationChange::End end) {
  using End = AssociationChange::End;
  using State = AssociationChange::State;
  const bool in_order = end == End::own_shutdown || end == End::peer_shutdown;
  const State state = in_order               ? State::shutdown_complete
                      : end == End::no_setup ? State::cannot_start
                                             : State::lost;
  return {.state = state, .end = end, .association = id};
}

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <sctpxx/message.hpp>
#include <sctpxx/receive_buffer.hpp>

namespace sctp {

/// Ordered messages that were aborted. The last piece of one may be kept by the kernel (6.1) behind a message
/// that is missing: it comes when the stream goes on, alone, and looks like a whole message.
///
/// The last 256 of them are remembered, each until its stream has gone on.
class LateRests {
 public:
  /// Lets one more be expected. Throws `std::bad_alloc`.
  void make_room();
  /// After `make_room` this does not fail.
  void expect(const Message& aborted) noexcept;
  [[nodiscard]] bool is_empty() const noexcept { return aborted_.empty(); }

  /// It is such a rest, or a part of one.
  [[nodiscard]] bool take(const Piece& piece) noexcept;

  void forget(AssociationId association) noexcept;
  void forget_all() noexcept { aborted_.clear(); }

  /// Lets `take_over` this association's. Throws `std::bad_alloc`.
  void make_room_for(AssociationId association, const LateRests& from);
  void take_over(AssociationId association, LateRests& from) noexcept;

  [[nodiscard]] std::size_t footprint() const noexcept { return aborted_.capacity() * sizeof(Aborted); }

 private:
  struct Aborted {
    AssociationId association;
    StreamId stream;
    std::uint16_t ssn;
    std::uint32_t tsn;  // of its first piece
  };
  void add(const Aborted& message) noexcept;

  std::vector<Aborted> aborted_;
};

}  // namespace sctp

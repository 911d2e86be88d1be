// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "late_rests.hpp"

#include <algorithm>

namespace sctp {
namespace {

constexpr std::size_t remembered = 256;
constexpr std::uint32_t numbers_of_a_stream = 65536;  // of which each message takes one, and a TSN at least

/// RFC 9260 1.6: serial numbers.
bool is_before(std::uint16_t one, std::uint16_t other) noexcept {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(one - other)) < 0;
}

}  // namespace

void LateRests::make_room() {
  if (aborted_.size() == aborted_.capacity()) aborted_.reserve(2 * aborted_.size() + 4);
}

void LateRests::expect(const Message& aborted) noexcept {
  if (!aborted.unordered) add({aborted.association, aborted.stream, aborted.ssn, aborted.tsn});
}

void LateRests::add(const Aborted& message) noexcept {
  if (aborted_.size() == remembered) aborted_.erase(aborted_.begin());
  aborted_.push_back(message);
}

bool LateRests::take(const Piece& piece) noexcept {
  if (!piece.has_info || piece.unordered) return false;
  const auto is_of_its_stream = [&](const Aborted& one) {
    return one.association == piece.association && one.stream == piece.stream;
  };
  const auto rest = std::ranges::find_if(aborted_, [&](const Aborted& one) {
    const std::uint32_t behind = piece.tsn - one.tsn;
    return is_of_its_stream(one) && one.ssn == piece.ssn && behind != 0 && behind < numbers_of_a_stream;
  });
  const bool is_rest = rest != aborted_.end();
  if (piece.end_of_record) {
    std::erase_if(aborted_, [&](const Aborted& one) {
      return is_of_its_stream(one) && !is_before(piece.ssn, one.ssn);
    });
  }
  return is_rest;
}

void LateRests::forget(AssociationId association) noexcept {
  std::erase_if(aborted_, [&](const Aborted& one) { return one.association == association; });
}

void LateRests::make_room_for(AssociationId association, const LateRests& from) {
  const auto moved = std::ranges::count_if(
      from.aborted_, [&](const Aborted& one) { return one.association == association; });
  aborted_.reserve(aborted_.size() + static_cast<std::size_t>(moved) + 1);
}

void LateRests::take_over(AssociationId association, LateRests& from) noexcept {
  for (const Aborted& one : from.aborted_) {
    if (one.association == association) add(one);
  }
  from.forget(association);
}

}  // namespace sctp

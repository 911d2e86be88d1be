// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

/// Plays a script of arrivals (script.hpp) to a ReceiveBuffer and to the plain model of it, and ends the
/// program where they do not tell the same: exactly the messages that were completed, once each, in order,
/// byte for byte.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "script.hpp"
#include "support/compared.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

constexpr std::size_t capacities[] = {1024, 1500, 5000, 65536};
constexpr std::size_t limits[] = {1, 100, 1000, 5000, 20'000, 70'000, 200'000, 16'000'000};

/// Long scripts of large messages teach nothing that shorter ones do not.
constexpr std::size_t most_bytes = std::size_t{200} * 1024;

class Player {
 public:
  explicit Player(Bytes bytes) : script_{bytes}, compared_{from(script_.byte())} {}

  void play() {
    while (!script_.at_end() && given_ < most_bytes) {
      const unsigned step = script_.byte();
      (step & piece_of_message) != 0 ? take_piece(step) : take_other(step);
      check();
    }
    compared_.abandon();
    check();
  }

 private:
  static Compared from(unsigned measures) {
    const std::size_t limit = limits[measures >> 2 & 7];
    const std::size_t total_limits[] = {limit, 3 * limit, 20 * limit, 1'000'000'000};
    return {capacities[measures & 3], limit, total_limits[measures >> 5 & 3]};
  }

  void check() const {
    if (compared_.difference.empty()) return;
    std::fprintf(stderr, "receive_buffer_fuzz: buffer and model disagree:\n%s", compared_.difference.c_str());
    std::abort();
  }

  /// Bytes that are nowhere else.
  Bytes fresh(std::size_t size) {
    fresh_.resize(size);
    for (std::size_t at = 0; at < size; at += sizeof random_) {
      random_ = random_ * 6364136223846793005 + 1442695040888963407;
      std::memcpy(&fresh_[at], &random_, std::min(size - at, sizeof random_));
    }
    given_ += size;
    return fresh_;
  }

  Piece piece(unsigned association, unsigned stream, bool unordered, bool end) {
    ++pieces_;
    Piece one;
    one.has_info = true;
    one.end_of_record = end;
    one.association = AssociationId{static_cast<std::int32_t>(association)};
    one.stream = StreamId{static_cast<std::uint16_t>(stream)};
    one.unordered = unordered;
    one.ppid = Ppid{pieces_ * 3};
    one.ssn = static_cast<std::uint16_t>(pieces_ * 5);
    one.tsn = pieces_ * 7;
    one.context = pieces_ * 11;
    one.source = Address::loopback(Address::Family::v4, static_cast<std::uint16_t>(pieces_ * 13));
    return one;
  }

  void take_piece(unsigned step) {
    Piece one = piece(step & 3, step >> 2 & 3, (step & 0x20) != 0, (step & 0x40) != 0);
    if (one.unordered) one.ssn = static_cast<std::uint16_t>(script_.byte());
    compared_.take(fresh(script_.size()), one, (step & 0x10) != 0 ? Way::piecewise : Way::joined);
  }

  /// The kernel's are below 66 KiB. A hundred pieces are as good as more.
  void take_event(unsigned step, std::size_t at_most, Bytes record) {
    record = record.first(std::min<std::size_t>(record.size(), 100'000));
    at_most = std::max(at_most, record.size() / 100);
    Piece one;
    one.is_notification = true;
    one.end_of_record = (step & half) == 0;
    given_ += record.size();
    compared_.take(record, one, (step & piecewise) != 0 ? Way::piecewise : Way::joined, at_most);
  }

  void take_other(unsigned step) {
    const std::size_t at_most = (step & split) != 0 ? script_.byte() + 1 : SIZE_MAX;
    const Way way = (step & piecewise) != 0 ? Way::piecewise : Way::joined;
    switch (static_cast<Step>(step & 15)) {
      case Step::change: return take_event(step, at_most, change());
      case Step::aborted: return take_event(step, at_most, aborted());
      case Step::shutdown:
        return take_event(step, at_most, shutdown_event(AssociationId{static_cast<int>(script_.byte() & 3)}));
      case Step::failed_send: return take_event(step, at_most, failed_send());
      case Step::event: return take_event(step, at_most, event());
      case Step::record: return take_event(step, at_most, script_.bytes(script_.two_bytes()));
      case Step::piece_without_info: {
        Piece one;
        one.end_of_record = (script_.byte() & 0x80) != 0;
        compared_.take(fresh(script_.size()), one, way, std::max<std::size_t>(at_most, 300));
        return;
      }
      case Step::recorded_piece: {
        const unsigned flags = script_.byte();
        const unsigned association = script_.two_bytes();
        Piece one = piece(association, script_.two_bytes(), (flags & 0x40) != 0, (flags & 0x80) != 0);
        one.ssn = static_cast<std::uint16_t>(script_.two_bytes());
        compared_.take(fresh(script_.two_bytes()), one, way, std::max<std::size_t>(at_most, 1000));
        return;
      }
      case Step::nothing: return take_nothing(way);
      case Step::abandon: compared_.abandon(); return;
      case Step::move: return move();
    }
  }

  Record change() {
    const unsigned what = script_.byte();
    const Bytes info = fresh(script_.size() - 1);
    return assoc_change(
        AssociationChange::State{static_cast<std::uint16_t>(what & 7)},
        {.association = AssociationId{static_cast<int>(what >> 3 & 3)}, .info = as_text(info)});
  }

  Record aborted() {
    const unsigned what = script_.byte();
    const AssociationId association{static_cast<int>(what & 3)};
    if ((what & 0x20) != 0) return old_partial_delivery_event(association);
    return partial_delivery_event(association, StreamId{static_cast<std::uint16_t>(what >> 2 & 3)},
                                  (what & 0x10) != 0);
  }

  Record failed_send() {
    const unsigned what = script_.byte();
    FailedFields fields{.sent = (what & 0x20) != 0,
                        .begins = (what & 8) != 0,
                        .ends = (what & 0x10) != 0,
                        .unordered = (what & 4) != 0,
                        .ppid = Ppid{++pieces_},
                        .context = pieces_,
                        .association = AssociationId{static_cast<int>(what & 3)}};
    fields.payload = as_text(fresh(script_.size() - 1));
    return (what & 0x40) != 0 ? old_send_failed(fields) : send_failed_event(fields);
  }

  Record event() {
    struct {
      std::uint16_t type;
      std::uint16_t flags;
      std::uint32_t length;
    } header{};
    header.type = static_cast<std::uint16_t>(0x8000 + script_.byte());
    header.flags = static_cast<std::uint16_t>(script_.byte());
    return record_of(header, script_.bytes(script_.byte()));
  }

  void take_nothing(Way way) {
    std::byte room{};
    std::error_code error;
    bool any = false;
    if (way == Way::joined) {
      any = compared_.buffer.prepare().empty();
      any |= compared_.buffer.commit(Piece{.end_of_record = true}, error).has_value();
    } else {
      compared_.buffer.prepare_piece({&room, 1});
      any = compared_.buffer.commit_piece(Piece{.end_of_record = true}, error).has_value();
    }
    if (any || error || compared_.buffer.next()) compared_.difference = "something came of nothing\n";
  }

  void move() {
    ReceiveBuffer other{std::move(compared_.buffer)};
    if (compared_.buffer.unfinished() != 0) compared_.difference = "it is not empty after a move\n";
    compared_.buffer = std::move(other);
  }

  Script script_;
  Compared compared_;
  std::vector<std::byte> fresh_;
  std::size_t given_ = 0;
  std::uint64_t random_ = 1;
  std::uint32_t pieces_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Player{std::as_bytes(std::span{data, size})}.play();
  return 0;
}

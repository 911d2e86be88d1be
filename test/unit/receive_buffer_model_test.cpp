// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <compare>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <sctpxx/receive_buffer.hpp>

#include "support/catch.hpp"
#include "support/compared.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

/// What a kernel lets begin while a message is open.
enum class Mode : std::uint8_t {
  one_at_a_time,       // nothing
  one_an_association,  // messages of other associations
  interleaved,         // I-DATA: messages of other streams too, and of the other order
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_{seed} {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool one_in(std::size_t bound) { return below(bound) == 0; }
  std::string bytes(std::size_t size) {
    std::string bytes(size, ' ');
    for (char& byte : bytes) byte = static_cast<char>(engine_());
    return bytes;
  }
  /// Mostly small.
  std::size_t size(std::size_t most) { return 1 + below(one_in(4) ? most : 40); }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::mt19937 engine_;
};

/// A piece of a message with other numbers than any before it.
Piece next_piece(AssociationId association, StreamId stream, bool unordered, bool end) {
  static std::uint32_t count = 0;
  Piece piece;
  piece.has_info = true;
  piece.end_of_record = end;
  piece.association = association;
  piece.stream = stream;
  piece.unordered = unordered;
  piece.ppid = Ppid{++count};
  piece.ssn = static_cast<std::uint16_t>(count * 3);
  piece.tsn = count * 5;
  piece.context = count * 7;
  piece.source = Address::loopback(Address::Family::v6, static_cast<std::uint16_t>(count));
  return piece;
}

/// Unordered messages of a stream are told apart by their number.
Piece next_piece_of(const Piece& first, bool end) {
  Piece piece = next_piece(first.association, first.stream, first.unordered, end);
  if (first.unordered) piece.ssn = first.ssn;
  return piece;
}

Record random_event(Random& random, AssociationId association) {
  const std::string info = random.bytes(random.below(300));
  switch (random.below(8)) {
    case 0: return shutdown_event(association);
    case 1: return unknown_event(0x8099, 8 + random.below(2000));
    case 2: return adaptation_event(7, association);
    case 3: return remote_error(Cause::unrecognized_chunk, association, info);
    case 4: return assoc_change(State::up, {.association = association, .info = info});
    case 5: return Record(1 + random.below(40), std::byte{0x80});
    default: {
      FailedFields fields{.sent = random.one_in(2),
                          .begins = random.one_in(2),
                          .ends = random.one_in(3),
                          .association = association,
                          .payload = info};
      return random.one_in(2) ? send_failed_event(fields) : old_send_failed(fields);
    }
  }
}

/// The next thing that such a kernel may hand out.
bool take_anything(Compared& compared, Random& random, Mode mode, Way way) {
  const AssociationId association{static_cast<int>(5 + random.below(3))};
  std::vector<Piece> open;
  for (const Piece& one : compared.model.open()) {
    if (mode == Mode::one_at_a_time || one.association == association) open.push_back(one);
  }
  const std::size_t at_most = random.one_in(3) ? 1 + random.below(50) : SIZE_MAX;
  Piece event;
  event.is_notification = true;
  event.end_of_record = true;
  const std::size_t dice = random.below(100);
  if (dice < 80) {
    Piece piece = next_piece(association, StreamId{static_cast<std::uint16_t>(random.below(4))},
                             random.one_in(3), random.one_in(2));
    if (!open.empty() && (mode != Mode::interleaved || random.one_in(2))) {
      piece = next_piece_of(random.one_of(open), random.one_in(3));
    } else if (!compared.model.aborted().empty() && random.one_in(2)) {
      const Piece& aborted = random.one_of(compared.model.aborted());
      piece = next_piece(aborted.association, aborted.stream, false, random.one_in(2));
      piece.ssn = aborted.ssn;
    }
    return compared.take(as_bytes(random.bytes(random.size(5000))), piece, way);
  }
  if (dice < 86) {
    if (open.empty()) return compared.take(partial_delivery_event(association), event, way, at_most);
    const Piece& aborted = random.one_of(open);
    const auto record = mode == Mode::interleaved
                            ? partial_delivery_event(aborted.association, aborted.stream, aborted.unordered)
                            : partial_delivery_event(aborted.association);
    return compared.take(record, event, way, at_most);
  }
  if (dice < 90) {
    const std::vector<State> ends{State::lost, State::restarted, State::shutdown_complete,
                                  State::cannot_start};
    const std::string info = random.bytes(random.below(200));
    return compared.take(assoc_change(random.one_of(ends), {.association = association, .info = info}), event,
                         way, at_most);
  }
  if (dice == 90) {
    Piece of_whom;
    of_whom.end_of_record = random.one_in(2);
    return compared.take(as_bytes("whose?"), of_whom, way);
  }
  return compared.take(random_event(random, association), event, way, at_most);
}

TEST_CASE("Pieces and events in any order give what a plain model of them gives") {
  const auto mode = GENERATE(Mode::one_at_a_time, Mode::one_an_association, Mode::interleaved);
  const unsigned seed = GENERATE(range(1U, 7U));
  CAPTURE(mode, seed);
  Random random{seed};
  const std::size_t limit = seed % 2 == 0 ? 6000 : 50'000;
  const std::size_t total_limit = seed < 3 ? limit : 4096 * limit;
  Compared compared{1024, limit, total_limit};
  for (int step = 0; step != 3000; ++step) {
    // Few change their mind in the middle of a message; some do.
    const Way way = (seed % 3 == 0) != random.one_in(20) ? Way::piecewise : Way::joined;
    if (!take_anything(compared, random, mode, way)) {
      CAPTURE(step);
      FAIL(compared.difference);
    }
  }
  REQUIRE(compared.abandon());
  REQUIRE(compared.buffer.unfinished() == 0);
}

// ---- Without the model: what was sent against what was told.

struct Key {
  AssociationId association;
  StreamId stream;
  bool unordered;
  auto operator<=>(const Key&) const = default;
};

struct Sent {
  Piece first;
  std::string bytes;
  std::size_t given = 0;
};

struct Whole {
  Ppid ppid;
  std::uint32_t tsn;
  std::string bytes;
  bool operator==(const Whole&) const = default;
};

/// By message; those of one key are in order.
struct Delivered {
  std::map<Key, std::vector<Whole>> whole;
  std::map<Key, std::vector<std::size_t>> aborted;  // after so many bytes
  bool operator==(const Delivered&) const = default;
};

Key key_of(const Piece& piece) { return {piece.association, piece.stream, piece.unordered}; }

/// Listens to a ReceiveBuffer. What comes in pieces it puts together by their offsets.
struct Listening {
  ReceiveBuffer buffer{1024};
  Delivered delivered;
  std::map<std::pair<Key, std::uint16_t>, std::string> growing;

  void hear(const Message& message) {
    delivered.whole[{message.association, message.stream, message.unordered}].push_back(
        {message.ppid, message.tsn, std::string{as_text(message.payload)}});
  }
  void hear(const MessagePiece& piece) {
    const Key key{piece.part.association, piece.part.stream, piece.part.unordered};
    std::string& bytes = growing[{key, piece.part.ssn}];
    REQUIRE(piece.offset == bytes.size());
    bytes += as_text(piece.part.payload);
    if (!piece.last) return;
    Message whole = piece.part;
    whole.payload = as_bytes(bytes);
    hear(whole);
    bytes.clear();
  }
  void hear(const PartialDeliveryAborted& event) {
    const Key key{event.association, event.stream, event.unordered};
    delivered.aborted[key].push_back(event.received);
    std::erase_if(growing, [&](const auto& one) { return one.first.first == key; });
  }
  void hear(const Notification& event) {
    if (const auto* aborted = std::get_if<PartialDeliveryAborted>(&event)) hear(*aborted);
  }

  /// One read. Answers how much of `bytes` it took.
  std::size_t read(Bytes bytes, Piece piece, Way way) {
    std::vector<std::byte> own(700);
    if (way == Way::piecewise) buffer.prepare_piece(own);
    const MutableBytes room = way == Way::piecewise ? MutableBytes{own} : buffer.prepare();
    piece.size = std::min(bytes.size(), room.size());
    piece.end_of_record = piece.end_of_record && piece.size == bytes.size();
    std::memcpy(room.data(), bytes.data(), piece.size);
    std::error_code error;
    const auto tell = [&](const auto& received) {
      if (received) received->match([&](const auto& one) { this->hear(one); });
    };
    way == Way::piecewise ? tell(buffer.commit_piece(piece, error)) : tell(buffer.commit(piece, error));
    REQUIRE(!error);
    while (const auto more = buffer.next()) hear(*more);
    return piece.size;
  }
  void read_event(const Record& record, Way way) {
    Piece piece;
    piece.is_notification = true;
    piece.end_of_record = true;
    for (Bytes rest = record; !rest.empty();) rest = rest.subspan(read(rest, piece, way));
  }
};

TEST_CASE("Whatever was sent whole comes out whole, once, and in order; what was cut off is told") {
  const auto mode = GENERATE(Mode::one_at_a_time, Mode::one_an_association, Mode::interleaved);
  const auto way = GENERATE(Way::joined, Way::piecewise);
  const unsigned seed = GENERATE(range(11U, 15U));
  CAPTURE(mode, way, seed);
  Random random{seed};
  Listening listening;
  Delivered expected;
  std::map<Key, Sent> open;
  const auto abort = [&](const Sent& sent) {
    if (sent.given != 0) expected.aborted[key_of(sent.first)].push_back(sent.given);
  };

  int left = 1000;
  while (left != 0 || !open.empty()) {
    // Begins another message where the mode lets it, or goes on with one.
    const Key key{AssociationId{static_cast<int>(1 + random.below(4))},
                  StreamId{static_cast<std::uint16_t>(random.below(6))}, random.one_in(3)};
    const bool may_begin = std::ranges::none_of(open, [&](const auto& one) {
      return mode == Mode::one_at_a_time ||
             (mode == Mode::one_an_association ? one.first.association == key.association : one.first == key);
    });
    if (left != 0 && may_begin) {
      --left;
      open[key] = {.first = next_piece(key.association, key.stream, key.unordered, false),
                   .bytes = random.bytes(random.size(9000))};
    }
    auto one = open.begin();
    std::advance(one, static_cast<std::ptrdiff_t>(random.below(open.size())));
    Sent& sent = one->second;
    const AssociationId association = one->first.association;

    if (sent.given != 0 && random.one_in(20)) {
      listening.read_event(mode == Mode::interleaved
                               ? partial_delivery_event(association, one->first.stream, one->first.unordered)
                               : partial_delivery_event(association),
                           way);
      abort(sent);
      open.erase(one);
      continue;
    }
    if (random.one_in(200)) {
      listening.read_event(assoc_change(State::restarted, {.association = association}), way);
      for (const auto& [which, cut] : open) {
        if (which.association == association) abort(cut);
      }
      std::erase_if(open, [&](const auto& which) { return which.first.association == association; });
      continue;
    }
    if (mode == Mode::interleaved && sent.given != 0 && one->first.unordered && random.one_in(4)) {
      // I-DATA hands whole unordered messages out beside the one that is open.
      const std::string beside = random.bytes(random.size(3000));
      const Piece first = next_piece(association, one->first.stream, true, true);
      Piece piece = first;
      for (Bytes rest = as_bytes(beside); !rest.empty(); piece = next_piece_of(first, true)) {
        rest = rest.subspan(listening.read(rest, piece, way));
      }
      expected.whole[one->first].push_back({first.ppid, first.tsn, beside});
      continue;
    }
    const Bytes rest = as_bytes(sent.bytes).subspan(sent.given);
    const std::size_t size = random.one_in(2) ? rest.size() : 1 + random.below(rest.size());
    Piece piece = sent.given == 0 ? sent.first : next_piece_of(sent.first, false);
    piece.end_of_record = size == rest.size();
    sent.given += listening.read(rest.first(size), piece, way);
    if (sent.given != sent.bytes.size()) continue;
    expected.whole[one->first].push_back({sent.first.ppid, sent.first.tsn, sent.bytes});
    open.erase(one);
  }
  REQUIRE(listening.delivered == expected);
  REQUIRE(listening.buffer.unfinished() == 0);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <sctpxx/error.hpp>
#include <sctpxx/receive_buffer.hpp>

#include "support/records.hpp"

/// What a ReceiveBuffer makes of pieces, as text that a test can state.
namespace sctp::test {

inline constexpr AssociationId ours{5};

/// "s3 'hello'", "s3u aborted after 5", "lost 'because'": short enough for a test to spell out. Long payloads
/// are their size and first byte: "s3 60000*a".
inline std::string describe(const Received& received) {
  const auto name = [](StreamId stream, bool unordered) {
    return "s" + to_string(stream) + (unordered ? "u" : "");
  };
  if (!received) return "nothing";
  return received.match(
      [&](const Message& message) {
        const auto text = std::string{as_text(message.payload)};
        return name(message.stream, message.unordered) + " " +
               (text.size() < 40 ? "'" + text + "'" : std::to_string(text.size()) + "*" + text[0]);
      },
      [&](const PartialDeliveryAborted& event) {
        return name(event.stream, event.unordered) + " aborted after " + std::to_string(event.received);
      },
      [](const AssociationChange& event) {
        return to_string(event.state) +
               (event.info.empty() ? "" : " '" + std::string{as_text(event.info)} + "'");
      },
      [](const ShutdownReceived&) { return std::string{"shutdown"}; },
      [](const UnknownNotification& event) { return "unknown " + std::to_string(event.record.size()); },
      [](const auto& event) { return to_string(event); });
}

/// A ReceiveBuffer, and what it has said to the pieces that it was given.
struct Transcript {
  ReceiveBuffer buffer;
  std::string said;
  std::string (*teller)(const Received&) = describe;

  explicit Transcript(std::size_t capacity = ReceiveBuffer::default_capacity,
                      std::size_t limit = ReceiveBuffer::default_limit,
                      std::size_t total_limit = ReceiveBuffer::default_total_limit)
      : buffer{capacity, limit, total_limit} {}

  void say(const std::string& word) { said += (said.empty() ? "" : "; ") + word; }

  /// Hands `bytes` over as the kernel does, in as many pieces as they take, and asks for all that follows.
  void take(Bytes bytes, Piece piece, std::size_t at_most = SIZE_MAX) {
    const bool ends = piece.end_of_record;
    while (!bytes.empty()) {
      const MutableBytes room = buffer.prepare();
      piece.size = std::min({bytes.size(), room.size(), at_most});
      std::memcpy(room.data(), bytes.data(), piece.size);
      bytes = bytes.subspan(piece.size);
      piece.end_of_record = ends && bytes.empty();
      std::error_code error;
      if (const auto received = buffer.commit(piece, error)) say(teller(*received));
      if (error) say(error.message().substr(0, error.message().find(" (")));
      while (const auto more = buffer.next()) say(teller(*more));
    }
  }
  void take(std::string_view text, const Piece& piece) { take(as_bytes(text), piece); }
  void take_event(const Record& record, std::size_t at_most = SIZE_MAX) {
    Piece piece;
    piece.end_of_record = true;
    piece.is_notification = true;
    take(record, piece, at_most);
  }

  /// What was said since the last time.
  std::string since() { return std::exchange(said, {}); }
};

struct On {
  int stream = 0;
  bool end = true;
  bool unordered = false;
  int association = 5;

  operator Piece() const {
    Piece piece;
    piece.has_info = true;
    piece.end_of_record = end;
    piece.stream = StreamId{static_cast<std::uint16_t>(stream)};
    piece.unordered = unordered;
    piece.association = AssociationId{association};
    return piece;
  }
};
inline On begins_on(int stream, bool unordered = false, int association = 5) {
  return {stream, false, unordered, association};
}
inline On ends_on(int stream, bool unordered = false, int association = 5) {
  return {stream, true, unordered, association};
}

inline const std::string over_limit = "a message passed the limit of its ReceiveBuffer and was dropped";
inline const std::string no_info = "a message came without SCTP_RCVINFO and was dropped";

}  // namespace sctp::test

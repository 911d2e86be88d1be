// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "transcript.hpp"

/// What a ReceiveBuffer makes of pieces that are to be handed out one by one, as text that a test can state.
namespace sctp::test {

/// "s3@0 'hel'", "s3@3 'lo' last"; where the bytes are not in `room`: "s3@0 'hello' last, joined". Events as
/// `teller` says.
inline std::string describe(const ReceivedPiece& received, MutableBytes room,
                            std::string (*teller)(const Received&) = describe) {
  const MessagePiece* piece = received.piece();
  if (piece == nullptr) return received ? teller(*received.notification()) : "nothing";
  std::string said = describe(Received{piece->part});
  said.insert(said.find(' '), "@" + std::to_string(piece->offset));
  if (piece->last) said += " last";
  if (piece->part.payload.data() != room.data()) said += ", joined";
  return said;
}

/// A ReceiveBuffer that is read in both ways, and what it has said.
struct PieceTranscript : Transcript {
  using Transcript::Transcript;

  /// Hands `bytes` over in rooms of this size, each of which is another's memory afterwards.
  void take_pieces(Bytes bytes, Piece piece, std::size_t room_size = 64) {
    const bool ends = piece.end_of_record;
    while (!bytes.empty()) {
      std::vector<std::byte> room(room_size);
      buffer.prepare_piece(room);
      piece.size = std::min(bytes.size(), room.size());
      std::memcpy(room.data(), bytes.data(), piece.size);
      bytes = bytes.subspan(piece.size);
      piece.end_of_record = ends && bytes.empty();
      std::error_code error;
      const auto received = buffer.commit_piece(piece, error);
      if (received && received->piece() != nullptr) say(describe(*received, room));
      std::ranges::fill(room, std::byte{0x11});
      if (received && received->piece() == nullptr) say(describe(*received, room, teller));
      if (error) say(error.message().substr(0, error.message().find(" (")));
      while (const auto more = buffer.next()) say(teller(*more));
    }
  }
  void take_pieces(std::string_view bytes, const Piece& piece, std::size_t room_size = 64) {
    take_pieces(as_bytes(bytes), piece, room_size);
  }
  void take_event_pieces(const Record& record, std::size_t room_size = 64) {
    Piece piece;
    piece.end_of_record = true;
    piece.is_notification = true;
    take_pieces(record, piece, room_size);
  }
};

}  // namespace sctp::test

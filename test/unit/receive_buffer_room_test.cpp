// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include <sctpxx/receive_buffer.hpp>

#include "support/catch.hpp"
#include "transcript.hpp"

/// How much room there is for one read.
namespace {

using namespace sctp;
using namespace sctp::test;

/// Gives the buffer a message in as few pieces as it has room for, none larger than `most`.
struct Joined {
  std::size_t first_room = 0;
  int pieces = 0;
  bool is_in_place = false;
};
Joined join_one(ReceiveBuffer& buffer, const std::string& sent, std::size_t most = SIZE_MAX) {
  Joined joined;
  const std::byte* begin = nullptr;
  for (std::size_t done = 0; done != sent.size(); ++joined.pieces) {
    const MutableBytes room = buffer.prepare();
    if (done == 0) {
      begin = room.data();
      joined.first_room = room.size();
    }
    Piece piece = begins_on(1);
    piece.size = std::min({room.size(), sent.size() - done, most});
    std::memcpy(room.data(), sent.data() + done, piece.size);
    done += piece.size;
    piece.end_of_record = done == sent.size();
    std::error_code error;
    const auto received = buffer.commit(piece, error);
    REQUIRE_FALSE(error);
    REQUIRE(received.has_value() == piece.end_of_record);
    if (!received) continue;
    CHECK(as_text(received->message()->payload) == sent);
    joined.is_in_place = received->message()->payload.data() == begin;
  }
  return joined;
}

std::string text_of_size(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i != text.size(); ++i) text[i] = static_cast<char>(i / 7);
  return text;
}

TEST_CASE("A message larger than the first room is read at once, and not copied, when such a one has come") {
  ReceiveBuffer buffer{4096};
  const std::string sent = text_of_size(20'000);
  const Joined first = join_one(buffer, sent);
  CHECK(first.first_room == 4096);
  CHECK(first.pieces > 1);
  for (int round = 0; round != 5; ++round) {
    const Joined later = join_one(buffer, sent);
    CHECK(later.first_room >= sent.size());
    CHECK(later.pieces == 1);
    CHECK(later.is_in_place);
  }
}

TEST_CASE("A message that comes in pieces, however large the room, is not copied either, once warm") {
  ReceiveBuffer buffer{4096};
  const std::string sent = text_of_size(20'000);
  for (int round = 0; round != 5; ++round) {
    const Joined joined = join_one(buffer, sent, 6'000);
    if (round == 0) continue;
    CHECK(joined.pieces == 4);
    CHECK(joined.is_in_place);
  }
}

TEST_CASE("The room for one read grows to 512 KiB at most") {
  ReceiveBuffer buffer;
  for (int round = 0; round != 4; ++round) {
    const Joined joined = join_one(buffer, text_of_size(std::size_t{3} * 1024 * 1024));
    CHECK(joined.first_room <= std::size_t{512} * 1024);
    CHECK(joined.pieces > 1);
  }
}

TEST_CASE("A message that does not fill the room leaves it to the next one") {
  // What a message holds counts against the limit: one byte must not hold a room.
  ReceiveBuffer buffer{64 * 1024, 1024 * 1024, 1024 * 1024};
  const std::size_t before = [&] {
    static_cast<void>(buffer.prepare());
    return buffer.footprint();
  }();
  for (int stream = 0; stream != 10; ++stream) {
    buffer.prepare()[0] = std::byte{1};
    Piece piece = begins_on(stream);
    piece.size = 1;
    std::error_code error;
    CHECK_FALSE(buffer.commit(piece, error));
    REQUIRE_FALSE(error);
  }
  CHECK(buffer.footprint() < before + std::size_t{2} * 64 * 1024);
}

}  // namespace

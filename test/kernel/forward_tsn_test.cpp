// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "by_hand.hpp"
#include "hostile.hpp"
#include "one_to_many.hpp"

using test::Delivery;
using test::Many;
using test::hostile::Peer;

// The peer gives messages up, which it says in FORWARD-TSN, or I-FORWARD-TSN, chunks. Where packets are
// doubled or overtaken, such a chunk comes twice, or late.

namespace {

constexpr std::size_t window = 6;  // parts: so many are handed out although the message goes on

/// A service, and a peer of it whose message on stream 1 is being handed out.
struct Cut {
  test::hostile::Wrapping wrapping;
  Many many;
  Peer peer;

  Cut(bool interleaves, std::uint16_t ssn)
      : many{test::listen_to_many(
            interleaves ? Delivery::interleaves_messages : Delivery::interleaves_peers,
            [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{12'000}); })},
        peer{many.address()} {
    peer.associate(interleaves);
    many.next_up();
    peer.begin_message(1, window, ssn);
    test::read_beginning(many.socket, many.buffer);
    CHECK(test::describe(many.socket.try_receive(many.buffer), {}) == "would block");
    CHECK(many.buffer.unfinished() == 1);
  }
};

}  // namespace

TEST_CASE("A FORWARD-TSN that comes late cuts off whatever is handed out, and its stream stands still",
          "[forward_tsn]") {
  Cut cut{false, 0};
  cut.peer.give_up(0, {});
  CHECK(cut.many.next() == "a message was aborted");
  cut.peer.send_part(1, "the rest", false, true, 0);
  cut.peer.send_part(1, "next", true, true, 1);
  cut.peer.send_part(2, "other", true, true);
  CHECK(cut.many.next() == "message other");
  // Nor does any other message begin that is larger than the window.
  cut.peer.begin_message(3, 2 * window);
  cut.peer.abort();
  CHECK(cut.many.next() == "lost: no cause given");
}

TEST_CASE("The rest of a message that was cut off comes alone, and the library drops it", "[forward_tsn]") {
  const bool by_hand = GENERATE(true, false);
  CAPTURE(by_hand);
  Cut cut{false, 1};  // the one before it on its stream is missing
  cut.peer.send_part(1, "the rest", false, true, 1);
  cut.peer.give_up(0, {});
  CHECK(cut.many.next() == "a message was aborted");
  cut.peer.give_up(0, {{1, 0}});
  cut.peer.send_part(1, "next", true, true, 2);
  if (by_hand) {
    std::array<std::byte, 100> room{};
    test::wait_for(cut.many.socket.fd(), POLLIN);
    const auto rest = test::read_piece(cut.many.socket, room);
    CHECK(sctp::as_text(sctp::Bytes{room}.first(rest.value().piece.size)) == "the rest");
    CHECK(rest->piece.end_of_record);
  }
  CHECK(cut.many.next() == "message next");
}

TEST_CASE("Under I-DATA giving a message up can cut another off, and the next piece of that ends all",
          "[forward_tsn]") {
  const test::Permission permission{"intl_enable"};
  Cut cut{true, 0};
  cut.peer.skip();
  cut.peer.give_up(cut.peer.last_tsn(), {{2, 0}});
  CHECK(cut.many.next() == "a message was aborted");
  cut.peer.send_part(1, "the rest", false, true, 0);
  CHECK(cut.many.next() == "lost: protocol violation");
}

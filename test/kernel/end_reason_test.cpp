// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::Style;
using test::any_mode;
using test::any_style;
using test::Mode;
using test::tell;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

// How an association ended is told once, with its reason, and then there is nothing more. The kernel would
// let a reader wait for ever.

namespace {

const std::string reset = "error: Connection reset by peer";
const std::string aborted = "error: Software caused connection abort";
const std::string timed_out = "error: Connection timed out";

/// One side of an association, whatever style its socket has.
struct Side {
  sctp::SocketRef socket;
  sctp::ReceiveBuffer buffer;
  Mode mode = Mode::blocking;

  sctp::Received receive(std::error_code& error) {
    for (;;) {
      if (mode == Mode::blocking) return socket.receive(buffer, error);
      const auto received = socket.try_receive(buffer, error);
      if (received.status() != sctp::Received::Status::would_block) return received;
      test::wait_for(socket.fd(), POLLIN);
    }
  }

  /// All that is told up to the end of the association, and then three answers more.
  Answers to_the_end() {
    Answers answers;
    for (std::size_t over = 0; over != 3;) {
      std::error_code error;
      const bool many = socket.style() == Style::one_to_many;
      const auto received = many && over != 0 ? socket.try_receive(buffer, error) : receive(error);
      answers.push_back(tell(received, error));
      const auto* event = received.notification();
      const auto* change = event ? std::get_if<sctp::AssociationChange>(event) : nullptr;
      const bool has_ended = change != nullptr && change->end != sctp::AssociationChange::End::none;
      if (over != 0 || (many ? has_ended : !received && !error)) ++over;
    }
    return answers;
  }
};

/// What `to_the_end` answers when this is all that there is to tell.
Answers ended(Style style, Answers told, const std::string& error = {}) {
  const bool many = style == Style::one_to_many;
  if (!many && !error.empty()) told.push_back(error);
  told.insert(told.end(), many ? 2 : 3, many ? "would block" : "end of stream");
  return told;
}

/// A client's association with a server of some style, and the server's side of it, which `up` is read from.
struct Pair {
  test::Way way;
  test::Receiver receiver;
  sctp::OneToOneSocket client;
  Side server;

  explicit Pair(Style style, Mode mode, const test::Tune& tune = test::retransmit_soon)
      : way{style, test::Delivery::one_by_one},
        receiver{way, tune},
        client{receiver.connect(tune)},
        server{receiver.socket(), sctp::ReceiveBuffer{}, mode} {}

  [[nodiscard]] sctp::Association association() const { return {server.socket, receiver.association()}; }
};

}  // namespace

TEST_CASE("The side that shuts down is told when that is done", "[end_reason]") {
  const Style style = any_style();
  Pair pair{style, any_mode()};
  INFO(test::name(pair.way) << ", " << test::name(pair.server.mode));
  pair.association().shutdown();
  CHECK(pair.server.to_the_end() == ended(style, {"shut down, by us"}));
}

TEST_CASE("The side that the peer shuts down is told of both the beginning and the end", "[end_reason]") {
  const Style style = any_style();
  Pair pair{style, any_mode()};
  INFO(test::name(pair.way) << ", " << test::name(pair.server.mode));
  SECTION("by a shutdown") { pair.client.shutdown(); }
  SECTION("by a close") { pair.client.close(); }
  CHECK(pair.server.to_the_end() == ended(style, {"the peer shuts down", "shut down, by the peer"}));
}

TEST_CASE("Where both sides shut down at once each of them has done so", "[end_reason]") {
  const Style style = any_style();
  Pair pair{style, any_mode()};
  INFO(test::name(pair.way) << ", " << test::name(pair.server.mode));
  Side client{pair.client, sctp::ReceiveBuffer{}, pair.server.mode};
  {
    const test::Outage neither_is_heard;
    pair.association().shutdown();
    pair.client.shutdown();
  }
  CHECK(client.to_the_end() == ended(Style::one_to_one, {"up, not ended", "shut down, by us"}));
  CHECK(pair.server.to_the_end() == ended(style, {"shut down, by us"}));
}

TEST_CASE("The peer's abort is told with everything that it says", "[end_reason]") {
  const Style style = any_style();
  test::Forger forger;
  Pair pair{style, any_mode()};
  INFO(test::name(pair.way) << ", " << test::name(pair.server.mode));
  const auto abort = [&](std::string_view causes) {
    constexpr std::uint8_t type = 6;
    forger.send(pair.client.local_address(), pair.receiver.address(), test::chunk(type, causes));
  };
  SECTION("a reason in words") {
    abort(test::error_cause(sctp::Cause::user_initiated_abort, "going home"));
    CHECK(pair.server.to_the_end() ==
          ended(style,
                {"lost, aborted by the peer, user initiated abort, user initiated abort \"going home\""},
                reset));
  }
  SECTION("several causes") {
    abort(test::error_cause(sctp::Cause::out_of_resource, "") +
          test::error_cause(sctp::Cause::protocol_violation, "no"));
    CHECK(pair.server.to_the_end() ==
          ended(style,
                {"lost, aborted by the peer, out of resource, out of resource, protocol violation \"no\""},
                reset));
  }
  SECTION("nothing") {
    abort("");
    // A one-to-many socket has no error of its own that could tell it from silence.
    const bool many = style == Style::one_to_many;
    CHECK(pair.server.to_the_end() ==
          ended(style, {many ? "lost, no answer" : "lost, aborted by the peer"}, reset));
  }
}

TEST_CASE("The reason that a program gives for its abort arrives", "[end_reason]") {
  const Mode mode = any_mode();
  INFO(test::name(mode));
  test::Receiver receiver{{Style::one_to_many, test::Delivery::one_by_one}};
  const sctp::OneToOneSocket socket = receiver.connect();
  Side client{socket, sctp::ReceiveBuffer{}, mode};
  sctp::Association{receiver.socket(), receiver.association()}.abort("going home");
  CHECK(client.to_the_end() ==
        ended(Style::one_to_one,
              {"up, not ended",
               "lost, aborted by the peer, user initiated abort, user initiated abort \"going home\""},
              reset));
}

TEST_CASE("A peer that does not answer is told as such", "[end_reason]") {
  const Style style = any_style();
  Pair pair{style, any_mode(), [](const sctp::SocketRef& socket) {
              socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
            }};
  INFO(test::name(pair.way) << ", " << test::name(pair.server.mode));
  test::set_loopback_up(false);
  pair.association().send(sctp::as_bytes("anybody there?"));
  const Answers told = pair.server.to_the_end();
  test::set_loopback_up(true);
  CHECK(told == ended(style, {"lost, no answer"}, timed_out));
}

TEST_CASE("Our own abort is told where the socket lives on", "[end_reason]") {
  const Style style = GENERATE(Style::one_to_many, Style::peeled_off);
  Pair pair{style, any_mode()};
  INFO(test::name(pair.way) << ", " << test::name(pair.server.mode));
  pair.association().abort();
  CHECK(pair.server.to_the_end() == ended(style, {"lost, aborted by us, user initiated abort"}, aborted));
}

TEST_CASE("An abort by our own kernel is told with its cause", "[end_reason]") {
  const Style style = any_style();
  test::Forger forger;
  Pair pair{style, any_mode()};
  INFO(test::name(pair.way) << ", " << test::name(pair.server.mode));
  constexpr std::uint8_t acknowledgement = 3;  // which cannot be this short
  forger.send(pair.client.local_address(), pair.receiver.address(), test::chunk(acknowledgement, ""));
  CHECK(pair.server.to_the_end() == ended(style, {"lost, aborted by us, protocol violation"}, aborted));
}

TEST_CASE("A setup that is refused is told once, and may be tried again", "[end_reason]") {
  sctp::Listener listener = test::listen();
  const sctp::Address nobody = listener.local_address();
  listener.close();
  sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  sctp::ReceiveBuffer buffer;
  std::error_code error;
  const auto told = [&](const sctp::Received& received) { return tell(received, error); };
  SECTION("by a call that waits") {
    socket.connect(nobody, error);
    CHECK(error == std::errc::connection_refused);
    CHECK(told(socket.receive(buffer, error)) == "unable to start, not set up");
  }
  SECTION("by a call that does not") {
    CHECK_FALSE(socket.try_connect(nobody));
    test::wait_for(socket.fd(), POLLIN);
    CHECK(told(socket.try_receive(buffer, error)) == "unable to start, not set up");
    CHECK(told(socket.try_receive(buffer, error)) == "error: Connection refused");
  }
  for (int i = 0; i != 3; ++i) {
    CHECK(told(socket.receive(buffer, error)) == "end of stream");
    CHECK(told(socket.try_receive(buffer, error)) == "would block");
  }
  sctp::Listener now = test::listen();
  socket.connect(now.local_address());
  CHECK(told(socket.receive(buffer, error)) == "up, not ended");
}

TEST_CASE("A setup that nobody answers is told once", "[end_reason]") {
  sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
  socket.set(sctp::option::InitMsg{.attempts = 1});
  sctp::ReceiveBuffer buffer;
  std::error_code error;
  const auto told = [&](const sctp::Received& received) { return tell(received, error); };
  SECTION("by a call that waits") {
    socket.connect(test::blackhole, error);
    CHECK(error == std::errc::timed_out);
    CHECK(told(socket.receive(buffer, error)) == "unable to start, not set up");
  }
  SECTION("by a call that does not") {
    CHECK_FALSE(socket.try_connect(test::blackhole));
    test::wait_for(socket.fd(), POLLIN);
    CHECK(told(socket.try_receive(buffer, error)) == "unable to start, not set up");
    CHECK(told(socket.try_receive(buffer, error)) == timed_out);
  }
  CHECK(told(socket.receive(buffer, error)) == "end of stream");
}

TEST_CASE("A setup of a one-to-many socket that is refused is told", "[end_reason]") {
  sctp::Listener listener = test::listen();
  const sctp::Address nobody = listener.local_address();
  listener.close();
  const sctp::OneToManySocket socket = test::listen_to_many();
  socket.connect(nobody);
  Side side{socket, sctp::ReceiveBuffer{}};
  CHECK(side.to_the_end() == ended(Style::one_to_many, {"unable to start, not set up"}));
}

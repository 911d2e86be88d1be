// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::OneToOneSocket;
using State = sctp::AssociationChange::State;
using test::any_mode;
using test::Many;
using test::Mode;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

// How the association of a peeled-off socket ends: as that of any other socket which has one.

namespace {

const std::string reset = "error: Connection reset by peer";

/// One that was peeled off, beside one that was not.
struct Peeled {
  Many parent;
  OneToOneSocket client;
  AssociationId id;
  OneToOneSocket bystander;
  AssociationId bystander_id;
  sctp::ReceiveBuffer buffer;
  OneToOneSocket peer;
  sctp::ReceiveBuffer client_buffer;

  explicit Peeled(const test::Tune& tune = test::retransmit_soon)
      : parent{tune},
        client{connect(tune)},
        id{parent.next_up()},
        bystander{parent.address()},
        bystander_id{parent.next_up()},
        peer{parent.socket.peel_off(id, parent.buffer, buffer)} {
    CHECK(test::next(client, client_buffer) == "up");
  }
  ~Peeled() {
    // Whatever has happened to the one, the others know nothing of it.
    if (!parent.socket.is_open()) return;
    bystander.send(as_bytes("not concerned"));
    CHECK(parent.next() == "message not concerned");
    CHECK(parent.socket.associations() == std::vector{bystander_id});
  }
  Peeled(const Peeled&) = delete;
  Peeled& operator=(const Peeled&) = delete;

  std::string next_of_client() {
    std::error_code error;
    const auto received = client.receive(client_buffer, error);
    return test::tell(received, error);
  }

 private:
  OneToOneSocket connect(const test::Tune& tune) const {
    OneToOneSocket socket{sctp::Address::Family::v4};
    tune(socket);
    socket.connect(parent.address());
    return socket;
  }
};

}  // namespace

TEST_CASE("A peeled-off socket's shutdown reaches the peer", "[peel_off_end]") {
  const Mode mode = any_mode();
  INFO(test::name(mode));
  Peeled pair;
  pair.client.send(as_bytes("last words"));
  pair.peer.send(as_bytes("farewell"));
  pair.peer.shutdown();
  CHECK(test::next(4, pair.client, pair.client_buffer) ==
        Answers{"message farewell", "the peer shuts down", "shut down", "end of stream"});
  CHECK(test::next(4, pair.peer, pair.buffer, mode) ==
        Answers{"message last words", "shut down", "end of stream", "end of stream"});
  std::error_code error;
  pair.peer.send(as_bytes("after"), {}, error);
  CHECK(error == sctp::Condition::association_ended);
  CHECK(pair.peer.peer_address() == pair.client.local_address());
}

TEST_CASE("The peer's shutdown reaches a peeled-off socket", "[peel_off_end]") {
  const Mode mode = any_mode();
  INFO(test::name(mode));
  Peeled pair;
  pair.client.send(as_bytes("last words"));
  SECTION("by a shutdown") { pair.client.shutdown(); }
  SECTION("by a close") { pair.client.close(); }
  CHECK(test::next(5, pair.peer, pair.buffer, mode) ==
        Answers{"message last words", "the peer shuts down", "shut down", "end of stream", "end of stream"});
}

TEST_CASE("A peeled-off socket's abort reaches the peer with its reason", "[peel_off_end]") {
  const Mode mode = any_mode();
  INFO(test::name(mode));
  Peeled pair;
  const std::string told =
      "lost, aborted by the peer, user initiated abort, user initiated abort \"going home\"";
  SECTION("of the socket, which closes") {
    pair.peer.abort("going home");
    CHECK_FALSE(pair.peer.is_open());
    CHECK(pair.next_of_client() == told);
  }
  SECTION("of the association, which is told") {
    pair.peer.association().abort("going home");
    CHECK(pair.next_of_client() == told);
    CHECK(test::next(3, pair.peer, pair.buffer, mode) ==
          Answers{"lost: user initiated abort", "error: Software caused connection abort", "end of stream"});
  }
  SECTION("of the socket, without a reason") {
    pair.peer.abort();
    CHECK(pair.next_of_client() == "lost, aborted by the peer, user initiated abort, user initiated abort");
  }
  SECTION("by a close with unread messages") {
    pair.client.send(as_bytes("unread"));
    test::wait_until_acknowledged(pair.client);
    pair.peer.close();
    CHECK(pair.next_of_client() == "lost, aborted by the peer, user initiated abort, user initiated abort");
  }
}

TEST_CASE("The peer's abort reaches a peeled-off socket", "[peel_off_end]") {
  const Mode mode = any_mode();
  INFO(test::name(mode));
  Peeled pair;
  pair.client.send(as_bytes("last words"));
  test::wait_until_acknowledged(pair.client);
  pair.client.abort();
  CHECK(test::next(5, pair.peer, pair.buffer, mode) ==
        Answers{"message last words", "lost: user initiated abort", reset, "end of stream", "end of stream"});
}

TEST_CASE("A silent peer is told to a peeled-off socket as such", "[peel_off_end]") {
  const Mode mode = any_mode();
  INFO(test::name(mode));
  Answers told;
  {
    Peeled pair{[](const sctp::SocketRef& socket) {
      socket.set(sctp::option::RtoInfo{.initial = 20ms, .max = 20ms, .min = 20ms});
    }};
    test::set_loopback_up(false);
    pair.peer.send(as_bytes("anybody there?"));
    told = test::next(4, pair.peer, pair.buffer, mode);
    test::set_loopback_up(true);
  }
  CHECK(told ==
        Answers{"lost: no cause given", "error: Connection timed out", "end of stream", "end of stream"});
}

TEST_CASE("A peer that is killed ends a peeled-off socket's association", "[peel_off_end]") {
  const Mode mode = any_mode();
  const bool unread = GENERATE(false, true);
  CAPTURE(test::name(mode), unread);
  Many parent;
  const sctp::Address address = parent.address();
  const pid_t child = ::fork();
  if (child == 0) {
    parent.socket.close();
    const OneToOneSocket client{address};
    for (;;) ::pause();
  }
  const AssociationId id = parent.next_up();
  sctp::ReceiveBuffer buffer;
  const OneToOneSocket peer = parent.socket.peel_off(id, parent.buffer, buffer);
  if (unread) {
    peer.send(as_bytes("unread"));
    test::wait_until_acknowledged(peer);
  }
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  if (unread) {
    CHECK(test::next(4, peer, buffer, mode) ==
          Answers{"lost: user initiated abort", reset, "end of stream", "end of stream"});
  } else {
    CHECK(test::next(4, peer, buffer, mode) ==
          Answers{"the peer shuts down", "shut down", "end of stream", "end of stream"});
  }
}

TEST_CASE("A peeled-off socket outlives the one that it came from", "[peel_off_end]") {
  Peeled pair;
  SECTION("which closes in order") {
    pair.parent.socket.close();
    sctp::ReceiveBuffer buffer;
    CHECK(test::next(3, pair.bystander, buffer) == Answers{"up", "the peer shuts down", "shut down"});
  }
  SECTION("which aborts the others") {
    pair.bystander.send(as_bytes("unread"));
    test::wait_until_acknowledged(pair.bystander);
    pair.parent.socket.close();
    sctp::ReceiveBuffer buffer;
    CHECK(test::next(2, pair.bystander, buffer) == Answers{"up", "lost: user initiated abort"});
  }
  pair.client.send(as_bytes("hello"));
  CHECK(test::next(pair.peer, pair.buffer) == "message hello");
  pair.peer.send(as_bytes("answer"));
  CHECK(test::next(pair.client, pair.client_buffer) == "message answer");
  CHECK(pair.peer.shutdown(pair.buffer, 60s, [](const sctp::Received&) {}) ==
        sctp::AssociationChange::End::own_shutdown);
}

TEST_CASE("A peeled-off socket is adopted as what it is", "[peel_off_end]") {
  Peeled pair;
  OneToOneSocket again = OneToOneSocket::adopt(pair.peer.release());
  CHECK(again.style() == sctp::Style::peeled_off);
  CHECK(again.association().id() == pair.id);
  pair.client.send(as_bytes("hello"));
  CHECK(test::next(again, pair.buffer) == "message hello");
  again.send(as_bytes("answer"));
  CHECK(test::next(pair.client, pair.client_buffer) == "message answer");
  again.abort("going home");
  CHECK(pair.next_of_client() ==
        "lost, aborted by the peer, user initiated abort, user initiated abort \"going home\"");
}

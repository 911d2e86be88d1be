// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "one_to_many.hpp"

/// Faults that other programs have had, and that no other test would have noticed: see test/lessons.md.

using sctp::as_bytes;

namespace {

/// While it lives the lowest descriptor, which the next socket gets, is 0.
class NoInput {
 public:
  NoInput() : kept_{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)} {
    REQUIRE(kept_ >= 0);
    ::close(STDIN_FILENO);
  }
  ~NoInput() {
    ::dup2(kept_, STDIN_FILENO);
    ::close(kept_);
  }
  NoInput(const NoInput&) = delete;
  NoInput& operator=(const NoInput&) = delete;

  static bool is_free() { return ::fcntl(STDIN_FILENO, F_GETFD) == -1 && errno == EBADF; }

 private:
  int kept_;
};

}  // namespace

TEST_CASE("A descriptor of number 0 is a socket as any other, and is closed", "[lesson]") {
  const sctp::Listener listener = test::listen();
  sctp::ReceiveBuffer buffer;
  const NoInput none;
  {
    sctp::OneToOneSocket client{listener.local_address()};
    CHECK(client.fd() == 0);
    client.send(as_bytes("hello"));
    const sctp::OneToOneSocket moved = std::move(client);
    CHECK(moved.is_open());
    CHECK(moved.receive(buffer, std::chrono::hours{1}));
  }
  CHECK(NoInput::is_free());
  {
    test::Many many;
    CHECK(many.socket.fd() == 0);
    sctp::OneToOneSocket peer{many.address()};
    const sctp::AssociationId id = many.next_up();
    many.socket.send(id, as_bytes("hello"));
    CHECK(test::text(test::next_message(peer, buffer).payload) == "hello");
    const int own = many.socket.release();
    CHECK(own == 0);
    many.socket = sctp::OneToManySocket::adopt(own);
  }
  CHECK(NoInput::is_free());
  {
    test::Many many;
    const sctp::OneToOneSocket peer{many.address()};
    const sctp::AssociationId id = many.next_up();
    sctp::OneToManySocket elsewhere = sctp::OneToManySocket::adopt(::fcntl(many.socket.fd(), F_DUPFD, 3));
    many.socket.close();
    REQUIRE(NoInput::is_free());
    sctp::ReceiveBuffer there;
    sctp::OneToOneSocket peeled = elsewhere.peel_off(id, many.buffer, there);
    CHECK(peeled.fd() == 0);
    peeled.close();
    CHECK(NoInput::is_free());
  }
  {
    sctp::Listener late = test::listen();
    CHECK(late.fd() == 0);
    const sctp::OneToOneSocket client{late.local_address()};
    sctp::Listener moved = std::move(late);
    const sctp::OneToOneSocket accepted = moved.accept();
    moved.close();
    const sctp::Waker waker;
    CHECK(waker.fd() == 0);
  }
  CHECK(NoInput::is_free());
}

TEST_CASE("An errno that was left from before is no failure of a setup", "[lesson]") {
  const sctp::Listener listener = test::listen();
  const sctp::Address at = listener.local_address();
  const std::vector<sctp::Address> peer{at, sctp::Address::v4({127, 0, 0, 2}, at.port())};
  for (const int before : {ENOPROTOOPT, EINPROGRESS, EINTR, EISCONN}) {
    INFO("errno " << before);
    const auto fails = [&](auto&& set_up) {
      std::error_code error;
      errno = before;
      set_up(error);
      return error;
    };
    sctp::OneToOneSocket one{sctp::Address::Family::v4};
    CHECK_FALSE(fails([&](std::error_code& error) { one.connect(peer, error); }));
    CHECK(one.association().get<sctp::option::Status>().state == sctp::option::Status::State::established);
    sctp::OneToOneSocket timed{sctp::Address::Family::v4};
    CHECK_FALSE(fails([&](std::error_code& error) { timed.connect(peer, std::chrono::seconds{30}, error); }));
    sctp::OneToOneSocket first{sctp::Address::Family::v4};
    CHECK_FALSE(fails([&](std::error_code& error) { first.connect_and_send(at, as_bytes("x"), {}, error); }));
    sctp::OneToManySocket many{sctp::Address::Family::v4};
    sctp::AssociationId id{};
    CHECK_FALSE(fails([&](std::error_code& error) { id = many.connect(peer, error); }));
    sctp::ReceiveBuffer buffer;
    CHECK(test::next_event<sctp::AssociationChange>(many, buffer).association == id);
  }
}

TEST_CASE("Nothing that is sent to who has gone raises a signal", "[lesson]") {
  REQUIRE(std::signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  std::error_code error;
  SECTION("on a socket with one association") {
    auto [client, server] = test::connect();
    server.abort();
    test::wait_for(client.fd(), POLLERR);
    sctp::SendBatch batch;
    for (int i = 0; i != 3; ++i) batch.add(as_bytes("after"));
    CHECK(batch.send(client));
    CHECK(batch.failed() == 3);
    CHECK(client.write_some(as_bytes("after"), error) == 0);
    CHECK(error);
    sctp::SendQueue queue{client};
    CHECK(queue.send(client.association().id(), as_bytes("after"), {}, error) ==
          sctp::SendQueue::Result::broken);
    client.shutdown(error);
  }
  SECTION("on a socket with many") {
    test::Many many;
    sctp::OneToOneSocket peer{many.address()};
    const sctp::AssociationId id = many.next_up();
    peer.abort();
    CHECK(many.next(sctp::AssociationChange::State::lost) == id);
    sctp::SendBatch batch;
    for (int i = 0; i != 3; ++i) batch.add(id, as_bytes("after"));
    CHECK(batch.send(many.socket));
    CHECK(batch.failed() == 3);
    many.association(id).shutdown(error);
    CHECK(error);
    many.association(id).abort("too late", error);
    CHECK(error);
    CHECK(many.socket.send_to_all(as_bytes("after"), {}).empty());
  }
  SECTION("on a peeled-off socket") {
    test::Many many;
    sctp::OneToOneSocket peer{many.address()};
    const sctp::AssociationId id = many.next_up();
    sctp::ReceiveBuffer there;
    sctp::OneToOneSocket peeled = many.socket.peel_off(id, many.buffer, there);
    peer.abort();
    test::wait_for(peeled.fd(), POLLIN);
    sctp::SendBatch batch;
    batch.add(as_bytes("after"));
    CHECK(batch.send(peeled));
    CHECK(batch.failed() == 1);
    peeled.association().shutdown(error);
    CHECK(error);
    peeled.abort("too late");
  }
  CHECK(std::signal(SIGPIPE, SIG_DFL) == SIG_DFL);
}

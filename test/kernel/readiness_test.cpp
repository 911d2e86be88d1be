// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::Style;

/// What poll and epoll say in each state: README.md, "In an event loop".
namespace {

/// What poll says now.
std::string ready(const sctp::SocketRef& socket) {
  pollfd asked{socket.fd(), POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  if (::poll(&asked, 1, 0) < 0) return "poll failed";
  std::string text;
  for (const auto& [bit, name] : {std::pair{POLLIN, " IN"},
                                  {POLLOUT, " OUT"},
                                  {POLLPRI, " PRI"},
                                  {POLLRDHUP, " RDHUP"},
                                  {POLLERR, " ERR"},
                                  {POLLHUP, " HUP"}}) {
    if ((asked.revents & bit) != 0) text += name;
  }
  return text.empty() ? "nothing" : text.substr(1);
}

void wait_until_ready(const sctp::SocketRef& socket, const std::string& wanted) {
  test::wait_until([&] { return ready(socket) == wanted; });
  CHECK(ready(socket) == wanted);
}

/// Everything that is there is received.
void read_all(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  std::error_code error;
  while (socket.try_receive(buffer, error)) {
  }
}

/// One end of an association in either style of one peer, the other is `client`.
struct End {
  sctp::OneToManySocket parent;
  sctp::OneToOneSocket socket;
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  sctp::ReceiveBuffer buffer;

  explicit End(Style style) {
    test::retransmit_soon(client);
    test::small_window(client);
    if (style == Style::peeled_off) {
      parent = test::listen_to_many();
      client.connect(parent.local_address());
      sctp::ReceiveBuffer here;
      const auto id = test::next_event<sctp::AssociationChange>(parent, here).association;
      socket = parent.peel_off(id, here, buffer);
    } else {
      sctp::Listener listener = test::listen();
      client.connect(listener.local_address());
      socket = listener.accept();
      CHECK(test::next(socket, buffer) == "up");
    }
  }
};

constexpr auto v4 = sctp::Address::Family::v4;

}  // namespace

TEST_CASE(
    "A one-to-one socket is ready for nothing until its association is up, and has failed with an error",
    "[readiness]") {
  sctp::OneToOneSocket socket{v4};
  test::retransmit_soon(socket);
  CHECK(ready(socket) == "nothing");
  {
    std::optional<test::Outage> nobody_hears{std::in_place};
    const sctp::Listener listener = test::listen();
    CHECK_FALSE(socket.try_connect(listener.local_address()));
    CHECK(ready(socket) == "nothing");
    nobody_hears.reset();
    wait_until_ready(socket, "IN OUT");  // the event that it is up
    CHECK(socket.try_connect(listener.local_address()));
  }
  const test::Refusing refusing;
  sctp::OneToOneSocket refused{v4};
  std::error_code error;
  static_cast<void>(refused.try_connect(refusing.address, error));
  if (!error) {
    test::wait_until([&] { return ready(refused).find("ERR") != std::string::npos; });
    static_cast<void>(refused.try_connect(refusing.address, error));
  }
  CHECK(error == std::errc::connection_refused);
}

TEST_CASE("A listener is readable while a peer waits", "[readiness]") {
  sctp::Listener listener = test::listen();
  CHECK(ready(listener) == "nothing");
  const sctp::OneToOneSocket client{listener.local_address()};
  wait_until_ready(listener, "IN");
  CHECK(listener.try_accept());
  CHECK(ready(listener) == "nothing");
}

TEST_CASE("A one-to-many socket is writable from the first, whatever its associations do", "[readiness]") {
  test::Many many;
  CHECK(ready(many.socket) == "OUT");
  CHECK(ready(sctp::OneToManySocket{v4}) == "OUT");
  sctp::OneToOneSocket client{many.address()};
  wait_until_ready(many.socket, "IN OUT");  // the event that it is up
  read_all(many.socket, many.buffer);
  CHECK(ready(many.socket) == "OUT");
  if (GENERATE(false, true)) {
    client.abort();
  } else {
    client.shutdown();
  }
  wait_until_ready(many.socket, "IN OUT");
  test::wait_until([&] {
    read_all(many.socket, many.buffer);
    return many.socket.associations().empty();
  });
  read_all(many.socket, many.buffer);
  CHECK(ready(many.socket) == "OUT");
}

TEST_CASE("A one-to-many socket is readable when a setup of its own has failed", "[readiness]") {
  const test::Refusing refusing;
  const sctp::OneToManySocket socket{v4};
  sctp::ReceiveBuffer buffer;
  socket.connect(refusing.address);
  wait_until_ready(socket, "IN OUT");
  CHECK(test::next_event<sctp::AssociationChange>(socket, buffer).state ==
        sctp::AssociationChange::State::cannot_start);
  CHECK(ready(socket) == "OUT");
}

TEST_CASE("A socket with an association is writable while there is room, and readable while something waits",
          "[readiness]") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  CAPTURE(to_string(style));
  End end{style};
  read_all(end.socket, end.buffer);
  CHECK(ready(end.socket) == "OUT");
  end.client.send(as_bytes("hello"));
  wait_until_ready(end.socket, "IN OUT");
  read_all(end.socket, end.buffer);
  test::fill(end.socket.association(), end.client);
  CHECK(ready(end.socket) == "nothing");
  sctp::ReceiveBuffer of_client;
  test::wait_until([&] {
    read_all(end.client, of_client);
    return ready(end.socket) == "OUT";
  });
}

TEST_CASE(
    "After the peer's shutdown a one-to-one socket stays readable for ever, and a peeled-off one does not",
    "[readiness]") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  CAPTURE(to_string(style));
  End end{style};
  read_all(end.socket, end.buffer);
  end.client.shutdown();
  const std::string last = style == Style::one_to_one ? "IN OUT RDHUP" : "OUT";
  test::wait_until([&] {
    std::error_code error;
    while (end.socket.try_receive(end.buffer, error)) {
    }
    return end.socket.try_receive(end.buffer, error).status() == sctp::ReceiveStatus::end_of_stream;
  });
  wait_until_ready(end.socket, last);
}

TEST_CASE("After its own shutdown a socket is writable, and only what it receives tells of the end",
          "[readiness]") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  CAPTURE(to_string(style));
  End end{style};
  read_all(end.socket, end.buffer);
  end.socket.shutdown();
  wait_until_ready(end.socket, "IN OUT");  // the event of the end
  CHECK(test::next(end.socket, end.buffer, test::Mode::nonblocking) == "shut down");
  CHECK(ready(end.socket) == "OUT");
  CHECK(end.socket.try_receive(end.buffer).status() == sctp::ReceiveStatus::end_of_stream);
}

TEST_CASE("After the peer's abort there is an error until it is received, and then the socket looks idle",
          "[readiness]") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  CAPTURE(to_string(style));
  End end{style};
  read_all(end.socket, end.buffer);
  end.client.abort();
  wait_until_ready(end.socket, "IN OUT ERR");
  std::error_code error;
  while (end.socket.try_receive(end.buffer, error).status() != sctp::ReceiveStatus::end_of_stream) {
  }
  CHECK(ready(end.socket) == "OUT");
  CHECK(end.socket.try_receive(end.buffer).status() == sctp::ReceiveStatus::end_of_stream);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "kernel.hpp"
#include "no_descriptors.hpp"

using sctp::Address;
using sctp::as_bytes;

namespace {

bool closes_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

/// A descriptor of nobody's library.
int open_by_hand(int protocol) { return ::socket(AF_INET, SOCK_STREAM, protocol); }

/// Accepts as a program without this library does.
int accept_by_hand(const sctp::Listener& listener) {
  test::wait_for(listener.fd(), POLLIN);
  return ::accept(listener.fd(), nullptr, nullptr);
}

}  // namespace

TEST_CASE("Every descriptor is closed on exec", "[descriptor]") {
  auto [client, server] = test::connect();
  const sctp::Listener listener = test::listen();
  CHECK(closes_on_exec(listener.fd()));
  CHECK(closes_on_exec(client.fd()));
  CHECK(closes_on_exec(server.fd()));
  sctp::OneToOneSocket adopted = sctp::OneToOneSocket::adopt(open_by_hand(IPPROTO_SCTP));
  CHECK(closes_on_exec(adopted.fd()));

  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", "for fd; do test ! -e /proc/self/fd/$fd || exit 1; done", "sh",
            std::to_string(listener.fd()).c_str(), std::to_string(client.fd()).c_str(),
            std::to_string(server.fd()).c_str(), std::to_string(adopted.fd()).c_str(), nullptr);
    ::_exit(2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("A descriptor that was accepted by hand becomes all that an accepted socket is", "[descriptor]") {
  const sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{listener.local_address()};
  sctp::OneToOneSocket server = sctp::OneToOneSocket::adopt(accept_by_hand(listener));
  CHECK(closes_on_exec(server.fd()));
  CHECK(server.association().id() == server.association().status().association);
  client.send(as_bytes("hello"), {.stream = sctp::StreamId{2}, .ppid = sctp::ppid::ngap});
  sctp::ReceiveBuffer buffer;
  const sctp::Message message = test::next_message(server, buffer);
  CHECK(message.stream == sctp::StreamId{2});
  CHECK(message.ppid == sctp::ppid::ngap);
}

TEST_CASE("A socket of another origin gets the events that it needs when it is adopted", "[descriptor]") {
  const int listening = open_by_hand(IPPROTO_SCTP);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  socklen_t length = sizeof any;
  REQUIRE(::bind(listening, reinterpret_cast<const sockaddr*>(&any), length) == 0);
  REQUIRE(::listen(listening, 1) == 0);
  REQUIRE(::getsockname(listening, reinterpret_cast<sockaddr*>(&any), &length) == 0);
  sctp::OneToOneSocket client{Address::loopback(Address::Family::v4, ntohs(any.sin_port))};
  sctp::OneToOneSocket server = sctp::OneToOneSocket::adopt(::accept(listening, nullptr, nullptr));
  ::close(listening);

  CHECK(server.get<sctp::option::NoDelay>().on);
  client.send(as_bytes("hello"), {.stream = sctp::StreamId{2}});
  client.abort();
  test::wait_for(server.fd(), POLLERR);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(4, server, buffer) ==
        std::vector<std::string>{"message hello", "lost: user initiated abort",
                                 "error: Connection reset by peer", "end of stream"});
}

TEST_CASE("A socket that is adopted before it is connected connects", "[descriptor]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client = sctp::OneToOneSocket::adopt(open_by_hand(IPPROTO_SCTP));
  client.connect(listener.local_address());
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer) == "up");
  CHECK(listener.accept().is_open());
}

TEST_CASE("What is no one-to-one SCTP socket is not adopted, and stays open", "[descriptor]") {
  const int tcp = open_by_hand(0);
  const int many = ::socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  const int file = ::open("/dev/null", O_RDONLY);
  std::error_code error;
  for (const int fd : {tcp, many, file}) {
    CHECK_FALSE(sctp::OneToOneSocket::adopt(fd, error).is_open());
    CHECK(error == std::errc::not_a_socket);
    if (fd != file) CHECK(error == sctp::Errc::not_an_sctp_socket);
    CHECK_THROWS_WITH(sctp::OneToOneSocket::adopt(fd),
                      Catch::Matchers::Contains("cannot adopt descriptor " + std::to_string(fd)));
    CHECK(is_open(fd));
    ::close(fd);
  }
  CHECK_FALSE(sctp::OneToOneSocket::adopt(file, error).is_open());
  CHECK(error == std::errc::bad_file_descriptor);
}

TEST_CASE("A descriptor that was released is the caller's, and can be adopted again", "[descriptor]") {
  auto [client, server] = test::connect();
  const int fd = server.release();
  CHECK_FALSE(server.is_open());
  server.close();
  REQUIRE(is_open(fd));
  sctp::OneToOneSocket again = sctp::OneToOneSocket::adopt(fd);
  CHECK(again.fd() == fd);
  client.send(as_bytes("hello"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, again, buffer) == std::vector<std::string>{"up", "message hello"});
}

TEST_CASE("Handles stay valid when their socket moves", "[descriptor]") {
  auto [client, server] = test::connect();
  const sctp::Association association = client.association();
  const sctp::Stream stream = client.stream(sctp::StreamId{1}, sctp::ppid::echo);
  sctp::OneToOneSocket moved = std::move(client);
  sctp::OneToOneSocket assigned;
  assigned = std::move(moved);
  CHECK_FALSE(moved.is_open());  // NOLINT(bugprone-use-after-move): a socket that was moved from is closed
  stream.send(as_bytes("a"));
  association.send(as_bytes("b"));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(3, server, buffer) == std::vector<std::string>{"up", "message a", "message b"});
  CHECK(association.status().association == assigned.association().id());
  assigned.close();
  std::error_code error;
  stream.send(as_bytes("c"), error);
  CHECK(error);
}

TEST_CASE("Assigning to a socket closes what it had", "[descriptor]") {
  auto [client, server] = test::connect();
  const std::size_t before = test::open_descriptors();
  client = sctp::OneToOneSocket{};
  CHECK(test::open_descriptors() == before - 1);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, server, buffer) == std::vector<std::string>{"up", "the peer shuts down"});
}

TEST_CASE("No descriptor is left behind, however sockets end", "[descriptor]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket silent{Address::Family::v4};
  silent.bind(Address::loopback(Address::Family::v4, 0));
  const std::array peer{listener.local_address()};
  const std::array refusing{silent.local_address()};
  const std::size_t before = test::open_descriptors();
  for (int i = 0; i != 100; ++i) {
    std::error_code error;
    sctp::OneToOneSocket client{peer[0]};
    sctp::OneToOneSocket server = listener.accept();
    const sctp::OneToOneSocket refused{refusing[0], error};
    CHECK(error);
    sctp::OneToOneSocket late{Address::Family::v4};
    late.connect(refusing, std::chrono::milliseconds{i}, error);
    CHECK(error);
    CHECK_THROWS(sctp::OneToOneSocket{refusing[0]});
    CHECK_THROWS(sctp::Listener{peer[0]});
    const sctp::Listener taken{peer[0], error};
    CHECK(error);
    switch (i % 4) {
      case 0: client.abort(); break;
      case 1: server = std::move(client); break;
      case 2: server.shutdown(); break;
      default: break;
    }
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("A peer that finds no descriptor left waits until there is one", "[descriptor]") {
  sctp::Listener listener = test::listen();
  const sctp::OneToOneSocket client{listener.local_address()};
  test::wait_for(listener.fd(), POLLIN);
  std::error_code accepting;
  std::error_code opening;
  {
    const test::NoDescriptors meanwhile;
    static_cast<void>(listener.accept(accepting));
    const sctp::OneToOneSocket unopened{Address::Family::v4, opening};
  }
  CHECK(accepting == std::errc::too_many_files_open);
  CHECK(opening == std::errc::too_many_files_open);
  CHECK(listener.accept().peer_address() == client.local_address());
}

TEST_CASE("Without a descriptor left an interface is not taken for one that is not there", "[descriptor]") {
  std::error_code error;
  {
    const test::NoDescriptors meanwhile;
    const Address address{"fe80::1%lo", 7, error};
  }
  CHECK(error == std::errc::too_many_files_open);
  CHECK(Address{"fe80::1%lo", 7, error}.scope() == 1);
  CHECK_FALSE(error);
  const Address none{"fe80::1%none", 7, error};
  CHECK(error == sctp::Errc::malformed_address);
}

TEST_CASE("Without a descriptor left patience takes its time all the same", "[descriptor]") {
  const sctp::Patience patience{std::chrono::milliseconds{20}};
  {
    const test::NoDescriptors meanwhile;
    patience.exhaust();
  }
  CHECK(patience.is_over());
}

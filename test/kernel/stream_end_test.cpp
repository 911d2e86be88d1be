// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>

#include <array>
#include <csignal>
#include <string>

#include "stream_pair.hpp"

using namespace test;
using sctp::as_bytes;
using sctp::Bytes;
using sctp::MutableBytes;

TEMPLATE_TEST_CASE("A read waits until there is something", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  auto reader = blocked([&] { return read(ends.server); });
  sctp::write_all(ends.client, as_bytes("now"));
  CHECK(reader.get() == "now");
}

TEMPLATE_TEST_CASE("A peer that closes ends a read that waits", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  auto reader = blocked([&] { return read(ends.server); });
  ends.client.close();
  CHECK(reader.get() == "end");
}

TEMPLATE_TEST_CASE("A peer that aborts ends a read that waits, with an error", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  auto reader = blocked([&] { return read_error(ends.server); });
  ends.client.abort();
  CHECK(reader.get() == std::errc::connection_reset);
}

TEMPLATE_TEST_CASE("What came before an abort is read first", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  sctp::write_all(ends.client, as_bytes("before"));
  wait_for(ends.server.fd(), POLLIN);
  ends.client.abort();
  wait_for(ends.server.fd(), POLLERR);
  CHECK(read(ends.server) == "before");
  CHECK(read_error(ends.server) == std::errc::connection_reset);
}

TEMPLATE_TEST_CASE("A peer that aborts ends a write that waits, with an error", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  auto writer = blocked([&] {
    std::error_code error;
    while (!error) sctp::write_all(ends.client, pattern(100'000), error);
    return error;
  });
  ends.server.abort();
  CHECK(writer.get() == sctp::Condition::association_ended);
}

TEMPLATE_TEST_CASE("Closing with something unread aborts", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  sctp::write_all(ends.client, as_bytes("unread"));
  wait_for(ends.server.fd(), POLLIN);
  CHECK(read(ends.server, 2) == "un");
  ends.server.close();
  CHECK(read_error(ends.client) == std::errc::connection_reset);
}

TEMPLATE_TEST_CASE("Writing to who has gone is an error each time, and no signal", "[stream_end]", Tcp,
                   Sctp) {
  REQUIRE(std::signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  Pair<TestType> ends;
  ends.server.abort();
  CHECK(read_error(ends.client) == std::errc::connection_reset);
  for (int round = 0; round != 3; ++round) {
    std::error_code error;
    CHECK(ends.client.write_some(as_bytes("x"), error) == 0);
    CHECK(error == sctp::Condition::association_ended);
    CHECK_THROWS_AS(sctp::write_all(ends.client, as_bytes("x")), std::system_error);
  }
}

TEMPLATE_TEST_CASE("When nobody listens, connecting is refused", "[stream_end]", Tcp, Sctp) {
  const auto address = [] {
    typename TestType::Listener gone{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
    return gone.local_address();
  }();
  std::error_code error;
  try {
    const typename TestType::Socket socket{address};
  } catch (const std::system_error& failure) {
    error = failure.code();
  }
  CHECK(error == std::errc::connection_refused);
}

TEMPLATE_TEST_CASE("A read ends when its time is over, and takes nothing away", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  CHECK(read(ends.server, 0s) == "nothing");
  CHECK(read(ends.server, 20ms) == "nothing");
  sctp::write_all(ends.client, as_bytes("late"));
  CHECK(read(ends.server, 1h) == "late");
  std::array<std::byte, 10> room;
  sctp::write_all(ends.client, as_bytes("half"));
  wait_for(ends.server.fd(), POLLIN);
  CHECK(sctp::read_exactly(ends.server, room, 50ms) == 4);
  sctp::write_all(ends.client, as_bytes("whole"));
  CHECK(sctp::read_exactly(ends.server, MutableBytes{room}.first(5), 1h) == 5);
}

TEMPLATE_TEST_CASE("A write ends when its time is over, and what it counts arrives", "[stream_end]", Tcp,
                   Sctp) {
  Pair<TestType> ends;
  const auto all = pattern(30'000'000);
  std::size_t written = sctp::write_all(ends.client, all, 50ms);
  CHECK(written > 0);
  // Acknowledgements that are late make room once more.
  while (const std::size_t more = sctp::write_all(ends.client, Bytes{all}.subspan(written), 0s))
    written += more;
  CHECK(written < all.size());
  ends.client.close();
  CHECK((read_all(ends.server) ==
         std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(written))));
}

TEMPLATE_TEST_CASE("A waker ends a read and a write that wait", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  sctp::Waker waker;
  auto reader = blocked([&] { return read(ends.server, waker); });
  auto writer = blocked([&] {
    const auto all = pattern(30'000'000);
    return sctp::write_all(ends.server, all, waker) < all.size();
  });
  waker.wake();
  CHECK(reader.get() == "nothing");
  CHECK(writer.get());
}

TEMPLATE_TEST_CASE("A non-blocking socket says so where it would wait", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  ends.client.set_nonblocking();
  CHECK(read_error(ends.client) == std::errc::operation_would_block);
  const auto all = pattern(30'000'000);
  std::error_code error;
  const std::size_t written = sctp::write_all(ends.client, all, error);
  CHECK(error == std::errc::operation_would_block);
  ends.client.close();
  CHECK((read_all(ends.server) ==
         std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(written))));
}

TEMPLATE_TEST_CASE("Several write at a time, and nothing is lost", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends;
  std::vector<std::size_t> counts(256);
  {
    std::vector<std::jthread> writers;
    for (int letter = 'a'; letter != 'e'; ++letter) {
      writers.emplace_back([&, letter] {
        const std::string text(1'000, static_cast<char>(letter));
        for (int i = 0; i != 100; ++i) sctp::write_all(ends.client, as_bytes(text));
      });
    }
    std::vector<std::byte> room(400'000);
    CHECK(sctp::read_exactly(ends.server, room) == room.size());
    for (const std::byte byte : room) ++counts[std::to_integer<std::size_t>(byte)];
  }
  for (int letter = 'a'; letter != 'e'; ++letter) CHECK(counts[static_cast<std::size_t>(letter)] == 100'000);
}

TEMPLATE_TEST_CASE("Each peer has a socket of its own", "[stream_end]", Tcp, Sctp) {
  typename TestType::Listener listener{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  std::vector<typename TestType::Socket> clients;
  for (char name = 'a'; name != 'k'; ++name) {
    auto& client = clients.emplace_back(listener.local_address());
    sctp::write_all(client, as_bytes({&name, 1}));
  }
  for (std::size_t i = 0; i != clients.size(); ++i) {
    auto peer = listener.accept();
    const std::string name = read(peer);
    sctp::write_all(peer, as_bytes(name + name));
  }
  for (std::size_t i = 0; i != clients.size(); ++i) {
    CHECK(read(clients[i]) == std::string(2, static_cast<char>('a' + i)));
    CHECK(read(clients[i]) == "end");
  }
}

TEMPLATE_TEST_CASE("A dialogue runs over an iostream", "[stream_end]", Tcp, Sctp) {
  Pair<TestType> ends{GENERATE(sctp::Address::Family::v4, sctp::Address::Family::v6)};
  Task server{[&] {
    sctp::IoStream stream{ends.server};
    for (int a = 0, b = 0; stream >> a >> b;) stream << a + b << std::endl;
    const bool is_end = stream.eof() && !stream.bad();
    ends.server.close();
    return is_end;
  }};
  {
    sctp::IoStream stream{ends.client};
    int sum = 0;
    for (int i = 0; i != 20; ++i) {
      stream << i << ' ' << sum << '\n';  // the read below sends it
      stream >> sum;
    }
    CHECK(sum == 190);
    CHECK(stream.good());
  }
  ends.client.close();
  CHECK(server.get());
}

TEMPLATE_TEST_CASE("A socket that is moved goes on, and one that is closed fails", "[stream_end]", Tcp,
                   Sctp) {
  Pair<TestType> ends;
  sctp::write_all(ends.client, as_bytes("before "));
  auto moved = std::move(ends.client);
  sctp::write_all(moved, as_bytes("after"));
  std::string room(12, '.');
  CHECK(sctp::read_exactly(ends.server, std::as_writable_bytes(std::span{room})) == 12);
  CHECK(room == "before after");
  CHECK((::fcntl(moved.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  moved.close();
  CHECK(read_error(moved) == std::errc::bad_file_descriptor);
  std::error_code error;
  CHECK(moved.write_some(as_bytes("x"), error) == 0);
  CHECK(error == std::errc::bad_file_descriptor);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../../examples/tcp_socket.hpp"
#include "kernel.hpp"

/// What the suites of Asio (ip/tcp, read, write, read_until, basic_socket_streambuf) and of Go (net,
/// nettest.TestConn) expect of a TCP stream, each said once and held against a TCP socket and against ours.
/// What must differ stands in stream_socket_test.cpp, with the reason.
namespace test {

struct Tcp {
  using Socket = TcpSocket;
  using Listener = TcpListener;
};
struct Sctp {
  using Socket = sctp::OneToOneSocket;
  using Listener = sctp::Listener;
};

template <class Protocol>
struct Pair {
  typename Protocol::Socket client;
  typename Protocol::Socket server;

  explicit Pair(sctp::Address::Family family = sctp::Address::Family::v4) {
    typename Protocol::Listener listener{sctp::Address::loopback(family, 0)};
    client = typename Protocol::Socket{listener.local_address()};
    server = listener.accept();
  }
};

/// What one read gives, "end" for none, "nothing" when the patience was over.
template <class Socket>
std::string read(Socket& socket, std::size_t most = 100) {
  std::string room(most, '.');
  const std::size_t size = socket.read_some(std::as_writable_bytes(std::span{room}));
  return size == 0 ? "end" : room.substr(0, size);
}
template <class Socket>
std::string read(Socket& socket, const sctp::Patience& patience) {
  std::string room(100, '.');
  const auto size = socket.read_some(std::as_writable_bytes(std::span{room}), patience);
  if (!size) return "nothing";
  return *size == 0 ? "end" : room.substr(0, *size);
}
template <class Socket>
std::error_code read_error(Socket& socket) {
  std::array<std::byte, 10> room;
  std::error_code error;
  static_cast<void>(socket.read_some(room, error));
  return error;
}

/// All up to the end.
template <class Socket>
std::vector<std::byte> read_all(Socket& socket, std::size_t at_a_time = 8'000) {
  std::vector<std::byte> all;
  std::vector<std::byte> room(at_a_time);
  while (const std::size_t size = socket.read_some(room)) {
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return all;
}

/// Runs `call` in a thread and waits until that sleeps in the kernel.
template <class Call>
auto blocked(Call call) {
  auto thread = std::make_shared<std::atomic<int>>(0);
  Task task{[thread, call = std::move(call)] {
    *thread = thread_id();
    return call();
  }};
  wait_until([&] { return *thread != 0 && is_blocked(*thread); });
  return task;
}

}  // namespace test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Sends every message back to its sender, from one thread and an event loop of its own (epoll).

#include <fmt/core.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <exception>
#include <map>
#include <memory>
#include <sctpxx/format.hpp>
#include <string>
#include <vector>

#include "until_ctrl_c.hpp"

namespace {

class Epoll {
 public:
  Epoll() : fd_{::epoll_create1(EPOLL_CLOEXEC)} { check(fd_); }
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;
  ~Epoll() { ::close(fd_); }

  void watch(int fd, std::uint32_t events) { control(EPOLL_CTL_ADD, fd, events); }
  void change(int fd, std::uint32_t events) { control(EPOLL_CTL_MOD, fd, events); }

  /// The descriptors that are ready; one that is closed is not watched any more.
  [[nodiscard]] std::vector<int> wait() const {
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(fd_, events.data(), static_cast<int>(events.size()), -1);
    if (errno != EINTR) check(count);
    std::vector<int> ready;
    ready.reserve(events.size());
    for (int i = 0; i < count; ++i) ready.push_back(events.at(static_cast<std::size_t>(i)).data.fd);
    return ready;
  }

 private:
  static void check(int result) {
    if (result < 0) throw std::system_error{errno, std::system_category(), "epoll"};
  }
  void control(int operation, int fd, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    check(::epoll_ctl(fd_, operation, fd, &event));
  }
  int fd_;
};

/// One association. While an answer waits for room, nothing more is received: the peer is slowed down.
class Peer {
 public:
  Peer(Epoll& loop, sctp::OneToOneSocket socket) : loop_{loop}, socket_{std::move(socket)} {
    loop_.watch(socket_.fd(), EPOLLIN);
  }

  /// Does what can be done without waiting; false when the association has ended. (The descriptor stays
  /// readable then: whoever goes on watching it never sleeps again.)
  bool go_on() try {
    if (!answer_.empty()) {
      if (!socket_.try_send(answer_, how_)) return true;
      answer_.clear();
      loop_.change(socket_.fd(), EPOLLIN);
    }
    for (;;) {  // until there is nothing: what the buffer holds, epoll does not see
      const auto received = socket_.try_receive(buffer_);
      if (received.status() == sctp::ReceiveStatus::would_block) return true;
      if (!received) return false;
      if (const auto* event = received.notification()) fmt::print("{}\n", *event);
      const auto* message = received.message();
      if (message == nullptr) continue;
      how_ = {.stream = message->stream, .ppid = message->ppid};
      if (socket_.try_send(message->payload, how_)) continue;
      answer_.assign(message->payload.begin(), message->payload.end());
      loop_.change(socket_.fd(), EPOLLOUT);
      return true;
    }
  } catch (const std::system_error& failure) {
    fmt::print("{}\n", failure.what());
    return failure.code() == sctp::Condition::message_dropped;
  }

 private:
  Epoll& loop_;
  sctp::OneToOneSocket socket_;
  sctp::ReceiveBuffer buffer_;
  std::vector<std::byte> answer_;  // that waits for room
  sctp::SendOptions how_;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Sends every message back to its sender, on the stream that it came on: one thread, and epoll to wait\n"
      "for all peers. Ctrl-C ends it."};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  options.add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  sctp::Listener listener{{address, port}};
  fmt::print("listening on {}\n", listener.local_address());
  Epoll loop;
  loop.watch(stop.fd(), EPOLLIN);
  loop.watch(listener.fd(), EPOLLIN);

  std::map<int, Peer> peers;
  while (!stop.is_awake()) {
    for (const int fd : loop.wait()) {
      if (fd == listener.fd()) try {
          if (auto peer = listener.try_accept()) {
            const int number = peer->fd();
            peers.try_emplace(number, loop, std::move(*peer));
          }
        } catch (const std::system_error& full) {  // of files: no rest while others wait to be let in
          fmt::print("{}\n", full.what());
          loop.change(listener.fd(), 0);
        }
      else if (const auto peer = peers.find(fd); peer != peers.end() && !peer->second.go_on()) {
        peers.erase(peer);
        loop.change(listener.fd(), EPOLLIN);
      }
    }
  }
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "contender.hpp"

namespace bench {

/// The largest message that is sent.
constexpr std::size_t largest = std::size_t{256} * 1024;

/// What a call has answered, or the exception for its error.
template <class Number>
Number checked(Number answer, const char* what) {
  if (answer < 0) throw std::system_error{errno, std::system_category(), what};
  return answer;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{checked(fd, "socket")} {}
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// A socket, and what it needs to send to the other one of its pair.
struct Socket {
  Descriptor fd;
  sockaddr_in peer{};
  std::int32_t association = 0;  // where there are many
};
struct Sockets {
  Socket first;
  Socket second;
};

void set(const Descriptor& socket, int level, int option, int value);

/// Two that are connected over loopback, made with system calls alone.
Sockets connect_sctp(Style style);
Sockets connect_tcp_sockets();

}  // namespace bench

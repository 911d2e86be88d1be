// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// TCP as a program might have it that does not know SCTP: a socket and a listener with the members that
// sctp::StreamSocket and sctp::StreamListener ask for.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <sctpxx/sctp.hpp>
#include <system_error>
#include <utility>

/// What owns a TCP descriptor.
class TcpDescriptor {
 public:
  TcpDescriptor(TcpDescriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  TcpDescriptor& operator=(TcpDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~TcpDescriptor() { close(); }

  [[nodiscard]] int fd() const noexcept { return fd_; }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] sctp::Address local_address() const {
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    check(::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &length), "cannot tell the address");
    if (name.ss_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, &name, sizeof v4);
      std::array<std::uint8_t, 4> bytes{};
      std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
      return sctp::Address::v4(bytes, ntohs(v4.sin_port));
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &name, sizeof v6);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return sctp::Address::v6(bytes, ntohs(v6.sin6_port), v6.sin6_scope_id);
  }

 protected:
  explicit TcpDescriptor(int fd) noexcept : fd_{fd} {}
  static int open(const sctp::Address& address) {
    return check(::socket(address.family() == sctp::Address::Family::v4 ? AF_INET : AF_INET6,
                          SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP),
                 "cannot open a TCP socket");
  }
  template <class Call>  // bind or connect
  void with_name(const sctp::Address& address, Call call, const char* what) const {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (address.family() == sctp::Address::Family::v4) {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(address.port());
      std::memcpy(&v4.sin_addr, address.bytes().data(), address.bytes().size());
      check(call(fd_, reinterpret_cast<sockaddr*>(&v4), sizeof v4), what);
    } else {
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(address.port());
      v6.sin6_scope_id = address.scope();
      std::memcpy(&v6.sin6_addr, address.bytes().data(), address.bytes().size());
      check(call(fd_, reinterpret_cast<sockaddr*>(&v6), sizeof v6), what);
    }
  }
  template <class Call>
  static auto or_throw(Call call) {
    std::error_code error;
    auto result = call(error);
    if (error) throw std::system_error{error, "TCP"};
    return result;
  }
  /// Or an error to meet; false when the patience is over first.
  [[nodiscard]] bool wait(short events, const sctp::Patience& patience) const noexcept {
    for (;;) {
      if (patience.is_woken()) return false;
      pollfd waits[] = {{fd(), events, 0},
                        {patience.waker() != nullptr ? patience.waker()->fd() : -1, POLLIN, 0}};
      const auto left = patience.left();
      ::poll(waits, 2, left ? static_cast<int>(left->count()) : -1);
      if (waits[0].revents != 0) return true;
      if (patience.is_over()) return false;
    }
  }
  template <class Result>
  static Result check(Result result, const char* what) {
    if (result < 0) throw std::system_error{errno, std::system_category(), what};
    return result;
  }

 private:
  int fd_;
};

class TcpSocket : public TcpDescriptor {
 public:
  TcpSocket() noexcept : TcpDescriptor{-1} {}
  explicit TcpSocket(const sctp::Address& peer) : TcpDescriptor{open(peer)} {
    with_name(peer, ::connect, "cannot connect");
    set_nodelay();
  }

  std::size_t read_some(sctp::MutableBytes room) {
    return or_throw([&](std::error_code& e) { return read_some(room, e); });
  }
  std::size_t read_some(sctp::MutableBytes room, std::error_code& error) noexcept {
    return count([&] { return ::recv(fd(), room.data(), room.size(), 0); }, error);
  }
  std::optional<std::size_t> read_some(sctp::MutableBytes room, const sctp::Patience& patience) {
    return or_throw([&](std::error_code& e) { return read_some(room, patience, e); });
  }
  std::optional<std::size_t> read_some(sctp::MutableBytes room, const sctp::Patience& patience,
                                       std::error_code& error) noexcept {
    if (!wait(POLLIN, patience)) return std::nullopt;
    return read_some(room, error);
  }

  std::size_t write_some(sctp::Bytes bytes) {
    return or_throw([&](std::error_code& e) { return write_some(bytes, e); });
  }
  std::size_t write_some(sctp::Bytes bytes, std::error_code& error) noexcept {
    return count([&] { return ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }, error);
  }
  std::size_t write_some(sctp::Bytes bytes, const sctp::Patience& patience) {
    return or_throw([&](std::error_code& e) { return write_some(bytes, patience, e); });
  }
  std::size_t write_some(sctp::Bytes bytes, const sctp::Patience& patience, std::error_code& error) noexcept {
    if (!wait(POLLOUT, patience)) return 0;
    const auto size =
        count([&] { return ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); }, error);
    if (error == std::errc::operation_would_block) error.clear();
    return size;
  }

  /// Sends no more, and can still read: FIN.
  void shutdown() const { check(::shutdown(fd(), SHUT_WR), "cannot shut down"); }
  /// RST.
  void abort() noexcept {
    const linger none{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close();
  }
  void set_nonblocking() const { check(::fcntl(fd(), F_SETFL, O_NONBLOCK), "cannot change the mode"); }

 private:
  friend class TcpListener;
  explicit TcpSocket(int fd) noexcept : TcpDescriptor{fd} {
    if (fd >= 0) set_nodelay();
  }
  void set_nodelay() const noexcept {
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  template <class Call>
  static std::size_t count(Call call, std::error_code& error) noexcept {
    ssize_t size = 0;
    do {
      size = call();
    } while (size < 0 && errno == EINTR);
    error = size < 0 ? std::error_code{errno, std::system_category()} : std::error_code{};
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }
};

class TcpListener : public TcpDescriptor {
 public:
  explicit TcpListener(const sctp::Address& address) : TcpDescriptor{open(address)} {
    with_name(address, ::bind, "cannot bind");
    check(::listen(fd(), SOMAXCONN), "cannot listen");
  }
  TcpSocket accept() {
    std::error_code error;
    TcpSocket peer = accept(error);
    if (error) throw std::system_error{error, "cannot accept"};
    return peer;
  }
  TcpSocket accept(std::error_code& error) noexcept {
    int peer = 0;
    do {
      peer = ::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC);
    } while (peer < 0 && (errno == EINTR || errno == ECONNABORTED));
    error = peer < 0 ? std::error_code{errno, std::system_category()} : std::error_code{};
    return TcpSocket{peer};
  }
  std::optional<TcpSocket> accept(const sctp::Patience& patience) {
    if (!wait(POLLIN, patience)) return std::nullopt;
    return accept();
  }
};

static_assert(sctp::PatientStreamSocket<TcpSocket> && sctp::StreamListener<TcpListener>);

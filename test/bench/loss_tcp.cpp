// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// TCP, where a request's size stands before it.
#include <fcntl.h>
#include <netinet/tcp.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "loss_way.hpp"
#include "sockets.hpp"

namespace bench {
namespace {

sockaddr_in native(const sctp::Address& address) {
  sockaddr_in native{};
  native.sin_family = AF_INET;
  native.sin_port = htons(address.port());
  std::memcpy(&native.sin_addr, address.bytes().data(), sizeof native.sin_addr);
  return native;
}

class Tcp : public Way {
 public:
  Tcp(Descriptor&& from, Descriptor&& to) : from_{std::move(from)}, to_{std::move(to)} {
    set(from_, IPPROTO_TCP, TCP_NODELAY, 1);
    for (const int fd : {from_.get(), to_.get()}) checked(::fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
  }

  void send(std::uint32_t number) override {
    const auto bytes = request(number);
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const auto header = std::as_bytes(std::span{&size, 1});
    waiting_.insert(waiting_.end(), header.begin(), header.end());
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    flush();
  }
  void flush() override {
    if (waiting_.empty()) return;
    const ssize_t sent = ::send(from_.get(), waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    waiting_.erase(waiting_.begin(), waiting_.begin() + checked(sent, "send"));
  }
  [[nodiscard]] int fd() const override { return to_.get(); }

  void receive(const std::function<void(std::uint32_t)>& arrived) override {
    std::array<std::byte, 65536> room;
    const ssize_t size = ::recv(to_.get(), room.data(), room.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (checked(size, "recv") == 0) throw std::runtime_error{"TCP has ended"};
    received_.insert(received_.end(), room.begin(), room.begin() + size);
    std::size_t at = 0;
    for (std::uint32_t words[2]; at + sizeof words <= received_.size(); at += sizeof words[0] + words[0]) {
      std::memcpy(words, &received_[at], sizeof words);
      if (at + sizeof words[0] + words[0] > received_.size()) break;
      arrived(words[1]);
    }
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  [[nodiscard]] std::uint64_t resent() const override {
    tcp_info info{};
    socklen_t length = sizeof info;
    checked(::getsockopt(from_.get(), IPPROTO_TCP, TCP_INFO, &info, &length), "TCP_INFO");
    return info.tcpi_total_retrans;
  }

 private:
  Descriptor from_;
  Descriptor to_;
  std::vector<std::byte> waiting_;
  std::vector<std::byte> received_;
};

}  // namespace

std::unique_ptr<Way> connect_tcp(const Network& network, std::size_t path) {
  const auto open = [] { return Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP)}; };
  Descriptor listener = network.at(Network::b, open);
  sockaddr_in name = native(network.address(Network::b, path));
  socklen_t length = sizeof name;
  auto* const generic = reinterpret_cast<sockaddr*>(&name);
  checked(::bind(listener.get(), generic, length), "bind");
  checked(::getsockname(listener.get(), generic, &length), "getsockname");
  checked(::listen(listener.get(), 1), "listen");
  Descriptor from = network.at(Network::a, open);
  checked(::connect(from.get(), generic, length), "connect");
  Descriptor to{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  return std::make_unique<Tcp>(std::move(from), std::move(to));
}

}  // namespace bench

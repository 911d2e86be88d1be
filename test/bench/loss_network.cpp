// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "loss_network.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace bench {
namespace {

int open_current() {
  const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw std::system_error{errno, std::system_category(), "the network namespace"};
  return fd;
}

/// Where the calling thread is: one program for all lines, since to start one takes long in User Mode Linux.
void run_program(const std::string& program, const std::string& lines) {
  const std::string command =
      "PATH=$PATH:/usr/sbin:/sbin; " + program + " -batch - 2>&1 <<'.'\n" + lines + ".\n";
  std::FILE* const answer = ::popen(command.c_str(), "re");
  if (answer == nullptr) throw std::system_error{errno, std::system_category(), "sh"};
  std::string text;
  for (int c = std::fgetc(answer); c != EOF; c = std::fgetc(answer)) text += static_cast<char>(c);
  if (::pclose(answer) != 0) throw std::runtime_error{program + " (Debian: iproute2) failed: " + text};
}

std::string interface(std::size_t path) { return fmt::format("path{}", path); }

}  // namespace

Network::Visit::Visit(int there) : home_{open_current()} {
  if (::setns(there, CLONE_NEWNET) == 0) return;
  const int error = errno;
  ::close(home_);
  throw std::system_error{error, std::system_category(), "setns"};
}

Network::Visit::~Visit() {
  if (::setns(home_, CLONE_NEWNET) != 0) std::abort();
  ::close(home_);
}

Network::Network(std::size_t paths) : paths_{paths} {
  const int home = open_current();
  for (int& made : namespaces_) {
    if (::unshare(CLONE_NEWNET) == 0) made = open_current();
    const int error = errno;
    if (::setns(home, CLONE_NEWNET) != 0) std::abort();
    if (made < 0) throw std::system_error{error, std::system_category(), "a network namespace"};
  }
  ::close(home);
  for (const Host host : {a, b}) {
    std::string lines;
    for (std::size_t path = 0; path != paths; ++path) {
      const std::string device = interface(path);
      if (host == a)
        lines += fmt::format("link add {0} type veth peer name {0} netns /proc/{1}/fd/{2}\n", device,
                             ::getpid(), namespace_of(b));
      lines += fmt::format("addr add 10.79.{}.{}/24 dev {}\n", path, host == a ? 1 : 2, device);
      // Each packet is lost by itself: not segments that leave as one.
      lines += fmt::format("link set {} addrgenmode none gso_max_size 1500 up\n", device);
    }
    at(host, [&] { run_program("ip", lines); });
  }
}

Network::~Network() {
  for (const int made : namespaces_) ::close(made);
}

sctp::Address Network::address(Host host, std::size_t path, std::uint16_t port) const {
  return sctp::Address::v4(
      {10, 79, static_cast<std::uint8_t>(path), static_cast<std::uint8_t>(host == a ? 1 : 2)}, port);
}

std::vector<sctp::Address> Network::addresses(Host host, std::uint16_t port) const {
  std::vector<sctp::Address> all;
  for (std::size_t path = 0; path != paths_; ++path) all.push_back(address(host, path, port));
  return all;
}

void Network::discipline(const std::string& words) const {
  std::string lines;
  for (std::size_t path = 0; path != paths_; ++path)
    lines += fmt::format("qdisc replace dev {} root {}\n", interface(path), words);
  for (const Host host : {a, b}) at(host, [&] { run_program("tc", lines); });
}

void Network::discipline(std::size_t path, const std::string& words) const {
  for (const Host host : {a, b})
    at(host,
       [&] { run_program("tc", fmt::format("qdisc replace dev {} root {}\n", interface(path), words)); });
}

}  // namespace bench

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "network.hpp"

#include <fmt/core.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <utility>

namespace test::soak {
namespace {

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::system_category(), what};
  return result;
}

void write_sysctl(const std::string& name, int value) {
  std::ofstream file{"/proc/sys/net/sctp/" + name};
  if (!(file << value << std::flush)) throw std::runtime_error{"cannot set net.sctp." + name};
}

/// Has the kernel compute checksums. It leaves them to the interface where it can, and a virtual one has
/// none: what netem corrupts would then be taken for intact.
void have_checksums(std::size_t path) {
  ifreq request{};
  fmt::format("path{}", path).copy(request.ifr_name, IFNAMSIZ - 1);
  ethtool_value off{.cmd = ETHTOOL_STXCSUM, .data = 0};
  request.ifr_data = reinterpret_cast<char*>(&off);
  const int fd = checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "a socket");
  const int result = ::ioctl(fd, SIOCETHTOOL, &request);
  ::close(fd);
  checked(result, "checksums of an interface");
}

std::vector<sctp::Address> addresses(std::uint8_t host, std::uint16_t port) {
  std::vector<sctp::Address> all;
  for (std::uint8_t path = 0; path != Network::paths; ++path)
    all.push_back(sctp::Address::v4({10, 79, path, host}, port));
  return all;
}

}  // namespace

Network::Network() {
  const auto options = [] {
    write_sysctl("intl_enable", 1);
    // A window for each association, as those with a socket of their own have; or they starve one another.
    write_sysctl("rcvbuf_policy", 1);
  };
  options();
  clients_.run(options);
  std::string here;
  std::string there;
  for (std::size_t path = 0; path != paths; ++path) {
    const std::string up = fmt::format("link set path{} addrgenmode none gso_max_size 1500 up\n", path);
    here += fmt::format("link add path{0} type veth peer name path{0} netns {1}\n", path, clients_.name()) +
            fmt::format("addr add 10.79.{0}.2/24 dev path{0}\n", path) + up;
    there += fmt::format("addr add 10.79.{0}.1/24 dev path{0}\n", path) + up;
  }
  const auto set_up = [](const std::string& lines, Tool& discipline) {
    run_program("ip", lines);
    for (std::size_t path = 0; path != paths; ++path) have_checksums(path);
    discipline.start("tc");
  };
  set_up(here, discipline_[1]);
  link_.start("ip");
  clients_.run([&] { set_up(there, discipline_[0]); });
}

Network::~Network() {
  if (!link_.finish() || !discipline_[0].finish() || !discipline_[1].finish())
    fmt::print(stderr, "soak: the network could not be changed\n");
}

void Network::enter_clients() const { clients_.enter(); }

std::vector<sctp::Address> Network::client_addresses(std::uint16_t port) { return addresses(1, port); }
std::vector<sctp::Address> Network::server_addresses(std::uint16_t port) { return addresses(2, port); }

Network::Tool::~Tool() { std::ignore = finish(); }

void Network::Tool::start(const char* program) {
  input_ = ::popen(fmt::format("PATH=$PATH:/usr/sbin:/sbin; exec {} -batch -", program).c_str(), "we");
  if (input_ == nullptr) throw std::system_error{errno, std::system_category(), program};
}

void Network::Tool::tell(const std::string& line) const {
  std::fputs(line.c_str(), input_);
  std::fflush(input_);
}

bool Network::Tool::finish() { return input_ == nullptr || ::pclose(std::exchange(input_, nullptr)) == 0; }

void Network::discipline_clients(std::size_t path, const std::string& words) const {
  discipline_[0].tell(
      fmt::format("qdisc replace dev path{} root {}\n", path, words.empty() ? "noqueue" : words));
}

void Network::discipline(std::size_t path, const std::string& words) const {
  for (const Tool& tool : discipline_)
    tool.tell(fmt::format("qdisc replace dev path{} root {}\n", path, words.empty() ? "noqueue" : words));
}

void Network::set_up(std::size_t path, bool up) const {
  link_.tell(fmt::format("link set path{} {}\n", path, up ? "up" : "down"));
}

std::size_t Network::associations_here() const {
  std::ifstream file{"/proc/self/net/sctp/assocs"};
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  if (lines == 0) throw std::runtime_error{"no list of associations"};
  return lines - 1;
}

std::size_t Network::associations() const {
  return associations_here() + clients_.run([&] { return associations_here(); });
}

}  // namespace test::soak

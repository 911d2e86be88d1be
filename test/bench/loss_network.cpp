// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "loss_network.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

std::string interface(std::size_t path) { return fmt::format("path{}", path); }

}  // namespace

Network::Network(std::size_t paths) : paths_{paths} {
  for (const Host host : {a, b}) {
    std::string lines;
    for (std::size_t path = 0; path != paths; ++path) {
      const std::string device = interface(path);
      if (host == a)
        lines +=
            fmt::format("link add {0} type veth peer name {0} netns {1}\n", device, namespace_of(b).name());
      lines += fmt::format("addr add 10.79.{}.{}/24 dev {}\n", path, host == a ? 1 : 2, device);
      // Each packet is lost by itself: not segments that leave as one.
      lines += fmt::format("link set {} addrgenmode none gso_max_size 1500 up\n", device);
    }
    at(host, [&] { test::run_program("ip", lines); });
  }
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
  for (const Host host : {a, b}) at(host, [&] { test::run_program("tc", lines); });
}

void Network::discipline(std::size_t path, const std::string& words) const {
  for (const Host host : {a, b})
    at(host, [&] {
      test::run_program("tc", fmt::format("qdisc replace dev {} root {}\n", interface(path), words));
    });
}

}  // namespace bench

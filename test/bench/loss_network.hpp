// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sctpxx/address.hpp>

#include "../support/network_namespace.hpp"

namespace bench {

/// Two hosts in one program, each a network namespace, and an Ethernet (MTU 1500) between them for each path.
/// Needs to be root in its network namespace, the programs ip and tc (Debian: iproute2), and the kernel's
/// veth and netem; else it throws.
class Network {
 public:
  enum class Host : std::size_t { a, b };
  using enum Host;

  explicit Network(std::size_t paths);

  /// Calls the function there: sockets that it opens stay there.
  template <class F>
  std::invoke_result_t<F> at(Host host, F&& function) const {
    return namespace_of(host).run(std::forward<F>(function));
  }

  [[nodiscard]] sctp::Address address(Host host, std::size_t path, std::uint16_t port = 0) const;
  [[nodiscard]] std::vector<sctp::Address> addresses(Host host, std::uint16_t port = 0) const;

  /// What both hosts send on all paths, or on one, goes so from now on: `netem delay 20ms`, `blackhole`.
  void discipline(const std::string& words) const;
  void discipline(std::size_t path, const std::string& words) const;

 private:
  [[nodiscard]] const test::NetworkNamespace& namespace_of(Host host) const {
    return namespaces_.at(static_cast<std::size_t>(host));
  }

  std::size_t paths_;
  std::array<test::NetworkNamespace, 2> namespaces_;
};

}  // namespace bench

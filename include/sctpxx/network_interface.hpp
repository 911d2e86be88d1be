// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/export.hpp>

/// To bind to the addresses that one means. A socket that is bound to a wildcard announces all that this
/// machine has to its peers, those of bridges and containers too; peers then send there, and wait for
/// answers.
namespace sctp::inline v0 {

/// A network interface of this machine, as it is now.
struct NetworkInterface {
  std::string name{};
  std::uint32_t index = 0;  ///< Address::scope of link-local addresses on it
  bool up = false;
  bool loopback = false;
  std::vector<Address> addresses{};  ///< with port 0
};

/// Those of this thread's network namespace. `getifaddrs`.
[[nodiscard]] SCTPXX_EXPORT std::vector<NetworkInterface> network_interfaces();
[[nodiscard]] SCTPXX_EXPORT std::vector<NetworkInterface> network_interfaces(std::error_code& error) noexcept;

/// The addresses of these interfaces, in this order, with this port:
/// `listener.bind(sctp::addresses_of({"eth0", "eth1"}, 3868))`. Without link-local ones, which mean nothing
/// to a peer elsewhere. Fails with `no_such_device` when one of the interfaces does not exist, with
/// `address_not_available` when one has no such address.
[[nodiscard]] SCTPXX_EXPORT std::vector<Address> addresses_of(
    std::initializer_list<std::string_view> interfaces, std::uint16_t port);
[[nodiscard]] SCTPXX_EXPORT std::vector<Address> addresses_of(
    std::initializer_list<std::string_view> interfaces, std::uint16_t port, std::error_code& error) noexcept;

}  // namespace sctp::inline v0

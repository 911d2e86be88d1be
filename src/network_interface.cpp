// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/network_interface.hpp>

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>

#include "failure.hpp"
#include "native.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {
namespace {

/// The kernel's list has an entry for each address, and one for the interface itself.
void note(const ifaddrs& entry, std::vector<NetworkInterface>& interfaces) {
  auto found = std::ranges::find(interfaces, entry.ifa_name, &NetworkInterface::name);
  if (found == interfaces.end()) {
    interfaces.push_back({
        .name = entry.ifa_name,
        .index = sys::interface_index(entry.ifa_name),
        .up = (entry.ifa_flags & IFF_UP) != 0,
        .loopback = (entry.ifa_flags & IFF_LOOPBACK) != 0,
    });
    found = interfaces.end() - 1;
  }
  if (entry.ifa_addr == nullptr) return;
  const int family = entry.ifa_addr->sa_family;
  if (family != AF_INET && family != AF_INET6) return;
  const std::size_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  const auto* bytes = reinterpret_cast<const std::byte*>(entry.ifa_addr);
  if (const auto address = native::address_from({bytes, size})) found->addresses.push_back(*address);
}

}  // namespace

std::vector<NetworkInterface> network_interfaces(std::error_code& error) noexcept try {
  ifaddrs* list = nullptr;
  error.clear();
  if (sys::getifaddrs(&list) < 0) {
    error = native::last_error();
    return {};
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{list, sys::freeifaddrs};
  std::vector<NetworkInterface> interfaces;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) note(*entry, interfaces);
  return interfaces;
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

std::vector<NetworkInterface> network_interfaces() {
  std::error_code error;
  auto interfaces = network_interfaces(error);
  if (error) fail(Attempt::list_interfaces, std::string_view{}, error);
  return interfaces;
}

namespace {

/// `at` becomes the interface that is asked for when there is an error.
std::vector<Address> addresses_of(std::initializer_list<std::string_view> interfaces, std::uint16_t port,
                                  std::string_view& at, std::error_code& error) {
  const auto all = network_interfaces(error);
  std::vector<Address> addresses;
  for (const std::string_view name : interfaces) {
    if (error) break;
    at = name;
    const auto found = std::ranges::find(all, name, &NetworkInterface::name);
    if (found == all.end()) {
      error = std::make_error_code(std::errc::no_such_device);
      break;
    }
    const std::size_t before = addresses.size();
    for (const Address& address : found->addresses) {
      if (!address.is_link_local()) addresses.push_back(address.with_port(port));
    }
    if (addresses.size() == before) error = std::make_error_code(std::errc::address_not_available);
  }
  if (error) addresses.clear();
  return addresses;
}

}  // namespace

std::vector<Address> addresses_of(std::initializer_list<std::string_view> interfaces, std::uint16_t port,
                                  std::error_code& error) noexcept try {
  std::string_view at;
  return addresses_of(interfaces, port, at, error);
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

std::vector<Address> addresses_of(std::initializer_list<std::string_view> interfaces, std::uint16_t port) {
  std::error_code error;
  std::string_view at;
  auto addresses = addresses_of(interfaces, port, at, error);
  if (error) fail(Attempt::list_interfaces, at, error);
  return addresses;
}

}  // namespace sctp::inline v0

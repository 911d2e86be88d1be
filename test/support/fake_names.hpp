// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "fake_kernel.hpp"
#include "native.hpp"

/// How the fake kernel reads and writes socket addresses, and answers.
namespace sctp::test {

inline int fail(int error) noexcept {
  errno = error;
  return -1;
}

template <class T>
Bytes bytes_of(const T& value) noexcept {
  return std::as_bytes(std::span{&value, 1});
}

/// As much of `bytes` as there is room for; `length` becomes what there would have been, as in the kernel.
inline void write_name(Bytes bytes, void* name, socklen_t* length) noexcept {
  if (name == nullptr || length == nullptr) return;
  std::memcpy(name, bytes.data(), std::min<std::size_t>(bytes.size(), *length));
  *length = static_cast<socklen_t>(bytes.size());
}

/// An IPv6 socket speaks of IPv4 addresses as mapped ones.
inline Address as_seen_by(const Descriptor& descriptor, const Address& address) noexcept {
  if (descriptor.domain == AF_INET || address.family() == Address::Family::v6) return address;
  std::array<std::uint8_t, 16> mapped{};
  mapped[10] = mapped[11] = 0xff;
  std::memcpy(&mapped[12], address.bytes().data(), 4);
  return Address::v6(mapped, address.port());
}

inline void write_name(const Address& address, void* name, socklen_t* length) noexcept {
  native::SocketAddress native;
  const socklen_t size = native::to_native(address, native);
  write_name(bytes_of(native).first(size), name, length);
}

inline Address read_name(const sockaddr* name) noexcept {
  const auto* bytes = reinterpret_cast<const std::byte*>(name);
  const bool v4 = name->sa_family == AF_INET;
  return *native::address_from({bytes, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)});
}

inline std::vector<Address> read_names(const sockaddr* names, int count) noexcept {
  std::vector<Address> addresses;
  const auto* at = reinterpret_cast<const std::byte*>(names);
  while (addresses.size() != static_cast<std::size_t>(count)) {
    sa_family_t family;
    std::memcpy(&family, at, sizeof family);
    const std::size_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    addresses.push_back(*native::address_from({at, size}));
    at += size;
  }
  return addresses;
}

inline bool fits(const Descriptor& descriptor, std::span<const Address> addresses) noexcept {
  const auto v4 = [](const Address& address) { return address.family() == Address::Family::v4; };
  return descriptor.domain == AF_INET6 || std::ranges::all_of(addresses, v4);
}

inline bool may_block(const Descriptor& descriptor, int flags) noexcept {
  return (flags & MSG_DONTWAIT) == 0 && (descriptor.status_flags & O_NONBLOCK) == 0;
}

}  // namespace sctp::test

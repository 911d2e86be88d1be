// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>

#include <linux/sctp.h>  // needs <sys/socket.h> and <cstdint> before it

/// Where the kernel's words become ours, and back.
namespace sctp::native {

/// errno of the call that has just failed.
inline std::error_code last_error() noexcept { return {errno, std::system_category()}; }

constexpr sctp_assoc_t to_native(AssociationId id) noexcept { return static_cast<sctp_assoc_t>(id); }
constexpr std::uint16_t to_native(StreamId id) noexcept { return static_cast<std::uint16_t>(id); }

inline std::uint16_t to_native(Reliability::Policy policy) noexcept {
  switch (policy) {
    case Reliability::Policy::full: return SCTP_PR_SCTP_NONE;
    case Reliability::Policy::lifetime: return SCTP_PR_SCTP_TTL;
    case Reliability::Policy::retransmissions: return SCTP_PR_SCTP_RTX;
    case Reliability::Policy::priority: return SCTP_PR_SCTP_PRIO;
  }
  return SCTP_PR_SCTP_NONE;
}

/// The one place where the byte order of a PPID changes: the kernel passes it on untouched.
inline std::uint32_t to_wire(Ppid ppid) noexcept { return htonl(static_cast<std::uint32_t>(ppid)); }
inline Ppid ppid_from_wire(std::uint32_t ppid) noexcept { return Ppid{ntohl(ppid)}; }

/// A socket address with room for both families and no more.
union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

/// Writes `address` and answers its length.
inline socklen_t to_native(const Address& address, SocketAddress& native) noexcept {
  const Bytes bytes = address.bytes();
  if (address.family() == Address::Family::v4) {
    native.v4 = {};
    native.v4.sin_family = AF_INET;
    native.v4.sin_port = htons(address.port());
    std::memcpy(&native.v4.sin_addr, bytes.data(), bytes.size());
    return sizeof native.v4;
  }
  native.v6 = {};
  native.v6.sin6_family = AF_INET6;
  native.v6.sin6_port = htons(address.port());
  native.v6.sin6_scope_id = address.scope();
  std::memcpy(&native.v6.sin6_addr, bytes.data(), bytes.size());
  return sizeof native.v6;
}

/// The address at the start of `bytes`, wherever that lies (the kernel's packed structures misalign it), or
/// nothing when the family is neither or the bytes are too few. A mapped IPv4 address becomes the IPv4
/// address that it is.
inline std::optional<Address> address_from(Bytes bytes) noexcept {
  sa_family_t family = AF_UNSPEC;
  if (bytes.size() < sizeof family) return std::nullopt;
  std::memcpy(&family, bytes.data(), sizeof family);
  if (family == AF_INET && bytes.size() >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, bytes.data(), sizeof v4);
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &v4.sin_addr, octets.size());
    return Address::v4(octets, ntohs(v4.sin_port));
  }
  if (family == AF_INET6 && bytes.size() >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, bytes.data(), sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      std::array<std::uint8_t, 4> octets;
      std::memcpy(octets.data(), &v6.sin6_addr.s6_addr[12], octets.size());
      return Address::v4(octets, ntohs(v6.sin6_port));
    }
    std::array<std::uint8_t, 16> octets;
    std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    // The kernel tells the interface of every address that a peer uses; a part of it is only this one's.
    const std::uint32_t scope = IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) ? v6.sin6_scope_id : 0;
    return Address::v6(octets, ntohs(v6.sin6_port), scope);
  }
  return std::nullopt;
}

/// The address that lies `offset` bytes into one of the kernel's structures; none where there is none.
template <class Native>
Address address_in(const Native& native, std::size_t offset) noexcept {
  return address_from(std::as_bytes(std::span{&native, 1}).subspan(offset)).value_or(Address{});
}

/// Writes `address` there. The kernel's packed structures misalign it, so that only its bytes may be touched.
template <class Native>
void put_address(const Address& address, Native& native, std::size_t offset) noexcept {
  SocketAddress name;
  const socklen_t length = to_native(address, name);
  std::memcpy(reinterpret_cast<std::byte*>(&native) + offset, &name, length);
}

/// The address that the kernel wrote here, of the length that it gave.
inline std::optional<Address> address_from(const SocketAddress& native, socklen_t length) noexcept {
  const Bytes bytes = std::as_bytes(std::span{&native, 1});
  return address_from(bytes.first(std::min<std::size_t>(length, bytes.size())));
}

}  // namespace sctp::native

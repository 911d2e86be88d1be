// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>

namespace sctp::inline v0 {

/// One transport address: an IPv4 or IPv6 address and a port. A multihomed peer has several. RFC 9260 1.3.
///
/// A plain value: compares, orders, hashes and copies; never looks a name up. An IPv4 address in IPv6 clothes
/// (`::ffff:192.0.2.1`) that comes from the kernel is given as the IPv4 address that it is.
class Address {
 public:
  enum class Family : std::uint8_t { v4, v6 };

  /// `0.0.0.0:0`: any IPv4 address, any port.
  constexpr Address() noexcept = default;

  /// An address from its text and a port: `Address{"::1", 7}`, `Address{"fe80::1%eth0", 7}`.
  /// Throws `std::system_error` (Errc::malformed_address) when `host` is no address; names are not looked up.
  SCTPXX_EXPORT Address(std::string_view host, std::uint16_t port);
  SCTPXX_EXPORT Address(std::string_view host, std::uint16_t port, std::error_code& error) noexcept;

  /// The address that `to_string` wrote: `192.0.2.1:3868`, `[2001:db8::1]:3868`, `[fe80::1%2]:3868`.
  /// Throws `std::system_error` (Errc::malformed_address) for anything else.
  [[nodiscard]] SCTPXX_EXPORT static Address parse(std::string_view text);
  [[nodiscard]] SCTPXX_EXPORT static Address parse(std::string_view text, std::error_code& error) noexcept;

  /// An address from its bytes in network order. `scope` is an interface's index, for link-local addresses.
  [[nodiscard]] static constexpr Address v4(const std::array<std::uint8_t, 4>& bytes,
                                            std::uint16_t port) noexcept;
  [[nodiscard]] static constexpr Address v6(const std::array<std::uint8_t, 16>& bytes, std::uint16_t port,
                                            std::uint32_t scope = 0) noexcept;

  /// Every address of this machine. Binding to it announces all of them to the peer, those of bridges and
  /// containers too; name the addresses that you mean where that matters.
  [[nodiscard]] static constexpr Address any(Family family, std::uint16_t port) noexcept;
  [[nodiscard]] static constexpr Address loopback(Family family, std::uint16_t port) noexcept;

  [[nodiscard]] constexpr Family family() const noexcept { return family_; }
  [[nodiscard]] constexpr std::uint16_t port() const noexcept { return port_; }
  /// The interface's index of an IPv6 address that needs one; 0 otherwise.
  [[nodiscard]] constexpr std::uint32_t scope() const noexcept { return scope_; }
  /// The address itself, 4 or 16 bytes in network order. Borrows from this object.
  [[nodiscard]] Bytes bytes() const& noexcept {
    return std::as_bytes(std::span{bytes_.data(), family_ == Family::v4 ? 4U : 16U});
  }
  Bytes bytes() const&& = delete;

  [[nodiscard]] constexpr bool is_wildcard() const noexcept { return bytes_ == decltype(bytes_){}; }
  [[nodiscard]] constexpr bool is_loopback() const noexcept;
  /// 169.254.0.0/16 or fe80::/10.
  [[nodiscard]] constexpr bool is_link_local() const noexcept;
  /// 224.0.0.0/4 or ff00::/8. SCTP has no multicast.
  [[nodiscard]] constexpr bool is_multicast() const noexcept;

  [[nodiscard]] constexpr Address with_port(std::uint16_t port) const noexcept;
  [[nodiscard]] constexpr Address with_scope(std::uint32_t scope) const noexcept;

  /// All of the value: family, bytes, scope, port.
  friend constexpr auto operator<=>(const Address&, const Address&) noexcept = default;

 private:
  constexpr Address(Family family, const std::array<std::uint8_t, 16>& bytes, std::uint32_t scope,
                    std::uint16_t port) noexcept
      : family_{family}, bytes_{bytes}, scope_{scope}, port_{port} {}

  Family family_ = Family::v4;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
};

/// What `Address::parse` reads: `192.0.2.1:3868`, `[2001:db8::1]:3868`; a scope as its number,
/// `[fe80::1%2]:7`.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const Address& address);
/// "IPv4" or "IPv6".
[[nodiscard]] inline std::string to_string(Address::Family family) {
  return family == Address::Family::v4 ? "IPv4" : "IPv6";
}

constexpr Address Address::v4(const std::array<std::uint8_t, 4>& bytes, std::uint16_t port) noexcept {
  std::array<std::uint8_t, 16> all{};
  std::copy_n(bytes.begin(), bytes.size(), all.begin());
  return {Family::v4, all, 0, port};
}

constexpr Address Address::v6(const std::array<std::uint8_t, 16>& bytes, std::uint16_t port,
                              std::uint32_t scope) noexcept {
  return {Family::v6, bytes, scope, port};
}

constexpr Address Address::any(Family family, std::uint16_t port) noexcept { return {family, {}, 0, port}; }

constexpr Address Address::loopback(Family family, std::uint16_t port) noexcept {
  return family == Family::v4 ? v4({127, 0, 0, 1}, port)
                              : v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port);
}

constexpr bool Address::is_loopback() const noexcept {
  return family_ == Family::v4 ? bytes_[0] == 127 : bytes_ == loopback(Family::v6, 0).bytes_;
}

constexpr bool Address::is_link_local() const noexcept {
  return family_ == Family::v4 ? bytes_[0] == 169 && bytes_[1] == 254
                               : bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

constexpr bool Address::is_multicast() const noexcept {
  return family_ == Family::v4 ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

constexpr Address Address::with_port(std::uint16_t port) const noexcept {
  Address address = *this;
  address.port_ = port;
  return address;
}

constexpr Address Address::with_scope(std::uint32_t scope) const noexcept {
  Address address = *this;
  address.scope_ = scope;
  return address;
}

}  // namespace sctp::inline v0

template <>
struct std::hash<sctp::Address> {
  [[nodiscard]] SCTPXX_EXPORT std::size_t operator()(const sctp::Address& address) const noexcept;
};

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/export.hpp>

/// Names to addresses.
namespace sctp::inline v0 {

/// The addresses of a host, each once, in the order in which the system would try them. Blocks while name
/// servers are asked, which nothing here can cut short. `getaddrinfo` for SOCK_STREAM and IPPROTO_SCTP (for
/// what it is asked by default it never offers SCTP).
///
///     const auto server = sctp::resolve("diameter.example.net", 3868);
///     sctp::OneToOneSocket peer{sctp::family_of(server)};
///     peer.connect(server);
///
/// `connect` takes the list as the addresses of one peer, as they are where a name stands for one host with
/// several. Where a name stands for several hosts, of which any will do, connect to one address after the
/// other. `host`: a name, or an address as a text. `socket`: what a socket of that family can connect to: one
/// for IPv6 to both, one for IPv4 to IPv4 alone.
///
/// Fails with the system's own error in `resolve_category`, or with its errno; never answers an empty list.
[[nodiscard]] SCTPXX_EXPORT std::vector<Address> resolve(std::string_view host, std::uint16_t port,
                                                         Address::Family socket = Address::Family::v6);
[[nodiscard]] SCTPXX_EXPORT std::vector<Address> resolve(std::string_view host, std::uint16_t port,
                                                         Address::Family socket,
                                                         std::error_code& error) noexcept;

/// The same with the name of a service, as `/etc/services` has it for SCTP, or a number as a text.
[[nodiscard]] SCTPXX_EXPORT std::vector<Address> resolve(std::string_view host, std::string_view service,
                                                         Address::Family socket = Address::Family::v6);
[[nodiscard]] SCTPXX_EXPORT std::vector<Address> resolve(std::string_view host, std::string_view service,
                                                         Address::Family socket,
                                                         std::error_code& error) noexcept;

/// The family of a socket that can connect to all of these: IPv6 where one of them is.
[[nodiscard]] SCTPXX_EXPORT Address::Family family_of(std::span<const Address> addresses) noexcept;

/// The errors of `getaddrinfo`, EAI_NONAME and so on, as values. They also compare equal to these:
/// `address_not_available` where there is no such name, or it has no address of that family,
/// `resource_unavailable_try_again` where a name server did not answer, `invalid_argument` where there is no
/// such service, `address_family_not_supported`.
[[nodiscard]] SCTPXX_EXPORT const std::error_category& resolve_category() noexcept;

}  // namespace sctp::inline v0

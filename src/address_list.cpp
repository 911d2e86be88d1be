// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "address_list.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <sctpxx/error.hpp>

#include "native_option.hpp"
#include "sys.hpp"

namespace sctp {

AddressList::AddressList(std::span<const Address> addresses, std::error_code& error) noexcept {
  if (addresses.empty()) {
    error = Errc::no_addresses;
    return;
  }
  const auto same_port = [&](const Address& address) { return address.port() == addresses.front().port(); };
  error.clear();
  if (!std::ranges::all_of(addresses, same_port)) error = Errc::ports_differ;
  // The kernel says the same of these two, and of much else.
  if (addresses.size() > 1 && std::ranges::any_of(addresses, &Address::is_wildcard))
    error = Errc::wildcard_among_addresses;
  for (std::size_t i = 1; i < addresses.size() && !error; ++i) {
    const auto before = addresses.first(i);
    if (std::ranges::find(before, addresses[i]) != before.end()) error = Errc::address_twice;
  }
  if (error) return;
  try {
    const std::size_t most = addresses.size() * sizeof(native::SocketAddress);
    packed_.resize((most + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
  } catch (const std::bad_alloc&) {
    error = std::make_error_code(std::errc::not_enough_memory);
    return;
  }
  auto* end = reinterpret_cast<std::byte*>(packed_.data());
  for (const Address& address : addresses) {
    native::SocketAddress native;
    const socklen_t length = native::to_native(address, native);
    std::memcpy(end, &native, length);
    end += length;
  }
  count_ = static_cast<int>(addresses.size());
  error.clear();
}

std::vector<Address> unpack_addresses(Bytes packed, std::size_t count) {
  std::vector<Address> addresses;
  while (addresses.size() != count) {
    const std::optional<Address> address = native::address_from(packed);
    if (!address) break;
    addresses.push_back(*address);
    sa_family_t family;
    std::memcpy(&family, packed.data(), sizeof family);
    packed = packed.subspan(family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  }
  return addresses;
}

// Not libsctp's calls: they answer at most 4096 bytes of addresses and read beyond what the kernel gave.
std::vector<Address> ask_addresses(int fd, AssociationId association, Side side,
                                   std::error_code& error) noexcept try {
  const int option = side == Side::local ? SCTP_GET_LOCAL_ADDRS : SCTP_GET_PEER_ADDRS;
  for (std::size_t room = 512;; room *= 2) {
    std::vector<std::byte> answer(room);
    sctp_getaddrs header{};
    header.assoc_id = native::to_native(association);
    std::memcpy(answer.data(), &header, sizeof header);
    auto length = static_cast<socklen_t>(answer.size());
    if (sys::getsockopt(fd, IPPROTO_SCTP, option, answer.data(), &length) == 0) {
      std::memcpy(&header, answer.data(), sizeof header);
      error.clear();
      return unpack_addresses(Bytes{answer}.subspan(sizeof header), header.addr_num);
    }
    error = native::last_error();
    constexpr std::size_t most = std::size_t{1} << 20;  // ENOMEM says that the room was too small
    if (error != std::errc::not_enough_memory || room >= most) return {};
  }
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

bool has_wrong_family(int fd, std::span<const Address> addresses) noexcept {
  const auto is_v6 = [](const Address& address) { return address.family() == Address::Family::v6; };
  std::error_code unknown;
  return std::ranges::any_of(addresses, is_v6) && native::domain_of(fd, unknown) == AF_INET;
}

void explain_family(int fd, std::span<const Address> addresses, std::error_code& error) noexcept {
  if (error == std::errc::invalid_argument && has_wrong_family(fd, addresses))
    error = Errc::wrong_address_family;
}

}  // namespace sctp

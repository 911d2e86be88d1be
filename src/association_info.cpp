// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_info.hpp>

#include <algorithm>
#include <new>

#include "failure.hpp"
#include "sock_diag.hpp"

namespace sctp::inline v0 {

AssociationInfo association_info(const Association& association, std::error_code& error) noexcept try {
  const std::vector<Address> peer = association.peer_addresses(error);
  if (error) return {};
  const std::vector<Address> local = association.local_addresses(error);
  // Both of one family, since the kernel looks for a pair of addresses.
  for (const Address& to : error ? std::vector<Address>{} : peer) {
    const auto from = std::ranges::find(local, to.family(), &Address::family);
    if (from == local.end()) continue;
    const std::vector<std::byte> answer = ask_sock_diag(*from, to, error);
    return error ? AssociationInfo{} : read_sock_diag(answer, error);
  }
  if (!error) error = std::make_error_code(std::errc::address_not_available);
  return {};
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

AssociationInfo association_info(const Association& association) {
  std::error_code error;
  const AssociationInfo info = association_info(association, error);
  if (error) fail(Attempt::ask_about, "association " + to_string(association.id()), error);
  return info;
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/ids.hpp>

namespace sctp {

/// Addresses as `bindx` and `connectx` take them: one after the other, each as long as its family's
/// structure.
class AddressList {
 public:
  /// Fails with Errc::no_addresses, Errc::ports_differ, Errc::wildcard_among_addresses, Errc::address_twice,
  /// or `not_enough_memory`.
  AddressList(std::span<const Address> addresses, std::error_code& error) noexcept;

  /// Its start, aligned for `sockaddr`.
  [[nodiscard]] void* data() noexcept { return packed_.data(); }
  [[nodiscard]] int count() const noexcept { return count_; }

 private:
  std::vector<std::max_align_t> packed_;
  int count_ = 0;
};

/// The `count` addresses that the kernel packed likewise at the start of `packed`, of any mixture of
/// families; fewer where the bytes end before.
std::vector<Address> unpack_addresses(Bytes packed, std::size_t count);

enum class Side { local, peer };

/// All addresses of one side of an association; of a socket's own, with AssociationId{} and Side::local.
/// SCTP_GET_LOCAL_ADDRS, SCTP_GET_PEER_ADDRS. Fails as the kernel does, and with `not_enough_memory`.
std::vector<Address> ask_addresses(int fd, AssociationId association, Side side,
                                   std::error_code& error) noexcept;

/// An IPv6 address meets an IPv4 socket.
bool has_wrong_family(int fd, std::span<const Address> addresses) noexcept;

/// Turns the EINVAL that `error` may be into Errc::wrong_address_family where that is why.
void explain_family(int fd, std::span<const Address> addresses, std::error_code& error) noexcept;

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/association_info.hpp>
#include <sctpxx/bytes.hpp>

/// The kernel's netlink family that tells of sockets. NETLINK_SOCK_DIAG.
namespace sctp {

/// What it answers about the association that has this address and port on either side. Throws
/// `std::bad_alloc`.
std::vector<std::byte> ask_sock_diag(const Address& local, const Address& peer, std::error_code& error);

/// The association in that answer: pure, and never a look beyond the bytes. What a kernel does not tell stays
/// 0. Fails with the error that the answer is, or with `bad_message`.
AssociationInfo read_sock_diag(Bytes answer, std::error_code& error) noexcept;

}  // namespace sctp

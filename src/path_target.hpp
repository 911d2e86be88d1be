// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/option.hpp>

#include "native_option.hpp"

namespace sctp::native {

/// Whom an option about paths is asked of: one of an association's paths, or all of them; or those of a
/// socket's later associations.
struct PathTarget {
  OptionTarget target;
  const Address* path = nullptr;

  /// Names it in one of the kernel's structures, whose address lies at `offset`; none there means all.
  template <class Native>
  void put(Native& native, sctp_assoc_t Native::*association, std::size_t offset) const noexcept {
    native.*association = whom(target);
    if (path != nullptr) put_address(*path, native, offset);
  }
};

inline PathTarget all_paths(OptionTarget target, std::error_code& error) noexcept {
  error.clear();
  return {target};
}

/// Fails where the kernel would take the address for all paths together (a wildcard, and on an IPv4 socket
/// any IPv6 address), or look for it in all associations (under the number of none). `path` is borrowed.
PathTarget one_path(OptionTarget target, const Address& path, std::error_code& error) noexcept;

/// Turns the EINVAL or ENOENT that `error` may be into Errc::no_such_path where the association is there.
void explain_path(const PathTarget& whom, std::error_code& error) noexcept;

/// SCTP_PEER_ADDR_PARAMS without the two fields that came last. All kernels take that much of it.
constexpr socklen_t params_before_4_20 = 152;

/// Answers how much of the structure this kernel has.
socklen_t read_params(const PathTarget& whom, sctp_paddrparams& params, std::error_code& error) noexcept;

/// Unless there is an error already, fails where there is no such path. The kernel's other options by address
/// do not look at the association's number, so they would be about another association's path.
void check_path(const PathTarget& whom, std::error_code& error) noexcept;

/// Unless there is an error already, lets a heartbeat be sent there at once.
void demand_heartbeat(const PathTarget& whom, std::error_code& error) noexcept;

inline bool is_v4(int fd) noexcept {
  std::error_code unknown;
  return domain_of(fd, unknown) == AF_INET;
}

}  // namespace sctp::native

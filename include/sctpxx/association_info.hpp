// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/association.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/option/association.hpp>

namespace sctp::inline v0 {

/// What the kernel knows of an association and tells by no option: how much waits, how it is being sent, how
/// near it is to being given up. `ss -S -i` shows the same. From NETLINK_SOCK_DIAG; `struct sctp_info`.
struct AssociationInfo {
  /// How the path is doing that is used first.
  struct Path {
    Address address{};
    std::uint32_t in_flight = 0;               ///< bytes that were sent there and are not acknowledged
    std::uint32_t congestion_window = 0;       ///< bytes that may be in flight
    std::uint32_t slow_start_limit = 0;        ///< above this window it grows slowly: `ssthresh`
    std::uint32_t acknowledged_of_window = 0;  ///< bytes, above that limit: `partial_bytes_acked`
    std::chrono::milliseconds rtt{};           ///< as option::PeerAddrInfo has it
    std::chrono::milliseconds rto{};
    std::uint16_t failures = 0;  ///< timeouts and unanswered heartbeats in a row
  };
  option::Status::State state{};
  std::uint32_t local_tag = 0;  ///< verification tags, by which packets of the association are known
  std::uint32_t peer_tag = 0;
  std::uint32_t local_window = 0;   ///< bytes that the peer may send
  std::uint32_t peer_window = 0;    ///< bytes that we may send
  std::uint32_t queued_chunks = 0;  ///< that were not sent yet
  std::uint16_t unacknowledged_chunks = 0;
  std::uint32_t failures = 0;  ///< on all paths; when they are as many as AssocInfo permits it is lost
  std::uint32_t send_buffer_used = 0;     ///< bytes of the socket's option::SndBuf, of all its associations
  std::uint32_t receive_buffer_used = 0;  ///< bytes of its option::RcvBuf
  Path primary{};
};

/// Asks the kernel; needs no privileges. Fails with EINVAL when there is no association, or no more, with
/// `no_such_file_or_directory` where it is not of this thread's network namespace or the kernel has no
/// module sctp_diag.
[[nodiscard]] SCTPXX_EXPORT AssociationInfo association_info(const Association& association);
[[nodiscard]] SCTPXX_EXPORT AssociationInfo association_info(const Association& association,
                                                             std::error_code& error) noexcept;

}  // namespace sctp::inline v0

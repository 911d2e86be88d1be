// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <sctpxx/bytes.hpp>

#include "one_socket.hpp"

/// Answers of the kernel's family that tells of sockets, as bytes.
namespace sctp::test {

class DiagAnswer {
 public:
  explicit DiagAnswer(std::uint16_t type = SOCK_DIAG_BY_FAMILY) : bytes_(sizeof(nlmsghdr)) {
    const std::size_t offset = offsetof(nlmsghdr, nlmsg_type);
    std::memcpy(bytes_.data() + offset, &type, sizeof type);
    append(std::as_bytes(std::span{&body_of_no_interest, 1}));
  }
  static std::vector<std::byte> error(int number) {
    DiagAnswer answer{NLMSG_ERROR};
    answer.bytes_.resize(sizeof(nlmsghdr));
    nlmsgerr native{};
    native.error = number;
    answer.append(std::as_bytes(std::span{&native, 1}));
    return answer.bytes();
  }

  /// An attribute, and the padding behind it.
  DiagAnswer& with(std::uint16_t type, Bytes value) {
    const rtattr attribute{static_cast<std::uint16_t>(sizeof(rtattr) + value.size()), type};
    append(std::as_bytes(std::span{&attribute, 1}));
    append(value);
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
    return *this;
  }
  DiagAnswer& with(std::uint16_t type, std::size_t size, std::byte filled_with) {
    return with(type, std::vector<std::byte>(size, filled_with));
  }
  DiagAnswer& with_info(const sctp_info& info) {
    return with(INET_DIAG_INFO, std::as_bytes(std::span{&info, 1}));
  }
  DiagAnswer& with_memory(std::uint32_t queued_for_sending, std::uint32_t received) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    memory.fill(77);
    memory[SK_MEMINFO_WMEM_QUEUED] = queued_for_sending;
    memory[SK_MEMINFO_RMEM_ALLOC] = received;
    return with(INET_DIAG_SKMEMINFO, std::as_bytes(std::span{memory}));
  }

  [[nodiscard]] std::vector<std::byte> bytes() const {
    auto bytes = bytes_;
    set_length(bytes, static_cast<std::uint32_t>(bytes.size()));
    return bytes;
  }
  static void set_length(std::vector<std::byte>& bytes, std::uint32_t length) {
    std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
  }

 private:
  static constexpr inet_diag_msg body_of_no_interest{};
  void append(Bytes more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }
  std::vector<std::byte> bytes_;
};

/// Of an association with the peer's address `near`, every number another.
inline sctp_info some_info() {
  sctp_info info{};
  info.sctpi_tag = 1;
  info.sctpi_peer_tag = 2;
  info.sctpi_state = 3;  // established
  info.sctpi_rwnd = 3;
  info.sctpi_peer_rwnd = 4;
  info.sctpi_outqueue = 5;
  info.sctpi_unackdata = 6;
  info.sctpi_overall_error = 7;
  info.sctpi_p_flight_size = 8;
  info.sctpi_p_cwnd = 9;
  info.sctpi_p_ssthresh = 10;
  info.sctpi_p_partial_bytes_acked = 12;
  info.sctpi_p_srtt = 13;
  info.sctpi_p_rto = 14;
  info.sctpi_p_error = 15;
  native::put_address(near, info, offsetof(sctp_info, sctpi_p_address));
  return info;
}

}  // namespace sctp::test

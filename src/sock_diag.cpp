// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "sock_diag.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "native.hpp"
#include "sys.hpp"
#include "ticks.hpp"

namespace sctp {
namespace {

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};
static_assert(sizeof(Request) == NLMSG_LENGTH(sizeof(inet_diag_req_v2)));

constexpr std::uint8_t ask_for(int attribute) noexcept {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(attribute - 1));
}

Request request_for(const Address& local, const Address& peer) noexcept {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  inet_diag_req_v2& body = request.body;
  body.sdiag_family = peer.family() == Address::Family::v4 ? AF_INET : AF_INET6;
  body.sdiag_protocol = IPPROTO_SCTP;
  body.idiag_ext = ask_for(INET_DIAG_INFO) | ask_for(INET_DIAG_SKMEMINFO);
  body.idiag_states = ~0U;
  body.id.idiag_sport = htons(local.port());
  body.id.idiag_dport = htons(peer.port());
  std::memcpy(body.id.idiag_src, local.bytes().data(), local.bytes().size());
  std::memcpy(body.id.idiag_dst, peer.bytes().data(), peer.bytes().size());
  body.id.idiag_if = peer.scope();
  body.id.idiag_cookie[0] = body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

/// As much of a structure as is there; the rest is 0.
template <class Native>
Native read(Bytes bytes) noexcept {
  Native native{};
  if (!bytes.empty()) std::memcpy(&native, bytes.data(), std::min(sizeof native, bytes.size()));
  return native;
}

/// Takes `length` bytes, and the padding to a multiple of four, off the front.
Bytes take(Bytes& from, std::size_t length) noexcept {
  const Bytes front = from.first(std::min(length, from.size()));
  from = from.subspan(std::min((length + 3) / 4 * 4, from.size()));
  return front;
}

void note(const sctp_info& native, AssociationInfo& info) noexcept {
  // The kernel's own number here: Status has it one higher.
  info.state = option::Status::State{static_cast<std::int32_t>(native.sctpi_state) + 1};
  info.local_tag = native.sctpi_tag;
  info.peer_tag = native.sctpi_peer_tag;
  info.local_window = native.sctpi_rwnd;
  info.peer_window = native.sctpi_peer_rwnd;
  info.queued_chunks = native.sctpi_outqueue;
  info.unacknowledged_chunks = native.sctpi_unackdata;
  info.failures = native.sctpi_overall_error;
  info.primary = {
      .address = native::address_in(native, offsetof(sctp_info, sctpi_p_address)),
      .in_flight = native.sctpi_p_flight_size,
      .congestion_window = native.sctpi_p_cwnd,
      .slow_start_limit = native.sctpi_p_ssthresh,
      .acknowledged_of_window = native.sctpi_p_partial_bytes_acked,
      .rtt = native::from_ticks(native.sctpi_p_srtt),
      .rto = std::chrono::milliseconds{native.sctpi_p_rto},
      .failures = native.sctpi_p_error,
  };
}

}  // namespace

std::vector<std::byte> ask_sock_diag(const Address& local, const Address& peer, std::error_code& error) {
  constexpr std::size_t enough = 65536;  // each address of the association takes 128 bytes
  std::vector<std::byte> answer(enough);
  Request request = request_for(local, peer);
  error.clear();
  const int fd = sys::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) {
    error = native::last_error();
    return {};
  }
  iovec out{&request, sizeof request};
  iovec in{answer.data(), answer.size()};
  msghdr message{};
  message.msg_iov = &out;
  message.msg_iovlen = 1;
  ssize_t size = 0;
  do {
    size = sys::sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  message.msg_iov = &in;
  while (size >= 0 && (size = sys::recvmsg(fd, &message, 0)) < 0 && errno == EINTR) size = 0;
  if (size < 0) error = native::last_error();
  sys::close(fd);
  answer.resize(error ? 0 : static_cast<std::size_t>(size));
  return answer;
}

AssociationInfo read_sock_diag(Bytes answer, std::error_code& error) noexcept {
  AssociationInfo info;
  error = std::make_error_code(std::errc::bad_message);
  const auto header = read<nlmsghdr>(answer);
  if (answer.size() < NLMSG_HDRLEN || header.nlmsg_len > answer.size() || header.nlmsg_len < NLMSG_HDRLEN)
    return info;
  Bytes rest = answer.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
  if (header.nlmsg_type == NLMSG_ERROR && rest.size() >= sizeof(nlmsgerr)) {
    const int number = read<nlmsgerr>(rest).error;
    if (number < 0 && number != INT32_MIN) error = {-number, std::system_category()};
    return info;
  }
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || rest.size() < sizeof(inet_diag_msg)) return info;
  take(rest, sizeof(inet_diag_msg));
  while (rest.size() >= sizeof(rtattr)) {
    const auto attribute = read<rtattr>(rest);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > rest.size()) break;
    const Bytes value = take(rest, attribute.rta_len).subspan(sizeof attribute);
    if (attribute.rta_type == INET_DIAG_INFO) {
      note(read<sctp_info>(value), info);
      error.clear();
    } else if (attribute.rta_type == INET_DIAG_SKMEMINFO) {
      const auto memory = read<std::array<std::uint32_t, SK_MEMINFO_VARS>>(value);
      info.send_buffer_used = memory[SK_MEMINFO_WMEM_QUEUED];
      info.receive_buffer_used = memory[SK_MEMINFO_RMEM_ALLOC];
    }
  }
  return info;
}

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "control.hpp"

#include <cstring>

namespace sctp {
namespace {

static_assert(sizeof(sctp_sndinfo) == 16 && sizeof(sctp_prinfo) == 8 && sizeof(sctp_rcvinfo) == 28);

std::uint16_t flags(const SendOptions& options) noexcept {
  unsigned flags = 0;
  if (options.unordered) flags |= SCTP_UNORDERED;
  if (options.sack_immediately) flags |= SCTP_SACK_IMMEDIATELY;
  if (options.path) flags |= SCTP_ADDR_OVER;
  return static_cast<std::uint16_t>(flags);
}

/// Writes one control message at `at`, which is aligned for its header.
template <class Native>
void write(std::byte* at, int type, const Native& value) noexcept {
  cmsghdr header{};
  header.cmsg_level = IPPROTO_SCTP;
  header.cmsg_type = type;
  header.cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(at, &header, sizeof header);
  std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
  static_assert(CMSG_LEN(sizeof value) == CMSG_SPACE(sizeof value), "no padding to be left unwritten");
}

}  // namespace

SendControl::SendControl(AssociationId association, const SendOptions& options,
                         std::uint16_t flags) noexcept {
  sctp_sndinfo info{};
  info.snd_sid = native::to_native(options.stream);
  info.snd_flags = flags;
  info.snd_ppid = native::to_wire(options.ppid);
  info.snd_context = options.context;
  info.snd_assoc_id = native::to_native(association);
  write(bytes_.data(), SCTP_SNDINFO, info);
}

SendControl::SendControl(AssociationId association, const SendOptions& options) noexcept
    : SendControl{association, options, flags(options)} {
  if (options.reliability == Reliability{}) return;
  sctp_prinfo reliability{};
  reliability.pr_policy = native::to_native(options.reliability.policy());
  reliability.pr_value = options.reliability.value();
  write(bytes_.data() + info_space, SCTP_PRINFO, reliability);
  length_ = info_space + reliability_space;
}

SendControl SendControl::end_of_association(AssociationId association) noexcept {
  return {association, {}, SCTP_EOF};
}

SendControl SendControl::abort_of_association(AssociationId association) noexcept {
  return {association, {}, SCTP_ABORT};
}

void ReceiveHeader::attach_to(msghdr& message, MutableBytes room) noexcept {
  where_ = {room.data(), room.size()};
  message = {};
  message.msg_name = &source_;
  message.msg_namelen = sizeof source_;
  message.msg_iov = &where_;
  message.msg_iovlen = 1;
  message.msg_control = control_.data();
  message.msg_controllen = control_.size();
}

Piece ReceiveHeader::read(const msghdr& message, std::size_t size) const noexcept {
  Piece piece;
  piece.size = size;
  piece.end_of_record = (message.msg_flags & MSG_EOR) != 0;
  piece.is_notification = (message.msg_flags & MSG_NOTIFICATION) != 0;
  piece.source = native::address_from(source_, message.msg_namelen).value_or(Address{});
  // 6.1 never, and 6.12 not always, writes it where a message came from a link-local address.
  if (!piece.is_notification) piece.source = piece.source.with_scope(0);
  auto* header = CMSG_FIRSTHDR(&message);
  for (; header != nullptr; header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
    if (header->cmsg_level != IPPROTO_SCTP || header->cmsg_type != SCTP_RCVINFO) continue;
    sctp_rcvinfo info;
    if (header->cmsg_len < CMSG_LEN(sizeof info)) continue;
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    piece.has_info = true;
    piece.stream = StreamId{info.rcv_sid};
    piece.ppid = native::ppid_from_wire(info.rcv_ppid);
    piece.association = AssociationId{info.rcv_assoc_id};
    piece.unordered = (info.rcv_flags & SCTP_UNORDERED) != 0;
    piece.ssn = info.rcv_ssn;
    piece.tsn = info.rcv_tsn;
    piece.context = info.rcv_context;
    break;
  }
  return piece;
}

}  // namespace sctp

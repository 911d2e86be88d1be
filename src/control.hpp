// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/receive_buffer.hpp>

#include "native.hpp"

/// What travels beside the bytes of `sendmsg` and `recvmsg`. Inline, since it is most of what a message costs
/// outside the kernel.
namespace sctp {
namespace native {

static_assert(sizeof(sctp_sndinfo) == 16 && sizeof(sctp_prinfo) == 8 && sizeof(sctp_rcvinfo) == 28);

inline std::uint16_t flags_of(const SendOptions& options) noexcept {
  unsigned flags = 0;
  if (options.unordered) flags |= SCTP_UNORDERED;
  if (options.sack_immediately) flags |= SCTP_SACK_IMMEDIATELY;
  if (options.path) flags |= SCTP_ADDR_OVER;
  return static_cast<std::uint16_t>(flags);
}

/// Writes one control message at `at`, which is aligned for its header.
template <class Native>
void write_control(std::byte* at, int type, const Native& value) noexcept {
  cmsghdr header{};
  header.cmsg_level = IPPROTO_SCTP;
  header.cmsg_type = type;
  header.cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(at, &header, sizeof header);
  std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
  static_assert(CMSG_LEN(sizeof value) == CMSG_SPACE(sizeof value), "no padding to be left unwritten");
}

}  // namespace native

/// SCTP_SNDINFO, always; SCTP_PRINFO too when the message is not to be fully reliable.
class SendControl {
 public:
  SendControl(AssociationId association, const SendOptions& options) noexcept;
  /// Ends the association gracefully instead of sending: SCTP_EOF.
  static SendControl end_of_association(AssociationId association) noexcept {
    return {association, {}, SCTP_EOF};
  }
  /// Ends it at once; what is sent is the reason: SCTP_ABORT.
  static SendControl abort_of_association(AssociationId association) noexcept {
    return {association, {}, SCTP_ABORT};
  }

  void attach_to(msghdr& message) noexcept {
    message.msg_control = bytes_.data();
    message.msg_controllen = length_;
  }

 private:
  SendControl(AssociationId association, const SendOptions& options, std::uint16_t flags) noexcept;

  static constexpr std::size_t info_space = CMSG_SPACE(sizeof(sctp_sndinfo));
  static constexpr std::size_t reliability_space = CMSG_SPACE(sizeof(sctp_prinfo));

  alignas(cmsghdr) std::array<std::byte, info_space + reliability_space> bytes_;
  std::size_t length_ = info_space;
};

/// What a `msghdr` needs to receive one piece.
class ReceiveHeader {
 public:
  /// The piece will be written to `room`.
  void attach_to(msghdr& message, MutableBytes room) noexcept;

  /// What came beside the bytes, but for the payload. Other control messages are passed over; without
  /// SCTP_RCVINFO the answer is false, and only the source is written.
  bool read(const msghdr& message, Message& about) const noexcept;
  /// The same, of so many bytes, as a piece.
  [[nodiscard]] Piece piece(const msghdr& message, std::size_t size) const noexcept;

 private:
  iovec where_{};
  native::SocketAddress source_;
  // For SCTP_RCVINFO (48 bytes), and for what other options of the socket may add, time stamps and such.
  alignas(cmsghdr) std::array<std::byte, 256> control_;
};

inline SendControl::SendControl(AssociationId association, const SendOptions& options,
                                std::uint16_t flags) noexcept {
  sctp_sndinfo info{};
  info.snd_sid = native::to_native(options.stream);
  info.snd_flags = flags;
  info.snd_ppid = native::to_wire(options.ppid);
  info.snd_context = options.context;
  info.snd_assoc_id = native::to_native(association);
  native::write_control(bytes_.data(), SCTP_SNDINFO, info);
}

inline SendControl::SendControl(AssociationId association, const SendOptions& options) noexcept
    : SendControl{association, options, native::flags_of(options)} {
  if (options.reliability == Reliability{}) return;
  sctp_prinfo reliability{};
  reliability.pr_policy = native::to_native(options.reliability.policy());
  reliability.pr_value = options.reliability.value();
  native::write_control(bytes_.data() + info_space, SCTP_PRINFO, reliability);
  length_ = info_space + reliability_space;
}

inline void ReceiveHeader::attach_to(msghdr& message, MutableBytes room) noexcept {
  where_ = {room.data(), room.size()};
  message = {};
  message.msg_name = &source_;
  message.msg_namelen = sizeof source_;
  message.msg_iov = &where_;
  message.msg_iovlen = 1;
  message.msg_control = control_.data();
  message.msg_controllen = control_.size();
}

inline bool ReceiveHeader::read(const msghdr& message, Message& about) const noexcept {
  if (const auto source = native::address_from(source_, message.msg_namelen)) about.source = *source;
  // 6.1 never, and 6.12 not always, writes it where a message came from a link-local address.
  if (about.source.scope() != 0) about.source = about.source.with_scope(0);
  const auto* const end = static_cast<const unsigned char*>(message.msg_control) + message.msg_controllen;
  auto* header = CMSG_FIRSTHDR(&message);
  for (; header != nullptr; header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
    const auto left = static_cast<std::size_t>(end - reinterpret_cast<const unsigned char*>(header));
    if (header->cmsg_len > left) return false;  // the macros look at what is behind it alone
    if (header->cmsg_level != IPPROTO_SCTP || header->cmsg_type != SCTP_RCVINFO) continue;
    sctp_rcvinfo info;
    if (header->cmsg_len < CMSG_LEN(sizeof info)) continue;
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    about.stream = StreamId{info.rcv_sid};
    about.ppid = native::ppid_from_wire(info.rcv_ppid);
    about.association = AssociationId{info.rcv_assoc_id};
    about.unordered = (info.rcv_flags & SCTP_UNORDERED) != 0;
    about.ssn = info.rcv_ssn;
    about.tsn = info.rcv_tsn;
    about.context = info.rcv_context;
    return true;
  }
  return false;
}

inline Piece ReceiveHeader::piece(const msghdr& message, std::size_t size) const noexcept {
  Message about;
  const bool has_info = read(message, about);
  return {
      .size = size,
      .end_of_record = (message.msg_flags & MSG_EOR) != 0,
      .is_notification = (message.msg_flags & MSG_NOTIFICATION) != 0,
      .has_info = has_info,
      .stream = about.stream,
      .ppid = about.ppid,
      .association = about.association,
      .unordered = about.unordered,
      .ssn = about.ssn,
      .tsn = about.tsn,
      .context = about.context,
      .source = about.source,
  };
}

}  // namespace sctp

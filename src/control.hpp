// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>

#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/receive_buffer.hpp>

#include "native.hpp"

/// What travels beside the bytes of `sendmsg` and `recvmsg`.
namespace sctp {

/// SCTP_SNDINFO, always; SCTP_PRINFO too when the message is not to be fully reliable.
class SendControl {
 public:
  SendControl(AssociationId association, const SendOptions& options) noexcept;
  /// Ends the association gracefully instead of sending: SCTP_EOF.
  static SendControl end_of_association(AssociationId association) noexcept;
  /// Ends it at once; what is sent is the reason: SCTP_ABORT.
  static SendControl abort_of_association(AssociationId association) noexcept;

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

  /// What has been written: so many bytes, and what came beside them. Other control messages are passed over;
  /// without SCTP_RCVINFO `has_info` is false.
  [[nodiscard]] Piece read(const msghdr& message, std::size_t size) const noexcept;

 private:
  iovec where_{};
  native::SocketAddress source_;
  // For SCTP_RCVINFO (48 bytes), and for what other options of the socket may add, time stamps and such.
  alignas(cmsghdr) std::array<std::byte, 256> control_;
};

}  // namespace sctp

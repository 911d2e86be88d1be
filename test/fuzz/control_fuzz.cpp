// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

/// Takes the input for what the kernel writes beside the bytes of a message, and for what is to be sent with
/// one, and ends the program where that is read otherwise than it stands there.

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "check.hpp"
#include "control.hpp"

namespace {

using namespace sctp;

template <class T>
T at(Bytes bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset,
              std::min(sizeof value, bytes.size() - std::min(offset, bytes.size())));
  return value;
}

/// The first control message of this type that is long enough, found without the macros. One that claims more
/// than there is ends them: no kernel writes that.
std::optional<Bytes> find(Bytes control, int type, std::size_t size) {
  constexpr std::size_t alignment = sizeof(std::size_t);
  while (control.size() >= sizeof(cmsghdr)) {
    const auto header = at<cmsghdr>(control, 0);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.size()) return {};
    if (header.cmsg_level == IPPROTO_SCTP && header.cmsg_type == type &&
        header.cmsg_len >= sizeof header + size)
      return control.subspan(sizeof header, size);
    // The kernel's padding is in the buffer, too.
    const std::size_t next = (header.cmsg_len + alignment - 1) / alignment * alignment;
    if (next < header.cmsg_len || next >= control.size()) return {};
    control = control.subspan(next);
  }
  return {};
}

/// Lengths of messages stay within what was written.
bool is_well_formed(Bytes control) {
  while (!control.empty()) {
    if (control.size() < sizeof(cmsghdr)) return true;
    const std::size_t length = at<cmsghdr>(control, 0).cmsg_len;
    if (length < sizeof(cmsghdr) || length > control.size()) return false;
    control = control.subspan(std::min(control.size(), (length + 7) / 8 * 8));
  }
  return true;
}

void check_received(Bytes input) {
  if (input.size() < 8) return;
  ReceiveHeader header;
  msghdr message;
  std::array<std::byte, 64> room;
  header.attach_to(message, room);
  check(message.msg_iov->iov_base == room.data() && message.msg_iov->iov_len == room.size(),
        "it has the room");
  const auto flags = std::to_integer<unsigned>(input[0]);
  message.msg_flags = ((flags & 1U) != 0 ? MSG_EOR : 0) | ((flags & 2U) != 0 ? MSG_NOTIFICATION : 0) |
                      ((flags & 4U) != 0 ? MSG_CTRUNC : 0) | ((flags & 8U) != 0 ? MSG_TRUNC : 0);
  const std::size_t name = std::min<std::size_t>(
      {std::to_integer<std::size_t>(input[1]) % 32, message.msg_namelen, input.size() - 2});
  std::memcpy(message.msg_name, input.data() + 2, name);
  message.msg_namelen = static_cast<socklen_t>(name);
  const Bytes control =
      input.subspan(2 + name).first(std::min(input.size() - 2 - name, message.msg_controllen));
  std::memcpy(message.msg_control, control.data(), control.size());
  message.msg_controllen = control.size();
  const Piece piece = header.piece(message, 17);
  check(piece.size == 17, "the size is what was received");
  check(piece.end_of_record == ((flags & 1U) != 0) && piece.is_notification == ((flags & 2U) != 0), "flags");
  check(piece.is_notification || piece.source.scope() == 0, "a message's source has no scope");
  const auto info = find(control, SCTP_RCVINFO, sizeof(sctp_rcvinfo));
  check(piece.has_info == info.has_value(), "the information is found where it is");
  if (!info) return;
  const auto native = at<sctp_rcvinfo>(*info, 0);
  check(piece.stream == StreamId{native.rcv_sid} && piece.ssn == native.rcv_ssn &&
            piece.tsn == native.rcv_tsn && piece.ppid == Ppid{ntohl(native.rcv_ppid)} &&
            piece.context == native.rcv_context && piece.association == AssociationId{native.rcv_assoc_id} &&
            piece.unordered == ((native.rcv_flags & SCTP_UNORDERED) != 0),
        "the information is what it says");
}

void check_sent(Bytes input) {
  if (input.size() < 20) return;
  SendOptions options;
  options.stream = StreamId{at<std::uint16_t>(input, 0)};
  options.ppid = Ppid{at<std::uint32_t>(input, 2)};
  options.context = at<std::uint32_t>(input, 6);
  const auto flags = std::to_integer<unsigned>(input[10]);
  options.unordered = (flags & 1U) != 0;
  options.sack_immediately = (flags & 2U) != 0;
  const auto value = at<std::uint32_t>(input, 11);
  if ((flags & 12U) == 4) options.reliability = Reliability::lifetime(std::chrono::milliseconds{value});
  if ((flags & 12U) == 8) options.reliability = Reliability::retransmissions(value);
  if ((flags & 12U) == 12) options.reliability = Reliability::priority(value);
  const AssociationId association{at<std::int32_t>(input, 15)};
  SendControl control{association, options};
  msghdr message{};
  control.attach_to(message);
  const Bytes written{static_cast<const std::byte*>(message.msg_control), message.msg_controllen};
  check(is_well_formed(written), "it is well-formed");
  const auto info = find(written, SCTP_SNDINFO, sizeof(sctp_sndinfo));
  check(info.has_value(), "what is sent has its information");
  const auto native = at<sctp_sndinfo>(*info, 0);
  check(StreamId{native.snd_sid} == options.stream && Ppid{ntohl(native.snd_ppid)} == options.ppid &&
            native.snd_context == options.context && AssociationId{native.snd_assoc_id} == association,
        "it is what was asked");
  check(((native.snd_flags & SCTP_UNORDERED) != 0) == options.unordered &&
            ((native.snd_flags & SCTP_SACK_IMMEDIATELY) != 0) == options.sack_immediately &&
            (native.snd_flags & (SCTP_EOF | SCTP_ABORT)) == 0,
        "its flags are those that were asked");
  const auto reliability = find(written, SCTP_PRINFO, sizeof(sctp_prinfo));
  check(reliability.has_value() == (options.reliability != Reliability{}),
        "reliability goes along when asked");
  if (reliability)
    check(at<sctp_prinfo>(*reliability, 0).pr_value == options.reliability.value(), "it is what was asked");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span{data, size});
  check_received(bytes);
  check_sent(bytes);
  return 0;
}

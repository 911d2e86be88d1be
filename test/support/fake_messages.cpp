// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fake_options.hpp"
#include "sys.hpp"

namespace sctp::sys {

using namespace test;

namespace {

/// What put_cmsg does: a message that does not fit is cut, and the flag tells.
class ControlWriter {
 public:
  explicit ControlWriter(msghdr& message) : message_{message}, room_{message.msg_controllen} {
    message_.msg_controllen = 0;
  }
  template <class Native>
  void put(int level, int type, const Native& value, std::size_t room_at_most = SIZE_MAX) {
    const std::size_t room = std::min(room_ - message_.msg_controllen, room_at_most);
    const std::size_t length = std::min(CMSG_LEN(sizeof value), room);
    if (length < CMSG_LEN(sizeof value)) message_.msg_flags |= MSG_CTRUNC;
    if (length < sizeof(cmsghdr)) return;
    auto* at = static_cast<std::byte*>(message_.msg_control) + message_.msg_controllen;
    const cmsghdr header{length, level, type};
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + CMSG_LEN(0), &value, length - CMSG_LEN(0));
    message_.msg_controllen += std::min(CMSG_SPACE(sizeof value), room);
  }

 private:
  msghdr& message_;
  std::size_t room_;
};

void write_control(const Arrival& arrival, msghdr& message) {
  ControlWriter control{message};
  if (arrival.control == Arrival::Control::none) return;
  if (arrival.control == Arrival::Control::info_after_others) {
    control.put(SOL_SOCKET, SO_TIMESTAMP, timeval{1, 2});
    control.put(IPPROTO_SCTP, SCTP_NXTINFO, sctp_nxtinfo{});
    sctp_sndrcvinfo deprecated{};
    deprecated.sinfo_stream = 999;
    control.put(IPPROTO_SCTP, SCTP_SNDRCV, deprecated);
  }
  sctp_rcvinfo info{};
  info.rcv_sid = native::to_native(arrival.stream);
  info.rcv_ssn = arrival.info_ssn;
  info.rcv_flags = arrival.is_unordered ? SCTP_UNORDERED : 0;
  info.rcv_ppid = htonl(static_cast<std::uint32_t>(arrival.wire_ppid));
  info.rcv_tsn = arrival.info_tsn;
  info.rcv_context = arrival.info_context;
  info.rcv_assoc_id = native::to_native(arrival.association);
  const bool cut = arrival.control == Arrival::Control::cut_info;
  control.put(IPPROTO_SCTP, SCTP_RCVINFO, info, cut ? CMSG_LEN(8) : SIZE_MAX);
}

Sent read_message(int fd, const msghdr& message, int flags) {
  Sent sent;
  sent.fd = fd;
  sent.flags = flags;
  for (const iovec& part : std::span{message.msg_iov, message.msg_iovlen}) {
    sent.data.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  if (message.msg_name != nullptr) sent.destination = read_name(static_cast<sockaddr*>(message.msg_name));
  auto* header = CMSG_FIRSTHDR(&message);
  for (; header != nullptr; header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
    ++sent.control_messages;
    if (header->cmsg_level != IPPROTO_SCTP) continue;
    if (header->cmsg_type == SCTP_SNDINFO && header->cmsg_len == CMSG_LEN(sizeof(sctp_sndinfo))) {
      sctp_sndinfo info;
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      sent.has_info = true;
      sent.stream = info.snd_sid;
      sent.info_flags = info.snd_flags;
      std::memcpy(sent.ppid_on_the_wire.data(), &info.snd_ppid, sizeof info.snd_ppid);
      sent.context = info.snd_context;
      sent.association = info.snd_assoc_id;
    }
    if (header->cmsg_type == SCTP_PRINFO && header->cmsg_len == CMSG_LEN(sizeof(sctp_prinfo))) {
      sctp_prinfo info;
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      sent.reliability = {info.pr_policy, info.pr_value};
    }
  }
  return sent;
}

int nothing_to_receive(FakeKernel& kernel, const Descriptor& descriptor, int flags) {
  if (const int error = std::exchange(kernel.pending_error, 0); error != 0) return fail(error);
  if (kernel.stream_ended) return 0;
  if (!may_block(descriptor, flags)) return fail(EAGAIN);
  const bool is_one_to_one = descriptor.type == SOCK_STREAM;
  if (is_one_to_one ? bool{kernel.up} : descriptor.backlog || !descriptor.associations.empty())
    kernel.complain("recvmsg would wait for ever: the test has scripted nothing to receive");
  return fail(ENOTCONN);
}

ssize_t send_one(FakeKernel& kernel, int fd, const msghdr* message, int flags) {
  if (kernel.descriptor(fd).domain == AF_NETLINK) {
    const auto* bytes = static_cast<const std::byte*>(message->msg_iov->iov_base);
    kernel.netlink_requests.emplace_back(bytes, bytes + message->msg_iov->iov_len);
    return static_cast<ssize_t>(message->msg_iov->iov_len);
  }
  const Sent sent = read_message(fd, *message, flags);
  if ((flags & MSG_NOSIGNAL) == 0) kernel.complain("sendmsg without MSG_NOSIGNAL may kill the process");
  if (sent.destination && sent.association != 0)
    kernel.complain("sendmsg with an address and an association");
  if (sent.destination && !fits(kernel.descriptor(fd), {&*sent.destination, 1})) return fail(EINVAL);
  const bool chooses_path = (sent.info_flags & SCTP_ADDR_OVER) != 0;
  if (sent.destination && kernel.descriptor(fd).type == SOCK_SEQPACKET && !chooses_path)
    kernel.complain("sendmsg to an address on a one-to-many socket");
  if (sent.destination && !chooses_path) {
    kernel.shake_hands(kernel.descriptor(fd), *sent.destination, kernel.next_association);
    const bool waits = kernel.handshake && may_block(kernel.descriptor(fd), flags);
    if (waits) kernel.advance(kernel.handshake->ends - kernel.now);
  }
  const bool is_one_of_many = kernel.descriptor(fd).type == SOCK_SEQPACKET && !sent.destination;
  if (is_one_of_many && send_to_one_of_many(kernel, kernel.descriptor(fd), sent) < 0) return -1;
  kernel.sent.push_back(sent);
  return static_cast<ssize_t>(sent.data.size());
}

ssize_t receive_one(FakeKernel& kernel, int fd, msghdr* message, int flags) {
  message->msg_flags = 0;
  const std::size_t room = message->msg_iovlen == 0 ? 0 : message->msg_iov->iov_len;
  if (kernel.descriptor(fd).domain == AF_NETLINK) {
    if (kernel.netlink_answers.empty()) return fail(EAGAIN);
    const auto bytes = kernel.netlink_answers.front();
    kernel.netlink_answers.pop_front();
    std::memcpy(message->msg_iov->iov_base, bytes.data(), std::min(room, bytes.size()));
    return static_cast<ssize_t>(std::min(room, bytes.size()));
  }
  if (room == 0) kernel.complain("recvmsg without room answers 0, which looks like the end");
  auto found = kernel.arrival_for(fd);
  while (found == kernel.queue.end() && !kernel.stream_ended && kernel.pending_error == 0 &&
         may_block(kernel.descriptor(fd), flags) && kernel.wait(true)) {
    found = kernel.arrival_for(fd);
  }
  if (found == kernel.queue.end() || room == 0) {
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    return nothing_to_receive(kernel, kernel.descriptor(fd), flags);
  }
  Arrival& arrival = *found;
  const std::size_t size = std::min(room, arrival.bytes.size());
  if (size != 0) std::memcpy(message->msg_iov->iov_base, arrival.bytes.data(), size);
  if (arrival.is_event) message->msg_flags |= MSG_NOTIFICATION;
  if (arrival.source) {
    write_name(as_seen_by(kernel.descriptor(fd), *arrival.source), message->msg_name, &message->msg_namelen);
  } else {
    message->msg_namelen = 0;
  }
  write_control(arrival, *message);
  if (size < arrival.bytes.size()) {
    arrival.bytes.erase(arrival.bytes.begin(), arrival.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    return static_cast<ssize_t>(size);
  }
  if (arrival.ends_record) message->msg_flags |= MSG_EOR;
  kernel.queue.erase(found);
  return static_cast<ssize_t>(size);
}

}  // namespace

ssize_t sendmsg(int fd, const msghdr* message, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::sendmsg, fd)) return -1;
  return send_one(kernel, fd, message, flags);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::recvmsg, fd)) return -1;
  return receive_one(kernel, fd, message, flags);
}

// Stops at the first that fails, and keeps its error to itself unless that is the very first.
int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::sendmmsg, fd)) return -1;
  unsigned done = 0;
  for (; done != count; ++done) {
    const ssize_t size = send_one(kernel, fd, &messages[done].msg_hdr, flags);
    if (size < 0) break;
    messages[done].msg_len = static_cast<unsigned>(size);
  }
  return done != 0 ? static_cast<int>(done) : -1;
}

// Tells an error before what was received ahead of it. At the end of the stream every message is empty.
int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::recvmmsg, fd)) return -1;
  if (const int error = std::exchange(kernel.pending_error, 0); error != 0) return fail(error);
  unsigned done = 0;
  for (; done != count; ++done) {
    const ssize_t size = receive_one(kernel, fd, &messages[done].msg_hdr, flags & ~MSG_WAITFORONE);
    if (size < 0) break;
    messages[done].msg_len = static_cast<unsigned>(size);
    if ((flags & MSG_WAITFORONE) != 0) flags |= MSG_DONTWAIT;
  }
  if (done == 0) return -1;
  if (done != count && errno != EAGAIN) kernel.pending_error = errno;
  return static_cast<int>(done);
}

}  // namespace sctp::sys

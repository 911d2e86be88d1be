// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "fake_kernel.hpp"
#include "native.hpp"
#include "sys.hpp"

namespace sctp::sys {
namespace {

using test::Arrival;
using test::Call;
using test::Descriptor;
using test::FakeKernel;
using test::Sent;

int fail(int error) noexcept {
  errno = error;
  return -1;
}

template <class T>
Bytes bytes_of(const T& value) noexcept {
  return std::as_bytes(std::span{&value, 1});
}

/// As much of `bytes` as there is room for; `length` becomes what there would have been, as in the kernel.
void write_name(Bytes bytes, void* name, socklen_t* length) noexcept {
  if (name == nullptr || length == nullptr) return;
  std::memcpy(name, bytes.data(), std::min<std::size_t>(bytes.size(), *length));
  *length = static_cast<socklen_t>(bytes.size());
}

/// An IPv6 socket speaks of IPv4 addresses as mapped ones.
Address as_seen_by(const Descriptor& descriptor, const Address& address) noexcept {
  if (descriptor.domain == AF_INET || address.family() == Address::Family::v6) return address;
  std::array<std::uint8_t, 16> mapped{};
  mapped[10] = mapped[11] = 0xff;
  std::memcpy(&mapped[12], address.bytes().data(), 4);
  return Address::v6(mapped, address.port());
}

void write_name(const Address& address, void* name, socklen_t* length) noexcept {
  native::SocketAddress native;
  const socklen_t size = native::to_native(address, native);
  write_name(bytes_of(native).first(size), name, length);
}

/// As an application would read it: but a mapped IPv4 address stays one here.
Address read_name(const sockaddr* name) noexcept {
  const auto* bytes = reinterpret_cast<const std::byte*>(name);
  const bool v4 = name->sa_family == AF_INET;
  return *native::address_from({bytes, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)});
}

std::vector<Address> read_names(const sockaddr* names, int count) noexcept {
  std::vector<Address> addresses;
  const auto* at = reinterpret_cast<const std::byte*>(names);
  while (addresses.size() != static_cast<std::size_t>(count)) {
    sa_family_t family;
    std::memcpy(&family, at, sizeof family);
    const std::size_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    addresses.push_back(*native::address_from({at, size}));
    at += size;
  }
  return addresses;
}

bool fits(const Descriptor& descriptor, std::span<const Address> addresses) noexcept {
  const auto v4 = [](const Address& address) { return address.family() == Address::Family::v4; };
  return descriptor.domain == AF_INET6 || std::ranges::all_of(addresses, v4);
}

bool may_block(const Descriptor& descriptor, int flags) noexcept {
  return (flags & MSG_DONTWAIT) == 0 && (descriptor.status_flags & O_NONBLOCK) == 0;
}

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

}  // namespace

int socket(int domain, int type, int protocol) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::socket)) return -1;
  const int fd = kernel.open(domain, type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), protocol);
  if ((type & SOCK_CLOEXEC) != 0) kernel.descriptor(fd).fd_flags = FD_CLOEXEC;
  if ((type & SOCK_NONBLOCK) != 0) kernel.descriptor(fd).status_flags = O_NONBLOCK;
  return fd;
}

int close(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const bool fails = kernel.enter(Call::close, fd);
  kernel.descriptors.erase(fd);  // Linux releases it, whatever it answers
  return fails ? -1 : 0;
}

int bind(int fd, const sockaddr* address, socklen_t) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::bind, fd)) return -1;
  const Address local = read_name(address);
  if (!fits(kernel.descriptor(fd), {&local, 1})) return fail(EINVAL);
  kernel.descriptor(fd).local = local.port() == 0 ? local.with_port(40001) : local;
  kernel.bound_to.push_back({local});
  return 0;
}

int bindx(int fd, sockaddr* addresses, int count, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::bindx, fd)) return -1;
  const auto locals = read_names(addresses, count);
  if (flags != SCTP_BINDX_ADD_ADDR || !fits(kernel.descriptor(fd), locals)) return fail(EINVAL);
  kernel.descriptor(fd).local = locals.front();
  kernel.bound_to.push_back(locals);
  return 0;
}

int listen(int fd, int backlog) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::listen, fd)) return -1;
  kernel.descriptor(fd).backlog = backlog;
  return 0;
}

int accept4(int fd, sockaddr* address, socklen_t* length, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::accept4, fd)) return -1;
  Descriptor& listener = kernel.descriptor(fd);
  if (!listener.backlog) return fail(EINVAL);
  if (kernel.waiting_peers.empty()) {
    if (may_block(listener, 0)) kernel.complain("accept4 would wait for ever: the test has sent no peer");
    return fail(EAGAIN);
  }
  const int peer = kernel.open(listener.domain);
  Descriptor& accepted = kernel.descriptor(peer);
  accepted.fd_flags = (flags & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0;
  accepted.status_flags = (flags & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0;
  accepted.options = listener.options;
  accepted.events = listener.events;
  accepted.local = listener.local;
  accepted.peer = Address::v4({192, 0, 2, 1}, 5000);
  kernel.association_is_up(kernel.waiting_peers.front());
  kernel.waiting_peers.pop_front();
  write_name(as_seen_by(accepted, *accepted.peer), address, length);
  return peer;
}

int connectx(int fd, sockaddr* addresses, int count, int* association) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const bool fails = kernel.enter(Call::connectx, fd);
  const int error = errno;
  if (!kernel.is_open(fd)) return -1;
  const auto peers = read_names(addresses, count);
  kernel.connected_to.push_back(peers);
  if (fails) {
    if (error == EINPROGRESS) *association = native::to_native(kernel.next_association);
    return fail(error);
  }
  Descriptor& descriptor = kernel.descriptor(fd);
  if (!fits(descriptor, peers)) return fail(EINVAL);
  *association = native::to_native(kernel.next_association);
  if (kernel.shake_hands(descriptor, peers.back(), kernel.next_association)) return 0;
  return fail(may_block(descriptor, 0) ? EINTR : EINPROGRESS);
}

int shutdown(int fd, int how) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::shutdown, fd)) return -1;
  kernel.descriptor(fd).shut_down_how = how;
  return 0;
}

int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::getsockname, fd)) return -1;
  const Descriptor& descriptor = kernel.descriptor(fd);
  write_name(as_seen_by(descriptor, descriptor.local.value_or(Address{})), address, length);
  return 0;
}

int getpeername(int fd, sockaddr* address, socklen_t* length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::getpeername, fd)) return -1;
  const Descriptor& descriptor = kernel.descriptor(fd);
  if (!descriptor.peer) return fail(ENOTCONN);
  write_name(as_seen_by(descriptor, *descriptor.peer), address, length);
  return 0;
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::sendmsg, fd)) return -1;
  const Sent sent = read_message(fd, *message, flags);
  if ((flags & MSG_NOSIGNAL) == 0) kernel.complain("sendmsg without MSG_NOSIGNAL may kill the process");
  if (sent.destination && sent.association != 0)
    kernel.complain("sendmsg with an address and an association");
  if (sent.destination && !fits(kernel.descriptor(fd), {&*sent.destination, 1})) return fail(EINVAL);
  if (sent.destination) {
    kernel.shake_hands(kernel.descriptor(fd), *sent.destination, kernel.next_association);
  }
  kernel.sent.push_back(sent);
  return static_cast<ssize_t>(sent.data.size());
}

ssize_t recvmsg(int fd, msghdr* message, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::recvmsg, fd)) return -1;
  message->msg_flags = 0;
  const std::size_t room = message->msg_iovlen == 0 ? 0 : message->msg_iov->iov_len;
  if (room == 0) kernel.complain("recvmsg without room answers 0, which looks like the end");
  if (kernel.queue.empty() || room == 0) {
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    if (const int error = std::exchange(kernel.pending_error, 0); error != 0) return fail(error);
    if (kernel.stream_ended) return 0;
    if (!may_block(kernel.descriptor(fd), flags)) return fail(EAGAIN);
    if (kernel.up) kernel.complain("recvmsg would wait for ever: the test has scripted nothing to receive");
    return fail(ENOTCONN);
  }
  Arrival& arrival = kernel.queue.front();
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
  kernel.queue.pop_front();
  return static_cast<ssize_t>(size);
}

int poll(pollfd* descriptors, nfds_t count, int timeout) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (count != 1) kernel.complain("poll of several descriptors");
  if (kernel.enter(Call::poll, descriptors->fd)) return -1;
  kernel.poll_timeouts.push_back(timeout);
  descriptors->revents = descriptors->events;
  if (!kernel.poll_answers.empty()) {
    descriptors->revents = kernel.poll_answers.front();
    kernel.poll_answers.pop_front();
  }
  if (descriptors->revents != 0) return 1;
  if (timeout < 0) kernel.complain("poll without a time limit found nothing, and would wait for ever");
  kernel.advance(timeout);
  return 0;
}

int get_fd_flags(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  return kernel.enter(Call::get_fd_flags, fd) ? -1 : kernel.descriptor(fd).fd_flags;
}

int set_fd_flags(int fd, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::set_fd_flags, fd)) return -1;
  kernel.descriptor(fd).fd_flags = flags;
  return 0;
}

int get_status_flags(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  return kernel.enter(Call::get_status_flags, fd) ? -1 : kernel.descriptor(fd).status_flags;
}

int set_status_flags(int fd, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::set_status_flags, fd)) return -1;
  kernel.descriptor(fd).status_flags = flags;
  return 0;
}

unsigned interface_index(const char* name) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::interface_index)) return 0;
  const auto found = kernel.interfaces.find(name);
  return found == kernel.interfaces.end() ? 0 : found->second;
}

long long monotonic_milliseconds() noexcept { return FakeKernel::current().now; }

}  // namespace sctp::sys

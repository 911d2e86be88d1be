// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fake_kernel.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "catch.hpp"
#include "native.hpp"

namespace sctp::test {
namespace {

FakeKernel* the_kernel = nullptr;

bool refuse(int error) {
  errno = error;
  return true;
}

}  // namespace

std::string to_string(Call call) {
  switch (call) {
    case Call::socket: return "socket";
    case Call::close: return "close";
    case Call::bind: return "bind";
    case Call::listen: return "listen";
    case Call::accept4: return "accept4";
    case Call::shutdown: return "shutdown";
    case Call::getsockname: return "getsockname";
    case Call::getpeername: return "getpeername";
    case Call::getsockopt: return "getsockopt";
    case Call::setsockopt: return "setsockopt";
    case Call::sendmsg: return "sendmsg";
    case Call::recvmsg: return "recvmsg";
    case Call::sendmmsg: return "sendmmsg";
    case Call::recvmmsg: return "recvmmsg";
    case Call::poll: return "poll";
    case Call::get_fd_flags: return "get_fd_flags";
    case Call::set_fd_flags: return "set_fd_flags";
    case Call::get_status_flags: return "get_status_flags";
    case Call::set_status_flags: return "set_status_flags";
    case Call::interface_index: return "interface_index";
    case Call::getifaddrs: return "getifaddrs";
    case Call::getaddrinfo: return "getaddrinfo";
    case Call::eventfd: return "eventfd";
    case Call::signal_eventfd: return "signal_eventfd";
    case Call::clear_eventfd: return "clear_eventfd";
    case Call::bindx: return "bindx";
    case Call::connectx: return "connectx";
  }
  return "?";
}

Arrival piece(std::string_view text) {
  Arrival arrival;
  const Bytes bytes = as_bytes(text);
  arrival.bytes.assign(bytes.begin(), bytes.end());
  return arrival;
}

Arrival event(std::vector<std::byte> record) {
  Arrival arrival;
  arrival.bytes = std::move(record);
  arrival.is_event = true;
  arrival.ends_record = true;
  arrival.control = Arrival::Control::none;
  return arrival;
}

FakeKernel::FakeKernel() {
  if (the_kernel != nullptr) give_up("there is one already");
  the_kernel = this;
}

FakeKernel::~FakeKernel() {
  the_kernel = nullptr;
  for (const std::string& complaint : take_complaints()) FAIL_CHECK(complaint);
}

FakeKernel& FakeKernel::current() {
  if (the_kernel == nullptr) give_up("a system call, and the test has made no FakeKernel");
  if (the_kernel->threads_bring_more) std::this_thread::yield();  // let the others in between any two calls
  return *the_kernel;
}

std::vector<std::string> FakeKernel::take_complaints() {
  for (const auto& [fd, descriptor] : std::exchange(descriptors, {})) {
    complain("descriptor " + std::to_string(fd) + " was left open");
  }
  if (at_question) complain("something was to happen when an option is asked for, and none was");
  if (!meanwhile.empty()) complain("something was to happen while a call waits, and none did");
  for (const auto& [call, errors] : std::exchange(failures_, {})) {
    if (!errors.empty()) complain("a failure of " + to_string(call) + " was scripted, and never met");
  }
  return std::exchange(complaints_, {});
}

void FakeKernel::receives(const Arrival& arrival) {
  const std::lock_guard lock{mutex};
  queue.push_back(arrival);
  has_changed.notify_all();
}

void FakeKernel::fail_next(Call call, int error, int times) {
  failures_[call].insert(failures_[call].end(), static_cast<std::size_t>(times), error);
}

void FakeKernel::fail_at(std::size_t position, int error) {
  failures_by_position_[position_ + position] = error;
}

void FakeKernel::give_up(const char* why) {
  std::fprintf(stderr, "FakeKernel: %s\n", why);
  std::abort();
}

bool FakeKernel::enter(Call call, int fd) {
  calls.push_back(call);
  if (fd != -2 && !is_open(fd)) {
    if (fd != -1) complain(to_string(call) + " on descriptor " + std::to_string(fd) + ", which is not open");
    return refuse(EBADF);
  }
  if (call != Call::close) {
    const auto failure = failures_by_position_.find(position_++);
    if (failure != failures_by_position_.end()) {
      failed_at = call;
      failed_at_status =
          call == Call::getsockopt && asked_option == std::pair<int, int>{IPPROTO_SCTP, SCTP_STATUS};
      return refuse(failure->second);
    }
  }
  auto& failures = failures_[call];
  if (failures.empty()) return false;
  const int error = failures.front();
  failures.pop_front();
  return refuse(error);
}

void FakeKernel::association_is_up(AssociationId id, std::uint16_t streams_out, std::uint16_t streams_in) {
  up = Up{.id = id, .streams_out = streams_out, .streams_in = streams_in, .primary = {}};
}

bool FakeKernel::shake_hands(Descriptor& with, const Address& peer, AssociationId id) {
  with.peer = peer;
  if (!with.local) with.local = Address::loopback(peer.family(), 40000);
  handshake = std::exchange(next_handshake, {});
  if (!handshake) {
    association_is_up(id);
    return true;
  }
  handshake->association = id;
  handshake->ends += now;
  return false;
}

void FakeKernel::advance(long long milliseconds) {
  now += milliseconds;
  if (!handshake || handshake->ends > now) return;
  if (handshake->error != 0) {
    pending_error = handshake->error;
  } else {
    association_is_up(handshake->association);
  }
  handshake.reset();
}

short FakeKernel::readiness(int fd, short wanted) {
  if (poll_timeouts.size() > 100'000) give_up("poll is called for ever");
  const Descriptor& asked = descriptor(fd);
  if (asked.is_eventfd) return asked.event_count != 0 ? POLLIN : short{0};
  if (!poll_answers.empty()) {
    const short answer = poll_answers.front();
    poll_answers.pop_front();
    return answer;
  }
  if (pending_error != 0) return POLLERR;
  if (handshake) return 0;
  bool readable = stream_ended || arrival_for(fd) != queue.end();
  if (asked.backlog && asked.type == SOCK_STREAM) readable = !waiting_peers.empty();
  return static_cast<short>(wanted & (readable ? POLLIN | POLLOUT : POLLOUT));
}

std::deque<Arrival>::iterator FakeKernel::arrival_for(int fd) {
  return std::ranges::find_if(queue, [fd](const Arrival& one) { return one.fd == -1 || one.fd == fd; });
}

bool FakeKernel::wait(bool for_ever) {
  if (!meanwhile.empty()) {
    const auto what = std::move(meanwhile.front());
    meanwhile.pop_front();
    what();
    return true;
  }
  if (!threads_bring_more || !for_ever) return false;
  has_changed.wait(mutex);
  return true;
}

int FakeKernel::open(int domain, int type, int protocol) {
  const int fd = next_fd_++;
  Descriptor& descriptor = descriptors[fd];
  descriptor.domain = domain;
  descriptor.type = type;
  descriptor.protocol = protocol;
  if (furnish) furnish(descriptor);
  return fd;
}

int FakeKernel::open_peeled_off(AssociationId id) {
  const int fd = open_one_to_many();
  descriptor(fd).is_peeled_off = true;
  descriptor(fd).peer = Address::v4({192, 0, 2, 1}, 5000);
  association(fd, id);
  return fd;
}

std::size_t FakeKernel::count(Call call) const {
  return static_cast<std::size_t>(std::ranges::count(calls, call));
}

std::string FakeKernel::story() const {
  std::string story;
  for (const Call call : calls) story += (story.empty() ? "" : " ") + to_string(call);
  return story;
}

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>

#include "fake_names.hpp"
#include "sys.hpp"

/// How calls wait, and are woken.
namespace sctp::sys {

using namespace test;

namespace {

constexpr int a_day = 24 * 60 * 60 * 1000;

int look(FakeKernel& kernel, std::span<pollfd> descriptors) {
  int ready = 0;
  for (pollfd& one : descriptors) {
    one.revents = one.fd < 0 ? short{0} : kernel.readiness(one.fd, one.events);
    if (one.revents != 0) ++ready;
  }
  return ready;
}

}  // namespace

int poll(pollfd* first, nfds_t count, int timeout) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  const std::span descriptors{first, count};
  const int fd = count == 0 || first->fd < 0 ? -2 : first->fd;
  if (kernel.enter(Call::poll, fd)) return -1;
  if (count > 2 ||
      (count == 2 && !(kernel.is_open(first[1].fd) && kernel.descriptor(first[1].fd).is_eventfd)))
    kernel.complain("poll of several descriptors that are not one and a waker's");
  kernel.poll_timeouts.push_back(timeout);
  const bool for_ever = timeout < 0 || timeout >= a_day;
  const bool scripted = !kernel.poll_answers.empty();
  int ready = look(kernel, descriptors);
  while (ready == 0 && timeout != 0 && !scripted && kernel.wait(for_ever)) ready = look(kernel, descriptors);
  if (ready != 0 || timeout == 0) return ready;
  if (for_ever && (scripted ? timeout < 0 : !kernel.handshake)) {
    kernel.complain("poll would wait for ever: nothing is to come");
    return fail(EDEADLK);
  }
  if (scripted) {
    kernel.advance(timeout);
    return 0;
  }
  const long long left = kernel.handshake ? kernel.handshake->ends - kernel.now : timeout;
  kernel.advance(std::max(0LL, timeout < 0 ? left : std::min<long long>(left, timeout)));
  return kernel.handshake || timeout == left ? 0 : look(kernel, descriptors);
}

int eventfd() noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::eventfd)) return -1;
  const int fd = kernel.open(AF_UNSPEC, 0, 0);
  Descriptor& descriptor = kernel.descriptor(fd);
  descriptor.is_eventfd = true;
  descriptor.fd_flags = FD_CLOEXEC;
  descriptor.status_flags = O_NONBLOCK;
  return fd;
}

int signal_eventfd(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::signal_eventfd, fd)) return -1;
  ++kernel.descriptor(fd).event_count;
  kernel.has_changed.notify_all();
  return 0;
}

int clear_eventfd(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::clear_eventfd, fd)) return -1;
  return std::exchange(kernel.descriptor(fd).event_count, 0) != 0 ? 0 : fail(EAGAIN);
}

}  // namespace sctp::sys

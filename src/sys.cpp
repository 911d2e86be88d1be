// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "sys.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/sctp.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace sctp::sys {

int socket(int domain, int type, int protocol) noexcept { return ::socket(domain, type, protocol); }
int close(int fd) noexcept { return ::close(fd); }
int bind(int fd, const sockaddr* address, socklen_t length) noexcept { return ::bind(fd, address, length); }
int listen(int fd, int backlog) noexcept { return ::listen(fd, backlog); }
int accept4(int fd, sockaddr* address, socklen_t* length, int flags) noexcept {
  return ::accept4(fd, address, length, flags);
}
int shutdown(int fd, int how) noexcept { return ::shutdown(fd, how); }
int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
  return ::getsockname(fd, address, length);
}
int getpeername(int fd, sockaddr* address, socklen_t* length) noexcept {
  return ::getpeername(fd, address, length);
}
int getsockopt(int fd, int level, int option, void* value, socklen_t* length) noexcept {
  return ::getsockopt(fd, level, option, value, length);
}
int setsockopt(int fd, int level, int option, const void* value, socklen_t length) noexcept {
  return ::setsockopt(fd, level, option, value, length);
}
ssize_t sendmsg(int fd, const msghdr* message, int flags) noexcept { return ::sendmsg(fd, message, flags); }
ssize_t recvmsg(int fd, msghdr* message, int flags) noexcept { return ::recvmsg(fd, message, flags); }
int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) noexcept {
  return ::sendmmsg(fd, messages, count, flags);
}
int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags) noexcept {
  return ::recvmmsg(fd, messages, count, flags, nullptr);
}
int poll(pollfd* descriptors, nfds_t count, int timeout) noexcept {
  return ::poll(descriptors, count, timeout);
}
int get_fd_flags(int fd) noexcept { return ::fcntl(fd, F_GETFD); }
int set_fd_flags(int fd, int flags) noexcept { return ::fcntl(fd, F_SETFD, flags); }
int get_status_flags(int fd) noexcept { return ::fcntl(fd, F_GETFL); }
int set_status_flags(int fd, int flags) noexcept { return ::fcntl(fd, F_SETFL, flags); }
unsigned interface_index(const char* name) noexcept {
  // Without a descriptor for its question glibc's own function says ENOENT, whatever the reason.
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  ifreq request{};
  std::memcpy(request.ifr_name, name, ::strnlen(name, IFNAMSIZ - 1));
  const int result = ::ioctl(fd, SIOCGIFINDEX, &request);
  const int reason = errno;
  ::close(fd);
  errno = reason;
  return result < 0 ? 0 : static_cast<unsigned>(request.ifr_ifindex);
}
int getifaddrs(ifaddrs** list) noexcept { return ::getifaddrs(list); }
void freeifaddrs(ifaddrs* list) noexcept { ::freeifaddrs(list); }
int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** list) noexcept {
  return ::getaddrinfo(host, service, hints, list);
}
void freeaddrinfo(addrinfo* list) noexcept { ::freeaddrinfo(list); }

long long monotonic_milliseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

long long tick_nanoseconds() noexcept {
  timespec tick{};
  ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  return tick.tv_nsec;
}

ssize_t read_file(const char* path, char* text, std::size_t size) noexcept {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  const ssize_t length = ::read(fd, text, size);
  ::close(fd);
  return length;
}

int eventfd() noexcept { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
int signal_eventfd(int fd) noexcept { return ::eventfd_write(fd, 1); }
int clear_eventfd(int fd) noexcept {
  eventfd_t count = 0;
  return ::eventfd_read(fd, &count);
}

int bindx(int fd, sockaddr* addresses, int count, int flags) noexcept {
  return ::sctp_bindx(fd, addresses, count, flags);
}

int connectx(int fd, sockaddr* addresses, int count, int* association) noexcept {
  errno = 0;  // libsctp 1.0.19 takes an ENOPROTOOPT from before for its own failure, and connects twice
  return ::sctp_connectx(fd, addresses, count, association);
}

}  // namespace sctp::sys

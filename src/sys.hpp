// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>

/// Every call of the library into the kernel or into libsctp, by its own name and with its own promise: a
/// negative result, and errno says why. Nothing else in the library calls either. This is the seam at which
/// the unit tests put a scripted kernel in place of `sys.cpp`.
namespace sctp::sys {

int socket(int domain, int type, int protocol) noexcept;
int close(int fd) noexcept;
int bind(int fd, const sockaddr* address, socklen_t length) noexcept;
int listen(int fd, int backlog) noexcept;
int accept4(int fd, sockaddr* address, socklen_t* length, int flags) noexcept;
int shutdown(int fd, int how) noexcept;
int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept;
int getpeername(int fd, sockaddr* address, socklen_t* length) noexcept;
int getsockopt(int fd, int level, int option, void* value, socklen_t* length) noexcept;
int setsockopt(int fd, int level, int option, const void* value, socklen_t length) noexcept;
ssize_t sendmsg(int fd, const msghdr* message, int flags) noexcept;
ssize_t recvmsg(int fd, msghdr* message, int flags) noexcept;
int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) noexcept;
int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags) noexcept;
int poll(pollfd* descriptors, nfds_t count, int timeout) noexcept;
int get_fd_flags(int fd) noexcept;
int set_fd_flags(int fd, int flags) noexcept;
int get_status_flags(int fd) noexcept;
int set_status_flags(int fd, int flags) noexcept;
/// Of its name, shorter than IFNAMSIZ; 0: errno says why, ENODEV where there is none.
unsigned interface_index(const char* name) noexcept;
int getifaddrs(ifaddrs** list) noexcept;
void freeifaddrs(ifaddrs* list) noexcept;
/// Answers 0, or one of its own errors, EAI_NONAME and so on; errno tells more for EAI_SYSTEM alone.
int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** list) noexcept;
void freeaddrinfo(addrinfo* list) noexcept;
long long monotonic_milliseconds() noexcept;
/// How long one tick of the kernel's clock takes, in which it counts some of its times.
long long tick_nanoseconds() noexcept;
/// The beginning of a file, as one of /proc.
ssize_t read_file(const char* path, char* text, std::size_t size) noexcept;
/// A close-on-exec descriptor of its own, which is readable between the next two.
int eventfd() noexcept;
int signal_eventfd(int fd) noexcept;
int clear_eventfd(int fd) noexcept;
int bindx(int fd, sockaddr* addresses, int count, int flags) noexcept;
int connectx(int fd, sockaddr* addresses, int count, int* association) noexcept;

}  // namespace sctp::sys

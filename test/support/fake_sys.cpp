// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include "fake_options.hpp"
#include "sys.hpp"

namespace sctp::sys {

using namespace test;

int socket(int domain, int type, int protocol) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::socket)) return -1;
  const int fd = kernel.open(domain, type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), protocol);
  if ((type & SOCK_CLOEXEC) != 0) kernel.descriptor(fd).fd_flags = FD_CLOEXEC;
  if ((type & SOCK_NONBLOCK) != 0) kernel.descriptor(fd).status_flags = O_NONBLOCK;
  return fd;
}

int close(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  const bool fails = kernel.enter(Call::close, fd);
  // Linux releases it, whatever it answers.
  if (kernel.is_open(fd)) kernel.closed.insert(kernel.descriptors.extract(fd));
  return fails ? -1 : 0;
}

int bind(int fd, const sockaddr* address, socklen_t) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::bind, fd)) return -1;
  const Address local = read_name(address);
  if (!fits(kernel.descriptor(fd), {&local, 1})) return fail(EINVAL);
  kernel.descriptor(fd).local = local.port() == 0 ? local.with_port(40001) : local;
  kernel.bound_to.push_back({local});
  return 0;
}

int bindx(int fd, sockaddr* addresses, int count, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::bindx, fd)) return -1;
  const auto locals = read_names(addresses, count);
  Descriptor& descriptor = kernel.descriptor(fd);
  if (!fits(descriptor, locals)) return fail(EINVAL);
  const AddressChange change{flags == SCTP_BINDX_ADD_ADDR, locals.front(),
                             kept(descriptor, {IPPROTO_SCTP, SCTP_ASCONF_SUPPORTED}, std::uint32_t{0}) != 0};
  for (const auto& [refused, error] : kernel.refused_changes) {
    if (refused == change) return fail(error);
  }
  kernel.address_changes.push_back(change);
  if (!change.adds) return 0;
  descriptor.local = locals.front();
  kernel.bound_to.push_back(locals);
  return 0;
}

int listen(int fd, int backlog) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::listen, fd)) return -1;
  Descriptor& descriptor = kernel.descriptor(fd);
  descriptor.backlog = backlog;
  if (descriptor.type == SOCK_SEQPACKET && backlog == 0) descriptor.backlog.reset();
  return 0;
}

int accept4(int fd, sockaddr* address, socklen_t* length, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
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
  accepted.options = inherited(listener);
  accepted.events = listener.events;
  accepted.local = listener.local;
  accepted.peer = Address::v4({192, 0, 2, 1}, 5000);
  kernel.association_is_up(kernel.waiting_peers.front());
  if (kernel.up->id == AssociationId{}) kernel.association_is_gone();
  kernel.waiting_peers.pop_front();
  write_name(as_seen_by(accepted, *accepted.peer), address, length);
  return peer;
}

int shutdown(int fd, int how) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::shutdown, fd)) return -1;
  kernel.descriptor(fd).shut_down_how = how;
  return 0;
}

int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::getsockname, fd)) return -1;
  const Descriptor& descriptor = kernel.descriptor(fd);
  if (descriptor.domain == AF_UNIX) return write_name(bytes_of(sa_family_t{AF_UNIX}), address, length), 0;
  write_name(as_seen_by(descriptor, descriptor.local.value_or(Address{})), address, length);
  return 0;
}

int getpeername(int fd, sockaddr* address, socklen_t* length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::getpeername, fd)) return -1;
  const Descriptor& descriptor = kernel.descriptor(fd);
  if (descriptor.has_many() || !descriptor.peer) return fail(ENOTCONN);
  write_name(as_seen_by(descriptor, *descriptor.peer), address, length);
  return 0;
}

int get_fd_flags(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  return kernel.enter(Call::get_fd_flags, fd) ? -1 : kernel.descriptor(fd).fd_flags;
}

int set_fd_flags(int fd, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::set_fd_flags, fd)) return -1;
  kernel.descriptor(fd).fd_flags = flags;
  return 0;
}

int get_status_flags(int fd) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  return kernel.enter(Call::get_status_flags, fd) ? -1 : kernel.descriptor(fd).status_flags;
}

int set_status_flags(int fd, int flags) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::set_status_flags, fd)) return -1;
  kernel.descriptor(fd).status_flags = flags;
  return 0;
}

unsigned interface_index(const char* name) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::interface_index)) return 0;
  const auto found = kernel.interfaces.find(name);
  if (found != kernel.interfaces.end()) return found->second;
  errno = ENODEV;
  return 0;
}

int getifaddrs(ifaddrs** list) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::getifaddrs)) return -1;
  ++kernel.interface_lists;
  *list = nullptr;
  for (auto entry = kernel.interface_list.rbegin(); entry != kernel.interface_list.rend(); ++entry) {
    auto* const made = new ifaddrs{};
    made->ifa_next = *list;
    made->ifa_name = entry->name.data();
    made->ifa_flags = entry->flags;
    if (entry->address) {
      auto* const name = new native::SocketAddress;
      native::to_native(*entry->address, *name);
      made->ifa_addr = &name->any;
    }
    *list = made;
  }
  return 0;
}

void freeifaddrs(ifaddrs* list) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  --kernel.interface_lists;
  while (list != nullptr) {
    delete reinterpret_cast<native::SocketAddress*>(list->ifa_addr);
    delete std::exchange(list, list->ifa_next);
  }
}

int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** list) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  kernel.lookups.push_back(
      {host, service, hints->ai_family, hints->ai_socktype, hints->ai_protocol, hints->ai_flags});
  if (kernel.enter(Call::getaddrinfo)) return EAI_SYSTEM;
  if (kernel.lookup_error != 0) return kernel.lookup_error;
  const bool is_numeric = (hints->ai_flags & AI_NUMERICHOST) != 0;
  const auto found = kernel.names.find(host);
  if (!is_numeric && found == kernel.names.end()) return EAI_NONAME;
  const std::string text{service};
  const auto known = kernel.services.find(text);
  const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number && known == kernel.services.end()) return EAI_SERVICE;
  const unsigned port = is_number ? static_cast<unsigned>(std::stoul(text)) : known->second;
  const auto addresses = is_numeric ? std::vector{Address{host, 0}} : found->second;
  *list = nullptr;
  for (auto address = addresses.rbegin(); address != addresses.rend(); ++address) {
    if (hints->ai_family == AF_INET && address->family() == Address::Family::v6) continue;
    auto* const name = new native::SocketAddress;
    const socklen_t length = native::to_native(address->with_port(static_cast<std::uint16_t>(port)), *name);
    *list =
        new addrinfo{0, name->any.sa_family, SOCK_STREAM, IPPROTO_SCTP, length, &name->any, nullptr, *list};
  }
  if (*list == nullptr) return addresses.empty() ? 0 : EAI_ADDRFAMILY;
  ++kernel.lookup_lists;
  return 0;
}

void freeaddrinfo(addrinfo* list) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  --kernel.lookup_lists;
  while (list != nullptr) {
    delete reinterpret_cast<native::SocketAddress*>(list->ai_addr);
    delete std::exchange(list, list->ai_next);
  }
}

long long monotonic_milliseconds() noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  return kernel.now;
}

long long tick_nanoseconds() noexcept { return FakeKernel::current().nanoseconds_of_tick; }

ssize_t read_file(const char* path, char* text, std::size_t size) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  const auto found = kernel.files.find(path);
  if (found == kernel.files.end()) return fail(ENOENT);
  size = std::min(size, found->second.size());
  std::memcpy(text, found->second.data(), size);
  return static_cast<ssize_t>(size);
}

}  // namespace sctp::sys

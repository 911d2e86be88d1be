// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fake_names.hpp"
#include "sys.hpp"

namespace sctp::sys {

using namespace test;

namespace {

using Option = std::pair<int, int>;

/// Answers as much as there is room for, as SOL_SOCKET options do; SCTP's want room for all.
int answer(Bytes bytes, int level, void* value, socklen_t* length) noexcept {
  if (level == IPPROTO_SCTP && *length < bytes.size()) return fail(EINVAL);
  *length = std::min(*length, static_cast<socklen_t>(bytes.size()));
  std::memcpy(value, bytes.data(), *length);
  return 0;
}

template <class Native>
int answer(const Native& native, int level, void* value, socklen_t* length) noexcept {
  return answer(std::as_bytes(std::span{&native, 1}), level, value, length);
}

template <class Native>
bool read(const void* value, socklen_t length, Native& native) noexcept {
  if (length != sizeof native) return false;
  std::memcpy(&native, value, sizeof native);
  return true;
}

/// What was set before, or what a fresh socket has.
template <class Native>
Native kept(const Descriptor& descriptor, Option option, Native fresh) noexcept {
  const auto found = descriptor.options.find(option);
  if (found != descriptor.options.end()) std::memcpy(&fresh, found->second.data(), sizeof fresh);
  return fresh;
}

template <class Native>
int keep(Descriptor& descriptor, Option option, const Native& native) {
  const Bytes bytes = std::as_bytes(std::span{&native, 1});
  descriptor.options[option].assign(bytes.begin(), bytes.end());
  return 0;
}

template <class Number>
void take_unless_zero(Number& kept, Number given) noexcept {
  if (given != 0) kept = given;
}

constexpr Option init_msg{IPPROTO_SCTP, SCTP_INITMSG};
constexpr Option rto_info{IPPROTO_SCTP, SCTP_RTOINFO};
constexpr Option delayed_sack{IPPROTO_SCTP, SCTP_DELAYED_SACK};
constexpr int fresh_buffer = 212992;
constexpr sctp_initmsg fresh_init{10, 65535, 8, 60000};
constexpr sctp_rtoinfo fresh_rto{0, 3000, 60000, 1000};
constexpr sctp_sack_info fresh_sack{0, 200, 2};

int set_init(Descriptor& descriptor, const sctp_initmsg& given) {
  auto init = kept(descriptor, init_msg, fresh_init);
  take_unless_zero(init.sinit_num_ostreams, given.sinit_num_ostreams);
  take_unless_zero(init.sinit_max_instreams, given.sinit_max_instreams);
  take_unless_zero(init.sinit_max_attempts, given.sinit_max_attempts);
  take_unless_zero(init.sinit_max_init_timeo, given.sinit_max_init_timeo);
  return keep(descriptor, init_msg, init);
}

int set_rto(Descriptor& descriptor, const sctp_rtoinfo& given) {
  auto rto = kept(descriptor, rto_info, fresh_rto);
  take_unless_zero(rto.srto_initial, given.srto_initial);
  take_unless_zero(rto.srto_max, given.srto_max);
  take_unless_zero(rto.srto_min, given.srto_min);
  if (rto.srto_min > rto.srto_max) return fail(EINVAL);
  rto.srto_assoc_id = given.srto_assoc_id;
  return keep(descriptor, rto_info, rto);
}

int set_sack(Descriptor& descriptor, const sctp_sack_info& given) {
  auto sack = kept(descriptor, delayed_sack, fresh_sack);
  if (given.sack_delay > 500) return fail(EINVAL);
  take_unless_zero(sack.sack_delay, given.sack_delay);
  take_unless_zero(sack.sack_freq, given.sack_freq);
  sack.sack_assoc_id = given.sack_assoc_id;
  return keep(descriptor, delayed_sack, sack);
}

int set_event(const FakeKernel& kernel, Descriptor& descriptor, const void* value, socklen_t length) {
  sctp_event event;
  if (!kernel.has_event_option) return fail(ENOPROTOOPT);
  if (!read(value, length, event) || event.se_type < SCTP_SN_TYPE_BASE ||
      event.se_type >= SCTP_SN_TYPE_BASE + kernel.event_types) {
    return fail(EINVAL);
  }
  descriptor.event_scopes.insert(event.se_assoc_id);
  if (event.se_on != 0) {
    descriptor.events.insert(event.se_type);
  } else {
    descriptor.events.erase(event.se_type);
  }
  return 0;
}

int set_events(const FakeKernel& kernel, Descriptor& descriptor, const void* value, socklen_t length) {
  if (length > kernel.event_types) return fail(EINVAL);
  const std::span bytes{static_cast<const std::uint8_t*>(value), length};
  descriptor.all_events.assign(bytes.begin(), bytes.end());
  for (socklen_t i = 0; i != length; ++i) {
    const auto type = static_cast<std::uint16_t>(SCTP_SN_TYPE_BASE + i);
    if (bytes[i] != 0) {
      descriptor.events.insert(type);
    } else {
      descriptor.events.erase(type);
    }
  }
  return 0;
}

int answer_events(const FakeKernel& kernel, const Descriptor& descriptor, void* value, socklen_t* length) {
  *length = std::min(*length, kernel.event_types);
  for (socklen_t i = 0; i != *length; ++i) {
    const auto type = static_cast<std::uint16_t>(SCTP_SN_TYPE_BASE + i);
    static_cast<std::uint8_t*>(value)[i] = descriptor.events.contains(type) ? 1 : 0;
  }
  return 0;
}

int answer_status(const FakeKernel& kernel, const Descriptor& descriptor, void* value, socklen_t* length) {
  if (!kernel.up) return fail(EINVAL);
  sctp_status status{};
  status.sstat_assoc_id = native::to_native(kernel.up->id);
  status.sstat_state = SCTP_ESTABLISHED;
  status.sstat_rwnd = 106496;
  status.sstat_unackdata = 3;
  status.sstat_penddata = 2;
  status.sstat_outstrms = kernel.up->streams_out;
  status.sstat_instrms = kernel.up->streams_in;
  status.sstat_fragmentation_point = 1452;
  const Address primary = kernel.up->primary.value_or(descriptor.peer.value_or(Address{}));
  native::SocketAddress name;
  const socklen_t size = native::to_native(primary, name);
  constexpr std::size_t offset =
      offsetof(sctp_status, sstat_primary) + offsetof(sctp_paddrinfo, spinfo_address);
  std::memcpy(reinterpret_cast<std::byte*>(&status) + offset, &name, size);
  return answer(status, IPPROTO_SCTP, value, length);
}

/// The one question about an association that is answered by address, in every state.
int answer_peer_info(const FakeKernel& kernel, const Descriptor& descriptor, void* value, socklen_t* length) {
  sctp_paddrinfo info;
  if (*length < sizeof info) return fail(EINVAL);
  std::memcpy(&info, value, sizeof info);
  const auto address = native::address_from(bytes_of(info).subspan(offsetof(sctp_paddrinfo, spinfo_address)));
  if ((!kernel.up && !kernel.handshake) || address != descriptor.peer) return fail(EINVAL);
  return 0;
}

int answer_addresses(std::span<const Address> addresses, void* value, socklen_t* length) {
  std::vector<std::byte> packed(sizeof(sctp_getaddrs));
  sctp_getaddrs header{};
  header.addr_num = static_cast<std::uint32_t>(addresses.size());
  std::memcpy(packed.data(), &header, sizeof header);
  for (const Address& address : addresses) {
    native::SocketAddress name;
    const socklen_t size = native::to_native(address, name);
    const Bytes bytes = std::as_bytes(std::span{&name, 1}).first(size);
    packed.insert(packed.end(), bytes.begin(), bytes.end());
  }
  if (*length < packed.size()) return fail(ENOMEM);
  *length = static_cast<socklen_t>(packed.size());
  std::memcpy(value, packed.data(), packed.size());
  return 0;
}

}  // namespace

int setsockopt(int fd, int level, int option, const void* value, socklen_t length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  if (kernel.enter(Call::setsockopt, fd)) return -1;
  Descriptor& descriptor = kernel.descriptor(fd);
  if (level == SOL_SOCKET && (option == SO_SNDBUF || option == SO_RCVBUF)) {
    int size = 0;
    if (!read(value, length, size)) return fail(EINVAL);
    return keep(descriptor, {level, option}, std::max(4608, 2 * std::min(size, kernel.largest_buffer / 2)));
  }
  if (level == IPPROTO_SCTP && option == SCTP_EVENT) return set_event(kernel, descriptor, value, length);
  if (level == IPPROTO_SCTP && option == SCTP_EVENTS) return set_events(kernel, descriptor, value, length);
  if (Option{level, option} == init_msg) {
    sctp_initmsg init;
    return read(value, length, init) ? set_init(descriptor, init) : fail(EINVAL);
  }
  if (Option{level, option} == rto_info) {
    sctp_rtoinfo rto;
    return read(value, length, rto) ? set_rto(descriptor, rto) : fail(EINVAL);
  }
  if (Option{level, option} == delayed_sack) {
    sctp_sack_info sack;
    return read(value, length, sack) ? set_sack(descriptor, sack) : fail(EINVAL);
  }
  const auto* bytes = static_cast<const std::byte*>(value);
  descriptor.options[{level, option}].assign(bytes, bytes + length);
  return 0;
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  kernel.asked_option = {level, option};
  if (kernel.enter(Call::getsockopt, fd)) return -1;
  const Descriptor& descriptor = kernel.descriptor(fd);
  if (level == SOL_SOCKET) {
    switch (option) {
      case SO_ERROR: return answer(std::exchange(kernel.pending_error, 0), level, value, length);
      case SO_TYPE: return answer(descriptor.type, level, value, length);
      case SO_PROTOCOL: return answer(descriptor.protocol, level, value, length);
      case SO_DOMAIN: return answer(descriptor.domain, level, value, length);
      case SO_LINGER: return answer(kept(descriptor, {level, option}, linger{}), level, value, length);
      case SO_SNDBUF:
      case SO_RCVBUF: return answer(kept(descriptor, {level, option}, fresh_buffer), level, value, length);
      default: return fail(ENOPROTOOPT);
    }
  }
  switch (option) {
    case SCTP_STATUS: return answer_status(kernel, descriptor, value, length);
    case SCTP_EVENTS: return answer_events(kernel, descriptor, value, length);
    case SCTP_GET_PEER_ADDR_INFO: return answer_peer_info(kernel, descriptor, value, length);
    case SCTP_INITMSG: return answer(kept(descriptor, init_msg, fresh_init), level, value, length);
    case SCTP_RTOINFO: return answer(kept(descriptor, rto_info, fresh_rto), level, value, length);
    case SCTP_GET_PEER_ADDRS: return answer_addresses(kernel.peer_addresses, value, length);
    case SCTP_GET_LOCAL_ADDRS: return answer_addresses(kernel.local_addresses, value, length);
    case SCTP_MAXSEG:
      return answer(kept(descriptor, {level, option}, sctp_assoc_value{}), level, value, length);
    case SCTP_DELAYED_SACK: return answer(kept(descriptor, delayed_sack, fresh_sack), level, value, length);
    case SCTP_NODELAY: return answer(kept(descriptor, {level, option}, int{0}), level, value, length);
    default: return fail(ENOPROTOOPT);
  }
}

}  // namespace sctp::sys

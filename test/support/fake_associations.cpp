// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include "fake_options.hpp"
#include "records.hpp"
#include "sys.hpp"

/// What the fake kernel knows of associations.
namespace sctp::test {
namespace {

/// A peeled-off descriptor does not look at the number.
template <class OneDescriptor>
auto find(OneDescriptor& descriptor, std::int32_t id) noexcept {
  return descriptor.is_peeled_off ? descriptor.associations.begin() : descriptor.associations.find(id);
}

}  // namespace

int set_event(const FakeKernel& kernel, Descriptor& descriptor, const void* value, socklen_t length) {
  sctp_event event;
  if (!kernel.has_event_option) return fail(ENOPROTOOPT);
  if (!read(value, length, event) || event.se_type < SCTP_SN_TYPE_BASE ||
      event.se_type >= SCTP_SN_TYPE_BASE + kernel.event_types) {
    return fail(EINVAL);
  }
  const auto turn = [&](std::set<std::uint16_t>& events) {
    event.se_on != 0 ? void(events.insert(event.se_type)) : void(events.erase(event.se_type));
  };
  const std::int32_t whose = event.se_assoc_id;
  descriptor.event_scopes.insert(whose);
  if (!descriptor.has_many()) return turn(descriptor.events), 0;
  const bool is_one = whose > SCTP_ALL_ASSOC;
  if (is_one && !descriptor.associations.contains(whose)) return fail(EINVAL);
  if (whose == SCTP_FUTURE_ASSOC || whose == SCTP_ALL_ASSOC) turn(descriptor.events);
  for (auto& [id, association] : descriptor.associations) {
    if (id == whose || whose == SCTP_CURRENT_ASSOC || whose == SCTP_ALL_ASSOC) turn(association.events);
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
  sctp_status status{};
  std::memcpy(&status, value, std::min<std::size_t>(sizeof status, *length));
  Address primary = descriptor.peer.value_or(Address{});
  if (descriptor.type == SOCK_SEQPACKET) {
    const auto found = find(descriptor, status.sstat_assoc_id);
    if (found == descriptor.associations.end()) return fail(EINVAL);
    const auto& [id, association] = *found;
    status = {};
    status.sstat_assoc_id = id;
    status.sstat_state = association.state;
    status.sstat_unackdata = association.unacknowledged;
    status.sstat_outstrms = association.streams_out;
    status.sstat_instrms = association.streams_in;
    if (!association.addresses.empty()) primary = association.addresses.front();
  } else {
    if (!kernel.up) return fail(EINVAL);
    status = {};
    status.sstat_assoc_id = native::to_native(kernel.up->id);
    status.sstat_state = kernel.up->state;
    status.sstat_unackdata = 3;
    status.sstat_penddata = 2;
    status.sstat_outstrms = kernel.up->streams_out;
    status.sstat_instrms = kernel.up->streams_in;
    primary = kernel.up->primary.value_or(primary);
  }
  status.sstat_rwnd = 106496;
  status.sstat_fragmentation_point = 1452;
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
  const auto found = find(descriptor, info.spinfo_assoc_id);
  if (descriptor.type == SOCK_SEQPACKET && found != descriptor.associations.end() && address) {
    const FakeAssociation& association = found->second;
    if (std::ranges::find(association.addresses, *address) == association.addresses.end())
      return fail(EINVAL);
    const auto state = association.paths.find(*address);
    if (state != association.paths.end() && state->second == FakeAssociation::hidden) return fail(EACCES);
    const bool is_first = *address == association.addresses.front();
    info.spinfo_state = state != association.paths.end() ? state->second
                        : is_first                       ? SCTP_ACTIVE
                                                         : SCTP_UNCONFIRMED;
    return answer(info, IPPROTO_SCTP, value, length);
  }
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

int answer_peer_addresses(const FakeKernel& kernel, const Descriptor& descriptor, void* value,
                          socklen_t* length) {
  if (descriptor.type != SOCK_SEQPACKET) return answer_addresses(kernel.peer_addresses, value, length);
  sctp_getaddrs asked{};
  std::memcpy(&asked, value, std::min<std::size_t>(sizeof asked, *length));
  const auto found = find(descriptor, asked.assoc_id);
  if (found == descriptor.associations.end()) return fail(EINVAL);
  return answer_addresses(found->second.addresses, value, length);
}

int answer_number(const Descriptor& descriptor, void* value, socklen_t* length) {
  if (descriptor.type == SOCK_STREAM) return fail(EOPNOTSUPP);
  return answer(static_cast<std::uint32_t>(descriptor.associations.size()), IPPROTO_SCTP, value, length);
}

int answer_ids(const Descriptor& descriptor, void* value, socklen_t* length) {
  if (descriptor.type == SOCK_STREAM) return fail(EOPNOTSUPP);
  std::vector<std::int32_t> list{static_cast<std::int32_t>(descriptor.associations.size())};
  for (const auto& [id, association] : descriptor.associations) list.push_back(id);
  return answer(std::as_bytes(std::span{list}), IPPROTO_SCTP, value, length);
}

std::map<std::pair<int, int>, std::vector<std::byte>> inherited(const Descriptor& parent) {
  auto options = parent.options;
  std::erase_if(options, [](const auto& one) {
    const auto [level, option] = one.first;
    if (level == IPPROTO_SCTP) return is_capability(option);
    return level == IPPROTO_IP || (level == SOL_SOCKET && (option == SO_PRIORITY || option == SO_MARK));
  });
  return options;
}

int peel_off(FakeKernel& kernel, int fd, int option, void* value, socklen_t* length) {
  sctp_peeloff_flags_arg_t asked{};
  const bool has_flags = option == SCTP_SOCKOPT_PEELOFF_FLAGS;
  const std::size_t size = has_flags ? sizeof asked : sizeof asked.p_arg;
  if (*length < size) return fail(EINVAL);
  std::memcpy(&asked, value, size);
  if (!kernel.descriptor(fd).has_many()) return fail(EINVAL);
  const int peeled = kernel.open(kernel.descriptor(fd).domain, SOCK_SEQPACKET);
  Descriptor& parent = kernel.descriptor(fd);
  Descriptor& child = kernel.descriptor(peeled);
  auto association = parent.associations.extract(asked.p_arg.associd);
  if (!association) {
    kernel.descriptors.erase(peeled);
    return fail(EINVAL);
  }
  const auto& addresses = association.mapped().addresses;
  if (!addresses.empty()) child.peer = addresses.front();
  child.associations.insert(std::move(association));
  child.is_peeled_off = true;
  child.options = inherited(parent);
  child.events = parent.events;
  child.local = parent.local;
  child.fd_flags = (asked.flags & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0;
  child.status_flags = (asked.flags & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0;
  for (Arrival& arrival : kernel.queue) {
    const bool is_its = arrival.association == AssociationId{asked.p_arg.associd};
    if (is_its && (arrival.fd == -1 || arrival.fd == fd)) arrival.fd = peeled;
  }
  asked.p_arg.sd = peeled;
  std::memcpy(value, &asked, size);
  return peeled;
}

int connect_one_of_many(FakeKernel& kernel, Descriptor& descriptor, const std::vector<Address>& peers,
                        int& id) {
  if (descriptor.is_peeled_off) return fail(EISCONN);
  for (const auto& [number, association] : descriptor.associations) {
    if (std::ranges::find_first_of(association.addresses, peers) == association.addresses.end()) continue;
    return fail(association.state >= SCTP_ESTABLISHED ? EISCONN : EALREADY);
  }
  id = native::to_native(kernel.next_association);
  kernel.next_association = AssociationId{id + 1};
  FakeAssociation& association = descriptor.associations[id];
  association.addresses = peers;
  association.events = descriptor.events;
  if (may_block(descriptor, 0)) {
    kernel.complain("connectx on a blocking one-to-many descriptor would wait for the peer");
    return 0;
  }
  if (!kernel.setups_are_instant) association.state = SCTP_COOKIE_WAIT;
  return fail(EINPROGRESS);
}

int send_to_one_of_many(FakeKernel& kernel, Descriptor& descriptor, const Sent& sent) {
  const auto found = find(descriptor, sent.association);
  if (found == descriptor.associations.end()) return fail(EPIPE);
  auto& [id, association] = *found;
  const bool is_up = association.state >= SCTP_ESTABLISHED;
  const auto tell = [&, association_id = AssociationId{id}](AssociationChange::State state,
                                                            Cause cause = {}) {
    descriptor.associations.erase(found);
    kernel.receives(event(assoc_change(state, {.association = association_id, .cause = cause})).at(sent.fd));
  };
  using enum AssociationChange::State;
  if ((sent.info_flags & SCTP_ABORT) != 0) {
    tell(is_up ? lost : cannot_start, Cause::user_initiated_abort);
  } else if ((sent.info_flags & SCTP_EOF) != 0) {
    association.state = std::max<int>(association.state, SCTP_SHUTDOWN_PENDING);
    if (!is_up) kernel.complain("SCTP_EOF during the setup leaves the peer with an association to nobody");
    if (association.peer_answers_shutdown) tell(shutdown_complete);
  } else if (association.state > SCTP_ESTABLISHED) {
    return fail(ESHUTDOWN);
  } else if (association.send_fails != 0) {
    return fail(association.send_fails);
  }
  return 0;
}

}  // namespace sctp::test

namespace sctp::sys {

using namespace test;

int connectx(int fd, sockaddr* addresses, int count, int* association) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  const bool fails = kernel.enter(Call::connectx, fd);
  const int error = errno;
  if (!kernel.is_open(fd)) return -1;
  const auto peers = read_names(addresses, count);
  kernel.connected_to.push_back(peers);
  Descriptor& descriptor = kernel.descriptor(fd);
  if (!fails && !fits(descriptor, peers)) return fail(EINVAL);
  const bool is_one_of_many = descriptor.type == SOCK_SEQPACKET;
  const bool goes_on = error == EINPROGRESS || error == EINTR || error == EALREADY;
  if (fails && (!goes_on || is_one_of_many)) return fail(error);
  if (is_one_of_many) return connect_one_of_many(kernel, descriptor, peers, *association);
  *association = native::to_native(kernel.next_association);
  const bool up = kernel.shake_hands(descriptor, peers.back(), kernel.next_association);
  if (fails) return fail(error);
  if (up) return 0;
  return fail(may_block(descriptor, 0) ? EINTR : EINPROGRESS);
}

}  // namespace sctp::sys

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>

#include "fake_options.hpp"

/// What the fake kernel keeps of paths: each option of each path of each association, as it was set last.
namespace sctp::test {
namespace {

/// Where an option's structure has the address, and how long it is.
struct Layout {
  int option = 0;
  std::size_t address = 0;
  std::size_t size = 0;
};
constexpr std::array layouts{
    Layout{SCTP_PRIMARY_ADDR, 4, sizeof(sctp_prim)},
    Layout{SCTP_GET_PEER_ADDR_INFO, 4, sizeof(sctp_paddrinfo)},
    Layout{SCTP_PEER_ADDR_PARAMS, 4, sizeof(sctp_paddrparams)},
    Layout{SCTP_PEER_ADDR_THLDS, 8, sizeof(sctp_paddrthlds)},
    Layout{SCTP_PEER_ADDR_THLDS_V2, 8, sizeof(sctp_paddrthlds_v2)},
    Layout{SCTP_REMOTE_UDP_ENCAPS_PORT, 8, sizeof(sctp_udpencaps)},
    Layout{SCTP_PLPMTUD_PROBE_INTERVAL, 8, sizeof(sctp_probeinterval)},
};

const Layout* find(int option) noexcept {
  const auto found = std::ranges::find(layouts, option, &Layout::option);
  return found == layouts.end() ? nullptr : &*found;
}

/// The association and the address that a structure names; as the kernel does, only one of these options
/// looks at an association's number where there is an address, and a number is nothing to sockets with one.
std::optional<Descriptor::PathKey> key_of(const FakeKernel& kernel, const Descriptor& descriptor,
                                          const Layout& layout, Bytes native) {
  Descriptor::PathKey key{layout.option, 0, native::address_from(native.subspan(layout.address))};
  // To a socket for IPv4 an IPv6 address is any.
  const bool is_v6_on_v4 = key.address && !fits(descriptor, {&*key.address, 1});
  if (key.address && (key.address->is_wildcard() || is_v6_on_v4)) key.address.reset();
  std::int32_t id = 0;
  std::memcpy(&id, native.data(), sizeof id);
  const auto has = [&](const std::vector<Address>& addresses) {
    return !key.address || std::ranges::find(addresses, *key.address) != addresses.end();
  };
  if (!descriptor.has_many()) {
    const auto one = descriptor.associations.begin();
    const bool is_peers = key.address == descriptor.peer || has(kernel.peer_addresses) ||
                          (one != descriptor.associations.end() && has(one->second.addresses));
    return !key.address || is_peers ? std::optional{key} : std::nullopt;
  }
  key.association = id;
  const auto named = descriptor.associations.find(id);
  if (named != descriptor.associations.end())
    return has(named->second.addresses) ? std::optional{key} : std::nullopt;
  if (!key.address) return id == SCTP_FUTURE_ASSOC ? std::optional{key} : std::nullopt;
  if (layout.option == SCTP_PEER_ADDR_PARAMS && id != SCTP_FUTURE_ASSOC) return std::nullopt;
  for (const auto& [other, association] : descriptor.associations) {
    key.association = other;
    if (has(association.addresses)) return key;
  }
  return std::nullopt;
}

int no_path(const Layout& layout, Bytes native) noexcept {
  const bool is_of_thresholds =
      layout.option == SCTP_PEER_ADDR_THLDS || layout.option == SCTP_PEER_ADDR_THLDS_V2;
  const bool has_address = native::address_from(native.subspan(layout.address)).has_value();
  return fail(is_of_thresholds && has_address ? ENOENT : EINVAL);
}

constexpr sctp_paddrparams fresh_params() noexcept {
  sctp_paddrparams params{};
  params.spp_hbinterval = 30'000;
  params.spp_pathmaxrxt = 5;
  params.spp_flags = SPP_HB_ENABLE | SPP_PMTUD_ENABLE | SPP_SACKDELAY_ENABLE;
  return params;
}

/// What is looked at is said by the flags; of each pair of those there is one.
bool merge(sctp_paddrparams& kept, const sctp_paddrparams& given, bool is_v6) noexcept {
  const auto has = [&](std::uint32_t flag) { return (given.spp_flags & flag) == flag; };
  if (has(SPP_HB) || has(SPP_PMTUD) || (given.spp_pathmtu != 0 && given.spp_pathmtu < 512)) return false;
  const auto replace = [&kept](std::uint32_t pair, std::uint32_t flag) {
    kept.spp_flags = (kept.spp_flags & ~pair) | flag;
  };
  if (has(SPP_HB_ENABLE)) {
    replace(SPP_HB, SPP_HB_ENABLE);
    if (given.spp_hbinterval != 0) kept.spp_hbinterval = given.spp_hbinterval;
    if (has(SPP_HB_TIME_IS_ZERO)) kept.spp_hbinterval = 0;
  }
  if (has(SPP_HB_DISABLE)) replace(SPP_HB, SPP_HB_DISABLE);
  if (given.spp_pathmaxrxt != 0) kept.spp_pathmaxrxt = given.spp_pathmaxrxt;
  if (has(SPP_PMTUD_ENABLE)) {
    replace(SPP_PMTUD, SPP_PMTUD_ENABLE);
    kept.spp_pathmtu = 0;
  }
  if (has(SPP_PMTUD_DISABLE)) {
    replace(SPP_PMTUD, SPP_PMTUD_DISABLE);
    if (given.spp_pathmtu != 0) kept.spp_pathmtu = given.spp_pathmtu;
  }
  if (has(SPP_DSCP)) {
    replace(SPP_DSCP, SPP_DSCP);
    kept.spp_dscp = given.spp_dscp & 0xfc;
  }
  if (has(SPP_IPV6_FLOWLABEL) && is_v6) {
    replace(SPP_IPV6_FLOWLABEL, SPP_IPV6_FLOWLABEL);
    kept.spp_ipv6_flowlabel = given.spp_ipv6_flowlabel & 0xfffff;
  }
  return true;
}

/// The fields behind the flags the kernel writes only where it sets these.
void answer_params(const Descriptor& descriptor, const Descriptor::PathKey& key, std::span<std::byte> bytes) {
  sctp_paddrparams answer{};
  std::memcpy(&answer, bytes.data(), bytes.size());
  sctp_paddrparams known = fresh_params();
  const auto kept = descriptor.path_options.find(key);
  if (kept != descriptor.path_options.end()) std::memcpy(&known, kept->second.data(), sizeof known);
  answer.spp_hbinterval = known.spp_hbinterval;
  answer.spp_pathmaxrxt = known.spp_pathmaxrxt;
  answer.spp_pathmtu = known.spp_pathmtu;
  answer.spp_sackdelay = known.spp_sackdelay;
  answer.spp_flags = known.spp_flags;
  if ((known.spp_flags & SPP_DSCP) != 0) answer.spp_dscp = known.spp_dscp;
  if ((known.spp_flags & SPP_IPV6_FLOWLABEL) != 0) answer.spp_ipv6_flowlabel = known.spp_ipv6_flowlabel;
  std::memcpy(bytes.data(), &answer, bytes.size());
}

template <class Native>
Native front_of(Bytes bytes) noexcept {
  Native native{};
  std::memcpy(&native, bytes.data(), std::min(sizeof native, bytes.size()));
  return native;
}

/// What the kernel would not take, though it knows the path.
bool is_refused(int option, Bytes bytes) noexcept {
  if (option == SCTP_PLPMTUD_PROBE_INTERVAL) {
    const auto interval = front_of<sctp_probeinterval>(bytes).spi_interval;
    return interval != 0 && interval < 5'000;
  }
  const auto thresholds = front_of<sctp_paddrthlds_v2>(bytes);
  return option == SCTP_PEER_ADDR_THLDS_V2 && thresholds.spt_pathpfthld > thresholds.spt_pathcpthld;
}

/// Whatever the address that is asked with.
int answer_primary(const FakeKernel& kernel, const Descriptor& descriptor, void* value, socklen_t* length) {
  sctp_prim primary;
  if (*length < sizeof primary) return fail(EINVAL);
  std::memcpy(&primary, value, sizeof primary);
  const std::int32_t id = descriptor.has_many() ? primary.ssp_assoc_id : 0;
  const auto named =
      descriptor.has_many() ? descriptor.associations.find(id) : descriptor.associations.begin();
  const bool has_named = named != descriptor.associations.end();
  if (!has_named && (descriptor.has_many() || !kernel.up)) return fail(EINVAL);
  Address address = descriptor.peer.value_or(Address{});
  if (has_named && !named->second.addresses.empty()) address = named->second.addresses.front();
  const auto chosen = descriptor.primaries.find(id);
  if (chosen != descriptor.primaries.end()) address = chosen->second;
  native::put_address(address, primary, offsetof(sctp_prim, ssp_addr));
  return answer(primary, IPPROTO_SCTP, value, length);
}

}  // namespace

bool is_of_paths(int option) noexcept { return find(option) != nullptr; }

int set_of_path(const FakeKernel& kernel, Descriptor& descriptor, int option, const void* value,
                socklen_t length) {
  const Layout& layout = *find(option);
  const bool is_short = option == SCTP_PEER_ADDR_PARAMS && length == 152;
  if (length != std::min<std::size_t>(layout.size, kernel.peer_params_size) && !is_short &&
      length != layout.size)
    return fail(EINVAL);
  if (option == SCTP_PEER_ADDR_PARAMS && length > kernel.peer_params_size) return fail(EINVAL);
  const Bytes bytes{static_cast<const std::byte*>(value), length};
  const auto key = key_of(kernel, descriptor, layout, bytes);
  if (!key) return no_path(layout, bytes);
  if (is_refused(option, bytes)) return fail(EINVAL);
  if (option == SCTP_PRIMARY_ADDR) {
    if (!key->address) return fail(EINVAL);
    descriptor.primaries[key->association] = *key->address;
    return 0;
  }
  auto& kept = descriptor.path_options[*key];
  if (option != SCTP_PEER_ADDR_PARAMS) {
    kept.assign(bytes.begin(), bytes.end());
    return 0;
  }
  auto params = kept.empty() ? fresh_params() : front_of<sctp_paddrparams>(kept);
  if (!merge(params, front_of<sctp_paddrparams>(bytes), descriptor.domain == AF_INET6)) return fail(EINVAL);
  kept.assign(bytes_of(params).begin(), bytes_of(params).end());
  return 0;
}

int answer_of_path(const FakeKernel& kernel, const Descriptor& descriptor, int option, void* value,
                   socklen_t* length) {
  if (option == SCTP_PRIMARY_ADDR) return answer_primary(kernel, descriptor, value, length);
  const Layout& layout = *find(option);
  const std::size_t size = option == SCTP_PEER_ADDR_PARAMS
                               ? std::min<std::size_t>(layout.size, kernel.peer_params_size)
                               : layout.size;
  if (*length < size) return fail(EINVAL);
  auto* bytes = static_cast<std::byte*>(value);
  const auto key = key_of(kernel, descriptor, layout, {bytes, size});
  if (!key) return no_path(layout, {bytes, size});
  *length = static_cast<socklen_t>(size);
  if (option == SCTP_PEER_ADDR_PARAMS) return answer_params(descriptor, *key, {bytes, size}), 0;
  const auto kept = descriptor.path_options.find(*key);
  if (kept != descriptor.path_options.end()) {
    // Whom it is about stays as it was asked.
    const std::size_t front = layout.address + sizeof(sockaddr_storage);
    std::ranges::copy(Bytes{kept->second}.subspan(front), bytes + front);
  } else if (option == SCTP_GET_PEER_ADDR_INFO) {
    return answer_peer_info(kernel, descriptor, value, length);
  } else if (option == SCTP_PEER_ADDR_THLDS || option == SCTP_PEER_ADDR_THLDS_V2) {
    sctp_paddrthlds_v2 fresh;
    std::memcpy(&fresh, bytes, sizeof fresh);
    fresh.spt_pathmaxrxt = 5;
    if (option == SCTP_PEER_ADDR_THLDS_V2) fresh.spt_pathcpthld = 0xffff;
    std::memcpy(bytes, &fresh, size);
  }
  return 0;
}

}  // namespace sctp::test

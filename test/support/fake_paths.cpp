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

bool has_many(const Descriptor& descriptor) noexcept {
  return descriptor.type == SOCK_SEQPACKET && !descriptor.is_peeled_off;
}

/// The association and the address that a structure names; as the kernel does, only one of these options
/// looks at an association's number where there is an address, and a number is nothing to sockets with one.
std::optional<Descriptor::PathKey> key_of(const FakeKernel& kernel, const Descriptor& descriptor,
                                          const Layout& layout, Bytes native) {
  Descriptor::PathKey key{layout.option, 0, native::address_from(native.subspan(layout.address))};
  if (key.address && key.address->is_wildcard()) key.address.reset();
  std::int32_t id = 0;
  std::memcpy(&id, native.data(), sizeof id);
  const auto has = [&](const std::vector<Address>& addresses) {
    return !key.address || std::ranges::find(addresses, *key.address) != addresses.end();
  };
  if (!has_many(descriptor)) {
    const bool is_peers = key.address == descriptor.peer || has(kernel.peer_addresses);
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

int no_path(const Layout& layout) noexcept {
  return fail(layout.option == SCTP_PEER_ADDR_THLDS || layout.option == SCTP_PEER_ADDR_THLDS_V2 ? ENOENT
                                                                                                : EINVAL);
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
  const std::span bytes{static_cast<const std::byte*>(value), length};
  const auto key = key_of(kernel, descriptor, layout, bytes);
  if (!key) return no_path(layout);
  descriptor.path_options[*key].assign(bytes.begin(), bytes.end());
  return 0;
}

int answer_of_path(const FakeKernel& kernel, const Descriptor& descriptor, int option, void* value,
                   socklen_t* length) {
  const Layout& layout = *find(option);
  const std::size_t size = option == SCTP_PEER_ADDR_PARAMS
                               ? std::min<std::size_t>(layout.size, kernel.peer_params_size)
                               : layout.size;
  if (*length < size) return fail(EINVAL);
  auto* bytes = static_cast<std::byte*>(value);
  const auto key = key_of(kernel, descriptor, layout, {bytes, size});
  if (!key) return no_path(layout);
  *length = static_cast<socklen_t>(size);
  const auto kept = descriptor.path_options.find(*key);
  if (kept != descriptor.path_options.end()) {
    std::ranges::copy(kept->second, bytes);
  } else if (option == SCTP_PEER_ADDR_PARAMS) {
    sctp_paddrparams fresh;
    std::memcpy(&fresh, bytes, sizeof fresh);
    fresh.spp_hbinterval = 30'000;
    fresh.spp_pathmaxrxt = 5;
    fresh.spp_flags = SPP_HB_ENABLE | SPP_PMTUD_ENABLE | SPP_SACKDELAY_ENABLE;
    std::memcpy(bytes, &fresh, size);
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

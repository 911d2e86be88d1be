// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fake_options.hpp"

namespace sctp::test {

bool is_capability(int option) noexcept {
  switch (option) {
    case SCTP_PR_SUPPORTED:
    case SCTP_RECONFIG_SUPPORTED:
    case SCTP_INTERLEAVING_SUPPORTED:
    case SCTP_ASCONF_SUPPORTED:
    case SCTP_AUTH_SUPPORTED:
    case SCTP_ECN_SUPPORTED: return true;
    default: return false;
  }
}

int set_capability(const FakeKernel& kernel, Descriptor& descriptor, int option, const void* value,
                   socklen_t length) {
  sctp_assoc_value given;
  if (!read(value, length, given)) return fail(EINVAL);
  if (descriptor.has_many() && given.assoc_id != 0) return fail(EINVAL);
  const bool interleaves =
      kept(descriptor, {IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE}, 0) != 0 && kernel.allows_interleaving;
  if (option == SCTP_INTERLEAVING_SUPPORTED && !interleaves) return fail(EPERM);
  return keep(descriptor, {IPPROTO_SCTP, option}, given.assoc_value);
}

int answer_capability(const Descriptor& descriptor, int option, void* value, socklen_t* length) {
  sctp_assoc_value asked;
  if (*length < sizeof asked) return fail(EINVAL);
  std::memcpy(&asked, value, sizeof asked);
  // These two are on by themselves.
  const std::uint32_t fresh = option == SCTP_PR_SUPPORTED || option == SCTP_ECN_SUPPORTED ? 1 : 0;
  asked.assoc_value = kept(descriptor, {IPPROTO_SCTP, option}, fresh);
  if (const auto settled = descriptor.negotiated.find(option); settled != descriptor.negotiated.end())
    asked.assoc_value = settled->second ? 1 : 0;
  if (descriptor.has_many() && asked.assoc_id != 0) {
    const auto found = descriptor.associations.find(asked.assoc_id);
    if (found == descriptor.associations.end()) return fail(EINVAL);
    const auto negotiated = found->second.capabilities.find(option);
    if (negotiated != found->second.capabilities.end()) asked.assoc_value = negotiated->second ? 1 : 0;
  }
  return answer(asked, IPPROTO_SCTP, value, length);
}

}  // namespace sctp::test

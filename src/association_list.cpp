// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "association_list.hpp"

#include <algorithm>
#include <new>

#include "native_option.hpp"
#include "sys.hpp"

namespace sctp::native {

std::vector<AssociationId> associations(int fd, std::error_code& error) noexcept try {
  for (;;) {
    std::uint32_t count = 0;
    get_native(fd, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, count, error);
    if (error) return {};
    // Room for some that come up between the two questions.
    std::vector<sctp_assoc_t> answer(1 + count + 16);  // sctp_assoc_ids: how many, then their numbers
    auto length = static_cast<socklen_t>(answer.size() * sizeof(sctp_assoc_t));
    if (sys::getsockopt(fd, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, answer.data(), &length) < 0) {
      error = last_error();
      if (error == std::errc::invalid_argument) continue;  // more have come up
      return {};
    }
    std::vector<AssociationId> ids;
    const auto told = std::min<std::size_t>(static_cast<std::uint32_t>(answer.front()), answer.size() - 1);
    for (std::size_t n = 1; n <= told; ++n) {
      // One that somebody else has begun, by sending to an address, has no number yet.
      if (answer[n] != 0) ids.push_back(AssociationId{answer[n]});
    }
    return ids;
  }
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

}  // namespace sctp::native

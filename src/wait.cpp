// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "wait.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "native.hpp"
#include "sys.hpp"

namespace sctp {

Waited wait_for(int fd, short events, const Patience& patience, std::error_code& error,
                std::chrono::milliseconds at_most, short* come) noexcept {
  error.clear();
  if (patience.is_woken()) return Waited::impatient;
  const auto left = std::min(patience.left().value_or(at_most), at_most);
  const int waker = patience.waker() != nullptr ? patience.waker()->fd() : -1;
  std::array<pollfd, 2> descriptors{pollfd{fd, events, 0}, pollfd{waker, POLLIN, 0}};
  const nfds_t count = waker < 0 ? 1 : 2;
  if (sys::poll(descriptors.data(), count, static_cast<int>(left.count())) < 0 && errno != EINTR) {
    error = native::last_error();
    return Waited::failed;
  }
  const bool has_come = descriptors[0].revents != 0;
  if (come != nullptr) *come = descriptors[0].revents;
  return !has_come && patience.is_over() ? Waited::impatient : Waited::ready;
}

}  // namespace sctp

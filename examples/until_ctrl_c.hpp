// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Ctrl-C and `kill` as a healthy end: they wake what waits.
#pragma once

#include <poll.h>

#include <csignal>
#include <sctpxx/sctp.hpp>

/// Awake from SIGINT or SIGTERM on, which from the first call of this function on do not end the process.
inline sctp::Waker& until_ctrl_c() {
  static sctp::Waker waker;
  [[maybe_unused]] static const bool is_set = [] {
    struct sigaction action {};
    action.sa_handler = [](int) { waker.wake(); };
    action.sa_flags = SA_RESTART;
    return sigaction(SIGINT, &action, nullptr) == 0 && sigaction(SIGTERM, &action, nullptr) == 0;
  }();
  return waker;
}

/// Waits until there is input: true. False when `waker` is awake.
[[nodiscard]] inline bool wait_for_input(int fd, const sctp::Waker& waker) {
  pollfd waits[] = {{waker.fd(), POLLIN, 0}, {fd, POLLIN, 0}};
  while (!waker.is_awake() && ::poll(waits, 2, -1) < 0) {
  }
  return !waker.is_awake();
}

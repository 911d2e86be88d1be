// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// A network where one may do as one likes.
#pragma once

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

/// The loopback interface of a network of our own. Switched off, it loses what is sent.
class OwnNetwork {
 public:
  OwnNetwork() : is_own_{::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0} {
    if (is_own_) turn(true);
  }
  void turn(bool on) const {
    if (!is_own_) throw std::runtime_error{"this needs a network of its own, which is not permitted here"};
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    request.ifr_flags = static_cast<short>(on ? IFF_UP | IFF_RUNNING : 0);
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool is_done = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    ::close(fd);
    if (!is_done) throw std::runtime_error{"the interface cannot be switched"};
  }

 private:
  bool is_own_;
};

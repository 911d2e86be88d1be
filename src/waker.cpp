// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/waker.hpp>

#include <cerrno>

#include "native.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {

Waker::Waker(std::error_code& error) noexcept : fd_{sys::eventfd()} {
  error.clear();
  if (fd_ < 0) error = native::last_error();
}

Waker::Waker() : fd_{sys::eventfd()} {
  if (fd_ < 0) throw std::system_error{native::last_error(), "cannot open a descriptor to wake threads with"};
}

Waker::~Waker() {
  if (fd_ >= 0) sys::close(fd_);
}

void Waker::wake() noexcept {
  const int before = errno;  // a signal handler must leave it
  awake_ = true;
  sys::signal_eventfd(fd_);
  errno = before;
}

void Waker::reset() noexcept {
  awake_ = false;
  sys::clear_eventfd(fd_);
}

}  // namespace sctp::inline v0

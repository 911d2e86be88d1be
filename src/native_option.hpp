// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>

#include "native.hpp"
#include "sys.hpp"

/// The kernel's options as its structures.
namespace sctp::native {

template <class Native>
void set_native(int fd, int level, int option, const Native& value, std::error_code& error) noexcept {
  if (sys::setsockopt(fd, level, option, &value, sizeof value) < 0) {
    error = last_error();
  } else {
    error.clear();
  }
}

template <class Native>
void get_native(int fd, int level, int option, Native& value, std::error_code& error) noexcept {
  socklen_t length = sizeof value;
  if (sys::getsockopt(fd, level, option, &value, &length) < 0) {
    error = last_error();
  } else {
    error.clear();
  }
}

/// A count for one of the kernel's structures. In them 0 means "leave as it is", so to ask for it is an
/// error: it would change nothing, silently.
template <class Number>
void set_count(std::optional<Number> count, Number& native, std::error_code& error) noexcept {
  if (!count) return;
  if (*count == 0) error = std::make_error_code(std::errc::invalid_argument);
  native = *count;
}

/// Milliseconds as the kernel counts them: likewise not zero, and nothing that does not fit.
template <class Number>
void set_milliseconds(std::optional<std::chrono::milliseconds> time, Number& native,
                      std::error_code& error) noexcept {
  if (!time) return;
  if (time->count() <= 0 || time->count() > std::numeric_limits<Number>::max()) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  native = static_cast<Number>(time->count());
}

}  // namespace sctp::native

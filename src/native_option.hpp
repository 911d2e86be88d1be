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

/// The error that waits on the socket, which asking for takes away.
inline std::error_code take_socket_error(int fd) noexcept {
  int value = 0;
  std::error_code error;
  get_native(fd, SOL_SOCKET, SO_ERROR, value, error);
  return error ? error : std::error_code{value, std::system_category()};
}

/// The number of the association of a socket that has one only; 0 when there is none, or no more.
inline AssociationId only_association(int fd) noexcept {
  sctp_status status{};
  std::error_code error;
  get_native(fd, IPPROTO_SCTP, SCTP_STATUS, status, error);
  return error ? AssociationId{} : AssociationId{status.sstat_assoc_id};
}

/// A one-to-many socket has no association of this number, or no more.
inline bool is_gone(int fd, AssociationId association) noexcept {
  sctp_status status{};
  status.sstat_assoc_id = to_native(association);
  std::error_code error;
  get_native(fd, IPPROTO_SCTP, SCTP_STATUS, status, error);
  return error == std::errc::invalid_argument;
}

/// A one-to-many socket has no association, and does not listen for any.
inline bool has_nobody(int fd) noexcept {
  std::uint32_t associations = 0;
  int listens = 0;
  std::error_code error;
  get_native(fd, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, associations, error);
  if (error || associations != 0) return false;
  get_native(fd, SOL_SOCKET, SO_ACCEPTCONN, listens, error);
  return !error && listens == 0;
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

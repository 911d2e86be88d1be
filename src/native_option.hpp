// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>

#include <sctpxx/error.hpp>
#include <sctpxx/option.hpp>

#include "native.hpp"
#include "sys.hpp"

/// The kernel's options as its structures.
namespace sctp::native {

/// Whom the kernel takes an option to be about.
constexpr sctp_assoc_t whom(OptionTarget target) noexcept {
  if (target.association != AssociationId{}) return to_native(target.association);
  switch (target.reach) {
    case Associations::later: break;
    case Associations::existing: return SCTP_CURRENT_ASSOC;
    case Associations::all: return SCTP_ALL_ASSOC;
  }
  return SCTP_FUTURE_ASSOC;
}

inline void set_bytes(int fd, int level, int option, Bytes bytes, std::error_code& error) noexcept {
  error.clear();
  const auto length = static_cast<socklen_t>(bytes.size());
  if (sys::setsockopt(fd, level, option, bytes.data(), length) < 0) error = last_error();
}

template <class Native>
void set_native(int fd, int level, int option, const Native& value, std::error_code& error) noexcept {
  set_bytes(fd, level, option, std::as_bytes(std::span{&value, 1}), error);
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

/// An option that is on or off.
inline void set_flag(OptionTarget target, int level, int option, bool on, std::error_code& error) noexcept {
  set_native(target.fd, level, option, int{on}, error);
}
inline void get_flag(OptionTarget target, int level, int option, bool& on, std::error_code& error) noexcept {
  int value = 0;
  get_native(target.fd, level, option, value, error);
  if (!error) on = value != 0;
}

/// An option that is one number of an association.
inline void set_value(OptionTarget target, int option, std::uint32_t value, std::error_code& error) noexcept {
  sctp_assoc_value native{};
  static_assert(sizeof native == 8);
  native.assoc_id = whom(target);
  native.assoc_value = value;
  set_native(target.fd, IPPROTO_SCTP, option, native, error);
}
inline void get_value(OptionTarget target, int option, std::uint32_t& value,
                      std::error_code& error) noexcept {
  sctp_assoc_value native{};
  native.assoc_id = whom(target);
  get_native(target.fd, IPPROTO_SCTP, option, native, error);
  if (!error) value = native.assoc_value;
}

/// The error that waits on the socket, which asking for takes away.
inline std::error_code take_socket_error(int fd) noexcept {
  int value = 0;
  std::error_code error;
  get_native(fd, SOL_SOCKET, SO_ERROR, value, error);
  return error ? error : std::error_code{value, std::system_category()};
}

/// AF_INET or AF_INET6.
inline int domain_of(int fd, std::error_code& error) noexcept {
  int domain = 0;
  get_native(fd, SOL_SOCKET, SO_DOMAIN, domain, error);
  return domain;
}

/// Of the sockets that are not of one-to-one style, a peeled-off one has a peer, after the end of its
/// association, too; one with many never has.
inline bool has_peer(int fd, std::error_code& error) noexcept {
  SocketAddress peer;
  socklen_t length = sizeof peer;
  if (sys::getpeername(fd, &peer.any, &length) == 0) return true;
  if (errno != ENOTCONN) error = last_error();
  return false;
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
void set_milliseconds(std::optional<std::chrono::milliseconds> time, Number& native, std::error_code& error,
                      Number most = std::numeric_limits<Number>::max()) noexcept {
  if (!time) return;
  if (time->count() <= 0 || time->count() > most) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  native = static_cast<Number>(time->count());
}

}  // namespace sctp::native

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <system_error>

#include <sctpxx/export.hpp>

namespace sctp::inline v0 {

/// Failures that no errno describes well. Every other failure is the kernel's errno in
/// `std::system_category()`, or, where the library itself refuses, an `std::errc`. Each also compares equal
/// to the `std::errc` named beside it.
enum class Errc {
  kernel_has_no_sctp = 1,       ///< `socket` refused: module sctp absent or barred. `protocol_not_supported`
  malformed_address,            ///< not an IPv4 or IPv6 address with a port. `invalid_argument`
  wrong_address_family,         ///< an IPv6 address on an IPv4 socket. `address_family_not_supported`
  no_addresses,                 ///< an empty list of addresses. `invalid_argument`
  ports_differ,                 ///< a list of addresses with more than one port. `invalid_argument`
  wildcard_among_addresses,     ///< a list of addresses with a wildcard and others. `invalid_argument`
  address_twice,                ///< a list of addresses with one of them twice. `invalid_argument`
  empty_message,                ///< SCTP has no messages of zero bytes. `invalid_argument`
  message_exceeds_send_buffer,  ///< larger than SO_SNDBUF, which no waiting can help. `message_size`
  message_exceeds_limit,   ///< a received message passed a limit: ReceiveBuffer::dropped. `value_too_large`
  no_such_stream,          ///< the association has fewer streams in this direction. `invalid_argument`
  receive_info_missing,    ///< a message without SCTP_RCVINFO: stream unknown. `bad_message`
  malformed_notification,  ///< shorter than its type requires. `bad_message`
  value_not_taken,         ///< the kernel silently used another value. `invalid_argument`
  too_late,                ///< settled when the association was set up, and otherwise. `already_connected`
  not_negotiated,      ///< both sides did not agree on it when the association was set up. `not_supported`
  no_such_path,        ///< the peer has no such address. `invalid_argument`
  not_an_sctp_socket,  ///< `adopt` was given another kind of descriptor. `not_a_socket`
};

/// Questions to ask of any error: `if (error == sctp::Condition::association_ended) reconnect();`
enum class Condition {
  /// The association is gone or going, or was never there: EPIPE, ECONNRESET, ECONNABORTED, ESHUTDOWN,
  /// ENOTCONN, ESRCH, ETIMEDOUT.
  /// The kernel chooses among these by the moment at which a call met the end.
  association_ended = 1,
  /// One message or event could not be received; those behind it can: Errc::message_exceeds_limit,
  /// Errc::receive_info_missing, Errc::malformed_notification.
  message_dropped,
};

[[nodiscard]] SCTPXX_EXPORT const std::error_category& category() noexcept;
[[nodiscard]] SCTPXX_EXPORT std::error_code make_error_code(Errc error) noexcept;
[[nodiscard]] SCTPXX_EXPORT std::error_condition make_error_condition(Condition condition) noexcept;

}  // namespace sctp::inline v0

template <>
struct std::is_error_code_enum<sctp::Errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<sctp::Condition> : std::true_type {};

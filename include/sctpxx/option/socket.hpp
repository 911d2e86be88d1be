// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>
#include <sctpxx/option.hpp>

/// Options that every socket has, as SCTP understands them.
namespace sctp::inline v0::option {

/// How many bytes of messages a socket holds until the peer has acknowledged them; at once the largest
/// message that can be sent. Setting it gives at least this size; when the kernel caps it lower
/// (net.core.wmem_max, twice) the call fails with Errc::value_not_taken and the socket has the kernel's cap.
/// SO_SNDBUF.
struct SndBuf {
  static constexpr std::string_view name = "SO_SNDBUF";
  static constexpr bool socket_wide = true;
  std::size_t size = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const SndBuf& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, SndBuf& value, std::error_code& error) noexcept;

/// How many bytes a socket holds until they are read. Half of it is the window announced to the peer, which
/// is fixed when an association is set up: set it before `connect`, or on the listener. Setting it gives at
/// least this size, or fails as SndBuf does (net.core.rmem_max). SO_RCVBUF.
struct RcvBuf {
  static constexpr std::string_view name = "SO_RCVBUF";
  static constexpr bool socket_wide = true;
  std::size_t size = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const RcvBuf& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, RcvBuf& value, std::error_code& error) noexcept;

/// What closing the socket does. Empty: the kernel delivers what is queued, in the background. Zero: ABORT,
/// the queue is dropped. Longer: `close` and the destructor wait that long for the end, on one-to-one style
/// even when the socket is non-blocking. SO_LINGER.
struct Linger {
  static constexpr std::string_view name = "SO_LINGER";
  static constexpr bool socket_wide = true;
  std::optional<std::chrono::seconds> time{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const Linger& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, Linger& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

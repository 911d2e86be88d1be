// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>
#include <sctpxx/option.hpp>

/// Options about when and in what portions messages leave and arrive.
namespace sctp::inline v0::option {

/// Send small messages at once instead of waiting for an acknowledgement to bundle them with. On by default
/// in this library: the kernel's default costs up to 200 ms for the second small message. SCTP_NODELAY, RFC
/// 6458 8.1.5.
struct NoDelay {
  static constexpr std::string_view name = "SCTP_NODELAY";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const NoDelay& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, NoDelay& value, std::error_code& error) noexcept;

/// Hand out the messages of other associations while one is not complete. On by default in this library for
/// one-to-many sockets: otherwise one peer that stops in the middle of a message keeps those of all peers
/// waiting, and all events. (RFC 6458's third value is option::InterleavingSupported.)
/// SCTP_FRAGMENT_INTERLEAVE, RFC 6458 8.1.20.
struct FragmentInterleave {
  static constexpr std::string_view name = "SCTP_FRAGMENT_INTERLEAVE";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const FragmentInterleave& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, FragmentInterleave& value,
                              std::error_code& error) noexcept;

/// The most payload in one DATA chunk, in bytes; 0 leaves it to the path's MTU. Asked of an association, it
/// is the size in use. SCTP_MAXSEG, RFC 6458 8.1.16.
struct MaxSeg {
  static constexpr std::string_view name = "SCTP_MAXSEG";
  std::uint32_t size = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const MaxSeg& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, MaxSeg& value, std::error_code& error) noexcept;

/// How long and for how many packets the acknowledgement of what we receive is held back. An empty field is
/// left as it is. A short delay (10 ms) makes bulk transfers over the loopback interface many times faster:
/// its packets are 64 KiB, as large as the sender's first window, so that the sender waits for each
/// acknowledgement. Not `packets` 1 there: it acknowledges before the application has read, and the sender
/// meets a closed window. SCTP_DELAYED_SACK, RFC 6458 8.1.19.
struct DelayedSack {
  static constexpr std::string_view name = "SCTP_DELAYED_SACK";
  std::optional<std::chrono::milliseconds>
      delay{};                             ///< at most 500 ms. Kernel default 200 ms; empty when none is
  std::optional<std::uint32_t> packets{};  ///< 1: acknowledge each at once. Kernel default 2
};
SCTPXX_EXPORT void set_option(OptionTarget target, const DelayedSack& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, DelayedSack& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

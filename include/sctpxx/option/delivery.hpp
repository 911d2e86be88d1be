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
/// waiting, and all events, for good (6.1, 6.12) if it then shuts down. Turning it off turns
/// InterleavingSupported off as well. (That is RFC 6458's third value.) SCTP_FRAGMENT_INTERLEAVE, RFC
/// 6458 8.1.20.
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
  static constexpr std::string_view takes = "0, or what a packet can hold (464 to 65516 bytes)";
  std::uint32_t size = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const MaxSeg& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, MaxSeg& value, std::error_code& error) noexcept;

/// Refuse messages that do not fit in one packet, with `message_size`, instead of taking them apart.
/// SCTP_DISABLE_FRAGMENTS, RFC 6458 8.1.11.
struct DisableFragments {
  static constexpr std::string_view name = "SCTP_DISABLE_FRAGMENTS";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const DisableFragments& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, DisableFragments& value, std::error_code& error) noexcept;

/// Begin to hand a message out when so many bytes of it are there, instead of when it is complete or the
/// window full; 0: do not, the default. At most half of RcvBuf. Needs InterleavingSupported (otherwise
/// `operation_not_permitted`): without it the kernel (6.1, 6.12) hands messages out of order when packets get
/// lost, and keeps others back. Ask each association whether it has that. SCTP_PARTIAL_DELIVERY_POINT,
/// RFC 6458 8.1.21.
struct PartialDeliveryPoint {
  static constexpr std::string_view name = "SCTP_PARTIAL_DELIVERY_POINT";
  static constexpr std::string_view needs = "option::InterleavingSupported on this socket";
  static constexpr std::string_view takes = "at most half of option::RcvBuf";
  static constexpr bool socket_wide = true;
  std::uint32_t size = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const PartialDeliveryPoint& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, PartialDeliveryPoint& value,
                              std::error_code& error) noexcept;

/// A number for Message::context: whatever the application likes to know an association by. 0 at first.
/// SCTP_CONTEXT, RFC 6458 8.1.25.
struct Context {
  static constexpr std::string_view name = "SCTP_CONTEXT";
  static constexpr bool reaches_existing = true;
  std::uint32_t value = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const Context& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, Context& value, std::error_code& error) noexcept;

/// How many packets leave at a time, in answer to one acknowledgement; 0: as many as the congestion window
/// lets. Kernel default 4. SCTP_MAX_BURST, RFC 6458 8.1.24.
struct MaxBurst {
  static constexpr std::string_view name = "SCTP_MAX_BURST";
  static constexpr bool reaches_existing = true;
  std::uint32_t packets = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const MaxBurst& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, MaxBurst& value, std::error_code& error) noexcept;

/// How long and for how many packets the acknowledgement of what we receive is held back. An empty field is
/// left as it is. A short delay (10 ms) makes bulk transfers over the loopback interface many times faster:
/// its packets are 64 KiB, as large as the sender's first window, so that the sender waits for each
/// acknowledgement. Not `packets` 1 there: it acknowledges before the application has read, and the sender
/// meets a closed window. SCTP_DELAYED_SACK, RFC 6458 8.1.19.
struct DelayedSack {
  static constexpr std::string_view name = "SCTP_DELAYED_SACK";
  static constexpr std::string_view takes = "1 to 500 ms, and 1 packet or more";
  static constexpr bool reaches_existing = true;
  std::optional<std::chrono::milliseconds>
      delay{};                             ///< at most 500 ms. Kernel default 200 ms; empty when none is
  std::optional<std::uint32_t> packets{};  ///< 1: acknowledge each at once. Kernel default 2
};
SCTPXX_EXPORT void set_option(OptionTarget target, const DelayedSack& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, DelayedSack& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

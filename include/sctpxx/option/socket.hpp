// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
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
/// is fixed when an association is set up: set it before `connect`, or on the listener. On a socket with one
/// association that is up it fails with Errc::too_late; on one with many it is for the later ones. Setting it
/// gives at least this size, or fails as SndBuf does (net.core.rmem_max). SO_RCVBUF.
///
/// A message takes some 232 bytes (6.1) of it beside its own, which the window does not count: messages that
/// are smaller than that overrun the buffer before the window is full. Nothing is lost then, but the kernel
/// drops what has no room, and the peer sends it again after its retransmission timeout.
struct RcvBuf {
  static constexpr std::string_view name = "SO_RCVBUF";
  static constexpr bool socket_wide = true;
  std::size_t size = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const RcvBuf& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, RcvBuf& value, std::error_code& error) noexcept;

/// What closing the socket does. Empty: the kernel delivers what is queued, in the background. Zero: ABORT,
/// the queue is dropped. Longer: `close` and the destructor wait that long for the end, even when the socket
/// is non-blocking; of one-to-many style they do not wait. SO_LINGER.
struct Linger {
  static constexpr std::string_view name = "SO_LINGER";
  static constexpr std::string_view takes = "0 s or more";
  static constexpr bool socket_wide = true;
  std::optional<std::chrono::seconds> time{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const Linger& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, Linger& value, std::error_code& error) noexcept;

/// How long `receive` and `accept` wait at most; empty: for ever, the default. Then `receive` answers
/// Received::Status::would_block, and `accept` fails with `operation_would_block`. The kernel rounds up to
/// its clock tick (10 ms or less). A Patience does the same for one call, and can be woken. Not for
/// one-to-many style (`operation_not_supported`): there only a Patience ends the waiting. SO_RCVTIMEO.
struct RcvTimeo {
  static constexpr std::string_view name = "SO_RCVTIMEO";
  static constexpr std::string_view takes = "a time above 0, of at most 24 days";
  static constexpr bool socket_wide = true;
  std::optional<std::chrono::milliseconds> time{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const RcvTimeo& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, RcvTimeo& value, std::error_code& error) noexcept;

/// How long `send` and `connect` wait at most; likewise. Then `send` fails with `operation_would_block`, and
/// `connect` with `operation_in_progress`: the setup goes on (`try_connect` tells when it is over), as it
/// does after `connect_and_send`, which succeeds. SO_SNDTIMEO.
struct SndTimeo {
  static constexpr std::string_view name = "SO_SNDTIMEO";
  static constexpr std::string_view takes = "a time above 0, of at most 24 days";
  static constexpr bool socket_wide = true;
  std::optional<std::chrono::milliseconds> time{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const SndTimeo& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, SndTimeo& value, std::error_code& error) noexcept;

/// Lets several sockets bind to one port; only one of them may listen. Before `bind`, on all of them. A
/// server that starts anew while associations live on that its predecessor accepted needs it, and so did that
/// one. SO_REUSEADDR.
struct ReuseAddr {
  static constexpr std::string_view name = "SO_REUSEADDR";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const ReuseAddr& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, ReuseAddr& value, std::error_code& error) noexcept;

/// Lets several sockets of one user listen on one port; the kernel shares the peers out among them. Before
/// `bind`, on all of them. SO_REUSEPORT.
struct ReusePort {
  static constexpr std::string_view name = "SO_REUSEPORT";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const ReusePort& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, ReusePort& value, std::error_code& error) noexcept;

/// A socket for IPv6 takes no IPv4 peers. Off on sockets that this library opens. Before `bind`. IPV6_V6ONLY.
struct V6Only {
  static constexpr std::string_view name = "IPV6_V6ONLY";
  static constexpr std::string_view takes = "a socket for IPv6 that is not bound yet";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const V6Only& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, V6Only& value, std::error_code& error) noexcept;

/// The kernel gives IPv4 addresses on a socket for IPv6 as IPv6 addresses (`::ffff:192.0.2.1`). On by
/// default. For those who call the kernel themselves: an Address is IPv4 either way.
/// SCTP_I_WANT_MAPPED_V4_ADDR, RFC 6458 8.1.15.
struct IWantMappedV4Addr {
  static constexpr std::string_view name = "SCTP_I_WANT_MAPPED_V4_ADDR";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const IWantMappedV4Addr& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, IWantMappedV4Addr& value, std::error_code& error) noexcept;

/// The network interface, or VRF, that packets go and come through; empty: any. Addresses of others are still
/// announced to the peer: bind to those that you mean. Fails with `no_such_device`; to change one, once set,
/// needs CAP_NET_RAW. SO_BINDTODEVICE.
struct BindToDevice {
  static constexpr std::string_view name = "SO_BINDTODEVICE";
  static constexpr std::string_view needs = "the capability CAP_NET_RAW";
  static constexpr bool socket_wide = true;
  std::string device{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const BindToDevice& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, BindToDevice& value, std::error_code& error) noexcept;

/// Differentiated services code point of the packets, 0 to 63: 46 is expedited forwarding. Of both families
/// on a socket for IPv6; at once, also for associations that are up. For one path: PeerAddrParams::dscp.
/// IP_TOS and IPV6_TCLASS, of which the kernel keeps the other two bits for ECN. RFC 2474.
struct Dscp {
  static constexpr std::string_view name = "IP_TOS";
  static constexpr std::string_view takes = "a code point below 64";
  static constexpr bool socket_wide = true;
  std::uint8_t code_point = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const Dscp& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, Dscp& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

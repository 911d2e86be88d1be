// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <sctpxx/address.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/option.hpp>

/// Options about the paths of an association: its peer's addresses. Of those that can be set, a socket has
/// what the paths of its later associations begin with; set on an association, all its paths take it; with an
/// address, that path alone:
///
///     socket.set(option::PeerAddrParams{.heartbeat = option::Heartbeat::every(5s)});
///     association.set(option::PeerAddrParams{.max_retransmissions = 2});
///     association.set(option::PeerAddrParams{.mtu = option::PathMtu::fixed(1200)}, address);
///
/// An address that the peer does not have fails with Errc::no_such_path. On an association the kernel rounds
/// times up to its clock tick (10 ms or less).
namespace sctp::inline v0::option {

/// Whether and how often an idle path is asked for an answer.
class Heartbeat {
 public:
  /// After this long without traffic, and one retransmission timeout more, give or take half of that. Zero:
  /// after the timeout alone. Kernel default 30 s. At most 24 days.
  [[nodiscard]] static constexpr Heartbeat every(std::chrono::milliseconds interval) noexcept {
    return Heartbeat{interval};
  }
  [[nodiscard]] static constexpr Heartbeat off() noexcept { return Heartbeat{std::nullopt}; }

  /// Empty: none.
  [[nodiscard]] constexpr std::optional<std::chrono::milliseconds> interval() const noexcept {
    return interval_;
  }
  friend constexpr bool operator==(const Heartbeat&, const Heartbeat&) noexcept = default;

 private:
  constexpr explicit Heartbeat(std::optional<std::chrono::milliseconds> interval) noexcept
      : interval_{interval} {}
  std::optional<std::chrono::milliseconds> interval_;
};

/// How large packets may be on a path.
class PathMtu {
 public:
  /// As large as the network interface and the routers' complaints allow.
  [[nodiscard]] static constexpr PathMtu discovered() noexcept { return PathMtu{std::nullopt}; }
  /// So many bytes with all headers, 512 to 65535. More than the interface's own takes the risk that larger
  /// messages never arrive: the kernel (6.1, 6.12) then sends IP fragments, with a wrong checksum where the
  /// interface was to make it.
  [[nodiscard]] static constexpr PathMtu fixed(std::uint32_t bytes) noexcept { return PathMtu{bytes}; }

  /// Empty: discovered; PeerAddrInfo tells what came of it.
  [[nodiscard]] constexpr std::optional<std::uint32_t> bytes() const noexcept { return bytes_; }
  friend constexpr bool operator==(const PathMtu&, const PathMtu&) noexcept = default;

 private:
  constexpr explicit PathMtu(std::optional<std::uint32_t> bytes) noexcept : bytes_{bytes} {}
  std::optional<std::uint32_t> bytes_;
};

/// How a path is watched, and what its packets are. An empty field is left as it is. (The delay of
/// acknowledgements, which the kernel's structure has, too, is DelayedSack's.)
/// SCTP_PEER_ADDR_PARAMS, RFC 6458 8.1.12.
struct PeerAddrParams {
  static constexpr std::string_view name = "SCTP_PEER_ADDR_PARAMS";
  static constexpr std::string_view takes =
      "1 retransmission or more, an interval of at most 24 days, an MTU of 512 to 65535, a code point below "
      "64, a flow label below 2^20";
  using Key = Address;
  std::optional<Heartbeat> heartbeat{};
  /// After so many retransmissions without an answer, and one more, the path is unreachable; 1 at least.
  /// Kernel default 5.
  std::optional<std::uint16_t> max_retransmissions{};
  std::optional<PathMtu> mtu{};
  /// Differentiated services code point, 0 to 63, of this path's packets in place of the socket's (Dscp); the
  /// path goes without ECN then. Empty when asked: as the socket says. Once set it cannot be empty again.
  /// Linux 4.20.
  std::optional<std::uint8_t> dscp{};
  /// IPv6 flow label, 20 bits, of later associations; paths with IPv4 have none. Of an association that is up
  /// the kernel (6.1, 6.12) would take it and not use it: Errc::too_late. On an IPv4 socket:
  /// Errc::wrong_address_family. Linux 4.20.
  std::optional<std::uint32_t> flow_label{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const PeerAddrParams& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void set_option(OptionTarget target, const Address& path, const PeerAddrParams& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, PeerAddrParams& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, const Address& path, PeerAddrParams& value,
                              std::error_code& error) noexcept;

/// When a path that does not answer is given up, by and by: messages take another path, then another becomes
/// the primary for good. Counted in retransmissions without an answer. (When it is unreachable is
/// PeerAddrParams' `max_retransmissions`.) An empty field is left as it is. RFC 7829;
/// SCTP_PEER_ADDR_THLDS_V2, and SCTP_PEER_ADDR_THLDS on kernels before 5.5.
struct PeerAddrThlds {
  static constexpr std::string_view name = "SCTP_PEER_ADDR_THLDS";
  static constexpr std::string_view takes = "a potentially_failed that is not above switch_primary";
  using Key = Address;
  static constexpr std::uint16_t never = 0xffff;
  /// More than so many: potentially failed, and messages take another path. Kernel default 0, at the first.
  std::optional<std::uint16_t> potentially_failed{};
  /// More than so many: the primary moves to a path that works, and stays there. At least
  /// `potentially_failed`. Kernel default `never`: it moves back when the path does. Linux 5.5.
  std::optional<std::uint16_t> switch_primary{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const PeerAddrThlds& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void set_option(OptionTarget target, const Address& path, const PeerAddrThlds& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, PeerAddrThlds& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, const Address& path, PeerAddrThlds& value,
                              std::error_code& error) noexcept;

/// How a path is doing right now. Get only, by its address. SCTP_GET_PEER_ADDR_INFO, RFC 6458 8.2.2.
struct PeerAddrInfo {
  static constexpr std::string_view name = "SCTP_GET_PEER_ADDR_INFO";
  static constexpr bool of_association = true;
  using Key = Address;
  /// An open set: a newer kernel may know more.
  enum class State : std::int32_t {
    unreachable = 0,         ///< SCTP_INACTIVE
    potentially_failed = 1,  ///< SCTP_PF
    available = 2,           ///< SCTP_ACTIVE
    unconfirmed = 3,         ///< SCTP_UNCONFIRMED: the peer named it, and has not answered from there yet
  };
  Address address{};
  State state{};
  std::uint32_t congestion_window = 0;  ///< bytes that may be on their way there
  /// Smoothed round-trip time, to the kernel's clock tick (1 to 10 ms). Zero before it was measured, and
  /// where it is shorter than a tick.
  std::chrono::milliseconds rtt{};
  std::chrono::milliseconds rto{};  ///< how long the next retransmission would wait
  std::uint32_t mtu = 0;            ///< bytes of a packet, with all headers
};
SCTPXX_EXPORT void get_option(OptionTarget target, const Address& path, PeerAddrInfo& value,
                              std::error_code& error) noexcept;
/// "available", "potentially failed", …
[[nodiscard]] SCTPXX_EXPORT std::string to_string(PeerAddrInfo::State state);

/// The path that messages take while it works. SCTP_PRIMARY_ADDR, RFC 6458 8.1.9.
struct PrimaryAddr {
  static constexpr std::string_view name = "SCTP_PRIMARY_ADDR";
  static constexpr bool of_association = true;
  Address address{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const PrimaryAddr& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, PrimaryAddr& value, std::error_code& error) noexcept;

/// Asks the peer to take this address of ours as its primary. Set only: success means that the request was
/// sent, and nothing tells what became of it. Both sides need AsconfSupported and AuthSupported.
/// SCTP_SET_PEER_PRIMARY_ADDR, RFC 6458 8.3.1.
struct SetPeerPrimaryAddr {
  static constexpr std::string_view name = "SCTP_SET_PEER_PRIMARY_ADDR";
  static constexpr std::string_view needs =
      "option::AsconfSupported and option::AuthSupported on both sides, before the association is set up";
  static constexpr bool of_association = true;
  Address address{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const SetPeerPrimaryAddr& value,
                              std::error_code& error) noexcept;

/// What is told of paths that are potentially failed. Linux 5.5. SCTP_EXPOSE_POTENTIALLY_FAILED_STATE,
/// RFC 7829 7.3.
struct ExposePotentiallyFailedState {
  static constexpr std::string_view name = "SCTP_EXPOSE_POTENTIALLY_FAILED_STATE";
  static constexpr std::string_view takes = "one of the three";
  enum class Exposure : std::uint32_t {
    when_asked = 0,  ///< PeerAddrInfo has that state. The kernel's default
    never = 1,       ///< asking for PeerAddrInfo then fails with `permission_denied`
    always = 2,      ///< PeerAddressChange tells of it, too
  };
  Exposure exposure = Exposure::always;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const ExposePotentiallyFailedState& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, ExposePotentiallyFailedState& value,
                              std::error_code& error) noexcept;
[[nodiscard]] SCTPXX_EXPORT std::string to_string(ExposePotentiallyFailedState::Exposure exposure);

/// Wraps a path's packets in UDP, for firewalls and address translators that know no SCTP: the UDP port that
/// the peer listens on; 0: none, the default. Where the kernel does not listen itself (net.sctp.udp_port is 0
/// when the socket is opened) it would send plain packets without a word, so setting a port fails then, with
/// `operation_not_permitted`. What a peer uses that connects to us is learnt from its packets. Linux 5.11.
/// SCTP_REMOTE_UDP_ENCAPS_PORT, RFC 6951 6.1.
struct RemoteUdpEncapsPort {
  static constexpr std::string_view name = "SCTP_REMOTE_UDP_ENCAPS_PORT";
  static constexpr std::string_view needs = "the sysctl net.sctp.udp_port, before the socket is opened";
  using Key = Address;
  std::uint16_t port = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const RemoteUdpEncapsPort& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void set_option(OptionTarget target, const Address& path, const RemoteUdpEncapsPort& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, RemoteUdpEncapsPort& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, const Address& path, RemoteUdpEncapsPort& value,
                              std::error_code& error) noexcept;

/// How often the kernel tries whether larger packets get through, by sending them: finds the path's MTU where
/// routers do not complain. Empty: not at all, the default. 5 s to 24 days. Linux 5.14.
/// SCTP_PLPMTUD_PROBE_INTERVAL, RFC 8899.
struct PlpmtudProbeInterval {
  static constexpr std::string_view name = "SCTP_PLPMTUD_PROBE_INTERVAL";
  static constexpr std::string_view takes = "5 s to 24 days";
  using Key = Address;
  std::optional<std::chrono::milliseconds> interval{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const PlpmtudProbeInterval& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void set_option(OptionTarget target, const Address& path, const PlpmtudProbeInterval& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, PlpmtudProbeInterval& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, const Address& path, PlpmtudProbeInterval& value,
                              std::error_code& error) noexcept;

/// Adds and removes addresses of this machine as it gets and loses them, on a socket that is bound to all of
/// them (`::`, `0.0.0.0`). The peer is told where both have AsconfSupported and AuthSupported. Off by default
/// (net.sctp.default_auto_asconf). SCTP_AUTO_ASCONF, RFC 6458 8.1.23.
struct AutoAsconf {
  static constexpr std::string_view name = "SCTP_AUTO_ASCONF";
  static constexpr std::string_view takes = "a socket that is bound to a wildcard address";
  static constexpr bool socket_wide = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AutoAsconf& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, AutoAsconf& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

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

/// Options about how an association is set up and how it is doing.
namespace sctp::inline v0::option {

/// What the next setups offer and how patient they are. An empty field is left as it is.
/// On a listener: what its accepted associations offer. SCTP_INITMSG, RFC 6458 8.1.3.
struct InitMsg {
  static constexpr std::string_view name = "SCTP_INITMSG";
  static constexpr std::string_view takes = "numbers above 0, and a pause of at most 65535 ms";
  static constexpr bool socket_wide = true;
  std::optional<std::uint16_t> outgoing_streams{};  ///< wanted; the peer may allow fewer. Kernel default 10
  std::optional<std::uint16_t> incoming_streams{};  ///< the most we take. Kernel default 65535
  std::optional<std::uint16_t> attempts{};          ///< how often INIT is sent again. Kernel default 8
  /// The longest pause between two attempts. Kernel default 60 s. The first pause is RtoInfo's `initial` all
  /// the same.
  std::optional<std::chrono::milliseconds> longest_pause{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const InitMsg& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, InitMsg& value, std::error_code& error) noexcept;

/// Bounds of the retransmission timeout. An empty field is left as it is. The kernel rounds an association's
/// times up to its clock tick (10 ms or less). A shutdown that is not answered for five times `max` is a
/// loss. SCTP_RTOINFO, RFC 6458 8.1.1.
struct RtoInfo {
  static constexpr std::string_view name = "SCTP_RTOINFO";
  static constexpr std::string_view takes = "times above 0, and a min that is not above max";
  std::optional<std::chrono::milliseconds> initial{};  ///< kernel default 3 s
  std::optional<std::chrono::milliseconds> max{};      ///< kernel default 60 s
  std::optional<std::chrono::milliseconds> min{};      ///< kernel default 1 s
};
SCTPXX_EXPORT void set_option(OptionTarget target, const RtoInfo& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, RtoInfo& value, std::error_code& error) noexcept;

/// When an association is given up. An empty field is left as it is. SCTP_ASSOCINFO, RFC 6458 8.1.2.
struct AssocInfo {
  static constexpr std::string_view name = "SCTP_ASSOCINFO";
  static constexpr std::string_view takes =
      "1 retransmission or more, on several paths no more than theirs together, and a cookie life above 0";
  /// After so many retransmissions in a row without an answer, on all paths together, the association is
  /// lost; 1 at least. Of an association with several paths at most the sum of theirs
  /// (PeerAddrParams::max_retransmissions), otherwise it fails with `invalid_argument`: they would all be
  /// unreachable before. Kernel default 10.
  std::optional<std::uint16_t> max_retransmissions{};
  /// How long a handshake that we have answered may take to come back. Kernel default 60 s.
  std::optional<std::chrono::milliseconds> cookie_life{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AssocInfo& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, AssocInfo& value, std::error_code& error) noexcept;

/// How much room both sides have, and how many paths there are. Get only. The other half of SCTP_ASSOCINFO,
/// RFC 6458 8.1.2.
struct AssocWindow {
  static constexpr std::string_view name = "SCTP_ASSOCINFO";
  static constexpr bool of_association = true;
  std::uint32_t local = 0;  ///< bytes that we have told the peer it may send
  std::uint32_t peer = 0;   ///< bytes that the peer has room for
  std::uint16_t peer_addresses = 0;
};
SCTPXX_EXPORT void get_option(OptionTarget target, AssocWindow& value, std::error_code& error) noexcept;

/// What our upper layer says of itself to later associations' peers, which are told by AdaptationIndication;
/// 0, the default, is not told. SCTP_ADAPTATION_LAYER, RFC 6458 8.1.10.
struct AdaptationLayer {
  static constexpr std::string_view name = "SCTP_ADAPTATION_LAYER";
  static constexpr bool socket_wide = true;
  std::uint32_t value = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AdaptationLayer& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, AdaptationLayer& value, std::error_code& error) noexcept;

/// Ends an association gracefully when no message has gone either way for this long; of those that are set up
/// from now on. Empty: never, the default. Whole seconds, 1 at least; where the kernel has a lower limit
/// (net.sctp.max_autoclose) setting fails with Errc::value_not_taken. Not for one-to-one style: there it
/// fails with `operation_not_supported`. SCTP_AUTOCLOSE, RFC 6458 8.1.8.
struct AutoClose {
  static constexpr std::string_view name = "SCTP_AUTOCLOSE";
  static constexpr std::string_view takes = "1 s or more";
  static constexpr bool socket_wide = true;
  std::optional<std::chrono::seconds> idle{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AutoClose& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, AutoClose& value, std::error_code& error) noexcept;

/// How an association is doing right now. Get only; fails with EINVAL when there is none, or no more.
/// SCTP_STATUS, RFC 6458 8.2.1.
struct Status {
  static constexpr std::string_view name = "SCTP_STATUS";
  static constexpr bool of_association = true;
  /// The state machine of RFC 9260 4, numbered as the kernel answers here.
  enum class State : std::int32_t {
    closed = 1,
    cookie_wait = 2,
    cookie_echoed = 3,
    established = 4,
    shutdown_pending = 5,
    shutdown_sent = 6,
    shutdown_received = 7,
    shutdown_ack_sent = 8,
  };
  AssociationId association{};
  State state{};
  std::uint32_t peer_window = 0;  ///< bytes that the peer has room for
  std::uint16_t unacknowledged_chunks = 0;
  std::uint16_t chunks_beyond_gap = 0;  ///< received, and waiting for an earlier one (not: unread messages)
  std::uint16_t outgoing_streams = 0;   ///< negotiated: streams 0 … outgoing_streams - 1 can be sent on
  std::uint16_t incoming_streams = 0;
  std::uint32_t fragmentation_point = 0;  ///< bytes of payload in one chunk; larger messages take several
  Address primary{};                      ///< the peer's address that is used first
};
SCTPXX_EXPORT void get_option(OptionTarget target, Status& value, std::error_code& error) noexcept;
[[nodiscard]] SCTPXX_EXPORT std::string to_string(Status::State state);

/// What an association has sent and received since it is up. Get only; all but the first two are counts.
/// Linux 3.8. SCTP_GET_ASSOC_STATS.
struct AssocStats {
  static constexpr std::string_view name = "SCTP_GET_ASSOC_STATS";
  static constexpr bool of_association = true;
  /// The longest retransmission timeout since this was last asked, to the kernel's clock tick; asking begins
  /// anew. Zero when there was none.
  std::chrono::milliseconds longest_rto{};
  Address longest_rto_path{};
  std::uint64_t sent_packets = 0;
  std::uint64_t received_packets = 0;
  std::uint64_t sent_sacks = 0;
  std::uint64_t received_sacks = 0;
  std::uint64_t sent_ordered_chunks = 0;  ///< of messages, as the next five
  std::uint64_t received_ordered_chunks = 0;
  std::uint64_t sent_unordered_chunks = 0;
  std::uint64_t received_unordered_chunks = 0;
  std::uint64_t retransmitted_chunks = 0;
  std::uint64_t received_twice_chunks = 0;
  std::uint64_t dropped_early_chunks = 0;  ///< 4096 numbers or more beyond what is missing
  std::uint64_t received_gap_reports = 0;  ///< acknowledgements that told of something missing
  std::uint64_t sent_control_chunks = 0;
  std::uint64_t received_control_chunks = 0;
};
SCTPXX_EXPORT void get_option(OptionTarget target, AssocStats& value, std::error_code& error) noexcept;

/// How many associations a one-to-many socket has, those that are set up and those that are ending, too. Get
/// only; `OneToManySocket::associations` tells which. Not for one-to-one style: `operation_not_supported`.
/// SCTP_GET_ASSOC_NUMBER, RFC 6458 8.2.5.
struct AssocNumber {
  static constexpr std::string_view name = "SCTP_GET_ASSOC_NUMBER";
  static constexpr bool socket_wide = true;
  std::uint32_t count = 0;
};
SCTPXX_EXPORT void get_option(OptionTarget target, AssocNumber& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

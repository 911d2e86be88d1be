// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/option.hpp>

/// SCTP-AUTH: chunks that are believed only from those who know a secret. What is protected is that nobody
/// else puts in, changes or takes out chunks of these types; nothing is encrypted. RFC 4895. SharedSecret
/// (`shared_secret.hpp`) sets on both sides what it takes; these are the parts:
///
///     socket.set(option::AuthSupported{});             // all of it before the association is set up
///     socket.set(option::AuthChunk{ChunkType::data});  // what we believe only so
///     socket.set(option::AuthKey{1, secret});
///     socket.set(option::AuthActiveKey{1});            // what we send with
///     socket.set(option::AuthDeleteKey{0});            // a key that everybody knows, since it is empty
///
/// The handshake needs no key (6.1, 6.12). A peer with another secret comes up, and what it sends is dropped
/// without a word. A peer that has no SCTP-AUTH at all comes up, too, **and what it sends is believed**, also
/// one that takes a peer's place by restarting: so at each AssociationChange `up` and `restarted` ask the
/// association for AuthSupported.
namespace sctp::inline v0::option {

namespace detail {
inline constexpr std::string_view authentication = "option::AuthSupported on this socket";
}  // namespace detail

/// Kinds of chunks, by the number that they have on the wire. An open set. RFC 9260 3.2 and others.
enum class ChunkType : std::uint8_t {
  data = 0x00,
  sack = 0x03,
  heartbeat = 0x04,
  heartbeat_ack = 0x05,
  abort = 0x06,
  shutdown = 0x07,
  shutdown_ack = 0x08,
  error = 0x09,
  cookie_echo = 0x0a,
  cookie_ack = 0x0b,
  ecn_echo = 0x0c,
  cwr = 0x0d,
  i_data = 0x40,         ///< what messages come in under InterleavingSupported. RFC 8260
  asconf_ack = 0x80,     ///< RFC 5061
  re_config = 0x82,      ///< RFC 6525
  pad = 0x84,            ///< RFC 4820
  forward_tsn = 0xc0,    ///< RFC 3758
  asconf = 0xc1,         ///< RFC 5061
  i_forward_tsn = 0xc2,  ///< RFC 8260
};
/// "DATA", "I-DATA", …; "chunk type 63" for what has no name.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(ChunkType type);

/// Later associations believe chunks of this type only when they are authenticated, beside those set before.
/// Set only; LocalAuthChunks tells. For messages: `data`, and `i_data` where InterleavingSupported is on.
/// INIT, INIT-ACK, SHUTDOWN-COMPLETE and AUTH cannot be: `invalid_argument`. SCTP_AUTH_CHUNK, RFC 6458
/// 8.3.2.
struct AuthChunk {
  static constexpr std::string_view name = "SCTP_AUTH_CHUNK";
  static constexpr std::string_view needs = detail::authentication;
  static constexpr std::string_view takes =
      "other types than INIT, INIT-ACK, SHUTDOWN-COMPLETE and AUTH, and no more than 16 in all";
  static constexpr bool socket_wide = true;
  ChunkType type{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AuthChunk& value, std::error_code& error) noexcept;

/// With which functions chunks may be authenticated for us, the one that we prefer first. SHA-1 has to be
/// among them. For later associations. SCTP_HMAC_IDENT, RFC 6458 8.1.17.
struct HmacIdent {
  static constexpr std::string_view name = "SCTP_HMAC_IDENT";
  static constexpr std::string_view needs = detail::authentication;
  static constexpr std::string_view takes = "a list with sha1 in it";
  static constexpr bool socket_wide = true;
  enum class Hmac : std::uint16_t { sha1 = 1, sha256 = 3 };
  std::vector<Hmac> hmacs{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const HmacIdent& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, HmacIdent& value, std::error_code& error) noexcept;
[[nodiscard]] SCTPXX_EXPORT std::string to_string(HmacIdent::Hmac hmac);

/// A secret under a number, which both sides use alike; one of the same number is replaced. Set only: the
/// kernel tells nobody what it was. The bytes are copied. SCTP_AUTH_KEY, RFC 6458 8.3.3.
struct AuthKey {
  static constexpr std::string_view name = "SCTP_AUTH_KEY";
  static constexpr std::string_view needs = detail::authentication;
  static constexpr std::string_view takes = "a secret of at most 65535 bytes";
  static constexpr bool reaches_existing = true;
  std::uint16_t number = 0;
  Bytes secret{};  ///< at most 65535 bytes
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AuthKey& value, std::error_code& error) noexcept;

/// Which key we send with. Fails with `invalid_argument` when there is none of that number. The kernel's
/// default, 0, is the empty secret unless one is set. SCTP_AUTH_ACTIVE_KEY, RFC 6458 8.1.18.
struct AuthActiveKey {
  static constexpr std::string_view name = "SCTP_AUTH_ACTIVE_KEY";
  static constexpr std::string_view needs = detail::authentication;
  static constexpr std::string_view takes = "the number of a key that is set and was not deactivated";
  static constexpr bool reaches_existing = true;
  std::uint16_t number = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AuthActiveKey& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, AuthActiveKey& value, std::error_code& error) noexcept;

/// Nothing new is sent with this key, and it is deleted when nothing needs it any more, which
/// AuthenticationEvent `key_freed` tells. Not the active one: `invalid_argument`. Set only. Linux 4.17.
/// SCTP_AUTH_DEACTIVATE_KEY, RFC 6458 8.3.4.
struct AuthDeactivateKey {
  static constexpr std::string_view name = "SCTP_AUTH_DEACTIVATE_KEY";
  static constexpr std::string_view needs = detail::authentication;
  static constexpr std::string_view takes = "the number of a key that is set and not active";
  static constexpr bool reaches_existing = true;
  std::uint16_t number = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AuthDeactivateKey& value,
                              std::error_code& error) noexcept;

/// Forgets a key at once. Not the active one: `invalid_argument`. Set only. SCTP_AUTH_DELETE_KEY, RFC 6458
/// 8.3.5.
struct AuthDeleteKey {
  static constexpr std::string_view name = "SCTP_AUTH_DELETE_KEY";
  static constexpr std::string_view needs = detail::authentication;
  static constexpr std::string_view takes = "the number of a key that is set and not active";
  static constexpr bool reaches_existing = true;
  std::uint16_t number = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AuthDeleteKey& value,
                              std::error_code& error) noexcept;

/// What the peer believes only when it is authenticated. Get only. SCTP_PEER_AUTH_CHUNKS, RFC 6458 8.2.3.
struct PeerAuthChunks {
  static constexpr std::string_view name = "SCTP_PEER_AUTH_CHUNKS";
  static constexpr std::string_view needs = "option::AuthSupported on both sides";
  static constexpr bool of_association = true;
  std::vector<ChunkType> types{};
};
SCTPXX_EXPORT void get_option(OptionTarget target, PeerAuthChunks& value, std::error_code& error) noexcept;

/// What we believe only when it is authenticated: an association, or a socket's later ones. Get only.
/// SCTP_LOCAL_AUTH_CHUNKS, RFC 6458 8.2.4.
struct LocalAuthChunks {
  static constexpr std::string_view name = "SCTP_LOCAL_AUTH_CHUNKS";
  static constexpr std::string_view needs = detail::authentication;
  std::vector<ChunkType> types{};
};
SCTPXX_EXPORT void get_option(OptionTarget target, LocalAuthChunks& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

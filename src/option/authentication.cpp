// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/authentication.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>

#include <sctpxx/error.hpp>

#include "native_option.hpp"
#include "number.hpp"

namespace sctp::inline v0::option {
namespace {

using native::get_native;
using native::set_native;

static_assert(sizeof(sctp_authchunk) == 1 && sizeof(sctp_hmacalgo) == 4 && sizeof(sctp_authkey) == 8);
static_assert(sizeof(sctp_authkeyid) == 8 && sizeof(sctp_authchunks) == 8);
static_assert(SCTP_AUTH_HMAC_ID_SHA256 == int(HmacIdent::Hmac::sha256));

void refuse(std::error_code& error) noexcept { error = std::make_error_code(std::errc::invalid_argument); }

void set_key(OptionTarget target, int option, std::uint16_t number, std::error_code& error) noexcept {
  sctp_authkeyid key{};
  key.scact_assoc_id = native::whom(target);
  key.scact_keynumber = number;
  set_native(target.fd, IPPROTO_SCTP, option, key, error);
}

/// sctp_authchunks and sctp_hmacalgo, with what they have behind them.
struct Chunks {
  sctp_assoc_t association = 0;
  std::uint32_t count = 0;
  std::array<ChunkType, 256> list{};
};
struct Hmacs {
  std::uint32_t count = 0;
  std::array<HmacIdent::Hmac, 16> list{};
};
static_assert(offsetof(Chunks, list) == sizeof(sctp_authchunks) &&
              offsetof(Hmacs, list) == sizeof(sctp_hmacalgo));

template <class List, class Element>
void take(const List& from, std::vector<Element>& to) {
  const std::size_t count = std::min<std::size_t>(from.count, from.list.size());
  to.assign(from.list.begin(), from.list.begin() + static_cast<std::ptrdiff_t>(count));
}

void get_chunks(OptionTarget target, int option, std::vector<ChunkType>& types,
                std::error_code& error) noexcept try {
  Chunks chunks;
  chunks.association = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, option, chunks, error);
  if (!error) take(chunks, types);
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
}

}  // namespace

std::string to_string(ChunkType type) {
  switch (type) {
    case ChunkType::data: return "DATA";
    case ChunkType::sack: return "SACK";
    case ChunkType::heartbeat: return "HEARTBEAT";
    case ChunkType::heartbeat_ack: return "HEARTBEAT-ACK";
    case ChunkType::abort: return "ABORT";
    case ChunkType::shutdown: return "SHUTDOWN";
    case ChunkType::shutdown_ack: return "SHUTDOWN-ACK";
    case ChunkType::error: return "ERROR";
    case ChunkType::cookie_echo: return "COOKIE-ECHO";
    case ChunkType::cookie_ack: return "COOKIE-ACK";
    case ChunkType::ecn_echo: return "ECNE";
    case ChunkType::cwr: return "CWR";
    case ChunkType::i_data: return "I-DATA";
    case ChunkType::asconf_ack: return "ASCONF-ACK";
    case ChunkType::re_config: return "RE-CONFIG";
    case ChunkType::pad: return "PAD";
    case ChunkType::forward_tsn: return "FORWARD-TSN";
    case ChunkType::asconf: return "ASCONF";
    case ChunkType::i_forward_tsn: return "I-FORWARD-TSN";
  }
  return "chunk type " + number(type);
}

void set_option(OptionTarget target, const AuthChunk& value, std::error_code& error) noexcept {
  const sctp_authchunk chunk{static_cast<std::uint8_t>(value.type)};
  set_native(target.fd, IPPROTO_SCTP, SCTP_AUTH_CHUNK, chunk, error);
}

void set_option(OptionTarget target, const HmacIdent& value, std::error_code& error) noexcept {
  Hmacs hmacs;
  if (value.hmacs.size() > hmacs.list.size()) return refuse(error);
  hmacs.count = static_cast<std::uint32_t>(value.hmacs.size());
  std::ranges::copy(value.hmacs, hmacs.list.begin());
  set_native(target.fd, IPPROTO_SCTP, SCTP_HMAC_IDENT, hmacs, error);
}

void get_option(OptionTarget target, HmacIdent& value, std::error_code& error) noexcept try {
  Hmacs hmacs;
  get_native(target.fd, IPPROTO_SCTP, SCTP_HMAC_IDENT, hmacs, error);
  if (!error) take(hmacs, value.hmacs);
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
}

std::string to_string(HmacIdent::Hmac hmac) {
  switch (hmac) {
    case HmacIdent::Hmac::sha1: return "SHA-1";
    case HmacIdent::Hmac::sha256: return "SHA-256";
  }
  return "HMAC " + number(hmac);
}

void set_option(OptionTarget target, const AuthKey& value, std::error_code& error) noexcept try {
  if (value.secret.size() > std::numeric_limits<std::uint16_t>::max()) return refuse(error);
  sctp_authkey key{};
  key.sca_assoc_id = native::whom(target);
  key.sca_keynumber = value.number;
  key.sca_keylength = static_cast<std::uint16_t>(value.secret.size());
  // The kernel refuses what ends with the structure: an empty secret has a byte behind it that does not
  // count.
  std::vector<std::byte> bytes(sizeof key + std::max<std::size_t>(value.secret.size(), 1));
  std::memcpy(bytes.data(), &key, sizeof key);
  std::ranges::copy(value.secret, bytes.begin() + sizeof key);
  native::set_bytes(target.fd, IPPROTO_SCTP, SCTP_AUTH_KEY, bytes, error);
  ::explicit_bzero(bytes.data(), bytes.size());
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
}

void set_option(OptionTarget target, const AuthActiveKey& value, std::error_code& error) noexcept {
  set_key(target, SCTP_AUTH_ACTIVE_KEY, value.number, error);
}

void get_option(OptionTarget target, AuthActiveKey& value, std::error_code& error) noexcept {
  sctp_authkeyid key{};
  key.scact_assoc_id = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, SCTP_AUTH_ACTIVE_KEY, key, error);
  if (!error) value.number = key.scact_keynumber;
}

void set_option(OptionTarget target, const AuthDeactivateKey& value, std::error_code& error) noexcept {
  set_key(target, SCTP_AUTH_DEACTIVATE_KEY, value.number, error);
}

void set_option(OptionTarget target, const AuthDeleteKey& value, std::error_code& error) noexcept {
  set_key(target, SCTP_AUTH_DELETE_KEY, value.number, error);
}

void get_option(OptionTarget target, PeerAuthChunks& value, std::error_code& error) noexcept {
  get_chunks(target, SCTP_PEER_AUTH_CHUNKS, value.types, error);
}

void get_option(OptionTarget target, LocalAuthChunks& value, std::error_code& error) noexcept {
  get_chunks(target, SCTP_LOCAL_AUTH_CHUNKS, value.types, error);
}

}  // namespace sctp::inline v0::option

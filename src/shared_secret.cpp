// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/shared_secret.hpp>

#include <algorithm>
#include <array>
#include <new>

#include <sctpxx/option/authentication.hpp>
#include <sctpxx/option/capability.hpp>

namespace sctp::inline v0 {
namespace {

using option::ChunkType;

/// Messages, what takes messages away, and what counts them anew.
constexpr std::array protected_types{ChunkType::data, ChunkType::i_data, ChunkType::forward_tsn,
                                     ChunkType::i_forward_tsn, ChunkType::re_config};

}  // namespace

void set_option(OptionTarget target, const SharedSecret& value, std::error_code& error) noexcept try {
  constexpr std::size_t longest = 65535;
  if (value.number == 0 || value.secret.empty() || value.secret.size() > longest) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  using Hmac = option::HmacIdent::Hmac;
  set_option(target, option::AuthSupported{}, error);
  option::AuthActiveKey before;
  if (!error) get_option(target, before, error);
  if (!error) set_option(target, option::HmacIdent{{Hmac::sha256, Hmac::sha1}}, error);
  for (const ChunkType type : protected_types) {
    if (!error) set_option(target, option::AuthChunk{type}, error);
  }
  if (!error) set_option(target, option::AuthKey{value.number, value.secret}, error);
  if (!error) set_option(target, option::AuthActiveKey{value.number}, error);
  if (!error && before.number != 0 && before.number != value.number)
    set_option(target, option::AuthDeleteKey{before.number}, error);
  if (error) return;
  // Key 0 is empty unless it was set, so that everybody has it; there is none any more when this was set
  // before.
  set_option(target, option::AuthDeleteKey{0}, error);
  if (error == std::errc::invalid_argument) error.clear();
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
}

bool knows_secret(const Association& association) noexcept {
  std::error_code error;
  if (!association.get<option::AuthSupported>(error).on || error) return false;
  const auto chunks = association.get<option::LocalAuthChunks>(error);
  if (error || std::ranges::find(chunks.types, ChunkType::data) == chunks.types.end()) return false;
  // When it is gone these were the socket's answers.
  static_cast<void>(association.status(error));
  return !error;
}

}  // namespace sctp::inline v0

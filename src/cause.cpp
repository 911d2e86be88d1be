// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/cause.hpp>

#include <algorithm>

#include "escaped.hpp"

namespace sctp::inline v0 {
namespace {

constexpr std::size_t header_size = 4;  // code and length, two bytes each, as on the wire

std::uint16_t number_at(Bytes wire, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(wire[at]) << 8 |
                                    std::to_integer<unsigned>(wire[at + 1]));
}

}  // namespace

ErrorCauses::Iterator::Iterator(Bytes rest) noexcept : rest_{rest} {
  const std::size_t length = rest.size() < header_size ? 0 : number_at(rest, 2);
  if (length < header_size || length > rest.size()) {
    rest_ = {};
    return;
  }
  current_ = {.cause = Cause{number_at(rest, 0)}, .value = rest.subspan(header_size, length - header_size)};
}

ErrorCauses::Iterator& ErrorCauses::Iterator::operator++() noexcept {
  // Each begins at a multiple of four; the last one's padding may be missing.
  const std::size_t padded = (header_size + current_.value.size() + 3) / 4 * 4;
  return *this = Iterator{rest_.subspan(std::min(padded, rest_.size()))};
}

std::string to_string(Cause cause) {
  switch (cause) {
    case Cause::none: return "no cause given";
    case Cause::invalid_stream: return "invalid stream identifier";
    case Cause::missing_parameter: return "missing mandatory parameter";
    case Cause::stale_cookie: return "stale cookie";
    case Cause::out_of_resource: return "out of resource";
    case Cause::unresolvable_address: return "unresolvable address";
    case Cause::unrecognized_chunk: return "unrecognized chunk type";
    case Cause::invalid_parameter: return "invalid mandatory parameter";
    case Cause::unrecognized_parameters: return "unrecognized parameters";
    case Cause::no_user_data: return "no user data";
    case Cause::cookie_while_shutting_down: return "cookie received while shutting down";
    case Cause::restart_with_new_addresses: return "restart of an association with new addresses";
    case Cause::user_initiated_abort: return "user initiated abort";
    case Cause::protocol_violation: return "protocol violation";
    case Cause::delete_last_address: return "request to delete the last remaining address";
    case Cause::address_change_out_of_resource: return "address change refused for lack of resources";
    case Cause::delete_source_address: return "request to delete the source address";
    case Cause::illegal_address_change_acknowledgement: return "illegal acknowledgement of an address change";
    case Cause::address_change_not_authorized: return "address change not authorized";
    case Cause::unsupported_hmac: return "unsupported HMAC identifier";
  }
  return "cause " + std::to_string(static_cast<std::uint16_t>(cause));
}

std::string to_string(const ErrorCause& cause) {
  std::string text = to_string(cause.cause);
  if (cause.cause != Cause::user_initiated_abort && cause.cause != Cause::protocol_violation) return text;
  return cause.value.empty() ? text : text + " " + escaped(cause.value);
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace sctp::inline v0 {

/// One of the streams of an association, counted from 0 in each direction. RFC 9260 1.2.
enum class StreamId : std::uint16_t {};

/// What a message's payload is, as the application protocol says. RFC 9260 3.3.1.
/// In host byte order everywhere in this library; the wire's order is made in one place. Names: `ppid.hpp`.
enum class Ppid : std::uint32_t {};

/// The kernel's number for an association, unique in the system while the association lives.
/// 0 means that no association is known (a setup that failed before it had a number).
enum class AssociationId : std::int32_t {};

/// The number in decimal.
[[nodiscard]] inline std::string to_string(StreamId id) {
  return std::to_string(static_cast<std::uint16_t>(id));
}
[[nodiscard]] inline std::string to_string(Ppid id) { return std::to_string(static_cast<std::uint32_t>(id)); }
[[nodiscard]] inline std::string to_string(AssociationId id) {
  return std::to_string(static_cast<std::int32_t>(id));
}

}  // namespace sctp::inline v0

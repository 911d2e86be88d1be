// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sctp::inline v0 {

/// Somebody else's bytes, to read. Whoever takes one says how long it looks at them.
using Bytes = std::span<const std::byte>;

/// Somebody else's bytes, to write.
using MutableBytes = std::span<std::byte>;

/// The bytes of a text, without its terminating zero. Borrows from `text`.
[[nodiscard]] inline Bytes as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span{text.data(), text.size()});
}

/// The same bytes as text, for printing and comparing; no encoding is checked. Borrows from `bytes`.
[[nodiscard]] inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>

namespace sctp {

/// What an enumerator without a name is called by.
template <class Enum>
std::string number(Enum value) {
  return std::to_string(static_cast<std::underlying_type_t<Enum>>(value));
}

}  // namespace sctp

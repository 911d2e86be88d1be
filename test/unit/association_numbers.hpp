// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sctpxx/ids.hpp>

namespace sctp::test {

inline constexpr AssociationId seven{7};
inline constexpr AssociationId eight{8};
inline constexpr AssociationId nine{9};

}  // namespace sctp::test

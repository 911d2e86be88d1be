// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include "ledger.hpp"

namespace test::soak {

/// After a round, when no association is left: says of each message and each association what became of it,
/// counts that, and complains of what cannot be.
void account(Ledger& ledger);

/// The counts, as lines.
std::string report(const Ledger& ledger);

}  // namespace test::soak

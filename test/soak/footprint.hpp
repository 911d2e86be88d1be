// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include "ledger.hpp"

namespace test::soak {

/// What this process holds now. Linking memory.cpp has operator new counted.
Footprint footprint();

}  // namespace test::soak

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

/// Marks what the shared library shows to its users; everything else is hidden. Harmless in a static library.
#define SCTPXX_EXPORT __attribute__((visibility("default")))

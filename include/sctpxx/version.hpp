// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

/// sctpxx: whole messages, typed events and checked options over the Linux kernel's SCTP.
namespace sctp::inline v0 {

/// The library's version. While the first number is 0, each new second number may change the API and the ABI.
inline constexpr std::string_view version = "0.1.0";

}  // namespace sctp::inline v0

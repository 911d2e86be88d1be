// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include "ledger.hpp"
#include "network.hpp"

namespace test::soak {

/// What the processes do, until the phase is `quit`: answers when it has left nothing open.
void run_listener(Ledger& ledger, std::uint32_t process, bool interleaving);
void run_one_to_many_server(Ledger& ledger, std::uint32_t process);
void run_client(Ledger& ledger, std::uint32_t process);
void run_one_to_many_client(Ledger& ledger, std::uint32_t process);

/// Writes down that this process has no association, and waits for the next round or for `quit`.
void rest(Ledger& ledger, std::uint32_t process);

/// How long associations may take to end after a round, before they are aborted: twice as long at servers.
inline constexpr std::chrono::seconds time_to_end{6};

}  // namespace test::soak

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// The agreement between tour_client and tour_server.
#pragma once

#include <array>
#include <sctpxx/sctp.hpp>

/// Stream 0 carries words; the file travels on the others, one message on each in turn. Streams overtake one
/// another, but each keeps its own order: so taking one message from each in turn gives the file back.
inline constexpr sctp::StreamId control{0};
inline constexpr std::array bulk{sctp::StreamId{1}, sctp::StreamId{2}, sctp::StreamId{3}};

/// Anything that is not taken: these belong to no registered protocol.
inline constexpr sctp::Ppid greeting{1000}, piece_of_file{1001}, file_is_whole{1002};

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include <sctpxx/ids.hpp>
#include <sctpxx/option.hpp>

/// Requests to change the streams of an association. RFC 6525. Each fails as Association says.
namespace sctp {

/// `directions`: SCTP_STREAM_RESET_OUTGOING, SCTP_STREAM_RESET_INCOMING, or both.
void reset_streams(OptionTarget target, std::uint16_t directions, std::span<const StreamId> streams,
                   std::error_code& error) noexcept;
void add_streams(OptionTarget target, std::uint16_t outgoing, std::uint16_t incoming,
                 std::error_code& error) noexcept;
void reset_association(OptionTarget target, std::error_code& error) noexcept;

}  // namespace sctp

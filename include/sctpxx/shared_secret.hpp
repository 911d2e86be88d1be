// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <system_error>

#include <sctpxx/association.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/option.hpp>

namespace sctp::inline v0 {

/// A secret that both sides know, by which they believe each other's messages: set as an option, on both
/// sides, before `connect` or on the listener. From then on messages are believed only when they carry a
/// proof of it (SHA-256, or SHA-1), and so is what takes messages away or counts them anew. Nothing is
/// encrypted. RFC 4895; its parts are in `option/authentication.hpp`.
///
///     listener.set(sctp::SharedSecret{.secret = secret});
///     …
///     if (!sctp::knows_secret(peer.association())) peer.abort();
///
/// The check is needed once for each association, at AssociationChange `up`, and again at `restarted`, before
/// any message of it is used: a peer that has no SCTP-AUTH is let in by the kernel (6.1, 6.12), and believed.
/// One that has another secret comes up, too, and nothing of what it sends arrives. While heartbeats are on,
/// such an association stays up.
///
/// Setting it when it was set before gives another secret to the associations that follow, which know the
/// former one no more.
struct SharedSecret {
  static constexpr std::string_view name = "SharedSecret";
  static constexpr std::string_view takes = "a number that is not 0, and a secret of 1 to 65535 bytes";
  static constexpr bool socket_wide = true;
  std::uint16_t number = 1;  ///< of the key, not 0; the same on both sides
  Bytes secret{};            ///< not empty; copied
};
SCTPXX_EXPORT void set_option(OptionTarget target, const SharedSecret& value,
                              std::error_code& error) noexcept;

/// Messages on this association are believed only from one who knows a secret. False, too, when it is gone:
/// then the kernel does not tell any more.
[[nodiscard]] SCTPXX_EXPORT bool knows_secret(const Association& association) noexcept;

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>

/// Whether SCTP is here, and what it can do: to be asked when a program starts, to tell its user.
namespace sctp::inline v0 {

/// Whether SCTP sockets can be opened:
///
///     if (const auto sctp = sctp::available(); !sctp) fail(to_string(sctp));
class Availability {
 public:
  Availability() noexcept = default;
  explicit Availability(std::error_code reason) noexcept : reason_{reason} {}
  explicit operator bool() const noexcept { return !reason_; }
  /// Why not: Errc::kernel_has_no_sctp, `permission_denied` or another errno of `socket`.
  [[nodiscard]] std::error_code reason() const noexcept { return reason_; }

 private:
  std::error_code reason_{};
};
/// Opens a socket and closes it.
[[nodiscard]] SCTPXX_EXPORT Availability available() noexcept;
/// "SCTP is here", or why not, and what to do about it.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const Availability& availability);

/// Parts of SCTP that not every kernel has, or that are not on everywhere.
enum class Feature : std::uint8_t {
  partial_reliability,  ///< messages may be given up. RFC 3758, RFC 7496
  interleaving,         ///< I-DATA: large messages do not hold up others. RFC 8260
  reconfiguration,      ///< streams may be reset and added. RFC 6525
  authentication,       ///< SCTP-AUTH. RFC 4895
  address_changes,      ///< ASCONF: addresses may come and go. RFC 5061
  congestion_marks,     ///< ECN. RFC 9260 appendix A
  stream_schedulers,    ///< priority and round robin. RFC 8260
  weighted_schedulers,  ///< fair capacity and weighted fair. RFC 8260
  potentially_failed,   ///< events of paths that begin to fail. RFC 7829
  switching_primary,    ///< the primary path moves for good. RFC 7829
  udp_encapsulation,    ///< RFC 6951
  packet_size_probing,  ///< PLPMTUD. RFC 8899
};

/// Whether a socket that is opened now has it.
enum class Support : std::uint8_t {
  absent,     ///< this kernel does not have it
  forbidden,  ///< a setting of the network namespace does not permit it
  optional,   ///< when it is told so, by an option
  on,         ///< by itself, unless it is told otherwise
};

struct FeatureSupport {
  Feature feature{};
  Support support{};
  std::string_view option{};  ///< what turns it on and off for a socket: "option::AuthSupported"
  std::string_view
      sysctl{};  ///< what decides about the sockets to come: "net.sctp.auth_enable"; may be empty
};

/// What this kernel and this network namespace allow: `features[Feature::authentication].support`, or all
/// with `for (const auto& one : features)`.
class Features {
 public:
  static constexpr std::size_t count = 12;

  /// All absent.
  SCTPXX_EXPORT Features() noexcept;

  [[nodiscard]] const FeatureSupport& operator[](Feature feature) const noexcept {
    return all_[static_cast<std::size_t>(feature)];
  }
  [[nodiscard]] auto begin() const noexcept { return all_.begin(); }
  [[nodiscard]] auto end() const noexcept { return all_.end(); }

 private:
  friend Features probe_features(std::error_code& error) noexcept;
  std::array<FeatureSupport, count> all_;
};

/// Tries all of it on a socket of its own, which is closed again; some thirty system calls. Fails where SCTP
/// is not available, and for want of memory or descriptors; then all are absent.
[[nodiscard]] SCTPXX_EXPORT Features probe_features();
[[nodiscard]] SCTPXX_EXPORT Features probe_features(std::error_code& error) noexcept;

/// "partial reliability", …
[[nodiscard]] SCTPXX_EXPORT std::string to_string(Feature feature);
/// "absent", …
[[nodiscard]] SCTPXX_EXPORT std::string to_string(Support support);
/// In one line, with what would change it: "authentication: optional; turn it on with option::AuthSupported,
/// for all new sockets with net.sctp.auth_enable".
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const FeatureSupport& support);

}  // namespace sctp::inline v0

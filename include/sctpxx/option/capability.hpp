// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>
#include <sctpxx/option.hpp>

/// What both sides of an association must agree on at its setup. Set on a socket, each says what that offers
/// to its later associations; asked of an association, whether both sides have it. On a socket of one-to-one
/// style that is one question, answered by the association once that is up; set then, where it was settled
/// otherwise, it fails with Errc::too_late.
///
/// Each begins as its sysctl says when the socket is opened. Accepted and peeled-off sockets have those of
/// the socket that they come from: for the restarts of the peer, and for its addresses.
namespace sctp::inline v0::option {

/// Messages of different streams may alternate on the wire: a long one does not hold the others up. Needs the
/// sysctl net.sctp.intl_enable (otherwise `operation_not_permitted`) and FragmentInterleave. I-DATA, RFC
/// 8260; SCTP_INTERLEAVING_SUPPORTED.
struct InterleavingSupported {
  static constexpr std::string_view name = "SCTP_INTERLEAVING_SUPPORTED";
  static constexpr std::string_view needs = "the sysctl net.sctp.intl_enable, and option::FragmentInterleave";
  static constexpr bool negotiated = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const InterleavingSupported& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, InterleavingSupported& value,
                              std::error_code& error) noexcept;

/// Messages may be given up, see Reliability. net.sctp.prsctp_enable, on by default. RFC 3758, RFC 7496;
/// SCTP_PR_SUPPORTED.
struct PrSupported {
  static constexpr std::string_view name = "SCTP_PR_SUPPORTED";
  static constexpr bool negotiated = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const PrSupported& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, PrSupported& value, std::error_code& error) noexcept;

/// Streams may be reset and added. net.sctp.reconf_enable. RFC 6525; SCTP_RECONFIG_SUPPORTED.
struct ReconfigSupported {
  static constexpr std::string_view name = "SCTP_RECONFIG_SUPPORTED";
  static constexpr bool negotiated = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const ReconfigSupported& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, ReconfigSupported& value, std::error_code& error) noexcept;

/// Addresses may be added and removed. To be turned on after AuthSupported, which it needs: with this alone
/// no association would come up. net.sctp.addip_enable. RFC 5061; SCTP_ASCONF_SUPPORTED.
struct AsconfSupported {
  static constexpr std::string_view name = "SCTP_ASCONF_SUPPORTED";
  static constexpr std::string_view needs = "option::AuthSupported on this socket, turned on before";
  static constexpr bool negotiated = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AsconfSupported& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, AsconfSupported& value, std::error_code& error) noexcept;

/// Chunks may be authenticated. net.sctp.auth_enable. RFC 4895; SCTP_AUTH_SUPPORTED.
struct AuthSupported {
  static constexpr std::string_view name = "SCTP_AUTH_SUPPORTED";
  static constexpr bool negotiated = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const AuthSupported& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, AuthSupported& value, std::error_code& error) noexcept;

/// Routers may mark packets instead of dropping them. net.sctp.ecn_enable, on by default. RFC 9260 appendix
/// A; SCTP_ECN_SUPPORTED.
struct EcnSupported {
  static constexpr std::string_view name = "SCTP_ECN_SUPPORTED";
  static constexpr bool negotiated = true;
  bool on = true;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const EcnSupported& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, EcnSupported& value, std::error_code& error) noexcept;

}  // namespace sctp::inline v0::option

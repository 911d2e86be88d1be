// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/capability.hpp>

#include <sctpxx/error.hpp>

#include "native_option.hpp"
#include "sysctl.hpp"

namespace sctp::inline v0::option {
namespace {

template <class Capability>
void offer(OptionTarget target, int option, const Capability& value, std::error_code& error) noexcept {
  native::set_value(target, option, value.on ? 1 : 0, error);
  // What is for later associations alone, on a socket that has its one, the kernel takes without a word.
  Capability settled;
  if (!error) get_option(target, settled, error);
  if (!error && settled.on != value.on) error = Errc::too_late;
}

template <class Capability>
void ask(OptionTarget target, int option, Capability& value, std::error_code& error) noexcept {
  std::uint32_t on = 0;
  native::get_value(target, option, on, error);
  if (!error) value.on = on != 0;
}

}  // namespace

void set_option(OptionTarget target, const InterleavingSupported& value, std::error_code& error) noexcept {
  offer(target, SCTP_INTERLEAVING_SUPPORTED, value, error);
}
void get_option(OptionTarget target, InterleavingSupported& value, std::error_code& error) noexcept {
  ask(target, SCTP_INTERLEAVING_SUPPORTED, value, error);
}

void set_option(OptionTarget target, const PrSupported& value, std::error_code& error) noexcept {
  offer(target, SCTP_PR_SUPPORTED, value, error);
}
void get_option(OptionTarget target, PrSupported& value, std::error_code& error) noexcept {
  ask(target, SCTP_PR_SUPPORTED, value, error);
}

void set_option(OptionTarget target, const ReconfigSupported& value, std::error_code& error) noexcept {
  offer(target, SCTP_RECONFIG_SUPPORTED, value, error);
}
void get_option(OptionTarget target, ReconfigSupported& value, std::error_code& error) noexcept {
  ask(target, SCTP_RECONFIG_SUPPORTED, value, error);
}

void set_option(OptionTarget target, const AsconfSupported& value, std::error_code& error) noexcept {
  AuthSupported authentication;
  if (value.on) get_option(target, authentication, error);
  // Without it every peer would take our handshake for an error, where it is not said to be needless.
  if (value.on && !error && !authentication.on && native::sysctl("addip_noauth_enable").value_or(0) == 0)
    error = std::make_error_code(std::errc::operation_not_permitted);
  if (value.on && error) return;
  offer(target, SCTP_ASCONF_SUPPORTED, value, error);
}
void get_option(OptionTarget target, AsconfSupported& value, std::error_code& error) noexcept {
  ask(target, SCTP_ASCONF_SUPPORTED, value, error);
}

void set_option(OptionTarget target, const AuthSupported& value, std::error_code& error) noexcept {
  offer(target, SCTP_AUTH_SUPPORTED, value, error);
}
void get_option(OptionTarget target, AuthSupported& value, std::error_code& error) noexcept {
  ask(target, SCTP_AUTH_SUPPORTED, value, error);
}

void set_option(OptionTarget target, const EcnSupported& value, std::error_code& error) noexcept {
  offer(target, SCTP_ECN_SUPPORTED, value, error);
}
void get_option(OptionTarget target, EcnSupported& value, std::error_code& error) noexcept {
  ask(target, SCTP_ECN_SUPPORTED, value, error);
}

}  // namespace sctp::inline v0::option

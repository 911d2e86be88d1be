// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/capability.hpp>

#include "native_option.hpp"

namespace sctp::inline v0::option {
namespace {

template <class Capability>
void offer(OptionTarget target, int option, const Capability& value, std::error_code& error) noexcept {
  sctp_assoc_value native{};
  native.assoc_id = native::to_native(target.association);
  native.assoc_value = value.on ? 1 : 0;
  native::set_native(target.fd, IPPROTO_SCTP, option, native, error);
}

template <class Capability>
void ask(OptionTarget target, int option, Capability& value, std::error_code& error) noexcept {
  sctp_assoc_value native{};
  native.assoc_id = native::to_native(target.association);
  native::get_native(target.fd, IPPROTO_SCTP, option, native, error);
  if (!error) value.on = native.assoc_value != 0;
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

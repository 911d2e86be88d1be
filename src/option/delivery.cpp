// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/delivery.hpp>

#include <sctpxx/option/capability.hpp>

#include "native_option.hpp"

namespace sctp::inline v0::option {

using native::get_flag;
using native::get_native;
using native::get_value;
using native::set_flag;
using native::set_native;
using native::set_value;

static_assert(sizeof(sctp_sack_info) == 12);

void set_option(OptionTarget target, const NoDelay& value, std::error_code& error) noexcept {
  set_flag(target, IPPROTO_SCTP, SCTP_NODELAY, value.on, error);
}

void get_option(OptionTarget target, NoDelay& value, std::error_code& error) noexcept {
  get_flag(target, IPPROTO_SCTP, SCTP_NODELAY, value.on, error);
}

void set_option(OptionTarget target, const FragmentInterleave& value, std::error_code& error) noexcept {
  set_flag(target, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, value.on, error);
}

void get_option(OptionTarget target, FragmentInterleave& value, std::error_code& error) noexcept {
  get_flag(target, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, value.on, error);
}

void set_option(OptionTarget target, const MaxSeg& value, std::error_code& error) noexcept {
  set_value(target, SCTP_MAXSEG, value.size, error);
}

void get_option(OptionTarget target, MaxSeg& value, std::error_code& error) noexcept {
  get_value(target, SCTP_MAXSEG, value.size, error);
}

void set_option(OptionTarget target, const DisableFragments& value, std::error_code& error) noexcept {
  set_flag(target, IPPROTO_SCTP, SCTP_DISABLE_FRAGMENTS, value.on, error);
}

void get_option(OptionTarget target, DisableFragments& value, std::error_code& error) noexcept {
  get_flag(target, IPPROTO_SCTP, SCTP_DISABLE_FRAGMENTS, value.on, error);
}

void set_option(OptionTarget target, const PartialDeliveryPoint& value, std::error_code& error) noexcept {
  error.clear();
  InterleavingSupported interleaving;
  if (value.size != 0) get_option(target, interleaving, error);
  const bool has_none = error == std::errc::no_protocol_option;
  if (error && !has_none) return;
  if (has_none || !interleaving.on) {
    error = std::make_error_code(std::errc::operation_not_permitted);
    return;
  }
  set_native(target.fd, IPPROTO_SCTP, SCTP_PARTIAL_DELIVERY_POINT, value.size, error);
}

void get_option(OptionTarget target, PartialDeliveryPoint& value, std::error_code& error) noexcept {
  get_native(target.fd, IPPROTO_SCTP, SCTP_PARTIAL_DELIVERY_POINT, value.size, error);
}

void set_option(OptionTarget target, const Context& value, std::error_code& error) noexcept {
  set_value(target, SCTP_CONTEXT, value.value, error);
}

void get_option(OptionTarget target, Context& value, std::error_code& error) noexcept {
  get_value(target, SCTP_CONTEXT, value.value, error);
}

void set_option(OptionTarget target, const MaxBurst& value, std::error_code& error) noexcept {
  set_value(target, SCTP_MAX_BURST, value.packets, error);
}

void get_option(OptionTarget target, MaxBurst& value, std::error_code& error) noexcept {
  get_value(target, SCTP_MAX_BURST, value.packets, error);
}

void set_option(OptionTarget target, const DelayedSack& value, std::error_code& error) noexcept {
  error.clear();
  sctp_sack_info sack{};
  sack.sack_assoc_id = native::whom(target);
  native::set_milliseconds(value.delay, sack.sack_delay, error);
  native::set_count(value.packets, sack.sack_freq, error);
  if (!error) set_native(target.fd, IPPROTO_SCTP, SCTP_DELAYED_SACK, sack, error);
}

void get_option(OptionTarget target, DelayedSack& value, std::error_code& error) noexcept {
  sctp_sack_info sack{};
  sack.sack_assoc_id = native::whom(target);
  get_native(target.fd, IPPROTO_SCTP, SCTP_DELAYED_SACK, sack, error);
  if (error) return;
  value = {.delay = std::nullopt, .packets = sack.sack_freq};
  if (sack.sack_delay != 0) value.delay = std::chrono::milliseconds{sack.sack_delay};
}

}  // namespace sctp::inline v0::option

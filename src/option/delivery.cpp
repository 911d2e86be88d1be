// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/delivery.hpp>

#include "native_option.hpp"

namespace sctp::inline v0::option {

using native::get_native;
using native::set_native;

static_assert(sizeof(sctp_assoc_value) == 8 && sizeof(sctp_sack_info) == 12);

void set_option(OptionTarget target, const NoDelay& value, std::error_code& error) noexcept {
  set_native(target.fd, IPPROTO_SCTP, SCTP_NODELAY, int{value.on}, error);
}

void get_option(OptionTarget target, NoDelay& value, std::error_code& error) noexcept {
  int on = 0;
  get_native(target.fd, IPPROTO_SCTP, SCTP_NODELAY, on, error);
  if (!error) value.on = on != 0;
}

void set_option(OptionTarget target, const FragmentInterleave& value, std::error_code& error) noexcept {
  set_native(target.fd, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, int{value.on}, error);
}

void get_option(OptionTarget target, FragmentInterleave& value, std::error_code& error) noexcept {
  int on = 0;
  get_native(target.fd, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, on, error);
  if (!error) value.on = on != 0;
}

void set_option(OptionTarget target, const MaxSeg& value, std::error_code& error) noexcept {
  sctp_assoc_value size{};
  size.assoc_id = native::to_native(target.association);
  size.assoc_value = value.size;
  set_native(target.fd, IPPROTO_SCTP, SCTP_MAXSEG, size, error);
}

void get_option(OptionTarget target, MaxSeg& value, std::error_code& error) noexcept {
  sctp_assoc_value size{};
  size.assoc_id = native::to_native(target.association);
  get_native(target.fd, IPPROTO_SCTP, SCTP_MAXSEG, size, error);
  if (!error) value.size = size.assoc_value;
}

void set_option(OptionTarget target, const DelayedSack& value, std::error_code& error) noexcept {
  error.clear();
  sctp_sack_info sack{};
  sack.sack_assoc_id = native::to_native(target.association);
  native::set_milliseconds(value.delay, sack.sack_delay, error);
  native::set_count(value.packets, sack.sack_freq, error);
  if (!error) set_native(target.fd, IPPROTO_SCTP, SCTP_DELAYED_SACK, sack, error);
}

void get_option(OptionTarget target, DelayedSack& value, std::error_code& error) noexcept {
  sctp_sack_info sack{};
  sack.sack_assoc_id = native::to_native(target.association);
  get_native(target.fd, IPPROTO_SCTP, SCTP_DELAYED_SACK, sack, error);
  if (error) return;
  value = {.delay = std::nullopt, .packets = sack.sack_freq};
  if (sack.sack_delay != 0) value.delay = std::chrono::milliseconds{sack.sack_delay};
}

}  // namespace sctp::inline v0::option

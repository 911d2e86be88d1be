// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/delivery.hpp>

#include "native_option.hpp"

namespace sctp::inline v0::option {

using native::get_native;
using native::set_native;

void set_option(OptionTarget target, const NoDelay& value, std::error_code& error) noexcept {
  set_native(target.fd, IPPROTO_SCTP, SCTP_NODELAY, int{value.on}, error);
}

void get_option(OptionTarget target, NoDelay& value, std::error_code& error) noexcept {
  int on = 0;
  get_native(target.fd, IPPROTO_SCTP, SCTP_NODELAY, on, error);
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

}  // namespace sctp::inline v0::option

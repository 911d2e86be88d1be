// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <sctpxx/address.hpp>

/// The texts of exceptions: what was attempted, on which address, why it failed and what to do about it.
namespace sctp {

enum class Attempt {
  open,
  adopt,
  bind,
  add_address,
  remove_address,
  listen,
  connect,
  accept,
  send,
  receive,
  shut_down,
  abort,
  peel_off,
  list_associations,
  list_interfaces,
  reset_streams,
  add_streams,
  reset_association,
  ask_addresses,
  ask_about,
  ask_for_heartbeat,
  change_mode,
  subscribe,
  wait,
};

/// Throws `std::system_error`: "cannot connect to 192.0.2.1:3868: nobody listens there: Connection refused".
[[noreturn]] void fail(Attempt attempt, std::string_view object, std::error_code error);
[[noreturn]] void fail(Attempt attempt, const Address& address, std::error_code error);
[[noreturn]] void fail(Attempt attempt, std::span<const Address> addresses, std::error_code error);

/// `[192.0.2.1|198.51.100.1]:3868` for several addresses with one port.
std::string to_string(std::span<const Address> addresses);

}  // namespace sctp

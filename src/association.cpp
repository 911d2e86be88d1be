// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association.hpp>

#include "address_list.hpp"
#include "control.hpp"
#include "failure.hpp"
#include "native.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {

std::vector<Address> Association::peer_addresses(std::error_code& error) const noexcept {
  return ask_addresses(socket_.fd(), id_, Side::peer, error);
}

std::vector<Address> Association::peer_addresses() const {
  std::error_code error;
  auto addresses = peer_addresses(error);
  if (error) fail(Attempt::ask_addresses, "the peer of association " + to_string(id_), error);
  return addresses;
}

std::vector<Address> Association::local_addresses(std::error_code& error) const noexcept {
  return ask_addresses(socket_.fd(), id_, Side::local, error);
}

std::vector<Address> Association::local_addresses() const {
  std::error_code error;
  auto addresses = local_addresses(error);
  if (error) fail(Attempt::ask_addresses, "association " + to_string(id_), error);
  return addresses;
}

void Association::shutdown(std::error_code& error) const noexcept {
  error.clear();
  if (socket_.style() == Style::one_to_one) {
    if (sys::shutdown(socket_.fd(), SHUT_WR) < 0) error = native::last_error();
    return;
  }
  msghdr message{};
  SendControl control = SendControl::end_of_association(id_);
  control.attach_to(message);
  while (sys::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    error = native::last_error();
    return;
  }
}

void Association::shutdown() const {
  std::error_code error;
  shutdown(error);
  if (!error) return;
  std::error_code unknown;
  const Address peer = socket_.peer_address(unknown);
  fail(Attempt::shut_down, unknown ? "association " + to_string(id_) : to_string(peer), error);
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association.hpp>

#include <new>

#include <sctpxx/error.hpp>

#include "address_list.hpp"
#include "control.hpp"
#include "failure.hpp"
#include "native.hpp"
#include "path_target.hpp"
#include "reconfiguration.hpp"
#include "subscription.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {

std::vector<Address> Association::peer_addresses(std::error_code& error) const noexcept {
  return ask_addresses(socket_.fd(), target().association, Side::peer, error);
}

std::vector<Address> Association::peer_addresses() const {
  std::error_code error;
  auto addresses = peer_addresses(error);
  if (error) fail(Attempt::ask_addresses, "the peer of association " + to_string(id_), error);
  return addresses;
}

std::vector<Address> Association::local_addresses(std::error_code& error) const noexcept {
  return ask_addresses(socket_.fd(), target().association, Side::local, error);
}

std::vector<Address> Association::local_addresses() const {
  std::error_code error;
  auto addresses = local_addresses(error);
  if (error) fail(Attempt::ask_addresses, "association " + to_string(id_), error);
  return addresses;
}

std::vector<Path> Association::paths(std::error_code& error) const noexcept try {
  const std::vector<Address> addresses = peer_addresses(error);
  Address primary;
  if (!error) primary = get<option::PrimaryAddr>(error).address;
  std::vector<Path> paths;
  if (!error) paths.reserve(addresses.size());
  for (const Address& address : addresses) {
    if (error) break;
    Path path;
    get_option(target(), address, static_cast<option::PeerAddrInfo&>(path), error);
    path.primary = address == primary;
    if (!error) paths.push_back(path);
    // It is gone by now, or not to be told.
    if (error == Errc::no_such_path || error == std::errc::permission_denied) error.clear();
  }
  if (error) paths.clear();
  return paths;
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

std::vector<Path> Association::paths() const {
  std::error_code error;
  auto all = paths(error);
  if (error) fail(Attempt::ask_about, "the paths of association " + to_string(id_), error);
  return all;
}

void Association::request_heartbeat(const Address& path, std::error_code& error) const noexcept {
  native::demand_heartbeat(native::one_path(target(), path, error), error);
}

void Association::request_heartbeat(const Address& path) const {
  std::error_code error;
  request_heartbeat(path, error);
  if (error) fail(Attempt::ask_for_heartbeat, path, error);
}

void Association::request_heartbeats(std::error_code& error) const noexcept {
  native::demand_heartbeat(native::all_paths(target(), error), error);
}

void Association::request_heartbeats() const {
  std::error_code error;
  request_heartbeats(error);
  if (error) fail(Attempt::ask_for_heartbeat, "all addresses of association " + to_string(id_), error);
}

namespace {

/// What ends an association of a socket that is not of one-to-one style.
void send_end(int fd, SendControl control, Bytes reason, std::error_code& error) noexcept {
  // sendmsg reads, though its structure cannot say so.
  iovec words{const_cast<std::byte*>(reason.data()), reason.size()};
  msghdr message{};
  message.msg_iov = &words;
  message.msg_iovlen = reason.empty() ? 0 : 1;
  control.attach_to(message);
  error.clear();
  while (sys::sendmsg(fd, &message, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    error = native::last_error();
    return;
  }
}

[[noreturn]] void fail_to_end(const Association& association, Attempt attempt, std::error_code error) {
  std::error_code unknown;
  const Address peer = association.socket().peer_address(unknown);
  fail(attempt, unknown ? "association " + to_string(association.id()) : to_string(peer), error);
}

}  // namespace

void Association::shutdown(std::error_code& error) const noexcept {
  error.clear();
  using enum option::Status::State;
  std::error_code unknown;
  const option::Status::State state = status(unknown).state;
  if (socket_.style() == Style::one_to_one) {
    // The peer has begun, and the kernel ends it. Once this has been called, too, it tells of no end any
    // more.
    if (!unknown && (state == shutdown_received || state == shutdown_ack_sent)) return;
    if (sys::shutdown(socket_.fd(), SHUT_WR) < 0) error = native::last_error();
    return;
  }
  // The kernel takes SCTP_EOF for a setup under way, forgets it without an event, and leaves the peer with an
  // association to nobody. ABORT tells both.
  if (!unknown && state < established) return abort({}, error);
  send_end(socket_.fd(), SendControl::end_of_association(id_), {}, error);
}

void Association::shutdown() const {
  std::error_code error;
  shutdown(error);
  if (error) fail_to_end(*this, Attempt::shut_down, error);
}

void Association::abort(std::string_view reason, std::error_code& error) const noexcept {
  if (socket_.style() == Style::one_to_one) {
    error = std::make_error_code(std::errc::operation_not_supported);
    return;
  }
  send_end(socket_.fd(), SendControl::abort_of_association(id_), as_bytes(reason.substr(0, longest_reason)),
           error);
}

void Association::abort(std::string_view reason) const {
  std::error_code error;
  abort(reason, error);
  if (error) fail_to_end(*this, Attempt::abort, error);
}

namespace {

std::uint16_t flags_of(Association::Direction direction) noexcept {
  switch (direction) {
    case Association::Direction::outgoing: return SCTP_STREAM_RESET_OUTGOING;
    case Association::Direction::incoming: return SCTP_STREAM_RESET_INCOMING;
    case Association::Direction::both: break;
  }
  return SCTP_STREAM_RESET_OUTGOING | SCTP_STREAM_RESET_INCOMING;
}

}  // namespace

void Association::reset_streams(Direction direction, std::span<const StreamId> streams,
                                std::error_code& error) const noexcept {
  sctp::reset_streams(target(), flags_of(direction), streams, error);
}

void Association::reset_streams(Direction direction, std::span<const StreamId> streams) const {
  std::error_code error;
  reset_streams(direction, streams, error);
  if (error) fail(Attempt::reset_streams, "association " + to_string(id_), error);
}

void Association::add_streams(std::uint16_t outgoing, std::uint16_t incoming,
                              std::error_code& error) const noexcept {
  sctp::add_streams(target(), outgoing, incoming, error);
}

void Association::add_streams(std::uint16_t outgoing, std::uint16_t incoming) const {
  std::error_code error;
  add_streams(outgoing, incoming, error);
  if (error) fail(Attempt::add_streams, "association " + to_string(id_), error);
}

void Association::reset(std::error_code& error) const noexcept { reset_association(target(), error); }

void Association::reset() const {
  std::error_code error;
  reset(error);
  if (error) fail(Attempt::reset_association, "association " + to_string(id_), error);
}

void Association::set_subscription(std::span<const EventType> events, bool on,
                                   std::error_code& error) const noexcept {
  const OptionTarget who = target();
  sctp::set_subscription(who.fd, socket_.style(), who.association, events, on, error);
}

void Association::set_subscription(std::span<const EventType> events, bool on) const {
  std::error_code error;
  set_subscription(events, on, error);
  if (error) fail(Attempt::subscribe, "association " + to_string(id_), error);
}

}  // namespace sctp::inline v0

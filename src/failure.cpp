// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "failure.hpp"

#include <cerrno>
#include <new>

namespace sctp {
namespace {

std::string_view phrase(Attempt attempt) noexcept {
  switch (attempt) {
    case Attempt::open: return "cannot open an SCTP socket";
    case Attempt::adopt: return "cannot adopt descriptor";
    case Attempt::bind: return "cannot bind to";
    case Attempt::add_address: return "cannot add the address";
    case Attempt::remove_address: return "cannot remove the address";
    case Attempt::listen: return "cannot listen on";
    case Attempt::connect: return "cannot connect to";
    case Attempt::accept: return "cannot accept a peer on";
    case Attempt::send: return "cannot send";
    case Attempt::receive: return "cannot receive from";
    case Attempt::shut_down: return "cannot shut down the association with";
    case Attempt::abort: return "cannot abort the association with";
    case Attempt::peel_off: return "cannot peel off association";
    case Attempt::list_associations: return "cannot list the associations of";
    case Attempt::list_interfaces: return "cannot tell the addresses of network interface";
    case Attempt::reset_streams: return "cannot ask to reset streams of";
    case Attempt::add_streams: return "cannot ask for more streams of";
    case Attempt::reset_association: return "cannot ask to reset";
    case Attempt::ask_addresses: return "cannot ask for the addresses of";
    case Attempt::ask_about: return "cannot ask about";
    case Attempt::ask_for_heartbeat: return "cannot ask for a heartbeat from";
    case Attempt::change_mode: return "cannot change the blocking mode of";
    case Attempt::wait: return "cannot wait for";
    case Attempt::subscribe: return "cannot change the events of";
  }
  return "cannot";
}

/// What errno means for a local address.
std::string_view advice_on_address(Attempt attempt, int error) noexcept {
  switch (error) {
    case EADDRNOTAVAIL: return "this machine has no such address";
    case EBUSY: return attempt == Attempt::remove_address ? "it is the last one" : "";
    case EINVAL: break;
    default: return {};
  }
  switch (attempt) {
    case Attempt::add_address:
      return "the socket has it already, or is bound to all addresses, or has another port";
    case Attempt::remove_address: return "the socket does not have it";
    default: return "bound already, or an address of the wrong kind";
  }
}

/// The same for a request to change streams.
std::string_view advice_on_request(int error) noexcept {
  switch (error) {
    case EINVAL: return "there is no such association, or no more, or there would be too many streams";
    case EINPROGRESS: return "another such request is under way; wait for its event";
    case EPERM: return "allow it with option::EnableStreamReset";
    case EWOULDBLOCK: return "messages wait that were not sent, or not acknowledged yet (SenderDry tells)";
    default: return {};
  }
}

/// The same for other attempts of which it means something special.
std::string_view advice_on(Attempt attempt, int error) noexcept {
  switch (attempt) {
    case Attempt::bind:
    case Attempt::listen:
    case Attempt::add_address:
    case Attempt::remove_address: return advice_on_address(attempt, error);
    case Attempt::reset_streams:
    case Attempt::add_streams:
    case Attempt::reset_association: return advice_on_request(error);
    case Attempt::connect:
      return error == EADDRNOTAVAIL
                 ? "its association was peeled off, or this socket's own address does not reach it"
                 : "";
    case Attempt::accept:
      return error == EINVAL        ? "it does not listen"
             : error == EWOULDBLOCK ? "none came within the time of option::RcvTimeo"
                                    : "";
    case Attempt::peel_off: return error == EINVAL ? "there is no such association, or no more" : "";
    case Attempt::subscribe: return error == EOPNOTSUPP ? "this kernel does not know one of them" : "";
    case Attempt::abort:
      return error == EOPNOTSUPP ? "a one-to-one socket aborts when it closes; use its own abort" : "";
    default: return {};
  }
}

/// What errno means for this attempt, where its own text leaves a reader helpless.
std::string_view advice(Attempt attempt, std::error_code error) noexcept {
  if (error.category() != std::system_category() && error.category() != std::generic_category()) return {};
  if (const std::string_view special = advice_on(attempt, error.value()); !special.empty()) return special;
  switch (error.value()) {
    case EADDRINUSE: return "another socket has this port; take another one, or port 0 for any free one";
    case EADDRNOTAVAIL: return "no such peer address on this socket";
    case EACCES: return "ports below 1024 need the capability CAP_NET_BIND_SERVICE";
    case EAFNOSUPPORT: return "this machine does not speak that family of addresses";
    case ECONNREFUSED: return "nobody listens there, or too many peers wait there to be accepted";
    case ETIMEDOUT: return "no answer; is the address right, and does a firewall let SCTP pass?";
    case EISCONN: return "there is an association already";
    case EINPROGRESS: return "under way; wait until the socket is writable, then try_connect again";
    case EWOULDBLOCK:
      return "the socket is non-blocking, or its time was over; a try_ form takes that for no error";
    case EPIPE: return "there is no association, or no more";
    case ESHUTDOWN:
    case ESRCH: return "the association has ended, or is ending";
    case ENOTCONN: return "there is no association";
    case ECONNRESET: return "the peer aborted the association";
    case EBADF: return "the socket is closed";
    case EMSGSIZE: return "it does not fit in one packet, and option::DisableFragments is on";
    case ENODEV: return "there is no such network interface";
    case ECANCELED: return "woken";
    case EMFILE: return "raise the limit of open files (ulimit -n), or close some";
    default: return {};
  }
}

}  // namespace

void fail(Attempt attempt, std::string_view object, std::error_code error) {
  if (error == std::errc::not_enough_memory) throw std::bad_alloc{};
  std::string text{phrase(attempt)};
  if (!object.empty()) text.append(" ").append(object);
  if (const std::string_view more = advice(attempt, error); !more.empty()) text.append(": ").append(more);
  throw std::system_error{error, text};
}

void fail(Attempt attempt, const Address& address, std::error_code error) {
  fail(attempt, to_string(address), error);
}

void fail(Attempt attempt, std::span<const Address> addresses, std::error_code error) {
  fail(attempt, to_string(addresses), error);
}

std::string to_string(std::span<const Address> addresses) {
  if (addresses.size() == 1) return to_string(addresses.front());
  std::string text = "[";
  for (const Address& address : addresses) {
    if (text.size() > 1) text += '|';
    std::string one = to_string(address.with_port(0));
    one.resize(one.size() - 2);  // ":0"
    text += one.front() == '[' ? one.substr(1, one.size() - 2) : one;
  }
  text += ']';
  if (!addresses.empty()) text.append(":").append(std::to_string(addresses.front().port()));
  return text;
}

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "send.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <sctpxx/error.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/socket.hpp>
#include <sctpxx/socket_ref.hpp>

#include "control.hpp"
#include "failure.hpp"
#include "native.hpp"
#include "path_target.hpp"
#include "socket_name.hpp"
#include "sys.hpp"
#include "wait.hpp"

namespace sctp {
namespace {

/// Where each association has a buffer of its own (net.sctp.sndbuf_policy), nothing tells when one has room.
constexpr std::chrono::milliseconds look_again{20};

}  // namespace

Waited wait_to_send(int fd, const Patience& patience, bool& was_ready, std::error_code& error) noexcept {
  if (patience.is_over()) return Waited::impatient;
  if (std::exchange(was_ready, false)) return wait_for(-1, 0, patience, error, look_again);
  short come = 0;
  const Waited waited = wait_for(fd, POLLOUT, patience, error, look_again, &come);
  was_ready = come != 0;
  return waited;
}

void explain_send(const SocketRef& socket, AssociationId association, Bytes payload,
                  const SendOptions& options, std::error_code& error) noexcept {
  std::error_code unknown;
  if (error == std::errc::message_size) {
    const auto buffer = socket.get<option::SndBuf>(unknown);
    if (!unknown && payload.size() > buffer.size) error = Errc::message_exceeds_send_buffer;
  } else if (error == std::errc::invalid_argument) {
    option::Status status;
    get_option(OptionTarget{socket.fd(), association}, status, unknown);
    // Before there is an association, what was to be asked for counts.
    const std::uint16_t streams =
        unknown ? socket.get<option::InitMsg>(unknown).outgoing_streams.value_or(0) : status.outgoing_streams;
    if (!unknown && static_cast<std::uint16_t>(options.stream) >= streams) error = Errc::no_such_stream;
  }
}

}  // namespace sctp

/// How a SocketRef sends.
namespace sctp::inline v0 {
namespace {

[[noreturn]] void fail_send(const SocketRef& socket, Bytes payload, const SendOptions& options,
                            std::error_code error) {
  fail(Attempt::send,
       std::to_string(payload.size()) + " bytes on stream " + to_string(options.stream) + " to " +
           partner(socket),
       error);
}

/// To an address that is none of the association's, the kernel would send to another association, or to one
/// that it sets up for that.
void check_path(const SocketRef& socket, AssociationId association, const Address& path,
                std::error_code& error) noexcept {
  if (socket.style() == Style::peeled_off) {
    error = std::make_error_code(std::errc::operation_not_supported);
    return;
  }
  native::check_path(native::one_path(detail::one_association(socket, association), path, error), error);
  if (error == std::errc::invalid_argument && error != Errc::no_such_path)
    error = std::make_error_code(std::errc::not_connected);
}

/// A message, and what the kernel is to be told of it.
class Outgoing {
 public:
  [[gnu::always_inline]] Outgoing(AssociationId association, Bytes payload,
                                  const SendOptions& options) noexcept
      // sendmsg reads, though its structure cannot say so.
      : piece_{const_cast<std::byte*>(payload.data()), payload.size()}, control_{association, options} {
    message_.msg_iov = &piece_;
    message_.msg_iovlen = 1;
    control_.attach_to(message_);
  }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  void address_to(const Address& peer) noexcept {
    message_.msg_name = &destination_;
    message_.msg_namelen = native::to_native(peer, destination_);
  }

  /// 0, or errno of the failure.
  [[gnu::always_inline]] int send(int fd, int flags) const noexcept {
    while (sys::sendmsg(fd, &message_, flags | MSG_NOSIGNAL) < 0) {
      if (errno != EINTR) return errno;
    }
    return 0;
  }

 private:
  iovec piece_;
  SendControl control_;
  msghdr message_{};
  native::SocketAddress destination_;
};

/// As nearly all is sent. False: `failure` says why not, if it was tried.
[[gnu::always_inline]] inline bool send_at_once(int fd, AssociationId association, Bytes payload,
                                                const SendOptions& options, int flags,
                                                int& failure) noexcept {
  if (payload.empty() || options.path) [[unlikely]]
    return false;
  failure = Outgoing{association, payload, options}.send(fd, flags);
  return failure == 0;
}

}  // namespace

// Never both an association and an address: the kernel would take the address, and another association with
// it.
bool SocketRef::send_rest(AssociationId association, const Address* peer, Bytes payload,
                          const SendOptions& options, int flags, int failure,
                          std::error_code& error) const noexcept {
  if (payload.empty()) {
    error = Errc::empty_message;
    return false;
  }
  error.clear();
  if (options.path) {
    check_path(*this, association, *options.path, error);
    if (error) return false;
    peer = &*options.path;
    association = {};
  }
  Outgoing message{association, payload, options};
  if (peer != nullptr) message.address_to(*peer);
  if (failure == 0) failure = message.send(fd_, flags);
  // It may be non-blocking for the moment in which another thread begins a setup.
  for (bool was_ready = false; failure == EAGAIN && flags == 0 && style_ == Style::one_to_many;) {
    if (wait_to_send(fd_, Patience{}, was_ready, error) != Waited::ready) return false;
    failure = message.send(fd_, flags);
  }
  if (failure == 0) return true;
  error = {failure, std::system_category()};
  explain_send(*this, association, payload, options, error);
  return false;
}

void SocketRef::send(AssociationId association, Bytes payload, const SendOptions& options,
                     std::error_code& error) const noexcept {
  error.clear();
  int failure = 0;
  if (send_at_once(fd_, association, payload, options, 0, failure)) return;
  send_rest(association, nullptr, payload, options, 0, failure, error);
}

void SocketRef::send_to(const Address& peer, Bytes payload, const SendOptions& options,
                        std::error_code& error) const noexcept {
  SendOptions first = options;
  first.path.reset();  // there is none yet
  send_rest({}, &peer, payload, first, 0, 0, error);
}

bool SocketRef::try_send(AssociationId association, Bytes payload, const SendOptions& options,
                         std::error_code& error) const noexcept {
  error.clear();
  int failure = 0;
  if (send_at_once(fd_, association, payload, options, MSG_DONTWAIT, failure)) return true;
  const bool sent = send_rest(association, nullptr, payload, options, MSG_DONTWAIT, failure, error);
  if (error == std::errc::operation_would_block) error.clear();
  return sent;
}

bool SocketRef::send(AssociationId association, Bytes payload, const SendOptions& options,
                     const Patience& patience, std::error_code& error) const noexcept {
  error.clear();
  if (patience.is_woken()) return false;
  bool was_ready = false;
  do {
    if (try_send(association, payload, options, error) || error) return !error;
  } while (wait_to_send(fd_, patience, was_ready, error) == Waited::ready);
  return false;
}

bool SocketRef::send(AssociationId association, Bytes payload, const SendOptions& options,
                     const Patience& patience) const {
  std::error_code error;
  const bool sent = send(association, payload, options, patience, error);
  if (error) fail_send(*this, payload, options, error);
  return sent;
}

void SocketRef::send(AssociationId association, Bytes payload, const SendOptions& options) const {
  int failure = 0;
  if (send_at_once(fd_, association, payload, options, 0, failure)) return;
  std::error_code error;
  send_rest(association, nullptr, payload, options, 0, failure, error);
  if (error) fail_send(*this, payload, options, error);
}

bool SocketRef::try_send(AssociationId association, Bytes payload, const SendOptions& options) const {
  std::error_code error;
  const bool sent = try_send(association, payload, options, error);
  if (error) fail_send(*this, payload, options, error);
  return sent;
}

}  // namespace sctp::inline v0

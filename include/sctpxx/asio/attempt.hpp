// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <concepts>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <sctpxx/asio/operation.hpp>
#include <sctpxx/sctp.hpp>

#ifdef SCTPXX_BOOST_ASIO
namespace sctp::inline v0::inline over_boost_asio {
#else
namespace sctp::inline v0::inline over_asio {
#endif

/// What the adaptors of `asio.hpp` attempt; see Operation. Of no use by itself.
namespace asio_detail {

struct Receive {
  template <class Socket>
  Next operator()(const Socket& socket, std::error_code& error) {
    received = socket.try_receive(*buffer, error);
    return received.status() == ReceiveStatus::would_block ? Next::wait_readable : Next::done;
  }
  template <class Self>
  void complete(Self& self, NetError error) {
    self.complete(error, error ? Received{ReceiveStatus::failed} : received);
  }

  ReceiveBuffer* buffer;
  Received received{ReceiveStatus::failed};
};

struct Send {
  Next operator()(const OneToOneSocket& socket, std::error_code& error) const {
    return after(socket.try_send(payload, options, error), socket, error);
  }
  Next operator()(const OneToManySocket& socket, std::error_code& error) const {
    return after(socket.try_send(association, payload, options, error), socket, error);
  }
  /// The kernel may have no memory for it though the descriptor is writable; and where each association has a
  /// buffer of its own (net.sctp.sndbuf_policy), nothing tells when one has room.
  static Next after(bool sent, const SocketRef& socket, std::error_code& error) {
    if (sent || error) return Next::done;
    const bool is_writable = socket.wait({.send = true}, std::chrono::milliseconds{0}, error).send;
    if (error) return Next::done;
    if (is_writable) return Next::wait_a_moment;
    return socket.style() == Style::one_to_many ? Next::wait_writable_or_a_moment : Next::wait_writable;
  }
  template <class Self>
  void complete(Self& self, NetError error) const {
    self.complete(error);
  }

  AssociationId association;
  Bytes payload;
  SendOptions options;
};

struct Accept {
  Next operator()(Listener& listener, std::error_code& error) {
    auto next = listener.try_accept(error);
    if (!next && !error) return Next::wait_readable;
    if (next) peer = std::move(*next);
    return Next::done;
  }
  template <class Self>
  void complete(Self& self, NetError error) {
    self.complete(error, std::move(peer));
  }

  OneToOneSocket peer{};
};

struct Connect {
  Next operator()(OneToOneSocket& socket, std::error_code& error) const {
    return socket.try_connect(peer, error) || error ? Next::done : Next::wait_writable;
  }
  template <class Self>
  void complete(Self& self, NetError error) const {
    self.complete(error);
  }

  std::vector<Address> peer;
};

/// As OneToOneSocket::shutdown, which waits.
template <std::invocable<const Received&> Handle>
struct Shutdown {
  Shutdown(ReceiveBuffer& with, Handle handler) : buffer{&with}, handle{std::move(handler)} {}

  Next operator()(OneToOneSocket& socket, std::error_code& error) {
    if (!std::exchange(has_begun, true)) {
      socket.shutdown(error);
      if (error && error != Condition::association_ended) return Next::done;
      is_gone = error && has_none(socket);
      error.clear();
    }
    const Received received = socket.try_receive(*buffer, error);
    switch (received.status()) {
      case ReceiveStatus::message: handle(received); return Next::again;
      case ReceiveStatus::notification:
        note(*received.notification(), socket);
        handle(received);
        return Next::again;
      case ReceiveStatus::failed:
        if (error == Condition::association_ended) {
          note_loss(error);
          error.clear();
          return Next::again;
        }
        if (!failure) failure = error;
        if (error == Condition::message_dropped) return error.clear(), Next::again;
        break;
      case ReceiveStatus::would_block:
        if (!is_gone) return Next::wait_readable;
        break;
      case ReceiveStatus::end_of_stream:
        // Where the peer has shut down, too, its stream ends before the association does. Nothing but another
        // look tells when that is.
        if (std::exchange(is_gone, is_gone || has_none(socket))) break;
        return is_gone ? Next::again : Next::wait_a_moment;
    }
    error = failure;
    return Next::done;
  }
  template <class Self>
  void complete(Self& self, NetError error) {
    self.complete(error, told != AssociationChange::End::none ? told : guessed);
  }

  static bool has_none(const OneToOneSocket& socket) {
    std::error_code none;
    static_cast<void>(socket.association().status(none));
    return static_cast<bool>(none);
  }
  void note(const Notification& event, const OneToOneSocket& socket) {
    if (const auto* change = std::get_if<AssociationChange>(&event)) {
      std::error_code gone;
      if (change->state == AssociationChange::State::restarted) socket.shutdown(gone);  // it knows of none
      if (told == AssociationChange::End::none) told = change->end;
      is_gone = is_gone || told != AssociationChange::End::none;
    }
    if (std::holds_alternative<ShutdownReceived>(event)) guessed = AssociationChange::End::peer_shutdown;
  }
  void note_loss(std::error_code loss) {
    if (loss == std::errc::connection_reset) guessed = AssociationChange::End::peer_abort;
    if (loss == std::errc::connection_aborted) guessed = AssociationChange::End::own_abort;
    if (loss == std::errc::timed_out) guessed = AssociationChange::End::timeout;
  }

  ReceiveBuffer* buffer;
  Handle handle;
  AssociationChange::End told{};
  AssociationChange::End guessed{};  // where both shut down at once, the kernel may not tell it
  std::error_code failure{};         // of a message
  bool has_begun = false;
  bool is_gone = false;
};

/// As OneToManySocket::shutdown_all, which waits.
template <std::invocable<const Received&> Handle>
struct ShutdownAll {
  ShutdownAll(ReceiveBuffer& with, Handle handler) : buffer{&with}, handle{std::move(handler)} {}

  Next operator()(OneToManySocket& socket, std::error_code& error) {
    std::error_code gone;  // one that ends by itself meanwhile
    if (!std::exchange(has_begun, true)) {
      ::listen(socket.fd(), 0);  // lets no more in
      for (const AssociationId id : socket.associations(error)) socket.association(id).shutdown(gone);
      if (error) return Next::done;
    }
    const Received received = socket.try_receive(*buffer, error);
    switch (received.status()) {
      case ReceiveStatus::message: handle(received); return Next::again;
      case ReceiveStatus::notification:
        if (const auto* change = std::get_if<AssociationChange>(received.notification())) {
          const bool is_up = change->end == AssociationChange::End::none;
          if (is_up) socket.association(change->association).shutdown(gone);
        }
        handle(received);
        return Next::again;
      case ReceiveStatus::failed:
        if (!failure) failure = error;
        if (error == Condition::message_dropped) return error.clear(), Next::again;
        break;
      case ReceiveStatus::would_block:
        // The event of the last end may have come since: that is worth another look.
        if (!std::exchange(is_empty, is_empty || socket.associations(error).empty())) {
          return is_empty ? Next::again : Next::wait_readable;
        }
        break;
      case ReceiveStatus::end_of_stream: break;
    }
    error = failure;
    return Next::done;
  }
  template <class Self>
  void complete(Self& self, NetError error) const {
    self.complete(error);
  }

  ReceiveBuffer* buffer;
  Handle handle;
  std::error_code failure{};  // of a message
  bool has_begun = false;
  bool is_empty = false;
};

}  // namespace asio_detail
}  // namespace sctp

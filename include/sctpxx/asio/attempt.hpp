// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <optional>
#include <system_error>
#include <utility>
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

inline Next after(Shutdown::Next step) noexcept {
  switch (step) {
    case Shutdown::Next::again: return Next::again;
    case Shutdown::Next::wait_readable: return Next::wait_readable;
    case Shutdown::Next::wait_a_moment: return Next::wait_a_moment;
    case Shutdown::Next::done: break;
  }
  return Next::done;
}

template <std::invocable<const Received&> Handle>
struct End {
  End(ReceiveBuffer& with, Handle handler) : buffer{&with}, handle{std::move(handler)} {}

  Next operator()(const OneToOneSocket& socket, std::error_code& error) {
    if (!shutdown) shutdown.emplace(socket.association(), error);
    if (error) return Next::done;
    return after(shutdown->step(*buffer, handle, error));
  }
  template <class Self>
  void complete(Self& self, NetError error) const {
    self.complete(error, shutdown ? shutdown->end() : AssociationChange::End::none);
  }

  ReceiveBuffer* buffer;
  Handle handle;
  std::optional<Shutdown> shutdown;
};

template <std::invocable<const Received&> Handle>
struct EndAll {
  EndAll(ReceiveBuffer& with, Handle handler) : buffer{&with}, handle{std::move(handler)} {}

  Next operator()(const OneToManySocket& socket, std::error_code& error) {
    if (!shutdown) shutdown.emplace(socket, error);
    if (error) return Next::done;
    return after(shutdown->step(*buffer, handle, error));
  }
  template <class Self>
  void complete(Self& self, NetError error) const {
    self.complete(error);
  }

  ReceiveBuffer* buffer;
  Handle handle;
  std::optional<ShutdownAll> shutdown;
};

}  // namespace asio_detail
}  // namespace sctp

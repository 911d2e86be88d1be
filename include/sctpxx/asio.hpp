// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sctpxx/asio/attempt.hpp>
#include <sctpxx/asio/net.hpp>
#include <sctpxx/asio/operation.hpp>
#include <sctpxx/asio/protocol.hpp>
#include <sctpxx/sctp.hpp>

/// The library in a program that lives on Asio; not in <sctpxx/sctp.hpp>. Asio is the program's own: the
/// standalone one (1.22 or newer), or that of Boost (tested: 1.81) where SCTPXX_BOOST_ASIO is defined.
/// Asio 1.22 sees the coroutines of clang where ASIO_HAS_CO_AWAIT and ASIO_HAS_STD_COROUTINE are defined.
///
///     net::awaitable<void> serve(sctp::AsioOneToOneSocket peer) {
///       sctp::ReceiveBuffer buffer;
///       while (auto received = co_await peer.async_receive(buffer, net::use_awaitable))
///         if (const sctp::Message* m = received.message())
///           co_await peer.async_send(m->payload, {.stream = m->stream}, net::use_awaitable);
///     }
///
/// For programs that know bytes alone, AsioOneToOne stands in for `asio::ip::tcp`.
#ifdef SCTPXX_BOOST_ASIO
namespace sctp::inline v0::inline over_boost_asio {
#else
namespace sctp::inline v0::inline over_asio {
#endif

/// A socket of this library in an event loop of Asio's: AsioOneToOneSocket, AsioOneToManySocket and
/// AsioListener, and what they have in common. Move-only; the destructor closes the socket, see there.
///
/// Operations. Each takes any completion token (a function, `use_future`, `use_awaitable`, `deferred`), and
/// its handler is never called within the function that begins it. At most one receive, accept, connect or
/// shutdown at a time, and any number of sends, which go in no particular order: whoever awaits each of its
/// sends has them in order.
///
/// Lifetime. An operation survives a move of this object, and ends with `operation_aborted` when it is closed
/// or destroyed. The ReceiveBuffer, and the bytes that are sent, stay until the handler is called. What was
/// received is a view into the buffer, dead when the next receive begins.
///
/// Cancellation. All types (terminal, partial, total) of per-operation cancellation, and `cancel` for all
/// operations: those end with `operation_aborted` and have done nothing; pieces of a message that had come
/// are in the buffer, and the next receive goes on there. A cancelled operation that had its outcome already
/// tells that. So `receive || timer` loses no message; forms that take a time do the same with any token.
///
/// Threads. As of Asio's own objects: one at a time, so a strand where several run the context, for this
/// object and for the handlers of its operations. Other sockets are independent.
template <class Socket>
class AsioSocket {
 public:
  using executor_type = net::any_io_executor;
  using Duration = std::chrono::steady_clock::duration;

  /// Takes over an open socket, and makes it non-blocking; it stays as it is when this throws.
  AsioSocket(const executor_type& executor, Socket&& socket)
      : watched_{std::make_shared<Watched>(executor, std::move(socket))} {}
  template <class Context>
    requires std::convertible_to<Context&, net::execution_context&>
  AsioSocket(Context& context, Socket&& socket) : AsioSocket{context.get_executor(), std::move(socket)} {}

  AsioSocket(AsioSocket&&) noexcept = default;
  AsioSocket& operator=(AsioSocket&& other) noexcept {
    if (this != &other) {
      close();
      watched_ = std::move(other.watched_);
    }
    return *this;
  }
  ~AsioSocket() { close(); }

  [[nodiscard]] executor_type get_executor() const noexcept { return watched_->descriptor.get_executor(); }

  /// The socket, for options, subscriptions, addresses, and all that does not wait: `socket().try_send(…)`.
  [[nodiscard]] const Socket& socket() const noexcept { return watched_->socket; }
  [[nodiscard]] bool is_open() const noexcept { return watched_ != nullptr && watched_->socket.is_open(); }

  /// Ends all operations with `operation_aborted`.
  void cancel() { watched_->cancel(); }

  /// The same, and closes the socket: Socket::close.
  void close() noexcept {
    if (watched_ != nullptr) watched_->close();
  }

  /// The same, and gives the socket back, still non-blocking; this is closed then.
  [[nodiscard]] Socket release() {
    watched_->unwatch();
    return std::move(watched_->socket);
  }

  /// Waits until the descriptor is readable or writable: `void(error)`. For what this library does not await:
  /// SendQueue::flush, batches.
  template <class Token>
  auto async_wait(net::posix::descriptor_base::wait_type what, Token&& token) {
    return watched_->descriptor.async_wait(what, std::forward<Token>(token));
  }

 protected:
  using Watched = asio_detail::Watched<Socket>;

  template <class Signature, class Attempt, class Token>
  auto begin(Attempt attempt, Token&& token) {
    return net::async_compose<Token, Signature>(
        asio_detail::Operation<Socket, Attempt>{watched_, std::move(attempt)}, token, watched_->descriptor);
  }
  /// With an end to the waiting: `Plain` is the signature without, `finish` as for async_within.
  template <class Signature, class Plain, class Attempt, class Finish, class Token>
  auto begin_within(Duration time, Attempt attempt, Finish finish, Token&& token) {
    return asio_detail::async_within<Signature>(
        get_executor(), time,
        [watched = watched_, attempt = std::move(attempt)](auto handler) mutable {
          auto& descriptor = watched->descriptor;
          net::async_compose<decltype(handler), Plain>(
              asio_detail::Operation<Socket, Attempt>{std::move(watched), std::move(attempt)}, handler,
              descriptor);
        },
        std::move(finish), std::forward<Token>(token));
  }

  std::shared_ptr<Watched> watched_;
};

/// What those have that receive.
template <class Socket>
class AsioReceiver : public AsioSocket<Socket> {
 public:
  using Duration = typename AsioSocket<Socket>::Duration;
  using AsioSocket<Socket>::AsioSocket;

  /// The next whole message or event: `void(error, Received)`. Ends and fails as SocketRef::try_receive does
  /// (an error that is Condition::message_dropped concerns one message alone); never answers
  /// `would_block`. After the end of the stream each answers so at once: leave the loop. Of one-to-many style
  /// there is no such end, and events tell of each association's. One of which the kernel tells no end (see
  /// SocketRef::receive) is found when something else comes, or the time is over.
  template <class Token>
  auto async_receive(ReceiveBuffer& buffer, Token&& token) {
    return this->template begin<void(NetError, Received)>(asio_detail::Receive{.buffer = &buffer},
                                                          std::forward<Token>(token));
  }

  /// The same with an end to the waiting: Received::Status::would_block when the time is over.
  template <class Token>
  auto async_receive(ReceiveBuffer& buffer, Duration time, Token&& token) {
    return this->template begin_within<void(NetError, Received), void(NetError, Received)>(
        time, asio_detail::Receive{.buffer = &buffer},
        [](auto handler, bool over, NetError error, const Received& received) {
          if (over) return std::move(handler)(NetError{}, Received{ReceiveStatus::would_block});
          std::move(handler)(error, received);
        },
        std::forward<Token>(token));
  }

 protected:
  template <class Token>
  auto begin_send(asio_detail::Send message, Token&& token) {
    return this->template begin<void(NetError)>(message, std::forward<Token>(token));
  }
  template <class Token>
  auto begin_send(asio_detail::Send message, Duration time, Token&& token) {
    return this->template begin_within<void(NetError, bool), void(NetError)>(
        time, message,
        [](auto handler, bool over, NetError error) {
          std::move(handler)(over ? NetError{} : error, !over && !error);
        },
        std::forward<Token>(token));
  }
};

/// A OneToOneSocket in an event loop of Asio's: see AsioSocket.
class AsioOneToOneSocket : public AsioReceiver<OneToOneSocket> {
 public:
  using AsioReceiver::AsioReceiver;

  /// Sends one message, whole or not at all, when there is room in the send buffer: `void(error)`. Success
  /// means that the kernel took it. As SocketRef::send.
  template <class Token>
  auto async_send(Bytes payload, const SendOptions& options, Token&& token) {
    return begin_send({{}, payload, options}, std::forward<Token>(token));
  }

  /// The same with an end to the waiting: `void(error, bool sent)`, false when the time is over.
  template <class Token>
  auto async_send(Bytes payload, const SendOptions& options, Duration time, Token&& token) {
    return begin_send({{}, payload, options}, time, std::forward<Token>(token));
  }

  /// Sets up an association, to several addresses of one peer as one attempt: `void(error)`. Not while a
  /// receive is under way. When it is cancelled the kernel tries on: another async_connect to the same peer
  /// goes on waiting, `close` gives it up.
  template <class Token>
  auto async_connect(std::vector<Address> peer, Token&& token) {
    return begin<void(NetError)>(asio_detail::Connect{std::move(peer)}, std::forward<Token>(token));
  }
  template <class Token>
  auto async_connect(const Address& peer, Token&& token) {
    return async_connect(std::vector<Address>{peer}, std::forward<Token>(token));
  }

  /// The same with an end to the waiting: `timed_out` when the time is over; then, too, the kernel tries on.
  template <class Token>
  auto async_connect(std::vector<Address> peer, Duration time, Token&& token) {
    return begin_within<void(NetError), void(NetError)>(
        time, asio_detail::Connect{std::move(peer)},
        [](auto handler, bool over, NetError error) {
          std::move(handler)(over ? NetError{net::error::timed_out} : error);
        },
        std::forward<Token>(token));
  }
  template <class Token>
  auto async_connect(const Address& peer, Duration time, Token&& token) {
    return async_connect(std::vector<Address>{peer}, time, std::forward<Token>(token));
  }

  /// Ends the association in order and tells how it ended: sends SHUTDOWN once everything queued is
  /// acknowledged, gives `handle` all that still comes (a function that does not throw), and waits for the
  /// end: `void(error, AssociationChange::End)`, as OneToOneSocket::shutdown. Without a reader at the peer
  /// this can take minutes. Begin it when no send waits: what would be sent then fails. When it is cancelled
  /// the shutdown goes on: another async_shutdown goes on waiting, `abort` gives it up.
  template <std::invocable<const Received&> Handle, class Token>
  auto async_shutdown(ReceiveBuffer& buffer, Handle handle, Token&& token) {
    return begin<void(NetError, AssociationChange::End)>(asio_detail::End<Handle>{buffer, std::move(handle)},
                                                         std::forward<Token>(token));
  }

  /// The same with an end to the waiting: when the time is over it aborts, and answers `own_abort`.
  template <std::invocable<const Received&> Handle, class Token>
  auto async_shutdown(ReceiveBuffer& buffer, Duration time, Handle handle, Token&& token) {
    using End = AssociationChange::End;
    return begin_within<void(NetError, End), void(NetError, End)>(
        time, asio_detail::End<Handle>{buffer, std::move(handle)},
        [watched = watched_](auto handler, bool over, NetError error, End end) {
          if (over) abort(*watched, {});
          std::move(handler)(over ? NetError{} : error, over ? End::own_abort : end);
        },
        std::forward<Token>(token));
  }

  /// Sends ABORT and closes: OneToOneSocket::abort. All operations end with `operation_aborted`.
  void abort(std::string_view reason = {}) { abort(*watched_, reason); }

 private:
  static void abort(Watched& watched, std::string_view reason) {
    watched.unwatch();
    watched.socket.abort(reason);
  }
};

/// A OneToManySocket in an event loop of Asio's: see AsioSocket. Associations are begun with
/// `socket().connect(…)`, which never waits; that they are up, and how they end, is received. Where one peer
/// may not hold up the others: a SendQueue, `flush`ed when `async_wait` says that the descriptor is writable.
class AsioOneToManySocket : public AsioReceiver<OneToManySocket> {
 public:
  using AsioReceiver::AsioReceiver;

  /// Sends one message to an association when there is room in the send buffer, which all of them share:
  /// `void(error)`. As SocketRef::send.
  template <class Token>
  auto async_send(AssociationId association, Bytes payload, const SendOptions& options, Token&& token) {
    return begin_send({association, payload, options}, std::forward<Token>(token));
  }

  /// The same with an end to the waiting: `void(error, bool sent)`, false when the time is over.
  template <class Token>
  auto async_send(AssociationId association, Bytes payload, const SendOptions& options, Duration time,
                  Token&& token) {
    return begin_send({association, payload, options}, time, std::forward<Token>(token));
  }

  /// Ends all associations in order, as far as that can be had: lets no more in, sends SHUTDOWN on each,
  /// gives `handle` all that still comes, and waits for the last: `void(error)`, as
  /// OneToManySocket::shutdown_all. When it is cancelled, `socket().associations()` are those that are left.
  template <std::invocable<const Received&> Handle, class Token>
  auto async_shutdown_all(ReceiveBuffer& buffer, Handle handle, Token&& token) {
    return begin<void(NetError)>(asio_detail::EndAll<Handle>{buffer, std::move(handle)},
                                 std::forward<Token>(token));
  }

  /// The same with an end to the waiting: when the time is over it aborts the rest. `void(error, std::size_t
  /// aborted)`.
  template <std::invocable<const Received&> Handle, class Token>
  auto async_shutdown_all(ReceiveBuffer& buffer, Duration time, Handle handle, Token&& token) {
    return begin_within<void(NetError, std::size_t), void(NetError)>(
        time, asio_detail::EndAll<Handle>{buffer, handle},
        [watched = watched_, &buffer, handle](auto handler, bool over, NetError error) {
          std::error_code failure;
          const std::size_t aborted =
              over ? watched->socket.shutdown_all(buffer, std::chrono::milliseconds{0}, handle, failure) : 0;
          std::move(handler)(over ? to_net(failure) : error, aborted);
        },
        std::forward<Token>(token));
  }
};

/// A Listener in an event loop of Asio's: see AsioSocket.
class AsioListener : public AsioSocket<Listener> {
 public:
  using AsioSocket::AsioSocket;

  /// The next peer, for an AsioOneToOneSocket on any executor: `void(error, OneToOneSocket)`. As
  /// Listener::try_accept. Where there are too many open files it fails as long as a peer waits: wait before
  /// another.
  template <class Token>
  auto async_accept(Token&& token) {
    return begin<void(NetError, OneToOneSocket)>(asio_detail::Accept{}, std::forward<Token>(token));
  }

  /// The same with an end to the waiting: `timed_out` when the time is over.
  template <class Token>
  auto async_accept(Duration time, Token&& token) {
    return begin_within<void(NetError, OneToOneSocket), void(NetError, OneToOneSocket)>(
        time, asio_detail::Accept{},
        [](auto handler, bool over, NetError error, OneToOneSocket peer) {
          std::move(handler)(over ? NetError{net::error::timed_out} : error, std::move(peer));
        },
        std::forward<Token>(token));
  }
};

}  // namespace sctp

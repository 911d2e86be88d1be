// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <sctpxx/asio.hpp>

#ifdef SCTPXX_BOOST_ASIO
namespace sctp::inline v0::inline over_boost_asio {
#else
namespace sctp::inline v0::inline over_asio {
#endif

/// A message with memory of its own. False stands for none: SCTP has no empty messages.
struct StreamMessage {
  std::vector<std::byte> payload;
  Ppid ppid{};
  bool unordered = false;

  explicit operator bool() const noexcept { return !payload.empty(); }
};

/// How much AsioStreams holds before it stops receiving; the message that reaches a bound is held, too.
struct StreamsLimit {
  std::size_t messages = 16;                 ///< of one stream
  std::size_t bytes = std::size_t{1} << 20;  ///< of all streams
};

namespace asio_detail {

/// What waits on each stream, and who waits for it.
class StreamsState : public std::enable_shared_from_this<StreamsState> {
 public:
  using OnEvent = std::function<void(std::error_code, const Received&)>;

  StreamsState(AsioOneToOneSocket&& of, ReceiveBuffer&& with, StreamsLimit limit, OnEvent&& on_event)
      : peer{std::move(of)},
        buffer_{std::move(with)},
        limit_{limit},
        on_event_{std::move(on_event)},
        acceptor_{peer.get_executor()} {}

  void close() {
    peer.close();
    end(net::error::operation_aborted);
  }

  /// Tries to answer: true. False when there is nothing yet: `wait` is to be called.
  bool take(StreamId id, StreamMessage& message, NetError& error) {
    Stream& stream = streams_[id];
    stream.is_known = true;
    if (stream.messages.empty()) return is_over(error);
    message = std::move(stream.messages.front());
    stream.messages.pop_front();
    bytes_ -= message.payload.size();
    if (stream.messages.size() + 1 == limit_.messages) --full_;
    receive();
    return true;
  }
  bool take(std::monostate /*any*/, std::optional<StreamId>& id, NetError& error) {
    while (!new_.empty()) {
      const StreamId next = new_.front();
      new_.pop_front();
      if (std::exchange(streams_[next].is_known, true)) continue;
      id = next;
      return true;
    }
    return is_over(error);
  }

  template <class Self>
  void wait(StreamId id, Self&& self) {
    auto& timer = streams_[id].timer;
    if (!timer) timer = std::make_unique<net::steady_timer>(peer.get_executor());
    wait(*timer, std::forward<Self>(self));
  }
  template <class Self>
  void wait(std::monostate /*any*/, Self&& self) {
    wait(acceptor_, std::forward<Self>(self));
  }

  AsioOneToOneSocket peer;

 private:
  struct Stream {
    std::deque<StreamMessage> messages;
    std::unique_ptr<net::steady_timer> timer;  // never over: cancelled to wake who waits
    bool is_known = false;                     // to somebody who awaits it
  };

  template <class Self>
  void wait(net::steady_timer& timer, Self&& self) {
    receive();
    timer.expires_at(net::steady_timer::time_point::max());
    timer.async_wait(std::forward<Self>(self));
  }

  [[nodiscard]] bool is_over(NetError& error) const {
    if (has_ended_) error = failure_;
    return has_ended_;
  }

  void receive() {
    if (is_receiving_ || has_ended_ || full_ != 0 || bytes_ >= limit_.bytes) return;
    is_receiving_ = true;
    peer.async_receive(buffer_, [self = shared_from_this()](NetError error, const Received& received) {
      self->is_receiving_ = false;
      self->hand_over(error, received);
      self->receive();
    });
  }

  void hand_over(NetError error, const Received& received) {
    if (const Message* message = received.message()) return put(*message);
    const bool is_dropped = static_cast<std::error_code>(error) == Condition::message_dropped;
    if ((received.notification() != nullptr || is_dropped) && on_event_) on_event_(error, received);
    if (!received && !is_dropped) end(error);
  }

  void put(const Message& message) {
    Stream& stream = streams_[message.stream];
    if (!stream.is_known && stream.messages.empty()) {
      new_.push_back(message.stream);
      acceptor_.cancel();
    }
    stream.messages.push_back(
        {{message.payload.begin(), message.payload.end()}, message.ppid, message.unordered});
    bytes_ += message.payload.size();
    if (stream.messages.size() == limit_.messages) ++full_;
    if (stream.timer) stream.timer->cancel();
  }

  void end(NetError error) {
    if (std::exchange(has_ended_, true)) return;
    failure_ = error;
    acceptor_.cancel();
    for (auto& [id, stream] : streams_) {
      if (stream.timer) stream.timer->cancel();
    }
  }

  ReceiveBuffer buffer_;
  StreamsLimit limit_;
  OnEvent on_event_;
  std::map<StreamId, Stream> streams_;
  std::deque<StreamId> new_;
  net::steady_timer acceptor_;
  std::size_t bytes_ = 0;
  std::size_t full_ = 0;  // so many streams are
  NetError failure_;
  bool is_receiving_ = false;
  bool has_ended_ = false;
};

/// An implementation for `async_compose`: waits until there is something to take.
template <class What, class Result>
class TakeFromStreams {
 public:
  TakeFromStreams(std::shared_ptr<StreamsState> state, What what) : state_{std::move(state)}, what_{what} {}

  template <class Self>
  void operator()(Self& self, NetError /*the wait was ended*/ = {}) {
    if (!std::exchange(has_begun_, true)) {
      self.reset_cancellation_state(net::enable_total_cancellation());
      return net::post(state_->peer.get_executor(), std::move(self));
    }
    NetError error;
    Result result{};
    if (self.get_cancellation_state().cancelled() != net::cancellation_type::none) {
      error = net::error::operation_aborted;
    } else if (!state_->take(what_, result, error)) {
      const auto state = state_;  // `self` is moved
      const What what = what_;
      return state->wait(what, std::move(self));
    }
    self.complete(error, std::move(result));
  }

 private:
  std::shared_ptr<StreamsState> state_;
  What what_;
  bool has_begun_ = false;
};

}  // namespace asio_detail

/// The incoming streams of one association, each awaited by itself: for programs that have a coroutine for
/// each stream. Not in <sctpxx/asio.hpp>.
///
///     while (auto message = co_await streams.async_receive(sctp::StreamId{1}, net::use_awaitable)) …
///
/// Messages wait here, copied, until their stream's receiver takes them. What waits is bounded, and nothing
/// is dropped: when a stream has reached its bound, or all together theirs, this receives no more; the
/// kernel's buffer fills and the peer stops sending. So a stream that is behind, or that nobody awaits, holds
/// up the others in the end, as it must where they share one window: StreamsLimit says how much later.
///
/// Owns the socket. Operations, lifetime, cancellation, threads: as AsioSocket says. At most one receive of a
/// stream at a time; those of several streams are independent. Receives and accepts that are under way when
/// this is destroyed end with `operation_aborted`.
class AsioStreams {
 public:
  /// Is told events, and of messages that were dropped, which is the error: Condition::message_dropped.
  using OnEvent = asio_detail::StreamsState::OnEvent;

  explicit AsioStreams(AsioOneToOneSocket&& peer, OnEvent on_event = {}, StreamsLimit limit = {},
                       ReceiveBuffer buffer = ReceiveBuffer{})
      : state_{std::make_shared<asio_detail::StreamsState>(std::move(peer), std::move(buffer), limit,
                                                           std::move(on_event))} {}
  AsioStreams(AsioStreams&&) noexcept = default;
  AsioStreams& operator=(AsioStreams&& other) noexcept {
    if (this != &other) {
      close();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~AsioStreams() { close(); }

  [[nodiscard]] net::any_io_executor get_executor() const noexcept { return state_->peer.get_executor(); }

  /// The socket, to send with: `peer().async_send(…)`. Receiving is what this object does. To end in order:
  /// `peer().socket().shutdown()`, and receive on until the end.
  [[nodiscard]] AsioOneToOneSocket& peer() noexcept { return state_->peer; }
  [[nodiscard]] const AsioOneToOneSocket& peer() const noexcept { return state_->peer; }

  /// The next message of a stream: `void(error, StreamMessage)`; none after the last, when the association
  /// has ended in order. Fails as SocketRef::receive when it was lost, on each stream after the messages that
  /// had come on it.
  template <class Token>
  auto async_receive(StreamId stream, Token&& token) {
    return take<StreamMessage>(stream, std::forward<Token>(token));
  }

  /// The next stream that has a message and has not been awaited yet: `void(error, std::optional<StreamId>)`;
  /// nothing when the association has ended. The peer may use as many as InitMsg::incoming_streams says.
  template <class Token>
  auto async_accept(Token&& token) {
    return take<std::optional<StreamId>>(std::monostate{}, std::forward<Token>(token));
  }

  /// Closes the socket: OneToOneSocket::close. All operations end with `operation_aborted`.
  void close() noexcept {
    if (state_ != nullptr) state_->close();
  }

 private:
  template <class Result, class What, class Token>
  auto take(What what, Token&& token) {
    return net::async_compose<Token, void(NetError, Result)>(
        asio_detail::TakeFromStreams<What, Result>{state_, what}, token, get_executor());
  }

  std::shared_ptr<asio_detail::StreamsState> state_;
};

}  // namespace sctp

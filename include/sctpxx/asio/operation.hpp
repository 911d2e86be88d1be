// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include <sctpxx/asio/net.hpp>

#ifdef SCTPXX_BOOST_ASIO
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace sctp::inline v0::inline over_boost_asio {
#else
#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/compose.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

namespace sctp::inline v0::inline over_asio {
#endif

/// How the adaptors of `asio.hpp` wait. Of no use by itself.
namespace asio_detail {

/// A socket, and the watch that Asio keeps over its descriptor without owning it. Operations hold it together
/// with the adaptor, so that none of them ever meets a descriptor's number that is somebody else's by then.
template <class Socket>
struct Watched {
  Watched(const net::any_io_executor& executor, Socket&& open) : descriptor{executor} {
    if (open.is_open()) {
      descriptor.assign(open.fd());
      NetError ignored;  // it is open
      descriptor.native_non_blocking(true, ignored);
    }
    socket = std::move(open);
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched() { close(); }

  /// Operations that were begun before end with `operation_aborted`, those that wait and those whose turn is
  /// next.
  void cancel() {
    ++cancelled;
    NetError ignored;
    descriptor.cancel(ignored);
  }
  void unwatch() {
    ++cancelled;
    if (descriptor.is_open()) descriptor.release();
  }
  void close() {
    unwatch();
    socket.close();
  }

  net::posix::stream_descriptor descriptor;
  Socket socket;
  std::uint64_t cancelled = 0;  // so often
};

struct Deadline {
  explicit Deadline(const net::any_io_executor& executor) : timer{executor} {}
  net::steady_timer timer;
  net::cancellation_signal signal;
  bool over = false;
  bool finished = false;
};

/// `start`s an operation and cancels it when the time is over. `finish(handler, over, error, results…)` gives
/// the handler what it is to have; so there is one outcome, and what the operation has taken is never lost.
template <class Signature, class Start, class Finish, class Token>
auto async_within(const net::any_io_executor& executor, std::chrono::steady_clock::duration time, Start start,
                  Finish finish, Token&& token) {
  return net::async_initiate<Token, Signature>(
      [executor, time](auto&& handler, Start begin, Finish end) {
        constexpr std::chrono::steady_clock::duration longest = std::chrono::hours{24} * 365 * 100;
        const auto deadline = std::make_shared<Deadline>(executor);
        auto slot = net::get_associated_cancellation_slot(handler);
        const auto where = net::get_associated_executor(handler, executor);
        if (slot.is_connected()) {
          slot.assign([deadline](net::cancellation_type type) { deadline->signal.emit(type); });
        }
        deadline->timer.expires_after(std::min(time, longest));
        deadline->timer.async_wait(net::bind_executor(where, [deadline](NetError error) {
          if (error || deadline->finished) return;
          deadline->over = true;
          deadline->signal.emit(net::cancellation_type::total);
        }));
        begin(net::bind_cancellation_slot(
            deadline->signal.slot(),
            net::bind_executor(where, [deadline, slot, end, then = std::forward<decltype(handler)>(handler)](
                                          NetError error, auto... results) mutable {
              deadline->finished = true;
              deadline->timer.cancel();
              if (slot.is_connected()) slot.clear();
              const bool over = deadline->over && error == net::error::operation_aborted;
              end(std::move(then), over, error, std::move(results)...);
            })));
      },
      token, std::move(start), std::move(finish));
}

/// Where no event tells that another look is worth it.
inline constexpr std::chrono::milliseconds moment{20};

/// What an attempt asks to be done before the next.
enum class Next : std::uint8_t {
  done,
  wait_readable,
  wait_writable,
  wait_a_moment,
  wait_writable_or_a_moment,
  again
};

/// Attempts something that does not block, waits, and attempts it again, until it is done: an implementation
/// for `async_compose`. The first attempt is made from the executor, not from the function that begins the
/// operation. What an attempt takes, its handler is given in the same breath: whoever cancels comes before
/// the attempt, and nothing was taken, or after it, and has no effect.
template <class Socket, class Attempt>
class Operation {
 public:
  Operation(std::shared_ptr<Watched<Socket>> watched, Attempt attempt)
      : watched_{std::move(watched)}, attempt_{std::move(attempt)} {}

  template <class Self>
  void operator()(Self& self, NetError error = {}) {
    if (!has_begun_) {
      has_begun_ = true;
      cancelled_ = watched_->cancelled;
      self.reset_cancellation_state(net::enable_total_cancellation());
      return wait(self, Next::again);
    }
    if (self.get_cancellation_state().cancelled() != net::cancellation_type::none ||
        cancelled_ != watched_->cancelled) {
      error = net::error::operation_aborted;
    }
    if (error) return attempt_.complete(self, error);
    std::error_code failure;
    const Next next = attempt_(watched_->socket, failure);
    if (next == Next::done) return attempt_.complete(self, to_net(failure));
    wait(self, next);
  }

 private:
  /// Moves `self` away, and this object with it.
  template <class Self>
  void wait(Self& self, Next next) {
    auto& descriptor = watched_->descriptor;
    switch (next) {
      case Next::done: return;
      case Next::again: return net::post(descriptor.get_executor(), std::move(self));
      case Next::wait_readable: return descriptor.async_wait(descriptor.wait_read, std::move(self));
      case Next::wait_writable: return descriptor.async_wait(descriptor.wait_write, std::move(self));
      case Next::wait_a_moment: {
        timer_ = std::make_unique<net::steady_timer>(descriptor.get_executor(), moment);
        auto& timer = *timer_;
        return timer.async_wait(std::move(self));
      }
      case Next::wait_writable_or_a_moment:
        return async_within<void(NetError)>(
            descriptor.get_executor(), moment,
            [&descriptor](auto handler) { descriptor.async_wait(descriptor.wait_write, std::move(handler)); },
            [](auto handler, bool over, NetError error) { std::move(handler)(over ? NetError{} : error); },
            std::move(self));
    }
  }

  std::shared_ptr<Watched<Socket>> watched_;
  Attempt attempt_;
  std::uint64_t cancelled_ = 0;
  std::unique_ptr<net::steady_timer> timer_;
  bool has_begun_ = false;
};

}  // namespace asio_detail
}  // namespace sctp

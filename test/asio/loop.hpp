// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#ifdef SCTPXX_BOOST_ASIO
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
namespace test {
inline constexpr auto deferred = boost::asio::deferred;
}
#else
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/deferred.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>
namespace test {
inline constexpr auto deferred = asio::experimental::deferred;
}
#endif

#include <sctpxx/asio.hpp>

#include "../kernel/kernel.hpp"
#include "../kernel/one_to_many.hpp"

namespace net = sctp::net;

namespace test {

using sctp::NetError;

inline const NetError aborted{net::error::operation_aborted};

inline void with_small_window(const sctp::SocketRef& socket) {
  retransmit_soon(socket);
  small_window(socket);
}

/// Runs everything that is begun in it to its end.
class Loop {
 public:
  net::io_context context;

  /// A coroutine's result, or its exception.
  template <class T>
  T run(net::awaitable<T> coroutine) {
    auto future = net::co_spawn(context, std::move(coroutine), net::use_future);
    run();
    if (future.wait_for(0s) != std::future_status::ready) throw std::runtime_error{"it has not ended"};
    return future.get();
  }
  void run() {
    context.restart();
    context.run();
  }

  /// Runs handlers until it is so.
  template <class Condition>
  void run_until(Condition condition) {
    context.restart();
    while (!condition()) {
      if (context.run_one() == 0) throw std::runtime_error{"nothing more happens"};
    }
  }
};

/// How an operation ended.
template <class... Results>
struct Outcome {
  bool has_come = false;
  NetError error{};
  std::tuple<Results...> results{};

  /// To be given as the completion token; this outlives the operation.
  auto take() {
    return [this](NetError failure, Results... values) {
      if (std::exchange(has_come, true)) throw std::logic_error{"a handler was called twice"};
      error = failure;
      results = {std::move(values)...};
    };
  }
  template <class Result = std::tuple_element_t<0, std::tuple<Results..., void>>>
  Result& result() {
    return std::get<0>(results);
  }
};

/// The outcome of a receive, in words.
struct ReceiveOutcome {
  std::string text;
  NetError error{};
  auto take() {
    return [this](NetError failure, const sctp::Received& received) {
      if (!text.empty()) throw std::logic_error{"a handler was called twice"};
      error = failure;
      text = failure ? "error: " + failure.message() : describe(received, {});
    };
  }
};

/// Two ends in one loop.
struct Pair {
  Loop loop;
  sctp::AsioOneToOneSocket client;
  sctp::AsioOneToOneSocket server;
  sctp::ReceiveBuffer of_client;
  sctp::ReceiveBuffer of_server;

  explicit Pair(Ends ends = connect())
      : client{loop.context, std::move(ends.client)}, server{loop.context, std::move(ends.server)} {}

  /// The next answer at this end, in words.
  std::string next(sctp::AsioOneToOneSocket& end) {
    ReceiveOutcome outcome;
    end.async_receive(&end == &client ? of_client : of_server, outcome.take());
    loop.run_until([&] { return !outcome.text.empty(); });
    return outcome.text;
  }
  std::string at_server() { return next(server); }
  std::string at_client() { return next(client); }
};

}  // namespace test

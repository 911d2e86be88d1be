// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Serves each stream of each association by a coroutine of its own (Asio), and never holds more than a few
// messages.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <sctpxx/asio/streams.hpp>
#include <sctpxx/format.hpp>
#include <string>

namespace {

struct Limits {
  sctp::StreamsLimit waiting{.messages = 8};
  std::chrono::milliseconds work{0};
};

/// One stream: takes its messages one by one, and answers each on it with its number. Another stream's
/// coroutine runs meanwhile.
asio::awaitable<void> serve_stream(std::shared_ptr<sctp::AsioStreams> streams, sctp::StreamId stream,
                                   Limits limits) try {
  asio::steady_timer work{streams->get_executor()};
  std::size_t number = 0;
  while (const auto message = co_await streams->async_receive(stream, asio::use_awaitable)) {
    work.expires_after(limits.work);  // as if it were hard
    co_await work.async_wait(asio::use_awaitable);
    const std::string answer = fmt::format("{}: {}", ++number, sctp::as_text(message.payload));
    co_await streams->peer().async_send(sctp::as_bytes(answer), {.stream = stream}, asio::use_awaitable);
  }
} catch (
    const std::system_error&) {  // the association is lost, which `print` was told; or nobody wants an answer
}

void print(std::error_code dropped, const sctp::Received& received) {
  if (const auto* event = received.notification()) fmt::print("{}\n", *event);
  if (dropped) fmt::print("{}\n", dropped.message());
}

/// One association: a coroutine for each stream that its peer uses. When one of them is behind, no more is
/// received: the kernel's buffer fills, and the peer stops sending.
asio::awaitable<void> serve(sctp::AsioOneToOneSocket peer, Limits limits) try {
  const auto streams = std::make_shared<sctp::AsioStreams>(std::move(peer), print, limits.waiting);
  while (const auto stream = co_await streams->async_accept(asio::use_awaitable)) {
    asio::co_spawn(streams->get_executor(), serve_stream(streams, *stream, limits), asio::detached);
  }
} catch (const std::system_error& failure) {
  fmt::print("{}\n", failure.what());
}

asio::awaitable<void> accept(sctp::Listener listener, Limits limits) {
  sctp::AsioListener peers{co_await asio::this_coro::executor, std::move(listener)};
  const auto executor = peers.get_executor();
  for (sctp::NetError full;;) {
    auto peer = co_await peers.async_accept(asio::redirect_error(asio::use_awaitable, full));
    if (full) {  // of files, say: those who are here are served on
      fmt::print("{}\n", full.message());
      asio::steady_timer pause{executor, std::chrono::seconds{1}};
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    asio::co_spawn(executor, serve({executor, std::move(peer)}, limits), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Serves each stream of each association by a coroutine of its own, which answers each message with "
      "its\n"
      "number on that stream. A stream that is behind slows its peer down. Ctrl-C ends it."};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint16_t streams = 64;
  Limits limits;
  std::size_t work = 0;
  options.add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  options.add_option("--streams", streams, "how many streams a peer may use")->capture_default_str();
  options.add_option("--waiting", limits.waiting.messages, "how many messages of a stream may wait")
      ->capture_default_str();
  options.add_option("--work", work, "how many milliseconds a message takes")->capture_default_str();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  limits.work = std::chrono::milliseconds{work};

  const sctp::Address own{address, port};
  sctp::Listener listener{own.family()};
  listener.set(sctp::option::InitMsg{.incoming_streams = streams});  // and so many coroutines at most
  listener.bind(own);
  listener.listen();
  fmt::print("listening on {}\n", listener.local_address());

  asio::io_context context;
  asio::signal_set ctrl_c{context, SIGINT, SIGTERM};
  ctrl_c.async_wait([&](const sctp::NetError&, int) { context.stop(); });
  asio::co_spawn(context, accept(std::move(listener), limits), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  context.run();
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

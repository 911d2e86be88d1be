// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Serves each stream of each association by a coroutine of its own (Asio), and never holds more than a few
// messages.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <sctpxx/asio.hpp>
#include <sctpxx/format.hpp>
#include <string>

namespace {

/// The messages of one stream that wait for its coroutine. Whoever sends to a full one waits.
using Messages = asio::experimental::channel<void(sctp::NetError, std::string)>;

struct Limits {
  std::size_t waiting = 8;  // messages, for each stream
  std::chrono::milliseconds work{0};
};

/// One stream: takes its messages one by one, and answers each on it with its number. Another stream's
/// coroutine runs meanwhile.
asio::awaitable<void> serve_stream(std::shared_ptr<sctp::AsioOneToOneSocket> peer, sctp::StreamId stream,
                                   std::shared_ptr<Messages> messages, Limits limits) try {
  asio::steady_timer work{peer->get_executor()};
  for (std::size_t number = 1;; ++number) {
    const std::string message = co_await messages->async_receive(asio::use_awaitable);
    work.expires_after(limits.work);  // as if it were hard
    co_await work.async_wait(asio::use_awaitable);
    const std::string answer = fmt::format("{}: {}", number, message);
    co_await peer->async_send(sctp::as_bytes(answer), {.stream = stream}, asio::use_awaitable);
  }
} catch (const std::system_error&) {  // no more messages come, or nobody wants to hear the answer
}

/// One association: hands what comes to the streams' coroutines. When one of them is behind, this waits for
/// it and receives nothing: the kernel's buffer fills, and the peer stops sending. So a slow stream holds up
/// the others of its association in the end, as it must where they share one window and none may lose a
/// message; `waiting` says how much later. (To drop what is too much: `try_send` in place of `async_send`.)
asio::awaitable<void> serve(std::shared_ptr<sctp::AsioOneToOneSocket> peer, Limits limits) try {
  const auto executor = peer->get_executor();
  std::map<sctp::StreamId, std::shared_ptr<Messages>> streams;
  sctp::ReceiveBuffer buffer;
  while (const auto received = co_await peer->async_receive(buffer, asio::use_awaitable)) {
    if (const auto* event = received.notification()) fmt::print("{}\n", *event);
    const auto* message = received.message();
    if (message == nullptr) continue;
    auto& messages = streams[message->stream];
    if (!messages) {
      messages = std::make_shared<Messages>(executor, limits.waiting);
      asio::co_spawn(executor, serve_stream(peer, message->stream, messages, limits), asio::detached);
    }
    co_await messages->async_send({}, std::string{sctp::as_text(message->payload)}, asio::use_awaitable);
  }
  for (const auto& [stream, messages] : streams) messages->close();
} catch (const std::system_error& failure) {
  fmt::print("{}\n", failure.what());
  peer->abort();  // which ends what the streams' coroutines await
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
    auto shared = std::make_shared<sctp::AsioOneToOneSocket>(executor, std::move(peer));
    asio::co_spawn(executor, serve(std::move(shared), limits), asio::detached);
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
  options.add_option("--waiting", limits.waiting, "how many messages of a stream may wait")
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

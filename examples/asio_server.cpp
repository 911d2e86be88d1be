// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Sends every message back: one socket and one coroutine (Asio) for thousands of associations.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <sctpxx/asio.hpp>
#include <sctpxx/format.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using Change = sctp::AssociationTable::Change;

class Server {
 public:
  Server(asio::io_context& context, sctp::OneToManySocket socket) : socket_{context, std::move(socket)} {}

  void stop() { socket_.cancel(); }

  asio::awaitable<void> run() {
    sctp::NetError error;
    while (error != asio::error::operation_aborted) {
      const auto received = co_await next(error);
      take(received);
      // What else is there is taken at once, but not so much that timers and signals must wait.
      std::error_code none;
      for (int i = 0; i != 64; ++i) {
        const auto more = socket_.socket().try_receive(buffer_, none);
        if (!more) break;
        take(more);
      }
      queue_.flush();
      if (error && error != sctp::Condition::message_dropped) break;
    }
    fmt::print("{} associations, {} at a time, {} messages\n", came_, most_, messages_);
    const std::size_t aborted = co_await socket_.async_shutdown_all(
        buffer_, 5s, [this](const sctp::Received& last) { take(last); }, asio::use_awaitable);
    if (aborted != 0) fmt::print("{} associations did not let themselves be shut down\n", aborted);
    if (error != asio::error::operation_aborted) throw std::system_error{error};
  }

 private:
  /// The next message or event, or none when something else is to be done: there is room in the send buffer,
  /// or it is time to look. (Of the two that are awaited together, one has its outcome; the other has done
  /// nothing.)
  asio::awaitable<sctp::Received> next(sctp::NetError& error) {
    const auto time = queue_.next_flush().value_or(1h);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    if (!queue_.wants_writable()) co_return co_await socket_.async_receive(buffer_, time, token);
    const auto writable = asio::posix::descriptor_base::wait_write;
    auto either = co_await (socket_.async_receive(buffer_, time, token) ||
                            socket_.async_wait(writable, asio::use_awaitable));
    if (auto* received = std::get_if<sctp::Received>(&either)) co_return *received;
    error.clear();
    co_return sctp::Received{sctp::ReceiveStatus::would_block};
  }

  void take(const sctp::Received& received) {
    if (!received || queue_.take(received)) return;
    if (const auto change = table_.take(received)) {
      if (change->kind == Change::Kind::up) most_ = std::max(most_, table_.size()), ++came_;
      if (change->kind == Change::Kind::closed) fmt::print("{}\n", *change);
    }
    if (const auto* message = received.message()) echo(*message);
  }

  /// Who sends on and does not read the answers is shown the door; the others have their share meanwhile.
  void echo(const sctp::Message& message) {
    using Result = sctp::SendQueue::Result;
    ++messages_;
    std::error_code gone;  // its end is told next
    const sctp::SendOptions options{.stream = message.stream, .ppid = message.ppid};
    if (queue_.send(message.association, message.payload, options, gone) == Result::full) {
      socket_.socket().association(message.association).abort("you do not read", gone);
    }
  }

  sctp::AsioOneToManySocket socket_;
  sctp::AssociationTable table_{socket_.socket()};
  sctp::SendQueue queue_{socket_.socket()};
  sctp::ReceiveBuffer buffer_;
  std::size_t came_ = 0;
  std::size_t most_ = 0;
  std::size_t messages_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Sends every message back to its sender, on the stream that it came on: one socket and one coroutine "
      "for\n"
      "all associations. Ctrl-C ends them in order, and says how many there were."};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  options.add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  asio::io_context context;
  sctp::OneToManySocket socket{{address, port}};
  fmt::print("listening on {}\n", socket.local_address());
  Server server{context, std::move(socket)};
  asio::signal_set ctrl_c{context, SIGINT, SIGTERM};
  ctrl_c.async_wait([&](const sctp::NetError&, int) { server.stop(); });
  asio::co_spawn(context, server.run(), [&](const std::exception_ptr& failure) {
    context.stop();
    if (failure) std::rethrow_exception(failure);
  });
  context.run();
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Somebody else's program, with fmt and with Asio: a message goes to a coroutine and comes back.
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <sctpxx/asio.hpp>
#include <sctpxx/format.hpp>

namespace {

asio::awaitable<std::string> first_message(sctp::AsioOneToOneSocket peer) {
  sctp::ReceiveBuffer buffer;
  while (auto received = co_await peer.async_receive(buffer, asio::use_awaitable))
    if (const sctp::Message* m = received.message())
      co_return fmt::format("{} on stream {}", sctp::as_text(m->payload), m->stream);
  co_return "nothing";
}

}  // namespace

int main() {
  asio::io_context context;
  sctp::Listener listener{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  sctp::OneToOneSocket client{listener.local_address()};
  client.stream(sctp::StreamId{1}).send(sctp::as_bytes("hello"));
  auto said =
      asio::co_spawn(context, first_message({context.get_executor(), listener.accept()}), asio::use_future);
  context.run();
  const std::string text = said.get();
  fmt::print("{}\n", text);
  return text == "hello on stream 1" ? 0 : 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Sends every message back to its sender, on the stream that it came on.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <sctpxx/format.hpp>
#include <vector>

#include "until_ctrl_c.hpp"

namespace {

/// Owns its peer: the descriptor is free when the peer has gone, not when somebody looks at the thread's end.
void serve(sctp::OneToOneSocket peer, const sctp::Waker& stop) try {
  sctp::ReceiveBuffer buffer;
  while (auto received = peer.receive(buffer, stop)) {
    if (const auto* message = received.message()) {
      if (!peer.send(message->payload, {.stream = message->stream, .ppid = message->ppid}, stop)) break;
    } else {
      fmt::print("{}\n", *received.notification());
    }
  }
} catch (const std::exception& lost) {
  fmt::print("{}\n", lost.what());
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{"Sends every message back to its sender, on the stream that it came on. Ctrl-C ends it."};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  options.add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  sctp::Listener listener{{address, port}};
  fmt::print("listening on {}\n", listener.local_address());

  std::vector<std::future<void>> peers;
  for (;;) try {
      auto peer = listener.accept(stop);
      if (!peer) return 0;
      std::erase_if(peers, [](auto& past) {
        return past.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
      });
      peers.push_back(std::async(std::launch::async, serve, std::move(*peer), std::cref(stop)));
    } catch (const std::system_error& full) {  // of files or threads: those who are here are served on
      fmt::print("{}\n", full.what());
      sctp::Patience{std::chrono::seconds{1}, stop}.exhaust();
    }
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Sends each line of its input as a message, and prints what comes back.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <sctpxx/format.hpp>
#include <string>

#include "until_ctrl_c.hpp"

int main(int argc, char** argv) try {
  CLI::App options{"Sends each line of its input as a message and prints what comes back. Ctrl-C ends it."};
  std::string address;
  std::uint16_t port = 0;
  std::uint16_t stream = 0;
  options.add_option("address", address, "the server's address, IPv4 or IPv6")->required();
  options.add_option("port", port, "the server's port")->required();
  options.add_option("--stream", stream, "the stream to send on")->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  const sctp::Waker& stop = until_ctrl_c();
  sctp::OneToOneSocket server{sctp::Address{address, port}};
  const sctp::SendOptions how{.stream = sctp::StreamId{stream}, .ppid = sctp::ppid::echo};
  sctp::ReceiveBuffer buffer;

  std::ios::sync_with_stdio(false);  // or cin would not know what it has read ahead
  const auto more = [&] { return std::cin.rdbuf()->in_avail() > 0 || wait_for_input(STDIN_FILENO, stop); };
  for (std::string line; more() && std::getline(std::cin, line);) {
    line += '\n';
    if (!server.send(sctp::as_bytes(line), how, stop)) break;
    // Servers of other make may answer one message in several.
    for (std::size_t missing = line.size(); missing != 0;) {
      auto received = server.receive(buffer, stop);
      if (stop.is_awake()) return 0;
      if (!received) throw std::runtime_error{"the server ended the association before it had answered"};
      if (const auto* message = received.message()) {
        std::cout << sctp::as_text(message->payload) << std::flush;
        missing -= std::min(missing, message->payload.size());
      } else {
        fmt::print(stderr, "{}\n", *received.notification());
      }
    }
  }

  server.shutdown(buffer, std::chrono::seconds{5}, [](const sctp::Received& last) {
    if (const auto* event = last.notification()) fmt::print(stderr, "{}\n", *event);
  });
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// The daytime service: tells whoever comes what time it is, as one message. The smallest server there is.

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <exception>
#include <sctpxx/format.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "printable.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;

/// Ends the association in order, or soon gives up a peer that does not let it: the next one waits.
void tell_time(sctp::OneToOneSocket peer, const sctp::Waker& stop) try {
  const auto now = fmt::format("{:%A, %B %d, %Y %H:%M:%S-UTC}\r\n", fmt::gmtime(std::time(nullptr)));
  peer.send(sctp::as_bytes(now), {.ppid = sctp::ppid::daytime});
  sctp::ReceiveBuffer buffer{1024, 1024};
  peer.shutdown(buffer, {2s, stop}, [](const sctp::Received&) {});  // nobody looks at what the client says
} catch (const std::system_error& failure) {
  fmt::print("{}\n", failure.what());
}

void ask(const std::vector<std::string>& whom, const sctp::Waker& stop) {
  const auto addresses = sctp::resolve(whom.at(0), whom.at(1));
  sctp::OneToOneSocket server{sctp::family_of(addresses)};
  server.connect(addresses, {10s, stop});
  sctp::ReceiveBuffer buffer{1024, 1024};
  const sctp::Patience patience{10s, stop};
  while (const auto received = server.receive(buffer, patience)) {
    if (const auto* message = received.message()) {
      const auto text = sctp::as_text(message->payload);
      fmt::print("{}\n", printable(sctp::as_bytes(text.substr(0, text.find('\r'))), 80));
      server.shutdown(buffer, patience, [](const sctp::Received&) {});
      return;
    }
  }
  throw std::runtime_error{"the server did not tell"};
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "The daytime service (RFC 867) over SCTP: sends one message, the time, and ends the association.\n"
      "With --ask it is the client. Ctrl-C ends it."};
  std::string address = "127.0.0.1";
  std::uint16_t port = 13;
  std::vector<std::string> whom;
  options.add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 for any free one; below 1024 they are root's")
      ->capture_default_str();
  options.add_option("--ask", whom, "ask a server, by name or address, and port")
      ->expected(2)
      ->type_name("HOST PORT");
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  if (!whom.empty()) return ask(whom, stop), 0;
  sctp::Listener listener{{address, port}};
  fmt::print("listening on {}\n", listener.local_address());
  while (auto peer = listener.accept(stop)) tell_time(std::move(*peer), stop);
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

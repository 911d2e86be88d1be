// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Prints one line for each message that comes, however many pieces it came in, and for each event if asked.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <sctpxx/format.hpp>
#include <string>

#include "printable.hpp"
#include "until_ctrl_c.hpp"

namespace {

/// Prints one message or event; false when the association has ended.
bool print_next(const sctp::OneToOneSocket& peer, sctp::ReceiveBuffer& buffer, const sctp::Waker& stop) try {
  const auto received = peer.receive(buffer, stop);
  if (!received) return false;
  received.match(
      [](const sctp::Message& m) {
        fmt::print("{}: stream {}, payload protocol {}, {} bytes: {}\n", m.source, m.stream, m.ppid,
                   m.payload.size(), printable(m.payload));
      },
      [](const auto& event) { fmt::print("{}\n", event); });
  return true;
} catch (const std::system_error& failure) {
  fmt::print("{}\n", failure.what());
  return failure.code() == sctp::Condition::message_dropped;  // the messages after it are unharmed
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Prints one line for every message that peers send, one peer after the other. Ctrl-C ends it.\n"
      "The kernel hands large messages out in pieces; a ReceiveBuffer joins them."};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t limit = sctp::ReceiveBuffer::default_limit;
  bool all_events = false;
  options.add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  options.add_option("--limit", limit, "the largest message to take, in bytes")->capture_default_str();
  options.add_flag("--all-events", all_events,
                   "print every kind of event, not only the ends of associations");
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  sctp::Listener listener{{address, port}};
  if (all_events) {
    listener.subscribe<sctp::PeerAddressChange, sctp::RemoteError, sctp::SendFailed,
                       sctp::AdaptationIndication, sctp::AuthenticationEvent, sctp::SenderDry,
                       sctp::StreamReset, sctp::AssociationReset, sctp::StreamChange>();
  }
  fmt::print("listening on {}\n", listener.local_address());

  while (auto peer = listener.accept(stop)) {
    sctp::ReceiveBuffer buffer{sctp::ReceiveBuffer::default_capacity, limit};
    while (print_next(*peer, buffer, stop)) {
    }
  }
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

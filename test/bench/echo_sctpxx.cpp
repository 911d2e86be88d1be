// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// The smallest echo server, one peer after the other, for its size (compile): the same as echo_by_hand.c.
#include <cstdio>

#include <sctpxx/sctp.hpp>

int main() try {
  sctp::Listener listener{{"::", 7}};
  sctp::ReceiveBuffer buffer;
  for (;;) {
    const auto peer = listener.accept();
    std::error_code error;
    while (const auto received = peer.receive(buffer, error)) {
      const sctp::Message* message = received.message();
      if (message != nullptr)
        peer.send(message->payload, {.stream = message->stream, .ppid = message->ppid}, error);
      if (error) break;
    }
    if (error) std::fprintf(stderr, "a peer is lost: %s\n", error.message().c_str());
  }
} catch (const std::system_error& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  return 1;
}

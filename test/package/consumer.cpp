// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Somebody else's program, with neither fmt nor Asio. With --self-test it needs a kernel that has SCTP.
#include <future>
#include <iostream>
#include <string_view>

#include <sctpxx/sctp.hpp>

namespace {

bool message_comes_back() {
  sctp::Listener listener{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  const auto server = std::async(std::launch::async, [&] {
    sctp::OneToOneSocket peer = listener.accept();
    sctp::ReceiveBuffer buffer;
    while (auto received = peer.receive(buffer))
      if (const sctp::Message* m = received.message()) peer.send(m->payload, {.stream = m->stream});
  });
  sctp::OneToOneSocket client{listener.local_address()};
  client.stream(sctp::StreamId{1}).send(sctp::as_bytes("there and back"));
  bool back = false;
  sctp::ReceiveBuffer buffer;
  while (auto received = client.receive(buffer))
    if (const sctp::Message* m = received.message()) {
      back = m->stream == sctp::StreamId{1} && sctp::as_text(m->payload) == "there and back";
      client.shutdown();
    }
  return back;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == std::string_view{"--self-test"}) {
    const bool back = message_comes_back();
    std::cout << (back ? "the message came back\n" : "the message did not come back\n");
    return back ? 0 : 1;
  }
  std::cout << "sctpxx " << sctp::version << ' '
            << to_string(sctp::Address{"192.0.2.1", sctp::port::diameter}) << '\n';
}

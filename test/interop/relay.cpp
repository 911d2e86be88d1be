// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Stands between other people's client and server, and is a server to one and a client to the other. Each
// message goes on as it came, and an association ends as its other half does.
//
//     relay LISTEN_ADDRESS:PORT SERVER_ADDRESS:PORT...

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <future>
#include <sctpxx/format.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Totals {
  std::size_t messages = 0;
  std::size_t bytes = 0;
  std::size_t largest = 0;
};

/// One direction. When it ends in order, so does the other half; when it is lost, that is aborted.
void pass_on(const sctp::OneToOneSocket& from, const sctp::OneToOneSocket& to, const char* direction) {
  Totals totals;
  std::string end = "end of stream";
  try {
    sctp::ReceiveBuffer buffer;
    while (const auto received = from.receive(buffer)) {
      if (const auto* event = received.notification()) fmt::print("{}: {}\n", direction, *event);
      const auto* m = received.message();
      if (m == nullptr) continue;
      ++totals.messages;
      totals.bytes += m->payload.size();
      totals.largest = std::max(totals.largest, m->payload.size());
      to.send(m->payload, {.stream = m->stream, .ppid = m->ppid, .unordered = m->unordered});
    }
    std::error_code gone;
    to.shutdown(gone);
  } catch (const std::exception& lost) {
    end = lost.what();
  }
  fmt::print("{}: {} messages, {} bytes, largest {}: {}\n", direction, totals.messages, totals.bytes,
             totals.largest, end);
}

void serve(const sctp::OneToOneSocket& client, const std::vector<sctp::Address>& where) try {
  for (const auto& address : client.association().peer_addresses()) fmt::print("client at {}\n", address);
  const auto streams = client.association().status().incoming_streams;
  sctp::OneToOneSocket server{where.front().family()};
  server.set(sctp::option::InitMsg{.outgoing_streams = streams});
  server.connect(where);
  fmt::print("{} streams from the client, {} to the server\n", streams,
             server.association().status().outgoing_streams);
  auto back = std::async(std::launch::async, pass_on, std::cref(server), std::cref(client), "back");
  pass_on(client, server, "forth");
} catch (const std::exception& failure) {
  fmt::print("{}\n", failure.what());
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<sctp::Address> where;
  for (int i = 1; i < argc; ++i) where.push_back(sctp::Address::parse(argv[i]));
  if (where.size() < 2) {
    fmt::print(stderr, "usage: relay LISTEN_ADDRESS:PORT SERVER_ADDRESS:PORT...\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  sctp::Listener listener{where.front()};
  where.erase(where.begin());
  fmt::print("listening on {}\n", listener.local_address());
  std::vector<std::future<void>> clients;
  for (;;) {
    clients.push_back(
        std::async(std::launch::async, [&where, client = listener.accept()] { serve(client, where); }));
  }
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

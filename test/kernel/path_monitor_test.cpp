// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "changing.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::PathMonitor;
using test::TwoPaths;
using Change = sctp::PeerAddressChange;
using namespace sctp::option;
using namespace std::chrono_literals;

namespace {

using State = PeerAddrInfo::State;
using Told = Change::State;

/// Heartbeats in quick succession; the primary moves at the first timeout.
void watch(const sctp::SocketRef& socket) {
  test::change_addresses(socket);
  socket.set(PeerAddrParams{.heartbeat = Heartbeat::every(0ms), .max_retransmissions = 2});
  socket.set(AssocInfo{.max_retransmissions = 60'000});
}
void watch_and_move(const sctp::SocketRef& socket) {
  watch(socket);
  socket.set(PeerAddrThlds{.potentially_failed = 0, .switch_primary = 0});
}

/// Gives a monitor what comes until it says that this has become of the path.
PathMonitor::Change await(PathMonitor& monitor, sctp::ReceiveBuffer& buffer, const Address& path,
                          Told state) {
  for (;;) {
    const auto received = monitor.association().socket().receive(buffer);
    if (!received) throw std::runtime_error{"the stream has ended before the event"};
    const auto change = monitor.take(received);
    if (change && change->event.address == path && change->event.state == state) return *change;
  }
}

/// It says the same of all paths as the kernel.
void check_as_kernel_says(const PathMonitor& monitor) {
  const auto paths = monitor.association().paths();
  REQUIRE(monitor.paths().size() == paths.size());
  for (std::size_t i = 0; i != paths.size(); ++i) {
    CAPTURE(to_string(paths[i].address));
    CHECK(monitor.paths()[i].address == paths[i].address);
    CHECK(monitor.paths()[i].state == paths[i].state);
    CHECK(monitor.paths()[i].primary == paths[i].primary);
  }
}

}  // namespace

TEST_CASE("A monitor tells the story of a path that fails and returns", "[path_monitor]") {
  TwoPaths pair{watch};
  PathMonitor monitor{pair.client};
  check_as_kernel_says(monitor);
  const auto entry = [&] { return monitor.paths().at(1); };
  const auto before = entry().since;
  const auto next = [&](Told state) { return await(monitor, pair.client_buffer, pair.to_server[1], state); };
  pair.hosts.cut(1);
  next(Told::potentially_failed);
  CHECK(entry().state == State::potentially_failed);
  CHECK_THAT(to_string(next(Told::unreachable)), Contains(to_string(pair.to_server[1]) + " is unreachable"));
  CHECK(entry().failures == 1);
  CHECK(entry().since > before);
  check_as_kernel_says(monitor);
  pair.hosts.restore(1);
  CHECK_FALSE(next(Told::available).preferred_again);
  check_as_kernel_says(monitor);
  CHECK(entry().failures == 1);
}

TEST_CASE("Messages come back to the preferred path, which was given up for good", "[path_monitor]") {
  TwoPaths pair{watch_and_move};
  const bool prefers = GENERATE(false, true);
  CAPTURE(prefers);
  const Address& path = pair.to_server[0];
  PathMonitor monitor{pair.client, prefers ? std::optional{path} : std::nullopt};
  const auto next = [&](const Address& address, Told state) {
    return await(monitor, pair.client_buffer, address, state);
  };
  pair.hosts.cut(0);
  next(pair.to_server[1], Told::made_primary);
  CHECK(monitor.paths().at(1).primary);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[1]);
  pair.hosts.restore(0);
  CHECK(next(path, Told::available).preferred_again == prefers);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[prefers ? 0 : 1]);
  if (prefers) next(path, Told::made_primary);
  CHECK(monitor.paths().at(prefers ? 0 : 1).primary);

  monitor.prefer(pair.to_server[1]);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[1]);
}

TEST_CASE("The preferred path is the primary again when the peer takes it away and brings it back",
          "[path_monitor]") {
  TwoPaths pair{watch};
  const Address& path = pair.to_server[0];
  PathMonitor monitor{pair.client, path};
  const auto next = [&](Told state) { return await(monitor, pair.client_buffer, path, state); };
  // Its listener has gone.
  pair.ends.server.remove_address(path);
  next(Told::removed);
  check_as_kernel_says(monitor);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[1]);
  test::wait_until([&] { return pair.server.local_addresses().size() == 1; });
  pair.ends.server.add_address(path);
  CHECK(next(Told::added).preferred_again);
  CHECK(pair.client.get<PrimaryAddr>().address == path);
  next(Told::confirmed);
  // Which of both is told first depends on how soon the path answers.
  while (!monitor.paths().back().primary) monitor.take(pair.ends.client.receive(pair.client_buffer));
  check_as_kernel_says(monitor);
  pair.ends.client.send(sctp::as_bytes("hello"));
  CHECK(test::text(test::next_message(pair.ends.server, pair.server_buffer).payload) == "hello");
}

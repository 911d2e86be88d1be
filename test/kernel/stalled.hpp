// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "one_to_many.hpp"

/// Peers of one one-to-many socket, some of which do not read.
namespace test::stalled {

/// What a message takes of the send buffer where a chunk holds up to 1452 bytes.
inline std::size_t cost_of(std::size_t size) {
  const auto chunk = [](std::size_t bytes) { return bytes == 0 ? 0 : std::bit_ceil(bytes + 336) + 512; };
  return size / 1452 * chunk(1452) + chunk(size % 1452);
}

/// How much of the send buffer an association takes, as the kernel's list says; nothing if it is not there.
inline std::optional<std::size_t> listed(sctp::AssociationId association) {
  std::ifstream file{"/proc/net/sctp/assocs"};
  for (std::string line; std::getline(file, line);) {
    std::istringstream words{line};
    std::string word;
    for (int column = 0; column != 6; ++column) words >> word;
    std::string id;
    std::size_t held = 0;
    if (words >> id >> held && id == to_string(association)) return held;
  }
  return std::nullopt;
}

/// The same, read again where the list leaves the association out, as it may while others come and go.
inline std::size_t held_by(sctp::AssociationId association) {
  for (int reading = 0; reading != 10; ++reading) {
    if (const auto held = listed(association)) return *held;
  }
  throw std::runtime_error{"the kernel does not list this association"};
}

/// The n-th message to a peer says that it is.
inline std::vector<std::byte> message(std::uint32_t n, std::size_t size) {
  std::vector<std::byte> bytes = pattern(size, n);
  std::memcpy(bytes.data(), &n, sizeof n);
  return bytes;
}

struct Peer {
  sctp::OneToOneSocket socket;
  sctp::ReceiveBuffer buffer{4096};
  sctp::AssociationId id{};  ///< at the server
  std::uint32_t heard = 0;   ///< so many messages, in order
  bool reads = true;
  bool in_order = true;

  void hear() {
    while (const auto received = socket.try_receive(buffer)) {
      const auto* what = received.message();
      if (what == nullptr) continue;
      in_order &= std::ranges::equal(what->payload, message(heard, what->payload.size()));
      ++heard;
    }
  }
};

/// A server with a queue, and its peers, the first of which do not read.
class Server {
 public:
  Server(std::size_t size, std::size_t stalled, const sctp::SendQueue::Limits& limits = {})
      : socket{sctp::Address::Family::v4}, queue{socket, limits}, peers(size), share_{limits.share} {
    if (share_ == 0) share_ = socket.get<sctp::option::SndBuf>().size / 8;
    retransmit_soon(socket);
    socket.bind(free_port);
    socket.listen();
    for (Peer& peer : peers) {
      peer.socket = sctp::OneToOneSocket{sctp::Address::Family::v4};
      retransmit_soon(peer.socket);
      small_window(peer.socket);
      peer.socket.connect(socket.local_address());
      peer.id = next_event<sctp::AssociationChange>(socket, buffer).association;
      peer.reads = &peer >= peers.data() + stalled;
    }
  }

  /// Gives the queue so many messages for each, one for each in turn.
  void send_all(std::uint32_t count, std::size_t size) {
    for (std::uint32_t n = 0; n != count; ++n) {
      const auto bytes = message(n, size);
      for (const Peer& peer : peers) send(peer.id, bytes);
    }
  }

  void send(sctp::AssociationId association, sctp::Bytes bytes) {
    const auto result = queue.send(association, bytes);
    if (result == sctp::SendQueue::Result::full) throw std::runtime_error{"too much waits"};
  }

  /// Everybody's turn, until it is so.
  template <class Done>
  void run(Done done) {
    while (!done()) {
      std::vector<pollfd> sockets{
          {socket.fd(), static_cast<short>(queue.wants_writable() ? POLLIN | POLLOUT : POLLIN), 0}};
      for (const Peer& peer : peers) {
        if (peer.reads) sockets.push_back({peer.socket.fd(), POLLIN, 0});
      }
      if (::poll(sockets.data(), sockets.size(), 30'000) == 0) throw std::runtime_error{"all stand still"};
      while (const auto received = socket.try_receive(buffer)) queue.take(received);
      queue.flush();
      for (Peer& peer : peers) {
        if (peer.reads) peer.hear();
        if (queue.backlog(peer.id).in_flight > share_) ++over_share;
      }
    }
  }
  [[nodiscard]] bool have_heard(std::uint32_t count) const {
    return std::ranges::all_of(peers, [&](const Peer& peer) { return !peer.reads || peer.heard == count; });
  }
  [[nodiscard]] bool all_in_order() const { return std::ranges::all_of(peers, &Peer::in_order); }
  [[nodiscard]] std::size_t share() const { return share_; }

  sctp::OneToManySocket socket;
  sctp::ReceiveBuffer buffer;
  sctp::SendQueue queue;
  std::vector<Peer> peers;
  std::size_t over_share = 0;  ///< how often somebody had more in flight

 private:
  std::size_t share_;
};

}  // namespace test::stalled

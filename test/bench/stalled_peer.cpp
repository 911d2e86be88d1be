// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// How fast a one-to-many socket serves 99 peers that read, without and with one more that does not, through a
// SendQueue. Both in one run, taking turns, since the speed of a machine changes from minute to minute.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <sctpxx/sctp.hpp>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t healthy = 99;

struct Measures {
  std::size_t rounds = 9;
  std::size_t messages = 40;  // to each peer
  std::size_t size = 1000;
  std::size_t share = 0;  // of the send buffer; 0: the library's
};

struct Peer {
  sctp::OneToOneSocket socket;
  sctp::ReceiveBuffer buffer{4096};
  sctp::AssociationId id{};
  std::size_t heard = 0;
};

class Bench {
 public:
  explicit Bench(const Measures& measures)
      : measures_{measures}, bytes_(measures.size), queue_{socket_, {.share = measures.share}} {
    socket_.set(sctp::option::RtoInfo{.initial = 100ms, .max = 1s, .min = 50ms});
    socket_.bind(sctp::Address::loopback(sctp::Address::Family::v4, 0));
    socket_.listen();
    for (std::size_t n = 0; n != healthy; ++n) peers_.push_back(connect());
    stalled_ = connect();
  }

  /// Messages for each second that the healthy ones heard.
  double run(bool with_stalled) {
    for (auto& peer : peers_) peer->heard = 0;
    const auto begin = Clock::now();
    for (std::size_t n = 0; n != measures_.messages; ++n) {
      // In the end too much waits for it, and it gets no more.
      if (with_stalled) static_cast<void>(queue_.send(stalled_->id, bytes_));
      for (const auto& peer : peers_) {
        if (queue_.send(peer->id, bytes_) == sctp::SendQueue::Result::full) {
          throw std::runtime_error{"so many messages cannot wait"};
        }
      }
    }
    while (std::ranges::any_of(peers_, [&](const auto& peer) { return peer->heard != measures_.messages; })) {
      wait();
      while (const auto received = socket_.try_receive(buffer_)) queue_.take(received);
      queue_.flush();
      for (auto& peer : peers_) {
        while (const auto received = peer->socket.try_receive(peer->buffer)) {
          peer->heard += received.message() != nullptr;
        }
      }
    }
    const std::chrono::duration<double> time = Clock::now() - begin;
    return static_cast<double>(healthy * measures_.messages) / time.count();
  }

  [[nodiscard]] sctp::SendQueue::Backlog stalled_backlog() const { return queue_.backlog(stalled_->id); }

 private:
  std::unique_ptr<Peer> connect() {
    auto peer = std::make_unique<Peer>();
    peer->socket = sctp::OneToOneSocket{sctp::Address::Family::v4};
    peer->socket.set(sctp::option::RcvBuf{60'000});
    peer->socket.connect(socket_.local_address());
    while (peer->id == sctp::AssociationId{}) {
      const auto received = socket_.receive(buffer_);
      if (const auto* event = received.notification()) {
        if (const auto* up = std::get_if<sctp::AssociationChange>(event)) peer->id = up->association;
      }
    }
    return peer;
  }
  void wait() {
    std::vector<pollfd> sockets{
        {socket_.fd(), static_cast<short>(queue_.wants_writable() ? POLLIN | POLLOUT : POLLIN), 0}};
    for (const auto& peer : peers_) {
      if (peer->heard != measures_.messages) sockets.push_back({peer->socket.fd(), POLLIN, 0});
    }
    ::poll(sockets.data(), sockets.size(), -1);
  }

  Measures measures_;
  std::vector<std::byte> bytes_;
  sctp::OneToManySocket socket_{sctp::Address::Family::v4};
  sctp::ReceiveBuffer buffer_;
  sctp::SendQueue queue_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<Peer> stalled_;
};

struct Summary {
  explicit Summary(std::vector<double> values) {
    std::ranges::sort(values);
    least = values.front();
    median = values[values.size() / 2];
    most = values.back();
  }
  double least = 0;
  double median = 0;
  double most = 0;
};

void print(const char* what, const Summary& summary, const char* unit) {
  std::printf("%-34s median %9.3f, from %9.3f to %9.3f%s\n", what, summary.median, summary.least,
              summary.most, unit);
}

void measure(const Measures& measures) {
  Bench without{measures};
  Bench with{measures};
  // The first round of each fills what a stalled peer has: its window, and its share.
  without.run(false);
  with.run(true);
  std::vector<double> alone;
  std::vector<double> beside;
  std::vector<double> ratios;
  for (std::size_t round = 0; round != measures.rounds; ++round) {
    // Which goes first takes turns, too.
    if (round % 2 == 0) alone.push_back(without.run(false));
    beside.push_back(with.run(true));
    if (round % 2 != 0) alone.push_back(without.run(false));
    ratios.push_back(beside.back() / alone.back());
  }
  const auto backlog = with.stalled_backlog();
  std::printf(
      "%zu peers, %zu messages of %zu bytes to each, %zu rounds; the stalled peer has %zu messages waiting\n",
      healthy, measures.messages, measures.size, measures.rounds, backlog.messages);
  print("without a stalled peer", Summary{alone}, " messages/s");
  print("beside one that is stalled", Summary{beside}, " messages/s");
  print("the second by the first, by rounds", Summary{ratios}, "");
  std::printf("the medians' ratio: %.3f\n", Summary{beside}.median / Summary{alone}.median);
}

}  // namespace

int main(int count, char** words) try {
  Measures measures;
  if (count > 1) measures.rounds = std::stoul(words[1]);
  if (count > 2) measures.messages = std::stoul(words[2]);
  if (count > 3) measures.size = std::stoul(words[3]);
  if (count > 4) measures.share = std::stoul(words[4]);
  if (measures.rounds == 0 || measures.messages == 0 || measures.size == 0) {
    throw std::invalid_argument{"none may be 0"};
  }
  measure(measures);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "stalled_peer: %s\nusage: stalled_peer [ROUNDS [MESSAGES [SIZE [SHARE]]]]\n",
               error.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <list>
#include <optional>
#include <vector>

#include "footprint.hpp"
#include "hub.hpp"
#include "process.hpp"

namespace test::soak {

using namespace std::chrono_literals;

void rest(Ledger& ledger, std::uint32_t process) {
  Process& own = ledger.process(process);
  const std::uint32_t round = ledger.round();
  own.rest = footprint();
  own.order = Order::none;
  own.rested = round;
  while (ledger.phase() == Phase::settle && ledger.round() == round) sctp::Patience{10ms}.exhaust();
  // What comes next is written after what the phase says.
  while (ledger.phase() == Phase::settle) sctp::Patience{1ms}.exhaust();
}

namespace {

/// On all paths; a successor takes the port of the process that was killed.
void bind(const sctp::SocketRef& socket, Process& own) {
  socket.bind(Network::server_addresses(own.port)[0]);
  const auto all = Network::server_addresses(socket.local_address().port());
  socket.bind(std::span{all}.subspan(1));
}

sctp::ReceiveBuffer buffer_for(Random& random) {
  return random.one_in(2) ? sctp::ReceiveBuffer{std::size_t{1024} << random.below(7)}
                          : sctp::ReceiveBuffer::in_batches(1 + random.below(64));
}

/// When this end of a settling round gives up.
class Settling {
 public:
  bool is_over(Phase phase) {
    if (phase != Phase::settle) patience_.reset();
    if (phase == Phase::settle && !patience_) patience_.emplace(2 * time_to_end);
    return patience_ && patience_->is_over();
  }

 private:
  std::optional<sctp::Patience> patience_;
};

/// Waits a moment for what the sockets have.
void wait(std::vector<pollfd>& sockets) {
  constexpr int moment = 10;
  ::poll(sockets.data(), static_cast<nfds_t>(sockets.size()), moment);
}

pollfd waits_for(const sctp::SocketRef& socket, bool writable) {
  return {socket.fd(), static_cast<short>(writable ? POLLIN | POLLOUT : POLLIN), 0};
}

}  // namespace

void run_listener(Ledger& ledger, std::uint32_t process, bool interleaving) {
  Process& own = ledger.process(process);
  Random random{mix(ledger.seed() ^ mix(process * 1000 + own.kills))};
  sctp::Listener listener{sctp::Address::Family::v4};
  tune(listener, process);
  if (interleaving) {
    listener.set(sctp::option::FragmentInterleave{});
    listener.set(sctp::option::InterleavingSupported{});
  }
  listener.set(sctp::option::SndBuf{400'000});
  listener.set(sctp::option::RcvBuf{60'000});
  bind(listener, own);
  listener.listen();
  own.port = listener.local_address().port();
  own.is_ready = true;

  std::list<Talk> talks;
  std::optional<sctp::Patience> no_descriptors;
  std::vector<pollfd> sockets;
  Settling settling;
  while (ledger.phase() != Phase::quit) {
    if (no_descriptors && no_descriptors->is_over()) no_descriptors.reset();
    const bool had_clients = !ledger.have_clients_rested();
    bool is_empty = false;
    for (int i = 0; !no_descriptors && i != 10 && !is_empty; ++i) {
      std::error_code error;
      auto socket = listener.try_accept(error);
      if (error == std::errc::too_many_files_open) {
        ledger.add(Count::accept_refused);
        no_descriptors.emplace(50ms);  // it stays readable meanwhile
      } else if (error) {
        ledger.complain("cannot accept: " + error.message());
      }
      if (socket) {
        talks.emplace_back(Correspondence{ledger, Side::server, process, 0, longest_message(*socket)},
                           std::move(*socket), buffer_for(random), random.below(1U << 30U));
      }
      is_empty = !socket && !error;
    }
    for (auto it = talks.begin(); it != talks.end();) {
      it->turn();
      it = it->is_over() ? talks.erase(it) : std::next(it);
    }
    const Phase phase = ledger.phase();
    if (own.order.exchange(Order::none) == Order::abort && !talks.empty())
      std::next(talks.begin(), static_cast<std::ptrdiff_t>(random.below(talks.size())))->abort();
    if (settling.is_over(phase)) {
      for (Talk& talk : talks) talk.abort();
      ledger.add(Count::stood_still, talks.size());
    }
    if (phase == Phase::settle && talks.empty() && is_empty && !had_clients) {
      rest(ledger, process);
      continue;
    }
    sockets.clear();
    if (!no_descriptors) sockets.push_back(waits_for(listener, false));
    for (const Talk& talk : talks) sockets.push_back(waits_for(talk.socket(), talk.wants_writable()));
    wait(sockets);
  }
}

void run_one_to_many_server(Ledger& ledger, std::uint32_t process) {
  Process& own = ledger.process(process);
  Random random{mix(ledger.seed() ^ mix(process * 1000 + own.kills))};
  Hub hub{ledger,
          Side::server,
          process,
          random.below(1U << 30U),
          buffer_for(random),
          [&](sctp::OneToManySocket& socket) {
            socket.set(sctp::option::InterleavingSupported{});
            socket.set(sctp::option::SndBuf{400'000});
            socket.set(sctp::option::RcvBuf{60'000});
            bind(socket, own);
            socket.listen();
          }};
  hub.peel_off_one_in(8);
  own.port = hub.socket().local_address().port();
  own.is_ready = true;
  std::vector<pollfd> sockets;
  Settling settling;
  while (ledger.phase() != Phase::quit) {
    const bool had_clients = !ledger.have_clients_rested();
    hub.turn();
    const Phase phase = ledger.phase();
    if (own.order.exchange(Order::none) == Order::abort) hub.abort_one();
    if (settling.is_over(phase)) {
      ledger.add(Count::stood_still, hub.size());
      hub.abort_all();
    }
    if (phase == Phase::settle && hub.size() == 0 && !had_clients) {
      hub.rest();
      rest(ledger, process);
      continue;
    }
    sockets.assign({waits_for(hub.socket(), hub.wants_writable())});
    for (auto& [number, talk] : hub.peeled())
      sockets.push_back(waits_for(talk.socket(), talk.wants_writable()));
    wait(sockets);
  }
}

}  // namespace test::soak

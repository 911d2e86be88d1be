// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <poll.h>

#include <array>
#include <memory>
#include <optional>

#include "hub.hpp"
#include "process.hpp"

namespace test::soak {

using namespace std::chrono_literals;

namespace {

/// On all paths.
void bind(const sctp::SocketRef& socket, std::uint16_t port) {
  socket.bind(Network::client_addresses(port)[0]);
  const auto all = Network::client_addresses(socket.local_address().port());
  socket.bind(std::span{all}.subspan(1));
}

sctp::ReceiveBuffer buffer_for(const Traits& traits) {
  return traits.seed % 2 == 0 ? sctp::ReceiveBuffer{std::size_t{1024} << traits.seed / 2 % 7}
                              : sctp::ReceiveBuffer::in_batches(1 + traits.seed / 2 % 64);
}

/// A client that is to be connected always, now to the one server, now to the other.
class Client {
 public:
  Client(Ledger& ledger, std::uint32_t process)
      : ledger_{ledger},
        process_{process},
        random_{mix(ledger.seed() ^ mix(process * 1000 + ledger.process(process).kills))} {}

  void run() {
    for (;;) {
      while (ledger_.phase() == Phase::run) live();
      if (ledger_.phase() == Phase::settle) rest(ledger_, process_);
      if (ledger_.phase() == Phase::quit) return;
    }
  }

 private:
  void prepare(sctp::OneToOneSocket& socket, std::uint16_t port) const {
    tune(socket, process_);
    tune(socket, traits_);
    bind(socket, port);
  }

  /// One association, and what follows where it is restarted.
  void live() {
    server_ = static_cast<std::uint32_t>(random_.below(servers));
    traits_ = Traits::of(mix(random_.below(1U << 30U)));
    const std::uint32_t life = ledger_.new_life(process_, server_, traits_);
    if (life == 0) return sctp::Patience{10ms}.exhaust();
    sctp::Reconnector::Settings settings;
    settings.attempt = 2s;
    settings.pauses = sctp::Backoff{20ms, 200ms};
    settings.prepare = [this](sctp::OneToOneSocket& socket) { prepare(socket, 0); };
    settings.failed = [this](std::error_code, std::chrono::milliseconds) {
      ledger_.add(Count::setups_failed);
    };
    sctp::Reconnector reconnector{Network::server_addresses(ledger_.process(server_).port), settings};
    std::optional<sctp::OneToOneSocket> socket;
    while (!socket && ledger_.phase() == Phase::run) socket = reconnector.connect(500ms);
    std::optional<Restart> restart;
    if (socket) restart = talk(life, std::move(*socket));
    while (restart) restart = restart_as(*restart);
  }

  struct Restart {
    std::uint32_t life;
    std::uint16_t port;
  };

  std::optional<Restart> talk(std::uint32_t life, sctp::OneToOneSocket socket) {
    ledger_.life(life).is_up = true;
    const std::size_t longest = longest_message(socket);
    Talk talk{Correspondence{ledger_, Side::client, process_, life, longest}, std::move(socket),
              buffer_for(traits_), traits_.seed};
    std::optional<sctp::Patience> settling;
    while (!talk.is_over()) {
      talk.turn();
      if (talk.is_over()) break;
      const Order order = ledger_.process(process_).order.exchange(Order::none);
      if (order == Order::abort) talk.abort();
      if (order == Order::restart) {
        const std::uint16_t port = talk.socket().local_address().port();
        talk.abort();
        ledger_.add(Count::restarts);
        return Restart{life, port};
      }
      if (ledger_.phase() != Phase::run && !settling) {
        talk.shut_down();
        settling.emplace(time_to_end);
      }
      if (settling && settling->is_over() && !talk.is_over()) {
        ledger_.add(Count::stood_still);
        talk.abort();
      }
      if (talk.is_over()) break;
      std::error_code none;
      std::ignore = talk.socket().wait({.receive = true, .send = talk.wants_writable()}, 10ms, none);
    }
    return std::nullopt;
  }

  /// The server has not heard that the one before is gone.
  std::optional<Restart> restart_as(const Restart& restart) {
    const std::uint32_t life = ledger_.new_life(process_, server_, traits_);
    if (life == 0) return std::nullopt;
    traits_.seed = ledger_.life(life).traits.seed = mix(traits_.seed);
    ledger_.life(life).predecessor = restart.life;
    sctp::OneToOneSocket socket{sctp::Address::Family::v4};
    prepare(socket, restart.port);
    std::error_code error;
    socket.connect(Network::server_addresses(ledger_.process(server_).port), 2s, error);
    if (error) ledger_.add(Count::setups_failed);
    return error ? std::nullopt : talk(life, std::move(socket));
  }

  Ledger& ledger_;
  std::uint32_t process_;
  std::uint32_t server_ = 0;
  Random random_;
  Traits traits_{};
};

}  // namespace

void run_client(Ledger& ledger, std::uint32_t process) { Client{ledger, process}.run(); }

void run_one_to_many_client(Ledger& ledger, std::uint32_t process) {
  Process& own = ledger.process(process);
  Random random{mix(ledger.seed() ^ mix(process * 1000 + own.kills))};
  while (ledger.phase() != Phase::quit) {
    const bool interleaving = random.one_in(2);
    {
      Hub hub{ledger,
              Side::client,
              process,
              random.below(1U << 30U),
              sctp::ReceiveBuffer::in_batches(16),
              [&](sctp::OneToManySocket& socket) {
                if (interleaving) socket.set(sctp::option::InterleavingSupported{});
                socket.set(sctp::option::SndBuf{100'000U << random.below(3)});
                socket.set(sctp::option::RcvBuf{20'000U << random.below(4)});
                bind(socket, 0);
              }};
      std::optional<sctp::Patience> settling;
      while (ledger.phase() == Phase::run || hub.size() != 0) {
        constexpr std::size_t most = 2;  // one with each server, since there is one between two ports
        if (ledger.phase() == Phase::run && hub.size() < most && random.one_in(20)) {
          const auto server = static_cast<std::uint32_t>(random.below(servers));
          Traits traits = Traits::of(mix(random.below(1U << 30U)));
          traits.interleaving = interleaving;
          if (!hub.is_connected_with(server))
            hub.connect(Network::server_addresses(ledger.process(server).port), server, traits);
        }
        hub.turn();
        if (own.order.exchange(Order::none) != Order::none) hub.abort_one();
        if (ledger.phase() != Phase::run) {
          if (!settling) settling.emplace(time_to_end);
          hub.shut_down_all();
          if (settling->is_over() && hub.size() != 0) {
            ledger.add(Count::stood_still, hub.size());
            hub.abort_all();
          }
        }
        std::error_code none;
        std::ignore = hub.socket().wait({.receive = true, .send = hub.wants_writable()}, 10ms, none);
      }
    }
    if (ledger.phase() == Phase::settle) rest(ledger, process);
  }
}

}  // namespace test::soak

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/reconnect.hpp>

#include <random>
#include <stdexcept>
#include <utility>

#include <sctpxx/resolve.hpp>

namespace sctp::inline v0 {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest,
                 std::optional<std::uint32_t> seed)
    : first_{first}, longest_{longest}, step_{first}, random_{seed ? *seed : std::random_device{}()} {
  if (first.count() <= 0 || longest < first) {
    throw std::invalid_argument{"a back-off needs a first pause, and one no shorter as its longest"};
  }
}

std::chrono::milliseconds Backoff::next() noexcept {
  const std::chrono::milliseconds step = std::exchange(step_, step_ > longest_ / 2 ? longest_ : 2 * step_);
  std::minstd_rand engine{random_};
  random_ = static_cast<std::uint32_t>(engine());
  return std::chrono::milliseconds{
      std::uniform_int_distribution<std::int64_t>{step.count() - step.count() / 2, step.count()}(engine)};
}

Reconnector::Reconnector(std::vector<Address> peer) : Reconnector{std::move(peer), Settings{}} {}

Reconnector::Reconnector(std::vector<Address> peer, Settings settings)
    : peer_{std::move(peer)}, settings_{std::move(settings)} {
  if (peer_.empty()) throw std::invalid_argument{"a peer without an address"};
}

std::optional<OneToOneSocket> Reconnector::connect(const Patience& patience) {
  if (holding_) {
    if (holding_->is_over()) {
      settings_.pauses.reset();
      pause_.reset();
    } else {
      pause_ = Patience{settings_.pauses.next()};  // one that did not hold is an attempt that failed
    }
    holding_.reset();
  }
  while (!patience.is_over()) {
    if (pause_) {
      // What is left of it is for the next call, where this one has no time for it.
      patience.at_most(pause_->left().value_or(std::chrono::milliseconds{0})).exhaust();
      if (!pause_->is_over() || patience.is_over()) break;
    }
    OneToOneSocket socket{family_of(peer_)};
    if (settings_.prepare) settings_.prepare(socket);
    std::error_code error;
    socket.connect(peer_, patience.at_most(settings_.attempt), error);
    if (!error) {
      holding_ = Patience{settings_.held};
      return socket;
    }
    if (error == std::errc::operation_canceled) break;
    // The caller's own impatience is told, but it is not the peer's failure.
    const bool is_peers = error != std::errc::timed_out || !patience.is_over();
    const auto pause = is_peers ? settings_.pauses.next() : std::chrono::milliseconds{0};
    pause_ = Patience{pause};
    if (settings_.failed) settings_.failed(error, pause);
  }
  return std::nullopt;
}

}  // namespace sctp::inline v0

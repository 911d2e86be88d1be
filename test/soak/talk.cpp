// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "talk.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace test::soak {

using namespace std::chrono_literals;

void tune(const sctp::SocketRef& socket, std::uint32_t process) {
  socket.set(sctp::option::RtoInfo{.initial = 100ms, .max = 400ms, .min = 50ms});
  socket.set(sctp::option::AssocInfo{.max_retransmissions = 8, .cookie_life = {}});
  socket.set(sctp::option::PeerAddrParams{.heartbeat = sctp::option::Heartbeat::every(500ms),
                                          .max_retransmissions = 4});
  socket.set(sctp::option::DelayedSack{.delay = 20ms, .packets = {}});
  socket.set(sctp::option::InitMsg{
      .outgoing_streams = streams, .incoming_streams = streams, .attempts = 8, .longest_pause = 400ms});
  socket.set(sctp::option::Context{context_of(process)});
  socket.set(sctp::option::ReuseAddr{});
  socket.subscribe<sctp::SendFailed, sctp::PeerAddressChange>();
}

void tune(const sctp::SocketRef& socket, const Traits& traits) {
  if (traits.interleaving) {
    socket.set(sctp::option::FragmentInterleave{});
    socket.set(sctp::option::InterleavingSupported{});
  }
  switch (traits.buffers) {
    case Traits::Buffers::usual: break;
    case Traits::Buffers::tiny_receive: socket.set(sctp::option::RcvBuf{6'000}); break;
    case Traits::Buffers::tiny_send: socket.set(sctp::option::SndBuf{5'000}); break;
    case Traits::Buffers::large_send: socket.set(sctp::option::SndBuf{400'000}); break;
  }
}

std::size_t longest_message(const sctp::SocketRef& socket) { return socket.get<sctp::option::SndBuf>().size; }

Talk::Talk(Correspondence correspondence, sctp::OneToOneSocket socket, sctp::ReceiveBuffer buffer,
           std::uint64_t seed)
    : correspondence_{std::move(correspondence)},
      socket_{std::move(socket)},
      buffer_{std::move(buffer)},
      random_{seed} {}

void Talk::turn() {
  if (is_over_) return;
  if (ending_) return go_on_to_end();
  receive_all();
  if (is_over_ || ending_) return;
  send_some();
}

bool Talk::receive() {
  std::error_code error;
  const bool has_life = correspondence_.is_known();
  if (correspondence_.side() == Side::server && has_life &&
      correspondence_.traits().reading == Traits::Reading::pieces) {
    std::array<std::byte, 3000> room;
    const auto received = socket_.try_receive_piece(room, buffer_, error);
    if (const auto* piece = received.piece()) correspondence_.take(*piece);
    if (const auto* event = received.notification()) take(*event);
    has_end_of_stream_ = received.status() == sctp::ReceiveStatus::end_of_stream;
    if (received) return true;
  } else {
    const auto received = socket_.try_receive(buffer_, error);
    if (const auto* message = received.message()) correspondence_.take(*message);
    if (const auto* event = received.notification()) take(*event);
    has_end_of_stream_ = received.status() == sctp::ReceiveStatus::end_of_stream;
    if (received) return true;
  }
  if (error && error != sctp::Condition::association_ended) {
    correspondence_.ledger().complain(
        fmt::format("life {}: cannot receive: {}", correspondence_.life(), error.message()));
  }
  return static_cast<bool>(error);
}

void Talk::receive_all() {
  constexpr int most = 200;  // others want to be heard, too
  for (int i = 0; i != most; ++i) {
    if (receive()) continue;
    if (!has_end_of_stream_) return;
    // After a loss all has been told. After a peer's shutdown it may still be under way.
    if (correspondence_.has_ended()) return finish(Life::End::none);
    std::error_code none;
    ending_.emplace(socket_.association(), none);
    return go_on_to_end();
  }
}

void Talk::send_some() {
  wants_writable_ = false;
  const std::size_t burst = random_.one_in(4) ? 0 : random_.below(8);
  for (std::size_t i = 0; i != burst; ++i) {
    const auto* const outgoing = correspondence_.next();
    if (outgoing == nullptr) break;
    std::error_code error;
    // Both ways of sending have their turn.
    const bool is_sent = random_.one_in(8) ? socket_.send(outgoing->payload, outgoing->options, 2ms, error)
                                           : socket_.try_send(outgoing->payload, outgoing->options, error);
    if (is_sent) correspondence_.taken();
    if (error && error != sctp::Condition::association_ended) {
      correspondence_.ledger().complain(
          fmt::format("life {}: cannot send: {}", correspondence_.life(), error.message()));
    }
    if (error) correspondence_.refused();
    wants_writable_ = !is_sent && !error;
    if (!is_sent) break;
  }
  const bool is_ours =
      correspondence_.is_known() && (correspondence_.traits().ending == Traits::Ending::by_both ||
                                     (correspondence_.traits().ending == Traits::Ending::by_client) ==
                                         (correspondence_.side() == Side::client));
  if (is_ours && correspondence_.has_sent_all()) shuts_down_ = true;
  if (!shuts_down_ || correspondence_.has_ended() || !correspondence_.has_sent_all()) return;
  if (correspondence_.traits().mortal && !correspondence_.note_abandoned(socket_.association())) return;
  std::error_code none;
  ending_.emplace(socket_.association(), none);
}

void Talk::shut_down() {
  correspondence_.hush();
  shuts_down_ = true;
}

void Talk::go_on_to_end() {
  constexpr int most = 200;
  for (int i = 0; i != most && !is_over_; ++i) {
    std::error_code error;
    const auto next = ending_->step(
        buffer_,
        [this](const sctp::Received& received) {
          if (const auto* message = received.message()) correspondence_.take(*message);
          if (const auto* event = received.notification()) take(*event);
        },
        error);
    if (next == sctp::Shutdown::Next::done) {
      if (error && error != sctp::Condition::association_ended)
        correspondence_.ledger().complain(fmt::format("cannot shut down: {}", error.message()));
      return finish(static_cast<Life::End>(ending_->end()));
    }
    if (next != sctp::Shutdown::Next::again) return;
  }
}

void Talk::take(const sctp::Notification& event) {
  if (const auto* change = std::get_if<sctp::AssociationChange>(&event)) note(*change);
  if (const auto* failed = std::get_if<sctp::SendFailed>(&event)) correspondence_.ledger().take(*failed);
  if (const auto* cut = std::get_if<sctp::PartialDeliveryAborted>(&event)) correspondence_.take(*cut);
  if (std::holds_alternative<sctp::ShutdownReceived>(event)) correspondence_.note_shutdown();
}

void Talk::note(const sctp::AssociationChange& change) {
  using State = sctp::AssociationChange::State;
  if (change.state == State::restarted) return correspondence_.restart();
  if (change.end != sctp::AssociationChange::End::none)
    correspondence_.end(static_cast<Life::End>(change.end));
}

void Talk::finish(Life::End how) {
  if (!correspondence_.has_ended()) {
    correspondence_.end(
        how == Life::End::none ? static_cast<Life::End>(sctp::AssociationChange::End::own_shutdown) : how);
    correspondence_.note_no_event();
  }
  correspondence_.note_read_all();
  ending_.reset();
  socket_.close();
  is_over_ = true;
}

void Talk::abort() {
  if (is_over_) return;
  correspondence_.has_ended() ? correspondence_.leave() : correspondence_.end(Life::End::closed);
  ending_.reset();
  socket_.abort();
  is_over_ = true;
}

}  // namespace test::soak

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "hub.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace test::soak {

using namespace std::chrono_literals;

Hub::Hub(Ledger& ledger, Side side, std::uint32_t process, std::uint64_t seed, sctp::ReceiveBuffer buffer,
         const std::function<void(sctp::OneToManySocket&)>& prepare)
    : ledger_{ledger},
      side_{side},
      process_{process},
      random_{seed},
      queue_{[&]() -> sctp::OneToManySocket& {
        tune(socket_, process);
        prepare(socket_);
        return socket_;
      }()},
      buffer_{std::move(buffer)},
      longest_{longest_message(socket_)} {}

void Hub::connect(std::span<const sctp::Address> peer, std::uint32_t server, const Traits& traits) {
  const std::uint32_t life = ledger_.new_life(process_, server, traits);
  if (life == 0) return;
  std::error_code error;
  const sctp::AssociationId id = socket_.connect(peer, error);
  if (error) return ledger_.complain("cannot begin a setup: " + error.message());
  table_.expect(id, 2s);
  all_.try_emplace(id, ledger_, side_, process_, life, longest_);
}

bool Hub::is_connected_with(std::uint32_t server) const {
  return std::ranges::any_of(all_, [&](const auto& one) {
    return ledger_.life(one.second.life()).of(Side::server).process == server;
  });
}

Correspondence* Hub::find(sctp::AssociationId id) {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

void Hub::turn() {
  constexpr int most = 400;  // there is something to send, too
  bool is_drained = false;
  for (int i = 0; i != most; ++i) {
    std::error_code error;
    const auto received = socket_.try_receive(buffer_, error);
    if (error) ledger_.complain("a one-to-many socket cannot receive: " + error.message());
    if (!received && !error) {
      std::erase_if(all_, [](const auto& one) { return one.second.has_ended(); });
      is_drained = true;
      break;
    }
    take(received);
  }
  queue_.flush();
  for (auto& [id, correspondence] : all_) send_some(id, correspondence);
  std::ignore = queue_.next_ready();
  hand_back();
  if (is_drained) {
    for (auto& one : ended_) one.note_read_all();
    ended_.clear();
  }
  table_.abort_overdue();
  for (auto it = peeled_.begin(); it != peeled_.end();) {
    it->second.turn();
    it = it->second.is_over() ? peeled_.erase(it) : std::next(it);
  }
}

void Hub::take(const sctp::Received& received) {
  if (queue_.take(received)) return;
  if (const auto change = table_.take(received)) return note(*change);
  if (const auto* message = received.message()) return take_message(*message);
  const auto* const event = received.notification();
  if (event == nullptr) return;
  if (const auto* failed = std::get_if<sctp::SendFailed>(event)) ledger_.take(*failed);
  if (const auto* cut = std::get_if<sctp::PartialDeliveryAborted>(event)) {
    if (Correspondence* one = find(cut->association)) one->take(*cut);
  }
}

void Hub::take_message(const sctp::Message& message) {
  Correspondence* const one = find(message.association);
  // One that was closed for lack of descriptors may have messages that were read before.
  if (one == nullptr || (table_.find(message.association) == nullptr && !one->has_ended()))
    return ledger_.complain("a message of an association that is not up");
  one->take(message);
  if (peel_off_one_in_ != 0 && random_.one_in(peel_off_one_in_ * 50)) peel_off(message.association);
}

void Hub::note(const sctp::AssociationTable::Change& change) {
  using What = sctp::AssociationTable::Change::Kind;
  const auto id = change.key.id;
  Correspondence* const one = find(id);
  switch (change.kind) {
    case What::up:
      if (side_ == Side::server) {
        if (one != nullptr) ledger_.complain("an association is up twice");
        all_.try_emplace(id, ledger_, side_, process_, 0, longest_);
      } else if (one != nullptr) {
        ledger_.life(one->life()).is_up = true;
      }
      return;
    case What::restarted:
      if (one != nullptr) one->restart();
      shuts_down_.erase(id);
      return;
    case What::closed:
      if (one == nullptr) return ledger_.complain("the end of an association that was not up");
      one->end(static_cast<Life::End>(change.association.end));
      ended_.push_back(std::move(*one));
      all_.erase(id);
      shuts_down_.erase(id);
      return;
    default: return;
  }
}

void Hub::send_some(sctp::AssociationId id, Correspondence& correspondence) {
  const auto* const entry = table_.find(id);
  if (entry == nullptr || entry->state != sctp::AssociationTable::State::up || shuts_down_.contains(id))
    return;
  const std::size_t burst = random_.one_in(4) ? 0 : random_.below(8);
  for (std::size_t i = 0; i != burst; ++i) {
    const auto* const outgoing = correspondence.next();
    if (outgoing == nullptr) break;
    std::error_code error;
    const auto result = queue_.send(id, outgoing->payload, outgoing->options, error);
    using enum sctp::SendQueue::Result;
    if (result == full) break;
    if (result == sent || result == queued) {
      correspondence.taken();
      continue;
    }
    if (result == too_big || result == refused)
      ledger_.complain(
          fmt::format("{}: {}: {}", to_string(result), error.message(), describe(ledger_, outgoing->number)));
    correspondence.refused();
  }
  const bool is_ours =
      correspondence.is_known() &&
      (correspondence.traits().ending == Traits::Ending::by_both ||
       (correspondence.traits().ending == Traits::Ending::by_client) == (side_ == Side::client));
  if (is_ours && correspondence.has_sent_all()) shut_down(id);
}

void Hub::hand_back() {
  while (const auto unsent = queue_.next_unsent()) ledger_.take(*unsent);
}

void Hub::shut_down(sctp::AssociationId id) {
  if (shuts_down_[id]) return;
  shuts_down_[id] = true;
  queue_.shutdown(id);
  if (const auto* entry = table_.find(id)) table_.expect_end(entry->key, 15s);
}

void Hub::shut_down_all() {
  for (auto& [id, correspondence] : all_) {
    correspondence.hush();
    const auto* const entry = table_.find(id);
    if (entry != nullptr && entry->state == sctp::AssociationTable::State::up) shut_down(id);
  }
}

void Hub::abort_all() {
  for (auto& [id, correspondence] : all_) {
    if (const auto* entry = table_.find(id)) table_.abort(entry->key, "all are");
  }
  for (auto& [number, talk] : peeled_) talk.abort();
}

void Hub::rest() {
  if (!all_.empty() || queue_.waiting() != 0 || buffer_.unfinished() != 0 || buffer_.waiting() != 0)
    ledger_.complain(fmt::format("process {} is not at rest", process_));
  // It keeps the room for as many unfinished messages as there were at a time, which differs.
  const sctp::ReceiveBuffer full{std::move(buffer_)};  // which leaves an empty one
}

void Hub::abort_one() {
  if (all_.empty()) return;
  auto one = all_.begin();
  std::advance(one, static_cast<std::ptrdiff_t>(random_.below(all_.size())));
  if (const auto* entry = table_.find(one->first)) table_.abort(entry->key, "by chance");
}

void Hub::peel_off(sctp::AssociationId id) {
  const auto* const entry = table_.find(id);
  if (entry == nullptr || entry->state != sctp::AssociationTable::State::up || shuts_down_.contains(id))
    return;
  Correspondence* const one = find(id);
  sctp::ReceiveBuffer buffer{4096};
  std::error_code error;
  auto socket = socket_.peel_off(id, buffer_, buffer, error);
  if (error == std::errc::invalid_argument) return;  // it has ended, as is received next
  if (error) {
    ledger_.add(Count::peel_off_refused);
    if (error != std::errc::too_many_files_open) ledger_.complain("cannot peel off: " + error.message());
    if (std::ranges::count(socket_.associations(), id) != 0) return;
    one->end(Life::End::no_descriptor);
  }
  for (const auto& unsent : queue_.remove(id)) ledger_.take(unsent);
  table_.forget(id);
  if (error) return;
  ledger_.add(Count::peeled_off);
  peeled_.try_emplace(++peelings_, std::move(*one), std::move(socket), std::move(buffer),
                      random_.below(1U << 30U));
  all_.erase(id);
}

}  // namespace test::soak

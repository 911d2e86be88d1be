// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "correspondence.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace test::soak {

Correspondence::Correspondence(Ledger& ledger, Side here, std::uint32_t process, std::uint32_t life,
                               std::size_t longest)
    : ledger_{ledger}, here_{here}, process_{process}, longest_{longest} {
  if (life != 0) begin(life);
}

void Correspondence::begin(std::uint32_t number) {
  life_ = number;
  Life& life = ledger_.life(number);
  random_ = Random{life.traits.seed + static_cast<std::uint64_t>(here_)};
  left_ = life.traits.messages;
  last_ = {};
  ended_ = Life::End::none;
  if (here_ == Side::client) return;
  life.of(here_).incarnation = ledger_.process(process_).kills;
  if (life.of(here_).process != process_) ledger_.complain("a message for another server");
  if (life.known_to_server.exchange(true)) {
    if (life.of(here_).end == Life::End::none)
      ledger_.complain(fmt::format("life {} has two ends here", number));
    life.is_twice = true;
  }
}

const Correspondence::Outgoing* Correspondence::next() {
  if (outgoing_) return &*outgoing_;
  if (!is_known() || left_ == 0 || has_ended()) return nullptr;
  const std::uint32_t number = ledger_.new_record();
  Record* const record = ledger_.record(number);
  if (record == nullptr) {
    left_ = 0;
    return nullptr;
  }
  --left_;
  Outgoing one{.number = number};
  one.options = {.stream = sctp::StreamId(random_.below(streams)),
                 .ppid = sctp::Ppid{number},
                 .unordered = random_.one_in(4),
                 .sack_immediately = random_.one_in(8),
                 .context = number};
  if (traits().mortal) one.options.reliability = random_reliability(random_);
  one.payload = ledger_.supply().payload(
      number, std::min(random_size(random_), traits().is_tiny() ? std::min(longest_, tiny) : longest_));
  record->size = static_cast<std::uint32_t>(one.payload.size());
  record->stream = static_cast<std::uint16_t>(one.options.stream);
  record->from = here_;
  record->unordered = one.options.unordered;
  record->policy = one.options.reliability.policy();
  record->given = Given::giving;
  record->life = life_;
  ledger_.add(Count::given);
  return &outgoing_.emplace(one);
}

void Correspondence::taken() {
  Record& record = *ledger_.record(outgoing_->number);
  record.given = Given::taken;
  ledger_.add(Count::bytes, record.size);
  outgoing_.reset();
}

void Correspondence::refused() {
  ledger_.record(outgoing_->number)->given = Given::refused;
  outgoing_.reset();
}

Record* Correspondence::find(const sctp::Message& message) {
  const auto number = static_cast<std::uint32_t>(message.ppid);
  Record* const record = ledger_.record(number);
  if (record == nullptr || record->life == 0 || record->from == here_) {
    ledger_.add(Count::corrupt);
    ledger_.complain(fmt::format("for process {}: {}", process_, describe(ledger_, number)));
    return nullptr;
  }
  if (!is_known()) begin(record->life);
  // What a server sends when its peer has begun anew, before it reads of that, goes to the new one; where
  // that was twice, to the third.
  const bool crosses = here_ == Side::client && ledger_.comes_after(life_, record->life);
  if (crosses) ledger_.add(Count::crossed_restart);
  // And where a client restarts in the middle of a message, the kernel (6.1) keeps back that it did, but not
  // all that comes after it.
  const bool is_ahead = here_ == Side::server && ledger_.comes_after(record->life, life_);
  if (is_ahead) ledger_.add(Count::ahead_of_restart);
  if (record->life != life_ && !crosses && !is_ahead)
    ledger_.complain(fmt::format("for life {}: {}", life_, describe(ledger_, number)));
  if (message.stream != sctp::StreamId{record->stream} || message.unordered != record->unordered ||
      message.context != context_of(process_)) {
    ledger_.add(Count::corrupt);
    ledger_.complain(fmt::format("stream {}, context {} and not as it was sent: {}",
                                 to_string(message.stream), message.context, describe(ledger_, number)));
  }
  return record;
}

void Correspondence::take_whole(const sctp::Message& message, Record& record) {
  const auto number = static_cast<std::uint32_t>(message.ppid);
  if (record.delivered++ != 0 && !ledger_.life(record.life).is_twice)
    ledger_.complain(fmt::format("twice: {}", describe(ledger_, number)));
  if (record.unordered || record.life != life_) return;
  std::uint32_t& last = last_.at(record.stream);
  if (number < last) {
    const bool is_known_fault = knows_no_order(ledger_.life(life_), here_);
    ledger_.add(is_known_fault ? Count::late_from_kernel : Count::out_of_order);
    if (!is_known_fault)
      ledger_.complain(fmt::format("after {}: {} ssn {} tsn {}", last, describe(ledger_, number), message.ssn,
                                   message.tsn));
  }
  last = std::max(last, number);
}

void Correspondence::take(const sctp::Message& message) {
  Record* const record = find(message);
  if (record == nullptr) return;
  const auto number = static_cast<std::uint32_t>(message.ppid);
  if (!std::ranges::equal(message.payload, ledger_.supply().payload(number, record->size))) {
    ledger_.add(Count::corrupt);
    ledger_.complain(
        fmt::format("other {} bytes than {}", message.payload.size(), describe(ledger_, number)));
  }
  take_whole(message, *record);
}

void Correspondence::take(const sctp::MessagePiece& piece) {
  ledger_.add(Count::pieces);
  const sctp::Message& message = piece.part;
  Record* const record = find(message);
  if (record == nullptr) return;
  const auto number = static_cast<std::uint32_t>(message.ppid);
  const auto whole = ledger_.supply().payload(number, record->size);
  const std::size_t end = piece.offset + message.payload.size();
  const bool is_next = offsets_[number] == piece.offset && end <= whole.size();
  if (!is_next || !std::ranges::equal(message.payload, whole.subspan(piece.offset, message.payload.size())) ||
      piece.last != (end == whole.size())) {
    ledger_.add(Count::corrupt);
    ledger_.complain(fmt::format("a wrong piece at {} of {}", piece.offset, describe(ledger_, number)));
  }
  offsets_[number] = end;
  if (!piece.last) return;
  offsets_.erase(number);
  take_whole(message, *record);
}

void Correspondence::take(const sctp::PartialDeliveryAborted&) {
  ledger_.add(Count::cut_off);
  ++(is_known() ? ledger_.life(life_).of(here_).cut_off : ledger_.process(process_).strangers_cut_off);
}

void Correspondence::restart() {
  end(Life::End::restarted);
  if (outgoing_) ledger_.record(outgoing_->number)->given = Given::not_yet;
  outgoing_.reset();
  offsets_.clear();
  life_ = 0;
  left_ = 0;
  ended_ = Life::End::none;
}

void Correspondence::end(Life::End how) {
  if (has_ended()) ledger_.complain(fmt::format("life {} ends twice", life_));
  ended_ = how;
  if (!is_known()) return;
  ledger_.life(life_).of(here_).end = how;
  if (outgoing_) ledger_.record(outgoing_->number)->given = Given::not_yet;
  outgoing_.reset();
}

void Correspondence::note_read_all() {
  if (is_known()) ledger_.life(life_).of(here_).has_read_all = true;
}

void Correspondence::leave() {
  if (is_known()) ledger_.life(life_).of(here_).has_left = true;
}

bool Correspondence::note_abandoned(const sctp::Association& association) {
  std::error_code gone;
  const auto info = sctp::association_info(association, gone);
  if (!gone && info.queued_chunks + info.unacknowledged_chunks != 0) return false;
  const auto status = association.get<sctp::option::PrAssocStatus>(gone);
  if (gone || has_ended()) return true;
  Life::At& own = ledger_.life(life_).of(here_);
  own.abandoned = static_cast<std::uint32_t>(status.abandoned_sent + status.abandoned_unsent);
  own.knows_abandoned = true;
  return true;
}

}  // namespace test::soak

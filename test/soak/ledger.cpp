// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "ledger.hpp"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace test::soak {

Ledger::Shared& Ledger::map() {
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc{};
  return *new (memory) Shared{};
}

Ledger::Ledger(std::uint64_t seed) : seed_{seed}, supply_{seed}, shared_{map()} {}

void Ledger::begin_round() noexcept {
  for (std::uint32_t i = 0; i <= shared_.last_life; ++i) new (&shared_.lives[i]) Life{};
  for (std::uint32_t i = 0; i != std::min<std::size_t>(shared_.last_record + 1, most_records); ++i)
    new (&shared_.records[i]) Record{};
  for (Process& process : shared_.by_number) process.strangers_cut_off = 0;
  shared_.last_life = 0;
  shared_.last_record = 0;
  ++shared_.round;
  shared_.phase = Phase::run;
}

bool Ledger::have_clients_rested() const noexcept {
  return std::all_of(shared_.by_number.begin() + servers, shared_.by_number.end(),
                     [this](const Process& one) { return one.rested == shared_.round; });
}

void Ledger::complain(const std::string& what) noexcept {
  constexpr std::uint64_t printed = 40;
  if (shared_.complaints++ < printed) fmt::print(stderr, "soak: {}\n", what);
}

std::uint32_t Ledger::new_life(std::uint32_t client, std::uint32_t server, const Traits& traits) noexcept {
  if (shared_.last_life + 1 >= most_lives) return 0;
  const std::uint32_t number = ++shared_.last_life;
  if (number >= most_lives) return 0;
  Life& life = shared_.lives[number];
  life.traits = traits;
  life.of(Side::client).process = client;
  life.of(Side::client).incarnation = shared_.by_number[client].kills;
  life.of(Side::server).process = server;
  life.of(Side::server).incarnation = shared_.by_number[server].kills;
  return number;
}

bool Ledger::comes_after(std::uint32_t later, std::uint32_t earlier) const noexcept {
  if (later == earlier) return false;
  while (later != 0 && later != earlier) later = shared_.lives[later].predecessor;
  return later != 0;
}

// Each round has its own numbers, so that a message of another one would be seen.
std::uint32_t Ledger::first_number() const noexcept {
  return static_cast<std::uint32_t>(most_records * (shared_.round % 4096)) + 1;
}

std::uint32_t Ledger::new_record() noexcept {
  if (shared_.last_record + processes + 1 >= most_records) return 0;
  return first_number() + shared_.last_record++;
}

Record* Ledger::record(std::uint32_t number) noexcept {
  const std::uint32_t place = number - first_number();
  return place < shared_.last_record ? &shared_.records[place] : nullptr;
}

void Ledger::take(const sctp::SendFailed& event) noexcept {
  add(Count::send_failed);
  Record* const record = this->record(event.context);
  if (record == nullptr) return complain("a failure of a message that nobody sent");
  const auto whole = supply_.payload(event.context, record->size);
  const std::size_t size = event.payload.size();
  const bool is_part = size <= whole.size() &&
                       (!event.begins || std::ranges::equal(event.payload, whole.first(size))) &&
                       (!event.ends || std::ranges::equal(event.payload, whole.last(size))) &&
                       (!event.begins || !event.ends || size == whole.size());
  if (!is_part || event.ppid != sctp::Ppid{event.context} || event.stream != sctp::StreamId{record->stream} ||
      event.unordered != record->unordered) {
    complain(fmt::format("not as it was sent, the failed {}", describe(*this, event.context)));
  }
  if (record->failed++ != 0) complain(fmt::format("failed twice: {}", describe(*this, event.context)));
  if (!event.sent) record->failed_unsent = true;
}

void Ledger::take(const sctp::SendQueue::Unsent& unsent) noexcept {
  add(Count::handed_back);
  const std::uint32_t number = unsent.options.context;
  Record* const record = this->record(number);
  if (record == nullptr) return complain("a message handed back that nobody sent");
  if (!std::ranges::equal(unsent.payload, supply_.payload(number, record->size)))
    complain(fmt::format("not as it was sent, handed back: {}", describe(*this, number)));
  if (record->failed++ != 0) complain(fmt::format("failed twice: {}", describe(*this, number)));
  record->failed_unsent = true;
  record->handed_back = true;
}

std::string describe(Ledger& ledger, std::uint32_t number) {
  const Record* const record = ledger.record(number);
  if (record == nullptr) return fmt::format("message {}, which nobody sent", number);
  Life& life = ledger.life(record->life);
  return fmt::format(
      "message {}, {} bytes, {}, {}{}on stream {} of life {} ({}{}) to {} {}", number, record->size,
      to_string(record->policy), record->unordered ? "unordered " : "",
      record->failed == 0     ? ""
      : record->failed_unsent ? "told unsent, "
                              : "told sent, ",
      record->stream, record->life, to_string(life.traits), life.predecessor != 0 ? ", after a restart" : "",
      record->from == Side::client ? "server" : "client", life.of(other(record->from)).process);
}

}  // namespace test::soak

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "many.hpp"

namespace test::many {

using Told = std::vector<std::string>;

inline constexpr std::size_t limit = std::size_t{1} << 20;
inline constexpr std::size_t total_limit = std::size_t{16} << 20;

/// A server as one would write it.
class Server {
 public:
  Server() {
    tune(socket);
    socket.bind(sctp::Address::loopback(sctp::Address::Family::v4, 0));
    socket.listen();
  }

  /// Until it is so: takes what comes, and sends what there is room for.
  template <class Done>
  void run(Clients& others, Done done) {
    for (;;) {
      take_all();
      if (done()) return;
      const short writable = queue.wants_writable() ? POLLOUT : 0;
      others.wait({{socket.fd(), static_cast<short>(POLLIN | writable), 0}});
    }
  }
  void take_all() {
    for (;;) {
      std::error_code error;
      const sctp::Received received = socket.try_receive(buffer, error);
      if (error) ++problems["error: " + error.message()];
      if (!received && !error) break;
      take(received);
    }
    queue.flush();
  }

  void send(unsigned client, sctp::Bytes payload, sctp::StreamId stream, sctp::Ppid ppid) {
    using enum sctp::SendQueue::Result;
    const auto result = queue.send(key_of(client).id, payload, {.stream = stream, .ppid = ppid});
    if (result != sent && result != queued) ++problems["sending: " + to_string(result)];
  }
  void send_plan(unsigned client, unsigned life) {
    readings[client] = Reading{plan_of(client, life, To::server)};
    std::uint32_t ppid = 0;
    for (const Planned& one : plan_of(client, life, To::client)) {
      send(client, one.payload(), one.stream, sctp::Ppid{++ppid});
    }
  }

  [[nodiscard]] sctp::AssociationTable::Key key_of(unsigned client) const { return keys.at(client); }
  [[nodiscard]] sctp::Association association(unsigned client) const {
    return socket.association(key_of(client).id);
  }
  /// So many messages wait for these clients.
  [[nodiscard]] std::size_t waiting_for(const std::vector<unsigned>& some) const {
    std::size_t messages = 0;
    for (const unsigned client : some) messages += queue.backlog(key_of(client).id).messages;
    return messages;
  }
  [[nodiscard]] std::size_t closed() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        told, [](const Told& one) { return !one.empty() && one.back().starts_with("closed"); }));
  }

  sctp::OneToManySocket socket{sctp::Address::Family::v4};
  sctp::ReceiveBuffer buffer{4096, limit, total_limit};
  sctp::AssociationTable table{socket};
  sctp::SendQueue queue{socket};

  std::map<sctp::AssociationId, unsigned> names;
  std::map<unsigned, sctp::AssociationTable::Key> keys;
  std::map<unsigned, Reading> readings;
  std::vector<Told> told = std::vector<Told>(clients);
  std::size_t cut_off = 0;
  Problems problems;

 private:
  void take(const sctp::Received& received) {
    if (queue.take(received)) return;
    if (const auto change = table.take(received)) return note(*change);
    if (const auto* message = received.message()) return note(*message);
    if (received.notification() == nullptr) return;
    cut_off += std::holds_alternative<sctp::PartialDeliveryAborted>(*received.notification());
  }

  void note(const sctp::Message& message) {
    if (message.ppid != hello) {
      const auto name = names.find(message.association);
      if (name == names.end()) return void(++problems["a message from nobody"]);
      return readings[name->second].take(message, problems);
    }
    const auto* entry = table.find(message.association);
    const auto client = static_cast<unsigned>(std::stoul(std::string{test::text(message.payload)}));
    if (entry == nullptr) return void(++problems["a message from one who is not in the table"]);
    keys[client] = entry->key;
    const bool is_new = names.emplace(message.association, client).second;
    if (is_new) told.at(client).push_back("up");
    if (!is_new) send_plan(client, 1);
  }

  void note(const sctp::AssociationTable::Change& change) {
    using enum sctp::AssociationTable::Change::Kind;
    if (change.kind == path) return;
    const auto name = names.find(change.key.id);
    // Who it is, it has not said yet.
    if (change.kind == up && name == names.end()) return;
    if (name == names.end()) return void(++problems["told of nobody: " + to_string(change.kind)]);
    std::string text = to_string(change.kind);
    if (change.kind == closed) text += ": " + describe_end(change.association);
    if (change.overdue) text += "; its time was over";
    told.at(name->second).push_back(text);
    if (change.kind == closed) names.erase(name);
    if (change.kind != restarted) return;
    const bool is_another_life = change.ended.key != change.key && change.ended.key == key_of(name->second) &&
                                 table.find(change.ended.key) == nullptr && table.find(change.key) != nullptr;
    if (!is_another_life) ++problems["the same life after a restart"];
  }
};

}  // namespace test::many

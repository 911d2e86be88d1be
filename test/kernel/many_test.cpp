// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <malloc.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "by_hand.hpp"
#include "many_server.hpp"

using namespace test::many;
using namespace std::chrono_literals;

namespace {

/// What the server's table has to tell of a client, beside its paths.
Told expected(Fate fate) {
  const std::string shut_down_by_peer = "closed: shut down, by the peer";
  const std::string shut_down_by_us = "closed: shut down, by us";
  const std::string aborted_by_peer = "closed: lost, aborted by the peer: user initiated abort";
  const std::string aborted_by_us = "closed: lost, aborted by us: user initiated abort";
  switch (fate) {
    case Fate::killed:
    case Fate::client_shuts_down: return {"up", "shutting down", shut_down_by_peer};
    case Fate::killed_unread:
    case Fate::client_aborts:
    case Fate::client_midway: return {"up", aborted_by_peer};
    case Fate::server_aborts:
    case Fate::server_midway: return {"up", aborted_by_us};
    case Fate::restarts: return {"up", "restarted", "shutting down", shut_down_by_peer};
    case Fate::server_shuts_down:
    case Fate::both_shut_down:
    case Fate::autoclosed: return {"up", shut_down_by_us};
    case Fate::overdue: return {"up", aborted_by_us + "; its time was over"};
    case Fate::peeled_off: return {"up"};
  }
  return {};
}

/// A thousand clients come, talk, and end.
class Round {
 public:
  explicit Round(Server& server) : server_{server}, clients_{server.socket.local_address()} {
    server_.told = std::vector<Told>(clients);
    server_.cut_off = 0;
  }

  void run() {
    connect_and_talk();
    end_midway();
    end_in_order_and_not();
    restart();
    let_time_pass();
    peel_off();
    autoclose();
  }

 private:
  bool has_answers() { return clients_.have_answered(server_.problems); }
  void run_until_answered() {
    server_.run(clients_, [&] { return has_answers(); });
  }
  void run_until_closed(std::initializer_list<Fate> fates) {
    for (const Fate fate : fates) closed_ += clients_with(fate).size();
    server_.run(clients_, [&] { return has_answers() && server_.closed() >= closed_; });
    CHECK(server_.closed() == closed_);
  }
  /// Without the server reading anything.
  void wait_for_answers() {
    while (!has_answers()) clients_.wait();
  }

  void connect_and_talk() {
    clients_.tell(Step::connect);
    const std::size_t all = clients - clients_with(Fate::autoclosed).size();
    server_.run(clients_, [&] { return has_answers() && server_.names.size() == all; });
    CHECK(server_.table.size() == all);
    CHECK(server_.socket.associations().size() == all);
    for (const auto& [client, key] : server_.keys) {
      if (fate_of(client) != Fate::autoclosed) server_.send_plan(client, 0);
    }
    clients_.tell(Step::talk);
    const auto is_complete = [](const auto& one) { return one.second.is_complete(); };
    server_.run(clients_,
                [&] { return has_answers() && std::ranges::all_of(server_.readings, is_complete); });
    CHECK(server_.queue.waiting() == 0);
  }

  /// Some have a message under way, of which the server has read the beginning, and that is all they get.
  void end_midway() {
    const auto by_server = clients_with(Fate::server_midway);
    const std::size_t all = by_server.size() + clients_with(Fate::client_midway).size();
    clients_.tell(Step::begin_huge);
    wait_for_answers();
    do {
      test::set_loopback_up(false);
      server_.take_all();  // and nothing can follow
      test::set_loopback_up(true);
    } while (server_.buffer.unfinished() != all);
    for (const unsigned client : by_server) server_.association(client).abort(reason_for(client));
    clients_.tell(Step::end_huge);
    wait_for_answers();
    run_until_closed({Fate::client_midway, Fate::server_midway});
    CHECK(server_.cut_off == all);
    CHECK(server_.buffer.unfinished() == 0);
  }

  /// The quick ends, all at once.
  void end_in_order_and_not() {
    for (const unsigned client : clients_with(Fate::killed_unread)) {
      server_.send(client, sctp::as_bytes("unread"), {}, extra);
    }
    clients_.tell(1, Step::await_unread);
    run_until_answered();
    for (unsigned process = 2; process != processes; ++process) clients_.tell(process, Step::end);
    for (const unsigned client : clients_with(Fate::server_shuts_down)) {
      server_.table.shutdown(server_.key_of(client), 1h);
    }
    clients_.kill(0);
    clients_.kill(1);
    for (const unsigned client : clients_with(Fate::server_aborts)) {
      server_.association(client).abort(reason_for(client));
    }
    run_until_closed({Fate::killed, Fate::killed_unread, Fate::client_aborts, Fate::server_aborts,
                      Fate::client_shuts_down, Fate::server_shuts_down});
  }

  /// While nobody hears anything some die, and for others both sides shut down.
  void restart() {
    // Some have one message with the kernel and one that waits: both are lost. (Of what is not acknowledged,
    // the send buffer holds no more.)
    auto losing = clients_with(Fate::restarts);
    losing.resize(5);
    for (const unsigned client : losing) {
      const sctp::Association association = server_.association(client);
      test::wait_until([&] { return association.status().unacknowledged_chunks == 0; });
    }
    auto silence = std::make_optional<test::Network>("netem loss 100%");
    const auto lost = test::pattern(20'000);
    for (const unsigned client : losing) {
      server_.send(client, lost, {}, extra);
      server_.send(client, lost, {}, extra);
    }
    server_.run(clients_, [&] { return server_.waiting_for(losing) == losing.size(); });
    for (const unsigned client : clients_with(Fate::both_shut_down)) {
      server_.table.shutdown(server_.key_of(client), 1h);
    }
    clients_.tell(Step::vanish);
    run_until_answered();
    silence.reset();
    clients_.tell(Step::come_back);
    run_until_closed({Fate::restarts, Fate::both_shut_down});
    std::size_t handed_back = 0;
    while (const auto unsent = server_.queue.next_unsent()) {
      handed_back += unsent->why == sctp::SendQueue::Result::broken && unsent->payload == lost;
    }
    CHECK(handed_back == losing.size());
  }

  void let_time_pass() {
    const auto more_than_window = test::pattern(16'000);
    const auto overdue = clients_with(Fate::overdue);
    for (const unsigned client : overdue) server_.send(client, more_than_window, {}, extra);
    server_.run(clients_, [&] { return server_.waiting_for(overdue) == 0; });
    for (const unsigned client : overdue) server_.table.shutdown(server_.key_of(client), 1h);
    CHECK(server_.table.abort_overdue() > 0s);
    run_until_answered();
    CHECK(server_.closed() == closed_);
    CHECK(server_.table.abort_overdue(std::chrono::steady_clock::now() + 2h) == std::nullopt);
    clients_.tell(Step::await_overdue);
    run_until_closed({Fate::overdue});
  }

  void peel_off() {
    clients_.tell(Step::say_more);
    wait_for_answers();
    std::map<unsigned, std::pair<sctp::OneToOneSocket, sctp::ReceiveBuffer>> peeled;
    for (const unsigned client : clients_with(Fate::peeled_off)) {
      auto& [socket, buffer] = peeled[client];
      buffer = sctp::ReceiveBuffer{4096};
      const sctp::AssociationId id = server_.key_of(client).id;
      socket = server_.socket.peel_off(id, server_.buffer, buffer);
      server_.table.forget(id);
      CHECK(server_.queue.remove(id).empty());
      server_.names.erase(id);
      const std::string said{test::text(test::next_message(socket, buffer).payload)};
      CHECK(said == std::to_string(client));
      socket.send(sctp::as_bytes("heard " + said));
    }
    clients_.tell(Step::end_peeled_off);
    for (auto& [client, peer] : peeled) {
      auto& [socket, buffer] = peer;
      CHECK(test::next(2, socket, buffer) == Told{"the peer shuts down", "shut down"});
      CHECK(test::next(socket, buffer) == "end of stream");
    }
    run_until_answered();
  }

  void autoclose() {
    CHECK(server_.table.empty());
    server_.socket.set(sctp::option::AutoClose{1s});
    clients_.tell(Step::autoclose);
    run_until_closed({Fate::autoclosed});
    server_.socket.set(sctp::option::AutoClose{});
  }

  Server& server_;
  Clients clients_;
  std::size_t closed_ = 0;
};

/// Associations that the kernel has in this network, on either side.
std::size_t kernel_associations() {
  std::ifstream file{"/proc/net/sctp/assocs"};
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  if (lines == 0) throw std::runtime_error{"no list of associations"};
  return lines - 1;
}

}  // namespace

TEST_CASE("Of a thousand associations, each ends once, as it should, and leaves nothing", "[many]") {
  INFO("SCTPXX_TEST_SEED=" << seed());
  const test::Permission own_windows{"rcvbuf_policy"};
  const std::size_t descriptors = test::open_descriptors();
  Server server;
  std::array<std::size_t, 2> held{};
  for (std::size_t round = 0; round != held.size(); ++round) {
    INFO("round " << round);
    Round{server}.run();
    for (const auto& [problem, times] : server.problems) FAIL_CHECK(times << " x " << problem);
    for (unsigned client = 0; client != clients; ++client) {
      INFO("client " << client);
      if (server.told[client] != expected(fate_of(client)))
        CHECK(server.told[client] == expected(fate_of(client)));
    }
    CHECK(server.table.empty());
    CHECK(server.names.empty());
    CHECK(server.socket.associations().empty());
    CHECK(server.buffer.unfinished() == 0);
    CHECK(server.queue.waiting() == 0);
    CHECK_FALSE(server.queue.next_unsent());
    CHECK(test::open_descriptors() == descriptors + 1);
    test::wait_until([] { return kernel_associations() == 0; });
    server.told = {};
    server.keys.clear();
    server.readings.clear();
    // The buffer keeps the room for as many unfinished messages as there were at a time, which differs.
    CHECK(server.buffer.footprint() < total_limit + limit);
    held.at(round) = ::mallinfo2().uordblks - server.buffer.footprint();
  }
  CHECK(held[1] < held[0] + std::size_t{32} * clients);  // nothing is left of a client
}

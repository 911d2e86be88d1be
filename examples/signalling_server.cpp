// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// A signalling server (as an AMF): thousands of peers on one socket; the busiest get a thread of their own.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <list>
#include <sctpxx/format.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "printable.hpp"
#include "signalling.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
using Change = sctp::AssociationTable::Change;
using Unsent = std::list<sctp::SendQueue::Unsent>;

constexpr std::size_t most_threads = 64;

/// What a peer is to us, whichever socket it is on.
class Peer {
 public:
  /// What to answer; nothing where the message is none of ours, which is told once for each peer.
  std::string answer(const sctp::Message& message) {
    const Signal signal = Signal::parse(message.payload);
    const bool is_request = signal.kind == "request";
    if (message.ppid != Signal::protocol || !(is_request || signal.kind == "setup")) {
      if (foreign_++ == 0) {
        fmt::print("association {} sends what is no request, payload protocol {}: {}\n", message.association,
                   message.ppid, printable(message.payload));
      }
      return {};
    }
    ++requests_;
    is_set_up_ = is_set_up_ || !is_request;
    return signal.answer(is_set_up_ ? "answer" : "refusal", message.payload).text();
  }

  [[nodiscard]] std::size_t requests() const { return requests_; }

 private:
  std::size_t requests_ = 0;
  std::size_t foreign_ = 0;
  bool is_set_up_ = false;  // as the peer's restart undoes
};

class Server {
 public:
  Server(const std::vector<sctp::Address>& own, std::size_t busy, std::chrono::seconds patience)
      : socket_{sctp::family_of(own)}, busy_{busy}, patience_{patience} {
    socket_.set(sctp::FailureDetection::signalling());
    socket_.set(
        sctp::option::InitMsg{.outgoing_streams = Signal::streams, .incoming_streams = Signal::streams});
    socket_.set(sctp::option::ReuseAddr{});  // associations of a server that was killed may still be ending
    socket_.bind(own);
    socket_.listen();
    fmt::print("listening on {}\n", fmt::join(socket_.local_addresses(), " "));
  }

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { until_ctrl_c().wake(); }  // for the threads, whatever it is that ends it

  void run() {
    while (!stop_.is_awake()) {
      std::error_code dropped;
      const auto patience = queue_.waiting() == 0 ? sctp::Patience{stop_} : sctp::Patience{1s, stop_};
      take(queue_.receive(buffer_, patience, dropped));
      const auto culprit = buffer_.dropped();
      if (dropped == sctp::Errc::message_exceeds_limit && culprit) {
        drop(culprit->association, "its messages are too large");
      } else if (dropped) {
        note(dropped);
      }
      if (queue_.waiting() != 0) drop_the_deaf();
    }
    queue_.flush();
    const auto aborted =
        socket_.shutdown_all(buffer_, 5s, [this](const sctp::Received& last) { take(last); });
    threads_.clear();  // waits for each: they saw that it is time to stop, too
    if (aborted != 0) fmt::print("{} associations did not let themselves be shut down\n", aborted);
    fmt::print(
        "{} associations, {} at a time, {} messages, {} peeled off; "
        "{} messages were no requests, {} peers did not read\n",
        came_, most_, messages_.load(), peeled_, foreign_.load(), deaf_.load());
  }

 private:
  void take(const sctp::Received& received) {
    if (queue_.take(received)) return;
    if (const auto change = table_.take(received)) take(*change);
    if (const auto* message = received.message()) take(*message);
  }

  void take(const Change& change) {
    std::string line = to_string(change);
    if (change.kind == Change::Kind::up || change.kind == Change::Kind::restarted) {
      peers_[change.key.id] = {};
      for (const auto& path : table_.find(change.key)->paths) line += ", " + to_string(path.address);
      std::error_code gone;  // a path that has not answered yet carries nothing
      socket_.association(change.key.id).request_heartbeats(gone);
    }
    fmt::print("{}\n", line);
    if (change.kind == Change::Kind::closed) peers_.erase(change.key.id);
    if (change.kind == Change::Kind::up) ++came_, most_ = std::max(most_, table_.size() + threads());
  }

  void take(const sctp::Message& message) {
    const sctp::AssociationId id = message.association;
    const std::string answer = answer_to(message, peers_[id]);
    if (answer.empty()) return;
    std::error_code error;
    const sctp::SendOptions options{.stream = message.stream, .ppid = message.ppid};
    const auto result = queue_.send(id, sctp::as_bytes(answer), options, error);
    using Result = sctp::SendQueue::Result;
    if (result == Result::full) return drop_deaf(id, "too many answers wait for it");
    if (result == Result::refused) return drop(id, error.message());
    if (result == Result::broken) return;  // it has gone; its end is told behind what it sent before
    if (busy_ != 0 && peers_[id].requests() >= busy_ && !stop_.is_awake()) peel_off(id);
  }

  std::string answer_to(const sctp::Message& message, Peer& peer) {
    ++messages_;
    std::string answer = peer.answer(message);
    if (answer.empty()) ++foreign_;
    return answer;
  }

  void note(const std::error_code& dropped) {
    if (dropped != sctp::Condition::message_dropped) throw std::system_error{dropped, "cannot receive"};
    fmt::print("({})\n", dropped.message());
  }

  void drop(sctp::AssociationId id, std::string_view reason) {
    fmt::print("association {}: {}\n", id, reason);
    std::error_code gone;
    queue_.remove(id);
    socket_.association(id).abort(reason, gone);
  }

  void drop_deaf(sctp::AssociationId id, std::string_view reason) {
    ++deaf_;
    drop(id, reason);
  }

  /// Those who read nothing occupy the send buffer of all, each its share.
  void drop_the_deaf() {
    const auto now = sctp::SendQueue::Clock::now();
    std::vector<sctp::AssociationId> deaf;
    for (const auto& [id, entry] : table_) {
      const auto since = queue_.backlog(id).since;
      if (!since || now - *since < patience_) continue;
      std::error_code gone;
      if (socket_.association(id).status(gone).unacknowledged_chunks != 0) deaf.push_back(id);
    }
    for (const auto id : deaf) drop_deaf(id, is_deaf_);
  }

  std::size_t threads() {
    std::erase_if(threads_, [](auto& one) { return one.wait_for(0s) == std::future_status::ready; });
    return threads_.size();
  }

  /// A busy peer goes on where it keeps nobody else waiting.
  void peel_off(sctp::AssociationId id) {
    if (threads() == most_threads) return;
    Unsent waiting = queue_.remove(id);
    sctp::ReceiveBuffer there{sctp::ReceiveBuffer::default_capacity, Signal::largest};
    std::error_code error;
    auto own = socket_.peel_off(id, buffer_, there, error);
    if (error) {
      fmt::print("association {} cannot be peeled off: {}\n", id, error.message());
      if (error != std::errc::invalid_argument) busy_ = 0;  // no more descriptors, and not that it has ended
      for (const auto& one : waiting) std::ignore = queue_.send(id, one.payload, one.options, error);
      return;
    }
    fmt::print("association {} is peeled off\n", id);
    ++peeled_;
    table_.forget(id);
    threads_.push_back(std::async(std::launch::async, &Server::serve, this, std::move(own), std::move(there),
                                  std::move(waiting), peers_.extract(id).mapped()));
  }

  void serve(sctp::OneToOneSocket socket, sctp::ReceiveBuffer buffer, const Unsent& waiting, Peer peer) try {
    const auto send = [&](sctp::Bytes answer, const sctp::SendOptions& options) {
      if (socket.send(answer, options, {patience_, stop_}) || stop_.is_awake()) return;
      ++deaf_;
      throw std::runtime_error{is_deaf_};
    };
    for (const auto& one : waiting) send(one.payload, one.options);
    while (!stop_.is_awake()) {
      std::error_code error;
      const auto received = socket.receive(buffer, stop_, error);
      if (error == sctp::Condition::association_ended) return;  // as its event has told
      if (error) note(error);
      if (!error && !received) break;
      if (const auto* message = received.message()) {
        const std::string answer = answer_to(*message, peer);
        if (!answer.empty()) send(sctp::as_bytes(answer), {.stream = message->stream, .ppid = message->ppid});
      } else if (const auto* event = received.notification()) {
        take(*event, peer);
      }
    }
    socket.shutdown(buffer, 5s, [&](const sctp::Received& last) {
      if (const auto* event = last.notification()) take(*event, peer);
      if (const auto* message = last.message()) answer_to(*message, peer);  // too late for an answer
    });
  } catch (const std::exception& lost) {
    fmt::print("association {}: {}\n", socket.association().id(), lost.what());
    socket.abort(lost.what());
  }

  static void take(const sctp::Notification& event, Peer& peer) {
    const auto* change = std::get_if<sctp::AssociationChange>(&event);
    if (change != nullptr && change->state == sctp::AssociationChange::State::restarted) peer = {};
    fmt::print("{}\n", event);
  }

  sctp::OneToManySocket socket_;
  sctp::AssociationTable table_{socket_};
  sctp::SendQueue queue_{socket_, {.waiting = 64 * 1024}};
  sctp::ReceiveBuffer buffer_{sctp::ReceiveBuffer::default_capacity, Signal::largest};
  std::unordered_map<sctp::AssociationId, Peer> peers_;
  std::size_t busy_;
  std::chrono::seconds patience_;
  const std::string is_deaf_ = fmt::format("has read nothing for {} s", patience_.count());
  const sctp::Waker& stop_ = until_ctrl_c();
  std::size_t came_ = 0;
  std::size_t most_ = 0;
  std::size_t peeled_ = 0;
  std::atomic<std::size_t> messages_ = 0;
  std::atomic<std::size_t> foreign_ = 0;
  std::atomic<std::size_t> deaf_ = 0;
  std::vector<std::future<void>> threads_;  // which use the others
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "A signalling server, as the AMF of a 5G network is one: it answers each request on the stream that "
      "it\n"
      "came on. All peers are on one socket, and one that does not read its answers holds up nobody. A peer\n"
      "begins with a setup; without one, as after a restart, it is refused. The messages are words in the\n"
      "place of NGAP's ASN.1, and its payload protocol identifier, 60, is borrowed: see gnb_client. Ctrl-C\n"
      "ends it in order, and says how much there was."};
  options.option_defaults()->always_capture_default();
  std::vector<std::string> addresses{"127.0.0.1"};
  std::uint16_t port = 0;
  std::size_t busy = 1000;
  std::size_t patience = 10;
  options.add_option("--address", addresses, "an own address; several times for several paths")
      ->allow_extra_args(false);
  options.add_option("--port", port, "port to listen on; 0 for any free one");
  options.add_option("--busy", busy, "after so many requests a peer gets a thread of its own; 0: never");
  options.add_option("--patience", patience, "seconds that answers may wait for a peer that reads nothing");
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  std::vector<sctp::Address> own;
  for (const std::string& address : addresses) own.emplace_back(address, port);
  Server{own, busy, std::chrono::seconds{patience}}.run();
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

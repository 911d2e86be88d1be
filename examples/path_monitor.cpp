// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Shows the paths of an association, live, while they fail and return and messages go on.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <sctpxx/format.hpp>
#include <string>
#include <vector>

#include "numbers.hpp"
#include "path_table.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
using Addresses = std::vector<sctp::Address>;

/// Sends every message back, for one client after the other.
void serve(const Addresses& own) {
  const sctp::Waker& stop = until_ctrl_c();
  sctp::Listener listener{own.front().family()};
  listener.set(sctp::FailureDetection::signalling());
  listener.bind(own);
  listener.listen();
  fmt::print("listening on {}\n", fmt::join(listener.local_addresses(), " "));

  while (auto peer = listener.accept(stop)) {
    Numbers numbers;
    sctp::ReceiveBuffer buffer;
    std::error_code lost;
    while (auto received = peer->receive(buffer, stop, lost)) {
      const auto* message = received.message();
      if (message == nullptr) continue;
      numbers.take(*message);
      if (!peer->send(message->payload, {.stream = message->stream}, stop, lost)) break;
    }
    fmt::print("{} messages came, {}{}\n", numbers.count(),
               numbers.in_order() ? "each once and in order" : "NOT EACH ONCE AND IN ORDER",
               lost ? "; then: " + lost.message() : "");
  }
}

/// Sends messages to a server, and shows the paths to it.
class Watcher {
 public:
  Watcher(const Addresses& own, const Addresses& server)
      : peer_{connect(own, server)}, monitor_{peer_.association(), server.front()} {}

  [[nodiscard]] double time() const { return table_.time(); }
  [[nodiscard]] bool is_done() const { return has_ended_ || answers_.count() == sent_; }
  [[nodiscard]] bool has_ended() const { return has_ended_; }

  void send_up_to(double number) {
    std::error_code lost;  // the next to be received tells
    while (static_cast<double>(sent_) < number &&
           peer_.try_send(sctp::as_bytes(Numbers::text(sent_)), {.stream = Numbers::stream(sent_)}, lost)) {
      ++sent_;
    }
  }

  /// Takes what comes next, if it comes soon.
  void receive() {
    std::error_code failure;
    const auto received = peer_.receive(buffer_, 10ms, failure);
    if (const auto* message = received.message()) {
      answers_.take(*message);
      ++came_[message->source];
      longest_wait_ = std::max(longest_wait_, time() - std::exchange(last_answer_, time()));
    } else if (const auto change = monitor_.take(received)) {
      table_.tell(to_string(*change));
    } else if (const auto* event = received.notification()) {
      table_.tell(to_string(*event));
    }
    has_ended_ = failure || received.status() == sctp::ReceiveStatus::end_of_stream;
    if (!table_.is_due()) return;
    std::error_code gone;
    table_.draw(monitor_.association().paths(gone), std::exchange(came_, {}));
  }

  /// Ends the association; true if each message came back once and in order.
  bool finish() {
    if (!has_ended_) peer_.shutdown(buffer_, 5s, [](const auto&) {});
    const bool is_well = answers_.count() == sent_ && answers_.in_order();
    table_.end(fmt::format("{} messages sent, {} came back, {}; the longest silence was {:.2f} s", sent_,
                           answers_.count(),
                           is_well ? "each once and in order" : "NOT EACH ONCE AND IN ORDER", longest_wait_));
    return is_well;
  }

 private:
  static sctp::OneToOneSocket connect(const Addresses& own, const Addresses& server) {
    sctp::OneToOneSocket peer{server.front().family()};
    // The server has the same: how soon we notice depends on how soon it acknowledges.
    auto detection = sctp::FailureDetection::signalling();
    // At the third timeout another path becomes the primary, which it would stay without a PathMonitor.
    detection.thresholds.switch_primary = 2;
    peer.set(detection);
    if (!own.empty()) peer.bind(own);
    peer.connect(server, {10s, until_ctrl_c()});
    return peer;
  }

  sctp::OneToOneSocket peer_;
  sctp::PathMonitor monitor_;  // and leads messages back to the server's first address
  sctp::ReceiveBuffer buffer_;
  PathTable table_;
  Numbers answers_;
  std::map<sctp::Address, std::size_t> came_;  // from there, since the last table
  std::size_t sent_ = 0;
  double last_answer_ = 0;
  double longest_wait_ = 0;
  bool has_ended_ = false;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Shows the paths to a server while messages go there and come back, and what becomes of both when a\n"
      "path fails and returns. The server's first address is the primary path. RTT and RTO are "
      "milliseconds,\n"
      "cwnd (the window) and MTU bytes, msg/s what came back on that path. Without a server it is the "
      "server.\n"
      "Ctrl-C ends it in order. Exit status 1: a message did not come back, or not as it was sent."};
  std::vector<std::string> own_texts;
  std::vector<std::string> server_texts;
  std::uint16_t port = 0;
  double rate = 100;
  options.add_option("server", server_texts, "the server's addresses and ports, as it prints them");
  options.add_option("--address", own_texts, "an own address; several times for several paths")
      ->allow_extra_args(false);
  options.add_option("--port", port, "the own port; 0 for any free one")->capture_default_str();
  options.add_option("--rate", rate, "messages a second")->capture_default_str();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  Addresses own;
  Addresses server;
  for (const std::string& text : own_texts) own.emplace_back(text, port);
  for (const std::string& text : server_texts) server.push_back(sctp::Address::parse(text));
  if (server.empty()) {
    if (own.empty()) own.push_back(sctp::Address::loopback(sctp::Address::Family::v4, port));
    return serve(own), 0;
  }

  const sctp::Waker& stop = until_ctrl_c();
  Watcher watcher{own, server};
  while (!stop.is_awake() && !watcher.has_ended()) {
    watcher.send_up_to(watcher.time() * rate);
    watcher.receive();
  }
  for (const sctp::Patience rest{10s}; !watcher.is_done() && !rest.is_over();) watcher.receive();
  return watcher.finish() ? 0 : 1;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// A client that is to be connected always (as a gNB): asks for many users, and comes back after any loss.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <sctpxx/format.hpp>
#include <string>
#include <vector>

#include "printable.hpp"
#include "requests.hpp"
#include "signalling.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;

/// One association, from its setup to its end.
class Talk {
 public:
  enum class End { all_answered, lost, silent, shut_down };

  Talk(sctp::OneToOneSocket server, Requests& requests, const Plan& plan)
      : server_{std::move(server)}, requests_{requests}, patience_{plan.patience} {
    begin();
  }

  End run(const sctp::Waker& stop) {
    for (;;) {
      const bool is_late = silent_.is_over();  // before what came meanwhile is read
      std::error_code failure;
      const auto received = server_.try_receive(buffer_, failure);
      if (received) take(received);
      if (received && !stop.is_awake()) continue;
      if (failure && failure != sctp::Condition::message_dropped) return End::lost;
      if (failure) requests_.take_strange(failure.message());
      if (received.status() == sctp::ReceiveStatus::end_of_stream) return End::shut_down;
      if (stop.is_awake()) requests_.begin_no_more();
      if (requests_.is_done()) break;
      const bool is_idle = is_set_up_ && !requests_.is_waiting();
      if (is_late && !is_idle && !received) return server_.abort(), End::silent;
      if (is_idle) silent_ = {patience_};
      const sctp::Readiness wanted{.receive = true, .send = !send()};
      const sctp::Patience soon{10ms};  // a request is due, or Ctrl-C was noticed
      std::ignore = server_.wait(wanted, soon, failure);
    }
    server_.shutdown(buffer_, 5s, [this](const sctp::Received& last) { take(last); });
    return End::all_answered;
  }

 private:
  /// The server knows nothing of us yet, or no more.
  void begin() {
    std::error_code gone;                            // as is received next
    server_.association().request_heartbeats(gone);  // a path that has not answered yet carries nothing
    streams_ = server_.association().status(gone).outgoing_streams;
    has_sent_setup_ = is_set_up_ = false;
    requests_.send_again();
    silent_ = {patience_};
  }

  /// Sends all that may be sent now. False when the send buffer is full.
  bool send() {
    if (!has_sent_setup_) has_sent_setup_ = try_send(setup_.text(), Signal::common);
    if (!is_set_up_) return has_sent_setup_ || is_ending_;
    while (const auto request = requests_.next()) {
      if (!try_send(requests_.text(*request), stream_of(request->user))) return is_ending_;
      requests_.note_sent();
    }
    return true;
  }

  bool try_send(const std::string& text, sctp::StreamId stream) {
    std::error_code error;
    const sctp::SendOptions options{.stream = stream, .ppid = Signal::protocol};
    const bool is_sent = server_.try_send(sctp::as_bytes(text), options, error);
    is_ending_ = error == sctp::Condition::association_ended;  // as is received next
    if (error && !is_ending_) throw std::system_error{error, "cannot send " + text.substr(0, 20) + "..."};
    return is_sent;
  }

  /// Those beside the common one, in turn.
  [[nodiscard]] sctp::StreamId stream_of(std::size_t user) const {
    return streams_ < 2 ? Signal::common : sctp::StreamId(1 + user % (streams_ - 1));
  }

  void take(const sctp::Received& received) {
    if (const auto* event = received.notification()) {
      fmt::print("{}\n", *event);
      const auto* change = std::get_if<sctp::AssociationChange>(event);
      if (change != nullptr && change->state == sctp::AssociationChange::State::restarted) begin();
    } else if (const auto* message = received.message()) {
      take(*message);
    }
  }

  void take(const sctp::Message& message) {
    const Signal signal = Signal::parse(message.payload);
    const bool is_ours = message.ppid == Signal::protocol;
    if (is_ours && !is_set_up_ && signal.is_to(setup_, setup_.text())) {
      is_set_up_ = true;
      silent_ = {patience_};
      fmt::print("set up; users on {} streams\n", std::max<std::size_t>(streams_, 2) - 1);
    } else if (is_ours && message.stream == stream_of(signal.user) && requests_.take_answer(signal)) {
      silent_ = {patience_};
    } else {
      requests_.take_strange(printable(message.payload));
    }
  }

  sctp::OneToOneSocket server_;
  Requests& requests_;
  std::chrono::seconds patience_;
  sctp::Patience silent_;
  sctp::ReceiveBuffer buffer_{sctp::ReceiveBuffer::default_capacity, Signal::largest};
  const Signal setup_{"setup"};
  std::size_t streams_ = 0;
  bool has_sent_setup_ = false;
  bool is_set_up_ = false;
  bool is_ending_ = false;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "A client that is to be connected always, as a gNB is to its AMF: signalling_server. It asks for many\n"
      "users, each on a stream of its own choice, after a setup on stream 0. When the server is lost, or\n"
      "begins anew, it comes back, sets up, and sends once more what has no answer: the server may see a\n"
      "request twice, but each is answered once, and those of a user in order. The messages are words in\n"
      "the place of NGAP's ASN.1, so it talks to no real AMF. Ctrl-C waits for the answers that are due and\n"
      "ends it in order. Exit status 1: some are missing."};
  std::vector<std::string> server_texts;
  std::vector<std::string> own_texts;
  std::uint16_t port = 0;
  Plan plan;
  options.add_option("server", server_texts, "the server's addresses and ports, as it prints them")
      ->required();
  options.add_option("--address", own_texts, "an own address; several times for several paths")
      ->allow_extra_args(false);
  options.option_defaults()->always_capture_default();
  options.add_option("--port", port, "the own port, beside --address; 0 for any free one");
  options.add_option("--users", plan.users, "how many users ask");
  options.add_option("--requests", plan.requests, "of each user; 0: until Ctrl-C");
  options.add_option("--ahead", plan.ahead, "requests that a user sends before the first is answered")
      ->check(CLI::PositiveNumber);
  options.add_option("--rate", plan.rate, "new requests a second, of all; 0: as many as can be");
  options.add_option("--large", plan.large, "bytes of one request in twenty; 0: none is large")
      ->check(CLI::Range(Signal::largest));
  options.add_option("--patience", plan.patience, "seconds without an answer that end an association");
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  std::vector<sctp::Address> server;
  std::vector<sctp::Address> own;
  for (const std::string& text : server_texts) server.push_back(sctp::Address::parse(text));
  for (const std::string& text : own_texts) own.emplace_back(text, port);
  const auto streams = static_cast<std::uint16_t>(std::min<std::size_t>(plan.users + 1, Signal::streams));

  sctp::Reconnector::Settings settings;
  settings.prepare = [&](sctp::OneToOneSocket& socket) {
    socket.set(sctp::FailureDetection::signalling());
    socket.set(sctp::option::InitMsg{.outgoing_streams = streams, .incoming_streams = streams});
    socket.set(sctp::option::ReuseAddr{});  // the association before may still be ending
    socket.subscribe<sctp::PeerAddressChange>();
    if (!own.empty()) socket.bind(own);
  };
  settings.failed = [](std::error_code error, std::chrono::milliseconds pause) {
    fmt::print("cannot connect: {}; again in {} ms\n", error.message(), pause.count());
  };
  Requests requests{plan};
  sctp::Reconnector reconnector{server, settings};
  const sctp::Waker& stop = until_ctrl_c();
  while (auto association = reconnector.connect(stop)) {
    const auto end = Talk{std::move(*association), requests, plan}.run(stop);
    if (end == Talk::End::all_answered) break;
    if (end == Talk::End::silent) {
      fmt::print("no answer for {} s: the association is given up\n", plan.patience);
    }
    if (end != Talk::End::shut_down) continue;
    fmt::print("the server has ended; to give it time, we come back in a second\n");
    sctp::Patience{1s, stop}.exhaust();
  }
  if (stop.is_awake()) requests.begin_no_more();
  fmt::print("{}\n", requests.summary());
  return requests.is_well() ? 0 : 1;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

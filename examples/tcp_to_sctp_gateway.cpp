// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Lets TCP programs talk across an SCTP association: one gateway where they enter it, one where they leave
// it.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tcp_socket.hpp"
#include "until_ctrl_c.hpp"

namespace {

// SCTP has no half-close: that one side of the TCP connection sends no more is a message, of this protocol.
constexpr sctp::Ppid bytes{0};
constexpr sctp::Ppid no_more_bytes{1};

/// One TCP connection and its association. Each direction reads no faster than the other end takes.
class Relay {
 public:
  explicit Relay(std::function<void(Relay&)> connect)
      : thread_{[this, connect = std::move(connect)] { run(connect); }} {}

  TcpSocket tcp;
  sctp::OneToOneSocket association;

  void stop() noexcept { over_.wake(); }
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

 private:
  void run(const std::function<void(Relay&)>& connect) {
    bool is_whole = attempt([&] { return connect(*this), true; });
    if (is_whole) {
      bool has_come = false;
      {
        const std::jthread back{[&] { has_come = attempt([&] { return to_tcp(); }); }};
        is_whole = attempt([&] { return to_sctp(); });
      }
      is_whole = is_whole && has_come;
    }
    if (!is_whole) {  // then neither end shall believe that it has all
      association.abort();
      tcp.abort();
    }
    association.close();
    tcp.close();
    has_ended_ = true;
  }

  /// Whether all went through; if not, the other direction ends, too.
  template <class Call>
  bool attempt(Call call) try {
    if (call()) return true;
    over_.wake();
    return false;
  } catch (const std::exception& failure) {
    over_.wake();
    fmt::print(stderr, "{}\n", failure.what());
    return false;
  }

  bool to_sctp() {
    std::array<std::byte, 16384> room;
    for (;;) {
      const auto size = tcp.read_some(room, over_);
      if (!size) return false;
      if (*size == 0) return association.send(sctp::as_bytes("."), {.ppid = no_more_bytes}, over_);
      if (!association.send(sctp::Bytes{room}.first(*size), {.ppid = bytes}, over_)) return false;
    }
  }

  bool to_tcp() {
    sctp::ReceiveBuffer buffer;
    while (const auto received = association.receive(buffer, over_)) {
      const auto* message = received.message();
      if (message == nullptr) continue;
      if (message->ppid == no_more_bytes) return tcp.shutdown(), true;
      if (sctp::write_all(tcp, message->payload, over_) != message->payload.size()) return false;
    }
    if (over_.is_awake()) return false;
    throw std::runtime_error{"the other gateway ended the association before its TCP program had ended"};
  }

  sctp::Waker over_;
  std::atomic<bool> has_ended_{false};
  std::jthread thread_;  // the last, since it uses the others
};

/// A relay for each who comes, until Ctrl-C. `fill` gives it who has come, and connects it onward.
template <class Listener, class Fill>
int relay_all(const sctp::Address& address, Fill fill) {
  const sctp::Waker& stop = until_ctrl_c();
  Listener listener{address};
  fmt::print("listening on {}\n", to_string(listener.local_address()));
  std::list<Relay> relays;
  while (auto peer = listener.accept(stop)) {
    relays.remove_if([](const Relay& relay) { return relay.has_ended(); });
    auto come = std::make_shared<decltype(peer)>(std::move(peer));
    relays.emplace_back([come, fill](Relay& relay) { fill(relay, std::move(**come)); });
  }
  for (Relay& relay : relays) relay.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Lets TCP programs talk across an SCTP association. `enter` takes TCP connections and gives each an "
      "association\n"
      "with the other gateway, `leave`, which connects it to the TCP server. Ctrl-C ends it."};
  std::string local = "127.0.0.1";
  std::uint16_t local_port = 0;
  std::string host;
  std::uint16_t port = 0;
  options.require_subcommand(1);
  CLI::App* const enter = options.add_subcommand("enter", "from TCP to SCTP");
  CLI::App* const leave = options.add_subcommand("leave", "from SCTP to TCP");
  for (CLI::App* const command : {enter, leave}) {
    command->add_option("--address", local, "address to listen on")->capture_default_str();
    command->add_option("--port", local_port, "port to listen on; 0 for any free one")->capture_default_str();
    command->add_option("host", host, "whom to connect to, by name or address")->required();
    command->add_option("to_port", port, "the port there")->required();
  }
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Address address{local, local_port};
  const sctp::Address onward = sctp::resolve(host, port).front();
  if (enter->parsed()) {
    return relay_all<TcpListener>(address, [onward](Relay& relay, TcpSocket come) {
      relay.tcp = std::move(come);
      relay.association = sctp::OneToOneSocket{onward};
    });
  }
  return relay_all<sctp::Listener>(address, [onward](Relay& relay, sctp::OneToOneSocket come) {
    relay.association = std::move(come);
    relay.tcp = TcpSocket{onward};
  });
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

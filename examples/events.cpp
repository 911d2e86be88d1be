// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Prints every event that there is: of whoever comes, or of two sockets that it lets provoke all of them.

#include <fmt/core.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <sctpxx/format.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "own_network.hpp"
#include "printable.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
namespace option = sctp::option;

/// One socket for any number of associations: on others some events cannot come.
struct Side {
  std::string name{};
  sctp::OneToManySocket socket{sctp::Address::Family::v4};
  sctp::ReceiveBuffer buffer{};

  void subscribe() const {
    socket.subscribe<sctp::PeerAddressChange, sctp::RemoteError, sctp::SendFailed, sctp::AdaptationIndication,
                     sctp::AuthenticationEvent, sctp::SenderDry, sctp::StreamReset, sctp::AssociationReset,
                     sctp::StreamChange>();
  }
};

template <class Event>
std::string kind(const Event&) {
  if constexpr (sctp::Subscribable<Event>) return to_string(Event::type);
  return "unknown";
}

std::string print(const Side& side, const sctp::Received& received) {
  if (const auto* message = received.message()) {
    fmt::print("{:>7} {:25} {}\n", side.name, "message", printable(message->payload));
    return "message";
  }
  const auto& event = *received.notification();
  const auto name = std::visit([](const auto& e) { return kind(e); }, event);
  fmt::print("{:>7} {:25} {}\n", side.name, name, event);
  return name;
}

class Provocation {
 public:
  explicit Provocation(const sctp::Waker& stop) : stop_{stop} {
    server_ = open("server", {"127.0.0.1", 0});
    server_.socket.listen();
    client_ = open("client", {"127.0.0.1", 0});
  }

  void run() {
    step("an association is set up", [&] { connect(); });
    step("a message arrives", [&] {
      ours().send(sctp::as_bytes("hello"));
      await(client_, "acknowledged");
    });
    step("streams 1 and 2 begin anew", [&] {
      ours().reset_streams(sctp::Association::Direction::both,
                           std::array{sctp::StreamId{1}, sctp::StreamId{2}});
      await(client_, "reset of incoming");
    });
    step("streams are added", [&] {
      ours().add_streams(2, 2);
      await(client_, "2 more in");
    });
    step("the association is counted anew", [&] {
      ours().reset();
      await(client_, "reset of all");
    });
    const sctp::Address second{"127.0.0.2", client_.socket.local_address().port()};
    step("the client has another key, and another address", [&] {
      for (const auto& end : {ours(), theirs()}) end.set(option::AuthKey{7, sctp::as_bytes("secret")});
      ours().set(option::AuthActiveKey{7});
      client_.socket.add_address(second);
      await(server_, "is added");
      theirs().request_heartbeat(second);
      await(server_, "is confirmed");
      await(client_, "with another key");
    });
    step("the client asks to be sent to its new address", [&] {
      ours().set(option::SetPeerPrimaryAddr{second});
      await(server_, "is the primary");
      await(client_, "with another key");
    });
    step("the client gives up that address, and its first key", [&] {
      client_.socket.remove_address(second);
      await(server_, "is removed");
      await(client_, "with another key");
      ours().set(option::AuthDeactivateKey{0});
      await(client_, "out of use");
    });
    step("the network is away for a while", [&] {
      network_.turn(false);
      ours().send(sctp::as_bytes("late"));
      await(client_, "is unreachable");
      network_.turn(true);
      await(client_, "is available");
      await(client_, "acknowledged");
    });
    step("a message's time is over before it is sent", [&] {
      ours().send(sctp::as_bytes("too late"),
                  {.reliability = sctp::Reliability::lifetime(0ms), .context = 5});
      await(client_, "was given up");
    });
    step("a message's time is over while the server does not read", [&] {
      const std::vector<std::byte> large(100'000);
      ours().send(large, {.stream = sctp::StreamId{3}, .reliability = sctp::Reliability::lifetime(200ms)});
      await(client_, "acknowledged", {&client_});
      await(server_, "was aborted");
    });
    step("the client shuts the association down", [&] {
      ours().shutdown();
      await(server_, "is shut down");
      await(client_, "is shut down");
    });
    step("nobody listens where the client connects to", [&] {
      client_.socket.connect({"127.0.0.1", 1});
      await(client_, "unable to start");
    });
    step("the client aborts an association", [&] {
      connect();
      ours().abort("it was only a try");
      await(server_, "is lost");
      await(client_, "is lost");
    });
    step("a peer without SCTP-AUTH comes and goes", [&] {
      const sctp::OneToOneSocket plain{server_.socket.local_address()};
      await(server_, "not supported");
      plain.shutdown();
      await(server_, "is shut down");
    });
    step("the client begins anew, with fewer streams, and the server uses one that is no more", [&] {
      connect();
      const auto address = client_.socket.local_address();
      network_.turn(false);
      ours().abort();  // which nobody hears
      client_.socket.close();
      network_.turn(true);
      client_ = open("client", address, {.incoming_streams = 2});
      connect("is restarted");
      theirs().send(sctp::as_bytes("for nobody"), {.stream = sctp::StreamId{9}});
      await(server_, "reports");
    });
    step("the network is gone", [&] {
      network_.turn(false);
      theirs().send(sctp::as_bytes("for nobody"));
      await(server_, "was given up");
    });
    tell_what_is_missing();
  }

 private:
  /// With all that may be negotiated, and little patience.
  static Side open(const std::string& name, const sctp::Address& address, const option::InitMsg& init = {}) {
    Side side{name};
    side.socket.set(init);
    side.socket.set(option::AuthSupported{});
    side.socket.set(option::AsconfSupported{});
    side.socket.set(option::ReconfigSupported{});
    side.socket.set(option::EnableStreamReset{true, true, true});
    side.socket.set(option::AdaptationLayer{7});
    side.socket.set(option::RcvBuf{20'000});
    side.socket.set(option::RtoInfo{.initial = 100ms, .max = 100ms, .min = 100ms});
    side.socket.set(option::DelayedSack{.packets = 1});
    side.socket.set(option::ExposePotentiallyFailedState{});
    side.socket.set(
        option::PeerAddrParams{.heartbeat = option::Heartbeat::every(200ms), .max_retransmissions = 2});
    side.socket.set(option::AssocInfo{.max_retransmissions = 10});
    side.subscribe();
    side.socket.bind(address);
    return side;
  }

  void step(const std::string& what, const std::function<void()>& provoke) try {
    if (stop_.is_awake()) return;
    came_.clear();
    fmt::print("\n{}:\n", what);
    provoke();
  } catch (const std::exception& failure) {
    fmt::print("not here: {}\n", failure.what());
  }

  void connect(std::string_view how = "is up") {
    ours_ = client_.socket.connect(server_.socket.local_address());
    await(server_, how);
    await(client_, "adaptation");
  }

  [[nodiscard]] sctp::Association ours() const { return client_.socket.association(ours_); }
  [[nodiscard]] sctp::Association theirs() const { return server_.socket.association(theirs_); }

  /// Prints what comes to `sides` until, in this step, `side` was told so.
  void await(const Side& side, std::string_view words, std::vector<Side*> sides = {}) {
    if (sides.empty()) sides = {&server_, &client_};
    const sctp::Patience patience{5s, stop_};
    const auto is_it = [&](const auto& one) {
      return one.first == &side && one.second.find(words) != one.second.npos;
    };
    while (std::ranges::none_of(came_, is_it)) {
      if (patience.is_over()) throw std::runtime_error{fmt::format("nothing came that {}", words)};
      std::vector<pollfd> waits;
      for (Side* one : sides) {
        waits.push_back({one->socket.fd(), POLLIN, 0});
        while (auto received = one->socket.try_receive(one->buffer)) take(*one, received);
      }
      if (std::ranges::none_of(came_, is_it)) ::poll(waits.data(), waits.size(), 100);
    }
  }

  void take(const Side& side, const sctp::Received& received) {
    seen_.insert(print(side, received));
    const auto* event = received.notification();
    if (event == nullptr) return;
    came_.emplace_back(&side, to_string(*event));
    const auto* change = std::get_if<sctp::AssociationChange>(event);
    if (&side == &server_ && change != nullptr && change->outgoing_streams != 0)
      theirs_ = change->association;
  }

  void tell_what_is_missing() const {
    fmt::print("\nnot seen:");
    for (int type = 0x8001; type <= 0x800d; ++type) {
      const auto name = to_string(sctp::EventType(type));
      if (!seen_.contains(name)) fmt::print(" {},", name);
    }
    fmt::print(" unknown (for what only a newer kernel tells)\n");
  }

  const sctp::Waker& stop_;
  OwnNetwork network_;  // before the sockets, which are to be in it
  Side server_, client_;
  sctp::AssociationId ours_{}, theirs_{};
  std::vector<std::pair<const Side*, std::string>> came_;  // in this step
  std::set<std::string> seen_;                             // which kinds of events, in all
};

void watch(const sctp::Address& local, const std::string& host, std::uint16_t port, const sctp::Waker& stop) {
  Side side{.socket = sctp::OneToManySocket{local.family()}};
  side.subscribe();
  side.socket.bind(local);
  side.socket.listen();
  fmt::print("listening on {}\n", side.socket.local_address());
  if (!host.empty()) side.socket.connect(sctp::resolve(host, port, local.family()).front());
  const auto tell = [&side](const sctp::Received& received) { print(side, received); };
  for (std::error_code dropped;;) {
    const auto received = side.socket.receive(side.buffer, stop, dropped);
    if (received) tell(received);
    if (dropped) fmt::print("{}\n", dropped.message());
    if (!received && dropped != sctp::Condition::message_dropped) break;
  }
  side.socket.shutdown_all(side.buffer, 5s, tell);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Prints every event of its associations: whoever comes, and HOST PORT, which it connects to.\n"
      "With --provoke it lets two sockets provoke all of them, in a network of their own, and tells how."};
  std::string address = "127.0.0.1", host;
  std::uint16_t port = 0, peer_port = 0;
  bool provokes = false;
  options.add_flag("--provoke", provokes, "show every event there is; takes about three seconds");
  options.add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  options.add_option("host", host, "whom to connect to, too, by name or address");
  options.add_option("to_port", peer_port, "the port there");
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  if (!provokes) return watch({address, port}, host, peer_port, stop), 0;
  Provocation{stop}.run();
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

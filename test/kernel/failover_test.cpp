// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "transfer.hpp"
#include "two_hosts.hpp"

using sctp::Address;
using sctp::FailureDetection;
using sctp::PathMonitor;
using test::Host;
using test::Transfer;
using test::TwoPaths;
using Change = sctp::PeerAddressChange;
using namespace sctp::option;
using namespace std::chrono_literals;

// A path fails while messages are on their way, and they arrive all the same.

namespace {

using Told = Change::State;

test::Tune with(const FailureDetection& values) {
  return [values](const sctp::SocketRef& socket) {
    socket.set(values);
    socket.subscribe<Change>();
  };
}

/// A path is suspected after a tenth of a second, given up after half of one, and asked again and again. The
/// association outlives everything.
FailureDetection quick() {
  FailureDetection values = FailureDetection::radio_access();
  values.rto.max = 200ms;
  values.path.heartbeat = Heartbeat::every(0ms);
  values.path.max_retransmissions = 2;
  values.association.max_retransmissions = 60'000;
  return values;
}

/// What a monitor says of the next such event.
PathMonitor::Change await(PathMonitor& monitor, sctp::ReceiveBuffer& buffer, const Address& path,
                          Told state) {
  for (;;) {
    const auto received = monitor.association().socket().receive(buffer);
    if (!received) throw std::runtime_error{"the stream has ended before the event"};
    const auto change = monitor.take(received);
    if (change && change->event.address == path && change->event.state == state) return *change;
  }
}

/// Before that a receiver acknowledges on the primary path what came on another, even if that path is dead.
void confirm_all(const sctp::Association& association) {
  association.request_heartbeats();
  test::wait_until_confirmed(association);
}

using Action = std::function<void()>;
constexpr std::uint32_t count = 10'000;

/// The primary path fails and comes back while messages go to the server. `moves`: the primary is given up
/// for good, were it not for the monitor. Answers the longest time for which nothing arrived.
std::chrono::milliseconds check_failover(TwoPaths& pair, const Action& fail, const Action& mend,
                                         bool moves = false) {
  confirm_all(pair.server);
  const Address& primary = pair.to_server[0];
  const auto info = [&] { return pair.client.get<PeerAddrInfo>(primary); };
  PathMonitor monitor{pair.client, primary};
  Transfer transfer{pair.client, pair.ends.server, count};
  transfer.send_up_to(5'000);
  transfer.wait_until_arrived(1'000);

  fail();
  transfer.send_up_to(8'000);
  await(monitor, pair.client_buffer, primary, Told::unreachable);
  transfer.wait_until_arrived(8'000);
  CHECK(info().state == PeerAddrInfo::State::unreachable);
  CHECK(pair.client.get<PrimaryAddr>().address == pair.to_server[moves ? 1 : 0]);

  mend();
  const auto change = await(monitor, pair.client_buffer, primary, Told::available);
  CHECK(change.preferred_again == moves);
  CHECK(pair.client.get<PrimaryAddr>().address == primary);
  test::Tap tap{pair.hosts.b, 0};
  transfer.finish();
  CHECK_FALSE(tap.take(ChunkType::data).empty());
  return transfer.longest_silence();
}

/// The time of day is not to be relied on in a test; but another path is taken long before one is given up.
void check_silence(std::chrono::milliseconds silence, const FailureDetection& values) {
  const auto times = sctp::detection_time(values);
  INFO("nothing arrived for " << silence.count() << " ms, " << times.next_path.count()
                              << " ms were promised");
  CHECK(silence < times.unreachable);
}

/// While it lives a host's firewall lets no SCTP packets to that port in that come on this path.
class Firewall {
 public:
  Firewall(const Host& host, std::size_t path, std::uint16_t port)
      : host_{host},
        rule_{" INPUT -p sctp -m sctp --dport " + std::to_string(port) + " -i " + Host::interface(path) +
              " -j DROP"} {
    if (!change("-A")) throw std::runtime_error{"needs iptables-legacy (Debian: iptables) and xt_sctp"};
  }
  ~Firewall() {
    if (!change("-D")) std::abort();
  }
  Firewall(const Firewall&) = delete;
  Firewall& operator=(const Firewall&) = delete;

 private:
  [[nodiscard]] bool change(const std::string& what) const {
    const std::string command = "PATH=$PATH:/usr/sbin:/sbin iptables-legacy " + what + rule_;
    return host_.run([&] { return std::system(command.c_str()) == 0; });
  }

  const Host& host_;
  const std::string rule_;
};

}  // namespace

TEST_CASE("All messages arrive in order while the primary path fails and returns", "[failover]") {
  const bool moves = GENERATE(false, true);
  FailureDetection values = moves ? FailureDetection::radio_access() : FailureDetection::signalling();
  if (moves) values.thresholds.switch_primary = values.thresholds.potentially_failed;
  TwoPaths pair{with(values)};
  const auto silence = check_failover(
      pair, [&] { pair.hosts.cut(0); }, [&] { pair.hosts.restore(0); }, moves);
  check_silence(silence, values);
}

TEST_CASE("As the kernel comes, messages take another path, too", "[failover]") {
  const TwoPaths pair;
  const auto client = pair.client;
  confirm_all(pair.server);
  Transfer transfer{client, pair.ends.server, 4'000};
  transfer.send_up_to(2'000);
  transfer.wait_until_arrived(500);
  pair.hosts.cut(0);
  transfer.finish();
  check_silence(transfer.longest_silence(), FailureDetection::kernel_defaults());
  CHECK(client.get<PeerAddrInfo>(pair.to_server[0]).state == PeerAddrInfo::State::potentially_failed);
  CHECK(client.get<PeerAddrInfo>(pair.to_server[1]).state == PeerAddrInfo::State::available);
}

TEST_CASE("All messages arrive in order on two bad paths, one of which fails and returns", "[failover]") {
  TwoPaths pair{with(quick())};
  for (std::size_t path = 0; path != 2; ++path)
    pair.hosts.discipline(path, "netem delay 3ms reorder 25% 50% loss 2% duplicate 1%");
  check_failover(
      pair, [&] { pair.hosts.cut(0); }, [&] { pair.hosts.restore(0); });
}

TEST_CASE("All messages arrive in order while a firewall closes the primary path", "[failover]") {
  TwoPaths pair{with(quick())};
  std::optional<Firewall> firewall;
  check_failover(
      pair, [&] { firewall.emplace(pair.hosts.b, 0, pair.to_server[0].port()); }, [&] { firewall.reset(); });
}

TEST_CASE("A host that has a firewall accepts peers", "[failover]") {
  const test::TwoHosts hosts;
  sctp::Listener listener = test::listen(hosts.b);
  const Firewall firewall{hosts.b, 0, static_cast<std::uint16_t>(listener.local_address().port() ^ 1U)};
  const auto client = hosts.a.run([&] { return sctp::OneToOneSocket{listener.local_address()}; });
  CHECK(listener.accept().is_open());
}

TEST_CASE("All messages arrive in order on three paths two of which come and go", "[failover]") {
  test::TwoHosts hosts{3};
  const auto [client, server] = test::connect(hosts, with(quick()));
  confirm_all(server.association());
  const auto paths = client.association().peer_addresses();
  REQUIRE(paths.size() == 3);
  PathMonitor monitor{client.association()};
  sctp::ReceiveBuffer buffer;
  Transfer transfer{client.association(), server, count};
  const auto fail = [&](std::size_t path) {
    hosts.cut(path);
    await(monitor, buffer, paths.at(path), Told::potentially_failed);
  };
  const auto mend = [&](std::size_t path) {
    hosts.restore(path);
    await(monitor, buffer, paths.at(path), Told::available);
  };
  for (const bool both : {false, true}) {
    transfer.send_up_to(both ? count - 1'000 : count / 2);
    transfer.wait_until_arrived(transfer.arrived() + 500);
    fail(0);
    if (!both) mend(0);
    fail(1);
    if (both) mend(0);
    mend(1);
  }
  transfer.finish();
  test::wait_until([&] {
    return std::ranges::all_of(client.association().paths(), [](const PeerAddrInfo& path) {
      return path.state == PeerAddrInfo::State::available;
    });
  });
}

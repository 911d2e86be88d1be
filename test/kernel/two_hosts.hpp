// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernel.hpp"
#include "support/network_namespace.hpp"

/// A network of two hosts, in one program: for what needs several paths, or another network than loopback.
///
///     test::TwoHosts hosts{2};
///     auto [client, server] = test::connect(hosts);  // from a to b, on two paths
///     hosts.cut(0);
///
/// Needs a network namespace of its own (kernel.hpp), the programs ip and tc (Debian: iproute2), and the
/// kernel's veth; else it throws, and says which. It is gone when these objects are and the sockets that were
/// opened there.
namespace test {

/// A host to whoever is there: a network namespace. Loopback is up only where there is no other network.
class Host {
 public:
  using Family = sctp::Address::Family;

  /// One without any path.
  Host();

  /// Calls the function there, as NetworkNamespace does; sctp::association_info and OneToManySocket::peel_off
  /// go by that, too.
  template <class F>
  std::invoke_result_t<F> run(F&& function) const {
    return network_.run(std::forward<F>(function));
  }

  /// `set_sysctl("net.sctp.udp_port", 9899)`: before the sockets are opened that are to have it.
  void set_sysctl(std::string name, long value) const;

  [[nodiscard]] std::size_t paths() const noexcept { return disciplines_.size(); }
  /// What it is reached by on a path, which has both families; and on all of them.
  [[nodiscard]] sctp::Address address(std::size_t path, std::uint16_t port = 0,
                                      Family family = Family::v4) const;
  [[nodiscard]] std::vector<sctp::Address> addresses(std::uint16_t port = 0,
                                                     Family family = Family::v4) const;
  /// Gives it one more on that path (whose network is 10.78.N.0/24 and fd78:N::/64 in hexadecimal), or takes
  /// one away.
  void add_address(std::size_t path, const sctp::Address& address) const;
  void remove_address(std::size_t path, const sctp::Address& address) const;
  /// The network interface to it.
  [[nodiscard]] static std::string interface(std::size_t path) { return "path" + std::to_string(path); }

  /// What the host sends on this path goes so from now on: `netem delay 20ms`; as at first where the words
  /// are empty.
  void discipline(std::size_t path, const std::string& words);
  /// What the host sends on this path gets lost, without a word, until it is restored: then it goes as the
  /// discipline says.
  void cut(std::size_t path) const;
  void restore(std::size_t path) const;

 private:
  friend class TwoHosts;
  Host(std::uint8_t number, std::size_t paths);

  void set_up(const Host* peer) const;

  NetworkNamespace network_;
  std::uint8_t number_;
  std::vector<std::string> disciplines_;
};

/// Two hosts, and an Ethernet between them for each path: MTU 1500.
class TwoHosts {
 public:
  explicit TwoHosts(std::size_t paths = 1);

  Host a;
  Host b;

  /// As Host's, both ways.
  void discipline(std::size_t path, const std::string& words);
  void cut(std::size_t path) const;
  void restore(std::size_t path) const;
};

/// Binds a socket to a free port of the host that it was opened on, on all paths.
void bind(const sctp::SocketRef& socket, const Host& host, Host::Family family = Host::Family::v4);

/// A listener that is bound so; `tune` has its say before.
sctp::Listener listen(const Host& host, const Tune& tune = as_it_is, Host::Family family = Host::Family::v4);

/// Two sockets and the association between them, from all addresses of `a` to all of `b`. The first path is
/// the primary one; to the server the client's others are still to be confirmed.
Ends connect(const TwoHosts& hosts, const Tune& tune_client, const Tune& tune_server,
             Host::Family family = Host::Family::v4);
inline Ends connect(const TwoHosts& hosts, const Tune& tune_both = as_it_is) {
  return connect(hosts, tune_both, tune_both);
}

/// All paths have answered. (Each is asked after about one retransmission timeout: to be quick, RtoInfo's
/// `initial`.)
void wait_until_confirmed(const sctp::Association& association);

/// Two hosts, and an association between them on two paths.
struct TwoPaths {
  TwoHosts hosts{2};
  Ends ends;
  sctp::Association client{ends.client.association()};
  sctp::Association server{ends.server.association()};
  std::array<sctp::Address, 2> to_server;  ///< the client's paths
  std::array<sctp::Address, 2> to_client;
  sctp::ReceiveBuffer client_buffer{};
  sctp::ReceiveBuffer server_buffer{};

  TwoPaths(const Tune& tune_client, const Tune& tune_server, Host::Family family = Host::Family::v4);
  explicit TwoPaths(const Tune& tune_both = as_it_is) : TwoPaths{tune_both, tune_both} {}
};

/// What arrives at a host on one of its paths, from when this was made.
class Tap {
 public:
  Tap(const Host& host, std::size_t path);
  /// The same of the loopback interface that all tests have.
  Tap();
  Tap(Tap&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Tap& operator=(Tap&&) = delete;
  ~Tap();

  struct Packet {
    std::uint8_t protocol = 0;  ///< IP's number of what it carries: `sctp`, `udp`, …
    std::uint8_t dscp = 0;
    std::uint32_t flow_label = 0;  ///< of IPv6
    std::size_t size = 0;          ///< bytes, IP's header included
    std::string payload{};         ///< what is behind IP's header

    static constexpr std::uint8_t sctp = 132;
    static constexpr std::uint8_t udp = 17;

    /// The first chunk of this type in an SCTP packet, with its header; empty where there is none.
    [[nodiscard]] std::string_view chunk(::sctp::option::ChunkType type) const;
  };

  /// Everything since the last time.
  std::vector<Packet> take();
  /// What there was of SCTP's with a chunk of this type.
  std::vector<Packet> take(sctp::option::ChunkType type);

 private:
  void open(const std::string& interface);

  int fd_ = -1;
};

}  // namespace test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "two_hosts.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace test {
namespace {

int checked(int result, const std::string& what) {
  if (result < 0) throw std::system_error{errno, std::system_category(), what};
  return result;
}

void set_discipline(std::size_t path, const std::string& words) {
  // noqueue is what a virtual Ethernet has at first.
  run_program("tc", "qdisc replace dev " + Host::interface(path) + " root " +
                        (words.empty() ? "noqueue" : words) + "\n");
}

std::string for_ip(const sctp::Address& address, std::size_t path) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_v4 = address.family() == Host::Family::v4;
  ::inet_ntop(is_v4 ? AF_INET : AF_INET6, address.bytes().data(), text.data(), text.size());
  return text.data() + std::string{is_v4 ? "/24" : "/64 nodad"} + " dev " + Host::interface(path) + "\n";
}

/// IPv6's traffic class and IPv4's type of service, without the two bits of ECN.
std::uint8_t dscp_in(unsigned octet) { return static_cast<std::uint8_t>(octet >> 2U & 63U); }

std::uint8_t octet_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes.at(at));
}

Tap::Packet parse(std::string_view bytes) {
  Tap::Packet packet{.size = bytes.size()};
  if (octet_at(bytes, 0) >> 4U == 4) {
    packet.protocol = octet_at(bytes, 9);
    packet.dscp = dscp_in(octet_at(bytes, 1));
    packet.payload = bytes.substr((octet_at(bytes, 0) & 15U) * std::size_t{4});
    return packet;
  }
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  word = ntohl(word);
  packet.protocol = octet_at(bytes, 6);
  packet.dscp = dscp_in(word >> 20U & 0xffU);
  packet.flow_label = word & 0xfffffU;
  packet.payload = bytes.substr(40);
  return packet;
}

NetworkNamespace own_namespace() {
  if (!has_own_network()) throw std::runtime_error{"needs a network namespace of its own"};
  return NetworkNamespace{};
}

}  // namespace

Host::Host(std::uint8_t number, std::size_t paths)
    : network_{own_namespace()}, number_{number}, disciplines_(paths) {}

Host::Host() : Host{0, 0} { set_up(nullptr); }

void Host::set_sysctl(std::string name, long value) const {
  std::ranges::replace(name, '.', '/');
  run([&] {
    const std::string file = "/proc/sys/" + name;
    const std::string text = std::to_string(value);
    const int fd = checked(::open(file.c_str(), O_WRONLY | O_CLOEXEC), file);
    const auto written = ::write(fd, text.data(), text.size());
    const int error = errno;
    ::close(fd);
    if (written < 0) throw std::system_error{error, std::system_category(), file};
  });
}

sctp::Address Host::address(std::size_t path, std::uint16_t port, Family family) const {
  const auto network = static_cast<std::uint8_t>(path);
  if (path >= paths()) throw std::out_of_range{"no such path"};
  if (family == Family::v4) return sctp::Address::v4({10, 78, network, number_}, port);
  return sctp::Address::v6({0xfd, 0x78, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number_}, port);
}

std::vector<sctp::Address> Host::addresses(std::uint16_t port, Family family) const {
  std::vector<sctp::Address> all;
  for (std::size_t path = 0; path != paths(); ++path) all.push_back(address(path, port, family));
  return all;
}

void Host::discipline(std::size_t path, const std::string& words) {
  run([&] { set_discipline(path, words); });
  disciplines_.at(path) = words;
}

void Host::cut(std::size_t path) const {
  run([&] { set_discipline(path, "blackhole"); });
}

void Host::restore(std::size_t path) const {
  run([&] { set_discipline(path, disciplines_.at(path)); });
}

void Host::add_address(std::size_t path, const sctp::Address& address) const {
  run([&] { run_program("ip", "addr add " + for_ip(address, path)); });
}

void Host::remove_address(std::size_t path, const sctp::Address& address) const {
  run([&] { run_program("ip", "addr del " + for_ip(address, path)); });
}

void Host::set_up(const Host* peer) const {
  // The two have no use for loopback; and for half a second after it came up, the kernel (6.1) would tell
  // peers of 127.0.0.1 where option::AutoAsconf is on, and they would abort.
  std::string lines = paths() == 0 ? "link set lo up\n" : "";
  for (std::size_t path = 0; path != paths(); ++path) {
    const std::string device = interface(path);
    if (peer != nullptr) {
      lines +=
          "link add " + device + " type veth peer name " + device + " netns " + peer->network_.name() + "\n";
    }
    lines += "addr add " + for_ip(address(path), path);
    lines += "addr add " + for_ip(address(path, 0, Family::v6), path);
    // Packets as they go over a wire. Of a bundle of them the kernel (6.1) loses some where a Tap looks on.
    lines += "link set " + device + " addrgenmode none gso_max_size 1500 up\n";
  }
  run([&] { run_program("ip", lines); });
}

TwoHosts::TwoHosts(std::size_t paths) : a{1, paths}, b{2, paths} {
  a.set_up(&b);
  b.set_up(nullptr);
}

void TwoHosts::discipline(std::size_t path, const std::string& words) {
  a.discipline(path, words);
  b.discipline(path, words);
}

void TwoHosts::cut(std::size_t path) const {
  a.cut(path);
  b.cut(path);
}

void TwoHosts::restore(std::size_t path) const {
  a.restore(path);
  b.restore(path);
}

void bind(const sctp::SocketRef& socket, const Host& host, Host::Family family) {
  socket.bind(host.address(0, 0, family));
  if (host.paths() == 1) return;
  const auto all = host.addresses(socket.local_address().port(), family);
  socket.bind(std::span{all}.subspan(1));
}

sctp::Listener listen(const Host& host, const Tune& tune, Host::Family family) {
  auto listener = host.run([&] { return sctp::Listener{family}; });
  tune(listener);
  bind(listener, host, family);
  listener.listen();
  return listener;
}

Ends connect(const TwoHosts& hosts, const Tune& tune_client, const Tune& tune_server, Host::Family family) {
  sctp::Listener listener = listen(hosts.b, tune_server, family);
  Ends ends{hosts.a.run([&] { return sctp::OneToOneSocket{family}; }), {}};
  tune_client(ends.client);
  bind(ends.client, hosts.a, family);
  ends.client.connect(hosts.b.addresses(listener.local_address().port(), family));
  ends.server = listener.accept();
  return ends;
}

TwoPaths::TwoPaths(const Tune& tune_client, const Tune& tune_server, Host::Family family)
    : ends{connect(hosts, tune_client, tune_server, family)} {
  const std::uint16_t client_port = ends.client.local_address().port();
  const std::uint16_t server_port = ends.server.local_address().port();
  to_server = {hosts.b.address(0, server_port, family), hosts.b.address(1, server_port, family)};
  to_client = {hosts.a.address(0, client_port, family), hosts.a.address(1, client_port, family)};
}

void wait_until_confirmed(const sctp::Association& association) {
  using sctp::option::PeerAddrInfo;
  for (const sctp::Address& path : association.peer_addresses()) {
    wait_until([&] { return association.get<PeerAddrInfo>(path).state != PeerAddrInfo::State::unconfirmed; });
  }
}

Tap::Tap(const Host& host, std::size_t path) {
  host.run([&] { open(Host::interface(path)); });
}

Tap::Tap() { open("lo"); }

Tap::~Tap() {
  if (fd_ >= 0) ::close(fd_);
}

void Tap::open(const std::string& interface) {
  fd_ = checked(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "a packet socket");
  sockaddr_ll where{};
  where.sll_family = AF_PACKET;
  where.sll_protocol = htons(ETH_P_ALL);  // of both families, and therefore what leaves, too
  where.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) return;
  ::close(fd_);
  checked(-1, "a packet socket");
}

std::string_view Tap::Packet::chunk(::sctp::option::ChunkType type) const {
  constexpr std::size_t common_header = 12;
  constexpr std::size_t chunk_header = 4;
  if (protocol != sctp) return {};
  for (std::size_t at = common_header; at + chunk_header <= payload.size();) {
    const std::size_t length = octet_at(payload, at + 2) * std::size_t{256} + octet_at(payload, at + 3);
    if (octet_at(payload, at) == static_cast<std::uint8_t>(type))
      return std::string_view{payload}.substr(at, length);
    at += std::max((length + 3) / 4 * 4, chunk_header);
  }
  return {};
}

std::vector<Tap::Packet> Tap::take() {
  std::vector<Packet> packets;
  std::array<char, 65536> room;
  for (;;) {
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t size =
        ::recvfrom(fd_, room.data(), room.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0 && errno == ENETDOWN) continue;  // told once of an interface that was down
    if (size < 0) return packets;
    const bool is_ip = from.sll_protocol == htons(ETH_P_IP) || from.sll_protocol == htons(ETH_P_IPV6);
    if (is_ip && from.sll_pkttype != PACKET_OUTGOING)
      packets.push_back(parse({room.data(), static_cast<std::size_t>(size)}));
  }
}

std::vector<Tap::Packet> Tap::take(sctp::option::ChunkType type) {
  auto packets = take();
  std::erase_if(packets, [type](const Packet& packet) { return packet.chunk(type).empty(); });
  return packets;
}

}  // namespace test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "one_to_many.hpp"
#include "two_hosts.hpp"

using Catch::Matchers::Contains;
using sctp::Address;
using sctp::Listener;
using sctp::OneToOneSocket;
using namespace sctp::option;
using namespace std::chrono_literals;

// What a socket's options do: ports, devices, packets, the end. What they read is option_socket_test.cpp's.

namespace {

using Family = Address::Family;

constexpr Address free_v4 = Address::loopback(Family::v4, 0);

Listener prepared(const test::Tune& tune) {
  Listener listener{Family::v4};
  tune(listener);
  return listener;
}

/// What becomes of it.
std::string bind(const Listener& listener, const Address& address) {
  std::error_code error;
  listener.bind(address, error);
  return error ? error.message() : "bound";
}

std::string listen(Listener& listener) {
  std::error_code error;
  listener.listen(100, error);
  return error ? error.message() : "listens";
}

/// While it lives the calling thread has not this capability.
class Without {
 public:
  explicit Without(int capability) {
    call(SYS_capget);
    before_ = data_;
    data_[0].effective &= ~(1U << static_cast<unsigned>(capability));
    call(SYS_capset);
  }
  ~Without() {
    data_ = before_;
    call(SYS_capset);
  }
  Without(const Without&) = delete;
  Without& operator=(const Without&) = delete;

 private:
  void call(long number) {
    if (::syscall(number, &header_, data_.data()) != 0) std::abort();
  }
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data_{};
  std::array<__user_cap_data_struct, 2> before_{};
};

/// The socket's close takes its own thread's time.
class Closing {
 public:
  template <class Socket>
  explicit Closing(Socket&& socket)
      : task_{[this, socket = std::make_shared<Socket>(std::move(socket))] {
          thread_ = test::thread_id();
          socket->close();
          return true;
        }} {
    test::wait_until([&] { return thread_ != 0; });
  }
  [[nodiscard]] bool is_blocked() const { return test::is_blocked(thread_); }
  bool finish() { return task_.get(); }

 private:
  std::atomic<int> thread_ = 0;
  test::Task<bool> task_;
};

}  // namespace

TEST_CASE("Several sockets are bound to one port where all of them let it be, and one of them listens",
          "[socket_option]") {
  const test::Tune reuse = [](const sctp::SocketRef& socket) {
    CHECK_FALSE(socket.get<ReuseAddr>().on);
    socket.set(ReuseAddr{});
    CHECK(socket.get<ReuseAddr>().on);
  };
  std::array listeners{prepared(reuse), prepared(reuse), prepared(reuse), prepared(test::as_it_is)};
  CHECK(bind(listeners[0], free_v4) == "bound");
  const Address address = listeners[0].local_address();
  CHECK(bind(listeners[1], address) == "bound");
  CHECK(bind(listeners[3], address) == "Address already in use");
  CHECK(listen(listeners[0]) == "listens");
  CHECK(listen(listeners[1]) == "Address already in use");
  CHECK(bind(listeners[2], address) == "Address already in use");
}

TEST_CASE("A server starts anew while associations of its predecessor live on where both let it be",
          "[socket_option]") {
  const bool before = GENERATE(false, true);
  const bool after = GENERATE(false, true);
  CAPTURE(before, after);
  Listener predecessor = prepared([&](const sctp::SocketRef& socket) { socket.set(ReuseAddr{before}); });
  CHECK(bind(predecessor, free_v4) == "bound");
  CHECK(listen(predecessor) == "listens");
  const Address address = predecessor.local_address();
  const OneToOneSocket client{address};
  const OneToOneSocket accepted = predecessor.accept();
  predecessor.close();
  Listener listener = prepared([&](const sctp::SocketRef& socket) { socket.set(ReuseAddr{after}); });
  if (before && after) {
    CHECK(bind(listener, address) == "bound");
    CHECK(listen(listener) == "listens");
  } else {
    CHECK(bind(listener, address) == "Address already in use");
  }
}

TEST_CASE("Peers are shared out among listeners of one port where all of them let it be", "[socket_option]") {
  const test::Tune reuse = [](const sctp::SocketRef& socket) {
    CHECK_FALSE(socket.get<ReusePort>().on);
    socket.set(ReusePort{});
    CHECK(socket.get<ReusePort>().on);
  };
  std::array listeners{prepared(reuse), prepared(reuse)};
  CHECK(bind(listeners[0], free_v4) == "bound");
  CHECK(listen(listeners[0]) == "listens");
  const Address address = listeners[0].local_address();
  CHECK(bind(listeners[1], address) == "bound");
  CHECK(listen(listeners[1]) == "listens");
  CHECK(bind(prepared(test::as_it_is), address) == "Address already in use");
  std::vector<OneToOneSocket> clients;
  for (int n = 0; n != 50; ++n) clients.emplace_back(address);
  std::array<int, 2> accepted{};
  for (const std::size_t n : {0U, 1U}) {
    while (listeners.at(n).try_accept()) ++accepted.at(n);
  }
  CHECK(accepted[0] + accepted[1] == 50);
  CHECK(accepted[0] != 0);
  CHECK(accepted[1] != 0);
}

TEST_CASE("A setup that takes longer than it is waited for goes on", "[socket_option]") {
  Listener listener = test::listen();
  const test::Delay delay;
  OneToOneSocket client{Family::v4};
  client.set(SndTimeo{20ms});
  std::error_code error;
  client.connect(listener.local_address(), error);
  CHECK(error == std::errc::operation_in_progress);
  CHECK(listener.accept().is_open());
  test::wait_for(client.fd(), POLLOUT);
  CHECK(client.try_connect(listener.local_address()));
}

TEST_CASE("IPv4 addresses come as the kernel is told, and are IPv4 to us", "[socket_option]") {
  const bool is_mapped = GENERATE(true, false);
  CAPTURE(is_mapped);
  const Listener listener = test::listen();
  OneToOneSocket client{Family::v6};
  CHECK(client.get<IWantMappedV4Addr>().on);
  client.set(IWantMappedV4Addr{is_mapped});
  CHECK(client.get<IWantMappedV4Addr>().on == is_mapped);
  client.connect(listener.local_address());
  sockaddr_storage native{};
  socklen_t length = sizeof native;
  REQUIRE(::getpeername(client.fd(), reinterpret_cast<sockaddr*>(&native), &length) == 0);
  CHECK(native.ss_family == (is_mapped ? AF_INET6 : AF_INET));
  CHECK(client.peer_address() == listener.local_address());
  CHECK(client.association().peer_addresses() == std::vector{listener.local_address()});
  CHECK(client.association().status().primary == listener.local_address());
  CHECK(client.association().get<PeerAddrInfo>(listener.local_address()).address == listener.local_address());
}

TEST_CASE("A socket for IPv6 is for IPv4, too, whatever the machine has by default", "[socket_option]") {
  const test::Host host;
  host.set_sysctl("net.ipv6.bindv6only", 1);
  host.run([] {
    Listener listener{Address::any(Family::v6, 0)};
    CHECK_FALSE(listener.get<V6Only>().on);
    OneToOneSocket client{Family::v6};
    client.connect(Address::loopback(Family::v4, listener.local_address().port()));
    CHECK(listener.accept().peer_address().family() == Family::v4);
  });
}

TEST_CASE("Packets go and come through the device that a socket is bound to, and no other",
          "[socket_option]") {
  const test::TwoHosts hosts{2};
  const std::string device = test::Host::interface(1);
  const auto listen = [&](const test::Tune& tune) {
    auto listener = hosts.b.run([] { return Listener{Family::v4}; });
    tune(listener);
    listener.bind(test::anywhere);
    listener.listen();
    return listener;
  };
  constexpr std::uint16_t few = 2;  // attempts to reach what is not to be reached
  const auto reaches = [&](const Listener& listener, std::size_t path, const std::string& through,
                           std::uint16_t attempts = 100) {
    auto client = hosts.a.run([] { return OneToOneSocket{Family::v4}; });
    client.set(RtoInfo{.initial = 50ms, .max = 50ms, .min = 50ms});
    client.set(InitMsg{.attempts = attempts});
    client.set(BindToDevice{through});
    CHECK(client.get<BindToDevice>().device == through);
    std::error_code error;
    client.connect(hosts.b.address(path, listener.local_address().port()), error);
    return !error;
  };
  std::array taps{test::Tap{hosts.b, 0}, test::Tap{hosts.b, 1}};
  const auto setups = [&](std::size_t path) { return taps.at(path).take(ChunkType{1}).size(); };  // INIT
  const Listener any = listen(test::as_it_is);
  CHECK(reaches(any, 0, ""));
  CHECK(setups(0) != 0);
  CHECK(setups(1) == 0);
  CHECK(reaches(any, 1, device));
  CHECK(setups(1) != 0);
  static_cast<void>(reaches(any, 0, device, few));  // the other host may answer for that address there
  CHECK(setups(0) == 0);

  Listener one = listen([&](const sctp::SocketRef& socket) { socket.set(BindToDevice{device}); });
  CHECK_FALSE(reaches(one, 0, "", few));
  CHECK(reaches(one, 1, ""));
  CHECK(one.accept().get<BindToDevice>().device == device);
}

TEST_CASE("Who has no privileges may bind a socket to a device once", "[socket_option]") {
  const OneToOneSocket socket{Family::v4};
  const Without raw{CAP_NET_RAW};
  socket.set(BindToDevice{"lo"});
  CHECK(socket.get<BindToDevice>().device == "lo");
  for (const char* other : {"", "lo"}) {
    std::error_code error;
    socket.set(BindToDevice{other}, error);
    CHECK(error == std::errc::operation_not_permitted);
    CHECK_THROWS_WITH(socket.set(BindToDevice{other}),
                      Contains("cannot set SO_BINDTODEVICE: it needs the capability CAP_NET_RAW"));
  }
  CHECK(socket.get<BindToDevice>().device == "lo");
}

TEST_CASE("All packets of a socket have its code point, from now on", "[socket_option]") {
  struct Case {
    Family socket;
    Family peer;
  };
  const auto families =
      GENERATE(Case{Family::v4, Family::v4}, Case{Family::v6, Family::v6}, Case{Family::v6, Family::v4});
  CAPTURE(to_string(families.socket), to_string(families.peer));
  const test::TwoHosts hosts;
  Listener listener = test::listen(hosts.b, test::as_it_is, families.peer);
  test::Tap tap{hosts.b, 0};
  auto client = hosts.a.run([&] { return OneToOneSocket{families.socket}; });
  CHECK(client.get<Dscp>().code_point == 0);
  client.set(Dscp{46});
  CHECK(client.get<Dscp>().code_point == 46);
  client.connect(listener.local_address());
  const OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  const auto check = [&](unsigned code_point) {
    client.send(sctp::as_bytes("hello"));
    CHECK(test::text(test::next_message(server, buffer).payload) == "hello");
    for (const auto& packet : tap.take()) {
      if (packet.protocol == test::Tap::Packet::sctp) CHECK(packet.dscp == code_point);
    }
  };
  check(46);
  client.set(Dscp{10});
  check(10);
  std::error_code error;
  client.set(Dscp{64}, error);
  CHECK(error == std::errc::invalid_argument);
  CHECK(client.get<Dscp>().code_point == 10);
}

TEST_CASE("Closing waits for the end where it is to linger, also on a non-blocking socket",
          "[socket_option]") {
  auto [client, server] = test::connect(test::retransmit_soon);
  const bool is_nonblocking = GENERATE(false, true);
  CAPTURE(is_nonblocking);
  client.set(AssocInfo{.max_retransmissions = 60'000});
  client.set(Linger{24h});
  client.set_nonblocking(is_nonblocking);
  test::set_loopback_up(false);
  client.send(sctp::as_bytes("the last"));
  Closing closing{std::move(client)};
  test::wait_until([&] { return closing.is_blocked(); });
  test::set_loopback_up(true);
  CHECK(closing.finish());
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(4, server, buffer) ==
        std::vector<std::string>{"up", "message the last", "the peer shuts down", "shut down"});
}

TEST_CASE("Closing a one-to-many socket does not wait, however long it is to linger", "[socket_option]") {
  Listener listener = test::listen();
  const sctp::OneToManySocket client{Family::v4};
  test::retransmit_soon(client);
  client.set(AssocInfo{.max_retransmissions = 60'000});
  client.set(Linger{24h});
  const auto id = client.connect(listener.local_address());
  const OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer of_client;
  CHECK(test::next(client, of_client) == "up");
  test::set_loopback_up(false);
  client.association(id).send(sctp::as_bytes("the last"));
  Closing closing{std::move(const_cast<sctp::OneToManySocket&>(client))};
  CHECK(closing.finish());
  test::set_loopback_up(true);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(4, server, buffer) ==
        std::vector<std::string>{"up", "message the last", "the peer shuts down", "shut down"});
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::Address;
using sctp::as_bytes;
using sctp::AssociationId;
using sctp::StreamId;
using State = sctp::AssociationChange::State;
using test::Many;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

namespace {

std::set<AssociationId> as_set(const std::vector<AssociationId>& ids) { return {ids.begin(), ids.end()}; }

/// A descriptor of the kernel's, which nobody has closed.
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("Any number of peers come up, are told apart, and are answered by their numbers",
          "[one_to_many_socket]") {
  Many server;
  constexpr std::size_t count = 20;
  std::vector<sctp::OneToOneSocket> clients;
  std::vector<AssociationId> ids;
  for (std::size_t n = 0; n != count; ++n) {
    clients.emplace_back(server.address());
    ids.push_back(server.next_up());
  }
  CHECK(as_set(ids).size() == count);
  CHECK(server.socket.associations().size() == count);
  CHECK(as_set(server.socket.associations()) == as_set(ids));
  for (std::size_t n = 0; n != count; ++n) clients[n].send(as_bytes(std::to_string(n)));
  for (std::size_t n = 0; n != count; ++n) {
    const sctp::Message message = test::next_message(server.socket, server.buffer);
    const auto from = static_cast<std::size_t>(std::ranges::find(ids, message.association) - ids.begin());
    CHECK(test::text(message.payload) == std::to_string(from));
    CHECK(message.source == clients.at(from).local_address());
    server.association(message.association).send(message.payload, {.stream = StreamId{1}});
  }
  for (std::size_t n = 0; n != count; ++n) {
    sctp::ReceiveBuffer buffer;
    CHECK(test::text(test::next_message(clients[n], buffer).payload) == std::to_string(n));
  }
}

TEST_CASE("The list of associations has those under way and those that are ending, and no others",
          "[one_to_many_socket]") {
  Many server{test::retransmit_soon, test::anywhere};
  CHECK(server.socket.associations().empty());
  sctp::OneToOneSocket leaves{server.address()};
  const AssociationId left = server.next_up();
  const sctp::OneToOneSocket stays{server.address()};
  const AssociationId up = server.next_up();
  const AssociationId begun = server.socket.connect(test::blackhole);
  CHECK(as_set(server.socket.associations()) == std::set{left, up, begun});
  {
    const test::Outage nobody_hears;
    server.association(left).shutdown();
    CHECK(as_set(server.socket.associations()) == std::set{left, up, begun});
  }
  CHECK(server.next(State::shutdown_complete) == left);
  CHECK(as_set(server.socket.associations()) == std::set{up, begun});
}

TEST_CASE("A one-to-many socket that cannot be had is an error with a reason", "[one_to_many_socket]") {
  const Many other;
  CHECK_THROWS_WITH(sctp::OneToManySocket{other.address()},
                    Catch::Matchers::Contains("cannot bind to " + to_string(other.address())));
  std::error_code error;
  const sctp::OneToManySocket socket{other.address(), error};
  CHECK(error == std::errc::address_in_use);
  CHECK_FALSE(socket.is_open());
  const sctp::OneToManySocket none;
  CHECK_FALSE(none.is_open());
  CHECK(none.connect(other.address(), error) == AssociationId{});
  CHECK(error == std::errc::bad_file_descriptor);
  CHECK(none.associations(error).empty());
  CHECK(error == std::errc::bad_file_descriptor);
}

TEST_CASE("A one-to-many socket is close-on-exec and blocking, whatever it is asked to do",
          "[one_to_many_socket]") {
  const Many server;
  const sctp::OneToManySocket socket{server.address().with_port(0)};
  socket.connect(server.address());
  CHECK(socket.style() == sctp::Style::one_to_many);
  CHECK(::fcntl(socket.fd(), F_GETFD) == FD_CLOEXEC);
  CHECK((::fcntl(socket.fd(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("A socket for IPv6 has peers of both families", "[one_to_many_socket]") {
  Many server{test::as_it_is, Address::any(Address::Family::v6, 0)};
  std::vector<sctp::OneToOneSocket> peers;
  for (const auto family : {Address::Family::v4, Address::Family::v6}) {
    const auto& client = peers.emplace_back(Address::loopback(family, server.address().port()));
    const AssociationId id = server.next_up();
    CHECK(server.association(id).status().primary == client.local_address());
    client.send(as_bytes("hello"));
    CHECK(test::next_message(server.socket, server.buffer).source == client.local_address());

    sctp::Listener listener = test::listen(family);
    const AssociationId ours = server.socket.connect(listener.local_address());
    CHECK(server.next_up() == ours);
    CHECK(server.association(ours).status().primary == listener.local_address());
    server.association(ours).send(as_bytes("hello"));
    peers.push_back(listener.accept());
    sctp::ReceiveBuffer buffer;
    CHECK(test::text(test::next_message(peers.back(), buffer).payload) == "hello");
  }
}

TEST_CASE("A socket for IPv4 has no peer of IPv6", "[one_to_many_socket]") {
  const Many socket;
  CHECK_THROWS_AS(socket.socket.connect(Address::loopback(Address::Family::v6, 7)), std::system_error);
  std::error_code error;
  CHECK(socket.socket.connect(Address::loopback(Address::Family::v6, 7), error) == AssociationId{});
  CHECK(error == sctp::Errc::wrong_address_family);
  CHECK(socket.socket.connect(std::span<const Address>{}, error) == AssociationId{});
  CHECK(error == sctp::Errc::no_addresses);
  CHECK(socket.socket.associations().empty());
}

TEST_CASE("A socket that does not listen is at its end when its last association is",
          "[one_to_many_socket]") {
  const Many server;
  sctp::OneToManySocket socket{Address::Family::v4};
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(socket, buffer) == "end of stream");
  const AssociationId id = socket.connect(server.address());
  CHECK(test::next(socket, buffer) == "up");
  socket.association(id).shutdown();
  CHECK(test::next(2, socket, buffer) == Answers{"shut down", "end of stream"});
  socket.connect(server.address());
  CHECK(test::next(socket, buffer) == "up");
}

TEST_CASE("Another program's one-to-many descriptor is adopted", "[one_to_many_socket]") {
  const int fd = ::socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  REQUIRE(fd >= 0);
  Many client;
  sctp::OneToManySocket adopted = sctp::OneToManySocket::adopt(fd);
  CHECK(adopted.fd() == fd);
  CHECK(::fcntl(fd, F_GETFD) == FD_CLOEXEC);
  CHECK(adopted.get<sctp::option::NoDelay>().on);
  CHECK(adopted.get<sctp::option::FragmentInterleave>().on);
  adopted.bind(test::free_port);
  adopted.listen();
  const AssociationId ours = client.socket.connect(adopted.local_address());
  CHECK(client.next_up() == ours);
  sctp::ReceiveBuffer buffer;
  const auto up = test::next_event<sctp::AssociationChange>(adopted, buffer);
  client.association(ours).send(as_bytes("hello"), {.stream = StreamId{3}});
  const sctp::Message message = test::next_message(adopted, buffer);
  CHECK(message.association == up.association);
  CHECK(message.stream == StreamId{3});

  // What another owner gives away lives on.
  sctp::OneToManySocket again = sctp::OneToManySocket::adopt(adopted.release());
  CHECK(again.associations() == std::vector{up.association});
}

TEST_CASE("Only a one-to-many descriptor is adopted as one", "[one_to_many_socket]") {
  Many server;
  const sctp::OneToOneSocket client{server.address()};
  const AssociationId id = server.next_up();
  const test::RawSocket peeled = test::peel_off_by_hand(server.socket, id);
  const test::RawSocket datagrams{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), {}};
  std::error_code error;
  for (const int fd : {client.fd(), peeled.fd(), datagrams.fd()}) {
    CHECK_FALSE(sctp::OneToManySocket::adopt(fd, error).is_open());
    CHECK(error == sctp::Errc::not_an_sctp_socket);
    CHECK(is_open(fd));
  }
  CHECK_FALSE(sctp::OneToOneSocket::adopt(server.socket.fd(), error).is_open());
  CHECK(error == sctp::Errc::not_an_sctp_socket);
  CHECK(is_open(server.socket.fd()));
  CHECK_THROWS_WITH(sctp::OneToManySocket::adopt(client.fd()),
                    Catch::Matchers::StartsWith("cannot adopt descriptor " + std::to_string(client.fd())));
  CHECK_FALSE(sctp::OneToManySocket::adopt(-1, error).is_open());
  CHECK(error == std::errc::bad_file_descriptor);
}

TEST_CASE("An option of one association leaves the others and the socket as they are",
          "[one_to_many_socket]") {
  using sctp::option::DelayedSack;
  using sctp::option::MaxSeg;
  using sctp::option::RtoInfo;
  Many server;
  const std::array clients{sctp::OneToOneSocket{server.address()}, sctp::OneToOneSocket{server.address()}};
  const sctp::Association changed = server.association(server.next_up());
  const sctp::Association other = server.association(server.next_up());
  const RtoInfo rto = server.socket.get<RtoInfo>();
  const DelayedSack sack = server.socket.get<DelayedSack>();
  const MaxSeg segment = other.get<MaxSeg>();

  changed.set(RtoInfo{.initial = 700ms, .max = 900ms, .min = 500ms});
  changed.set(DelayedSack{.delay = 50ms, .packets = 3});
  changed.set(MaxSeg{500});
  CHECK(changed.get<RtoInfo>().initial == 700ms);
  CHECK(changed.get<RtoInfo>().max == 900ms);
  CHECK(changed.get<RtoInfo>().min == 500ms);
  CHECK(changed.get<DelayedSack>().delay == 50ms);
  CHECK(changed.get<DelayedSack>().packets == 3);
  CHECK(changed.get<MaxSeg>().size == 500);
  const auto is_as_before = [&](const auto& target) {
    CHECK(target.template get<RtoInfo>().initial == rto.initial);
    CHECK(target.template get<RtoInfo>().max == rto.max);
    CHECK(target.template get<RtoInfo>().min == rto.min);
    CHECK(target.template get<DelayedSack>().delay == sack.delay);
    CHECK(target.template get<DelayedSack>().packets == sack.packets);
  };
  is_as_before(other);
  is_as_before(server.socket);
  CHECK(other.get<MaxSeg>().size == segment.size);
  CHECK(server.socket.get<MaxSeg>().size == 0);

  // What the socket is told holds for those to come.
  server.socket.set(RtoInfo{.min = 300ms});
  const sctp::OneToOneSocket later{server.address()};
  CHECK(server.association(server.next_up()).get<RtoInfo>().min == 300ms);
  CHECK(other.get<RtoInfo>().min == rto.min);
}

TEST_CASE("An association that nobody uses is ended by itself where that is asked for",
          "[one_to_many_socket]") {
  Many server{[](const sctp::SocketRef& socket) { socket.set(sctp::option::AutoClose{1s}); }};
  CHECK(server.socket.get<sctp::option::AutoClose>().idle == 1s);
  const sctp::OneToOneSocket client{server.address()};
  const AssociationId id = server.next_up();
  CHECK(server.next(State::shutdown_complete) == id);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(4, client, buffer) == Answers{"up", "the peer shuts down", "shut down", "end of stream"});
}

TEST_CASE("A peer that stops in the middle of a message keeps nobody else waiting", "[one_to_many_socket]") {
  const bool as_the_library_has_it = GENERATE(true, false);
  Many server{[&](const sctp::SocketRef& socket) {
                test::small_window(socket);
                if (!as_the_library_has_it) socket.set(sctp::option::FragmentInterleave{false});
              },
              test::anywhere};
  constexpr std::array<std::uint8_t, 4> where{10, 77, 0, 200};
  test::add_address(where);
  sctp::OneToOneSocket stops{Address::Family::v4};
  stops.bind(Address::v4(where, 0));
  stops.connect(Address::v4({10, 77, 0, 2}, server.address().port()));
  const AssociationId stopped = server.next_up();
  const sctp::OneToOneSocket other{server.address()};
  const AssociationId up = server.next_up();
  stops.send(test::pattern(150'000));
  test::read_beginning(server.socket, server.buffer);
  test::remove_address(where);
  std::error_code error;
  while (server.socket.try_receive(server.buffer, error)) FAIL("the message came whole");
  REQUIRE(server.buffer.unfinished() == 1);

  other.send(as_bytes("hello"));
  test::wait_until_acknowledged(other);
  const auto received = server.socket.try_receive(server.buffer);
  if (as_the_library_has_it) {
    REQUIRE(received.message() != nullptr);
    CHECK(received.message()->association == up);
    server.association(stopped).abort();
    const auto cut = test::next_event<sctp::PartialDeliveryAborted>(server.socket, server.buffer);
    CHECK(cut.association == stopped);
    CHECK(cut.received < 150'000);
    CHECK(server.next(State::lost) == stopped);
  } else {
    CHECK(received.status() == sctp::ReceiveStatus::would_block);
  }
}

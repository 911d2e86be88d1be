// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "loop.hpp"

using sctp::Address;
using sctp::AsioOneToOne;

namespace {

const Address loopback = Address::loopback(Address::Family::v4, 0);

/// Programs as they look over TCP.
template <class Protocol>
net::awaitable<std::string> echo_to_the_end(typename Protocol::acceptor& acceptor) {
  auto peer = co_await acceptor.async_accept(net::use_awaitable);
  peer.set_option(typename Protocol::no_delay{true});
  try {
    for (std::vector<char> room(1000);;) {
      const std::size_t size = co_await peer.async_read_some(net::buffer(room), net::use_awaitable);
      co_await net::async_write(peer, net::buffer(room, size), net::use_awaitable);
    }
  } catch (const std::exception& end) {
    co_return end.what();
  }
}

template <class Protocol>
net::awaitable<std::string> say(typename Protocol::endpoint to, std::string text) {
  typename Protocol::socket socket{co_await net::this_coro::executor};
  co_await socket.async_connect(to, net::use_awaitable);
  socket.set_option(typename Protocol::no_delay{true});
  co_await net::async_write(socket, net::buffer(text), net::use_awaitable);
  std::string answer(text.size(), ' ');
  co_await net::async_read(socket, net::buffer(answer), net::use_awaitable);
  co_return answer;
}

}  // namespace

TEMPLATE_TEST_CASE("A coroutine over TCP runs over SCTP when its protocol is swapped", "[asio][protocol]",
                   net::ip::tcp, AsioOneToOne) {
  test::Loop loop;
  typename TestType::acceptor acceptor{loop.context, {net::ip::make_address("127.0.0.1"), 0}};
  auto server = net::co_spawn(loop.context, echo_to_the_end<TestType>(acceptor), net::use_future);
  const std::string text(300'000, 'x');
  CHECK((loop.run(say<TestType>(acceptor.local_endpoint(), text)) == text));
  CHECK(server.get().find("End of file") != std::string::npos);
}

TEST_CASE("A name is resolved and connected to as over TCP", "[asio][protocol]") {
  test::Loop loop;
  AsioOneToOne::acceptor acceptor{loop.context, sctp::to_endpoint(loopback)};
  AsioOneToOne::resolver resolver{loop.context};
  const auto found = resolver.resolve("127.0.0.1", std::to_string(acceptor.local_endpoint().port()));
  REQUIRE(found.size() == 1);
  CHECK(found.begin()->endpoint() == acceptor.local_endpoint());
  AsioOneToOne::socket client{loop.context};
  client.connect(found.begin()->endpoint());
  CHECK(acceptor.accept().remote_endpoint().port() == client.local_endpoint().port());
}

TEST_CASE("Nagle's algorithm is on in Asio's sockets, and no_delay turns it off", "[asio][protocol]") {
  net::io_context context;
  AsioOneToOne::socket socket{context, AsioOneToOne::v6()};
  const auto fd = sctp::SocketRef::borrow(socket.native_handle(), sctp::Style::one_to_one);
  AsioOneToOne::no_delay option{true};
  socket.get_option(option);
  CHECK_FALSE(option.value());
  CHECK_FALSE(fd.get<sctp::option::NoDelay>().on);
  socket.set_option(AsioOneToOne::no_delay{true});
  CHECK(fd.get<sctp::option::NoDelay>().on);
  socket.get_option(option);
  CHECK(option);
}

TEST_CASE("A socket of Asio's becomes one of ours", "[asio][protocol]") {
  test::Loop loop;
  sctp::Listener listener = test::listen();
  AsioOneToOne::socket by_asio{loop.context};
  by_asio.connect(sctp::to_endpoint(listener.local_address()));
  const sctp::OneToOneSocket peer = listener.accept();
  sctp::AsioOneToOneSocket ours{loop.context, sctp::OneToOneSocket::adopt(by_asio.release())};
  peer.send(sctp::as_bytes("whole"), {.stream = sctp::StreamId{3}});
  sctp::ReceiveBuffer buffer;
  test::ReceiveOutcome outcome;
  ours.async_receive(buffer, outcome.take());
  loop.run();
  CHECK(outcome.text == "message whole");
}

TEST_CASE("An address and an endpoint are the same", "[asio][protocol]") {
  const Address address =
      GENERATE(Address{"192.0.2.1", 3868}, Address{"2001:db8::1", 1}, Address{"fe80::2%7", 65535}, Address{});
  const AsioOneToOne::endpoint endpoint = sctp::to_endpoint(address);
  CHECK(sctp::to_address(endpoint) == address);
  CHECK(endpoint.port() == address.port());
  CHECK(endpoint.protocol() ==
        (address.family() == Address::Family::v4 ? AsioOneToOne::v4() : AsioOneToOne::v6()));
  CHECK(sctp::to_address(net::ip::tcp::endpoint{endpoint.address(), endpoint.port()}) == address);
}

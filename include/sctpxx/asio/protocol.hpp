// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>

#include <sctpxx/address.hpp>
#include <sctpxx/asio/net.hpp>

#ifdef SCTPXX_BOOST_ASIO
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_endpoint.hpp>
#include <boost/asio/ip/basic_resolver.hpp>

namespace sctp::inline v0::inline over_boost_asio {
#else
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/basic_endpoint.hpp>
#include <asio/ip/basic_resolver.hpp>

namespace sctp::inline v0::inline over_asio {
#endif

/// To be put in the place of `asio::ip::tcp`: Asio's own sockets, acceptor and resolver, over SCTP of
/// one-to-one style. For programs that know bytes alone:
///
///     template <class Protocol> net::awaitable<void> serve(typename Protocol::acceptor&);
///     serve<net::ip::tcp>(…), serve<sctp::AsioOneToOne>(…)
///
/// No messages, streams, events, or several addresses: that is AsioOneToOneSocket. `async_write` sends 64 KiB
/// in one message at most, and several beyond. Asio opens these sockets, not this library: Nagle's algorithm
/// is on (`set_option(Protocol::no_delay{true})`), and `OneToOneSocket::adopt(socket.release())` is the way
/// from here to whole messages. There is no way back: the events that come on ours would be read as data.
class AsioOneToOne {
 public:
  using endpoint = net::ip::basic_endpoint<AsioOneToOne>;
  using socket = net::basic_stream_socket<AsioOneToOne>;
  using acceptor = net::basic_socket_acceptor<AsioOneToOne>;
  using resolver = net::ip::basic_resolver<AsioOneToOne>;
  class no_delay;

  [[nodiscard]] static AsioOneToOne v4() noexcept { return AsioOneToOne{AF_INET}; }
  [[nodiscard]] static AsioOneToOne v6() noexcept { return AsioOneToOne{AF_INET6}; }

  [[nodiscard]] int family() const noexcept { return family_; }
  [[nodiscard]] int type() const noexcept { return SOCK_STREAM; }
  [[nodiscard]] int protocol() const noexcept { return IPPROTO_SCTP; }

  friend bool operator==(const AsioOneToOne&, const AsioOneToOne&) noexcept = default;

 private:
  explicit AsioOneToOne(int family) noexcept : family_{family} {}
  int family_;
};

/// Small messages go at once. SCTP_NODELAY.
class AsioOneToOne::no_delay {
 public:
  no_delay() noexcept = default;
  explicit no_delay(bool on) noexcept : on_{on ? 1 : 0} {}
  [[nodiscard]] bool value() const noexcept { return on_ != 0; }
  explicit operator bool() const noexcept { return value(); }

  template <class Protocol>
  [[nodiscard]] int level(const Protocol& /*unused*/) const noexcept {
    return IPPROTO_SCTP;
  }
  template <class Protocol>
  [[nodiscard]] int name(const Protocol& /*unused*/) const noexcept {
    return 3;
  }
  template <class Protocol>
  [[nodiscard]] int* data(const Protocol& /*unused*/) noexcept {
    return &on_;
  }
  template <class Protocol>
  [[nodiscard]] const int* data(const Protocol& /*unused*/) const noexcept {
    return &on_;
  }
  template <class Protocol>
  [[nodiscard]] std::size_t size(const Protocol& /*unused*/) const noexcept {
    return sizeof on_;
  }
  template <class Protocol>
  void resize(const Protocol& /*unused*/, std::size_t size) const {
    if (size != sizeof on_) throw std::length_error{"no_delay is an int"};
  }

 private:
  int on_ = 0;
};

/// The same address, as Asio has it and as this library has it.
[[nodiscard]] inline AsioOneToOne::endpoint to_endpoint(const Address& address) noexcept {
  const auto copy = [&](auto bytes) {
    std::ranges::transform(address.bytes(), bytes.begin(),
                           [](std::byte byte) { return static_cast<unsigned char>(byte); });
    return bytes;
  };
  if (address.family() == Address::Family::v4) {
    return {net::ip::address_v4{copy(net::ip::address_v4::bytes_type{})}, address.port()};
  }
  return {net::ip::address_v6{copy(net::ip::address_v6::bytes_type{}), address.scope()}, address.port()};
}

/// Of any protocol's endpoint.
template <class Protocol>
[[nodiscard]] Address to_address(const net::ip::basic_endpoint<Protocol>& endpoint) {
  const net::ip::address address = endpoint.address();
  const auto copy = [](const auto& from, auto to) {
    std::ranges::copy(from, to.begin());
    return to;
  };
  if (address.is_v4()) {
    return Address::v4(copy(address.to_v4().to_bytes(), std::array<std::uint8_t, 4>{}), endpoint.port());
  }
  const net::ip::address_v6 v6 = address.to_v6();
  return Address::v6(copy(v6.to_bytes(), std::array<std::uint8_t, 16>{}), endpoint.port(),
                     static_cast<std::uint32_t>(v6.scope_id()));
}

}  // namespace sctp

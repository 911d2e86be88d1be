// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// As one writes it with sctpxx in an event loop of Asio's, which each end has to itself: one operation after
// the other, each begun by the handler of the one before.
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sctpxx/asio.hpp>

#ifdef SCTPXX_BOOST_ASIO
#include <boost/asio/io_context.hpp>
#else
#include <asio/io_context.hpp>
#endif

#include "sockets.hpp"

namespace bench {
namespace {

namespace net = sctp::net;

constexpr sctp::Ppid ppid{60};
constexpr sctp::StreamId stream{1};

/// What of a handler Asio does not say by itself.
void check(const sctp::NetError& error) {
  if (error) throw std::system_error{error};
}

/// `Ours` is OneToOneSocket or OneToManySocket, `Adaptor` what Asio's program has of it.
template <class Ours, class Adaptor>
class InAsio : public End {
 public:
  explicit InAsio(Socket&& socket)
      : association_{socket.association}, socket_{context_, Ours::adopt(socket.fd.get())} {
    socket.fd.release();
  }
  void send(std::size_t count, sctp::Bytes message) override {
    send_next(count, message);
    run();
  }
  std::size_t receive(std::size_t count) override {
    bytes_ = 0;
    receive_next(count);
    run();
    return bytes_;
  }

 private:
  void run() {
    context_.restart();
    context_.run();
  }
  void send_next(std::size_t count, sctp::Bytes message) {
    if (count == 0) return;
    const auto then = [this, count, message](const sctp::NetError& error) {
      check(error);
      send_next(count - 1, message);
    };
    const sctp::SendOptions options{.stream = stream, .ppid = ppid};
    if constexpr (std::is_same_v<Ours, sctp::OneToOneSocket>) {
      socket_.async_send(message, options, then);
    } else {
      socket_.async_send(association_, message, options, then);
    }
  }
  void receive_next(std::size_t count) {
    if (count == 0) return;
    socket_.async_receive(buffer_, [this, count](const sctp::NetError& error, sctp::Received received) {
      check(error);
      if (!received) throw std::runtime_error{"the end"};
      const sctp::Message* message = received.message();
      if (message == nullptr) return receive_next(count);
      if (message->ppid != ppid) throw std::runtime_error{"another message"};
      bytes_ += message->payload.size();
      receive_next(count - 1);
    });
  }

  sctp::AssociationId association_;
  net::io_context context_{1};  // one thread
  Adaptor socket_;
  sctp::ReceiveBuffer buffer_;
  std::size_t bytes_ = 0;
};

using OneToOne = InAsio<sctp::OneToOneSocket, sctp::AsioOneToOneSocket>;
using OneToMany = InAsio<sctp::OneToManySocket, sctp::AsioOneToManySocket>;

template <class Way>
Pair connect() {
  Sockets sockets = connect_sctp(std::is_same_v<Way, OneToOne> ? Style::one_to_one : Style::one_to_many);
  return {std::make_unique<Way>(std::move(sockets.first)), std::make_unique<Way>(std::move(sockets.second))};
}

}  // namespace

Pair connect_ours_with_asio(Style style) {
  return style == Style::one_to_one ? connect<OneToOne>() : connect<OneToMany>();
}

}  // namespace bench

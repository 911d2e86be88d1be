// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// As one writes it with sctpxx: nothing but its public API.
#include <algorithm>
#include <stdexcept>

#include <sctpxx/sctp.hpp>

#include "sockets.hpp"

namespace bench {
namespace {

constexpr std::size_t batch = 64;
constexpr sctp::Ppid ppid{60};
constexpr sctp::StreamId stream{1};

/// `Ours` is OneToOneSocket or OneToManySocket.
template <class Ours>
class Single : public End {
 public:
  explicit Single(Socket&& socket, sctp::ReceiveBuffer&& buffer = sctp::ReceiveBuffer{})
      : association{socket.association}, socket_{Ours::adopt(socket.fd.get())}, buffer_{std::move(buffer)} {
    socket.fd.release();
  }
  void send(std::size_t count, sctp::Bytes message) override {
    while (count-- != 0) this->ref().send(association, message, {.stream = stream, .ppid = ppid});
  }
  std::size_t receive(std::size_t count) override {
    std::size_t bytes = 0;
    while (count != 0) {
      const auto received = ref().receive(buffer_);
      if (!received) throw std::runtime_error{"the end"};
      if (const sctp::Message* message = received.message()) {
        if (message->ppid != ppid) throw std::runtime_error{"another message"};
        bytes += message->payload.size();
        --count;
      }
    }
    return bytes;
  }

 protected:
  [[nodiscard]] const sctp::SocketRef& ref() const { return socket_; }
  sctp::AssociationId association;

 private:
  Ours socket_;
  sctp::ReceiveBuffer buffer_;
};

template <class Ours>
class Batched : public Single<Ours> {
 public:
  explicit Batched(Socket&& socket)
      : Single<Ours>{std::move(socket), sctp::ReceiveBuffer::in_batches(batch)} {}
  void send(std::size_t count, sctp::Bytes message) override {
    while (count != 0) {
      const std::size_t now = std::min(count, batch);
      for (std::size_t i = 0; i != now; ++i)
        messages_.add(this->association, message, {.stream = stream, .ppid = ppid});
      messages_.send(this->ref());
      if (messages_.failed() != 0) throw std::runtime_error{"a message was not sent"};
      messages_.clear();
      count -= now;
    }
  }

 private:
  sctp::SendBatch messages_;
};

template <template <class> class Way>
Pair connect(Style style) {
  Sockets sockets = connect_sctp(style);
  if (style == Style::one_to_many) {
    return {std::make_unique<Way<sctp::OneToManySocket>>(std::move(sockets.first)),
            std::make_unique<Way<sctp::OneToManySocket>>(std::move(sockets.second))};
  }
  return {std::make_unique<Way<sctp::OneToOneSocket>>(std::move(sockets.first)),
          std::make_unique<Way<sctp::OneToOneSocket>>(std::move(sockets.second))};
}

}  // namespace

Pair connect_ours(Style style) { return connect<Single>(style); }
Pair connect_ours_in_batches(Style style) { return connect<Batched>(style); }

}  // namespace bench

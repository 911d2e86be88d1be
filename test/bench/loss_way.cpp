// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "loss_way.hpp"

#include <cstring>
#include <deque>
#include <stdexcept>

#include <sctpxx/sctp.hpp>

namespace bench {
namespace {

struct Plan {
  std::uint32_t streams = 1;
  bool unordered = false;
  std::optional<sctp::FailureDetection> tuned{};
};

class Sctp : public Way {
 public:
  Sctp(const Plan& plan, const Network& network, std::size_t path) : plan_{plan} {
    const auto open = [&](auto&& socket, Network::Host host) {
      if (plan.tuned) socket.set(*plan.tuned);
      socket.set(sctp::option::InitMsg{.outgoing_streams = sources});
      socket.bind(network.address(host, path));
      return std::move(socket);
    };
    using Family = sctp::Address::Family;
    auto listener = open(network.at(Network::b, [] { return sctp::Listener{Family::v4}; }), Network::b);
    listener.listen();
    from_ = open(network.at(Network::a, [] { return sctp::OneToOneSocket{Family::v4}; }), Network::a);
    from_.connect(network.address(Network::b, path, listener.local_address().port()));
    to_ = listener.accept();
  }

  void send(std::uint32_t number) override {
    waiting_.push_back(number);
    flush();
  }
  void flush() override {
    for (; !waiting_.empty(); waiting_.pop_front()) {
      const std::uint32_t number = waiting_.front();
      const sctp::StreamId stream{static_cast<std::uint16_t>(number % plan_.streams)};
      if (!from_.try_send(request(number), {.stream = stream, .unordered = plan_.unordered})) return;
    }
  }
  [[nodiscard]] int fd() const override { return to_.fd(); }

  void receive(const std::function<void(std::uint32_t)>& arrived) override {
    const sctp::Received received = to_.try_receive(buffer_);
    if (received.status() == sctp::Received::Status::would_block) return;
    if (!received) throw std::runtime_error{"an association has ended"};
    const sctp::Message* message = received.message();
    if (message == nullptr) return;
    std::uint32_t number = 0;
    std::memcpy(&number, message->payload.data(), sizeof number);
    arrived(number);
  }

  [[nodiscard]] std::uint64_t resent() const override {
    return from_.association().get<sctp::option::AssocStats>().retransmitted_chunks;
  }

 private:
  Plan plan_;
  sctp::OneToOneSocket from_;
  sctp::OneToOneSocket to_;
  sctp::ReceiveBuffer buffer_;
  std::deque<std::uint32_t> waiting_;
};

template <Plan (*plan)()>
std::unique_ptr<Way> connect_sctp(const Network& network, std::size_t path) {
  return std::make_unique<Sctp>(plan(), network, path);
}

Plan one_stream() { return {}; }
Plan many_streams() { return {.streams = sources}; }
Plan unordered() { return {.unordered = true}; }
Plan tuned() {
  auto values = sctp::FailureDetection::radio_access();
  values.acknowledgement.packets = 1;
  return {.streams = sources, .tuned = values};
}

}  // namespace

std::size_t size_of(std::uint32_t number) {
  // Neighbours differ: a multiplicative hash.
  return least_size + (number * 2'654'435'761U >> 16U) % (most_size - least_size + 1);
}

std::vector<std::byte> request(std::uint32_t number) {
  std::vector<std::byte> bytes(size_of(number));
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

const std::vector<WayToGo>& ways() {
  static const std::vector<WayToGo> all{{"TCP", connect_tcp},
                                        {"SCTP, one stream", connect_sctp<one_stream>},
                                        {"SCTP, 16 streams", connect_sctp<many_streams>},
                                        {"SCTP, unordered", connect_sctp<unordered>},
                                        {"SCTP, 16 streams, tuned", connect_sctp<tuned>}};
  return all;
}

}  // namespace bench

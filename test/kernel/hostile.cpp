// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "hostile.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#include "by_hand.hpp"

namespace test::hostile {
namespace {

enum ChunkType : std::uint8_t {
  data = 0,
  init_chunk = 1,
  init_ack = 2,
  abort_chunk = 6,
  shutdown = 7,
  shutdown_ack = 8,
  cookie_echo = 10,
  cookie_ack = 11,
  shutdown_complete = 14,
  i_data = 64,
  forward_tsn = 192,
  i_forward_tsn = 194
};

std::string be16(std::uint16_t number) {
  return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
}
std::string be32(std::uint32_t number) {
  return be16(static_cast<std::uint16_t>(number >> 16U)) + be16(static_cast<std::uint16_t>(number));
}
std::uint32_t read32(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4)) number = number << 8U | static_cast<std::uint8_t>(byte);
  return number;
}
std::size_t read16(std::string_view bytes) { return read32(bytes.substr(0, 2)); }

/// Least significant byte first, as it stands in a packet.
std::string checksum_text(std::string_view packet) {
  std::string text = be32(checksum(packet));
  std::ranges::reverse(text);
  return text;
}

std::string with_flags(std::string chunk, std::uint8_t flags) {
  chunk[1] = static_cast<char>(flags);
  return chunk;
}

void listen_for_udp(std::uint16_t port) {
  std::ofstream file{"/proc/sys/net/sctp/udp_port"};
  if (!has_own_network() || !(file << port << std::flush)) throw std::runtime_error{"cannot wrap in UDP"};
}

}  // namespace

Wrapping::Wrapping() { listen_for_udp(udp_port); }
Wrapping::~Wrapping() { listen_for_udp(0); }

Peer::Peer(const sctp::Address& service, std::uint16_t port)
    : fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)}, to_port_{service.port()}, port_{port} {
  sockaddr_in kernel{};
  kernel.sin_family = AF_INET;
  kernel.sin_port = htons(udp_port);
  kernel.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0)
    throw std::system_error{errno, std::system_category(), "UDP"};
}

Peer::~Peer() { ::close(fd_); }

void Peer::send(std::uint32_t tag, std::string_view chunks, bool checksum_is_right) const {
  std::string packet = be16(port_) + be16(to_port_) + be32(tag) + std::string(4, '\0');
  packet += chunks;
  std::string sum = checksum_text(packet);
  if (!checksum_is_right) sum[0] = static_cast<char>(~sum[0]);
  packet.replace(8, 4, sum);
  while (::send(fd_, packet.data(), packet.size(), 0) < 0) {
    if (errno != ENOBUFS && errno != EINTR && errno != ECONNREFUSED)
      throw std::system_error{errno, std::system_category(), "UDP"};
  }
}

std::string Peer::init(std::uint16_t streams, bool interleaves, std::uint32_t addresses) const {
  std::string value = be32(own_tag_) + be32(1U << 20U) + be16(streams) + be16(streams) + be32(tsn_);
  if (interleaves)
    value += be16(0x8008) + be16(5) + std::string{static_cast<char>(i_data)} + std::string(3, '\0');
  value += be16(0xc000) + be16(4);             // knows FORWARD-TSN
  constexpr std::uint32_t first = 0x0a000001;  // 10.0.0.1
  for (std::uint32_t n = 0; n != addresses; ++n) value += be16(5) + be16(8) + be32(first + n);
  return chunk(init_chunk, value);
}

void Peer::flood(std::uint16_t from_port) {
  const std::uint16_t own = std::exchange(port_, from_port);
  send(0, init(10, false));
  port_ = own;
}

std::string Peer::await(std::uint8_t chunk_type) const {
  std::array<char, 65536> packet;
  for (;;) {
    pollfd waits{fd_, POLLIN, 0};
    if (::poll(&waits, 1, 10'000) != 1) throw std::runtime_error{"the service does not answer"};
    const ssize_t size = ::recv(fd_, packet.data(), packet.size(), 0);
    if (size < 16) continue;
    const std::string_view chunks{packet.data() + 12, static_cast<std::size_t>(size) - 12};
    if (static_cast<std::uint8_t>(chunks[0]) == chunk_type) return std::string{chunks};
  }
}

void Peer::associate(bool interleaves, std::uint16_t streams, std::uint32_t addresses) {
  char nothing = 0;
  while (::recv(fd_, &nothing, sizeof nothing, MSG_DONTWAIT) >= 0) {
  }
  interleaves_ = interleaves;
  ++own_tag_;
  tsn_ = 1;
  fsn_.clear();
  send(0, init(streams, interleaves, addresses));
  const std::string answer = await(init_ack);
  tag_ = read32(std::string_view{answer}.substr(4));
  first_tsn_ = read32(std::string_view{answer}.substr(16));
  constexpr std::size_t state_cookie = 7;
  for (std::string_view rest = std::string_view{answer}.substr(20); rest.size() >= 4;) {
    const std::size_t length = read16(rest.substr(2));
    if (read16(rest) == state_cookie) send(chunk(cookie_echo, rest.substr(4, length - 4)));
    rest.remove_prefix(std::min(rest.size(), (std::max(length, std::size_t{4}) + 3) / 4 * 4));
  }
  static_cast<void>(await(cookie_ack));
}

void Peer::send_part(std::uint16_t stream, std::string_view payload, bool begins, bool ends,
                     std::uint16_t ssn) {
  const auto flags = static_cast<std::uint8_t>((begins ? 2U : 0U) | (ends ? 1U : 0U));
  std::string value = be32(tsn_++) + be16(stream);
  if (begins) fsn_[stream] = 0;
  if (interleaves_) {
    value += be16(0) + be32(ssn) + be32(begins ? 99 : fsn_[stream]);
    ++fsn_[stream];
  } else {
    value += be16(ssn) + be32(99);
  }
  send(with_flags(chunk(interleaves_ ? i_data : data, value.append(payload)), flags));
}

void Peer::begin_message(std::uint16_t stream, std::size_t parts, std::uint16_t ssn) {
  const std::string part(1000, 'x');
  for (std::size_t n = 0; n != parts; ++n) send_part(stream, part, n == 0, false, ssn);
}

void Peer::give_up(std::uint32_t last_tsn, const std::vector<Skipped>& messages) const {
  std::string value = be32(last_tsn);
  for (const Skipped& one : messages)
    value += be16(one.stream) + (interleaves_ ? be16(0) + be32(one.ssn) : be16(one.ssn));
  send(chunk(interleaves_ ? i_forward_tsn : forward_tsn, value));
}

void Peer::abort() const { send(chunk(abort_chunk, {})); }

void Peer::shut_down() const {
  send(chunk(shutdown, be32(first_tsn_ - 1)));
  static_cast<void>(await(shutdown_ack));
  send(chunk(shutdown_complete, {}));
}

Service::Service(Delivery delivery) : socket{sctp::Address::Family::v4} {
  set_delivery(socket, delivery);
  retransmit_soon(socket);
  socket.set(sctp::option::InitMsg{.incoming_streams = 65535});
  socket.bind(free_port);
  socket.listen();
}

void Service::step() {
  for (;;) {
    std::error_code error;
    const sctp::Received received = socket.try_receive(buffer, error);
    most_begun = std::max(most_begun, buffer.unfinished());
    most_memory = std::max(most_memory, buffer.footprint());
    if (error == sctp::Errc::message_exceeds_limit) {
      ++over_limit[buffer.dropped().value().association];
    } else if (error) {
      ++errors[error.message()];
    } else if (!received) {
      break;
    }
    take(received);
  }
  queue.flush();
}

void Service::wait() const {
  pollfd waits{socket.fd(), static_cast<short>(queue.wants_writable() ? POLLIN | POLLOUT : POLLIN), 0};
  if (::poll(&waits, 1, 20'000) == 0) throw std::runtime_error{"nothing happens"};
}

void Service::take(const sctp::Received& received) {
  if (queue.take(received)) return;
  if (const auto change = table.take(received)) {
    using Kind = sctp::AssociationTable::Change::Kind;
    if (change->kind == Kind::restarted) ++restarted;
    if (change->kind == Kind::closed) ++ends[to_string(change->association.end)];
    return;
  }
  if (received.notification() != nullptr)
    aborted += std::holds_alternative<sctp::PartialDeliveryAborted>(*received.notification());
  const auto* message = received.message();
  if (message == nullptr) return;
  ++messages;
  std::error_code error;
  const auto result = queue.send(message->association, message->payload, {.ppid = message->ppid}, error);
  if (result != sctp::SendQueue::Result::sent && result != sctp::SendQueue::Result::queued)
    ++refused[message->association];
}

Peers::Peers(Service& service, std::size_t count, const Tune& tune)
    : service_{service}, sockets_(count), buffers_(count) {
  for (sctp::OneToOneSocket& one : sockets_) {
    one = sctp::OneToOneSocket{sctp::Address::Family::v4};
    tune(one);
    one.connect(service.socket.local_address());
  }
}

void Peers::exchange(std::size_t times) {
  for (; times != 0; --times) {
    const std::vector<std::byte> question = pattern(100 + asked_ % 1000, asked_);
    ++asked_;
    for (const sctp::OneToOneSocket& one : sockets_) one.send(question);
    std::size_t answered = 0;
    while (answered != sockets_.size()) {
      std::vector<pollfd> waits{{service_.socket.fd(), POLLIN, 0}};
      if (service_.queue.wants_writable()) waits[0].events |= POLLOUT;
      for (const sctp::OneToOneSocket& one : sockets_) waits.push_back({one.fd(), POLLIN, 0});
      if (::poll(waits.data(), waits.size(), 20'000) == 0) throw std::runtime_error{"nobody is answered"};
      service_.step();
      for (std::size_t i = 0; i != sockets_.size(); ++i) {
        while (const auto received = sockets_[i].try_receive(buffers_[i])) {
          if (received.message() == nullptr) continue;
          if (!std::ranges::equal(received.message()->payload, question))
            throw std::runtime_error{"another answer"};
          ++answered;
        }
      }
    }
  }
}

}  // namespace test::hostile

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "by_hand.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace test {
namespace {

std::string big_endian(std::uint16_t number) {
  return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
}

std::string padded(std::string text) {
  text.resize((text.size() + 3) / 4 * 4);
  return text;
}

}  // namespace

std::uint32_t checksum(std::string_view packet) {
  std::uint32_t sum = ~0U;
  for (const char byte : packet) {
    sum ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit != 8; ++bit) sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? 0x82f63b78U : 0U);
  }
  return ~sum;
}

Permission::Permission(const std::string& name, bool on) : file_{"/proc/sys/net/sctp/" + name} {
  std::getline(std::ifstream{file_}, before_);
  std::ofstream file{file_};
  if (!has_own_network() || !(file << (on ? 1 : 0) << std::flush))
    throw std::runtime_error{"cannot change " + file_};
}

Permission::~Permission() { std::ofstream{file_} << before_; }

void remove_address(const std::array<std::uint8_t, 4>& address) {
  ifreq alias{};
  const std::string name = "lo:" + std::to_string(address.back());
  std::strncpy(alias.ifr_name, name.c_str(), sizeof alias.ifr_name - 1);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool removed = has_own_network() && ::ioctl(fd, SIOCSIFFLAGS, &alias) == 0;
  ::close(fd);
  if (!removed) throw std::runtime_error{"cannot remove an address"};
}

Forger::Forger() : fd_{::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_SCTP)} {
  if (fd_ < 0) throw std::system_error{errno, std::system_category(), "raw socket"};
}

Forger::~Forger() { ::close(fd_); }

void Forger::read_along() {
  constexpr char init = 1;  // the only chunk whose packet carries no number
  std::array<char, 65536> packet;
  for (;;) {
    const ssize_t size = ::recv(fd_, packet.data(), packet.size(), MSG_DONTWAIT);
    if (size < 0) return;
    const std::size_t ip_header = static_cast<std::size_t>(packet[0] & 15) * 4;
    const std::string sctp{packet.data() + ip_header, static_cast<std::size_t>(size) - ip_header};
    if (sctp.at(12) != init) std::memcpy(&tags_[sctp.substr(0, 4)], sctp.data() + 4, sizeof(std::uint32_t));
  }
}

void Forger::send(const sctp::Address& from, const sctp::Address& to, std::string_view chunks) {
  read_along();
  std::string packet = big_endian(from.port()) + big_endian(to.port());
  const std::uint32_t tag = tags_.at(packet);
  packet.append(reinterpret_cast<const char*>(&tag), sizeof tag).append(4, '\0').append(chunks);
  const std::uint32_t sum = checksum(packet);
  std::memcpy(packet.data() + 8, &sum, sizeof sum);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::sendto(fd_, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&where),
               sizeof where) < 0) {
    throw std::system_error{errno, std::system_category(), "raw socket"};
  }
}

std::string chunk(std::uint8_t type, std::string_view value) {
  std::string text{static_cast<char>(type), '\0'};
  text += big_endian(static_cast<std::uint16_t>(value.size() + 4));
  return padded(text.append(value));
}

std::string error_cause(sctp::Cause cause, std::string_view value) {
  std::string text = big_endian(static_cast<std::uint16_t>(cause));
  text += big_endian(static_cast<std::uint16_t>(value.size() + 4));
  return padded(text.append(value));
}

std::vector<std::string> drain(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  std::vector<std::string> answers;
  while (const auto received = socket.try_receive(buffer)) {
    std::string answer =
        received.notification() != nullptr ? to_string(*received.notification()) : describe(received, {});
    const std::string prefix = "association ";
    if (answer.starts_with(prefix)) answer.erase(0, answer.find_first_not_of("0123456789", prefix.size()));
    answers.push_back(answer);
  }
  return answers;
}

}  // namespace test

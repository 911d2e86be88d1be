// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <linux/sctp.h>

#include "kernel.hpp"

/// What the tests do past the library. All but `set_native` needs a network namespace of its own.
namespace test {

/// CRC32c, which guards SCTP's packets.
std::uint32_t checksum(std::string_view packet);

template <class Native>
void set_native(const sctp::SocketRef& socket, int option, const Native& value,
                std::size_t length = sizeof(Native)) {
  if (::setsockopt(socket.fd(), IPPROTO_SCTP, option, &value, static_cast<socklen_t>(length)) == 0) return;
  throw std::system_error{errno, std::system_category(), "option " + std::to_string(option)};
}

/// The kernel permits it, or not (net.sctp.NAME), while this lives.
class Permission {
 public:
  explicit Permission(const std::string& name, bool on = true);
  ~Permission();
  Permission(const Permission&) = delete;
  Permission& operator=(const Permission&) = delete;

 private:
  std::string file_;
  std::string before_;
};

/// Takes an address of `add_address` away.
void remove_address(const std::array<std::uint8_t, 4>& address);

/// Sends packets that nobody has sent. Made before the association is set up, since it reads along for the
/// number that each packet must carry.
class Forger {
 public:
  Forger();
  ~Forger();
  Forger(const Forger&) = delete;
  Forger& operator=(const Forger&) = delete;

  /// Chunks as they stand on the wire, from one end of an IPv4 association on loopback to the other.
  void send(const sctp::Address& from, const sctp::Address& to, std::string_view chunks);

 private:
  void read_along();

  int fd_;
  std::map<std::string, std::uint32_t> tags_;  // by the two ports
};

/// A chunk or an error cause: what it says it is, its length, and the padding to a multiple of four.
std::string chunk(std::uint8_t type, std::string_view value);
std::string error_cause(sctp::Cause cause, std::string_view value);

/// The next event of this kind, whatever comes before. Throws when the association ends instead.
template <class Event>
Event await(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  for (;;) {
    const sctp::Received received = socket.receive(buffer);
    if (!received) throw std::runtime_error{"the stream has ended before the event"};
    if (received.notification() == nullptr) continue;
    if (const auto* event = std::get_if<Event>(received.notification())) return *event;
  }
}

/// Everything that is there now, in one line each, without the association's number.
std::vector<std::string> drain(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer);

}  // namespace test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "one_to_many.hpp"

/// A service, peers that behave, and one that does not.
namespace test::hostile {

/// Where the kernel takes SCTP's packets in UDP's, too.
inline constexpr std::uint16_t udp_port = 9899;

/// While it lives the kernel does. Sockets that are opened meanwhile have such peers.
class Wrapping {
 public:
  Wrapping();
  ~Wrapping();
  Wrapping(const Wrapping&) = delete;
  Wrapping& operator=(const Wrapping&) = delete;
};

/// A peer without a kernel: what it sends is what it is told to, wrapped in UDP, so that nobody answers in
/// its name. It acknowledges nothing, and looks at no window.
class Peer {
 public:
  explicit Peer(const sctp::Address& service, std::uint16_t port = 4711);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// A whole packet. `tag`: what the service wants to see in it; its checksum is wrong where that is said.
  void send(std::uint32_t tag, std::string_view chunks, bool checksum = true) const;
  void send(std::string_view chunks) const { send(tag_, chunks); }

  /// INIT from another port, with nothing after it.
  void flood(std::uint16_t from_port);

  /// Sets up an association; once more: one that takes its place. Says that it has so many addresses more.
  void associate(bool interleaves, std::uint16_t streams = 1024, std::uint32_t addresses = 0);

  /// A part of a message, with the next TSN. Without I-DATA it has that stream sequence number.
  void send_part(std::uint16_t stream, std::string_view payload, bool begins, bool ends,
                 std::uint16_t ssn = 0);

  /// So many parts of 1000 bytes of a message that goes on. When they fill the window they are handed out.
  void begin_message(std::uint16_t stream, std::size_t parts, std::uint16_t ssn = 0);

  /// FORWARD-TSN: nothing up to the last TSN comes any more, and no message of these streams up to those
  /// stream sequence numbers.
  struct Skipped {
    std::uint16_t stream;
    std::uint16_t ssn;
  };
  void give_up(std::uint32_t last_tsn, const std::vector<Skipped>& messages) const;
  [[nodiscard]] std::uint32_t last_tsn() const noexcept { return tsn_ - 1; }

  /// The next TSN never comes.
  void skip() noexcept { ++tsn_; }
  void abort() const;
  /// SHUTDOWN, and all that comes after it. Whoever asks has sent nothing.
  void shut_down() const;

  [[nodiscard]] std::uint32_t tag() const noexcept { return tag_; }

 private:
  [[nodiscard]] std::string init(std::uint16_t streams, bool interleaves, std::uint32_t addresses = 0) const;
  [[nodiscard]] std::string await(std::uint8_t chunk_type) const;

  int fd_;
  std::uint16_t to_port_;
  std::uint16_t port_;
  bool interleaves_ = false;
  std::uint32_t tag_ = 0;
  std::uint32_t own_tag_ = 1000;
  std::uint32_t first_tsn_ = 0;  // of the service
  std::uint32_t tsn_ = 1;
  std::map<std::uint16_t, std::uint32_t> fsn_;
};

inline constexpr std::size_t capacity = 4096;
inline constexpr std::size_t limit = 20'000;
inline constexpr std::size_t total_limit = 200'000;
/// What receive_buffer.hpp promises: the read, all that has begun, and some for each of those.
constexpr std::size_t bound(std::size_t begun) { return capacity + total_limit + 250 * begun; }

/// Sends every message back, and counts what happens.
class Service {
 public:
  explicit Service(Delivery delivery);

  /// Takes what there is, and sends what there is room for.
  void step();
  /// Waits until there is something to do.
  void wait() const;

  sctp::OneToManySocket socket;
  sctp::ReceiveBuffer buffer{capacity, limit, total_limit};
  sctp::AssociationTable table{socket};
  sctp::SendQueue queue{socket, {.waiting = 20'000, .waiting_in_all = 100'000}};

  std::map<sctp::AssociationId, std::size_t> over_limit;  ///< messages, by whose they were
  std::map<sctp::AssociationId, std::size_t> refused;     ///< echoes for whom too much waits
  std::size_t messages = 0;
  std::size_t aborted = 0;  ///< messages that had begun
  std::size_t restarted = 0;
  std::map<std::string, std::size_t> ends;
  std::map<std::string, std::size_t> errors;
  std::size_t most_begun = 0;
  std::size_t most_memory = 0;

 private:
  void take(const sctp::Received& received);
};

/// The service's peers that behave: everybody asks and awaits the answer.
class Peers {
 public:
  Peers(Service& service, std::size_t count, const Tune& tune = retransmit_soon);

  /// Each asks so many times. Throws when an answer does not come.
  void exchange(std::size_t times = 3);

 private:
  Service& service_;
  std::vector<sctp::OneToOneSocket> sockets_;
  std::vector<sctp::ReceiveBuffer> buffers_;
  std::uint32_t asked_ = 0;
};

/// The service runs until it is so.
template <class Done>
void run(Service& service, Done done) {
  for (service.step(); !done(); service.step()) service.wait();
}

}  // namespace test::hostile

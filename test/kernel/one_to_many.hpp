// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kernel.hpp"

/// The styles of socket, and the kernel's ways to deliver.
namespace test {

/// Whether the kernel hands out other messages while one is unfinished.
enum class Delivery {
  one_by_one,            ///< no: the messages of all peers wait. The kernel's default
  interleaves_peers,     ///< those of other peers: option::FragmentInterleave
  interleaves_messages,  ///< all others: option::InterleavingSupported
};

/// How a socket receives.
struct Way {
  sctp::Style style{};
  Delivery delivery{};
};
std::string name(Way way);
/// All nine, or those three of a style.
std::vector<Way> all_ways();
std::vector<Way> all_ways(sctp::Style style);
inline Way any_way() { return GENERATE(Catch::Generators::from_range(all_ways())); }

/// Before the socket is bound. Where messages interleave, an idle stream's turn comes before a long message
/// has ended, too.
void set_delivery(const sctp::SocketRef& socket, Delivery delivery);

/// A message may be this large. Ends the program as skipped where that is not permitted.
void force_send_buffer(const sctp::SocketRef& socket, std::size_t size);

/// A descriptor that is ours, and that the library only borrows.
class RawSocket : public sctp::SocketRef {
 public:
  RawSocket(int fd, sctp::Style style) noexcept : SocketRef{fd, style} {}
  RawSocket(RawSocket&& other) noexcept : SocketRef{std::exchange(other.fd_, -1), other.style_} {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket();
};

inline constexpr sctp::Address free_port = sctp::Address::loopback(sctp::Address::Family::v4, 0);
/// For sockets that connect to others than loopback's.
inline constexpr sctp::Address anywhere = sctp::Address::any(sctp::Address::Family::v4, 0);

/// A one-to-many socket that listens.
sctp::OneToManySocket listen_to_many(const Tune& tune = as_it_is, const sctp::Address& at = free_port);
sctp::OneToManySocket listen_to_many(Delivery delivery, const Tune& tune = as_it_is);

/// The same, and a peeled-off socket, as programs have them that know nothing of the library; with what
/// SocketRef::borrow asks for.
RawSocket listen_by_hand(const sctp::Address& at = free_port);
RawSocket peel_off_by_hand(const sctp::SocketRef& socket, sctp::AssociationId association);

/// A one-to-many socket that listens, and what it is received with.
struct Many {
  sctp::OneToManySocket socket;
  sctp::ReceiveBuffer buffer;
  explicit Many(const Tune& tune = as_it_is, const sctp::Address& at = free_port)
      : socket{listen_to_many(tune, at)} {}
  explicit Many(sctp::OneToManySocket&& listening) noexcept : socket{std::move(listening)} {}

  /// Where peers on this machine reach it.
  [[nodiscard]] sctp::Address address() const {
    const sctp::Address own = socket.local_address();
    return sctp::Address::loopback(own.family(), own.port());
  }
  [[nodiscard]] sctp::Association association(sctp::AssociationId id) const { return socket.association(id); }

  std::string next() { return test::next(socket, buffer); }
  std::vector<std::string> next(std::size_t count) { return test::next(count, socket, buffer); }
  /// The number of the association that the next event says is in this state; or it throws.
  sctp::AssociationId next(sctp::AssociationChange::State state);
  /// The next event says that one is up.
  sctp::AssociationId next_up() { return next(sctp::AssociationChange::State::up); }
};

/// What receives from any number of clients: one one-to-many socket, or one socket for each.
class Receiver {
 public:
  /// `tune` has its say before the socket is bound.
  explicit Receiver(Way way, const Tune& tune = as_it_is);

  [[nodiscard]] sctp::Address address() const { return address_; }

  /// One more client, whose association is up, which has been read.
  sctp::OneToOneSocket connect(const Tune& tune = retransmit_soon);

  /// Where the messages of the n-th client come.
  [[nodiscard]] const sctp::SocketRef& socket(std::size_t n = 0) const { return end(n).socket; }
  [[nodiscard]] sctp::ReceiveBuffer& buffer(std::size_t n = 0) { return end(n).buffer; }
  [[nodiscard]] sctp::AssociationId association(std::size_t n = 0) const { return associations_.at(n); }

  /// Aborts the n-th client's association. A socket of its own is closed then, and tells no more.
  void abort(std::size_t n);

  std::string next(std::size_t n = 0) { return test::next(socket(n), buffer(n)); }

 private:
  struct End {
    sctp::SocketRef socket;
    sctp::ReceiveBuffer buffer;
  };
  using Owner = std::variant<sctp::OneToManySocket, sctp::Listener, sctp::OneToOneSocket>;

  [[nodiscard]] End& end(std::size_t n);
  [[nodiscard]] const End& end(std::size_t n) const;

  Way way_;
  std::list<Owner> owners_;  // what listens comes first
  std::list<End> ends_;
  sctp::Address address_;
  std::vector<sctp::AssociationId> associations_;
};

/// Each of them in turn.
inline sctp::Style any_style() {
  return GENERATE(sctp::Style::one_to_one, sctp::Style::one_to_many, sctp::Style::peeled_off);
}

/// A socket of any style, and its peer; the first message between them has been acknowledged, so that the end
/// of the handshake is not on its way any more.
struct QuietPair {
  Receiver receiver;
  sctp::OneToOneSocket peer;
  sctp::ReceiveBuffer at_peer{};

  QuietPair(sctp::Style style, const Tune& tune_both);
  [[nodiscard]] sctp::Association association() const { return {receiver.socket(), receiver.association()}; }
};

/// Takes every piece that is there to `buffer`, by hand, until something is whole; notes the pieces in
/// `seen`.
std::optional<sctp::Received> receive_by_hand(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer,
                                              std::vector<sctp::Piece>& seen);

/// A message's beginning is followed by one of another key, or its PPID is another than the first piece's.
struct Disorder {
  std::size_t switches = 0;
  std::size_t switches_of_order = 0;  ///< between the orders of one stream
  std::size_t wrong_ppids = 0;
};
Disorder disorder_of(const std::vector<sctp::Piece>& pieces);

/// The client dies unheard, and its successor's association takes the place of its own, on the same port.
/// Before that, everything that has arrived is read: the kernel offers the successor what is left of the
/// window, and the successor refuses less than 1500 bytes.
sctp::OneToOneSocket restart(sctp::OneToOneSocket client, Way way, const sctp::SocketRef& receiver,
                             sctp::ReceiveBuffer& buffer);
sctp::OneToOneSocket restart(sctp::OneToOneSocket client, const Tune& tune, const sctp::SocketRef& receiver,
                             sctp::ReceiveBuffer& buffer);

/// A window of 10 kB: what is larger has to be handed out in pieces.
inline void small_window(const sctp::SocketRef& socket) {
  socket.set(sctp::option::RcvBuf{20'000});
  socket.set(sctp::option::DelayedSack{.packets = 1});
}

/// What was sent has been acknowledged.
void wait_until_acknowledged(const sctp::OneToOneSocket& client);

}  // namespace test

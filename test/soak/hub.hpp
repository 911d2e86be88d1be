// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "talk.hpp"

namespace test::soak {

/// All associations of a one-to-many socket.
class Hub {
 public:
  /// `prepare`: options, addresses to bind to.
  Hub(Ledger& ledger, Side side, std::uint32_t process, std::uint64_t seed, sctp::ReceiveBuffer buffer,
      const std::function<void(sctp::OneToManySocket&)>& prepare);

  [[nodiscard]] const sctp::OneToManySocket& socket() const noexcept { return socket_; }
  void connect(std::span<const sctp::Address> peer, std::uint32_t server, const Traits& traits);
  [[nodiscard]] bool is_connected_with(std::uint32_t server) const;
  void turn();
  void shut_down_all();
  /// To be called, and `turn`, until nothing is left.
  void abort_all();
  void abort_one();

  /// When there is no association: what it holds then is to be what it held before.
  void rest();

  /// One in so many associations gets a socket of its own, once it has said something.
  void peel_off_one_in(std::size_t some) noexcept { peel_off_one_in_ = some; }

  [[nodiscard]] std::size_t size() const noexcept { return table_.size() + peeled_.size(); }
  [[nodiscard]] bool wants_writable() const noexcept { return queue_.wants_writable(); }
  [[nodiscard]] std::map<std::uint32_t, Talk>& peeled() noexcept { return peeled_; }

 private:
  void take(const sctp::Received& received);
  void note(const sctp::AssociationTable::Change& change);
  void take_message(const sctp::Message& message);
  void send_some(sctp::AssociationId id, Correspondence& correspondence);
  void hand_back();
  void shut_down(sctp::AssociationId id);
  void peel_off(sctp::AssociationId id);
  Correspondence* find(sctp::AssociationId id);

  Ledger& ledger_;
  Side side_;
  std::uint32_t process_;
  Random random_;
  std::size_t peel_off_one_in_ = 0;
  sctp::OneToManySocket socket_{sctp::Address::Family::v4};
  sctp::AssociationTable table_{socket_};
  sctp::SendQueue queue_;
  sctp::ReceiveBuffer buffer_;
  std::size_t longest_ = 0;
  std::map<sctp::AssociationId, Correspondence> all_;
  std::vector<Correspondence> ended_;  // what is told behind their end may still be there
  std::map<sctp::AssociationId, bool> shuts_down_;
  std::map<std::uint32_t, Talk> peeled_;
  std::uint32_t peelings_ = 0;
};

}  // namespace test::soak

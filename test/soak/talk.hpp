// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "correspondence.hpp"

namespace test::soak {

/// What all sockets of the soak have in common: events, patience, streams.
void tune(const sctp::SocketRef& socket, std::uint32_t process);
/// And what the traits say, before the setup.
void tune(const sctp::SocketRef& socket, const Traits& traits);
/// The longest message that fits in the socket's send buffer.
std::size_t longest_message(const sctp::SocketRef& socket);

/// One association that has a socket of its own.
class Talk {
 public:
  Talk(Correspondence correspondence, sctp::OneToOneSocket socket, sctp::ReceiveBuffer buffer,
       std::uint64_t seed);

  /// Receives what is there, and sends some.
  void turn();
  /// Ends it in order, when all is sent that has been begun.
  void shut_down();
  /// Closes the socket; what is under way is lost, and nobody here is told.
  void abort();

  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  [[nodiscard]] bool wants_writable() const noexcept { return wants_writable_; }
  [[nodiscard]] const sctp::OneToOneSocket& socket() const noexcept { return socket_; }
  [[nodiscard]] Correspondence& correspondence() noexcept { return correspondence_; }

 private:
  bool receive();
  void receive_all();
  void send_some();
  void go_on_to_end();
  void take(const sctp::Notification& event);
  void note(const sctp::AssociationChange& change);
  void finish(Life::End how);

  Correspondence correspondence_;
  sctp::OneToOneSocket socket_;
  sctp::ReceiveBuffer buffer_;
  Random random_;
  std::optional<sctp::Shutdown> ending_;
  bool shuts_down_ = false;
  bool has_end_of_stream_ = false;
  bool wants_writable_ = false;
  bool is_over_ = false;
};

}  // namespace test::soak

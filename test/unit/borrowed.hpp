// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <variant>

#include <sctpxx/socket_ref.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace sctp::test {

/// A socket of somebody else, borrowed for a test.
struct Borrowed {
  FakeKernel kernel;
  int fd = kernel.open();
  SocketRef socket = SocketRef::borrow(fd, Style::one_to_one);
  std::error_code error;

  Borrowed() {
    kernel.association_is_up(AssociationId{7});
    kernel.descriptor(fd).peer = Address::v4({192, 0, 2, 1}, 3868);
    kernel.descriptor(fd).local = Address::v4({192, 0, 2, 9}, 40000);
  }
  ~Borrowed() { sys::close(fd); }

  const Sent& send(const SendOptions& options, AssociationId association = {}) {
    socket.send(association, as_bytes("hello"), options, error);
    REQUIRE_FALSE(error);
    return kernel.sent.back();
  }
};

inline std::string text_of(const Received& received) {
  const Message* message = received.message();
  return message == nullptr ? "no message" : std::string{as_text(message->payload)};
}

/// The event that was received, which is to be this one.
template <class Event>
Event event_of(const Received& received) {
  const Notification* event = received.notification();
  REQUIRE(event != nullptr);
  REQUIRE(std::holds_alternative<Event>(*event));
  return std::get<Event>(*event);
}

}  // namespace sctp::test

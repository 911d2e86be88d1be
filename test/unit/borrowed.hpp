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

/// What is held of a buffer that is new holds of one that has received a whole message as well, after which
/// nothing has begun in it.
inline ReceiveBuffer new_or_used(Borrowed& test, ReceiveBuffer buffer = ReceiveBuffer{}) {
  if (GENERATE(false, true)) {
    test.kernel.receives(piece("before").end());
    REQUIRE(text_of(test.socket.receive(buffer)) == "before");
    test.kernel.forget_calls();
  }
  return buffer;
}

/// A message with something in each field that comes beside it; and that it was received so.
inline Arrival hello_with_all() {
  return piece("hello")
      .on(StreamId{3})
      .with(Ppid{0x12345678})
      .of(AssociationId{7})
      .unordered()
      .ssn(1)
      .tsn(2)
      .context(3)
      .from(Address::v4({192, 0, 2, 2}, 3868))
      .end();
}
inline void check_hello_with_all(const Message& message) {
  CHECK(as_text(message.payload) == "hello");
  CHECK(message.stream == StreamId{3});
  CHECK(message.ppid == Ppid{0x12345678});
  CHECK(message.association == AssociationId{7});
  CHECK(message.unordered);
  CHECK(message.ssn == 1);
  CHECK(message.tsn == 2);
  CHECK(message.context == 3);
  CHECK(message.source == Address::v4({192, 0, 2, 2}, 3868));
}
inline void check_hello_with_all(const Received& received) {
  REQUIRE(received.message() != nullptr);
  check_hello_with_all(*received.message());
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

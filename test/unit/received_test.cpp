// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/received.hpp>

#include <string>

#include "support/catch.hpp"

namespace {

using namespace sctp;
using Status = Received::Status;

template <class T>
concept LendsMessage = requires(T received) { static_cast<T&&>(received).message(); };
static_assert(LendsMessage<Received&> && !LendsMessage<Received&&>);

std::string name_of(const Received& received) {
  return received.match(
      [](const Message& message) { return "message " + std::string{as_text(message.payload)}; },
      [](const AssociationChange&) { return std::string{"change"}; },
      [](const ShutdownReceived&) { return std::string{"shutdown"}; },
      [](const auto&) { return std::string{"other"}; });
}

TEST_CASE("A message is true, and is the one that was received") {
  Message message;
  message.payload = as_bytes("hello");
  const Received received{message};
  CHECK(received);
  CHECK(received.status() == Status::message);
  REQUIRE(received.message() != nullptr);
  CHECK(as_text(received.message()->payload) == "hello");
  CHECK(received.notification() == nullptr);
  CHECK(name_of(received) == "message hello");
}

TEST_CASE("An event is true, and its handler is called") {
  const Received change{Notification{AssociationChange{}}};
  CHECK(change);
  CHECK(change.status() == Status::notification);
  CHECK(change.message() == nullptr);
  REQUIRE(change.notification() != nullptr);
  CHECK(name_of(change) == "change");
  CHECK(name_of(Notification{ShutdownReceived{}}) == "shutdown");
  CHECK(name_of(Notification{PartialDeliveryAborted{}}) == "other");
  CHECK(name_of(Notification{UnknownNotification{}}) == "other");
}

TEST_CASE("An answer that is neither message nor event is false, and matches nothing") {
  for (const Status status : {Status::end_of_stream, Status::would_block, Status::failed}) {
    const Received received{status};
    CHECK_FALSE(received);
    CHECK(received.status() == status);
    CHECK(received.message() == nullptr);
    CHECK(received.notification() == nullptr);
    CHECK_THROWS_AS(name_of(received), std::bad_variant_access);
  }
}

TEST_CASE("Handlers may return nothing and keep what they saw") {
  int messages = 0;
  const Received received{Message{}};
  received.match([&](const Message&) { ++messages; }, [](const auto&) {});
  CHECK(messages == 1);
}

}  // namespace

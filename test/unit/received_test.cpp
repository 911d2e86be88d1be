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

// The answer of a receive piece by piece

template <class T>
concept LendsPiece = requires(T received) { static_cast<T&&>(received).piece(); };
static_assert(LendsPiece<ReceivedPiece&> && !LendsPiece<ReceivedPiece&&> && !LendsPiece<Received&>);
static_assert(!LendsMessage<ReceivedPiece&>);

TEST_CASE("A piece is true, and its handler is called") {
  const ReceivedPiece received{MessagePiece{.part = {}, .offset = 7, .last = true}};
  CHECK(received);
  CHECK(received.status() == ReceiveStatus::message);
  REQUIRE(received.piece() != nullptr);
  CHECK(received.piece()->offset == 7);
  CHECK(received.notification() == nullptr);
  CHECK(received.match([](const MessagePiece& piece) { return piece.offset; },
                       [](const auto&) { return std::size_t{0}; }) == 7);
}

TEST_CASE("An event in place of a piece is what it is, and nothing at all is nothing") {
  const ReceivedPiece event{Notification{SenderDry{AssociationId{5}}}};
  CHECK(event);
  CHECK(event.status() == ReceiveStatus::notification);
  CHECK(event.piece() == nullptr);
  CHECK(event.match([](const SenderDry& dry) { return dry.association; },
                    [](const auto&) { return AssociationId{}; }) == AssociationId{5});
  const ReceivedPiece nothing{ReceiveStatus::would_block};
  CHECK_FALSE(nothing);
  CHECK(nothing.status() == ReceiveStatus::would_block);
  CHECK(nothing.piece() == nullptr);
  CHECK(nothing.notification() == nullptr);
  CHECK_THROWS_AS(nothing.match([](const auto&) {}), std::bad_variant_access);
}

}  // namespace

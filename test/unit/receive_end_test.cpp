// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <tuple>
#include <utility>

#include <sctpxx/error.hpp>

#include "borrowed.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

TEST_CASE("The peer's graceful end is the end of the stream, as often as one asks") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(piece("last").end());
  test.kernel.ends_stream();
  CHECK(text_of(test.socket.receive(buffer)) == "last");
  for (int round = 0; round != 3; ++round) {
    CHECK(test.socket.receive(buffer).status() == Received::Status::end_of_stream);
    CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::end_of_stream);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("The end in the middle of messages reports each as aborted first") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(piece("hel").on(StreamId{3}));
  test.kernel.receives(piece("w").on(StreamId{4}).unordered());
  test.kernel.ends_stream();
  const auto aborted = [&] {
    const Received received = test.socket.receive(buffer);
    return received.match([](const PartialDeliveryAborted& event) { return event; },
                          [](const auto&) { return PartialDeliveryAborted{}; });
  };
  const PartialDeliveryAborted first = aborted();
  CHECK(first.stream == StreamId{3});
  CHECK(first.received == 3);
  const PartialDeliveryAborted second = aborted();
  CHECK(second.stream == StreamId{4});
  CHECK(second.unordered);
  CHECK(second.received == 1);
  CHECK(test.socket.receive(buffer).status() == Received::Status::end_of_stream);
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("A loss is its event, then one error, then the end of the stream") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  const bool nonblocking = GENERATE(false, true);
  if (nonblocking) test.socket.set_nonblocking();
  test.kernel.receives(event(
      assoc_change(AssociationChange::State::lost, {.cause = Cause::user_initiated_abort, .info = "why"})));
  test.kernel.association_is_gone();
  SECTION("when the kernel reports the error") { test.kernel.has_error(ECONNRESET); }
  SECTION("when a send has met the error before") {}
  SECTION("when the kernel sees no more than an end") { test.kernel.ends_stream(); }
  CHECK(test.socket.receive(buffer, test.error));
  CHECK_FALSE(test.error);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::failed);
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.error == Condition::association_ended);
  for (int round = 0; round != 3; ++round) {
    CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE(
    "A loss in the middle of messages reports each as aborted, then itself, then the error and the end") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(piece("hel").on(StreamId{3}).of(AssociationId{7}));
  test.kernel.receives(piece("w").on(StreamId{4}).of(AssociationId{7}));
  test.kernel.receives(event(assoc_change(
      AssociationChange::State::lost, {.association = AssociationId{7}, .cause = Cause::out_of_resource})));
  test.kernel.has_error(ECONNRESET);
  test.kernel.association_is_gone();
  const auto name = [&] {
    return test.socket.receive(buffer, test.error)
        .match([](const PartialDeliveryAborted& event) { return "aborted on " + to_string(event.stream); },
               [](const AssociationChange& event) { return to_string(event.cause); },
               [](const auto&) { return std::string{"something else"}; });
  };
  CHECK(name() == "aborted on 3");
  CHECK(name() == "aborted on 4");
  CHECK(test.kernel.count(Call::recvmsg) == 3);
  CHECK(name() == "out of resource");
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::failed);
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
  CHECK_FALSE(test.error);
}

TEST_CASE("A peer that no longer answers is timed_out, once") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(event(assoc_change(AssociationChange::State::lost)));
  test.kernel.association_is_gone();
  CHECK(test.socket.try_receive(buffer));
  CHECK_FALSE(test.socket.try_receive(buffer, test.error));
  CHECK(test.error == std::errc::timed_out);
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::end_of_stream);
}

TEST_CASE("A loss that no event tells of is the kernel's error once, then the end of the stream") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.has_error(ECONNRESET);
  test.kernel.association_is_gone();
  test.socket.set_nonblocking();
  CHECK_FALSE(test.socket.receive(buffer, test.error));
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
}

TEST_CASE("After our own shutdown its completion is told, and then the end of the stream") {
  const bool nonblocking = GENERATE(false, true);  // the kernel says ENOTCONN to one and EAGAIN to the other
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  Borrowed test;
  const SocketRef socket = SocketRef::borrow(test.fd, style);
  ReceiveBuffer buffer = new_or_used(test);
  if (nonblocking) socket.set_nonblocking();
  test.kernel.receives(event(assoc_change(AssociationChange::State::shutdown_complete)));
  test.kernel.association_is_gone();
  CHECK(socket.receive(buffer));
  for (int round = 0; round != 3; ++round) {
    CHECK(socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("An association that comes up after a failed setup is alive") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  using enum AssociationChange::State;
  for (const auto change : {cannot_start, up}) {
    test.kernel.receives(event(assoc_change(change)));
    CHECK(test.socket.try_receive(buffer));
  }
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
}

TEST_CASE("A restart ends nothing") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.receives(event(assoc_change(AssociationChange::State::restarted)));
  CHECK(test.socket.try_receive(buffer));
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
}

TEST_CASE("An error that ends no association leaves it alive") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  for (const int error : {ENOMEM, ENOBUFS, EHOSTUNREACH}) {
    CAPTURE(error);
    test.kernel.has_error(error);
    CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::failed);
    CHECK(test.error == std::error_code{error, std::system_category()});
    CHECK(test.socket.try_receive(buffer, test.error).status() == Received::Status::would_block);
  }
}

TEST_CASE("The end of one association is not the end of a one-to-many socket") {
  Borrowed test;
  const SocketRef socket = SocketRef::borrow(test.fd, Style::one_to_many);
  ReceiveBuffer buffer = new_or_used(test);
  using enum AssociationChange::State;
  for (const auto change : {lost, shutdown_complete, cannot_start}) {
    test.kernel.receives(event(assoc_change(change)));
    CHECK(socket.try_receive(buffer));
    CHECK(socket.try_receive(buffer, test.error).status() == Received::Status::would_block);
    CHECK_FALSE(test.error);
  }
}

// A loss whose event has no cause: the peer may have been silent, or have said nothing beside its ABORT

/// Receives an event of a loss that has no cause, and answers how it is said to have ended.
AssociationChange::End end_of_a_loss(Borrowed& test, const SocketRef& socket, ReceiveBuffer& buffer) {
  test.kernel.receives(event(assoc_change(AssociationChange::State::lost)));
  test.kernel.association_is_gone();
  const Received received = socket.receive(buffer, test.error);
  REQUIRE_FALSE(test.error);
  REQUIRE(received.notification() != nullptr);
  return std::get<AssociationChange>(*received.notification()).end;
}

TEST_CASE("A loss without a cause is what the socket's error says, which is then told once") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  const auto [pending, end, told] = GENERATE(values<std::tuple<int, AssociationChange::End, int>>({
      {ETIMEDOUT, AssociationChange::End::timeout, ETIMEDOUT},
      {ECONNRESET, AssociationChange::End::peer_abort, ECONNRESET},
      {EHOSTUNREACH, AssociationChange::End::timeout, EHOSTUNREACH},
      {0, AssociationChange::End::timeout, ETIMEDOUT},
  }));
  CAPTURE(pending);
  Borrowed test;
  const SocketRef socket = SocketRef::borrow(test.fd, style);
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.has_error(pending);
  CHECK(end_of_a_loss(test, socket, buffer) == end);
  CHECK(test.kernel.story() == "recvmsg getsockopt");
  CHECK(test.kernel.asked_option == std::pair<int, int>{SOL_SOCKET, SO_ERROR});
  CHECK(socket.receive(buffer, test.error).status() == Received::Status::failed);
  CHECK(test.error == std::error_condition{told, std::generic_category()});
  for (int round = 0; round != 3; ++round) {
    CHECK(socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("A loss without a cause is found out about in the middle of messages, too") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  test.kernel.has_error(ECONNRESET);
  test.kernel.receives(piece("hel"));
  test.kernel.receives(event(assoc_change(AssociationChange::State::lost)));
  test.kernel.association_is_gone();
  const Received aborted = test.socket.receive(buffer);
  CHECK(std::holds_alternative<PartialDeliveryAborted>(*aborted.notification()));
  CHECK(test.kernel.story() == "recvmsg recvmsg");
  const Received received = test.socket.receive(buffer);
  CHECK(std::get<AssociationChange>(*received.notification()).end == AssociationChange::End::peer_abort);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::failed);
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
}

TEST_CASE("A loss without a cause is found out about when it is read piece by piece, too") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  std::array<std::byte, 8> room{};
  test.kernel.has_error(ECONNRESET);
  test.kernel.receives(event(assoc_change(AssociationChange::State::lost)));
  test.kernel.association_is_gone();
  const ReceivedPiece received = test.socket.receive_piece(room, buffer);
  CHECK(std::get<AssociationChange>(*received.notification()).end == AssociationChange::End::peer_abort);
  CHECK_FALSE(test.socket.receive_piece(room, buffer, test.error));
  CHECK(test.error == std::errc::connection_reset);
  CHECK(test.socket.receive_piece(room, buffer, test.error).status() == ReceiveStatus::end_of_stream);
}

TEST_CASE("The socket is not asked about a loss that has its cause, nor about any other event") {
  using enum AssociationChange::State;
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  const auto own_abort = assoc_change(lost, {.cause = Cause::protocol_violation});
  const auto peer_abort = assoc_change(lost, {.info = "why"});
  for (const Record& record : {own_abort, peer_abort, assoc_change(shutdown_complete), assoc_change(up),
                               assoc_change(cannot_start), shutdown_event(), sender_dry_event()}) {
    test.kernel.receives(event(record));
    CHECK(test.socket.try_receive(buffer));
  }
  CHECK(test.kernel.count(Call::getsockopt) == 0);
}

TEST_CASE("A one-to-many socket is not asked about the loss of one of its associations") {
  Borrowed test;
  const SocketRef socket = SocketRef::borrow(test.fd, Style::one_to_many);
  ReceiveBuffer buffer = new_or_used(test);
  CHECK(end_of_a_loss(test, socket, buffer) == AssociationChange::End::timeout);
  CHECK(test.kernel.story() == "recvmsg");
}

TEST_CASE("A loss by our own abort is its event, then connection_aborted once, then the end") {
  Borrowed test;
  ReceiveBuffer buffer = new_or_used(test);
  const int pending = GENERATE(0, ECONNABORTED);
  test.kernel.receives(
      event(assoc_change(AssociationChange::State::lost, {.cause = Cause::user_initiated_abort})));
  test.kernel.association_is_gone();
  test.kernel.has_error(pending);
  CHECK(test.socket.receive(buffer));
  CHECK_FALSE(test.socket.receive(buffer, test.error));
  CHECK(test.error == std::errc::connection_aborted);
  CHECK(test.socket.receive(buffer, test.error).status() == Received::Status::end_of_stream);
}

}  // namespace

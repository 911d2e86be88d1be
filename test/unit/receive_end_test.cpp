// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>

#include <sctpxx/error.hpp>

#include "borrowed.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

TEST_CASE("The peer's graceful end is the end of the stream, as often as one asks") {
  Borrowed test;
  ReceiveBuffer buffer;
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
  ReceiveBuffer buffer;
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
  ReceiveBuffer buffer;
  const bool nonblocking = GENERATE(false, true);
  if (nonblocking) test.socket.set_nonblocking();
  test.kernel.receives(
      event(assoc_change(AssociationChange::State::lost, {.cause = Cause::user_initiated_abort})));
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
  ReceiveBuffer buffer;
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
  ReceiveBuffer buffer;
  test.kernel.receives(event(assoc_change(AssociationChange::State::lost)));
  test.kernel.association_is_gone();
  CHECK(test.socket.try_receive(buffer));
  CHECK_FALSE(test.socket.try_receive(buffer, test.error));
  CHECK(test.error == std::errc::timed_out);
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::end_of_stream);
}

TEST_CASE("A loss that no event tells of is the kernel's error once, then the end of the stream") {
  Borrowed test;
  ReceiveBuffer buffer;
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
  ReceiveBuffer buffer;
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
  ReceiveBuffer buffer;
  using enum AssociationChange::State;
  for (const auto change : {cannot_start, up}) {
    test.kernel.receives(event(assoc_change(change)));
    CHECK(test.socket.try_receive(buffer));
  }
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
}

TEST_CASE("A restart ends nothing") {
  Borrowed test;
  ReceiveBuffer buffer;
  test.kernel.receives(event(assoc_change(AssociationChange::State::restarted)));
  CHECK(test.socket.try_receive(buffer));
  CHECK(test.socket.try_receive(buffer).status() == Received::Status::would_block);
}

TEST_CASE("An error that ends no association leaves it alive") {
  Borrowed test;
  ReceiveBuffer buffer;
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
  ReceiveBuffer buffer;
  using enum AssociationChange::State;
  for (const auto change : {lost, shutdown_complete, cannot_start}) {
    test.kernel.receives(event(assoc_change(change)));
    CHECK(socket.try_receive(buffer));
    CHECK(socket.try_receive(buffer, test.error).status() == Received::Status::would_block);
    CHECK_FALSE(test.error);
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <set>
#include <string>

#include <sctpxx/association.hpp>
#include <sctpxx/error.hpp>

#include "association_numbers.hpp"
#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

/// How an association is ended by itself, and listened to by itself.
namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;
using Types = std::set<std::uint16_t>;

/// Two of a one-to-many socket.
struct TwoAssociations {
  FakeKernel kernel;
  int fd = kernel.open_one_to_many();
  Association association{SocketRef::borrow(fd, Style::one_to_many), seven};
  std::error_code error = Errc::no_addresses;

  TwoAssociations() {
    kernel.association(fd, seven);
    kernel.association(fd, eight);
  }
  ~TwoAssociations() { sys::close(fd); }

  [[nodiscard]] bool has(AssociationId id) {
    return kernel.descriptor(fd).associations.contains(static_cast<std::int32_t>(id));
  }
};

// Aborting

TEST_CASE("An abort is a message by number alone that says so, with the reason as its words") {
  TwoAssociations test;
  test.kernel.fail_next(Call::sendmsg, EINTR, 2);
  test.association.abort("overload", test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.story() == "sendmsg sendmsg sendmsg");
  REQUIRE(test.kernel.sent.size() == 1);
  const Sent& sent = test.kernel.sent.back();
  CHECK(sent.data == "overload");
  CHECK(sent.info_flags == SCTP_ABORT);
  CHECK(sent.association == 7);
  CHECK_FALSE(sent.destination);
  CHECK(sent.control_messages == 1);
  CHECK(sent.flags == MSG_NOSIGNAL);
  CHECK_FALSE(test.has(seven));
  CHECK(test.has(eight));
}

TEST_CASE("An abort needs no reason") {
  TwoAssociations test;
  SECTION("with an error code") { test.association.abort({}, test.error); }
  SECTION("with an exception") { test.association.abort(); }
  CHECK(test.kernel.sent.back().data.empty());
  CHECK_FALSE(test.has(seven));
}

TEST_CASE("Of a reason as much travels as is promised") {
  static_assert(Association::longest_reason == 1024);
  TwoAssociations test;
  const std::string longest(1024, 'x');
  test.association.abort(longest);
  CHECK(test.kernel.sent.back().data == longest);
  Association{test.association.socket(), eight}.abort(longest + std::string(100'000, 'y'), test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.back().data == longest);
}

TEST_CASE("An abort of what has ended says so") {
  TwoAssociations test;
  test.association.abort();
  test.association.abort("again", test.error);
  CHECK(test.error == Condition::association_ended);
  CHECK(test.error == std::errc::broken_pipe);
  CHECK_THROWS_WITH(test.association.abort(),
                    StartsWith("cannot abort the association with association 7: there is no association, "
                               "or no more: "));
}

TEST_CASE("A setup that is under way is given up by an abort") {
  TwoAssociations test;
  test.kernel.association(test.fd, seven).state = GENERATE(SCTP_COOKIE_WAIT, SCTP_COOKIE_ECHOED);
  SECTION("asked for") { test.association.abort("no need", test.error); }
  SECTION("since its end was asked for, which the kernel would tell nobody of") {
    test.association.shutdown(test.error);
  }
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.back().info_flags == SCTP_ABORT);
  CHECK_FALSE(test.has(seven));
}

TEST_CASE("An association that is ending may be aborted, and told to end again") {
  TwoAssociations test;
  test.association.shutdown();
  test.association.shutdown(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.back().info_flags == SCTP_EOF);
  CHECK(test.has(seven));
  test.association.abort("too slow", test.error);
  CHECK_FALSE(test.error);
  CHECK_FALSE(test.has(seven));
}

TEST_CASE("What is not up is told to end, though its state is not known") {
  TwoAssociations test;
  test.kernel.fail_next(Call::getsockopt, ENOBUFS);
  test.association.shutdown(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.back().info_flags == SCTP_EOF);
  CHECK(test.kernel.sent.back().data.empty());
}

TEST_CASE("A one-to-one socket's association is not aborted by itself") {
  FakeKernel kernel;
  kernel.association_is_up(seven);
  const int fd = kernel.open();
  kernel.descriptor(fd).peer = Address::parse("192.0.2.1:3868");
  const Association association{SocketRef::borrow(fd, Style::one_to_one), seven};
  std::error_code error;
  association.abort("why", error);
  CHECK(error == std::errc::operation_not_supported);
  CHECK(kernel.total() == 0);
  CHECK_THROWS_WITH(association.abort(),
                    StartsWith("cannot abort the association with 192.0.2.1:3868: a one-to-one socket aborts "
                               "when it closes; use its own abort: "));
  sys::close(fd);
}

TEST_CASE("A peeled-off socket's association is aborted and ended by message, whatever its number") {
  FakeKernel kernel;
  const int fd = kernel.open_peeled_off(seven);
  std::error_code error;
  const Association association{SocketRef::borrow(fd, Style::peeled_off), AssociationId{}};
  SECTION("aborted") {
    association.abort("why", error);
    CHECK(kernel.sent.back().info_flags == SCTP_ABORT);
    CHECK(kernel.descriptor(fd).associations.empty());
  }
  SECTION("ended") {
    association.shutdown(error);
    CHECK(kernel.sent.back().info_flags == SCTP_EOF);
  }
  CHECK_FALSE(error);
  CHECK_FALSE(kernel.closed.contains(fd));
  CHECK_FALSE(kernel.descriptor(fd).shut_down_how);
  sys::close(fd);
}

TEST_CASE("An end that fails is told, whichever way it is asked for") {
  TwoAssociations test;
  test.kernel.fail_next(Call::sendmsg, ENOMEM, 2);
  test.association.abort({}, test.error);
  CHECK(test.error == std::errc::not_enough_memory);
  test.association.shutdown(test.error);
  CHECK(test.error == std::errc::not_enough_memory);
  test.kernel.fail_next(Call::sendmsg, ENOBUFS, 2);
  CHECK_THROWS_WITH(test.association.abort(),
                    StartsWith("cannot abort the association with association 7: "));
  CHECK_THROWS_WITH(test.association.shutdown(),
                    StartsWith("cannot shut down the association with association 7: "));
}

// Events of one association

TEST_CASE("Events are asked for from one association alone") {
  TwoAssociations test;
  test.association.subscribe<SenderDry, PeerAddressChange>(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.association(test.fd, seven).events ==
        Types{SCTP_PEER_ADDR_CHANGE, SCTP_SENDER_DRY_EVENT});
  CHECK(test.kernel.association(test.fd, eight).events.empty());
  CHECK(test.kernel.descriptor(test.fd).events.empty());
  test.association.unsubscribe<SenderDry>();
  CHECK(test.kernel.association(test.fd, seven).events == Types{SCTP_PEER_ADDR_CHANGE});
  test.association.subscribe<SendFailed>();
  test.association.unsubscribe<PeerAddressChange>(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.association(test.fd, seven).events == Types{SCTP_SEND_FAILED_EVENT});
  CHECK(test.kernel.count(Call::setsockopt) == 5);
  CHECK(test.kernel.total() == 5);
}

TEST_CASE("An association that has ended has no events to ask for") {
  TwoAssociations test;
  test.kernel.association_ends(test.fd, seven);
  test.association.subscribe<SenderDry>(test.error);
  CHECK(test.error == Condition::association_ended);
  test.association.unsubscribe<SenderDry, RemoteError>(test.error);
  CHECK(test.error == Condition::association_ended);
  CHECK_THROWS_WITH(test.association.subscribe<SendFailed>(),
                    StartsWith("cannot change the events of association 7: there is no association: "));
}

TEST_CASE("An event that the kernel does not know is not supported, though the association is there") {
  TwoAssociations test;
  test.kernel.event_types = 11;
  test.association.subscribe<StreamChange>(test.error);
  CHECK(test.error == std::errc::not_supported);
  test.kernel.event_types = 13;
  test.association.subscribe<SendFailed>(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.association(test.fd, seven).events == Types{SCTP_SEND_FAILED});
}

TEST_CASE("On sockets with one association its events are the socket's") {
  FakeKernel kernel;
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  const int fd = style == Style::one_to_one ? kernel.open() : kernel.open_peeled_off(seven);
  if (style == Style::one_to_one) kernel.association_is_up(seven);
  const Association association{SocketRef::borrow(fd, style), seven};
  association.subscribe<SenderDry>();
  CHECK(kernel.descriptor(fd).event_scopes == std::set<std::int32_t>{SCTP_FUTURE_ASSOC});
  CHECK(kernel.descriptor(fd).events == Types{SCTP_SENDER_DRY_EVENT});
  sys::close(fd);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netinet/in.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/listener.hpp>
#include <sctpxx/one_to_one_socket.hpp>

#include "borrowed.hpp"
#include "each_call_fails.hpp"

#include <linux/sctp.h>

namespace {

using namespace sctp;
using namespace sctp::test;
using Family = Address::Family;
using Types = std::set<std::uint16_t>;

// Receiving needs three of the events: to give them up does not compile, alone or beside others.
template <class... Events>
concept CanBeGivenUp = requires(const SocketRef& socket, std::error_code& error) {
  socket.unsubscribe<Events...>();
  socket.unsubscribe<Events...>(error);
};
template <class... Events>
concept CanBeAskedFor = requires(const SocketRef& socket, std::error_code& error) {
  socket.subscribe<Events...>();
  socket.subscribe<Events...>(error);
};
static_assert(CanBeGivenUp<SendFailed> && CanBeGivenUp<PeerAddressChange, RemoteError, SenderDry>);
static_assert(!CanBeGivenUp<AssociationChange> && !CanBeGivenUp<ShutdownReceived> &&
              !CanBeGivenUp<PartialDeliveryAborted> && !CanBeGivenUp<SendFailed, ShutdownReceived>);
static_assert(CanBeAskedFor<SendFailed> && CanBeAskedFor<AssociationChange, SenderDry>);
static_assert(!CanBeAskedFor<UnknownNotification> && !CanBeAskedFor<Message> &&
              !CanBeAskedFor<SendFailed, int>);

const Types needed{0x8001, 0x8005, 0x8006};

/// One of somebody else's, with or without its association, and nothing asked for.
struct OneToOne : Borrowed {
  Descriptor& descriptor = kernel.descriptor(fd);
  explicit OneToOne(bool is_up) {
    if (!is_up) kernel.association_is_gone();
  }
};
struct OneToMany : Borrowed {
  Descriptor& descriptor = kernel.descriptor(fd);
  OneToMany() {
    descriptor.type = SOCK_SEQPACKET;
    socket = SocketRef::borrow(fd, Style::one_to_many);
  }
};

void subscribe_all(const SocketRef& socket, std::error_code& error) {
  socket.subscribe<AssociationChange, PeerAddressChange, SendFailed, RemoteError, ShutdownReceived,
                   PartialDeliveryAborted, AdaptationIndication, AuthenticationEvent, SenderDry, StreamReset,
                   AssociationReset, StreamChange>(error);
}
const Types all_types{0x8001, 0x8002, 0x8004, 0x8005, 0x8006, 0x8007,
                      0x8008, 0x8009, 0x800a, 0x800b, 0x800c, 0x800d};

TEST_CASE("Each kind of event is asked for by its number, and no other with it, on every style of socket") {
  const auto number_of = []<class Event>(const SocketRef& socket, Descriptor& descriptor, const Event*) {
    descriptor.events.clear();
    socket.subscribe<Event>();
    const Types events = descriptor.events;
    if constexpr (Unsubscribable<Event>) {
      socket.unsubscribe<Event>();
      CHECK(descriptor.events.empty());
    }
    return events;
  };
  const auto check = [&](const SocketRef& socket, Descriptor& descriptor) {
    const auto number = [&](const auto* event) { return number_of(socket, descriptor, event); };
    CHECK(number(static_cast<AssociationChange*>(nullptr)) == Types{0x8001});
    CHECK(number(static_cast<PeerAddressChange*>(nullptr)) == Types{0x8002});
    CHECK(number(static_cast<RemoteError*>(nullptr)) == Types{0x8004});
    CHECK(number(static_cast<ShutdownReceived*>(nullptr)) == Types{0x8005});
    CHECK(number(static_cast<PartialDeliveryAborted*>(nullptr)) == Types{0x8006});
    CHECK(number(static_cast<AdaptationIndication*>(nullptr)) == Types{0x8007});
    CHECK(number(static_cast<AuthenticationEvent*>(nullptr)) == Types{0x8008});
    CHECK(number(static_cast<SenderDry*>(nullptr)) == Types{0x8009});
    CHECK(number(static_cast<StreamReset*>(nullptr)) == Types{0x800a});
    CHECK(number(static_cast<AssociationReset*>(nullptr)) == Types{0x800b});
    CHECK(number(static_cast<StreamChange*>(nullptr)) == Types{0x800c});
    CHECK(number(static_cast<SendFailed*>(nullptr)) == Types{0x800d});
  };
  SECTION("one-to-one, without an association") {
    OneToOne test{false};
    check(test.socket, test.descriptor);
  }
  SECTION("one-to-one, with its association") {
    OneToOne test{true};
    check(test.socket, test.descriptor);
  }
  SECTION("one-to-many") {
    OneToMany test;
    check(test.socket, test.descriptor);
  }
  SECTION("peeled off") {
    OneToOne test{true};
    check(SocketRef::borrow(test.fd, Style::peeled_off), test.descriptor);
  }
}

TEST_CASE("What was asked for before stays, and what is given up takes nothing else with it") {
  const bool is_up = GENERATE(false, true);
  OneToOne test{is_up};
  test.descriptor.events = {0x8000, 0x8001, 0x8009};
  test.socket.subscribe<PeerAddressChange, SendFailed>(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.descriptor.events == Types{0x8000, 0x8001, 0x8002, 0x8009, 0x800d});
  test.socket.unsubscribe<SenderDry, SendFailed>(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.descriptor.events == Types{0x8000, 0x8001, 0x8002});
}

TEST_CASE("Without an association a socket's events are read, and as many are written") {
  const auto types = GENERATE(as<socklen_t>{}, 14, 13, 11, 10);
  CAPTURE(types);
  OneToOne test{false};
  test.kernel.event_types = types;
  test.kernel.forget_calls();
  test.socket.subscribe<SenderDry, RemoteError>();
  CHECK(test.kernel.story() == "getsockopt getsockopt setsockopt");
  CHECK(test.descriptor.event_scopes.empty());
  std::vector<std::uint8_t> expected(types);
  expected[4] = expected[9] = 1;
  CHECK(test.descriptor.all_events == expected);
}

TEST_CASE("With its association a socket's events are asked for one by one") {
  OneToOne test{true};
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  const SocketRef socket = SocketRef::borrow(test.fd, style);
  test.kernel.forget_calls();
  socket.subscribe<SenderDry, RemoteError>();
  CHECK(test.kernel.count(Call::setsockopt) == 2);
  CHECK(test.descriptor.all_events.empty());
  CHECK(test.descriptor.event_scopes == std::set<std::int32_t>{SCTP_FUTURE_ASSOC});
  CHECK(test.descriptor.events == Types{0x8004, 0x8009});
}

TEST_CASE("On a one-to-many socket events are asked for from all associations, that there are and will be") {
  OneToMany test;
  test.kernel.forget_calls();
  test.socket.subscribe<SenderDry>();
  CHECK(test.kernel.story() == "setsockopt");
  CHECK(test.descriptor.event_scopes == std::set<std::int32_t>{SCTP_ALL_ASSOC});
  test.socket.unsubscribe<SenderDry>();
  CHECK(test.descriptor.event_scopes == std::set<std::int32_t>{SCTP_ALL_ASSOC});
  CHECK(test.descriptor.events.empty());
}

TEST_CASE("A kernel that has no SCTP_EVENT is asked with SCTP_EVENTS, on every style of socket") {
  const auto check = [](auto& test, const SocketRef& socket) {
    test.kernel.has_event_option = false;
    test.kernel.event_types = 13;
    test.descriptor.events = {0x8001};
    socket.subscribe<SenderDry, RemoteError>();
    CHECK(test.descriptor.events == Types{0x8001, 0x8004, 0x8009});
    CHECK(test.descriptor.all_events.size() == 13);
    socket.unsubscribe<SenderDry>();
    CHECK(test.descriptor.events == Types{0x8001, 0x8004});
  };
  SECTION("one-to-one") {
    OneToOne test{true};
    check(test, test.socket);
  }
  SECTION("one-to-many") {
    OneToMany test;
    check(test, test.socket);
  }
  SECTION("peeled off") {
    OneToOne test{true};
    check(test, SocketRef::borrow(test.fd, Style::peeled_off));
  }
}

TEST_CASE("A kernel that does not know the new event of a failed send is asked for the old one") {
  const bool is_up = GENERATE(false, true);
  OneToOne test{is_up};
  test.kernel.event_types = 13;
  test.socket.subscribe<SenderDry, SendFailed, RemoteError>();
  CHECK(test.descriptor.events == Types{0x8003, 0x8004, 0x8009});
  test.socket.unsubscribe<SendFailed>();
  CHECK(test.descriptor.events == Types{0x8004, 0x8009});
  test.kernel.event_types = 14;
  test.socket.subscribe<SendFailed>();
  CHECK(test.descriptor.events == Types{0x8004, 0x8009, 0x800d});
}

TEST_CASE("An event that the kernel does not know is not supported") {
  const bool is_up = GENERATE(false, true);
  OneToOne test{is_up};
  test.kernel.event_types = 11;
  test.socket.subscribe<StreamChange>(test.error);
  CHECK(test.error == std::errc::not_supported);
  test.socket.unsubscribe<AssociationReset>(test.error);
  CHECK(test.error == std::errc::not_supported);
  CHECK_THROWS_WITH(test.socket.subscribe<StreamChange>(),
                    "cannot change the events of 192.0.2.9:40000: this kernel does not know one of them: "
                    "Operation not supported");
  CHECK_THROWS_AS(test.socket.unsubscribe<StreamChange>(), std::system_error);
  CHECK(test.descriptor.events.empty());
  test.socket.subscribe<StreamReset>(test.error);
  CHECK_FALSE(test.error);
  subscribe_all(test.socket, test.error);
  CHECK(test.error == std::errc::not_supported);
}

TEST_CASE("All events may be asked for at once") {
  const bool is_up = GENERATE(false, true);
  OneToOne test{is_up};
  subscribe_all(test.socket, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.descriptor.events == all_types);
}

TEST_CASE("A closed socket says so") {
  FakeKernel kernel;
  const SocketRef closed = SocketRef::borrow(-1, Style::one_to_one);
  std::error_code error;
  closed.subscribe<SenderDry>(error);
  CHECK(error == std::errc::bad_file_descriptor);
  CHECK_THROWS_WITH(SocketRef::borrow(-1, Style::one_to_many).unsubscribe<SenderDry>(),
                    "cannot change the events of the socket: the socket is closed: Bad file descriptor");
}

TEST_CASE("Every socket that is opened, accepted or adopted has the events that receiving needs") {
  const auto types = GENERATE(as<socklen_t>{}, 14, 13, 11, 10);
  FakeKernel kernel;
  kernel.event_types = types;
  kernel.has_event_option = types > 11;
  const OneToOneSocket opened{Family::v4};
  CHECK(kernel.descriptor(opened.fd()).events == needed);
  Listener listener{Address::parse("192.0.2.9:3868")};
  CHECK(kernel.descriptor(listener.fd()).events == needed);
  kernel.peer_waits(AssociationId{11});
  CHECK(kernel.descriptor(listener.accept().fd()).events == needed);
  const int theirs = kernel.open();
  kernel.descriptor(theirs).events = {0x8009};
  const OneToOneSocket adopted = OneToOneSocket::adopt(theirs);
  CHECK(kernel.descriptor(adopted.fd()).events == Types{0x8001, 0x8005, 0x8006, 0x8009});
}

TEST_CASE("What a listener asked for is asked for on the sockets that it accepts") {
  FakeKernel kernel;
  Listener listener{Address::parse("192.0.2.9:3868")};
  listener.subscribe<SendFailed, SenderDry>();
  CHECK(kernel.descriptor(listener.fd()).all_events.size() == 14);
  kernel.peer_waits(AssociationId{11});
  kernel.peer_waits(AssociationId{12});
  const Types wanted{0x8001, 0x8005, 0x8006, 0x8009, 0x800d};
  CHECK(kernel.descriptor(listener.accept().fd()).events == wanted);
  listener.unsubscribe<SenderDry>();
  CHECK(kernel.descriptor(listener.accept().fd()).events == Types{0x8001, 0x8005, 0x8006, 0x800d});
}

TEST_CASE("Whichever call of a subscription fails, the error is told") {
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off);
  const bool is_up = GENERATE(false, true);
  const bool on = GENERATE(false, true);
  each_call_fails([&](FakeKernel& kernel, std::error_code& error) {
    const int fd = kernel.open();
    if (is_up) kernel.association_is_up(AssociationId{7});
    const SocketRef socket = SocketRef::borrow(fd, style);
    if (on) {
      socket.subscribe<SenderDry, SendFailed>(error);
    } else {
      socket.unsubscribe<SenderDry, SendFailed>(error);
    }
    sys::close(fd);
  });
}

TEST_CASE("Whichever call of a subscription fails on a kernel without SCTP_EVENT, the error is told") {
  each_call_fails([&](FakeKernel& kernel, std::error_code& error) {
    kernel.has_event_option = false;
    const int fd = kernel.open();
    SocketRef::borrow(fd, Style::one_to_many).subscribe<SenderDry>(error);
    sys::close(fd);
  });
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::AdaptationIndication;
using sctp::AuthenticationEvent;
using sctp::RemoteError;
using sctp::SenderDry;
using sctp::Style;
using test::Delivery;
using Answers = std::vector<std::string>;

// Which events come, on whichever socket and whenever one asks for them.

namespace {

/// Says its number to the peer at the setup.
void introduce(const sctp::SocketRef& socket) {
  test::set_native(socket, SCTP_ADAPTATION_LAYER, sctp_setadaptation{5});
}

const std::string dry = ": everything sent is acknowledged";
const std::string unsigned_peer = ": authentication not supported by the peer";
const std::string number = ": the peer's adaptation layer is 5";

/// The next answers, without the association's number.
Answers told(std::size_t count, const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  Answers answers = test::next(count, socket, buffer);
  for (std::string& answer : answers) {
    if (answer.starts_with("association ")) answer.erase(0, answer.find(':'));
  }
  return answers;
}

/// An error that the peer reports, which has not.
void report(test::Forger& forger, const sctp::SocketRef& peer, const sctp::SocketRef& socket) {
  constexpr std::uint8_t error = 9;
  forger.send(peer.local_address(), socket.local_address(),
              test::chunk(error, test::error_cause(sctp::Cause::stale_cookie, "")));
}
const std::string reported = ": the peer reports: stale cookie";

template <class Event>
constexpr bool may_unsubscribe =
    requires(const sctp::SocketRef& socket) { socket.template unsubscribe<Event>(); };
static_assert(may_unsubscribe<SenderDry> && may_unsubscribe<sctp::SendFailed>);
static_assert(!may_unsubscribe<sctp::AssociationChange> && !may_unsubscribe<sctp::ShutdownReceived> &&
              !may_unsubscribe<sctp::PartialDeliveryAborted>);

void subscribe_to_all(const sctp::SocketRef& socket) {
  socket.subscribe<sctp::AssociationChange, sctp::PeerAddressChange, RemoteError, sctp::SendFailed,
                   sctp::ShutdownReceived, sctp::PartialDeliveryAborted, AdaptationIndication,
                   AuthenticationEvent, SenderDry, sctp::StreamReset, sctp::AssociationReset,
                   sctp::StreamChange>();
}

void unsubscribe_from_all(const sctp::SocketRef& socket) {
  socket.unsubscribe<sctp::PeerAddressChange, RemoteError, sctp::SendFailed, AdaptationIndication,
                     AuthenticationEvent, SenderDry, sctp::StreamReset, sctp::AssociationReset,
                     sctp::StreamChange>();
}

}  // namespace

TEST_CASE("Events that were asked for before the setup come with it", "[subscription]") {
  const sctp::Listener listener = test::listen(sctp::Address::Family::v4, introduce);
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  client.subscribe<AdaptationIndication, AuthenticationEvent>();
  client.connect(listener.local_address());
  sctp::ReceiveBuffer buffer;
  CHECK(told(3, client, buffer) == Answers{"up", number, unsigned_peer});
}

TEST_CASE("Events that are not asked for any more before the setup do not come with it", "[subscription]") {
  sctp::Listener listener = test::listen();
  listener.subscribe<AdaptationIndication, AuthenticationEvent>();
  listener.unsubscribe<AuthenticationEvent>();
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  introduce(client);
  client.connect(listener.local_address());
  client.send(sctp::as_bytes("hello"));
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  CHECK(told(3, server, buffer) == Answers{"up", number, "message hello"});
}

TEST_CASE("What is asked of a listener holds for the sockets that it accepts, from the first event on",
          "[subscription]") {
  sctp::Listener listener = test::listen();
  listener.subscribe<AdaptationIndication>();
  listener.subscribe<AuthenticationEvent>();
  sctp::ReceiveBuffer buffer;
  for (int i = 0; i != 2; ++i) {
    sctp::OneToOneSocket client{sctp::Address::Family::v4};
    introduce(client);
    client.connect(listener.local_address());
    client.send(sctp::as_bytes("hello"));
    const sctp::OneToOneSocket server = listener.accept();
    CHECK(told(4, server, buffer) == Answers{"up", number, unsigned_peer, "message hello"});
  }
}

TEST_CASE("What is asked of a listener holds for a peer that waits to be accepted, too", "[subscription]") {
  test::Forger forger;
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{listener.local_address()};
  test::wait_for(listener.fd(), POLLIN);
  listener.subscribe<RemoteError>();
  report(forger, client, listener);
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  CHECK(told(2, server, buffer) == Answers{"up", reported});
  client.shutdown();
  CHECK(told(2, server, buffer) == Answers{"the peer shuts down", "shut down"});
}

TEST_CASE("Events may be asked for while the setup is under way", "[subscription]") {
  const sctp::Listener listener = test::listen(sctp::Address::Family::v4, introduce);
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  {
    const test::Delay delay;
    REQUIRE_FALSE(client.try_connect(listener.local_address()));
    client.subscribe<AdaptationIndication, AuthenticationEvent>();
    client.unsubscribe<AuthenticationEvent>();
    test::wait_for(client.fd(), POLLIN);
  }
  sctp::ReceiveBuffer buffer;
  CHECK(told(2, client, buffer) == Answers{"up", number});
  CHECK(test::drain(client, buffer).empty());
}

TEST_CASE("A descriptor that is adopted while its setup is under way tells of it", "[subscription]") {
  sctp::Listener listener = test::listen();
  const sctp::Address address = listener.local_address();
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_SCTP);
  sockaddr_in native{};
  native.sin_family = AF_INET;
  native.sin_port = htons(address.port());
  native.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sctp::OneToOneSocket client;
  {
    const test::Delay delay;
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&native), sizeof native) == -1);
    REQUIRE(errno == EINPROGRESS);
    client = sctp::OneToOneSocket::adopt(fd);
    CHECK(client.association().id() == sctp::AssociationId{});
    CHECK_FALSE(client.try_connect(address));
    test::wait_for(client.fd(), POLLOUT);
  }
  CHECK(client.try_connect(address));
  client.set_nonblocking(false);
  sctp::OneToOneSocket server = listener.accept();
  server.send(sctp::as_bytes("hello"));
  server.shutdown();
  sctp::ReceiveBuffer buffer;
  const auto received = client.receive(buffer);
  REQUIRE(received.notification() != nullptr);
  CHECK(association_of(*received.notification()) == client.association().id());
  CHECK(test::describe(received, {}) == "up");
  CHECK(told(4, client, buffer) ==
        Answers{"message hello", "the peer shuts down", "shut down", "end of stream"});
}

TEST_CASE("What was asked for by hand on an established association stays", "[subscription]") {
  test::Forger forger;
  const auto [client, server] = test::connect();
  sctp_event by_hand{};
  by_hand.se_assoc_id = static_cast<sctp_assoc_t>(server.association().id());
  by_hand.se_type = SCTP_REMOTE_ERROR;
  by_hand.se_on = 1;
  test::set_native(server, SCTP_EVENT, by_hand);
  server.subscribe<SenderDry>();
  sctp::ReceiveBuffer buffer;
  CHECK(told(2, server, buffer) == Answers{"up", dry});
  report(forger, client, server);
  CHECK(told(1, server, buffer) == Answers{reported});
}

TEST_CASE("A one-to-many socket tells of the associations that it has and will have", "[subscription]") {
  test::Forger forger;
  const test::RawSocket socket = test::listen_by_hand();
  sctp::ReceiveBuffer buffer;
  const sctp::OneToOneSocket first{socket.local_address()};
  const sctp::OneToOneSocket other{socket.local_address()};
  CHECK(told(2, socket, buffer) == Answers{"up", "up"});
  socket.subscribe<RemoteError, AuthenticationEvent>();
  report(forger, first, socket);
  CHECK(told(1, socket, buffer) == Answers{reported});
  report(forger, other, socket);
  CHECK(told(1, socket, buffer) == Answers{reported});

  const sctp::OneToOneSocket later{socket.local_address()};
  CHECK(told(2, socket, buffer) == Answers{"up", unsigned_peer});
  report(forger, later, socket);
  CHECK(told(1, socket, buffer) == Answers{reported});

  socket.unsubscribe<RemoteError>();
  const sctp::OneToOneSocket last{socket.local_address()};
  for (const auto* client : {&first, &later, &last}) report(forger, *client, socket);
  CHECK(told(2, socket, buffer) == Answers{"up", unsigned_peer});
  CHECK(test::drain(socket, buffer).empty());
}

TEST_CASE("A peeled-off socket keeps what was asked for, and may ask for more", "[subscription]") {
  test::Forger forger;
  const test::RawSocket socket = test::listen_by_hand();
  socket.subscribe<RemoteError>();
  sctp::ReceiveBuffer buffer;
  sctp::OneToOneSocket client{socket.local_address()};
  const auto up = test::next_event<sctp::AssociationChange>(socket, buffer);
  const test::RawSocket peeled = test::peel_off_by_hand(socket, up.association);
  report(forger, client, peeled);
  CHECK(told(1, peeled, buffer) == Answers{reported});
  peeled.subscribe<SenderDry>();
  CHECK(told(1, peeled, buffer) == Answers{dry});
  peeled.unsubscribe<RemoteError, SenderDry>();
  report(forger, client, peeled);
  sctp::Association{peeled, up.association}.send(sctp::as_bytes("hello"), {.sack_immediately = true});
  CHECK(told(2, client, buffer) == Answers{"up", "message hello"});
  client.shutdown();
  CHECK(told(3, peeled, buffer) == Answers{"the peer shuts down", "shut down", "end of stream"});
}

TEST_CASE("Events that are not asked for any more stay away, and the needed ones come all the same",
          "[subscription]") {
  test::Forger forger;
  auto [client, server] = test::connect();
  sctp::ReceiveBuffer buffer;
  server.subscribe<RemoteError>();
  CHECK(told(1, server, buffer) == Answers{"up"});
  report(forger, client, server);
  test::wait_for(server.fd(), POLLIN);
  server.unsubscribe<RemoteError>();
  report(forger, client, server);
  CHECK(told(1, server, buffer) == Answers{reported});  // what was queued before
  CHECK(test::drain(server, buffer).empty());

  subscribe_to_all(server);
  CHECK(told(1, server, buffer) == Answers{dry});
  unsubscribe_from_all(server);
  unsubscribe_from_all(server);
  report(forger, client, server);
  client.shutdown();
  CHECK(told(3, server, buffer) == Answers{"the peer shuts down", "shut down", "end of stream"});
}

TEST_CASE("Every event may be asked for on every style of socket", "[subscription]") {
  const test::Way way{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off),
                      Delivery::one_by_one};
  INFO(test::name(way));
  test::Receiver receiver{way, subscribe_to_all};
  const sctp::OneToOneSocket client = receiver.connect(test::as_it_is);
  subscribe_to_all(receiver.socket());
  unsubscribe_from_all(receiver.socket());
  subscribe_to_all(sctp::OneToOneSocket{sctp::Address::Family::v6});
}

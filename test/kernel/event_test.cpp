// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>

#include "by_hand.hpp"

using sctp::as_bytes;

// Every kind of event as the kernel tells it, but for those of streams (stream_event) and messages
// (send_failed).

namespace {

using Change = sctp::AssociationChange;

/// Both sides' keys: everything that the server is sent has to be signed.
void sign(const sctp::SocketRef& socket) {
  socket.set(sctp::option::AuthSupported{});
  constexpr std::uint8_t data = 0;
  test::set_native(socket, SCTP_AUTH_CHUNK, sctp_authchunk{data});
}

/// The association's key of this number.
void add_key(const sctp::OneToOneSocket& socket, std::uint16_t number) {
  struct {  // sctp_authkey, and the secret behind it
    sctp_assoc_t association;
    std::uint16_t number;
    std::uint16_t length = 8;
    std::array<std::uint8_t, 8> secret{'s', 'e', 's', 'a', 'm', 'e', '!', '!'};
  } native{};
  native.association = static_cast<sctp_assoc_t>(socket.association().id());
  native.number = number;
  test::set_native(socket, SCTP_AUTH_KEY, native);
}

void choose_key(const sctp::OneToOneSocket& socket, int option, std::uint16_t number) {
  sctp_authkeyid key{};
  key.scact_assoc_id = static_cast<sctp_assoc_t>(socket.association().id());
  key.scact_keynumber = number;
  test::set_native(socket, option, key);
}

}  // namespace

TEST_CASE("The setup's event tells what was negotiated", "[event]") {
  using sctp::option::InitMsg;
  sctp::Listener listener = test::listen(sctp::Address::Family::v4, [](const sctp::SocketRef& socket) {
    socket.set(InitMsg{.outgoing_streams = 4, .incoming_streams = 300});
  });
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  client.set(InitMsg{.outgoing_streams = 400, .incoming_streams = 9});
  client.connect(listener.local_address());
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  const auto check = [&](const sctp::OneToOneSocket& socket, std::uint16_t out, std::uint16_t in) {
    const Change up = test::next_event<Change>(socket, buffer);
    CHECK(up.state == Change::State::up);
    CHECK(up.end == Change::End::none);
    CHECK(up.cause == sctp::Cause::none);
    CHECK(up.outgoing_streams == out);
    CHECK(up.incoming_streams == in);
    CHECK(up.association == socket.association().id());
    CHECK(up.info.empty());
  };
  check(client, 300, 4);
  check(server, 4, 300);
}

TEST_CASE("A peer that begins anew is told as a restart of the association", "[event]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{listener.local_address()};
  const sctp::Address address = client.local_address();
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  const Change up = test::next_event<Change>(server, buffer);
  test::set_loopback_up(false);
  client.abort();  // which nobody hears
  test::set_loopback_up(true);

  sctp::OneToOneSocket again{sctp::Address::Family::v4};
  again.bind(address);
  again.connect(listener.local_address());
  const Change restarted = test::next_event<Change>(server, buffer);
  CHECK(restarted.state == Change::State::restarted);
  CHECK(restarted.end == Change::End::none);
  CHECK(restarted.association == up.association);
  CHECK(restarted.outgoing_streams == 10);
  CHECK(restarted.incoming_streams == 10);
  again.send(as_bytes("here again"));
  CHECK(test::next(server, buffer) == "message here again");
}

TEST_CASE("The end's events name the association", "[event]") {
  auto [client, server] = test::connect();
  sctp::ReceiveBuffer buffer;
  const auto id = test::next_event<Change>(server, buffer).association;
  SECTION("after a shutdown") {
    client.shutdown();
    CHECK(test::next_event<sctp::ShutdownReceived>(server, buffer).association == id);
    const Change end = test::next_event<Change>(server, buffer);
    CHECK(end.state == Change::State::shutdown_complete);
    CHECK(end.association == id);
    CHECK(end.outgoing_streams == 0);
    CHECK(end.incoming_streams == 0);
  }
  SECTION("after an abort") {
    client.abort();
    const Change end = test::next_event<Change>(server, buffer);
    CHECK(end.state == Change::State::lost);
    CHECK(end.association == id);
    CHECK(end.outgoing_streams == 0);
    CHECK(end.incoming_streams == 0);
    CHECK(end.cause == sctp::Cause::user_initiated_abort);
    CHECK(end.info.size() == 4);
  }
}

TEST_CASE("Errors that the peer reports come one by one", "[event]") {
  test::Forger forger;
  auto [client, server] = test::connect();
  server.subscribe<sctp::RemoteError>();
  constexpr std::uint8_t error = 9;
  forger.send(client.local_address(), server.local_address(),
              test::chunk(error, test::error_cause(sctp::Cause::unrecognized_chunk, "odd") +
                                     test::error_cause(sctp::Cause{0xabcd}, "")));
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  const auto first = test::next_event<sctp::RemoteError>(server, buffer);
  CHECK(first.cause == sctp::Cause::unrecognized_chunk);
  CHECK(first.association == server.association().id());
  CHECK(test::text(first.value) == std::string_view{"odd\0", 4});
  const auto second = test::next_event<sctp::RemoteError>(server, buffer);
  CHECK(second.cause == sctp::Cause{0xabcd});
  CHECK(second.association == server.association().id());
  CHECK(second.value.empty());
  client.send(as_bytes("no harm done"));
  CHECK(test::next(server, buffer) == "message no harm done");
}

TEST_CASE("What the peer's upper layer says of itself comes after the setup", "[event]") {
  sctp::Listener listener = test::listen();
  listener.subscribe<sctp::AdaptationIndication>();
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  test::set_native(client, SCTP_ADAPTATION_LAYER, sctp_setadaptation{0x01020304});
  client.connect(listener.local_address());
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  const auto event = test::next_event<sctp::AdaptationIndication>(server, buffer);
  CHECK(event.value == 0x01020304);
  CHECK(event.association == server.association().id());
}

TEST_CASE("That everything is acknowledged is told each time, and at once when it is so", "[event]") {
  auto [client, server] = test::connect();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer) == "up");
  client.subscribe<sctp::SenderDry>();
  CHECK(test::next_event<sctp::SenderDry>(client, buffer).association == client.association().id());
  CHECK(test::drain(client, buffer).empty());
  for (int i = 0; i != 3; ++i) {
    client.send(as_bytes("message"), {.sack_immediately = true});
    CHECK(test::next_event<sctp::SenderDry>(client, buffer).association == client.association().id());
    CHECK(client.association().status().unacknowledged_chunks == 0);
  }
  CHECK(test::drain(client, buffer).empty());
}

TEST_CASE("A peer that does not authenticate is told at the setup", "[event]") {
  sctp::Listener listener = test::listen();
  listener.subscribe<sctp::AuthenticationEvent>();
  const sctp::OneToOneSocket client{listener.local_address()};
  const sctp::OneToOneSocket server = listener.accept();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  const auto event = test::next_event<sctp::AuthenticationEvent>(server, buffer);
  CHECK(event.state == sctp::AuthenticationEvent::State::not_supported);
  CHECK(event.association == server.association().id());
}

TEST_CASE("A change of keys is told with the key's number", "[event]") {
  using State = sctp::AuthenticationEvent::State;
  const auto [client, server] = test::connect(sign);
  client.subscribe<sctp::AuthenticationEvent>();
  server.subscribe<sctp::AuthenticationEvent>();
  sctp::ReceiveBuffer client_buffer;
  sctp::ReceiveBuffer server_buffer;
  CHECK(test::next(client, client_buffer) == "up");
  CHECK(test::next(server, server_buffer) == "up");
  for (const std::uint16_t number : {std::uint16_t{7}, std::uint16_t{0x0102}}) {
    add_key(client, number);
    add_key(server, number);
    choose_key(client, SCTP_AUTH_ACTIVE_KEY, number);
    client.send(as_bytes("signed"), {.sack_immediately = true});
    const auto event = test::next_event<sctp::AuthenticationEvent>(server, server_buffer);
    CHECK(event.state == State::new_key);
    CHECK(event.key == number);
    CHECK(event.association == server.association().id());
    CHECK(test::next(server, server_buffer) == "message signed");
  }
  test::wait_until([&] { return client.association().status().unacknowledged_chunks == 0; });
  choose_key(client, SCTP_AUTH_DEACTIVATE_KEY, 7);
  const auto freed = test::next_event<sctp::AuthenticationEvent>(client, client_buffer);
  CHECK(freed.state == State::key_freed);
  CHECK(freed.key == 7);
  CHECK(freed.association == client.association().id());
}

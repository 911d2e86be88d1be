// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <iterator>

#include "one_to_many.hpp"

using sctp::as_bytes;
using sctp::AssociationId;
using sctp::OneToOneSocket;
using End = sctp::AssociationChange::End;
using State = sctp::AssociationChange::State;
using test::Many;
using Answers = std::vector<std::string>;

namespace {

/// The value of the cause that the next event brings, which says that the peer has aborted.
std::string reason_of_abort(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  const auto change = test::next_event<sctp::AssociationChange>(socket, buffer);
  CHECK(change.state == State::lost);
  CHECK(change.end == End::peer_abort);
  CHECK(change.cause == sctp::Cause::user_initiated_abort);
  const sctp::ErrorCauses causes{change.info};
  REQUIRE(std::distance(causes.begin(), causes.end()) == 1);
  CHECK(causes.begin()->cause == sctp::Cause::user_initiated_abort);
  return std::string{test::text(causes.begin()->value)};
}

}  // namespace

TEST_CASE("An abort's reason is read by the peer, as far as it may be long", "[association_abort]") {
  constexpr std::size_t longest = sctp::Association::longest_reason;
  const auto size = GENERATE_COPY(std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{4}, longest - 1,
                                  longest, longest + 1, std::size_t{100'000});
  const bool peeled = GENERATE(false, true);
  CAPTURE(size, peeled);
  Many server;
  const OneToOneSocket client{server.address()};
  const AssociationId id = server.next_up();
  sctp::ReceiveBuffer client_buffer;
  CHECK(test::next(client, client_buffer) == "up");
  std::string reason;
  while (reason.size() != size) reason += static_cast<char>('a' + reason.size() % 26);
  if (peeled) {
    sctp::ReceiveBuffer buffer;
    OneToOneSocket peer = server.socket.peel_off(id, server.buffer, buffer);
    peer.abort(reason);
  } else {
    server.association(id).abort(reason);
    CHECK(server.next(State::lost) == id);
  }
  CHECK(reason_of_abort(client, client_buffer) == reason.substr(0, longest));
  CHECK(server.socket.associations().empty());
}

TEST_CASE("An abort's reason is read on a one-to-many socket, too", "[association_abort]") {
  Many server;
  Many client;
  const AssociationId id = client.socket.connect(server.address());
  CHECK(client.next_up() == id);
  const AssociationId at_server = server.next_up();
  client.association(id).abort(std::string_view{"with\0nothing\xff", 13});
  CHECK(reason_of_abort(server.socket, server.buffer) == std::string_view{"with\0nothing\xff", 13});
  CHECK(client.next(State::lost) == id);
  CHECK_FALSE(server.socket.try_receive(server.buffer));
  CHECK(at_server != AssociationId{});
}

TEST_CASE("An abort needs no room in the send buffer, and drops what is queued", "[association_abort]") {
  Many server;
  OneToOneSocket client{sctp::Address::Family::v4};
  client.set(sctp::option::RcvBuf{20'000});
  client.connect(server.address());
  const AssociationId id = server.next_up();
  server.socket.subscribe<sctp::SendFailed>();
  std::size_t sent = 0;
  while (server.association(id).try_send(test::pattern(7'000))) ++sent;
  server.association(id).abort("enough");
  const auto lost = test::next_event<sctp::AssociationChange>(server.socket, server.buffer);
  CHECK(lost.end == End::own_abort);
  CHECK(lost.association == id);
  sctp::ReceiveBuffer client_buffer;
  CHECK(test::next(client, client_buffer) == "up");
  std::size_t received = 0;
  std::error_code error;
  for (;;) {
    const auto answer = client.receive(client_buffer, error);
    if (answer.message() == nullptr) {
      const auto* event = answer.notification();
      REQUIRE(event != nullptr);
      if (std::holds_alternative<sctp::PartialDeliveryAborted>(*event)) continue;
      const auto& change = std::get<sctp::AssociationChange>(*event);
      CHECK(change.end == End::peer_abort);
      break;
    }
    ++received;
  }
  CHECK(received < sent);
  std::size_t failed = 0;
  while (server.socket.try_receive(server.buffer)) ++failed;
  CHECK(failed >= sent - received);
}

TEST_CASE("A one-to-one socket aborts only by closing", "[association_abort]") {
  auto [client, server] = test::connect();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer) == "up");
  std::error_code error;
  server.association().abort("why", error);
  CHECK(error == std::errc::operation_not_supported);
  CHECK_THROWS_WITH(server.association().abort("why"), Catch::Matchers::Contains("use its own abort"));
  sctp::ReceiveBuffer server_buffer;
  client.send(as_bytes("still"));
  CHECK(test::next(2, server, server_buffer) == Answers{"up", "message still"});
  server.abort("why");
  CHECK_FALSE(server.is_open());
  CHECK(reason_of_abort(client, buffer).empty());
}

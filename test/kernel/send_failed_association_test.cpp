// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::Cause;
using sctp::Ppid;
using sctp::SendFailed;
using sctp::StreamId;
using test::Delivery;

// What comes back when a setup fails, when the peer begins anew, and from several associations at once.

TEST_CASE("Messages that a setup was to bring come back when it fails", "[send_failed]") {
  sctp::Listener listener = test::listen();
  const sctp::Address nobody = listener.local_address();
  listener.close();
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  client.subscribe<SendFailed>();
  client.set_nonblocking();
  const auto payload = test::pattern(20'000);
  client.connect_and_send(nobody, payload, {.stream = StreamId{2}, .ppid = Ppid{3}, .context = 4});
  test::wait_for(client.fd(), POLLIN);
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(client, buffer, test::Mode::nonblocking) == "unable to start");
  const auto event = test::next_event<SendFailed>(client, buffer);
  CHECK_FALSE(event.sent);
  CHECK((event.begins && event.ends));
  CHECK(event.stream == StreamId{2});
  CHECK(event.ppid == Ppid{3});
  CHECK(event.context == 4);
  CHECK(std::ranges::equal(event.payload, payload));
}

TEST_CASE("A one-to-many socket's failed messages come back with their association", "[send_failed]") {
  const Delivery delivery = GENERATE(Delivery::one_by_one, Delivery::interleaves_messages);
  const sctp::OneToManySocket socket = test::listen_to_many(delivery);
  socket.set(sctp::option::SndBuf{400'000});
  socket.subscribe<SendFailed>();
  const auto connect = [&] {
    sctp::OneToOneSocket client{sctp::Address::Family::v4};
    test::set_delivery(client, delivery);
    client.set(sctp::option::RcvBuf{20'000});
    client.connect(socket.local_address());
    return client;
  };
  std::array clients{connect(), connect()};
  sctp::ReceiveBuffer buffer;
  std::vector<sctp::Association> associations;
  for (std::uint32_t i = 0; i != 2; ++i) {
    const auto id = test::next_event<sctp::AssociationChange>(socket, buffer).association;
    associations.push_back(socket.association(id));
    CHECK(associations[i].get<sctp::option::InterleavingSupported>().on ==
          (delivery == Delivery::interleaves_messages));
    associations[i].send(test::pattern(60'000, i), {.stream = StreamId{3}, .context = i});
  }
  for (auto& client : clients) client.abort();
  for (std::uint32_t i = 0; i != 2; ++i) {
    CHECK(test::next(socket, buffer) == "lost: user initiated abort");
    const auto event = test::next_event<SendFailed>(socket, buffer);
    CHECK((event.begins && event.ends));
    CHECK(event.context == i);
    CHECK(event.association == associations[i].id());
    CHECK(std::ranges::equal(event.payload, test::pattern(60'000, i)));
  }
  CHECK(test::drain(socket, buffer).empty());
}

TEST_CASE("A peer that begins anew never got what was on its way", "[send_failed]") {
  sctp::Listener listener = test::listen();
  sctp::OneToOneSocket client{listener.local_address()};
  const sctp::Address address = client.local_address();
  const sctp::OneToOneSocket server = listener.accept();
  server.subscribe<SendFailed>();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  test::set_loopback_up(false);
  const auto payload = test::pattern(20'000);
  server.send(payload, {.stream = StreamId{3}, .context = 7});
  client.abort();  // which nobody hears
  test::set_loopback_up(true);
  sctp::OneToOneSocket again{sctp::Address::Family::v4};
  again.bind(address);
  again.connect(listener.local_address());
  const auto event = test::next_event<SendFailed>(server, buffer);
  CHECK((event.begins && event.ends));
  CHECK(event.sent);
  CHECK(event.cause == Cause::none);
  CHECK(event.context == 7);
  CHECK(std::ranges::equal(event.payload, payload));
  CHECK(test::next(server, buffer) == "restarted");
}

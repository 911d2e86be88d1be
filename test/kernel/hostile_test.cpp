// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "hostile.hpp"

#include <random>

#include "by_hand.hpp"

using sctp::AssociationId;
using test::Delivery;
using test::hostile::bound;
using test::hostile::Peer;
using test::hostile::Peers;
using test::hostile::Service;

namespace {

constexpr std::size_t well_behaved = 4;
constexpr std::size_t hostiles = 12;

/// A service with peers that behave, which are answered before, meanwhile and after it; and what `attack`
/// does to it. Afterwards nothing is left of that.
template <class Attack>
void withstand(Delivery delivery, Attack attack) {
  const std::size_t before = test::open_descriptors();
  {
    const test::hostile::Wrapping wrapping;
    Service service{delivery};
    Peers peers{service, well_behaved};
    peers.exchange();
    attack(service, peers);
    peers.exchange();
    for (const AssociationId id : service.socket.associations()) {
      if (service.over_limit.contains(id) || service.refused.contains(id))
        service.socket.association(id).abort();
    }
    test::hostile::run(service, [&] { return service.table.size() == well_behaved; });
    CHECK(service.buffer.unfinished() == 0);
    CHECK(service.queue.waiting() == 0);
    CHECK(service.most_memory <= bound(service.most_begun));
    for (const auto& [error, count] : service.errors) FAIL_CHECK(error << ", " << count << " times");
    peers.exchange();
  }
  CHECK(test::open_descriptors() == before);
}

std::string noise(std::mt19937& random, std::size_t most) {
  std::string bytes(random() % most, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// The only one that is not up for long.
AssociationId newest(Service& service) {
  AssociationId id{};
  for (const auto& [one, entry] : service.table) id = std::max(id, one);
  return id;
}

}  // namespace

TEST_CASE("Setups that are begun and no more cost nothing, and others are answered", "[hostile]") {
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    Peer hostile{service.socket.local_address()};
    for (int round = 0; round != 20; ++round) {
      for (std::uint16_t port = 10'000; port != 10'200; ++port)
        hostile.flood(static_cast<std::uint16_t>(port + 200 * round));
      peers.exchange(1);
      CHECK(service.socket.associations().size() == well_behaved);
    }
    CHECK(service.table.size() == well_behaved);
    CHECK(service.most_begun == 0);
    hostile.associate(false);  // with one more of the same packets
    hostile.abort();
  });
}

TEST_CASE("Packets of noise harm nobody but the association that they belong to", "[hostile]") {
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    std::mt19937 random{20'010};
    Peer hostile{service.socket.local_address()};
    hostile.associate(false);
    test::hostile::run(service, [&] { return service.table.size() == well_behaved + 1; });
    // Who sends these does not have to be who they say.
    for (int n = 0; n != 2000; ++n) {
      hostile.send(hostile.tag(), noise(random, 400), false);
      hostile.send(hostile.tag() + 1 + static_cast<std::uint32_t>(random() % 1000), noise(random, 400));
    }
    const std::size_t messages = service.messages;
    hostile.send_part(0, "still here", true, true);
    test::hostile::run(service, [&] { return service.messages == messages + 1; });
    CHECK(service.table.size() == well_behaved + 1);
    CHECK(service.ends.empty());
    // These are of who it is, whose association may end by them.
    for (int n = 0; n != 1000; ++n) {
      hostile.send(test::chunk(static_cast<std::uint8_t>(random()), noise(random, 300)) + noise(random, 100));
      if (n % 50 != 0) continue;
      peers.exchange(1);
      hostile.associate(false);  // where the last one's noise has ended it, or in its place
    }
    peers.exchange();
    hostile.abort();
  });
}

TEST_CASE("Messages that never end cost no more memory than is said, and others are answered", "[hostile]") {
  const bool interleaves = GENERATE(false, true);
  CAPTURE(interleaves);
  const test::Permission permission{"intl_enable", interleaves};
  const test::Permission own_window{"rcvbuf_policy"};
  const Delivery delivery = interleaves ? Delivery::interleaves_messages : Delivery::interleaves_peers;
  withstand(delivery, [&](Service& service, Peers& peers) {
    const std::uint16_t streams = interleaves ? 400 : 1;
    std::list<Peer> hostile;
    for (std::uint16_t n = 0; n != hostiles; ++n) {
      hostile.emplace_back(service.socket.local_address(), static_cast<std::uint16_t>(4711 + n));
      hostile.back().associate(interleaves);
    }
    test::hostile::run(service, [&] { return service.table.size() == well_behaved + hostiles; });
    const std::string part(1000, 'x');
    for (int round = 0; round != 8; ++round) {
      for (std::uint16_t n = 0; n != 400; ++n) {
        for (Peer& one : hostile) one.send_part(n % streams, part, round == 0 && n < streams, false);
        service.step();
      }
      peers.exchange(1);
    }
    INFO("begun " << service.most_begun << ", bytes " << service.most_memory);
    CHECK(service.most_begun >= (interleaves ? 400 : hostiles));
    CHECK(service.over_limit.size() > hostiles / 2);
    for (const Peer& one : hostile) one.abort();
  });
}

TEST_CASE("Who looks at no window takes the receive buffer from all, unless each has its own", "[hostile]") {
  const bool own_window = GENERATE(true, false);
  CAPTURE(own_window);
  const test::Permission permission{"rcvbuf_policy", own_window};
  const test::hostile::Wrapping wrapping;
  Service service{Delivery::interleaves_peers};
  Peers peers{service, 1, [=](const sctp::SocketRef& socket) {
                test::retransmit_soon(socket);
                // To be lost soon.
                if (!own_window) socket.set(sctp::option::RtoInfo{.max = std::chrono::milliseconds{100}});
              }};
  peers.exchange();
  std::list<Peer> hostile;
  for (std::uint16_t n = 0; n != hostiles; ++n) {
    hostile.emplace_back(service.socket.local_address(), static_cast<std::uint16_t>(4711 + n));
    hostile.back().associate(false);
    hostile.back().skip();  // what comes after this waits for it in the kernel
  }
  const std::string part(1000, 'x');
  for (int n = 0; n != 400; ++n) {
    for (Peer& one : hostile) one.send_part(0, part, n == 0, false);
    service.step();
  }
  service.step();
  if (own_window) {
    peers.exchange();
  } else {
    CHECK_THROWS_WITH(peers.exchange(1), Catch::Matchers::Contains("no answer"));
  }
  CHECK(service.most_begun == 0);
}

TEST_CASE("Whose messages are over the limit is told each time, and others are answered", "[hostile]") {
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    sctp::OneToOneSocket hostile{sctp::Address::Family::v4};
    hostile.connect(service.socket.local_address());
    test::hostile::run(service, [&] { return service.table.size() == well_behaved + 1; });
    const AssociationId id = newest(service);
    const auto huge = test::pattern(100'000);
    for (std::size_t n = 1; n != 20; ++n) {
      hostile.send(huge);
      hostile.send(sctp::as_bytes("small"));
      const std::size_t before = service.messages;
      test::hostile::run(service, [&] { return service.messages == before + 1; });
      CHECK(service.over_limit[id] == n);
      peers.exchange(1);
    }
    CHECK(service.over_limit.size() == 1);
  });
}

TEST_CASE("A flood of messages from one that reads no answer holds up nobody", "[hostile]") {
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    sctp::OneToOneSocket hostile{sctp::Address::Family::v4};
    test::retransmit_soon(hostile);
    test::small_window(hostile);
    hostile.connect(service.socket.local_address());
    test::hostile::run(service, [&] { return service.table.size() == well_behaved + 1; });
    const AssociationId id = newest(service);
    const auto flood = test::pattern(100);
    for (int round = 0; round != 500 && service.refused[id] < 500; ++round) {
      for (int n = 0; n != 500; ++n) static_cast<void>(hostile.try_send(flood));
      peers.exchange(1);
      CHECK(service.queue.backlog(id).bytes <= 20'000);
    }
    CHECK(service.refused[id] >= 500);
    CHECK(service.refused.size() == 1);
    CHECK(service.queue.backlog(id).since);
  });
}

TEST_CASE("Aborts in the middle of everything are told once each, and leave nothing", "[hostile]") {
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    constexpr std::size_t rounds = 100;
    const auto large = test::pattern(150'000);
    for (std::size_t n = 0; n != rounds; ++n) {
      sctp::OneToOneSocket hostile{sctp::Address::Family::v4};
      hostile.connect(service.socket.local_address());
      if (n % 2 == 0) static_cast<void>(hostile.try_send(large));
      if (n % 3 == 0) service.step();
      hostile.abort();
      if (n % 10 == 0) peers.exchange(1);
    }
    test::hostile::run(service, [&] { return service.table.size() == well_behaved; });
    service.step();
    CHECK(service.ends["aborted by the peer"] == rounds);
    CHECK(service.ends.size() == 1);
  });
}

TEST_CASE("Shutdowns in the middle of messages, which the kernel keeps to itself, are told and leave nothing",
          "[hostile]") {
  const test::Permission own_window{"rcvbuf_policy"};
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    std::list<Peer> hostile;
    for (std::uint16_t n = 0; n != hostiles; ++n) {
      Peer& one = hostile.emplace_back(service.socket.local_address(), static_cast<std::uint16_t>(4711 + n));
      one.associate(false);
      one.begin_message(0, 400);  // more than the window
    }
    test::hostile::run(service, [&] { return service.buffer.unfinished() == hostiles; });
    for (const Peer& one : hostile) one.shut_down();
    test::wait_until([&] { return service.socket.associations().size() == well_behaved; });
    while (service.table.size() != well_behaved) peers.exchange(1);
    CHECK(service.ends["ended without a word"] == hostiles);
  });
}

TEST_CASE("One peer makes a one-to-many socket deaf for good where it does not interleave peers",
          "[hostile]") {
  const test::hostile::Wrapping wrapping;
  Service service{Delivery::one_by_one};
  const sctp::OneToOneSocket other{service.socket.local_address()};
  Peer hostile{service.socket.local_address()};
  hostile.associate(false);
  hostile.begin_message(0, 400);
  test::hostile::run(service, [&] { return service.buffer.unfinished() == 1; });
  hostile.shut_down();
  test::wait_until([&] { return service.socket.associations().size() == 1; });
  other.send(sctp::as_bytes("hello"));
  test::wait_until_acknowledged(other);
  CHECK(test::describe(service.socket.try_receive(service.buffer), {}) == "would block");
}

TEST_CASE("One that begins anew again and again has one association, and what it had begun is told",
          "[hostile]") {
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    constexpr std::size_t lives = 30;
    Peer hostile{service.socket.local_address()};
    for (std::size_t life = 0; life != lives; ++life) {
      hostile.associate(false);
      test::hostile::run(service, [&] { return service.restarted == life; });
      hostile.send_part(0, "never ends", true, false);
      peers.exchange(1);
      CHECK(service.socket.associations().size() == well_behaved + 1);
    }
    CHECK(service.table.size() == well_behaved + 1);
    CHECK(service.ends.empty());
    hostile.abort();
  });
}

TEST_CASE("One that says to have thousands of addresses has them, and others are answered", "[hostile]") {
  withstand(Delivery::interleaves_peers, [](Service& service, Peers& peers) {
    constexpr std::uint32_t addresses = 2000;
    Peer hostile{service.socket.local_address()};
    hostile.associate(false, 10, addresses);
    test::hostile::run(service, [&] { return service.table.size() == well_behaved + 1; });
    const AssociationId id = newest(service);
    CHECK(service.table.find(id)->paths.size() == addresses + 1);
    CHECK(service.socket.association(id).peer_addresses().size() == addresses + 1);
    peers.exchange();
    hostile.abort();
  });
}

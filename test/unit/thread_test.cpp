// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "borrowed.hpp"
#include "many.hpp"
#include "support/records.hpp"
#include "sys.hpp"

/// What several threads may do with one socket: for the thread sanitizer, which finds what they must not.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;

constexpr int senders = 4;
constexpr int messages = 200;

/// The threads of a test, which all begin at once and have ended when this has.
class Threads {
 public:
  template <class Work>
  void run(Work work) {
    threads_.emplace_back([this, work] {
      while (!begun_) std::this_thread::yield();
      work();
    });
  }
  void begin() {
    begun_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::atomic<bool> begun_ = false;
  std::vector<std::thread> threads_;
};

std::string text(int sender, int number) { return std::to_string(sender) + " " + std::to_string(number); }

/// Every message of every sender, each sender's in order.
void check_sent(const FakeKernel& kernel) {
  std::array<int, senders> next{};
  for (const Sent& sent : kernel.sent) {
    if (sent.info_flags != 0) continue;
    const auto sender = static_cast<std::size_t>(sent.data.front() - '0');
    REQUIRE(sender < senders);
    REQUIRE(sent.data == text(static_cast<int>(sender), next[sender]));
    REQUIRE(sent.stream == sender);
    ++next[sender];
  }
  for (const int count : next) CHECK(count == messages);
}

template <class Socket, class Target>
void send_from_all(Threads& threads, const Socket& socket, Target target) {
  for (int sender = 0; sender != senders; ++sender) {
    threads.run([&socket, sender, target] {
      const SendOptions options{.stream = StreamId{static_cast<std::uint16_t>(sender)}};
      for (int number = 0; number != messages; ++number) {
        const AssociationId id = target(number);
        std::error_code error;
        if (number % 2 == 0) {
          socket.SocketRef::send(id, as_bytes(text(sender, number)), options, error);
        } else {
          static_cast<void>(socket.SocketRef::try_send(id, as_bytes(text(sender, number)), options, error));
        }
      }
    });
  }
}

TEST_CASE("Several threads send on a one-to-one socket while one receives and one asks") {
  FakeKernel kernel;
  kernel.has_threads();
  OneToOneSocket socket{Address::parse("192.0.2.1:7")};
  Threads threads;
  send_from_all(threads, socket, [](int) { return AssociationId{}; });
  std::size_t received = 0;
  threads.run([&] {
    ReceiveBuffer buffer;
    for (; received != messages; ++received) {
      if (text_of(socket.receive(buffer)) != "hello") break;
    }
  });
  threads.run([&] {
    for (int number = 0; number != messages; ++number) kernel.receives(piece("hello").end());
  });
  threads.run([&] {
    std::error_code error;
    for (int number = 0; number != messages; ++number) {
      static_cast<void>(socket.association().status(error));
      static_cast<void>(socket.peer_address(error));
    }
  });
  threads.begin();
  CHECK(received == messages);
  check_sent(kernel);
}

TEST_CASE(
    "Several threads send on a one-to-many socket while one receives and others connect, abort and list") {
  Many test{seven, eight};
  test.kernel.has_threads();
  test.socket.listen();
  Waker stop;
  Threads threads;
  send_from_all(threads, test.socket, [](int number) { return number % 3 == 0 ? seven : eight; });
  std::atomic<int> ups = 0;
  std::set<AssociationId> ended;
  threads.run([&] {
    while (const Received received = test.socket.receive(test.buffer, stop)) {
      const auto* change = std::get_if<AssociationChange>(received.notification());
      if (change != nullptr) ended.insert(change->association);
    }
  });
  std::atomic<int> connecting = 2;
  for (int connector = 1; connector <= 2; ++connector) {
    threads.run([&, connector] {
      for (std::uint16_t port = 1; port <= messages; ++port) {
        const auto low = static_cast<std::uint8_t>(connector);
        const AssociationId id = test.socket.connect(Address::v4({192, 0, 2, low}, port));
        if (id != AssociationId{}) ++ups;
        test.socket.association(id).abort("no need");
      }
      if (--connecting == 0) stop.wake();
    });
  }
  threads.run([&] {
    for (int number = 0; number != messages; ++number) {
      static_cast<void>(test.socket.associations());
      test.socket.association(seven).subscribe<SenderDry>();
    }
  });
  threads.begin();
  CHECK(ups == 2 * messages);
  CHECK(test.descriptor().status_flags == 0);
  stop.reset();
  ReceiveBuffer& buffer = test.buffer;
  while (const Received received = test.socket.try_receive(buffer)) {
    const auto* change = std::get_if<AssociationChange>(received.notification());
    if (change != nullptr) ended.insert(change->association);
  }
  CHECK(ended.size() == 2 * messages);
  check_sent(test.kernel);
}

TEST_CASE("A waker ends the waiting of all threads that have it, before it or in it") {
  FakeKernel kernel;
  kernel.has_threads();
  Waker stop;
  Listener listener{Address::parse("192.0.2.9:3868")};
  std::vector<OneToOneSocket> sockets;
  for (int number = 0; number != senders; ++number) {
    sockets.push_back(OneToOneSocket::adopt(kernel.open_peeled_off(seven)));
  }
  std::atomic<int> woken = 0;
  Threads threads;
  for (const OneToOneSocket& socket : sockets) {
    threads.run([&] {
      ReceiveBuffer buffer;
      std::error_code error;
      if (socket.receive(buffer, stop, error).status() == ReceiveStatus::would_block) ++woken;
    });
  }
  threads.run([&] {
    if (!listener.accept(stop)) ++woken;
  });
  threads.run([&] {
    Patience{stop}.exhaust();
    ++woken;
  });
  for (int number = 0; number != 2; ++number) threads.run([&] { stop.wake(); });
  threads.begin();
  CHECK(woken == senders + 2);
}

TEST_CASE("Sockets that were peeled off are independent of the one that they come from") {
  Many test{seven, eight};
  test.kernel.has_threads();
  ReceiveBuffer there;
  test.kernel.receives(piece("begun").of(seven).at(test.fd));
  CHECK(test.socket.try_receive(test.buffer).status() == ReceiveStatus::would_block);
  const OneToOneSocket peer = test.socket.peel_off(seven, test.buffer, there);
  std::array<std::size_t, 2> received{};
  Threads threads;
  const auto receive = [](const SocketRef& socket, ReceiveBuffer& buffer, std::size_t& count) {
    while (count != messages && socket.receive(buffer).status() == ReceiveStatus::message) ++count;
  };
  threads.run([&] { receive(test.socket, test.buffer, received[0]); });
  threads.run([&] { receive(peer, there, received[1]); });
  threads.run([&] {
    for (int number = 0; number != messages; ++number) {
      test.kernel.receives(piece("here").of(eight).at(test.fd).end());
      test.kernel.receives(piece("there").of(seven).at(peer.fd()).end());
    }
  });
  threads.begin();
  CHECK(received == std::array<std::size_t, 2>{messages, messages});
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "one_to_many.hpp"

using sctp::StreamId;

namespace {

/// So many messages of each thread; few where each takes long.
const std::uint32_t count = std::getenv("SCTPXX_TEST_FEW") != nullptr ? 15 : 150;

constexpr std::uint16_t threads = 4;

std::vector<std::byte> payload(StreamId stream, std::uint32_t n) {
  return test::pattern(1 + n * 53 % 5000, n * threads + static_cast<std::uint32_t>(stream));
}

/// A thread whose result `get` hands out. Without std::future and std::atomic, whose order helgrind does not
/// see.
template <class Result>
class Thread {
 public:
  explicit Thread(std::function<Result()> function)
      : state_{std::make_unique<State>()}, thread_{[function = std::move(function), state = state_.get()] {
          try {
            state->result = function();
          } catch (...) {
            state->failure = std::current_exception();
          }
        }} {}
  Result get() {
    thread_.join();
    if (state_->failure) std::rethrow_exception(state_->failure);
    return *state_->result;
  }

 private:
  struct State {
    std::optional<Result> result;
    std::exception_ptr failure;
  };
  std::unique_ptr<State> state_;
  std::jthread thread_;
};

class Counter {
 public:
  void add() {
    const std::lock_guard lock{mutex_};
    ++count_;
  }
  bool is(std::size_t expected) {
    const std::lock_guard lock{mutex_};
    return count_ == expected;
  }

 private:
  std::mutex mutex_;
  std::size_t count_ = 0;
};

/// Each thread has a stream of its own.
bool send_all(const sctp::SocketRef& socket, sctp::AssociationId association, StreamId stream) {
  for (std::uint32_t n = 0; n != count; ++n) {
    socket.send(association, payload(stream, n), {.stream = stream, .ppid = sctp::Ppid{n}});
  }
  return true;
}
std::vector<Thread<bool>> start_senders(const sctp::SocketRef& socket, sctp::AssociationId association) {
  std::vector<Thread<bool>> senders;
  for (std::uint16_t n = 0; n != threads; ++n) {
    senders.emplace_back([=] { return send_all(socket, association, StreamId{n}); });
  }
  return senders;
}

/// What the threads sent, whole and each thread's in order. Whether it was so.
bool hear_all(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  std::map<StreamId, std::uint32_t> heard;
  bool as_sent = true;
  for (std::uint32_t n = 0; n != threads * count; ++n) {
    const sctp::Message message = test::next_message(socket, buffer);
    std::uint32_t& next = heard[message.stream];
    as_sent &= message.ppid == sctp::Ppid{next} &&
               std::ranges::equal(message.payload, payload(message.stream, next));
    ++next;
  }
  return as_sent && heard.size() == threads;
}

/// How many of each association.
using Messages = std::map<sctp::AssociationId, std::uint32_t>;

/// Receives until it is woken.
Messages receive_until(const sctp::Waker& stop, const sctp::SocketRef& socket, Counter& heard) {
  Messages messages;
  sctp::ReceiveBuffer buffer;
  while (const auto received = socket.receive(buffer, stop)) {
    if (const auto* message = received.message()) {
      ++messages[message->association];
      heard.add();
    }
  }
  return messages;
}

}  // namespace

TEST_CASE("Threads send on a one-to-one socket while another receives there until it is woken", "[senders]") {
  auto [client, server] = test::connect();
  sctp::Waker stop;
  Counter heard;
  Thread<std::size_t> receiver{
      [&, socket = sctp::SocketRef{client}] { return receive_until(stop, socket, heard).size(); }};
  Thread<bool> answers{[&, socket = sctp::SocketRef{server}] { return send_all(socket, {}, StreamId{0}); }};
  auto senders = start_senders(client, {});
  sctp::ReceiveBuffer buffer;
  CHECK(hear_all(server, buffer));
  for (auto& sender : senders) CHECK(sender.get());
  CHECK(answers.get());
  test::wait_until([&] { return heard.is(count); });
  stop.wake();
  CHECK(receiver.get() == 1);
}

TEST_CASE("Threads send to the same and to different associations while others connect", "[senders]") {
  sctp::OneToManySocket many{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  constexpr std::size_t peers = 3;
  struct Peer {
    sctp::OneToOneSocket socket;
    sctp::ReceiveBuffer buffer;
  };
  std::vector<Peer> clients(peers);
  std::vector<sctp::AssociationId> ids;
  sctp::ReceiveBuffer buffer;
  for (Peer& one : clients) {
    one.socket = sctp::OneToOneSocket{many.local_address()};
    ids.push_back(test::next_event<sctp::AssociationChange>(many, buffer).association);
  }
  sctp::Waker stop;
  Counter heard;
  Thread<Messages> receiver{[&] { return receive_until(stop, many, heard); }};
  std::vector<Thread<bool>> senders;
  std::vector<Thread<bool>> listeners;
  for (std::size_t n = 0; n != peers; ++n) {
    for (auto& one : start_senders(many, ids[n])) senders.push_back(std::move(one));
    listeners.emplace_back([&one = clients[n]] { return hear_all(one.socket, one.buffer); });
    // And the other way.
    senders.emplace_back([&one = clients[n]] { return send_all(one.socket, {}, StreamId{0}); });
  }
  // Two threads set up associations meanwhile, and send on them.
  std::vector<Thread<bool>> connecting;
  for (int n = 0; n != 2; ++n) {
    connecting.emplace_back([&many] {
      sctp::Listener listener = test::listen();
      const sctp::AssociationId id = many.connect(listener.local_address());
      Thread<bool> sender{[&] { return send_all(many, id, StreamId{1}); }};
      const sctp::OneToOneSocket accepted = listener.accept();
      sctp::ReceiveBuffer own;
      bool as_sent = true;
      for (std::uint32_t i = 0; i != count; ++i) {
        const sctp::Message message = test::next_message(accepted, own);
        as_sent &= std::ranges::equal(message.payload, payload(StreamId{1}, i));
      }
      return sender.get() && as_sent;
    });
  }
  for (auto& one : connecting) CHECK(one.get());
  for (auto& one : listeners) CHECK(one.get());
  for (auto& one : senders) CHECK(one.get());
  test::wait_until([&] { return heard.is(peers * count); });
  stop.wake();
  const auto messages = receiver.get();
  CHECK(messages.size() == peers);
  for (const sctp::AssociationId id : ids) CHECK(messages.at(id) == count);
}

TEST_CASE("Threads send on a peeled-off socket while another receives there", "[senders]") {
  const sctp::OneToManySocket many{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  const sctp::OneToOneSocket client{many.local_address()};
  sctp::ReceiveBuffer here;
  sctp::ReceiveBuffer there;
  const auto up = test::next_event<sctp::AssociationChange>(many, here);
  const sctp::OneToOneSocket peeled = many.peel_off(up.association, here, there);
  sctp::Waker stop;
  Counter heard;
  Thread<std::size_t> receiver{[&] { return receive_until(stop, peeled, heard).size(); }};
  Thread<bool> answers{[&] { return send_all(client, {}, StreamId{0}); }};
  auto senders = start_senders(peeled, up.association);
  sctp::ReceiveBuffer buffer;
  CHECK(hear_all(client, buffer));
  for (auto& sender : senders) CHECK(sender.get());
  CHECK(answers.get());
  test::wait_until([&] { return heard.is(count); });
  stop.wake();
  CHECK(receiver.get() == 1);
}

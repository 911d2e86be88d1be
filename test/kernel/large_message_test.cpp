// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>

#include <linux/sctp.h>

#include "kernel.hpp"

using sctp::as_bytes;
using sctp::StreamId;
using test::Mode;
using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

namespace {

const std::string reset = "error: Connection reset by peer";

/// A window of 10 kB: what is larger has to be handed out in pieces.
void small_window(const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{20'000}); }

/// Room for 400 KiB, if the kernel gives it.
void large_send_buffer(const sctp::SocketRef& socket) {
  test::retransmit_soon(socket);
  std::error_code capped;
  socket.set(sctp::option::SndBuf{420'000}, capped);
}

/// How many messages with this policy the kernel has given up; asked by hand.
std::uint64_t abandoned(const sctp::SocketRef& socket, std::uint16_t policy) {
  sctp_prstatus status{};
  status.sprstat_policy = policy;
  socklen_t length = sizeof status;
  if (::getsockopt(socket.fd(), IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, &status, &length) != 0) return 0;
  return status.sprstat_abandoned_unsent + status.sprstat_abandoned_sent;
}

/// A message of which the receiver has read the beginning, and which has not arrived whole.
struct CutOff {
  test::Ends ends = test::connect(test::retransmit_soon, small_window);
  sctp::ReceiveBuffer buffer;

  explicit CutOff(const sctp::SendOptions& options = {}) {
    ends.client.send(test::pattern(100'000), options);
    test::read_beginning(ends.server, buffer);
  }
};

}  // namespace

TEST_CASE("Messages of all sizes arrive whole, in the order of their streams", "[large]") {
  const bool window_is_small = GENERATE(false, true);
  const std::size_t capacity = GENERATE(1U, 3'000U, 64U * 1024);
  CAPTURE(window_is_small, capacity);
  auto [client, server] = test::connect(large_send_buffer, window_is_small ? small_window : test::as_it_is);
  constexpr std::array<std::size_t, 12> sizes{1,      1'400, 1'500,   8'192,   65'535, 65'536,
                                              65'537, 2,     200'000, 409'600, 1'000,  30'000};
  test::Task sender{[&, socket = sctp::SocketRef{client}] {
    std::uint32_t seed = 0;
    for (const std::size_t size : sizes) {
      const auto stream = StreamId{static_cast<std::uint16_t>(seed % 4)};
      socket.send({}, test::pattern(size, seed), {.stream = stream, .ppid = sctp::Ppid{seed}});
      ++seed;
    }
  }};
  sctp::ReceiveBuffer buffer{capacity};
  std::array<std::uint32_t, 4> last{};
  for (std::size_t i = 0; i != sizes.size(); ++i) {
    const sctp::Message message = test::next_message(server, buffer);
    const auto seed = static_cast<std::uint32_t>(message.ppid);
    REQUIRE(seed < sizes.size());
    CHECK(message.stream == StreamId{static_cast<std::uint16_t>(seed % 4)});
    std::uint32_t& before = last.at(seed % 4);
    CHECK((before == 0 || before == seed + 1 - 4));
    before = seed + 1;
    CHECK(message.payload.size() == sizes.at(seed));
    CHECK(std::ranges::equal(message.payload, test::pattern(sizes.at(seed), seed)));
  }
  sender.get();
  CHECK(buffer.unfinished() == 0);
}

TEST_CASE("A message larger than the window is handed out whole, though the kernel gives it in pieces",
          "[large]") {
  auto [client, server] = test::connect(test::retransmit_soon, small_window);
  const sctp::SendOptions options{
      .stream = StreamId{3}, .ppid = sctp::ppid::ngap, .unordered = GENERATE(false, true)};
  const auto sent = test::pattern(100'000);
  client.send(sent, options);
  client.send(as_bytes("next"), {.stream = StreamId{2}});

  sctp::ReceiveBuffer buffer;
  test::read_beginning(server, buffer);
  const sctp::Message message = test::next_message(server, buffer);
  CHECK(std::ranges::equal(message.payload, sent));
  CHECK(message.stream == StreamId{3});
  CHECK(message.ppid == sctp::ppid::ngap);
  CHECK(message.unordered == options.unordered);
  CHECK(buffer.unfinished() == 0);
  CHECK(test::next(server, buffer) == "message next");
}

TEST_CASE("Large messages of both orders arrive whole, many in a row", "[large]") {
  const std::size_t capacity = GENERATE(2'048U, 64U * 1024);
  auto [client, server] = test::connect(test::retransmit_soon, small_window);
  constexpr std::uint32_t count = 24;
  const auto size = [](std::uint32_t i) { return std::size_t{1} + i * 7'919 % 60'000; };
  test::Task sender{[&, socket = sctp::SocketRef{client}] {
    for (std::uint32_t i = 0; i != count; ++i) {
      const auto stream = StreamId{static_cast<std::uint16_t>(i % 2)};
      socket.send({}, test::pattern(size(i), i),
                  {.stream = stream, .ppid = sctp::Ppid{i}, .unordered = i % 3 == 0});
    }
  }};
  sctp::ReceiveBuffer buffer{capacity};
  std::vector<bool> received(count);
  for (std::uint32_t n = 0; n != count; ++n) {
    const sctp::Message message = test::next_message(server, buffer);
    const auto i = static_cast<std::uint32_t>(message.ppid);
    REQUIRE(i < count);
    CHECK_FALSE(received[i]);
    received[i] = true;
    CHECK(message.unordered == (i % 3 == 0));
    CHECK(std::ranges::equal(message.payload, test::pattern(size(i), i)));
  }
  sender.get();
}

TEST_CASE("A message over the limit is one error, and the messages beside it arrive", "[large]") {
  auto [client, server] = test::connect(test::retransmit_soon, small_window);
  const auto large = test::pattern(90'000);
  const auto largest = test::pattern(60'000);
  test::Task sender{[&, socket = sctp::SocketRef{client}] {
    socket.send({}, largest);
    socket.send({}, large);
    socket.send({}, as_bytes("next"));
    socket.send({}, test::pattern(60'001));
    socket.send({}, largest);
  }};
  sctp::ReceiveBuffer buffer{GENERATE(1'024U, 64U * 1024), 60'000};
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, largest));
  std::error_code error;
  CHECK(server.receive(buffer, error).status() == sctp::Received::Status::failed);
  CHECK(error == sctp::Errc::message_exceeds_limit);
  CHECK(test::next(server, buffer) == "message next");
  CHECK_THROWS_WITH(server.receive(buffer),
                    Catch::Matchers::Contains("cannot receive from " + to_string(client.local_address())));
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, largest));
  sender.get();
}

TEST_CASE("A message that an abort cuts off is told before the abort", "[large]") {
  const Mode mode = GENERATE(Mode::blocking, Mode::nonblocking);
  const bool unordered = GENERATE(false, true);
  CAPTURE(test::name(mode), unordered);
  CutOff cut{{.stream = StreamId{5}, .unordered = unordered}};
  sctp::OneToOneSocket& server = cut.ends.server;
  server.set_nonblocking(mode == Mode::nonblocking);
  cut.ends.client.abort();
  test::wait_for(server.fd(), POLLERR);

  std::error_code error;
  const sctp::Received received = server.receive(cut.buffer, error);
  REQUIRE(received.notification() != nullptr);
  const auto* aborted = std::get_if<sctp::PartialDeliveryAborted>(received.notification());
  REQUIRE(aborted != nullptr);
  CHECK(aborted->stream == StreamId{5});
  CHECK(aborted->unordered == unordered);
  CHECK(aborted->association == server.association().id());
  CHECK(aborted->received > 0);
  CHECK(aborted->received < 100'000);
  CHECK(cut.buffer.unfinished() == 0);
  CHECK(test::next(4, server, cut.buffer, mode) ==
        Answers{"lost: user initiated abort", reset, "end of stream", "end of stream"});
}

TEST_CASE("A message that the death of a process cuts off is told before the abort", "[large]") {
  const Mode mode = GENERATE(Mode::blocking, Mode::nonblocking);
  INFO(test::name(mode));
  sctp::Listener listener = test::listen(sctp::Address::Family::v4, [](const sctp::SocketRef& socket) {
    test::retransmit_soon(socket);
    small_window(socket);
  });
  const sctp::Address address = listener.local_address();
  const pid_t child = ::fork();
  if (child == 0) {
    const sctp::OneToOneSocket client{address};
    client.send(test::pattern(100'000));
    for (;;) ::pause();
  }
  sctp::OneToOneSocket server = listener.accept();
  server.send(as_bytes("unread"));  // or the kernel would deliver the rest for the dead
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  test::read_beginning(server, buffer);
  test::wait_until([&] { return server.association().status().unacknowledged_chunks == 0; });
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(test::next(5, server, buffer, mode) == Answers{"a message was aborted", "lost: user initiated abort",
                                                       reset, "end of stream", "end of stream"});
}

TEST_CASE("A message whose life ends in the middle is told, and the next is not glued to it", "[large]") {
  const bool unordered = GENERATE(false, true);
  CAPTURE(unordered);
  auto [client, server] = test::connect(test::retransmit_soon, small_window);
  client.send(
      test::pattern(100'000),
      {.stream = StreamId{1}, .unordered = unordered, .reliability = sctp::Reliability::lifetime(300ms)});
  client.send(as_bytes("next"), {.stream = StreamId{1}, .unordered = unordered});
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(server, buffer) == "up");
  // The window is full; the kernel has begun to hand the message out, and gives it up.
  test::wait_for(server.fd(), POLLIN);
  test::wait_until([&] { return abandoned(client, SCTP_PR_SCTP_TTL) != 0; });

  const auto aborted = test::next_event<sctp::PartialDeliveryAborted>(server, buffer);
  CHECK(aborted.stream == StreamId{1});
  CHECK(aborted.unordered == unordered);
  CHECK(aborted.received > 0);
  CHECK(aborted.received < 100'000);
  const sctp::Message message = test::next_message(server, buffer);
  CHECK(test::text(message.payload) == "next");
  CHECK(message.unordered == unordered);
  client.send(test::pattern(50'000, 1));
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, test::pattern(50'000, 1)));
}

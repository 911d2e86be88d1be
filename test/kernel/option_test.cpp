// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernel.hpp"

using sctp::Address;
namespace option = sctp::option;
using namespace std::chrono_literals;

namespace {

/// The clock of an association ticks no slower than this.
constexpr auto tick = 10ms;

bool about(std::optional<std::chrono::milliseconds> got, std::chrono::milliseconds set) {
  return got && *got >= set && *got <= set + tick;
}

}  // namespace

TEST_CASE("A buffer's size is at least what was set", "[option]") {
  const sctp::OneToOneSocket socket{Address::Family::v4};
  const std::size_t size = GENERATE(1U, 10'000U, 10'001U, 212'992U, 300'000U);
  socket.set(option::SndBuf{size});
  socket.set(option::RcvBuf{size});
  CHECK(socket.get<option::SndBuf>().size >= size);
  CHECK(socket.get<option::SndBuf>().size <= std::max<std::size_t>(size + 1, 4608));
  CHECK(socket.get<option::RcvBuf>().size >= size);
  CHECK(socket.get<option::RcvBuf>().size <= std::max<std::size_t>(size + 1, 2304));
}

TEST_CASE("A buffer that the kernel caps is an error, and as large as the kernel lets it be", "[option]") {
  const sctp::OneToOneSocket socket{Address::Family::v4};
  std::error_code error;
  socket.set(option::SndBuf{1'000'000'000}, error);
  CHECK(error == sctp::Errc::value_not_taken);
  CHECK(socket.get<option::SndBuf>().size > 100'000);
  CHECK(socket.get<option::SndBuf>().size < 1'000'000'000);
  CHECK_THROWS_WITH(socket.set(option::RcvBuf{1'000'000'000}), Catch::Matchers::Contains("SO_RCVBUF"));
  socket.set(option::RcvBuf{std::size_t{1} << 40U}, error);
  CHECK(error == sctp::Errc::value_not_taken);
}

TEST_CASE("What closing does reads back as it was set", "[option]") {
  const sctp::OneToOneSocket socket{Address::Family::v4};
  CHECK_FALSE(socket.get<option::Linger>().time);
  const std::optional<std::chrono::seconds> time = GENERATE(std::optional<std::chrono::seconds>{}, 0s, 3s);
  socket.set(option::Linger{time});
  CHECK(socket.get<option::Linger>().time == time);
}

TEST_CASE("What a setup offers reads back as it was set, and an empty field stays as it was", "[option]") {
  const sctp::OneToOneSocket socket{Address::Family::v4};
  socket.set(option::InitMsg{.outgoing_streams = 77, .incoming_streams = 88});
  socket.set(option::InitMsg{.attempts = 3, .longest_pause = 4s});
  const auto init = socket.get<option::InitMsg>();
  CHECK(init.outgoing_streams == 77);
  CHECK(init.incoming_streams == 88);
  CHECK(init.attempts == 3);
  CHECK(init.longest_pause == 4s);
  std::error_code error;
  socket.set(option::InitMsg{.outgoing_streams = 0}, error);
  CHECK(error == std::errc::invalid_argument);
}

TEST_CASE("The retransmission timeout reads back as it was set, of a socket and of an association",
          "[option]") {
  auto [client, server] = test::connect(
      [](const sctp::SocketRef& socket) { socket.set(option::RtoInfo{.initial = 333ms, .min = 123ms}); });
  for (const sctp::OneToOneSocket* socket : {&client, &server}) {
    const auto rto = socket->association().get<option::RtoInfo>();
    CHECK(about(rto.initial, 333ms));
    CHECK(about(rto.max, 60s));
    CHECK(about(rto.min, 123ms));
  }
  client.association().set(option::RtoInfo{.max = 5s});
  const auto rto = client.association().get<option::RtoInfo>();
  CHECK(about(rto.initial, 333ms));
  CHECK(about(rto.max, 5s));
  std::error_code error;
  client.set(option::RtoInfo{.initial = 0ms}, error);
  CHECK(error == std::errc::invalid_argument);
  client.set(option::RtoInfo{.initial = 1h * 24 * 365}, error);
  CHECK(error == std::errc::invalid_argument);
}

TEST_CASE("Small messages leave at once on every socket unless told otherwise", "[option]") {
  auto [client, server] = test::connect();
  CHECK(client.get<option::NoDelay>().on);
  CHECK(server.get<option::NoDelay>().on);
  client.set(option::NoDelay{false});
  CHECK_FALSE(client.get<option::NoDelay>().on);
  CHECK(sctp::OneToOneSocket::adopt(server.release()).get<option::NoDelay>().on);
}

TEST_CASE("The size of chunks that was set is the one in use", "[option]") {
  auto [client, server] = test::connect();
  client.set(option::MaxSeg{600});
  CHECK(client.association().get<option::MaxSeg>().size == 600);
  CHECK(client.association().status().fragmentation_point == 600);
  client.send(test::pattern(5000));
  sctp::ReceiveBuffer buffer;
  CHECK(std::ranges::equal(test::next_message(server, buffer).payload, test::pattern(5000)));
  std::error_code error;
  client.set(option::MaxSeg{1U << 30U}, error);
  CHECK(error == std::errc::invalid_argument);
}

TEST_CASE("The status tells of an association while there is one", "[option]") {
  sctp::OneToOneSocket unconnected{Address::Family::v4};
  std::error_code error;
  static_cast<void>(unconnected.association().status(error));
  CHECK(error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(unconnected.association().status(), Catch::Matchers::Contains("SCTP_STATUS"));

  auto [client, server] = test::connect();
  const option::Status status = client.association().status();
  CHECK(status.association == client.association().id());
  CHECK(status.state == option::Status::State::established);
  CHECK(status.primary == server.local_address());
  CHECK(status.peer_window > 0);
  CHECK(status.outgoing_streams == 10);
  CHECK(status.incoming_streams == 10);
  CHECK(status.fragmentation_point > 0);
  CHECK(server.association().status().association == server.association().id());

  client.abort();
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(2, server, buffer).back() == "lost: user initiated abort");
  static_cast<void>(server.association().status(error));
  CHECK(error == std::errc::invalid_argument);
}

TEST_CASE("A window that a listener sets is what its peers have room in", "[option]") {
  auto [client, server] = test::connect(
      test::as_it_is, [](const sctp::SocketRef& socket) { socket.set(option::RcvBuf{60'000}); });
  CHECK(server.get<option::RcvBuf>().size == 60'000);
  CHECK(client.association().status().peer_window == 30'000);
}

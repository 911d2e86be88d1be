// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <optional>
#include <ostream>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using sctp::AssociationId;
using sctp::Reliability;
using sctp::SendFailed;
using sctp::StreamId;
using test::Outage;
using test::tenacious;
using namespace sctp::option;
using namespace std::chrono_literals;
using Policy = sctp::Reliability::Policy;

// Messages that are given up: what arrives all the same, what is counted, and what is told.

namespace {

constexpr StreamId mortal{1};
constexpr StreamId lasting{2};

/// Nothing is retransmitted before all of a test's messages are on their way.
void patient(const sctp::SocketRef& socket) {
  tenacious(socket);
  socket.set(RtoInfo{.initial = 1s, .max = 1s, .min = 1s});
}

/// A client that is told of its failures.
struct Pair {
  test::Ends ends;
  sctp::ReceiveBuffer at_client;
  sctp::ReceiveBuffer at_server;

  explicit Pair(const test::Tune& tune_both = patient, const test::Tune& tune_server = test::as_it_is)
      : ends{test::connect(tune_both, tune_server)} {
    ends.client.subscribe<SendFailed>();
    CHECK(test::next(ends.client, at_client) == "up");
    CHECK(test::next(ends.server, at_server) == "up");
  }

  [[nodiscard]] sctp::Association association() const { return ends.client.association(); }

  void send(std::size_t size, StreamId stream, Reliability reliability = {},
            std::uint32_t context = 0) const {
    ends.client.send(test::pattern(size, context),
                     {.stream = stream, .reliability = reliability, .context = context});
  }

  std::string next() {
    const sctp::Message message = test::next_message(ends.server, at_server);
    return std::to_string(message.payload.size()) + " bytes on stream " + to_string(message.stream);
  }

  /// Nothing is on its way any more, and nothing has come.
  void check_end() {
    test::wait_until_acknowledged(ends.client);
    CHECK(test::drain(ends.server, at_server).empty());
  }

  /// The next failure that is told is of this message.
  void check_failed(std::size_t size, std::uint32_t context, bool sent) {
    const auto failed = test::next_event<SendFailed>(ends.client, at_client);
    CHECK(failed.payload.size() == size);
    CHECK(failed.context == context);
    CHECK(failed.sent == sent);
    CHECK((failed.begins && failed.ends));
    CHECK(failed.cause == sctp::Cause::none);
  }
};

struct Counts {
  std::uint64_t unsent = 0;
  std::uint64_t sent = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};
std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << counts.unsent << " unsent and " << counts.sent << " sent";
}

template <class Status>
Counts of(const Status& status) {
  return {status.abandoned_unsent, status.abandoned_sent};
}

Counts all(const sctp::Association& association) { return of(association.get<PrAssocStatus>()); }

/// The counts of all kinds together and of each by itself agree on it.
void check_counts(const sctp::Association& association, Policy policy, Counts counts) {
  CHECK(all(association) == counts);
  for (const Policy one : {Policy::lifetime, Policy::retransmissions, Policy::priority}) {
    CAPTURE(to_string(one));
    CHECK(of(association.get<PrAssocStatus>(one)) == (one == policy ? counts : Counts{}));
  }
}

/// The same of one stream.
void check_counts(const sctp::Association& association, StreamId stream, Policy policy, Counts counts) {
  CAPTURE(to_string(stream));
  CHECK(of(association.get<PrStreamStatus>({stream})) == counts);
  for (const Policy one : {Policy::lifetime, Policy::retransmissions, Policy::priority}) {
    CAPTURE(to_string(one));
    CHECK(of(association.get<PrStreamStatus>({stream, one})) == (one == policy ? counts : Counts{}));
  }
}

}  // namespace

TEST_CASE("Messages whose time is over on the way never arrive, and are counted as sent",
          "[partial_reliability]") {
  Pair pair;
  check_counts(pair.association(), Policy::lifetime, {});
  {
    const Outage outage;
    for (std::uint32_t n = 1; n != 4; ++n) pair.send(100, mortal, Reliability::lifetime(20ms), n);
    pair.send(7000, mortal, Reliability::lifetime(20ms), 4);
    pair.send(10, lasting);
    // When it retransmits the kernel sees that it is too late.
    test::wait_until([&] { return all(pair.association()).sent == 4; });
  }
  check_counts(pair.association(), Policy::lifetime, {0, 4});
  check_counts(pair.association(), mortal, Policy::lifetime, {0, 4});
  check_counts(pair.association(), lasting, Policy::lifetime, {});
  check_counts(pair.association(), StreamId{9}, Policy::lifetime, {});
  check_counts(pair.ends.server.association(), Policy::lifetime, {});
  CHECK(pair.next() == "10 bytes on stream 2");
  pair.send(11, mortal);
  CHECK(pair.next() == "11 bytes on stream 1");
  pair.check_end();
  // The kernel is silent about those of which nothing was left to send.
  pair.check_failed(7000, 4, true);
  CHECK(test::drain(pair.ends.client, pair.at_client).empty());
}

TEST_CASE("Messages whose time is over before their turn comes are counted as not sent, and told",
          "[partial_reliability]") {
  const bool window_is_full = GENERATE(true, false);  // or else nothing arrives for a while
  const auto small_window = [](const sctp::SocketRef& socket) { socket.set(RcvBuf{4'000}); };
  Pair pair{window_is_full ? tenacious : patient, window_is_full ? test::Tune{small_window} : test::as_it_is};
  {
    std::optional<Outage> outage;
    if (!window_is_full) outage.emplace();
    const auto too_short = Reliability::lifetime(window_is_full ? 0ms : 20ms);
    for (int n = 0; n != 12; ++n) pair.send(1000, lasting);
    for (std::uint32_t n = 1; n != 4; ++n) pair.send(100, mortal, too_short, n);
    pair.send(7000, mortal, too_short, 4);
    pair.send(11, lasting);
    check_counts(pair.association(), Policy::lifetime, {});
  }
  for (int n = 0; n != 12; ++n) CHECK(pair.next() == "1000 bytes on stream 2");
  CHECK(pair.next() == "11 bytes on stream 2");
  pair.check_end();
  check_counts(pair.association(), Policy::lifetime, {4, 0});
  check_counts(pair.association(), mortal, Policy::lifetime, {4, 0});
  check_counts(pair.association(), lasting, Policy::lifetime, {});
  for (std::uint32_t n = 1; n != 4; ++n) pair.check_failed(100, n, false);
  pair.check_failed(7000, 4, false);
  CHECK(test::drain(pair.ends.client, pair.at_client).empty());
}

TEST_CASE("Messages that were retransmitted as often as they may be never arrive", "[partial_reliability]") {
  Pair pair;
  {
    const Outage outage;
    pair.send(100, mortal, Reliability::retransmissions(1));
    pair.send(2000, mortal, Reliability::retransmissions(1));
    pair.send(100, StreamId{3}, Reliability::retransmissions(0));
    pair.send(10, lasting, Reliability::retransmissions(1000));
    pair.send(11, lasting);
    test::wait_until([&] { return all(pair.association()).sent == 3; });
  }
  check_counts(pair.association(), Policy::retransmissions, {0, 3});
  check_counts(pair.association(), mortal, Policy::retransmissions, {0, 2});
  check_counts(pair.association(), StreamId{3}, Policy::retransmissions, {0, 1});
  check_counts(pair.association(), lasting, Policy::retransmissions, {});
  CHECK(pair.next() == "10 bytes on stream 2");
  CHECK(pair.next() == "11 bytes on stream 2");
  pair.check_end();
  CHECK(test::drain(pair.ends.client, pair.at_client).empty());
}

TEST_CASE("A message that is never retransmitted arrives where nothing is lost, and is counted all the same",
          "[partial_reliability]") {
  Pair pair;
  pair.send(1000, mortal, Reliability::retransmissions(0));
  pair.send(20'000, lasting, Reliability::retransmissions(1));
  CHECK(pair.next() == "1000 bytes on stream 1");
  CHECK(pair.next() == "20000 bytes on stream 2");
  pair.check_end();
  check_counts(pair.association(), Policy::retransmissions, {0, 1});
  check_counts(pair.association(), mortal, Policy::retransmissions, {0, 1});
  CHECK(test::drain(pair.ends.client, pair.at_client).empty());
}

TEST_CASE("A message that is never retransmitted is lost where the congestion window does not hold all of it",
          "[partial_reliability]") {
  Pair pair;
  pair.send(20'000, mortal, Reliability::retransmissions(0), 7);
  pair.send(11, lasting);
  CHECK(pair.next() == "11 bytes on stream 2");
  pair.check_end();
  check_counts(pair.association(), Policy::retransmissions, {0, 1});
  pair.check_failed(20'000, 7, true);
  CHECK(test::drain(pair.ends.client, pair.at_client).empty());
}

TEST_CASE("Less important messages give way where there is no room, and their chunks are counted",
          "[partial_reliability]") {
  const std::size_t chunks = GENERATE(1U, 2U);
  const std::size_t size = chunks * 1000;
  const auto small_buffer = [](const sctp::SocketRef& socket) {
    tenacious(socket);
    socket.set(SndBuf{20'000});
  };
  Pair pair{small_buffer, [](const sctp::SocketRef& socket) { socket.set(RcvBuf{4'000}); }};
  const auto try_send = [&](std::size_t bytes, StreamId stream, Reliability reliability) {
    return pair.ends.client.try_send(test::pattern(bytes), {.stream = stream, .reliability = reliability});
  };
  std::uint64_t filled = 0;
  std::uint64_t asked = 0;
  // Until there is no room though the kernel has asked the peer again and again.
  test::wait_until([&] {
    const std::uint64_t retransmitted = pair.association().get<AssocStats>().retransmitted_chunks;
    if (try_send(size, mortal, Reliability::priority(100))) {
      ++filled;
      asked = retransmitted;
    }
    return retransmitted > asked + 2;
  });
  for (const std::uint32_t as_important : {100U, 200U}) {
    CHECK_FALSE(try_send(8000, lasting, Reliability::priority(as_important)));
    check_counts(pair.association(), Policy::priority, {});
  }
  CHECK(try_send(8000, lasting, Reliability::priority(1)));
  const Counts counts = all(pair.association());
  CHECK(counts.unsent >= 1);
  CHECK(counts.sent <= 1);
  check_counts(pair.association(), Policy::priority, counts);
  check_counts(pair.association(), mortal, Policy::priority, counts);
  check_counts(pair.association(), lasting, Policy::priority, {});

  std::uint64_t arrived = 0;
  std::string answer = pair.next();
  for (; answer == std::to_string(size) + " bytes on stream 1"; answer = pair.next()) ++arrived;
  CHECK(answer == "8000 bytes on stream 2");
  const std::uint64_t lost = filled - arrived;
  CHECK(lost >= 1);
  CHECK(lost <= counts.unsent + counts.sent);
  if (chunks == 2) CHECK(lost < counts.unsent + counts.sent);
  pair.check_end();
  if (chunks == 1) {
    CHECK(lost >= counts.unsent);  // what was on its way may have arrived
    CHECK(test::drain(pair.ends.client, pair.at_client).empty());
  }
}

TEST_CASE("Everything arrives where one side does not have messages given up", "[partial_reliability]") {
  const bool at_client = GENERATE(true, false);
  CAPTURE(at_client);
  sctp::Listener listener = test::listen(
      sctp::Address::Family::v4, [&](const sctp::SocketRef& socket) { socket.set(PrSupported{at_client}); });
  sctp::OneToOneSocket client{sctp::Address::Family::v4};
  tenacious(client);
  client.set(PrSupported{!at_client});
  client.connect(listener.local_address());
  const sctp::OneToOneSocket server = listener.accept();
  CHECK_FALSE(client.association().get<PrSupported>().on);
  CHECK_FALSE(server.association().get<PrSupported>().on);
  {
    const Outage outage;
    client.send(sctp::as_bytes("a"), {.reliability = Reliability::lifetime(0ms)});
    client.send(sctp::as_bytes("b"), {.reliability = Reliability::retransmissions(0)});
    client.send(sctp::as_bytes("c"), {.reliability = Reliability::priority(1000)});
    client.send(sctp::as_bytes("d"));
    test::wait_until([&] { return client.association().get<AssocStats>().retransmitted_chunks > 1; });
  }
  sctp::ReceiveBuffer buffer;
  CHECK(test::next(5, server, buffer) ==
        std::vector<std::string>{"up", "message a", "message b", "message c", "message d"});
  check_counts(client.association(), Policy::lifetime, {});
}

TEST_CASE("Each association has counts of its own", "[partial_reliability]") {
  test::Many many;
  std::array<sctp::OneToOneSocket, 3> peers;
  std::vector<sctp::Association> associations;
  for (sctp::OneToOneSocket& peer : peers) {
    peer = sctp::OneToOneSocket{many.address()};
    associations.push_back(many.association(many.next_up()));
  }
  sctp::ReceiveBuffer there;
  const auto peeled_off = many.socket.peel_off(associations.back().id(), many.buffer, there);
  associations.back() = peeled_off.association();
  for (std::uint64_t n = 0; n != peers.size(); ++n) {
    for (std::uint64_t i = 0; i != n; ++i) {
      associations[n].send(sctp::as_bytes("never"),
                           {.stream = mortal, .reliability = Reliability::lifetime(0ms)});
    }
    associations[n].send(sctp::as_bytes("last"));
    sctp::ReceiveBuffer buffer;
    CHECK(test::text(test::next_message(peers[n], buffer).payload) == "last");
  }
  for (std::uint64_t n = 0; n != peers.size(); ++n) {
    check_counts(associations[n], Policy::lifetime, {n, 0});
    check_counts(associations[n], mortal, Policy::lifetime, {n, 0});
  }
}

TEST_CASE("There are counts only of streams and associations that there are", "[partial_reliability]") {
  const Pair pair;
  std::error_code error;
  static_cast<void>(pair.association().get<PrStreamStatus>({StreamId{10}}, error));
  CHECK(error == sctp::Errc::no_such_stream);
  CHECK_THROWS_WITH(pair.association().get<PrStreamStatus>({StreamId{10}, Policy::lifetime}),
                    Catch::Matchers::Contains("stream 10, lifetime"));
  const sctp::OneToOneSocket unconnected{sctp::Address::Family::v4};
  const test::Many many;
  const sctp::OneToOneSocket client{many.address()};
  std::vector<sctp::Association> none{unconnected.association()};
  for (const int id : {0, 1, 2, 12345}) none.push_back(many.association(AssociationId{id}));
  for (const sctp::Association& association : none) {
    CAPTURE(to_string(association.id()));
    static_cast<void>(association.get<PrAssocStatus>(error));
    CHECK(error == std::errc::invalid_argument);
    static_cast<void>(association.get<PrAssocStatus>(Policy::lifetime, error));
    CHECK(error == std::errc::invalid_argument);
    static_cast<void>(association.get<PrStreamStatus>({mortal}, error));
    CHECK(error == std::errc::invalid_argument);
    CHECK(error != sctp::Errc::no_such_stream);
  }
}

TEST_CASE("There are no counts of messages that are never given up", "[partial_reliability]") {
  const Pair pair;
  std::error_code error;
  static_cast<void>(pair.association().get<PrAssocStatus>(Policy::full, error));
  CHECK(error == std::errc::invalid_argument);
  static_cast<void>(pair.association().get<PrStreamStatus>({mortal, Policy::full}, error));
  CHECK(error == std::errc::invalid_argument);
  CHECK(error != sctp::Errc::no_such_stream);
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <string>
#include <vector>

#include "by_hand.hpp"
#include "one_to_many.hpp"

using Catch::Matchers::Contains;
using sctp::as_bytes;
using sctp::AssociationReset;
using sctp::Associations;
using sctp::StreamChange;
using sctp::StreamId;
using sctp::StreamReset;
using sctp::Style;
using test::any_style;
using Direction = sctp::Association::Direction;
using namespace sctp::option;

// Requests to change an association's streams that are refused at once, and what permits them.

namespace {

constexpr EnableStreamReset everything{.reset_streams = true, .reset_association = true, .add_streams = true};

bool operator==(const EnableStreamReset& one, const EnableStreamReset& other) {
  return one.reset_streams == other.reset_streams && one.reset_association == other.reset_association &&
         one.add_streams == other.add_streams;
}

/// The socket that permits all of it, and that does not give up when nothing arrives.
void permit(const sctp::SocketRef& socket) {
  socket.set(ReconfigSupported{});
  socket.set(everything);
  test::tenacious(socket);
}

/// A socket of any style that asks, and its peer.
struct Pair {
  test::Receiver receiver;
  sctp::OneToOneSocket peer;

  explicit Pair(Style style, const test::Tune& tune = permit, const test::Tune& tune_peer = permit)
      : receiver{{style, test::Delivery::interleaves_peers}, tune}, peer{receiver.connect(tune_peer)} {}

  [[nodiscard]] sctp::Association asker() const { return {receiver.socket(), receiver.association()}; }
};

template <class F>
std::error_code thrown_by(F call) {
  try {
    call();
  } catch (const std::system_error& failure) {
    return failure.code();
  }
  return {};
}

/// All requests fail so, in both forms. `Why` is an error code or condition.
template <class Why>
void check_all(const sctp::Association& asker, Why why) {
  std::error_code error;
  asker.reset_streams(Direction::both, {}, error);
  CHECK(error == why);
  CHECK(thrown_by([&] { asker.reset_streams(Direction::outgoing); }) == why);
  asker.stream(StreamId{1}).reset(error);
  CHECK(error == why);
  CHECK(thrown_by([&] { asker.stream(StreamId{1}).reset(); }) == why);
  asker.add_streams(1, 1, error);
  CHECK(error == why);
  CHECK(thrown_by([&] { asker.add_streams(1, 1); }) == why);
  asker.reset(error);
  CHECK(error == why);
  CHECK(thrown_by([&] { asker.reset(); }) == why);
}

template <class Event>
void check_done(Pair& pair) {
  const auto event = test::next_event<Event>(pair.receiver.socket(), pair.receiver.buffer());
  CHECK(event.result == sctp::Reconfiguration::done);
}

}  // namespace

TEST_CASE("A request fails where one side does not have them", "[reconfiguration]") {
  const Style style = any_style();
  const bool here = GENERATE(true, false);
  CAPTURE(to_string(style), here);
  const test::Tune unable = [](const sctp::SocketRef& socket) { socket.set(everything); };
  const Pair pair{style, here ? unable : permit, here ? permit : unable};
  CHECK_FALSE(pair.asker().get<ReconfigSupported>().on);
  check_all(pair.asker(), sctp::Errc::not_negotiated);
}

TEST_CASE("A request of a kind that is not allowed here fails, and the others do not", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  pair.receiver.socket().subscribe<StreamReset, StreamChange, AssociationReset>();
  std::error_code error;
  const auto refuses = std::errc::operation_not_permitted;
  SECTION("streams") {
    pair.asker().set(EnableStreamReset{.reset_association = true, .add_streams = true});
    for (const Direction direction : {Direction::outgoing, Direction::incoming, Direction::both}) {
      pair.asker().reset_streams(direction, {}, error);
      CHECK(error == refuses);
    }
    CHECK_THROWS_WITH(pair.asker().reset_streams(Direction::both), Contains("option::EnableStreamReset"));
    pair.asker().stream(StreamId{1}).reset(error);
    CHECK(error == refuses);
    CHECK_THROWS_WITH(pair.asker().stream(StreamId{1}).reset(), Contains("option::EnableStreamReset"));
    pair.asker().reset();
    check_done<AssociationReset>(pair);
    pair.asker().add_streams(1, 0);
    check_done<StreamChange>(pair);
  }
  SECTION("association") {
    pair.asker().set(EnableStreamReset{.reset_streams = true, .add_streams = true});
    pair.asker().reset(error);
    CHECK(error == refuses);
    CHECK_THROWS_WITH(pair.asker().reset(), Contains("option::EnableStreamReset"));
    pair.asker().reset_streams(Direction::outgoing);
    check_done<StreamReset>(pair);
    pair.asker().add_streams(1, 0);
    check_done<StreamChange>(pair);
  }
  SECTION("more streams") {
    pair.asker().set(EnableStreamReset{.reset_streams = true, .reset_association = true});
    pair.asker().add_streams(1, 0, error);
    CHECK(error == refuses);
    CHECK_THROWS_WITH(pair.asker().add_streams(0, 1), Contains("option::EnableStreamReset"));
    pair.asker().reset_streams(Direction::outgoing);
    check_done<StreamReset>(pair);
    pair.asker().reset();
    check_done<AssociationReset>(pair);
  }
}

TEST_CASE("A request fails while another is under way, and not afterwards", "[reconfiguration]") {
  const Style style = any_style();
  const int first = GENERATE(0, 1, 2);
  CAPTURE(to_string(style), first);
  Pair pair{style};
  pair.receiver.socket().subscribe<StreamReset, StreamChange, AssociationReset>();
  {
    const test::Network outage{"netem loss 100%"};
    if (first == 0) pair.asker().reset_streams(Direction::outgoing);
    if (first == 1) pair.asker().add_streams(1, 0);
    if (first == 2) pair.asker().reset();
    check_all(pair.asker(), std::errc::operation_in_progress);
    CHECK_THROWS_WITH(pair.asker().reset(), Contains("another such request is under way"));
  }
  if (first == 0) check_done<StreamReset>(pair);
  if (first == 1) check_done<StreamChange>(pair);
  if (first == 2) check_done<AssociationReset>(pair);
  pair.asker().reset_streams(Direction::outgoing);
  check_done<StreamReset>(pair);
}

TEST_CASE("A request fails while messages that it is about have not left", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  const Pair pair{style};
  const test::Network outage{"netem loss 100%"};
  const auto would_block = std::errc::operation_would_block;
  std::error_code error;
  pair.asker().send(as_bytes("on its way"), {.stream = StreamId{3}});
  pair.asker().reset(error);
  CHECK(error == would_block);
  CHECK_THROWS_WITH(pair.asker().reset(), Contains("SenderDry"));
  // More than the congestion window holds.
  pair.asker().send(test::pattern(20'000), {.stream = StreamId{3}});
  pair.asker().reset_streams(Direction::outgoing, {}, error);
  CHECK(error == would_block);
  for (const Direction direction : {Direction::outgoing, Direction::both}) {
    pair.asker().reset_streams(direction, std::array{StreamId{1}, StreamId{3}}, error);
    CHECK(error == would_block);
  }
  pair.asker().stream(StreamId{3}).reset(error);
  CHECK(error == would_block);
  CHECK_THROWS_WITH(pair.asker().stream(StreamId{3}).reset(), Contains("SenderDry"));
  pair.asker().stream(StreamId{1}).reset(error);
  CHECK_FALSE(error);
}

TEST_CASE("A request about streams that there are not fails", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  const Pair pair{style, [](const sctp::SocketRef& socket) {
                    permit(socket);
                    socket.set(InitMsg{.incoming_streams = 4});
                  }};
  CHECK(pair.asker().status().outgoing_streams == 10);
  CHECK(pair.asker().status().incoming_streams == 4);
  const auto ask = [&](Direction direction, std::uint16_t stream) {
    std::error_code error;
    pair.asker().reset_streams(direction, std::array{StreamId{0}, StreamId{stream}}, error);
    return error;
  };
  CHECK(ask(Direction::outgoing, 10) == sctp::Errc::no_such_stream);
  CHECK(ask(Direction::incoming, 4) == sctp::Errc::no_such_stream);
  CHECK(ask(Direction::both, 4) == sctp::Errc::no_such_stream);
  CHECK(ask(Direction::both, 65535) == sctp::Errc::no_such_stream);
  std::error_code error;
  pair.asker().stream(StreamId{10}).reset(error);
  CHECK(error == sctp::Errc::no_such_stream);
  CHECK_FALSE(ask(Direction::outgoing, 9));
}

TEST_CASE("A request for no streams, or for more than there can be, fails", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  Pair pair{style};
  std::error_code error;
  for (const auto& [outgoing, incoming] :
       {std::pair{0, 0}, std::pair{65526, 0}, std::pair{0, 65526}, std::pair{1, 65535}}) {
    CAPTURE(outgoing, incoming);
    pair.asker().add_streams(static_cast<std::uint16_t>(outgoing), static_cast<std::uint16_t>(incoming),
                             error);
    CHECK(error == std::errc::invalid_argument);
  }
  for (const std::size_t too_many : {16'001U, 32'741U, 65'535U, 65'536U, 70'000U}) {
    pair.asker().reset_streams(Direction::outgoing, std::vector<StreamId>(too_many), error);
    CHECK(error == std::errc::invalid_argument);
    CHECK(error != sctp::Errc::no_such_stream);
  }
  // None of them is under way.
  pair.asker().add_streams(65525, 0);
  CHECK(pair.asker().status().outgoing_streams == 65535);
}

TEST_CASE("A request on no association fails, and touches no other", "[reconfiguration]") {
  const auto refuse = std::errc::invalid_argument;
  SECTION("one-to-one") {
    const sctp::OneToOneSocket unconnected{sctp::Address::Family::v4};
    permit(unconnected);
    check_all(unconnected.association(), refuse);
  }
  SECTION("one-to-many") {
    Pair pair{Style::one_to_many};
    for (const int id : {-1, 0, 1, 2, 12345}) {
      CAPTURE(id);
      const sctp::Association nobody{pair.receiver.socket(), sctp::AssociationId{id}};
      check_all(nobody, refuse);
      std::error_code error;
      nobody.reset_streams(Direction::outgoing, std::array{StreamId{12}}, error);
      CHECK(error == refuse);
      CHECK(error != sctp::Errc::no_such_stream);
    }
    pair.peer.subscribe<StreamReset, StreamChange, AssociationReset>();
    sctp::ReceiveBuffer buffer;
    CHECK(test::drain(pair.peer, buffer) == std::vector<std::string>{" is up, 10 streams out, 10 in"});
  }
  SECTION("that has ended") {
    Pair pair{any_style()};
    pair.peer.abort();
    CHECK(pair.receiver.next() == "lost: user initiated abort");
    check_all(pair.asker(), refuse);
  }
}

TEST_CASE("What is allowed of a socket, later associations have", "[reconfiguration]") {
  const Style style = any_style();
  INFO(to_string(style));
  const EnableStreamReset some{.add_streams = true};
  const Pair pair{style, [&](const sctp::SocketRef& socket) { socket.set(some); }};
  CHECK((pair.asker().get<EnableStreamReset>() == some));
  CHECK((pair.receiver.socket().get<EnableStreamReset>() == some));
  CHECK((pair.peer.association().get<EnableStreamReset>() == everything));
  pair.asker().set(everything);
  CHECK((pair.asker().get<EnableStreamReset>() == everything));
  const bool has_many = style == Style::one_to_many;
  CHECK((pair.receiver.socket().get<EnableStreamReset>() == (has_many ? some : everything)));
}

TEST_CASE("What is allowed of a one-to-many socket is for those associations that are named",
          "[reconfiguration]") {
  test::Many many{permit};
  std::array<sctp::OneToOneSocket, 3> peers;
  std::vector<sctp::Association> associations;
  const auto connect = [&](sctp::OneToOneSocket& peer) {
    peer = sctp::OneToOneSocket{many.address()};
    associations.push_back(many.association(many.next_up()));
  };
  connect(peers[0]);
  connect(peers[1]);
  const auto which = GENERATE(Associations::later, Associations::existing, Associations::all);
  CAPTURE(int(which));
  const EnableStreamReset some{.reset_streams = true};
  many.socket.set(some, which);
  connect(peers[2]);
  const auto& existing = which == Associations::later ? everything : some;
  const auto& later = which == Associations::existing ? everything : some;
  CHECK((associations[0].get<EnableStreamReset>() == existing));
  CHECK((associations[1].get<EnableStreamReset>() == existing));
  CHECK((associations[2].get<EnableStreamReset>() == later));
  CHECK((many.socket.get<EnableStreamReset>() == later));
  associations[1].set(EnableStreamReset{.add_streams = true});
  CHECK((associations[0].get<EnableStreamReset>() == existing));
  CHECK((associations[1].get<EnableStreamReset>() == EnableStreamReset{.add_streams = true}));
  CHECK((associations[2].get<EnableStreamReset>() == later));
}

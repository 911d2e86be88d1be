// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "reconfiguration.hpp"

#include <cerrno>
#include <cstring>
#include <new>
#include <vector>

#include <sctpxx/association.hpp>
#include <sctpxx/stream.hpp>

#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

/// Requests to change the streams of an association.
namespace {

using namespace sctp;
using namespace sctp::test;
using Direction = Association::Direction;

constexpr std::pair<int, int> reconfiguration{IPPROTO_SCTP, SCTP_RECONFIG_SUPPORTED};

/// An association whose peer takes part in it, with so many streams.
struct Reconfigured : OneSocket {
  explicit Reconfigured(Style style = Style::one_to_one, std::uint16_t out = 3, std::uint16_t in = 5)
      : OneSocket{style} {
    comes_up();
    if (style == Style::one_to_one) {
      kernel.association_is_up(seven, out, in);
    } else {
      kernel.association(fd, seven).streams_out = out;
      kernel.association(fd, seven).streams_in = in;
    }
    agree(true);
  }
  void agree(bool on) {
    descriptor().negotiated[SCTP_RECONFIG_SUPPORTED] = on;
    if (socket.style() == Style::one_to_many)
      kernel.association(fd, seven).capabilities[SCTP_RECONFIG_SUPPORTED] = on;
  }
  /// What SCTP_RESET_STREAMS was given, and the list behind it.
  struct Reset {
    std::int32_t association = -1;
    std::uint16_t flags = 0;
    std::uint16_t count = 0;
    std::vector<std::uint16_t> list{};
  };
  [[nodiscard]] Reset reset_given() const {
    const auto bytes = bytes_given(SCTP_RESET_STREAMS);
    sctp_reset_streams request{};
    REQUIRE(bytes.size() >= sizeof request);
    std::memcpy(&request, bytes.data(), sizeof request);
    std::vector<std::uint16_t> list((bytes.size() - sizeof request) / 2);
    if (!list.empty()) std::memcpy(list.data(), bytes.data() + sizeof request, 2 * list.size());
    return {request.srs_assoc_id, request.srs_flags, request.srs_number_streams, list};
  }
};

/// Each of the requests, as an operation that sets an error.
using Request = void (*)(const Association&, std::error_code&);
Request any_request() {
  return GENERATE(values<Request>(
      {[](const Association& one, std::error_code& error) { one.reset_streams(Direction::both, {}, error); },
       [](const Association& one, std::error_code& error) { one.stream(StreamId{1}).reset(error); },
       [](const Association& one, std::error_code& error) { one.add_streams(1, 1, error); },
       [](const Association& one, std::error_code& error) { one.reset(error); }}));
}
Style any_style() { return GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off); }

TEST_CASE("To reset streams the kernel is given the directions, how many, and which") {
  Reconfigured test{any_style()};
  const auto [direction, flags] = GENERATE(values<std::pair<Direction, std::uint16_t>>(
      {{Direction::outgoing, SCTP_STREAM_RESET_OUTGOING},
       {Direction::incoming, SCTP_STREAM_RESET_INCOMING},
       {Direction::both, SCTP_STREAM_RESET_OUTGOING | SCTP_STREAM_RESET_INCOMING}}));
  const std::vector streams{StreamId{2}, StreamId{0}, StreamId{2}};
  test.association.reset_streams(direction, streams, test.error);
  CHECK_FALSE(test.error);
  const auto given = test.reset_given();
  CHECK(given.association == 7);
  CHECK(given.flags == flags);
  CHECK(given.count == 3);
  CHECK(given.list == std::vector<std::uint16_t>{2, 0, 2});
  CHECK(test.kernel.story() == "setsockopt");
}

TEST_CASE("To reset all streams the kernel is given none") {
  Reconfigured test;
  test.association.reset_streams(Direction::both);
  const auto given = test.reset_given();
  CHECK(given.count == 0);
  CHECK(given.list.empty());
}

TEST_CASE("A stream resets itself alone, in its own direction") {
  Reconfigured test{any_style()};
  test.association.stream(StreamId{2}).reset();
  const auto given = test.reset_given();
  CHECK(given.association == 7);
  CHECK(given.flags == SCTP_STREAM_RESET_OUTGOING);
  CHECK(given.count == 1);
  CHECK(given.list == std::vector<std::uint16_t>{2});
  test.association.stream(StreamId{1}).reset(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.reset_given().list == std::vector<std::uint16_t>{1});
}

TEST_CASE("To add streams the kernel is given how many, each way") {
  Reconfigured test{any_style()};
  test.association.add_streams(3, 65535, test.error);
  CHECK_FALSE(test.error);
  const auto given = test.given<sctp_add_streams>(SCTP_ADD_STREAMS);
  CHECK(given.sas_assoc_id == 7);
  CHECK(given.sas_outstrms == 3);
  CHECK(given.sas_instrms == 65535);
  test.association.add_streams(0, 1);
  CHECK(test.given<sctp_add_streams>(SCTP_ADD_STREAMS).sas_outstrms == 0);
}

TEST_CASE("To reset an association the kernel is given its number") {
  Reconfigured test{any_style()};
  test.association.reset(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.given<std::int32_t>(SCTP_RESET_ASSOC) == 7);
  test.association.reset();
  CHECK(test.times_set(SCTP_RESET_ASSOC) == 2);
}

// Failures

TEST_CASE("What the peer has no part in was not negotiated") {
  Reconfigured test{any_style()};
  const Request request = any_request();
  test.agree(false);
  test.kernel.fail_next(Call::setsockopt, ENOPROTOOPT);
  request(test.association, test.error);
  CHECK(test.error == Errc::not_negotiated);
}

TEST_CASE("What we have not allowed ourselves is not permitted") {
  Reconfigured test{any_style()};
  const Request request = any_request();
  test.kernel.fail_next(Call::setsockopt, ENOPROTOOPT);
  request(test.association, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
}

TEST_CASE("A kernel that knows nothing of it says so") {
  Reconfigured test;
  const Request request = any_request();
  test.kernel.unknown_options = {reconfiguration};
  test.kernel.fail_next(Call::setsockopt, ENOPROTOOPT);
  request(test.association, test.error);
  CHECK(test.error == std::errc::no_protocol_option);
}

TEST_CASE("Where nobody can tell whether it was negotiated, it was not") {
  Reconfigured test;
  const Request request = any_request();
  test.kernel.fail_next(Call::setsockopt, ENOPROTOOPT);
  test.kernel.fail_next(Call::getsockopt, EINVAL);
  request(test.association, test.error);
  CHECK(test.error == Errc::not_negotiated);
}

TEST_CASE("A request under way, and messages that wait, are told as they are") {
  Reconfigured test;
  const Request request = any_request();
  const int error = GENERATE(EINPROGRESS, EAGAIN, EDQUOT);
  test.kernel.fail_next(Call::setsockopt, error);
  request(test.association, test.error);
  CHECK(test.error == std::error_code{error, std::system_category()});
  CHECK(test.kernel.story() == "setsockopt");
}

TEST_CASE("An association that is gone has no streams to change") {
  Reconfigured test{any_style()};
  const Request request = any_request();
  test.kernel.association_is_gone();
  test.descriptor().associations.clear();
  request(test.association, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);
}

TEST_CASE("Streams that were not negotiated in the direction that is meant are none") {
  const std::uint16_t out = GENERATE(values<std::uint16_t>({3, 5}));
  Reconfigured test{any_style(), out, static_cast<std::uint16_t>(8 - out)};
  const auto is_none = [&](Direction direction, std::vector<StreamId> streams) {
    test.kernel.fail_next(Call::setsockopt, EINVAL);
    test.association.reset_streams(direction, streams, test.error);
    CHECK(test.error == std::errc::invalid_argument);
    return test.error == Errc::no_such_stream;
  };
  CHECK(is_none(Direction::outgoing, {StreamId{3}}) == (out == 3));
  CHECK(is_none(Direction::outgoing, {StreamId{0}, StreamId{4}, StreamId{1}}) == (out == 3));
  CHECK(is_none(Direction::incoming, {StreamId{3}, StreamId{4}}) == (out != 3));
  CHECK(is_none(Direction::outgoing, {StreamId{5}}));
  CHECK(is_none(Direction::incoming, {StreamId{5}}));
  CHECK(is_none(Direction::both, {StreamId{3}}));
  CHECK(is_none(Direction::both, {StreamId{65535}}));
  CHECK_FALSE(is_none(Direction::outgoing, {StreamId{2}}));
  CHECK_FALSE(is_none(Direction::incoming, {StreamId{2}}));
  CHECK_FALSE(is_none(Direction::both, {StreamId{2}}));
  CHECK_FALSE(is_none(Direction::both, {}));
}

TEST_CASE("A list that would stay under way for ever is refused, and no call is made") {
  Reconfigured test;
  std::vector<StreamId> streams(16001);
  test.association.reset_streams(Direction::outgoing, streams, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);
  streams.resize(70'000);
  test.association.reset_streams(Direction::outgoing, streams, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.kernel.total() == 0);
  streams.resize(16000);
  test.association.reset_streams(Direction::outgoing, streams, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.reset_given().count == 16000);
  CHECK(test.reset_given().list.size() == 16000);
}

TEST_CASE("Without memory streams are not reset") {
  Reconfigured test;
  {
    const NoMemory none;
    test.association.reset_streams(Direction::both, {}, test.error);
    CHECK(test.error == std::errc::not_enough_memory);
    CHECK_THROWS_AS(test.association.reset_streams(Direction::both), std::bad_alloc);
    CHECK_THROWS_AS(test.association.stream(StreamId{}).reset(), std::bad_alloc);
  }
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("The exceptions of these requests say what was asked for, of whom, and what to do") {
  Reconfigured test;
  const auto [error, why] = GENERATE(values<std::pair<int, std::string>>(
      {{EINPROGRESS, "another such request is under way; wait for its event: Operation now in progress"},
       {EAGAIN,
        "messages wait that were not sent, or not acknowledged yet (SenderDry tells): Resource "
        "temporarily unavailable"},
       {ENOPROTOOPT, "allow it with option::EnableStreamReset: Operation not permitted"},
       {EDQUOT, "Disk quota exceeded"}}));
  test.kernel.fail_next(Call::setsockopt, error, 4);
  CHECK_THROWS_WITH(test.association.reset_streams(Direction::both),
                    "cannot ask to reset streams of association 7: " + why);
  CHECK_THROWS_WITH(test.association.stream(StreamId{1}).reset(),
                    "cannot ask to reset streams of association 7: " + why);
  CHECK_THROWS_WITH(test.association.add_streams(1, 1),
                    "cannot ask for more streams of association 7: " + why);
  CHECK_THROWS_WITH(test.association.reset(), "cannot ask to reset association 7: " + why);
}

TEST_CASE("The exceptions of these requests say that both sides must agree first") {
  Reconfigured test;
  test.agree(false);
  test.kernel.fail_next(Call::setsockopt, ENOPROTOOPT);
  CHECK_THROWS_WITH(
      test.association.reset(),
      "cannot ask to reset association 7: both sides have not agreed on it (turn it on, on both, "
      "before the association is set up)");
}

}  // namespace

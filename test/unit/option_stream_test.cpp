// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/stream.hpp>

#include <cstdint>

#include "each_call_fails.hpp"
#include "one_socket.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using option::EnableStreamReset;
using option::PrAssocStatus;
using option::PrStreamStatus;
using option::StreamScheduler;
using option::StreamSchedulerValue;
using Policy = Reliability::Policy;
using enum StreamScheduler::Scheduler;

constexpr StreamId three{3};
constexpr StreamId beyond{10};  // of ten

// EnableStreamReset

TEST_CASE("What may be asked for is a bit each, and nothing at first") {
  OneSocket test;
  const auto fresh = test.socket.get<EnableStreamReset>();
  CHECK_FALSE(fresh.reset_streams);
  CHECK_FALSE(fresh.reset_association);
  CHECK_FALSE(fresh.add_streams);
  for (unsigned bits = 0; bits != 8; ++bits) {
    CAPTURE(bits);
    const EnableStreamReset value{.reset_streams = (bits & 1) != 0,
                                  .reset_association = (bits & 2) != 0,
                                  .add_streams = (bits & 4) != 0};
    test.socket.set(value, test.error);
    CHECK_FALSE(test.error);
    CHECK(test.given<sctp_assoc_value>(SCTP_ENABLE_STREAM_RESET).assoc_value == bits);
    const auto got = test.socket.get<EnableStreamReset>(test.error);
    CHECK_FALSE(test.error);
    CHECK(got.reset_streams == value.reset_streams);
    CHECK(got.reset_association == value.reset_association);
    CHECK(got.add_streams == value.add_streams);
  }
}

TEST_CASE("What may be asked for is allowed to whom it is meant") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  const auto whom = [&] { return test.given<sctp_assoc_value>(SCTP_ENABLE_STREAM_RESET).assoc_id; };
  test.socket.set(EnableStreamReset{});
  CHECK(whom() == SCTP_FUTURE_ASSOC);
  test.socket.set(EnableStreamReset{}, Associations::existing);
  CHECK(whom() == SCTP_CURRENT_ASSOC);
  test.socket.set(EnableStreamReset{}, Associations::all, test.error);
  CHECK(whom() == SCTP_ALL_ASSOC);
  test.association.set(EnableStreamReset{});
  CHECK(whom() == 7);
  static_cast<void>(test.association.get<EnableStreamReset>());
  CHECK(test.asked<sctp_assoc_value>(SCTP_ENABLE_STREAM_RESET).assoc_id == 7);
}

// StreamScheduler

TEST_CASE("A scheduler is set by its number, for whom it is meant, and got") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many)};
  test.comes_up();
  test.kernel.schedulers = 5;
  CHECK(test.socket.get<StreamScheduler>().scheduler == first_come);
  for (const auto scheduler : {priority, round_robin, fair_capacity, weighted_fair, first_come}) {
    test.socket.set(StreamScheduler{scheduler}, test.error);
    CHECK_FALSE(test.error);
    const auto given = test.given<sctp_assoc_value>(SCTP_STREAM_SCHEDULER);
    CHECK(given.assoc_id == SCTP_FUTURE_ASSOC);
    CHECK(given.assoc_value == static_cast<std::uint32_t>(scheduler));
    CHECK(test.socket.get<StreamScheduler>(test.error).scheduler == scheduler);
  }
  const auto whom = [&] { return test.given<sctp_assoc_value>(SCTP_STREAM_SCHEDULER).assoc_id; };
  test.association.set(StreamScheduler{priority});
  CHECK(whom() == 7);
  CHECK(test.association.get<StreamScheduler>().scheduler == priority);
  CHECK(test.asked<sctp_assoc_value>(SCTP_STREAM_SCHEDULER).assoc_id == 7);
  test.socket.set(StreamScheduler{priority}, Associations::all);
  CHECK(whom() == SCTP_ALL_ASSOC);
}

TEST_CASE("A scheduler that the kernel does not have is refused, and one that we do not know is a number") {
  OneSocket test;
  test.socket.set(StreamScheduler{round_robin});
  test.socket.set(StreamScheduler{fair_capacity}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(test.socket.set(StreamScheduler{weighted_fair}),
                    "cannot set SCTP_STREAM_SCHEDULER: it takes Linux 6.4 for fair_capacity and "
                    "weighted_fair: Invalid argument");
  CHECK(test.socket.get<StreamScheduler>().scheduler == round_robin);
  test.kernel.schedulers = 100;
  test.socket.set(StreamScheduler{StreamScheduler::Scheduler{99}});
  CHECK(test.socket.get<StreamScheduler>().scheduler == StreamScheduler::Scheduler{99});
}

TEST_CASE("Schedulers have names, or their numbers") {
  CHECK(to_string(first_come) == "first come");
  CHECK(to_string(priority) == "priority");
  CHECK(to_string(round_robin) == "round robin");
  CHECK(to_string(fair_capacity) == "fair capacity");
  CHECK(to_string(weighted_fair) == "weighted fair");
  CHECK(to_string(StreamScheduler::Scheduler{5}) == "scheduler 5");
}

// StreamSchedulerValue

/// An association under a scheduler.
struct Scheduled : OneSocket {
  explicit Scheduled(StreamScheduler::Scheduler scheduler, Style style = Style::one_to_one)
      : OneSocket{style} {
    comes_up();
    kernel.schedulers = 100;
    association.set(StreamScheduler{scheduler});
  }
};

TEST_CASE("A stream's value is set and got under the schedulers that have a use for it") {
  Scheduled test{GENERATE(priority, weighted_fair), GENERATE(Style::one_to_one, Style::one_to_many)};
  for (const std::uint16_t value : {std::uint16_t{1}, std::uint16_t{77}, std::uint16_t{65535}}) {
    test.association.set(StreamSchedulerValue{value}, three, test.error);
    CHECK_FALSE(test.error);
    const auto given = test.given<sctp_stream_value>(SCTP_STREAM_SCHEDULER_VALUE);
    CHECK(given.assoc_id == 7);
    CHECK(given.stream_id == 3);
    CHECK(given.stream_value == value);
    CHECK(test.association.get<StreamSchedulerValue>(three, test.error).value == value);
    CHECK_FALSE(test.error);
    CHECK(test.asked<sctp_stream_value>(SCTP_STREAM_SCHEDULER_VALUE).assoc_id == 7);
  }
  test.association.set(StreamSchedulerValue{5}, StreamId{4});
  CHECK(test.association.get<StreamSchedulerValue>(StreamId{4}).value == 5);
  CHECK(test.association.get<StreamSchedulerValue>(three).value == 65535);
}

TEST_CASE("A stream that has no value of its own has that which it begins with") {
  const auto value = [](StreamScheduler::Scheduler scheduler) {
    Scheduled test{scheduler};
    StreamSchedulerValue stream{.value = 77};  // the kernel writes nothing
    get_option(test.target_of_one(), three, stream, test.error);
    CHECK_FALSE(test.error);
    return stream.value;
  };
  CHECK(value(priority) == 0);
  CHECK(value(weighted_fair) == 1);
  CHECK(value(first_come) == 0);
  CHECK(value(round_robin) == 0);
  CHECK(value(fair_capacity) == 0);
}

TEST_CASE("The first place is 0 under priority, and no weight is 0") {
  Scheduled test{priority};
  test.association.set(StreamSchedulerValue{0}, three, test.error);
  CHECK_FALSE(test.error);
  test.association.set(StreamScheduler{weighted_fair});
  test.association.set(StreamSchedulerValue{0}, three, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);
}

TEST_CASE("A value that the scheduler has no use for is refused, instead of forgotten") {
  Scheduled test{GENERATE(first_come, round_robin, fair_capacity)};
  test.association.set(StreamSchedulerValue{1}, three, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
  CHECK_THROWS_WITH(test.association.set(StreamSchedulerValue{1}, three),
                    "cannot set SCTP_STREAM_SCHEDULER_VALUE of stream 3, association 7: it needs "
                    "option::StreamScheduler to be priority or weighted_fair: Operation not permitted");
  CHECK(test.times_set(SCTP_STREAM_SCHEDULER_VALUE) == 0);
}

TEST_CASE("A value is given under a scheduler that only the kernel knows") {
  Scheduled test{StreamScheduler::Scheduler{99}};
  test.association.set(StreamSchedulerValue{1}, three, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.times_set(SCTP_STREAM_SCHEDULER_VALUE) == 1);
}

TEST_CASE("Before there is an association a value is refused, instead of forgotten") {
  OneSocket test;
  test.socket.set(StreamScheduler{priority});
  test.association.set(StreamSchedulerValue{1}, three, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);
  CHECK_THROWS_WITH(test.association.set(StreamSchedulerValue{1}, three),
                    "cannot set SCTP_STREAM_SCHEDULER_VALUE of stream 3, association 7: there is no such "
                    "association, or no more: Invalid argument");
  CHECK(test.times_set(SCTP_STREAM_SCHEDULER_VALUE) == 0);
  static_cast<void>(test.association.get<StreamSchedulerValue>(three, test.error));
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);
}

TEST_CASE("A stream that was not negotiated has no value") {
  Scheduled test{GENERATE(priority, weighted_fair), GENERATE(Style::one_to_one, Style::one_to_many)};
  test.association.set(StreamSchedulerValue{1}, beyond, test.error);
  CHECK(test.error == Errc::no_such_stream);
  static_cast<void>(test.association.get<StreamSchedulerValue>(beyond, test.error));
  CHECK(test.error == Errc::no_such_stream);
  test.association.set(StreamSchedulerValue{1}, StreamId{9}, test.error);
  CHECK_FALSE(test.error);
}

TEST_CASE("Whichever call about a stream's value fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    test.association.set(StreamScheduler{priority}, error);
    if (!error) test.association.set(StreamSchedulerValue{1}, three, error);
  });
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    static_cast<void>(test.association.get<StreamSchedulerValue>(three, error));
  });
}

// PrAssocStatus, PrStreamStatus

sctp_prstatus some_status() {
  sctp_prstatus native{};
  native.sprstat_abandoned_unsent = 0x1'0000'0001;
  native.sprstat_abandoned_sent = 2;
  return native;
}

constexpr std::pair<Policy, std::uint16_t> policies[]{{Policy::lifetime, SCTP_PR_SCTP_TTL},
                                                      {Policy::retransmissions, SCTP_PR_SCTP_RTX},
                                                      {Policy::priority, SCTP_PR_SCTP_PRIO}};

TEST_CASE("What an association gave up is told for all policies together, or for one") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many)};
  test.comes_up();
  test.answers(SCTP_PR_ASSOC_STATUS, some_status());
  const auto all = test.association.get<PrAssocStatus>(test.error);
  CHECK_FALSE(test.error);
  CHECK(all.abandoned_unsent == 0x1'0000'0001);
  CHECK(all.abandoned_sent == 2);
  auto asked = test.asked<sctp_prstatus>(SCTP_PR_ASSOC_STATUS);
  CHECK(asked.sprstat_assoc_id == 7);
  CHECK(asked.sprstat_policy == SCTP_PR_SCTP_ALL);
  for (const auto& [policy, native] : policies) {
    CHECK(test.association.get<PrAssocStatus>(policy).abandoned_sent == 2);
    asked = test.asked<sctp_prstatus>(SCTP_PR_ASSOC_STATUS);
    CHECK(asked.sprstat_policy == native);
    CHECK(asked.sprstat_assoc_id == 7);
  }
}

TEST_CASE("What a stream gave up is told for all policies together, or for one") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many)};
  test.comes_up();
  test.answers(SCTP_PR_STREAM_STATUS, some_status());
  const auto all = test.association.get<PrStreamStatus>({.stream = three}, test.error);
  CHECK_FALSE(test.error);
  CHECK(all.abandoned_unsent == 0x1'0000'0001);
  CHECK(all.abandoned_sent == 2);
  auto asked = test.asked<sctp_prstatus>(SCTP_PR_STREAM_STATUS);
  CHECK(asked.sprstat_assoc_id == 7);
  CHECK(asked.sprstat_sid == 3);
  CHECK(asked.sprstat_policy == SCTP_PR_SCTP_ALL);
  for (const auto& [policy, native] : policies) {
    CHECK(test.association.get<PrStreamStatus>({three, policy}).abandoned_unsent == 0x1'0000'0001);
    asked = test.asked<sctp_prstatus>(SCTP_PR_STREAM_STATUS);
    CHECK(asked.sprstat_policy == native);
    CHECK(asked.sprstat_sid == 3);
  }
}

TEST_CASE("Of a stream that was not negotiated nothing was given up, and of none that is gone") {
  OneSocket test;
  test.comes_up();
  test.kernel.fail_next(Call::getsockopt, EINVAL);
  static_cast<void>(test.association.get<PrStreamStatus>({beyond}, test.error));
  CHECK(test.error == Errc::no_such_stream);
  test.kernel.fail_next(Call::getsockopt, EINVAL);
  CHECK_THROWS_WITH(
      test.association.get<PrStreamStatus>({beyond, Policy::lifetime}),
      Catch::Matchers::StartsWith(
          "cannot get SCTP_PR_STREAM_STATUS of stream 10, lifetime, association 7: the association has"));
  test.kernel.association_is_gone();
  static_cast<void>(test.association.get<PrStreamStatus>({three}, test.error));
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);
  static_cast<void>(test.association.get<PrAssocStatus>(test.error));
  CHECK(test.error == std::errc::invalid_argument);
}

TEST_CASE("That messages of a policy that gives nothing up were given up is no question of the stream") {
  OneSocket test;
  test.comes_up();
  test.kernel.fail_next(Call::getsockopt, EINVAL);  // as every kernel says to it
  static_cast<void>(test.association.get<PrStreamStatus>({three, Policy::full}, test.error));
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_stream);  // fails: the stream is there, and is blamed
}

TEST_CASE("A stream and a policy are called by their names") {
  CHECK(to_string(PrStreamStatus::Key{three}) == "stream 3");
  CHECK(to_string(PrStreamStatus::Key{three, Policy::lifetime}) == "stream 3, lifetime");
}

TEST_CASE("Every option of streams fails with the kernel's error, and leaves the value alone") {
  Scheduled test{priority};
  const OptionTarget one = test.target_of_one();
  const OptionTarget whom = GENERATE_REF(test.target(), test.target_of_one());
  check_set_fails(test, whom, EnableStreamReset{});
  check_set_fails(test, whom, StreamScheduler{});
  check_get_fails(test, whom, EnableStreamReset{.reset_streams = true});
  check_get_fails(test, whom, StreamScheduler{weighted_fair});
  check_get_fails(test, one, three, StreamSchedulerValue{77});
  check_get_fails(test, one, PrAssocStatus{.abandoned_unsent = 77});
  check_get_fails(test, one, Policy::lifetime, PrAssocStatus{.abandoned_unsent = 77});
  check_get_fails(test, one, PrStreamStatus::Key{three}, PrStreamStatus{.abandoned_sent = 77});
  test.kernel.fail_next(Call::setsockopt, scripted_error);
  CHECK_THROWS_WITH(test.association.set(StreamSchedulerValue{1}, three),
                    text_of_failure("set", StreamSchedulerValue::name, one, "stream 3"));
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/delivery.hpp>

#include <cstdint>
#include <limits>

#include <sctpxx/option/capability.hpp>

#include "each_call_fails.hpp"
#include "one_socket.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using option::Context;
using option::DisableFragments;
using option::MaxBurst;
using option::PartialDeliveryPoint;

constexpr std::uint32_t largest = std::numeric_limits<std::uint32_t>::max();

/// A socket whose messages may be interleaved.
void interleave(Opened& test) {
  test.kernel.allows_interleaving = true;
  test.socket.set(option::FragmentInterleave{}, test.error);
  if (!test.error) test.socket.set(option::InterleavingSupported{}, test.error);
}

TEST_CASE("DisableFragments is on or off") { check_flag<DisableFragments>(SCTP_DISABLE_FRAGMENTS); }

// PartialDeliveryPoint

TEST_CASE("Without interleaving messages are not handed out in parts, and the exception says what it needs") {
  OneSocket test;
  test.socket.set(PartialDeliveryPoint{.size = 1}, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
  CHECK_THROWS_WITH(test.socket.set(PartialDeliveryPoint{.size = 65536}),
                    "cannot set SCTP_PARTIAL_DELIVERY_POINT: it needs option::InterleavingSupported on this "
                    "socket: Operation not permitted");
  CHECK(test.times_set(SCTP_PARTIAL_DELIVERY_POINT) == 0);
}

TEST_CASE("With interleaving the point reaches the kernel, and is got") {
  OneSocket test;
  interleave(test);
  CHECK(test.socket.get<PartialDeliveryPoint>().size == 0);
  test.socket.set(PartialDeliveryPoint{.size = 70'000}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.given<std::uint32_t>(SCTP_PARTIAL_DELIVERY_POINT) == 70'000);
  CHECK(test.socket.get<PartialDeliveryPoint>().size == 70'000);
  test.socket.set(PartialDeliveryPoint{.size = largest});
  CHECK(test.socket.get<PartialDeliveryPoint>(test.error).size == largest);
  CHECK_FALSE(test.error);
}

TEST_CASE("To hand out nothing in parts needs nothing") {
  OneSocket test;
  test.socket.set(PartialDeliveryPoint{}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.story() == "setsockopt");
  CHECK(test.given<std::uint32_t>(SCTP_PARTIAL_DELIVERY_POINT) == 0);
}

TEST_CASE("A kernel that has no interleaving hands nothing out in parts") {
  OneSocket test;
  test.kernel.unknown_options = {{IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED}};
  test.socket.set(PartialDeliveryPoint{.size = 1}, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
  CHECK(test.times_set(SCTP_PARTIAL_DELIVERY_POINT) == 0);
}

TEST_CASE("Whichever call of setting a partial delivery point fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    interleave(test);
    error = test.error;
    if (!error) test.socket.set(PartialDeliveryPoint{.size = 1}, error);
  });
}

// Context, MaxBurst

template <class O, int number, std::uint32_t O::*member, std::uint32_t by_itself>
struct Numbered {
  using Option = O;
  static constexpr int native = number;
  static constexpr std::uint32_t fresh = by_itself;
  static O with(std::uint32_t value) {
    O option;
    option.*member = value;
    return option;
  }
  static std::uint32_t in(const O& option) { return option.*member; }
};

TEMPLATE_TEST_CASE("A number of an association is set for whom it is meant, and got", "",
                   (Numbered<Context, SCTP_CONTEXT, &Context::value, 0>),
                   (Numbered<MaxBurst, SCTP_MAX_BURST, &MaxBurst::packets, 4>)) {
  using Option = typename TestType::Option;
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many)};
  test.comes_up();
  const auto given = [&] { return test.template given<sctp_assoc_value>(TestType::native); };
  CHECK(TestType::in(test.socket.template get<Option>()) == TestType::fresh);
  CHECK(test.template asked<sctp_assoc_value>(TestType::native).assoc_id == 0);

  test.socket.set(TestType::with(3), test.error);
  CHECK_FALSE(test.error);
  CHECK(given().assoc_id == SCTP_FUTURE_ASSOC);
  CHECK(given().assoc_value == 3);
  CHECK(TestType::in(test.socket.template get<Option>(test.error)) == 3);

  test.association.set(TestType::with(0));
  CHECK(given().assoc_id == 7);
  CHECK(given().assoc_value == 0);
  CHECK(TestType::in(test.association.template get<Option>()) == 0);
  CHECK(test.template asked<sctp_assoc_value>(TestType::native).assoc_id == 7);

  test.socket.set(TestType::with(largest), Associations::existing);
  CHECK(given().assoc_id == SCTP_CURRENT_ASSOC);
  CHECK(given().assoc_value == largest);
  test.socket.set(TestType::with(1), Associations::all, test.error);
  CHECK_FALSE(test.error);
  CHECK(given().assoc_id == SCTP_ALL_ASSOC);
  test.socket.set(TestType::with(1), Associations::later, test.error);
  CHECK(given().assoc_id == SCTP_FUTURE_ASSOC);
}

TEST_CASE("Every option of delivery fails with the kernel's error, and leaves the value alone") {
  OneSocket test;
  test.comes_up();
  const OptionTarget whom = GENERATE_REF(test.target(), test.target_of_one());
  check_set_fails(test, whom, Context{});
  check_set_fails(test, whom, MaxBurst{});
  check_set_fails(test, whom, PartialDeliveryPoint{});
  check_get_fails(test, whom, Context{.value = 77});
  check_get_fails(test, whom, MaxBurst{.packets = 77});
  check_get_fails(test, whom, PartialDeliveryPoint{.size = 77});
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association_info.hpp>

#include <cerrno>
#include <new>
#include <vector>

#include "diag_answer.hpp"
#include "each_call_fails.hpp"
#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

const Address ours = Address::v4({192, 0, 2, 9}, 40000);
const Address ours_v6 = Address::parse("[2001:db8::9]:40000");
const Address near_v6 = Address::parse("[2001:db8::1]:3868");

void answer(FakeKernel& kernel) {
  kernel.local_addresses = {ours};
  kernel.netlink_answers.push_back(DiagAnswer{}.with_memory(11, 22).with_info(some_info()).bytes());
}

/// Both addresses in the question, as the kernel is given them.
std::pair<Address, Address> asked(const FakeKernel& kernel) {
  REQUIRE(kernel.netlink_requests.size() == 1);
  inet_diag_req_v2 body{};
  std::memcpy(&body, kernel.netlink_requests.front().data() + sizeof(nlmsghdr), sizeof body);
  const auto address = [&](const std::uint32_t(&words)[4], std::uint16_t port) {
    std::array<std::uint8_t, 16> v6;
    std::memcpy(v6.data(), words, sizeof v6);
    std::array<std::uint8_t, 4> v4;
    std::memcpy(v4.data(), words, sizeof v4);
    return body.sdiag_family == AF_INET ? Address::v4(v4, ntohs(port)) : Address::v6(v6, ntohs(port));
  };
  return {address(body.id.idiag_src, body.id.idiag_sport), address(body.id.idiag_dst, body.id.idiag_dport)};
}

TEST_CASE("An association is asked about by an address of each side, and told of in both forms") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off)};
  test.comes_up();
  answer(test.kernel);
  const auto info = association_info(test.association, test.error);
  CHECK_FALSE(test.error);
  CHECK(info.local_tag == 1);
  CHECK(info.primary.address == near);
  CHECK(info.receive_buffer_used == 22);
  CHECK(asked(test.kernel) == std::pair{ours, near});
  answer(test.kernel);
  CHECK(association_info(test.association).peer_tag == 2);
  CHECK(test.kernel.open_count() == 1);
}

TEST_CASE("Both addresses are of one family, whichever come first") {
  OneSocket test{Style::one_to_one, AF_INET6};
  answer(test.kernel);
  test.kernel.local_addresses = {ours, ours_v6};
  SECTION("IPv6 first") {
    test.comes_up({near_v6, near});
    static_cast<void>(association_info(test.association, test.error));
    CHECK(asked(test.kernel) == std::pair{ours_v6, near_v6});
  }
  SECTION("IPv4 first") {
    test.comes_up({near, near_v6});
    static_cast<void>(association_info(test.association, test.error));
    CHECK(asked(test.kernel) == std::pair{ours, near});
  }
  SECTION("a family that we have not, first") {
    test.kernel.local_addresses = {ours};
    test.comes_up({near_v6, near});
    static_cast<void>(association_info(test.association, test.error));
    CHECK(asked(test.kernel) == std::pair{ours, near});
  }
  CHECK_FALSE(test.error);
}

TEST_CASE("Where no two addresses are of one family, nothing can be asked") {
  OneSocket test{Style::one_to_one, AF_INET6};
  test.kernel.local_addresses = {ours_v6};
  test.comes_up({near});
  static_cast<void>(association_info(test.association, test.error));
  CHECK(test.error == std::errc::address_not_available);
  CHECK(test.kernel.netlink_requests.empty());
}

TEST_CASE("Of an association that is gone nothing is told") {
  OneSocket test{Style::one_to_many};
  static_cast<void>(association_info(test.association, test.error));
  CHECK(test.error == std::errc::invalid_argument);
  static_cast<void>(association_info(Association{test.socket, AssociationId{}}, test.error));
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.kernel.netlink_requests.empty());
}

TEST_CASE("Whichever call of asking about an association fails, the error is told and nothing leaks") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    answer(kernel);
    const auto info = association_info(test.association, error);
    CHECK((info.local_tag == 1) == !error);
    CHECK(kernel.open_count() == 1);
  });
}

TEST_CASE("What cannot be told of an association is an exception that says of whom") {
  OneSocket test;
  test.comes_up();
  test.kernel.local_addresses = {ours};
  test.kernel.netlink_answers.push_back(DiagAnswer::error(-ENOENT));
  CHECK_THROWS_WITH(association_info(test.association),
                    "cannot ask about association 7: No such file or directory");
  test.kernel.netlink_answers.push_back(DiagAnswer{}.bytes());
  CHECK_THROWS_WITH(association_info(test.association), "cannot ask about association 7: Bad message");
}

TEST_CASE("Without memory nothing is told of an association, and nothing leaks") {
  for (std::size_t after = 0;; ++after) {
    OneSocket test;
    test.comes_up();
    answer(test.kernel);
    AssociationInfo info;
    {
      const NoMemory none{after};
      info = association_info(test.association, test.error);
    }
    CHECK(test.kernel.open_count() == 1);
    if (!test.error) {
      CHECK(info.local_tag == 1);
      CHECK(after > 2);
      break;
    }
    CHECK(test.error == std::errc::not_enough_memory);
  }
  OneSocket test;
  const NoMemory none;
  CHECK_THROWS_AS(association_info(test.association), std::bad_alloc);
}

}  // namespace

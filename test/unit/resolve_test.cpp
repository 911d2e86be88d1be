// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/resolve.hpp>

#include <netdb.h>

#include <cerrno>
#include <string>

#include <sctpxx/one_to_one_socket.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Family = Address::Family;
using Addresses = std::vector<Address>;
using namespace std::string_view_literals;

struct Network {
  FakeKernel kernel;
  std::error_code error = std::make_error_code(std::errc::io_error);

  Network() {
    const auto at = [](const char* text) { return Address{text, 0}; };
    kernel.names["two.example"] = {at("2001:db8::1"), at("192.0.2.1"), at("2001:db8::1"), at("192.0.2.1")};
    kernel.names["v6.example"] = {at("2001:db8::2")};
    kernel.names["mapped.example"] = {at("::ffff:192.0.2.3"), at("192.0.2.3")};
    kernel.names["nowhere.example"] = {};
    kernel.services["diameter"] = 3868;
  }
  ~Network() { CHECK(kernel.lookup_lists == 0); }
};

TEST_CASE("A name is all its addresses, each once, in the system's order, with the port") {
  Network test;
  const Addresses expected{Address{"2001:db8::1", 3868}, Address{"192.0.2.1", 3868}};
  CHECK(resolve("two.example", 3868) == expected);
  CHECK(resolve("two.example", 3868, Family::v6, test.error) == expected);
  CHECK_FALSE(test.error);
  CHECK(resolve("two.example", "diameter") == expected);
  CHECK(resolve("two.example", "3868", Family::v6, test.error) == expected);
  CHECK_FALSE(test.error);
  CHECK(resolve("mapped.example", 1) == Addresses{Address{"192.0.2.3", 1}});
}

TEST_CASE("The system is asked for what SCTP can use") {
  Network test;
  static_cast<void>(resolve("two.example", 3868));
  static_cast<void>(resolve("two.example", "diameter", Family::v4));
  static_cast<void>(resolve("192.0.2.1", 65535));
  static_cast<void>(resolve("::1", "diameter"));
  REQUIRE(test.kernel.lookups.size() == 4);
  for (const auto& lookup : test.kernel.lookups) {
    CHECK(lookup.type == SOCK_STREAM);
    CHECK(lookup.protocol == IPPROTO_SCTP);
  }
  CHECK(test.kernel.lookups[0].host == "two.example");
  CHECK(test.kernel.lookups[0].service == "3868");
  CHECK(test.kernel.lookups[0].family == AF_UNSPEC);
  CHECK(test.kernel.lookups[0].flags == (AI_NUMERICSERV | AI_ADDRCONFIG));
  CHECK(test.kernel.lookups[1].service == "diameter");
  CHECK(test.kernel.lookups[1].family == AF_INET);
  CHECK(test.kernel.lookups[1].flags == 0);
  CHECK(test.kernel.lookups[2].flags == (AI_NUMERICSERV | AI_NUMERICHOST));
  CHECK(test.kernel.lookups[3].flags == AI_NUMERICHOST);
}

TEST_CASE("An address is itself") {
  Network test;
  CHECK(resolve("192.0.2.7", 1) == Addresses{Address{"192.0.2.7", 1}});
  CHECK(resolve("2001:db8::7", 1) == Addresses{Address{"2001:db8::7", 1}});
}

TEST_CASE("For an IPv4 socket there are no IPv6 addresses") {
  Network test;
  CHECK(resolve("two.example", 1, Family::v4) == Addresses{Address{"192.0.2.1", 1}});
  CHECK(resolve("v6.example", 1, Family::v4, test.error).empty());
  CHECK(test.error == std::error_code{EAI_ADDRFAMILY, resolve_category()});
}

TEST_CASE("An answer without an address is an error") {
  Network test;
  CHECK(resolve("nowhere.example", 1, Family::v6, test.error).empty());
  CHECK(test.error == std::error_code{EAI_NODATA, resolve_category()});
}

TEST_CASE("The socket for a list of addresses is one for IPv6 where one of them is") {
  const Address v4{"192.0.2.1", 1};
  const Address v6{"2001:db8::1", 1};
  CHECK(family_of(Addresses{v4, v4}) == Family::v4);
  CHECK(family_of(Addresses{v6}) == Family::v6);
  CHECK(family_of(Addresses{v4, v6}) == Family::v6);
  CHECK(family_of({}) == Family::v4);
}

TEST_CASE("What was resolved can be connected to as it is") {
  Network test;
  const auto peer = resolve("two.example", "diameter");
  OneToOneSocket socket{family_of(peer)};
  socket.connect(peer);
  CHECK(test.kernel.connected_to == std::vector<Addresses>{peer});
}

TEST_CASE("The system's errors are told, and compare equal to what they mean") {
  Network test;
  const auto [answer, meaning] = GENERATE(values<std::pair<int, std::errc>>({
      {EAI_NONAME, std::errc::address_not_available},
      {EAI_NODATA, std::errc::address_not_available},
      {EAI_ADDRFAMILY, std::errc::address_not_available},
      {EAI_AGAIN, std::errc::resource_unavailable_try_again},
      {EAI_SERVICE, std::errc::invalid_argument},
      {EAI_FAMILY, std::errc::address_family_not_supported},
  }));
  test.kernel.lookup_error = answer;
  CHECK(resolve("two.example", 1, Family::v6, test.error).empty());
  CHECK(test.error == std::error_code{answer, resolve_category()});
  CHECK(test.error == meaning);
  CHECK(test.error.message() == ::gai_strerror(answer));
  CHECK(std::string{test.error.category().name()} == "getaddrinfo");
}

TEST_CASE("Other errors are no errno's fellows") {
  Network test;
  test.kernel.lookup_error = EAI_FAIL;
  CHECK(resolve("two.example", 1, Family::v6, test.error).empty());
  CHECK(test.error.default_error_condition() == std::error_condition{EAI_FAIL, resolve_category()});
}

TEST_CASE("An exception of which nothing can be advised says what it was") {
  Network test;
  test.kernel.lookup_error = EAI_OVERFLOW;
  CHECK_THROWS_WITH(resolve("two.example", 1), std::string{"cannot find the addresses of \"two.example\": "} +
                                                   ::gai_strerror(EAI_OVERFLOW));
}

TEST_CASE("An exception says what was looked up, and what to do") {
  Network test;
  CHECK_THROWS_WITH(resolve("no\nsuch", 1),
                    "cannot find the addresses of \"no\\x0asuch\": is the name right, and does /etc/hosts or "
                    "a name server know it?: Name or service not known");
  CHECK_THROWS_WITH(
      resolve("v6.example", 1, Family::v4),
      "cannot find the addresses of \"v6.example\": the name is known, but has no address of the "
      "family that was asked for: Address family for hostname not supported");
  CHECK_THROWS_WITH(
      resolve("two.example", "no such"),
      "cannot find the port of service \"no such\": /etc/services has no such service for SCTP; "
      "give the port as a number: Servname not supported for ai_socktype");
  test.kernel.lookup_error = EAI_AGAIN;
  CHECK_THROWS_WITH(
      resolve("two.example", 1),
      "cannot find the addresses of \"two.example\": try again later; does this machine reach its "
      "name server (/etc/resolv.conf)?: Temporary failure in name resolution");
  test.kernel.lookup_error = EAI_FAIL;
  CHECK_THROWS_WITH(
      resolve("two.example", 1),
      "cannot find the addresses of \"two.example\": a name server failed: Non-recoverable failure "
      "in name resolution");
}

TEST_CASE("A failure of the system itself is its errno") {
  Network test;
  test.kernel.fail_next(Call::getaddrinfo, EMFILE, 2);
  CHECK(resolve("two.example", 1, Family::v6, test.error).empty());
  CHECK(test.error == std::errc::too_many_files_open);
  CHECK_THROWS_WITH(resolve("two.example", 1),
                    "cannot find the addresses of \"two.example\": Too many open files");
}

TEST_CASE("A text with a zero in it is no name") {
  Network test;
  CHECK(resolve("two.example\0.evil"sv, 1, Family::v6, test.error).empty());
  CHECK(test.error == std::errc::address_not_available);
  CHECK(resolve("two.example", "1\0 2"sv, Family::v6, test.error).empty());
  CHECK(test.error);
  CHECK(test.kernel.lookups.empty());
}

TEST_CASE("Without memory there is no answer, and nothing leaks") {
  Network test;
  test.kernel.names["a.long.name.that.needs.memory.example"] = test.kernel.names["two.example"];
  for (std::size_t after = 0; after != 2; ++after) {
    CAPTURE(after);
    {
      const NoMemory none{after};
      CHECK(resolve("a.long.name.that.needs.memory.example", 1, Family::v6, test.error).empty());
    }
    CHECK(test.error == std::errc::not_enough_memory);
    {
      const NoMemory none{after};
      CHECK(resolve("a.long.name.that.needs.memory.example", "1", Family::v6, test.error).empty());
    }
    CHECK(test.error == std::errc::not_enough_memory);
  }
  test.kernel.lookup_error = EAI_MEMORY;
  CHECK_THROWS_AS(resolve("two.example", 1), std::bad_alloc);
  CHECK_THROWS_AS(resolve("two.example", "1"), std::bad_alloc);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/network_interface.hpp>

#include <net/if.h>

#include <cerrno>

#include <sctpxx/error.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

/// A machine with two networks, a bridge, and an interface that is down.
struct Machine {
  FakeKernel kernel;
  std::error_code error = Errc::no_addresses;

  Machine() {
    const auto address = [](const char* text) { return Address::parse(text); };
    kernel.interfaces = {{"lo", 1}, {"eth0", 2}, {"eth1", 3}, {"docker0", 4}, {"eth2", 5}};
    kernel.interface_list = {
        {"lo", IFF_UP | IFF_LOOPBACK, {}},
        {"eth0", IFF_UP, {}},
        {"eth1", IFF_UP, {}},
        {"docker0", IFF_UP, {}},
        {"eth2", 0, {}},
        {"lo", IFF_UP | IFF_LOOPBACK, address("127.0.0.1:0")},
        {"eth0", IFF_UP, address("192.0.2.1:0")},
        {"eth1", IFF_UP, address("198.51.100.1:0")},
        {"docker0", IFF_UP, address("172.17.0.1:0")},
        {"lo", IFF_UP | IFF_LOOPBACK, address("[::1]:0")},
        {"eth0", IFF_UP, address("[2001:db8::1]:0")},
        {"eth0", IFF_UP, address("[fe80::1%2]:0")},
        {"eth2", 0, address("[fe80::2%5]:0")},
    };
  }
  ~Machine() { CHECK(kernel.interface_lists == 0); }
};

TEST_CASE("Interfaces are told with all their addresses, in the system's order") {
  Machine test;
  const auto all = network_interfaces(test.error);
  CHECK_FALSE(test.error);
  REQUIRE(all.size() == 5);
  CHECK(all[0].name == "lo");
  CHECK(all[0].loopback);
  CHECK(all[0].up);
  CHECK(all[0].addresses == std::vector{Address::parse("127.0.0.1:0"), Address::parse("[::1]:0")});
  CHECK(all[1].name == "eth0");
  CHECK(all[1].index == 2);
  CHECK(all[1].up);
  CHECK_FALSE(all[1].loopback);
  CHECK(all[1].addresses == std::vector{Address::parse("192.0.2.1:0"), Address::parse("[2001:db8::1]:0"),
                                        Address::parse("[fe80::1%2]:0")});
  CHECK(all[4].name == "eth2");
  CHECK_FALSE(all[4].up);
  CHECK(network_interfaces().size() == 5);
}

TEST_CASE(
    "The addresses of some interfaces are theirs in order, with the port, and without link-local ones") {
  Machine test;
  const std::vector expected{Address::parse("198.51.100.1:3868"), Address::parse("192.0.2.1:3868"),
                             Address::parse("[2001:db8::1]:3868")};
  CHECK(addresses_of({"eth1", "eth0"}, 3868, test.error) == expected);
  CHECK_FALSE(test.error);
  CHECK(addresses_of({"eth1", "eth0"}, 3868) == expected);
  CHECK(addresses_of({}, 1).empty());
}

TEST_CASE("An interface that there is not, or that has no address to announce, is named") {
  Machine test;
  CHECK(addresses_of({"eth0", "eth9"}, 1, test.error).empty());
  CHECK(test.error == std::errc::no_such_device);
  CHECK_THROWS_WITH(addresses_of({"eth0", "eth9"}, 1),
                    "cannot tell the addresses of network interface eth9: there is no such network "
                    "interface: No such device");
  CHECK(addresses_of({"eth0", "eth2"}, 1, test.error).empty());
  CHECK(test.error == std::errc::address_not_available);
  CHECK_THROWS_WITH(addresses_of({"eth2"}, 1),
                    Catch::Matchers::StartsWith("cannot tell the addresses of network interface eth2"));
}

TEST_CASE("What keeps the system from telling is the error") {
  Machine test;
  test.kernel.fail_next(Call::getifaddrs, EMFILE, 4);
  CHECK(network_interfaces(test.error).empty());
  CHECK(test.error == std::errc::too_many_files_open);
  CHECK(addresses_of({"eth0"}, 1, test.error).empty());
  CHECK(test.error == std::errc::too_many_files_open);
  CHECK_THROWS_AS(network_interfaces(), std::system_error);
  CHECK_THROWS_AS(addresses_of({"eth0"}, 1), std::system_error);
}

TEST_CASE("Without memory nothing is told, and nothing leaks") {
  Machine test;
  for (std::size_t after = 0; after != 5; ++after) {
    CAPTURE(after);
    {
      const NoMemory none{after};
      static_cast<void>(network_interfaces(test.error));
    }
    CHECK(test.error == std::errc::not_enough_memory);
    {
      const NoMemory none{after};
      static_cast<void>(addresses_of({"eth0"}, 1, test.error));
    }
    CHECK(test.error == std::errc::not_enough_memory);
  }
}

}  // namespace

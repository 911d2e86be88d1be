// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <netinet/in.h>

#include <cerrno>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/socket_ref.hpp>

#include "each_call_fails.hpp"
#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

/// How the addresses of a socket change while its associations go on.
namespace {

using namespace sctp;
using namespace sctp::test;

const Address home = Address::parse("192.0.2.1:5000");
const Address away = Address::parse("198.51.100.1:5000");
const Address other = Address::parse("203.0.113.1:5000");
const Address meanwhile = Address::parse("127.0.0.1:5000");

/// A socket whose associations' addresses may change.
struct Moving : OneSocket {
  explicit Moving(Style style = Style::one_to_one) : OneSocket{style} {
    socket.set(option::AuthSupported{});
    socket.set(option::AsconfSupported{});
    comes_up();
    kernel.local_addresses = {home};
    kernel.forget_calls();
  }
  [[nodiscard]] const std::vector<sctp::test::AddressChange>& changes() const {
    return kernel.address_changes;
  }
};

TEST_CASE("An address is added and removed, and peers are asked to follow") {
  Moving test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off)};
  test.socket.add_address(away, test.error);
  CHECK_FALSE(test.error);
  test.socket.remove_address(home, test.error);
  CHECK_FALSE(test.error);
  test.socket.add_address(other);
  test.socket.remove_address(away);
  CHECK(test.changes() ==
        std::vector<sctp::test::AddressChange>{
            {true, away, true}, {false, home, true}, {true, other, true}, {false, away, true}});
}

TEST_CASE("A socket without an association may have any addresses") {
  OneSocket test;
  test.socket.add_address(away, test.error);
  CHECK_FALSE(test.error);
  test.socket.remove_address(away, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.address_changes.size() == 2);
}

TEST_CASE("Where the one association did not agree on it nothing changes, and that is told") {
  OneSocket test{GENERATE(Style::one_to_one, Style::peeled_off)};
  test.comes_up();
  test.socket.add_address(away, test.error);
  CHECK(test.error == Errc::not_negotiated);
  test.socket.remove_address(away, test.error);
  CHECK(test.error == Errc::not_negotiated);
  test.socket.replace_address(home, away, test.error);
  CHECK(test.error == Errc::not_negotiated);
  CHECK_THROWS_WITH(
      test.socket.add_address(away),
      Catch::Matchers::StartsWith("cannot add the address 198.51.100.1:5000: both sides have not "
                                  "agreed on it"));
  CHECK(test.kernel.address_changes.empty());
}

TEST_CASE("An exception says what is wrong with an address") {
  Moving test;
  test.kernel.refused_changes = {{{true, home, true}, EINVAL},
                                 {{false, away, true}, EINVAL},
                                 {{false, home, true}, EBUSY},
                                 {{true, other, true}, EADDRNOTAVAIL}};
  CHECK_THROWS_WITH(test.socket.add_address(home),
                    "cannot add the address 192.0.2.1:5000: the socket has it already, or is bound to all "
                    "addresses, or has another port: Invalid argument");
  CHECK_THROWS_WITH(
      test.socket.remove_address(away),
      "cannot remove the address 198.51.100.1:5000: the socket does not have it: Invalid argument");
  CHECK_THROWS_WITH(test.socket.remove_address(home),
                    "cannot remove the address 192.0.2.1:5000: it is the last one: Device or resource busy");
  test.kernel.refused_changes.push_back({{true, away, true}, EBUSY});
  CHECK_THROWS_WITH(test.socket.add_address(away),
                    "cannot add the address 198.51.100.1:5000: Device or resource busy");
  CHECK_THROWS_WITH(
      test.socket.add_address(other),
      "cannot add the address 203.0.113.1:5000: this machine has no such address: Cannot assign "
      "requested address");
}

TEST_CASE("With others beside it an address is replaced by adding and removing") {
  Moving test{GENERATE(Style::one_to_one, Style::one_to_many)};
  test.kernel.local_addresses = {home, other};
  SECTION("that is new") {
    test.socket.replace_address(home.with_port(0), away.with_port(0));
    CHECK(test.changes() == std::vector<sctp::test::AddressChange>{{true, away, true}, {false, home, true}});
  }
  SECTION("that the socket has") {
    test.socket.replace_address(home, other, test.error);
    CHECK_FALSE(test.error);
    CHECK(test.changes() == std::vector<sctp::test::AddressChange>{{false, home, true}});
  }
}

TEST_CASE("The only address is replaced while the socket has another of which nobody hears") {
  Moving test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off)};
  test.socket.replace_address(home, away, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.changes() == std::vector<sctp::test::AddressChange>{{true, away, false},
                                                                 {false, away, false},
                                                                 {true, meanwhile, false},
                                                                 {false, home, true},
                                                                 {true, away, true},
                                                                 {true, home, false},
                                                                 {false, meanwhile, false},
                                                                 {false, home, true}});
  CHECK(test.socket.get<option::AsconfSupported>().on);
  const Bytes freely{test.descriptor().options.at({IPPROTO_IP, IP_FREEBIND})};
  CHECK(static_cast<int>(freely[0]) == 0);
}

TEST_CASE("Where the old address cannot be had again, peers are asked to take the new one first") {
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many);
  Moving test{style};
  test.kernel.refused_changes = {{{true, home, false}, EADDRINUSE}};
  test.socket.replace_address(home, away, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.changes().back() == sctp::test::AddressChange{false, meanwhile, false});
  CHECK(test.changes().size() == 6);
  CHECK(test.times_set(SCTP_SET_PEER_PRIMARY_ADDR) == (style == Style::one_to_one ? 1 : 0));
}

TEST_CASE("When the machine does not have the new address nothing changes") {
  Moving test;
  test.kernel.refused_changes = {{{true, away, false}, EADDRNOTAVAIL}};
  test.socket.replace_address(home, away, test.error);
  CHECK(test.error == std::errc::address_not_available);
  CHECK(test.changes().empty());
  CHECK(test.socket.get<option::AsconfSupported>().on);
  CHECK_THROWS_WITH(test.socket.replace_address(home, away),
                    Catch::Matchers::StartsWith("cannot add the address 198.51.100.1:5000"));
}

TEST_CASE("When the new address is refused at last, what was needed meanwhile goes again") {
  Moving test;
  test.kernel.refused_changes = {{{true, away, true}, EADDRINUSE}};
  test.socket.replace_address(home, away, test.error);
  CHECK(test.error == std::errc::address_in_use);
  CHECK(test.changes().back() == sctp::test::AddressChange{false, meanwhile, false});
  CHECK(test.socket.get<option::AsconfSupported>().on);
}

TEST_CASE("An address that the socket does not have is not replaced") {
  Moving test;
  test.socket.replace_address(other, away, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.changes().empty());
}

TEST_CASE("A socket that is bound to no address has none to be replaced") {
  Moving test;
  test.kernel.local_addresses.clear();
  test.socket.replace_address(home, away, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.changes().empty());
}

TEST_CASE("An IPv6 socket has the address meanwhile by its own option, whatever the family") {
  const bool v6 = GENERATE(false, true);
  CAPTURE(v6);
  const Address old = v6 ? Address::parse("[2001:db8::1]:5000") : home;
  const Address now = v6 ? Address::parse("[2001:db8::2]:5000") : away;
  Moving test;
  test.descriptor().domain = AF_INET6;
  test.kernel.local_addresses = {old};
  test.socket.replace_address(old, now, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.changes().size() == 8);
  CHECK(test.changes()[2] == sctp::test::AddressChange{true, Address::loopback(old.family(), 5000), false});
  CHECK(test.times_set(IPV6_FREEBIND, IPPROTO_IPV6) == 4);
  CHECK(test.times_set(IP_FREEBIND, IPPROTO_IP) == 0);
  CHECK(test.kept<int>(IPPROTO_IPV6, IPV6_FREEBIND) == 0);
}

TEST_CASE("Where the socket cannot be told to take an address that is not there, nothing changes") {
  const int options = GENERATE(0, 1, 2);
  CAPTURE(options);
  Moving test;
  // After the second change, which takes six calls: the domain, what the option was, and the option.
  test.kernel.fail_at(6 + static_cast<std::size_t>(options), scripted_error);
  test.socket.replace_address(home, away, test.error);
  CAPTURE(test.kernel.story());
  CHECK(test.error == std::error_code{scripted_error, std::system_category()});
  CHECK(test.changes() == std::vector<sctp::test::AddressChange>{{true, away, false}, {false, away, false}});
  CHECK(test.socket.get<option::AsconfSupported>().on);
  const auto freely = test.descriptor().options.find({IPPROTO_IP, IP_FREEBIND});
  CHECK((freely == test.descriptor().options.end() || freely->second.front() == std::byte{0}));
}

TEST_CASE("Without memory no address is replaced") {
  Moving test;
  {
    const NoMemory none;
    test.socket.replace_address(home, away, test.error);
  }
  CHECK(test.error == std::errc::not_enough_memory);
  CHECK(test.changes().empty());
}

TEST_CASE("Whichever call of adding an address fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.socket.add_address(away, error);
  });
}

}  // namespace

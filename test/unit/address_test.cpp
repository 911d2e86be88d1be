// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/address.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <random>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include <sctpxx/error.hpp>

#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace sctp;
using namespace std::string_literals;
using test::FakeKernel;
using Family = Address::Family;

static_assert(Address{} == Address::any(Family::v4, 0));
static_assert(Address::loopback(Family::v6, 7).is_loopback());
static_assert(sizeof(Address) <= 32);

std::error_code error_of_parsing(std::string_view text) {
  std::error_code error;
  const Address address = Address::parse(text, error);
  if (error) CHECK(address == Address{});
  return error;
}

TEST_CASE("An address is written as it is read") {
  for (const std::string text : {
           "0.0.0.0:0",
           "192.0.2.1:3868",
           "255.255.255.255:65535",
           "127.0.0.1:1",
           "[::]:0",
           "[::1]:7",
           "[2001:db8::1]:3868",
           "[2001:db8:1:2:3:4:5:6]:65535",
           "[fe80::1%2]:7",
           "[fe80::1%4294967295]:7",
           "[2001:db8::1%3]:7",
           "[::ffff:192.0.2.1]:7",
           "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535",
       }) {
    CAPTURE(text);
    CHECK(to_string(Address::parse(text)) == text);
    CHECK_FALSE(error_of_parsing(text));
  }
}

TEST_CASE("An address is written in its shortest form") {
  CHECK(to_string(Address::parse("[2001:DB8:0:0:0:0:0:1]:7")) == "[2001:db8::1]:7");
  CHECK(to_string(Address{"0:0:0:0:0:0:0:0", 7}) == "[::]:7");
}

TEST_CASE("An address has the parts that its text names") {
  const Address v4 = Address::parse("192.0.2.1:3868");
  CHECK(v4.family() == Family::v4);
  CHECK(v4.port() == 3868);
  CHECK(v4.scope() == 0);
  CHECK(as_text(v4.bytes()) == "\xc0\x00\x02\x01"s);

  const Address v6 = Address::parse("[fe80::12%5]:38412");
  CHECK(v6.family() == Family::v6);
  CHECK(v6.port() == 38412);
  CHECK(v6.scope() == 5);
  CHECK(as_text(v6.bytes()) == "\xfe\x80"s + std::string(13, '\0') + "\x12");
}

TEST_CASE("An address can be made of a host's text and a port") {
  CHECK(Address{"192.0.2.1", 7} == Address::v4({192, 0, 2, 1}, 7));
  CHECK(Address{"::1", 7} == Address::loopback(Family::v6, 7));
  CHECK(Address{"fe80::1%9", 7}.scope() == 9);
  std::error_code error = Errc::no_addresses;
  CHECK(Address{"::", 80, error} == Address::any(Family::v6, 80));
  CHECK_FALSE(error);
}

TEST_CASE("A scope can be the name of an interface") {
  FakeKernel kernel;
  kernel.interfaces = {{"eth0", 3}, {"eth0:1", 4}, {"fifteen-letters", 15}};
  CHECK(Address::parse("[fe80::1%eth0]:7") == Address::parse("[fe80::1%3]:7"));
  CHECK(Address::parse("[fe80::1%eth0:1]:7").scope() == 4);
  CHECK(Address::parse("[fe80::1%fifteen-letters]:7").scope() == 15);
  CHECK(Address{"fe80::1%eth0", 7}.scope() == 3);
  CHECK(error_of_parsing("[fe80::1%eth1]:7") == Errc::malformed_address);
}

TEST_CASE(
    "Where the system cannot tell whether there is such an interface it says why, and nothing is malformed") {
  FakeKernel kernel;
  kernel.interfaces = {{"eth0", 3}};
  const int reason = GENERATE(EMFILE, ENFILE, ENOBUFS, EACCES);
  kernel.fail_next(test::Call::interface_index, reason, 2);
  CHECK(error_of_parsing("[fe80::1%eth0]:7") == std::error_code{reason, std::system_category()});
  CHECK_THROWS_WITH((Address{"fe80::1%eth0", 7}),
                    "cannot read the address 'fe80::1%eth0': " + std::system_category().message(reason));
  CHECK(Address::parse("[fe80::1%eth0]:7").scope() == 3);
  kernel.fail_next(test::Call::interface_index, ENOMEM);
  CHECK_THROWS_AS((Address{"fe80::1%eth0", 7}), std::bad_alloc);
}

TEST_CASE("No call is made for a scope that is a number, nor for a name that is too long for any interface") {
  FakeKernel kernel;
  CHECK_FALSE(error_of_parsing("[fe80::1%3]:7"));
  CHECK(error_of_parsing("[fe80::1%sixteen-letters!]:7") == Errc::malformed_address);
  CHECK(kernel.total() == 0);
}

TEST_CASE("What is not exactly an address with a port is malformed") {
  FakeKernel kernel;
  kernel.interfaces = {{"eth0", 3}};
  const std::string malformed[] = {
      "",
      ":",
      "::",
      ":7",
      "[",
      "]",
      "[]",
      "[]:7",
      "[:7",
      "]:7",
      "[[::1]]:7",
      "192.0.2.1",
      "192.0.2.1:",
      "192.0.2.1:x",
      "192.0.2.1:7x",
      "192.0.2.1: 7",
      "192.0.2.1:7 ",
      " 192.0.2.1:7",
      "192.0.2.1 :7",
      "192.0.2.1:+7",
      "192.0.2.1:-7",
      "192.0.2.1:0x7",
      "192.0.2.1:65536",
      "192.0.2.1:99999999999999999999",
      "192.0.2.1:7:7",
      "[192.0.2.1]:7",
      "192.0.2:7",
      "192.0.2.1.5:7",
      "192.0.2.256:7",
      "192.0.02.1:7",
      "0192.0.2.1:7",
      "192.0.2.-1:7",
      "192.0.2.1%1:7",
      "192.0.2.1%eth0:7",
      "0x7f.0.0.1:7",
      "1:7",
      "localhost:7",
      "example.org:7",
      "::1:7",
      "::1",
      "[::1]",
      "[::1]:",
      "[::1]7",
      "[::1]:65536",
      "[::1 ]:7",
      "[ ::1]:7",
      "[::1:7",
      "::1]:7",
      "[::1::2]:7",
      "[1:2:3:4:5:6:7]:7",
      "[1:2:3:4:5:6:7:8:9]:7",
      "[12345::]:7",
      "[::g]:7",
      "[::1]x:7",
      "[fe80::1%]:7",
      "[fe80::1%0]:7",
      "[fe80::1%-1]:7",
      "[fe80::1%4294967296]:7",
      "[fe80::1%eth0 ]:7",
      "[fe80::1%eth9]:7",
      "[fe80::1%%3]:7",
      "[%3]:7",
      "[fe80::1%eth0%3]:7",
      "192.0.2.1\0:7"s,
      "192.0.2.1:7\0"s,
      "\0"s,
      "[::1\0]:7"s,
      "[fe80::1%eth0\0]:7"s,
      "[fe80::1%3\0]:7"s,
      "192.0.2.1:\0007"s,
      "192.0.2.1:007",
      "[fe80::1%02]:7",
      std::string(100, '1') + ":7",
      "[" + std::string(1000, ':') + "]:7",
      "[fe80::1%" + std::string(100'000, 'e') + "]:7",
  };
  for (const std::string& text : malformed) {
    CAPTURE(text.substr(0, 60), text.size());
    CHECK(error_of_parsing(text) == Errc::malformed_address);
    CHECK_THROWS_AS(Address::parse(text), std::system_error);
  }
}

TEST_CASE("What is not exactly a host's address is malformed") {
  FakeKernel kernel;
  for (const std::string text :
       {"", "[::1]", "::1:", "192.0.2.1:7", "localhost", "192.0.2.1%3", "%3", "::1%0", "::1%", " ::1"}) {
    CAPTURE(text);
    std::error_code error;
    CHECK(Address{text, 7, error} == Address{});
    CHECK(error == Errc::malformed_address);
    CHECK_THROWS_AS((Address{text, 7}), std::system_error);
  }
}

TEST_CASE("The exception of a malformed address shows what was read, and nothing that harms a terminal") {
  try {
    static_cast<void>(Address::parse("lo\x1b[2Jcal:7" + std::string(500, 'x')));
    FAIL("no exception");
  } catch (const std::system_error& failure) {
    CHECK(failure.code() == Errc::malformed_address);
    const std::string what = failure.what();
    CHECK(what.starts_with("cannot read the address 'lo?[2Jcal:7xxx"));
    CHECK(what.size() < 250);
    CHECK(std::ranges::all_of(what, [](char c) { return c >= ' ' && c <= '~'; }));
  }
}

TEST_CASE("Any address survives being written and read") {
  std::mt19937 random{4711};
  const auto any = [&] { return static_cast<std::uint8_t>(random()); };
  for (int round = 0; round != 20'000; ++round) {
    const auto port = static_cast<std::uint16_t>(random());
    Address address = Address::v4({any(), any(), any(), any()}, port);
    if (round % 2 != 0) {
      std::array<std::uint8_t, 16> bytes;
      // Runs of zeros are what the short form of an address is about.
      for (auto& byte : bytes) byte = random() % 2 != 0 ? any() : std::uint8_t{0};
      const std::uint32_t scope = random() % 3 != 0 ? 0 : static_cast<std::uint32_t>(random());
      address = Address::v6(bytes, port, scope);
    }
    const std::string text = to_string(address);
    if (Address::parse(text) != address) FAIL(text);
  }
}

TEST_CASE("Text of any kind is an address or malformed, and nothing worse") {
  FakeKernel kernel;
  std::mt19937 random{815};
  const std::string letters = "0123456789abcdef:.[]%:.%\0 x"s;
  for (int round = 0; round != 50'000; ++round) {
    std::string text(random() % 30, '?');
    for (char& c : text) c = letters[random() % letters.size()];
    std::error_code error;
    const Address address = Address::parse(text, error);
    if (!error && Address::parse(to_string(address)) != address) FAIL(text);
  }
}

TEST_CASE("Addresses compare by family, bytes, scope and port") {
  const std::vector<Address> ascending{
      Address::v4({1, 0, 0, 0}, 9),   Address::v4({1, 0, 0, 1}, 8), Address::v4({1, 0, 0, 1}, 9),
      Address::v4({255, 0, 0, 0}, 0), Address::v6({}, 9, 0),        Address::v6({}, 10, 0),
      Address::v6({}, 0, 1),          Address::v6({0, 1}, 0, 0),
  };
  for (std::size_t i = 0; i != ascending.size(); ++i) {
    for (std::size_t j = 0; j != ascending.size(); ++j) {
      CAPTURE(ascending[i], ascending[j]);
      CHECK((ascending[i] <=> ascending[j]) == (i <=> j));
      CHECK((ascending[i] == ascending[j]) == (i == j));
      CHECK((std::hash<Address>{}(ascending[i]) == std::hash<Address>{}(ascending[j])) == (i == j));
    }
  }
}

TEST_CASE("Addresses that differ in little hash differently") {
  std::unordered_set<std::size_t> hashes;
  for (int host = 0; host != 64; ++host) {
    for (int port = 0; port != 64; ++port) {
      hashes.insert(std::hash<Address>{}(
          Address::v4({10, 0, 0, static_cast<std::uint8_t>(host)}, static_cast<std::uint16_t>(port))));
    }
  }
  for (std::uint32_t scope = 1; scope != 64; ++scope) {
    hashes.insert(std::hash<Address>{}(Address::v6({0xfe, 0x80}, 7, scope)));
  }
  CHECK(hashes.size() == 64 * 64 + 63);
}

TEST_CASE("An address knows what kind it is") {
  const auto v4 = [](std::uint8_t first, std::uint8_t second) {
    return Address::v4({first, second, 0, 1}, 7);
  };
  const auto v6 = [](std::uint8_t first, std::uint8_t second) { return Address::v6({first, second}, 7); };

  CHECK(Address::any(Family::v4, 7).is_wildcard());
  CHECK(Address::any(Family::v6, 7).is_wildcard());
  CHECK_FALSE(v4(0, 0).is_wildcard());
  CHECK(Address::any(Family::v6, 7).port() == 7);

  CHECK(Address::loopback(Family::v4, 7) == Address::parse("127.0.0.1:7"));
  CHECK(Address::loopback(Family::v6, 7) == Address::parse("[::1]:7"));
  CHECK(v4(127, 255).is_loopback());
  CHECK_FALSE(v4(128, 0).is_loopback());
  CHECK_FALSE(v6(127, 0).is_loopback());

  CHECK(v4(169, 254).is_link_local());
  CHECK_FALSE(v4(169, 253).is_link_local());
  CHECK(v6(0xfe, 0x80).is_link_local());
  CHECK(v6(0xfe, 0xbf).is_link_local());
  CHECK_FALSE(v6(0xfe, 0xc0).is_link_local());
  CHECK_FALSE(v6(0xfe, 0x7f).is_link_local());

  CHECK(v4(224, 0).is_multicast());
  CHECK(v4(239, 255).is_multicast());
  CHECK_FALSE(v4(223, 0).is_multicast());
  CHECK_FALSE(v4(240, 0).is_multicast());
  CHECK(v6(0xff, 2).is_multicast());
  CHECK_FALSE(v6(0xfe, 2).is_multicast());
}

TEST_CASE("Another port leaves the rest of an address as it is") {
  const Address address = Address::parse("[fe80::1%3]:7");
  CHECK(address.with_port(8) == Address::parse("[fe80::1%3]:8"));
  CHECK(address.with_port(7) == address);
}

TEST_CASE("The kernel's form of an address says the same") {
  for (const Address address : {Address::parse("192.0.2.1:3868"), Address::parse("[fe80::1%7]:38412")}) {
    CAPTURE(address);
    native::SocketAddress native;
    const socklen_t size = native::to_native(address, native);
    CHECK(size == (address.family() == Family::v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)));
    const Bytes bytes = std::as_bytes(std::span{&native, 1}).first(size);
    CHECK(native::address_from(bytes) == address);
    for (std::size_t less = 0; less != size; ++less) {
      const std::vector<std::byte> cut{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(less)};
      CHECK_FALSE(native::address_from(cut));
    }
  }
}

TEST_CASE("An IPv4 address that the kernel gives in IPv6 clothes is an IPv4 address") {
  native::SocketAddress native;
  native::to_native(Address::parse("[::ffff:192.0.2.1]:3868"), native);
  CHECK(native::address_from(std::as_bytes(std::span{&native, 1})) == Address::parse("192.0.2.1:3868"));
}

TEST_CASE("A name of neither family from the kernel is no address") {
  native::SocketAddress native{};
  native.any.sa_family = AF_UNIX;
  CHECK_FALSE(native::address_from(std::as_bytes(std::span{&native, 1})));
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/socket.hpp>

#include <sys/time.h>

#include <chrono>
#include <string>
#include <tuple>

#include "each_call_fails.hpp"
#include "one_socket.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using option::BindToDevice;
using option::Dscp;
using option::RcvBuf;
using option::RcvTimeo;
using option::SndBuf;
using option::SndTimeo;

// RcvTimeo, SndTimeo

template <class O, int number>
struct Timed {
  using Option = O;
  static constexpr int native = number;
};

using Times = std::tuple<Timed<RcvTimeo, SO_RCVTIMEO>, Timed<SndTimeo, SO_SNDTIMEO>>;

TEMPLATE_LIST_TEST_CASE("A time to wait is set in seconds and microseconds, or there is none", "", Times) {
  using Option = typename TestType::Option;
  OneSocket test;
  CHECK_FALSE(test.socket.template get<Option>().time);
  test.socket.set(Option{.time = 1234ms}, test.error);
  CHECK_FALSE(test.error);
  auto given = test.template given<timeval>(TestType::native, true, SOL_SOCKET);
  CHECK(given.tv_sec == 1);
  CHECK(given.tv_usec == 234'000);
  CHECK(test.socket.template get<Option>().time == 1234ms);
  test.socket.set(Option{.time = 1ms});
  given = test.template given<timeval>(TestType::native, true, SOL_SOCKET);
  CHECK(given.tv_sec == 0);
  CHECK(given.tv_usec == 1000);
  test.socket.set(Option{.time = 2147483647ms});
  CHECK(test.socket.template get<Option>(test.error).time == 2147483647ms);
  CHECK_FALSE(test.error);
  test.socket.set(Option{}, test.error);
  CHECK_FALSE(test.error);
  Option before{.time = 1s};
  get_option(test.target(), before, test.error);
  CHECK_FALSE(before.time);
}

TEMPLATE_LIST_TEST_CASE("What the kernel has rounded is told in milliseconds that are no shorter", "",
                        Times) {
  using Option = typename TestType::Option;
  OneSocket test;
  const auto time = [&](const timeval& native) {
    test.answers(TestType::native, native, SOL_SOCKET);
    return test.socket.template get<Option>().time;
  };
  CHECK(time({0, 1}) == 1ms);
  CHECK(time({0, 3'333}) == 4ms);
  CHECK(time({0, 4'000}) == 4ms);
  CHECK(time({2, 999'999}) == 3s);
}

TEMPLATE_LIST_TEST_CASE(
    "A time that is none, or that the kernel cannot count, is refused, and no call is made", "", Times) {
  OneSocket test;
  for (const auto time : {0ms, -1ms, 2147483648ms, std::chrono::milliseconds::max()}) {
    CAPTURE(time.count());
    test.error.clear();
    test.socket.set(typename TestType::Option{.time = time}, test.error);
    CHECK(test.error == std::errc::invalid_argument);
  }
  CHECK(test.kernel.total() == 0);
}

TEMPLATE_LIST_TEST_CASE("A one-to-many socket has no such time, but one that was peeled off does", "",
                        Times) {
  using Option = typename TestType::Option;
  OneSocket many{Style::one_to_many};
  many.comes_up();
  many.socket.set(Option{.time = 1s}, many.error);
  CHECK(many.error == std::errc::operation_not_supported);
  many.socket.set(Option{}, many.error);
  CHECK(many.error == std::errc::operation_not_supported);
  CHECK(many.kernel.count(Call::setsockopt) == 0);
  CHECK_FALSE(many.socket.template get<Option>(many.error).time);
  CHECK_FALSE(many.error);
}

TEMPLATE_LIST_TEST_CASE("A peeled-off socket has such a time, also when its association has ended", "",
                        Times) {
  using Option = typename TestType::Option;
  OneSocket peeled{Style::peeled_off};
  if (GENERATE(false, true)) peeled.comes_up();
  peeled.socket.set(Option{.time = 1s}, peeled.error);
  CHECK_FALSE(peeled.error);
  CHECK(peeled.socket.template get<Option>().time == 1s);
}

TEMPLATE_LIST_TEST_CASE("Whichever call of setting such a time fails, the error is told", "", Times) {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.socket.set(typename TestType::Option{.time = 1s}, error);
  });
}

TEMPLATE_LIST_TEST_CASE("A socket of which nobody can tell whether it was peeled off says why", "", Times) {
  OneSocket test{Style::peeled_off};
  test.kernel.fail_next(Call::getpeername, scripted_error);
  test.socket.set(typename TestType::Option{.time = 1s}, test.error);
  CHECK(test.error == std::error_code{scripted_error, std::system_category()});
}

TEST_CASE("The two times are two") {
  OneSocket test;
  test.socket.set(RcvTimeo{.time = 1s});
  test.socket.set(SndTimeo{.time = 2s});
  CHECK(test.socket.get<RcvTimeo>().time == 1s);
  CHECK(test.socket.get<SndTimeo>().time == 2s);
}

// Flags

TEST_CASE("Sharing a port, and IPv4 addresses as mapped ones, are on or off") {
  check_flag<option::ReuseAddr>(SO_REUSEADDR, SOL_SOCKET);
  check_flag<option::ReusePort>(SO_REUSEPORT, SOL_SOCKET);
  check_flag<option::IWantMappedV4Addr>(SCTP_I_WANT_MAPPED_V4_ADDR);
  check_flag<option::V6Only>(IPV6_V6ONLY, IPPROTO_IPV6, AF_INET6);
}

TEST_CASE("Each of these is off on a fresh socket, but for mapped addresses") {
  const OneSocket test{Style::one_to_one, AF_INET6};
  CHECK_FALSE(test.socket.get<option::ReuseAddr>().on);
  CHECK_FALSE(test.socket.get<option::ReusePort>().on);
  CHECK_FALSE(test.socket.get<option::V6Only>().on);
  CHECK(test.socket.get<option::IWantMappedV4Addr>().on);
}

TEST_CASE("A socket for IPv4 cannot be for IPv6 only") {
  OneSocket test;
  test.socket.set(option::V6Only{}, test.error);
  CHECK(test.error == std::errc::no_protocol_option);
}

TEST_CASE("A socket that is bound stays for both families") {
  OneSocket test{Style::one_to_one, AF_INET6};
  test.kernel.fail_next(Call::setsockopt, EINVAL);
  CHECK_THROWS_WITH(test.socket.set(option::V6Only{}),
                    "cannot set IPV6_V6ONLY: it takes a socket for IPv6 that is not bound yet: Invalid "
                    "argument");
}

// BindToDevice

TEST_CASE("An interface is given by its name, which ends with a zero byte, and got") {
  OneSocket test;
  CHECK(test.socket.get<BindToDevice>().device.empty());
  test.socket.set(BindToDevice{.device = "eth0"}, test.error);
  CHECK_FALSE(test.error);
  CHECK(as_text(test.bytes_given(SO_BINDTODEVICE, true, SOL_SOCKET)) == std::string_view{"eth0\0", 5});
  CHECK(test.socket.get<BindToDevice>(test.error).device == "eth0");
  CHECK_FALSE(test.error);
  test.socket.set(BindToDevice{.device = "abcdefghijklmno"});
  CHECK(test.socket.get<BindToDevice>().device == "abcdefghijklmno");
  test.socket.set(BindToDevice{});
  CHECK(test.bytes_given(SO_BINDTODEVICE, true, SOL_SOCKET) == std::vector{std::byte{0}});
  BindToDevice before{.device = "eth0"};
  get_option(test.target(), before, test.error);
  CHECK(before.device.empty());
}

TEST_CASE("A name that the kernel would cut is no interface") {
  OneSocket test;
  const std::string name = GENERATE(std::string{"abcdefghijklmnop"}, std::string{"eth0\0x", 6},
                                    std::string(1, '\0'), std::string(1000, 'x'));
  test.socket.set(BindToDevice{.device = name}, test.error);
  CHECK(test.error == std::errc::no_such_device);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("To change the interface needs a capability, which the exception says") {
  OneSocket test;
  test.kernel.fail_next(Call::setsockopt, EPERM);
  CHECK_THROWS_WITH(test.socket.set(BindToDevice{.device = "eth0"}),
                    "cannot set SO_BINDTODEVICE: it needs the capability CAP_NET_RAW: Operation not "
                    "permitted");
}

// Dscp

TEST_CASE("A code point is in the upper bits of the type of service, and on IPv6 of the traffic class, too") {
  OneSocket v4;
  v4.socket.set(Dscp{.code_point = 46}, v4.error);
  CHECK_FALSE(v4.error);
  CHECK(v4.given<int>(IP_TOS, true, IPPROTO_IP) == 0xb8);
  CHECK(v4.times_set(IPV6_TCLASS, IPPROTO_IPV6) == 0);
  CHECK(v4.socket.get<Dscp>().code_point == 46);
}

TEST_CASE("On a socket for IPv6 a code point is of both families") {
  OneSocket v6{Style::one_to_one, AF_INET6};
  v6.socket.set(Dscp{.code_point = 63});
  CHECK(v6.given<int>(IP_TOS, true, IPPROTO_IP) == 0xfc);
  CHECK(v6.given<int>(IPV6_TCLASS, true, IPPROTO_IPV6) == 0xfc);
  CHECK(v6.socket.get<Dscp>(v6.error).code_point == 63);
  v6.answers(IP_TOS, int{4}, IPPROTO_IP);
  CHECK(v6.socket.get<Dscp>().code_point == 63);
}

TEST_CASE("The kernel's own two bits are no part of a code point") {
  OneSocket test{Style::one_to_one, GENERATE(AF_INET, AF_INET6)};
  test.answers(IP_TOS, int{0xbb}, IPPROTO_IP);
  test.answers(IPV6_TCLASS, int{0xbb}, IPPROTO_IPV6);
  CHECK(test.socket.get<Dscp>().code_point == 46);
}

TEST_CASE("A code point that cannot be asked for stays what it is") {
  OneSocket test{Style::one_to_one, GENERATE(AF_INET, AF_INET6)};
  test.kernel.fail_at(1, scripted_error);  // after the question for the family
  Dscp value{.code_point = 7};
  get_option(test.target(), value, test.error);
  CHECK(test.error.value() == scripted_error);
  CHECK(value.code_point == 7);
}

TEST_CASE("A code point has six bits") {
  OneSocket test;
  const std::uint8_t more = GENERATE(values<std::uint8_t>({64, 128, 255}));
  test.socket.set(Dscp{.code_point = more}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.kernel.total() == 0);
  test.socket.set(Dscp{.code_point = 0}, test.error);
  CHECK_FALSE(test.error);
}

TEST_CASE("Whichever call about a code point fails, the error is told") {
  const int domain = GENERATE(AF_INET, AF_INET6);
  each_call_fails([domain](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel, Style::one_to_one, domain};
    test.socket.set(Dscp{.code_point = 1}, error);
  });
  each_call_fails([domain](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel, Style::one_to_one, domain};
    static_cast<void>(test.socket.get<Dscp>(error));
  });
}

// RcvBuf

TEST_CASE("The window of an association that is up is settled, and its buffer with it") {
  OneSocket test{GENERATE(Style::one_to_one, Style::peeled_off)};
  test.comes_up();
  test.socket.set(RcvBuf{.size = 100'000}, test.error);
  CHECK(test.error == Errc::too_late);
  CHECK_THROWS_WITH(test.socket.set(RcvBuf{.size = 100'000}),
                    "cannot set SO_RCVBUF: it was settled when the association was set up (set it before "
                    "`connect`, or on the listener)");
  CHECK(test.kernel.count(Call::setsockopt) == 0);
  test.socket.set(SndBuf{.size = 100'000}, test.error);
  CHECK_FALSE(test.error);
}

TEST_CASE("The buffer of a socket with many associations is for the later ones") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  test.socket.set(RcvBuf{.size = 100'000}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.socket.get<RcvBuf>().size == 100'000);
}

TEST_CASE("Once its association has ended, a socket's buffer is for the next one") {
  OneSocket test;
  test.comes_up();
  test.kernel.association_is_gone();
  test.socket.set(RcvBuf{.size = 100'000}, test.error);
  CHECK_FALSE(test.error);
}

TEST_CASE("Whichever call of setting a buffer fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.socket.set(RcvBuf{.size = 100'000}, error);
  });
}

// Failures

TEST_CASE("Every option of sockets fails with the kernel's error, and leaves the value alone") {
  OneSocket test{Style::one_to_one, AF_INET6};
  check_set_fails(test, test.target(), RcvTimeo{.time = 1s});
  check_set_fails(test, test.target(), RcvTimeo{}, Call::getsockopt);
  check_set_fails(test, test.target(), SndTimeo{.time = 1s});
  check_set_fails(test, test.target(), BindToDevice{.device = "eth0"});
  check_set_fails(test, test.target(), Dscp{});
  check_set_fails(test, test.target(), Dscp{}, Call::getsockopt);
  check_set_fails(test, test.target(), RcvBuf{.size = 1});
  check_set_fails(test, test.target(), SndBuf{.size = 1});
  check_get_fails(test, test.target(), RcvTimeo{.time = 77ms});
  check_get_fails(test, test.target(), SndTimeo{.time = 77ms});
  check_get_fails(test, test.target(), BindToDevice{.device = "eth77"});
  check_get_fails(test, test.target(), Dscp{.code_point = 7});
  check_get_fails(test, test.target(), option::Linger{.time = 77s});
}

TEST_CASE("The size of a buffer that cannot be asked for stays what it is") {
  OneSocket test;
  check_get_fails(test, test.target(), SndBuf{.size = 77});
  check_get_fails(test, test.target(), RcvBuf{.size = 77});
}

}  // namespace

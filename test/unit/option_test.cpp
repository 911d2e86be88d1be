// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association.hpp>
#include <sctpxx/option.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>

#include <sctpxx/error.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/delivery.hpp>
#include <sctpxx/option/socket.hpp>
#include <sctpxx/socket_ref.hpp>

#include "one_socket.hpp"

namespace elsewhere {

/// An option that an application adds.
struct Mine {
  static constexpr std::string_view name = "MINE";
  int value = 0;
};
int kept = 0;
void set_option(sctp::OptionTarget, const Mine& value, std::error_code& error) noexcept {
  error.clear();
  if (value.value < 0) error = std::make_error_code(std::errc::invalid_argument);
  kept = value.value;
}
void get_option(sctp::OptionTarget, Mine& value, std::error_code& error) noexcept {
  error.clear();
  value.value = kept;
}

struct NoOption {};

}  // namespace elsewhere

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;

template <class O>
concept SettableOfAssociation = requires(Association association, const O& value) { association.set(value); };
static_assert(SettableOfAssociation<option::RtoInfo> && SettableOfAssociation<option::DelayedSack>);
static_assert(!SettableOfAssociation<option::InitMsg> && !SettableOfAssociation<option::SndBuf>);
static_assert(!SettableOfAssociation<option::NoDelay> && !SettableOfAssociation<option::Linger>);
static_assert(option::Settable<option::InitMsg> && option::Gettable<option::InitMsg>);
static_assert(option::Gettable<option::Status> && !option::Settable<option::Status>);
static_assert(option::Settable<elsewhere::Mine> && option::Gettable<elsewhere::Mine>);
static_assert(!option::Settable<elsewhere::NoOption> && !option::Gettable<elsewhere::NoOption>);

TEST_CASE("An application's own option is set and got like the library's") {
  OneSocket test;
  test.socket.set(elsewhere::Mine{3});
  CHECK(test.socket.get<elsewhere::Mine>().value == 3);
  test.socket.set(elsewhere::Mine{4}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.socket.get<elsewhere::Mine>(test.error).value == 4);
  CHECK_THROWS_WITH(test.socket.set(elsewhere::Mine{-1}), "cannot set MINE: Invalid argument");
}

TEST_CASE("An option that fails is named, and an unknown one is called so") {
  OneSocket test;
  test.kernel.fail_next(Call::setsockopt, ENOPROTOOPT);
  CHECK_THROWS_WITH(test.socket.set(option::NoDelay{}),
                    "cannot set SCTP_NODELAY: this kernel has no such option: Protocol not available");
  test.kernel.fail_next(Call::getsockopt, EBADF);
  CHECK_THROWS_WITH(test.socket.get<option::RcvBuf>(),
                    "cannot get SO_RCVBUF: the socket is closed: Bad file descriptor");
}

TEST_CASE("Every option fails with the kernel's error, and leaves the value alone") {
  OneSocket test;
  const auto fails = [&](auto value) {
    CAPTURE(value.name);
    test.kernel.fail_next(Call::setsockopt, EPERM);
    test.socket.set(value, test.error);
    CHECK(std::exchange(test.error, {}) == std::errc::operation_not_permitted);
  };
  const auto fails_to_get = [&](auto value) {
    CAPTURE(value.name);
    test.kernel.fail_next(Call::getsockopt, EPERM);
    static_cast<void>(test.socket.get<decltype(value)>(test.error));
    CHECK(std::exchange(test.error, {}) == std::errc::operation_not_permitted);
  };
  fails(option::InitMsg{});
  fails(option::RtoInfo{});
  fails(option::NoDelay{});
  fails(option::DelayedSack{});
  fails(option::MaxSeg{});
  fails(option::SndBuf{});
  fails(option::RcvBuf{});
  fails(option::Linger{});
  fails_to_get(option::InitMsg{});
  fails_to_get(option::RtoInfo{});
  test.kernel.fail_next(Call::getsockopt, EPERM);
  static_cast<void>(test.association.get<option::Status>(test.error));
  CHECK(std::exchange(test.error, {}) == std::errc::operation_not_permitted);
  fails_to_get(option::NoDelay{});
  fails_to_get(option::DelayedSack{});
  fails_to_get(option::MaxSeg{});
  fails_to_get(option::SndBuf{});
  fails_to_get(option::RcvBuf{});
  fails_to_get(option::Linger{});
}

// option/association.hpp

TEST_CASE("InitMsg sets what is filled in, and gets all") {
  OneSocket test;
  option::InitMsg init;
  init.outgoing_streams = std::uint16_t{64};
  init.longest_pause = 2s;
  test.socket.set(init, test.error);
  CHECK_FALSE(test.error);
  init = test.socket.get<option::InitMsg>();
  CHECK(init.outgoing_streams == 64);
  CHECK(init.incoming_streams == 65535);
  CHECK(init.attempts == 8);
  CHECK(init.longest_pause == 2s);
  init = {};
  init.incoming_streams = std::uint16_t{3};
  init.attempts = std::uint16_t{4};
  test.socket.set(init);
  init = test.socket.get<option::InitMsg>(test.error);
  CHECK(init.outgoing_streams == 64);
  CHECK(init.incoming_streams == 3);
  CHECK(init.attempts == 4);
  CHECK(test.kernel.count(Call::setsockopt) == 2);
}

TEST_CASE("A value that the kernel would silently ignore is an error, and no call is made") {
  OneSocket test;
  const auto refused = [&](const auto& value) {
    test.error.clear();
    test.socket.set(value, test.error);
    CHECK(test.error == std::errc::invalid_argument);
  };
  option::InitMsg init;
  init.outgoing_streams = std::uint16_t{0};
  refused(init);
  init = {};
  init.incoming_streams = std::uint16_t{0};
  refused(init);
  init = {};
  init.attempts = std::uint16_t{0};
  refused(init);
  for (const std::chrono::milliseconds pause : {0ms, -1ms, 65536ms, std::chrono::milliseconds::max()}) {
    init = {};
    init.longest_pause = pause;
    refused(init);
  }
  for (const std::chrono::milliseconds time : {0ms, -1ms, 4294967296ms, std::chrono::milliseconds::min()}) {
    option::RtoInfo rto;
    rto.initial = time;
    refused(rto);
    rto = {};
    rto.max = time;
    refused(rto);
    rto = {};
    rto.min = time;
    refused(rto);
  }
  refused(option::DelayedSack{.delay = 0ms});
  refused(option::DelayedSack{.delay = -1ms});
  refused(option::DelayedSack{.packets = 0});
  refused(option::Linger{-1s});
  refused(option::Linger{std::chrono::seconds{std::numeric_limits<int>::max()} + 1s});
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("The largest times that the kernel can count are taken") {
  OneSocket test;
  option::InitMsg init;
  init.longest_pause = 65535ms;
  test.socket.set(init);
  CHECK(test.socket.get<option::InitMsg>().longest_pause == 65535ms);
  option::RtoInfo rto;
  rto.max = 4294967295ms;
  test.socket.set(rto);
  CHECK(test.socket.get<option::RtoInfo>().max == 4294967295ms);
}

TEST_CASE("RtoInfo sets what is filled in, and gets all") {
  OneSocket test;
  option::RtoInfo rto;
  rto.min = 200ms;
  rto.initial = 300ms;
  test.socket.set(rto, test.error);
  CHECK_FALSE(test.error);
  rto = {};
  rto.max = 10s;
  test.socket.set(rto);
  rto = test.socket.get<option::RtoInfo>();
  CHECK(rto.initial == 300ms);
  CHECK(rto.max == 10s);
  CHECK(rto.min == 200ms);
}

TEST_CASE("Status tells how the association is doing") {
  OneSocket test;
  test.kernel.association_is_up(AssociationId{7}, 4, 5);
  test.kernel.up->primary = Address::parse("[fe80::1%3]:7");
  const auto status = test.association.get<option::Status>();
  CHECK(status.association == AssociationId{7});
  CHECK(status.state == option::Status::State::established);
  CHECK(status.peer_window == 106496);
  CHECK(status.unacknowledged_chunks == 3);
  CHECK(status.chunks_beyond_gap == 2);
  CHECK(status.outgoing_streams == 4);
  CHECK(status.incoming_streams == 5);
  CHECK(status.fragmentation_point == 1452);
  CHECK(status.primary == Address::parse("[fe80::1%3]:7"));
  test.kernel.up->primary = Address::parse("[2001:db8::1%3]:7");  // the interface is no part of this one
  CHECK(test.association.get<option::Status>().primary == Address::parse("[2001:db8::1]:7"));
  test.kernel.up->primary = Address::parse("192.0.2.1:7");
  CHECK(test.association.get<option::Status>().primary == Address::parse("192.0.2.1:7"));
}

TEST_CASE("A state has the name that RFC 9260 gives it, or its number") {
  using State = option::Status::State;
  CHECK(to_string(State::closed) == "CLOSED");
  CHECK(to_string(State::cookie_wait) == "COOKIE-WAIT");
  CHECK(to_string(State::cookie_echoed) == "COOKIE-ECHOED");
  CHECK(to_string(State::established) == "ESTABLISHED");
  CHECK(to_string(State::shutdown_pending) == "SHUTDOWN-PENDING");
  CHECK(to_string(State::shutdown_sent) == "SHUTDOWN-SENT");
  CHECK(to_string(State::shutdown_received) == "SHUTDOWN-RECEIVED");
  CHECK(to_string(State::shutdown_ack_sent) == "SHUTDOWN-ACK-SENT");
  CHECK(to_string(State{99}) == "state 99");
}

// option/delivery.hpp

TEST_CASE("NoDelay is on or off") {
  OneSocket test;
  CHECK(option::NoDelay{}.on);
  test.socket.set(option::NoDelay{});
  CHECK(test.kept<int>(IPPROTO_SCTP, SCTP_NODELAY) == 1);
  CHECK(test.socket.get<option::NoDelay>().on);
  test.socket.set(option::NoDelay{false});
  CHECK(test.kept<int>(IPPROTO_SCTP, SCTP_NODELAY) == 0);
  CHECK_FALSE(test.socket.get<option::NoDelay>().on);
}

TEST_CASE("DelayedSack sets what is filled in, for its association, and gets all") {
  OneSocket test;
  set_option(OptionTarget{test.fd, AssociationId{7}}, option::DelayedSack{.delay = 20ms}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kept<sctp_sack_info>(IPPROTO_SCTP, SCTP_DELAYED_SACK).sack_assoc_id == 7);
  test.socket.set(option::DelayedSack{.packets = 1});
  const auto sack = test.socket.get<option::DelayedSack>();
  CHECK(sack.delay == 20ms);
  CHECK(sack.packets == 1);
  test.socket.set(option::DelayedSack{.delay = 501ms}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
}

TEST_CASE("What DelayedSack answers can be set again") {
  OneSocket test;
  sctp_sack_info at_once{};  // what the kernel answers after `packets` 1
  at_once.sack_freq = 1;
  const Bytes bytes = std::as_bytes(std::span{&at_once, 1});
  test.kernel.descriptor(test.fd).options[{IPPROTO_SCTP, SCTP_DELAYED_SACK}] = {bytes.begin(), bytes.end()};
  const auto sack = test.socket.get<option::DelayedSack>();
  CHECK_FALSE(sack.delay);
  test.socket.set(sack, test.error);
  CHECK_FALSE(test.error);
  test.socket.set(option::DelayedSack{.delay = 10ms});
  CHECK(test.socket.get<option::DelayedSack>().delay == 10ms);
}

TEST_CASE("MaxSeg is set for its association, and got") {
  OneSocket test;
  set_option(OptionTarget{test.fd, AssociationId{7}}, option::MaxSeg{1200}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kept<sctp_assoc_value>(IPPROTO_SCTP, SCTP_MAXSEG).assoc_id == 7);
  CHECK(test.kept<sctp_assoc_value>(IPPROTO_SCTP, SCTP_MAXSEG).assoc_value == 1200);
  CHECK(test.socket.get<option::MaxSeg>().size == 1200);
}

// option/socket.hpp

template <class Buffer, int option>
void check_buffer() {
  OneSocket test;
  CHECK(test.socket.template get<Buffer>().size == 212992);
  for (const std::size_t size : {std::size_t{100'000}, std::size_t{100'001}, std::size_t{425'984}}) {
    test.socket.set(Buffer{size}, test.error);
    CHECK_FALSE(test.error);
    CHECK(test.socket.template get<Buffer>().size >= size);
    CHECK(test.socket.template get<Buffer>().size <= size + 1);
  }
  test.socket.set(Buffer{425'985}, test.error);
  CHECK(test.error == Errc::value_not_taken);
  CHECK(test.socket.template get<Buffer>().size == 425'984);
  test.socket.set(Buffer{1}, test.error);
  CHECK_FALSE(test.error);
  test.socket.set(Buffer{std::numeric_limits<std::size_t>::max()}, test.error);
  CHECK(test.error == Errc::value_not_taken);
  CHECK(test.socket.template get<Buffer>().size == 425'984);
  test.kernel.fail_next(Call::getsockopt, EPERM,
                        option == SO_RCVBUF ? 2 : 1);  // the first asks for an association
  test.socket.set(Buffer{50'000}, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
}

TEST_CASE("A buffer has at least the size that was asked for, or the kernel's cap is told") {
  SECTION("for sending") { check_buffer<option::SndBuf, SO_SNDBUF>(); }
  SECTION("for receiving") { check_buffer<option::RcvBuf, SO_RCVBUF>(); }
}

TEST_CASE("The two buffers are two") {
  OneSocket test;
  test.socket.set(option::SndBuf{100'000});
  test.socket.set(option::RcvBuf{200'000});
  CHECK(test.socket.get<option::SndBuf>().size == 100'000);
  CHECK(test.socket.get<option::RcvBuf>().size == 200'000);
}

TEST_CASE("Linger is a time, or none") {
  OneSocket test;
  CHECK_FALSE(test.socket.get<option::Linger>().time);
  test.socket.set(option::Linger{3s});
  CHECK(test.kept<linger>(SOL_SOCKET, SO_LINGER).l_onoff == 1);
  CHECK(test.kept<linger>(SOL_SOCKET, SO_LINGER).l_linger == 3);
  CHECK(test.socket.get<option::Linger>().time == 3s);
  test.socket.set(option::Linger{0s});
  CHECK(test.socket.get<option::Linger>().time == 0s);
  test.socket.set(option::Linger{});
  CHECK(test.kept<linger>(SOL_SOCKET, SO_LINGER).l_onoff == 0);
  CHECK_FALSE(test.socket.get<option::Linger>().time);
}

}  // namespace

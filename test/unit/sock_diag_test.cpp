// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "sock_diag.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "diag_answer.hpp"
#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

/// What is asked of the kernel's family that tells of sockets, and what is made of its answers, whatever they
/// are.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using State = option::Status::State;

/// A copy of its own size: the sanitizers tell of a look beyond it.
AssociationInfo read_exactly(Bytes answer, std::error_code& error) {
  const std::vector<std::byte> copy{answer.begin(), answer.end()};
  return read_sock_diag(copy, error);
}
std::error_code failure_of(Bytes answer) {
  std::error_code error;
  static_cast<void>(read_exactly(answer, error));
  return error;
}

// Answers

TEST_CASE("All that the kernel tells is found in its answer") {
  FakeKernel kernel;
  kernel.nanoseconds_of_tick = 4'000'000;
  std::error_code error = Errc::no_addresses;
  const auto info = read_exactly(DiagAnswer{}.with_memory(11, 22).with_info(some_info()).bytes(), error);
  CHECK_FALSE(error);
  CHECK(info.state == State::established);
  CHECK(info.local_tag == 1);
  CHECK(info.peer_tag == 2);
  CHECK(info.local_window == 3);
  CHECK(info.peer_window == 4);
  CHECK(info.queued_chunks == 5);
  CHECK(info.unacknowledged_chunks == 6);
  CHECK(info.failures == 7);
  CHECK(info.send_buffer_used == 11);
  CHECK(info.receive_buffer_used == 22);
  CHECK(info.primary.address == near);
  CHECK(info.primary.in_flight == 8);
  CHECK(info.primary.congestion_window == 9);
  CHECK(info.primary.slow_start_limit == 10);
  CHECK(info.primary.acknowledged_of_window == 12);
  CHECK(info.primary.rtt == 52ms);  // 13 ticks
  CHECK(info.primary.rto == 14ms);
  CHECK(info.primary.failures == 15);
}

TEST_CASE("The attributes may come in either order, among others, and padded") {
  const FakeKernel kernel;
  std::error_code error;
  const auto info = read_exactly(DiagAnswer{}
                                     .with(INET_DIAG_MARK, 3, std::byte{0xff})
                                     .with_info(some_info())
                                     .with(INET_DIAG_NONE, 0, {})
                                     .with(99, 1, std::byte{1})
                                     .with_memory(11, 22)
                                     .bytes(),
                                 error);
  CHECK_FALSE(error);
  CHECK(info.local_tag == 1);
  CHECK(info.send_buffer_used == 11);
}

TEST_CASE("The kernel's states are numbered one lower than those of Status") {
  const FakeKernel kernel;
  std::error_code error;
  for (std::uint32_t state = 0; state != 8; ++state) {
    auto native = some_info();
    native.sctpi_state = state;
    const auto info = read_exactly(DiagAnswer{}.with_info(native).bytes(), error);
    CHECK(static_cast<std::uint32_t>(info.state) == state + 1);
  }
}

TEST_CASE("What an older kernel does not tell stays 0, and what a newer one tells more is passed over") {
  const FakeKernel kernel;
  std::error_code error;
  const auto native = some_info();
  const auto* first = reinterpret_cast<const std::byte*>(&native);
  auto info = read_exactly(
      DiagAnswer{}.with(INET_DIAG_INFO, Bytes{first, offsetof(sctp_info, sctpi_p_address)}).bytes(), error);
  CHECK_FALSE(error);
  CHECK(info.peer_tag == 2);
  CHECK(info.primary.address == Address{});
  CHECK(info.primary.congestion_window == 0);
  std::vector<std::byte> longer{first, first + sizeof native};
  longer.resize(longer.size() + 1000, std::byte{0xff});
  info = read_exactly(DiagAnswer{}.with(INET_DIAG_INFO, Bytes{longer}).bytes(), error);
  CHECK_FALSE(error);
  CHECK(info.primary.failures == 15);
}

TEST_CASE("An answer without the association's own attribute is none") {
  const FakeKernel kernel;
  CHECK(failure_of(DiagAnswer{}.bytes()) == std::errc::bad_message);
  CHECK(failure_of(DiagAnswer{}.with_memory(1, 2).bytes()) == std::errc::bad_message);
}

TEST_CASE("An answer of another kind is none") {
  const FakeKernel kernel;
  const auto type = GENERATE(values<std::uint16_t>({0, NLMSG_NOOP, NLMSG_DONE, NLMSG_OVERRUN, 21, 65535}));
  CHECK(failure_of(DiagAnswer{type}.with_info(some_info()).bytes()) == std::errc::bad_message);
}

TEST_CASE("An answer that is an error is that error") {
  for (const int error : {ENOENT, EINVAL, EPERM, 1, 4095}) {
    CHECK(failure_of(DiagAnswer::error(-error)) == std::error_code{error, std::system_category()});
  }
  // No error, and what no kernel says.
  for (const int error : {0, 1, 12345}) CHECK(failure_of(DiagAnswer::error(error)) == std::errc::bad_message);
  auto cut = DiagAnswer::error(-ENOENT);
  cut.pop_back();
  DiagAnswer::set_length(cut, static_cast<std::uint32_t>(cut.size()));
  CHECK(failure_of(cut) == std::errc::bad_message);
}

TEST_CASE("An answer that is the lowest error there is can be read") {
  // Fails under -fsanitize=undefined: there is no number so high.
  CHECK(failure_of(DiagAnswer::error(std::numeric_limits<int>::min())) == std::errc::bad_message);
}

TEST_CASE("An answer of no bytes at all is none") {
  // Fails under -fsanitize=undefined: nothing is copied, from nowhere.
  CHECK(failure_of({}) == std::errc::bad_message);
}

// Whatever comes

TEST_CASE("An answer that is cut anywhere is read no further, and none as long as it says to be longer") {
  const FakeKernel kernel;
  const auto whole = DiagAnswer{}.with_info(some_info()).with_memory(11, 22).bytes();
  for (std::size_t size = 1; size != whole.size(); ++size) {
    CAPTURE(size);
    CHECK(failure_of(Bytes{whole}.first(size)) == std::errc::bad_message);
  }
  CHECK_FALSE(failure_of(whole));
}

TEST_CASE("An answer that says to be cut is read so far") {
  const FakeKernel kernel;
  auto whole = DiagAnswer{}.with_memory(11, 22).with_info(some_info()).bytes();
  const std::size_t size = whole.size();
  const std::size_t before_info = size - sizeof(rtattr) - (sizeof(sctp_info) + 3) / 4 * 4;
  for (std::uint32_t length = 0; length != size; ++length) {
    CAPTURE(length);
    DiagAnswer::set_length(whole, length);
    std::error_code error;
    const auto info = read_exactly(whole, error);
    CHECK(error == std::errc::bad_message);
    CHECK(info.send_buffer_used == (length >= before_info ? 11U : 0U));
  }
  for (const std::uint32_t length : {static_cast<std::uint32_t>(size + 1), 0xffffffffU}) {
    DiagAnswer::set_length(whole, length);
    CHECK(failure_of(whole) == std::errc::bad_message);
  }
}

TEST_CASE("The last attribute needs no padding behind it") {
  const FakeKernel kernel;
  auto answer = DiagAnswer{}.with_info(some_info()).with(99, 1, std::byte{1}).bytes();
  answer.resize(answer.size() - 3);
  DiagAnswer::set_length(answer, static_cast<std::uint32_t>(answer.size()));
  CHECK_FALSE(failure_of(answer));
}

TEST_CASE("Bytes behind the answer are no part of it") {
  const FakeKernel kernel;
  auto answer = DiagAnswer{}.with_memory(11, 22).bytes();
  const auto more = DiagAnswer{}.with_info(some_info()).bytes();
  answer.insert(answer.end(), more.begin(), more.end());
  CHECK(failure_of(answer) == std::errc::bad_message);
}

TEST_CASE("An attribute of a wrong length ends the reading, and what was read before stays") {
  const FakeKernel kernel;
  const auto native = some_info();
  constexpr std::size_t length_of_first = sizeof(nlmsghdr) + sizeof(inet_diag_msg);
  for (const std::uint16_t wrong :
       {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{3}, std::uint16_t{65535}}) {
    CAPTURE(wrong);
    auto answer = DiagAnswer{}.with_memory(11, 22).with_info(native).bytes();
    std::memcpy(answer.data() + length_of_first, &wrong, sizeof wrong);
    CHECK(failure_of(answer) == std::errc::bad_message);
    answer = DiagAnswer{}.with_info(native).with_memory(11, 22).bytes();
    const std::size_t second = length_of_first + sizeof(rtattr) + sizeof(sctp_info);
    std::memcpy(answer.data() + second, &wrong, sizeof wrong);
    std::error_code error;
    const auto info = read_exactly(answer, error);
    CHECK_FALSE(error);
    CHECK(info.local_tag == 1);
    CHECK(info.send_buffer_used == 0);
  }
}

TEST_CASE("An attribute that is empty, or shorter than it should be, tells nothing or a part") {
  const FakeKernel kernel;
  std::error_code error;
  auto info =
      read_exactly(DiagAnswer{}.with(INET_DIAG_INFO, 0, {}).with(INET_DIAG_SKMEMINFO, 0, {}).bytes(), error);
  CHECK_FALSE(error);
  CHECK(info.local_tag == 0);
  CHECK(info.state == State::closed);
  info = read_exactly(DiagAnswer{}.with(INET_DIAG_SKMEMINFO, 1, std::byte{5}).bytes(), error);
  CHECK(info.receive_buffer_used == 5);
}

TEST_CASE("Whichever byte of an answer is another, it is read to its end and no further") {
  const FakeKernel kernel;
  const auto whole = DiagAnswer{}.with_memory(11, 22).with_info(some_info()).bytes();
  for (std::size_t position = 0; position != whole.size(); ++position) {
    for (const auto value : {std::byte{0}, std::byte{1}, std::byte{0x7f}, std::byte{0x80}, std::byte{0xff}}) {
      auto other = whole;
      other[position] = value;
      const auto error = failure_of(other);
      CAPTURE(position, static_cast<unsigned>(value));
      CHECK((!error || error == std::errc::bad_message));
    }
  }
}

// Questions

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 body;
};
Question asked(FakeKernel& kernel) {
  REQUIRE(kernel.netlink_requests.size() == 1);
  Question question{};
  REQUIRE(kernel.netlink_requests.front().size() == sizeof question);
  std::memcpy(&question, kernel.netlink_requests.front().data(), sizeof question);
  CHECK(question.header.nlmsg_len == sizeof question);
  CHECK(question.header.nlmsg_type == SOCK_DIAG_BY_FAMILY);
  CHECK(question.header.nlmsg_flags == NLM_F_REQUEST);
  CHECK(question.body.sdiag_protocol == IPPROTO_SCTP);
  CHECK(question.body.idiag_ext == ((1U << (INET_DIAG_INFO - 1)) | (1U << (INET_DIAG_SKMEMINFO - 1))));
  CHECK(question.body.idiag_states == 0xffffffff);
  CHECK(question.body.id.idiag_cookie[0] == INET_DIAG_NOCOOKIE);
  CHECK(question.body.id.idiag_cookie[1] == INET_DIAG_NOCOOKIE);
  return question;
}
template <std::size_t count>
std::array<std::uint8_t, count> front(const std::uint32_t (&words)[4]) {
  std::array<std::uint8_t, count> bytes;
  std::memcpy(bytes.data(), words, count);
  return bytes;
}

TEST_CASE("The question names both sides of an association, in network byte order") {
  FakeKernel kernel;
  kernel.netlink_answers.push_back(DiagAnswer{}.bytes());
  std::error_code error = Errc::no_addresses;
  const auto answer =
      ask_sock_diag(Address::parse("192.0.2.9:258"), Address::parse("198.51.100.1:3868"), error);
  CHECK_FALSE(error);
  CHECK(answer == DiagAnswer{}.bytes());
  const auto [header, body] = asked(kernel);
  CHECK(body.sdiag_family == AF_INET);
  CHECK(body.id.idiag_sport == htons(258));
  CHECK(body.id.idiag_dport == htons(3868));
  CHECK(front<16>(body.id.idiag_src) == std::array<std::uint8_t, 16>{192, 0, 2, 9});
  CHECK(front<16>(body.id.idiag_dst) == std::array<std::uint8_t, 16>{198, 51, 100, 1});
  CHECK(body.id.idiag_if == 0);
  CHECK(kernel.story() == "socket sendmsg recvmsg close");
  CHECK(kernel.closed.begin()->second.fd_flags != 0);  // close-on-exec
}

TEST_CASE("The question names IPv6 addresses whole, and the interface of the peer's") {
  FakeKernel kernel;
  kernel.netlink_answers.push_back(DiagAnswer{}.bytes());
  std::error_code error;
  static_cast<void>(
      ask_sock_diag(Address::parse("[fe80::9%3]:40000"), Address::parse("[fe80::1%3]:7"), error));
  const auto [header, body] = asked(kernel);
  CHECK(body.sdiag_family == AF_INET6);
  CHECK(front<16>(body.id.idiag_src) ==
        std::array<std::uint8_t, 16>{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9});
  CHECK(front<16>(body.id.idiag_dst) ==
        std::array<std::uint8_t, 16>{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  CHECK(body.id.idiag_if == 3);
}

TEST_CASE("A signal does not end the waiting for an answer") {
  FakeKernel kernel;
  kernel.netlink_answers.push_back(DiagAnswer{}.bytes());
  kernel.fail_next(Call::recvmsg, EINTR, 3);
  std::error_code error;
  CHECK(ask_sock_diag(near, near, error).size() == DiagAnswer{}.bytes().size());
  CHECK_FALSE(error);
  CHECK(kernel.count(Call::recvmsg) == 4);
  CHECK(kernel.netlink_requests.size() == 1);
}

TEST_CASE("Whichever call of asking fails, the error is told, there is no answer, and nothing leaks") {
  const auto [call, error] = GENERATE(values<std::pair<Call, int>>(
      {{Call::socket, EPROTONOSUPPORT}, {Call::sendmsg, ECONNREFUSED}, {Call::recvmsg, ENOBUFS}}));
  FakeKernel kernel;
  kernel.fail_next(call, error);
  std::error_code told;
  CHECK(ask_sock_diag(near, near, told).empty());
  CHECK(told == std::error_code{error, std::system_category()});
  CHECK(kernel.open_count() == 0);
}

TEST_CASE("Without memory nothing is asked, and nothing leaks") {
  FakeKernel kernel;
  std::error_code error;
  {
    const NoMemory none;
    CHECK_THROWS_AS(ask_sock_diag(near, near, error), std::bad_alloc);
  }
  CHECK(kernel.total() == 0);
}

}  // namespace

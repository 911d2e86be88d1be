// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "support/fake_kernel.hpp"

#include <array>
#include <cerrno>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

TEST_CASE("The fake kernel complains of what leaks, is closed twice or is used after its end") {
  FakeKernel kernel;
  const int leaked = kernel.open();
  const int closed = kernel.open();
  CHECK(sys::close(closed) == 0);
  CHECK(sys::close(closed) == -1);
  CHECK(sys::get_fd_flags(closed) == -1);
  CHECK(errno == EBADF);
  CHECK(
      kernel.take_complaints() ==
      std::vector<std::string>{"close on descriptor " + std::to_string(closed) + ", which is not open",
                               "get_fd_flags on descriptor " + std::to_string(closed) + ", which is not open",
                               "descriptor " + std::to_string(leaked) + " was left open"});
  CHECK(kernel.take_complaints().empty());
}

TEST_CASE("The fake kernel complains of a failure that was never met") {
  FakeKernel kernel;
  kernel.fail_next(Call::poll, EINTR);
  CHECK(kernel.take_complaints() ==
        std::vector<std::string>{"a failure of poll was scripted, and never met"});
}

TEST_CASE("The fake kernel complains of a receive that would wait for ever, and of one without room") {
  FakeKernel kernel;
  kernel.association_is_up(AssociationId{7});
  const int fd = kernel.open();
  std::byte room[1];
  iovec one{room, 1};
  msghdr message{};
  CHECK(sys::recvmsg(fd, &message, MSG_DONTWAIT) == -1);
  message.msg_iov = &one;
  message.msg_iovlen = 1;
  CHECK(sys::recvmsg(fd, &message, 0) == -1);
  CHECK(sys::close(fd) == 0);
  CHECK(kernel.take_complaints().size() == 2);
}

TEST_CASE("The fake kernel hands a long record out in pieces, and says where it ends") {
  FakeKernel kernel;
  kernel.receives(piece("abcde").end());
  const int fd = kernel.open();
  std::byte room[4];
  iovec four{room, 4};
  msghdr message{};
  message.msg_iov = &four;
  message.msg_iovlen = 1;
  CHECK(sys::recvmsg(fd, &message, 0) == 4);
  CHECK((message.msg_flags & MSG_EOR) == 0);
  CHECK(sys::recvmsg(fd, &message, 0) == 1);
  CHECK((message.msg_flags & MSG_EOR) != 0);
  CHECK(room[0] == std::byte{'e'});
  CHECK(sys::close(fd) == 0);
}

TEST_CASE("The fake kernel gives as many events as it has types, and refuses more") {
  FakeKernel kernel;
  kernel.event_types = 11;
  const int fd = kernel.open();
  std::array<std::uint8_t, 64> on{};
  on[9] = 1;
  CHECK(sys::setsockopt(fd, IPPROTO_SCTP, SCTP_EVENTS, on.data(), 12) == -1);
  CHECK(errno == EINVAL);
  CHECK(sys::setsockopt(fd, IPPROTO_SCTP, SCTP_EVENTS, on.data(), 11) == 0);
  on.fill(7);
  socklen_t length = on.size();
  CHECK(sys::getsockopt(fd, IPPROTO_SCTP, SCTP_EVENTS, on.data(), &length) == 0);
  CHECK(length == 11);
  CHECK(on[9] == 1);
  CHECK(on[8] == 0);
  CHECK(on[11] == 7);
  sctp_event event{};
  event.se_type = SCTP_STREAM_CHANGE_EVENT;
  CHECK(sys::setsockopt(fd, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event) == -1);
  CHECK(errno == EINVAL);
  kernel.has_event_option = false;
  event.se_type = SCTP_SENDER_DRY_EVENT;
  CHECK(sys::setsockopt(fd, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event) == -1);
  CHECK(errno == ENOPROTOOPT);
  CHECK(sys::close(fd) == 0);
}

TEST_CASE("The allocation counter counts what is asked for with new") {
  const AllocationCounter counter;
  const std::size_t before = counter.count();
  const auto one = std::make_unique<int>(1);
  const std::size_t after_one = counter.count();
  const std::unique_ptr<int[]> many{new (std::nothrow) int[3]};
  const std::size_t after_many = counter.count();
  CHECK(before == 0);
  CHECK(after_one == 1);
  CHECK(after_many > after_one);
}

}  // namespace

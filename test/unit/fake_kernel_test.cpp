// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "support/fake_kernel.hpp"

#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>

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

TEST_CASE("The fake kernel complains of a wait without hope, and of what was to happen in none") {
  FakeKernel kernel;
  const int fd = kernel.open();
  pollfd one{fd, POLLIN, 0};
  CHECK(sys::poll(&one, 1, -1) == -1);
  CHECK(errno == EDEADLK);
  pollfd both[]{{fd, POLLIN, 0}, {fd, POLLIN, 0}};
  CHECK(sys::poll(both, 2, 0) == 0);
  kernel.while_waiting([] {});
  CHECK(sys::close(fd) == 0);
  CHECK(kernel.take_complaints() ==
        std::vector<std::string>{"poll would wait for ever: nothing is to come",
                                 "poll of several descriptors that are not one and a waker's",
                                 "something was to happen while a call waits, and none did"});
  kernel.meanwhile.clear();
}

TEST_CASE("The fake kernel complains of what one-to-many sockets must not be given") {
  FakeKernel kernel;
  const int fd = kernel.open_one_to_many();
  kernel.association(fd, AssociationId{7}).state = SCTP_COOKIE_WAIT;
  sctp_sndinfo info{};
  info.snd_flags = SCTP_EOF;
  info.snd_assoc_id = 7;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof info)> control{};
  const cmsghdr header{CMSG_LEN(sizeof info), IPPROTO_SCTP, SCTP_SNDINFO};
  std::memcpy(control.data(), &header, sizeof header);
  std::memcpy(control.data() + CMSG_LEN(0), &info, sizeof info);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  CHECK(sys::sendmsg(fd, &message, MSG_NOSIGNAL) == 0);
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  CHECK(sys::sendmsg(fd, &message, MSG_NOSIGNAL) == 0);
  CHECK(sys::close(fd) == 0);
  CHECK(kernel.take_complaints() ==
        std::vector<std::string>{"SCTP_EOF during the setup leaves the peer with an association to nobody",
                                 "sendmsg with an address and an association",
                                 "sendmsg to an address on a one-to-many socket"});
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

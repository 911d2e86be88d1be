// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "control.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "support/catch.hpp"

namespace {

using namespace sctp;

/// What a kernel has written beside a message.
struct Written {
  ReceiveHeader header;
  msghdr message;
  std::array<std::byte, 8> room;

  Written() {
    header.attach_to(message, room);
    std::memset(message.msg_control, 0, message.msg_controllen);
  }
  void put(std::size_t offset, std::size_t length, int level, int type) {
    cmsghdr one{};
    one.cmsg_len = length;
    one.cmsg_level = level;
    one.cmsg_type = type;
    std::memcpy(static_cast<std::byte*>(message.msg_control) + offset, &one, sizeof one);
  }
  void put_info(std::size_t offset, std::size_t length) {
    put(offset, length, IPPROTO_SCTP, SCTP_RCVINFO);
    sctp_rcvinfo info{};
    info.rcv_sid = 3;
    const std::size_t room_for_it = message.msg_controllen - offset - sizeof(cmsghdr);
    std::memcpy(static_cast<std::byte*>(message.msg_control) + offset + sizeof(cmsghdr), &info,
                std::min(sizeof info, room_for_it));
  }
  bool has_info(std::size_t length) {
    message.msg_controllen = length;
    Message about;
    const bool is_there = header.read(message, about);
    CHECK(about.stream == StreamId{is_there ? std::uint16_t{3} : std::uint16_t{0}});
    return is_there;
  }
};

constexpr std::size_t whole = CMSG_LEN(sizeof(sctp_rcvinfo));

TEST_CASE("The information about a message is found where all of it was written") {
  for (std::size_t length = 0; length <= CMSG_SPACE(sizeof(sctp_rcvinfo)); ++length) {
    CAPTURE(length);
    Written written;
    written.put_info(0, whole);
    CHECK(written.has_info(length) == (length >= whole));
  }
}

TEST_CASE("A control message that claims to be longer than what was written ends what is read") {
  const auto claimed =
      GENERATE(values<std::size_t>({whole, whole + 1, 256, 257, SIZE_MAX / 2, SIZE_MAX - 7, SIZE_MAX}));
  SECTION("at the end of the room") {
    Written written;
    const std::size_t end = written.message.msg_controllen;
    written.put(0, end - sizeof(cmsghdr), SOL_SOCKET, SCM_TIMESTAMP);
    written.put_info(end - sizeof(cmsghdr), claimed);
    CHECK_FALSE(written.has_info(end));
  }
  SECTION("before others") {
    Written written;
    written.put(0, claimed, SOL_SOCKET, SCM_TIMESTAMP);
    written.put_info(CMSG_SPACE(8), whole);
    CHECK_FALSE(written.has_info(CMSG_SPACE(8) + whole));
  }
  SECTION("itself") {
    Written written;
    written.put_info(0, claimed);
    CHECK(written.has_info(whole) == (claimed == whole));
  }
}

}  // namespace

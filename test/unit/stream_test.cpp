// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/stream.hpp>

#include <cerrno>
#include <chrono>

#include <sctpxx/error.hpp>
#include <sctpxx/ppid.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;

struct OneStream {
  FakeKernel kernel;
  int fd = kernel.open();
  Stream stream{SocketRef::borrow(fd, Style::one_to_one), AssociationId{7}, StreamId{3}, ppid::ngap};
  std::error_code error;
  ~OneStream() { sys::close(fd); }
};

TEST_CASE("A stream is made without asking the kernel") {
  const OneStream test;
  CHECK(test.stream.id() == StreamId{3});
  CHECK(test.stream.ppid() == ppid::ngap);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("Every way to send on a stream names stream, association and payload protocol") {
  OneStream test;
  const Bytes hello = as_bytes("hello");
  const auto twice = Reliability::retransmissions(2);
  test.stream.send(hello);
  test.stream.send(hello, twice);
  test.stream.send(hello, test.error);
  CHECK_FALSE(test.error);
  test.stream.send(hello, twice, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.stream.try_send(hello));
  CHECK(test.stream.try_send(hello, twice));
  CHECK(test.stream.try_send(hello, twice, test.error));
  REQUIRE(test.kernel.sent.size() == 7);
  for (std::size_t i = 0; i != 7; ++i) {
    CAPTURE(i);
    const Sent& sent = test.kernel.sent[i];
    CHECK(sent.data == "hello");
    CHECK(sent.stream == 3);
    CHECK(sent.association == 7);
    CHECK(sent.ppid_on_the_wire == std::array<std::uint8_t, 4>{0, 0, 0, 60});
    CHECK(sent.info_flags == 0);
    CHECK(sent.reliability.has_value() == (i == 1 || i == 3 || i > 4));
    CHECK(((sent.flags & MSG_DONTWAIT) != 0) == (i > 3));
  }
}

TEST_CASE("A stream that cannot send says so") {
  OneStream test;
  test.kernel.association_is_up(AssociationId{7}, 3, 3);
  test.kernel.fail_next(Call::sendmsg, EINVAL, 3);
  test.stream.send(as_bytes("x"), test.error);
  CHECK(test.error == Errc::no_such_stream);
  CHECK_THROWS_AS(test.stream.send(as_bytes("x")), std::system_error);
  CHECK_THROWS_AS(test.stream.try_send(as_bytes("x")), std::system_error);
  test.kernel.fail_next(Call::sendmsg, EAGAIN);
  CHECK_FALSE(test.stream.try_send(as_bytes("x")));
}

}  // namespace

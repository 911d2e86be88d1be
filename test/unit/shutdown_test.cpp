// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_one_socket.hpp>

#include "borrowed.hpp"
#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "support/records.hpp"
#include "support/told.hpp"
#include "sys.hpp"

/// OneToOneSocket::shutdown with a handler.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using End = AssociationChange::End;
using enum AssociationChange::State;

struct Ending {
  FakeKernel kernel;
  OneToOneSocket socket;
  int fd;
  ReceiveBuffer buffer;
  std::vector<std::string> heard;
  std::error_code error = Errc::no_addresses;

  explicit Ending(Style style = Style::one_to_one)
      : socket{OneToOneSocket::adopt(style == Style::one_to_one ? kernel.open()
                                                                : kernel.open_peeled_off(AssociationId{7}))},
        fd{socket.fd()} {
    if (style == Style::one_to_one) kernel.association_is_up(AssociationId{7});
    kernel.descriptor(fd).peer = Address::parse("192.0.2.1:3868");
    kernel.forget_calls();
  }

  void hear(const Received& received) {
    const Message* message = received.message();
    heard.push_back(message != nullptr ? text_of(received) : to_string(*received.notification()));
  }
  End shutdown(const Patience& patience = {}) {
    return socket.shutdown(
        buffer, patience, [&](const Received& received) { hear(received); }, error);
  }
  void comes(std::vector<std::byte> record) { kernel.receives(event(std::move(record))); }
  /// The association is gone, and its event is there.
  void ends(AssociationChange::State state, const ChangeFields& fields = {}) {
    comes(assoc_change(state, fields));
    kernel.association_is_gone();
    kernel.descriptor(fd).associations.clear();
  }
};

TEST_CASE("A shutdown hands all that still comes to the handler, and tells how it ended") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  Ending test{style};
  test.kernel.receives(piece("one").end());
  test.comes(sender_dry_event());
  test.kernel.receives(piece("t"));
  test.kernel.receives(piece("wo").end());
  test.ends(shutdown_complete);
  CHECK(test.shutdown() == End::own_shutdown);
  CHECK_FALSE(test.error);
  REQUIRE(test.heard.size() == 4);
  CHECK(test.heard[0] == "one");
  CHECK(test.heard[2] == "two");
  CHECK_FALSE(test.socket.is_open());
  CHECK(test.kernel.closed.contains(test.fd));
  CHECK(test.kernel.count(Call::sendmsg) == (style == Style::peeled_off ? 1 : 0));
  CHECK(test.kernel.count(Call::shutdown) == (style == Style::one_to_one ? 1 : 0));
}

TEST_CASE("A shutdown tells every end as it was") {
  const auto [record, end] = GENERATE(values<std::pair<Record, End>>({
      {assoc_change(shutdown_complete), End::own_shutdown},
      {assoc_change(lost, {.info = "why"}), End::peer_abort},
      {assoc_change(lost, {.cause = Cause::user_initiated_abort}), End::own_abort},
      {assoc_change(lost), End::timeout},
      {assoc_change(cannot_start), End::no_setup},
  }));
  Ending test;
  test.comes(record);
  CHECK(test.shutdown() == end);
  CHECK_FALSE(test.error);
  CHECK(test.heard.size() == 1);
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown that the peer had begun is told as the peer's") {
  Ending test;
  test.comes(shutdown_event());
  test.ends(shutdown_complete);
  CHECK(test.shutdown() == End::peer_shutdown);
  CHECK(test.heard.size() == 2);
}

TEST_CASE("A shutdown does not end with the coming up that was not read before, nor with a restart") {
  Ending test;
  test.comes(assoc_change(up));
  test.comes(assoc_change(restarted));
  test.ends(shutdown_complete);
  CHECK(test.shutdown() == End::own_shutdown);
  CHECK(test.heard.size() == 3);
}

TEST_CASE("A shutdown whose patience is over aborts nothing where the association has ended already") {
  Ending test;
  Waker waker;
  waker.wake();
  test.kernel.fail_next(Call::shutdown, ENOTCONN);
  test.kernel.receives(piece("left").end());
  test.ends(lost, {.info = "why"});
  CHECK(test.shutdown(waker) == End::peer_abort);
  CHECK_FALSE(test.error);
  CHECK(test.heard.size() == 2);
  CHECK(test.heard.front() == "left");
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown whose patience is over aborts") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  Ending test{style};
  test.kernel.receives(piece("one").end());
  const long long began = test.kernel.now;
  CHECK(test.shutdown(250ms) == End::own_abort);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - began == 250);
  CHECK(test.heard == std::vector<std::string>{"one"});
  CHECK_FALSE(test.socket.is_open());
  CHECK(test.kernel.closed.at(test.fd).options.contains({SOL_SOCKET, SO_LINGER}));
  if (style == Style::peeled_off) CHECK(test.kernel.sent.back().info_flags == SCTP_ABORT);
}

TEST_CASE("A peer that goes on sending does not outlast the patience of a shutdown") {
  Ending test;
  int messages = 0;
  const auto send_more = [&](const Received&) {
    if (++messages == 1000) return;
    test.kernel.advance(50);
    test.kernel.receives(piece("more").end());
  };
  test.kernel.receives(piece("first").end());
  CHECK(test.socket.shutdown(test.buffer, 250ms, send_more, test.error) == End::own_abort);
  CHECK(messages < 10);
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown with no patience hands nothing over, and aborts") {
  Ending test;
  Waker waker;
  waker.wake();
  test.kernel.receives(piece("one").end());
  CHECK(test.shutdown(waker) == End::own_abort);
  CHECK(test.heard.empty());
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown that is woken while it waits aborts") {
  Ending test;
  Waker waker;
  test.kernel.while_waiting([&] { waker.wake(); });
  CHECK(test.shutdown(waker) == End::own_abort);
  CHECK_FALSE(test.error);
}

TEST_CASE("After the peer's stream has ended the end of the association is waited for") {
  Ending test;
  test.kernel.ends_stream();
  const bool in_time = GENERATE(false, true);
  const long long began = test.kernel.now;
  if (in_time) {
    test.kernel.while_waiting([] {});
    test.kernel.while_waiting([&] { test.ends(shutdown_complete); });
  }
  CHECK(test.shutdown(35ms) == (in_time ? End::own_shutdown : End::own_abort));
  CHECK_FALSE(test.error);
  CHECK(test.kernel.now - began <= 35);
}

TEST_CASE("A shutdown of what has no association is none") {
  Ending test;
  test.kernel.association_is_gone();
  test.kernel.fail_next(Call::shutdown, ENOTCONN);
  CHECK(test.shutdown(1s) == End::none);
  CHECK_FALSE(test.error);
  CHECK(test.heard.empty());
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown of what has ended reads what nobody had read") {
  const int already = GENERATE(EPIPE, ENOTCONN, ESHUTDOWN, ECONNRESET);
  Ending test;
  test.kernel.fail_next(Call::shutdown, already);
  test.kernel.receives(piece("last").end());
  test.ends(lost, {.info = "why"});
  CHECK(test.shutdown() == End::peer_abort);
  CHECK_FALSE(test.error);
  CHECK(test.heard.size() == 2);
}

TEST_CASE("A shutdown after whose end nothing comes ends, though its event had been received before") {
  Ending test;
  test.ends(shutdown_complete);
  CHECK(test.socket.receive(test.buffer));
  test.kernel.fail_next(Call::shutdown, ENOTCONN);
  CHECK(test.shutdown(1s) == End::none);
  CHECK_FALSE(test.error);
  CHECK(test.heard.empty());
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A message that cannot be received does not end a shutdown, and is told at last") {
  Ending test;
  test.buffer = ReceiveBuffer{1024, 8};
  test.kernel.receives(piece("one").end());
  test.kernel.receives(piece("larger than that").end());
  test.kernel.receives(piece("no info").carrying(Arrival::Control::none).end());
  test.kernel.receives(piece("two").end());
  test.ends(shutdown_complete);
  CHECK(test.shutdown() == End::own_shutdown);
  CHECK(test.error == Errc::message_exceeds_limit);
  CHECK(test.heard.size() == 3);
  CHECK(test.heard[1] == "two");
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown that cannot be done is told, and the socket is closed all the same") {
  Ending test;
  const auto [call, failure] =
      GENERATE(values<std::pair<Call, int>>({{Call::recvmsg, EIO}, {Call::poll, ENOMEM}}));
  CAPTURE(to_string(call));
  test.kernel.fail_next(call, failure);
  SECTION("with an error code") {
    CHECK(test.shutdown() == End::none);
    CHECK(test.error.value() == failure);
  }
  SECTION("with an exception") {
    const auto nothing = [](const Received&) {};
    if (failure == EIO) {
      CHECK_THROWS_WITH(test.socket.shutdown(test.buffer, {}, nothing),
                        "cannot shut down the association with 192.0.2.1:3868: Input/output error");
    } else {
      CHECK_THROWS_AS(test.socket.shutdown(test.buffer, {}, nothing), std::bad_alloc);
    }
  }
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown that cannot be sent is told, and leaves the socket, and on it what nobody has read") {
  const Style style = GENERATE(Style::one_to_one, Style::peeled_off);
  Ending test{style};
  test.kernel.receives(piece("one").end());
  const auto fail_once = [&] {
    test.kernel.fail_next(style == Style::one_to_one ? Call::shutdown : Call::sendmsg, ENOBUFS);
  };
  fail_once();
  CHECK(test.shutdown() == End::none);
  CHECK(test.error == std::errc::no_buffer_space);
  fail_once();
  CHECK_THROWS_AS(test.socket.shutdown(test.buffer, {}, [](const Received&) {}), std::system_error);
  CHECK(test.heard.empty());
  REQUIRE(test.socket.is_open());
  test.ends(shutdown_complete);
  CHECK(test.shutdown() == End::own_shutdown);
  CHECK_FALSE(test.error);
  REQUIRE(test.heard.size() == 2);
  CHECK(test.heard[0] == "one");
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("A shutdown in the throwing form tells how it ended, too") {
  Ending test;
  test.kernel.receives(piece("one").end());
  test.ends(shutdown_complete);
  CHECK(test.socket.shutdown(test.buffer, 1s, [&](const Received& one) { test.hear(one); }) ==
        End::own_shutdown);
  CHECK(test.heard.size() == 2);
}

TEST_CASE("A shutdown of no socket says so") {
  FakeKernel kernel;
  OneToOneSocket none;
  ReceiveBuffer buffer;
  std::error_code error;
  CHECK(none.shutdown(
            buffer, {}, [](const Received&) {}, error) == End::none);
  CHECK(error == std::errc::bad_file_descriptor);
}

TEST_CASE("What a handler throws comes out of a shutdown, and nothing leaks") {
  Ending test;
  test.kernel.receives(piece("one").end());
  const auto refuse = [](const Received&) { throw std::runtime_error{"no"}; };
  CHECK_THROWS_WITH(test.socket.shutdown(test.buffer, {}, refuse, test.error), "no");
}

// Aborting with a reason

TEST_CASE("From a peeled-off socket the reason of an abort travels, and the socket is closed") {
  Ending test{Style::peeled_off};
  test.socket.abort("overload");
  CHECK(test.kernel.story() == "sendmsg setsockopt close");
  CHECK(test.kernel.sent.back().data == "overload");
  CHECK(test.kernel.sent.back().info_flags == SCTP_ABORT);
  CHECK_FALSE(test.socket.is_open());
}

TEST_CASE("From a one-to-one socket no reason travels") {
  Ending test;
  test.socket.abort("overload");
  CHECK(test.kernel.story() == "setsockopt close");
  CHECK(test.kernel.sent.empty());
}

}  // namespace

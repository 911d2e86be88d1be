// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association.hpp>

#include <cerrno>
#include <chrono>
#include <vector>

#include <sctpxx/error.hpp>

#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

struct OneAssociation {
  FakeKernel kernel;
  int fd;
  Association association;
  std::error_code error = Errc::no_addresses;

  explicit OneAssociation(Style style = Style::one_to_one)
      : fd{style == Style::one_to_one ? kernel.open() : kernel.open_one_to_many()},
        association{SocketRef::borrow(fd, style), AssociationId{7}} {
    if (style == Style::one_to_one) {
      kernel.association_is_up(AssociationId{7});
    } else {
      kernel.descriptor(fd).is_peeled_off = style == Style::peeled_off;
      kernel.association(fd, AssociationId{7});
    }
    kernel.descriptor(fd).peer = Address::parse("192.0.2.1:3868");
  }
  ~OneAssociation() { sys::close(fd); }
};

TEST_CASE("An association is made without asking the kernel, and makes streams likewise") {
  const OneAssociation test;
  CHECK(test.association.id() == AssociationId{7});
  CHECK(test.association.socket().fd() == test.fd);
  CHECK(test.association.stream(StreamId{4}, Ppid{60}).id() == StreamId{4});
  CHECK(test.association.stream(StreamId{4}, Ppid{60}).ppid() == Ppid{60});
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("Every way to send to an association names it") {
  OneAssociation test{Style::one_to_many};
  const Bytes hello = as_bytes("hello");
  test.association.send(hello);
  test.association.send(hello, {.stream = StreamId{2}}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.association.try_send(hello, {.unordered = true}));
  CHECK(test.association.try_send(hello, {}, test.error));
  test.association.stream(StreamId{3}).send(hello);
  REQUIRE(test.kernel.sent.size() == 5);
  for (const Sent& sent : test.kernel.sent) CHECK(sent.association == 7);
  CHECK(test.kernel.sent[1].stream == 2);
  CHECK(test.kernel.sent[2].info_flags == SCTP_UNORDERED);
  CHECK(test.kernel.sent[4].stream == 3);
}

TEST_CASE("An association of a one-to-one socket is shut down by shutdown(2), for writing only") {
  OneAssociation test;
  test.association.shutdown(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.story() == "getsockopt shutdown");
  CHECK(test.kernel.descriptor(test.fd).shut_down_how == SHUT_WR);
}

TEST_CASE("An association of a one-to-one socket that the peer shuts down is left to that") {
  OneAssociation test;
  const auto [state, calls] = GENERATE(values<std::pair<int, std::size_t>>({{SCTP_SHUTDOWN_RECEIVED, 0},
                                                                            {SCTP_SHUTDOWN_ACK_SENT, 0},
                                                                            {SCTP_SHUTDOWN_PENDING, 1},
                                                                            {SCTP_SHUTDOWN_SENT, 1},
                                                                            {SCTP_COOKIE_WAIT, 1}}));
  test.kernel.up->state = state;
  test.association.shutdown(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.count(Call::shutdown) == calls);
}

TEST_CASE("An association of another socket is shut down by an empty message that says so") {
  OneAssociation test{GENERATE(Style::one_to_many, Style::peeled_off)};
  test.kernel.fail_next(Call::sendmsg, EINTR, 2);
  test.association.shutdown(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.story() == "getsockopt sendmsg sendmsg sendmsg");
  const Sent& sent = test.kernel.sent.back();
  CHECK(sent.data.empty());
  CHECK(sent.info_flags == SCTP_EOF);
  CHECK(sent.association == 7);
  CHECK(sent.control_messages == 1);
  CHECK(sent.flags == MSG_NOSIGNAL);
}

TEST_CASE("A shutdown that fails tells of whom") {
  OneAssociation test;
  test.kernel.fail_next(Call::shutdown, ENOTCONN, 3);
  test.association.shutdown(test.error);
  CHECK(test.error == Condition::association_ended);
  CHECK_THROWS_WITH(test.association.shutdown(),
                    StartsWith("cannot shut down the association with 192.0.2.1:3868: there is no "
                               "association: "));
  test.kernel.descriptor(test.fd).peer.reset();
  CHECK_THROWS_WITH(test.association.shutdown(),
                    StartsWith("cannot shut down the association with association 7: "));
}

TEST_CASE("A shutdown by message fails as the kernel does") {
  OneAssociation test{Style::peeled_off};
  test.kernel.fail_next(Call::sendmsg, EPIPE);
  test.association.shutdown(test.error);
  CHECK(test.error == Condition::association_ended);
}

TEST_CASE("An association tells the addresses of both sides") {
  OneAssociation test;
  test.kernel.peer_addresses = {Address::parse("192.0.2.1:7"), Address::parse("[2001:db8::1]:7")};
  test.kernel.local_addresses = {Address::parse("[::ffff:192.0.2.2]:8")};
  CHECK(test.association.peer_addresses() == test.kernel.peer_addresses);
  CHECK(test.association.peer_addresses(test.error) == test.kernel.peer_addresses);
  CHECK_FALSE(test.error);
  CHECK(test.association.local_addresses() == std::vector{Address::parse("192.0.2.2:8")});
  CHECK(test.association.local_addresses(test.error).size() == 1);
  test.kernel.fail_next(Call::getsockopt, EINVAL, 4);
  CHECK(test.association.peer_addresses(test.error).empty());
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.association.local_addresses(test.error).empty());
  CHECK_THROWS_WITH(test.association.peer_addresses(),
                    StartsWith("cannot ask for the addresses of the peer of association 7: "));
  CHECK_THROWS_WITH(test.association.local_addresses(),
                    StartsWith("cannot ask for the addresses of association 7: "));
}

TEST_CASE("An option of an association is set and got with its number") {
  OneAssociation test;
  option::RtoInfo rto;
  rto.min = 200ms;
  test.association.set(rto);
  test.association.set(rto, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.association.get<option::RtoInfo>().min == 200ms);
  CHECK(test.association.get<option::RtoInfo>(test.error).max == 60s);
  sctp_rtoinfo native;
  std::memcpy(&native, test.kernel.descriptor(test.fd).options.at({IPPROTO_SCTP, SCTP_RTOINFO}).data(),
              sizeof native);
  CHECK(native.srto_assoc_id == 7);
}

TEST_CASE("The status of an association says whether there is one") {
  OneAssociation test;
  CHECK(test.association.status().outgoing_streams == 10);
  test.kernel.association_is_gone();
  static_cast<void>(test.association.status(test.error));
  CHECK(test.error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(
      test.association.status(),
      StartsWith("cannot get SCTP_STATUS of association 7: there is no such association, or no more"));
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>
#include <vector>

#include <sctpxx/association.hpp>
#include <sctpxx/error.hpp>

#include "each_call_fails.hpp"
#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

/// The paths of an association: what they are, whether they answer, and which one a message takes.
namespace {

using namespace sctp;
using namespace sctp::test;
using State = option::PeerAddrInfo::State;

const Address first = Address::parse("192.0.2.1:3868");
const Address second = Address::parse("198.51.100.1:3868");
const Address elsewhere = Address::parse("203.0.113.1:3868");

/// A one-to-many socket with two associations.
struct Two : OneSocket {
  Two() : OneSocket{Style::one_to_many} {
    kernel.association(fd, seven).addresses = {first, second};
    kernel.association(fd, eight).addresses = {elsewhere};
  }
};

TEST_CASE("Paths are told in the peer's order, with what the kernel knows of each") {
  Two test;
  test.kernel.association(test.fd, seven).paths = {{second, SCTP_PF}};
  const auto paths = test.association.paths(test.error);
  CHECK_FALSE(test.error);
  REQUIRE(paths.size() == 2);
  CHECK(paths[0].address == first);
  CHECK(paths[0].state == State::available);
  CHECK(paths[0].primary);
  CHECK(paths[1].address == second);
  CHECK(paths[1].state == State::potentially_failed);
  CHECK_FALSE(paths[1].primary);
  test.association.set(option::PrimaryAddr{second});
  CHECK_FALSE(test.association.paths()[0].primary);
  CHECK(test.association.paths()[1].primary);
  CHECK(Association{test.socket, eight}.paths().size() == 1);
}

TEST_CASE("A path that is not to be told is left out") {
  Two test;
  test.kernel.association(test.fd, seven).paths = {{first, FakeAssociation::hidden}};
  const auto paths = test.association.paths(test.error);
  CHECK_FALSE(test.error);
  REQUIRE(paths.size() == 1);
  CHECK(paths[0].address == second);
}

TEST_CASE("An association that there is not has no paths, and that is told") {
  Two test;
  const Association gone{test.socket, AssociationId{9}};
  CHECK(gone.paths(test.error).empty());
  CHECK(test.error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(gone.paths(), Catch::Matchers::StartsWith("cannot ask about the paths of association 9"));
}

TEST_CASE("Whichever call of asking for paths fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel, Style::one_to_many};
    kernel.association(test.fd, seven).addresses = {first};
    static_cast<void>(test.association.paths(error));
  });
}

TEST_CASE("Without memory there are no paths") {
  Two test;
  for (std::size_t after = 0; after != 3; ++after) {
    const NoMemory none{after};
    static_cast<void>(test.association.paths(test.error));
    CHECK(test.error == std::errc::not_enough_memory);
  }
}

TEST_CASE("A heartbeat is asked for on one path, or on all") {
  Two test;
  const auto flags = [&test] {
    sctp_paddrparams params{};
    const auto bytes = test.bytes_given(SCTP_PEER_ADDR_PARAMS);
    REQUIRE(bytes.size() == 152);
    std::memcpy(&params, bytes.data(), bytes.size());
    return std::uint32_t{params.spp_flags};
  };
  test.association.request_heartbeat(second, test.error);
  CHECK_FALSE(test.error);
  CHECK(flags() == SPP_HB_DEMAND);
  test.association.request_heartbeat(second);
  test.association.request_heartbeats(test.error);
  CHECK_FALSE(test.error);
  CHECK(flags() == SPP_HB_DEMAND);
  test.association.request_heartbeats();
  CHECK(test.times_set(SCTP_PEER_ADDR_PARAMS) == 4);
}

TEST_CASE("A heartbeat from an address that the peer does not have is an error") {
  Two test;
  test.association.request_heartbeat(elsewhere, test.error);
  CHECK(test.error == Errc::no_such_path);
  test.association.request_heartbeat(Address::parse("0.0.0.0:3868"), test.error);
  CHECK(test.error == Errc::no_such_path);
  CHECK_THROWS_WITH(
      test.association.request_heartbeat(elsewhere),
      Catch::Matchers::StartsWith("cannot ask for a heartbeat from 203.0.113.1:3868: the peer has "
                                  "no such address"));
  const Association gone{test.socket, AssociationId{9}};
  gone.request_heartbeats(test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(
      gone.request_heartbeats(),
      Catch::Matchers::StartsWith("cannot ask for a heartbeat from all addresses of association 9"));
}

TEST_CASE("A message takes the path that was chosen for it") {
  Two test;
  test.association.send(as_bytes("there"), {.stream = StreamId{3}, .path = second}, test.error);
  CHECK_FALSE(test.error);
  REQUIRE(test.kernel.sent.size() == 1);
  const Sent& sent = test.kernel.sent.front();
  CHECK(sent.destination == second);
  CHECK(sent.association == 0);  // the kernel looks at the address alone
  CHECK(sent.info_flags == SCTP_ADDR_OVER);
  CHECK(sent.stream == 3);
  test.association.send(as_bytes("as always"));
  CHECK_FALSE(test.kernel.sent.back().destination);
  CHECK(test.kernel.sent.back().association == 7);
  CHECK(test.kernel.sent.back().info_flags == 0);
}

TEST_CASE("On a socket with one association a message takes a path, too") {
  OneSocket test;
  test.comes_up();
  test.kernel.descriptor(test.fd).peer = first;
  CHECK(test.association.try_send(as_bytes("there"), {.path = first}));
  CHECK(test.kernel.sent.back().destination == first);
}

TEST_CASE("A path that is none of the association's is refused, and nothing is sent") {
  Two test;
  const Address path = GENERATE(values({elsewhere, Address::parse("0.0.0.0:3868"), first.with_port(1)}));
  test.association.send(as_bytes("there"), {.path = path}, test.error);
  CHECK(test.error == Errc::no_such_path);
  CHECK_THROWS_WITH(test.association.send(as_bytes("there"), {.path = path}),
                    Catch::Matchers::Contains("the peer has no such address"));
  CHECK(test.kernel.sent.empty());
}

TEST_CASE("Without an association no path sets one up") {
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many);
  OneSocket test{style};
  test.association.send(as_bytes("there"), {.path = first}, test.error);
  CHECK(test.error == Condition::association_ended);
  CHECK(test.kernel.sent.empty());
}

TEST_CASE("A peeled-off socket cannot choose, and says so") {
  OneSocket test{Style::peeled_off};
  test.comes_up({first});
  test.association.send(as_bytes("there"), {.path = first}, test.error);
  CHECK(test.error == std::errc::operation_not_supported);
  CHECK(test.kernel.sent.empty());
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option.hpp>

#include <cerrno>
#include <new>

#include <sctpxx/one_to_many_socket.hpp>
#include <sctpxx/option/authentication.hpp>
#include <sctpxx/option/path.hpp>
#include <sctpxx/option/stream.hpp>

#include "one_socket.hpp"

/// What the exceptions of options say: which, of whom, why, and what it takes.
namespace {

using namespace sctp;
using namespace sctp::test;
using option::AuthActiveKey;
using option::AutoAsconf;
using option::Context;
using option::PartialDeliveryPoint;
using option::PeerAddrInfo;
using option::PrAssocStatus;
using option::StreamScheduler;
using option::StreamSchedulerValue;

constexpr StreamScheduler newer{StreamScheduler::Scheduler::fair_capacity};

TEST_CASE("An exception names the option, and the association where it is about one") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  test.kernel.fail_next(Call::setsockopt, EDQUOT, 3);
  CHECK_THROWS_WITH(test.socket.set(Context{}), "cannot set SCTP_CONTEXT: Disk quota exceeded");
  CHECK_THROWS_WITH(test.association.set(Context{}),
                    "cannot set SCTP_CONTEXT of association 7: Disk quota exceeded");
  CHECK_THROWS_WITH(test.socket.set(Context{}, Associations::all),
                    "cannot set SCTP_CONTEXT: Disk quota exceeded");
}

TEST_CASE("An exception names the path, the stream or the policy that an option is about") {
  OneSocket test{Style::one_to_many, AF_INET6};
  const Address path = Address::parse("[fe80::1%3]:7");
  test.comes_up({path});
  test.kernel.fail_next(Call::getsockopt, EDQUOT, 2);  // the first asks for the family
  CHECK_THROWS_WITH(
      test.association.get<PeerAddrInfo>(path),
      "cannot get SCTP_GET_PEER_ADDR_INFO of [fe80::1%3]:7, association 7: Disk quota exceeded");
  test.kernel.fail_next(Call::getsockopt, EDQUOT);
  CHECK_THROWS_WITH(test.association.get<PrAssocStatus>(Reliability::Policy::priority),
                    "cannot get SCTP_PR_ASSOC_STATUS of priority, association 7: Disk quota exceeded");
  CHECK_THROWS_WITH(test.association.get<StreamSchedulerValue>(StreamId{65535}),
                    Catch::Matchers::StartsWith(
                        "cannot get SCTP_STREAM_SCHEDULER_VALUE of stream 65535, association 7: the "
                        "association has fewer streams in this direction"));
}

TEST_CASE(
    "An exception says what an option needs where the kernel does not allow it, and what it takes "
    "otherwise") {
  OneSocket test;
  const auto [error, why] = GENERATE(values<std::pair<int, std::string>>(
      {{EPERM, "Operation not permitted"}, {EACCES, "Permission denied"}, {EINVAL, "Invalid argument"}}));
  test.kernel.fail_next(Call::setsockopt, error, 3);
  const bool is_value = error == EINVAL;
  CHECK_THROWS_WITH(
      test.socket.set(AutoAsconf{}),
      "cannot set SCTP_AUTO_ASCONF: " +
          std::string{is_value ? "it takes a socket that is bound to a wildcard address: " : ""} + why);
  CHECK_THROWS_WITH(
      test.socket.set(AuthActiveKey{9}),
      "cannot set SCTP_AUTH_ACTIVE_KEY: " +
          std::string{is_value ? "it takes the number of a key that is set and was not deactivated: "
                               : "it needs option::AuthSupported on this socket: "} +
          why);
  CHECK_THROWS_WITH(test.socket.set(Context{}), "cannot set SCTP_CONTEXT: " + why);
}

TEST_CASE("An association that is gone is called so, before what the option needs") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many)};
  test.comes_up();
  CHECK_THROWS_WITH(test.association.set(newer),
                    "cannot set SCTP_STREAM_SCHEDULER of association 7: it takes Linux 6.4 for fair_capacity "
                    "and weighted_fair: Invalid argument");
  test.kernel.association_is_gone();
  test.kernel.association_ends(test.fd, seven);
  test.kernel.fail_next(Call::setsockopt, EINVAL);
  CHECK_THROWS_WITH(test.association.set(newer),
                    "cannot set SCTP_STREAM_SCHEDULER of association 7: there is no such association, or no "
                    "more: Invalid argument");
}

TEST_CASE("A number that is nobody's is no association either, and is not told") {
  OneSocket test{Style::one_to_many};
  CHECK_THROWS_WITH(Association(test.socket, AssociationId{1}).get<Context>(),
                    "cannot get SCTP_CONTEXT: there is no such association, or no more: Invalid argument");
}

TEST_CASE("A socket that is closed is called so, whatever the option needs") {
  const FakeKernel kernel;
  const OneToManySocket closed;
  CHECK_THROWS_WITH(closed.set(AutoAsconf{}),
                    "cannot set SCTP_AUTO_ASCONF: the socket is closed: Bad file descriptor");
  CHECK_THROWS_WITH(closed.association(seven).get<PeerAddrInfo>(near),
                    "cannot get SCTP_GET_PEER_ADDR_INFO of 192.0.2.1:3868, association 7: the socket is "
                    "closed: Bad file descriptor");
}

TEST_CASE("An option that the kernel does not know is called so, whatever it needs") {
  OneSocket test;
  test.kernel.unknown_options = {{IPPROTO_SCTP, SCTP_AUTO_ASCONF}, {IPPROTO_SCTP, SCTP_CONTEXT}};
  CHECK_THROWS_WITH(test.socket.get<AutoAsconf>(),
                    "cannot get SCTP_AUTO_ASCONF: this kernel has no such option: Protocol not available");
  CHECK_THROWS_WITH(test.association.set(Context{}),
                    "cannot set SCTP_CONTEXT of association 7: this kernel has no such option: Protocol not "
                    "available");
}

TEST_CASE("What the kernel lacks memory for is told as all lack of memory is") {
  OneSocket test;
  test.kernel.fail_next(Call::setsockopt, ENOMEM);
  CHECK_THROWS_AS(test.socket.set(Context{}), std::bad_alloc);
  test.kernel.fail_next(Call::getsockopt, ENOMEM);
  CHECK_THROWS_AS(test.socket.get<Context>(), std::bad_alloc);
}

TEST_CASE("The library's own errors say by themselves what to do") {
  OneSocket test;
  test.comes_up();
  CHECK_THROWS_WITH(test.association.set(option::PrimaryAddr{.address = Address::parse("[::1]:7")}),
                    "cannot set SCTP_PRIMARY_ADDR of association 7: an IPv6 address on an IPv4 socket (open "
                    "the socket for IPv6)");
}

}  // namespace

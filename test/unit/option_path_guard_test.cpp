// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/path.hpp>

#include <chrono>
#include <optional>

#include "one_path.hpp"

/// Whom an option about a path may be about: never about another path than is meant, though the kernel takes
/// wildcards for all of them, and most of its options find an address under any association's number.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using option::Heartbeat;
using option::PeerAddrInfo;
using option::PeerAddrParams;
using option::PeerAddrThlds;
using option::PlpmtudProbeInterval;
using option::PrimaryAddr;
using option::RemoteUdpEncapsPort;

const Address near_v6 = Address::parse("[2001:db8::1]:3868");

/// One of the options that are set and got by address.
template <class O, int number>
struct Keyed {
  using Option = O;
  static constexpr int native = number;
  static O some() {
    if constexpr (std::is_same_v<O, PeerAddrParams>) return {.max_retransmissions = std::uint16_t{3}};
    if constexpr (std::is_same_v<O, PeerAddrThlds>) return {.potentially_failed = std::uint16_t{3}};
    if constexpr (std::is_same_v<O, RemoteUdpEncapsPort>) return {.port = 3};
    if constexpr (std::is_same_v<O, PlpmtudProbeInterval>) return {.interval = 6s};
  }
  static bool is_some(const O& value) {
    if constexpr (std::is_same_v<O, PeerAddrParams>) return value.max_retransmissions == 3;
    if constexpr (std::is_same_v<O, PeerAddrThlds>) return value.potentially_failed == 3;
    if constexpr (std::is_same_v<O, RemoteUdpEncapsPort>) return value.port == 3;
    if constexpr (std::is_same_v<O, PlpmtudProbeInterval>) return value.interval == 6s;
  }
};
using Params = Keyed<PeerAddrParams, SCTP_PEER_ADDR_PARAMS>;
using Thresholds = Keyed<PeerAddrThlds, SCTP_PEER_ADDR_THLDS_V2>;
using Encapsulation = Keyed<RemoteUdpEncapsPort, SCTP_REMOTE_UDP_ENCAPS_PORT>;
using Probing = Keyed<PlpmtudProbeInterval, SCTP_PLPMTUD_PROBE_INTERVAL>;

const std::error_code nobody = std::make_error_code(std::errc::invalid_argument);

/// An errno is one, whether the kernel or the library says it.
std::error_code plain(std::error_code error) {
  const bool is_kernels = error.category() == std::system_category();
  return is_kernels ? std::error_code{error.value(), std::generic_category()} : error;
}

/// All that is set, asked or chosen by address fails with `expected`, and nothing is set.
void check_refused(Opened& test, OptionTarget whom, const Address& path, std::error_code expected) {
  CAPTURE(path, whom.association);
  const auto refused = [&](auto attempt) {
    test.error = Errc::no_addresses;
    attempt(test.error);
    CHECK(plain(test.error) == expected);
  };
  const auto keyed = [&]<class Row>(Row) {
    refused([&](std::error_code& error) { set_option(whom, path, Row::some(), error); });
    typename Row::Option value = Row::some();
    refused([&](std::error_code& error) { get_option(whom, path, value, error); });
    CHECK(Row::is_some(value));
    // This one option finds it out by itself.
    if (Row::native != SCTP_PEER_ADDR_PARAMS) CHECK(test.times_set(Row::native) == 0);
  };
  keyed(Params{});
  keyed(Thresholds{});
  keyed(Encapsulation{});
  keyed(Probing{});
  PeerAddrInfo info{.address = far, .mtu = 3};
  refused([&](std::error_code& error) { get_option(whom, path, info, error); });
  CHECK(info.mtu == 3);
  refused([&](std::error_code& error) { set_option(whom, PrimaryAddr{.address = path}, error); });
  CHECK(test.times_set(SCTP_PRIMARY_ADDR) == 0);
  CHECK(test.descriptor().path_options.empty());
}

TEMPLATE_TEST_CASE("An option is set for one path, for all of an association, or for a socket's later ones",
                   "", Params, Thresholds, Encapsulation, Probing) {
  using Option = typename TestType::Option;
  constexpr int native = TestType::native;
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off)};
  test.comes_up();

  test.association.set(TestType::some(), far, test.error);
  CHECK_FALSE(test.error);
  CHECK(id_given(test, native) == 7);
  CHECK(path_given(test, native) == far);
  CHECK(TestType::is_some(test.association.template get<Option>(far)));
  CHECK(id_given(test, native, false) == 7);
  CHECK(path_given(test, native, false) == far);
  CHECK_FALSE(TestType::is_some(test.association.template get<Option>(near, test.error)));
  CHECK_FALSE(test.error);
  CHECK_FALSE(TestType::is_some(test.association.template get<Option>()));

  test.association.set(TestType::some());
  CHECK(id_given(test, native) == 7);
  CHECK(path_given(test, native) == std::nullopt);
  CHECK(TestType::is_some(test.association.template get<Option>(test.error)));
  CHECK(id_given(test, native, false) == 7);
  CHECK(path_given(test, native, false) == std::nullopt);

  test.socket.set(TestType::some(), test.error);
  CHECK_FALSE(test.error);
  CHECK(id_given(test, native) == SCTP_FUTURE_ASSOC);
  CHECK(path_given(test, native) == std::nullopt);
  CHECK(TestType::is_some(test.socket.template get<Option>()));
  CHECK(id_given(test, native, false) == SCTP_FUTURE_ASSOC);

  test.association.set(TestType::some(), near);
  CHECK(path_given(test, native) == near);
}

TEST_CASE("A wildcard is no path, where the kernel would take it for all of them") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off), AF_INET6};
  test.comes_up();
  check_refused(test, test.target_of_one(), Address::parse("0.0.0.0:3868"), Errc::no_such_path);
  check_refused(test, test.target_of_one(), Address::parse("[::]:3868"), Errc::no_such_path);
  check_refused(test, test.target_of_one(), Address::parse("0.0.0.0:0"), Errc::no_such_path);
}

TEST_CASE("An IPv6 address is of the wrong family for an IPv4 socket, which would take it for all paths") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off)};
  test.comes_up();
  check_refused(test, test.target_of_one(), near_v6, Errc::wrong_address_family);
  check_refused(test, test.target_of_one(), Address::parse("[::]:3868"), Errc::wrong_address_family);
}

TEST_CASE("Both families are paths on an IPv6 socket") {
  OneSocket test{Style::one_to_one, AF_INET6};
  test.comes_up({near_v6, near});
  const Address path = GENERATE(near_v6, near);
  test.association.set(PeerAddrParams{.heartbeat = Heartbeat::off()}, path, test.error);
  CHECK_FALSE(test.error);
  test.association.set(PrimaryAddr{.address = path}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.association.get<PrimaryAddr>().address == path);
}

TEST_CASE("An address that the peer does not have is no path, whether the kernel says EINVAL or ENOENT") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off)};
  test.comes_up();
  check_refused(test, test.target_of_one(), nobodys, Errc::no_such_path);
  check_refused(test, test.target_of_one(), near.with_port(1), Errc::no_such_path);
  CHECK_THROWS_WITH(
      test.association.set(PeerAddrParams{}, nobodys),
      "cannot set SCTP_PEER_ADDR_PARAMS of 203.0.113.1:3868, association 7: the peer has no such address "
      "(`peer_addresses` tells)");
  CHECK_THROWS_WITH(test.association.get<PeerAddrInfo>(nobodys),
                    "cannot get SCTP_GET_PEER_ADDR_INFO of 203.0.113.1:3868, association 7: the peer has no "
                    "such address (`peer_addresses` tells)");
}

TEST_CASE("The thresholds' own error for an address that is no path is translated, too") {
  OneSocket test;
  test.comes_up();
  PeerAddrThlds value;
  test.kernel.fail_at(1, GENERATE(ENOENT, EINVAL));  // after the question whether there is such a path
  get_option(test.target_of_one(), near, value, test.error);
  CHECK(test.error == Errc::no_such_path);
}

TEST_CASE("Another association's path is not this one's") {
  OneSocket test{Style::one_to_many};
  test.comes_up({near});
  test.kernel.association(test.fd, eight).addresses = {far};
  check_refused(test, test.target_of_one(), far, Errc::no_such_path);
  check_refused(test, {test.fd, eight}, near, Errc::no_such_path);
  CHECK(test.descriptor().primaries.empty());
}

TEST_CASE("Numbers that are no association's are about nobody's path") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  for (const AssociationId id :
       {AssociationId{}, AssociationId{1}, AssociationId{2}, AssociationId{-1}, nine}) {
    check_refused(test, {test.fd, id}, near, nobody);
    check_refused(test, {test.fd, id}, nobodys, nobody);
    CHECK(test.descriptor().primaries.empty());
  }
}

TEST_CASE("An association's handle of the numbers 0 to 2 finds no path on a one-to-many socket") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  const AssociationId id = GENERATE(values({AssociationId{}, AssociationId{1}, AssociationId{2}}));
  const Association wrong{test.socket, id};
  wrong.set(PeerAddrParams{}, near, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  wrong.set(PrimaryAddr{.address = near}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  static_cast<void>(wrong.get<PeerAddrInfo>(near, test.error));
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.descriptor().primaries.empty());
  CHECK(test.descriptor().path_options.empty());
}

TEST_CASE("A socket that has one association does not look at its number") {
  OneSocket test{GENERATE(Style::one_to_one, Style::peeled_off)};
  test.comes_up();
  for (const AssociationId id : {AssociationId{}, AssociationId{1}, nine}) {
    CAPTURE(id);
    const Association any{test.socket, id};
    any.set(PeerAddrParams{.max_retransmissions = std::uint16_t{3}}, near, test.error);
    CHECK_FALSE(test.error);
    any.set(PrimaryAddr{.address = far}, test.error);
    CHECK_FALSE(test.error);
    CHECK(any.get<PeerAddrParams>(near, test.error).max_retransmissions == 3);
    CHECK_FALSE(test.error);
  }
}

TEST_CASE("Where there is no association, there is no path") {
  OneSocket test;
  check_refused(test, test.target(), near, nobody);
  CHECK_THROWS_WITH(test.association.set(PeerAddrParams{}, near),
                    "cannot set SCTP_PEER_ADDR_PARAMS of 192.0.2.1:3868, association 7: there is no such "
                    "association, or no more: Invalid argument");
}

TEST_CASE("A wildcard is no path where there is no association either") {
  OneSocket test;
  PeerAddrParams value;
  get_option(test.target(), Address{}, value, test.error);
  CHECK(test.error == Errc::no_such_path);
}

TEST_CASE("What the kernel refuses for all paths together is not blamed on one") {
  OneSocket test;
  test.comes_up();
  test.kernel.fail_next(Call::setsockopt, EINVAL);
  test.association.set(PeerAddrParams{}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.error != Errc::no_such_path);
}

// Flow labels

TEST_CASE("IPv4 has no flow label, of a socket or of a path") {
  OneSocket test;
  test.comes_up();
  const PeerAddrParams value{.flow_label = 1};
  test.socket.set(value, test.error);
  CHECK(test.error == Errc::wrong_address_family);
  test.association.set(value, test.error);
  CHECK(test.error == Errc::wrong_address_family);
  test.association.set(value, near, test.error);
  CHECK(test.error == Errc::wrong_address_family);
  CHECK(test.times_set(SCTP_PEER_ADDR_PARAMS) == 0);
}

TEST_CASE("On an IPv6 socket a flow label is for the associations to come, and not for one that is up") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many), AF_INET6};
  const PeerAddrParams value{.flow_label = 0xfffff};
  test.socket.set(value, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.socket.get<PeerAddrParams>().flow_label == 0xfffffU);
  test.comes_up({near_v6, near});
  const auto sets = test.times_set(SCTP_PEER_ADDR_PARAMS);
  test.association.set(value, test.error);
  CHECK(test.error == Errc::too_late);
  test.association.set(value, near_v6, test.error);
  CHECK(test.error == Errc::too_late);
  test.association.set(value, near, test.error);
  CHECK(test.error == Errc::too_late);
  test.socket.set(value, test.error);
  CHECK(test.error == (test.socket.style() == Style::one_to_one ? Errc::too_late : std::error_code{}));
  CHECK(test.times_set(SCTP_PEER_ADDR_PARAMS) == sets + (test.error ? 0 : 1));
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/association.hpp>

#include <chrono>
#include <cstring>
#include <limits>

#include "one_socket.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using option::AdaptationLayer;
using option::AssocInfo;
using option::AssocNumber;
using option::AssocStats;
using option::AssocWindow;

// AssocInfo

TEST_CASE("AssocInfo sets what is filled in, for the association that is meant, and gets all") {
  OneSocket test;
  test.comes_up();
  test.socket.set(AssocInfo{.max_retransmissions = std::uint16_t{4}}, test.error);
  CHECK_FALSE(test.error);
  auto given = test.given<sctp_assocparams>(SCTP_ASSOCINFO);
  CHECK(given.sasoc_assoc_id == 0);
  CHECK(given.sasoc_asocmaxrxt == 4);
  CHECK(given.sasoc_cookie_life == 0);
  test.association.set(AssocInfo{.cookie_life = 5s});
  given = test.given<sctp_assocparams>(SCTP_ASSOCINFO);
  CHECK(given.sasoc_assoc_id == 7);
  CHECK(given.sasoc_asocmaxrxt == 0);
  CHECK(given.sasoc_cookie_life == 5000);
  const auto info = test.association.get<AssocInfo>();
  CHECK(test.asked<sctp_assocparams>(SCTP_ASSOCINFO).sasoc_assoc_id == 7);
  CHECK(info.max_retransmissions == 4);
  CHECK(info.cookie_life == 5s);
  CHECK(test.socket.get<AssocInfo>(test.error).cookie_life == 5s);
  CHECK(test.asked<sctp_assocparams>(SCTP_ASSOCINFO).sasoc_assoc_id == 0);
}

TEST_CASE("AssocInfo refuses what the kernel would take for nothing, and takes the largest that there is") {
  OneSocket test;
  test.socket.set(AssocInfo{.max_retransmissions = std::uint16_t{0}}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  for (const auto time : {0ms, -1ms, 4294967296ms, std::chrono::milliseconds::max()}) {
    CAPTURE(time.count());
    test.error.clear();
    test.socket.set(AssocInfo{.cookie_life = time}, test.error);
    CHECK(test.error == std::errc::invalid_argument);
  }
  CHECK(test.kernel.total() == 0);
  test.socket.set(AssocInfo{.max_retransmissions = std::uint16_t{65535}, .cookie_life = 4294967295ms});
  CHECK(test.socket.get<AssocInfo>().max_retransmissions == 65535);
  CHECK(test.socket.get<AssocInfo>().cookie_life == 4294967295ms);
}

TEST_CASE("What AssocInfo answers can be set again") {
  OneSocket test;
  const auto fresh = test.socket.get<AssocInfo>();
  CHECK(fresh.max_retransmissions == 10);
  CHECK(fresh.cookie_life == 60s);
  test.socket.set(fresh, test.error);
  CHECK_FALSE(test.error);
}

// AssocWindow

TEST_CASE("AssocWindow tells the room that both sides have, and how many paths there are") {
  OneSocket test;
  test.comes_up();
  sctp_assocparams native{};
  native.sasoc_number_peer_destinations = 2;
  native.sasoc_peer_rwnd = 111'111;
  native.sasoc_local_rwnd = 222'222;
  test.answers(SCTP_ASSOCINFO, native);
  const auto window = test.association.get<AssocWindow>(test.error);
  CHECK_FALSE(test.error);
  CHECK(window.local == 222'222);
  CHECK(window.peer == 111'111);
  CHECK(window.peer_addresses == 2);
  CHECK(test.asked<sctp_assocparams>(SCTP_ASSOCINFO).sasoc_assoc_id == 7);
}

TEST_CASE("AssocWindow fails where the kernel answers with zeros, since there is no association") {
  OneSocket test;
  AssocWindow window{.local = 1, .peer = 2, .peer_addresses = 3};
  get_option(test.target_of_one(), window, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(window.local == 1);
  CHECK(window.peer == 2);
  CHECK(window.peer_addresses == 3);
  CHECK_THROWS_WITH(test.association.get<AssocWindow>(),
                    "cannot get SCTP_ASSOCINFO of association 7: there is no such association, or no more: "
                    "Invalid argument");
}

// AdaptationLayer

TEST_CASE("AdaptationLayer is one number, as it is, of the socket") {
  OneSocket test;
  CHECK(test.socket.get<AdaptationLayer>().value == 0);
  test.socket.set(AdaptationLayer{.value = 0x01020304});
  CHECK(test.given<std::uint32_t>(SCTP_ADAPTATION_LAYER) == 0x01020304);
  CHECK(test.socket.get<AdaptationLayer>().value == 0x01020304);
  test.socket.set(AdaptationLayer{.value = 0xffffffff}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.socket.get<AdaptationLayer>(test.error).value == 0xffffffff);
  CHECK_FALSE(test.error);
}

// AssocStats

sctp_assoc_stats some_stats() {
  sctp_assoc_stats native{};
  native.sas_maxrto = 40;
  native.sas_opackets = 1;
  native.sas_ipackets = 2;
  native.sas_osacks = 3;
  native.sas_isacks = 4;
  native.sas_oodchunks = 5;
  native.sas_iodchunks = 6;
  native.sas_ouodchunks = 7;
  native.sas_iuodchunks = 8;
  native.sas_rtxchunks = 9;
  native.sas_idupchunks = 10;
  native.sas_outofseqtsns = 11;
  native.sas_gapcnt = 12;
  native.sas_octrlchunks = 13;
  native.sas_ictrlchunks = std::numeric_limits<std::uint64_t>::max();
  native::put_address(near, native, offsetof(sctp_assoc_stats, sas_obs_rto_ipaddr));
  return native;
}

TEST_CASE("AssocStats tells all that the kernel has counted") {
  OneSocket test;
  test.comes_up();
  test.answers(SCTP_GET_ASSOC_STATS, some_stats());
  const auto stats = test.association.get<AssocStats>(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.asked<sctp_assoc_stats>(SCTP_GET_ASSOC_STATS).sas_assoc_id == 7);
  CHECK(stats.longest_rto_path == near);
  CHECK(stats.sent_packets == 1);
  CHECK(stats.received_packets == 2);
  CHECK(stats.sent_sacks == 3);
  CHECK(stats.received_sacks == 4);
  CHECK(stats.sent_ordered_chunks == 5);
  CHECK(stats.received_ordered_chunks == 6);
  CHECK(stats.sent_unordered_chunks == 7);
  CHECK(stats.received_unordered_chunks == 8);
  CHECK(stats.retransmitted_chunks == 9);
  CHECK(stats.received_twice_chunks == 10);
  CHECK(stats.dropped_early_chunks == 11);
  CHECK(stats.received_gap_reports == 12);
  CHECK(stats.sent_control_chunks == 13);
  CHECK(stats.received_control_chunks == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("The longest timeout is told in time, whatever the kernel's tick") {
  OneSocket test;
  test.comes_up();
  auto native = some_stats();
  const auto longest = [&](long long tick, std::uint64_t ticks) {
    test.kernel.nanoseconds_of_tick = tick;
    native.sas_maxrto = ticks;
    test.answers(SCTP_GET_ASSOC_STATS, native);
    return test.association.get<AssocStats>().longest_rto;
  };
  CHECK(longest(10'000'000, 20) == 200ms);
  CHECK(longest(4'000'000, 50) == 200ms);
  CHECK(longest(1'000'000, 200) == 200ms);
  CHECK(longest(3'333'333, 60) == 199ms);
  CHECK(longest(10'000'000, 0) == 0ms);
  CHECK(longest(10'000'000, 6'000) == 60s);
  CHECK(longest(10'000'000, std::numeric_limits<std::uint64_t>::max()) == 42949672950ms);
}

TEST_CASE("The path of the longest timeout may have either family, or be none") {
  OneSocket test;
  test.comes_up();
  const auto path = [&](const sctp_assoc_stats& native) {
    test.answers(SCTP_GET_ASSOC_STATS, native);
    return test.association.get<AssocStats>().longest_rto_path;
  };
  auto native = some_stats();
  const Address v6 = Address::parse("[2001:db8::1]:7");
  native::put_address(v6, native, offsetof(sctp_assoc_stats, sas_obs_rto_ipaddr));
  CHECK(path(native) == v6);
  native::put_address(Address::parse("[::ffff:192.0.2.1]:3868"), native,
                      offsetof(sctp_assoc_stats, sas_obs_rto_ipaddr));
  CHECK(path(native) == near);
  CHECK(path({}) == Address{});
}

// AssocNumber

TEST_CASE("AssocNumber counts the associations of sockets that are not of one-to-one style") {
  Many many{seven, eight, nine};
  CHECK(many.socket.get<AssocNumber>().count == 3);
  many.kernel.association_ends(many.fd, eight);
  CHECK(many.socket.get<AssocNumber>(many.error).count == 2);
  CHECK_FALSE(many.error);
}

TEST_CASE("A one-to-one socket does not count its associations") {
  OneSocket test;
  test.comes_up();
  CHECK_THROWS_WITH(test.socket.get<AssocNumber>(),
                    "cannot get SCTP_GET_ASSOC_NUMBER: Operation not supported");
  static_cast<void>(test.socket.get<AssocNumber>(test.error));
  CHECK(test.error == std::errc::operation_not_supported);
}

TEST_CASE("Every option of associations fails with the kernel's error, and leaves the value alone") {
  OneSocket test;
  test.comes_up();
  const OptionTarget whom = GENERATE_REF(test.target(), test.target_of_one());
  check_set_fails(test, whom, AssocInfo{});
  check_set_fails(test, whom, AdaptationLayer{});
  check_get_fails(test, whom, AssocInfo{.max_retransmissions = std::uint16_t{77}, .cookie_life = 77ms});
  check_get_fails(test, whom, AssocWindow{.local = 77, .peer = 77, .peer_addresses = 77});
  check_get_fails(test, whom, AdaptationLayer{.value = 77});
  check_get_fails(test, whom, AssocStats{.longest_rto = 77ms, .longest_rto_path = far, .sent_packets = 77});
  check_get_fails(test, whom, AssocNumber{.count = 77});
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/path.hpp>

#include <arpa/inet.h>

#include <chrono>

#include "each_call_fails.hpp"
#include "one_path.hpp"

/// The options about paths beside PeerAddrParams.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using option::ExposePotentiallyFailedState;
using option::PeerAddrInfo;
using option::PeerAddrThlds;
using option::PlpmtudProbeInterval;
using option::PrimaryAddr;
using option::RemoteUdpEncapsPort;
using option::SetPeerPrimaryAddr;
using Exposure = ExposePotentiallyFailedState::Exposure;

constexpr const char* udp_port = "/proc/sys/net/sctp/udp_port";
constexpr std::pair<int, int> thresholds_v2{IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2};

// PeerAddrThlds

TEST_CASE("Thresholds are read, changed where they are filled in, and written with the rest") {
  OneSocket test;
  auto thresholds = test.socket.get<PeerAddrThlds>();
  CHECK(thresholds.potentially_failed == 0);
  CHECK(thresholds.switch_primary == PeerAddrThlds::never);
  test.socket.set(PeerAddrThlds{.potentially_failed = std::uint16_t{2}}, test.error);
  CHECK_FALSE(test.error);
  auto given = test.given<sctp_paddrthlds_v2>(SCTP_PEER_ADDR_THLDS_V2);
  CHECK(given.spt_assoc_id == 0);
  CHECK(given.spt_pathmaxrxt == 5);
  CHECK(given.spt_pathpfthld == 2);
  CHECK(given.spt_pathcpthld == 0xffff);
  test.socket.set(PeerAddrThlds{.switch_primary = std::uint16_t{3}});
  given = test.given<sctp_paddrthlds_v2>(SCTP_PEER_ADDR_THLDS_V2);
  CHECK(given.spt_pathmaxrxt == 5);
  CHECK(given.spt_pathpfthld == 2);
  CHECK(given.spt_pathcpthld == 3);
  thresholds = test.socket.get<PeerAddrThlds>(test.error);
  CHECK_FALSE(test.error);
  CHECK(thresholds.potentially_failed == 2);
  CHECK(thresholds.switch_primary == 3);
  test.socket.set(PeerAddrThlds{.potentially_failed = std::uint16_t{1}});
  CHECK(test.socket.get<PeerAddrThlds>().switch_primary == 3);
  test.socket.set(PeerAddrThlds{.potentially_failed = std::uint16_t{0}, .switch_primary = std::uint16_t{0}});
  CHECK(test.socket.get<PeerAddrThlds>().switch_primary == 0);
}

TEST_CASE("A primary that moves before its path is potentially failed is refused by the kernel") {
  OneSocket test;
  test.socket.set(PeerAddrThlds{.potentially_failed = std::uint16_t{3}, .switch_primary = std::uint16_t{2}},
                  test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.socket.get<PeerAddrThlds>().potentially_failed == 0);
}

TEST_CASE("A kernel before 5.5 has one threshold, and is asked for no other") {
  OneSocket test;
  test.kernel.unknown_options = {thresholds_v2};
  test.socket.set(PeerAddrThlds{.potentially_failed = std::uint16_t{4}}, test.error);
  CHECK_FALSE(test.error);
  const auto given = test.given<sctp_paddrthlds>(SCTP_PEER_ADDR_THLDS);
  CHECK(given.spt_pathmaxrxt == 5);
  CHECK(given.spt_pathpfthld == 4);
  CHECK(test.times_set(SCTP_PEER_ADDR_THLDS_V2) == 0);
  const auto thresholds = test.socket.get<PeerAddrThlds>();
  CHECK(thresholds.potentially_failed == 4);
  CHECK(thresholds.switch_primary == PeerAddrThlds::never);
}

TEST_CASE("A kernel before 5.5 is told of no primary that moves, and of nothing else with it") {
  OneSocket test;
  test.kernel.unknown_options = {thresholds_v2};
  const PeerAddrThlds value{.potentially_failed = std::uint16_t{1}, .switch_primary = std::uint16_t{2}};
  test.socket.set(value, test.error);
  CHECK(test.error == std::errc::no_protocol_option);
  CHECK_THROWS_WITH(
      test.socket.set(value),
      "cannot set SCTP_PEER_ADDR_THLDS: this kernel has no such option: Protocol not available");
  CHECK(test.kernel.count(Call::setsockopt) == 0);
}

TEST_CASE("A kernel that knows neither version of the thresholds says so") {
  OneSocket test;
  test.kernel.unknown_options = {thresholds_v2, {IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS}};
  test.socket.set(PeerAddrThlds{}, test.error);
  CHECK(test.error == std::errc::no_protocol_option);
  static_cast<void>(test.socket.get<PeerAddrThlds>(test.error));
  CHECK(test.error == std::errc::no_protocol_option);
}

// PeerAddrInfo

TEST_CASE("PeerAddrInfo tells how a path is doing, its times in time") {
  OneSocket test;
  test.comes_up();
  sctp_paddrinfo native{};
  native.spinfo_state = SCTP_PF;
  native.spinfo_cwnd = 4380;
  native.spinfo_srtt = 25;
  native.spinfo_rto = 1230;
  native.spinfo_mtu = 1500;
  const Bytes bytes = std::as_bytes(std::span{&native, 1});
  test.descriptor().path_options[{SCTP_GET_PEER_ADDR_INFO, 0, far}] = {bytes.begin(), bytes.end()};
  test.kernel.nanoseconds_of_tick = 4'000'000;
  const auto info = test.association.get<PeerAddrInfo>(far, test.error);
  CHECK_FALSE(test.error);
  CHECK(info.address == far);
  CHECK(info.state == PeerAddrInfo::State::potentially_failed);
  CHECK(info.congestion_window == 4380);
  CHECK(info.rtt == 100ms);
  CHECK(info.rto == 1230ms);
  CHECK(info.mtu == 1500);
  CHECK(test.association.get<PeerAddrInfo>(far).mtu == 1500);
  CHECK(id_given(test, SCTP_GET_PEER_ADDR_INFO, false) == 7);
  CHECK(path_given(test, SCTP_GET_PEER_ADDR_INFO, false) == far);
}

// PrimaryAddr, SetPeerPrimaryAddr

TEST_CASE("The primary path is chosen by its address, and told") {
  OneSocket test{GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off)};
  test.comes_up();
  CHECK(test.association.get<PrimaryAddr>().address == near);
  test.association.set(PrimaryAddr{.address = far}, test.error);
  CHECK_FALSE(test.error);
  CHECK(id_given(test, SCTP_PRIMARY_ADDR) == 7);
  CHECK(path_given(test, SCTP_PRIMARY_ADDR) == far);
  CHECK(test.association.get<PrimaryAddr>(test.error).address == far);
  CHECK(id_given(test, SCTP_PRIMARY_ADDR, false) == 7);
  test.association.set(PrimaryAddr{.address = near});
  CHECK(test.association.get<PrimaryAddr>().address == near);
}

TEST_CASE("The peer is asked to take one of our addresses as its primary") {
  OneSocket test{Style::one_to_many, AF_INET6};
  test.comes_up();
  const Address ours = GENERATE(Address::parse("192.0.2.9:40000"), Address::parse("[2001:db8::9]:40000"));
  test.association.set(SetPeerPrimaryAddr{.address = ours}, test.error);
  CHECK_FALSE(test.error);
  CHECK(id_given(test, SCTP_SET_PEER_PRIMARY_ADDR) == 7);
  const auto given = test.given<sctp_setpeerprim>(SCTP_SET_PEER_PRIMARY_ADDR);
  CHECK(native::address_in(given, offsetof(sctp_setpeerprim, sspp_addr)) == ours);
  test.kernel.fail_next(Call::setsockopt, EPERM);
  CHECK_THROWS_WITH(
      test.association.set(SetPeerPrimaryAddr{.address = ours}),
      "cannot set SCTP_SET_PEER_PRIMARY_ADDR of association 7: it needs option::AsconfSupported and "
      "option::AuthSupported on both sides, before the association is set up: Operation not permitted");
}

// ExposePotentiallyFailedState

TEST_CASE("What is told of paths that begin to fail is one number, of the socket or of an association") {
  OneSocket test;
  test.comes_up();
  CHECK(ExposePotentiallyFailedState{}.exposure == Exposure::always);
  CHECK(test.socket.get<ExposePotentiallyFailedState>().exposure == Exposure::when_asked);
  for (const auto exposure : {Exposure::never, Exposure::always, Exposure::when_asked}) {
    test.socket.set(ExposePotentiallyFailedState{exposure}, test.error);
    CHECK_FALSE(test.error);
    const auto given = test.given<sctp_assoc_value>(SCTP_EXPOSE_POTENTIALLY_FAILED_STATE);
    CHECK(given.assoc_id == 0);
    CHECK(given.assoc_value == static_cast<std::uint32_t>(exposure));
    CHECK(test.socket.get<ExposePotentiallyFailedState>().exposure == exposure);
  }
  test.association.set(ExposePotentiallyFailedState{});
  CHECK(test.given<sctp_assoc_value>(SCTP_EXPOSE_POTENTIALLY_FAILED_STATE).assoc_id == 7);
}

TEST_CASE("States and exposures have names, or their numbers") {
  using State = PeerAddrInfo::State;
  CHECK(to_string(State::unreachable) == "unreachable");
  CHECK(to_string(State::potentially_failed) == "potentially failed");
  CHECK(to_string(State::available) == "available");
  CHECK(to_string(State::unconfirmed) == "unconfirmed");
  CHECK(to_string(State{-4}) == "state -4");
  CHECK(to_string(Exposure::when_asked) == "when asked");
  CHECK(to_string(Exposure::never) == "never");
  CHECK(to_string(Exposure::always) == "always");
  CHECK(to_string(Exposure{3}) == "exposure 3");
}

// RemoteUdpEncapsPort

TEST_CASE("A UDP port reaches the kernel in network byte order, and is got in ours") {
  OneSocket test;
  test.kernel.files[udp_port] = "9899\n";
  CHECK(test.socket.get<RemoteUdpEncapsPort>().port == 0);
  test.socket.set(RemoteUdpEncapsPort{.port = 0x1234}, test.error);
  CHECK_FALSE(test.error);
  const auto bytes = test.bytes_given(SCTP_REMOTE_UDP_ENCAPS_PORT);
  REQUIRE(bytes.size() == sizeof(sctp_udpencaps));
  constexpr std::size_t port = offsetof(sctp_udpencaps, sue_port);
  CHECK(bytes[port] == std::byte{0x12});
  CHECK(bytes[port + 1] == std::byte{0x34});
  CHECK(test.socket.get<RemoteUdpEncapsPort>().port == 0x1234);
}

TEST_CASE("A UDP port is refused where the kernel does not listen on one itself") {
  OneSocket test;
  test.kernel.files[udp_port] = GENERATE("0\n", "0");
  test.socket.set(RemoteUdpEncapsPort{.port = 9899}, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
  CHECK_THROWS_WITH(test.socket.set(RemoteUdpEncapsPort{.port = 9899}),
                    "cannot set SCTP_REMOTE_UDP_ENCAPS_PORT: it needs the sysctl net.sctp.udp_port, before "
                    "the socket is opened: Operation not permitted");
  CHECK(test.kernel.count(Call::setsockopt) == 0);
  test.socket.set(RemoteUdpEncapsPort{}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.times_set(SCTP_REMOTE_UDP_ENCAPS_PORT) == 1);
}

TEST_CASE("A UDP port is set where nobody can tell whether the kernel listens") {
  OneSocket test;
  const std::optional<std::string> text =
      GENERATE(values<std::optional<std::string>>({{}, "", "\n", "none"}));
  if (text) test.kernel.files[udp_port] = *text;
  test.socket.set(RemoteUdpEncapsPort{.port = 9899}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.socket.get<RemoteUdpEncapsPort>(test.error).port == 9899);
}

// PlpmtudProbeInterval

TEST_CASE("Probing has an interval, or is off") {
  OneSocket test;
  CHECK_FALSE(test.socket.get<PlpmtudProbeInterval>().interval);
  test.socket.set(PlpmtudProbeInterval{.interval = 5s}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.given<sctp_probeinterval>(SCTP_PLPMTUD_PROBE_INTERVAL).spi_interval == 5000);
  CHECK(test.socket.get<PlpmtudProbeInterval>().interval == 5s);
  test.socket.set(PlpmtudProbeInterval{.interval = 2147483647ms});
  CHECK(test.socket.get<PlpmtudProbeInterval>().interval == 2147483647ms);
  test.socket.set(PlpmtudProbeInterval{}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.given<sctp_probeinterval>(SCTP_PLPMTUD_PROBE_INTERVAL).spi_interval == 0);
  PlpmtudProbeInterval before{.interval = 5s};
  get_option(test.target(), before, test.error);
  CHECK_FALSE(before.interval);
}

TEST_CASE("An interval of probing that is none, or too short or too long, is refused") {
  OneSocket test;
  for (const auto interval : {0ms, -1ms, 2147483648ms, std::chrono::milliseconds::max()}) {
    CAPTURE(interval.count());
    test.socket.set(PlpmtudProbeInterval{.interval = interval}, test.error);
    CHECK(std::exchange(test.error, {}) == std::errc::invalid_argument);
  }
  CHECK(test.kernel.total() == 0);
  test.socket.set(PlpmtudProbeInterval{.interval = 4999ms}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
}

TEST_CASE("AutoAsconf is on or off, and needs a wildcard") {
  check_flag<option::AutoAsconf>(SCTP_AUTO_ASCONF);
  OneSocket test;
  test.kernel.fail_next(Call::setsockopt, EINVAL);
  CHECK_THROWS_WITH(test.socket.set(option::AutoAsconf{}),
                    "cannot set SCTP_AUTO_ASCONF: it takes a socket that is bound to a wildcard address: "
                    "Invalid argument");
}

// Failures

TEMPLATE_TEST_CASE("Whichever call of setting an option of a path fails, the error is told", "",
                   option::PeerAddrThlds, RemoteUdpEncapsPort, PlpmtudProbeInterval) {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    test.association.set(TestType{}, near, error);
  });
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    static_cast<void>(test.association.get<TestType>(near, error));
  });
}

TEST_CASE("Whichever call about the primary path, or about how a path is doing, fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    test.association.set(PrimaryAddr{.address = near}, error);
  });
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.comes_up();
    static_cast<void>(test.association.get<PeerAddrInfo>(near, error));
  });
}

TEST_CASE("Every option of paths fails with the kernel's error, and leaves the value alone") {
  OneSocket test;
  test.comes_up();
  const OptionTarget one = test.target_of_one();
  const OptionTarget whom = GENERATE_REF(test.target(), test.target_of_one());
  const PeerAddrThlds thresholds{.potentially_failed = std::uint16_t{7}, .switch_primary = std::uint16_t{77}};
  check_set_fails(test, whom, PeerAddrThlds{});
  check_set_fails(test, whom, PeerAddrThlds{}, Call::getsockopt);
  check_set_fails(test, one, PrimaryAddr{.address = near});
  check_set_fails(test, one, SetPeerPrimaryAddr{.address = near});
  check_set_fails(test, whom, ExposePotentiallyFailedState{});
  check_set_fails(test, whom, RemoteUdpEncapsPort{.port = 7});
  check_set_fails(test, whom, PlpmtudProbeInterval{});
  check_get_fails(test, whom, thresholds);
  check_get_fails(test, one, near, thresholds);
  check_get_fails(test, one, near, PeerAddrInfo{.address = far, .mtu = 77});
  check_get_fails(test, one, PrimaryAddr{.address = far});
  check_get_fails(test, whom, ExposePotentiallyFailedState{Exposure::never});
  check_get_fails(test, whom, RemoteUdpEncapsPort{.port = 77});
  check_get_fails(test, one, near, RemoteUdpEncapsPort{.port = 77});
  check_get_fails(test, whom, PlpmtudProbeInterval{.interval = 77ms});
  check_get_fails(test, one, near, PlpmtudProbeInterval{.interval = 77ms});
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <exception>
#include <map>
#include <string>

#include "no_descriptors.hpp"
#include "two_hosts.hpp"

using sctp::Feature;
using sctp::Features;
using sctp::FeatureSupport;
using sctp::OneToOneSocket;
using sctp::Support;
using namespace sctp::option;
using namespace std::chrono_literals;

// Each host has sysctls of its own, which begin as the kernel's defaults.

namespace {

/// What the option that a feature names says of a new socket, and what becomes of setting it.
struct Trial {
  bool is_on = false;
  std::error_code error;
};

template <class O, class IsOn>
Trial attempt(const OneToOneSocket& socket, const O& wanted, IsOn is_on) {
  Trial trial;
  if constexpr (Gettable<O>) {
    const O fresh = socket.get<O>(trial.error);
    if (trial.error) return trial;
    trial.is_on = is_on(fresh);
  }
  socket.set(wanted, trial.error);
  return trial;
}

template <class Capability>
Trial attempt(const OneToOneSocket& socket) {
  return attempt(socket, Capability{}, [](const Capability& fresh) { return fresh.on; });
}

Trial attempt(Feature feature) {
  using enum Feature;
  const OneToOneSocket socket{sctp::Address::Family::v4};
  const auto schedule = [&](StreamScheduler::Scheduler scheduler) {
    return attempt(socket, StreamScheduler{scheduler}, [](const auto&) { return false; });
  };
  switch (feature) {
    case partial_reliability: return attempt<PrSupported>(socket);
    case interleaving: socket.set(FragmentInterleave{}); return attempt<InterleavingSupported>(socket);
    case reconfiguration: return attempt<ReconfigSupported>(socket);
    case address_changes: socket.set(AuthSupported{}); return attempt<AsconfSupported>(socket);
    case authentication: return attempt<AuthSupported>(socket);
    case congestion_marks: return attempt<EcnSupported>(socket);
    case stream_schedulers: return schedule(StreamScheduler::Scheduler::round_robin);
    case weighted_schedulers: return schedule(StreamScheduler::Scheduler::fair_capacity);
    case potentially_failed:
      return attempt(socket, ExposePotentiallyFailedState{}, [](const auto& fresh) {
        return fresh.exposure == ExposePotentiallyFailedState::Exposure::always;
      });
    case switching_primary:
      return attempt(socket, PeerAddrThlds{.switch_primary = 5},
                     [](const auto& fresh) { return fresh.switch_primary != PeerAddrThlds::never; });
    case udp_encapsulation:
      return attempt(socket, RemoteUdpEncapsPort{9899}, [](const auto& fresh) { return fresh.port != 0; });
    case packet_size_probing:
      return attempt(socket, PlpmtudProbeInterval{7s},
                     [](const auto& fresh) { return fresh.interval.has_value(); });
  }
  return {};
}

/// On the calling thread's host the probe says of each feature what its option does.
void check(const Features& features) {
  for (const FeatureSupport& one : features) {
    const Trial trial = attempt(one.feature);
    INFO(to_string(one) + " / " + trial.error.message());
    switch (one.support) {
      case Support::on: CHECK(trial.is_on); break;
      case Support::optional:
        CHECK_FALSE(trial.is_on);
        CHECK_FALSE(trial.error);
        break;
      case Support::forbidden: CHECK(trial.error == std::errc::operation_not_permitted); break;
      case Support::absent: CHECK(trial.error); break;
    }
  }
}

using Table = std::map<Feature, Support>;

Table table(const Features& features) {
  Table all;
  for (const FeatureSupport& one : features) all[one.feature] = one.support;
  return all;
}

/// What the kernel's defaults are; some schedulers came with Linux 6.4.
Table defaults() {
  using enum Feature;
  const OneToOneSocket socket{sctp::Address::Family::v4};
  std::error_code error;
  socket.set(StreamScheduler{StreamScheduler::Scheduler::weighted_fair}, error);
  return {{partial_reliability, Support::on},
          {interleaving, Support::forbidden},
          {reconfiguration, Support::optional},
          {address_changes, Support::optional},
          {authentication, Support::optional},
          {congestion_marks, Support::on},
          {stream_schedulers, Support::optional},
          {weighted_schedulers, error ? Support::absent : Support::optional},
          {potentially_failed, Support::optional},
          {switching_primary, Support::optional},
          {udp_encapsulation, Support::forbidden},
          {packet_size_probing, Support::optional}};
}

}  // namespace

TEST_CASE("SCTP is available where it is", "[feature]") {
  const std::size_t before = test::open_descriptors();
  const auto sctp = sctp::available();
  CHECK(sctp);
  CHECK_FALSE(sctp.reason());
  CHECK(to_string(sctp) == "SCTP is here");
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("What the kernel can do by default is what its options do", "[feature]") {
  const test::Host host;
  host.run([] {
    const std::size_t before = test::open_descriptors();
    const Features features = sctp::probe_features();
    CHECK(test::open_descriptors() == before);
    CHECK(table(features) == defaults());
    check(features);
  });
}

TEST_CASE("What a sysctl changes is seen, and nothing else", "[feature]") {
  using enum Feature;
  struct Case {
    std::string sysctl;
    long value;
    Feature feature;
    Support support;
  };
  const auto one = GENERATE(values<Case>({
      {"prsctp_enable", 0, partial_reliability, Support::optional},
      {"intl_enable", 1, interleaving, Support::optional},
      {"reconf_enable", 1, reconfiguration, Support::on},
      {"addip_enable", 1, address_changes, Support::on},
      {"auth_enable", 1, authentication, Support::on},
      {"ecn_enable", 0, congestion_marks, Support::optional},
      {"pf_expose", 1, potentially_failed, Support::optional},
      {"pf_expose", 2, potentially_failed, Support::on},
      {"ps_retrans", 7, switching_primary, Support::on},
      {"udp_port", 9899, udp_encapsulation, Support::optional},
      {"plpmtud_probe_interval", 5000, packet_size_probing, Support::on},
  }));
  const std::string sysctl = "net.sctp." + one.sysctl;
  INFO(sysctl << " = " << one.value);
  const test::Host host;
  host.set_sysctl(sysctl, one.value);
  host.run([&] {
    const Features features = sctp::probe_features();
    Table expected = defaults();
    expected[one.feature] = one.support;
    CHECK(table(features) == expected);
    CHECK(features[one.feature].sysctl == sysctl);
    check(features);
  });
}

TEST_CASE("A feature is described with what turns it on and off", "[feature]") {
  const test::Host host;
  host.run([] {
    const Features features = sctp::probe_features();
    for (const FeatureSupport& one : features) {
      const std::string text = to_string(one);
      INFO(text);
      CHECK(text.starts_with(to_string(one.feature) + ": " + to_string(one.support) + "; "));
      const bool can_be_set = one.support == Support::on || one.support == Support::optional;
      CHECK((text.find(one.option) != std::string::npos) == can_be_set);
      CHECK((one.support == Support::absent || text.find(one.sysctl) != std::string::npos));
    }
    CHECK(to_string(features[Feature::authentication]) ==
          "authentication: optional; turn it on with option::AuthSupported, for all new sockets with "
          "net.sctp.auth_enable");
    CHECK(to_string(features[Feature::congestion_marks]) ==
          "congestion marks: on; turn it off with option::EcnSupported, for all new sockets with "
          "net.sctp.ecn_enable");
    CHECK(to_string(features[Feature::udp_encapsulation]) ==
          "UDP encapsulation: forbidden; set net.sctp.udp_port to permit it");
    CHECK(to_string(features[Feature::stream_schedulers]) ==
          "stream schedulers: optional; turn it on with option::StreamScheduler");
  });
}

TEST_CASE("Where no socket can be opened it is said why", "[feature]") {
  std::error_code error;
  sctp::Availability availability;
  std::exception_ptr thrown;  // a sanitizer that is to know its type needs a descriptor
  Table all;
  {
    const test::NoDescriptors none;
    availability = sctp::available();
    all = table(sctp::probe_features(error));
    try {
      static_cast<void>(sctp::probe_features());
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  CHECK_FALSE(availability);
  CHECK(availability.reason() == std::errc::too_many_files_open);
  CHECK(to_string(availability) == "no SCTP: Too many open files");
  CHECK(error == std::errc::too_many_files_open);
  CHECK(std::ranges::all_of(all, [](const auto& one) { return one.second == Support::absent; }));
  REQUIRE(thrown);
  CHECK_THROWS_WITH(std::rethrow_exception(thrown), Catch::Matchers::Contains("Too many open files"));
}

TEST_CASE("That paths begin to fail is forbidden where the kernel is not to look for it", "[feature]") {
  const test::Host host;
  host.set_sysctl("net.sctp.pf_enable", 0);
  host.run(
      [] { CHECK(to_string(sctp::probe_features()[Feature::potentially_failed].support) == "forbidden"); });
}

TEST_CASE("Switching the primary path is possible, however late paths begin to fail", "[feature]") {
  const test::Host host;
  host.set_sysctl("net.sctp.pf_retrans", 200);
  host.run(
      [] { CHECK(to_string(sctp::probe_features()[Feature::switching_primary].support) == "optional"); });
}

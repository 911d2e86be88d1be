// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/feature.hpp>

#include <cerrno>
#include <vector>

#include <sctpxx/error.hpp>

#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;

constexpr std::pair<int, int> sctp_option(int number) { return {IPPROTO_SCTP, number}; }
constexpr const char* udp_port = "/proc/sys/net/sctp/udp_port";

template <class Native>
std::vector<std::byte> bytes_of(const Native& native) {
  const Bytes bytes = std::as_bytes(std::span{&native, 1});
  return {bytes.begin(), bytes.end()};
}

Support support_of(Feature feature) {
  std::error_code error = Errc::no_addresses;
  const Features features = probe_features(error);
  CHECK_FALSE(error);
  CHECK(features[feature].feature == feature);
  return features[feature].support;
}

TEST_CASE("A kernel with its defaults has what is on by itself, and the rest when it is told so") {
  const FakeKernel kernel;
  std::vector<std::pair<Feature, Support>> found;
  for (const FeatureSupport& one : probe_features()) found.emplace_back(one.feature, one.support);
  CHECK(found == std::vector<std::pair<Feature, Support>>{
                     {Feature::partial_reliability, Support::on},
                     {Feature::interleaving, Support::forbidden},
                     {Feature::reconfiguration, Support::optional},
                     {Feature::authentication, Support::optional},
                     {Feature::address_changes, Support::optional},
                     {Feature::congestion_marks, Support::on},
                     {Feature::stream_schedulers, Support::optional},
                     {Feature::weighted_schedulers, Support::absent},
                     {Feature::potentially_failed, Support::optional},
                     {Feature::switching_primary, Support::optional},
                     {Feature::udp_encapsulation, Support::forbidden},
                     {Feature::packet_size_probing, Support::optional},
                 });
}

TEST_CASE("Probing opens one socket, makes some thirty calls, and closes it") {
  FakeKernel kernel;
  kernel.allows_interleaving = GENERATE(false, true);
  kernel.schedulers = 5;
  kernel.files[udp_port] = "9899\n";
  static_cast<void>(probe_features());
  CHECK(kernel.total() <= 40);
  CHECK(kernel.count(Call::socket) == 1);
  CHECK(kernel.count(Call::close) == 1);
  CHECK(kernel.open_count() == 0);
}

/// What both sides must agree on.
struct Capability {
  Feature feature;
  int option;
};
Capability any_capability() {
  return GENERATE(values<Capability>({{Feature::partial_reliability, SCTP_PR_SUPPORTED},
                                      {Feature::interleaving, SCTP_INTERLEAVING_SUPPORTED},
                                      {Feature::reconfiguration, SCTP_RECONFIG_SUPPORTED},
                                      {Feature::address_changes, SCTP_ASCONF_SUPPORTED},
                                      {Feature::authentication, SCTP_AUTH_SUPPORTED},
                                      {Feature::congestion_marks, SCTP_ECN_SUPPORTED}}));
}

TEST_CASE("A capability is on, or can be turned on, or is forbidden, or the kernel has none") {
  FakeKernel kernel;
  kernel.allows_interleaving = true;
  const auto [feature, option] = any_capability();
  const auto starts_as = [&kernel, number = option](std::uint32_t on) {
    kernel.furnish = [on, number](Descriptor& fresh) { fresh.options[sctp_option(number)] = bytes_of(on); };
  };
  starts_as(1);
  CHECK(support_of(feature) == Support::on);
  starts_as(0);
  CHECK(support_of(feature) == Support::optional);
  for (const int error : {EPERM, EACCES}) {
    kernel.refused_options[sctp_option(option)] = error;
    CHECK(support_of(feature) == Support::forbidden);
  }
  for (const int error : {EINVAL, EOPNOTSUPP}) {
    kernel.refused_options[sctp_option(option)] = error;
    CHECK(support_of(feature) == Support::absent);
  }
  kernel.refused_options.clear();
  kernel.unknown_options = {sctp_option(option)};
  CHECK(support_of(feature) == Support::absent);
}

TEST_CASE("Schedulers are there or not") {
  FakeKernel kernel;
  CHECK(support_of(Feature::stream_schedulers) == Support::optional);
  CHECK(support_of(Feature::weighted_schedulers) == Support::absent);
  kernel.schedulers = 5;
  CHECK(support_of(Feature::weighted_schedulers) == Support::optional);
  kernel.schedulers = 4;  // fair capacity alone
  CHECK(support_of(Feature::weighted_schedulers) == Support::absent);
  kernel.unknown_options = {sctp_option(SCTP_STREAM_SCHEDULER)};
  CHECK(support_of(Feature::stream_schedulers) == Support::absent);
  CHECK(support_of(Feature::weighted_schedulers) == Support::absent);
}

TEST_CASE("Events of paths that begin to fail are on where all of them are told") {
  FakeKernel kernel;
  const auto starts_as = [&kernel](std::uint32_t exposure) {
    kernel.furnish = [exposure](Descriptor& fresh) {
      fresh.options[sctp_option(SCTP_EXPOSE_POTENTIALLY_FAILED_STATE)] =
          bytes_of(sctp_assoc_value{0, exposure});
    };
  };
  starts_as(0);
  CHECK(support_of(Feature::potentially_failed) == Support::optional);
  starts_as(1);
  CHECK(support_of(Feature::potentially_failed) == Support::optional);
  starts_as(2);
  CHECK(support_of(Feature::potentially_failed) == Support::on);
  kernel.files["/proc/sys/net/sctp/pf_enable"] = "0\n";  // then there is no such state to tell
  CHECK(support_of(Feature::potentially_failed) == Support::forbidden);
  kernel.unknown_options = {sctp_option(SCTP_EXPOSE_POTENTIALLY_FAILED_STATE)};
  CHECK(support_of(Feature::potentially_failed) == Support::absent);
  kernel.files.clear();
  CHECK(support_of(Feature::potentially_failed) == Support::absent);
}

TEST_CASE("A primary that moves is on where there is a threshold, and absent before Linux 5.5") {
  FakeKernel kernel;
  const auto starts_as = [&kernel](std::uint16_t threshold) {
    kernel.furnish = [threshold](Descriptor& fresh) {
      sctp_paddrthlds_v2 native{};
      native.spt_pathcpthld = threshold;
      fresh.path_options[{SCTP_PEER_ADDR_THLDS_V2}] = bytes_of(native);
    };
  };
  starts_as(5);
  CHECK(support_of(Feature::switching_primary) == Support::on);
  starts_as(0xffff);
  CHECK(support_of(Feature::switching_primary) == Support::optional);
  kernel.furnish = {};
  kernel.unknown_options = {sctp_option(SCTP_PEER_ADDR_THLDS_V2)};
  CHECK(support_of(Feature::switching_primary) == Support::absent);
  kernel.unknown_options.insert(sctp_option(SCTP_PEER_ADDR_THLDS));
  CHECK(support_of(Feature::switching_primary) == Support::absent);
}

TEST_CASE("UDP takes a port that the kernel listens on") {
  FakeKernel kernel;
  CHECK(support_of(Feature::udp_encapsulation) == Support::forbidden);
  kernel.files[udp_port] = "0\n";
  CHECK(support_of(Feature::udp_encapsulation) == Support::forbidden);
  kernel.files[udp_port] = "9899\n";
  CHECK(support_of(Feature::udp_encapsulation) == Support::optional);
  kernel.unknown_options = {sctp_option(SCTP_REMOTE_UDP_ENCAPS_PORT)};
  CHECK(support_of(Feature::udp_encapsulation) == Support::absent);
}

TEST_CASE("Probing for packet sizes is on where it has an interval") {
  FakeKernel kernel;
  CHECK(support_of(Feature::packet_size_probing) == Support::optional);
  kernel.furnish = [](Descriptor& fresh) {
    sctp_probeinterval native{};
    native.spi_interval = 6000;
    fresh.path_options[{SCTP_PLPMTUD_PROBE_INTERVAL}] = bytes_of(native);
  };
  CHECK(support_of(Feature::packet_size_probing) == Support::on);
  kernel.unknown_options = {sctp_option(SCTP_PLPMTUD_PROBE_INTERVAL)};
  CHECK(support_of(Feature::packet_size_probing) == Support::absent);
}

TEST_CASE("What the kernel does not permit to be set is forbidden, whatever it is") {
  FakeKernel kernel;
  const auto [feature, option] = GENERATE(
      values<std::pair<Feature, int>>({{Feature::stream_schedulers, SCTP_STREAM_SCHEDULER},
                                       {Feature::weighted_schedulers, SCTP_STREAM_SCHEDULER},
                                       {Feature::potentially_failed, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE},
                                       {Feature::switching_primary, SCTP_PEER_ADDR_THLDS_V2},
                                       {Feature::packet_size_probing, SCTP_PLPMTUD_PROBE_INTERVAL}}));
  const auto [error, support] = GENERATE(values<std::pair<int, Support>>(
      {{EPERM, Support::forbidden}, {EACCES, Support::forbidden}, {EINVAL, Support::absent}}));
  kernel.refused_options[sctp_option(option)] = error;
  CHECK(support_of(feature) == support);
}

TEST_CASE("A machine with one family of addresses is probed, too") {
  FakeKernel kernel;
  kernel.fail_next(Call::socket, EAFNOSUPPORT);
  CHECK(support_of(Feature::partial_reliability) == Support::on);
}

TEST_CASE("Where SCTP is not here nothing is probed, and all is absent") {
  FakeKernel kernel;
  kernel.fail_next(Call::socket, EPROTONOSUPPORT, 2);
  std::error_code error;
  const Features features = probe_features(error);
  CHECK(error == Errc::kernel_has_no_sctp);
  for (const FeatureSupport& one : features) CHECK(one.support == Support::absent);
  CHECK(kernel.story() == "socket");
  CHECK_THROWS_WITH(probe_features(), StartsWith("cannot open an SCTP socket: this kernel has no SCTP"));
}

/// How many calls it takes until the socket is there.
std::size_t calls_to_open() {
  const FakeKernel kernel;
  static_cast<void>(available());
  return kernel.total() - 1;  // without close
}

TEST_CASE("What could not be asked for is absent, and the rest is found") {
  // Whichever call fails, once the socket is there.
  const std::size_t opening = calls_to_open();
  for (std::size_t position = opening;; ++position) {
    FakeKernel kernel;
    kernel.fail_at(position, EDQUOT);
    std::error_code error;
    const Features features = probe_features(error);
    CHECK_FALSE(error);
    if (!kernel.failed_at) {
      CHECK(position > opening + 20);
      break;
    }
    std::size_t absent = 0;
    for (const FeatureSupport& one : features) absent += one.support == Support::absent ? 1U : 0U;
    CAPTURE(position, kernel.story());
    CHECK(absent <= 2);  // that, and what this kernel lacks
  }
}

TEST_CASE("A lack of memory or descriptors is an error whichever call it hits, and no feature's absence") {
  const int lack = GENERATE(ENOMEM, ENOBUFS, EMFILE, ENFILE, EINTR, EAGAIN);
  const std::size_t opening = calls_to_open();
  for (std::size_t position = opening;; ++position) {
    FakeKernel kernel;
    kernel.files[udp_port] = "9899\n";
    kernel.fail_at(position, lack);
    std::error_code error;
    const Features features = probe_features(error);
    if (!kernel.failed_at) {
      CHECK(position > opening + 20);
      break;
    }
    CAPTURE(position, kernel.story());
    CHECK(error == std::error_code{lack, std::system_category()});
    for (const FeatureSupport& one : features) CHECK(one.support == Support::absent);
    CHECK(kernel.open_count() == 0);
    CHECK(probe_features()[Feature::partial_reliability].support == Support::on);
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/feature.hpp>

#include <cerrno>
#include <string>
#include <tuple>
#include <vector>

#include <sctpxx/error.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

/// Whether SCTP is here, and what users are told of it and of its features.
namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;

TEST_CASE("SCTP is here where a socket can be opened, which is closed again") {
  const FakeKernel kernel;
  const Availability here = available();
  CHECK(here);
  CHECK_FALSE(here.reason());
  CHECK(to_string(here) == "SCTP is here");
  CHECK(kernel.count(Call::socket) == 1);
  CHECK(kernel.open_count() == 0);
}

TEST_CASE("Where SCTP is not here, the reason says so, and what to do") {
  FakeKernel kernel;
  const auto [error, reason, text] = GENERATE(values<std::tuple<int, std::error_code, std::string>>(
      {{EPROTONOSUPPORT, Errc::kernel_has_no_sctp,
        "no SCTP: this kernel has no SCTP (load it with `modprobe sctp`, or use a kernel that has it)"},
       {ESOCKTNOSUPPORT, Errc::kernel_has_no_sctp,
        "no SCTP: this kernel has no SCTP (load it with `modprobe sctp`, or use a kernel that has it)"},
       {EACCES, std::error_code{EACCES, std::system_category()},
        "no SCTP: Permission denied (by a security policy: that of a container, or SELinux)"},
       {EPERM, std::error_code{EPERM, std::system_category()},
        "no SCTP: Operation not permitted (by a security policy: that of a container, or SELinux)"},
       {EMFILE, std::error_code{EMFILE, std::system_category()}, "no SCTP: Too many open files"}}));
  kernel.fail_next(Call::socket, error);
  const Availability absent = available();
  CHECK_FALSE(absent);
  CHECK(absent.reason() == reason);
  CHECK(to_string(absent) == text);
  CHECK(kernel.count(Call::socket) == 1);
}

TEST_CASE("A machine with one family of addresses has SCTP, too") {
  FakeKernel kernel;
  kernel.fail_next(Call::socket, EAFNOSUPPORT);
  CHECK(available());
  CHECK(kernel.count(Call::socket) == 2);
  CHECK(kernel.closed.begin()->second.domain == AF_INET6);
  kernel.fail_next(Call::socket, EAFNOSUPPORT, 2);
  const Availability neither = available();
  CHECK(neither.reason() == std::errc::address_family_not_supported);
}

TEST_CASE("A reason makes an availability, and none makes one that is here") {
  CHECK(Availability{});
  CHECK(Availability{std::error_code{}});
  CHECK_FALSE(Availability{Errc::kernel_has_no_sctp});
}

TEST_CASE("Features that were not probed are known by name, and absent") {
  const Features features;
  std::size_t index = 0;
  for (const FeatureSupport& one : features) {
    CHECK(one.feature == static_cast<Feature>(index++));
    CHECK(&one == &features[one.feature]);
    CHECK(one.support == Support::absent);
    CHECK_THAT(std::string{one.option}, StartsWith("option::"));
    CHECK_THAT(to_string(one), StartsWith(to_string(one.feature) + ": absent; it takes a newer kernel"));
  }
  CHECK(index == Features::count);
}

TEST_CASE("A feature says in one line what would change it") {
  FeatureSupport one{Feature::authentication, Support::optional, "option::AuthSupported",
                     "net.sctp.auth_enable"};
  CHECK(to_string(one) ==
        "authentication: optional; turn it on with option::AuthSupported, for all new sockets with "
        "net.sctp.auth_enable");
  one.support = Support::on;
  CHECK(to_string(one) ==
        "authentication: on; turn it off with option::AuthSupported, for all new sockets with "
        "net.sctp.auth_enable");
  one.support = Support::forbidden;
  CHECK(to_string(one) == "authentication: forbidden; set net.sctp.auth_enable to permit it");
  one.support = Support::absent;
  CHECK(to_string(one) == "authentication: absent; it takes a newer kernel");
  one.support = Support::optional;
  one.sysctl = {};
  CHECK(to_string(one) == "authentication: optional; turn it on with option::AuthSupported");
}

TEST_CASE("What is forbidden, though no sysctl decides about it, needs none") {
  const FeatureSupport one{Feature::stream_schedulers, Support::forbidden, "option::StreamScheduler", ""};
  CHECK(to_string(one).find("set  to") == std::string::npos);
}

TEST_CASE("Features and supports have names, or their numbers") {
  const Features features;
  std::vector<std::string> names;
  for (const FeatureSupport& one : features) names.push_back(to_string(one.feature));
  CHECK(names == std::vector<std::string>{"partial reliability", "interleaving", "reconfiguration",
                                          "authentication", "address changes", "congestion marks",
                                          "stream schedulers", "weighted schedulers",
                                          "potentially failed paths", "switching the primary path",
                                          "UDP encapsulation", "packet size probing"});
  CHECK(to_string(Feature{12}) == "feature 12");
  CHECK(to_string(Support::absent) == "absent");
  CHECK(to_string(Support::forbidden) == "forbidden");
  CHECK(to_string(Support::optional) == "optional");
  CHECK(to_string(Support::on) == "on");
  CHECK(to_string(Support{4}) == "support 4");
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/capability.hpp>

#include <cerrno>
#include <tuple>

#include "each_call_fails.hpp"
#include "one_socket.hpp"

/// What both sides have agreed on cannot be agreed on otherwise.
namespace {

using namespace sctp;
using namespace sctp::test;

template <class Capability, int number>
struct Named {
  using Option = Capability;
  static constexpr int native = number;
};

using Capabilities = std::tuple<
    Named<option::PrSupported, SCTP_PR_SUPPORTED>, Named<option::ReconfigSupported, SCTP_RECONFIG_SUPPORTED>,
    Named<option::InterleavingSupported, SCTP_INTERLEAVING_SUPPORTED>,
    Named<option::AsconfSupported, SCTP_ASCONF_SUPPORTED>, Named<option::AuthSupported, SCTP_AUTH_SUPPORTED>,
    Named<option::EcnSupported, SCTP_ECN_SUPPORTED>>;

/// Permits what a socket may be told otherwise only when something else is on.
void permit_all(FakeKernel& kernel) {
  kernel.allows_interleaving = true;
  kernel.files["/proc/sys/net/sctp/addip_noauth_enable"] = "1";
}

/// A socket that may be told every capability, with an association for which `option` was settled.
struct Settled : OneSocket {
  Settled(Style style, int option, bool on) : OneSocket{style} {
    permit_all(kernel);
    socket.set(option::FragmentInterleave{});
    comes_up();
    if (style == Style::one_to_many) {
      kernel.association(fd, seven).capabilities[option] = on;
    } else {
      descriptor().negotiated[option] = on;
    }
  }
};

TEMPLATE_LIST_TEST_CASE("On a socket with one association it is too late for what was settled otherwise", "",
                        Capabilities) {
  using Option = typename TestType::Option;
  const bool settled = GENERATE(false, true);
  Settled test{GENERATE(Style::one_to_one, Style::peeled_off), TestType::native, settled};
  test.socket.set(Option{.on = !settled}, test.error);
  CHECK(test.error == Errc::too_late);
  CHECK_THROWS_WITH(test.socket.set(Option{.on = !settled}),
                    "cannot set " + std::string{Option::name} +
                        ": it was settled when the association was set up (set it before `connect`, or on "
                        "the listener)");
  CHECK(test.socket.template get<Option>().on == settled);
}

TEMPLATE_LIST_TEST_CASE("What was settled so may be said again", "", Capabilities) {
  using Option = typename TestType::Option;
  const bool settled = GENERATE(false, true);
  Settled test{GENERATE(Style::one_to_one, Style::peeled_off), TestType::native, settled};
  test.socket.set(Option{.on = settled}, test.error);
  CHECK_FALSE(test.error);
  test.socket.set(Option{.on = settled});
}

TEMPLATE_LIST_TEST_CASE("On a one-to-many socket it is never too late: there are later associations", "",
                        Capabilities) {
  using Option = typename TestType::Option;
  const bool settled = GENERATE(false, true);
  Settled test{Style::one_to_many, TestType::native, settled};
  for (const bool on : {!settled, settled, !settled}) {
    test.socket.set(Option{.on = on}, test.error);
    CHECK_FALSE(test.error);
    CHECK(test.socket.template get<Option>().on == on);
    CHECK(test.association.template get<Option>().on == settled);
  }
}

TEMPLATE_LIST_TEST_CASE("What the kernel refuses is refused, and not too late", "", Capabilities) {
  using Option = typename TestType::Option;
  Settled test{Style::one_to_one, TestType::native, false};
  test.kernel.fail_next(Call::setsockopt, EPERM);
  test.socket.set(Option{}, test.error);
  CHECK(test.error == std::errc::operation_not_permitted);
}

TEMPLATE_LIST_TEST_CASE("Whichever call about what is agreed on fails, the error is told", "", Capabilities) {
  using Option = typename TestType::Option;
  const bool on = GENERATE(false, true);
  each_call_fails([on](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    permit_all(kernel);
    test.socket.set(option::FragmentInterleave{}, error);
    if (!error) test.socket.set(Option{.on = on}, error);
  });
}

TEMPLATE_LIST_TEST_CASE("What cannot be asked for stays what it is", "", Capabilities) {
  using Option = typename TestType::Option;
  Settled test{Style::one_to_one, TestType::native, false};
  const bool on = GENERATE(false, true);
  check_get_fails(test, test.target(), Option{.on = on});
  check_get_fails(test, test.target_of_one(), Option{.on = on});
}

}  // namespace

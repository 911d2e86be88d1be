// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/capability.hpp>

#include <cerrno>
#include <chrono>
#include <type_traits>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_many_socket.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/delivery.hpp>

#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Family = Address::Family;
using option::AutoClose;
using option::FragmentInterleave;
using option::InterleavingSupported;

template <class O>
concept SettableOnAssociation = requires(const Association& one, const O& value, std::error_code& error) {
  one.set(value);
  one.set(value, error);
};
template <class O>
concept GettableOfAssociation = requires(const Association& one) { one.get<O>(); };

template <class Capability, int number>
struct Named {
  using Option = Capability;
  static constexpr int native = number;
  static_assert(!SettableOnAssociation<Capability> && GettableOfAssociation<Capability>);
};

#define CAPABILITIES                                                       \
  (Named<option::PrSupported, SCTP_PR_SUPPORTED>),                         \
      (Named<option::ReconfigSupported, SCTP_RECONFIG_SUPPORTED>),         \
      (Named<option::InterleavingSupported, SCTP_INTERLEAVING_SUPPORTED>), \
      (Named<option::AsconfSupported, SCTP_ASCONF_SUPPORTED>),             \
      (Named<option::AuthSupported, SCTP_AUTH_SUPPORTED>), (Named<option::EcnSupported, SCTP_ECN_SUPPORTED>)

TEMPLATE_TEST_CASE("What a socket offers is set and got, in both forms", "", CAPABILITIES) {
  using Option = typename TestType::Option;
  FakeKernel kernel;
  kernel.allows_interleaving = true;
  const OneToManySocket socket{Family::v4};
  if constexpr (std::is_same_v<Option, option::AsconfSupported>) socket.set(option::AuthSupported{});
  std::error_code error = Errc::no_addresses;
  for (const bool on : {true, false, true}) {
    socket.set(Option{.on = on});
    CHECK(socket.get<Option>().on == on);
    socket.set(Option{.on = !on}, error);
    CHECK_FALSE(error);
    CHECK(socket.get<Option>(error).on == !on);
    CHECK_FALSE(error);
  }
  CHECK(kernel.asked_option == std::pair<int, int>{IPPROTO_SCTP, TestType::native});
  CHECK(kernel.descriptor(socket.fd()).options.contains({IPPROTO_SCTP, TestType::native}));
  CHECK(Option{}.on);
}

TEMPLATE_TEST_CASE("What both sides have is asked of the association", "", CAPABILITIES) {
  using Option = typename TestType::Option;
  FakeKernel kernel;
  const OneToManySocket socket{Family::v4};
  kernel.association(socket.fd(), AssociationId{7}).capabilities[TestType::native] = true;
  kernel.association(socket.fd(), AssociationId{8}).capabilities[TestType::native] = false;
  CHECK(socket.association(AssociationId{7}).template get<Option>().on);
  CHECK_FALSE(socket.association(AssociationId{8}).template get<Option>().on);
  std::error_code error;
  static_cast<void>(socket.association(AssociationId{9}).template get<Option>(error));
  CHECK(error == std::errc::invalid_argument);
}

TEMPLATE_TEST_CASE("A kernel without a capability says so, with its name", "", CAPABILITIES) {
  using Option = typename TestType::Option;
  FakeKernel kernel;
  const OneToManySocket socket{Family::v4};
  kernel.unknown_options = {{IPPROTO_SCTP, TestType::native}};
  kernel.files["/proc/sys/net/sctp/addip_noauth_enable"] =
      "1";  // or one of them would want authentication first
  const std::string name{Option::name};
  CHECK_THROWS_WITH(socket.set(Option{}),
                    "cannot set " + name + ": this kernel has no such option: Protocol not available");
  CHECK_THROWS_WITH(socket.get<Option>(),
                    "cannot get " + name + ": this kernel has no such option: Protocol not available");
  std::error_code error;
  socket.set(Option{}, error);
  CHECK(error == std::errc::no_protocol_option);
  static_cast<void>(socket.get<Option>(error));
  CHECK(error == std::errc::no_protocol_option);
}

TEST_CASE("Addresses that change need authentication, turned on before, or that the system does without") {
  FakeKernel kernel;
  const OneToManySocket socket{Family::v4};
  std::error_code error;
  const std::string sysctl = "/proc/sys/net/sctp/addip_noauth_enable";
  for (const char* const without : {"", "0\n"}) {
    if (*without != 0) kernel.files[sysctl] = without;
    socket.set(option::AsconfSupported{}, error);
    CHECK(error == std::errc::operation_not_permitted);
  }
  CHECK_THROWS_WITH(
      socket.set(option::AsconfSupported{}),
      "cannot set SCTP_ASCONF_SUPPORTED: it needs option::AuthSupported on this socket, turned on "
      "before: Operation not permitted");
  socket.set(option::AsconfSupported{.on = false}, error);
  CHECK_FALSE(error);
  kernel.files[sysctl] = "1\n";
  socket.set(option::AsconfSupported{}, error);
  CHECK_FALSE(error);
  kernel.files.clear();
  socket.set(option::AuthSupported{});
  socket.set(option::AsconfSupported{}, error);
  CHECK_FALSE(error);
}

TEST_CASE("Interleaving needs its sysctl, and that messages may alternate at all") {
  FakeKernel kernel;
  const OneToManySocket socket{Family::v4};
  std::error_code error;
  socket.set(InterleavingSupported{}, error);
  CHECK(error == std::errc::operation_not_permitted);
  kernel.allows_interleaving = true;
  socket.set(InterleavingSupported{}, error);
  CHECK_FALSE(error);
  socket.set(FragmentInterleave{.on = false});
  socket.set(InterleavingSupported{}, error);
  CHECK(error == std::errc::operation_not_permitted);
}

// FragmentInterleave, AutoClose

static_assert(!SettableOnAssociation<FragmentInterleave> && !GettableOfAssociation<FragmentInterleave>);
static_assert(!SettableOnAssociation<AutoClose> && !GettableOfAssociation<AutoClose>);

TEST_CASE("Messages of several associations alternate on one-to-many sockets unless that is turned off") {
  const FakeKernel kernel;
  const OneToManySocket many{Family::v4};
  const OneToOneSocket one{Family::v4};
  CHECK(many.get<FragmentInterleave>().on);
  CHECK_FALSE(one.get<FragmentInterleave>().on);
  std::error_code error = Errc::no_addresses;
  many.set(FragmentInterleave{.on = false}, error);
  CHECK_FALSE(error);
  CHECK_FALSE(many.get<FragmentInterleave>(error).on);
  CHECK_FALSE(error);
  one.set(FragmentInterleave{});
  CHECK(one.get<FragmentInterleave>().on);
}

TEST_CASE("Associations that are idle are closed after whole seconds, or never") {
  FakeKernel kernel;
  const OneToManySocket socket{Family::v4};
  CHECK_FALSE(socket.get<AutoClose>().idle);
  std::error_code error = Errc::no_addresses;
  socket.set(AutoClose{.idle = 90s}, error);
  CHECK_FALSE(error);
  CHECK(socket.get<AutoClose>().idle == 90s);
  socket.set(AutoClose{.idle = 2min});
  CHECK(socket.get<AutoClose>(error).idle == 120s);
  socket.set(AutoClose{});
  CHECK_FALSE(socket.get<AutoClose>().idle);
}

TEST_CASE("A time of idleness that the kernel would not keep to is refused") {
  FakeKernel kernel;
  const OneToManySocket socket{Family::v4};
  std::error_code error;
  kernel.forget_calls();
  for (const std::chrono::seconds none :
       {0s, -1s, std::chrono::seconds::min(), std::chrono::seconds{1LL << 31},
        std::chrono::seconds{(1LL << 32) + 5}, std::chrono::seconds::max()}) {
    CAPTURE(none.count());
    socket.set(AutoClose{.idle = none}, error);
    CHECK(error == std::errc::invalid_argument);
    CHECK_FALSE(error == Errc::value_not_taken);
  }
  CHECK(kernel.total() == 0);
  kernel.longest_autoclose = 100;
  socket.set(AutoClose{.idle = 100s}, error);
  CHECK_FALSE(error);
  socket.set(AutoClose{.idle = 101s}, error);
  CHECK(error == Errc::value_not_taken);
  CHECK_THROWS_WITH(socket.set(AutoClose{.idle = 101s}),
                    "cannot set SCTP_AUTOCLOSE: the kernel took another value (it is capped by a sysctl; "
                    "`get` tells)");
  CHECK(socket.get<AutoClose>().idle == 100s);
}

TEST_CASE("A one-to-one socket has no idleness to set") {
  const FakeKernel kernel;
  const OneToOneSocket socket{Family::v4};
  std::error_code error;
  socket.set(AutoClose{.idle = 1s}, error);
  CHECK(error == std::errc::operation_not_supported);
  static_cast<void>(socket.get<AutoClose>(error));
  CHECK(error == std::errc::operation_not_supported);
}

TEST_CASE("Setting a time of idleness fails with whichever call fails") {
  FakeKernel kernel;
  const OneToManySocket socket{Family::v4};
  std::error_code error;
  const Call call = GENERATE(Call::setsockopt, Call::getsockopt);
  kernel.fail_next(call, EDQUOT);
  socket.set(AutoClose{.idle = 1s}, error);
  CHECK(error.value() == EDQUOT);
}

}  // namespace

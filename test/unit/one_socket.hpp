// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <sctpxx/association.hpp>
#include <sctpxx/error.hpp>
#include <sctpxx/option.hpp>

#include "many.hpp"
#include "native.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

/// What tests of options have in common.
namespace sctp::test {

inline const Address near = Address::v4({192, 0, 2, 1}, 3868);
inline const Address far = Address::v4({198, 51, 100, 1}, 3868);
inline const Address nobodys = Address::v4({203, 0, 113, 1}, 3868);

/// A socket of somebody else, with no association yet.
struct Opened {
  FakeKernel& kernel;
  int fd;
  SocketRef socket;
  Association association{socket, seven};
  std::error_code error = Errc::no_addresses;

  explicit Opened(FakeKernel& on, Style style = Style::one_to_one, int domain = AF_INET)
      : kernel{on},
        fd{on.open(domain, style == Style::one_to_one ? SOCK_STREAM : SOCK_SEQPACKET)},
        socket{SocketRef::borrow(fd, style)} {
    if (style == Style::peeled_off) {
      descriptor().is_peeled_off = true;
      descriptor().peer = near;
    }
  }
  ~Opened() { sys::close(fd); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  Descriptor& descriptor() { return kernel.descriptor(fd); }

  /// Number seven is up, with a peer that has these addresses.
  void comes_up(const std::vector<Address>& addresses = {near, far}) {
    if (socket.style() == Style::one_to_one) {
      kernel.association_is_up(seven);
      kernel.peer_addresses = addresses;
    } else {
      kernel.association(fd, seven).addresses = addresses;
    }
    if (socket.style() != Style::one_to_many) descriptor().peer = addresses.front();
  }

  /// What the kernel has of an option, or was to answer.
  template <class Native>
  Native kept(int level, int option) {
    Native native;
    const auto& bytes = descriptor().options.at({level, option});
    REQUIRE(bytes.size() == sizeof native);
    std::memcpy(&native, bytes.data(), sizeof native);
    return native;
  }
  template <class Native>
  void answers(int option, const Native& native, int level = IPPROTO_SCTP) {
    const Bytes bytes = std::as_bytes(std::span{&native, 1});
    descriptor().options[{level, option}].assign(bytes.begin(), bytes.end());
  }

  /// What the kernel was given when this was set last, or asked for last.
  [[nodiscard]] std::vector<std::byte> bytes_given(int option, bool sets = true,
                                                   int level = IPPROTO_SCTP) const {
    const auto is_it = [&](const OptionCall& call) {
      return call.sets == sets && call.option == std::pair{level, option};
    };
    const auto latest = std::find_if(kernel.option_calls.rbegin(), kernel.option_calls.rend(), is_it);
    REQUIRE((latest != kernel.option_calls.rend()));
    return latest->value;
  }
  template <class Native>
  [[nodiscard]] Native given(int option, bool sets = true, int level = IPPROTO_SCTP) const {
    const auto bytes = bytes_given(option, sets, level);
    Native native;
    REQUIRE(bytes.size() == sizeof native);
    std::memcpy(&native, bytes.data(), sizeof native);
    return native;
  }
  template <class Native>
  [[nodiscard]] Native asked(int option, int level = IPPROTO_SCTP) const {
    return given<Native>(option, false, level);
  }
  [[nodiscard]] std::size_t times_set(int option, int level = IPPROTO_SCTP) const {
    return static_cast<std::size_t>(std::ranges::count_if(kernel.option_calls, [&](const OptionCall& call) {
      return call.sets && call.option == std::pair{level, option};
    }));
  }

  [[nodiscard]] OptionTarget target() const { return {fd}; }
  [[nodiscard]] OptionTarget target_of_one() const { return {fd, seven}; }
};

struct OwnKernel {
  FakeKernel own_kernel;
};
/// The same on a kernel of its own.
struct OneSocket : OwnKernel, Opened {
  explicit OneSocket(Style style = Style::one_to_one, int domain = AF_INET)
      : Opened{own_kernel, style, domain} {}
};

/// An error that nothing in the library or in this kernel gives.
inline constexpr int scripted_error = EDQUOT;

inline std::string text_of_failure(std::string_view verb, std::string_view name, OptionTarget target,
                                   const std::string& part = {}) {
  std::string text = "cannot " + std::string{verb} + " " + std::string{name};
  if (!part.empty()) text += " of " + part;
  if (target.association != AssociationId{})
    text += (part.empty() ? " of association " : ", association ") + to_string(target.association);
  return text + ": " + std::error_code{scripted_error, std::system_category()}.message();
}

/// In both forms the error of the kernel's `call` comes out, and the exception names the option.
template <class O>
void check_set_fails(Opened& test, OptionTarget target, const O& value, Call call = Call::setsockopt) {
  CAPTURE(O::name);
  test.kernel.fail_next(call, scripted_error, 2);
  set_option(target, value, test.error);
  CHECK(test.error == std::error_code{scripted_error, std::system_category()});
  CHECK_THROWS_WITH(option::set(target, value), text_of_failure("set", O::name, target));
}

/// Likewise; and `value` stays what it is, which has to be another than the kernel would answer.
template <class O, class Get>
void check_value_stays(Opened& test, O& value, Get get) {
  CAPTURE(O::name);
  std::array<unsigned char, sizeof value> before;
  std::memcpy(before.data(), static_cast<const void*>(&value), sizeof value);
  test.kernel.fail_next(Call::getsockopt, scripted_error);
  get();
  CHECK(test.error == std::error_code{scripted_error, std::system_category()});
  CHECK(std::memcmp(before.data(), static_cast<const void*>(&value), sizeof value) == 0);
  test.kernel.fail_next(Call::getsockopt, scripted_error);
}
template <class O>
void check_get_fails(Opened& test, OptionTarget target, O value) {
  check_value_stays(test, value, [&] { get_option(target, value, test.error); });
  CHECK_THROWS_WITH(option::get<O>(target), text_of_failure("get", O::name, target));
}
template <class O>
void check_get_fails(Opened& test, OptionTarget target, const typename O::Key& key, O value) {
  check_value_stays(test, value, [&] { get_option(target, key, value, test.error); });
  CHECK_THROWS_WITH(option::get<O>(target, key),
                    text_of_failure("get", O::name, target, detail::name_of_part(key)));
}

/// An option of the socket that is on or off, as the kernel's `int`.
template <class O>
void check_flag(int option, int level = IPPROTO_SCTP, int domain = AF_INET) {
  CAPTURE(O::name);
  static_assert(O::socket_wide);
  OneSocket test{Style::one_to_one, domain};
  CHECK(O{}.on);
  for (const bool on : {true, false, true}) {
    test.socket.set(O{.on = on});
    CHECK(test.kept<int>(level, option) == (on ? 1 : 0));
    CHECK(test.socket.get<O>().on == on);
    test.socket.set(O{.on = !on}, test.error);
    CHECK_FALSE(test.error);
    CHECK(test.socket.get<O>(test.error).on == !on);
    CHECK_FALSE(test.error);
  }
  test.answers(option, int{2}, level);
  CHECK(test.socket.get<O>().on);
  check_set_fails(test, test.target(), O{});
  check_get_fails(test, test.target(), O{.on = false});
}

}  // namespace sctp::test

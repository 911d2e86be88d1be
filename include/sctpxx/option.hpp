// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>

namespace sctp::inline v0 {

/// Whom an option is asked of: a socket's own settings, which its later associations begin with, or one
/// association. On a socket of one-to-one style the kernel takes both for the association, once that is up.
struct OptionTarget {
  int fd = -1;
  AssociationId association{};  ///< 0: the socket's own settings (SCTP_FUTURE_ASSOC)
};

/// An option is an aggregate with a `name`, and the free functions that make it settable, gettable or both.
/// They are found by argument-dependent lookup, so an application can add options of its own:
///
///     struct MyOption { static constexpr std::string_view name = "MY_OPTION"; int value = 0; };
///     void set_option(sctp::OptionTarget, const MyOption&, std::error_code&) noexcept;
///     void get_option(sctp::OptionTarget, MyOption&, std::error_code&) noexcept;
namespace option {

template <class O>
concept Settable = requires(OptionTarget target, const O& value, std::error_code& error) {
  O::name;
  set_option(target, value, error);
};

/// An option that a socket has for all its associations together says so by a member `socket_wide`; it cannot
/// be asked of one association.
template <class O>
concept SocketWide = requires { O::socket_wide; };

/// An option that is settled when an association is set up says so by a member `negotiated`: it is set on the
/// socket before, and asked of the association afterwards.
template <class O>
concept Negotiated = requires { O::negotiated; };

template <class O>
concept Gettable = requires(OptionTarget target, O& value, std::error_code& error) {
  O::name;
  get_option(target, value, error);
};

/// `option::set(target, value)`: sets it, or throws `std::system_error` naming the option.
template <Settable O>
void set(OptionTarget target, const O& value);

/// `option::get<Status>(target)`: reads it, or throws `std::system_error` naming the option.
template <Gettable O>
[[nodiscard]] O get(OptionTarget target);

}  // namespace option

namespace detail {
[[noreturn]] SCTPXX_EXPORT void throw_option_failure(std::string_view verb, std::string_view option,
                                                     std::error_code error);
}  // namespace detail

template <option::Settable O>
void option::set(OptionTarget target, const O& value) {
  std::error_code error;
  set_option(target, value, error);
  if (error) detail::throw_option_failure("set", O::name, error);
}

template <option::Gettable O>
O option::get(OptionTarget target) {
  std::error_code error;
  O value;
  get_option(target, value, error);
  if (error) detail::throw_option_failure("get", O::name, error);
  return value;
}

}  // namespace sctp::inline v0

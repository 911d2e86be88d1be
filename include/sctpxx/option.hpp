// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>

namespace sctp::inline v0 {

/// Which of a one-to-many socket's associations an option is set for. A socket of one-to-one style has one,
/// which is meant by each of them once it is up.
enum class Associations : std::uint8_t {
  later,     ///< that are set up from now on. SCTP_FUTURE_ASSOC
  existing,  ///< that there are now. SCTP_CURRENT_ASSOC
  all,       ///< both. SCTP_ALL_ASSOC
};

/// Whom an option is asked of: a socket's own settings, which its later associations begin with, or one
/// association. On a socket of one-to-one style the kernel takes both for the association, once that is up;
/// while it is being set up, for what the next one begins with.
struct OptionTarget {
  int fd = -1;
  AssociationId association{};  ///< 0: the socket
  Associations reach{};         ///< where that is the socket
};

/// An option is an aggregate with a `name`, and the free functions that make it settable, gettable or both.
/// They are found by argument-dependent lookup, so an application can add options of its own:
///
///     struct MyOption { static constexpr std::string_view name = "MY_OPTION"; int value = 0; };
///     void set_option(sctp::OptionTarget, const MyOption&, std::error_code&) noexcept;
///     void get_option(sctp::OptionTarget, MyOption&, std::error_code&) noexcept;
///
/// One that is about a part of an association (a path, a stream) names that part `Key`, and has it as the
/// second argument of these functions, beside or instead of the forms without.
///
/// What an option takes for granted it may say in a member `needs`, and which values it takes in a member
/// `takes`; the text of an exception repeats them where the kernel does not permit it, or takes a value for
/// wrong.
namespace option {

template <class O>
concept Settable = requires(OptionTarget target, const O& value, std::error_code& error) {
  O::name;
  set_option(target, value, error);
};

template <class O>
concept Gettable = requires(OptionTarget target, O& value, std::error_code& error) {
  O::name;
  get_option(target, value, error);
};

template <class O>
concept KeyedSettable =
    requires(OptionTarget target, const typename O::Key& key, const O& value, std::error_code& error) {
      O::name;
      set_option(target, key, value, error);
    };

template <class O>
concept KeyedGettable =
    requires(OptionTarget target, const typename O::Key& key, O& value, std::error_code& error) {
      O::name;
      get_option(target, key, value, error);
    };

/// An option that a socket has for all its associations together says so by a member `socket_wide`; it cannot
/// be asked of one association.
template <class O>
concept SocketWide = requires { O::socket_wide; };

/// An option that only an association has says so by a member `of_association`; it cannot be asked of a
/// socket.
template <class O>
concept OfAssociation = requires { O::of_association; };

/// An option that is settled when an association is set up says so by a member `negotiated`: it is set on the
/// socket before, and asked of the association afterwards.
template <class O>
concept Negotiated = requires { O::negotiated; };

/// An option that can be set for the associations that there are, too, says so by a member
/// `reaches_existing`.
template <class O>
concept ReachesExisting = requires { O::reaches_existing; };

/// `option::set(target, value)`: sets it, or throws `std::system_error` naming the option.
template <Settable O>
void set(OptionTarget target, const O& value);
template <KeyedSettable O>
void set(OptionTarget target, const typename O::Key& key, const O& value);

/// `option::get<Status>(target)`: reads it, or throws `std::system_error` naming the option.
template <Gettable O>
[[nodiscard]] O get(OptionTarget target);
template <KeyedGettable O>
[[nodiscard]] O get(OptionTarget target, const typename O::Key& key);

}  // namespace option

namespace detail {

/// What an option is called, what it needs, and what it takes.
struct OptionName {
  std::string_view name;
  std::string_view needs{};
  std::string_view takes{};
};

template <class O>
constexpr OptionName name_of() noexcept {
  OptionName name{O::name};
  if constexpr (requires { O::needs; }) name.needs = O::needs;
  if constexpr (requires { O::takes; }) name.takes = O::takes;
  return name;
}

/// A number that no association has.
inline constexpr AssociationId nobody{INT32_MAX};

template <class Key>
std::string name_of_part(const Key& part) {
  return std::same_as<Key, StreamId> ? "stream " + to_string(part) : to_string(part);
}

/// `part`: a path or a stream, if it was about one.
[[noreturn]] SCTPXX_EXPORT void throw_option_failure(std::string_view verb, OptionName option,
                                                     OptionTarget target, std::string_view part,
                                                     std::error_code error);
}  // namespace detail

template <option::Settable O>
void option::set(OptionTarget target, const O& value) {
  std::error_code error;
  set_option(target, value, error);
  if (error) detail::throw_option_failure("set", detail::name_of<O>(), target, {}, error);
}

template <option::KeyedSettable O>
void option::set(OptionTarget target, const typename O::Key& key, const O& value) {
  std::error_code error;
  set_option(target, key, value, error);
  if (error)
    detail::throw_option_failure("set", detail::name_of<O>(), target, detail::name_of_part(key), error);
}

template <option::Gettable O>
O option::get(OptionTarget target) {
  std::error_code error;
  O value;
  get_option(target, value, error);
  if (error) detail::throw_option_failure("get", detail::name_of<O>(), target, {}, error);
  return value;
}

template <option::KeyedGettable O>
O option::get(OptionTarget target, const typename O::Key& key) {
  std::error_code error;
  O value;
  get_option(target, key, value, error);
  if (error)
    detail::throw_option_failure("get", detail::name_of<O>(), target, detail::name_of_part(key), error);
  return value;
}

}  // namespace sctp::inline v0

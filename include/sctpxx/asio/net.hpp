// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>

#include <sctpxx/error.hpp>

/// Which Asio: the standalone one, or that of Boost where SCTPXX_BOOST_ASIO is defined. A program may use
/// both, in different sources.
#ifdef SCTPXX_BOOST_ASIO
#include <boost/asio/error.hpp>

namespace sctp::inline v0::inline over_boost_asio {
namespace net = ::boost::asio;
using NetError = ::boost::system::error_code;
#else
#include <asio/error.hpp>

namespace sctp::inline v0::inline over_asio {
namespace net = ::asio;
using NetError = ::asio::error_code;
#endif

/// The same failure as Asio tells it: an errno compares equal to what `net::error` calls so, and all else is
/// as it was.
[[nodiscard]] inline NetError to_net(std::error_code error) noexcept {
  if (!error) return {};
  const bool is_errno =
      error.category() == std::system_category() || error.category() == std::generic_category();
  return is_errno ? NetError{error.value(), net::error::get_system_category()} : NetError{error};
}

#ifndef SCTPXX_BOOST_ASIO
/// The standalone Asio's errors are of a category that knows few of std::errc; these questions are answered
/// for it, too.
[[nodiscard]] inline bool operator==(const std::error_code& error, Condition condition) noexcept {
  const bool is_errno = error.category() == net::error::get_system_category();
  const std::error_code plain = is_errno ? std::error_code{error.value(), std::system_category()} : error;
  return plain == make_error_condition(condition);
}
#endif

}  // namespace sctp

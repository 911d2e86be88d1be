// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <variant>

#include <sctpxx/bytes.hpp>
#include <sctpxx/error.hpp>
#include <sctpxx/notification.hpp>

#include "support/catch.hpp"

namespace sctp::test {

/// The first `size` bytes of others at the end of a heap block, so that a look beyond them is found.
class Truncated {
 public:
  Truncated(Bytes bytes, std::size_t size) : size_{size}, bytes_{new std::byte[size]} {
    std::copy_n(bytes.begin(), size, bytes_.get());
  }
  explicit Truncated(Bytes bytes) : Truncated{bytes, bytes.size()} {}
  operator Bytes() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

/// The event in a record that is not malformed.
template <class Event>
Event decode(Bytes record) {
  std::error_code error = Errc::no_addresses;
  const Notification event = decode_notification(record, error);
  REQUIRE_FALSE(error);
  REQUIRE(std::holds_alternative<Event>(event));
  return std::get<Event>(event);
}

}  // namespace sctp::test

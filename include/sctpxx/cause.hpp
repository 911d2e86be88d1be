// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>

namespace sctp::inline v0 {

/// Why one side refused or ended something, as a number on the wire. An open set: the peer may send any.
/// RFC 9260 3.3.10, RFC 5061 4.3, RFC 4895 4.
enum class Cause : std::uint16_t {
  none = 0,
  invalid_stream = 1,
  missing_parameter = 2,
  stale_cookie = 3,
  out_of_resource = 4,
  unresolvable_address = 5,
  unrecognized_chunk = 6,
  invalid_parameter = 7,
  unrecognized_parameters = 8,
  no_user_data = 9,
  cookie_while_shutting_down = 10,
  restart_with_new_addresses = 11,
  user_initiated_abort = 12,
  protocol_violation = 13,
  delete_last_address = 0xa0,
  address_change_out_of_resource = 0xa1,
  delete_source_address = 0xa2,
  illegal_address_change_acknowledgement = 0xa3,
  address_change_not_authorized = 0xa4,
  unsupported_hmac = 0x105,
};

/// One error cause of an ABORT or ERROR chunk.
struct ErrorCause {
  Cause cause{};
  Bytes value{};  ///< what stands behind its header; with `user_initiated_abort` the peer's own words
};

/// The error causes in bytes as they stand on the wire:
/// `for (const sctp::ErrorCause& one : sctp::ErrorCauses{change.info})`.
///
/// A view, and safe on whatever a peer sent: it ends before the first cause whose length is not true.
class ErrorCauses {
 public:
  class Iterator {
   public:
    using value_type = ErrorCause;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;

    Iterator() noexcept = default;
    SCTPXX_EXPORT explicit Iterator(Bytes rest) noexcept;

    ErrorCause operator*() const noexcept { return current_; }
    const ErrorCause* operator->() const noexcept { return &current_; }
    SCTPXX_EXPORT Iterator& operator++() noexcept;
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    ErrorCause current_;
    Bytes rest_;  // from the current cause on; empty at the end
  };

  explicit ErrorCauses(Bytes wire) noexcept : wire_{wire} {}
  [[nodiscard]] Iterator begin() const noexcept { return Iterator{wire_}; }
  [[nodiscard]] static Iterator end() noexcept { return {}; }

 private:
  Bytes wire_;
};

/// Names for people: "user initiated abort"; a number for what has no name.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(Cause cause);
/// With what the peer said, as far as it can be printed: `user initiated abort "going home"`.
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const ErrorCause& cause);

}  // namespace sctp::inline v0

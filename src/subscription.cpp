// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "subscription.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "native_option.hpp"
#include "sys.hpp"

namespace sctp {
namespace {

static_assert(sizeof(sctp_event) == 8);

/// SCTP_EVENTS: one byte for each type, as many as the kernel has types. It refuses more than it knows, so
/// what is written is as long as what it gave.
struct AllEvents {
  std::array<std::uint8_t, 64> on;
  socklen_t length = sizeof on;

  void read(int fd, std::error_code& error) noexcept {
    error.clear();
    if (sys::getsockopt(fd, IPPROTO_SCTP, SCTP_EVENTS, on.data(), &length) < 0) error = native::last_error();
  }
  void write(int fd, std::error_code& error) const noexcept {
    error.clear();
    if (sys::setsockopt(fd, IPPROTO_SCTP, SCTP_EVENTS, on.data(), length) < 0) error = native::last_error();
  }
  [[nodiscard]] std::uint8_t* find(EventType event) noexcept {
    const std::size_t index = std::size_t{static_cast<std::uint16_t>(event)} - SCTP_SN_TYPE_BASE;
    return index < length ? &on[index] : nullptr;
  }
};

void set_event(int fd, sctp_assoc_t association, EventType event, bool on, std::error_code& error) noexcept {
  sctp_event native{};
  native.se_assoc_id = association;
  native.se_type = static_cast<std::uint16_t>(event);
  native.se_on = on ? 1 : 0;
  native::set_native(fd, IPPROTO_SCTP, SCTP_EVENT, native, error);
}

void set_all_events(int fd, std::span<const EventType> events, bool on, std::error_code& error) noexcept {
  AllEvents all;
  all.read(fd, error);
  if (error) return;
  for (const EventType event : events) {
    std::uint8_t* known = all.find(event);
    if (known == nullptr && event == SendFailed::type) known = all.find(EventType::send_failed_before_5_5);
    if (known == nullptr) {
      error = std::make_error_code(std::errc::not_supported);
      return;
    }
    *known = on ? 1 : 0;
  }
  all.write(fd, error);
}

}  // namespace

void set_subscription(int fd, Style style, AssociationId association, std::span<const EventType> events,
                      bool on, std::error_code& error) noexcept {
  const bool is_for_all = association == AssociationId{};
  // Where the socket has one association, the kernel does not look at the number.
  const sctp_assoc_t whose = style != Style::one_to_many ? sctp_assoc_t{SCTP_FUTURE_ASSOC}
                             : is_for_all                ? sctp_assoc_t{SCTP_ALL_ASSOC}
                                                         : native::to_native(association);
  // SCTP_EVENT goes past an association that is being set up, or waits to be accepted. SCTP_EVENTS reaches
  // it, but would take away what was asked of an association alone, where one is up.
  if (style == Style::one_to_one && native::only_association(fd) == AssociationId{}) {
    return set_all_events(fd, events, on, error);
  }
  error.clear();
  for (const EventType event : events) {
    set_event(fd, whose, event, on, error);
    // A kernel before 5.0.
    if (error == std::errc::no_protocol_option) return set_all_events(fd, events, on, error);
    if (error == std::errc::invalid_argument && !is_for_all && native::is_gone(fd, association)) {
      error = std::make_error_code(std::errc::not_connected);
      return;
    }
    if (error == std::errc::invalid_argument && event == SendFailed::type) {
      set_event(fd, whose, EventType::send_failed_before_5_5, on, error);
    }
    if (error == std::errc::invalid_argument) error = std::make_error_code(std::errc::not_supported);
    if (error) return;
  }
}

}  // namespace sctp

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>
#include <variant>

#include <sctpxx/message.hpp>
#include <sctpxx/notification.hpp>

namespace sctp::inline v0 {

namespace detail {
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
}  // namespace detail

/// The answer of one receive: a message, an event, or the healthy reason why there is neither.
/// `while (auto received = peer.receive(buffer))` runs to the end of the association.
/// Views in it are dead at the next receive with the same buffer.
class Received {
 public:
  enum class Status : std::uint8_t {
    message,
    notification,
    end_of_stream,  ///< the peer has ended gracefully: it sends no more, and all that it sent was handed out
    would_block,    ///< nothing now; the descriptor becomes readable when there is
    failed,         ///< only beside an error_code that says why
  };

  /// A message or a notification; `status` is for the other three.
  Received(const Message& message) noexcept : status_{Status::message}, content_{message} {}
  Received(const Notification& event) noexcept : status_{Status::notification}, content_{event} {}
  explicit Received(Status status) noexcept : status_{status} {}

  [[nodiscard]] Status status() const noexcept { return status_; }

  /// There is a message or a notification.
  explicit operator bool() const noexcept { return content_.index() != 0; }

  /// The message, or null. Borrows from this object.
  [[nodiscard]] const Message* message() const& noexcept { return std::get_if<Message>(&content_); }
  const Message* message() const&& = delete;

  /// The event, or null. Borrows from this object.
  [[nodiscard]] const Notification* notification() const& noexcept {
    return std::get_if<Notification>(&content_);
  }
  const Notification* notification() const&& = delete;

  /// Calls the one of `handlers` that takes what was received: a Message or one of the event structs. A
  /// generic
  /// `[](const auto&) {}` takes the rest. All must return the same type.
  /// Throws `std::bad_variant_access` when there is neither a message nor a notification.
  template <class... F>
  decltype(auto) match(F&&... handlers) const {
    detail::Overloaded<std::decay_t<F>...> handle{std::forward<F>(handlers)...};
    if (const Message* received = message()) return handle(*received);
    return std::visit(handle, std::get<Notification>(content_));
  }

 private:
  Status status_;
  std::variant<std::monostate, Message, Notification> content_;
};

}  // namespace sctp::inline v0

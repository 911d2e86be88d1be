// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
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

/// How a receive went.
enum class ReceiveStatus : std::uint8_t {
  message,  ///< a message, or a piece of one for `receive_piece`
  notification,
  end_of_stream,  ///< nothing more comes: the peer has shut down and all that it sent was handed out, or the
                  ///< association has ended in another way, which its event has told
  would_block,    ///< nothing now; the descriptor becomes readable when there is
  failed,         ///< only beside an error_code that says why
};

/// "message", "notification", …
[[nodiscard]] inline std::string to_string(ReceiveStatus status) {
  switch (status) {
    case ReceiveStatus::message: return "message";
    case ReceiveStatus::notification: return "notification";
    case ReceiveStatus::end_of_stream: return "end of stream";
    case ReceiveStatus::would_block: return "would block";
    case ReceiveStatus::failed: return "failed";
  }
  return "status " + std::to_string(static_cast<unsigned>(status));
}

/// The answer of one receive: data, an event, or the healthy reason why there is neither. `Data` is Message
/// or MessagePiece. `while (auto received = peer.receive(buffer))` runs to the end of the association.
/// Views in it are dead at the next receive with the same buffer.
template <class Data>
class BasicReceived {
 public:
  using Status = ReceiveStatus;

  /// Data or a notification; `status` is for the other three.
  BasicReceived(const Data& data) noexcept : status_{Status::message}, content_{data} {}
  BasicReceived(const Notification& event) noexcept : status_{Status::notification}, content_{event} {}
  explicit BasicReceived(Status status) noexcept : status_{status} {}

  [[nodiscard]] Status status() const noexcept { return status_; }

  /// There is data or a notification.
  explicit operator bool() const noexcept { return content_.index() != 0; }

  /// The message, or null. Borrows from this object.
  [[nodiscard]] const Message* message() const& noexcept
    requires std::same_as<Data, Message>
  {
    return std::get_if<Message>(&content_);
  }
  const Message* message() const&& = delete;

  /// The piece, or null. Borrows from this object.
  [[nodiscard]] const MessagePiece* piece() const& noexcept
    requires std::same_as<Data, MessagePiece>
  {
    return std::get_if<MessagePiece>(&content_);
  }
  const MessagePiece* piece() const&& = delete;

  /// The event, or null. Borrows from this object.
  [[nodiscard]] const Notification* notification() const& noexcept {
    return std::get_if<Notification>(&content_);
  }
  const Notification* notification() const&& = delete;

  /// Calls the one of `handlers` that takes what was received: the data or one of the event structs. A
  /// generic `[](const auto&) {}` takes the rest. All must return the same type.
  /// Throws `std::bad_variant_access` when there is neither data nor a notification.
  template <class... F>
  decltype(auto) match(F&&... handlers) const {
    // Not const: a handler may be a mutable lambda. NOLINTNEXTLINE(misc-const-correctness)
    detail::Overloaded<std::decay_t<F>...> handle{std::forward<F>(handlers)...};
    if (const Data* received = std::get_if<Data>(&content_)) return handle(*received);
    return std::visit(handle, std::get<Notification>(content_));
  }

 private:
  Status status_;
  std::variant<std::monostate, Data, Notification> content_;
};

using Received = BasicReceived<Message>;
using ReceivedPiece = BasicReceived<MessagePiece>;

/// What a call that receives by itself is to do with what comes: any function or lambda that takes a
/// `const Received&`. Borrows it, for the time of that call.
class ReceiveHandler {
 public:
  template <class F>
    requires(std::invocable<F&, const Received&> && !std::same_as<std::remove_cvref_t<F>, ReceiveHandler>)
  // It cannot hide the copy constructor. NOLINTNEXTLINE(bugprone-forwarding-reference-overload)
  ReceiveHandler(F&& handler) noexcept
      : handler_{const_cast<void*>(static_cast<const void*>(std::addressof(handler)))},
        call_{[](void* object, const Received& received) {
          std::invoke(*static_cast<std::remove_reference_t<F>*>(object), received);
        }} {}

  void operator()(const Received& received) const { call_(handler_, received); }

 private:
  void* handler_;
  void (*call_)(void*, const Received&);
};

}  // namespace sctp::inline v0

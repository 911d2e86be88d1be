// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include <sctpxx/received.hpp>

/// What a receiver is told, by value, so that it can be compared with what it is to be told.
namespace sctp::test {

/// One thing that a receiver is told, with all that is said of it.
struct Told {
  enum class What : std::uint8_t { message, piece, aborted, failed_send, event, error };
  What what{};
  AssociationId association{};
  StreamId stream{};
  bool unordered = false;
  Ppid ppid{};
  std::uint16_t ssn = 0;
  std::uint32_t tsn = 0;
  std::uint32_t context = 0;
  Address source{};
  std::size_t count = 0;  // the offset of a piece; how much had come of what was aborted
  bool begins = true;     // of a failed send
  bool ends = true;       // likewise; of a piece: it is the last
  bool sent = false;
  Cause cause{};
  std::string text{};       // of an error, or an event that is none of the above
  std::string bytes{};      // of the message, or those that an event brings
  bool may_be_cut = false;  // what was expected of a failed send, where memory was scarce

  friend bool operator==(const Told&, const Told&) = default;
};

inline std::string copy_of(Bytes bytes) { return std::string{as_text(bytes)}; }

inline Told told(const Message& message) {
  return {.what = Told::What::message,
          .association = message.association,
          .stream = message.stream,
          .unordered = message.unordered,
          .ppid = message.ppid,
          .ssn = message.ssn,
          .tsn = message.tsn,
          .context = message.context,
          .source = message.source,
          .bytes = copy_of(message.payload)};
}

inline Told told(const MessagePiece& piece) {
  Told one = told(piece.part);
  one.what = Told::What::piece;
  one.count = piece.offset;
  one.ends = piece.last;
  return one;
}

inline Told told(const PartialDeliveryAborted& event) {
  return {.what = Told::What::aborted,
          .association = event.association,
          .stream = event.stream,
          .unordered = event.unordered,
          .count = event.received};
}

inline Told told(const SendFailed& event) {
  return {.what = Told::What::failed_send,
          .association = event.association,
          .stream = event.stream,
          .unordered = event.unordered,
          .ppid = event.ppid,
          .context = event.context,
          .begins = event.begins,
          .ends = event.ends,
          .sent = event.sent,
          .cause = event.cause,
          .bytes = copy_of(event.payload)};
}

inline Told told(std::error_code error) { return {.what = Told::What::error, .text = error.message()}; }

inline Told told(const Notification& event) {
  if (const auto* aborted = std::get_if<PartialDeliveryAborted>(&event)) return told(*aborted);
  if (const auto* failed = std::get_if<SendFailed>(&event)) return told(*failed);
  Told one{.what = Told::What::event, .association = association_of(event), .text = to_string(event)};
  if (const auto* change = std::get_if<AssociationChange>(&event)) one.bytes = copy_of(change->info);
  if (const auto* remote = std::get_if<RemoteError>(&event)) one.bytes = copy_of(remote->value);
  if (const auto* unknown = std::get_if<UnknownNotification>(&event)) one.bytes = copy_of(unknown->record);
  return one;
}

template <class Data>
Told told(const BasicReceived<Data>& received) {
  return received.match([](const Data& data) { return told(data); },
                        [](const auto& event) { return told(Notification{event}); });
}

/// For people who look for what is different.
inline std::string to_string(const Told& one) {
  static constexpr const char* names[] = {"message", "piece", "aborted", "failed send", "event", "error"};
  return std::string{names[static_cast<std::size_t>(one.what)]} + " " + one.text + " association " +
         to_string(one.association) + " stream " + to_string(one.stream) + (one.unordered ? "u" : "") +
         " ppid " + to_string(one.ppid) + " ssn " + std::to_string(one.ssn) + " tsn " +
         std::to_string(one.tsn) + " context " + std::to_string(one.context) + " count " +
         std::to_string(one.count) + (one.begins ? " begins" : "") + (one.ends ? " ends" : "") +
         (one.sent ? " sent " : " ") + std::to_string(one.bytes.size()) + " bytes";
}

/// Whether what was told is what was to be told.
inline bool agree(const Told& expected, const Told& observed) {
  if (!expected.may_be_cut) return expected == observed;
  Told cut = expected;
  cut.may_be_cut = false;
  if (!observed.ends && expected.bytes.starts_with(observed.bytes)) {
    cut.bytes = observed.bytes;
    cut.ends = false;
  }
  return cut == observed;
}

inline std::string to_string(const std::vector<Told>& all) {
  std::string text;
  for (const Told& one : all) text += "  " + to_string(one) + "\n";
  return text.empty() ? "  nothing\n" : text;
}

}  // namespace sctp::test

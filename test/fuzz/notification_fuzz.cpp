// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

/// Decodes the input as an event, and ends the program where what must hold of every record does not.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/notification.hpp>

#include "check.hpp"

namespace {

using namespace sctp;

/// Stated once more here, so that the decoder does not judge itself: what a record of this type must have.
std::size_t required(unsigned type) {
  constexpr std::size_t sizes[] = {8, 20, 148, 48, 16, 12, 16, 16, 20, 12, 12, 20, 16, 32};
  return type >= 0x8000 && type - 0x8000 < std::size(sizes) ? sizes[type - 0x8000] : 8;
}

/// One line of what a terminal can show, and no book.
void check_line(const std::string& text) {
  static const std::string ellipsis = "…";
  check(!text.empty() && text.size() < 8192, "a text is a line of bearable length");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, ellipsis.size(), ellipsis) == 0) {
      i += ellipsis.size() - 1;
    } else {
      check(text[i] >= 0x20 && text[i] < 0x7f, "a text is printable");
    }
  }
}

void check_inside(Bytes view, Bytes record) {
  check(view.empty() ||
            (view.data() >= record.data() && view.data() + view.size() <= record.data() + record.size()),
        "a view lies inside the record");
}

void check_causes(Bytes wire) {
  std::size_t count = 0;
  const std::byte* at = wire.data();
  const ErrorCauses causes{wire};
  for (auto one = causes.begin(); one != causes.end();) {
    check_inside(one->value, wire);
    check(one->value.data() >= at + 4, "error causes come one after the other");
    at = one->value.data() + one->value.size();
    check_line(to_string(*one));
    check_line(to_string(one->cause));
    const auto before = one++;
    check(before != one && one == std::next(before), "an iterator goes on");
    check(++count <= wire.size() / 4, "an error cause takes four bytes");
  }
}

Bytes view_of(const Notification& event) {
  if (const auto* change = std::get_if<AssociationChange>(&event)) return change->info;
  if (const auto* remote = std::get_if<RemoteError>(&event)) return remote->value;
  if (const auto* failed = std::get_if<SendFailed>(&event)) return failed->payload;
  if (const auto* unknown = std::get_if<UnknownNotification>(&event)) return unknown->record;
  return {};
}

struct Decoded {
  Notification event;
  std::error_code error;
  std::string text;
};

Decoded decode(Bytes record) {
  Decoded decoded;
  decoded.error = Errc::no_such_stream;  // to be overwritten
  decoded.event = decode_notification(record, decoded.error);
  decoded.text = to_string(decoded.event);
  return decoded;
}

void check_fields(const Notification& event, Bytes record) {
  check_line(to_string(event));
  check_inside(view_of(event), record);
  const auto association = [](const auto& one) {
    if constexpr (requires { one.association; }) return one.association;
    return AssociationId{};
  };
  check(association_of(event) == std::visit(association, event), "the association is the event's");
  if (const auto* change = std::get_if<AssociationChange>(&event)) {
    check_causes(change->info);
    check_line(to_string(change->state));
    check_line(to_string(change->end));
  } else if (const auto* address = std::get_if<PeerAddressChange>(&event)) {
    check_line(to_string(address->state));
    check_line(to_string(address->reason));
    std::error_code error;
    check(Address::parse(to_string(address->address), error) == address->address && !error,
          "an address is what its text says");
  } else if (const auto* reset = std::get_if<StreamReset>(&event)) {
    check(reset->streams.size() <= record.size() / 2, "streams come from the record");
    unsigned sum = 0;
    for (std::size_t i = 0; i != reset->streams.size(); ++i) {
      sum += static_cast<std::uint16_t>(reset->streams[i]);
    }
    check(sum <= 65535 * reset->streams.size(), "streams are numbers");
  } else if (const auto* authentication = std::get_if<AuthenticationEvent>(&event)) {
    check_line(to_string(authentication->state));
  }
}

void check_record(Bytes record) {
  const Decoded decoded = decode(record);
  struct {
    std::uint16_t type = 0;
    std::uint16_t flags = 0;
    std::uint32_t length = 0;
  } header;
  if (record.size() >= sizeof header) std::memcpy(&header, record.data(), sizeof header);
  const std::size_t length = std::max<std::size_t>(header.length, sizeof header);
  const bool is_short = std::min(record.size(), length) < std::max(required(header.type), sizeof header);
  const bool is_old_abort = header.type == 0x8006 && std::min(record.size(), length) >= 16;
  check(bool{decoded.error} == (is_short && !is_old_abort), "an error is for a record that is too short");
  check(!decoded.error || decoded.error == Errc::malformed_notification, "the error says what is wrong");
  const auto* unknown = std::get_if<UnknownNotification>(&decoded.event);
  const bool is_known = header.type > 0x8000 && header.type <= 0x800d && !decoded.error;
  check((unknown == nullptr) == is_known, "what is known has a type of its own");
  check(unknown == nullptr || unknown->record.data() == record.data(), "what is not known is kept");
  check_line(to_string(EventType{header.type}));
  check_fields(decoded.event, record);

  // It may lie anywhere, and what lies behind the length that it states is not its own.
  if (record.size() < sizeof header || header.length > record.size()) return;
  std::vector<std::byte> moved(1, std::byte{});
  moved.insert(moved.end(), record.begin(), record.end());
  moved.insert(moved.end(), 16, std::byte{0xff});
  const Decoded same = decode(Bytes{moved}.subspan(1));
  check(same.text == decoded.text && same.error == decoded.error &&
            view_of(same.event).size() == view_of(decoded.event).size(),
        "neither alignment nor what follows a record counts");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_record(std::as_bytes(std::span{data, size}));
  check_causes(std::as_bytes(std::span{data, size}));
  return 0;
}

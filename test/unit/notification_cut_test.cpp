// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <random>
#include <span>
#include <string>

#include <sctpxx/notification.hpp>

#include "support/catch.hpp"
#include "support/records.hpp"
#include "truncated.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;
using std::get;
using std::get_if;

const AssociationId ours{0x12345678};

/// What the oldest kernels wrote of it.
std::size_t least_of(const Record& record) {
  return record == partial_delivery_event(ours) ? 16 : record.size();
}

TEST_CASE("A record that is cut short is malformed wherever it is cut, and is not read beyond") {
  for (const Record& record : one_of_each(ours)) {
    for (std::size_t size = 0; size <= record.size(); ++size) {
      CAPTURE(record[0], record.size(), size);
      const Truncated cut{record, size};
      std::error_code error = Errc::no_addresses;
      const Notification event = decode_notification(cut, error);
      if (size >= least_of(record)) {
        CHECK_FALSE(error);
        CHECK(get_if<UnknownNotification>(&event) == nullptr);
        CHECK(association_of(event) == ours);
        continue;
      }
      CHECK(error == Errc::malformed_notification);
      REQUIRE(get_if<UnknownNotification>(&event) != nullptr);
      CHECK(get<UnknownNotification>(event).record.size() == size);
      CHECK((get<UnknownNotification>(event).type != 0) == (size >= 8));
    }
  }
}

TEST_CASE("An event whose own length is less than its type needs is malformed") {
  for (Record record : one_of_each(ours)) {
    const std::size_t least = least_of(record);
    for (std::size_t length = 0; length != record.size(); ++length) {
      record[4] = static_cast<std::byte>(length);
      CAPTURE(record[0], length);
      std::error_code error;
      static_cast<void>(decode_notification(record, error));
      CHECK(bool{error} == (length < least));
      if (error) CHECK(error == Errc::malformed_notification);
    }
  }
}

TEST_CASE("A record that is longer than its type needs is fine, and so is one that claims to be longer") {
  for (Record record : one_of_each(ours)) {
    CAPTURE(record[0]);
    record[5] = record[6] = std::byte{0xff};  // on either kind of machine far more than there is
    std::error_code error = Errc::no_addresses;
    CHECK(association_of(decode_notification(Truncated{record}, error)) == ours);
    CHECK_FALSE(error);
    const std::size_t longer = record.size() + 100;
    record.resize(longer, std::byte{0x5a});
    record[4] = static_cast<std::byte>(longer);
    record[5] = record[6] = record[7] = std::byte{0};
    CHECK(association_of(decode_notification(Truncated{record}, error)) == ours);
    CHECK_FALSE(error);
  }
}

TEST_CASE("A record is read wherever it lies") {
  for (const Record& record : one_of_each(ours)) {
    for (std::size_t shift = 1; shift != 8; ++shift) {
      CAPTURE(record[0], shift);
      Record moved(shift);
      moved.insert(moved.end(), record.begin(), record.end());
      const Truncated at_the_end{moved};
      std::error_code error;
      const Notification event = decode_notification(Bytes{at_the_end}.subspan(shift), error);
      CHECK_FALSE(error);
      CHECK(association_of(event) == ours);
    }
  }
}

TEST_CASE("What lies behind an event's own length is none of it") {
  const auto padded = [](Record record) {
    record.resize(record.size() + 50);
    return record;
  };
  CHECK(as_text(decode<AssociationChange>(padded(assoc_change(State::lost, {.info = "because"}))).info) ==
        "because");
  CHECK(as_text(decode<RemoteError>(padded(remote_error({}, ours, "say"))).value) == "say");
  CHECK(as_text(decode<SendFailed>(padded(send_failed_event({.payload = "hello"}))).payload) == "hello");
  CHECK(as_text(decode<SendFailed>(padded(old_send_failed({.payload = "hello"}))).payload) == "hello");
  CHECK(decode<StreamReset>(padded(stream_reset_event(1, ours, {1, 2}))).streams.size() == 2);
  CHECK(decode<UnknownNotification>(padded(unknown_event(0x8123, 24))).record.size() == 24);
}

TEST_CASE("What follows an event is, when it is cut, what there is of it") {
  const std::string_view text = "because";
  const Record change = assoc_change(State::lost, {.info = text});
  const Record remote = remote_error({}, ours, text);
  const Record failed = send_failed_event({.payload = text});
  const Record old_failed = old_send_failed({.payload = text});
  for (std::size_t left = 0; left <= text.size(); ++left) {
    const std::string_view expected = text.substr(0, left);
    CHECK(as_text(decode<AssociationChange>(Truncated{change, 20 + left}).info) == expected);
    CHECK(as_text(decode<RemoteError>(Truncated{remote, 16 + left}).value) == expected);
    CHECK(as_text(decode<SendFailed>(Truncated{failed, 32 + left}).payload) == expected);
    CHECK(as_text(decode<SendFailed>(Truncated{old_failed, 48 + left}).payload) == expected);
  }
  const Record reset = stream_reset_event(1, ours, {1, 2, 3});
  for (std::size_t left = 0; left <= 6; ++left) {
    CHECK(decode<StreamReset>(Truncated{reset, 12 + left}).streams.size() == left / 2);
  }
}

TEST_CASE("An event of an unknown type is kept as it came") {
  for (const int number : {0, 1, 0x8000, 0x800e, 0xffff}) {
    const auto type = static_cast<std::uint16_t>(number);
    const Record record = unknown_event(type, 40, 3);
    const auto event = decode<UnknownNotification>(record);
    CHECK(event.type == type);
    CHECK(event.flags == 3);
    CHECK(event.record.data() == record.data());
    CHECK(event.record.size() == 40);
  }
}

TEST_CASE("An unknown event needs its header, and no more") {
  const Record record = unknown_event(0x8123, 24);
  for (std::size_t size = 0; size <= record.size(); ++size) {
    std::error_code error;
    const Truncated cut{record, size};
    const Notification event = decode_notification(cut, error);
    CHECK(bool(error) == (size < 8));
    CHECK(get<UnknownNotification>(event).record.size() == size);
  }
  Record liar = record;
  for (std::size_t length = 0; length != 8; ++length) {
    liar[4] = static_cast<std::byte>(length);
    CHECK(decode<UnknownNotification>(liar).record.size() == 8);
  }
}

/// Looks at every byte that an event lends.
void read_all_of(const Notification& event) {
  std::size_t sum = 0;
  const auto read = [&](Bytes bytes) {
    for (const std::byte byte : bytes) sum += std::to_integer<std::size_t>(byte);
  };
  if (const auto* unknown = get_if<UnknownNotification>(&event)) read(unknown->record);
  if (const auto* change = get_if<AssociationChange>(&event)) {
    for (const ErrorCause& cause : ErrorCauses{change->info}) read(cause.value);
    read(change->info);
  }
  if (const auto* remote = get_if<RemoteError>(&event)) read(remote->value);
  if (const auto* failed = get_if<SendFailed>(&event)) read(failed->payload);
  if (const auto* reset = get_if<StreamReset>(&event)) {
    for (std::size_t i = 0; i != reset->streams.size(); ++i) {
      sum += static_cast<std::uint16_t>(reset->streams[i]);
    }
  }
  if (sum == SIZE_MAX) FAIL("more than all bytes together");
}

TEST_CASE("Bytes of any kind are an event or malformed, and nothing worse") {
  std::mt19937 random{42};
  for (int round = 0; round != 50'000; ++round) {
    Record record(random() % 5 == 0 ? random() % 200 : random() % 40);
    for (std::byte& byte : record) byte = static_cast<std::byte>(random());
    if (record.size() > 1 && random() % 4 != 0) {
      record[0] = static_cast<std::byte>(random() % 16);
      record[1] = std::byte{0x80};
    }
    if (record.size() > 7 && random() % 2 != 0) record[5] = record[6] = record[7] = std::byte{0};
    std::error_code error;
    const Truncated bytes{record};
    const Notification event = decode_notification(bytes, error);
    if (error && error != Errc::malformed_notification) FAIL(error.message());
    read_all_of(event);
    const std::string text = to_string(event);
    if (text.empty() || text.find('\n') != std::string::npos) FAIL("an event that is not one line: " << text);
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/notification.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include <sctpxx/error.hpp>

#include "support/catch.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;
using std::get;
using std::get_if;

/// The first `size` bytes of a record at the end of a heap block, so that a look beyond them is found.
class Truncated {
 public:
  Truncated(const Record& record, std::size_t size) : size_{size}, bytes_{new std::byte[size]} {
    std::copy_n(record.begin(), size, bytes_.get());
  }
  operator Bytes() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

template <class Event>
Event decode(Bytes record) {
  std::error_code error = Errc::no_addresses;
  const Notification event = decode_notification(record, error);
  REQUIRE_FALSE(error);
  REQUIRE(std::holds_alternative<Event>(event));
  return get<Event>(event);
}

TEST_CASE("An association change tells state, streams and association") {
  const auto change = decode<AssociationChange>(assoc_change(
      State::up, {.association = AssociationId{42}, .outgoing_streams = 10, .incoming_streams = 2048}));
  CHECK(change.state == State::up);
  CHECK(change.cause == Cause::none);
  CHECK(change.outgoing_streams == 10);
  CHECK(change.incoming_streams == 2048);
  CHECK(change.association == AssociationId{42});
  CHECK(change.info.empty());
}

TEST_CASE("The cause of a loss comes in network order, and is told in the host's") {
  Record record = assoc_change(State::lost, {.cause = Cause::user_initiated_abort});
  CHECK(record[10] == std::byte{0});
  CHECK(record[11] == std::byte{12});
  CHECK(decode<AssociationChange>(record).cause == Cause::user_initiated_abort);
  record[10] = std::byte{0x12};
  record[11] = std::byte{0x34};
  CHECK(static_cast<int>(decode<AssociationChange>(record).cause) == 0x1234);
}

TEST_CASE("What follows an association change is lent to the reader, not copied") {
  const Record record = assoc_change(State::lost, {.info = "because"});
  const Bytes info = decode<AssociationChange>(record).info;
  CHECK(as_text(info) == "because");
  CHECK(info.data() == record.data() + 20);
}

TEST_CASE("A state that is not known yet is kept as its number") {
  CHECK(static_cast<int>(decode<AssociationChange>(assoc_change(State{77})).state) == 77);
}

TEST_CASE("A shutdown tells its association") {
  CHECK(decode<ShutdownReceived>(shutdown_event(AssociationId{-7})).association == AssociationId{-7});
}

TEST_CASE("A partial delivery event tells association, stream and order") {
  const auto aborted =
      decode<PartialDeliveryAborted>(partial_delivery_event(AssociationId{5}, StreamId{65535}, true));
  CHECK(aborted.association == AssociationId{5});
  CHECK(aborted.stream == StreamId{65535});
  CHECK(aborted.unordered);
  CHECK(aborted.received == 0);
  CHECK_FALSE(decode<PartialDeliveryAborted>(partial_delivery_event()).unordered);
}

TEST_CASE("An event of an unknown type is kept as it came") {
  for (const int number : {0, 0x8000, 0x8002, 0x800d, 0xffff}) {
    const auto type = static_cast<std::uint16_t>(number);
    const Record record = unknown_event(type, 40, 3);
    const auto event = decode<UnknownNotification>(record);
    CHECK(event.type == type);
    CHECK(event.flags == 3);
    CHECK(event.record.data() == record.data());
    CHECK(event.record.size() == 40);
  }
}

TEST_CASE("A record that is cut short is malformed wherever it is cut, and is not read beyond") {
  const Record shortest[] = {assoc_change(State::lost, {.cause = Cause::protocol_violation}),
                             shutdown_event(AssociationId{1}), partial_delivery_event(AssociationId{1})};
  for (const Record& record : shortest) {
    for (std::size_t size = 0; size != record.size(); ++size) {
      CAPTURE(record.size(), size);
      const Truncated cut{record, size};
      std::error_code error;
      const Notification event = decode_notification(cut, error);
      CHECK(error == Errc::malformed_notification);
      REQUIRE(get_if<UnknownNotification>(&event) != nullptr);
      CHECK(get<UnknownNotification>(event).record.size() == size);
      CHECK((get<UnknownNotification>(event).type != 0) == (size >= 8));
    }
    std::error_code error;
    static_cast<void>(decode_notification(Truncated{record, record.size()}, error));
    CHECK_FALSE(error);
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
}

TEST_CASE("The information of a change that is cut is what there is of it") {
  const Record record = assoc_change(State::lost, {.info = "because"});
  for (std::size_t size = 20; size <= record.size(); ++size) {
    const Truncated cut{record, size};
    CHECK(as_text(decode<AssociationChange>(cut).info) == std::string_view{"because"}.substr(0, size - 20));
  }
}

TEST_CASE("A record that is longer than its type needs is fine") {
  for (Record record : {shutdown_event(AssociationId{3}), partial_delivery_event(AssociationId{3})}) {
    const std::size_t needed = record.size();
    record.resize(needed + 100);
    record[4] = static_cast<std::byte>(record.size());
    std::error_code error;
    static_cast<void>(decode_notification(record, error));
    CHECK_FALSE(error);
  }
}

TEST_CASE("What lies behind an event's own length is none of it") {
  Record record = assoc_change(State::lost, {.info = "because"});
  record.resize(record.size() + 50);
  CHECK(as_text(decode<AssociationChange>(record).info) == "because");
  Record unknown = unknown_event(0x8123, 24);
  unknown.resize(64);
  CHECK(decode<UnknownNotification>(unknown).record.size() == 24);
}

TEST_CASE("An event whose own length is less than its type needs is malformed") {
  for (Record record : {assoc_change(State::up), shutdown_event(), partial_delivery_event()}) {
    for (std::size_t length = 0; length != record.size(); ++length) {
      record[4] = static_cast<std::byte>(length);
      std::error_code error;
      static_cast<void>(decode_notification(record, error));
      CHECK(error == Errc::malformed_notification);
    }
  }
}

TEST_CASE("Bytes of any kind are an event or malformed, and nothing worse") {
  std::mt19937 random{42};
  for (int round = 0; round != 50'000; ++round) {
    Record record(random() % 40);
    for (std::byte& byte : record) byte = static_cast<std::byte>(random());
    if (record.size() > 1 && random() % 4 != 0) {
      record[0] = static_cast<std::byte>(random() % 16);
      record[1] = std::byte{0x80};
    }
    if (record.size() > 7 && random() % 2 != 0) record[5] = record[6] = record[7] = std::byte{0};
    std::error_code error;
    const Notification event = decode_notification(Truncated{record, record.size()}, error);
    if (error) CHECK(error == Errc::malformed_notification);
    if (to_string(event).empty()) FAIL("an event without a text");
  }
}

TEST_CASE("An event is one line for people") {
  AssociationChange change;
  change.state = State::up;
  change.association = AssociationId{5};
  change.outgoing_streams = 10;
  change.incoming_streams = 4;
  CHECK(to_string(Notification{change}) == "association 5 is up, 10 streams out, 4 in");
  change.state = State::restarted;
  CHECK(to_string(change) == "association 5 is restarted, 10 streams out, 4 in");
  change.state = State::lost;
  CHECK(to_string(change) == "association 5 is lost, no answer, or an ABORT without a cause");
  change.cause = Cause::user_initiated_abort;
  CHECK(to_string(change) == "association 5 is lost, user initiated abort");
  change.state = State::shutdown_complete;
  CHECK(to_string(change) == "association 5 is shut down");
  change.state = State::cannot_start;
  CHECK(to_string(change) == "association 5 is unable to start");
  change.state = State{9};
  CHECK(to_string(change) == "association 5 is in state 9");

  CHECK(to_string(Notification{ShutdownReceived{AssociationId{5}}}) == "association 5: the peer shuts down");
  PartialDeliveryAborted aborted{AssociationId{5}, StreamId{2}, false, 1000};
  CHECK(to_string(Notification{aborted}) ==
        "association 5: a message on stream 2 was aborted after 1000 bytes");
  aborted.unordered = true;
  CHECK(to_string(aborted) ==
        "association 5: a message on stream 2, unordered, was aborted after 1000 bytes");
  CHECK(to_string(Notification{UnknownNotification{0x8123, 0, as_bytes("12345678")}}) ==
        "unknown event of type 33059, 8 bytes");
}

TEST_CASE("A cause has a name, or its number") {
  for (int number = 0; number != 14; ++number) {
    CHECK(to_string(Cause{static_cast<std::uint16_t>(number)}).find("cause 1") == std::string::npos);
  }
  CHECK(to_string(Cause::none) == "no cause given");
  CHECK(to_string(Cause::protocol_violation) == "protocol violation");
  CHECK(to_string(Cause{0x1234}) == "cause 4660");
}

}  // namespace

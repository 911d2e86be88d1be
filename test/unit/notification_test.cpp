// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/notification.hpp>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <sctpxx/ppid.hpp>

#include "support/catch.hpp"
#include "support/records.hpp"
#include "truncated.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;
using End = AssociationChange::End;

const AssociationId ours{0x12345678};

// What receiving needs cannot be given up, and what is no event of its own cannot be asked for.
static_assert(Subscribable<AssociationChange> && Subscribable<SendFailed> && Subscribable<StreamChange>);
static_assert(!Subscribable<UnknownNotification> && !Subscribable<Message> && !Subscribable<Notification>);
static_assert(!Unsubscribable<AssociationChange> && !Unsubscribable<ShutdownReceived> &&
              !Unsubscribable<PartialDeliveryAborted> && !Unsubscribable<UnknownNotification>);
static_assert(Unsubscribable<PeerAddressChange> && Unsubscribable<RemoteError> &&
              Unsubscribable<SendFailed> && Unsubscribable<AdaptationIndication> &&
              Unsubscribable<AuthenticationEvent> && Unsubscribable<SenderDry> &&
              Unsubscribable<StreamReset> && Unsubscribable<AssociationReset> &&
              Unsubscribable<StreamChange>);

TEST_CASE("An association change tells state, streams and association") {
  const auto change = decode<AssociationChange>(
      assoc_change(State::up, {.association = ours, .outgoing_streams = 10, .incoming_streams = 2048}));
  CHECK(change.state == State::up);
  CHECK(change.end == End::none);
  CHECK(change.cause == Cause::none);
  CHECK(change.outgoing_streams == 10);
  CHECK(change.incoming_streams == 2048);
  CHECK(change.association == ours);
  CHECK(change.info.empty());
}

TEST_CASE("The cause of a loss comes in network order, and is told in the host's") {
  Record record = assoc_change(State::lost, {.cause = Cause::user_initiated_abort});
  CHECK(record[10] == std::byte{0});
  CHECK(record[11] == std::byte{12});
  CHECK(decode<AssociationChange>(record).cause == Cause::user_initiated_abort);
  record[10] = std::byte{0x12};
  record[11] = std::byte{0x34};
  CHECK(decode<AssociationChange>(record).cause == Cause{0x1234});
}

TEST_CASE("What follows an association change is lent to the reader, not copied") {
  const Record record = assoc_change(State::lost, {.info = "because"});
  const Bytes info = decode<AssociationChange>(record).info;
  CHECK(as_text(info) == "because");
  CHECK(info.data() == record.data() + 20);
}

TEST_CASE("A change tells how the association ended, as far as the kernel says") {
  const auto end = [](State state, Cause cause = {}, std::string_view info = {}) {
    return decode<AssociationChange>(assoc_change(state, {.cause = cause, .info = info})).end;
  };
  CHECK(end(State::up) == End::none);
  CHECK(end(State::restarted) == End::none);
  CHECK(end(State::shutdown_complete) == End::own_shutdown);
  CHECK(end(State::cannot_start) == End::no_setup);
  CHECK(end(State::lost) == End::timeout);
  CHECK(end(State::lost, Cause::user_initiated_abort) == End::own_abort);
  CHECK(end(State::lost, Cause::user_initiated_abort, "causes") == End::peer_abort);
  CHECK(end(State::lost, Cause::none, "causes") == End::peer_abort);
  CHECK(end(State{77}, Cause::protocol_violation, "causes") == End::none);
}

TEST_CASE("A state that is not known yet is kept as its number") {
  CHECK(decode<AssociationChange>(assoc_change(State{77})).state == State{77});
}

TEST_CASE("A change of a peer's address tells address, state, reason and association") {
  for (const char* text : {"192.0.2.1:3868", "[2001:db8::1]:65535", "[fe80::1%3]:7"}) {
    const Address address = Address::parse(text);
    const auto change = decode<PeerAddressChange>(peer_addr_change({
        .state = PeerAddressChange::State::potentially_failed,
        .reason = PeerAddressChange::Reason::peer_faulty,
        .address = address,
        .association = ours,
    }));
    CHECK(change.address == address);
    CHECK(change.state == PeerAddressChange::State::potentially_failed);
    CHECK(change.reason == PeerAddressChange::Reason::peer_faulty);
    CHECK(change.association == ours);
  }
}

TEST_CASE("A peer's IPv4 address is IPv4 where the socket's family is IPv6") {
  const Address mapped = Address::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, 3868);
  CHECK(decode<PeerAddressChange>(peer_addr_change({.address = mapped})).address ==
        Address::parse("192.0.2.1:3868"));
}

TEST_CASE("A peer's address of a family that nobody knows is no address, and the rest is told") {
  Record record = peer_addr_change({.state = PeerAddressChange::State::removed, .association = ours});
  record[8] = std::byte{0x77};
  const auto change = decode<PeerAddressChange>(record);
  CHECK(change.address == Address{});
  CHECK(change.state == PeerAddressChange::State::removed);
  CHECK(change.association == ours);
}

TEST_CASE("A remote error tells its cause, which comes in network order, and lends what stands behind it") {
  const Record record = remote_error(Cause{0x1234}, ours, "say");
  CHECK(record[8] == std::byte{0x12});
  CHECK(record[9] == std::byte{0x34});
  const auto remote = decode<RemoteError>(record);
  CHECK(remote.cause == Cause{0x1234});
  CHECK(remote.association == ours);
  CHECK(as_text(remote.value) == "say");
  CHECK(remote.value.data() == record.data() + 16);
}

TEST_CASE("A failed send tells all of its chunk, in the new form and in the old one") {
  const FailedFields fields{
      .sent = true,
      .cause = Cause{0x1234},
      .stream = StreamId{65535},
      .ppid = Ppid{0x01020304},
      .context = 0x89abcdef,
      .association = ours,
      .payload = "hello",
  };
  for (const auto& [record, size] :
       {std::pair{send_failed_event(fields), 32}, std::pair{old_send_failed(fields), 48}}) {
    CAPTURE(size);
    const auto failed = decode<SendFailed>(record);
    CHECK(failed.sent);
    CHECK(failed.begins);
    CHECK(failed.ends);
    CHECK_FALSE(failed.unordered);
    CHECK(failed.cause == Cause{0x1234});
    CHECK(failed.stream == StreamId{65535});
    CHECK(failed.ppid == Ppid{0x01020304});
    CHECK(failed.context == 0x89abcdef);
    CHECK(failed.association == ours);
    CHECK(as_text(failed.payload) == "hello");
    CHECK(failed.payload.data() == record.data() + size);
  }
}

TEST_CASE("The flags of a failed send are told one by one, in the new form and in the old one") {
  for (unsigned bits = 0; bits != 16; ++bits) {
    CAPTURE(bits);
    const auto bit = [&](unsigned one) { return (bits & one) != 0; };
    const FailedFields fields{.sent = bit(1), .begins = bit(2), .ends = bit(4), .unordered = bit(8)};
    for (const Record& record : {send_failed_event(fields), old_send_failed(fields)}) {
      const auto failed = decode<SendFailed>(record);
      CHECK(failed.sent == bit(1));
      CHECK(failed.begins == bit(2));
      CHECK(failed.ends == bit(4));
      CHECK(failed.unordered == bit(8));
    }
  }
  Record record = send_failed_event();
  record[14] =
      std::byte{0xf8};  // of the chunk's flags: "acknowledge at once", and some that do not exist yet
  CHECK_FALSE(decode<SendFailed>(record).begins);
  CHECK_FALSE(decode<SendFailed>(record).ends);
  CHECK_FALSE(decode<SendFailed>(record).unordered);
}

TEST_CASE("A shutdown tells its association") {
  CHECK(decode<ShutdownReceived>(shutdown_event(AssociationId{-7})).association == AssociationId{-7});
}

TEST_CASE("A partial delivery event tells association, stream and order") {
  const auto aborted = decode<PartialDeliveryAborted>(partial_delivery_event(ours, StreamId{65535}, true));
  CHECK(aborted.association == ours);
  CHECK(aborted.stream == StreamId{65535});
  CHECK(aborted.unordered);
  CHECK(aborted.received == 0);
  CHECK_FALSE(decode<PartialDeliveryAborted>(partial_delivery_event()).unordered);
}

TEST_CASE("A partial delivery event of a kernel before 5.0 ends with the association") {
  const auto aborted = decode<PartialDeliveryAborted>(Truncated{old_partial_delivery_event(ours)});
  CHECK(aborted.association == ours);
  CHECK(aborted.stream == StreamId{});
  CHECK_FALSE(aborted.unordered);
}

TEST_CASE("The adaptation layer's value comes as the peer's number") {
  const auto adaptation = decode<AdaptationIndication>(adaptation_event(0x89abcdef, ours));
  CHECK(adaptation.value == 0x89abcdef);
  CHECK(adaptation.association == ours);
}

TEST_CASE("An authentication event tells state, key and association") {
  using enum AuthenticationEvent::State;
  for (const auto state : {new_key, key_freed, not_supported, AuthenticationEvent::State{77}}) {
    const auto authentication = decode<AuthenticationEvent>(authentication_event(state, 0xabcd, ours));
    CHECK(authentication.state == state);
    CHECK(authentication.key == 0xabcd);
    CHECK(authentication.association == ours);
  }
}

TEST_CASE("A dry sender tells its association") {
  CHECK(decode<SenderDry>(sender_dry_event(ours)).association == ours);
}

TEST_CASE("A reset of streams tells directions, result and the streams") {
  const Record record = stream_reset_event(1, ours, {7, 0x1234, 65535});
  auto reset = decode<StreamReset>(record);
  CHECK(reset.incoming);
  CHECK_FALSE(reset.outgoing);
  CHECK(reset.result == Reconfiguration::done);
  CHECK(reset.association == ours);
  REQUIRE(reset.streams.size() == 3);
  CHECK(reset.streams[0] == StreamId{7});
  CHECK(reset.streams[1] == StreamId{0x1234});
  CHECK(reset.streams[2] == StreamId{65535});

  reset = decode<StreamReset>(stream_reset_event(2 | 4, ours));
  CHECK_FALSE(reset.incoming);
  CHECK(reset.outgoing);
  CHECK(reset.result == Reconfiguration::denied);
  CHECK(reset.streams.empty());
  CHECK(decode<StreamReset>(stream_reset_event(3 | 8)).result == Reconfiguration::failed);
  CHECK(decode<StreamReset>(stream_reset_event(3)).incoming);
  CHECK(decode<StreamReset>(stream_reset_event(3)).outgoing);
}

TEST_CASE("A list of streams is read wherever it lies, and half a number is none") {
  CHECK(StreamList{}.empty());
  const std::vector<std::uint16_t> streams{1, 2, 0x1234};
  const Bytes native = std::as_bytes(std::span{streams});
  Record moved(1);
  moved.insert(moved.end(), native.begin(), native.end());
  const StreamList list{Bytes{moved}.subspan(1)};
  REQUIRE(list.size() == 3);
  CHECK(list[2] == StreamId{0x1234});
  CHECK(StreamList{native.first(5)}.size() == 2);
  CHECK(StreamList{native.first(1)}.empty());
}

TEST_CASE("A reset of an association tells result and both numbers, which Linux has the other way round") {
  const Record record = assoc_reset_event(0, ours, 0x01020304, 0x89abcdef);
  std::uint32_t called_local = 0;
  std::memcpy(&called_local, record.data() + 12, sizeof called_local);
  CHECK(called_local == 0x89abcdef);
  const auto reset = decode<AssociationReset>(record);
  CHECK(reset.result == Reconfiguration::done);
  CHECK(reset.local_tsn == 0x01020304);
  CHECK(reset.remote_tsn == 0x89abcdef);
  CHECK(reset.association == ours);
  CHECK(decode<AssociationReset>(assoc_reset_event(4)).result == Reconfiguration::denied);
  CHECK(decode<AssociationReset>(assoc_reset_event(8)).result == Reconfiguration::failed);
}

TEST_CASE("A change of streams tells result and how many more there are") {
  const auto change = decode<StreamChange>(stream_change_event(0, ours, 0x0102, 0xabcd));
  CHECK(change.result == Reconfiguration::done);
  CHECK(change.added_incoming == 0x0102);
  CHECK(change.added_outgoing == 0xabcd);
  CHECK(change.association == ours);
  CHECK(decode<StreamChange>(stream_change_event(4)).result == Reconfiguration::denied);
  CHECK(decode<StreamChange>(stream_change_event(8)).result == Reconfiguration::failed);
}

TEST_CASE("Every event says which association it is about") {
  for (const Record& record : one_of_each(ours)) {
    std::error_code error;
    const Notification event = decode_notification(record, error);
    CAPTURE(to_string(event));
    CHECK(association_of(event) == ours);
  }
  CHECK(association_of(UnknownNotification{}) == AssociationId{});
  CHECK(association_of(decode<UnknownNotification>(unknown_event(0x8123, 40))) == AssociationId{});
}

}  // namespace

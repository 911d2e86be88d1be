// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <string>
#include <type_traits>

#include <sctpxx/notification.hpp>

#include "support/catch.hpp"
#include "support/records.hpp"
#include "truncated.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;
using End = AssociationChange::End;

const AssociationId ours{5};

/// How many numbers below `end` have a name of their own, and not the number behind `prefix`.
template <class Enum>
std::size_t names(int end, const std::string& prefix) {
  std::set<std::string> names;
  for (int number = 0; number != end; ++number) {
    const std::string name = to_string(static_cast<Enum>(number));
    CHECK_FALSE(name.empty());
    if (name != prefix + std::to_string(number)) CHECK(names.insert(name).second);
  }
  return names.size();
}

TEST_CASE("Each value of an event has a name of its own, and one that is not known has its number") {
  CHECK(names<State>(0x10000, "in state ") == 5);
  CHECK(names<End>(0x100, "end ") == 8);
  CHECK(names<PeerAddressChange::State>(0x10000, "in state ") == 7);
  CHECK(names<PeerAddressChange::Reason>(0x10000, "reason ") == 7);
  CHECK(names<AuthenticationEvent::State>(0x10000, "in state ") == 3);
  CHECK(names<Reconfiguration>(0x100, "result ") == 3);
  CHECK(to_string(PeerAddressChange::State{0xffffffff}) == "in state 4294967295");
}

TEST_CASE("Each kind of event has a name of its own; the two generations of a failed send share theirs") {
  std::set<std::string> names;
  for (int number = 0x8001; number <= 0x800d; ++number) {
    names.insert(to_string(EventType{static_cast<std::uint16_t>(number)}));
  }
  CHECK(names.size() == 12);
  CHECK(to_string(SendFailed::type) == to_string(EventType::send_failed_before_5_5));
  CHECK(to_string(EventType::sender_dry) == "sender dry");
  CHECK(to_string(EventType{0x8000}) == "event 32768");
  CHECK(to_string(EventType{0x800e}) == "event 32782");
}

TEST_CASE("A change of an association is one line for people") {
  AssociationChange change;
  change.association = ours;
  change.outgoing_streams = 10;
  change.incoming_streams = 4;
  CHECK(to_string(change) == "association 5 is up, 10 streams out, 4 in");
  change.state = State::restarted;
  CHECK(to_string(change) == "association 5 is restarted, 10 streams out, 4 in");
  change.state = State{9};
  CHECK(to_string(change) == "association 5 is in state 9");

  const auto text = [](State state, Cause cause = {}, std::string_view info = {}) {
    const Record record = assoc_change(state, {.association = ours, .cause = cause, .info = info});
    return to_string(Notification{decode<AssociationChange>(record)});
  };
  using namespace std::string_view_literals;
  CHECK(text(State::cannot_start) == "association 5 is unable to start");
  CHECK(text(State::shutdown_complete) == "association 5 is shut down, by us");
  CHECK(text(State::lost) == "association 5 is lost, no answer");
  CHECK(text(State::lost, Cause::user_initiated_abort) ==
        "association 5 is lost, aborted by us: user initiated abort");
  CHECK(text(State::lost, Cause::user_initiated_abort, "\0\x0c\0\x09later\0\0\0"sv) ==
        "association 5 is lost, aborted by the peer: user initiated abort \"later\"");
  CHECK(text(State::lost, Cause::none, "\0\x01\0\x04\0\x0d\0\x06no"sv) ==
        "association 5 is lost, aborted by the peer: invalid stream identifier, protocol violation \"no\"");
  CHECK(text(State::lost, Cause::protocol_violation, "??") ==
        "association 5 is lost, aborted by the peer: protocol violation");
  change.state = State::shutdown_complete;
  change.end = End::peer_shutdown;
  CHECK(to_string(change) == "association 5 is shut down, by the peer");
}

TEST_CASE("An event about addresses is one line for people") {
  PeerAddressChange change{.address = Address::parse("192.0.2.1:7"), .association = ours};
  CHECK(to_string(change) == "association 5: address 192.0.2.1:7 is available, too many retransmissions");
  change.state = PeerAddressChange::State::unreachable;
  change.reason = PeerAddressChange::Reason::received_sack;
  CHECK(to_string(change) == "association 5: address 192.0.2.1:7 is unreachable, acknowledged data");
  change.state = PeerAddressChange::State::potentially_failed;
  CHECK(to_string(change) == "association 5: address 192.0.2.1:7 is potentially failed, acknowledged data");
  change.state = PeerAddressChange::State::confirmed;
  CHECK(to_string(change) == "association 5: address 192.0.2.1:7 is confirmed");
}

TEST_CASE("An event about messages is one line for people") {
  SendFailed failed;
  failed.begins = failed.ends = true;
  failed.stream = StreamId{2};
  failed.context = 9;
  failed.association = ours;
  failed.payload = as_bytes("x");
  CHECK(to_string(failed) ==
        "association 5: a message of 1 byte on stream 2, context 9, was given up unsent");
  failed.payload = as_bytes("hello");
  failed.sent = true;
  failed.cause = Cause::out_of_resource;
  CHECK(to_string(failed) ==
        "association 5: a message of 5 bytes on stream 2, context 9, was given up: out of resource");
  failed.ends = false;
  CHECK(to_string(Notification{failed}) ==
        "association 5: a message, at least 5 bytes on stream 2, context 9, was given up: out of resource");

  PartialDeliveryAborted aborted{ours, StreamId{2}, false, 1000};
  CHECK(to_string(aborted) == "association 5: a message on stream 2 was aborted after 1000 bytes");
  aborted.unordered = true;
  CHECK(to_string(aborted) ==
        "association 5: a message on stream 2, unordered, was aborted after 1000 bytes");
  CHECK(to_string(SenderDry{ours}) == "association 5: everything sent is acknowledged");
}

TEST_CASE("An event about the association's life is one line for people") {
  CHECK(to_string(ShutdownReceived{ours}) == "association 5: the peer shuts down");
  CHECK(to_string(RemoteError{Cause::stale_cookie, ours, {}}) ==
        "association 5: the peer reports: stale cookie");
  CHECK(to_string(RemoteError{Cause::protocol_violation, ours, as_bytes("no\n")}) ==
        "association 5: the peer reports: protocol violation \"no\\x0a\"");
  CHECK(to_string(AdaptationIndication{7, ours}) == "association 5: the peer's adaptation layer is 7");
  using enum AuthenticationEvent::State;
  CHECK(to_string(AuthenticationEvent{new_key, 3, ours}) ==
        "association 5: authentication with another key, key 3");
  CHECK(to_string(AuthenticationEvent{not_supported, 3, ours}) ==
        "association 5: authentication not supported by the peer");
  CHECK(to_string(UnknownNotification{0x8123, 0, as_bytes("12345678")}) ==
        "unknown event of type 33059, 8 bytes");
}

TEST_CASE("An event about streams is one line for people") {
  const auto reset = [](std::uint16_t flags, const std::vector<std::uint16_t>& streams) {
    const Record record = stream_reset_event(flags, ours, streams);
    return to_string(Notification{decode<StreamReset>(record)});
  };
  CHECK(reset(1, {}) == "association 5: reset of incoming streams, all of them");
  CHECK(reset(2 | 4, {3}) == "association 5: reset of outgoing streams 3: denied");
  CHECK(reset(3 | 8, {3, 4}) == "association 5: reset of outgoing and incoming streams 3, 4: failed");
  CHECK(reset(1, std::vector<std::uint16_t>(16, 7)).ends_with("7, 7"));
  CHECK(reset(1, std::vector<std::uint16_t>(30'000, 7)).ends_with("7, 7 and 29984 more"));
  CHECK(to_string(AssociationReset{.association = ours}) ==
        "association 5: reset of all streams and numbers");
  CHECK(to_string(AssociationReset{.result = Reconfiguration::denied, .association = ours}) ==
        "association 5: reset of all streams and numbers: denied");
  CHECK(to_string(StreamChange{Reconfiguration::failed, 3, 4, ours}) ==
        "association 5: 3 more streams out, 4 more in: failed");
}

TEST_CASE("No event can be made to print two lines, or a long one, by what a peer put into it") {
  std::string hostile;
  for (int byte = 0; byte != 256; ++byte) hostile += static_cast<char>(byte);
  std::string causes{"\0\x0c\x01\x04", 4};
  causes += hostile;
  for (Record record : one_of_each(ours)) {
    for (const std::string& tail : {hostile, causes, causes + causes}) {
      Record longer = record;
      const Bytes bytes = as_bytes(tail);
      longer.insert(longer.end(), bytes.begin(), bytes.end());
      longer[4] = static_cast<std::byte>(longer.size());
      longer[5] = static_cast<std::byte>(longer.size() >> 8);
      std::error_code error;
      const std::string text = to_string(decode_notification(longer, error));
      REQUIRE_FALSE(error);
      CAPTURE(text);
      CHECK(std::ranges::none_of(text,
                                 [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
      CHECK(text.size() < 1000);
    }
  }
}

TEST_CASE("An ABORT full of causes is a short line") {
  const auto text = [](std::size_t causes) {
    std::string wire;
    while (causes-- != 0) wire.append("\0\x0c\0\x05x\0\0\0", 8);
    const Record record = assoc_change(State::lost, {.association = ours, .info = wire});
    return to_string(Notification{decode<AssociationChange>(record)});
  };
  CHECK(text(16).ends_with("user initiated abort \"x\", user initiated abort \"x\""));
  CHECK(text(17) == text(16) + ", …");
  CHECK(text(8000) == text(17));
}

}  // namespace

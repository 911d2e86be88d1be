// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/format.hpp>

#include "support/catch.hpp"

namespace {

using namespace sctp;

TEST_CASE("What has a text is formatted as its text") {
  const auto same = [](const auto& value) { CHECK(fmt::format("{}", value) == to_string(value)); };
  same(Address::parse("192.0.2.1:3868"));
  same(Address::parse("[fe80::1%3]:7"));
  same(StreamId{3});
  same(Ppid{60});
  same(AssociationId{5});
  same(Cause::protocol_violation);
  same(ErrorCause{Cause::user_initiated_abort, as_bytes("a\nb")});
  same(EventType::sender_dry);
  same(AssociationChange::State::lost);
  same(AssociationChange::End::peer_abort);
  same(PeerAddressChange::State::confirmed);
  same(PeerAddressChange::Reason::peer_faulty);
  same(AuthenticationEvent::State::new_key);
  same(Reconfiguration::denied);
  same(AssociationChange{});
  same(PeerAddressChange{});
  same(RemoteError{});
  same(SendFailed{});
  same(ShutdownReceived{});
  same(PartialDeliveryAborted{});
  same(AdaptationIndication{});
  same(AuthenticationEvent{});
  same(SenderDry{});
  same(StreamReset{});
  same(AssociationReset{});
  same(StreamChange{});
  same(UnknownNotification{});
  same(Notification{ShutdownReceived{}});
  same(option::Status::State::established);
  same(Address::Family::v6);
  same(Reliability::Policy::lifetime);
  same(Style::peeled_off);
  same(ReceiveStatus::would_block);
  same(option::PeerAddrInfo::State::unconfirmed);
  same(option::ExposePotentiallyFailedState::Exposure::never);
  same(option::StreamScheduler::Scheduler::priority);
  same(option::PrStreamStatus::Key{StreamId{3}, Reliability::Policy::lifetime});
  same(option::ChunkType::data);
  same(option::HmacIdent::Hmac::sha256);
  same(Availability{Errc::kernel_has_no_sctp});
  same(Feature::interleaving);
  same(Support::forbidden);
  same(FeatureSupport{});
}

/// The texts of an enumeration's values, and of the value behind the last.
template <class Enum>
std::string texts(Enum last) {
  std::string all;
  for (int value = 0; value <= static_cast<int>(last) + 1; ++value) {
    all += (value == 0 ? "" : ", ") + to_string(static_cast<Enum>(value));
  }
  return all;
}

TEST_CASE("Every choice has a name") {
  CHECK(to_string(Address::Family::v4) + to_string(Address::Family::v6) == "IPv4IPv6");
  CHECK(texts(Reliability::Policy::priority) == "full, lifetime, retransmissions, priority, policy 4");
  CHECK(texts(Style::peeled_off) == "one-to-one, one-to-many, peeled off, style 3");
  CHECK(texts(ReceiveStatus::failed) ==
        "message, notification, end of stream, would block, failed, status 5");
}

TEST_CASE("Width, alignment and fill are those of a text") {
  const Address address = Address::parse("192.0.2.1:7");
  CHECK(fmt::format("{:>14}|", address) == "   192.0.2.1:7|");
  CHECK(fmt::format("{:<14}|", address) == "192.0.2.1:7   |");
  CHECK(fmt::format("{:*^15}", address) == "**192.0.2.1:7**");
  CHECK(fmt::format("{:.3}", address) == "192");
  CHECK(fmt::format("{:>5}", StreamId{3}) == "    3");
  CHECK(fmt::format("{:{}}|", StreamId{3}, 4) == "3   |");
}

TEST_CASE("Several things are formatted in one text") {
  CHECK(fmt::format("{} on {}: {}", Address::parse("192.0.2.1:7"), StreamId{3},
                    Notification{ShutdownReceived{AssociationId{5}}}) ==
        "192.0.2.1:7 on 3: association 5: the peer shuts down");
}

}  // namespace

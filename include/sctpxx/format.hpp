// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include <fmt/format.h>

#include <sctpxx/sctp.hpp>

/// What `to_string` says, for `fmt::format`: `fmt::print("{}: {:>20}", address, event)`. All the widths and
/// alignments of a text are understood.
namespace sctp::inline v0::detail {

struct TextFormatter : fmt::formatter<fmt::string_view> {
  template <class T, class Context>
  auto format(const T& value, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(to_string(value), context);
  }
};

}  // namespace sctp::inline v0::detail

template <>
struct fmt::formatter<sctp::Address> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::StreamId> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Ppid> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationId> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Cause> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::ErrorCause> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::EventType> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationChange::State> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationChange::End> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::PeerAddressChange::State> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::PeerAddressChange::Reason> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AuthenticationEvent::State> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Reconfiguration> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationChange> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::PeerAddressChange> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::RemoteError> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::SendFailed> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::ShutdownReceived> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::PartialDeliveryAborted> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AdaptationIndication> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AuthenticationEvent> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::SenderDry> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::StreamReset> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationReset> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::StreamChange> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::UnknownNotification> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Address::Family> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Reliability::Policy> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Style> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::ReceiveStatus> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Notification> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::option::Status::State> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationTable::State> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationTable::Change::Kind> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::AssociationTable::Change> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::SendQueue::Result> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::option::PeerAddrInfo::State> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::option::ExposePotentiallyFailedState::Exposure> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::option::StreamScheduler::Scheduler> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::option::PrStreamStatus::Key> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::option::ChunkType> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::option::HmacIdent::Hmac> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Availability> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Feature> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::Support> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::FeatureSupport> : sctp::detail::TextFormatter {};
template <>
struct fmt::formatter<sctp::PathMonitor::Change> : sctp::detail::TextFormatter {};

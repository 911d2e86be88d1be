// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/ids.hpp>

namespace sctp::inline v0 {

/// One whole message as it came from the peer. A view: `payload` lies in the ReceiveBuffer that it was
/// received with and is dead at the next receive with that buffer.
struct Message {
  Bytes payload{};    ///< never empty
  StreamId stream{};  ///< the peer's outgoing stream
  Ppid ppid{};        ///< as the peer meant it, in host order
  AssociationId association{};
  bool unordered = false;     ///< it kept no order with the other messages of its stream
  std::uint16_t ssn = 0;      ///< stream sequence number; the low half of the message identifier under I-DATA
  std::uint32_t tsn = 0;      ///< transmission sequence number of the message's first chunk
  std::uint32_t context = 0;  ///< what SCTP_CONTEXT says for this association
  /// One of the peer's addresses: the one that this message came from. Of a link-local one without its
  /// interface, of which the kernel (6.1, 6.12) tells a wrong one here.
  Address source{};
};

/// A stretch of a message, for those who do not want it whole. Pieces of several messages may alternate;
/// those of one agree in association, stream and order.
struct MessagePiece {
  /// `payload` is this stretch alone, in the caller's room (in the ReceiveBuffer where `receive` had begun
  /// the message); all else is as the first piece said.
  Message part{};
  std::size_t offset = 0;  ///< how many bytes of the message came before
  bool last = false;       ///< the message is complete with it; else more follows, or PartialDeliveryAborted
};

/// How long the kernel tries to deliver a message. RFC 3758, RFC 7496; SCTP_PRINFO.
class Reliability {
 public:
  /// Until it is delivered or the association ends. The default.
  constexpr Reliability() noexcept = default;

  /// Abandon the message when it was not delivered for this long. Zero drops it always, before it is
  /// sent.
  [[nodiscard]] static constexpr Reliability lifetime(std::chrono::milliseconds time) noexcept {
    const auto longest = std::chrono::milliseconds{UINT32_MAX};
    const auto clamped = time.count() < 0 ? std::chrono::milliseconds{0} : time > longest ? longest : time;
    return {Policy::lifetime, static_cast<std::uint32_t>(clamped.count())};
  }

  /// Abandon the message when a chunk of it was retransmitted this often. Zero: send it once; but of a
  /// message larger than the congestion window (5000 bytes at first) the kernel (6.1, 6.12) then drops the
  /// rest, loss or no loss.
  [[nodiscard]] static constexpr Reliability retransmissions(std::uint32_t count) noexcept {
    return {Policy::retransmissions, count};
  }

  /// Drop the message when the send buffer is full and a more important one needs the room. Lower is more
  /// important. The kernel tells nobody which messages it dropped.
  [[nodiscard]] static constexpr Reliability priority(std::uint32_t value) noexcept {
    return {Policy::priority, value};
  }

  enum class Policy : std::uint8_t { full, lifetime, retransmissions, priority };
  [[nodiscard]] constexpr Policy policy() const noexcept { return policy_; }
  /// Milliseconds, a count or a priority, as the policy says; 0 for full reliability.
  [[nodiscard]] constexpr std::uint32_t value() const noexcept { return value_; }

  friend constexpr bool operator==(const Reliability&, const Reliability&) noexcept = default;

 private:
  constexpr Reliability(Policy policy, std::uint32_t value) noexcept : policy_{policy}, value_{value} {}

  Policy policy_ = Policy::full;
  std::uint32_t value_ = 0;
};

/// "full", "lifetime", …
[[nodiscard]] inline std::string to_string(Reliability::Policy policy) {
  switch (policy) {
    case Reliability::Policy::full: return "full";
    case Reliability::Policy::lifetime: return "lifetime";
    case Reliability::Policy::retransmissions: return "retransmissions";
    case Reliability::Policy::priority: return "priority";
  }
  return "policy " + std::to_string(static_cast<unsigned>(policy));
}

/// What the sender says of a message: `peer.send(bytes, {.stream = bulk, .ppid = sctp::ppid::ngap})`.
/// SCTP_SNDINFO, RFC 6458 5.3.4.
struct SendOptions {
  StreamId stream{};
  Ppid ppid{};                    ///< in host order
  bool unordered = false;         ///< deliver it as soon as it is complete, before earlier ones if need be
  bool sack_immediately = false;  ///< ask the peer not to delay its acknowledgement. RFC 7053
  Reliability reliability{};
  std::uint32_t context = 0;  ///< comes back in the event that says this message failed
  /// The path that this message takes in place of the primary, if it works; one of the peer's addresses, or
  /// sending fails with Errc::no_such_path. Peeled-off sockets cannot choose: `operation_not_supported`.
  /// SCTP_ADDR_OVER.
  std::optional<Address> path{};
};

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/receive_buffer.hpp>
#include <sctpxx/received.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp::inline v0 {

/// Messages that wait until the kernel takes them: a bounded queue for each association of a socket. One peer
/// that does not read cannot keep the others waiting, though all share the socket's send buffer: no
/// association is given more than its share of that at a time.
///
///     sctp::SendQueue queue{socket};
///     while (auto received = queue.receive(buffer)) {               // and sends what waits
///       …
///       if (queue.send(association, bytes, {}, error) == sctp::SendQueue::Result::full) …
///       while (auto lost = queue.next_unsent()) …                  // the kernel never had these
///     }
///
/// In an event loop: `flush` when the descriptor is writable, which is to be asked for while
/// `wants_writable()`, and after the time that `next_flush` answers; `take` all that is received.
///
/// A message leaves the queue when the kernel has taken it, not before. Of one association they go in the
/// order in which they came. What is sent past the queue is not counted, and may overtake.
///
/// How a share is kept: the kernel tells of no single acknowledgement, but it tells when everything is
/// acknowledged. An association that has used up its share waits for that event (SenderDry, which is on for
/// no longer than that; do not subscribe it yourself. Some may come after `remove`). So each gets a share
/// through in a round trip: where that is too slow, raise option::SndBuf or the share. Where shares are not
/// enough, since more peers stall than there are shares: peel those off that do, or set
/// net.sctp.sndbuf_policy, which gives each association a buffer of its own.
///
/// Borrows the descriptor's number. One thread at a time, the one that receives.
class SendQueue {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    /// What one association may have with the kernel and not acknowledged, in bytes of the send buffer. There
    /// a message takes up to two and a half times its size, and 1 KiB at least (kernel 6.1). One that is
    /// larger than the share goes when nothing else is on its way. 0: an eighth of option::SndBuf. Half of it
    /// at most.
    std::size_t share = 0;
    std::size_t waiting = std::size_t{1} << 20;          ///< bytes that may wait here for one association
    std::size_t waiting_in_all = std::size_t{64} << 20;  ///< and for all of them
    std::size_t messages = 16'384;  ///< so many at most: each takes some 180 bytes beside its own
    std::size_t messages_in_all = 262'144;
  };

  enum class Result : std::uint8_t {
    sent,       ///< the kernel has it
    queued,     ///< it waits here
    full,       ///< not taken: too much waits. `next_ready` tells when to try again
    too_big,    ///< not taken: larger than the send buffer, or than what may wait; no waiting can help
    shut_down,  ///< not taken: the association is ending in order, and takes no more
    broken,     ///< not taken: there is no such association, or no more
    refused,    ///< not taken for another reason, which the error says: Errc::no_such_stream, …
  };

  /// A message that was queued, and that the kernel will never have.
  struct Unsent {
    AssociationId association{};
    std::vector<std::byte> payload{};
    SendOptions options{};
    std::error_code error{};  ///< where the kernel has said one
    Result why{};  ///< `shut_down`, `broken` (also when the peer restarted), `too_big` or `refused`;
                   ///< `queued` of what was removed
  };

  /// What waits for an association.
  struct Backlog {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    std::size_t in_flight = 0;  ///< of its share, at most: some of it may be acknowledged
    std::optional<Clock::time_point>
        since{};  ///< something has waited, and the kernel taken nothing, since then
  };

  SCTPXX_EXPORT explicit SendQueue(SocketRef socket);
  SCTPXX_EXPORT SendQueue(SocketRef socket, const Limits& limits);

  /// Sends one message, or lets it wait behind those that do: then it is copied. Never blocks. The one form
  /// throws for whatever is not `sent`, `queued` or `full`, the other sets `error`, too. A
  /// Reliability::lifetime begins when the kernel takes the message.
  [[nodiscard]] SCTPXX_EXPORT Result send(AssociationId association, Bytes payload,
                                          const SendOptions& options = {});
  [[nodiscard]] SCTPXX_EXPORT Result send(AssociationId association, Bytes payload,
                                          const SendOptions& options, std::error_code& error) noexcept;

  /// Association::shutdown when the kernel has taken all that waits for it; from now on it takes no more.
  /// (One called directly would come before what waits here, which the kernel does not know of.)
  SCTPXX_EXPORT void shutdown(AssociationId association) noexcept;

  /// Receives as SocketRef::receive does, and sends meanwhile what finds room. Keeps to itself what it alone
  /// had asked for.
  [[nodiscard]] SCTPXX_EXPORT Received receive(ReceiveBuffer& buffer, const Patience& patience = {});
  [[nodiscard]] SCTPXX_EXPORT Received receive(ReceiveBuffer& buffer, const Patience& patience,
                                               std::error_code& error) noexcept;

  /// Takes what was received. True for an event that it alone had asked for.
  SCTPXX_EXPORT bool take(const Received& received) noexcept;
  SCTPXX_EXPORT bool take(const Notification& event) noexcept;

  /// Gives the kernel what it has room for, one message of each association in turn. Answers how many.
  SCTPXX_EXPORT std::size_t flush() noexcept;

  /// Something waits for room in the send buffer: `flush` when the descriptor is writable.
  [[nodiscard]] bool wants_writable() const noexcept { return waiting_for_room_ != 0; }

  /// In what time to `flush` although the descriptor may not be writable, if at all. (The kernel does not
  /// tell that everything is acknowledged when the last of it was given up: then it is to be asked again.)
  [[nodiscard]] SCTPXX_EXPORT std::optional<std::chrono::milliseconds> next_flush() const noexcept;

  /// An association that had answered `full` and has room for as much as half of what may wait.
  [[nodiscard]] SCTPXX_EXPORT std::optional<AssociationId> next_ready() noexcept;

  /// The next message that will never be sent. They are kept until taken, but not for ever: the oldest goes
  /// when there are more than `waiting_in_all` bytes or `messages_in_all` of them.
  [[nodiscard]] SCTPXX_EXPORT std::optional<Unsent> next_unsent() noexcept;

  /// Takes all that waits for an association out of the queue, in order: for another queue, before it is
  /// peeled off.
  SCTPXX_EXPORT std::list<Unsent> remove(AssociationId association) noexcept;

  [[nodiscard]] SCTPXX_EXPORT Backlog backlog(AssociationId association) const noexcept;
  /// Bytes that wait here, for all associations.
  [[nodiscard]] std::size_t waiting() const noexcept { return bytes_; }

 private:
  using Messages = std::list<Unsent>;
  struct Line {
    Messages messages;
    std::size_t bytes = 0;
    std::size_t in_flight = 0;
    bool waits_for_dry = false;              // SenderDry is on, and nothing is given
    bool mortal = false;                     // something in flight may be given up
    Clock::time_point asked{};               // for SenderDry, last
    std::optional<std::size_t> dry_taken{};  // `taken_` when the last SenderDry was
    bool waits_for_room = false;             // the kernel had none
    bool has_turn = false;                   // it is in `turns_`
    bool shuts_down = false;                 // when nothing more waits in it
    Clock::time_point since{};
  };
  using Lines = std::unordered_map<AssociationId, Line>;

  Result give(AssociationId association, Line& line, Bytes payload, const SendOptions& options,
              std::error_code& error) noexcept;
  Result enqueue(AssociationId association, Line& line, Bytes payload, const SendOptions& options);
  Result give_next(AssociationId association, Line& line) noexcept;
  bool wait_for_dry(AssociationId association, Line& line) noexcept;
  bool ask_for_dry(AssociationId association, Line& line) noexcept;
  void has_dry(Line& line) noexcept;
  void keep_unsent(Messages& messages) noexcept;
  bool may_meet_old_dry(const Line& line) const noexcept;
  void wait_for_room(Line& line) noexcept;
  void has_room(Line& line) noexcept;
  void take_first(Line& line, Messages& to) noexcept;
  void give_up(AssociationId association, Result why) noexcept;
  void forget_if_idle(AssociationId association) noexcept;
  void end(AssociationId association) noexcept;
  bool fits(Bytes payload) noexcept;
  [[nodiscard]] bool has_room_for(const Line& line, std::size_t size) const noexcept;

  SocketRef socket_;
  Limits limits_;
  Lines lines_;
  std::list<AssociationId> turns_;  // of those that something waits for, the next first
  std::deque<AssociationId> full_;  // those that were told so
  Messages unsent_;
  std::size_t largest_ = 0;  // message that the send buffer can hold
  std::size_t bytes_ = 0;
  std::size_t messages_ = 0;
  std::size_t waiting_for_room_ = 0;  // lines
  std::size_t waiting_mortal_ = 0;    // lines that wait for SenderDry, which may not come by itself
  std::size_t taken_ = 0;             // events and messages
  std::size_t unsent_bytes_ = 0;
};

/// "sent", "queued", …
[[nodiscard]] SCTPXX_EXPORT std::string to_string(SendQueue::Result result);

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <system_error>
#include <vector>

#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp::inline v0 {

/// Messages, to any streams and associations of a socket, of which one system call sends up to 64
/// (`sendmmsg`). `ReceiveBuffer::in_batches` is the other direction.
///
///     sctp::SendBatch batch;
///     for (const auto& answer : answers) batch.add(answer.association, answer.bytes, {.stream =
///     answer.stream}); batch.send(socket); for (std::size_t i = 0; i != batch.size(); ++i)
///       if (batch.error(i)) …
///     batch.clear();
///
/// They are sent in their order, and each for itself: one that fails, since its association is gone or has no
/// such stream, has its error here, and the others are sent. One that finds no room in the send buffer holds
/// up those behind it, whomever they are for; SendQueue does not. Those for a `SendOptions::path` take a
/// system call each. Once there is memory for the largest batch nothing is allocated. Not for two threads at
/// a time.
class SendBatch {
 public:
  /// Adds a message, and answers which one it is, from 0. Borrows the payload until it is sent. Throws
  /// `std::bad_alloc`.
  SCTPXX_EXPORT std::size_t add(AssociationId association, Bytes payload, const SendOptions& options = {});
  /// The same for a socket with one association.
  std::size_t add(Bytes payload, const SendOptions& options = {}) { return add({}, payload, options); }

  /// Sends what waits, as far as there is room in the send buffer. True when nothing waits any more; false
  /// when there is no room: try again when the descriptor is writable.
  [[nodiscard]] SCTPXX_EXPORT bool try_send(const SocketRef& socket) noexcept;

  /// Sends what waits, and waits for room, in either mode. False when the patience was over before that. The
  /// error is that of the waiting; what became of a message `error` says.
  SCTPXX_EXPORT bool send(const SocketRef& socket, const Patience& patience = {});
  SCTPXX_EXPORT bool send(const SocketRef& socket, const Patience& patience, std::error_code& error) noexcept;

  /// How many were added; how many of them wait to be sent, and how many have failed.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return entries_.size() - next_; }
  [[nodiscard]] std::size_t failed() const noexcept { return failed_; }

  /// Why this one was not sent: as SocketRef::send says. None where it was, or waits.
  [[nodiscard]] std::error_code error(std::size_t message) const noexcept { return entries_[message].error; }

  /// Forgets all, those that wait, too.
  void clear() noexcept {
    entries_.clear();
    next_ = failed_ = 0;
  }

 private:
  struct Entry {
    AssociationId association;
    Bytes payload;
    SendOptions options;
    std::error_code error{};
  };

  int send_some(const SocketRef& socket) noexcept;

  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>

#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/socket_ref.hpp>

namespace sctp::inline v0 {

/// One OUTGOING stream of an association, with the payload protocol identifier that goes with it: a shorthand
/// for sending. What arrives is told apart by Message::stream, since a socket has one receive queue for all
/// streams.
///
/// A handle: copies are free, and it is dead when the socket closes. Making one asks the kernel nothing;
/// sending on a stream that was not negotiated fails with Errc::no_such_stream. Threads: as SocketRef.
class Stream {
 public:
  Stream(SocketRef socket, AssociationId association, StreamId id, Ppid ppid = {}) noexcept
      : socket_{socket}, association_{association}, id_{id}, ppid_{ppid} {}

  [[nodiscard]] StreamId id() const noexcept { return id_; }
  [[nodiscard]] Ppid ppid() const noexcept { return ppid_; }

  /// Sends one message in the order of this stream. As SocketRef::send.
  SCTPXX_EXPORT void send(Bytes payload, Reliability reliability = {}) const;
  SCTPXX_EXPORT void send(Bytes payload, Reliability reliability, std::error_code& error) const noexcept;
  SCTPXX_EXPORT void send(Bytes payload, std::error_code& error) const noexcept;

  /// Sends one message unless the send buffer is full: then false. As SocketRef::try_send.
  [[nodiscard]] SCTPXX_EXPORT bool try_send(Bytes payload, Reliability reliability = {}) const;
  [[nodiscard]] SCTPXX_EXPORT bool try_send(Bytes payload, Reliability reliability,
                                            std::error_code& error) const noexcept;
  [[nodiscard]] SCTPXX_EXPORT bool try_send(Bytes payload, std::error_code& error) const noexcept;

  /// Asks the peer to let this stream begin anew with the number 0; answered by StreamReset. As
  /// Association::reset_streams.
  SCTPXX_EXPORT void reset() const;
  SCTPXX_EXPORT void reset(std::error_code& error) const noexcept;

 private:
  [[nodiscard]] SendOptions options(Reliability reliability) const noexcept {
    return {.stream = id_, .ppid = ppid_, .reliability = reliability};
  }

  SocketRef socket_;
  AssociationId association_;
  StreamId id_;
  Ppid ppid_;
};

}  // namespace sctp::inline v0

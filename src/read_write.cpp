// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_one_socket.hpp>

#include "failure.hpp"
#include "native_option.hpp"
#include "socket_name.hpp"
#include "sys.hpp"
#include "wait.hpp"

/// How a OneToOneSocket is read and written as a stream of bytes.
namespace sctp::inline v0 {
namespace {

/// Fits into the usual receive window (104 KiB), so that the peer's kernel can hand it out in one piece.
constexpr std::size_t most_at_once = std::size_t{64} * 1024;

/// One `recvmsg` into `room`, without what comes beside the bytes but its flags. Answers as that does.
ssize_t read_bytes(int fd, MutableBytes room, int flags, int& came) noexcept {
  iovec where{room.data(), room.size()};
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  ssize_t size = 0;
  do {
    size = sys::recvmsg(fd, &message, flags);
  } while (size < 0 && errno == EINTR);
  came = message.msg_flags;
  return size;
}

/// Whether this is an association's change that ends a stream of bytes, and how as far as it says.
std::error_code loss_in(const sctp_assoc_change& change) noexcept {
  switch (change.sac_state) {
    case SCTP_COMM_LOST: break;
    case SCTP_RESTART: return std::make_error_code(std::errc::connection_reset);
    default: return {};
  }
  // The kernel passes the peer's ABORT on, and has nothing to pass on of its own.
  if (change.sac_length > sizeof change) return std::make_error_code(std::errc::connection_reset);
  return std::make_error_code(change.sac_error == 0 ? std::errc::timed_out : std::errc::connection_aborted);
}

}  // namespace

void OneToOneSocket::note_loss(std::error_code loss) noexcept {
  // The kernel's own error is the better witness, unless a `send` has met it.
  if (const std::error_code known = native::take_socket_error(fd_)) loss = known;
  reading_ = loss == std::errc::timed_out            ? Reading::timed_out
             : loss == std::errc::connection_aborted ? Reading::aborted
                                                     : Reading::reset;
}

/// Reads an event to its end, and notes what it means for the bytes.
void OneToOneSocket::pass_over(Bytes beginning, bool is_whole, std::error_code& error) noexcept {
  sctp_assoc_change event{};  // the other two begin alike
  std::size_t known = 0;
  for (std::array<std::byte, 256> room;;) {
    beginning = beginning.first(std::min(beginning.size(), sizeof event - known));
    std::memcpy(reinterpret_cast<std::byte*>(&event) + known, beginning.data(), beginning.size());
    known += beginning.size();
    if (is_whole) break;
    int came = 0;
    const ssize_t size = read_bytes(fd_, room, MSG_DONTWAIT, came);  // the rest is there
    if (size <= 0) {
      error = size < 0 ? native::last_error() : std::make_error_code(std::errc::bad_message);
      return;
    }
    beginning = Bytes{room}.first(static_cast<std::size_t>(size));
    is_whole = (came & MSG_EOR) != 0;
  }
  if (event.sac_type == SCTP_SHUTDOWN_EVENT) reading_ = Reading::ended;
  if (event.sac_type == SCTP_PARTIAL_DELIVERY_EVENT) {
    note_loss(std::make_error_code(std::errc::connection_reset));
  }
  if (event.sac_type != SCTP_ASSOC_CHANGE) return;
  if (event.sac_state == SCTP_SHUTDOWN_COMP) reading_ = Reading::ended;
  if (const std::error_code loss = loss_in(event)) note_loss(loss);
}

/// Nothing: it would block.
std::optional<std::size_t> OneToOneSocket::read_now(MutableBytes room, int flags,
                                                    std::error_code& error) noexcept {
  error.clear();
  for (;;) {
    switch (reading_) {
      case Reading::open: break;
      case Reading::reset: error = std::make_error_code(std::errc::connection_reset); return 0;
      case Reading::aborted: error = std::make_error_code(std::errc::connection_aborted); return 0;
      case Reading::timed_out: error = std::make_error_code(std::errc::timed_out); return 0;
      case Reading::ended: return 0;
    }
    if (room.empty()) return 0;  // without asking: the kernel would say the same, and hide an error
    int came = 0;
    const ssize_t size = read_bytes(fd_, room, flags, came);
    if (size < 0) {
      const std::error_code reason = native::last_error();
      if (reason == std::errc::operation_would_block) return std::nullopt;
      error = reason;
      if (reason == Condition::association_ended && reason != std::errc::not_connected) note_loss(reason);
      return 0;
    }
    const auto read = static_cast<std::size_t>(size);
    if (size == 0 || (came & MSG_NOTIFICATION) == 0) return read;
    pass_over(room.first(read), (came & MSG_EOR) != 0, error);
    if (error) return 0;
  }
}

std::size_t OneToOneSocket::read_some(MutableBytes room, std::error_code& error) noexcept {
  const auto read = read_now(room, 0, error);
  if (!read) error = std::make_error_code(std::errc::operation_would_block);
  return read.value_or(0);
}

std::optional<std::size_t> OneToOneSocket::try_read_some(MutableBytes room, std::error_code& error) noexcept {
  return read_now(room, MSG_DONTWAIT, error);
}

std::optional<std::size_t> OneToOneSocket::read_some(MutableBytes room, const Patience& patience,
                                                     std::error_code& error) noexcept {
  error.clear();
  if (patience.is_woken()) return std::nullopt;
  do {
    if (const auto read = read_now(room, MSG_DONTWAIT, error)) return read;
  } while (wait_for(fd_, POLLIN, patience, error) == Waited::ready);
  return error ? std::optional<std::size_t>{0} : std::nullopt;
}

std::size_t OneToOneSocket::read_some(MutableBytes room) {
  std::error_code error;
  const std::size_t read = read_some(room, error);
  if (error) fail(Attempt::receive, partner(*this), error);
  return read;
}

std::optional<std::size_t> OneToOneSocket::try_read_some(MutableBytes room) {
  std::error_code error;
  const auto read = try_read_some(room, error);
  if (error) fail(Attempt::receive, partner(*this), error);
  return read;
}

std::optional<std::size_t> OneToOneSocket::read_some(MutableBytes room, const Patience& patience) {
  std::error_code error;
  const auto read = read_some(room, patience, error);
  if (error) fail(Attempt::receive, partner(*this), error);
  return read;
}

namespace {

/// Sends the beginning of `bytes`; answers how much that was, 0 when `send` says false.
template <class Send>
std::size_t send_beginning(Bytes bytes, std::error_code& error, Send send) noexcept {
  error.clear();
  bytes = bytes.first(std::min(bytes.size(), most_at_once));
  while (!bytes.empty()) {
    if (send(bytes)) return bytes.size();
    if (error != std::errc::message_size) break;
    bytes = bytes.first(bytes.size() / 2);
    if (!bytes.empty()) error.clear();
  }
  return 0;
}

}  // namespace

std::size_t OneToOneSocket::write_some(Bytes bytes, std::error_code& error) const noexcept {
  return send_beginning(bytes, error, [&](Bytes part) { return send(part, {}, error), !error; });
}

std::size_t OneToOneSocket::write_some(Bytes bytes, const Patience& patience,
                                       std::error_code& error) const noexcept {
  return send_beginning(bytes, error, [&](Bytes part) { return send(part, {}, patience, error); });
}

std::size_t OneToOneSocket::try_write_some(Bytes bytes, std::error_code& error) const noexcept {
  return send_beginning(bytes, error, [&](Bytes part) { return try_send(part, {}, error); });
}

void OneToOneSocket::fail_write(Bytes bytes, std::error_code error) const {
  fail(Attempt::send, std::to_string(bytes.size()) + " bytes to " + partner(*this), error);
}

std::size_t OneToOneSocket::write_some(Bytes bytes) const {
  std::error_code error;
  const std::size_t written = write_some(bytes, error);
  if (error) fail_write(bytes, error);
  return written;
}

std::size_t OneToOneSocket::write_some(Bytes bytes, const Patience& patience) const {
  std::error_code error;
  const std::size_t written = write_some(bytes, patience, error);
  if (error) fail_write(bytes, error);
  return written;
}

std::size_t OneToOneSocket::try_write_some(Bytes bytes) const {
  std::error_code error;
  const std::size_t written = try_write_some(bytes, error);
  if (error) fail_write(bytes, error);
  return written;
}

}  // namespace sctp::inline v0

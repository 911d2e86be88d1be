// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_batch.hpp>

#include <array>
#include <cerrno>
#include <optional>

#include "control.hpp"
#include "failure.hpp"
#include "native.hpp"
#include "send.hpp"
#include "socket_name.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {

std::size_t SendBatch::add(AssociationId association, Bytes payload, const SendOptions& options) {
  entries_.push_back({association, payload, options});
  return entries_.size() - 1;
}

/// One `sendmmsg`: answers as that does.
int SendBatch::send_some(const SocketRef& socket) noexcept {
  constexpr std::size_t most = 64;
  std::array<mmsghdr, most> messages;  // each is zeroed when it is used: most batches are small
  std::array<iovec, most> pieces;
  std::array<std::optional<SendControl>, most> controls;
  unsigned count = 0;
  for (std::size_t i = next_; i != entries_.size() && count != most; ++i, ++count) {
    const Entry& entry = entries_[i];
    if (entry.options.path || entry.payload.empty()) break;
    // sendmmsg reads, though its structure cannot say so.
    pieces[count] = {const_cast<std::byte*>(entry.payload.data()), entry.payload.size()};
    messages[count] = {};
    messages[count].msg_hdr.msg_iov = &pieces[count];
    messages[count].msg_hdr.msg_iovlen = 1;
    controls[count].emplace(entry.association, entry.options).attach_to(messages[count].msg_hdr);
  }
  return sys::sendmmsg(socket.fd(), messages.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool SendBatch::try_send(const SocketRef& socket) noexcept {
  while (next_ != entries_.size()) {
    Entry& entry = entries_[next_];
    if (entry.options.path || entry.payload.empty()) {
      const bool sent = socket.try_send(entry.association, entry.payload, entry.options, entry.error);
      if (!sent && !entry.error) return false;
    } else {
      const int count = send_some(socket);
      if (count > 0) {
        next_ += static_cast<std::size_t>(count);
        continue;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return false;
      // The kernel tells why only of a first one.
      entry.error = native::last_error();
      explain_send(socket, entry.association, entry.payload, entry.options, entry.error);
    }
    if (entry.error) ++failed_;
    ++next_;
  }
  return true;
}

bool SendBatch::send(const SocketRef& socket, const Patience& patience, std::error_code& error) noexcept {
  error.clear();
  for (bool was_ready = false; !try_send(socket);) {
    if (wait_to_send(socket.fd(), patience, was_ready, error) != Waited::ready) return false;
  }
  return true;
}

bool SendBatch::send(const SocketRef& socket, const Patience& patience) {
  std::error_code error;
  const bool sent = send(socket, patience, error);
  if (error) fail(Attempt::send, partner(socket), error);
  return sent;
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <sctpxx/send_queue.hpp>

#include "many_associations.hpp"

namespace Catch {
template <>
struct StringMaker<sctp::SendQueue::Result> : OurText<sctp::SendQueue::Result> {};
}  // namespace Catch

namespace sctp::test {

inline const std::string kilobyte(1000, 'x');

/// How the kernel refuses a message, and what that is.
struct Refusal {
  int error;
  SendQueue::Result result;
};
inline const std::vector<Refusal>& refusals() {
  using Result = SendQueue::Result;
  static const std::vector<Refusal> all{
      {EMSGSIZE, Result::too_big}, {ESHUTDOWN, Result::shut_down}, {EPIPE, Result::broken},
      {ESRCH, Result::broken},     {ENOTCONN, Result::broken},     {ECONNRESET, Result::broken},
      {EINVAL, Result::refused},   {EACCES, Result::refused},      {EBADF, Result::refused},
  };
  return all;
}

/// A SendQueue on a one-to-many socket, and associations 7, 8 and 9 that are up.
struct QueueOfMany : ManyAssociations {
  SendQueue queue;

  explicit QueueOfMany(const SendQueue::Limits& limits = {}) : queue{socket, limits} {
    for (const AssociationId id : {seven, eight, nine}) of(id);
    kernel.forget_calls();
  }

  SendQueue::Result send(AssociationId id, std::string_view text, const SendOptions& options = {}) {
    return queue.send(id, as_bytes(text), options, error);
  }

  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> texts;
    for (const Sent& one : kernel.sent) texts.push_back(one.data);
    return texts;
  }
  [[nodiscard]] std::vector<std::string> sent_to(AssociationId id) const {
    std::vector<std::string> texts;
    for (const Sent& one : kernel.sent) {
      if (AssociationId{one.association} == id) texts.push_back(one.data);
    }
    return texts;
  }

  /// Flushes with room for so many messages, which are all of this association.
  void only_takes_from(AssociationId id, std::size_t count) {
    const std::size_t before = kernel.sent.size();
    for (std::size_t taken = 0; taken != count; ++taken) {
      // The next attempt succeeds, and the one after it does not.
      kernel.fail_at(1, EAGAIN);
      queue.flush();
    }
    REQUIRE(kernel.sent.size() == before + count);
    for (std::size_t i = before; i != kernel.sent.size(); ++i) {
      REQUIRE(AssociationId{kernel.sent[i].association} == id);
    }
  }

  /// Sends such messages until one waits. Answers how many the kernel has taken.
  std::size_t fill_share(AssociationId id, std::string_view text) {
    std::size_t taken = 0;
    while (send(id, text) == SendQueue::Result::sent) ++taken;
    REQUIRE(queue.backlog(id).messages == 1);
    return taken;
  }

  /// The event that tells of everything acknowledged is on for these.
  [[nodiscard]] std::vector<AssociationId> waiting_for_dry() {
    std::vector<AssociationId> ids;
    for (const auto& [id, association] : kernel.descriptor(fd).associations) {
      if (association.events.contains(SCTP_SENDER_DRY_EVENT)) ids.push_back(AssociationId{id});
    }
    return ids;
  }
};

}  // namespace sctp::test

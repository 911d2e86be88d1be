// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/shutdown.hpp>

#include <variant>

#include <sctpxx/error.hpp>

#include "association_list.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "socket_name.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {

using Next = Shutdown::Next;

namespace {

/// Nobody is left; what will never be complete is still to be told.
Next give_up_unfinished(ReceiveBuffer& buffer) noexcept {
  if (buffer.unfinished() == 0) return Next::done;
  buffer.abandon_unfinished();
  return Next::again;
}

}  // namespace

Shutdown::Shutdown(Association association, std::error_code& error) noexcept : association_{association} {
  association_.shutdown(error);
  if (error != Condition::association_ended) return;
  is_gone_ = has_none();  // then all that is still to be told is there
  error.clear();
}

Shutdown::Shutdown(Association association) : association_{association} {
  std::error_code error;
  *this = Shutdown{association, error};
  if (error) fail(Attempt::shut_down, partner(association.socket()), error);
}

bool Shutdown::has_none() const noexcept {
  return native::only_association(association_.socket().fd()) == AssociationId{};
}

void Shutdown::note(const Notification& event) noexcept {
  if (const auto* change = std::get_if<AssociationChange>(&event)) {
    std::error_code gone;
    // The peer has begun anew, and knows of no shutdown.
    if (change->state == AssociationChange::State::restarted) association_.shutdown(gone);
    // What was told before is the end of an attempt before this one, which nobody had received.
    if (change->state == AssociationChange::State::up && told_ != AssociationChange::End::none) {
      told_ = guessed_ = AssociationChange::End::none;
      is_gone_ = has_none();
    }
    if (told_ == AssociationChange::End::none) told_ = change->end;
    is_gone_ |= told_ != AssociationChange::End::none;
  }
  if (std::holds_alternative<ShutdownReceived>(event)) guessed_ = AssociationChange::End::peer_shutdown;
}

void Shutdown::note_loss(std::error_code loss) noexcept {
  if (loss == std::errc::connection_reset) guessed_ = AssociationChange::End::peer_abort;
  if (loss == std::errc::connection_aborted) guessed_ = AssociationChange::End::own_abort;
  if (loss == std::errc::timed_out) guessed_ = AssociationChange::End::timeout;
}

Next Shutdown::step(ReceiveBuffer& buffer, ReceiveHandler handle, std::error_code& error) {
  std::error_code failure;
  Received received = association_.socket().try_receive(buffer, failure);
  // The kernel says so once, in front of nothing. A socket that says so again has no more to say.
  if (failure == Condition::association_ended) {
    note_loss(failure);
    received = association_.socket().try_receive(buffer, failure);
  }
  const bool has_ended = failure == Condition::association_ended;
  if (failure && !has_ended && !failure_) failure_ = failure;
  error = failure_;
  switch (received.status()) {
    case ReceiveStatus::notification: note(*received.notification()); [[fallthrough]];
    case ReceiveStatus::message: handle(received); return Next::again;
    case ReceiveStatus::failed:
      // What is behind it can be received when there is memory again.
      if (failure == std::errc::not_enough_memory) return Next::wait_a_moment;
      if (has_ended) return give_up_unfinished(buffer);
      return failure == Condition::message_dropped ? Next::again : Next::done;
    case ReceiveStatus::would_block:
      if (is_gone_) return give_up_unfinished(buffer);
      if (buffer.unfinished() == 0) return Next::wait_readable;
      // The kernel may keep the end to itself: then the next step is to tell it.
      buffer.look_soon();
      is_gone_ = has_none();
      return is_gone_ ? Next::again : Next::wait_a_moment;
    case ReceiveStatus::end_of_stream: break;
  }
  // Where the peer has shut down, too, its stream ends before the association does. Nothing but another look
  // tells when that is.
  if (is_gone_) return Next::done;
  is_gone_ = has_none();
  return is_gone_ ? Next::again : Next::wait_a_moment;
}

ShutdownAll::ShutdownAll(SocketRef one_to_many, std::error_code& error) noexcept : socket_{one_to_many} {
  sys::listen(socket_.fd(), 0);
  std::error_code gone;  // one that ends by itself meanwhile
  for (const AssociationId id : native::associations(socket_.fd(), error)) {
    Association{socket_, id}.shutdown(gone);
  }
  failure_ = error;
}

ShutdownAll::ShutdownAll(SocketRef one_to_many) : socket_{one_to_many} {
  std::error_code error;
  *this = ShutdownAll{one_to_many, error};
  if (error) fail(Attempt::list_associations, own_name(one_to_many), error);
}

Next ShutdownAll::step(ReceiveBuffer& buffer, ReceiveHandler handle, std::error_code& error) {
  std::error_code failure;
  const Received received = socket_.try_receive(buffer, failure);
  const bool lacked_memory = failure_ == std::errc::not_enough_memory;
  if (failure && !failure_) failure_ = failure;
  error = failure_;
  switch (received.status()) {
    case ReceiveStatus::notification:
      // It was being set up when the others were told to end, or its peer began anew and knows nothing of
      // that.
      if (const auto* change = std::get_if<AssociationChange>(received.notification());
          change != nullptr && change->end == AssociationChange::End::none) {
        std::error_code gone;
        Association{socket_, change->association}.shutdown(gone);
      }
      [[fallthrough]];
    case ReceiveStatus::message: handle(received); return Next::again;
    case ReceiveStatus::failed:
      // What is behind it can be received when there is memory again; nothing would end a second wait for it.
      if (failure == std::errc::not_enough_memory) return lacked_memory ? Next::done : Next::again;
      return failure == Condition::message_dropped ? Next::again : Next::done;
    case ReceiveStatus::would_block:
      if (is_empty_) return give_up_unfinished(buffer);
      if (buffer.unfinished() != 0) buffer.look_soon();  // as above
      // The event of the last end may have come since: that is worth another look.
      is_empty_ = native::has_nobody(socket_.fd());
      if (is_empty_) return Next::again;
      return buffer.unfinished() == 0 ? Next::wait_readable : Next::wait_a_moment;
    case ReceiveStatus::end_of_stream: break;
  }
  return Next::done;
}

}  // namespace sctp::inline v0

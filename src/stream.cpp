// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/stream.hpp>

#include "failure.hpp"
#include "native.hpp"
#include "reconfiguration.hpp"

namespace sctp::inline v0 {

void Stream::send(Bytes payload, Reliability reliability) const {
  socket_.send(association_, payload, options(reliability));
}

void Stream::send(Bytes payload, Reliability reliability, std::error_code& error) const noexcept {
  socket_.send(association_, payload, options(reliability), error);
}

void Stream::send(Bytes payload, std::error_code& error) const noexcept { send(payload, {}, error); }

bool Stream::try_send(Bytes payload, Reliability reliability) const {
  return socket_.try_send(association_, payload, options(reliability));
}

bool Stream::try_send(Bytes payload, Reliability reliability, std::error_code& error) const noexcept {
  return socket_.try_send(association_, payload, options(reliability), error);
}

bool Stream::try_send(Bytes payload, std::error_code& error) const noexcept {
  return try_send(payload, {}, error);
}

void Stream::reset(std::error_code& error) const noexcept {
  reset_streams(detail::one_association(socket_, association_), SCTP_STREAM_RESET_OUTGOING, {&id_, 1}, error);
}

void Stream::reset() const {
  std::error_code error;
  reset(error);
  if (error) fail(Attempt::reset_streams, "association " + to_string(association_), error);
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/stream.hpp>

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

}  // namespace sctp::inline v0

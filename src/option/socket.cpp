// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/socket.hpp>

#include <algorithm>

#include <sctpxx/error.hpp>

#include "native_option.hpp"

namespace sctp::inline v0::option {
namespace {

using native::get_native;
using native::set_native;

std::size_t buffer_size(int fd, int option, std::error_code& error) noexcept {
  int size = 0;
  get_native(fd, SOL_SOCKET, option, size, error);
  return error ? 0 : static_cast<std::size_t>(size);
}

/// The kernel doubles what it is given, so it is given half; then it caps it without a word.
void set_buffer_size(int fd, int option, std::size_t size, std::error_code& error) noexcept {
  constexpr std::size_t most = std::numeric_limits<int>::max() / 2;
  set_native(fd, SOL_SOCKET, option, static_cast<int>(std::min(size / 2 + size % 2, most)), error);
  if (error) return;
  if (buffer_size(fd, option, error) < size && !error) error = Errc::value_not_taken;
}

}  // namespace

void set_option(OptionTarget target, const SndBuf& value, std::error_code& error) noexcept {
  set_buffer_size(target.fd, SO_SNDBUF, value.size, error);
}

void get_option(OptionTarget target, SndBuf& value, std::error_code& error) noexcept {
  value.size = buffer_size(target.fd, SO_SNDBUF, error);
}

void set_option(OptionTarget target, const RcvBuf& value, std::error_code& error) noexcept {
  set_buffer_size(target.fd, SO_RCVBUF, value.size, error);
}

void get_option(OptionTarget target, RcvBuf& value, std::error_code& error) noexcept {
  value.size = buffer_size(target.fd, SO_RCVBUF, error);
}

void set_option(OptionTarget target, const Linger& value, std::error_code& error) noexcept {
  linger setting{};
  setting.l_onoff = value.time.has_value();
  if (value.time) {
    if (value.time->count() < 0 || value.time->count() > std::numeric_limits<int>::max()) {
      error = std::make_error_code(std::errc::invalid_argument);
      return;
    }
    setting.l_linger = static_cast<int>(value.time->count());
  }
  set_native(target.fd, SOL_SOCKET, SO_LINGER, setting, error);
}

void get_option(OptionTarget target, Linger& value, std::error_code& error) noexcept {
  linger setting{};
  get_native(target.fd, SOL_SOCKET, SO_LINGER, setting, error);
  if (error) return;
  value.time = setting.l_onoff ? std::optional{std::chrono::seconds{setting.l_linger}} : std::nullopt;
}

}  // namespace sctp::inline v0::option

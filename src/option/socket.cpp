// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/socket.hpp>

#include <net/if.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include <sctpxx/error.hpp>

#include "native_option.hpp"

namespace sctp::inline v0::option {
namespace {

using native::get_flag;
using native::get_native;
using native::set_flag;
using native::set_native;

void get_buffer_size(int fd, int option, std::size_t& size, std::error_code& error) noexcept {
  int bytes = 0;
  get_native(fd, SOL_SOCKET, option, bytes, error);
  if (!error) size = static_cast<std::size_t>(bytes);
}

/// The kernel doubles what it is given, so it is given half; then it caps it without a word.
void set_buffer_size(int fd, int option, std::size_t size, std::error_code& error) noexcept {
  constexpr std::size_t most = std::numeric_limits<int>::max() / 2;
  set_native(fd, SOL_SOCKET, option, static_cast<int>(std::min(size / 2 + size % 2, most)), error);
  if (error) return;
  std::size_t taken = 0;
  get_buffer_size(fd, option, taken, error);
  if (!error && taken < size) error = Errc::value_not_taken;
}

/// Of this style the library waits with poll, which knows nothing of the socket's own times.
bool waits_with_poll(int fd, std::error_code& error) noexcept {
  int type = 0;
  get_native(fd, SOL_SOCKET, SO_TYPE, type, error);
  return !error && type == SOCK_SEQPACKET && !native::has_peer(fd, error);
}

void set_time(int fd, int option, std::optional<std::chrono::milliseconds> time,
              std::error_code& error) noexcept {
  error.clear();
  std::int32_t milliseconds = 0;
  native::set_milliseconds(time, milliseconds, error);
  const bool is_of_no_use = !error && waits_with_poll(fd, error);
  if (!error && is_of_no_use) error = std::make_error_code(std::errc::operation_not_supported);
  if (error) return;
  const timeval native{.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000L};
  set_native(fd, SOL_SOCKET, option, native, error);
}

std::optional<std::chrono::milliseconds> get_time(int fd, int option, std::error_code& error) noexcept {
  timeval native{};
  get_native(fd, SOL_SOCKET, option, native, error);
  const auto time = std::chrono::seconds{native.tv_sec} + std::chrono::microseconds{native.tv_usec};
  if (error || time.count() == 0) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(time);
}

}  // namespace

void set_option(OptionTarget target, const SndBuf& value, std::error_code& error) noexcept {
  set_buffer_size(target.fd, SO_SNDBUF, value.size, error);
}

void get_option(OptionTarget target, SndBuf& value, std::error_code& error) noexcept {
  get_buffer_size(target.fd, SO_SNDBUF, value.size, error);
}

void set_option(OptionTarget target, const RcvBuf& value, std::error_code& error) noexcept {
  // The kernel would take it, but the window that the peer was told stays.
  if (native::only_association(target.fd) != AssociationId{}) {
    error = Errc::too_late;
    return;
  }
  set_buffer_size(target.fd, SO_RCVBUF, value.size, error);
}

void get_option(OptionTarget target, RcvBuf& value, std::error_code& error) noexcept {
  get_buffer_size(target.fd, SO_RCVBUF, value.size, error);
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

void set_option(OptionTarget target, const RcvTimeo& value, std::error_code& error) noexcept {
  set_time(target.fd, SO_RCVTIMEO, value.time, error);
}

void get_option(OptionTarget target, RcvTimeo& value, std::error_code& error) noexcept {
  const auto time = get_time(target.fd, SO_RCVTIMEO, error);
  if (!error) value.time = time;
}

void set_option(OptionTarget target, const SndTimeo& value, std::error_code& error) noexcept {
  set_time(target.fd, SO_SNDTIMEO, value.time, error);
}

void get_option(OptionTarget target, SndTimeo& value, std::error_code& error) noexcept {
  const auto time = get_time(target.fd, SO_SNDTIMEO, error);
  if (!error) value.time = time;
}

void set_option(OptionTarget target, const ReuseAddr& value, std::error_code& error) noexcept {
  set_flag(target, SOL_SOCKET, SO_REUSEADDR, value.on, error);
}

void get_option(OptionTarget target, ReuseAddr& value, std::error_code& error) noexcept {
  get_flag(target, SOL_SOCKET, SO_REUSEADDR, value.on, error);
}

void set_option(OptionTarget target, const ReusePort& value, std::error_code& error) noexcept {
  set_flag(target, SOL_SOCKET, SO_REUSEPORT, value.on, error);
}

void get_option(OptionTarget target, ReusePort& value, std::error_code& error) noexcept {
  get_flag(target, SOL_SOCKET, SO_REUSEPORT, value.on, error);
}

void set_option(OptionTarget target, const V6Only& value, std::error_code& error) noexcept {
  set_flag(target, IPPROTO_IPV6, IPV6_V6ONLY, value.on, error);
}

void get_option(OptionTarget target, V6Only& value, std::error_code& error) noexcept {
  get_flag(target, IPPROTO_IPV6, IPV6_V6ONLY, value.on, error);
}

void set_option(OptionTarget target, const IWantMappedV4Addr& value, std::error_code& error) noexcept {
  set_flag(target, IPPROTO_SCTP, SCTP_I_WANT_MAPPED_V4_ADDR, value.on, error);
}

void get_option(OptionTarget target, IWantMappedV4Addr& value, std::error_code& error) noexcept {
  get_flag(target, IPPROTO_SCTP, SCTP_I_WANT_MAPPED_V4_ADDR, value.on, error);
}

void set_option(OptionTarget target, const BindToDevice& value, std::error_code& error) noexcept {
  // The kernel would cut a longer name, and take another interface.
  if (value.device.size() >= IFNAMSIZ || value.device.find('\0') != std::string::npos) {
    error = std::make_error_code(std::errc::no_such_device);
    return;
  }
  const Bytes name = std::as_bytes(std::span{value.device.c_str(), value.device.size() + 1});
  native::set_bytes(target.fd, SOL_SOCKET, SO_BINDTODEVICE, name, error);
}

void get_option(OptionTarget target, BindToDevice& value, std::error_code& error) noexcept try {
  std::array<char, IFNAMSIZ> name{};
  get_native(target.fd, SOL_SOCKET, SO_BINDTODEVICE, name, error);
  if (!error) value.device.assign(name.data(), ::strnlen(name.data(), name.size()));
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
}

void set_option(OptionTarget target, const Dscp& value, std::error_code& error) noexcept {
  if (value.code_point > 63) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  const int domain = native::domain_of(target.fd, error);
  const int byte = value.code_point << 2U;
  if (!error && domain == AF_INET6) set_native(target.fd, IPPROTO_IPV6, IPV6_TCLASS, byte, error);
  if (!error) set_native(target.fd, IPPROTO_IP, IP_TOS, byte, error);
}

void get_option(OptionTarget target, Dscp& value, std::error_code& error) noexcept {
  int byte = 0;
  const int domain = native::domain_of(target.fd, error);
  if (error) return;
  if (domain == AF_INET6) {
    get_native(target.fd, IPPROTO_IPV6, IPV6_TCLASS, byte, error);
  } else {
    get_native(target.fd, IPPROTO_IP, IP_TOS, byte, error);
  }
  if (!error) value.code_point = static_cast<std::uint8_t>(static_cast<unsigned>(byte) >> 2U & 63U);
}

}  // namespace sctp::inline v0::option

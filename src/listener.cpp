// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/listener.hpp>

#include <cerrno>

#include <sctpxx/option/socket.hpp>

#include "descriptor.hpp"
#include "failure.hpp"
#include "native_option.hpp"
#include "sys.hpp"
#include "wait.hpp"

namespace sctp::inline v0 {
namespace {

constexpr int default_backlog = 4096;

}  // namespace

// Non-blocking, so that try_accept does not block when a waiting peer is taken by another process; accept
// waits with poll.
Listener::Listener(Address::Family family, std::error_code& error) noexcept
    : Socket{open_socket(family, Style::one_to_one, SOCK_NONBLOCK, error), Style::one_to_one} {}

Listener::Listener(Address::Family family) : Listener{} {
  std::error_code error;
  *this = Listener{family, error};
  if (error) fail(Attempt::open, "", error);
}

Listener::Listener(const Address& address, std::error_code& error) noexcept
    : Listener{address.family(), error} {
  if (!error) bind(address, error);
  if (!error) listen(default_backlog, error);
  if (error) close();
}

Listener::Listener(const Address& address) : Listener{address.family()} {
  bind(address);
  listen(default_backlog);
}

void Listener::listen(int backlog, std::error_code& error) noexcept {
  error.clear();
  if (sys::listen(fd_, backlog) < 0) error = native::last_error();
}

void Listener::listen(int backlog) {
  std::error_code error;
  listen(backlog, error);
  if (!error) return;
  std::error_code unknown;
  const Address address = local_address(unknown);
  fail(Attempt::listen, address, error);
}

std::optional<OneToOneSocket> Listener::try_accept(std::error_code& error) noexcept {
  error.clear();
  for (;;) {
    const int fd = sys::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      pass_on(fd_, fd, error);
      OneToOneSocket peer{fd, Style::one_to_one, native::only_association(fd)};
      if (error) return std::nullopt;
      return peer;
    }
    if (errno == EAGAIN) return std::nullopt;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    error = native::last_error();
    return std::nullopt;
  }
}

std::optional<OneToOneSocket> Listener::accept(const Patience& patience, std::error_code& error) noexcept {
  error.clear();
  if (patience.is_woken()) return std::nullopt;
  for (;;) {
    if (auto peer = try_accept(error); peer || error) return peer;
    if (wait_for(fd_, POLLIN, patience, error) != Waited::ready) return std::nullopt;
  }
}

OneToOneSocket Listener::accept(std::error_code& error) noexcept {
  auto peer = try_accept(error);
  if (!peer && !error) {
    // Since this waits with poll, which knows nothing of the socket's own time.
    const auto time = get<option::RcvTimeo>(error).time;
    if (!error) peer = accept(time ? Patience{*time} : Patience{}, error);
  }
  if (!peer && !error) error = std::make_error_code(std::errc::operation_would_block);
  return peer ? std::move(*peer) : OneToOneSocket{};
}

std::optional<OneToOneSocket> Listener::accept(const Patience& patience) {
  std::error_code error;
  auto peer = accept(patience, error);
  if (error) fail_accept(error);
  return peer;
}

OneToOneSocket Listener::accept() {
  std::error_code error;
  OneToOneSocket peer = accept(error);
  if (error) fail_accept(error);
  return peer;
}

std::optional<OneToOneSocket> Listener::try_accept() {
  std::error_code error;
  auto peer = try_accept(error);
  if (error) fail_accept(error);
  return peer;
}

void Listener::fail_accept(std::error_code error) const {
  std::error_code unknown;
  const Address address = local_address(unknown);
  fail(Attempt::accept, address, error);
}

}  // namespace sctp::inline v0

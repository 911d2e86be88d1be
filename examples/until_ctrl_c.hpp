// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Ctrl-C and `kill` as a healthy end: the examples wait for a peer and for the user at the same time.
#pragma once

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <sctpxx/sctp.hpp>

class UntilCtrlC {
 public:
  /// From now on SIGINT and SIGTERM end the waits below instead of the process. Before the first thread
  /// starts.
  UntilCtrlC() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    interrupted_ = signalfd(-1, &signals, SFD_CLOEXEC);
  }
  ~UntilCtrlC() { ::close(interrupted_); }
  UntilCtrlC(const UntilCtrlC&) = delete;
  UntilCtrlC& operator=(const UntilCtrlC&) = delete;

  /// Waits until the descriptor is ready: true. False when the user has had enough; then for ever.
  [[nodiscard]] bool wait(int fd, short events = POLLIN) const {
    pollfd waits[] = {{interrupted_, POLLIN, 0}, {fd, events, 0}};
    while (::poll(waits, 2, -1) < 0) {
    }
    return waits[0].revents == 0;
  }

  /// Waits for a while: true. False when the user has had enough.
  [[nodiscard]] bool pause(std::chrono::milliseconds time) const {
    pollfd wait{interrupted_, POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(time.count())) == 0;
  }

  /// The user has had enough.
  [[nodiscard]] bool is_over() const { return !pause(std::chrono::milliseconds{0}); }

  /// The next peer, or none.
  [[nodiscard]] std::optional<sctp::OneToOneSocket> accept(sctp::Listener& listener) const {
    while (wait(listener.fd())) {
      if (auto peer = listener.try_accept()) return peer;
    }
    return std::nullopt;
  }

  /// The next message or event, or the end.
  [[nodiscard]] sctp::Received receive(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) const {
    using enum sctp::Received::Status;
    while (!is_over()) {  // asked each time, or a peer that never pauses could not be stopped
      auto received = socket.try_receive(buffer);
      if (received.status() != would_block) return received;
      if (!wait(socket.fd())) break;
    }
    return sctp::Received{end_of_stream};
  }

  /// Sends a message however slowly the peer reads: true. False when the user does not want to wait for that.
  [[nodiscard]] bool send(const sctp::OneToOneSocket& peer, sctp::Bytes payload,
                          const sctp::SendOptions& options) const {
    while (!peer.try_send(payload, options)) {
      if (!wait(peer.fd(), POLLOUT)) return false;
    }
    return true;
  }

 private:
  int interrupted_;
};

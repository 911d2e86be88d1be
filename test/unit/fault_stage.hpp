// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <sctpxx/sctp.hpp>

#include "support/fake_kernel.hpp"
#include "support/memory_stream.hpp"
#include "sys.hpp"

/// What the public operations are called on when their system calls are to fail.
namespace sctp::test {

/// A scripted kernel, and as much on it as an operation needs. What is not needed is not there.
struct Stage {
  static inline const Address near = Address::v4({192, 0, 2, 1}, 3868);
  static inline const Address far = Address::v4({198, 51, 100, 1}, 3868);
  static inline const Address own = Address::v4({192, 0, 2, 9}, 40000);
  static constexpr AssociationId seven{7};
  static constexpr AssociationId eight{8};

  FakeKernel kernel;
  int fd = -1;  // somebody else's descriptor
  SocketRef socket = SocketRef::borrow(-1, Style::one_to_one);
  OneToOneSocket one;
  Listener listener;
  OneToManySocket many;
  std::optional<Waker> waker;
  std::unique_ptr<AssociationTable> table;
  std::unique_ptr<SendQueue> queue;
  std::unique_ptr<PathMonitor> monitor;
  std::optional<Shutdown> ending;
  std::optional<ShutdownAll> ending_all;
  SendBatch batch;
  ReceiveBuffer buffer;
  ReceiveBuffer there;
  AssociationTable::Key key{};
  std::array<std::byte, 64> room{};
  std::string heard;  // what a ReceiveHandler was given
  std::string told;   // what was read
  bool receives = false;

  Stage() { heard.reserve(4096); }
  ~Stage() {
    if (fd >= 0 && kernel.is_open(fd)) sys::close(fd);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  [[nodiscard]] Association association() const { return {socket, seven}; }
  /// Hands over what a call receives by itself.
  void hear(const Received& received);
};

/// "s1 'hello'", "up", …
std::string text_of_all(const Received& received);

using Prepare = void (*)(Stage&);

void nothing(Stage& stage);
/// A descriptor of somebody else's, without an association, or with number seven: of one-to-one style, peeled
/// off, one of many. `near` and `far` are the peer's.
void unconnected(Stage& stage);
void with_one(Stage& stage);
void with_peeled_off(Stage& stage);
void with_many(Stage& stage);
/// The same for IPv6, which the kernel asks more about.
void unconnected_v6(Stage& stage);
/// An owner: of no association, of seven; a listener with two peers that wait; seven and eight on one socket.
void own_unconnected(Stage& stage);
void own_one(Stage& stage);
void own_nonblocking(Stage& stage);
void own_unbound_listener(Stage& stage);
void own_listener(Stage& stage);
void own_many(Stage& stage);
/// Seven, with a message in two pieces, an event between them, and two messages more; then the end of it.
void hears_one(Stage& stage);
void hears_own(Stage& stage);
void hears_own_in_batches(Stage& stage);
void hears_peeled_off(Stage& stage);
void hears_many(Stage& stage);
/// Seven can have its streams reset, its addresses changed, and its messages authenticated.
void with_capabilities(Stage& stage);

}  // namespace sctp::test

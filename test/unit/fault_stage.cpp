// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fault_stage.hpp"

#include <fcntl.h>

#include <utility>

#include "support/records.hpp"
#include "transcript.hpp"

namespace sctp::test {

std::string text_of_all(const Received& received) {
  switch (received.status()) {
    case ReceiveStatus::end_of_stream: return "end";
    case ReceiveStatus::would_block: return "would block";
    default: return describe(received);
  }
}

void Stage::hear(const Received& received) {
  ++in_the_kernel;  // the test's own memory is not what runs out
  heard += text_of_all(received) + "; ";
  --in_the_kernel;
}

void nothing(Stage&) {}

void unconnected(Stage& stage) {
  stage.fd = stage.kernel.open();
  stage.socket = SocketRef::borrow(stage.fd, Style::one_to_one);
}

void unconnected_v6(Stage& stage) {
  stage.fd = stage.kernel.open(AF_INET6);
  stage.socket = SocketRef::borrow(stage.fd, Style::one_to_one);
}

namespace {

void name(Stage& stage, int fd) {
  Descriptor& descriptor = stage.kernel.descriptor(fd);
  if (descriptor.type == SOCK_STREAM || descriptor.is_peeled_off) descriptor.peer = Stage::near;
  descriptor.local = Stage::own;
  stage.kernel.peer_addresses = {Stage::near, Stage::far};
  stage.kernel.local_addresses = {Stage::own};
}

/// The message "hello" is split, and what comes between its pieces ends nothing.
void arrivals(Stage& stage, AssociationId id) {
  const auto on = [&](std::string_view text, int stream) {
    return piece(text).on(StreamId{static_cast<std::uint16_t>(stream)}).of(id);
  };
  stage.kernel.receives(on("hel", 1));
  stage.kernel.receives(event(peer_addr_change({.association = id})));
  stage.kernel.receives(on("lo", 1).end());
  stage.kernel.receives(on("world", 2).end());
  stage.kernel.receives(on("again", 3).unordered().end());
  stage.receives = true;
}

void arrivals_to_the_end(Stage& stage, AssociationId id) {
  arrivals(stage, id);
  stage.kernel.receives(event(shutdown_event(id)));
  stage.kernel.ends_stream();
}

}  // namespace

void with_one(Stage& stage) {
  unconnected(stage);
  stage.kernel.association_is_up(Stage::seven);
  stage.kernel.up->primary = Stage::near;
  name(stage, stage.fd);
}

void with_peeled_off(Stage& stage) {
  stage.fd = stage.kernel.open_peeled_off(Stage::seven);
  stage.socket = SocketRef::borrow(stage.fd, Style::peeled_off);
  stage.kernel.association(stage.fd, Stage::seven).addresses = {Stage::near, Stage::far};
  name(stage, stage.fd);
}

void with_many(Stage& stage) {
  stage.fd = stage.kernel.open_one_to_many();
  stage.socket = SocketRef::borrow(stage.fd, Style::one_to_many);
  for (const AssociationId id : {Stage::seven, Stage::eight})
    stage.kernel.association(stage.fd, id).addresses = {Stage::near, Stage::far};
  name(stage, stage.fd);
}

void own_unconnected(Stage& stage) { stage.one = OneToOneSocket{Address::Family::v4}; }

void own_one(Stage& stage) {
  with_one(stage);
  stage.one = OneToOneSocket::adopt(std::exchange(stage.fd, -1));
  stage.socket = stage.one;
}

void own_nonblocking(Stage& stage) {
  own_one(stage);
  stage.kernel.descriptor(stage.one.fd()).status_flags = O_NONBLOCK;
}

void own_unbound_listener(Stage& stage) {
  stage.listener = Listener{Address::Family::v4};
  stage.listener.bind(Stage::own);
}

void own_listener(Stage& stage) {
  stage.listener = Listener{Stage::own};
  stage.kernel.peer_waits(Stage::seven);
  stage.kernel.peer_waits(Stage::eight);
}

void own_many(Stage& stage) {
  stage.many = OneToManySocket{Stage::own};
  for (const AssociationId id : {Stage::seven, Stage::eight})
    stage.kernel.association(stage.many.fd(), id).addresses = {Stage::near, Stage::far};
  name(stage, stage.many.fd());
  stage.socket = stage.many;
}

void hears_one(Stage& stage) {
  with_one(stage);
  arrivals_to_the_end(stage, Stage::seven);
}

void hears_own(Stage& stage) {
  own_one(stage);
  arrivals_to_the_end(stage, Stage::seven);
}

void hears_own_in_batches(Stage& stage) {
  own_one(stage);
  stage.buffer = ReceiveBuffer::in_batches(4);
  arrivals_to_the_end(stage, Stage::seven);
}

void hears_peeled_off(Stage& stage) {
  with_peeled_off(stage);
  arrivals_to_the_end(stage, Stage::seven);
}

void hears_many(Stage& stage) {
  own_many(stage);
  arrivals(stage, Stage::seven);
}

void with_capabilities(Stage& stage) {
  with_one(stage);
  Descriptor& descriptor = stage.kernel.descriptor(stage.fd);
  for (const int option : {SCTP_RECONFIG_SUPPORTED, SCTP_ASCONF_SUPPORTED, SCTP_AUTH_SUPPORTED})
    descriptor.negotiated[option] = 1;
  std::error_code error;
  stage.socket.set(option::EnableStreamReset{true, true, true});
}

}  // namespace sctp::test

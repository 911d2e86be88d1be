// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <chrono>

#include "fault_operations.hpp"

/// What sends and receives.
namespace sctp::test::fault {

using namespace std::chrono_literals;

namespace {

const Bytes hello = as_bytes("hello");
const SendOptions on_two{.stream = StreamId{2}, .ppid = ppid::echo, .reliability = Reliability::lifetime(5s)};
const SendOptions by_path{.path = Stage::far};

void with_batch(Stage& stage) {
  own_many(stage);
  for (const AssociationId id : {Stage::seven, Stage::eight, Stage::seven})
    stage.batch.add(id, hello, on_two);
}

struct Style3 {
  Prepare with;
  Prepare hears;
};
constexpr std::array<Style3, 3> styles{
    {{with_one, hears_one}, {with_peeled_off, hears_peeled_off}, {own_many, hears_many}}};

}  // namespace

void add_messages(List& list) {
  for (const auto& [with, hears] : styles) {
    list.both("SocketRef::send(AssociationId, std::span<std::byte const>, SendOptions const&) const", with,
              [](Stage& s, auto&... error) { s.socket.send(Stage::seven, hello, on_two, error...); });
    list.both(
        "SocketRef::send(AssociationId, std::span<std::byte const>, SendOptions const&, Patience const&) "
        "const",
        with,
        [](Stage& s, auto&... error) { return s.socket.send(Stage::seven, hello, on_two, 1s, error...); });
    list.both(
        "SocketRef::try_send(AssociationId, std::span<std::byte const>, SendOptions const&) const", with,
        [](Stage& s, auto&... error) { return s.socket.try_send(Stage::seven, hello, on_two, error...); });
    list.both("SocketRef::receive(ReceiveBuffer&) const", hears,
              [](Stage& s, auto&... error) { return s.socket.receive(s.buffer, error...); });
    list.both("SocketRef::receive(ReceiveBuffer&, Patience const&) const", hears,
              [](Stage& s, auto&... error) { return s.socket.receive(s.buffer, 1s, error...); });
    list.both("SocketRef::try_receive(ReceiveBuffer&) const", hears,
              [](Stage& s, auto&... error) { return s.socket.try_receive(s.buffer, error...); });
    list.both("SocketRef::receive_piece(std::span<std::byte>, ReceiveBuffer&) const", hears,
              [](Stage& s, auto&... error) { return s.socket.receive_piece(s.room, s.buffer, error...); });
    list.both(
        "SocketRef::receive_piece(std::span<std::byte>, ReceiveBuffer&, Patience const&) const", hears,
        [](Stage& s, auto&... error) { return s.socket.receive_piece(s.room, s.buffer, 1s, error...); });
    list.both(
        "SocketRef::try_receive_piece(std::span<std::byte>, ReceiveBuffer&) const", hears,
        [](Stage& s, auto&... error) { return s.socket.try_receive_piece(s.room, s.buffer, error...); });
  }
  list.both("SocketRef::receive(ReceiveBuffer&) const", hears_own_in_batches,
            [](Stage& s, auto&... error) { return s.socket.receive(s.buffer, error...); });
  list.both("SocketRef::try_receive(ReceiveBuffer&) const", hears_own_in_batches,
            [](Stage& s, auto&... error) { return s.socket.try_receive(s.buffer, error...); });
  list.both(
      "SocketRef::try_send(AssociationId, std::span<std::byte const>, SendOptions const&) const", with_one,
      [](Stage& s, auto&... error) { return s.socket.try_send(Stage::seven, hello, by_path, error...); });

  list.both("SocketRef::set_subscription(std::span<EventType const>, bool) const", with_one,
            [](Stage& s, auto&... error) {
              s.socket.subscribe<PeerAddressChange, SendFailed>(error...);
              if constexpr (sizeof...(error) != 0) {
                if ((bool{error} || ...)) return;
              }
              s.socket.unsubscribe<PeerAddressChange>(error...);
            });
  list.both("Association::set_subscription(std::span<EventType const>, bool) const", with_many,
            [](Stage& s, auto&... error) { s.association().template subscribe<SenderDry>(error...); });

  const auto stream = [](const Stage& s) { return Stream{s.socket, Stage::seven, StreamId{1}, ppid::echo}; };
  list.both("Stream::send(std::span<std::byte const>, Reliability) const", with_one,
            [stream](Stage& s, auto&... error) {
              stream(s).send(hello, Reliability::retransmissions(1), error...);
            });
  list.both("Stream::send(std::span<std::byte const>) const", with_one,
            [stream](Stage& s, auto&... error) { stream(s).send(hello, error...); });
  list.both("Stream::try_send(std::span<std::byte const>, Reliability) const", with_one,
            [stream](Stage& s, auto&... error) {
              return stream(s).try_send(hello, Reliability::retransmissions(1), error...);
            });
  list.both("Stream::try_send(std::span<std::byte const>) const", with_one,
            [stream](Stage& s, auto&... error) { return stream(s).try_send(hello, error...); });
  list.both("Stream::reset() const", with_capabilities,
            [stream](Stage& s, auto&... error) { stream(s).reset(error...); });

  list.both("OneToOneSocket::write_some(std::span<std::byte const>) const", own_one,
            [](Stage& s, auto&... error) { return s.one.write_some(hello, error...); });
  list.both("OneToOneSocket::write_some(std::span<std::byte const>, Patience const&) const", own_one,
            [](Stage& s, auto&... error) { return s.one.write_some(hello, 1s, error...); });
  list.both("OneToOneSocket::try_write_some(std::span<std::byte const>) const", own_one,
            [](Stage& s, auto&... error) { return s.one.try_write_some(hello, error...); });
  const auto bytes = [](Stage& s, std::optional<std::size_t> size) {
    return !size        ? "would block"
           : *size == 0 ? "end"
                        : "'" + std::string{as_text(Bytes{s.room}.first(*size))} + "'; ";
  };
  list.both("OneToOneSocket::read_some(std::span<std::byte>)", hears_own,
            [bytes](Stage& s, auto&... error) { return bytes(s, s.one.read_some(s.room, error...)); });
  list.both("OneToOneSocket::read_some(std::span<std::byte>, Patience const&)", hears_own,
            [bytes](Stage& s, auto&... error) { return bytes(s, s.one.read_some(s.room, 1s, error...)); });
  list.both("OneToOneSocket::try_read_some(std::span<std::byte>)", hears_own,
            [bytes](Stage& s, auto&... error) { return bytes(s, s.one.try_read_some(s.room, error...)); });

  list.both("SendBatch::send(SocketRef const&, Patience const&)", with_batch,
            [](Stage& s, auto&... error) { return s.batch.send(s.socket, 1s, error...); });
  list.only_throwing("SendBatch::try_send(SocketRef const&)", with_batch,
                     [](Stage& s) { return s.batch.try_send(s.socket); });
}

}  // namespace sctp::test::fault

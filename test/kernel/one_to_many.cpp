// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "one_to_many.hpp"

#include "by_hand.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>
#include <tuple>

#include <linux/sctp.h>

namespace test {
namespace {

int checked(int fd, const char* call) {
  if (fd < 0) throw std::system_error{errno, std::system_category(), call};
  return fd;
}

void permit_messages_to_interleave() {
  std::ofstream permission{"/proc/sys/net/sctp/intl_enable"};
  if (!has_own_network() || !(permission << 1 << std::flush)) {
    throw std::runtime_error{"cannot permit messages to interleave"};
  }
}

}  // namespace

std::string name(Way way) {
  const char* delivery = way.delivery == Delivery::one_by_one          ? "one by one"
                         : way.delivery == Delivery::interleaves_peers ? "interleaving peers"
                                                                       : "interleaving messages";
  return to_string(way.style) + ", " + delivery;
}

std::vector<Way> all_ways(sctp::Style style) {
  return {{style, Delivery::one_by_one},
          {style, Delivery::interleaves_peers},
          {style, Delivery::interleaves_messages}};
}

std::vector<Way> all_ways() {
  std::vector<Way> ways;
  for (const auto style : {sctp::Style::one_to_one, sctp::Style::one_to_many, sctp::Style::peeled_off}) {
    for (const Way& way : all_ways(style)) ways.push_back(way);
  }
  return ways;
}

void set_delivery(const sctp::SocketRef& socket, Delivery delivery) {
  socket.set(sctp::option::FragmentInterleave{delivery != Delivery::one_by_one});
  if (delivery != Delivery::interleaves_messages) return;
  socket.set(sctp::option::InterleavingSupported{});
  sctp_assoc_value in_turn{};
  in_turn.assoc_value = SCTP_SS_RR;
  set_native(socket, SCTP_STREAM_SCHEDULER, in_turn);
}

void force_send_buffer(const sctp::SocketRef& socket, std::size_t size) {
  const int bytes = static_cast<int>(size / 2 + 1);  // the kernel doubles it
  if (::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) == 0) return;
  std::printf("skipped: only root may have a send buffer of %zu bytes\n", size);
  std::exit(77);
}

RawSocket::~RawSocket() {
  if (fd_ >= 0) ::close(fd_);
}

sctp::OneToManySocket listen_to_many(const Tune& tune, const sctp::Address& at) {
  sctp::OneToManySocket socket{at.family()};
  tune(socket);
  socket.bind(at);
  socket.listen();
  return socket;
}

sctp::OneToManySocket listen_to_many(Delivery delivery, const Tune& tune) {
  if (delivery == Delivery::interleaves_messages) permit_messages_to_interleave();
  return listen_to_many([&](const sctp::SocketRef& socket) {
    set_delivery(socket, delivery);
    tune(socket);
  });
}

RawSocket listen_by_hand(const sctp::Address& at) {
  const int domain = at.family() == sctp::Address::Family::v4 ? AF_INET : AF_INET6;
  RawSocket socket{checked(::socket(domain, SOCK_SEQPACKET | SOCK_CLOEXEC, IPPROTO_SCTP), "socket"),
                   sctp::Style::one_to_many};
  set_native(socket, SCTP_RECVRCVINFO, int{1});
  socket.set(sctp::option::NoDelay{});
  socket.subscribe<sctp::AssociationChange, sctp::ShutdownReceived, sctp::PartialDeliveryAborted>();
  socket.bind(at);
  checked(::listen(socket.fd(), 16), "listen");
  return socket;
}

RawSocket peel_off_by_hand(const sctp::SocketRef& socket, sctp::AssociationId association) {
  sctp_peeloff_arg_t request{};
  request.associd = static_cast<sctp_assoc_t>(association);
  socklen_t length = sizeof request;
  return {
      checked(::getsockopt(socket.fd(), IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &request, &length), "peel off"),
      sctp::Style::peeled_off};
}

sctp::AssociationId Many::next(sctp::AssociationChange::State state) {
  const auto change = next_event<sctp::AssociationChange>(socket, buffer);
  if (change.state != state) throw std::runtime_error{"another state than this: " + to_string(change.state)};
  return change.association;
}

Receiver::Receiver(Way way, const Tune& tune) : way_{way} {
  if (way.style == sctp::Style::one_to_one) {
    if (way.delivery == Delivery::interleaves_messages) permit_messages_to_interleave();
    owners_.emplace_back(listen(sctp::Address::Family::v4, [&](const sctp::SocketRef& socket) {
      set_delivery(socket, way.delivery);
      tune(socket);
    }));
  } else {
    owners_.emplace_back(listen_to_many(way.delivery, tune));
  }
  address_ =
      std::visit([](const sctp::SocketRef& socket) { return socket.local_address(); }, owners_.front());
  if (way.style == sctp::Style::one_to_many) {
    ends_.push_back({std::get<sctp::OneToManySocket>(owners_.front()), sctp::ReceiveBuffer{}});
  }
}

void Receiver::abort(std::size_t n) {
  if (way_.style != sctp::Style::one_to_one) return sctp::Association{socket(n), association(n)}.abort();
  // What listens comes first.
  std::get<sctp::OneToOneSocket>(*std::next(owners_.begin(), static_cast<std::ptrdiff_t>(n) + 1)).abort();
}

sctp::OneToOneSocket Receiver::connect(const Tune& tune) {
  sctp::OneToOneSocket client{address_.family()};
  set_delivery(client, way_.delivery);
  tune(client);
  client.connect(address_);
  const auto note_up = [this](const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
    associations_.push_back(next_event<sctp::AssociationChange>(socket, buffer).association);
  };
  const auto add = [this](sctp::OneToOneSocket socket, sctp::ReceiveBuffer buffer) {
    const auto& owner = std::get<sctp::OneToOneSocket>(owners_.emplace_back(std::move(socket)));
    ends_.push_back({owner, std::move(buffer)});
  };
  switch (way_.style) {
    case sctp::Style::one_to_one:
      add(std::get<sctp::Listener>(owners_.front()).accept(), sctp::ReceiveBuffer{});
      note_up(ends_.back().socket, ends_.back().buffer);
      break;
    case sctp::Style::one_to_many: note_up(ends_.front().socket, ends_.front().buffer); break;
    case sctp::Style::peeled_off: {
      const auto& parent = std::get<sctp::OneToManySocket>(owners_.front());
      sctp::ReceiveBuffer here;
      sctp::ReceiveBuffer there;
      note_up(parent, here);
      add(parent.peel_off(associations_.back(), here, there), std::move(there));
      break;
    }
  }
  return client;
}

Receiver::End& Receiver::end(std::size_t n) {
  return *std::next(ends_.begin(),
                    way_.style == sctp::Style::one_to_many ? 0 : static_cast<std::ptrdiff_t>(n));
}

const Receiver::End& Receiver::end(std::size_t n) const { return const_cast<Receiver&>(*this).end(n); }

std::optional<sctp::Received> receive_by_hand(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer,
                                              std::vector<sctp::Piece>& seen) {
  for (;;) {
    if (const auto left = buffer.next()) return sctp::Received{*left};
    const auto read = read_piece(socket, buffer.prepare());
    if (!read) return std::nullopt;
    if (!read->piece.is_notification) seen.push_back(read->piece);
    std::error_code error;
    if (auto received = buffer.commit(read->piece, error)) return received;
    if (error) throw std::system_error{error};
  }
}

Disorder disorder_of(const std::vector<sctp::Piece>& pieces) {
  using Key = std::tuple<sctp::AssociationId, sctp::StreamId, bool>;
  Disorder disorder;
  std::map<Key, sctp::Ppid> open;
  const sctp::Piece* before = nullptr;
  for (const sctp::Piece& piece : pieces) {
    const Key key{piece.association, piece.stream, piece.unordered};
    const auto [begun, is_first] = open.try_emplace(key, piece.ppid);
    if (begun->second != piece.ppid) ++disorder.wrong_ppids;
    if (piece.end_of_record) open.erase(begun);
    if (before != nullptr && !before->end_of_record) {
      const Key last{before->association, before->stream, before->unordered};
      if (last != key) ++disorder.switches;
      if (last == Key{piece.association, piece.stream, !piece.unordered}) ++disorder.switches_of_order;
    }
    before = &piece;
  }
  return disorder;
}

sctp::OneToOneSocket restart(sctp::OneToOneSocket client, Way way, const sctp::SocketRef& receiver,
                             sctp::ReceiveBuffer& buffer) {
  const Tune tune = [way](const sctp::SocketRef& socket) {
    set_delivery(socket, way.delivery);
    retransmit_soon(socket);
  };
  return restart(std::move(client), tune, receiver, buffer);
}

sctp::OneToOneSocket restart(sctp::OneToOneSocket client, const Tune& tune, const sctp::SocketRef& receiver,
                             sctp::ReceiveBuffer& buffer) {
  const sctp::Address here = client.local_address();
  const sctp::Address there = client.peer_address();
  set_loopback_up(false);
  std::vector<sctp::Piece> pieces;
  if (receive_by_hand(receiver, buffer, pieces)) throw std::runtime_error{"a whole message"};
  client.abort();
  set_loopback_up(true);
  sctp::OneToOneSocket successor{here.family()};
  tune(successor);
  successor.bind(here);
  successor.connect(there);
  return successor;
}

void wait_until_acknowledged(const sctp::OneToOneSocket& client) {
  wait_until([&] { return client.association().status().unacknowledged_chunks == 0; });
}

QuietPair::QuietPair(sctp::Style style, const Tune& tune_both)
    : receiver{{style, Delivery::interleaves_peers}, tune_both}, peer{receiver.connect(tune_both)} {
  CHECK(test::next(peer, at_peer) == "up");
  peer.send(sctp::as_bytes("first"), {.sack_immediately = true});
  CHECK(receiver.next() == "message first");
  wait_until_acknowledged(peer);
}

}  // namespace test

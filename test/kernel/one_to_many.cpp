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
  if (delivery == Delivery::one_by_one) return;
  set_native(socket, SCTP_FRAGMENT_INTERLEAVE, int{1});
  if (delivery == Delivery::interleaves_peers) return;
  sctp_assoc_value on{};
  on.assoc_value = 1;
  set_native(socket, SCTP_INTERLEAVING_SUPPORTED, on);
  on.assoc_value = SCTP_SS_RR;
  set_native(socket, SCTP_STREAM_SCHEDULER, on);
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

RawSocket listen_to_many(Delivery delivery, const Tune& tune, const sctp::Address& at) {
  if (delivery == Delivery::interleaves_messages) {
    std::ofstream permission{"/proc/sys/net/sctp/intl_enable"};
    if (!has_own_network() || !(permission << 1 << std::flush)) {
      throw std::runtime_error{"cannot permit messages to interleave"};
    }
  }
  const int domain = at.family() == sctp::Address::Family::v4 ? AF_INET : AF_INET6;
  RawSocket socket{checked(::socket(domain, SOCK_SEQPACKET | SOCK_CLOEXEC, IPPROTO_SCTP), "socket"),
                   sctp::Style::one_to_many};
  set_native(socket, SCTP_RECVRCVINFO, int{1});
  socket.set(sctp::option::NoDelay{});
  socket.subscribe<sctp::AssociationChange, sctp::ShutdownReceived, sctp::PartialDeliveryAborted>();
  set_delivery(socket, delivery);
  tune(socket);
  socket.bind(at);
  checked(::listen(socket.fd(), 16), "listen");
  return socket;
}

RawSocket peel_off(const sctp::SocketRef& socket, sctp::AssociationId association) {
  sctp_peeloff_arg_t request{};
  request.associd = static_cast<sctp_assoc_t>(association);
  socklen_t length = sizeof request;
  return {
      checked(::getsockopt(socket.fd(), IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &request, &length), "peel off"),
      sctp::Style::peeled_off};
}

Receiver::Receiver(Way way, const Tune& tune) : way_{way} {
  if (way.style == sctp::Style::one_to_one) {
    if (way.delivery == Delivery::interleaves_messages) listen_to_many(way.delivery);  // permits it
    owners_.emplace_back(listen(sctp::Address::Family::v4, [&](const sctp::SocketRef& socket) {
      set_delivery(socket, way.delivery);
      tune(socket);
    }));
  } else {
    owners_.emplace_back(listen_to_many(way.delivery, tune));
  }
  address_ =
      std::visit([](const sctp::SocketRef& socket) { return socket.local_address(); }, owners_.front());
  if (way.style == sctp::Style::one_to_many)
    ends_.push_back({std::get<RawSocket>(owners_.front()), sctp::ReceiveBuffer{}});
}

void Receiver::abort(std::size_t n) {
  if (way_.style != sctp::Style::one_to_one) return test::abort(socket(n), association(n), "");
  // What listens comes first.
  std::get<sctp::OneToOneSocket>(*std::next(owners_.begin(), static_cast<std::ptrdiff_t>(n) + 1)).abort();
}

sctp::OneToOneSocket Receiver::connect(const Tune& tune) {
  sctp::OneToOneSocket client{address_.family()};
  set_delivery(client, way_.delivery);
  tune(client);
  client.connect(address_);
  if (way_.style == sctp::Style::one_to_one) {
    const auto& accepted = std::get<sctp::OneToOneSocket>(
        owners_.emplace_back(std::get<sctp::Listener>(owners_.front()).accept()));
    ends_.push_back({accepted, sctp::ReceiveBuffer{}});
  }
  sctp::ReceiveBuffer parent;
  const bool peels = way_.style == sctp::Style::peeled_off;
  const sctp::SocketRef first = peels ? std::get<RawSocket>(owners_.front()) : ends_.back().socket;
  const auto up = next_event<sctp::AssociationChange>(first, peels ? parent : ends_.back().buffer);
  associations_.push_back(up.association);
  if (peels) {
    const auto& peeled = std::get<RawSocket>(owners_.emplace_back(peel_off(first, up.association)));
    ends_.push_back({peeled, sctp::ReceiveBuffer{}});
  }
  if (way_.style != sctp::Style::one_to_many) set_delivery(ends_.back().socket, way_.delivery);
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
  const sctp::Address here = client.local_address();
  const sctp::Address there = client.peer_address();
  set_loopback_up(false);
  std::vector<sctp::Piece> pieces;
  if (receive_by_hand(receiver, buffer, pieces)) throw std::runtime_error{"a whole message"};
  client.abort();
  set_loopback_up(true);
  sctp::OneToOneSocket successor{here.family()};
  set_delivery(successor, way.delivery);
  retransmit_soon(successor);
  successor.bind(here);
  successor.connect(there);
  return successor;
}

void wait_until_acknowledged(const sctp::OneToOneSocket& client) {
  wait_until([&] { return client.association().status().unacknowledged_chunks == 0; });
}

}  // namespace test

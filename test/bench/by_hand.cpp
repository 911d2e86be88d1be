// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// As one writes it over system calls alone: over SCTP with the control messages that stream and payload
// protocol identifier travel in, over TCP with a length before each message. The least that works: no events,
// no limits.
#include <arpa/inet.h>
#include <netinet/sctp.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "sockets.hpp"

namespace bench {
namespace {

constexpr std::uint32_t ppid = 60;
constexpr std::uint16_t stream = 1;

[[gnu::noinline]] void send_message(const Socket& socket, const void* data, std::size_t size) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(sctp_sndinfo))> control;
  iovec piece{const_cast<void*>(data), size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_SCTP;
  header->cmsg_type = SCTP_SNDINFO;
  header->cmsg_len = CMSG_LEN(sizeof(sctp_sndinfo));
  auto* info = reinterpret_cast<sctp_sndinfo*>(CMSG_DATA(header));
  *info = {};
  info->snd_sid = stream;
  info->snd_ppid = htonl(ppid);
  info->snd_assoc_id = socket.association;
  checked(::sendmsg(socket.fd.get(), &message, MSG_NOSIGNAL), "sendmsg");
}

[[gnu::noinline]] std::size_t receive_piece(const Socket& socket, void* room, std::size_t size,
                                            sctp_rcvinfo& info, bool& is_last) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(sctp_rcvinfo))> control;
  iovec piece{room, size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = checked(::recvmsg(socket.fd.get(), &message, 0), "recvmsg");
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == IPPROTO_SCTP && header->cmsg_type == SCTP_RCVINFO)
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
  }
  is_last = (message.msg_flags & MSG_EOR) != 0;
  return static_cast<std::size_t>(got);
}

class ByHand : public End {
 public:
  explicit ByHand(Socket&& socket) : socket_{std::move(socket)} {
    set(socket_.fd, IPPROTO_SCTP, SCTP_RECVRCVINFO, 1);
  }
  void send(std::size_t count, sctp::Bytes message) override {
    while (count-- != 0) send_message(socket_, message.data(), message.size());
  }
  std::size_t receive(std::size_t count) override {
    std::size_t bytes = 0;
    while (count-- != 0) {
      sctp_rcvinfo info{};
      std::size_t size = 0;
      for (bool is_last = false; !is_last;)
        size += receive_piece(socket_, buffer_.data() + size, buffer_.size() - size, info, is_last);
      if (info.rcv_ppid != htonl(ppid)) throw std::runtime_error{"another message"};
      bytes += size;
    }
    return bytes;
  }

 private:
  Socket socket_;
  std::vector<char> buffer_ = std::vector<char>(largest + 1);
};

class ByLibsctp : public End {
 public:
  explicit ByLibsctp(Socket&& socket, Style style)
      : socket_{std::move(socket)}, is_many_{style != Style::one_to_one} {
    sctp_event_subscribe events{};  // what fills in its structure
    events.sctp_data_io_event = 1;
    checked(::setsockopt(socket_.fd.get(), IPPROTO_SCTP, SCTP_EVENTS, &events, 1), "SCTP_EVENTS");
  }
  void send(std::size_t count, sctp::Bytes message) override {
    auto* peer = is_many_ ? reinterpret_cast<sockaddr*>(&socket_.peer) : nullptr;
    while (count-- != 0) {
      checked(::sctp_sendmsg(socket_.fd.get(), message.data(), message.size(), peer,
                             peer != nullptr ? sizeof socket_.peer : 0, htonl(ppid), 0, stream, 0, 0),
              "sctp_sendmsg");
    }
  }
  std::size_t receive(std::size_t count) override {
    std::size_t bytes = 0;
    while (count-- != 0) {
      sctp_sndrcvinfo info{};
      std::size_t size = 0;
      for (int flags = 0; (flags & MSG_EOR) == 0;) {
        flags = 0;  // it is read, too
        size += static_cast<std::size_t>(
            checked(::sctp_recvmsg(socket_.fd.get(), buffer_.data() + size, buffer_.size() - size, nullptr,
                                   nullptr, &info, &flags),
                    "sctp_recvmsg"));
      }
      if (info.sinfo_ppid != htonl(ppid)) throw std::runtime_error{"another message"};
      bytes += size;
    }
    return bytes;
  }

 private:
  Socket socket_;
  bool is_many_;
  std::vector<char> buffer_ = std::vector<char>(largest + 1);
};

class OverTcp : public End {
 public:
  explicit OverTcp(Socket&& socket) : socket_{std::move(socket)} {}
  void send(std::size_t count, sctp::Bytes message) override {
    while (count-- != 0) {
      std::uint32_t length = htonl(static_cast<std::uint32_t>(message.size()));
      std::array<iovec, 2> pieces{
          {{&length, sizeof length}, {const_cast<std::byte*>(message.data()), message.size()}}};
      msghdr both{};
      both.msg_iov = pieces.data();
      both.msg_iovlen = pieces.size();
      checked(::sendmsg(socket_.fd.get(), &both, MSG_NOSIGNAL), "sendmsg");
    }
  }
  std::size_t receive(std::size_t count) override {
    std::size_t bytes = 0;
    while (count-- != 0) {
      std::uint32_t length = 0;
      need(sizeof length);
      std::memcpy(&length, buffer_.data() + begin_, sizeof length);
      begin_ += sizeof length;
      length = ntohl(length);
      need(length);
      begin_ += length;
      bytes += length;
    }
    return bytes;
  }

 private:
  /// Reads as much as is there, until so many bytes are.
  void need(std::size_t count) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (buffer_.size() - begin_ < count) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    while (end_ - begin_ < count) {
      const ssize_t got =
          checked(::recv(socket_.fd.get(), buffer_.data() + end_, buffer_.size() - end_, 0), "recv");
      if (got == 0) throw std::runtime_error{"the end"};
      end_ += static_cast<std::size_t>(got);
    }
  }

  Socket socket_;
  std::vector<char> buffer_ = std::vector<char>(largest + sizeof(std::uint32_t));
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

Pair connect_by_hand(Style style) {
  Sockets sockets = connect_sctp(style);
  return {std::make_unique<ByHand>(std::move(sockets.first)),
          std::make_unique<ByHand>(std::move(sockets.second))};
}

Pair connect_libsctp(Style style) {
  Sockets sockets = connect_sctp(style);
  return {std::make_unique<ByLibsctp>(std::move(sockets.first), style),
          std::make_unique<ByLibsctp>(std::move(sockets.second), style)};
}

Pair connect_tcp(Style /*style*/) {
  Sockets sockets = connect_tcp_sockets();
  return {std::make_unique<OverTcp>(std::move(sockets.first)),
          std::make_unique<OverTcp>(std::move(sockets.second))};
}

}  // namespace bench

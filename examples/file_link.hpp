// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// The protocol of file_transfer, and what both of its ends do.
#pragma once

#include <fmt/core.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <sctpxx/sctp.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "folder.hpp"

// Stream 0 has the client's commands (`list`, `get 3 NAME`, `put 3 NAME`) and the listings. All that is said
// of a file goes on the stream that the command names, and in its order: so nothing of the file before can
// come behind the answer that makes its stream free.
inline constexpr sctp::StreamId control{0};
inline constexpr std::uint16_t file_streams = 16;
inline constexpr sctp::Ppid command{1010}, listing{1011}, listed{1012}, go{1013}, piece{1014}, whole{1015},
    kept{1016}, refused{1017};

// Files go in messages that the other end holds whole: small, so that those of several files take turns and
// each end needs little memory. (A larger message than the send buffer could not be sent, whoever receives
// it.)
inline constexpr std::size_t piece_size = 16384;
inline constexpr std::size_t longest_message = 65536;

/// What both ends do: send what is to be said, and files by turns.
class Link {
 public:
  explicit Link(sctp::OneToOneSocket socket) : socket_{std::move(socket)} {
    const sctp::Association association = socket_.association();
    if (association.status().outgoing_streams <= file_streams) throw std::runtime_error{"too few streams"};
    // What stream 0 has to say overtakes the pieces of files that wait in the send buffer.
    association.set(sctp::option::StreamScheduler{sctp::option::StreamScheduler::Scheduler::priority});
    for (std::uint16_t stream = 1; stream <= file_streams; ++stream) {
      association.set(sctp::option::StreamSchedulerValue{1}, sctp::StreamId{stream});
    }
  }

  void say(sctp::StreamId stream, sctp::Ppid what, std::string words) {
    words_.push_back({{.stream = stream, .ppid = what}, std::move(words)});
  }
  void send(sctp::StreamId stream, OutgoingFile file) { files_.try_emplace(stream, std::move(file)); }
  [[nodiscard]] bool sends(sctp::StreamId stream) const { return files_.contains(stream); }

  /// Waits for something to do: sends what there is room for; answers whether there is input. No more is
  /// received while a thousand answers wait: whoever asks and does not listen gets no more memory.
  bool wait(const sctp::Waker& stop, int input = -1) {
    const bool sends = !words_.empty() || !files_.empty();
    const int events = (words_.size() < 1000 ? POLLIN : 0) | (sends ? POLLOUT : 0);
    pollfd waits[] = {
        {socket_.fd(), static_cast<short>(events), 0}, {stop.fd(), POLLIN, 0}, {input, POLLIN, 0}};
    ::poll(waits, 3, -1);
    if (sends && waits[0].revents != 0) send();
    return waits[2].revents != 0;
  }

  /// The next message, if one has come. Ends with the association.
  const sctp::Message* next() {
    while ((received_ = socket_.try_receive(buffer_))) {
      if (const auto* message = received_.message()) return message;
    }
    has_ended_ = received_.status() == sctp::ReceiveStatus::end_of_stream;
    return nullptr;
  }
  [[nodiscard]] bool has_ended() const { return has_ended_; }

  sctp::AssociationChange::End shutdown() {
    return socket_.shutdown(buffer_, std::chrono::seconds{5}, [](const auto&) {});
  }

 private:
  void send() {
    for (; !words_.empty(); words_.pop_front()) {
      if (!socket_.try_send(sctp::as_bytes(words_.front().text), words_.front().how)) return;
    }
    for (auto next = files_.begin(); next != files_.end();) {
      auto& [stream, file] = *next++;
      try {
        const sctp::Bytes bytes = file.read(room_);
        if (!bytes.empty()) {
          if (!socket_.try_send(bytes, {.stream = stream, .ppid = piece})) return;
          file.pass(bytes);
          continue;
        }
        say(stream, whole, file.finish());
      } catch (const std::system_error& failure) {
        if (failure.code() == sctp::Condition::association_ended) throw;
        say(stream, refused, failure.what());
      }
      files_.erase(stream);
    }
  }

  struct Words {
    sctp::SendOptions how;
    std::string text;
  };
  sctp::OneToOneSocket socket_;
  sctp::ReceiveBuffer buffer_{longest_message, longest_message};
  sctp::Received received_{sctp::ReceiveStatus::would_block};
  bool has_ended_ = false;
  std::deque<Words> words_;
  std::map<sctp::StreamId, OutgoingFile> files_;
  std::array<std::byte, piece_size> room_;
};

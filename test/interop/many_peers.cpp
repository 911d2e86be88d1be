// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// One socket and any number of peers of other make. It prints every event and every message, and does what
// the lines of its input say:
//
//     connect ADDRESS:PORT...                 to one peer
//     send|unordered ID STREAM PPID TEXT      ID: of an association, as the events tell it
//     large ID STREAM PPID SIZE
//     paths ID | shutdown ID | abort ID REASON | end

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <sctpxx/format.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

template <class Id>
Id id(std::istream& words) {
  std::uint64_t value = 0;
  if (!(words >> value) || !std::in_range<std::underlying_type_t<Id>>(value))
    throw std::invalid_argument{"a number"};
  return static_cast<Id>(value);
}

/// As Erlang and zlib know it.
std::uint32_t adler32(sctp::Bytes payload) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const std::byte byte : payload) {
    a = (a + std::to_integer<std::uint32_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return (b << 16) | a;
}

std::string printable(sctp::Bytes payload) {
  std::string text{sctp::as_text(payload.first(std::min<std::size_t>(payload.size(), 40)))};
  for (char& c : text) c = c < ' ' || c > '~' ? '.' : c;
  return text;
}

class Peers {
 public:
  Peers(const std::vector<sctp::Address>& own, bool echoes) : socket_{own.front().family()}, echoes_{echoes} {
    socket_.subscribe<sctp::SendFailed, sctp::RemoteError, sctp::AdaptationIndication>();
    socket_.bind(own);
    socket_.listen();
  }

  [[nodiscard]] const sctp::OneToManySocket& socket() const { return socket_; }
  [[nodiscard]] bool wants_to_send() const { return queue_.wants_writable(); }
  [[nodiscard]] std::size_t count() const { return table_.size(); }

  void receive() {
    std::error_code failure;
    do {
      while (auto received = socket_.try_receive(buffer_, failure)) take(received);
      if (failure) fmt::print("cannot receive: {}\n", failure.message());
    } while (failure);
    queue_.flush();
    table_.abort_overdue();
    while (const auto unsent = queue_.next_unsent()) {
      fmt::print("unsent: {} bytes, {}: {}\n", unsent->payload.size(), to_string(unsent->why),
                 unsent->error.message());
    }
  }

  void obey(const std::string& line) {
    std::istringstream words{line};
    std::string word;
    words >> word;
    if (word == "connect") return connect(words);
    const auto association = id<sctp::AssociationId>(words);
    if (word == "paths") {
      for (const auto& address : socket_.association(association).peer_addresses())
        fmt::print("path {}\n", address);
    } else if (word == "shutdown") {
      queue_.shutdown(association);
    } else if (word == "abort") {
      words >> word;
      socket_.association(association).abort(word);
    } else {
      sctp::SendOptions how{.stream = id<sctp::StreamId>(words), .ppid = id<sctp::Ppid>(words)};
      how.unordered = word == "unordered";
      std::string text;
      std::getline(words >> std::ws, text);
      if (word == "large") text = pattern(std::stoul(text));
      fmt::print("{}: {} bytes, adler {}\n", to_string(queue_.send(association, sctp::as_bytes(text), how)),
                 text.size(), adler32(sctp::as_bytes(text)));
    }
  }

  void leave() {
    const auto aborted =
        socket_.shutdown_all(buffer_, 5s, [this](const sctp::Received& last) { take(last); });
    fmt::print("left, {} aborted\n", aborted);
  }

 private:
  void connect(std::istream& words) {
    std::vector<sctp::Address> peer;
    for (std::string address; words >> address;) peer.push_back(sctp::Address::parse(address));
    const auto setup = socket_.connect(peer);
    table_.expect(setup, 5s);
    fmt::print("setting up association {}\n", setup);
  }

  void take(const sctp::Received& received) {
    if (queue_.take(received)) return;
    if (const auto* event = received.notification()) fmt::print("{}\n", *event);
    if (const auto change = table_.take(received);
        change && change->kind == sctp::AssociationTable::Change::Kind::closed) {
      fmt::print("closed {}, {} left\n", change->key.id, table_.size());
    }
    if (const auto* m = received.message()) {
      fmt::print("message on {} from {}: stream {}, ppid {}, {}ordered, {} bytes, adler {}: {}\n",
                 m->association, m->source, m->stream, m->ppid, m->unordered ? "un" : "", m->payload.size(),
                 adler32(m->payload), printable(m->payload));
      if (!echoes_) return;
      std::error_code gone;
      const auto result =
          queue_.send(m->association, m->payload,
                      {.stream = m->stream, .ppid = m->ppid, .unordered = m->unordered}, gone);
      if (gone || result == sctp::SendQueue::Result::full)
        fmt::print("no echo: {} {}\n", to_string(result), gone.message());
    }
  }

  static std::string pattern(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i != size; ++i) text[i] = static_cast<char>('a' + i % 23);
    return text;
  }

  sctp::OneToManySocket socket_;
  sctp::AssociationTable table_{socket_};
  sctp::SendQueue queue_{socket_};
  sctp::ReceiveBuffer buffer_;
  bool echoes_;
};

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool echoes = !arguments.empty() && arguments.front() == "--echo";
  if (echoes) arguments.erase(arguments.begin());
  if (arguments.empty()) {
    fmt::print(stderr, "usage: many_peers [--echo] ADDRESS:PORT...\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::ios::sync_with_stdio(false);  // or cin would not know what it has read ahead

  std::vector<sctp::Address> own;
  for (const std::string& address : arguments) own.push_back(sctp::Address::parse(address));
  Peers peers{own, echoes};
  fmt::print("listening on {}\n", peers.socket().local_address());

  for (std::string line; line != "end";) {
    pollfd waits[] = {
        {STDIN_FILENO, POLLIN, 0},
        {peers.socket().fd(), static_cast<short>(peers.wants_to_send() ? POLLIN | POLLOUT : POLLIN), 0}};
    if (::poll(waits, 2, 100) < 0) continue;
    peers.receive();
    if (waits[0].revents == 0) continue;
    do try {
        if (!std::getline(std::cin, line)) line = "end";
        if (line != "end") peers.obey(line);
      } catch (const std::exception& failure) {
        fmt::print("cannot {}: {}\n", line, failure.what());
      }
    while (line != "end" && std::cin.rdbuf()->in_avail() > 0);
  }
  peers.leave();
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

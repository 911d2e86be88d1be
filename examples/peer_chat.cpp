// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// A chat of any number of people without a server: one socket each, and an association with everybody.

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <sctpxx/format.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "printable.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
using Change = sctp::AssociationTable::Change;

constexpr sctp::StreamId talk{0};
constexpr sctp::StreamId introductions{1};  // first one's own name, then where others are

class Chat {
 public:
  Chat(const sctp::Address& own, std::string name) : socket_{own.family()}, name_{std::move(name)} {
    socket_.bind(own);
    socket_.listen();
  }

  [[nodiscard]] const sctp::OneToManySocket& socket() const { return socket_; }

  void join(const sctp::Address& member) {
    std::error_code error;
    const auto setup = socket_.connect(member, error);
    if (!error) table_.expect(setup, 5s);
    // With somebody who introduces us there is an association already, or we meet while we both call.
    if (error && error != std::errc::already_connected) fmt::print("{}: {}\n", member, error.message());
  }

  void say(std::string_view line) {
    for (const auto& [id, member] : table_) tell(id, talk, line);
  }

  /// Takes all that has come; a message that is too long is told and passed over.
  void receive() {
    std::error_code failure;
    do {
      while (auto received = socket_.try_receive(buffer_, failure)) take(received);
      if (failure) fmt::print("({})\n", failure.message());
    } while (failure == sctp::Condition::message_dropped);
  }

  void send_what_waits() { queue_.flush(); }
  [[nodiscard]] bool wants_to_send() const { return queue_.wants_writable(); }
  /// Who goes in the middle of a message may do so unheard: that is found by asking again.
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_left() {
    const auto time = table_.abort_overdue();
    return buffer_.unfinished() == 0 ? time : std::min<std::chrono::milliseconds>(time.value_or(1s), 1s);
  }

  void leave() {
    socket_.shutdown_all(buffer_, 5s, [this](const sctp::Received& last) { take(last); });
  }

 private:
  void take(const sctp::Received& received) {
    if (queue_.take(received)) return;
    if (const auto change = table_.take(received)) take(*change);
    if (const auto* message = received.message()) {
      const std::string text = printable(message->payload, 200);
      if (message->stream == talk) fmt::print("{}: {}\n", name_of(message->association), text);
      if (message->stream == introductions) take_introduction(message->association, text);
    }
  }

  void take(const Change& change) {
    if (change.kind == Change::Kind::up || change.kind == Change::Kind::restarted) {
      tell(change.key.id, introductions, "I am " + name_);
      for (const auto& [id, member] : table_) {
        if (id == change.key.id || member.paths.empty()) continue;
        tell(change.key.id, introductions, "meet " + to_string(member.paths.front().address));
      }
    } else if (change.kind == Change::Kind::closed) {
      fmt::print("({}: {})\n", name_of(change.key.id), change);
      names_.erase(change.key.id);
    }
  }

  void take_introduction(sctp::AssociationId from, std::string_view text) {
    std::error_code malformed;
    if (text.starts_with("I am ")) {
      names_[from] = text.substr(5, 30);
      fmt::print("({} is here)\n", names_[from]);
    } else if (text.starts_with("meet ")) {
      const auto address = sctp::Address::parse(text.substr(5), malformed);
      if (!malformed && !knows(address)) join(address);
    }
  }

  [[nodiscard]] bool knows(const sctp::Address& address) const {
    for (const auto& [id, member] : table_) {
      for (const auto& path : member.paths) {
        if (path.address == address) return true;
      }
    }
    return false;
  }

  void tell(sctp::AssociationId member, sctp::StreamId stream, std::string_view text) {
    using Result = sctp::SendQueue::Result;
    std::error_code gone;  // its end is the next that is received
    if (queue_.send(member, sctp::as_bytes(text), {.stream = stream}, gone) == Result::full) {
      fmt::print("({} does not listen)\n", name_of(member));
    }
  }

  [[nodiscard]] std::string name_of(sctp::AssociationId member) const {
    const auto found = names_.find(member);
    return found == names_.end() ? "somebody" : found->second;
  }

  sctp::OneToManySocket socket_;
  std::string name_;
  sctp::AssociationTable table_{socket_};
  sctp::SendQueue queue_{socket_};
  sctp::ReceiveBuffer buffer_{sctp::ReceiveBuffer::default_capacity, 4096};
  std::map<sctp::AssociationId, std::string> names_;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "A chat without a server. Sends each line of its input to everybody and prints what others say.\n"
      "Whoever joins one member is introduced to all. The end of the input, or Ctrl-C, ends it."};
  std::string name;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<std::string> members;
  options.add_option("name", name, "what the others call you")->required();
  options.add_option("members", members, "somebody who is there, as 192.0.2.1:7000 or [2001:db8::1]:7000");
  options.add_option("--address", address, "your own address")->capture_default_str();
  options.add_option("--port", port, "your own port; 0 for any free one")->capture_default_str();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::ios::sync_with_stdio(false);  // or cin would not know what it has read ahead

  const sctp::Waker& stop = until_ctrl_c();
  Chat chat{{address, port}, name};
  fmt::print("listening on {}\n", chat.socket().local_address());
  for (const std::string& member : members) chat.join(sctp::Address::parse(member));

  while (!stop.is_awake()) {
    const short wanted = chat.wants_to_send() ? POLLIN | POLLOUT : POLLIN;
    pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {chat.socket().fd(), wanted, 0}, {stop.fd(), POLLIN, 0}};
    const auto time = chat.time_left();
    if (::poll(waits, 3, time ? static_cast<int>(time->count()) : -1) < 0) continue;
    chat.receive();
    chat.send_what_waits();
    if (waits[0].revents == 0) continue;
    std::string line;
    do {
      if (!std::getline(std::cin, line)) return chat.leave(), 0;
      if (!line.empty()) chat.say(line);
    } while (std::cin.rdbuf()->in_avail() > 0);
  }
  chat.leave();
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// The tour's server: answers greetings and takes a file over several streams.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <fstream>
#include <sctpxx/format.hpp>
#include <string>

#include "sha256.hpp"
#include "tour.hpp"
#include "until_ctrl_c.hpp"

namespace {

/// Puts the messages of the bulk streams back into the file's order.
class FileWriter {
 public:
  explicit FileWriter(const std::string& path) : file_{path, std::ios::binary} {
    file_.exceptions(std::ios::badbit | std::ios::failbit);
  }

  void take(const sctp::Message& message) {
    ++messages_;
    largest_ = std::max(largest_, message.payload.size());
    // The payload is dead at the next receive, so what cannot be written yet is copied.
    waiting_.at(static_cast<std::size_t>(message.stream) - 1).emplace_back(sctp::as_text(message.payload));
    for (; !waiting_[turn_].empty(); turn_ = (turn_ + 1) % waiting_.size()) {
      const std::string& next = waiting_[turn_].front();
      file_.write(next.data(), static_cast<std::streamsize>(next.size()));
      digest_.add(sctp::as_bytes(next));
      size_ += next.size();
      waiting_[turn_].pop_front();
    }
  }

  [[nodiscard]] std::string finish() {
    file_.close();
    std::string digest = digest_.finish();
    fmt::print("server: {} bytes in {} messages, the largest of {} bytes\n", size_, messages_, largest_);
    fmt::print("server: SHA-256 {}\n", digest);
    return digest;
  }

 private:
  std::ofstream file_;
  Sha256 digest_;
  std::array<std::deque<std::string>, bulk.size()> waiting_;
  std::size_t turn_ = 0;
  std::size_t size_ = 0;
  std::size_t messages_ = 0;
  std::size_t largest_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{"Waits for one tour_client and writes the file that it sends. Ctrl-C ends it."};
  std::string path;
  options.add_option("file", path, "where to write the file that comes")->required();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  sctp::Listener listener{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  // A packet on the loopback interface is 64 KiB, the client's first window: it would wait 200 ms after each.
  listener.set(sctp::option::DelayedSack{.delay = std::chrono::milliseconds{10}});
  fmt::print("server: listening on {}\n", listener.local_address());
  auto peer = listener.accept(stop);
  if (!peer) return 1;

  FileWriter file{path};
  sctp::ReceiveBuffer buffer;
  while (auto received = peer->receive(buffer, stop)) {
    received.match(
        [&](const sctp::Message& message) {
          switch (message.ppid) {
            case greeting:
              fmt::print("server: stream {} says: {}\n", message.stream, sctp::as_text(message.payload));
              peer->stream(message.stream, greeting).send(message.payload);
              break;
            case piece_of_file: file.take(message); break;
            case file_is_whole:
              peer->stream(control, file_is_whole).send(sctp::as_bytes(file.finish()));
              break;
            default: fmt::print("server: a message that is not of this tour\n");
          }
        },
        [](const auto& event) { fmt::print("server: event: {}\n", event); });
  }
  fmt::print("server: the association has ended\n");
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "server: {}\n", failure.what());
  return 1;
}

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// The tour's client: small messages, a file in messages of mixed sizes, a graceful end.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <fstream>
#include <random>
#include <sctpxx/format.hpp>
#include <string>
#include <vector>

#include "sha256.hpp"
#include "tour.hpp"
#include "until_ctrl_c.hpp"

namespace {

constexpr std::size_t largest_message = std::size_t{400} * 1024;

/// The next message; events on the way are shown.
sctp::Message next_message(const sctp::OneToOneSocket& server, sctp::ReceiveBuffer& buffer) {
  while (auto received = server.receive(buffer)) {
    if (const auto* message = received.message()) return *message;
    fmt::print("client: event: {}\n", *received.notification());
  }
  throw std::runtime_error{"the server has ended the association"};
}

/// Sends the file in messages of 1 byte to 400 KiB, one on each bulk stream in turn, and answers its digest.
std::string send_file(const sctp::OneToOneSocket& server, const std::string& path, std::size_t size) {
  std::ifstream file{path, std::ios::binary};
  file.exceptions(std::ios::badbit);
  std::vector<std::byte> message(largest_message);
  Sha256 digest;
  std::size_t sent = 0;
  std::size_t count = 0;
  std::minstd_rand random;
  for (int tenth = 1; sent < size; ++count) {
    // Small and large alike: every power of two between the two ends is as likely.
    const std::size_t most = std::size_t{1} << (random() % 20);
    const std::size_t length = std::min({most + random() % most, largest_message, size - sent});
    file.read(reinterpret_cast<char*>(message.data()), static_cast<std::streamsize>(length));
    const sctp::Bytes payload = sctp::Bytes{message}.first(static_cast<std::size_t>(file.gcount()));
    if (payload.empty()) throw std::runtime_error{"the file became shorter"};
    server.stream(bulk[count % bulk.size()], piece_of_file).send(payload);
    digest.add(payload);
    sent += payload.size();
    for (; sent * 10 >= size * static_cast<std::size_t>(tenth); ++tenth)
      fmt::print("client: {}0 % sent\n", tenth);
  }
  fmt::print("client: {} bytes in {} messages on {} streams\n", sent, count, bulk.size());
  return digest.finish();
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{"Shows a tour_server small messages and sends it a file. Ctrl-C aborts the association."};
  std::string address;
  std::string path;
  options.add_option("server", address, "the server's address and port, as it prints them")->required();
  options.add_option("file", path, "the file to send")->required()->check(CLI::ExistingFile);
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const auto size = static_cast<std::size_t>(std::ifstream{path, std::ios::ate | std::ios::binary}.tellg());
  sctp::OneToOneSocket server{sctp::Address::Family::v4};
  server.set(sctp::option::InitMsg{.outgoing_streams = 1 + bulk.size()});
  server.set(sctp::option::SndBuf{largest_message});  // a message must fit into it whole
  server.connect(sctp::Address::parse(address));

  sctp::ReceiveBuffer buffer;
  for (const sctp::StreamId stream : {control, bulk[0], bulk[1], bulk[2]}) {
    server.stream(stream, greeting).send(sctp::as_bytes("hello"));
    const sctp::Message answer = next_message(server, buffer);
    fmt::print("client: stream {} answers: {}\n", answer.stream, sctp::as_text(answer.payload));
  }

  const std::string digest = send_file(server, path, size);
  server.stream(control, file_is_whole).send(sctp::as_bytes("that was all"));
  fmt::print("client: SHA-256 {}\n", digest);
  const bool intact = sctp::as_text(next_message(server, buffer).payload) == digest;
  fmt::print("client: {}\n",
             intact ? "the server has the same: the file arrived intact" : "the server has ANOTHER FILE");

  server.shutdown();
  while (auto received = server.receive(buffer)) {
    if (const auto* event = received.notification()) fmt::print("client: event: {}\n", *event);
  }
  fmt::print("client: the association has ended\n");
  return intact ? 0 : 1;
} catch (const std::exception& failure) {
  fmt::print(stderr, "client: {}\n", failure.what());
  return 1;
}

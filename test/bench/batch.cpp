// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// What it is worth to send and to read many messages with one system call. A round sends as many as the
// window holds, then reads them; all ways take turns in one run, since the speed of a machine changes from
// minute to minute.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include <sctpxx/sctp.hpp>

namespace {

using Clock = std::chrono::steady_clock;

struct Ends {
  sctp::Listener listener{sctp::Address::loopback(sctp::Address::Family::v4, 0)};
  sctp::OneToOneSocket sender{listener.local_address()};
  sctp::OneToOneSocket reader{listener.accept()};
};

/// One way of sending and reading, and what it has taken.
struct Way {
  std::size_t batch;
  sctp::ReceiveBuffer buffer{sctp::ReceiveBuffer::in_batches(batch)};
  std::size_t reads = 0;
  std::size_t messages = 0;
  std::vector<double> send_seconds{};
  std::vector<double> read_seconds{};
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

void run(Ends& ends, Way& way, std::size_t count, sctp::Bytes payload) {
  sctp::SendBatch messages;
  const auto begin = Clock::now();
  for (std::size_t left = count; left != 0;) {
    const std::size_t now = std::min(left, way.batch);
    for (std::size_t i = 0; i != now; ++i) messages.add(payload);
    messages.send(ends.sender);
    messages.clear();
    left -= now;
  }
  way.send_seconds.push_back(seconds_since(begin));
  // Each is at the reader then, and a read never finds fewer than there are.
  while (ends.sender.association().status().unacknowledged_chunks != 0) {
  }
  const auto middle = Clock::now();
  for (std::size_t left = count; left != 0;) {
    if (way.buffer.waiting() == 0) ++way.reads;
    const auto received = ends.reader.receive(way.buffer);
    if (received.message() != nullptr) --left;
  }
  way.read_seconds.push_back(seconds_since(middle));
  way.messages += count;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto argument = [&](int n, std::size_t otherwise) {
    return argc > n ? static_cast<std::size_t>(std::stoul(argv[n])) : otherwise;
  };
  const std::size_t rounds = argument(1, 60);
  const std::size_t count = argument(2, 192);
  const std::vector<std::byte> payload(argument(3, 100));
  Ends ends;
  std::array<Way, 3> ways{Way{1}, Way{16}, Way{64}};
  for (std::size_t round = 0; round != rounds + 1; ++round) {
    for (Way& way : ways) run(ends, way, count, payload);
    if (round == 0) ways = {Way{1}, Way{16}, Way{64}};  // of which the first only warms up
  }
  std::printf("%zu messages of %zu bytes each way\n", ways[0].messages, payload.size());
  std::puts("at a time   calls to read a message   us to send one   us to read one   against one at a time");
  const double one_sent = median(ways[0].send_seconds);
  const double one_read = median(ways[0].read_seconds);
  for (const Way& way : ways) {
    const double sent = median(way.send_seconds);
    const double read = median(way.read_seconds);
    const double each = 1e6 / static_cast<double>(count);
    std::printf("%9zu   %23.3f   %14.2f   %14.2f   sending %.2f, reading %.2f\n", way.batch,
                static_cast<double>(way.reads) / static_cast<double>(way.messages), sent * each, read * each,
                sent / one_sent, read / one_read);
  }
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "batch: %s\n", failure.what());
  return EXIT_FAILURE;
}

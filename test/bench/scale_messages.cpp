// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <sctpxx/sctp.hpp>

#include "counts.hpp"
#include "scale.hpp"
#include "sockets.hpp"

namespace bench {
namespace {

constexpr std::size_t piece = 1400;
constexpr std::size_t pieces = 16;  // of a message
constexpr std::size_t rounds = 15;

sctp::StreamId stream(std::size_t message) { return sctp::StreamId{static_cast<std::uint16_t>(message)}; }

/// Pieces of messages as the kernel hands them out under I-DATA, one of each message in turn, without the
/// kernel.
class Pieces {
 public:
  explicit Pieces(std::size_t open) : open_{open} {}

  /// Of each message the same piece.
  void take(std::size_t number) {
    for (std::size_t message = 0; message != open_; ++message) {
      const bool is_whole = take_one(message, number);
      if (is_whole != (number == pieces - 1)) throw std::runtime_error{"another piece was the last"};
    }
  }
  [[nodiscard]] const sctp::ReceiveBuffer& buffer() const { return buffer_; }

 private:
  bool take_one(std::size_t message, std::size_t number) {
    if (buffer_.prepare().size() < piece) throw std::runtime_error{"too little room"};
    std::error_code error;
    const auto received = buffer_.commit({.size = piece,
                                          .end_of_record = number == pieces - 1,
                                          .has_info = true,
                                          .stream = stream(message),
                                          .association = sctp::AssociationId{3}},
                                         error);
    if (error) throw std::system_error{error};
    return received.has_value() && received->message() != nullptr &&
           received->message()->payload.size() == pieces * piece;
  }

  std::size_t open_;
  sctp::ReceiveBuffer buffer_;
};

void take_all(Pieces& all) {
  for (std::size_t number = 0; number != pieces; ++number) all.take(number);
}

/// Where root has to permit it; without that the option tells why it fails.
void permit_interleaving() { std::ofstream{"/proc/sys/net/sctp/intl_enable"} << 1; }

/// Two sockets that interleave messages, over the kernel.
class Interleaved {
 public:
  explicit Interleaved(std::size_t open) : message_(pieces * piece), open_{open} {
    const auto streams = static_cast<std::uint16_t>(open);
    for (const sctp::SocketRef socket : {sctp::SocketRef{listener_}, sctp::SocketRef{sender_}}) {
      socket.set(sctp::option::FragmentInterleave{});
      socket.set(sctp::option::InterleavingSupported{});
    }
    listener_.set(sctp::option::PartialDeliveryPoint{1});
    listener_.bind(sctp::Address::loopback(sctp::Address::Family::v4, 0));
    listener_.listen();
    sender_.set(sctp::option::InitMsg{.outgoing_streams = streams});
    const auto room = static_cast<int>(2 * open * message_.size() + 1'000'000);  // all of them at a time
    checked(::setsockopt(sender_.fd(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room), "SO_SNDBUFFORCE");
    sender_.connect(listener_.local_address());
    sender_.association().set(
        sctp::option::StreamScheduler{sctp::option::StreamScheduler::Scheduler::round_robin});
    reader_ = listener_.accept();
  }

  /// Sends one on each stream, and reads them.
  void run() {
    for (std::size_t n = 0; n != open_; ++n) sender_.send(message_, {.stream = stream(n)});
    for (std::size_t left = open_; left != 0;) {
      const auto received = reader_.receive(buffer_);
      most_open_ = std::max(most_open_, buffer_.unfinished());
      const sctp::Message* message = received.message();
      if (message == nullptr) continue;
      if (message->payload.size() != message_.size()) throw std::runtime_error{"bytes are missing"};
      --left;
    }
  }
  [[nodiscard]] std::size_t most_open() const { return most_open_; }

 private:
  std::vector<std::byte> message_;
  std::size_t open_;
  std::size_t most_open_ = 0;
  sctp::Listener listener_{sctp::Address::Family::v4};
  sctp::OneToOneSocket sender_{sctp::Address::Family::v4};
  sctp::OneToOneSocket reader_;
  sctp::ReceiveBuffer buffer_;
};

/// Microseconds for each piece of so many messages that are under way at a time, and how many were.
std::pair<double, std::size_t> over_the_kernel(std::size_t open) {
  Interleaved ends{open};
  std::vector<double> times;
  for (std::size_t round = 0; round != rounds + 1; ++round) {
    const double time = seconds([&] { ends.run(); });
    if (round != 0) times.push_back(time);
  }
  constexpr double micro = 1e6;
  return {each(Summary{times}.median(), open * pieces) * micro, ends.most_open()};
}

}  // namespace

void count_with_messages(const Counts& numbers) {
  for (const std::size_t open : numbers) {
    Pieces all{open};
    for (int turn = 0; turn != 2; ++turn) take_all(all);
    bench_counted([&] { all.take(0); });
    bench_counted([&] {
      for (std::size_t number = 1; number != pieces - 1; ++number) all.take(number);
    });
    bench_counted([&] { all.take(pieces - 1); });
  }
}

void measure_messages(const Counts& numbers, const Counts& instructions, Json& json) {
  permit_interleaving();
  fmt::print("{:>9}  {:>12} {:>12} {:>12}  {:>20} {:>18}  {:>15} {:>11}\n", "messages", "first: instr.",
             "next: instr.", "last: instr.", fmt::format("heap: bytes with {}", piece),
             fmt::format("with {}", (pieces - 1) * piece), "over the kernel", "us a piece");
  for (std::size_t i = 0; i != numbers.size(); ++i) {
    const std::size_t open = numbers[i];
    const bool has_instructions = instructions.size() == 3 * numbers.size();
    const auto of = [&](std::size_t which, std::size_t count) {
      return has_instructions ? each(static_cast<double>(instructions[3 * i + which]), open * count) : 0;
    };
    const std::size_t before = heap();
    Pieces all{open};
    const auto grown = [&] {
      return each(
          static_cast<double>(heap() - before) - static_cast<double>(sctp::ReceiveBuffer::default_capacity),
          open);
    };
    all.take(0);
    const double small = grown();
    for (std::size_t number = 1; number != pieces - 1; ++number) all.take(number);
    const double large = grown();
    const auto [microseconds, most] = over_the_kernel(open);
    fmt::print("{:>9}  {:>13.1f} {:>12.1f} {:>12.1f}  {:>20.1f} {:>18.1f}  {:>10} open {:>11.2f}\n", open,
               of(0, 1), of(1, pieces - 2), of(2, 1), small, large, most, microseconds);
    json.row({{"measured", "messages"}}, {{"messages", static_cast<double>(open)},
                                          {"first_piece_instructions", of(0, 1)},
                                          {"next_piece_instructions", of(1, pieces - 2)},
                                          {"last_piece_instructions", of(2, 1)},
                                          {"heap_bytes_of_one_piece", small},
                                          {"heap_bytes_of_all_but_one", large},
                                          {"open_over_the_kernel", static_cast<double>(most)},
                                          {"kernel_us_a_piece", microseconds}});
    std::fflush(stdout);
  }
}

}  // namespace bench

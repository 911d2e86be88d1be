// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// What becomes of small messages when many of them are under way, or a reader is slower than the sender. A
// window counts their bytes, the receive buffer what the kernel spends on each: they overrun the buffer
// before the window is full. What does not fit the kernel drops, and it is sent again after the
// retransmission timeout. So is the chunk that asks whether a window that was full still is. `room`: how
// many come before the peer says that it has no room. `bursts`: so many messages are sent, then all are
// read. `reader`: each turn sends 64 where the way allows, and reads 48; both in one thread. `threads`:
// one sends as fast as it can, another reads. A stall is a wait of more than 200 ms for the next message;
// `dropped` is the kernel's count of the chunks that it threw away. A case ends after SECONDS (3), or with
// a turn of three times that.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include <sctpxx/sctp.hpp>

#include "report.hpp"
#include "sockets.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t batch = 64;

struct Way {
  std::string_view name;
  int buffer = 0;                        // for receiving; 0: as it is
  std::chrono::milliseconds timeout{0};  // for sending again, at least; 0: as it is
  std::size_t unacknowledged = 0;        // chunks at most when more is sent; 0: any
  bool keeps_in_buffer = false;          // sends no more than the peer's buffer has room for
};

constexpr int usual = 212'992;
constexpr int large = 4 << 20;
constexpr std::array ways{
    Way{.name = "as it is"},
    Way{.name = "RcvBuf 4 MiB", .buffer = large},
    Way{.name = "RtoInfo::min 50 ms", .timeout = 50ms},
    Way{.name = "128 unacknowledged at most", .unacknowledged = 128},
    Way{.name = "keeps to the buffer", .keeps_in_buffer = true},
};

/// What the kernel (6.1) spends on a message beside its bytes, in a receive buffer: 232, see `room`.
constexpr std::size_t overhead = 256;

/// The kernel doubles it.
void force(const sctp::SocketRef& socket, int option, int bytes) {
  bytes /= 2;
  if (bytes != 0)
    bench::checked(::setsockopt(socket.fd(), SOL_SOCKET, option, &bytes, sizeof bytes), "its buffer");
}

double dropped() {
  std::ifstream file{"/proc/net/sctp/snmp"};
  for (std::string name; file >> name;) {
    double value = 0;
    file >> value;
    if (name == "SctpInDataChunkDiscards") return value;
  }
  return 0;
}

struct NothingComes {};

struct Tally {
  double messages = 0;
  double seconds = 0;
  double longest = 0;
  double stalls = 0;
  double dropped = 0;
};

class Ends {
 public:
  Ends(const Way& way, Seconds enough) : way_{way}, enough_{enough} {
    force(listener_, SO_RCVBUFFORCE, way.buffer);
    listener_.bind(sctp::Address::loopback(sctp::Address::Family::v4, 0));
    listener_.listen();
    force(sender_, SO_SNDBUFFORCE, 64 << 20);  // the sender's is not what is looked at
    if (way.timeout != 0ms) sender_.set(sctp::option::RtoInfo{.initial = way.timeout, .min = way.timeout});
    sender_.connect(listener_.local_address());
    reader_ = listener_.accept();
    window_ = sender_.association().status().peer_window;
  }

  /// How many messages the peer lets come, if none is read, and bytes of its buffer for each.
  void print_room(std::size_t size) {
    const std::vector<std::byte> message(size);
    std::size_t count = 0;
    for (; sender_.association().status().peer_window >= size; ++count) sender_.send(message);
    fmt::print(
        "{:>4} bytes: {:>4} messages, which are {:>3.0f} % of the window; {:>4.0f} bytes of the buffer "
        "each\n",
        size, count, 100.0 * static_cast<double>(count * size) / static_cast<double>(window_),
        2.0 * static_cast<double>(window_) / static_cast<double>(count));
  }
  Tally bursts(std::size_t size, std::size_t count) {
    const std::vector<std::byte> message(size);
    return repeat([&] {
      for (std::size_t left = count; left != 0;) {
        const std::size_t now = std::min(left, batch);
        while (!may_send(size)) {
        }
        send(now, message);
        left -= now;
      }
      while (unread_ != 0) read(unread_);
    });
  }
  /// With the send buffer that a socket has by itself, which a sender that never stops fills.
  Tally threads(std::size_t size) {
    force(sender_, SO_SNDBUFFORCE, usual);
    std::atomic<bool> is_over{false};
    std::jthread sender{[&] {
      const std::vector<std::byte> message(size);
      while (!is_over) {
        if (may_send(size)) {
          add(batch, message);
          while (!is_over && !messages_.send(sender_, 100ms)) {
          }
          messages_.clear();
        } else {
          std::this_thread::sleep_for(1ms);  // nothing tells when a window opens
        }
      }
    }};
    const Tally all = repeat([&] { receive(); });
    is_over = true;
    return all;
  }
  Tally slow_reader(std::size_t size) {
    constexpr std::size_t turn = 48;
    const std::vector<std::byte> message(size);
    return repeat([&] {
      if (may_send(size) && unread_ < most_unread) send(batch, message);
      read(std::min(turn, unread_));
    });
  }

 private:
  static constexpr std::size_t most_unread = 20'000;

  template <class Turn>
  Tally repeat(Turn turn) {
    all_ = {};
    const double before = ::dropped();
    const auto begin = Clock::now();
    try {
      for (auto now = begin; now - begin < enough_; now = Clock::now()) {
        too_late_ = now + std::chrono::duration_cast<Clock::duration>(3 * enough_);
        turn();
      }
    } catch (const NothingComes&) {  // in time, and so it is the last turn
    }
    all_.seconds = Seconds{Clock::now() - begin}.count();
    all_.dropped = ::dropped() - before;
    return all_;
  }
  /// True for a message, false for an event.
  bool receive() {
    const auto begin = Clock::now();
    const auto received = reader_.receive(buffer_, std::max(Clock::duration{0}, too_late_ - begin));
    const double waited = Seconds{Clock::now() - begin}.count();
    all_.longest = std::max(all_.longest, waited);
    if (waited > 0.2) ++all_.stalls;
    if (received.status() == sctp::ReceiveStatus::would_block) throw NothingComes{};
    if (received.message() == nullptr) return false;
    ++all_.messages;
    return true;
  }
  [[nodiscard]] bool may_send(std::size_t size) const {
    if (way_.unacknowledged == 0 && !way_.keeps_in_buffer) return true;
    const auto status = sender_.association().status();
    if (way_.unacknowledged != 0) return status.unacknowledged_chunks + batch <= way_.unacknowledged;
    // What the peer has not read, as far as its acknowledgements have told; its buffer is twice the window.
    const std::size_t unread = window_ - std::min<std::size_t>(window_, status.peer_window);
    return unread + batch * size <= std::min(window_ / 4 * 3, 2 * window_ * size / (size + overhead));
  }
  /// Who waits for the window is not to wait for an acknowledgement that is held back.
  void add(std::size_t count, sctp::Bytes message) {
    for (std::size_t n = 1; n <= count; ++n)
      messages_.add(message, {.sack_immediately = way_.keeps_in_buffer && n == count});
  }
  void send(std::size_t count, sctp::Bytes message) {
    add(count, message);
    messages_.send(sender_);
    if (messages_.failed() != 0) throw std::runtime_error{"a message was not sent"};
    messages_.clear();
    unread_ += count;
  }
  void read(std::size_t count) {
    while (count != 0) {
      if (!receive()) continue;
      --count;
      --unread_;
    }
  }

  Way way_;
  Seconds enough_;
  sctp::Listener listener_{sctp::Address::Family::v4};
  sctp::OneToOneSocket sender_{sctp::Address::Family::v4};
  sctp::OneToOneSocket reader_;
  sctp::ReceiveBuffer buffer_{sctp::ReceiveBuffer::in_batches(batch)};
  sctp::SendBatch messages_;
  std::size_t unread_ = 0;
  std::size_t window_ = 0;
  Clock::time_point too_late_{};
  Tally all_;
};

void print(bench::Json& json, std::string_view what, const Way& way, std::size_t size, std::size_t under_way,
           const Tally& all) {
  const double rate = all.messages / all.seconds;
  fmt::print("{:<7} {:<28} {:>6} {:>9}  {:>10.0f} {:>7.0f} {:>11.2f} {:>9.0f}\n", what, way.name, size,
             under_way == 0 ? "-" : std::to_string(under_way), rate, all.stalls, all.longest, all.dropped);
  std::fflush(stdout);
  json.row({{"measured", std::string{what}}, {"way", std::string{way.name}}},
           {{"bytes", static_cast<double>(size)},
            {"under_way", static_cast<double>(under_way)},
            {"messages_per_second", rate},
            {"stalls", all.stalls},
            {"longest_seconds", all.longest},
            {"dropped", all.dropped}});
}

}  // namespace

int main(int count, char** words) try {
  const std::string_view which = count > 1 ? words[1] : "";
  bench::Json json{"overrun", count > 2 ? words[2] : ""};
  if (which == "room") {
    for (const std::size_t size : {1U, 64U, 128U, 192U, 232U, 256U, 512U})
      Ends{ways[0], Seconds{}}.print_room(size);
    return EXIT_SUCCESS;
  }
  const Seconds enough{count > 3 ? std::stod(words[3]) : 3};
  fmt::print("{:<7} {:<28} {:>6} {:>9}  {:>10} {:>7} {:>11} {:>9}\n", "", "", "bytes", "under way",
             "messages/s", "stalls", "longest, s", "dropped");
  for (const Way& way : ways) {
    for (const std::size_t size : {64U, 512U}) {
      const auto wants = [&](std::string_view what) {
        return which == what || which.empty() || which == "all";
      };
      for (const std::size_t under_way : {128U, 512U, 2048U})
        if (wants("bursts") && !way.keeps_in_buffer)
          print(json, "bursts", way, size, under_way, Ends{way, enough}.bursts(size, under_way));
      if (wants("reader")) print(json, "reader", way, size, 0, Ends{way, enough}.slow_reader(size));
      if (wants("threads")) print(json, "threads", way, size, 0, Ends{way, enough}.threads(size));
    }
  }
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  fmt::print(stderr,
             "overrun: {}\nusage: overrun [room | bursts | reader | threads | all [JSON [SECONDS]]]\n",
             failure.what());
  return EXIT_FAILURE;
}

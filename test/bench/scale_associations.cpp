// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
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

constexpr std::size_t burst = 64;  // messages, each of another association as far as there are so many
constexpr std::size_t size = 64;   // of a message
constexpr std::size_t rounds = 40;
constexpr std::size_t most_for_one_each = 2000;

/// For a socket that sends to many: see `send_to_all`.
void set_send_buffer(const sctp::SocketRef& socket, int bytes) {
  checked(::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes), "SO_SNDBUFFORCE");
}

/// KiB that the machine has left.
double left() {
  std::ifstream file{"/proc/meminfo"};
  for (std::string word; file >> word;) {
    if (word != "MemAvailable:") continue;
    double number = 0;
    file >> number;
    return number;
  }
  return 0;
}

/// One socket, and so many peers of it that have a socket each.
class Many {
 public:
  explicit Many(std::size_t count) : message_(size) {
    set_send_buffer(server_, 64 << 20);
    server_.bind(sctp::Address::loopback(sctp::Address::Family::v4, 0));
    server_.listen();
    clients_.reserve(count);
    ids_.reserve(count);
    const sctp::Address there = server_.local_address();
    static_cast<void>(server_.try_receive(buffer_));  // what the buffer has by itself
    const std::size_t heap_before = heap();
    const double left_before = left();
    const double time = seconds([&] {
      while (clients_.size() != count) add(there);
    });
    set_up_seconds_ = each(time, count);
    heap_ = each(static_cast<double>(heap() - heap_before), count);
    kernel_kib_ = each(left_before - left(), count);
  }

  /// To the server, from as many as follow.
  void clients_send() {
    for (std::size_t n = 0; n != burst; ++n) clients_[at(n)].send(message_);
  }
  void receive() {
    for (std::size_t n = 0; n != burst; ++n) {
      const auto received = server_.receive(buffer_);
      static_cast<void>(table_.take(received));
      const sctp::Message* message = received.message();
      if (message == nullptr || table_.find(message->association) == nullptr)
        throw std::runtime_error{"no message of a peer"};
    }
  }
  /// From the server, to as many as follow.
  void send() {
    for (std::size_t n = 0; n != burst; ++n) server_.send(ids_[at(n)], message_);
  }
  void clients_receive() {
    for (std::size_t n = 0; n != burst; ++n) read_one(clients_[at(n)]);
    next_ = at(burst);
  }

  /// Seconds for each of the messages of which every peer gets one, with the send buffer that a socket has by
  /// itself. A peer holds its acknowledgement back for 200 ms, and messages that wait for one fill that
  /// buffer.
  double send_to_all() {
    wait_until_acknowledged();
    const std::size_t some = std::min(count(), most_for_one_each);
    constexpr int usual = 212'992 / 2;
    set_send_buffer(server_, usual);
    const double time = seconds([&] {
      for (std::size_t n = 0; n != some; ++n) server_.send(ids_[n], message_);
    });
    for (std::size_t n = 0; n != some; ++n) read_one(clients_[n]);
    return each(time, some);
  }
  /// Seconds for each until the server's table is empty. The peers shut down.
  double end() {
    wait_until_acknowledged();
    const std::size_t count = clients_.size();
    const double time = seconds([&] {
      clients_.clear();
      while (!table_.empty()) static_cast<void>(table_.take(server_.receive(buffer_)));
    });
    return each(time, count);
  }

  [[nodiscard]] std::size_t count() const { return clients_.size(); }
  [[nodiscard]] double set_up_seconds() const { return set_up_seconds_; }
  [[nodiscard]] double heap_bytes() const { return heap_; }
  [[nodiscard]] double kernel_kib() const { return kernel_kib_; }

  std::vector<double> sending{};
  std::vector<double> receiving{};

 private:
  [[nodiscard]] std::size_t at(std::size_t n) const { return (next_ + n) % clients_.size(); }
  void wait_until_acknowledged() {
    const auto wait = [](const sctp::Association& association) {
      while (association.status().unacknowledged_chunks != 0) {
      }
    };
    for (const sctp::AssociationId id : ids_) wait(server_.association(id));
    for (const auto& client : clients_) wait(client.association());
  }
  void add(const sctp::Address& there) {
    clients_.emplace_back(there);
    while (ids_.size() != clients_.size()) {
      const auto change = table_.take(server_.receive(buffer_));
      if (change && change->kind == sctp::AssociationTable::Change::Kind::up) ids_.push_back(change->key.id);
    }
    read_one(clients_.back());  // that it is up
  }
  /// By hand: a ReceiveBuffer for each would be more memory than what is looked at.
  static void read_one(const sctp::OneToOneSocket& client) {
    std::array<std::byte, 512> room{};
    checked(::recv(client.fd(), room.data(), room.size(), 0), "recv");
  }

  sctp::OneToManySocket server_{sctp::Address::Family::v4};
  sctp::AssociationTable table_{server_};
  sctp::ReceiveBuffer buffer_;
  std::vector<sctp::OneToOneSocket> clients_;
  std::vector<sctp::AssociationId> ids_;
  std::vector<std::byte> message_;
  std::size_t next_ = 0;
  double set_up_seconds_ = 0;
  double heap_ = 0;
  double kernel_kib_ = 0;
};

void warm(Many& many) {
  for (int turn = 0; turn != 2; ++turn) {
    many.clients_send();
    many.receive();
    many.send();
    many.clients_receive();
  }
}

}  // namespace

void allow_descriptors() {
  rlimit limit{};
  checked(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  checked(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  constexpr rlimit more{1 << 20, 1 << 20};
  ::setrlimit(RLIMIT_NOFILE, &more);  // root may
}

void count_with_associations(const Counts& numbers) {
  for (const std::size_t number : numbers) {
    Many many{number};
    warm(many);
    bench_counted([&] { many.send(); });
    many.clients_receive();
    many.clients_send();
    bench_counted([&] { many.receive(); });
  }
}

namespace {

constexpr const char* policy = "/proc/sys/net/sctp/sndbuf_policy";

/// Whether each association has a send buffer of its own.
bool has_own_buffers() {
  bool own = false;
  std::ifstream{policy} >> own;
  return own;
}
void set_own_buffers(bool own) { std::ofstream{policy} << own; }

void measure_all(bool own_buffers, const Counts& numbers, const Counts& instructions, Json& json) {
  std::vector<std::unique_ptr<Many>> all;
  for (const std::size_t number : numbers) all.push_back(std::make_unique<Many>(number));
  for (const auto& many : all) warm(*many);
  for (std::size_t turn = 0; turn != rounds * all.size(); ++turn) {
    Many& many = *all[(turn + turn / all.size()) % all.size()];
    many.sending.push_back(seconds([&] { many.send(); }));
    many.clients_receive();
    many.clients_send();
    many.receiving.push_back(seconds([&] { many.receive(); }));
  }
  constexpr double micro = 1e6;
  const bool has_instructions = instructions.size() == 2 * all.size();
  const auto counted = [&](std::size_t which) {
    return has_instructions ? each(static_cast<double>(instructions[which]), burst) : 0;
  };
  for (std::size_t i = 0; i != all.size(); ++i) {
    Many& many = *all[i];
    const auto count = static_cast<double>(many.count());
    const double send = each(Summary{many.sending}.median(), burst) * micro;
    const double receive = each(Summary{many.receiving}.median(), burst) * micro;
    const double set_up = many.set_up_seconds() * micro;
    const double to_all = many.send_to_all() * micro;
    const double end = many.end() * micro;
    fmt::print(
        "{:>12} {:>8.1f} {:>8.1f}  {:>12.1f} {:>6.2f}  {:>15.1f} {:>6.2f}  {:>18.2f}  {:>11.1f} {:>11.1f}\n",
        count, set_up, end, counted(2 * i), send, counted(2 * i + 1), receive, to_all, many.heap_bytes(),
        many.kernel_kib());
    json.row({{"measured", "associations"}}, {{"sndbuf_policy", own_buffers ? 1 : 0},
                                              {"associations", count},
                                              {"set_up_us", set_up},
                                              {"end_us", end},
                                              {"send_instructions", counted(2 * i)},
                                              {"send_us", send},
                                              {"receive_instructions", counted(2 * i + 1)},
                                              {"receive_us", receive},
                                              {"one_to_each_with_the_usual_send_buffer_us", to_all},
                                              {"heap_bytes", many.heap_bytes()},
                                              {"kernel_kib", many.kernel_kib()}});
    std::fflush(stdout);
  }
}

}  // namespace

void measure_associations(const Counts& numbers, const Counts& instructions, Json& json) {
  fmt::print("{:>6} {:>12} {:>8} {:>8}  {:>12} {:>6}  {:>15} {:>6}  {:>18}  {:>11} {:>11}\n", "policy",
             "associations", "set up", "end, us", "send: instr.", "us", "receive: instr.", "us",
             "one to each, us", "heap, bytes", "kernel, KiB");
  const bool before = has_own_buffers();
  for (const bool own : {false, true}) {
    set_own_buffers(own);
    if (has_own_buffers() == own) measure_all(own, numbers, instructions, json);
  }
  set_own_buffers(before);
}

}  // namespace bench

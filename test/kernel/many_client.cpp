// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <random>

#include "many.hpp"

namespace test::many {
namespace {

constexpr sctp::Patience for_ever;

/// One client: its socket, and what it has said and heard.
class Client {
 public:
  Client(unsigned number, const sctp::Address& server) : number_{number}, server_{server} {}

  [[nodiscard]] Fate fate() const { return fate_of(number_); }
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  [[nodiscard]] int fd() const { return socket_.fd(); }

  void connect() {
    open(free_port);
    // One way as well as the other.
    if (number_ % 2 == 0) {
      socket_.connect_and_send(server_, name(), {.ppid = hello});
    } else {
      socket_.connect(server_);
      socket_.send(name(), {.ppid = hello});
    }
    await_up();
  }

  /// Dies unheard. The successor is there at once: to what is sent to nobody the kernel answers ABORT.
  void vanish() {
    const sctp::Address here = socket_.local_address();
    socket_.abort();
    open(here);
    socket_.set_nonblocking();
    if (socket_.try_connect(server_)) throw std::runtime_error{"this was heard"};
  }
  void come_back() {
    do wait_for(socket_.fd(), POLLOUT);
    while (!socket_.try_connect(server_));
    socket_.set_nonblocking(false);
    await_up();
    socket_.send(name(), {.ppid = hello});
  }

  void begin_to_talk(unsigned life) {
    to_send_ = plan_of(number_, life, To::server);
    reading_ = Reading{plan_of(number_, life, To::client)};
    sent_ = 0;
  }
  [[nodiscard]] bool is_talking() const { return sent_ != to_send_.size() || !reading_.is_complete(); }
  [[nodiscard]] short wants() const { return sent_ != to_send_.size() ? POLLIN | POLLOUT : POLLIN; }
  void talk(Problems& problems) {
    while (const auto received = socket_.try_receive(buffer_)) {
      if (const auto* message = received.message()) reading_.take(*message, problems);
    }
    for (; sent_ != to_send_.size(); ++sent_) {
      const auto ppid = sctp::Ppid{static_cast<std::uint32_t>(sent_ + 1)};
      if (!socket_.try_send(to_send_[sent_].payload(), {.stream = to_send_[sent_].stream, .ppid = ppid})) {
        return;
      }
    }
  }

  void send_huge() {
    const Planned message = huge_message();
    if (!socket_.try_send(message.payload(), {.stream = message.stream, .ppid = extra})) {
      throw std::runtime_error{"no room for the huge message"};
    }
  }
  void say_more() { socket_.send(name(), {.ppid = extra}); }
  void hear(std::string_view expected) {
    const sctp::Message message = next_message(socket_, buffer_);
    if (text(message.payload) != expected) throw std::runtime_error{"another message"};
  }

  /// Whether the server aborts or shuts down: the client sees that, and nothing else but messages.
  void read_to_the_end(std::string_view expected) {
    std::string end;
    while (end.empty()) {
      std::error_code error;
      const auto received = socket_.receive(buffer_, error);
      if (error) throw std::runtime_error{"an error before the end: " + error.message()};
      if (!received) continue;  // the stream has ended, and how that went is still to come
      if (const auto* event = received.notification()) {
        if (const auto* change = std::get_if<sctp::AssociationChange>(event)) end = describe_end(*change);
      }
    }
    socket_.close();
    if (end != expected) throw std::runtime_error{"another end: " + end};
  }
  void shut_down() {
    const auto end = socket_.shutdown(buffer_, for_ever, [](const sctp::Received&) {});
    if (end != sctp::AssociationChange::End::own_shutdown) {
      throw std::runtime_error{"another end: " + to_string(end)};
    }
  }
  void begin_shutdown() { socket_.shutdown(); }
  void abort() { socket_.abort(); }
  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] std::string own_name() const { return std::to_string(number_); }

 private:
  static constexpr sctp::Address free_port = sctp::Address::loopback(sctp::Address::Family::v4, 0);

  void open(const sctp::Address& here) {
    socket_ = sctp::OneToOneSocket{server_.family()};
    tune(socket_);
    socket_.bind(here);
    sctp::ReceiveBuffer nothing_before{4096};
    buffer_ = std::move(nothing_before);
  }
  void await_up() {
    const auto up = next_event<sctp::AssociationChange>(socket_, buffer_);
    if (up.state != sctp::AssociationChange::State::up) throw std::runtime_error{"not up"};
  }
  [[nodiscard]] sctp::Bytes name() {
    name_ = own_name();
    return sctp::as_bytes(name_);
  }

  unsigned number_;
  sctp::Address server_;
  std::string name_;
  sctp::OneToOneSocket socket_;
  sctp::ReceiveBuffer buffer_;
  Plan to_send_;
  Reading reading_;
  std::size_t sent_ = 0;
};

const std::string aborted = "lost, aborted by the peer: user initiated abort";
const std::string shut_down = "shut down, by the peer";

class Process {
 public:
  Process(unsigned number, const sctp::Address& server) {
    for (unsigned n = 0; n != clients_each; ++n) clients_.emplace_back(number * clients_each + n, server);
    std::ranges::shuffle(clients_, std::mt19937{seed() + number});
  }

  void take(Step step, Problems& problems) {
    for (Client& client : clients_) take(step, client);
    if (step == Step::talk || step == Step::come_back) talk(problems);
    for (Client& client : clients_) {
      if (step == Step::come_back && client.fate() == Fate::restarts) client.shut_down();
      if (step == Step::autoclose && client.fate() == Fate::autoclosed) client.read_to_the_end(shut_down);
    }
  }

 private:
  static void take(Step step, Client& client) {
    const std::string told_why = aborted + ", " + reason_for(client.number());
    const Fate fate = client.fate();
    switch (step) {
      case Step::connect:
        if (fate != Fate::autoclosed) client.connect();
        break;
      case Step::talk:
        if (fate != Fate::autoclosed) client.begin_to_talk(0);
        break;
      case Step::await_unread: wait_for(client.fd(), POLLIN); break;
      case Step::begin_huge:
        if (fate == Fate::client_midway || fate == Fate::server_midway) client.send_huge();
        break;
      case Step::end_huge:
        if (fate == Fate::client_midway) client.abort();
        if (fate == Fate::server_midway) client.read_to_the_end(told_why);
        break;
      case Step::end:
        if (fate == Fate::client_aborts) client.abort();
        if (fate == Fate::server_aborts) client.read_to_the_end(told_why);
        if (fate == Fate::client_shuts_down) client.shut_down();
        if (fate == Fate::server_shuts_down) client.read_to_the_end(shut_down);
        break;
      case Step::vanish:
        if (fate == Fate::restarts) client.vanish();
        if (fate == Fate::both_shut_down) client.begin_shutdown();
        break;
      case Step::come_back:
        if (fate == Fate::restarts) {
          client.come_back();
          client.begin_to_talk(1);
        }
        if (fate == Fate::both_shut_down) client.read_to_the_end("shut down, by us");
        break;
      case Step::await_overdue:
        if (fate == Fate::overdue) client.read_to_the_end(aborted);
        break;
      case Step::say_more:
        if (fate == Fate::peeled_off) client.say_more();
        break;
      case Step::end_peeled_off:
        if (fate != Fate::peeled_off) break;
        client.hear("heard " + client.own_name());
        client.shut_down();
        break;
      case Step::autoclose:
        if (fate == Fate::autoclosed) client.connect();
        break;
    }
  }

  void talk(Problems& problems) {
    for (;;) {
      std::vector<pollfd> talking;
      for (Client& client : clients_) {
        if (!client.is_open() || !client.is_talking()) continue;
        client.talk(problems);
        if (client.is_talking()) talking.push_back({client.fd(), client.wants(), 0});
      }
      if (talking.empty()) return;
      ::poll(talking.data(), talking.size(), -1);
    }
  }

  std::vector<Client> clients_;
};

}  // namespace

void run_client_process(unsigned process, const sctp::Address& server, int orders, int answers) {
  Process all{process, server};
  Step step{};
  while (::read(orders, &step, sizeof step) == sizeof step) {
    Problems problems;
    try {
      all.take(step, problems);
    } catch (const std::exception& problem) {
      ++problems[problem.what()];
    }
    std::string answer = problems.empty() ? "." : "process " + std::to_string(process) + ":";
    for (const auto& [problem, count] : problems) answer += " " + std::to_string(count) + " x " + problem;
    answer.resize(std::min<std::size_t>(answer.size(), PIPE_BUF));
    if (::write(answers, answer.data(), answer.size()) < 0) return;
  }
}

}  // namespace test::many

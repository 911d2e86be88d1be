// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "many.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <numeric>
#include <random>
#include <stdexcept>

#include "one_to_many.hpp"

namespace test::many {

std::uint32_t seed() {
  const char* given = std::getenv("SCTPXX_TEST_SEED");
  return given != nullptr ? static_cast<std::uint32_t>(std::stoul(given)) : 20'260'815;
}

Fate fate_of(unsigned client) {
  static const auto fates = [] {
    std::vector<unsigned> others(clients - 2 * clients_each);
    std::iota(others.begin(), others.end(), 2 * clients_each);
    std::ranges::shuffle(others, std::mt19937{seed()});
    std::vector<Fate> all(clients, Fate::killed);
    std::fill_n(all.begin() + clients_each, clients_each, Fate::killed_unread);
    constexpr unsigned midway_each = 10;
    constexpr unsigned overdue = 5;
    unsigned n = 0;
    for (const unsigned one : others) {
      const unsigned turn = n++;
      if (turn < midway_each) {
        all[one] = Fate::client_midway;
      } else if (turn < 2 * midway_each) {
        all[one] = Fate::server_midway;
      } else if (turn < 2 * midway_each + overdue) {
        all[one] = Fate::overdue;
      } else {
        constexpr std::array equally{Fate::client_aborts,     Fate::server_aborts,     Fate::restarts,
                                     Fate::client_shuts_down, Fate::server_shuts_down, Fate::both_shut_down,
                                     Fate::peeled_off,        Fate::autoclosed};
        all[one] = equally.at(turn % equally.size());
      }
    }
    return all;
  }();
  return fates.at(client);
}

std::vector<unsigned> clients_with(Fate fate) {
  std::vector<unsigned> found;
  for (unsigned client = 0; client != clients; ++client) {
    if (fate_of(client) == fate) found.push_back(client);
  }
  return found;
}

std::string reason_for(unsigned client) { return "client " + std::to_string(client) + " has to go"; }

namespace {
constexpr std::size_t window = 10'000;
constexpr std::size_t largest = 50'000;
constexpr std::size_t huge = 200'000;
}  // namespace

sctp::Bytes Planned::payload() const {
  static const std::vector<std::byte> supply = pattern(2 * huge, seed());
  return sctp::Bytes{supply}.subspan(offset, size);
}

Plan plan_of(unsigned client, unsigned life, To to) {
  std::mt19937 random{seed() + (client * 2 + life) * 2 + static_cast<unsigned>(to)};
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  Plan plan(4 + below(5));
  for (Planned& one : plan) {
    one = {sctp::StreamId{static_cast<std::uint16_t>(below(4))}, below(huge), 1 + below(2500)};
  }
  if (client % 10 == 0 && life == 0) plan[below(plan.size())].size = largest / 2 + below(largest / 2);
  return plan;
}

Planned huge_message() { return {sctp::StreamId{1}, 0, huge}; }

void Reading::take(const sctp::Message& message, Problems& problems) {
  const auto place = static_cast<std::uint32_t>(message.ppid);
  if (place == 0 || place > plan_.size()) {
    ++problems["a message that is not in the plan"];
    return;
  }
  const Planned& planned = plan_[place - 1];
  if (seen_.empty()) seen_.resize(plan_.size());
  if (seen_[place - 1]) ++problems["a message twice"];
  seen_[place - 1] = true;
  std::uint32_t& last = last_[message.stream];
  // On a one-to-many socket with a small window the kernel (6.1) does that now and then, where a message is
  // handed out in pieces.
  const bool is_in_pieces = std::ranges::any_of(plan_, [](const Planned& one) { return one.size > window; });
  if (place <= last && !is_in_pieces) ++problems["a message behind its successor"];
  last = std::max(last, place);
  if (planned.stream != message.stream) ++problems["a message on another stream"];
  if (!std::ranges::equal(planned.payload(), message.payload)) ++problems["a message with other bytes"];
  ++count_;
}

void tune(const sctp::SocketRef& socket) {
  small_window(socket);
  tenacious(socket);
}

std::string describe_end(const sctp::AssociationChange& change) {
  std::string text = to_string(change.state) + ", " + to_string(change.end);
  if (change.cause != sctp::Cause::none) text += ": " + to_string(change.cause);
  for (const sctp::ErrorCause& one : sctp::ErrorCauses{change.info}) {
    if (!one.value.empty()) text.append(", ").append(sctp::as_text(one.value));
  }
  return text;
}

namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{errno, std::system_category(), "pipe"};
  return ends;
}

/// What the parent has open is not for its children: a socket ends when the last of its descriptors does.
void close_all_but(int first, int second) {
  for (int fd = STDERR_FILENO + 1; fd != 1024; ++fd) {
    if (fd != first && fd != second) ::close(fd);
  }
}

}  // namespace

Clients::Clients(const sctp::Address& server) {
  for (unsigned n = 0; n != processes; ++n) {
    const auto orders = make_pipe();
    const auto answers = make_pipe();
    const pid_t parent = ::getpid();
    const pid_t id = ::fork();
    if (id < 0) throw std::system_error{errno, std::system_category(), "fork"};
    if (id == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      close_all_but(orders[0], answers[1]);
      run_client_process(n, server, orders[0], answers[1]);
      ::_exit(0);
    }
    ::close(orders[0]);
    ::close(answers[1]);
    processes_.at(n) = {id, orders[1], answers[0]};
  }
}

Clients::~Clients() {
  for (unsigned n = 0; n != processes; ++n) kill(n);
}

void Clients::kill(unsigned process) {
  Process& one = processes_.at(process);
  if (one.id == 0) return;
  ::kill(one.id, SIGKILL);
  ::waitpid(one.id, nullptr, 0);
  ::close(one.orders);
  ::close(one.answers);
  one = {};
}

void Clients::tell(unsigned process, Step step) {
  Process& one = processes_.at(process);
  if (one.id == 0) return;
  if (::write(one.orders, &step, sizeof step) != sizeof step) throw std::runtime_error{"a process is gone"};
  one.is_busy = true;
}

void Clients::tell(Step step) {
  for (unsigned n = 0; n != processes; ++n) tell(n, step);
}

bool Clients::have_answered(Problems& problems) {
  for (Process& one : processes_) {
    pollfd answers{one.answers, POLLIN, 0};
    if (!one.is_busy || ::poll(&answers, 1, 0) != 1) continue;
    std::array<char, PIPE_BUF> text{};  // written as one, and so it is read as one
    const ssize_t size = ::read(one.answers, text.data(), text.size());
    if (size <= 0) throw std::runtime_error{"a process has ended by itself"};
    if (text.front() != '.') ++problems[{text.data(), static_cast<std::size_t>(size)}];
    one.is_busy = false;
  }
  return std::ranges::none_of(processes_, &Process::is_busy);
}

void Clients::wait(std::vector<pollfd> own) {
  for (const Process& one : processes_) {
    if (one.is_busy) own.push_back({one.answers, POLLIN, 0});
  }
  if (::poll(own.data(), own.size(), 60'000) == 0) throw std::runtime_error{"nothing happens any more"};
}

}  // namespace test::many

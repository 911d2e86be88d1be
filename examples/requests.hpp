// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// What gnb_client asks, and whether all of it was answered.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "signalling.hpp"

/// What the command line says.
struct Plan {
  std::size_t users = 10;
  std::size_t requests = 100;
  std::size_t ahead = 1;
  double rate = 100;
  std::size_t large = 100'000;
  std::size_t patience = 10;
};

/// What the users ask, and what was answered: each exactly once and in order.
class Requests {
  using Clock = std::chrono::steady_clock;

 public:
  explicit Requests(const Plan& plan) : plan_{plan}, users_(plan.users) {}

  /// The next that may be sent now; the users have their turns.
  std::optional<Signal> next() {
    const std::chrono::duration<double> time = Clock::now() - start_;
    const bool may_begin = plan_.rate == 0 || static_cast<double>(asked_) < time.count() * plan_.rate;
    for (std::size_t i = 0; i != users_.size(); ++i, turn_ = (turn_ + 1) % users_.size()) {
      const User& user = users_[turn_];
      const bool is_new = user.next == user.answered + user.since.size();
      const bool may_go = !is_new || (may_begin && !has_asked_all(user));
      if (may_go && user.next < user.answered + plan_.ahead) return Signal{"request", turn_, user.next};
    }
    return std::nullopt;
  }

  /// The one that `next` told was sent.
  void note_sent() {
    User& user = users_[turn_];
    const bool is_new = user.next == user.answered + user.since.size();
    if (is_new) user.since.push_back(Clock::now());
    ++(is_new ? asked_ : sent_again_);
    ++user.next;
    turn_ = (turn_ + 1) % users_.size();
  }

  [[nodiscard]] std::string text(const Signal& request) const {
    const bool is_large = plan_.large != 0 && (request.user + request.number) % 20 == 0;
    return request.text(is_large ? plan_.large : 200);
  }

  /// True when it is the answer that its user waits for.
  bool take_answer(const Signal& answer) {
    if (answer.user >= users_.size()) return false;
    User& user = users_[answer.user];
    const Signal request{"request", answer.user, user.answered};
    if (user.next == user.answered || !answer.is_to(request, text(request))) return false;
    longest_ = std::max(longest_, Clock::now() - user.since.front());
    user.since.pop_front();
    ++user.answered;
    ++answered_;
    return true;
  }

  /// A message that nobody waits for.
  void take_strange(const std::string& what) {
    if (strange_++ == 0) fmt::print("the server says what nobody waits for: {}\n", what);
  }

  /// What has no answer is sent once more: the association that it was sent on is no more.
  void send_again() {
    for (User& user : users_) user.next = user.answered;
  }

  void begin_no_more() { has_ended_ = true; }
  [[nodiscard]] bool is_waiting() const { return asked_ != answered_; }
  [[nodiscard]] bool is_done() const {
    return !is_waiting() && std::ranges::all_of(users_, [&](const User& u) { return has_asked_all(u); });
  }
  [[nodiscard]] bool is_well() const { return is_done() && strange_ == 0; }
  [[nodiscard]] std::string summary() const {
    return fmt::format("{} requests, {} answers, {}; {} were sent again, the longest took {:.2f} s", asked_,
                       answered_, is_well() ? "each once and in order" : "NOT EACH ONCE AND IN ORDER",
                       sent_again_, std::chrono::duration<double>(longest_).count());
  }

 private:
  struct User {
    std::size_t next = 0;                   // request to be sent
    std::size_t answered = 0;               // so many
    std::deque<Clock::time_point> since{};  // when those without an answer were sent first
  };
  [[nodiscard]] bool has_asked_all(const User& user) const {
    return has_ended_ || (plan_.requests != 0 && user.answered + user.since.size() == plan_.requests);
  }

  Plan plan_;
  std::vector<User> users_;
  std::size_t turn_ = 0;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  std::size_t sent_again_ = 0;
  std::size_t strange_ = 0;
  Clock::duration longest_{};
  Clock::time_point start_ = Clock::now();
  bool has_ended_ = false;
};

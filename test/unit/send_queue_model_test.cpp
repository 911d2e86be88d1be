// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/send_queue.hpp>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "queue_of_many.hpp"
#include "support/catch.hpp"

/// A SendQueue whose every message is followed, whatever the kernel answers.
namespace {

using namespace sctp;
using namespace sctp::test;
using End = AssociationChange::End;
using Result = SendQueue::Result;

constexpr std::size_t most_for_one = 6000;
constexpr std::size_t most_for_all = 15'000;

/// What becomes of each message: the kernel takes it, it waits, it comes back, or it is not taken at all.
struct Followed : QueueOfMany {
  std::map<AssociationId, std::deque<std::string>> waiting{};
  std::vector<AssociationId> ids{};
  std::size_t given = 0;
  std::size_t taken = 0;
  std::size_t returned = 0;
  std::size_t declined = 0;
  Dice dice;

  explicit Followed(unsigned seed)
      : QueueOfMany{{.share = 4000, .waiting = most_for_one, .waiting_in_all = most_for_all}}, dice{seed} {
    for (int id = 7; id != 20; ++id) {
      ids.push_back(AssociationId{id});
      of(ids.back());
    }
  }

  std::string next_message() {
    std::string text = std::to_string(given++) + ":";
    const std::size_t size = dice.one_in(8) ? dice.below(7000) : dice.below(900);
    text.append(size, '.');
    return text;
  }

  void give(AssociationId id) {
    const std::string text = next_message();
    const std::size_t before = kernel.sent.size();
    const Result result = send(id, text);
    const bool is_error = result != Result::sent && result != Result::queued && result != Result::full;
    REQUIRE(is_error == bool(error));
    REQUIRE(kernel.sent.size() == before + (result == Result::sent ? 1U : 0U));
    if (result == Result::sent) {
      REQUIRE(waiting[id].empty());
      REQUIRE(kernel.sent.back().data == text);
      REQUIRE(AssociationId{kernel.sent.back().association} == id);
      kernel.sent.clear();
      ++taken;
    } else if (result == Result::queued) {
      waiting[id].push_back(text);
    } else {
      ++declined;
    }
    if (result == Result::too_big) REQUIRE(error == std::errc::message_size);
    if (result == Result::full) {
      REQUIRE((queue.backlog(id).bytes + text.size() > most_for_one ||
               queue.waiting() + text.size() > most_for_all));
    }
  }

  /// What was sent or has come back since then was the first that waited, then and each time.
  void settle() {
    std::map<AssociationId, std::set<std::string>> gone;
    std::map<AssociationId, std::vector<std::string>> in_order;
    for (const Sent& one : kernel.sent) {
      REQUIRE(gone[AssociationId{one.association}].insert(one.data).second);
      ++taken;
    }
    std::map<AssociationId, std::size_t> last;
    for (const Sent& one : kernel.sent) {
      const auto number = std::stoul(one.data);
      REQUIRE(
          (!last.contains(AssociationId{one.association}) || last[AssociationId{one.association}] < number));
      last[AssociationId{one.association}] = number;
    }
    kernel.sent.clear();
    last.clear();
    while (const auto one = queue.next_unsent()) {
      const std::string text{as_text(one->payload)};
      REQUIRE(gone[one->association].insert(text).second);
      REQUIRE((one->why == Result::broken || one->why == Result::shut_down || one->why == Result::too_big ||
               one->why == Result::refused));
      REQUIRE((!last.contains(one->association) || last[one->association] < std::stoul(text)));
      last[one->association] = std::stoul(text);
      ++returned;
    }
    for (auto& [id, texts] : gone) {
      auto& line = waiting[id];
      while (!line.empty() && texts.erase(line.front()) != 0) line.pop_front();
      REQUIRE(texts.empty());
    }
  }

  void compare() {
    std::size_t bytes = 0;
    std::size_t messages = 0;
    for (const auto& [id, line] : waiting) {
      std::size_t own = 0;
      for (const std::string& text : line) own += text.size();
      const auto backlog = queue.backlog(id);
      REQUIRE(backlog.messages == line.size());
      REQUIRE(backlog.bytes == own);
      REQUIRE(backlog.since.has_value() == !line.empty());
      REQUIRE(own <= most_for_one);
      bytes += own;
      messages += line.size();
    }
    REQUIRE(queue.waiting() == bytes);
    REQUIRE(bytes <= most_for_all);
    if (messages == 0) REQUIRE_FALSE(queue.wants_writable());
    REQUIRE(given == taken + returned + declined + messages);
  }

  void become(AssociationId id) {
    const auto answers = std::vector{0, 0, 0, EAGAIN, EAGAIN, EPIPE, ESHUTDOWN, EMSGSIZE, ENOBUFS, EINVAL};
    of(id).send_fails = dice.one_of(answers);
  }

  void take_event(AssociationId id) {
    switch (dice.below(4)) {
      case 0:
        kernel.association_ends(fd, id);
        queue.take(ended(id, dice.one_in(2) ? End::timeout : End::own_shutdown));
        of(id);  // and there is another of this number
        break;
      case 1: queue.take(restarted(id)); break;
      case 2: queue.take(ShutdownReceived{id}); break;
      default: {
        for (auto& removed : queue.remove(id)) {
          REQUIRE(waiting[id].front() == as_text(removed.payload));
          waiting[id].pop_front();
          ++returned;
        }
        return;
      }
    }
    settle();
    REQUIRE(waiting[id].empty());
  }

  void step() {
    const AssociationId id = dice.one_of(ids);
    switch (dice.below(16)) {
      case 0:
      case 1:
      case 2: become(id); break;
      case 3: {
        const std::size_t before = taken;
        const std::size_t answered = queue.flush();
        settle();
        REQUIRE(taken == before + answered);
        break;
      }
      case 4: {
        const auto dry = waiting_for_dry();
        if (!dry.empty()) REQUIRE(queue.take(SenderDry{dice.one_of(dry)}));
        break;
      }
      case 5:
        if (dice.one_in(3)) take_event(id);
        break;
      case 6:
        while (const auto ready = queue.next_ready()) {
          REQUIRE(queue.backlog(*ready).bytes <= most_for_one / 2);
          REQUIRE(queue.waiting() <= most_for_all / 2);
        }
        break;
      case 7:
        if (dice.one_in(20)) kernel.event_types = 8;  // it cannot tell of acknowledgements
        give(id);
        kernel.event_types = 14;
        break;
      default: give(id);
    }
    settle();
    compare();
  }

  /// By what it has asked for alone, and with a kernel that is well, it sends everything.
  void finish() {
    for (const AssociationId id : ids) of(id).send_fails = 0;
    for (int round = 0; round != 1000 && queue.waiting() != 0; ++round) {
      const auto dry = waiting_for_dry();
      REQUIRE((queue.wants_writable() || !dry.empty()));
      if (queue.wants_writable()) queue.flush();
      for (const AssociationId id : dry) queue.take(SenderDry{id});
      settle();
      compare();
    }
    REQUIRE(queue.waiting() == 0);
    REQUIRE_FALSE(queue.wants_writable());
    REQUIRE(given == taken + returned + declined);
  }
};

TEST_CASE(
    "Every message is sent, waits, comes back or is not taken, once, and in order, whatever the kernel "
    "answers") {
  const unsigned seed = seed_of_the_test();
  std::size_t taken = 0;
  std::size_t returned = 0;
  for (unsigned run = 0; run != 25; ++run) {
    Followed followed{seed + run};
    for (int step = 0; step != 400; ++step) {
      CAPTURE(seed, run, step);
      followed.step();
    }
    CAPTURE(seed, run);
    followed.finish();
    taken += followed.taken;
    returned += followed.returned;
  }
  CHECK(taken > 1000);
  CHECK(returned > 100);
}

}  // namespace

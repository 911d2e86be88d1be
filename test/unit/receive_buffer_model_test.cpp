// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <map>
#include <random>
#include <string>
#include <tuple>

#include <sctpxx/receive_buffer.hpp>

#include "support/catch.hpp"
#include "transcript.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using State = AssociationChange::State;

/// What a ReceiveBuffer is to do, in the plainest way. It knows messages by their size and first byte.
class Model {
 public:
  explicit Model(std::size_t limit) : limit_{limit} {}

  std::string take(const On& on, const std::string& bytes) {
    Open* open = find(on);
    if (open == nullptr) open = &open_.emplace_back(Open{on, {}, 0, false});
    std::string said;
    open->received += bytes.size();
    if (!open->dropping && open->bytes.size() + bytes.size() > limit_) {
      open->dropping = true;
      said = over_limit;
    }
    if (!open->dropping) open->bytes += bytes;
    if (!on.end) return said;
    if (!open->dropping) said = name(on) + " " + text(open->bytes);
    std::erase_if(open_, [&](const Open& one) { return &one == open; });
    return said;
  }

  std::string abort(int association, const On* which) {
    Open* open = which != nullptr ? find(*which) : nullptr;
    if (open == nullptr) {
      for (Open& one : open_) {
        if (one.on.association == association) open = &one;
      }
    }
    if (open == nullptr) return "s0 aborted after 0";
    const std::string said = open->dropping ? "" : aborted(*open);
    std::erase_if(open_, [&](const Open& one) { return &one == open; });
    return said;
  }

  std::string end(int association, const std::string& event) {
    std::string said;
    for (const Open& one : open_) {
      if (one.on.association == association && !one.dropping) said += aborted(one) + "; ";
    }
    std::erase_if(open_, [&](const Open& one) { return one.on.association == association; });
    return said + event;
  }

  [[nodiscard]] std::size_t unfinished() const { return open_.size(); }
  [[nodiscard]] std::vector<On> open_of(int association) const {
    std::vector<On> found;
    for (const Open& one : open_) {
      if (one.on.association == association) found.push_back(one.on);
    }
    return found;
  }

 private:
  struct Open {
    On on;
    std::string bytes;
    std::size_t received;
    bool dropping;
  };

  Open* find(const On& on) {
    for (Open& one : open_) {
      if (one.on.association == on.association && one.on.stream == on.stream &&
          one.on.unordered == on.unordered)
        return &one;
    }
    return nullptr;
  }
  static std::string name(const On& on) {
    return "s" + std::to_string(on.stream) + (on.unordered ? "u" : "");
  }
  static std::string text(const std::string& bytes) {
    return bytes.size() < 40 ? "'" + bytes + "'" : std::to_string(bytes.size()) + "*" + bytes[0];
  }
  static std::string aborted(const Open& open) {
    return name(open.on) + " aborted after " + std::to_string(open.received);
  }

  std::size_t limit_;
  std::vector<Open> open_;
};

/// The payload too, which `describe` shows only the start of: every byte follows from the one before it.
std::string payload(std::mt19937& random, std::size_t size) {
  std::string bytes(size, 'a');
  for (char& byte : bytes) byte = static_cast<char>('a' + random() % 26);
  return bytes;
}

TEST_CASE("Pieces and events in any order give what a plain model of them gives") {
  const unsigned seed = GENERATE(range(1U, 9U));
  const bool interleaved = seed % 2 == 0;  // as under I-DATA; without it one message an association is open
  CAPTURE(seed);
  std::mt19937 random{seed};
  const std::size_t limit = seed < 5 ? 6000 : 50'000;
  Transcript transcript{1024, limit, 40 * limit};
  Model model{limit};
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };

  for (int step = 0; step != 5000; ++step) {
    const int association = 5 + below(3);
    const auto open = model.open_of(association);
    std::string expected;
    const int dice = below(100);
    if (dice < 88) {
      On on{below(4), below(3) == 0, below(2) == 0, association};
      if (!open.empty() && (!interleaved || below(2) == 0)) {
        on = open[static_cast<std::size_t>(below(static_cast<int>(open.size())))];
        on.end = below(3) == 0;
      }
      const std::string bytes =
          payload(random, static_cast<std::size_t>(1 + below(below(4) == 0 ? 5000 : 30)));
      expected = model.take(on, bytes);
      transcript.take(bytes, on);
    } else if (dice < 93) {
      if (interleaved && !open.empty()) {
        const On on = open[static_cast<std::size_t>(below(static_cast<int>(open.size())))];
        expected = model.abort(association, &on);
        transcript.take_event(
            partial_delivery_event(AssociationId{association},
                                   StreamId{static_cast<std::uint16_t>(on.stream)}, on.unordered),
            static_cast<std::size_t>(1 + below(30)));
      } else if (!interleaved) {
        expected = model.abort(association, nullptr);
        transcript.take_event(partial_delivery_event(AssociationId{association}));
      }
    } else if (dice < 96) {
      const std::pair<State, std::string> ends[] = {
          {State::lost, "lost"}, {State::restarted, "restarted"}, {State::shutdown_complete, "shut down"}};
      const auto& [state, word] = ends[below(3)];
      expected = model.end(association, word + " 'why'");
      transcript.take_event(assoc_change(state, {.association = AssociationId{association}, .info = "why"}),
                            static_cast<std::size_t>(1 + below(40)));
    } else {
      expected = "unknown 33";
      transcript.take_event(unknown_event(0x8099, 33), static_cast<std::size_t>(1 + below(40)));
    }
    if (transcript.since() != expected || transcript.buffer.unfinished() != model.unfinished()) {
      CAPTURE(step, expected);
      FAIL("the buffer said something else");
    }
  }
}

}  // namespace

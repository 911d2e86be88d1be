// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "by_hand.hpp"
#include "one_to_many.hpp"
#include "torture.hpp"

using sctp::StreamId;
using test::Delivery;
using test::Way;
using namespace test::torture;
using namespace std::chrono_literals;

// Eight associations of sixteen streams each, over a network that loses and reorders.
//
// The pieces are read by hand, so that what the library makes of them can be told from what the kernel does.
// That (6.1) has its own faults where some messages have a lifetime: one that is given up takes parts of
// others along, which have none, and then its association may stand still. Those are counted, and what was
// handed out is held to the same strict account: each message that had begun is whole, or told as aborted,
// once.

namespace {

struct Counts {
  std::size_t messages = 0;
  std::size_t bytes = 0;
  std::size_t aborted = 0;
  std::size_t events = 0;
};

/// Eight associations, what they are to carry, and what became of it.
class Torture {
 public:
  Torture(Way way, bool mortal, const test::Tune& tune_receiver)
      : receiver_{way,
                  [&](const sctp::SocketRef& socket) {
                    be_patient(socket);
                    tune_receiver(socket);
                  }},
        mortal_{mortal},
        interleaves_peers_{way.delivery == Delivery::interleaves_peers} {
    std::mt19937 random{seed()};
    while (clients_.size() != associations) {
      clients_.push_back(receiver_.connect([](const sctp::SocketRef& socket) {
        be_patient(socket);
        socket.subscribe<sctp::SendFailed>();
        test::force_send_buffer(socket, 2 * largest);
      }));
      index_[receiver_.association(index_.size())] = index_.size();
      plans_.push_back(make_plan(random, messages_each, mortal));
      fates_.emplace_back(messages_each);
    }
    sockets_ = way.style == sctp::Style::one_to_many ? 1 : associations;
  }

  void run() {
    std::vector<test::Task<Problems>> senders;
    for (std::size_t i = 0; i != associations; ++i) {
      senders.emplace_back([&, i] { return Sender{clients_[i], plans_[i], fates_[i]}.send_all(); });
    }
    for (std::size_t i = 0; i != sockets_; ++i) receiver_.buffer(i) = sctp::ReceiveBuffer{8'192};
    while (!std::ranges::all_of(has_ended_, std::identity{})) receive();
    for (auto& sender : senders) {
      for (const auto& [problem, count] : sender.get()) problems_[problem] += count;
    }
    for (std::size_t i = 0; i != associations; ++i) account(i);
    for (std::size_t i = 0; i != sockets_; ++i) {
      if (receiver_.buffer(i).unfinished() != 0) ++problems_["a message is left in the buffer"];
    }
  }

  [[nodiscard]] const Problems& problems() const { return problems_; }
  [[nodiscard]] std::string report() const {
    return std::to_string(associations * messages_each) + " messages of " + std::to_string(sent_bytes_) +
           " bytes, " + std::to_string(counts_.messages) + " of " + std::to_string(counts_.bytes) +
           " bytes received; " + std::to_string(mortals_) + " need not arrive, " + std::to_string(failed_) +
           " were told to have failed (" + std::to_string(reliable_failed_) + " reliable ones), " +
           std::to_string(silent_) + " went in silence, " + std::to_string(gone_with_association_) +
           " with their association, " + std::to_string(vanished_) + " vanished in the kernel, " +
           std::to_string(late_) + " came late from it; " + std::to_string(counts_.aborted) +
           " aborted in the middle; " + std::to_string(lost_) + " associations lost, " +
           std::to_string(stuck_) + " stood still; " + std::to_string(counts_.events) + " events";
  }

 private:
  void receive() {
    std::array<pollfd, associations> readable{};
    for (std::size_t i = 0; i != sockets_; ++i) {
      readable.at(i) = {sockets_ == 1 || !has_ended_.at(i) ? receiver_.socket(i).fd() : -1, POLLIN, 0};
    }
    if (::poll(readable.data(), static_cast<nfds_t>(sockets_), 3'000) == 0) abort_what_stands_still();
    for (std::size_t i = 0; i != sockets_; ++i) {
      if (readable.at(i).revents == 0) continue;
      std::vector<sctp::Piece> pieces;
      while (const auto received = test::receive_by_hand(receiver_.socket(i), receiver_.buffer(i), pieces)) {
        for (const sctp::Piece& piece : pieces) note_beginning(piece);
        received->match(
            [&](const sctp::Message& message) {
              const sctp::Piece& last = pieces.back();
              if (!last.end_of_record || last.stream != message.stream || last.ssn != message.ssn) {
                ++problems_["a message is not told as soon as it is whole"];
              }
              take(message);
            },
            [&](const sctp::PartialDeliveryAborted& event) { take(event); },
            [&](const sctp::AssociationChange& change) { take(change); }, [](const auto&) {});
        if (received->notification() != nullptr) ++counts_.events;
        pieces.clear();
      }
      for (const sctp::Piece& piece : pieces) note_beginning(piece);
    }
  }

  void note_beginning(const sctp::Piece& piece) {
    const std::uint32_t number = static_cast<std::uint32_t>(piece.ppid) - first_ppid;
    if (number < messages_each) fates_[index_[piece.association]].begun[number] = true;
  }

  /// For three seconds nothing has come, and yet something has not ended. What it still had must be told to
  /// its sender.
  void abort_what_stands_still() {
    if (sockets_ == 1) find_untold_ends();
    for (std::size_t i = 0; i != associations; ++i) {
      if (has_ended_.at(i)) continue;
      if (sockets_ == 1 && fates_[i].lost_at_receiver) {  // it was aborted three seconds ago, or had ended
        ++problems_["the end of an association is not told"];
        has_ended_.at(i) = true;
        continue;
      }
      ++stuck_;
      if (!mortal_) ++problems_["an association stands still"];
      fates_[i].lost_at_receiver = fates_[i].cut_short = true;
      if (sockets_ == 1) {
        std::error_code has_ended;  // and the kernel has not told, nor the library found out yet
        sctp::Association{receiver_.socket(), receiver_.association(i)}.abort("", has_ended);
      } else {
        receiver_.abort(i);
        has_ended_.at(i) = true;
        receiver_.buffer(i) = sctp::ReceiveBuffer{};  // nobody reads on
      }
    }
  }

  /// Of an association that shuts down in the middle of a message the kernel tells no end: the library looks.
  void find_untold_ends() {
    while (const auto received = receiver_.socket().try_receive(receiver_.buffer())) {
      received.match([&](const sctp::PartialDeliveryAborted& event) { take(event); },
                     [&](const sctp::AssociationChange& change) { take(change); },
                     [&](const sctp::Message& message) { take(message); }, [](const auto&) {});
    }
  }

  void take(const sctp::Message& message) {
    ++counts_.messages;
    counts_.bytes += message.payload.size();
    const std::uint32_t number = static_cast<std::uint32_t>(message.ppid) - first_ppid;
    if (!index_.contains(message.association) || number >= messages_each) {
      ++problems_["an unknown message"];
      return;
    }
    const std::size_t i = index_[message.association];
    const Planned& planned = plans_[i][number];
    if (!planned.is(message.payload)) ++problems_["a message is not what was sent"];
    if (message.stream != planned.stream || message.unordered != planned.unordered) {
      ++problems_["not what was said of the message"];
    }
    if (fates_[i].received[number]) ++problems_["a message came twice"];
    fates_[i].received[number] = true;
    if (message.unordered) return;
    std::uint32_t& next = next_of_[{message.association, message.stream}];
    if (number < next) {
      // There the kernel (6.1) itself confuses the order at times.
      ++(interleaves_peers_ ? late_ : problems_["a message is late"]);
    }
    next = number + 1;
  }

  void take(const sctp::PartialDeliveryAborted& event) {
    ++counts_.aborted;
    if (event.received != 0) ++fates_[index_[event.association]].aborted[{event.stream, event.unordered}];
  }

  void take(const sctp::AssociationChange& change) {
    if (change.end == sctp::AssociationChange::End::none) return;
    has_ended_.at(index_[change.association]) = true;
    if (change.end == sctp::AssociationChange::End::peer_shutdown) return;
    ++lost_;
    fates_[index_[change.association]].lost_at_receiver = true;
  }

  /// Whether every message of an association has arrived, or its absence was told, or permitted.
  void account(std::size_t i) {
    Fate& fate = fates_[i];
    reliable_failed_ += fate.reliable_failed;
    for (std::size_t number = 0; number != messages_each; ++number) {
      const Planned& planned = plans_[i][number];
      sent_bytes_ += planned.size;
      if (planned.is_mortal()) ++mortals_;
      if (fate.failed[number]) ++failed_;
      if (fate.received[number]) continue;
      if (fate.begun[number]) --fate.aborted[{planned.stream, planned.unordered}];
      if (fate.begun[number] || fate.failed[number] || number >= fate.sent) continue;
      if (planned.is_mortal()) {
        ++silent_;
      } else if (fate.lost || fate.lost_at_receiver) {
        ++gone_with_association_;
      } else {
        ++vanished_;
        if (!mortal_) ++problems_["a message is missing"];
      }
    }
    // Of what the kernel has begun to hand out, the library has told each end: whole, or aborted.
    if (fate.cut_short && sockets_ != 1) return;  // its socket was closed before
    for (const auto& [key, count] : fate.aborted) {
      if (count != 0) ++problems_["a message that had begun has no end, or another one has two"];
    }
  }

  test::Receiver receiver_;
  std::size_t sockets_ = 0;
  std::vector<sctp::OneToOneSocket> clients_;
  std::vector<Plan> plans_;
  std::vector<Fate> fates_;
  std::map<sctp::AssociationId, std::size_t> index_;
  std::map<std::pair<sctp::AssociationId, StreamId>, std::uint32_t> next_of_;  // of what comes in order
  std::array<bool, associations> has_ended_{};
  bool mortal_;
  bool interleaves_peers_;
  Counts counts_;
  Problems problems_;
  std::size_t sent_bytes_ = 0;
  std::size_t mortals_ = 0;
  std::size_t failed_ = 0;
  std::size_t reliable_failed_ = 0;
  std::size_t silent_ = 0;
  std::size_t gone_with_association_ = 0;
  std::size_t vanished_ = 0;
  std::size_t late_ = 0;
  std::size_t lost_ = 0;
  std::size_t stuck_ = 0;
};

}  // namespace

TEST_CASE("Every message arrives whole, once and in order, or is accounted for, whatever the network does",
          "[torture]") {
  const Way way = GENERATE(Way{sctp::Style::one_to_one, Delivery::one_by_one},
                           Way{sctp::Style::one_to_many, Delivery::interleaves_peers},
                           Way{sctp::Style::one_to_many, Delivery::interleaves_messages});
  const bool mortal = GENERATE(false, true);
  CAPTURE(test::name(way), mortal);
  // A window for each association, as those with a socket of their own have; or they starve one another.
  const test::Permission own_window{"rcvbuf_policy"};
  Torture torture{way, mortal,
                  [](const sctp::SocketRef& socket) { socket.set(sctp::option::RcvBuf{40'000}); }};
  const auto begin = std::chrono::steady_clock::now();
  const test::Network network{"netem limit 10000 delay 1ms loss 3% reorder 25% 50%"};
  torture.run();
  const auto time =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  std::cout << test::name(way) << ", seed " << seed() << ": " << torture.report() << "; " << time.count()
            << " ms\n"
            << std::flush;
  for (const auto& [problem, count] : torture.problems()) {
    FAIL_CHECK(problem << ", " << count << " times");
  }
}

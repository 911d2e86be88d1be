// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "account.hpp"

#include <fmt/core.h>

#include <vector>

namespace test::soak {
namespace {

using End = sctp::AssociationChange::End;

bool is(Life::End end, End other) { return end == static_cast<Life::End>(other); }
bool is_loss(Life::End end) {
  return is(end, End::peer_abort) || is(end, End::own_abort) || is(end, End::timeout);
}

std::string name(Life::End end) {
  switch (end) {
    case Life::End::closed: return "closed";
    case Life::End::restarted: return "restarted";
    case Life::End::no_descriptor: return "closed for lack of descriptors";
    default: return to_string(static_cast<End>(end));
  }
}

class Account {
 public:
  explicit Account(Ledger& ledger)
      : ledger_{ledger},
        has_successor_(std::size_t{ledger.last_life()} + 1),
        silent_(2 * (std::size_t{ledger.last_life()} + 1)) {}

  void run() {
    for (std::uint32_t number = ledger_.first_number(); number <= ledger_.last_number(); ++number) {
      const Record& record = *ledger_.record(number);
      if (record.life == 0) continue;  // its sender was killed before it had written it down
      const Count fate = fate_of(number, record);
      if (fate == Count::pr_silent) {
        ++silent_[2 * record.life + static_cast<std::size_t>(record.from)];
      } else {
        ledger_.add(fate);
      }
    }
    for (std::uint32_t number = 1; number <= ledger_.last_life(); ++number)
      has_successor_[ledger_.life(number).predecessor] = true;
    for (std::uint32_t number = 1; number <= ledger_.last_life(); ++number) look_at_life(number);
  }

 private:
  bool was_killed(const Life::At& one) const {
    const bool has_died = ledger_.process(one.process).kills > one.incarnation;
    return has_died && (one.end == Life::End::none || (was_told(one) && !one.has_read_all && !one.has_left));
  }
  static bool was_told(const Life::At& one) { return one.end < Life::End::closed; }
  static bool has_closed(const Life::At& one) {
    return one.end == Life::End::closed || one.end == Life::End::no_descriptor || one.has_left;
  }

  /// The client has restarted. In the middle of a message that is being handed out, the kernel (6.1) then
  /// keeps all that is later from the server, the restart, too; and of a socket with one association, whose
  /// peer had begun to shut down before, it acknowledges and drops all that comes.
  bool is_behind_restart(const Record& record) {
    const Life* life = &ledger_.life(record.life);
    if (record.from == Side::server || life->known_to_server || life->predecessor == 0) return false;
    while (life->predecessor != 0 && !life->known_to_server) life = &ledger_.life(life->predecessor);
    const Life::At& server = life->at[static_cast<std::size_t>(Side::server)];
    if (!life->known_to_server) return ledger_.process(server.process).strangers_cut_off != 0;
    return server.end == Life::End::restarted ? server.shutdown_received.load() : server.cut_off != 0;
  }

  Count fate_of(std::uint32_t number, const Record& record) {
    const auto wrong = [&](const char* what) {
      Life& life = ledger_.life(record.life);
      ledger_.complain(fmt::format("{}: {}; at the sender {}, at the receiver {}", what,
                                   describe(ledger_, number), name(life.of(record.from).end),
                                   name(life.of(other(record.from)).end)));
    };
    Life& life = ledger_.life(record.life);
    const Life::At& sender = life.of(record.from);
    const Life::At& receiver = life.of(other(record.from));
    const bool is_mortal = record.policy != sctp::Reliability::Policy::full;
    if (record.delivered != 0) {
      ledger_.add(life.is_twice ? Count::again_by_cookie : Count::duplicated, record.delivered - 1U);
      if (record.given == Given::refused || record.given == Given::not_yet)
        wrong("delivered, though refused");
      if (record.failed_unsent) wrong("delivered, though never sent, as was told");
      return record.failed != 0 ? Count::delivered_and_reported : Count::delivered;
    }
    if (record.given == Given::refused) return Count::refused;
    if (record.failed != 0) {
      const bool is_in_order = is(sender.end, End::own_shutdown) || is(sender.end, End::peer_shutdown);
      if (is_in_order && !life.traits.mortal && !record.handed_back) {
        if (!life.traits.interleaving) wrong("told to have failed, though the association ended in order");
        return Count::failed_in_order;
      }
      return is_mortal ? Count::pr_told : Count::reported;
    }
    if (was_killed(sender)) return Count::killed_sender;
    if (record.given == Given::not_yet) return Count::not_given;
    if (record.given == Given::taken) {
      if (has_closed(sender)) return Count::closed_by_sender;
      if (was_killed(receiver)) return Count::killed_receiver;
      if (has_closed(receiver)) return Count::closed_by_receiver;
      if (receiver.end == Life::End::untold) return Count::behind_untold;
      if (is_mortal) return Count::pr_silent;
      if (life.traits.mortal) return Count::vanished_beside_pr;
      if (is_loss(receiver.end) && receiver.cut_off != 0) return Count::behind_aborted;
      if (is_behind_restart(record)) return Count::behind_restart;
      // Between asking whether the peer has shut down and doing so oneself it may: then the kernel (6.1)
      // tells of nothing any more.
      if (sender.has_no_event && sender.shutdown_received && is_loss(sender.end))
        return Count::behind_shutdowns;
      if (life.is_twice) return Count::lost_by_cookie;
    }
    wrong("unaccounted");
    return Count::unaccounted;
  }

  void look_at_life(std::uint32_t number) {
    Life& life = ledger_.life(number);
    const Life::At& client = life.of(Side::client);
    const Life::At& server = life.of(Side::server);
    for (const Side side : {Side::client, Side::server}) {
      const Life::At& one = life.of(side);
      const std::uint32_t silent = silent_[2 * number + static_cast<std::size_t>(side)];
      const bool knows_better = one.knows_abandoned && silent > one.abandoned;
      ledger_.add(Count::pr_silent, knows_better ? one.abandoned.load() : silent);
      if (knows_better) ledger_.add(Count::vanished_beside_pr, silent - one.abandoned);
    }
    if (life.known_to_server && server.end == Life::End::none && !was_killed(server))
      ledger_.complain(fmt::format("life {} has no end at its server", number));
    for (const Life::At* one : {&client, &server}) {
      if (one->end != Life::End::untold) continue;
      ledger_.add(Count::untold);
      // Seen where messages may be given up, and where a client restarted in the middle of one.
      if (!life.traits.mortal && one->cut_off == 0 && !has_successor_[number])
        ledger_.complain(fmt::format("the end of life {} ({}) was not told to process {}", number,
                                     to_string(life.traits), one->process));
    }
    if (life.known_to_server && server.end == Life::End::restarted) ledger_.add(Count::restarted);
    if (!life.is_up) return ledger_.add(life.known_to_server ? Count::unaccepted : Count::setups_given_up);
    ledger_.add(Count::begun);
    switch (client.end) {
      case Life::End::none:
        if (!was_killed(client)) ledger_.complain(fmt::format("life {} has no end at its client", number));
        return ledger_.add(Count::with_process);
      case Life::End::closed: return ledger_.add(Count::closed);
      case Life::End::untold: return;
      default: break;
    }
    switch (static_cast<End>(client.end.load())) {
      case End::own_shutdown: return ledger_.add(Count::own_shutdown);
      case End::peer_shutdown: return ledger_.add(Count::peer_shutdown);
      case End::own_abort: return ledger_.add(Count::own_abort);
      case End::peer_abort: return ledger_.add(Count::peer_abort);
      case End::timeout: return ledger_.add(Count::timeout);
      default: ledger_.complain(fmt::format("life {} ends at its client: {}", number, name(client.end)));
    }
  }

  Ledger& ledger_;
  std::vector<bool> has_successor_;    // by life: its client has restarted
  std::vector<std::uint32_t> silent_;  // PR messages that went in silence, by life and side
};

struct Named {
  Count what;
  const char* name;
};
struct Line {
  const char* title;
  std::vector<Named> counts;
};

const std::vector<Line>& lines() {
  using enum Count;
  static const std::vector<Line> all{
      {"messages",
       {{given, "given"}, {delivered, "delivered"}, {delivered_and_reported, "delivered and reported"}}},
      {"reported",
       {{refused, "by the error of send"},
        {reported, "by SendFailed or handed back"},
        {pr_told, "given up as permitted, told"}}},
      {"permitted",
       {{pr_silent, "given up as permitted, counted by the kernel"}, {not_given, "no room before the end"}}},
      {"lost with a process or a socket",
       {{killed_sender, "sender killed"},
        {killed_receiver, "receiver killed"},
        {closed_by_sender, "sender aborted"},
        {closed_by_receiver, "receiver aborted"}}},
      {"kernel's faults",
       {{vanished_beside_pr, "vanished beside what was given up"},
        {behind_aborted, "acknowledged and dropped behind a message that was cut off"},
        {behind_restart, "behind a restart within a message or a shutdown"},
        {behind_shutdowns, "failed untold where both shut down in the same moment"},
        {failed_in_order, "failed under I-DATA though the end was in order"},
        {behind_untold, "kept, with the end of their association"},
        {ahead_of_restart, "before their restart was told"},
        {late_from_kernel, "late where fragments interleave"}}},
      {"a server's second association from one cookie",
       {{again_by_cookie, "delivered again"}, {lost_by_cookie, "taken for others"}}},
      {"must be 0",
       {{unaccounted, "unaccounted"},
        {duplicated, "duplicated"},
        {corrupt, "corrupt"},
        {out_of_order, "out of order"}}},
      {"seen",
       {{bytes, "bytes taken"},
        {pieces, "pieces"},
        {send_failed, "SendFailed"},
        {handed_back, "handed back by a SendQueue"},
        {cut_off, "messages cut off"},
        {crossed_restart, "messages across a restart"}}},
      {"associations begun",
       {{begun, "begun"},
        {own_shutdown, "ended by the client"},
        {peer_shutdown, "by the server"},
        {own_abort, "aborted by the client"},
        {closed, "by closing"},
        {peer_abort, "by the server or its kernel"},
        {timeout, "unanswered"},
        {with_process, "killed"}}},
      {"and",
       {{restarted, "restarted"},
        {peeled_off, "peeled off"},
        {peel_off_refused, "not peeled off for lack of descriptors"},
        {setups_failed, "setups failed"},
        {setups_given_up, "given up"},
        {unaccepted, "up without a client to know"},
        {accept_refused, "accepts failed for lack of descriptors"},
        {stood_still, "stood still"},
        {untold, "ended without a word of the kernel"}}},
      {"faults",
       {{client_kills, "clients killed"},
        {server_kills, "servers killed"},
        {stops, "processes stopped"},
        {aborts, "aborts"},
        {restarts, "restarts"},
        {exhaustions, "without descriptors"},
        {cuts, "paths cut"},
        {links_down, "links down"},
        {blackouts, "blackouts"},
        {losses, "lossy"},
        {reorderings, "reordering"},
        {duplications, "duplicating"},
        {corruptions, "corrupting"},
        {delays, "slow"}}},
  };
  return all;
}

}  // namespace

void account(Ledger& ledger) { Account{ledger}.run(); }

std::string report(const Ledger& ledger) {
  std::string text;
  for (const Line& line : lines()) {
    text += fmt::format("{}:", line.title);
    for (const char* separator = " "; const Named& one : line.counts) {
      text += fmt::format("{}{} {}", separator, ledger.count(one.what), one.name);
      separator = ", ";
    }
    text += '\n';
  }
  return text;
}

}  // namespace test::soak

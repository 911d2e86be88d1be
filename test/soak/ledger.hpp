// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "message.hpp"

/// What every process of the soak writes down, in memory that they share: it outlives whoever is killed.
namespace test::soak {

enum class Side : std::uint8_t { client, server };
constexpr Side other(Side side) noexcept { return side == Side::client ? Side::server : Side::client; }

/// Servers first: a listener, a one-to-many socket, and a listener that knows I-DATA, too.
inline constexpr std::size_t servers = 3;
inline constexpr std::size_t clients = 5;  // the last has a one-to-many socket
inline constexpr std::size_t processes = servers + clients;

/// What becomes of a message at its sender.
enum class Given : std::uint8_t {
  not_yet,  ///< it found no room so far
  giving,   ///< written before it is sent
  taken,    ///< by the kernel or by a SendQueue
  refused,  ///< which an error told
};

struct Record {
  std::uint32_t life = 0;
  std::uint32_t size = 0;
  std::uint16_t stream = 0;
  Side from{};
  bool unordered = false;
  sctp::Reliability::Policy policy{};
  std::atomic<Given> given;
  std::atomic<std::uint8_t> delivered;
  std::atomic<std::uint8_t> failed;  // so many events or messages handed back say so
  std::atomic<bool> failed_unsent;   // and that it was never on the wire
  std::atomic<bool> handed_back;     // by a SendQueue
};

/// One association, from its setup to its end or restart.
struct Life {
  /// What an end says became of it. Those of AssociationChange::End, and:
  enum class End : std::uint8_t {
    none = 0,
    untold = static_cast<std::uint8_t>(sctp::AssociationChange::End::untold),
    closed = 100,   ///< the socket was closed, which aborts and tells the closer nothing
    restarted,      ///< the peer began anew
    no_descriptor,  ///< peeled off without a descriptor for it: the kernel closed it
  };
  struct At {
    std::uint32_t process = 0;
    std::uint32_t incarnation = 0;  // how often that process had been killed
    std::atomic<End> end;
    std::atomic<std::uint32_t> cut_off;    // messages that had begun there and were aborted
    std::atomic<std::uint32_t> abandoned;  // messages, as the kernel counts them
    std::atomic<bool> knows_abandoned;     // and nothing was under way any more
    std::atomic<bool> shutdown_received;
    /// What is told behind the end, of messages that failed, has been received, and a SendQueue has handed
    /// back the others; or the socket was closed with that unread.
    std::atomic<bool> has_read_all;
    std::atomic<bool> has_left;
    std::atomic<bool> has_no_event;  // of its end, which an error told
  };
  Traits traits{};
  std::uint32_t predecessor = 0;  // that it has restarted
  bool is_up = false;
  std::array<At, 2> at;  // by side
  std::atomic<bool> known_to_server;
  /// The server has lost it while the client still waited for COOKIE ACK, and the same cookie made another:
  /// what had come comes again, and of what is sent the client takes the first for what it has.
  std::atomic<bool> is_twice;

  [[nodiscard]] At& of(Side side) noexcept { return at[static_cast<std::size_t>(side)]; }
};

/// What is counted and printed.
enum class Count : std::uint8_t {
  given,
  refused,
  delivered,
  duplicated,
  corrupt,
  out_of_order,
  delivered_and_reported,
  reported,
  pr_told,
  pr_silent,
  vanished_beside_pr,
  late_from_kernel,
  not_given,
  killed_sender,
  killed_receiver,
  closed_by_sender,
  closed_by_receiver,
  behind_aborted,
  behind_restart,
  behind_shutdowns,
  failed_in_order,
  again_by_cookie,
  lost_by_cookie,
  behind_untold,
  unaccounted,
  bytes,
  pieces,
  send_failed,
  handed_back,
  cut_off,
  crossed_restart,
  ahead_of_restart,
  begun,
  own_shutdown,
  peer_shutdown,
  own_abort,
  peer_abort,
  timeout,
  closed,
  restarted,
  with_process,
  setups_failed,
  setups_given_up,
  unaccepted,
  peeled_off,
  peel_off_refused,
  accept_refused,
  stood_still,
  untold,
  restarts,
  client_kills,
  server_kills,
  stops,
  aborts,
  exhaustions,
  cuts,
  blackouts,
  links_down,
  losses,
  reorderings,
  duplications,
  corruptions,
  delays,
  last
};
inline constexpr std::size_t counts = static_cast<std::size_t>(Count::last);

enum class Phase : std::uint8_t { run, settle, quit };
enum class Order : std::uint8_t { none, abort, restart };

/// What a process holds.
struct Footprint {
  std::size_t blocks = 0;  // of operator new
  std::size_t bytes = 0;
  std::size_t resident = 0;
  std::size_t descriptors = 0;
};

/// A process as the others see it.
struct Process {
  std::atomic<std::uint32_t> kills;
  std::atomic<bool> is_ready;  // it has opened what it needs
  std::atomic<Order> order;
  std::atomic<std::uint16_t> port;               // where a server listens
  std::atomic<std::uint32_t> strangers_cut_off;  // in this round: by clients that had not said who they are
  std::atomic<std::uint32_t> rested;             // the round after which it has no association
  Footprint begin;                               // before it opened its first socket
  Footprint rest;                                // written before `rested`
};

/// Where an ordered message may come late, by a fault of the kernel (6.1): with SCTP_FRAGMENT_INTERLEAVE and
/// without I-DATA.
constexpr bool knows_no_order(const Life& life, Side side) noexcept {
  const bool server_interleaves = life.at[1].process != 0;
  const bool is_idata = life.traits.interleaving && server_interleaves;
  return !is_idata && (side == Side::client ? life.traits.interleaving || life.at[0].process == processes - 1
                                            : server_interleaves);
}

class Ledger {
 public:
  static constexpr std::size_t most_records = std::size_t{1} << 18U;
  static constexpr std::size_t most_lives = 4096;

  explicit Ledger(std::uint64_t seed);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// A new round: what the last one has written is gone.
  void begin_round() noexcept;
  [[nodiscard]] std::uint32_t round() const noexcept { return shared_.round; }
  [[nodiscard]] Phase phase() const noexcept { return shared_.phase; }
  void set_phase(Phase phase) noexcept { shared_.phase = phase; }
  [[nodiscard]] bool have_clients_rested() const noexcept;

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] const Supply& supply() const noexcept { return supply_; }
  [[nodiscard]] Process& process(std::size_t number) noexcept { return shared_.by_number[number]; }

  void add(Count what, std::uint64_t times = 1) noexcept { shared_.counted[index(what)] += times; }
  [[nodiscard]] std::uint64_t count(Count what) const noexcept { return shared_.counted[index(what)]; }

  /// What must not be. The first of them are printed.
  void complain(const std::string& what) noexcept;
  [[nodiscard]] std::uint64_t complaints() const noexcept { return shared_.complaints; }

  /// A new one; 0, which is no life and no message, when there is no room. A message's number is its PPID.
  std::uint32_t new_life(std::uint32_t client, std::uint32_t server, const Traits& traits) noexcept;
  std::uint32_t new_record() noexcept;
  [[nodiscard]] Life& life(std::uint32_t number) noexcept { return shared_.lives[number]; }
  /// Restarts lead from the one to the other.
  [[nodiscard]] bool comes_after(std::uint32_t later, std::uint32_t earlier) const noexcept;
  [[nodiscard]] std::uint32_t last_life() const noexcept { return shared_.last_life; }
  /// Null where there is no such message in this round.
  [[nodiscard]] Record* record(std::uint32_t number) noexcept;
  [[nodiscard]] std::uint32_t first_number() const noexcept;
  [[nodiscard]] std::uint32_t last_number() const noexcept {
    return first_number() + shared_.last_record - 1;
  }

  /// What comes back to its sender.
  void take(const sctp::SendFailed& event) noexcept;
  void take(const sctp::SendQueue::Unsent& unsent) noexcept;

 private:
  struct Shared {
    std::atomic<std::uint32_t> round;
    std::atomic<Phase> phase;
    std::atomic<std::uint64_t> complaints;
    std::atomic<std::uint32_t> last_life;
    std::atomic<std::uint32_t> last_record;
    std::array<std::atomic<std::uint64_t>, counts> counted;
    std::array<Process, processes> by_number;
    std::array<Life, most_lives> lives;
    std::array<Record, most_records> records;
  };
  static constexpr std::size_t index(Count what) noexcept { return static_cast<std::size_t>(what); }
  static Shared& map();

  std::uint64_t seed_;
  Supply supply_;
  Shared& shared_;
};

/// "message 5, 120 bytes, on stream 3 of life 12 to the server"
std::string describe(Ledger& ledger, std::uint32_t number);

}  // namespace test::soak

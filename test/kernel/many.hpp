// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernel.hpp"

/// A thousand clients in eight processes, what each of them and its server say to the other, and how it ends.
/// Both sides know that from the client's number, so a process is told no more than what to do next.
namespace test::many {

inline constexpr unsigned processes = 8;
inline constexpr unsigned clients_each = 125;
inline constexpr unsigned clients = processes * clients_each;

/// Another one to look for more: SCTPXX_TEST_SEED.
std::uint32_t seed();

/// How a client's association ends. The first two are those of a whole process.
enum class Fate : std::uint8_t {
  killed,             ///< by SIGKILL, when it has read all
  killed_unread,      ///< by SIGKILL, with a message unread
  client_aborts,      ///<
  server_aborts,      ///< with a reason
  client_midway,      ///< the client aborts in the middle of a message
  server_midway,      ///< the server does
  restarts,           ///< the client dies unheard, its successor has the same port; that one shuts down
  client_shuts_down,  ///<
  server_shuts_down,  ///<
  both_shut_down,     ///< neither has heard of the other's SHUTDOWN when it sends its own
  overdue,            ///< the server shuts down, the client does not read, and the server's time is over
  peeled_off,         ///< the server moves it to a socket of its own, where the client shuts down
  autoclosed,         ///< by the server's kernel
};
Fate fate_of(unsigned client);
std::vector<unsigned> clients_with(Fate fate);

/// What the server tells those whom it aborts.
std::string reason_for(unsigned client);

/// One message; its PPID is its place in the plan, from 1.
struct Planned {
  sctp::StreamId stream{};
  std::size_t offset = 0;  ///< of its bytes in a common supply
  std::size_t size = 0;

  [[nodiscard]] sctp::Bytes payload() const;
};
using Plan = std::vector<Planned>;

enum class To : std::uint8_t { server, client };

/// What goes one way in a client's first life or its second. Every tenth client has a message each way that
/// is larger than the receiver's window.
Plan plan_of(unsigned client, unsigned life, To to);

/// Larger than the window by far.
Planned huge_message();

/// What a client says first is its number; with this PPID, unlike what stands in a plan.
inline constexpr sctp::Ppid hello{1'000'000};
inline constexpr sctp::Ppid extra{1'000'001};  ///< and this one has what is in no plan

/// What must not be, each kind with how often it was.
using Problems = std::map<std::string, std::size_t>;

/// Checks that what is received is a plan, each stream of it in order.
class Reading {
 public:
  Reading() = default;
  explicit Reading(Plan plan) : plan_{std::move(plan)} {}

  void take(const sctp::Message& message, Problems& problems);
  [[nodiscard]] bool is_complete() const { return count_ == plan_.size(); }

 private:
  Plan plan_;
  std::vector<bool> seen_;
  std::map<sctp::StreamId, std::uint32_t> last_;
  std::size_t count_ = 0;
};

/// What the processes are told, in this order. Each answers when all of its clients have done so.
enum class Step : std::uint8_t {
  connect,         ///< all but those that will be autoclosed
  talk,            ///< send the plan, and read the server's
  await_unread,    ///< until each client has something unread
  begin_huge,      ///< those whose association ends midway send the huge message
  end_huge,        ///< in the middle of it, abort, or read to the end
  end,             ///< abort, shut down, or read to the end
  vanish,          ///< die unheard; in the case of `both_shut_down` shut down
  come_back,       ///< as the successors, and talk; in the case of `both_shut_down` read to the end
  await_overdue,   ///< read to the end
  say_more,        ///< those that will be peeled off send one more message
  end_peeled_off,  ///< read the answer, shut down, read to the end
  autoclose,       ///< connect, read to the end
};

/// Both directions have a window of this size, more or less.
void tune(const sctp::SocketRef& socket);

/// The end that an event tells: "lost, aborted by the peer: user initiated abort, REASON".
std::string describe_end(const sctp::AssociationChange& change);

/// The client processes, seen from the server's.
class Clients {
 public:
  explicit Clients(const sctp::Address& server);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void tell(Step step);
  void tell(unsigned process, Step step);

  /// All that were told something have answered; what they found goes to `problems`.
  bool have_answered(Problems& problems);

  /// Waits for an answer, or for one of `own`. Throws when there is nothing for a minute.
  void wait(std::vector<pollfd> own = {});

  void kill(unsigned process);

 private:
  struct Process {
    pid_t id = 0;
    int orders = -1;
    int answers = -1;
    bool is_busy = false;
  };
  std::array<Process, processes> processes_{};
};

/// One of these processes: does what it is told on `orders`, until that is closed.
void run_client_process(unsigned process, const sctp::Address& server, int orders, int answers);

}  // namespace test::many

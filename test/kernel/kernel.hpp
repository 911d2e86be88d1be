// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <support/catch.hpp>

#include <sctpxx/format.hpp>
#include <sctpxx/sctp.hpp>

/// What the tests on a real kernel share. Before `main` the program looks whether this kernel speaks SCTP (77
/// if not) and moves to a network namespace of its own, where that is permitted.
namespace test {

using namespace std::chrono_literals;

/// The namespace is our own: its interfaces may be changed. Its loopback has Ethernet's MTU, since with the
/// usual 64 KiB one packet fills the congestion window and waits for a delayed acknowledgement.
bool has_own_network() noexcept;

void set_loopback_up(bool up);

/// Gives the loopback interface one more address, 10.77.0.x, which is nowhere until then.
void add_address(const std::array<std::uint8_t, 4>& address);

/// While it lives, the loopback interface does so: `netem loss 3% delay 1ms`. Throws where the program `tc`
/// or the kernel's netem is missing.
class Network {
 public:
  explicit Network(const std::string& discipline);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
};

/// While it lives, a packet takes 60 ms to arrive.
struct Delay : Network {
  Delay() : Network{"netem delay 60ms"} {}
};

/// While it lives, nothing arrives.
struct Outage : Network {
  Outage() : Network{"netem loss 100%"} {}
};

/// While it lives, IPv4 packets whose first chunk is of this type get lost, and no others.
class Swallow {
 public:
  static constexpr std::uint8_t cookie_ack = 11;

  explicit Swallow(std::uint8_t chunk_type);

 private:
  Network network_;
};

/// Nobody answers there, with an own network or without. RFC 5737.
inline constexpr sctp::Address blackhole = sctp::Address::v4({192, 0, 2, 1}, 7);

/// Nobody listens there, and somebody has it, so that nobody else can.
struct Refusing {
  sctp::OneToOneSocket socket{sctp::Address::Family::v4};
  sctp::Address address;
  Refusing() {
    socket.bind(sctp::Address::loopback(sctp::Address::Family::v4, 0));
    address = socket.local_address();
  }
};

using Tune = std::function<void(const sctp::SocketRef&)>;

/// Sets nothing.
inline void as_it_is(const sctp::SocketRef&) {}

/// Retransmits after a twentieth of the usual time: for tests that fill windows. Still, what is not heard for
/// seconds is not lost, and a shutdown may take a minute: five times the longest timeout.
inline void retransmit_soon(const sctp::SocketRef& socket) {
  socket.set(sctp::option::RtoInfo{.initial = 100ms, .max = 10s, .min = 50ms});
}

/// Nothing is given up because nothing arrives.
inline void tenacious(const sctp::SocketRef& socket) {
  retransmit_soon(socket);
  socket.set(sctp::option::AssocInfo{.max_retransmissions = 1000});
}

/// A listener on a free port of the loopback interface. `tune` has its say before it is bound.
sctp::Listener listen(sctp::Address::Family family = sctp::Address::Family::v4, const Tune& tune = as_it_is);

/// Two sockets and the association between them.
struct Ends {
  sctp::OneToOneSocket client;
  sctp::OneToOneSocket server;
};
Ends connect(const Tune& tune_both = as_it_is, const Tune& tune_server = as_it_is,
             sctp::Address::Family family = sctp::Address::Family::v4);

/// Bytes of which no two near stretches are alike; another `seed`, other bytes.
std::vector<std::byte> pattern(std::size_t size, std::uint32_t seed = 0);
inline std::string_view text(sctp::Bytes bytes) { return sctp::as_text(bytes); }

/// The next message, events passed over; dead at the next receive. Throws when the association ends instead.
sctp::Message next_message(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer);

/// The next event, which has to be an `Event`, or it throws.
template <class Event>
Event next_event(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer);

enum class Mode { blocking, nonblocking };
inline const char* name(Mode mode) { return mode == Mode::blocking ? "blocking" : "non-blocking"; }
inline Mode any_mode() { return GENERATE(Mode::blocking, Mode::nonblocking); }

/// One answer in a word or two: "up", "message hello", "lost: user initiated abort", "end of stream",
/// "would block", "error: Connection reset by peer".
std::string describe(const sctp::Received& received, std::error_code error);

/// The same; of an association's change the state, the end, the cause and what the peer said: "lost, aborted
/// by the peer, user initiated abort, user initiated abort "going home"".
std::string tell(const sctp::Received& received, std::error_code error);

/// The next answer described; in the non-blocking mode after waiting for the descriptor.
std::string next(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer, Mode mode = Mode::blocking);

/// The next `count` answers.
std::vector<std::string> next(std::size_t count, const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer,
                              Mode mode = Mode::blocking);

/// Waits for poll's events on the descriptor.
void wait_for(int fd, short events);

/// Lets others run until it is so.
template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

/// Waits until the packets that have been sent are processed: the loopback interface keeps their order.
void wait_for_packets();

/// Waits until the kernel knows the association no more, whatever is still to be read of it.
void wait_until_gone(const sctp::Association& association);

/// Sends messages of 10,000 bytes of `pattern` until the send buffer stays full, and answers how many. What
/// is acknowledged makes room: so that is once the peer, which does not read, takes no more.
std::size_t fill(const sctp::Association& association, const sctp::OneToOneSocket& peer);

/// One read by hand, which does not block, and what the kernel said of it. Its bytes lie in `room`.
struct RawPiece {
  sctp::Piece piece;
  std::vector<int> controls;  ///< the types of its control messages
  bool control_truncated = false;
};
std::optional<RawPiece> read_piece(const sctp::SocketRef& socket, sctp::MutableBytes room);

/// Reads pieces by hand until one has been the beginning of a message and not its end; events are passed
/// over.
/// (`receive` joins pieces as long as there are more, and on loopback each that is read makes room for more.)
void read_beginning(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer);

std::size_t open_descriptors();

/// A thread whose result or exception `get` hands out.
template <class Result>
class Task {
 public:
  template <class F>
  explicit Task(F function) {
    std::packaged_task<Result()> task{std::move(function)};
    result_ = task.get_future();
    thread_ = std::jthread{std::move(task)};
  }
  Result get() { return result_.get(); }
  std::jthread& thread() noexcept { return thread_; }

 private:
  std::future<Result> result_;
  std::jthread thread_;
};
template <class F>
Task(F) -> Task<std::invoke_result_t<F>>;

/// Names a thread for `is_blocked`.
int thread_id() noexcept;
/// The thread sleeps in the kernel.
bool is_blocked(int thread);

template <class Event>
Event next_event(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  std::error_code error;
  const sctp::Received received = socket.receive(buffer, error);
  if (const auto* event = received.notification()) {
    if (const auto* wanted = std::get_if<Event>(event)) return *wanted;
  }
  throw std::runtime_error{"another answer than this event: " + describe(received, error)};
}

}  // namespace test

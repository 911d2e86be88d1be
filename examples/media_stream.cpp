// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Sends a movie whose frames are given up when their time is over, and shows which ones a lossy path took.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <sctpxx/format.hpp>
#include <stdexcept>
#include <string>

#include "movie.hpp"
#include "movie_screen.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How the movie is sent, and what was seen that this comes from: on Linux 6.1, 20 seconds of it for each, 20
// ms each way and 1 to 5 % of the packets lost where nothing else is said.
//
// Slices of one packet, and I frames on a stream beside them: at most 2 slices of 1780 did not come. With a
// frame in one message, 8 of 500 did not: all packets of a frame are given up for one. And a message of one
// packet has no parts that could be taken along when another is given up.
//
// I frames on an association of their own came late twice as often, and with 40 ms each way nearly always: it
// is idle for a second each time, so its window is small, and a loss at its end waits for a timeout. So there
// is one association. Its I frames all arrived, and it never stood still for longer than such timeouts take.
//
// Lifetimes of 100 ms with 40 ms each way: a fifth of the slices is given up at 3 %. It takes a round trip to
// notice a loss, and half of one to mend it.
//
// Where the path is slower than the movie (3 % at 40 ms), what comes is no older than its lifetime; without
// lifetimes all falls behind, more and more. But then most frames miss a slice: a sender that has a smaller
// movie would send that.
constexpr sctp::StreamId words{0};     // the end of the movie, and what came of it
constexpr sctp::StreamId reliable{1};  // I frames
constexpr sctp::StreamId mortal{2};    // P and B frames, unordered: none waits for one that is lost
constexpr sctp::Ppid text{1020}, picture{1021};

void tune(const sctp::SocketRef& socket) {
  // Of a second at least, the kernel's, a movie cannot wait for what is lost.
  socket.set(sctp::option::RtoInfo{.initial = 500ms, .max = 2s, .min = 200ms});
  socket.set(sctp::option::DelayedSack{.delay = 20ms});
}

/// The number behind such a word; 0 if there is none.
std::size_t number_after(std::string_view word, std::string_view where) {
  std::size_t number = 0;
  if (const auto at = where.find(word); at != std::string_view::npos) {
    std::from_chars(where.data() + at + word.size(), where.data() + where.size(), number);
  }
  return number;
}

// ---- The viewer.

void show(sctp::OneToOneSocket peer, milliseconds wait, const sctp::Waker& stop) {
  std::error_code gone;  // before it was let in: then its address is not known any more
  const sctp::Address sender = peer.peer_address(gone);
  fmt::print("a movie from {}; I, P, B: shown; i, p, b: late; . lost; - without the frame it refers to\n",
             gone ? "one who has left" : to_string(sender));
  Screen screen{wait};
  sctp::ReceiveBuffer buffer{4096, 4096};
  try {
    while (!stop.is_awake() && !screen.is_over()) {
      const auto received = peer.receive(buffer, {screen.next(), stop});
      if (received.status() == sctp::ReceiveStatus::end_of_stream)
        throw std::runtime_error{"the sender has gone"};
      if (const auto* message = received.message()) {
        if (message->ppid == picture) screen.take(message->payload);
        if (message->ppid == text) screen.end(number_after("end ", sctp::as_text(message->payload)));
      }
      while (screen.next() == 0ms && !screen.is_over()) screen.show();
      if (screen.is_dark()) throw std::runtime_error{"nothing comes any more"};
    }
    // The sender ends the association, when it has asked what the kernel has counted.
    peer.send(sctp::as_bytes(fmt::format("came {}", screen.came())), {.stream = words, .ppid = text});
    const sctp::Patience patience{5s};
    while (peer.receive(buffer, patience)) {
    }
    peer.shutdown(buffer, patience, [](const auto&) {});
  } catch (const std::exception& lost) {
    fmt::print("{}\n", lost.what());
  }
  screen.report();
}

// ---- The sender.

class Sender {
 public:
  Sender(sctp::OneToOneSocket peer, milliseconds p_lifetime, milliseconds b_lifetime)
      : peer_{std::move(peer)}, p_lifetime_{p_lifetime}, b_lifetime_{b_lifetime} {
    peer_.subscribe<sctp::SendFailed>();
  }

  /// Sends frames at their times: so many, or those of the second that has begun when somebody wants it to
  /// end.
  void send(std::uint32_t frames, const sctp::Waker& stop) {
    const Clock::time_point begin = Clock::now();
    std::uint32_t place = 0;
    for (; place != frames && receive(begin + place * movie::frame_time - Clock::now()); ++place) {
      if (place % movie::group == 0 && stop.is_awake()) break;
      send_frame(movie::sent_at(place));
    }
    fmt::print("{} frames in {} slices are sent, {} slices found no room\n", place, sent_, no_room_);
    left_early_ = came_.has_value();
    if (left_early_) return;
    peer_.send(sctp::as_bytes(fmt::format("end {}", place)), {.stream = words, .ppid = text});
    if (receive(60s)) throw std::runtime_error{"the viewer does not say what came"};
  }

  /// Ends the association; answers whether the numbers agree.
  bool end() {
    const auto counted = peer_.association().get<sctp::option::PrAssocStatus>();
    const std::size_t told = told_['P'] + told_['B'];
    const std::size_t missing = sent_ - *came_;
    peer_.shutdown(buffer_, 5s, [](const auto&) {});
    fmt::print("{} slices came, {} did not\n", *came_, missing);
    fmt::print("given up before they left, which SendFailed tells: {} slices (P {}, B {})\n", told,
               told_['P'], told_['B']);
    fmt::print("given up on their way, which the kernel only counts: {} slices, some of which came\n",
               counted.abandoned_sent);
    if (left_early_) return fmt::print("the viewer has left before the end\n"), true;
    const bool agrees = *came_ <= sent_ && told == counted.abandoned_unsent && told <= missing &&
                        missing <= told + counted.abandoned_sent;
    fmt::print("{}\n", agrees ? "what did not come was given up" : "THIS DOES NOT ADD UP");
    return agrees;
  }

 private:
  /// Until the patience is over. False when the viewer has said what came: nothing is to be sent any more.
  bool receive(const sctp::Patience& patience) {
    while (!came_) {
      const auto received = peer_.receive(buffer_, patience);
      if (received.status() == sctp::ReceiveStatus::would_block) return true;
      if (!received) throw std::runtime_error{"the viewer has gone"};
      if (const auto* message = received.message())
        came_ = number_after("came ", sctp::as_text(message->payload));
      if (const auto* event = received.notification()) {
        if (const auto* failed = std::get_if<sctp::SendFailed>(event))
          ++told_[static_cast<char>(failed->context)];
      }
    }
    return false;
  }

  void send_frame(std::uint32_t frame) {
    const char kind = movie::kind(frame);
    sctp::SendOptions how{.stream = reliable, .ppid = picture, .context = static_cast<std::uint32_t>(kind)};
    if (kind != 'I') {
      how.stream = mortal;
      how.unordered = true;
      how.reliability = sctp::Reliability::lifetime(kind == 'P' ? p_lifetime_ : b_lifetime_);
    }
    for (std::uint32_t number = 0; number != movie::slices(frame); ++number) {  // a movie waits for no room
      ++(peer_.try_send(sctp::as_bytes(movie::content({frame, number})), how) ? sent_ : no_room_);
    }
  }

  sctp::OneToOneSocket peer_;
  milliseconds p_lifetime_;
  milliseconds b_lifetime_;
  sctp::ReceiveBuffer buffer_;
  std::size_t sent_ = 0;
  std::size_t no_room_ = 0;
  std::map<char, std::size_t> told_;  // slices of each kind of frame
  std::optional<std::size_t> came_;   // as the viewer says
  bool left_early_ = false;
};

int show_all(const sctp::Address& address, milliseconds wait, const sctp::Waker& stop) {
  sctp::Listener listener{address.family()};
  tune(listener);
  listener.bind(address);
  listener.listen();
  fmt::print("listening on {}\n", listener.local_address());
  while (auto peer = listener.accept(stop)) show(std::move(*peer), wait, stop);  // one movie at a time
  return 0;
}

int send(const sctp::Address& address, std::uint32_t seconds, milliseconds p_lifetime,
         milliseconds b_lifetime, const sctp::Waker& stop) {
  sctp::OneToOneSocket peer{address.family()};
  tune(peer);
  peer.connect(address, stop);
  Sender sender{std::move(peer), p_lifetime, b_lifetime};
  sender.send(seconds * movie::group, stop);
  return sender.end() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Sends a movie over a path that loses packets. I frames are sent until they arrive; P and B frames, "
      "which are\n"
      "worth nothing later, for a lifetime. The viewer shows a line for each second:\n"
      "  IBBPBBP--P.bP…   letters for the frames, small: late; . lost; - without the frame that it refers "
      "to\n"
      "and both ends count what became of all that was sent. A lifetime has to be longer than a round trip, "
      "and\n"
      "longer than two if a loss is to be mended; `lossy 5 40 sh` opens a shell whose path has losses. "
      "Ctrl-C ends\n"
      "either side in order, the sender after the second that has begun.\n"};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string viewer;
  std::uint32_t wait = 250;
  std::uint32_t seconds = 10;
  std::uint32_t p_lifetime = 300;
  std::uint32_t b_lifetime = 200;
  options.require_subcommand(1);
  CLI::App* const showing =
      options.add_subcommand("show", "Shows the movies that come, one after the other.");
  showing->add_option("--address", address, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  showing->add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  showing->add_option("--wait", wait, "milliseconds from the first slice to the first frame")
      ->capture_default_str()
      ->check(CLI::Range(0, 5000));
  CLI::App* const sending = options.add_subcommand("send", "Sends the movie.");
  sending->add_option("viewer", viewer, "the viewer's address and port, as it prints them")->required();
  sending->add_option("--seconds", seconds, "how much of it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  sending->add_option("--p-lifetime", p_lifetime, "of P frames, milliseconds; 0: none is sent")
      ->capture_default_str();
  sending->add_option("--b-lifetime", b_lifetime, "of B frames")->capture_default_str();
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  if (showing->parsed()) return show_all({address, port}, milliseconds{wait}, stop);
  return send(sctp::Address::parse(viewer), seconds, milliseconds{p_lifetime}, milliseconds{b_lifetime},
              stop);
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

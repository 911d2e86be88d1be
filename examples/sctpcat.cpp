// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Joins its input and output to an association, for pipes: a netcat for SCTP.

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <exception>
#include <optional>
#include <sctpxx/format.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "input_messages.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;

struct Settings {
  std::vector<std::string> where, also, local;
  bool listens = false, keeps_open = false, waits = false, aborts = false, tells_events = false;
  bool only_v4 = false, only_v6 = false, is_lines = false;
  std::size_t size = 65536;
  std::uint16_t streams = 0;
  std::optional<std::uint32_t> lifetime;
  sctp::SendOptions how;
};

/// One association, joined to the input and the output. Each direction goes on while the other is held up.
class Cat {
 public:
  Cat(sctp::OneToOneSocket socket, InputMessages& input, const Settings& settings)
      : socket_{std::move(socket)}, input_{input}, settings_{settings} {}

  /// Until the association has ended. Throws unless that was in order and nothing is missing.
  void run(const sctp::Waker& stop) try {
    while (receive()) {
      // What the output, or the send buffer, has no room for waits here; it is not read before there is.
      const bool is_full = !output_.empty(), has_message = is_sending_ && !input_.message().empty();
      const int wanted = (is_full ? 0 : POLLIN) | (has_message ? POLLOUT : 0);
      const bool reads = is_sending_ && !has_message && !input_.has_ended();
      pollfd waits[] = {{reads ? STDIN_FILENO : -1, POLLIN, 0},
                        {is_full ? STDOUT_FILENO : -1, POLLOUT, 0},
                        {wanted != 0 ? socket_.fd() : -1, static_cast<short>(wanted), 0},
                        {is_leaving_ ? -1 : stop.fd(), POLLIN, 0}};
      const auto left = patience_.left();
      ::poll(waits, 4, !is_full && !is_drained_ ? 0 : left ? static_cast<int>(left->count()) : -1);
      if (stop.is_awake() && !std::exchange(is_leaving_, true)) {
        patience_ = 5s;
        is_sending_ = false;
        shut_down();
      }
      if (patience_.is_over()) throw std::runtime_error{"the peer did not end in time: it is aborted"};
      if (waits[1].revents != 0) write();
      if (waits[0].revents != 0) input_.read();
      if (is_sending_) send();
    }
    finish(stop);
  } catch (...) {  // or the peer would believe that all is well
    socket_.abort();
    throw;
  }

 private:
  /// One message, piece of one, or event; false at the end. Pieces, since a pipe has no use for a whole
  /// message: so they may be of any size, and need no more memory than one piece.
  bool receive() {
    if (!output_.empty()) return true;
    std::error_code error;
    const auto received = socket_.try_receive_piece(room_, buffer_, error);
    if (error && end_.empty()) end_ = error.message();
    if (error && error != sctp::Condition::association_ended) throw std::runtime_error{end_};
    if (const auto* piece = received.piece()) take(*piece);
    if (const auto* event = received.notification()) take(*event);
    is_drained_ = received.status() == sctp::ReceiveStatus::would_block;
    if (is_drained_ && is_to_abort_ && !std::exchange(has_asked_, true)) {
      socket_.subscribe<sctp::SenderDry>();  // which tells anew, when all is acknowledged or if it is already
    }
    return socket_.is_open() && received.status() != sctp::ReceiveStatus::end_of_stream;
  }

  void take(const sctp::MessagePiece& piece) {
    output_ = piece.part.payload;
    if (!settings_.tells_events || !piece.last) return;
    fmt::print(stderr, "message on stream {}: {} bytes, PPID {}{}\n", piece.part.stream,
               piece.offset + output_.size(), piece.part.ppid, piece.part.unordered ? ", unordered" : "");
  }

  void take(const sctp::Notification& event) {
    if (settings_.tells_events) fmt::print(stderr, "{}\n", event);
    if (const auto* change = std::get_if<sctp::AssociationChange>(&event)) {
      using enum sctp::AssociationChange::State;
      if (change->state == restarted) throw std::runtime_error{to_string(*change)};
      if (change->state != up) end_ = to_string(*change);
      is_graceful_ = change->state == shutdown_complete;
    } else if (std::holds_alternative<sctp::PartialDeliveryAborted>(event)) {
      cut_ = to_string(event);
    } else if (std::holds_alternative<sctp::SenderDry>(event) && has_asked_) {
      socket_.abort();
      is_graceful_ = true;
    }
  }

  /// As much as the output takes now. Where there is room in a pipe, there is room for PIPE_BUF bytes.
  void write() {
    for (pollfd room{STDOUT_FILENO, POLLOUT, 0}; !output_.empty() && ::poll(&room, 1, 0) > 0;) {
      const auto some = output_.first(std::min<std::size_t>(output_.size(), PIPE_BUF));
      const ssize_t count = ::write(STDOUT_FILENO, some.data(), some.size());
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) throw std::system_error{errno, std::system_category(), "cannot write the output"};
      output_ = output_.subspan(static_cast<std::size_t>(count));
    }
  }

  void send() try {
    while (!input_.message().empty()) {
      if (!socket_.try_send(input_.message(), settings_.how)) return;
      input_.pop();
    }
    if (!input_.has_ended()) return;
    is_sending_ = false;
    is_to_abort_ = settings_.aborts;
    if (!settings_.aborts && !settings_.waits && !settings_.keeps_open) shut_down();
  } catch (const std::system_error& failure) {
    if (failure.code() != sctp::Condition::association_ended) throw;
    is_sending_ = false;  // the reason is received
  }

  void shut_down() {
    std::error_code ended;  // by the peer, in the meantime
    socket_.shutdown(ended);
  }

  void finish(const sctp::Waker& stop) {
    // The peer sends no more; what we have sent may still be on its way.
    if (end_.empty() && socket_.is_open()) {
      socket_.shutdown(buffer_, is_leaving_ ? patience_ : stop, [&](const sctp::Received& last) {
        if (const auto* event = last.notification()) take(*event);
      });
    }
    if (!is_graceful_) throw std::runtime_error{end_.empty() ? "the association is aborted" : end_};
    if (!cut_.empty()) throw std::runtime_error{"the output has a part of a message: " + cut_};
    if (settings_.keeps_open || is_leaving_) return;
    pollfd more{STDIN_FILENO, POLLIN, 0};
    if (input_.held() == 0 && !input_.has_ended() && ::poll(&more, 1, 0) > 0) input_.read();
    if (input_.held() != 0) throw std::runtime_error{"the peer ended before all of the input was sent"};
  }

  sctp::OneToOneSocket socket_;
  InputMessages& input_;
  const Settings& settings_;
  sctp::ReceiveBuffer buffer_;
  std::array<std::byte, 65536> room_{};
  sctp::Bytes output_;  // that is not written yet, in `room_`
  sctp::Patience patience_;
  std::string end_, cut_;
  bool is_sending_ = true, is_leaving_ = false, is_drained_ = false, is_graceful_ = false;
  bool is_to_abort_ = false, has_asked_ = false;
};

using Addresses = std::vector<sctp::Address>;

template <class Socket>
Socket open(const Addresses& local, const Addresses& peer, const Settings& settings) {
  auto all = local;
  all.insert(all.end(), peer.begin(), peer.end());
  Socket socket{sctp::family_of(all)};
  if (settings.streams != 0) socket.set(sctp::option::InitMsg{.outgoing_streams = settings.streams});
  if (socket.template get<sctp::option::SndBuf>().size < settings.size) {
    socket.set(sctp::option::SndBuf{settings.size});
  }
  if (settings.tells_events) {
    socket.template subscribe<sctp::PeerAddressChange, sctp::RemoteError, sctp::SendFailed,
                              sctp::AdaptationIndication, sctp::AuthenticationEvent, sctp::SenderDry,
                              sctp::StreamReset, sctp::AssociationReset, sctp::StreamChange>();
  }
  if (!local.empty()) socket.bind(local);
  return socket;
}

Addresses find(const std::vector<std::string>& hosts, const std::string& port, const Settings& settings) {
  using Family = sctp::Address::Family;
  Addresses all;
  for (const auto& host : hosts) {
    auto found = sctp::resolve(host, port, settings.only_v4 ? Family::v4 : Family::v6);
    if (settings.only_v6) std::erase_if(found, [](const auto& a) { return a.family() == Family::v4; });
    if (found.empty()) throw std::runtime_error{host + " has no IPv6 address"};
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

/// To all addresses as those of one host. Where a name may stand for several, then to one after the other.
sctp::OneToOneSocket connect(const Addresses& local, const Addresses& peer, const Settings& settings,
                             const sctp::Waker& stop) {
  std::vector<Addresses> attempts{peer};
  if (peer.size() > 1 && settings.also.empty()) {
    for (const auto& address : peer) attempts.push_back({address});
  }
  for (auto attempt = attempts.begin();; ++attempt) try {
      auto socket = open<sctp::OneToOneSocket>(local, *attempt, settings);
      socket.connect(*attempt, stop);
      return socket;
    } catch (const std::system_error& failure) {
      if (failure.code() != std::errc::connection_refused || attempt + 1 == attempts.end()) throw;
    }
}

void listen(const Addresses& local, InputMessages& input, const Settings& settings, const sctp::Waker& stop) {
  auto listener = open<sctp::Listener>(local, {}, settings);
  listener.listen();
  const auto names = local.size() > 1 ? listener.local_addresses() : Addresses{listener.local_address()};
  for (const auto& name : names) fmt::print(stderr, "listening on {}\n", name);
  while (auto peer = listener.accept(stop)) try {
      if (!settings.keeps_open) listener.close();
      Cat{std::move(*peer), input, settings}.run(stop);
      if (!settings.keeps_open) return;
    } catch (const std::exception& failure) {
      if (!settings.keeps_open) throw;
      fmt::print(stderr, "{}\n", failure.what());
    }
}

void run(const Settings& settings) {
  const sctp::Waker& stop = until_ctrl_c();
  std::signal(SIGPIPE, SIG_IGN);  // an output that nobody reads is an error like others
  InputMessages input{settings.size, settings.is_lines};
  auto hosts = settings.where;
  const std::string port = hosts.empty() ? "0" : hosts.back();
  if (!hosts.empty()) hosts.pop_back();
  if (settings.listens) {
    hosts.insert(hosts.end(), settings.local.begin(), settings.local.end());
    if (hosts.empty()) hosts.emplace_back(settings.only_v4 ? "0.0.0.0" : "::");
    return listen(find(hosts, port, settings), input, settings, stop);
  }
  if (hosts.empty()) throw std::runtime_error{"HOST PORT, or --listen: see --help"};
  hosts.insert(hosts.end(), settings.also.begin(), settings.also.end());
  const auto local = find(settings.local, "0", settings);
  Cat{connect(local, find(hosts, port, settings), settings, stop), input, settings}.run(stop);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Joins its input and output to an SCTP association, as netcat does for TCP: HOST PORT connects,\n"
      "--listen waits for a peer. What is read at once is sent as one message; the messages that come are\n"
      "written one after the other, as they are. SCTP has no half-close: whoever's input ends first ends\n"
      "both directions, once all that it sent has arrived. With --wait it leaves the end to the peer.\n"
      "Ctrl-C ends it, too. Status 0: it ended in order, and nothing is missing."};
  Settings settings;
  options.add_option("where", settings.where, "numbers or names; with --listen PORT alone, or none")
      ->expected(0, 2)
      ->type_name("HOST PORT");
  options.add_option("--also", settings.also, "another address of the same peer; may be given again")
      ->allow_extra_args(false);
  options.add_option("--address", settings.local, "an address of this machine to use; may be given again")
      ->allow_extra_args(false);
  options.add_flag("-l,--listen", settings.listens, "wait for one peer, on all addresses or this HOST");
  options.add_flag("-k,--keep-open", settings.keeps_open,
                   "then for the next: one after the other, which the end of the input does not end");
  options.add_flag("-4", settings.only_v4, "IPv4 only");
  options.add_flag("-6", settings.only_v6, "IPv6 only")->excludes("-4");
  options.add_option("--stream", settings.how.stream, "the stream to send on")->type_name("UINT");
  options.add_option("--streams", settings.streams, "how many streams to ask for; 10, or as --stream needs");
  options.add_option("--ppid", settings.how.ppid, "the payload protocol that is said to be sent")
      ->type_name("UINT");
  options.add_flag("--unordered", settings.how.unordered, "messages may overtake one another");
  options.add_option("--lifetime", settings.lifetime, "give up messages that took so many milliseconds");
  options.add_flag("--lines", settings.is_lines, "a message is one line of the input, with its newline");
  options.add_option("--size", settings.size, "a message, or a line, is at most so many bytes long")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  options.add_flag("--wait", settings.waits, "at the end of the input go on until the peer ends");
  options.add_flag("--abort", settings.aborts, "at the end of the input abort, once all has arrived");
  options.add_flag("--events", settings.tells_events, "tell of every event and message, on standard error");
  CLI11_PARSE(options, argc, argv);
  if (settings.lifetime) settings.how.reliability = sctp::Reliability::lifetime(1ms * *settings.lifetime);
  if (settings.how.stream >= sctp::StreamId{10} && settings.streams == 0) {
    settings.streams = static_cast<std::uint16_t>(std::min(65535, static_cast<int>(settings.how.stream) + 1));
  }
  run(settings);
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

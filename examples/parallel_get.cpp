// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Gets a web page of forty objects over the streams of an association and over TCP, and tells when each came.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <future>
#include <map>
#include <optional>
#include <sctpxx/format.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "page.hpp"
#include "tcp_socket.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

using page::objects;

/// As TCP has it: the kernel's retransmission timeout for SCTP is 3 s at first and 1 s at least, and every
/// second packet is acknowledged from the first on, so that the window grows slowly. The first window cannot
/// be chosen: 3 packets, where TCP has 10.
void tune(const sctp::SocketRef& socket) {
  socket.set(sctp::option::InitMsg{.outgoing_streams = objects});
  socket.set(sctp::option::RtoInfo{.initial = 1s, .min = 200ms});
  socket.set(sctp::option::DelayedSack{.packets = 1});
}

// ---- The server. Over TCP an object is what comes, one behind the other as they were asked for. Over SCTP
// each comes on the stream that it was asked on, and all by turns: so a small one waits for no large one.

void serve(TcpSocket client, const sctp::Waker& stop) {
  std::string text;
  while (const std::size_t size = sctp::read_until(client, text, "\n", 1000, stop)) {
    const std::string& answer = page::object(page::number_of(text.substr(0, size - 1)));
    if (sctp::write_all(client, sctp::as_bytes(answer), stop) != answer.size()) return;
    text.erase(0, size);
  }
}

void serve(sctp::OneToOneSocket client, const sctp::Waker& stop) {
  constexpr std::size_t most = 4096;
  sctp::ReceiveBuffer buffer{4096, 4096};
  std::map<sctp::StreamId, std::string> answers;  // what is left of them
  for (;;) {
    const auto received = answers.empty() ? client.receive(buffer, stop) : client.try_receive(buffer);
    if (!received && (answers.empty() || received.status() != sctp::ReceiveStatus::would_block)) return;
    if (const auto* message = received.message()) {
      answers.try_emplace(message->stream, page::object(page::number_of(sctp::as_text(message->payload))));
      if (answers.size() > objects) throw std::runtime_error{"somebody asks for too much"};
      continue;
    }
    for (auto next = answers.begin(); next != answers.end();) {
      auto& [stream, rest] = *next++;
      const std::size_t size = std::min(most, rest.size());
      if (!client.send(sctp::as_bytes(rest).first(size), {.stream = stream}, stop)) return;
      rest.erase(0, size);
      if (rest.empty()) answers.erase(stream);
    }
  }
}

template <class Listener>
void serve_all(Listener& listener, const sctp::Waker& stop) {
  std::vector<std::future<void>> clients;
  for (;;) try {
      auto client = listener.accept(stop);
      if (!client) return;
      std::erase_if(clients, [](auto& past) { return past.wait_for(0s) == std::future_status::ready; });
      clients.push_back(std::async(std::launch::async, [&stop, socket = std::move(*client)]() mutable {
        try {
          serve(std::move(socket), stop);
        } catch (const std::exception& lost) {
          fmt::print(stderr, "{}\n", lost.what());
        }
      }));
    } catch (const std::system_error& full) {  // of files or threads: those who are here are served on
      fmt::print(stderr, "{}\n", full.what());
      sctp::Patience{1s, stop}.exhaust();
    }
}

/// Serves both until it is destroyed.
class Server {
 public:
  explicit Server(const sctp::Address& address) : sctp_{address.family()}, tcp_{listen(address)} {}
  ~Server() { stop_.wake(); }
  [[nodiscard]] sctp::Address address() const { return tcp_.local_address(); }

 private:
  TcpListener listen(const sctp::Address& address) {
    tune(sctp_);
    sctp_.bind(address);
    sctp_.listen();
    return TcpListener{address.with_port(sctp_.local_address().port())};  // one port for both
  }

  sctp::Waker stop_;
  sctp::Listener sctp_;
  TcpListener tcp_;
  std::jthread over_sctp_{[this] { serve_all(sctp_, stop_); }};
  std::jthread over_tcp_{[this] { serve_all(tcp_, stop_); }};
};

// ---- The client. Milliseconds from the beginning of the setup until each object was whole; nothing at
// Ctrl-C.

using Times = std::array<double, objects>;

double since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>{Clock::now() - begin}.count();
}

std::optional<Times> over_tcp(const sctp::Address& address, const sctp::Waker& stop) {
  Times times{};
  std::vector<std::byte> room(*std::max_element(page::sizes().begin(), page::sizes().end()));
  const auto begin = Clock::now();
  TcpSocket server{address};
  const auto get = [&](std::size_t number) {
    const sctp::MutableBytes body = sctp::MutableBytes{room}.first(page::sizes().at(number));
    if (const std::size_t size = sctp::read_exactly(server, body, stop); size != body.size()) {
      if (!stop.is_awake()) throw std::runtime_error{"the server has gone"};
      return false;
    }
    times.at(number) = since(begin);
    page::check(number, 0, body);
    return true;
  };
  sctp::write_all(server, sctp::as_bytes("0\n"));
  if (!get(0)) return std::nullopt;
  std::string questions;
  for (std::size_t n = 1; n != objects; ++n) questions += fmt::format("{}\n", n);
  sctp::write_all(server, sctp::as_bytes(questions));
  for (std::size_t n = 1; n != objects; ++n) {
    if (!get(n)) return std::nullopt;
  }
  return times;
}

std::optional<Times> over_sctp(const sctp::Address& address, const sctp::Waker& stop) {
  Times times{};
  std::array<std::size_t, objects> come{};
  sctp::ReceiveBuffer buffer;
  const auto begin = Clock::now();
  sctp::OneToOneSocket server{address.family()};
  tune(server);
  server.connect_and_send(address,
                          sctp::as_bytes("0"));  // travels with the setup, which takes two round trips
  for (std::size_t whole = 0; whole != objects;) {
    const auto received = server.receive(buffer, stop);
    if (stop.is_awake()) {
      server.shutdown(buffer, 1s, [](const auto&) {});
      return std::nullopt;
    }
    if (!received) throw std::runtime_error{"the server has gone"};
    const auto* message = received.message();
    if (message == nullptr) continue;
    const auto number = static_cast<std::size_t>(message->stream);
    page::check(number, come.at(number), message->payload);
    come[number] += message->payload.size();
    if (come[number] != page::sizes()[number]) continue;
    times[number] = since(begin);
    ++whole;
    if (number != 0) continue;
    for (std::uint16_t n = 1; n != objects; ++n) {
      server.send(sctp::as_bytes(std::to_string(n)), {.stream = sctp::StreamId{n}});
    }
  }
  server.shutdown(buffer, {5s, stop}, [](const auto&) {});
  return times;
}

// ---- What came of it.

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Of all rounds, what `value` says of each.
template <class Value>
std::vector<double> each(const std::vector<Times>& rounds, Value value) {
  std::vector<double> values;
  std::transform(rounds.begin(), rounds.end(), std::back_inserter(values), value);
  return values;
}

void report(const std::vector<Times>& tcp, const std::vector<Times>& sctp) {
  fmt::print("{:<10} {:>8} {:>8} {:>8}   milliseconds, median of {} rounds\n", "", "bytes", "TCP", "SCTP",
             tcp.size());
  const auto line = [&](const std::string& what, const std::string& bytes, const auto& value) {
    fmt::print("{:<10} {:>8} {:>8.1f} {:>8.1f}\n", what, bytes, median(each(tcp, value)),
               median(each(sctp, value)));
  };
  for (std::size_t n = 0; n != objects; ++n) {
    line(n == 0 ? "page" : fmt::format("object {}", n), std::to_string(page::sizes()[n]),
         [n](const Times& t) { return t[n]; });
  }
  std::vector<std::size_t> small;
  for (std::size_t n = 1; n != objects; ++n) {
    if (page::sizes()[n] < 1000) small.push_back(n);
  }
  line("small", "< 1000", [&](const Times& t) {
    std::vector<double> values;
    for (const std::size_t n : small) values.push_back(t[n]);
    return median(values);
  });
  line("half", "", [](const Times& t) { return median({t.begin(), t.end()}); });
  const auto all = [](const Times& t) { return *std::max_element(t.begin(), t.end()); };
  line("all", "", all);
  for (const auto& [name, rounds] : {std::pair{"TCP", &tcp}, std::pair{"SCTP", &sctp}}) {
    auto values = each(*rounds, all);
    std::sort(values.begin(), values.end());
    fmt::print("all over {}: from {:.1f} to {:.1f}\n", name, values.front(), values.back());
  }
}

int get(const sctp::Address& address, unsigned rounds, const sctp::Waker& stop) {
  std::vector<Times> tcp;
  std::vector<Times> sctp;
  for (unsigned round = 0; round != rounds; ++round) {  // by turns, and by turns the first
    const bool tcp_first = round % 2 == 0;
    auto one = tcp_first ? over_tcp(address, stop) : over_sctp(address, stop);
    auto other = tcp_first ? over_sctp(address, stop) : over_tcp(address, stop);
    if (!one || !other) break;
    if (!tcp_first) std::swap(one, other);
    tcp.push_back(*one);
    sctp.push_back(*other);
  }
  if (tcp.empty()) return fmt::print(stderr, "no round is complete\n"), 1;
  report(tcp, sctp);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Gets a web page, and when it has come the forty objects of 0.1 to 100 KB that are in it, all asked "
      "for\n"
      "at once: over one TCP connection, where each comes behind those before, and over the streams of one\n"
      "association, where they come by turns, and a packet that is lost holds up one of them. Tells when "
      "each\n"
      "was there, setup included; `small` is when half of those were there that have less than 1000 bytes,\n"
      "`half` when half of all were, `all` the whole page. Expect TCP, which begins with three times the\n"
      "window, to have all of it sooner; the streams have what is small sooner, the more is lost.\n"
      "Without a command server and client are one program; `lossy 2 20 parallel_get` has packets get lost.\n"
      "Ctrl-C ends it.\n"};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  unsigned rounds = 9;
  std::string server;
  options.require_subcommand(0, 1);
  CLI::App* const serving = options.add_subcommand("serve", "Serves the page over both, on one port.");
  CLI::App* const getting = options.add_subcommand("get", "Gets it.");
  serving->add_option("--address", address, "address to listen on")->capture_default_str();
  serving->add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  getting->add_option("server", server, "the server's address and port, as it prints them")->required();
  for (CLI::App* const one : {&options, getting}) {
    one->add_option("--rounds", rounds, "how often, over each")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
  }
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  if (getting->parsed()) return get(sctp::Address::parse(server), rounds, stop);
  const Server both{{address, port}};
  if (!serving->parsed()) return get(both.address(), rounds, stop);
  fmt::print("listening on {}\n", both.address());
  sctp::Patience{stop}.exhaust();
  return 0;
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

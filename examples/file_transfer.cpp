// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Lists, gets and puts files: what takes FTP two TCP connections are streams of one association.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <deque>
#include <exception>
#include <future>
#include <iomanip>
#include <map>
#include <optional>
#include <sctpxx/format.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "file_link.hpp"
#include "file_service.hpp"
#include "printable.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
using sctp::StreamId;

void serve(sctp::OneToOneSocket peer, const Folder& folder, const sctp::Waker& stop) {
  std::string who = "a client";
  try {
    who = to_string(peer.peer_address());
    Link link{std::move(peer)};
    Service service{link, folder, who};
    fmt::print("{}: is here\n", who);
    while (!stop.is_awake() && !link.has_ended()) {
      link.wait(stop);
      while (const auto* message = link.next()) service.take(*message);
    }
    if (!link.has_ended()) link.shutdown();
    fmt::print("{}: has left\n", who);
  } catch (const std::exception& lost) {
    fmt::print("{}: {}\n", who, lost.what());
  }
}

int serve_all(const sctp::Address& address, const Folder& folder, const sctp::Waker& stop) {
  sctp::Listener listener{address.family()};
  listener.set(sctp::option::InitMsg{.outgoing_streams = 1 + file_streams});
  listener.bind(address);
  listener.listen();
  fmt::print("listening on {}\n", listener.local_address());
  std::vector<std::future<void>> peers;
  for (;;) try {
      auto peer = listener.accept(stop);
      if (!peer) return 0;
      std::erase_if(peers, [](auto& past) { return past.wait_for(0s) == std::future_status::ready; });
      peers.push_back(
          std::async(std::launch::async, serve, std::move(*peer), std::cref(folder), std::cref(stop)));
    } catch (const std::system_error& full) {  // of files or threads: those who are here are served on
      fmt::print("{}\n", full.what());
      sctp::Patience{1s, stop}.exhaust();
    }
}

/// What a client has asked for and is still to get.
class Client {
 public:
  Client(Link& link, const Folder& folder) : link_{link}, folder_{folder} {}

  void obey(const std::vector<std::string>& words) {
    if (words.empty()) return;
    if (words.front() == "list") {
      link_.say(control, command, "list");
      ++lists_;
    } else if (words.front() == "get" || words.front() == "put") {
      for (auto name = words.begin() + 1; name != words.end(); ++name)
        wanted_.emplace_back(words.front() == "put", *name);
    } else {
      fail(words.front(), "say: list, get NAME…, or put FILE…");
    }
    ask();
  }

  void take(const sctp::Message& message) {
    const std::string_view text = sctp::as_text(message.payload);
    if (message.stream == control && lists_ != 0) {
      if (message.ppid == listed) --lists_;
      if (message.ppid == listed) fmt::print("{} files\n", printable(message.payload));
      for (std::istringstream lines{message.ppid == listing ? std::string{text} : ""};
           std::getline(lines, line_);) {
        fmt::print("{}\n", printable(sctp::as_bytes(line_), 250));
      }
      return;
    }
    const auto found = jobs_.find(message.stream);
    if (found == jobs_.end()) throw std::runtime_error{"the server sends what nobody asked for"};
    auto& [stream, job] = *found;
    try {
      if (message.ppid == piece && job.incoming) return job.incoming->add(message.payload);
      if (message.ppid == piece && !job.puts) return;
      if (message.ppid == go && job.outgoing) {
        link_.send(stream, std::move(*job.outgoing));
        return job.outgoing.reset();
      }
      if (message.ppid == refused) throw std::runtime_error{printable(message.payload, 250)};
      if (message.ppid == whole && job.incoming) {
        job.incoming->keep(text);
        fmt::print("{}: {} bytes are here, SHA-256 {}\n", job.name, job.incoming->size(), text);
      } else if (message.ppid == kept && job.puts && !job.outgoing && !link_.sends(stream)) {
        fmt::print("{}: {} bytes are there, and have the same SHA-256\n", job.name,
                   printable(message.payload));
      } else {
        throw std::runtime_error{"the server does not speak this protocol"};
      }
    } catch (const std::exception& failure) {
      fail(job.name, failure.what());
      job.incoming.reset();
      if (message.ppid == piece) return;  // the rest of them is still to come
    }
    jobs_.erase(found);
    ask();
  }

  [[nodiscard]] bool is_done() const { return lists_ == 0 && jobs_.empty() && wanted_.empty(); }
  /// Whether all went well that was asked for.
  [[nodiscard]] bool end() {
    for (const auto& [stream, job] : jobs_) fail(job.name, "is not whole, and given up");
    for (const auto& [puts, name] : wanted_) fail(name, "has not begun");
    return !has_failed_;
  }

 private:
  struct Job {
    bool puts;
    std::string name;
    std::optional<IncomingFile> incoming{};
    std::optional<OutgoingFile> outgoing{};
  };

  /// Gives each file that is wanted a stream that is free.
  void ask() {
    for (std::uint16_t number = 1; number <= file_streams && !wanted_.empty(); ++number) {
      const StreamId stream{number};
      if (jobs_.contains(stream)) continue;
      auto [puts, path] = std::move(wanted_.front());
      wanted_.pop_front();
      Job job{puts, puts ? std::filesystem::path{path}.filename().string() : path};
      try {
        if (puts) job.outgoing.emplace(AT_FDCWD, path);
        if (!puts) job.incoming.emplace(folder_.create(path));
        link_.say(control, command, fmt::format("{} {} {}", puts ? "put" : "get", number, job.name));
        jobs_.emplace(stream, std::move(job));
      } catch (const std::exception& failure) {
        fail(path, failure.what());
        --number;  // it is free for the next
      }
    }
  }

  void fail(const std::string& name, const std::string& why) {
    fmt::print(stderr, "{}: {}\n", name, why);
    has_failed_ = true;
  }

  Link& link_;
  const Folder& folder_;
  std::deque<std::pair<bool, std::string>> wanted_;
  std::map<StreamId, Job> jobs_;
  std::size_t lists_ = 0;
  bool has_failed_ = false;
  std::string line_;
};

/// The next lines of the standard input; false at its end.
bool read_commands(std::string& text, Client& client) {
  std::array<char, 4096> room;
  const ssize_t size = ::read(STDIN_FILENO, room.data(), room.size());
  text.append(room.data(), static_cast<std::size_t>(std::max(size, ssize_t{0})));
  if (size <= 0) text += '\n';
  for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
    std::istringstream line{text.substr(0, end)};
    std::vector<std::string> words;
    for (std::string word; line >> std::quoted(word);) words.push_back(word);
    client.obey(words);
  }
  return size > 0;
}

int use(const sctp::Address& address, const Folder& folder, const std::vector<std::string>& words,
        const sctp::Waker& stop) {
  sctp::OneToOneSocket socket{address.family()};
  socket.set(sctp::option::InitMsg{.outgoing_streams = 1 + file_streams});
  socket.connect(address, stop);
  Link link{std::move(socket)};
  Client client{link, folder};
  client.obey(words);
  std::string text;
  bool has_input = words.empty();
  while (!stop.is_awake() && !link.has_ended() && (has_input || !client.is_done())) {
    if (link.wait(stop, has_input ? STDIN_FILENO : -1)) has_input = read_commands(text, client);
    while (const auto* message = link.next()) client.take(*message);
  }
  if (link.has_ended()) fmt::print(stderr, "the server has left\n");
  if (!link.has_ended()) link.shutdown();
  return client.end() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "Lists, gets and puts files over one association: commands on stream 0, each file on a stream of its "
      "own,\n"
      "so that many go at a time and a list is answered while they do. A file has its name when it is whole "
      "and\n"
      "has the SHA-256 of what was sent. Names are printable ASCII that leads into no other folder; "
      "symbolic\n"
      "links are not followed. Ctrl-C ends either side in order; what was not whole then is removed.\n"};
  std::string server = "127.0.0.1";
  std::uint16_t port = 0;
  std::string folder = ".";
  bool replaces = false;
  std::vector<std::string> words;
  options.require_subcommand(1);
  CLI::App* const serving = options.add_subcommand("serve", "Serves the files of a folder to all who come.");
  serving->add_option("folder", folder, "the folder")->required();
  serving->add_option("--address", server, "address to listen on; :: for all of IPv6 and IPv4")
      ->capture_default_str();
  serving->add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  CLI::App* const using_it = options.add_subcommand(
      "use", "Does one command, or those on the standard input, a line each:\nlist, get NAME…, put FILE…");
  using_it->add_option("server", server, "the server's address and port, as it prints them")->required();
  using_it->add_option("command", words, "list, get NAME…, or put FILE…; none: those on the standard input");
  using_it->add_option("--folder", folder, "where to put what `get` gets")->capture_default_str();
  for (CLI::App* const one : {serving, using_it}) {
    one->add_flag("--replace", replaces, "replace files in the folder that have the name of one that comes");
  }
  CLI11_PARSE(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  const sctp::Waker& stop = until_ctrl_c();
  const Folder files{folder, replaces};
  if (serving->parsed()) return serve_all({server, port}, files, stop);
  return use(sctp::Address::parse(server), files, words, stop);
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return 1;
}

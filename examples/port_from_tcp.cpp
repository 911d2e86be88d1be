// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// A key-value server and its client that were written for TCP, over TCP or over SCTP: the socket type is the
// difference.

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tcp_socket.hpp"
#include "until_ctrl_c.hpp"

namespace {

/// What `set KEY VALUE` and `get KEY` are about, for all clients.
class Store {
 public:
  std::string answer(const std::string& question) {
    std::istringstream words{question};
    std::string verb;
    std::string key;
    std::string value;
    words >> verb >> key >> std::ws;
    std::getline(words, value);
    const std::lock_guard lock{mutex_};
    if (verb == "set" && !value.empty()) return values_[key] = value, "ok";
    if (verb != "get" || key.empty()) return "say: set KEY VALUE, or: get KEY";
    const auto found = values_.find(key);
    return found == values_.end() ? "there is no " + key : key + " is " + found->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> values_;
};

/// Answers each line of one client with a line.
template <sctp::PatientStreamSocket Socket>
void serve(Socket client, Store& store, const sctp::Waker& stop) try {
  std::string text;
  while (const std::size_t size = sctp::read_until(client, text, "\n", 1000, stop)) {
    const std::string answer = store.answer(text.substr(0, size - 1)) + '\n';
    if (sctp::write_all(client, sctp::as_bytes(answer), stop) != answer.size()) return;
    text.erase(0, size);
  }
} catch (const std::exception& lost) {
  std::cerr << lost.what() << '\n';
}

template <sctp::StreamListener Listener>
int server(const sctp::Address& address) {
  const sctp::Waker& stop = until_ctrl_c();
  Listener listener{address};
  std::cout << "listening on " << to_string(listener.local_address()) << std::endl;
  Store store;
  std::vector<std::future<void>> clients;
  while (auto client = listener.accept(stop)) {
    std::erase_if(clients, [](auto& past) {
      return past.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
    });
    clients.push_back(std::async(std::launch::async, [&store, &stop, socket = std::move(*client)]() mutable {
      serve(std::move(socket), store, stop);
    }));
  }
  return 0;
}

template <sctp::StreamSocket Socket>
int client(const sctp::Address& address) {
  Socket socket{address};
  sctp::IoStream server{socket};
  std::string answer;
  for (std::string question; std::getline(std::cin, question);) {
    server << question << '\n';
    if (!std::getline(server, answer)) {
      throw std::runtime_error{"the server has gone" + (server.bad() ? ": " + server.error().message() : "")};
    }
    std::cout << answer << std::endl;
  }
  return 0;
}

template <class Listener, class Socket>
int run(bool serves, const sctp::Address& address) {
  return serves ? server<Listener>(address) : client<Socket>(address);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App options{
      "A key-value server and its client, over TCP or over SCTP. The client sends each line of its input and "
      "prints the "
      "answer."};
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool over_tcp = false;
  options.add_flag("--tcp", over_tcp, "over TCP instead of SCTP");
  options.require_subcommand(1);
  CLI::App* const serves = options.add_subcommand("server", "answers clients until Ctrl-C");
  CLI::App* const asks = options.add_subcommand("client", "set KEY VALUE, get KEY");
  serves->add_option("--address", host, "address to listen on")->capture_default_str();
  serves->add_option("--port", port, "port to listen on; 0 for any free one")->capture_default_str();
  asks->add_option("host", host, "the server's name or address")->required();
  asks->add_option("port", port, "the server's port")->required();
  CLI11_PARSE(options, argc, argv);

  const sctp::Address address = sctp::resolve(host, port).front();
  return over_tcp ? run<TcpListener, TcpSocket>(serves->parsed(), address)
                  : run<sctp::Listener, sctp::OneToOneSocket>(serves->parsed(), address);
} catch (const std::exception& failure) {
  std::cerr << failure.what() << '\n';
  return 1;
}

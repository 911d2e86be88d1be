// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Sends back what comes, over TLS 1.3 above SCTP; its client makes sure of whom it asks.

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "tls_socket.hpp"
#include "until_ctrl_c.hpp"

namespace {

using namespace std::chrono_literals;
using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// For the handshake and for the end: who takes longer is sent away.
constexpr auto patience_for_a_step = 10s;

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string certificate;
  std::string key;
  std::string authorities;  ///< whose certificates the other side has to have
  std::string name;
};

void say(std::ostream& to, const std::string& line) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock{one_at_a_time};
  to << line << std::endl;
}

/// What both sides have: TLS 1.3, a certificate of one's own if any, and no trust without one of the other's.
Context context_of(const SSL_METHOD* side, const Options& options) {
  Context context{SSL_CTX_new(side), &SSL_CTX_free};
  const auto must = [](long result, const std::string& what) {
    if (result != 1) throw tls_error(what);
  };
  if (context == nullptr) throw tls_error("cannot begin TLS");
  must(SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION), "cannot ask for TLS 1.3");
  SSL_CTX_set_num_tickets(context.get(), 0);
  if (!options.certificate.empty()) {
    must(SSL_CTX_use_certificate_chain_file(context.get(), options.certificate.c_str()),
         "cannot use the certificate in " + options.certificate);
    must(SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM),
         "cannot use the key in " + options.key);
  }
  if (!options.authorities.empty()) {
    must(SSL_CTX_load_verify_locations(context.get(), options.authorities.c_str(), nullptr),
         "cannot read the certificates in " + options.authorities);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

void echo(sctp::OneToOneSocket socket, SSL_CTX* context, const sctp::Waker& stop) try {
  TlsSocket peer{std::move(socket), context};
  if (!peer.accept({patience_for_a_step, stop})) return say(std::cerr, "a peer did not begin TLS in time");
  say(std::cout, peer.peer() + " is here");
  std::array<std::byte, 16384> room;
  while (const auto size = peer.read_some(room, stop)) {
    if (*size == 0) break;
    if (!peer.write(sctp::Bytes{room}.first(*size), stop)) return;
  }
  peer.end(patience_for_a_step);
  say(std::cout, peer.peer() + " has left");
} catch (const std::exception& lost) {
  say(std::cerr, lost.what());
}

int serve(const Options& options) {
  const sctp::Waker& stop = until_ctrl_c();
  const Context context = context_of(TLS_server_method(), options);
  sctp::Listener listener{{options.host, options.port}};
  say(std::cout, "listening on " + to_string(listener.local_address()));
  std::vector<std::future<void>> peers;
  for (;;) try {
      auto peer = listener.accept(stop);
      if (!peer) return 0;
      std::erase_if(peers, [](auto& past) { return past.wait_for(0s) == std::future_status::ready; });
      peers.push_back(std::async(std::launch::async, echo, std::move(*peer), context.get(), std::cref(stop)));
    } catch (const std::system_error& full) {  // of files or threads: those who are here are served on
      say(std::cerr, full.what());
      sctp::Patience{1s, stop}.exhaust();
    }
}

/// Waits until there is input: true. False at Ctrl-C. Throws when the server ends meanwhile.
bool wait_for_input(TlsSocket& server, const sctp::Waker& stop) {
  for (;;) {
    pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {server.socket().fd(), POLLIN, 0}, {stop.fd(), POLLIN, 0}};
    ::poll(waits, 3, -1);
    if (stop.is_awake()) return false;
    std::array<std::byte, 1> room;
    if (waits[1].revents != 0 && server.read_some(room, 0s)) {
      server.end(patience_for_a_step);
      throw std::runtime_error{"the server has left"};
    }
    if (waits[0].revents != 0) return true;
  }
}

int ask(const Options& options) {
  const sctp::Waker& stop = until_ctrl_c();
  const Context context = context_of(TLS_client_method(), options);
  const sctp::Patience patience{patience_for_a_step, stop};
  const auto address = sctp::resolve(options.host, options.port);
  sctp::OneToOneSocket socket{sctp::family_of(address)};
  socket.connect(address, patience);
  TlsSocket server{std::move(socket), context.get()};
  server.expect(options.name.empty() ? options.host : options.name);
  if (!server.connect(patience)) throw std::runtime_error{"the server did not begin TLS in time"};
  say(std::cerr, "this is " + server.peer());

  std::array<std::byte, 16384> room;
  while (wait_for_input(server, stop)) {
    const ssize_t size = ::read(STDIN_FILENO, room.data(), room.size());
    if (size < 0) throw std::system_error{errno, std::system_category(), "cannot read the input"};
    if (size == 0) break;
    auto left = static_cast<std::size_t>(size);
    if (!server.write(sctp::Bytes{room}.first(left), stop)) return 1;
    while (left != 0) {
      const auto got = server.read_some(sctp::MutableBytes{room}.first(left), stop);
      if (!got) return 1;
      if (*got == 0) throw std::runtime_error{"the server has left"};
      std::cout << sctp::as_text(sctp::Bytes{room}.first(*got)) << std::flush;
      left -= *got;
    }
  }
  server.end(patience_for_a_step);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{
      "Sends back what comes, over TLS 1.3 above SCTP. The client sends its input and prints the answer."};
  Options options;
  app.require_subcommand(1);
  CLI::App* const serves = app.add_subcommand("serve", "answers clients until Ctrl-C");
  CLI::App* const asks = app.add_subcommand("ask", "sends the input to a server whose certificate is good");
  serves->add_option("--address", options.host, "address to listen on")->capture_default_str();
  serves->add_option("--port", options.port, "port to listen on; 0 for any free one")->capture_default_str();
  serves->add_option("--require-client-certificate", options.authorities,
                     "clients need a certificate of the authorities in this file");
  asks->add_option("host", options.host, "the server's name or address")->required();
  asks->add_option("port", options.port, "the server's port")->required();
  asks->add_option("--ca", options.authorities, "whose certificates the server may have: a PEM file")
      ->required();
  asks->add_option("--name", options.name, "the name in its certificate, if it is not the host's");
  for (CLI::App* const side : {serves, asks}) {
    auto* const certificate = side->add_option("--certificate", options.certificate, "one's own: a PEM file");
    auto* const key = side->add_option("--key", options.key, "the key of the certificate: a PEM file");
    certificate->needs(key)->required(side == serves);
    key->needs(certificate);
  }
  CLI11_PARSE(app, argc, argv);
  return serves->parsed() ? serve(options) : ask(options);
} catch (const std::exception& failure) {
  std::cerr << failure.what() << '\n';
  return 1;
}

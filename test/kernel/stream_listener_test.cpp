// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <set>
#include <string>
#include <vector>

#include "stream_pair.hpp"

using namespace test;
using sctp::Address;
using sctp::as_bytes;

TEMPLATE_TEST_CASE("What was written before it was accepted is read after", "[stream_listener]", Tcp, Sctp) {
  typename TestType::Listener listener{Address::loopback(Address::Family::v4, 0)};
  typename TestType::Socket client{listener.local_address()};
  sctp::write_all(client, as_bytes("early"));
  auto server = listener.accept();
  CHECK(read(server) == "early");
}

TEMPLATE_TEST_CASE("Peers are accepted in the order in which they came", "[stream_listener]", Tcp, Sctp) {
  typename TestType::Listener listener{Address::loopback(Address::Family::v4, 0)};
  std::vector<typename TestType::Socket> clients;
  for (const char* name : {"one", "two", "three"}) {
    clients.emplace_back(listener.local_address());
    sctp::write_all(clients.back(), as_bytes(name));
  }
  for (const char* name : {"one", "two", "three"}) {
    auto server = listener.accept();
    CHECK(read(server) == name);
  }
}

TEMPLATE_TEST_CASE("Several threads may accept, and each peer goes to one of them", "[stream_listener]", Tcp,
                   Sctp) {
  typename TestType::Listener listener{Address::loopback(Address::Family::v4, 0)};
  constexpr int each = 10;
  const auto serve = [&] {
    std::multiset<std::string> names;
    for (int i = 0; i != each; ++i) {
      auto peer = listener.accept();
      names.insert(read(peer));
    }
    return names;
  };
  Task first{serve};
  Task second{serve};
  std::multiset<std::string> expected;
  for (int i = 0; i != 2 * each; ++i) {
    typename TestType::Socket client{listener.local_address()};
    const std::string name = "peer " + std::to_string(i);
    sctp::write_all(client, as_bytes(name));
    expected.insert(name);
  }
  auto names = first.get();
  names.merge(second.get());
  CHECK(names == expected);
}

TEMPLATE_TEST_CASE("Whoever has gone before it was accepted does not keep the next from it",
                   "[stream_listener]", Tcp, Sctp) {
  typename TestType::Listener listener{Address::loopback(Address::Family::v4, 0)};
  const bool by_abort = GENERATE(false, true);
  CAPTURE(by_abort);
  {
    typename TestType::Socket gone{listener.local_address()};
    if (by_abort) gone.abort();
  }
  typename TestType::Socket client{listener.local_address()};
  sctp::write_all(client, as_bytes("here"));
  std::string text;
  while (text.empty()) {  // the one that has gone may be handed out, and tells so when it is read
    auto server = listener.accept();
    std::array<std::byte, 10> room{};
    std::error_code error;
    const std::size_t size = server.read_some(room, error);
    if (!error) text = sctp::as_text(sctp::Bytes{room}.first(size));
  }
  CHECK(text == "here");
}

TEMPLATE_TEST_CASE("A listener that closes leaves those alone who are accepted", "[stream_listener]", Tcp,
                   Sctp) {
  Pair<TestType> ends;  // whose listener is closed
  sctp::write_all(ends.client, as_bytes("still here"));
  CHECK(read(ends.server) == "still here");
}

TEMPLATE_TEST_CASE("A listener on :: has IPv4's peers, too", "[stream_listener]", Tcp, Sctp) {
  typename TestType::Listener listener{Address{"::", 0}};
  const auto family = GENERATE(Address::Family::v4, Address::Family::v6);
  typename TestType::Socket client{Address::loopback(family, listener.local_address().port())};
  auto server = listener.accept();
  sctp::write_all(server, as_bytes("welcome"));
  CHECK(read(client) == "welcome");
}

TEMPLATE_TEST_CASE("Many come, talk and go at a time", "[stream_listener]", Tcp, Sctp) {
  typename TestType::Listener listener{Address::loopback(Address::Family::v4, 0)};
  constexpr int threads = 8;
  constexpr int each = 15;
  Task server{[&] {
    for (int i = 0; i != threads * each; ++i) {
      auto peer = listener.accept();
      std::string line;
      static_cast<void>(sctp::read_until(peer, line, "\n"));
      sctp::write_all(peer, as_bytes(line));
      static_cast<void>(read_all(peer));  // until the peer goes: it has read all then
    }
    return true;
  }};
  const auto before = open_descriptors();
  {
    std::vector<Task<bool>> clients;
    for (int t = 0; t != threads; ++t) {
      clients.emplace_back([&, t] {
        bool right = true;
        for (int i = 0; i != each; ++i) {
          typename TestType::Socket client{listener.local_address()};
          const std::string question = std::to_string(t * each + i) + '\n';
          sctp::write_all(client, as_bytes(question));
          std::string answer;
          right = right && sctp::read_until(client, answer, "\n") == question.size() && answer == question;
        }
        return right;
      });
    }
    for (auto& client : clients) CHECK(client.get());
  }
  CHECK(server.get());
  CHECK(open_descriptors() <= before);
}

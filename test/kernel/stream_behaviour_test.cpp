// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <string>

#include "stream_pair.hpp"

using namespace test;
using sctp::as_bytes;
using sctp::Bytes;

TEMPLATE_TEST_CASE("Much goes both ways at a time and arrives as it was", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  const auto there = pattern(1'000'000, 1);
  const auto back = pattern(1'000'000, 2);
  const auto exchange = [](auto& socket, Bytes sent, Bytes expected) {
    Task writer{[&] { return sctp::write_all(socket, sent), true; }};
    std::vector<std::byte> room(expected.size());
    return sctp::read_exactly(socket, room) == room.size() && std::ranges::equal(room, expected) &&
           writer.get();
  };
  Task server{[&] { return exchange(ends.server, back, there); }};
  CHECK(exchange(ends.client, there, back));
  CHECK(server.get());
}

TEMPLATE_TEST_CASE("Questions and answers take turns", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  Task server{[&] {
    std::array<std::byte, 8> room;
    while (sctp::read_exactly(ends.server, room) == room.size()) sctp::write_all(ends.server, room);
    return true;
  }};
  bool right = true;
  for (std::uint32_t i = 0; i != 500 && right; ++i) {
    const auto question = pattern(8, i);
    std::array<std::byte, 8> answer;
    sctp::write_all(ends.client, question);
    right = sctp::read_exactly(ends.client, answer) == 8 && std::ranges::equal(answer, question);
  }
  CHECK(right);
  ends.client.close();
  CHECK(server.get());
}

TEMPLATE_TEST_CASE("What does not fit in a read comes with the next", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  CHECK(ends.client.write_some(as_bytes("0123456789")) == 10);
  CHECK(read(ends.server, 4) == "0123");
  CHECK(read(ends.server, 4) == "4567");
  CHECK(read(ends.server, 4) == "89");
}

TEMPLATE_TEST_CASE("Writes of all sizes are one stream, however it is read", "[stream_behaviour]", Tcp,
                   Sctp) {
  Pair<TestType> ends;
  const auto all = pattern(150'000);
  Task writer{[&] {
    Bytes rest{all};
    for (std::size_t size = 1; !rest.empty(); size = size * 3 + 1) {
      const Bytes part = rest.first(std::min(size, rest.size()));
      sctp::write_all(ends.client, part);
      rest = rest.subspan(part.size());
    }
    return ends.client.close(), true;
  }};
  const std::size_t at_a_time = GENERATE(13U, 1'000U, 100'000U);
  CHECK((read_all(ends.server, at_a_time) == all));
  CHECK(writer.get());
}

TEMPLATE_TEST_CASE("Byte after byte is read", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  sctp::write_all(ends.client, as_bytes("letters"));
  std::string text;
  while (text.size() != 7) text += read(ends.server, 1);
  CHECK(text == "letters");
}

TEMPLATE_TEST_CASE("A write larger than every buffer arrives", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  const auto all = pattern(3'000'000);
  Task writer{[&] { return sctp::write_all(ends.client, all), ends.client.close(), true; }};
  CHECK((read_all(ends.server, 65'536) == all));
  CHECK(writer.get());
}

TEMPLATE_TEST_CASE("Nothing read or written is nothing", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  CHECK(ends.client.write_some({}) == 0);
  sctp::write_all(ends.client, {});
  CHECK(ends.client.write_some(as_bytes("x")) == 1);
  CHECK(ends.server.read_some({}) == 0);
  CHECK(read(ends.server) == "x");
}

TEMPLATE_TEST_CASE("The end is told as often as one asks, after all that was written", "[stream_behaviour]",
                   Tcp, Sctp) {
  Pair<TestType> ends;
  sctp::write_all(ends.client, as_bytes("last words"));
  ends.client.close();
  CHECK(read(ends.server, 5) == "last ");
  CHECK(read(ends.server) == "words");
  for (int round = 0; round != 3; ++round) {
    CHECK(read(ends.server) == "end");
    CHECK(read(ends.server, 1h) == "end");
  }
}

TEMPLATE_TEST_CASE("An end in the middle is fewer bytes", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  sctp::write_all(ends.client, as_bytes("half a lin"));
  ends.client.close();
  std::array<std::byte, 5> room;
  CHECK(sctp::read_exactly(ends.server, room) == 5);
  std::string text;
  CHECK(sctp::read_until(ends.server, text, "\n") == 0);
  CHECK(text == "a lin");
  CHECK(sctp::read_exactly(ends.server, room) == 0);
}

TEMPLATE_TEST_CASE("Lines are read, however they are cut", "[stream_behaviour]", Tcp, Sctp) {
  Pair<TestType> ends;
  for (const char* part : {"on", "e\r", "\ntwo\r\nth", "ree\r\n\r\n"})
    sctp::write_all(ends.client, as_bytes(part));
  ends.client.close();
  std::vector<std::string> lines;
  std::string text;
  while (const std::size_t size = sctp::read_until(ends.server, text, "\r\n")) {
    lines.push_back(text.substr(0, size - 2));
    text.erase(0, size);
  }
  CHECK(lines == std::vector<std::string>{"one", "two", "three", ""});
}

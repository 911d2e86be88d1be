// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/io_stream.hpp>

#include <cerrno>
#include <string>

#include <sctpxx/one_to_one_socket.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "support/memory_stream.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

TEST_CASE("Words and lines are read and written") {
  MemoryStream socket{.to_read = "12 apples\nthe rest\n\nend", .most_at_once = GENERATE(1U, 5U, 100U)};
  IoStream stream{socket};
  int count = 0;
  std::string word;
  stream >> count >> word >> std::ws;
  CHECK(count == 12);
  CHECK(word == "apples");
  std::string line;
  std::getline(stream, line);
  CHECK(line == "the rest");
  std::getline(stream, line);
  CHECK(line.empty());
  std::getline(stream, line);
  CHECK(line == "end");
  CHECK(stream.eof());
  CHECK_FALSE(std::getline(stream, line));
  CHECK_FALSE(stream.bad());
  CHECK_FALSE(stream.error());
  stream.clear();
  stream << "got " << count << ' ' << word << '\n' << std::flush;
  CHECK(stream.good());
  CHECK(socket.written == "got 12 apples\n");
}

TEST_CASE("What is written is sent at a flush, before a read that waits, and at the end") {
  MemoryStream socket{.to_read = "ab"};
  {
    IoStream stream{socket};
    stream << "one";
    CHECK(socket.written.empty());
    stream.flush();
    CHECK(socket.written == "one");
    stream << "two";
    CHECK(stream.get() == 'a');
    CHECK(socket.written == "onetwo");
    stream << "three";
    CHECK(stream.get() == 'b');
    CHECK(socket.written == "onetwo");
    CHECK(stream.get() == EOF);
    CHECK(socket.written == "onetwothree");
    stream.clear();
    stream << "four";
  }
  CHECK(socket.written == "onetwothreefour");
  CHECK(socket.is_open);
}

TEST_CASE("Texts of any size are written in order") {
  MemoryStream socket;
  socket.most_at_once = GENERATE(1000U, 100'000U);
  std::string expected;
  {
    IoStream stream{socket};
    for (const std::size_t size : {1U, 8190U, 2U, 8192U, 8193U, 5U, 50'000U, 8191U, 1U, 1U}) {
      const std::string text(size, static_cast<char>('a' + expected.size() % 26));
      expected += text;
      stream << text;
    }
    for (int i = 0; i != 20'000; ++i) {
      expected += static_cast<char>('a' + i % 26);
      stream.put(expected.back());
    }
    CHECK(stream.good());
  }
  CHECK((socket.written == expected));
}

TEST_CASE("A large text is sent as it is, without being copied together with others") {
  FakeKernel kernel;
  OneToOneSocket socket{Address::parse("192.0.2.1:7")};
  IoStream stream{socket};
  stream << "head " << std::string(60'000, 'x') << "tail" << std::flush;
  REQUIRE(kernel.sent.size() == 3);
  CHECK(kernel.sent[0].data == "head ");
  CHECK(kernel.sent[1].data.size() == 60'000);
  CHECK(kernel.sent[2].data == "tail");
}

TEST_CASE("A loss makes the stream bad, and is told") {
  MemoryStream socket{.to_read = "x", .ends_with = std::errc::connection_reset};
  IoStream stream{socket};
  std::string word;
  stream >> word;
  CHECK(stream.bad());
  CHECK_FALSE(stream.eof());
  CHECK(stream.error() == std::errc::connection_reset);
  stream.clear();
  stream.exceptions(std::ios::badbit);
  CHECK_THROWS_AS(stream.get(), std::system_error);
}

TEST_CASE("What cannot be written makes the stream bad, and what the peer sent can still be read") {
  MemoryStream socket{.to_read = "farewell\n", .write_fails_at = 0};
  IoStream stream{socket};
  stream << "too late";
  std::string line;
  CHECK(std::getline(stream, line));
  CHECK(line == "farewell");
  CHECK(stream.good());
  stream.flush();
  CHECK(stream.bad());
  CHECK(stream.error() == std::errc::broken_pipe);
  stream.clear();
  stream << std::string(20'000, 'x');
  CHECK(stream.bad());
}

TEST_CASE("What was sent before a failure is not sent again") {
  MemoryStream socket{.most_at_once = 3, .write_fails_at = 3};
  {
    IoStream stream{socket};
    stream << "abcdef";
    stream.flush();
    CHECK(stream.bad());
    CHECK(socket.written == "abc");
    socket.write_fails_at = 100;
  }
  CHECK(socket.written == "abcdef");
}

}  // namespace

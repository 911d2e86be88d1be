// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/stream_socket.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <sctpxx/listener.hpp>
#include <sctpxx/one_to_many_socket.hpp>
#include <sctpxx/one_to_one_socket.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "support/memory_stream.hpp"
#include "support/records.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;

static_assert(PatientStreamSocket<OneToOneSocket> && StreamListener<Listener>);
static_assert(!StreamSocket<OneToManySocket> && !StreamSocket<Listener> && !StreamListener<OneToOneSocket>);
static_assert(!StreamSocket<SocketRef>, "what it read would have to be remembered by somebody");
static_assert(PatientStreamSocket<MemoryStream>);

MutableBytes room_in(std::string& text) { return std::as_writable_bytes(std::span{text}); }

/// Calls it in each of its forms: throwing, with an error code, with patience, with both.
template <class Call>
auto in_form(int form, std::error_code& error, Call call) {
  error.clear();
  const Patience patience{1h};
  if (form == 1) return call(error);
  if (form == 3) return call(patience, error);
  try {
    return form == 0 ? call() : call(patience);
  } catch (const std::system_error& failure) {
    error = failure.code();
    return decltype(call()){};
  }
}

TEST_CASE("All is written, however little is taken at a time") {
  const FakeKernel kernel;
  const int form = GENERATE(range(0, 4));
  MemoryStream stream{.most_at_once = GENERATE(1U, 3U, 7U, 100U)};
  const auto write = [&](auto&&... how) -> std::size_t {
    if constexpr (sizeof...(how) == 0)
      return write_all(stream, as_bytes("hello world")), 11;
    else
      return write_all(stream, as_bytes("hello world"), how...);
  };
  std::error_code error;
  CHECK(in_form(form, error, write) == 11);
  CHECK_FALSE(error);
  CHECK(stream.written == "hello world");
}

TEST_CASE("Where writing fails, it is told how much was written before") {
  const FakeKernel kernel;
  MemoryStream stream{.most_at_once = 3, .write_fails_at = 6};
  std::error_code error;
  CHECK(write_all(stream, as_bytes("hello world"), error) == 6);
  CHECK(error == std::errc::broken_pipe);
  CHECK(write_all(stream, as_bytes("hello world"), Patience{1s}, error) == 0);
  CHECK(error == std::errc::broken_pipe);
  CHECK_THROWS_AS(write_all(stream, as_bytes("x")), std::system_error);
  CHECK_THROWS_AS(static_cast<void>(write_all(stream, as_bytes("x"), 1s)), std::system_error);
  CHECK(write_all(stream, {}, error) == 0);
  CHECK_FALSE(error);
}

TEST_CASE("When the patience is over, it is told how much was written and read") {
  const FakeKernel kernel;
  MemoryStream stream{.to_read = "abc", .most_at_once = 3, .waits_from = 6};
  std::error_code error;
  CHECK(write_all(stream, as_bytes("hello world"), 0s) == 6);
  CHECK(write_all(stream, as_bytes("hello world"), 0s, error) == 0);
  std::string room(10, '.');
  CHECK(read_exactly(stream, room_in(room), 0s) == 3);
  CHECK(room == "abc.......");
  CHECK(read_exactly(stream, room_in(room), 0s, error) == 0);
  CHECK_FALSE(error);
  stream.to_read = "de";
  std::string text;
  CHECK(read_until(stream, text, "\n", 100, 0s) == 0);
  CHECK(text == "de");
  CHECK(read_until(stream, text, "\n", 100, 0s, error) == 0);
  CHECK_FALSE(error);
  stream.to_read = "f\ng";
  CHECK(read_until(stream, text, "\n", 100, 0s) == 4);
  CHECK(text == "def\ng");
}

TEST_CASE("Exactly as many bytes are read as there is room, or all there are") {
  const FakeKernel kernel;
  const int form = GENERATE(range(0, 4));
  const auto [size, expected] = GENERATE(values<std::pair<std::size_t, std::string>>(
      {{0, ""}, {5, "hello"}, {11, "hello world"}, {20, "hello world"}}));
  MemoryStream stream{.to_read = "hello world", .most_at_once = GENERATE(1U, 3U, 100U)};
  std::string room(size, '.');
  std::error_code error;
  const std::size_t read =
      in_form(form, error, [&](auto&&... how) { return read_exactly(stream, room_in(room), how...); });
  CHECK(room.substr(0, read) == expected);
  CHECK_FALSE(error);
  CHECK(stream.to_read == std::string{"hello world"}.substr(expected.size()));
}

TEST_CASE("A failure of reading is told, beside what was read before") {
  const FakeKernel kernel;
  const int form = GENERATE(range(0, 4));
  MemoryStream stream{.to_read = "hello", .ends_with = std::errc::connection_reset};
  std::string room(20, '.');
  std::error_code error;
  const std::size_t read =
      in_form(form, error, [&](auto&&... how) { return read_exactly(stream, room_in(room), how...); });
  CHECK(error == std::errc::connection_reset);
  if (form == 1 || form == 3) CHECK(read == 5);
}

TEST_CASE("A text is read up to a delimiter, wherever that is cut") {
  const FakeKernel kernel;
  const int form = GENERATE(range(0, 4));
  MemoryStream stream{.to_read = "one\r\n\r\ntwo\r \r\nrest",
                      .most_at_once = GENERATE(1U, 2U, 3U, 4U, 5U, 100U)};
  std::string text;
  std::error_code error;
  std::vector<std::string> lines;
  for (;;) {
    const std::size_t size = in_form(form, error, [&](auto&&... how) {
      if constexpr (sizeof...(how) == 0)
        return read_until(stream, text, "\r\n");
      else
        return read_until(stream, text, "\r\n", default_text_limit, how...);
    });
    if (size == 0) break;
    lines.push_back(text.substr(0, size));
    text.erase(0, size);
  }
  CHECK_FALSE(error);
  CHECK(lines == std::vector<std::string>{"one\r\n", "\r\n", "two\r \r\n"});
  CHECK(text == "rest");
}

TEST_CASE("What is in the text already is looked at first") {
  MemoryStream stream{.ends_with = std::errc::connection_reset};
  std::string text = "a\nb\n";
  CHECK(read_until(stream, text, "\n") == 2);
  text = "b\r";
  stream.to_read = "\n";
  CHECK(read_until(stream, text, "\r\n") == 3);
}

TEST_CASE("A text without a delimiter has a limit") {
  const FakeKernel kernel;
  const int form = GENERATE(range(0, 4));
  MemoryStream stream{.to_read = std::string(10'000, 'x') + "\n"};
  std::string text;
  std::error_code error;
  const auto read = [&](std::size_t limit) {
    return in_form(form, error, [&](auto&&... how) { return read_until(stream, text, "\n", limit, how...); });
  };
  CHECK(read(5'000) == 0);
  CHECK(error == std::errc::value_too_large);
  CHECK(text.size() == 5'000);
  CHECK(read(10'000) == 0);
  CHECK(error == std::errc::value_too_large);
  CHECK(read(10'001) == 10'001);
  CHECK_FALSE(error);
  CHECK(stream.to_read.empty());
}

TEST_CASE("No delimiter at all is an error, and so are a loss and too little memory") {
  MemoryStream stream{.to_read = std::string(100, 'x'), .ends_with = std::errc::connection_reset};
  std::string text;
  std::error_code error;
  CHECK(read_until(stream, text, "", 10, error) == 0);
  CHECK(error == std::errc::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(read_until(stream, text, "")), std::system_error);
  {
    const NoMemory none;
    CHECK(read_until(stream, text, "\n", 100'000, error) == 0);
  }
  CHECK(error == std::errc::not_enough_memory);
  stream.to_read = std::string(100, 'x');
  {
    const Patience for_ever;
    const NoMemory none;
    CHECK(read_until(stream, text, "\n", 100'000, for_ever, error) == 0);
  }
  CHECK(error == std::errc::not_enough_memory);
  stream.to_read = "12345";
  CHECK(read_until(stream, text, "\n", 100'000, error) == 0);
  CHECK(error == std::errc::connection_reset);
  CHECK(text == "12345");
  CHECK_THROWS_AS(static_cast<void>(read_until(stream, text, "\n")), std::system_error);
}

TEST_CASE("A OneToOneSocket is read and written with them") {
  FakeKernel kernel;
  Listener listener{Address::parse("192.0.2.9:7")};
  kernel.peer_waits(AssociationId{7});
  auto peer = listener.accept();
  for (const char* part : {"ab", "c\nd", "e"}) kernel.receives(piece(part).end());
  kernel.ends_stream();
  std::string text;
  CHECK(read_until(peer, text, "\n") == 4);
  text.resize(2);
  CHECK(read_exactly(peer, room_in(text)) == 1);
  CHECK(text[0] == 'e');
  write_all(peer, as_bytes(std::string(200'000, 'x')));
  std::size_t sent = 0;
  for (const Sent& one : kernel.sent) sent += one.data.size();
  CHECK(sent == 200'000);
  CHECK(kernel.sent.size() == 4);
}

}  // namespace

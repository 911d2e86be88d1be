// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/cause.hpp>

#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "truncated.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

static_assert(std::forward_iterator<ErrorCauses::Iterator>);

using Wire = std::vector<std::byte>;

/// A cause as it stands on the wire; `padded` to a multiple of four.
Wire cause(int code, std::string_view value, bool padded = true) {
  const auto length = static_cast<unsigned>(4 + value.size());
  Wire wire;
  for (const unsigned byte :
       {static_cast<unsigned>(code) >> 8, static_cast<unsigned>(code), length >> 8, length}) {
    wire.push_back(static_cast<std::byte>(byte));
  }
  const Bytes bytes = as_bytes(value);
  wire.insert(wire.end(), bytes.begin(), bytes.end());
  while (padded && wire.size() % 4 != 0) wire.push_back(std::byte{0});
  return wire;
}

Wire operator+(Wire first, const Wire& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Wire bytes(std::initializer_list<unsigned> values) {
  Wire wire;
  for (const unsigned value : values) wire.push_back(static_cast<std::byte>(value));
  return wire;
}

/// "12 'because'; 13 ''", read where a look beyond the last byte is found.
std::string list_of(const Wire& wire) {
  const Truncated exact{wire};
  std::string text;
  for (const ErrorCause& one : ErrorCauses{exact}) {
    text += (text.empty() ? "" : "; ") + std::to_string(static_cast<int>(one.cause)) + " '" +
            std::string{as_text(one.value)} + "'";
  }
  return text;
}

TEST_CASE("The causes in no bytes are none") {
  CHECK(list_of({}).empty());
  const ErrorCauses none{{}};
  CHECK(none.begin() == none.end());
  CHECK(ErrorCauses::Iterator{} == none.end());
}

TEST_CASE("A cause is its number and what stands behind its header, which is lent and not copied") {
  const Wire wire = cause(12, "going home");
  CHECK(list_of(wire) == "12 'going home'");
  const ErrorCauses causes{wire};
  CHECK(causes.begin()->cause == Cause::user_initiated_abort);
  CHECK(causes.begin()->value.data() == wire.data() + 4);
  CHECK(list_of(cause(0x1234, "")) == "4660 ''");
}

TEST_CASE("Several causes come one after the other, whatever padding each needs") {
  const Wire three = cause(1, "a") + cause(2, "ab") + cause(3, "abc");
  CHECK(list_of(three) == "1 'a'; 2 'ab'; 3 'abc'");
  CHECK(list_of(cause(4, "abcd") + cause(5, "") + cause(6, "x")) == "4 'abcd'; 5 ''; 6 'x'");
}

TEST_CASE("The last cause is told without its padding, too, and with some of it") {
  const Wire first = cause(1, "a");
  CHECK(list_of(first + cause(2, "abcde", false)) == "1 'a'; 2 'abcde'");
  CHECK(list_of(first + cause(2, "abcde", false) + bytes({0})) == "1 'a'; 2 'abcde'");
  CHECK(list_of(cause(2, "abcde", false)) == "2 'abcde'");
}

TEST_CASE("The list ends before a cause whose length is not true") {
  const Wire good = cause(1, "good");
  for (const unsigned length : {0U, 1U, 2U, 3U}) {
    CAPTURE(length);
    CHECK(list_of(bytes({0, 9, 0, length, 0, 0, 0, 0})).empty());
    CHECK(list_of(good + bytes({0, 9, 0, length}) + good) == "1 'good'");
  }
  CHECK(list_of(good + bytes({0, 9, 0, 9, 1, 2, 3, 4})) == "1 'good'");
  CHECK(list_of(good + bytes({0, 9, 0xff, 0xff, 1, 2, 3, 4})) == "1 'good'");
  CHECK(list_of(good + bytes({0, 9, 0, 8, 'f', 'i', 'n', 'e'})) == "1 'good'; 9 'fine'");
  for (const Wire& stray : {bytes({0}), bytes({0, 9}), bytes({0, 9, 0})}) {
    CHECK(list_of(stray).empty());
    CHECK(list_of(good + stray) == "1 'good'");
  }
}

TEST_CASE("A place in the list may be kept, compared and gone on from") {
  const Wire wire = cause(1, "a") + cause(2, "b") + cause(3, "c");
  const ErrorCauses causes{wire};
  auto at = causes.begin();
  const auto first = at++;
  CHECK(first->cause == Cause{1});
  CHECK(at->cause == Cause{2});
  CHECK_FALSE(first == at);
  auto again = causes.begin();
  CHECK(again == first);
  CHECK(++again == at);
  CHECK((*++again).cause == Cause{3});
  CHECK(as_text((*again).value) == "c");
  CHECK(++again == causes.end());
  CHECK(std::ranges::distance(causes.begin(), causes.end()) == 3);
}

TEST_CASE("Bytes of any kind are causes within them, and the list has an end") {
  std::mt19937 random{42};
  for (int round = 0; round != 50'000; ++round) {
    Wire wire(random() % 64);
    for (std::byte& byte : wire) byte = static_cast<std::byte>(random());
    for (std::size_t at = 2; at < wire.size() && random() % 2 != 0; at += 4) wire[at] = std::byte{0};
    const Truncated exact{wire};
    const Bytes all = exact;
    const std::byte* end = all.data();
    std::size_t count = 0;
    for (const ErrorCause& one : ErrorCauses{all}) {
      // Each lies behind the one before it, and within what there is.
      if (one.value.data() < end + 4 || one.value.data() + one.value.size() > all.data() + all.size()) {
        FAIL("a cause out of its place");
      }
      end = one.value.data() + one.value.size();
      if (to_string(one).find('\n') != std::string::npos) FAIL("a cause of two lines");
      ++count;
    }
    if (count > wire.size() / 4) FAIL("more causes than fit");
  }
}

TEST_CASE("Each cause that there is has a name of its own, and others have their number") {
  std::set<std::string> names;
  std::size_t named = 0;
  for (int number = 0; number != 0x10000; ++number) {
    const std::string name = to_string(Cause{static_cast<std::uint16_t>(number)});
    if (name == "cause " + std::to_string(number)) continue;
    names.insert(name);
    ++named;
  }
  CHECK(named == 20);
  CHECK(names.size() == named);
  CHECK(to_string(Cause::none) == "no cause given");
  CHECK(to_string(Cause::protocol_violation) == "protocol violation");
  CHECK(to_string(Cause::unsupported_hmac) == "unsupported HMAC identifier");
  CHECK(to_string(Cause{0x1234}) == "cause 4660");
}

TEST_CASE("A cause is told with the peer's words, in which nothing can break the line") {
  const auto text = [](Cause cause, std::string_view value) {
    return to_string(ErrorCause{cause, as_bytes(value)});
  };
  CHECK(text(Cause::user_initiated_abort, "going home") == "user initiated abort \"going home\"");
  CHECK(text(Cause::user_initiated_abort, "") == "user initiated abort");
  CHECK(text(Cause::protocol_violation, "a\n\x1b[31m\"b\\\x7f\xc3") ==
        "protocol violation \"a\\x0a\\x1b[31m\\x22b\\x5c\\x7f\\xc3\"");
  CHECK(text(Cause::invalid_stream, "\x01\x02") == "invalid stream identifier");
  CHECK(text(Cause::user_initiated_abort, std::string(80, 'x')) ==
        "user initiated abort \"" + std::string(80, 'x') + "\"");
  CHECK(text(Cause::user_initiated_abort, std::string(81, 'x')) ==
        "user initiated abort \"" + std::string(80, 'x') + "…\"");
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/bytes.hpp>

#include <string>

#include "support/catch.hpp"

namespace {

using namespace std::string_literals;

TEST_CASE("The bytes of a text are the text without its end, zeros included") {
  const std::string text = "a\0b"s;
  const sctp::Bytes bytes = sctp::as_bytes(text);
  REQUIRE(bytes.size() == 3);
  CHECK(bytes.data() == static_cast<const void*>(text.data()));
  CHECK(bytes[1] == std::byte{0});
  CHECK(sctp::as_text(bytes) == text);
}

TEST_CASE("No text is no bytes") {
  CHECK(sctp::as_bytes("").empty());
  CHECK(sctp::as_text({}).empty());
}

}  // namespace

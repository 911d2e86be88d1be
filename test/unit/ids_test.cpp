// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/ids.hpp>

#include <sctpxx/ppid.hpp>
#include <type_traits>

#include "support/catch.hpp"

namespace {

using namespace sctp;

static_assert(!std::is_convertible_v<int, StreamId> && !std::is_convertible_v<StreamId, int>);
static_assert(!std::is_convertible_v<StreamId, Ppid> && !std::is_convertible_v<AssociationId, StreamId>);

TEST_CASE("An identifier is written as its number") {
  CHECK(to_string(StreamId{65535}) == "65535");
  CHECK(to_string(Ppid{4294967295}) == "4294967295");
  CHECK(to_string(AssociationId{-1}) == "-1");
  CHECK(to_string(AssociationId{}) == "0");
}

TEST_CASE("Payload protocols and ports have the numbers that IANA gave them") {
  CHECK(to_string(ppid::m3ua) == "3");
  CHECK(to_string(ppid::s1ap) == "18");
  CHECK(to_string(ppid::x2ap) == "27");
  CHECK(to_string(ppid::diameter) == "46");
  CHECK(to_string(ppid::webrtc_binary) == "53");
  CHECK(to_string(ppid::ngap) == "60");
  CHECK(port::diameter == 3868);
  CHECK(port::s1ap == 36412);
  CHECK(port::ngap == 38412);
}

}  // namespace

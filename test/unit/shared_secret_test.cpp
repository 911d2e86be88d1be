// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/shared_secret.hpp>

#include <string>
#include <vector>

#include <sctpxx/option/authentication.hpp>
#include <sctpxx/option/capability.hpp>

#include "each_call_fails.hpp"
#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using option::AuthSupported;

SharedSecret some_secret() { return {.number = 3, .secret = as_bytes("secret")}; }

std::string key_of(Opened& test, std::uint16_t number) {
  return std::string{as_text(test.descriptor().keys.at(number))};
}

TEST_CASE(
    "A shared secret says first what must be authenticated, then with which key, and takes the empty key "
    "away") {
  OneSocket test;
  test.socket.set(some_secret(), test.error);
  CHECK_FALSE(test.error);
  std::vector<int> order;
  for (const OptionCall& call : test.kernel.option_calls) {
    if (call.sets) order.push_back(call.option.second);
  }
  CHECK(order == std::vector<int>{SCTP_AUTH_SUPPORTED, SCTP_HMAC_IDENT, SCTP_AUTH_CHUNK, SCTP_AUTH_CHUNK,
                                  SCTP_AUTH_CHUNK, SCTP_AUTH_CHUNK, SCTP_AUTH_CHUNK, SCTP_AUTH_KEY,
                                  SCTP_AUTH_ACTIVE_KEY, SCTP_AUTH_DELETE_KEY});
}

TEST_CASE("With a shared secret messages, and what takes or counts them, are to be authenticated") {
  OneSocket test;
  test.socket.set(some_secret());
  const Descriptor& has = test.descriptor();
  CHECK(test.socket.get<AuthSupported>().on);
  CHECK(has.hmacs == std::vector<std::uint16_t>{3, 1});  // SHA-256 before SHA-1
  // DATA, I-DATA, RE-CONFIG, FORWARD-TSN, I-FORWARD-TSN
  CHECK(has.auth_chunks == std::set<std::uint8_t>{0x00, 0x40, 0x82, 0xc0, 0xc2});
  CHECK(key_of(test, 3) == "secret");
  CHECK(has.active_key == 3);
}

TEST_CASE("The empty key that everybody has is deleted") {
  OneSocket test;
  CHECK(test.descriptor().keys.contains(0));
  test.socket.set(some_secret());
  CHECK_FALSE(test.descriptor().keys.contains(0));
  CHECK(test.given<sctp_authkeyid>(SCTP_AUTH_DELETE_KEY).scact_keynumber == 0);
}

TEST_CASE("The secret is number 1 unless it is told otherwise") {
  OneSocket test;
  test.socket.set(SharedSecret{.secret = as_bytes("x")});
  CHECK(test.descriptor().active_key == 1);
}

TEST_CASE("A shared secret that is set again replaces the one before, whatever its number") {
  OneSocket test;
  test.socket.set(some_secret());
  test.socket.set(SharedSecret{.number = 3, .secret = as_bytes("other")}, test.error);
  CHECK_FALSE(test.error);
  CHECK(key_of(test, 3) == "other");
  test.socket.set(SharedSecret{.number = 4, .secret = as_bytes("third")}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.descriptor().active_key == 4);
  CHECK_FALSE(test.descriptor().keys.contains(3));
  CHECK(test.descriptor().auth_chunks.size() == 5);
  CHECK_FALSE(test.descriptor().keys.contains(0));
}

TEST_CASE("A secret that is empty, or has the number that everybody has, is none, and no call is made") {
  OneSocket test;
  const SharedSecret none = GENERATE(SharedSecret{}, SharedSecret{.number = 1, .secret = {}},
                                     SharedSecret{.number = 0, .secret = as_bytes("secret")});
  test.socket.set(none, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(
      test.socket.set(none),
      "cannot set SharedSecret: it takes a number that is not 0, and a secret of 1 to 65535 bytes: Invalid "
      "argument");
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("A secret that is too long is none, and no call is made") {
  OneSocket test;
  const std::string secret(65536, 'x');
  test.socket.set(SharedSecret{.secret = as_bytes(secret)}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.kernel.total() == 0);
}

TEST_CASE("Whichever call of setting a shared secret fails, the error is told") {
  each_call_fails([](FakeKernel& kernel, std::error_code& error) {
    Opened test{kernel};
    test.socket.set(some_secret(), error);
  });
}

TEST_CASE("Where one part of a shared secret fails, nothing behind it is set") {
  for (std::size_t position = 0; position != 11; ++position) {
    CAPTURE(position);
    OneSocket test;
    test.kernel.fail_at(position, scripted_error);
    test.socket.set(some_secret(), test.error);
    CHECK(test.error.value() == scripted_error);
    CHECK(test.kernel.total() == position + 1);
  }
}

TEST_CASE("Without memory there is no shared secret") {
  for (std::size_t after = 0;; ++after) {
    OneSocket test;
    {
      const NoMemory none{after};
      test.socket.set(some_secret(), test.error);
    }
    if (!test.error) {
      CHECK(after > 0);
      break;
    }
    CHECK(test.error == std::errc::not_enough_memory);
    CHECK(test.descriptor().active_key == 0);
  }
}

TEST_CASE("A shared secret fails by its own name") {
  OneSocket test;
  check_set_fails(test, test.target(), some_secret());
}

TEST_CASE("It is too late for a shared secret where an association was set up without SCTP-AUTH") {
  OneSocket test;
  test.comes_up();
  test.descriptor().negotiated[SCTP_AUTH_SUPPORTED] = false;
  test.socket.set(some_secret(), test.error);
  CHECK(test.error == Errc::too_late);
  CHECK(test.descriptor().auth_chunks.empty());
}

// knows_secret

/// What an association of a socket with SCTP-AUTH answers.
bool knows(bool has_auth, const std::set<std::uint8_t>& chunks, Style style) {
  OneSocket test{style};
  test.comes_up();
  test.socket.set(AuthSupported{});
  test.descriptor().auth_chunks = chunks;
  if (style == Style::one_to_many) {
    test.kernel.association(test.fd, seven).capabilities[SCTP_AUTH_SUPPORTED] = has_auth;
  } else {
    test.descriptor().negotiated[SCTP_AUTH_SUPPORTED] = has_auth;
  }
  return knows_secret(test.association);
}

TEST_CASE("A secret is known where both sides have SCTP-AUTH, and messages are believed only with it") {
  const Style style = GENERATE(Style::one_to_one, Style::one_to_many, Style::peeled_off);
  CHECK(knows(true, {0x00}, style));
  CHECK(knows(true, {0x00, 0x40, 0x82, 0xc0, 0xc2}, style));
  CHECK_FALSE(knows(false, {0x00}, style));
  CHECK_FALSE(knows(true, {}, style));
  CHECK_FALSE(knows(true, {0x40, 0x82}, style));
  CHECK_FALSE(knows(false, {}, style));
}

TEST_CASE("It is the association that is asked whether it knows a secret, not the socket") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  test.socket.set(some_secret());
  test.kernel.association(test.fd, seven).capabilities[SCTP_AUTH_SUPPORTED] = false;
  CHECK_FALSE(knows_secret(test.association));
  CHECK(test.asked<sctp_assoc_value>(SCTP_AUTH_SUPPORTED).assoc_id == 7);
  test.kernel.association(test.fd, seven).capabilities[SCTP_AUTH_SUPPORTED] = true;
  CHECK(knows_secret(test.association));
  CHECK(test.bytes_given(SCTP_LOCAL_AUTH_CHUNKS, false).front() == std::byte{7});
}

TEST_CASE("Where nobody can tell, or there is nobody, no secret is known") {
  OneSocket test;
  test.socket.set(some_secret());
  test.comes_up();
  CHECK(knows_secret(test.association));
  for (const std::size_t position : {0U, 1U}) {
    test.kernel.fail_at(position, scripted_error);
    CHECK_FALSE(knows_secret(test.association));
  }
  {
    const NoMemory none;
    CHECK_FALSE(knows_secret(test.association));
  }
  CHECK_FALSE(knows_secret(Association{SocketRef::borrow(-1, Style::one_to_one), seven}));
  CHECK(knows_secret(test.association));
}

TEST_CASE("An association that is gone knows no secret, nor does one of the numbers 0 to 2") {
  OneSocket test{Style::one_to_many};
  test.comes_up();
  test.socket.set(some_secret());
  CHECK(knows_secret(test.association));
  for (const AssociationId id : {AssociationId{}, AssociationId{1}, AssociationId{2}, nine})
    CHECK_FALSE(knows_secret(Association{test.socket, id}));
  test.kernel.association_ends(test.fd, seven);
  CHECK_FALSE(knows_secret(test.association));
}

}  // namespace

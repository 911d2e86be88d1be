// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/authentication.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "each_call_fails.hpp"
#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;
using option::AuthActiveKey;
using option::AuthChunk;
using option::AuthDeactivateKey;
using option::AuthDeleteKey;
using option::AuthKey;
using option::ChunkType;
using option::HmacIdent;
using option::LocalAuthChunks;
using option::PeerAuthChunks;
using Hmac = HmacIdent::Hmac;

/// A socket that has SCTP-AUTH, with an association.
struct Authenticated : OneSocket {
  explicit Authenticated(Style style = Style::one_to_one) : OneSocket{style} {
    comes_up();
    socket.set(option::AuthSupported{});
  }
  std::string key(std::uint16_t number) {
    const auto& bytes = descriptor().keys.at(number);
    return std::string{as_text(bytes)};
  }
};

TEST_CASE("Without AuthSupported there is no SCTP-AUTH, and the exception says what it needs") {
  OneSocket test;
  test.socket.set(AuthChunk{}, test.error);
  CHECK(test.error == std::errc::permission_denied);
  const std::string why = ": it needs option::AuthSupported on this socket: " +
                          std::error_code{EACCES, std::system_category()}.message();
  CHECK_THROWS_WITH(test.socket.set(AuthChunk{}), "cannot set SCTP_AUTH_CHUNK" + why);
  CHECK_THROWS_WITH(test.socket.set(HmacIdent{{Hmac::sha1}}), "cannot set SCTP_HMAC_IDENT" + why);
  CHECK_THROWS_WITH(test.socket.set(AuthKey{}), "cannot set SCTP_AUTH_KEY" + why);
  CHECK_THROWS_WITH(test.socket.set(AuthActiveKey{}), "cannot set SCTP_AUTH_ACTIVE_KEY" + why);
  CHECK_THROWS_WITH(test.socket.set(AuthDeactivateKey{}), "cannot set SCTP_AUTH_DEACTIVATE_KEY" + why);
  CHECK_THROWS_WITH(test.socket.set(AuthDeleteKey{}), "cannot set SCTP_AUTH_DELETE_KEY" + why);
  CHECK_THROWS_WITH(test.socket.get<HmacIdent>(), "cannot get SCTP_HMAC_IDENT" + why);
  CHECK_THROWS_WITH(test.socket.get<AuthActiveKey>(), "cannot get SCTP_AUTH_ACTIVE_KEY" + why);
  CHECK_THROWS_WITH(test.socket.get<LocalAuthChunks>(), "cannot get SCTP_LOCAL_AUTH_CHUNKS" + why);
  test.comes_up();
  CHECK_THROWS_WITH(test.association.get<PeerAuthChunks>(),
                    "cannot get SCTP_PEER_AUTH_CHUNKS of association 7: it needs option::AuthSupported on "
                    "both sides: Permission denied");
}

// AuthChunk, LocalAuthChunks, PeerAuthChunks

TEST_CASE("A type of chunk is given as its number, beside those given before") {
  Authenticated test;
  CHECK(test.socket.get<LocalAuthChunks>().types.empty());
  test.socket.set(AuthChunk{ChunkType::i_data}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.bytes_given(SCTP_AUTH_CHUNK) == std::vector{std::byte{0x40}});
  test.socket.set(AuthChunk{ChunkType::data});
  test.socket.set(AuthChunk{ChunkType{0x3f}});
  CHECK(test.socket.get<LocalAuthChunks>(test.error).types ==
        std::vector{ChunkType::data, ChunkType{0x3f}, ChunkType::i_data});
  CHECK_FALSE(test.error);
  test.socket.set(AuthChunk{ChunkType{1}}, test.error);  // INIT
  CHECK(test.error == std::errc::invalid_argument);
}

TEST_CASE("What must be authenticated is asked of a socket, and of an association both ways") {
  Authenticated test{GENERATE(Style::one_to_one, Style::one_to_many)};
  test.descriptor().auth_chunks = {0, 0xc1};
  test.descriptor().peer_auth_chunks = {0x80};
  CHECK(test.association.get<LocalAuthChunks>(test.error).types ==
        std::vector{ChunkType::data, ChunkType::asconf});
  CHECK(test.bytes_given(SCTP_LOCAL_AUTH_CHUNKS, false).front() == std::byte{7});
  CHECK(test.association.get<PeerAuthChunks>().types == std::vector{ChunkType::asconf_ack});
  CHECK(test.bytes_given(SCTP_PEER_AUTH_CHUNKS, false).front() == std::byte{7});
  static_cast<void>(test.socket.get<LocalAuthChunks>());
  CHECK(test.bytes_given(SCTP_LOCAL_AUTH_CHUNKS, false).front() == std::byte{0});
}

TEST_CASE("There is room for all types of chunks that there can be") {
  Authenticated test;
  for (unsigned type = 0; type != 256; ++type)
    test.descriptor().auth_chunks.insert(static_cast<std::uint8_t>(type));
  const auto types = test.socket.get<LocalAuthChunks>().types;
  REQUIRE(types.size() == 256);
  CHECK(types.front() == ChunkType{});
  CHECK(types.back() == ChunkType{255});
}

TEST_CASE("A kernel that counts more chunks or functions than it writes is not believed") {
  Authenticated test;
  test.answers(SCTP_LOCAL_AUTH_CHUNKS, std::array<std::uint32_t, 2>{0, 257});
  test.answers(SCTP_HMAC_IDENT, std::uint32_t{17});
  CHECK(test.socket.get<LocalAuthChunks>().types.size() == 256);
  CHECK(test.socket.get<HmacIdent>().hmacs.size() == 16);
}

// HmacIdent

TEST_CASE("The functions are given in the order of preference, in the kernel's byte order") {
  Authenticated test;
  CHECK(test.socket.get<HmacIdent>().hmacs == std::vector{Hmac::sha1});
  test.socket.set(HmacIdent{{Hmac::sha256, Hmac::sha1}}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.descriptor().hmacs == std::vector<std::uint16_t>{3, 1});
  CHECK(test.socket.get<HmacIdent>(test.error).hmacs == std::vector{Hmac::sha256, Hmac::sha1});
  CHECK_FALSE(test.error);
}

TEST_CASE("Functions that the kernel does not take are refused by it, and too many by us") {
  Authenticated test;
  const auto refused = [&](std::vector<Hmac> hmacs) {
    test.error.clear();
    test.socket.set(HmacIdent{std::move(hmacs)}, test.error);
    return test.error.default_error_condition();
  };
  CHECK(refused({}) == std::errc::invalid_argument);
  CHECK(refused({Hmac::sha256}) == std::errc::invalid_argument);
  CHECK(refused({Hmac{2}, Hmac::sha1}) == std::errc::operation_not_supported);
  CHECK(refused(std::vector<Hmac>(5, Hmac::sha1)) == std::errc::invalid_argument);
  const auto before = test.times_set(SCTP_HMAC_IDENT);
  CHECK(refused(std::vector<Hmac>(16, Hmac::sha1)) == std::errc::invalid_argument);
  const auto sets = test.times_set(SCTP_HMAC_IDENT);
  CHECK(sets == before + 1);
  CHECK(refused(std::vector<Hmac>(17, Hmac::sha1)) == std::errc::invalid_argument);
  CHECK(test.times_set(SCTP_HMAC_IDENT) == sets);
  CHECK(test.descriptor().hmacs == std::vector<std::uint16_t>{1});
}

// Keys

TEST_CASE("A key is given with its number and its bytes, to whom it is meant") {
  Authenticated test{Style::one_to_many};
  test.socket.set(AuthKey{.number = 5, .secret = as_bytes("secret")}, test.error);
  CHECK_FALSE(test.error);
  const auto bytes = test.bytes_given(SCTP_AUTH_KEY);
  sctp_authkey header{};
  REQUIRE(bytes.size() == sizeof header + 6);
  std::memcpy(&header, bytes.data(), sizeof header);
  CHECK(header.sca_assoc_id == SCTP_FUTURE_ASSOC);
  CHECK(header.sca_keynumber == 5);
  CHECK(header.sca_keylength == 6);
  CHECK(test.key(5) == "secret");
  const auto whom = [&] {
    std::int32_t id = -2;
    std::memcpy(&id, test.bytes_given(SCTP_AUTH_KEY).data(), sizeof id);
    return id;
  };
  test.association.set(AuthKey{.number = 65535, .secret = as_bytes("s")});
  CHECK(whom() == 7);
  CHECK(test.key(65535) == "s");
  test.socket.set(AuthKey{.number = 5, .secret = as_bytes("other")}, Associations::existing);
  CHECK(whom() == SCTP_CURRENT_ASSOC);
  test.socket.set(AuthKey{.number = 5, .secret = as_bytes("other")}, Associations::all, test.error);
  CHECK(whom() == SCTP_ALL_ASSOC);
  CHECK(test.key(5) == "other");
}

TEST_CASE("An empty secret is one, and the longest has 65535 bytes") {
  Authenticated test;
  test.socket.set(AuthKey{.number = 1}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.bytes_given(SCTP_AUTH_KEY).size() == sizeof(sctp_authkey) + 1);
  CHECK(test.key(1).empty());
  const std::string longest(65535, 'x');
  test.socket.set(AuthKey{.number = 2, .secret = as_bytes(longest)}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.key(2) == longest);
  const auto sets = test.times_set(SCTP_AUTH_KEY);
  test.socket.set(AuthKey{.number = 3, .secret = as_bytes(longest + 'x')}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  CHECK(test.times_set(SCTP_AUTH_KEY) == sets);
}

TEST_CASE("A key is chosen, deactivated and deleted by its number") {
  Authenticated test;
  for (const std::uint16_t number : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{300}})
    test.socket.set(AuthKey{.number = number, .secret = as_bytes("x")});
  CHECK(test.socket.get<AuthActiveKey>().number == 0);
  test.socket.set(AuthActiveKey{300}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.descriptor().active_key == 300);
  CHECK(test.socket.get<AuthActiveKey>(test.error).number == 300);
  CHECK_FALSE(test.error);
  test.socket.set(AuthActiveKey{4}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  test.socket.set(AuthDeactivateKey{1}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.given<sctp_authkeyid>(SCTP_AUTH_DEACTIVATE_KEY).scact_keynumber == 1);
  test.socket.set(AuthDeleteKey{2}, test.error);
  CHECK_FALSE(test.error);
  CHECK(test.given<sctp_authkeyid>(SCTP_AUTH_DELETE_KEY).scact_keynumber == 2);
  test.socket.set(AuthDeactivateKey{300}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
  test.socket.set(AuthDeleteKey{300}, test.error);
  CHECK(test.error == std::errc::invalid_argument);
}

TEMPLATE_TEST_CASE("What is done to a key is done to whom it is meant", "",
                   (std::pair<AuthActiveKey, std::integral_constant<int, SCTP_AUTH_ACTIVE_KEY>>),
                   (std::pair<AuthDeactivateKey, std::integral_constant<int, SCTP_AUTH_DEACTIVATE_KEY>>),
                   (std::pair<AuthDeleteKey, std::integral_constant<int, SCTP_AUTH_DELETE_KEY>>)) {
  using Option = typename TestType::first_type;
  Authenticated test{Style::one_to_many};
  const auto whom = [&] {
    return test.template given<sctp_authkeyid>(TestType::second_type::value).scact_assoc_id;
  };
  const auto has_key_one = [&] { test.socket.set(AuthKey{.number = 1, .secret = as_bytes("x")}); };
  has_key_one();
  test.socket.set(Option{1});
  CHECK(whom() == SCTP_FUTURE_ASSOC);
  has_key_one();
  test.association.set(Option{1});
  CHECK(whom() == 7);
  has_key_one();
  test.socket.set(Option{1}, Associations::existing);
  CHECK(whom() == SCTP_CURRENT_ASSOC);
  has_key_one();
  test.socket.set(Option{1}, Associations::all, test.error);
  CHECK(whom() == SCTP_ALL_ASSOC);
}

TEST_CASE("Which key is active is asked of whom it is meant") {
  Authenticated test;
  static_cast<void>(test.association.get<AuthActiveKey>());
  CHECK(test.asked<sctp_authkeyid>(SCTP_AUTH_ACTIVE_KEY).scact_assoc_id == 7);
  static_cast<void>(test.socket.get<AuthActiveKey>());
  CHECK(test.asked<sctp_authkeyid>(SCTP_AUTH_ACTIVE_KEY).scact_assoc_id == 0);
}

// Texts, failures

TEST_CASE("Types of chunks and functions have names, or their numbers") {
  using enum ChunkType;
  const std::vector<std::pair<ChunkType, std::string>> names{{data, "DATA"},
                                                             {sack, "SACK"},
                                                             {heartbeat, "HEARTBEAT"},
                                                             {heartbeat_ack, "HEARTBEAT-ACK"},
                                                             {ChunkType::abort, "ABORT"},
                                                             {shutdown, "SHUTDOWN"},
                                                             {shutdown_ack, "SHUTDOWN-ACK"},
                                                             {error, "ERROR"},
                                                             {cookie_echo, "COOKIE-ECHO"},
                                                             {cookie_ack, "COOKIE-ACK"},
                                                             {ecn_echo, "ECNE"},
                                                             {cwr, "CWR"},
                                                             {i_data, "I-DATA"},
                                                             {asconf_ack, "ASCONF-ACK"},
                                                             {re_config, "RE-CONFIG"},
                                                             {pad, "PAD"},
                                                             {forward_tsn, "FORWARD-TSN"},
                                                             {asconf, "ASCONF"},
                                                             {i_forward_tsn, "I-FORWARD-TSN"},
                                                             {ChunkType{63}, "chunk type 63"}};
  for (const auto& [type, name] : names) CHECK(to_string(type) == name);
  CHECK(to_string(Hmac::sha1) == "SHA-1");
  CHECK(to_string(Hmac::sha256) == "SHA-256");
  CHECK(to_string(Hmac{2}) == "HMAC 2");
}

TEST_CASE("Without memory the lists and the keys are not to be had, and nothing is set") {
  Authenticated test;
  test.descriptor().auth_chunks = {0};
  const auto lacks_memory = [&](auto attempt) {
    test.error.clear();
    const NoMemory none;
    attempt();
    return test.error == std::errc::not_enough_memory;
  };
  HmacIdent hmacs;
  LocalAuthChunks local;
  PeerAuthChunks peer;
  test.descriptor().peer_auth_chunks = {0};
  CHECK(lacks_memory([&] { get_option(test.target(), hmacs, test.error); }));
  CHECK(lacks_memory([&] { get_option(test.target(), local, test.error); }));
  CHECK(lacks_memory([&] { get_option(test.target_of_one(), peer, test.error); }));
  CHECK(hmacs.hmacs.empty());
  CHECK(local.types.empty());
  CHECK(peer.types.empty());
  const AuthKey key{.number = 1, .secret = as_bytes("secret")};
  CHECK(lacks_memory([&] { test.socket.set(key, test.error); }));
  CHECK(test.times_set(SCTP_AUTH_KEY) == 0);
  const NoMemory none;
  CHECK_THROWS_AS(test.socket.set(key), std::bad_alloc);
}

TEST_CASE("Every option of SCTP-AUTH fails with the kernel's error, and leaves the value alone") {
  Authenticated test;
  const OptionTarget whom = GENERATE_REF(test.target(), test.target_of_one());
  check_set_fails(test, whom, AuthChunk{});
  check_set_fails(test, whom, HmacIdent{{Hmac::sha1}});
  check_set_fails(test, whom, AuthKey{});
  check_set_fails(test, whom, AuthActiveKey{});
  check_set_fails(test, whom, AuthDeactivateKey{});
  check_set_fails(test, whom, AuthDeleteKey{});
  check_get_fails(test, whom, HmacIdent{{Hmac::sha256, Hmac::sha256}});
  check_get_fails(test, whom, AuthActiveKey{77});
  check_get_fails(test, whom, LocalAuthChunks{{ChunkType::pad}});
  check_get_fails(test, whom, PeerAuthChunks{{ChunkType::pad}});
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <set>
#include <vector>

#include <sctpxx/listener.hpp>
#include <sctpxx/one_to_many_socket.hpp>
#include <sctpxx/option/authentication.hpp>
#include <sctpxx/option/capability.hpp>
#include <sctpxx/shared_secret.hpp>

#include "each_call_fails.hpp"
#include "one_socket.hpp"
#include "support/allocation_counter.hpp"

/// What sockets that are accepted or peeled off have of SCTP-AUTH: the kernel passes on nothing of it, and
/// when the peer begins anew it asks the new socket.
namespace {

using namespace sctp;
using namespace sctp::test;
using option::AuthChunk;
using option::AuthSupported;
using option::ChunkType;
using option::HmacIdent;
using Hmac = HmacIdent::Hmac;
using Chunks = std::set<std::uint8_t>;

/// A listener, or a one-to-many socket, of which one comes.
struct Parent {
  FakeKernel& kernel;
  bool accepts;
  Listener listener{};
  OneToManySocket many{};
  ReceiveBuffer here{};
  ReceiveBuffer there{};

  Parent(FakeKernel& on, bool as_listener, std::error_code& error) : kernel{on}, accepts{as_listener} {
    if (accepts) {
      listener = Listener{near, error};
    } else {
      many = OneToManySocket{Address::Family::v4, error};
      if (!error) kernel.association(many.fd(), seven);
    }
  }
  [[nodiscard]] SocketRef socket() const { return accepts ? SocketRef{listener} : SocketRef{many}; }
  OneToOneSocket come(std::error_code& error) {
    if (!accepts) return many.peel_off(seven, here, there, error);
    kernel.peer_waits(seven);
    return listener.accept(error);
  }
  OneToOneSocket come() {
    std::error_code error;
    OneToOneSocket child = come(error);
    CHECK_FALSE(error);
    REQUIRE(child.is_open());
    return child;
  }
};
struct OwnParent : OwnKernel, Parent {
  std::error_code error;
  OwnParent() : Parent{own_kernel, GENERATE(false, true), error} { REQUIRE_FALSE(error); }
};

std::vector<int> options_set(const FakeKernel& kernel, int fd) {
  std::vector<int> options;
  for (const OptionCall& call : kernel.option_calls) {
    if (call.sets && call.fd == fd && call.option.first == IPPROTO_SCTP)
      options.push_back(call.option.second);
  }
  return options;
}

TEST_CASE("What must be authenticated, and how, is passed on, in that order") {
  OwnParent test;
  test.socket().set(AuthSupported{});
  test.socket().set(AuthChunk{ChunkType::data});
  test.socket().set(AuthChunk{ChunkType{0x3f}});
  test.socket().set(HmacIdent{{Hmac::sha256, Hmac::sha1}});
  test.kernel.option_calls.clear();
  const OneToOneSocket child = test.come();
  const Descriptor& has = test.kernel.descriptor(child.fd());
  CHECK(child.get<AuthSupported>().on);
  CHECK(has.auth_chunks == Chunks{0x00, 0x3f});
  CHECK(has.hmacs == std::vector<std::uint16_t>{3, 1});
  const auto options = options_set(test.kernel, child.fd());
  REQUIRE(options.size() > 4);
  CHECK(std::vector<int>(options.begin(), options.begin() + 4) ==
        std::vector<int>{SCTP_AUTH_SUPPORTED, SCTP_HMAC_IDENT, SCTP_AUTH_CHUNK, SCTP_AUTH_CHUNK});
}

TEST_CASE("Keys are not passed on: the association has its own, which a key of the socket would replace") {
  OwnParent test;
  test.socket().set(SharedSecret{.number = 3, .secret = as_bytes("secret")});
  test.kernel.option_calls.clear();
  const OneToOneSocket child = test.come();
  for (const OptionCall& call : test.kernel.option_calls) {
    const int option = call.option.first == IPPROTO_SCTP ? call.option.second : 0;
    CHECK((option != SCTP_AUTH_KEY && option != SCTP_AUTH_ACTIVE_KEY && option != SCTP_AUTH_DELETE_KEY &&
           option != SCTP_AUTH_DEACTIVATE_KEY));
  }
  CHECK(test.kernel.descriptor(child.fd()).auth_chunks ==
        test.kernel.descriptor(test.socket().fd()).auth_chunks);
  CHECK(test.kernel.descriptor(child.fd()).hmacs == std::vector<std::uint16_t>{3, 1});
}

TEST_CASE("Where SCTP-AUTH is off, nothing of it is asked or passed on") {
  OwnParent test;
  if (GENERATE(false, true)) {
    test.socket().set(AuthSupported{});
    test.socket().set(AuthChunk{ChunkType::data});
    test.socket().set(AuthSupported{.on = false});
  }
  test.kernel.option_calls.clear();
  const OneToOneSocket child = test.come();
  CHECK(test.kernel.descriptor(child.fd()).auth_chunks.empty());
  for (const OptionCall& call : test.kernel.option_calls) {
    const int option = call.option.first == IPPROTO_SCTP ? call.option.second : 0;
    CHECK((option != SCTP_LOCAL_AUTH_CHUNKS && option != SCTP_HMAC_IDENT && option != SCTP_AUTH_CHUNK));
  }
}

TEST_CASE("Where nothing must be authenticated, nothing must on what comes") {
  OwnParent test;
  test.socket().set(AuthSupported{});
  const OneToOneSocket child = test.come();
  CHECK(child.get<AuthSupported>().on);
  CHECK(test.kernel.descriptor(child.fd()).auth_chunks.empty());
  CHECK(test.kernel.descriptor(child.fd()).hmacs == std::vector<std::uint16_t>{1});
}

TEST_CASE("Every type of chunk that the socket wants authenticated is passed on") {
  OwnParent test;
  test.socket().set(AuthSupported{});
  Chunks all;
  for (unsigned type = 0; type != 256; ++type) {
    if (type != 1 && type != 2 && type != 14 && type != 15) all.insert(static_cast<std::uint8_t>(type));
  }
  test.kernel.descriptor(test.socket().fd()).auth_chunks = all;
  const OneToOneSocket child = test.come();
  CHECK(test.kernel.descriptor(child.fd()).auth_chunks == all);
}

TEST_CASE("Whichever call of passing it on fails, the error is told, and nothing leaks") {
  const bool accepts = GENERATE(false, true);
  each_call_fails([accepts](FakeKernel& kernel, std::error_code& error) {
    Parent parent{kernel, accepts, error};
    if (!error) parent.socket().set(SharedSecret{.secret = as_bytes("x")}, error);
    if (error) return;
    const OneToOneSocket child = parent.come(error);
    CHECK(child.is_open() == !error);
    if (child.is_open()) CHECK(kernel.descriptor(child.fd()).auth_chunks.size() == 5);
  });
}

TEST_CASE("Without memory for it nobody comes, and nothing leaks") {
  const bool accepts = GENERATE(false, true);
  for (std::size_t after = 0;; ++after) {
    CAPTURE(after);
    FakeKernel kernel;
    std::error_code error;
    Parent parent{kernel, accepts, error};
    parent.socket().set(SharedSecret{.secret = as_bytes("x")});
    if (accepts) kernel.peer_waits(seven);
    OneToOneSocket child;
    {
      const NoMemory none{after};
      child = accepts ? parent.listener.accept(error)
                      : parent.many.peel_off(seven, parent.here, parent.there, error);
    }
    if (!error) {
      CHECK(after > 0);
      CHECK(kernel.descriptor(child.fd()).auth_chunks.size() == 5);
      break;
    }
    CHECK(error == std::errc::not_enough_memory);
    CHECK_FALSE(child.is_open());
    CHECK(kernel.open_count() == 1);
  }
}

}  // namespace

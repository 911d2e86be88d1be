// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include <sctpxx/listener.hpp>
#include <sctpxx/option/capability.hpp>

#include "many.hpp"
#include "native.hpp"
#include "sys.hpp"

/// What a socket is that comes from another: peeled off, or accepted.
namespace {

using namespace sctp;
using namespace sctp::test;
using Catch::Matchers::StartsWith;
using Option = std::pair<int, int>;

struct Peeling : Many {
  ReceiveBuffer there;

  Peeling() : Many{seven, eight} { of(seven).addresses = {Address::parse("192.0.2.1:7")}; }

  OneToOneSocket peel_off(AssociationId id) { return socket.peel_off(id, buffer, there, error); }
};

constexpr Option flags_option{IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF_FLAGS};

TEST_CASE("An association that is peeled off has a socket of its own, close-on-exec and blocking") {
  Peeling test;
  test.descriptor().status_flags = GENERATE(0, O_NONBLOCK);
  OneToOneSocket peer;
  SECTION("with an error code") {
    peer = test.peel_off(seven);
    CHECK_FALSE(test.error);
  }
  SECTION("with an exception") { peer = test.socket.peel_off(seven, test.buffer, test.there); }
  CHECK(peer.is_open());
  CHECK(peer.fd() != test.fd);
  CHECK(peer.style() == Style::peeled_off);
  CHECK(peer.association().id() == seven);
  const Descriptor& descriptor = test.kernel.descriptor(peer.fd());
  CHECK(descriptor.fd_flags == FD_CLOEXEC);
  CHECK(descriptor.status_flags == 0);
  CHECK(descriptor.associations.size() == 1);
  CHECK(test.socket.associations() == std::vector{eight});
  CHECK(test.kernel.count(Call::set_fd_flags) == 0);
  CHECK(to_string(peer.peer_address()) == "192.0.2.1:7");
}

TEST_CASE("A kernel that knows no flags for it peels off, too, and the socket is close-on-exec") {
  Peeling test;
  test.kernel.unknown_options = {flags_option};
  const OneToOneSocket peer = test.peel_off(seven);
  CHECK_FALSE(test.error);
  REQUIRE(peer.is_open());
  CHECK(test.kernel.descriptor(peer.fd()).fd_flags == FD_CLOEXEC);
  CHECK(test.kernel.descriptor(peer.fd()).associations.contains(7));
}

TEST_CASE("What is not there cannot be peeled off, and nothing changes") {
  Peeling test;
  if (GENERATE(false, true)) test.kernel.unknown_options = {flags_option};
  CHECK_FALSE(test.peel_off(nine).is_open());
  CHECK(test.error == std::errc::invalid_argument);
  CHECK_THROWS_WITH(test.socket.peel_off(nine, test.buffer, test.there),
                    StartsWith("cannot peel off association 9: there is no such association, or no more: "));
  CHECK(test.descriptor().associations.size() == 2);
  CHECK(test.kernel.open_count() == 1);
}

TEST_CASE("A peel-off that the kernel refuses is tried in one way only") {
  Peeling test;
  test.kernel.fail_next(Call::getsockopt, EMFILE);
  CHECK_FALSE(test.peel_off(seven).is_open());
  CHECK(test.error == std::errc::too_many_files_open);
  CHECK(test.kernel.count(Call::getsockopt) == 1);
  CHECK(test.has(seven));
}

TEST_CASE("Whichever call of peeling off fails, the error is told and no descriptor leaks") {
  const bool has_flags = GENERATE(true, false);
  for (std::size_t position = 0;; ++position) {
    Peeling test;
    test.kernel.allows_interleaving = true;
    test.socket.set(option::InterleavingSupported{});
    if (!has_flags) test.kernel.unknown_options = {flags_option};
    test.kernel.fail_at(position, EDQUOT);
    const OneToOneSocket peer = test.peel_off(seven);
    CAPTURE(position, test.kernel.story());
    if (!test.kernel.failed_at) {
      CHECK(position > 12);
      CHECK_FALSE(test.error);
      break;
    }
    const bool is_told = test.kernel.failed_at != Call::set_fd_flags;  // which no kernel refuses
    CHECK((test.error.value() == EDQUOT) == is_told);
    CHECK(peer.is_open() == !is_told);
    CHECK(test.kernel.open_count() == (peer.is_open() ? 2 : 1));
  }
}

TEST_CASE("What was peeled off is used as any other socket with one association") {
  Peeling test;
  OneToOneSocket peer = test.peel_off(seven);
  peer.send(as_bytes("hello"));
  CHECK(test.kernel.sent.back().fd == peer.fd());
  test.kernel.receives(piece("to it").at(peer.fd()).end());
  test.kernel.receives(piece("to the other").at(test.fd).end());
  CHECK(text_of(peer.receive(test.there)) == "to it");
  CHECK(peer.try_receive(test.there).status() == ReceiveStatus::would_block);
  CHECK(text_of(test.socket.receive(test.buffer)) == "to the other");
  peer.shutdown(test.error);
  CHECK_FALSE(test.error);
  CHECK(test.kernel.sent.back().info_flags == SCTP_EOF);
  const OneToOneSocket second = test.peel_off(eight);
  CHECK(second.is_open());
  CHECK(test.socket.associations().empty());
}

// What the kernel does not pass on

void set_number(int fd, Option option, int value) {
  CHECK(sys::setsockopt(fd, option.first, option.second, &value, sizeof value) == 0);
}

int number(int fd, Option option) {
  int value = -1;
  socklen_t length = sizeof value;
  CHECK(sys::getsockopt(fd, option.first, option.second, &value, &length) == 0);
  return value;
}

constexpr Option priority{SOL_SOCKET, SO_PRIORITY};
constexpr Option mark{SOL_SOCKET, SO_MARK};
constexpr Option type_of_service{IPPROTO_IP, IP_TOS};
constexpr Option freebind{IPPROTO_IP, IP_FREEBIND};

/// A listener or a one-to-many socket, as `from`, and what comes from it.
struct Child {
  FakeKernel kernel;
  bool is_accepted = GENERATE(false, true);
  Listener listener{Address::Family::v4};
  OneToManySocket many{Address::Family::v4};
  ReceiveBuffer here;
  ReceiveBuffer there;
  int from = is_accepted ? listener.fd() : many.fd();

  Child() {
    listener.listen();
    kernel.association(many.fd(), seven);
    kernel.association(many.fd(), eight);
    kernel.allows_interleaving = true;
    set_number(from, {IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE}, 1);
  }
  OneToOneSocket come(std::error_code& error) {
    if (!is_accepted) return many.peel_off(seven, here, there, error);
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

TEST_CASE("What an endpoint offers is what the sockets that come from it offer") {
  Child test;
  const SocketRef parent = SocketRef::borrow(test.from, Style::one_to_one);
  const bool on = GENERATE(false, true);
  parent.set(option::PrSupported{on});
  parent.set(option::ReconfigSupported{on});
  parent.set(option::AuthSupported{on});
  parent.set(option::AsconfSupported{on});
  parent.set(option::EcnSupported{on});
  parent.set(option::InterleavingSupported{on});
  const OneToOneSocket child = test.come();
  CHECK(child.get<option::PrSupported>().on == on);
  CHECK(child.get<option::ReconfigSupported>().on == on);
  CHECK(child.get<option::AsconfSupported>().on == on);
  CHECK(child.get<option::AuthSupported>().on == on);
  CHECK(child.get<option::EcnSupported>().on == on);
  CHECK(child.get<option::InterleavingSupported>().on == on);
}

TEST_CASE("How packets are marked is passed on, though the kernel derives one mark from another") {
  Child test;
  set_number(test.from, type_of_service, 0x28);
  set_number(test.from, priority, 5);
  set_number(test.from, mark, 9);
  set_number(test.from, freebind, 1);
  const OneToOneSocket child = test.come();
  CHECK(number(child.fd(), type_of_service) >> 2 == 0x28 >> 2);
  CHECK(number(child.fd(), priority) == 5);
  CHECK(number(child.fd(), mark) == 9);
  CHECK(number(child.fd(), freebind) == 1);
  const auto& options = test.kernel.descriptor(child.fd()).options;
  int given = -1;
  std::memcpy(&given, options.at(type_of_service).data(), sizeof given);
  CHECK(given == 0x28);  // without the kernel's own mark for ECN
}

TEST_CASE("What nobody has set is not set on what comes") {
  Child test;
  const OneToOneSocket child = test.come();
  const auto& options = test.kernel.descriptor(child.fd()).options;
  for (const Option& option : {priority, mark, type_of_service, freebind})
    CHECK_FALSE(options.contains(option));
  CHECK_FALSE(options.contains({IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED}));
}

TEST_CASE("Interleaving that may not be on is not asked for") {
  Child test;
  test.kernel.allows_interleaving = false;
  CHECK(test.come().is_open());
}

TEST_CASE("An old kernel, or one without a family, has nothing to pass on") {
  Child test;
  for (const int option : {SCTP_PR_SUPPORTED, SCTP_RECONFIG_SUPPORTED, SCTP_INTERLEAVING_SUPPORTED,
                           SCTP_ASCONF_SUPPORTED, SCTP_AUTH_SUPPORTED, SCTP_ECN_SUPPORTED}) {
    test.kernel.unknown_options.insert({IPPROTO_SCTP, option});
  }
  test.kernel.unknown_options.insert(type_of_service);
  test.kernel.unknown_options.insert(freebind);
  set_number(test.from, priority, 5);
  const OneToOneSocket child = test.come();
  CHECK(number(child.fd(), priority) == 5);
}

TEST_CASE("What one kernel does not know does not keep it from passing the rest on") {
  Child test;
  const SocketRef parent = SocketRef::borrow(test.from, Style::one_to_one);
  test.kernel.unknown_options = {{IPPROTO_SCTP, SCTP_PR_SUPPORTED}};
  parent.set(option::ReconfigSupported{});
  parent.set(option::EcnSupported{.on = false});
  const OneToOneSocket child = test.come();
  CHECK(child.get<option::ReconfigSupported>().on);
  CHECK_FALSE(child.get<option::EcnSupported>().on);
}

TEST_CASE("What cannot be passed on is told, and nothing leaks") {
  Child test;
  std::error_code error;
  test.kernel.fail_next(Call::setsockopt, EPERM);
  CHECK_FALSE(test.come(error).is_open());
  CHECK(error == std::errc::operation_not_permitted);
  CHECK(test.kernel.open_count() == 2);
}

}  // namespace

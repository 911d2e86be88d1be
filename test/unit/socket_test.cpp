// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/socket.hpp>

#include <cerrno>
#include <type_traits>
#include <utility>

#include <sctpxx/one_to_one_socket.hpp>

#include "support/catch.hpp"
#include "support/fake_kernel.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

// Socket has no constructor of its own for the public; any owner does.
using Owner = OneToOneSocket;
static_assert(!std::is_copy_constructible_v<Owner> && !std::is_copy_assignable_v<Owner>);
static_assert(std::is_nothrow_move_constructible_v<Owner> && std::is_nothrow_move_assignable_v<Owner>);

TEST_CASE("An owner closes its descriptor at its end, once") {
  FakeKernel kernel;
  int fd = -1;
  {
    const Owner owner{Address::Family::v4};
    fd = owner.fd();
    CHECK(kernel.is_open(fd));
  }
  CHECK_FALSE(kernel.is_open(fd));
  CHECK(kernel.count(Call::close) == 1);
}

TEST_CASE("Closing twice is harmless, and closing nothing makes no call") {
  FakeKernel kernel;
  Owner owner{Address::Family::v4};
  owner.close();
  CHECK_FALSE(owner.is_open());
  CHECK(owner.fd() == -1);
  owner.close();
  Owner{}.close();
  CHECK(kernel.count(Call::close) == 1);
}

TEST_CASE("Closing is not repeated when a signal interrupts it") {
  FakeKernel kernel;
  kernel.fail_next(Call::close, EINTR);
  Owner{Address::Family::v4}.close();
  CHECK(kernel.count(Call::close) == 1);
}

TEST_CASE("A move hands the descriptor over") {
  FakeKernel kernel;
  Owner from{Address::Family::v4};
  const int fd = from.fd();
  Owner to{std::move(from)};
  CHECK(to.fd() == fd);
  CHECK_FALSE(from.is_open());
  CHECK(kernel.count(Call::close) == 0);
}

TEST_CASE("A move to an owner closes what that had") {
  FakeKernel kernel;
  Owner from{Address::Family::v4};
  Owner to{Address::Family::v4};
  const int moved = from.fd();
  const int closed = to.fd();
  to = std::move(from);
  CHECK(to.fd() == moved);
  CHECK_FALSE(kernel.is_open(closed));
  CHECK(kernel.is_open(moved));
  from = Owner{Address::Family::v6};
  CHECK(from.is_open());
}

TEST_CASE("A move to itself changes nothing") {
  FakeKernel kernel;
  Owner owner{Address::Family::v4};
  const int fd = owner.fd();
  Owner& same = owner;
  owner = std::move(same);
  CHECK(owner.fd() == fd);
  CHECK(kernel.is_open(fd));
}

TEST_CASE("A handle survives a move of its owner") {
  FakeKernel kernel;
  Owner from{Address::Family::v4};
  const SocketRef handle = from;
  const Owner to{std::move(from)};
  CHECK(handle.fd() == to.fd());
}

TEST_CASE("A released descriptor stays open, and is the caller's") {
  FakeKernel kernel;
  int fd = -1;
  {
    Owner owner{Address::Family::v4};
    fd = owner.release();
    CHECK_FALSE(owner.is_open());
    CHECK(owner.release() == -1);
  }
  CHECK(kernel.is_open(fd));
  sys::close(fd);
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_many_socket.hpp>

#include "association_numbers.hpp"
#include "borrowed.hpp"
#include "support/catch.hpp"
#include "support/fake_kernel.hpp"

namespace sctp::test {

/// A one-to-many socket for a test.
struct Many {
  FakeKernel kernel;
  OneToManySocket socket{Address::Family::v4};
  int fd = socket.fd();
  ReceiveBuffer buffer;
  std::error_code error = Errc::no_addresses;

  explicit Many(std::initializer_list<AssociationId> associations = {}) {
    for (const AssociationId id : associations) kernel.association(fd, id);
    kernel.descriptor(fd).local = Address::parse("192.0.2.9:3868");
    kernel.forget_calls();
  }

  Descriptor& descriptor() { return kernel.descriptor(fd); }
  FakeAssociation& of(AssociationId id) { return kernel.association(fd, id); }
  bool has(AssociationId id) { return descriptor().associations.contains(static_cast<std::int32_t>(id)); }
  [[nodiscard]] std::size_t sent_with(std::uint16_t flags) const {
    return static_cast<std::size_t>(std::ranges::count(kernel.sent, flags, &Sent::info_flags));
  }
};

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Somebody else's program: uses a header, and something that is compiled in the library.
#include <iostream>
#include <sctpxx/sctp.hpp>

int main() {
  std::error_code error;
  const sctp::OneToOneSocket socket{sctp::Address::Family::v4, error};  // links what the library itself needs
  std::cout << "sctpxx " << sctp::version << ' '
            << to_string(sctp::Address{"192.0.2.1", sctp::port::diameter}) << '\n';
  return error && error != sctp::Errc::kernel_has_no_sctp ? 1 : 0;
}

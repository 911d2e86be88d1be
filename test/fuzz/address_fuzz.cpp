// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

/// Takes the input for the text of an address, and for the bytes of one, and ends the program where reading
/// and writing do not agree, or not with what the C library makes of the host.

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <sctpxx/address.hpp>
#include <sctpxx/error.hpp>

#include "check.hpp"

namespace {

using namespace sctp;

void check_round_trip(const Address& address) {
  std::error_code error = Errc::no_addresses;
  const std::string text = to_string(address);
  check(Address::parse(text, error) == address && !error, "what was written is read as the same");
  check(std::hash<Address>{}(Address::parse(text, error)) == std::hash<Address>{}(address),
        "equal addresses have one hash");
  check(address.family() == Address::Family::v6 || address.scope() == 0, "an IPv4 address has no scope");
  check(text.size() < 70 && text.find('\0') == std::string::npos, "a text is a text");
}

/// The C library reads the host without its scope.
bool is_host(std::string_view host, const Address& address) {
  const std::string text{host.substr(0, host.find('%'))};
  std::array<std::uint8_t, 16> bytes{};
  const bool is_v6 = address.family() == Address::Family::v6;
  return inet_pton(is_v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) == 1 &&
         std::memcmp(bytes.data(), address.bytes().data(), is_v6 ? 16 : 4) == 0;
}

void check_text(std::string_view text) {
  std::error_code error = Errc::no_addresses;
  const Address whole = Address::parse(text, error);
  check(!error || error == Errc::malformed_address, "an error says what is wrong");
  check(!error || whole == Address{}, "beside an error there is no address");
  if (!error) {
    check_round_trip(whole);
    const std::string_view host = text.substr(0, text.rfind(':'));
    const bool has_brackets = host.starts_with('[');
    check(has_brackets == (whole.family() == Address::Family::v6), "IPv6 has brackets");
    check(is_host(has_brackets ? host.substr(1, host.size() - 2) : host, whole), "the host is what it says");
    check(std::to_string(whole.port()).size() <= text.size() - text.rfind(':'), "the port is in the text");
  }
  const Address with_port{text, 7, error};
  if (error) {
    check(error == Errc::malformed_address && with_port == Address{}, "no address, and that is told");
    std::array<std::uint8_t, 16> bytes{};
    const std::string copy{text};
    const bool is_text = copy.find('\0') == std::string::npos;
    check(!is_text || (inet_pton(AF_INET, copy.c_str(), bytes.data()) != 1 &&
                       inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1),
          "what is an address is read");
    return;
  }
  check(with_port.port() == 7 && is_host(text, with_port), "the host is what it says");
  check_round_trip(with_port);
}

void check_bytes(Bytes bytes) {
  std::array<std::uint8_t, 16> v6{};
  std::array<std::uint8_t, 4> v4{};
  std::uint16_t port = 0;
  std::uint32_t scope = 0;
  if (bytes.size() < sizeof v6 + sizeof port + sizeof scope) return;
  std::memcpy(v6.data(), bytes.data(), sizeof v6);
  std::memcpy(v4.data(), bytes.data(), sizeof v4);
  std::memcpy(&port, bytes.data() + sizeof v6, sizeof port);
  std::memcpy(&scope, bytes.data() + sizeof v6 + sizeof port, sizeof scope);
  check_round_trip(Address::v4(v4, port));
  check_round_trip(Address::v6(v6, port, scope));
  const Address one = Address::v6(v6, port, scope);
  check(one.with_port(0).with_port(port) == one && one.with_scope(0).scope() == 0, "one part changes alone");
  check((one <=> Address::v4(v4, port)) != 0, "the families are apart");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span{data, size});
  check_text(as_text(bytes));
  check_bytes(bytes);
  return 0;
}

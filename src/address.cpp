// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/address.hpp>

#include <arpa/inet.h>

#include <net/if.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>
#include <string>
#include <system_error>

#include <sctpxx/error.hpp>

#include "sys.hpp"

namespace sctp::inline v0 {
namespace {

/// All of `text` as a number without sign, blanks or leading zeros.
template <class Number>
bool parse_number(std::string_view text, Number& number) noexcept {
  if (text.size() > 1 && text.starts_with('0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// `inet_pton` and its like want a terminating zero, which a view has not.
template <std::size_t Size>
bool terminate(std::string_view text, std::array<char, Size>& terminated) noexcept {
  if (text.empty() || text.size() >= Size || text.find('\0') != std::string_view::npos) return false;
  *std::copy(text.begin(), text.end(), terminated.begin()) = '\0';
  return true;
}

/// Of an interface that is not there the address is malformed; where the system cannot tell it says why.
std::error_code parse_scope(std::string_view text, std::uint32_t& scope) noexcept {
  if (parse_number(text, scope)) return scope != 0 ? std::error_code{} : Errc::malformed_address;
  std::array<char, IF_NAMESIZE> name;
  if (!terminate(text, name)) return Errc::malformed_address;
  scope = sys::interface_index(name.data());
  if (scope != 0) return {};
  if (errno == ENODEV) return Errc::malformed_address;
  return {errno, std::system_category()};
}

std::error_code parse_host(std::string_view host, std::uint16_t port, Address& address) noexcept {
  std::array<char, INET6_ADDRSTRLEN> text;
  const std::string_view digits = host.substr(0, host.find('%'));
  const bool has_scope = digits.size() != host.size();
  if (!terminate(digits, text)) return Errc::malformed_address;
  if (std::array<std::uint8_t, 4> bytes; inet_pton(AF_INET, text.data(), bytes.data()) == 1) {
    if (has_scope) return Errc::malformed_address;
    address = Address::v4(bytes, port);
    return {};
  }
  std::array<std::uint8_t, 16> bytes;
  if (inet_pton(AF_INET6, text.data(), bytes.data()) != 1) return Errc::malformed_address;
  std::uint32_t scope = 0;
  std::error_code error;
  if (has_scope) error = parse_scope(host.substr(digits.size() + 1), scope);
  if (!error) address = Address::v6(bytes, port, scope);
  return error;
}

/// "192.0.2.1:7" and "[2001:db8::1]:7" in their two parts; an IPv6 address needs its brackets, or the last
/// colon would be anybody's guess.
bool split(std::string_view text, std::string_view& host, std::string_view& port) noexcept {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  host = text.substr(0, colon);
  port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return host.find(':') != std::string_view::npos;
  }
  return host.find(':') == std::string_view::npos;
}

[[noreturn]] void fail_to_read(std::string_view text, std::error_code error) {
  if (error == std::errc::not_enough_memory) throw std::bad_alloc{};
  std::string what = "cannot read the address '";
  for (const char c : text.substr(0, 80)) what += c >= ' ' && c <= '~' ? c : '?';
  throw std::system_error{error, what + "'"};
}

}  // namespace

Address::Address(std::string_view host, std::uint16_t port) {
  if (const std::error_code error = parse_host(host, port, *this)) fail_to_read(host, error);
}

Address::Address(std::string_view host, std::uint16_t port, std::error_code& error) noexcept {
  error = parse_host(host, port, *this);
}

Address Address::parse(std::string_view text, std::error_code& error) noexcept {
  std::string_view host;
  std::string_view digits;
  std::uint16_t port = 0;
  if (split(text, host, digits) && parse_number(digits, port)) return {host, port, error};
  error = Errc::malformed_address;
  return {};
}

Address Address::parse(std::string_view text) {
  std::error_code error;
  const Address address = parse(text, error);
  if (error) fail_to_read(text, error);
  return address;
}

std::string to_string(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v6 = address.family() == Address::Family::v6;
  inet_ntop(v6 ? AF_INET6 : AF_INET, address.bytes().data(), text.data(), text.size());
  std::string result = v6 ? "[" : "";
  result += text.data();
  if (address.scope() != 0) result.append("%").append(std::to_string(address.scope()));
  result.append(v6 ? "]:" : ":").append(std::to_string(address.port()));
  return result;
}

}  // namespace sctp::inline v0

std::size_t std::hash<sctp::Address>::operator()(const sctp::Address& address) const noexcept {
  const sctp::Bytes bytes = address.bytes();
  const std::size_t host = std::hash<std::string_view>{}(sctp::as_text(bytes));
  return host ^ ((std::size_t{address.scope()} << 16U | address.port()) * 0x9e3779b97f4a7c15U);
}

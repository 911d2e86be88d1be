// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/resolve.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include "escaped.hpp"
#include "native.hpp"
#include "sys.hpp"

namespace sctp::inline v0 {
namespace {

class ResolveCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int value) const override { return ::gai_strerror(value); }
  std::error_condition default_error_condition(int value) const noexcept override {
    switch (value) {
      case EAI_NONAME:
      case EAI_NODATA:
      case EAI_ADDRFAMILY: return std::errc::address_not_available;
      case EAI_AGAIN: return std::errc::resource_unavailable_try_again;
      case EAI_SERVICE: return std::errc::invalid_argument;
      case EAI_FAMILY: return std::errc::address_family_not_supported;
      default: return {value, *this};
    }
  }
};

std::error_code error_of(int answer) noexcept {
  if (answer == EAI_SYSTEM) return native::last_error();
  if (answer == EAI_MEMORY) return std::make_error_code(std::errc::not_enough_memory);
  return {answer, resolve_category()};
}

/// What to do about it.
const char* advice(std::error_code error) noexcept {
  if (error.category() != resolve_category()) return "";
  switch (error.value()) {
    case EAI_NONAME: return ": is the name right, and does /etc/hosts or a name server know it?";
    case EAI_NODATA:
    case EAI_ADDRFAMILY: return ": the name is known, but has no address of the family that was asked for";
    case EAI_AGAIN: return ": try again later; does this machine reach its name server (/etc/resolv.conf)?";
    case EAI_FAIL: return ": a name server failed";
    case EAI_SERVICE: return ": /etc/services has no such service for SCTP; give the port as a number";
    default: return "";
  }
}

bool is_numeric(std::string_view host) noexcept {
  std::error_code error;
  static_cast<void>(Address{host, 0, error});
  return !error;
}

struct Question {
  std::string host;
  std::string service;
  int service_flag = 0;  // AI_NUMERICSERV where it is a number
  Address::Family socket{};
};

std::vector<Address> ask(const Question& question, std::error_code& error) {
  error.clear();
  if (question.host.find('\0') != std::string::npos || question.service.find('\0') != std::string::npos) {
    error = {EAI_NONAME, resolve_category()};  // the system would see its beginning alone
    return {};
  }
  addrinfo hints{};
  hints.ai_family = question.socket == Address::Family::v4 ? AF_INET : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_SCTP;
  hints.ai_flags = question.service_flag;
  if (is_numeric(question.host)) {
    hints.ai_flags |= AI_NUMERICHOST;
  } else if (hints.ai_family == AF_UNSPEC) {
    // Without addresses that this machine cannot reach. Not with AF_INET: there the system (glibc 2.36) knows
    // no name at all while there are no addresses but loopback's.
    hints.ai_flags |= AI_ADDRCONFIG;
  }
  addrinfo* list = nullptr;
  if (const int answer = sys::getaddrinfo(question.host.c_str(), question.service.c_str(), &hints, &list);
      answer != 0) {
    error = error_of(answer);
    return {};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{list, sys::freeaddrinfo};
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const auto* bytes = reinterpret_cast<const std::byte*>(entry->ai_addr);
    const auto address = native::address_from({bytes, entry->ai_addrlen});
    if (address && std::ranges::find(addresses, *address) == addresses.end()) addresses.push_back(*address);
  }
  if (addresses.empty()) error = {EAI_NODATA, resolve_category()};
  return addresses;
}

std::vector<Address> ask_or_throw(const Question& question) {
  std::error_code error;
  auto addresses = ask(question, error);
  if (error == std::errc::not_enough_memory) throw std::bad_alloc{};
  if (!error) return addresses;
  const bool is_of_service = error == std::error_code{EAI_SERVICE, resolve_category()};
  std::string text = is_of_service ? "cannot find the port of service " + escaped(as_bytes(question.service))
                                   : "cannot find the addresses of " + escaped(as_bytes(question.host));
  throw std::system_error{error, text.append(advice(error))};
}

Question about(std::string_view host, std::uint16_t port, Address::Family socket) {
  return {std::string{host}, std::to_string(port), AI_NUMERICSERV, socket};
}
Question about(std::string_view host, std::string_view service, Address::Family socket) {
  return {std::string{host}, std::string{service}, 0, socket};
}

}  // namespace

std::vector<Address> resolve(std::string_view host, std::uint16_t port, Address::Family socket) {
  return ask_or_throw(about(host, port, socket));
}

std::vector<Address> resolve(std::string_view host, std::string_view service, Address::Family socket) {
  return ask_or_throw(about(host, service, socket));
}

std::vector<Address> resolve(std::string_view host, std::uint16_t port, Address::Family socket,
                             std::error_code& error) noexcept try {
  return ask(about(host, port, socket), error);
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

std::vector<Address> resolve(std::string_view host, std::string_view service, Address::Family socket,
                             std::error_code& error) noexcept try {
  return ask(about(host, service, socket), error);
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return {};
}

Address::Family family_of(std::span<const Address> addresses) noexcept {
  const auto is_v6 = [](const Address& address) { return address.family() == Address::Family::v6; };
  return std::ranges::any_of(addresses, is_v6) ? Address::Family::v6 : Address::Family::v4;
}

const std::error_category& resolve_category() noexcept {
  static const ResolveCategory instance;
  return instance;
}

}  // namespace sctp::inline v0

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "fake_names.hpp"

/// How the fake kernel keeps options, and answers.
namespace sctp::test {

using Option = std::pair<int, int>;

/// Answers as much as there is room for, as SOL_SOCKET options do; SCTP's want room for all.
inline int answer(Bytes bytes, int level, void* value, socklen_t* length) noexcept {
  if (level == IPPROTO_SCTP && *length < bytes.size()) return fail(EINVAL);
  *length = std::min(*length, static_cast<socklen_t>(bytes.size()));
  std::memcpy(value, bytes.data(), *length);
  return 0;
}

template <class Native>
int answer(const Native& native, int level, void* value, socklen_t* length) noexcept {
  return answer(std::as_bytes(std::span{&native, 1}), level, value, length);
}

template <class Native>
bool read(const void* value, socklen_t length, Native& native) noexcept {
  if (length != sizeof native) return false;
  std::memcpy(&native, value, sizeof native);
  return true;
}

/// What was set before, or what a fresh socket has.
template <class Native>
Native kept(const Descriptor& descriptor, Option option, Native fresh) noexcept {
  const auto found = descriptor.options.find(option);
  if (found != descriptor.options.end()) std::memcpy(&fresh, found->second.data(), sizeof fresh);
  return fresh;
}

template <class Native>
int keep(Descriptor& descriptor, Option option, const Native& native) {
  const Bytes bytes = std::as_bytes(std::span{&native, 1});
  descriptor.options[option].assign(bytes.begin(), bytes.end());
  return 0;
}

template <class Number>
void take_unless_zero(Number& kept, Number given) noexcept {
  if (given != 0) kept = given;
}

/// Those of an association and of all of them, in `fake_associations.cpp`.
int set_event(const FakeKernel& kernel, Descriptor& descriptor, const void* value, socklen_t length);
int set_events(const FakeKernel& kernel, Descriptor& descriptor, const void* value, socklen_t length);
int answer_events(const FakeKernel& kernel, const Descriptor& descriptor, void* value, socklen_t* length);
int answer_status(const FakeKernel& kernel, const Descriptor& descriptor, void* value, socklen_t* length);
int answer_peer_info(const FakeKernel& kernel, const Descriptor& descriptor, void* value, socklen_t* length);
int answer_peer_addresses(const FakeKernel& kernel, const Descriptor& descriptor, void* value,
                          socklen_t* length);
int answer_addresses(std::span<const Address> addresses, void* value, socklen_t* length);
int answer_number(const Descriptor& descriptor, void* value, socklen_t* length);
int answer_ids(const Descriptor& descriptor, void* value, socklen_t* length);
/// What a descriptor that comes from another begins with.
std::map<Option, std::vector<std::byte>> inherited(const Descriptor& parent);
int peel_off(FakeKernel& kernel, int fd, int option, void* value, socklen_t* length);

int connect_one_of_many(FakeKernel& kernel, Descriptor& descriptor, const std::vector<Address>& peers,
                        int& id);
int send_to_one_of_many(FakeKernel& kernel, Descriptor& descriptor, const Sent& sent);

/// What both sides agree on at the setup, in `fake_capabilities.cpp`.
bool is_capability(int option) noexcept;
int set_capability(const FakeKernel& kernel, Descriptor& descriptor, int option, const void* value,
                   socklen_t length);
int answer_capability(const Descriptor& descriptor, int option, void* value, socklen_t* length);

/// What paths have, in `fake_paths.cpp`.
bool is_of_paths(int option) noexcept;
int set_of_path(const FakeKernel& kernel, Descriptor& descriptor, int option, const void* value,
                socklen_t length);
int answer_of_path(const FakeKernel& kernel, const Descriptor& descriptor, int option, void* value,
                   socklen_t* length);

/// SCTP-AUTH, in `fake_authentication.cpp`.
bool is_of_authentication(int option) noexcept;
int set_authentication(Descriptor& descriptor, int option, Bytes value);
int answer_authentication(const Descriptor& descriptor, int option, void* value, socklen_t* length);

}  // namespace sctp::test

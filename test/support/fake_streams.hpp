// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include "fake_options.hpp"

/// What the fake kernel keeps of the values that streams have for the scheduler.
namespace sctp::test {

/// How many streams an association sends on, where there is one. On sockets that have one association the
/// number is nothing.
inline std::optional<std::uint16_t> outgoing_streams(const FakeKernel& kernel, const Descriptor& descriptor,
                                                     std::int32_t id) {
  if (descriptor.type == SOCK_STREAM) return kernel.up ? std::optional{kernel.up->streams_out} : std::nullopt;
  const auto found =
      descriptor.is_peeled_off ? descriptor.associations.begin() : descriptor.associations.find(id);
  return found == descriptor.associations.end() ? std::nullopt : std::optional{found->second.streams_out};
}

inline std::uint32_t scheduler_of(const Descriptor& descriptor) {
  return kept(descriptor, {IPPROTO_SCTP, SCTP_STREAM_SCHEDULER}, sctp_assoc_value{}).assoc_value;
}

constexpr std::uint32_t weighted_fair = 4;

inline void forget_stream_values(Descriptor& descriptor, std::uint32_t next) {
  if (scheduler_of(descriptor) != next) descriptor.stream_values.clear();
}

inline int set_stream_value(const FakeKernel& kernel, Descriptor& descriptor, Bytes given) {
  sctp_stream_value value{};
  if (!read(given.data(), static_cast<socklen_t>(given.size()), value)) return fail(EINVAL);
  const auto streams = outgoing_streams(kernel, descriptor, value.assoc_id);
  if (!streams && descriptor.type == SOCK_STREAM) return 0;  // takes it, and forgets it
  if (!streams || value.stream_id >= *streams) return fail(EINVAL);
  const std::uint32_t scheduler = scheduler_of(descriptor);
  if (scheduler == weighted_fair && value.stream_value == 0) return fail(EINVAL);
  if (scheduler == SCTP_SS_PRIO || scheduler == weighted_fair)
    descriptor.stream_values[{value.assoc_id, value.stream_id}] = value.stream_value;
  return 0;
}

/// Writes nothing for a stream that has no value of its own.
inline int answer_stream_value(const FakeKernel& kernel, const Descriptor& descriptor, void* value,
                               socklen_t* length) {
  sctp_stream_value asked;
  if (*length < sizeof asked) return fail(EINVAL);
  std::memcpy(&asked, value, sizeof asked);
  const auto streams = outgoing_streams(kernel, descriptor, asked.assoc_id);
  if (!streams || asked.stream_id >= *streams) return fail(EINVAL);
  const auto found = descriptor.stream_values.find({asked.assoc_id, asked.stream_id});
  if (found != descriptor.stream_values.end()) asked.stream_value = found->second;
  if (scheduler_of(descriptor) == SCTP_SS_FCFS) asked.stream_value = 0;
  return answer(asked, IPPROTO_SCTP, value, length);
}

}  // namespace sctp::test

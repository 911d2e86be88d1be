// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option/stream.hpp>

#include <sctpxx/error.hpp>

#include "native_option.hpp"
#include "number.hpp"

namespace sctp::inline v0::option {
namespace {

using native::get_native;
using native::set_native;

static_assert(sizeof(sctp_stream_value) == 8 && sizeof(sctp_prstatus) == 24);
static_assert(SCTP_SS_RR ==
              int(StreamScheduler::Scheduler::round_robin));  // later ones have no name everywhere

/// EINVAL means the stream when the association is there.
void explain_stream(OptionTarget target, std::error_code& error) noexcept {
  if (error == std::errc::invalid_argument && !native::is_gone(target.fd, target.association))
    error = Errc::no_such_stream;
}

/// Of the messages of all policies when there is none. `Status` has two equal counts.
template <class Status>
void ask(OptionTarget target, int option, std::optional<Reliability::Policy> policy, StreamId stream,
         Status& value, std::error_code& error) noexcept {
  sctp_prstatus native{};
  native.sprstat_assoc_id = native::whom(target);
  native.sprstat_sid = native::to_native(stream);
  native.sprstat_policy = policy ? native::to_native(*policy) : std::uint16_t{SCTP_PR_SCTP_ALL};
  get_native(target.fd, IPPROTO_SCTP, option, native, error);
  if (error) return;
  value.abandoned_unsent = native.sprstat_abandoned_unsent;
  value.abandoned_sent = native.sprstat_abandoned_sent;
}

}  // namespace

void set_option(OptionTarget target, const EnableStreamReset& value, std::error_code& error) noexcept {
  std::uint32_t allowed = 0;
  if (value.reset_streams) allowed |= SCTP_ENABLE_RESET_STREAM_REQ;
  if (value.reset_association) allowed |= SCTP_ENABLE_RESET_ASSOC_REQ;
  if (value.add_streams) allowed |= SCTP_ENABLE_CHANGE_ASSOC_REQ;
  native::set_value(target, SCTP_ENABLE_STREAM_RESET, allowed, error);
}

void get_option(OptionTarget target, EnableStreamReset& value, std::error_code& error) noexcept {
  std::uint32_t allowed = 0;
  native::get_value(target, SCTP_ENABLE_STREAM_RESET, allowed, error);
  if (error) return;
  value = {
      .reset_streams = (allowed & SCTP_ENABLE_RESET_STREAM_REQ) != 0,
      .reset_association = (allowed & SCTP_ENABLE_RESET_ASSOC_REQ) != 0,
      .add_streams = (allowed & SCTP_ENABLE_CHANGE_ASSOC_REQ) != 0,
  };
}

void set_option(OptionTarget target, const StreamScheduler& value, std::error_code& error) noexcept {
  native::set_value(target, SCTP_STREAM_SCHEDULER, static_cast<std::uint32_t>(value.scheduler), error);
}

void get_option(OptionTarget target, StreamScheduler& value, std::error_code& error) noexcept {
  std::uint32_t scheduler = 0;
  native::get_value(target, SCTP_STREAM_SCHEDULER, scheduler, error);
  if (!error) value.scheduler = StreamScheduler::Scheduler{scheduler};
}

std::string to_string(StreamScheduler::Scheduler scheduler) {
  using enum StreamScheduler::Scheduler;
  switch (scheduler) {
    case first_come: return "first come";
    case priority: return "priority";
    case round_robin: return "round robin";
    case fair_capacity: return "fair capacity";
    case weighted_fair: return "weighted fair";
  }
  return "scheduler " + number(scheduler);
}

void set_option(OptionTarget target, StreamId stream, const StreamSchedulerValue& value,
                std::error_code& error) noexcept {
  using enum StreamScheduler::Scheduler;
  StreamScheduler chosen;
  get_option(target, chosen, error);
  // Where there is no association yet, the kernel takes the value and forgets it; likewise where it has no
  // use for it.
  if (!error && native::is_gone(target.fd, target.association))
    error = std::make_error_code(std::errc::invalid_argument);
  if (!error && (chosen.scheduler == first_come || chosen.scheduler == round_robin ||
                 chosen.scheduler == fair_capacity))
    error = std::make_error_code(std::errc::operation_not_permitted);
  if (error) return;
  const sctp_stream_value native{native::whom(target), native::to_native(stream), value.value};
  set_native(target.fd, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER_VALUE, native, error);
  if (chosen.scheduler != weighted_fair || value.value != 0) explain_stream(target, error);
}

void get_option(OptionTarget target, StreamId stream, StreamSchedulerValue& value,
                std::error_code& error) noexcept {
  StreamScheduler chosen;
  get_option(target, chosen, error);
  if (error) return;
  // The kernel writes nothing for a stream that was not used and has the value that it begins with.
  const std::uint16_t fresh = chosen.scheduler == StreamScheduler::Scheduler::weighted_fair ? 1 : 0;
  sctp_stream_value native{native::whom(target), native::to_native(stream), fresh};
  get_native(target.fd, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER_VALUE, native, error);
  explain_stream(target, error);
  if (!error) value.value = native.stream_value;
}

void get_option(OptionTarget target, PrAssocStatus& value, std::error_code& error) noexcept {
  ask(target, SCTP_PR_ASSOC_STATUS, std::nullopt, StreamId{}, value, error);
}

void get_option(OptionTarget target, Reliability::Policy policy, PrAssocStatus& value,
                std::error_code& error) noexcept {
  ask(target, SCTP_PR_ASSOC_STATUS, policy, StreamId{}, value, error);
}

void get_option(OptionTarget target, const PrStreamStatus::Key& key, PrStreamStatus& value,
                std::error_code& error) noexcept {
  ask(target, SCTP_PR_STREAM_STATUS, key.policy, key.stream, value, error);
  if (key.policy != Reliability::Policy::full) explain_stream(target, error);  // of which there is no count
}

std::string to_string(const PrStreamStatus::Key& key) {
  std::string text = "stream " + to_string(key.stream);
  if (key.policy) text.append(", ").append(to_string(*key.policy));
  return text;
}

}  // namespace sctp::inline v0::option

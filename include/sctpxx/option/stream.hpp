// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/option.hpp>

/// Options about the streams of an association: who may change them, whose turn it is, what was given up.
namespace sctp::inline v0::option {

/// What may be asked for on an association, by us (Association::reset_streams, …) and by the peer; what may
/// not is denied to the peer. Nothing, by default. Both sides need ReconfigSupported, too.
/// SCTP_ENABLE_STREAM_RESET, RFC 6525 6.3.1.
struct EnableStreamReset {
  static constexpr std::string_view name = "SCTP_ENABLE_STREAM_RESET";
  static constexpr bool reaches_existing = true;
  bool reset_streams = false;
  bool reset_association = false;
  bool add_streams = false;
};
SCTPXX_EXPORT void set_option(OptionTarget target, const EnableStreamReset& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, EnableStreamReset& value, std::error_code& error) noexcept;

/// Which of the streams whose messages wait goes next. Choosing it anew takes the streams' values away.
/// SCTP_STREAM_SCHEDULER, RFC 8260 4.3.2.
struct StreamScheduler {
  static constexpr std::string_view name = "SCTP_STREAM_SCHEDULER";
  static constexpr std::string_view takes = "Linux 6.4 for fair_capacity and weighted_fair";
  static constexpr bool reaches_existing = true;
  /// An open set: a newer kernel may know more.
  enum class Scheduler : std::uint32_t {
    first_come = 0,     ///< messages in the order in which they were given. The default
    priority = 1,       ///< the stream of the lowest value; those of one value by turns
    round_robin = 2,    ///< streams by turns, a message each; a chunk each under InterleavingSupported
    fair_capacity = 3,  ///< streams by turns, the same number of bytes each. Linux 6.4
    weighted_fair = 4,  ///< bytes in proportion to the streams' values. Linux 6.4
  };
  Scheduler scheduler{};
};
SCTPXX_EXPORT void set_option(OptionTarget target, const StreamScheduler& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, StreamScheduler& value, std::error_code& error) noexcept;
[[nodiscard]] SCTPXX_EXPORT std::string to_string(StreamScheduler::Scheduler scheduler);

/// What a stream has to do with the scheduler: under `priority` its place (lower goes first; 0 unless set),
/// under `weighted_fair` its weight (1 unless set, and never 0). The others have no use for it: then setting
/// it fails with `operation_not_permitted`. Of an association that is up:
/// `association.set(option::StreamSchedulerValue{1}, control)`. SCTP_STREAM_SCHEDULER_VALUE, RFC 8260 4.3.3.
struct StreamSchedulerValue {
  static constexpr std::string_view name = "SCTP_STREAM_SCHEDULER_VALUE";
  static constexpr std::string_view needs = "option::StreamScheduler to be priority or weighted_fair";
  static constexpr std::string_view takes = "a weight that is not 0";
  using Key = StreamId;
  static constexpr bool of_association = true;
  std::uint16_t value = 0;
};
SCTPXX_EXPORT void set_option(OptionTarget target, StreamId stream, const StreamSchedulerValue& value,
                              std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, StreamId stream, StreamSchedulerValue& value,
                              std::error_code& error) noexcept;

/// How much of what was sent with a Reliability was given up: `association.get<option::PrAssocStatus>()` for
/// all, `get<option::PrAssocStatus>(Reliability::Policy::lifetime)` for one kind. Get only. The kernel counts
/// messages; with `priority`, chunks. SCTP_PR_ASSOC_STATUS, RFC 7496 4.4.
struct PrAssocStatus {
  static constexpr std::string_view name = "SCTP_PR_ASSOC_STATUS";
  static constexpr std::string_view takes = "another policy than full";
  static constexpr bool of_association = true;
  using Key = Reliability::Policy;
  std::uint64_t abandoned_unsent = 0;  ///< nothing of them was on the wire
  std::uint64_t abandoned_sent = 0;    ///< some of them was, and all may have been delivered
};
SCTPXX_EXPORT void get_option(OptionTarget target, PrAssocStatus& value, std::error_code& error) noexcept;
SCTPXX_EXPORT void get_option(OptionTarget target, Reliability::Policy policy, PrAssocStatus& value,
                              std::error_code& error) noexcept;

/// The same of one stream: `association.get<option::PrStreamStatus>({video})`. SCTP_PR_STREAM_STATUS,
/// RFC 7496 4.3.
struct PrStreamStatus {
  static constexpr std::string_view name = "SCTP_PR_STREAM_STATUS";
  static constexpr std::string_view takes = "another policy than full";
  static constexpr bool of_association = true;
  struct Key {
    StreamId stream{};
    std::optional<Reliability::Policy> policy{};  ///< empty: all of them
  };
  std::uint64_t abandoned_unsent = 0;
  std::uint64_t abandoned_sent = 0;
};
SCTPXX_EXPORT void get_option(OptionTarget target, const PrStreamStatus::Key& key, PrStreamStatus& value,
                              std::error_code& error) noexcept;
/// "stream 3", "stream 3, lifetime".
[[nodiscard]] SCTPXX_EXPORT std::string to_string(const PrStreamStatus::Key& key);

}  // namespace sctp::inline v0::option

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "ledger.hpp"

namespace test::soak {

/// One end of one association: makes up what it sends, checks what it receives, and writes both down. It
/// knows no socket.
class Correspondence {
 public:
  /// `life`: 0 at a server, since the first message says which one it is. `longest`: a message that
  /// fits in the socket's send buffer.
  Correspondence(Ledger& ledger, Side here, std::uint32_t process, std::uint32_t life, std::size_t longest);

  struct Outgoing {
    std::uint32_t number = 0;
    sctp::Bytes payload{};
    sctp::SendOptions options{};
  };

  /// What to send next, again and again until it is `taken` or `refused`; nothing when all was, or when it is
  /// not known to whom.
  const Outgoing* next();
  void taken();
  void refused();

  void take(const sctp::Message& message);
  void take(const sctp::MessagePiece& piece);
  void take(const sctp::PartialDeliveryAborted& event);
  /// The peer begins anew; the next message says which life that is.
  void restart();
  void end(Life::End how);
  /// What is told behind the end has been received, or will not be.
  void note_read_all();
  void leave();
  /// No event has told of the end.
  void note_no_event() {
    if (is_known()) ledger_.life(life_).of(here_).has_no_event = true;
  }
  /// The peer sends no more.
  void note_shutdown() {
    if (is_known()) ledger_.life(life_).of(here_).shutdown_received = true;
  }
  /// What the kernel says it has given up of this end's messages; false while some are under way.
  bool note_abandoned(const sctp::Association& association);

  [[nodiscard]] bool is_known() const noexcept { return life_ != 0; }
  [[nodiscard]] bool has_sent_all() const noexcept { return is_known() && left_ == 0 && !outgoing_; }
  [[nodiscard]] bool has_ended() const noexcept { return ended_ != Life::End::none; }
  [[nodiscard]] std::uint32_t life() const noexcept { return life_; }
  [[nodiscard]] const Traits& traits() const noexcept { return ledger_.life(life_).traits; }
  [[nodiscard]] Side side() const noexcept { return here_; }
  [[nodiscard]] Ledger& ledger() const noexcept { return ledger_; }
  /// From now on it has nothing more to send than what has been begun.
  void hush() noexcept { left_ = 0; }

 private:
  void begin(std::uint32_t life);
  Record* find(const sctp::Message& message);
  void take_whole(const sctp::Message& message, Record& record);

  Ledger& ledger_;
  Side here_;
  std::uint32_t process_ = 0;
  std::size_t longest_;
  std::uint32_t life_ = 0;
  Random random_{0};
  std::size_t left_ = 0;
  std::optional<Outgoing> outgoing_;
  std::array<std::uint32_t, streams> last_{};     // ordered message that came
  std::map<std::uint32_t, std::size_t> offsets_;  // of messages that come in pieces
  Life::End ended_{};
};

/// What Message::context is to be.
constexpr std::uint32_t context_of(std::uint32_t process) noexcept { return 1000 + process; }

}  // namespace test::soak

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sctpxx/error.hpp>
#include <sctpxx/receive_buffer.hpp>

#include "told.hpp"

/// What a ReceiveBuffer is to tell of the pieces that it is given, in the plainest way: every byte is copied,
/// and everything is searched for from the beginning. The decoder of events is taken to be right.
namespace sctp::test {

/// How a piece is read: `prepare` and `commit`, or `prepare_piece` and `commit_piece`.
enum class Way : std::uint8_t { joined, piecewise };

class ReceiveModel {
 public:
  ReceiveModel(std::size_t limit, std::size_t total_limit)
      : limit_{limit}, total_limit_{std::max(limit, total_limit)} {}

  /// What is to be told of a piece: what `commit` answers, then what `next` does. `refused`: it is said that
  /// a limit was passed. That is for the model to know, but for the limit of all together, which depends on
  /// how memory is dealt out: there it only knows when that must not happen.
  std::vector<Told> take(const Piece& piece, Bytes bytes, Way way, bool refused = false) {
    if (bytes.empty()) return {};
    if (piece.is_notification) return take_event_piece(piece, copy_of(bytes));
    if (!piece.has_info) {
      for (Open& one : open_) one.fate = Fate::dropped;  // it may have been a piece of any of them
      nameless_has_begun_ = !piece.end_of_record;
      return {told(make_error_code(Errc::receive_info_missing))};
    }
    if (is_late_rest(piece)) return {};
    std::vector<Told> given_up;
    auto open = find(piece, given_up);
    const bool is_whole = open == open_.end() && piece.end_of_record;
    std::vector<Told> all;
    if (open == open_.end()) {
      const bool is_beside = find_key(piece.association, piece.stream, piece.unordered) != open_.end();
      Fate fate = way == Way::joined ? Fate::joined : Fate::streamed;
      if (nameless_has_begun_) {
        fate = Fate::dropped;
        all.push_back(told(make_error_code(Errc::receive_info_missing)));
        nameless_has_begun_ = false;
      }
      open = open_.insert(open, Open{piece, is_beside, fate, 0, {}});
    }
    const std::size_t before = std::exchange(open->received, open->received + bytes.size());
    if (open->fate == Fate::joined) {
      if (open->received > limit_ || (refused && !is_whole && may_refuse(bytes.size()))) {
        open->fate = Fate::dropped;
        all.push_back(told(make_error_code(Errc::message_exceeds_limit)));
      } else {
        open->bytes += copy_of(bytes);
      }
    } else if (open->fate == Fate::streamed && way == Way::piecewise) {
      all.push_back(open->told_as_piece(before, copy_of(bytes), piece.end_of_record));
    } else if (open->fate == Fate::streamed) {
      open->fate = Fate::dropped;
      all.push_back(open->told_as_aborted());
    }
    if (piece.end_of_record) {
      if (open->fate == Fate::joined) {
        all.push_back(way == Way::joined ? open->told_as_message()
                                         : open->told_as_piece(0, open->bytes, true));
      }
      nameless_has_begun_ = false;  // whose end this may have been
      open_.erase(open);
    }
    all.insert(all.end(), given_up.begin(), given_up.end());
    return all;
  }

  std::vector<Told> abandon() {
    nameless_has_begun_ = false;
    event_.reset();
    std::vector<Told> all;
    abort_those([](const Open&) { return true; }, all);
    for (const Failed& one : failed_) all.push_back(one.message);
    failed_.clear();
    aborted_.clear();
    return all;
  }

  /// Of whatever kind.
  [[nodiscard]] std::size_t unfinished() const { return open_.size() + failed_.size() + (event_ ? 1 : 0); }
  /// How many bytes of them.
  [[nodiscard]] std::size_t held() const {
    std::size_t bytes = event_ ? event_->record.size() : 0;
    for (const Open& one : open_) bytes += one.fate == Fate::joined ? one.bytes.size() : 0;
    for (const Failed& one : failed_) bytes += one.message.bytes.size();
    return bytes;
  }
  /// And of the largest of them.
  [[nodiscard]] std::size_t largest() const {
    std::size_t bytes = event_ ? event_->record.size() : 0;
    for (const Open& one : open_) bytes = std::max(bytes, one.bytes.size());
    for (const Failed& one : failed_) bytes = std::max(bytes, one.message.bytes.size());
    return bytes;
  }
  /// The first pieces of the messages that have begun and not ended.
  [[nodiscard]] std::vector<Piece> open() const {
    std::vector<Piece> all;
    for (const Open& one : open_) all.push_back(one.first);
    return all;
  }
  /// And of those whose rest may still come.
  [[nodiscard]] const std::vector<Piece>& aborted() const { return aborted_; }

 private:
  enum class Fate : std::uint8_t { joined, streamed, dropped };
  struct Open {
    Piece first;
    bool is_beside;  // another unordered one of its stream
    Fate fate;
    std::size_t received;
    std::string bytes;

    [[nodiscard]] Told told_as_message() const {
      return {.what = Told::What::message,
              .association = first.association,
              .stream = first.stream,
              .unordered = first.unordered,
              .ppid = first.ppid,
              .ssn = first.ssn,
              .tsn = first.tsn,
              .context = first.context,
              .source = first.source,
              .bytes = bytes};
    }
    [[nodiscard]] Told told_as_piece(std::size_t offset, std::string part, bool last) const {
      Told one = told_as_message();
      one.what = Told::What::piece;
      one.count = offset;
      one.ends = last;
      one.bytes = std::move(part);
      return one;
    }
    [[nodiscard]] Told told_as_aborted() const {
      return told(PartialDeliveryAborted{first.association, first.stream, first.unordered, received});
    }
  };
  struct Failed {
    EventType type;
    Told message;
    bool is_cut;
  };

  using Iterator = std::vector<Open>::iterator;
  Iterator find_key(AssociationId association, StreamId stream, bool unordered, bool is_beside = false) {
    return std::ranges::find_if(open_, [&](const Open& one) {
      return one.first.association == association && one.first.stream == stream &&
             one.first.unordered == unordered && one.is_beside == is_beside;
    });
  }

  /// The message that a piece goes on with. Of ordered ones a stream has one at a time. Of unordered ones
  /// there may be a second beside the first, with another number; a third takes the second's place.
  Iterator find(const Piece& piece, std::vector<Told>& given_up) {
    const auto first = find_key(piece.association, piece.stream, piece.unordered);
    if (!piece.unordered) return first;
    const auto second = find_key(piece.association, piece.stream, true, true);
    if (second != open_.end() && second->first.ssn == piece.ssn) return second;
    if (first == open_.end() || first->first.ssn == piece.ssn) return first;
    if (second != open_.end()) {
      if (second->fate != Fate::dropped) given_up.push_back(second->told_as_aborted());
      open_.erase(second);
    }
    return open_.end();
  }

  /// Of an ordered message that was aborted, and whose stream has not gone on. It has that one's number,
  /// which comes again after 65536 messages, and so as many TSNs later at least.
  bool is_late_rest(const Piece& piece) {
    if (piece.unordered) return false;
    bool is_rest = false;
    for (auto one = aborted_.begin(); one != aborted_.end();) {
      const bool is_its_stream = one->association == piece.association && one->stream == piece.stream;
      is_rest |= is_its_stream && one->ssn == piece.ssn && piece.tsn != one->tsn &&
                 static_cast<std::uint32_t>(piece.tsn - one->tsn) <= 0xffff;
      const bool has_gone_on =
          piece.end_of_record && static_cast<std::uint16_t>(piece.ssn - one->ssn) < 0x8000;
      one = is_its_stream && has_gone_on ? aborted_.erase(one) : std::next(one);
    }
    return is_rest;
  }

  /// The events of the kernel are told whatever the limits say; only what is no event of its own is dropped.
  std::vector<Told> take_event_piece(const Piece& piece, const std::string& bytes) {
    constexpr std::size_t largest_event = std::size_t{128} * 1024;
    if (!event_ && piece.end_of_record) return take_event(bytes);
    if (!event_) event_.emplace(Event{{}, false});
    std::vector<Told> all;
    if (!event_->is_dropped) {
      event_->record += bytes;
      event_->is_dropped = event_->record.size() > largest_event;
      if (event_->is_dropped) all.push_back(told(make_error_code(Errc::message_exceeds_limit)));
    }
    if (!piece.end_of_record) return all;
    const Event event = *std::exchange(event_, {});
    return event.is_dropped ? all : take_event(event.record);
  }

  std::vector<Told> take_event(const std::string& record) {
    std::error_code error;
    const Notification event = decode_notification(as_bytes(record), error);
    if (error) return {told(error)};
    if (const auto* change = std::get_if<AssociationChange>(&event)) return take(*change);
    if (const auto* aborted = std::get_if<PartialDeliveryAborted>(&event)) {
      std::uint32_t identifier = 0;  // of the message, under I-DATA
      if (record.size() >= 24) std::memcpy(&identifier, &record[20], sizeof identifier);
      return take(*aborted, identifier == 0);
    }
    if (const auto* failed = std::get_if<SendFailed>(&event)) {
      EventType type{};
      std::memcpy(&type, record.data(), sizeof type);
      return take(type, *failed);
    }
    if (const auto* shutdown = std::get_if<ShutdownReceived>(&event)) {
      peer_shuts_down_.insert(shutdown->association);
    }
    return {told(event)};
  }

  /// An end, or a new beginning, ends the association's messages; who shut down is known from before.
  std::vector<Told> take(AssociationChange change) {
    using enum AssociationChange::State;
    const bool by_peer = peer_shuts_down_.erase(change.association) != 0;
    if (by_peer && change.state == shutdown_complete) change.end = AssociationChange::End::peer_shutdown;
    std::erase_if(aborted_, [&](const Piece& one) { return one.association == change.association; });
    std::vector<Told> all;
    if (change.state == lost || change.state == restarted || change.state == shutdown_complete ||
        change.state == cannot_start) {
      nameless_has_begun_ = false;
      abort_those([&](const Open& one) { return one.first.association == change.association; }, all);
    }
    all.push_back(told(Notification{change}));
    return all;
  }

  /// It names the message, or says stream 0 and identifier 0 and means the only one that its association has.
  std::vector<Told> take(const PartialDeliveryAborted& event, bool may_mean_any) {
    nameless_has_begun_ = false;
    const auto same_association = [&](const Open& one) { return one.first.association == event.association; };
    auto open = find_key(event.association, event.stream, event.unordered);
    if (open == open_.end() && may_mean_any && event.stream == StreamId{} && !event.unordered &&
        std::ranges::count_if(open_, same_association) == 1) {
      open = std::ranges::find_if(open_, same_association);
    }
    if (open == open_.end()) return {told(event)};
    const Open aborted = *open;
    open_.erase(open);
    if (!aborted.first.unordered) aborted_.push_back(aborted.first);
    if (aborted_.size() > 256) aborted_.erase(aborted_.begin());
    if (aborted.fate == Fate::dropped) return {};
    return {aborted.told_as_aborted()};
  }

  /// Chunks are joined from one that begins to one that ends; one that has no beginning is told as it came.
  std::vector<Told> take(EventType type, const SendFailed& chunk) {
    std::vector<Told> all;
    auto begun = std::ranges::find_if(failed_, [&](const Failed& one) {
      return one.type == type && one.message.association == chunk.association;
    });
    if (begun == failed_.end() && (chunk.ends || !chunk.begins)) return {told(chunk)};
    if (chunk.begins && begun != failed_.end()) {
      all.push_back(begun->message);
      failed_.erase(begun);
    }
    if (chunk.begins) {
      begun = failed_.insert(failed_.end(), Failed{type, told(chunk), false});
      begun->message.bytes.clear();
    }
    Told& message = begun->message;
    message.may_be_cut |= may_refuse(chunk.payload.size());
    begun->is_cut |= message.bytes.size() + chunk.payload.size() > limit_;
    if (!begun->is_cut) message.bytes += copy_of(chunk.payload);
    message.sent |= chunk.sent;
    message.ends = chunk.ends && !begun->is_cut;
    if (!chunk.ends) return all;
    all.push_back(message);
    failed_.erase(begun);
    return all;
  }

  template <class Which>
  void abort_those(Which which, std::vector<Told>& all) {
    for (const Open& one : open_) {
      if (which(one) && one.fate != Fate::dropped) all.push_back(one.told_as_aborted());
    }
    std::erase_if(open_, which);
  }

  /// A message takes up to twice its size, or a little more where it is small, and its memory may have been
  /// made for another, larger one.
  [[nodiscard]] bool may_refuse(std::size_t more) const {
    return 16 * (held() + more + 4096 * (unfinished() + 1)) > total_limit_;
  }

  struct Event {
    std::string record;
    bool is_dropped;
  };
  std::size_t limit_;
  std::size_t total_limit_;
  std::vector<Open> open_;           // in the order in which they began
  std::vector<Piece> aborted_;       // their first pieces
  bool nameless_has_begun_ = false;  // a message that came without SCTP_RCVINFO, and has not ended
  std::vector<Failed> failed_;
  std::optional<Event> event_;
  std::set<AssociationId> peer_shuts_down_;
};

}  // namespace sctp::test

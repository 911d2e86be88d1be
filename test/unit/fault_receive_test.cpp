// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fault_stage.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"
#include "transcript.hpp"

/// What the kernel hands out in pieces, without what belongs to it, cut or unknown: in each way to receive it
/// is told as it is, and the messages before it and after it are whole.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using Control = Arrival::Control;

/// Receives once; the error, or what was received.
using Way = std::function<std::string(Stage&)>;

std::string said(const Received& received, std::error_code error) {
  if (error) return error.message() + "; ";
  return received ? text_of_all(received) + "; " : "";
}

const std::vector<std::pair<const char*, Way>>& ways() {
  static const std::vector<std::pair<const char*, Way>> all{
      {"receive",
       [](Stage& s) {
         std::error_code error;
         const Received received = s.one.receive(s.buffer, error);
         return said(received, error);
       }},
      {"receive with patience",
       [](Stage& s) {
         std::error_code error;
         const Received received = s.one.receive(s.buffer, 1s, error);
         return said(received, error);
       }},
      {"try_receive",
       [](Stage& s) {
         std::error_code error;
         const Received received = s.one.try_receive(s.buffer, error);
         return said(received, error);
       }},
      {"receive, in batches",
       [](Stage& s) {
         if (!s.buffer.waiting() && s.told.empty()) s.buffer = ReceiveBuffer::in_batches(3);
         s.told = "in batches";
         std::error_code error;
         const Received received = s.one.receive(s.buffer, error);
         return said(received, error);
       }},
      {"a throwing receive",
       [](Stage& s) {
         try {
           return said(s.one.receive(s.buffer), {});
         } catch (const std::system_error& error) {
           return error.code().message() + "; ";
         }
       }},
      {"SendQueue::receive",
       [](Stage& s) {
         if (!s.queue) s.queue = std::make_unique<SendQueue>(s.one);
         std::error_code error;
         const Received received = s.queue->receive(s.buffer, 1s, error);
         return said(received, error);
       }},
  };
  return all;
}

/// All that is received when these come after one message and before another, and then the stream ends.
std::string received(const Way& way, const std::vector<Arrival>& between) {
  Stage stage;
  own_one(stage);
  stage.kernel.receives(piece("before").on(StreamId{1}).end());
  for (const Arrival& one : between) stage.kernel.receives(one);
  stage.kernel.receives(piece("after").on(StreamId{2}).end());
  stage.kernel.ends_stream();
  std::string all;
  for (int i = 0; i != 50; ++i) {
    const std::string one = way(stage);
    if (one == "end; " || one.empty()) return all;
    all += one;
  }
  return all + "for ever";
}

void check(const std::vector<Arrival>& between, const std::string& told) {
  for (const auto& [name, way] : ways()) {
    CAPTURE(name);
    CHECK(received(way, between) == "s1 'before'; " + told + "s2 'after'; ");
  }
}

Arrival on_three(std::string_view text) { return piece(text).on(StreamId{3}); }

TEST_CASE("A message in pieces of any size is whole in each way to receive") {
  constexpr std::string_view text = "hello, world";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    CAPTURE(size);
    std::vector<Arrival> pieces;
    for (std::size_t at = 0; at < text.size(); at += size) pieces.push_back(on_three(text.substr(at, size)));
    pieces.back().end();
    check(pieces, "s3 'hello, world'; ");
  }
}

TEST_CASE("A message whose information is missing or cut is an error in each way to receive") {
  const std::string missing = make_error_code(Errc::receive_info_missing).message() + "; ";
  for (const Control control : {Control::none, Control::cut_info}) {
    check({on_three("hello").carrying(control).end()}, missing);
    check({on_three("hel").carrying(control), on_three("lo").carrying(control).end()}, missing + missing);
  }
  check({on_three("hello").carrying(Control::info_after_others).end()}, "s3 'hello'; ");
}

TEST_CASE("An unknown event is told, and a cut one is one error, in each way to receive") {
  check({event(unknown_event(0x8123, 40))}, "unknown 40; ");
  const std::string malformed = make_error_code(Errc::malformed_notification).message() + "; ";
  const std::vector<Record> records = one_of_each(AssociationId{7});
  for (const Record& whole : records) {
    for (std::size_t size = 1; size < 8; ++size) {
      CAPTURE(whole.size(), size);
      check({event({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)})}, malformed);
    }
  }
}

TEST_CASE("An event in the middle of a message, in pieces, leaves it whole in each way to receive") {
  const Record record = unknown_event(0x8123, 40);
  for (const std::size_t size : {1U, 7U, 20U, 40U}) {
    CAPTURE(size);
    std::vector<Arrival> all{on_three("hel")};
    for (std::size_t at = 0; at < record.size(); at += size) {
      const auto begin = record.begin() + static_cast<std::ptrdiff_t>(at);
      all.push_back(event({begin, begin + static_cast<std::ptrdiff_t>(std::min(size, record.size() - at))}));
      all.back().ends_record = at + size >= record.size();
    }
    all.push_back(on_three("lo").end());
    check(all, "unknown 40; s3 'hello'; ");
  }
}

}  // namespace

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <sctpxx/bytes.hpp>

/// A script of what arrives at a ReceiveBuffer, as short as can be: a fuzzer is the better, the less it has
/// to find. Payloads are not in it; each piece gets other bytes, and so do PPID, numbers and context.
///
/// The first byte is the buffer's measures: bits 0-1 capacity, 2-4 limit, 5-6 total limit. Then comes step
/// after step, each with a first byte and what that asks for. Where the script ends too early there are
/// zeros.
///
///   1EUPSSAA [number] size     a piece of a message: End, Unordered (then with a sequence number),
///   Piecewise,
///                              Stream, Association
///   0HSPkkkk [at_most] …       anything else: Half of an event (no end), Split (into pieces of `at_most`+1
///   or more),
///                              Piecewise, kind
/// and by kind:
///   0 change: ...AASSS size    association, state; so much in `info`
///   1 aborted: ..OUSSAA        Old record without stream, Unordered, stream, association
///   2 shutdown: ......AA
///   3 failed send: .OSEBUAA size   Old type, Sent, chunk flags End, Begin, Unordered
///   4 event: type flags size body  any type, of the size that its body has
///   5 record: low high body        any bytes for an event, as many as low + 256 * high
///   6 piece without info: E....... size
///   7 recorded piece: EU......, then association, stream, sequence number and size, each as low high
///   8 a piece of no bytes, 9 everything is abandoned, 10 the buffer moves, others nothing
///
/// A size is its byte + 1 up to 128, and then twice the square of what is more, up to 32768.
namespace sctp::test {

enum class Step : std::uint8_t {
  change,
  aborted,
  shutdown,
  failed_send,
  event,
  record,
  piece_without_info,
  recorded_piece,
  nothing,
  abandon,
  move,
};

constexpr unsigned piece_of_message = 0x80;
constexpr unsigned half = 0x40;
constexpr unsigned split = 0x20;
constexpr unsigned piecewise = 0x10;

class Script {
 public:
  explicit Script(Bytes script) : rest_{script} {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  unsigned two_bytes() {
    const unsigned low = byte();
    return low | byte() << 8;
  }
  Bytes bytes(std::size_t count) {
    const Bytes taken = rest_.first(count < rest_.size() ? count : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::size_t size() {
    const std::size_t value = byte();
    return value < 128 ? value + 1 : 2 * (value - 127) * (value - 127);
  }

 private:
  Bytes rest_;
};

/// Writes the two steps that arrivals of a real kernel need.
class ScriptWriter {
 public:
  explicit ScriptWriter(unsigned measures) { byte(measures); }

  void record(Bytes record) {
    byte(static_cast<unsigned>(Step::record));
    two_bytes(record.size());
    script_.insert(script_.end(), record.begin(), record.end());
  }
  void piece(bool end, bool unordered, unsigned association, unsigned stream, unsigned number,
             std::size_t size) {
    byte(static_cast<unsigned>(Step::recorded_piece));
    byte((end ? 0x80U : 0U) | (unordered ? 0x40U : 0U));
    two_bytes(association);
    two_bytes(stream);
    two_bytes(number);
    two_bytes(size);
  }
  [[nodiscard]] Bytes bytes() const { return script_; }

 private:
  void byte(std::size_t value) { script_.push_back(static_cast<std::byte>(value & 0xff)); }
  void two_bytes(std::size_t value) {
    byte(value);
    byte(value >> 8);
  }

  std::vector<std::byte> script_;
};

}  // namespace sctp::test

// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// What signalling_server and gnb_client say to each other: words in the place of NGAP's ASN.1.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sctpxx/sctp.hpp>
#include <sstream>
#include <string>
#include <string_view>

/// One message. As NGAP has it: stream 0 is for what concerns all users, and each user keeps to one of the
/// others.
struct Signal {
  static constexpr sctp::Ppid protocol = sctp::ppid::ngap;
  static constexpr sctp::StreamId common{0};
  static constexpr std::uint16_t streams = 64;  // at most, in each direction: an answer takes its request's
  static constexpr std::size_t largest = 256 * 1024;

  std::string kind;  // setup, request; answer, refusal
  std::size_t user = 0;
  std::size_t number = 0;    // of this user's requests
  std::uint32_t digest = 0;  // of what is answered: whether it arrived as it was sent

  /// As it is sent, filled up to a size.
  [[nodiscard]] std::string text(std::size_t size = 0) const {
    std::string text = fmt::format("{} {} {} {} ", kind, user, number, digest);
    const char filler = static_cast<char>('a' + (user + number) % 26);
    text.resize(std::max(size, text.size()), filler);
    return text;
  }

  /// Of what somebody sent; without a kind where it is nothing of ours.
  static Signal parse(sctp::Bytes payload) {
    const sctp::Bytes words = payload.first(std::min<std::size_t>(payload.size(), 64));
    std::istringstream in{std::string{sctp::as_text(words)}};
    Signal signal;
    in >> signal.kind >> signal.user >> signal.number >> signal.digest;
    if (!in) signal.kind.clear();
    return signal;
  }

  [[nodiscard]] Signal answer(std::string_view word, sctp::Bytes payload) const {
    return {std::string{word}, user, number, digest_of(payload)};
  }
  [[nodiscard]] bool is_to(const Signal& request, std::string_view text) const {
    return kind == "answer" && user == request.user && number == request.number &&
           digest == digest_of(sctp::as_bytes(text));
  }

 private:
  static std::uint32_t digest_of(sctp::Bytes payload) {  // FNV-1a
    std::uint32_t digest = 2166136261U;
    for (const std::byte b : payload) digest = (digest ^ std::to_integer<std::uint32_t>(b)) * 16777619U;
    return digest;
  }
};

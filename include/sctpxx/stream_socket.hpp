// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <sctpxx/bytes.hpp>
#include <sctpxx/patience.hpp>

/// For programs that are written for TCP: what their sockets have in common with a OneToOneSocket, and what
/// can be built on that alone. Written against these names a program compiles over either; it chooses by one
/// type.
///
///     template <sctp::StreamListener L> void echo_once(L& listener) {
///       auto peer = listener.accept();
///       std::array<std::byte, 4096> room;
///       while (auto n = peer.read_some(room)) sctp::write_all(peer, sctp::Bytes{room}.first(n));
///     }
///
/// OneToOneSocket and Listener have these members themselves, since what a template gets from `accept` is
/// what it reads from; an adaptor would have to be known to the listener, too. The words keep the two ways
/// apart: what reads and writes knows bytes, what sends and receives knows messages. A loss has to be
/// remembered for this, which takes one byte where the socket had padding. What cannot be as with TCP, and
/// what to write instead, tells `examples/port_from_tcp.md`.
namespace sctp::inline v0 {

/// A stream of bytes, in both directions. `read_some` answers as many bytes as there are, at least one, 0 at
/// the end; `write_some` takes as many as it can, at least one, and answers how many. Both block until then,
/// or fail; on a non-blocking socket with `operation_would_block`.
template <class S>
concept StreamSocket =
    std::movable<S> && requires(S& socket, MutableBytes room, Bytes bytes, std::error_code& error) {
      { socket.read_some(room) } -> std::same_as<std::size_t>;
      { socket.read_some(room, error) } -> std::same_as<std::size_t>;
      { socket.write_some(bytes) } -> std::same_as<std::size_t>;
      { socket.write_some(bytes, error) } -> std::same_as<std::size_t>;
      socket.close();
    };

/// One whose calls can be given an end to their waiting: `read_some` answers nothing then, `write_some` 0.
template <class S>
concept PatientStreamSocket = StreamSocket<S> && requires(S& socket, MutableBytes room, Bytes bytes,
                                                          const Patience& patience, std::error_code& error) {
  { socket.read_some(room, patience) } -> std::same_as<std::optional<std::size_t>>;
  { socket.read_some(room, patience, error) } -> std::same_as<std::optional<std::size_t>>;
  { socket.write_some(bytes, patience) } -> std::same_as<std::size_t>;
  { socket.write_some(bytes, patience, error) } -> std::same_as<std::size_t>;
};

/// What gives a StreamSocket for each peer that comes; `accept` blocks until one does.
template <class L>
concept StreamListener = std::movable<L> && requires(L& listener, std::error_code& error) {
  { listener.accept() } -> StreamSocket;
  { listener.accept(error) } -> StreamSocket;
  listener.close();
};

namespace detail {

/// Calls `write` with what is left, until nothing is, or it writes none.
template <class Write>
std::size_t write_on(Bytes bytes, Write write) {
  std::size_t written = 0;
  while (written != bytes.size()) {
    const std::size_t size = write(bytes.subspan(written));
    if (size == 0) break;
    written += size;
  }
  return written;
}

/// Calls `read` with the room that is left, until there is none, or it reads nothing.
template <class Read>
std::size_t read_on(MutableBytes room, Read read) {
  std::size_t size = 0;
  while (size != room.size()) {
    const std::size_t more = read(room.subspan(size));
    if (more == 0) break;
    size += more;
  }
  return size;
}

template <class Read>
std::size_t read_until(std::string& text, std::string_view delimiter, std::size_t limit,
                       std::error_code& error, Read read) {
  if (delimiter.empty()) {
    error = std::make_error_code(std::errc::invalid_argument);
    return 0;
  }
  std::array<char, 4096> room;
  for (std::size_t searched = 0;;) {
    const std::size_t found = text.find(delimiter, searched);
    if (found != std::string::npos) return found + delimiter.size();
    if (text.size() >= limit) {
      error = std::make_error_code(std::errc::value_too_large);
      return 0;
    }
    searched = text.size() - std::min(text.size(), delimiter.size() - 1);
    const std::size_t wanted = std::min(room.size(), limit - text.size());
    const std::size_t size = read(std::as_writable_bytes(std::span{room}.first(wanted)));
    if (size == 0) return 0;
    text.append(room.data(), size);
  }
}

}  // namespace detail

/// Writes all of these bytes. Blocks until they are written, and fails as `write_some` does; then some may be
/// written.
template <StreamSocket S>
void write_all(S& socket, Bytes bytes) {
  detail::write_on(bytes, [&](Bytes rest) { return socket.write_some(rest); });
}

/// The same. Answers how many were written: all, unless there is an error.
template <StreamSocket S>
std::size_t write_all(S& socket, Bytes bytes, std::error_code& error) noexcept {
  error.clear();
  return detail::write_on(bytes, [&](Bytes rest) { return socket.write_some(rest, error); });
}

/// The same with an end to the waiting. Answers how many were written: fewer when the patience was over.
template <PatientStreamSocket S>
[[nodiscard]] std::size_t write_all(S& socket, Bytes bytes, const Patience& patience) {
  return detail::write_on(bytes, [&](Bytes rest) { return socket.write_some(rest, patience); });
}
template <PatientStreamSocket S>
[[nodiscard]] std::size_t write_all(S& socket, Bytes bytes, const Patience& patience,
                                    std::error_code& error) noexcept {
  error.clear();
  return detail::write_on(bytes, [&](Bytes rest) { return socket.write_some(rest, patience, error); });
}

/// Reads until `room` is full. Answers how many bytes: fewer only when the stream ended before. Blocks, and
/// fails as `read_some` does; then some may have been read.
template <StreamSocket S>
[[nodiscard]] std::size_t read_exactly(S& socket, MutableBytes room) {
  return detail::read_on(room, [&](MutableBytes rest) { return socket.read_some(rest); });
}

/// The same. Beside an error the number is that of the bytes that were read before.
template <StreamSocket S>
[[nodiscard]] std::size_t read_exactly(S& socket, MutableBytes room, std::error_code& error) noexcept {
  error.clear();
  return detail::read_on(room, [&](MutableBytes rest) { return socket.read_some(rest, error); });
}

/// The same with an end to the waiting: fewer then, too.
template <PatientStreamSocket S>
[[nodiscard]] std::size_t read_exactly(S& socket, MutableBytes room, const Patience& patience) {
  return detail::read_on(room,
                         [&](MutableBytes rest) { return socket.read_some(rest, patience).value_or(0); });
}
template <PatientStreamSocket S>
[[nodiscard]] std::size_t read_exactly(S& socket, MutableBytes room, const Patience& patience,
                                       std::error_code& error) noexcept {
  error.clear();
  return detail::read_on(
      room, [&](MutableBytes rest) { return socket.read_some(rest, patience, error).value_or(0); });
}

/// How long what `read_until` looks in may become, unless the caller says otherwise.
inline constexpr std::size_t default_text_limit = std::size_t{64} * 1024;

/// Reads into `text`, behind what is there, until `delimiter` is in it. Answers how many of its bytes that
/// are, the delimiter with them; 0 when the stream ended before. Bytes that came behind it stay in `text`:
/// erase what is done with, and ask again.
///
///     for (std::string text; const auto size = sctp::read_until(peer, text, "\r\n"); text.erase(0, size))
///       answer(text.substr(0, size - 2));
///
/// Fails with `value_too_large` when there are `limit` bytes without a delimiter, with `invalid_argument`
/// when that is empty, and as `read_some` does. Blocks.
template <StreamSocket S>
[[nodiscard]] std::size_t read_until(S& socket, std::string& text, std::string_view delimiter,
                                     std::size_t limit = default_text_limit) {
  std::error_code error;
  const std::size_t size = detail::read_until(text, delimiter, limit, error,
                                              [&](MutableBytes room) { return socket.read_some(room); });
  if (error) throw std::system_error{error, "cannot find the delimiter in what a peer sends"};
  return size;
}

/// The same. What was read before an error is in `text`. `not_enough_memory` is an error here, too.
template <StreamSocket S>
[[nodiscard]] std::size_t read_until(S& socket, std::string& text, std::string_view delimiter,
                                     std::size_t limit, std::error_code& error) noexcept try {
  error.clear();
  return detail::read_until(text, delimiter, limit, error,
                            [&](MutableBytes room) { return socket.read_some(room, error); });
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return 0;
}

/// The same with an end to the waiting: then 0, and what has come is in `text`.
template <PatientStreamSocket S>
[[nodiscard]] std::size_t read_until(S& socket, std::string& text, std::string_view delimiter,
                                     std::size_t limit, const Patience& patience) {
  std::error_code error;
  const std::size_t size = detail::read_until(text, delimiter, limit, error, [&](MutableBytes room) {
    return socket.read_some(room, patience).value_or(0);
  });
  if (error) throw std::system_error{error, "cannot find the delimiter in what a peer sends"};
  return size;
}
template <PatientStreamSocket S>
[[nodiscard]] std::size_t read_until(S& socket, std::string& text, std::string_view delimiter,
                                     std::size_t limit, const Patience& patience,
                                     std::error_code& error) noexcept try {
  error.clear();
  return detail::read_until(text, delimiter, limit, error, [&](MutableBytes room) {
    return socket.read_some(room, patience, error).value_or(0);
  });
} catch (const std::bad_alloc&) {
  error = std::make_error_code(std::errc::not_enough_memory);
  return 0;
}

}  // namespace sctp::inline v0

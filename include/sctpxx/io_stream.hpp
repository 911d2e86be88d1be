// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <istream>
#include <span>
#include <streambuf>
#include <system_error>

#include <sctpxx/bytes.hpp>
#include <sctpxx/stream_socket.hpp>

namespace sctp::inline v0 {

/// A StreamSocket as the standard library's source and sink of characters. Borrows the socket. What is
/// written is sent when 8 KiB have come together, by a flush, and before a read that has to wait; over SCTP
/// as one message, unless it is very large.
///
/// A failure throws `std::system_error` out of the calls of this class; a stream over it becomes `bad()`
/// instead, and `eof()` is left for the end that the peer made. For sockets that block.
template <StreamSocket S>
class StreamBuffer final : public std::streambuf {
 public:
  explicit StreamBuffer(S& socket) : socket_{&socket} {
    setp(output_.data(), output_.data() + output_.size());
  }
  /// Sends what is left, which may block; a failure of that stays unknown, so flush before.
  ~StreamBuffer() override {
    std::error_code ignored;
    send_pending(ignored);
  }
  StreamBuffer(const StreamBuffer&) = delete;
  StreamBuffer& operator=(const StreamBuffer&) = delete;

  /// The last failure, if there was any.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

 protected:
  int_type underflow() override {
    // A peer that sends no more may have sent much: that sending to it fails is for the next flush to tell.
    std::error_code later;
    send_pending(later);
    const std::size_t size = socket_->read_some(std::as_writable_bytes(std::span{input_}), error_);
    check("cannot read");
    if (size == 0) return traits_type::eof();
    setg(input_.data(), input_.data(), input_.data() + size);
    return traits_type::to_int_type(input_.front());
  }

  int_type overflow(int_type character) override {
    sync();
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
    *pptr() = traits_type::to_char_type(character);
    pbump(1);
    return character;
  }

  int sync() override {
    send_pending(error_);
    check("cannot write");
    return 0;
  }

  std::streamsize xsputn(const char* text, std::streamsize size) override {
    if (size <= epptr() - pptr()) return std::streambuf::xsputn(text, size);
    sync();
    if (size <= epptr() - pptr()) return std::streambuf::xsputn(text, size);
    write_all(*socket_, as_bytes({text, static_cast<std::size_t>(size)}), error_);
    check("cannot write");
    return size;
  }

 private:
  /// What cannot be sent stays.
  void send_pending(std::error_code& error) noexcept {
    error.clear();
    const auto pending = static_cast<std::size_t>(pptr() - pbase());
    const std::size_t sent = write_all(*socket_, as_bytes({pbase(), pending}), error);
    std::copy(pbase() + sent, pptr(), pbase());
    setp(pbase(), epptr());
    pbump(static_cast<int>(pending - sent));
  }

  void check(const char* what) const {
    if (error_) throw std::system_error{error_, what};
  }

  S* socket_;
  std::error_code error_;
  std::array<char, 8192> input_;
  std::array<char, 8192> output_;
};

/// A StreamSocket as a `std::iostream`. Borrows the socket; 16 KiB large. See StreamBuffer.
///
///     sctp::IoStream peer{socket};
///     peer << "get color\n";
///     std::string answer;
///     while (std::getline(peer, answer)) …
template <StreamSocket S>
class IoStream final : public std::iostream {
 public:
  explicit IoStream(S& socket) : std::iostream{nullptr}, buffer_{socket} { rdbuf(&buffer_); }

  /// Why it is `bad()`.
  [[nodiscard]] std::error_code error() const noexcept { return buffer_.error(); }

 private:
  StreamBuffer<S> buffer_;
};

}  // namespace sctp::inline v0

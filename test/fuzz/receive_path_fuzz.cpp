// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

/// Plays a kernel that hands out messages, events and failures as the input says, and receives in each of the
/// ways that a SocketRef has. Ends the program where a message that arrived with all that belongs to it is
/// not received once, whole, in its place.
///
/// The input is read from both ends: from the front what the kernel does, from the back what the caller does.
/// For the kernel, a byte each: bits 0-2 what, the others how.
///   0, 1 a message begins, of `how` bytes; 2, 3 its next piece, of `how` bytes; 4 its last
///   5 an event, whole or cut; 6 a failure; 7 a piece without SCTP_RCVINFO, or with half of it, or with
///   others

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include <sctpxx/sctp.hpp>

#include "support/records.hpp"
#include "sys.hpp"

namespace {

using namespace sctp;
using namespace sctp::test;

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "receive_path_fuzz: not so: %s\n", what);
  std::abort();
}

/// What the kernel was made to say, and which messages it has handed over completely.
struct Kernel {
  Bytes script;
  std::string open;  // the message that has begun, as far as it was handed over
  std::string left;  // what of the record is still to be read
  bool is_open = false;
  bool is_tainted = false;  // something of it was missing
  bool is_event = false;
  bool ends = true;   // the record ends with what is left
  unsigned info = 0;  // 0: as it should be
  unsigned info_of_message = 0;
  unsigned counter = 0;
  std::deque<std::pair<std::string, bool>> messages;  // and whether they must be received

  unsigned byte() {
    if (script.empty()) return 0;
    const auto value = std::to_integer<unsigned>(script.front());
    script = script.subspan(1);
    return value;
  }
  std::string fresh(std::size_t size) {
    std::string text = std::to_string(++counter) + ":";
    text.resize(std::max(size, text.size()), static_cast<char>('a' + counter % 26));
    return text;
  }
  /// Decides what is read next; negative: a failure.
  int next() {
    if (!left.empty()) return 1;
    if (script.empty()) return 0;
    const unsigned step = byte();
    const unsigned how = step >> 3;
    is_event = false;
    info = 0;
    switch (step & 7U) {
      case 5: {
        static const std::vector<Record> events = one_of_each(AssociationId{7});
        Record record = events[how % events.size()];
        // What ends a message (an association's change, a shutdown, an aborted delivery) does not come while
        // the kernel goes on with it.
        const auto type = std::to_integer<unsigned>(record[0]);
        if (is_open && (type == 0x01 || type == 0x05 || type == 0x06))
          record = sender_dry_event(AssociationId{7});
        if (const unsigned cut = byte(); cut % 4 == 0)
          record.resize(std::max<std::size_t>(1, cut % record.size()));
        left = std::string{as_text(record)};
        is_event = ends = true;
        return 1;
      }
      case 6: {
        constexpr std::array failures{EAGAIN, EINTR, ENOMEM, ENOBUFS, EIO, EAGAIN, EINTR, EAGAIN};
        return -failures[how % failures.size()];
      }
      default: break;
    }
    const unsigned kind = step & 7U;
    ends = kind == 4 || kind == 1 || (kind == 7 && (how & 16U) != 0);
    left = fresh(1 + how * how);
    if (!is_open) info_of_message = kind == 7 ? 1 + how % 3 : 0;
    is_tainted = (is_open && is_tainted) || info_of_message == 1 || info_of_message == 2;
    is_open = true;
    info = info_of_message;
    return 1;
  }
};

Kernel* kernel = nullptr;

void write_info(msghdr& message) {
  const std::size_t room = message.msg_controllen;
  auto* at = static_cast<std::byte*>(message.msg_control);
  message.msg_controllen = 0;
  const auto put = [&](int level, int type, const auto& value, std::size_t length) {
    const cmsghdr header{length, level, type};
    std::memcpy(at + message.msg_controllen, &header, sizeof header);
    std::memcpy(at + message.msg_controllen + sizeof header, &value, length - sizeof header);
    message.msg_controllen += CMSG_SPACE(length - sizeof header);
  };
  if (kernel->is_event || kernel->info == 1 || room < 200) return;
  if (kernel->info == 3) put(SOL_SOCKET, 77, std::array<char, 24>{}, CMSG_LEN(24));
  sctp_rcvinfo info{};
  info.rcv_sid = 3;
  info.rcv_assoc_id = 7;
  if (kernel->info == 2) message.msg_flags |= MSG_CTRUNC;
  put(IPPROTO_SCTP, SCTP_RCVINFO, info, kernel->info == 2 ? CMSG_LEN(8) : CMSG_LEN(sizeof info));
}

ssize_t receive(msghdr* message) {
  message->msg_flags = 0;
  const int what = kernel->next();
  if (what < 0) return errno = -what, -1;
  message->msg_namelen = 0;
  if (what == 0) return message->msg_controllen = 0, 0;
  const std::size_t size = std::min(kernel->left.size(), message->msg_iov->iov_len);
  std::memcpy(message->msg_iov->iov_base, kernel->left.data(), size);
  if (kernel->is_event) message->msg_flags |= MSG_NOTIFICATION;
  write_info(*message);
  if (!kernel->is_event) kernel->open += kernel->left.substr(0, size);
  kernel->left.erase(0, size);
  if (!kernel->left.empty() || !kernel->ends) return static_cast<ssize_t>(size);
  message->msg_flags |= MSG_EOR;
  if (!kernel->is_event) {
    kernel->messages.emplace_back(std::exchange(kernel->open, {}), !kernel->is_tainted);
    kernel->is_open = false;
  }
  return static_cast<ssize_t>(size);
}

/// Receives to the end, and holds what comes against what was handed over.
class Caller {
 public:
  explicit Caller(Bytes script) : script_{script} {}

  void play() {
    for (int quiet = 0; quiet < 3;) {
      if (kernel->script.empty() && kernel->left.empty()) ++quiet;
      one();
    }
    while (!kernel->messages.empty()) skip();
  }

 private:
  unsigned byte() {
    if (script_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(script_.back());
    script_ = script_.first(script_.size() - 1);
    return value;
  }

  void one() {
    const unsigned how = byte();
    std::error_code error;
    if ((how & 3U) == 3) {
      std::array<std::byte, 600> room;
      const ReceivedPiece got =
          socket_.try_receive_piece(MutableBytes{room}.first(1 + (how >> 2) * 9), buffer_, error);
      if (const MessagePiece* piece = got.piece()) take_piece(*piece);
      if (got.notification() != nullptr) take_event(*got.notification());
      return;
    }
    if (!streamed_.empty()) kernel->is_tainted = true;  // its beginning was handed out: the rest is dropped
    const Received got = (how & 3U) == 1   ? socket_.receive(buffer_, std::chrono::milliseconds{0}, error)
                         : (how & 3U) == 2 ? socket_.receive(buffer_, error)
                                           : socket_.try_receive(buffer_, error);
    check(!got || !error, "what was received is no error");
    if (const Message* message = got.message()) take(std::string{as_text(message->payload)});
    if (got.notification() != nullptr) take_event(*got.notification());
  }

  void take_event(const Notification& event) {
    static_cast<void>(to_string(event));
    if (std::holds_alternative<PartialDeliveryAborted>(event)) streamed_.clear();
  }

  void take_piece(const MessagePiece& piece) {
    check(piece.part.association == AssociationId{7} && piece.part.stream == StreamId{3},
          "it has its stream");
    streamed_.resize(std::min(streamed_.size(), piece.offset));
    streamed_ += as_text(piece.part.payload);
    if (piece.last) take(std::exchange(streamed_, {}));
  }

  void take(const std::string& text) {
    while (!kernel->messages.empty() && kernel->messages.front().first != text) skip();
    check(!kernel->messages.empty(), "a message is one that was handed over, whole, once, in its place");
    kernel->messages.pop_front();
  }

  /// One that was not received: something was missing of it, or it was told that it was cut off.
  void skip() {
    const auto [text, must] = kernel->messages.front();
    kernel->messages.pop_front();
    check(!must, "nothing that arrived whole is lost");
  }
  Bytes script_;
  SocketRef socket_ = SocketRef::borrow(3, Style::one_to_one);
  ReceiveBuffer buffer_{1024};
  std::string streamed_;
};

}  // namespace

/// The calls that receiving makes; no others are made.
namespace sctp::sys {

ssize_t recvmsg(int, msghdr* message, int) noexcept { return receive(message); }
int poll(pollfd* descriptors, nfds_t, int) noexcept { return descriptors->revents = POLLIN, 1; }
int getsockopt(int, int, int, void*, socklen_t*) noexcept { return errno = EINVAL, -1; }
long long monotonic_milliseconds() noexcept { return 0; }

int socket(int, int, int) noexcept { std::abort(); }
int close(int) noexcept { std::abort(); }
int bind(int, const sockaddr*, socklen_t) noexcept { std::abort(); }
int listen(int, int) noexcept { std::abort(); }
int accept4(int, sockaddr*, socklen_t*, int) noexcept { std::abort(); }
int shutdown(int, int) noexcept { std::abort(); }
int getsockname(int, sockaddr*, socklen_t*) noexcept { std::abort(); }
int getpeername(int, sockaddr*, socklen_t*) noexcept { std::abort(); }
int setsockopt(int, int, int, const void*, socklen_t) noexcept { std::abort(); }
ssize_t sendmsg(int, const msghdr*, int) noexcept { std::abort(); }
int sendmmsg(int, mmsghdr*, unsigned, int) noexcept { std::abort(); }
int recvmmsg(int, mmsghdr*, unsigned, int) noexcept { std::abort(); }
int get_fd_flags(int) noexcept { std::abort(); }
int set_fd_flags(int, int) noexcept { std::abort(); }
int get_status_flags(int) noexcept { std::abort(); }
int set_status_flags(int, int) noexcept { std::abort(); }
unsigned interface_index(const char*) noexcept { return 0; }
int getifaddrs(ifaddrs**) noexcept { std::abort(); }
void freeifaddrs(ifaddrs*) noexcept { std::abort(); }
int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) noexcept { std::abort(); }
void freeaddrinfo(addrinfo*) noexcept { std::abort(); }
long long tick_nanoseconds() noexcept { std::abort(); }
ssize_t read_file(const char*, char*, std::size_t) noexcept { std::abort(); }
int eventfd() noexcept { std::abort(); }
int signal_eventfd(int) noexcept { std::abort(); }
int clear_eventfd(int) noexcept { std::abort(); }
int bindx(int, sockaddr*, int, int) noexcept { std::abort(); }
int connectx(int, sockaddr*, int, int*) noexcept { std::abort(); }

}  // namespace sctp::sys

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Kernel one;
  const Bytes input = std::as_bytes(std::span{data, size});
  one.script = input.first(size - size / 3);
  kernel = &one;
  Caller{input.last(size / 3)}.play();
  kernel = nullptr;
  return 0;
}

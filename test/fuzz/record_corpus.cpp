// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

/// Stands between a program and `recvmsg` (LD_PRELOAD), and writes what SCTP sockets hand out to the
/// directory CORPUS: each kind of event to notification/, and what one socket received as a script to
/// receive_buffer/. Of what is alike only the shortest is kept. test/fuzz/record says how it is used.

#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sctpxx/bytes.hpp>

#include <linux/sctp.h>

#include "script.hpp"

namespace {

using sctp::Bytes;
using sctp::MutableBytes;
using sctp::test::ScriptWriter;
using Record = std::vector<std::byte>;

constexpr std::size_t longest_record = 1000;  // others differ only in a payload
constexpr std::size_t longest_script = 2000;
constexpr std::size_t most_pieces = 60;
constexpr unsigned measures = 0x7c;  // the smallest reads, the largest limits

/// What tells events apart: type, flags, the state that follows the header in most of them (in others the
/// association does, or an address), and whether more than the structure is there.
std::string kind_of(Bytes record) {
  std::uint16_t type = 0;
  std::memcpy(&type, record.data(), sizeof type);
  Bytes state = record.subspan(8, 4);
  if (type == SCTP_PEER_ADDR_CHANGE) state = record.subspan(136, 8);
  if (type == SCTP_STREAM_RESET_EVENT || type == SCTP_ASSOC_RESET_EVENT || type == SCTP_STREAM_CHANGE_EVENT ||
      record.size() == 12) {
    state = {};
  }
  return std::string{sctp::as_text(record.first(4))} + std::string{sctp::as_text(state)} +
         (record.size() > 48 && record.size() != 148 ? "+" : "");
}

std::string name_of(Bytes record) {
  static constexpr const char* names[] = {"data",
                                          "association_change",
                                          "peer_address_change",
                                          "send_failed_before_5_5",
                                          "remote_error",
                                          "shutdown_received",
                                          "partial_delivery_aborted",
                                          "adaptation_indication",
                                          "authentication",
                                          "sender_dry",
                                          "stream_reset",
                                          "association_reset",
                                          "stream_change",
                                          "send_failed"};
  std::uint16_t type = 0;
  std::memcpy(&type, record.data(), sizeof type);
  return type >= 0x8000 && type - 0x8000U < std::size(names) ? names[type - 0x8000U] : "event";
}

/// What one socket hands out.
struct Arrivals {
  ScriptWriter script{measures};
  std::set<std::string> kinds;
  std::size_t pieces = 0;
  Record record;  // of an event, as far as it has come
};

class Recorder {
 public:
  Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder() {
    const char* directory = std::getenv("CORPUS");
    if (directory == nullptr) return;
    while (!open_.empty()) close(open_.begin()->first);
    std::map<std::string, int> numbers;
    for (const auto& [kind, record] : events_) {
      const std::string name = name_of(record);
      write(std::string{directory} + "/notification/" + name + "-" + std::to_string(++numbers[name]), record);
    }
    std::ranges::sort(ended_, {}, [](const Arrivals& one) { return one.script.bytes().size(); });
    std::ranges::stable_sort(ended_, std::greater{}, [](const Arrivals& one) { return one.kinds.size(); });
    std::set<std::string> seen;
    int number = 0;
    for (const Arrivals& one : ended_) {
      const auto before = seen.size();
      seen.insert(one.kinds.begin(), one.kinds.end());
      if (seen.size() == before) continue;
      write(std::string{directory} + "/receive_buffer/arrivals-" + std::to_string(++number),
            one.script.bytes());
    }
  }

  void take(int fd, const msghdr& message, Bytes bytes) {
    const std::lock_guard lock{mutex_};
    Arrivals& arrivals = open_[fd];
    const bool end = (message.msg_flags & MSG_EOR) != 0;
    if ((message.msg_flags & MSG_NOTIFICATION) != 0) {
      arrivals.record.insert(arrivals.record.end(), bytes.begin(), bytes.end());
      if (end) take_event(arrivals, std::exchange(arrivals.record, {}));
    } else {
      take_piece(arrivals, message, bytes.size(), end);
    }
  }

  void close(int fd) {
    const std::lock_guard lock{mutex_};
    if (const auto closed = open_.extract(fd)) ended_.push_back(std::move(closed.mapped()));
  }

 private:
  void take_event(Arrivals& arrivals, const Record& record) {
    if (record.size() > longest_record) return;
    const auto [known, is_new] = events_.try_emplace(kind_of(record), record);
    if (!is_new && record.size() < known->second.size()) known->second = record;
    if (!has_room(arrivals, record.size())) return;
    arrivals.kinds.insert(kind_of(record));
    arrivals.script.record(record);
  }

  static void take_piece(Arrivals& arrivals, const msghdr& message, std::size_t size, bool end) {
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr;
         one = CMSG_NXTHDR(const_cast<msghdr*>(&message), one)) {
      if (one->cmsg_level != IPPROTO_SCTP || one->cmsg_type != SCTP_RCVINFO) continue;
      sctp_rcvinfo info;
      std::memcpy(&info, CMSG_DATA(one), sizeof info);
      const bool unordered = (info.rcv_flags & SCTP_UNORDERED) != 0;
      if (!has_room(arrivals, 0)) return;
      arrivals.kinds.insert(std::string{end ? "whole" : "part"} + (unordered ? "u" : "") +
                            std::to_string(std::min<int>(info.rcv_sid, 3)));
      arrivals.script.piece(end, unordered, static_cast<unsigned>(info.rcv_assoc_id), info.rcv_sid,
                            info.rcv_ssn, size);
    }
  }

  static bool has_room(Arrivals& arrivals, std::size_t more) {
    return ++arrivals.pieces <= most_pieces && arrivals.script.bytes().size() + more < longest_script;
  }

  static void write(const std::string& path, Bytes bytes) {
    std::ofstream{path, std::ios::binary} << sctp::as_text(bytes);
  }

  std::mutex mutex_;
  std::map<int, Arrivals> open_;
  std::vector<Arrivals> ended_;
  std::map<std::string, Record> events_;
};

Recorder& recorder() {
  static Recorder one;
  return one;
}

template <class Function>
Function* next_of(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool is_sctp(int fd) {
  int protocol = 0;
  socklen_t length = sizeof protocol;
  return ::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == IPPROTO_SCTP;
}

}  // namespace

extern "C" ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static auto* const real = next_of<ssize_t(int, msghdr*, int)>("recvmsg");
  const ssize_t size = real(fd, message, flags);
  const int error = errno;
  if (size > 0 && message->msg_iovlen == 1 && (flags & MSG_PEEK) == 0 && is_sctp(fd)) {
    const auto* data = static_cast<const std::byte*>(message->msg_iov->iov_base);
    recorder().take(fd, *message, {data, static_cast<std::size_t>(size)});
  }
  errno = error;
  return size;
}

extern "C" int close(int fd) {
  static auto* const real = next_of<int(int)>("close");
  recorder().close(fd);
  return real(fd);
}
